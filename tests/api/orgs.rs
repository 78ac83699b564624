//! Organizations and departments.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_organization_is_read_and_changed() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let before = acme.worker.run("orgs/organization", json!({})).await;
    assert_eq!(before.data("/organization/slug"), "acme");
    assert_eq!(before.data("/organization/timeZone"), "Africa/Nairobi");

    let input = json!({"input": {"name": " Acme Care ", "timeZone": "Africa/Kampala"}});
    let changed = acme.admin.run("orgs/update_organization", input.clone()).await;
    assert_eq!(changed.data("/updateOrganization/currency"), "KES");
    // Remembered organizations are forgotten at once where the change was made.
    let after = acme.worker.run("orgs/organization", json!({})).await;
    assert_eq!(after.data("/organization/name"), "Acme Care");
    assert_eq!(after.data("/organization/timeZone"), "Africa/Kampala");

    let refused = acme.supervisor.run("orgs/update_organization", input).await;
    assert_eq!((refused.code(), refused.extension("permission")), ("FORBIDDEN", &json!("MANAGE_ORGANIZATION")));
    for (field, value) in [("timeZone", "Mars/Base"), ("currency", "kes"), ("name", "  ")] {
        let bad = acme.owner.run("orgs/update_organization", json!({"input": {field: value}})).await;
        assert_eq!((bad.code(), bad.field()), ("INVALID_INPUT", field));
    }
}

#[tokio::test]
async fn a_slug_names_one_organization() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let again = zamu::orgs::service::NewOrganization {
        slug: "acme".to_owned(),
        name: "Another".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: "KES".to_owned(),
    };
    let refused = zamu::orgs::service::create(&app.app, again).await.unwrap_err();
    assert_eq!((refused.code.name().as_str(), refused.field.as_deref()), ("SLUG_TAKEN", Some("slug")));
    let found = zamu::orgs::service::find_by_slug(&app.app, "acme").await.unwrap();
    assert_eq!(found, Some(acme.organization));
}

#[tokio::test]
async fn departments_form_a_tree() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let made = acme.admin.run("orgs/create_department", json!({"input": {"name": "Day", "parentId": acme.field}}));
    let day = made.await.text("/createDepartment/id");

    let moved = json!({"input": {"id": day, "name": "Early", "parentId": acme.night}});
    let moved = acme.admin.run("orgs/update_department", moved).await;
    assert_eq!(moved.data("/updateDepartment/parent/name"), "Night");
    let cycle = json!({"input": {"id": acme.field, "parentId": day}});
    let cycle = acme.admin.run("orgs/update_department", cycle).await;
    assert_eq!((cycle.code(), cycle.field()), ("DEPARTMENT_CYCLE", "parentId"));
    let top = acme.admin.run("orgs/update_department", json!({"input": {"id": day, "parentId": null}})).await;
    assert_eq!(top.data("/updateDepartment/parent"), &json!(null));

    let list = acme.worker.run("orgs/departments", json!({})).await;
    let names: Vec<_> = list.data("/departments").as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Early", "Field", "Night"]);
    let taken = acme.admin.run("orgs/create_department", json!({"input": {"name": "field"}})).await;
    assert_eq!((taken.code(), taken.field()), ("NAME_TAKEN", "name"));
}

#[tokio::test]
async fn only_an_empty_department_is_archived() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let archive = |id| acme.owner.run("orgs/archive_department", json!({"input": {"id": id}}));
    assert_eq!(archive(acme.field).await.code(), "CONFLICT");
    assert_eq!(archive(acme.night).await.code(), "CONFLICT");

    let out = json!({"input": {"id": acme.worker.member, "departmentId": null}});
    assert_eq!(acme.owner.run("identity/update_member", out).await.data("/updateMember/department"), &json!(null));
    assert!(archive(acme.night).await.data("/archiveDepartment/archivedAt").is_string());
    assert_eq!(archive(acme.night).await.code(), "NOT_FOUND");
    // Its name is free again.
    let again = acme.owner.run("orgs/create_department", json!({"input": {"name": "Night"}})).await;
    assert!(again.ok());
    let gone = json!({"input": {"id": acme.worker.member, "departmentId": acme.night}});
    let gone = acme.owner.run("identity/update_member", gone).await;
    assert_eq!((gone.code(), gone.field()), ("NOT_FOUND", "departmentId"));
}
