//! Who belongs where, from which day on.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::identity::moves::model::department_of;
use zamu::identity::moves::service::{apply_moves, moves_in};
use zamu::kernel::id::DepartmentId;

use crate::support::TestApp;
use crate::support::people::{Person, TestOrg};

#[expect(
    clippy::needless_pass_by_value,
    reason = "called with a value made on the spot"
)]
fn to(person: &Person, department: Value, from: Value) -> Value {
    json!({"input": {"member": person.member, "department": department, "effectiveFrom": from}})
}

/// `Night 2026-03-02–2026-03-09, Field 2026-03-10–`.
async fn history(acme: &TestOrg) -> String {
    let answer = acme
        .owner
        .run("identity/member", json!({"id": acme.worker.member}))
        .await;
    let spells = answer.data("/member/departments").as_array().unwrap();
    let shown = spells.iter().map(|spell| {
        format!(
            "{} {}–{}",
            spell["department"]["name"].as_str().unwrap_or("none"),
            spell["from"].as_str().unwrap(),
            spell["until"].as_str().unwrap_or_default()
        )
    });
    shown.collect::<Vec<_>>().join(", ")
}

async fn department_on(app: &TestApp, acme: &TestOrg, date: &str) -> Option<DepartmentId> {
    let viewer = app.viewer(&acme.owner).await;
    let action = zamu::auth::action::Action::ViewMembers;
    let mut tx = app.app.read(&viewer, action).await.unwrap();
    let member = zamu::identity::service::member_in(&mut tx, acme.worker.member).await;
    let moves = moves_in(&mut tx, acme.worker.member).await.unwrap();
    department_of(member.unwrap().department_id, &moves, date.parse().unwrap())
}

#[tokio::test]
async fn a_move_in_the_future_waits_for_its_midnight() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    // It is the second of March 2026, eight in the morning in Nairobi.
    let answer = acme
        .admin
        .run(
            "identity/move_member",
            to(&acme.worker, json!(acme.field), json!("2026-03-10")),
        )
        .await;
    assert_eq!(answer.data("/moveMember/hasBegun"), false);
    assert_eq!(answer.data("/moveMember/member/department/name"), "Night");
    assert_eq!(
        history(&acme).await,
        "Night 2026-03-02–2026-03-09, Field 2026-03-10–"
    );
    // The ninth, a minute before midnight in Nairobi; then a minute after.
    app.clock.set("2026-03-09T20:59:00Z".parse().unwrap());
    apply_moves(&app.app).await.unwrap();
    let of = |answer: crate::support::Answer| answer.text("/member/department/name");
    let me = json!({"id": acme.worker.member});
    assert_eq!(
        of(acme.owner.run("identity/member", me.clone()).await),
        "Night"
    );
    app.clock.advance(TimeDelta::minutes(2));
    apply_moves(&app.app).await.unwrap();
    assert_eq!(
        of(acme.owner.run("identity/member", me.clone()).await),
        "Field"
    );
    assert_eq!(
        department_on(&app, &acme, "2026-03-09").await,
        Some(acme.night)
    );
    assert_eq!(
        department_on(&app, &acme, "2026-03-10").await,
        Some(acme.field)
    );
    // Once is enough.
    app.drain().await;
    let before = acme.owner.run("audit/audit_entries", json!({})).await.0;
    apply_moves(&app.app).await.unwrap();
    app.drain().await;
    assert_eq!(
        acme.owner.run("audit/audit_entries", json!({})).await.0,
        before
    );
}

#[tokio::test]
async fn a_move_into_the_past_says_what_keeps_its_department() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for day in 0..2 {
        for (path, key) in [
            ("attendance/clock_in", "in"),
            ("attendance/clock_out", "out"),
        ] {
            let key = json!({"input": {"idempotencyKey": format!("{key} {day}")}});
            assert!(acme.worker.run(path, key).await.ok());
            app.clock.advance(TimeDelta::hours(8));
        }
        app.clock.advance(TimeDelta::hours(8));
    }
    // It is the fourth now; they moved on the third.
    let answer = acme
        .admin
        .run(
            "identity/move_member",
            to(&acme.worker, json!(acme.field), json!("2026-03-03")),
        )
        .await;
    assert_eq!(answer.data("/moveMember/hasBegun"), true);
    assert_eq!(answer.data("/moveMember/member/department/name"), "Field");
    let kept = answer.data("/moveMember/keptSessions").as_array().unwrap();
    let days: Vec<&Value> = kept.iter().map(|session| &session["workDate"]).collect();
    assert_eq!(days, ["2026-03-03"]);
    assert_eq!(
        history(&acme).await,
        "Night 2026-03-02–2026-03-02, Field 2026-03-03–"
    );
}

/// Past reports use the past tree, also for what is entered only now.
#[tokio::test]
async fn what_is_entered_later_counts_where_they_belonged_then() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.clock.advance(TimeDelta::days(3));
    let to_field = to(&acme.worker, json!(acme.field), json!("2026-03-04"));
    assert!(acme.admin.run("identity/move_member", to_field).await.ok());
    for (day, department) in [("03", acme.night), ("04", acme.field)] {
        let input = json!({"input": {
            "idempotencyKey": day, "member": acme.worker.member,
            "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
            "clockedInAt": format!("2026-03-{day}T05:00:00Z"),
            "clockedOutAt": format!("2026-03-{day}T13:00:00Z"),
        }});
        let made = acme.admin.run("corrections/enter_punches", input).await;
        let id = made.text("/enterPunches/id");
        let filter = json!({"filter": {"department": department}});
        let found = acme.admin.run("attendance/sessions", filter).await;
        let edges = found.data("/sessions/edges").as_array().unwrap();
        let ids: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
        assert_eq!(ids, [&json!(id)], "of the {day}");
    }
}

#[tokio::test]
async fn a_new_department_by_update_is_a_move_of_today() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.clock.advance(TimeDelta::days(3));
    let update =
        |department: Value| json!({"input": {"id": acme.worker.member, "department": department}});
    let field = update(json!(acme.field));
    assert!(acme.admin.run("identity/update_member", field).await.ok());
    assert_eq!(
        history(&acme).await,
        "Night 2026-03-02–2026-03-04, Field 2026-03-05–"
    );
    // On second thoughts, the same day: one move.
    let none = update(json!(null));
    let answer = acme.admin.run("identity/update_member", none).await;
    assert_eq!(answer.data("/updateMember/department"), &json!(null));
    assert_eq!(
        history(&acme).await,
        "Night 2026-03-02–2026-03-04, none 2026-03-05–"
    );
}

#[tokio::test]
async fn a_move_is_refused_where_it_makes_no_sense() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let other = app.organization("other").await;
    let path = "identity/move_member";
    let before = to(&acme.worker, json!(acme.field), json!("2026-03-01"));
    let before = acme.admin.run(path, before).await;
    assert_eq!(
        (before.code(), before.field()),
        ("INVALID_INPUT", "effectiveFrom")
    );
    let far = to(&acme.worker, json!(acme.field), json!("2028-01-01"));
    assert_eq!(acme.admin.run(path, far).await.field(), "effectiveFrom");
    let theirs = to(&acme.worker, json!(other.field), json!(null));
    let theirs = acme.admin.run(path, theirs).await;
    assert_eq!((theirs.code(), theirs.field()), ("NOT_FOUND", "department"));
    let no = to(&acme.worker, json!(acme.field), json!(null));
    assert_eq!(acme.supervisor.run(path, no).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_department_archived_meanwhile_takes_nobody_in() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let made = json!({"input": {"name": "Short-lived"}});
    let made = acme.admin.run("orgs/create_department", made).await;
    let department = made.text("/createDepartment/id");
    let planned = to(&acme.worker, json!(department), json!("2026-03-04"));
    assert!(acme.admin.run("identity/move_member", planned).await.ok());
    let gone = json!({"input": {"id": department}});
    assert!(acme.admin.run("orgs/archive_department", gone).await.ok());
    app.clock.advance(TimeDelta::days(3));
    apply_moves(&app.app).await.unwrap();
    assert_eq!(history(&acme).await, "Night 2026-03-02–");
}
