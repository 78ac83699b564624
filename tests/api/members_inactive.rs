//! Members who have stayed away: looked at first, then sent off together.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::auth::policy::Role;

use crate::support::TestApp;
use crate::support::people::TestOrg;

async fn preview(acme: &TestOrg, policy: &Value) -> (Vec<String>, String) {
    let answer = acme
        .admin
        .run(
            "imports/preview_inactive_members",
            json!({"policy": policy}),
        )
        .await;
    let members = answer.data("/previewInactiveMembers/members");
    let names = members.as_array().unwrap().iter();
    let names = names.map(|one| one["member"]["name"].as_str().unwrap().to_owned());
    (
        names.collect(),
        answer.text("/previewInactiveMembers/token"),
    )
}

fn apply(policy: &Value, token: &str) -> Value {
    json!({"input": {"policy": policy, "token": token, "reason": "gone for the season"}})
}

#[tokio::test]
async fn the_absent_are_those_who_neither_signed_in_nor_punched_nor_have_a_shift() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let planned = app
        .person(
            &acme.owner,
            "acme",
            "planned",
            Role::Worker,
            Some(acme.field),
        )
        .await;
    let idle = app
        .person(&acme.owner, "acme", "idle", Role::Worker, Some(acme.field))
        .await;
    app.clock.advance(TimeDelta::days(40));
    let shift =
        json!({"member": planned.member, "date": "2026-04-13", "starts": "08:00", "ends": "17:00"});
    let shift = json!({"input": shift});
    assert!(acme.owner.run("schedules/plan_shift", shift).await.ok());
    let key = json!({"input": {"idempotencyKey": "in"}});
    assert!(acme.worker.run("attendance/clock_in", key).await.ok());

    let policy = json!({"days": 30, "roles": ["WORKER", "SUPERVISOR", "ADMIN", "OWNER"]});
    let (names, token) = preview(&acme, &policy).await;
    assert_eq!(
        names,
        ["acme supervisor", "acme idle"],
        "neither the admin who asks nor owners"
    );
    let narrow = json!({"days": 30, "departments": [acme.night]});
    assert!(preview(&acme, &narrow).await.0.is_empty());
    assert!(preview(&acme, &json!({"days": 41})).await.0.is_empty());

    // Somebody came back in between: the preview is no longer true.
    assert!(idle.run("identity/me", json!({})).await.ok());
    let path = "imports/deactivate_inactive_members";
    let stale = acme.admin.run(path, apply(&policy, &token)).await;
    assert_eq!((stale.code(), stale.field()), ("PREVIEW_STALE", "token"));
    let (names, token) = preview(&acme, &policy).await;
    assert_eq!(names, ["acme supervisor"]);
    let gone = acme.admin.run(path, apply(&policy, &token)).await;
    let gone = gone.data("/deactivateInactiveMembers");
    assert_eq!(gone[0]["isActive"], false);
    assert_eq!(gone.as_array().unwrap().len(), 1);
    // Weeks have passed: what they hold is no key any more, and there is no new one.
    assert_eq!(
        acme.supervisor.run("identity/me", json!({})).await.code(),
        "TOKEN_EXPIRED"
    );
    app.drain().await;
    let log = acme
        .owner
        .run("audit/audit_entries", json!({"first": 1}))
        .await;
    assert!(log.0.to_string().contains("gone for the season"));
    // Again there is nobody, and nothing happens.
    let (names, token) = preview(&acme, &policy).await;
    assert!(names.is_empty());
    let none = acme.admin.run(path, apply(&policy, &token)).await;
    assert_eq!(none.data("/deactivateInactiveMembers"), &json!([]));
}

#[tokio::test]
async fn an_owner_who_sends_off_owners_stays() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.person(&acme.owner, "acme", "partner", Role::Owner, None)
        .await;
    app.clock.advance(TimeDelta::days(100));
    let policy = json!({"days": 90, "roles": ["OWNER"]});
    let answer = acme
        .owner
        .run(
            "imports/preview_inactive_members",
            json!({"policy": policy}),
        )
        .await;
    let members = answer.data("/previewInactiveMembers/members");
    assert_eq!(members.as_array().unwrap().len(), 1);
    let token = answer.text("/previewInactiveMembers/token");
    let path = "imports/deactivate_inactive_members";
    let gone = acme.owner.run(path, apply(&policy, &token)).await;
    assert_eq!(
        gone.data("/deactivateInactiveMembers/0/name"),
        "acme partner"
    );
    assert!(acme.owner.run("identity/me", json!({})).await.ok());
}

#[tokio::test]
async fn sending_off_is_for_those_who_manage_members() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let policy = json!({"policy": {"days": 30}});
    let no = acme
        .supervisor
        .run("imports/preview_inactive_members", policy)
        .await;
    assert_eq!(no.code(), "FORBIDDEN");
    let policy = json!({"policy": {"days": 0}});
    let bad = acme
        .admin
        .run("imports/preview_inactive_members", policy)
        .await;
    assert_eq!(bad.field(), "days");
}
