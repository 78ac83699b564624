//! Timesheets: approved for exactly what was looked at, voided by whatever comes later, locked and opened again.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::auth::policy::Role;
use zamu::kernel::time::Instant;

use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, TestApp};

/// An organization on the last day of March, whose worker has worked on the 2nd.
async fn march() -> (TestApp, TestOrg) {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.clock.set(at("2026-03-31T15:00:00Z"));
    let entered = enter(
        &org,
        "monday",
        "2026-03-02T05:00:00Z",
        "2026-03-02T13:00:00Z",
    )
    .await;
    assert!(entered.ok(), "{:#}", entered.0);
    (app, org)
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

async fn enter(org: &TestOrg, key: &str, from: &str, to: &str) -> Answer {
    let input = json!({
        "idempotencyKey": key, "member": org.worker.member, "clockedInAt": from, "clockedOutAt": to,
        "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
    });
    org.supervisor
        .run("corrections/enter_punches", json!({ "input": input }))
        .await
}

/// What a phone had kept: in and out on a day that is long over.
async fn kept(org: &TestOrg, key: &str, from: &str, to: &str) {
    let clock = |key: String, at: &str| json!({"input": {"idempotencyKey": key, "capturedAt": at}});
    let opened = org
        .worker
        .run("attendance/clock_in", clock(format!("{key}-in"), from))
        .await;
    assert!(opened.ok(), "{:#}", opened.0);
    let closed = org
        .worker
        .run("attendance/clock_out", clock(format!("{key}-out"), to))
        .await;
    assert!(closed.ok(), "{:#}", closed.0);
}

async fn sheet(by: &Person, org: &TestOrg) -> Answer {
    let variables = json!({"member": org.worker.member, "date": "2026-03-15"});
    by.run("timesheets/timesheet", variables).await
}

async fn hash(org: &TestOrg) -> String {
    sheet(&org.supervisor, org).await.text("/timesheet/hash")
}

async fn submit(org: &TestOrg, hash: &str) -> Answer {
    let input = json!({"input": {"date": "2026-03-15", "hash": hash}});
    org.worker.run("timesheets/submit_timesheet", input).await
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "called with a value made on the spot"
)]
fn decision(org: &TestOrg, rest: Value) -> Value {
    let mut input = json!({"member": org.worker.member, "date": "2026-03-15"});
    input
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    json!({ "input": input })
}

async fn approve(by: &Person, org: &TestOrg, hash: &str) -> Answer {
    by.run(
        "timesheets/approve_timesheet",
        decision(org, json!({ "hash": hash })),
    )
    .await
}

async fn approved(org: &TestOrg) -> String {
    let hash = hash(org).await;
    assert!(submit(org, &hash).await.ok());
    let answer = approve(&org.supervisor, org, &hash).await;
    assert_eq!(answer.data("/approveTimesheet/state"), "APPROVED");
    assert_eq!(answer.data("/approveTimesheet/approvedHash"), hash.as_str());
    hash
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_submitted_and_approved_as_it_was_looked_at() {
    let (_app, org) = march().await;
    let found = sheet(&org.worker, &org).await;
    assert_eq!(found.data("/timesheet/from"), "2026-03-01");
    assert_eq!(found.data("/timesheet/to"), "2026-03-31");
    assert_eq!(found.data("/timesheet/state"), "OPEN");
    let days = found.data("/timesheet/days").as_array().unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!(days[0]["date"], "2026-03-02");
    assert_eq!(days[0]["totals"]["workedMinutes"], 480);
    assert_eq!(days[0]["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(found.data("/timesheet/totals/workedMinutes"), 480);
    assert_eq!(found.data("/timesheet/totals/roundingMinutes"), 0);

    let stale = submit(&org, "something else").await;
    assert_eq!((stale.code(), stale.field()), ("TIMESHEET_STALE", "hash"));
    assert_eq!(stale.extension("hash"), &json!(hash(&org).await));
    let early = approve(&org.supervisor, &org, &hash(&org).await).await;
    assert_eq!(early.code(), "TIMESHEET_STATE");
    let looked_at = hash(&org).await;
    assert_eq!(
        submit(&org, &looked_at)
            .await
            .data("/submitTimesheet/state"),
        "SUBMITTED"
    );
    // Between looking and approving, something changed.
    assert!(
        enter(
            &org,
            "tuesday",
            "2026-03-03T05:00:00Z",
            "2026-03-03T13:00:00Z"
        )
        .await
        .ok()
    );
    let stale = approve(&org.supervisor, &org, &looked_at).await;
    assert_eq!(stale.code(), "TIMESHEET_STALE");
    let now = stale.extension("hash").as_str().unwrap().to_owned();
    let done = approve(&org.supervisor, &org, &now).await;
    assert_eq!(done.data("/approveTimesheet/state"), "APPROVED");
    assert_eq!(done.data("/approveTimesheet/totals/workedMinutes"), 960);
    assert_eq!(submit(&org, &now).await.code(), "TIMESHEET_STATE");
    let listed = json!({"filter": {"state": "APPROVED", "from": "2026-03-31"}});
    let listed = org.owner.run("timesheets/timesheets", listed).await;
    assert_eq!(listed.data("/timesheets/edges/0/node/hash"), now.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_and_only_within_reach() {
    let (app, org) = march().await;
    let stranger = app
        .person(&org.owner, "acme", "elsewhere", Role::Supervisor, None)
        .await;
    let looked_at = hash(&org).await;
    assert!(submit(&org, &looked_at).await.ok());
    assert_eq!(
        approve(&org.worker, &org, &looked_at).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        approve(&stranger, &org, &looked_at).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(sheet(&stranger, &org).await.code(), "NOT_FOUND");
    let seen = stranger.run("timesheets/timesheets", json!({})).await;
    assert_eq!(seen.data("/timesheets/edges").as_array().unwrap().len(), 0);
    let own = json!({"input": {"member": org.supervisor.member, "date": "2026-03-15", "hash": looked_at}});
    let own = org
        .supervisor
        .run("timesheets/approve_timesheet", own)
        .await;
    assert_eq!(own.code(), "OWN_CORRECTION");

    // Two at once: both looked at the same, one approves it.
    let (first, second) = tokio::join!(
        approve(&org.supervisor, &org, &looked_at),
        approve(&org.admin, &org, &looked_at),
    );
    assert_eq!(usize::from(first.ok()) + usize::from(second.ok()), 1);
    let loser = if first.ok() { &second } else { &first };
    assert_eq!(loser.code(), "TIMESHEET_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_punch_voids_the_approval_and_says_so() {
    let (app, org) = march().await;
    let before = approved(&org).await;
    kept(
        &org,
        "phone",
        "2026-03-04T05:00:00Z",
        "2026-03-04T06:00:00Z",
    )
    .await;
    let found = sheet(&org.worker, &org).await;
    assert_eq!(found.data("/timesheet/state"), "VOIDED");
    assert_eq!(
        found.data("/timesheet/approvedHash"),
        before.as_str(),
        "for what it had been given"
    );
    assert_ne!(found.text("/timesheet/hash"), before);
    let because = found.data("/timesheet/voidedBecause").as_array().unwrap();
    assert_eq!(because.len(), 1);
    assert_eq!(because[0]["date"], "2026-03-04");
    assert_eq!(because[0]["before"], Value::Null);
    assert_eq!(because[0]["after"]["totals"]["workedMinutes"], 60);
    app.drain().await;
    let viewer = app.viewer(&org.owner).await;
    let kinds = events(&app, &viewer).await;
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "TIMESHEET_VOIDED")
            .count(),
        1,
        "{kinds:?}"
    );

    // It can be approved as it is now, and then what was said is over.
    let again = approve(&org.supervisor, &org, &found.text("/timesheet/hash")).await;
    assert_eq!(again.data("/approveTimesheet/state"), "APPROVED");
    assert_eq!(
        again
            .data("/approveTimesheet/voidedBecause")
            .as_array()
            .unwrap()
            .len(),
        0
    );
    // A correction voids it just as well.
    assert!(
        enter(
            &org,
            "friday",
            "2026-03-06T05:00:00Z",
            "2026-03-06T06:00:00Z"
        )
        .await
        .ok()
    );
    assert_eq!(
        sheet(&org.worker, &org).await.data("/timesheet/state"),
        "VOIDED"
    );
    let back = decision(&org, json!({"memo": "look at Friday"}));
    let back = org
        .supervisor
        .run("timesheets/return_timesheet", back)
        .await;
    assert_eq!(back.data("/returnTimesheet/state"), "RETURNED");
    assert_eq!(back.data("/returnTimesheet/memo"), "look at Friday");
    assert_eq!(
        submit(&org, &hash(&org).await)
            .await
            .data("/submitTimesheet/state"),
        "SUBMITTED"
    );
}

async fn events(app: &TestApp, viewer: &zamu::auth::viewer::Viewer) -> Vec<String> {
    use diesel::{ExpressionMethods as _, QueryDsl as _};
    use diesel_async::RunQueryDsl as _;
    let mut conn = crate::support::database::raw(app.target()).await;
    let rows: Vec<String> = zamu_schema::tables::events::table
        .filter(zamu_schema::tables::events::org_id.eq(viewer.org()))
        .select(zamu_schema::tables::events::kind)
        .load(&mut conn)
        .await
        .unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_timesheet_keeps_its_time_and_loses_no_punch() {
    let (_app, org) = march().await;
    let reason = |reason: &str| decision(&org, json!({ "reason": reason }));
    let open = org
        .admin
        .run("timesheets/lock_timesheet", reason("paid"))
        .await;
    assert_eq!(
        (open.code(), open.extension("state")),
        ("TIMESHEET_STATE", &json!("OPEN"))
    );
    let before = approved(&org).await;
    assert_eq!(
        org.supervisor
            .run("timesheets/lock_timesheet", reason("paid"))
            .await
            .code(),
        "FORBIDDEN"
    );
    let locked = org
        .admin
        .run("timesheets/lock_timesheet", reason("paid"))
        .await;
    assert_eq!(locked.data("/lockTimesheet/state"), "LOCKED");

    let refused = enter(&org, "late", "2026-03-05T05:00:00Z", "2026-03-05T06:00:00Z").await;
    assert_eq!(refused.code(), "TIMESHEET_LOCKED");
    assert_eq!(refused.extension("from"), &json!("2026-03-01"));
    let changes = json!([{"add": {"direction": "IN", "at": "2026-03-05T05:00:00Z"}}]);
    let ask =
        json!({"idempotencyKey": "ask", "changes": changes, "reasonCode": "FORGOT_TO_CLOCK_IN"});
    let ask = org
        .worker
        .run("corrections/request_correction", json!({ "input": ask }))
        .await;
    assert_eq!(ask.code(), "TIMESHEET_LOCKED");

    kept(
        &org,
        "phone",
        "2026-03-04T05:00:00Z",
        "2026-03-04T06:00:00Z",
    )
    .await;
    let found = sheet(&org.worker, &org).await;
    assert_eq!(found.data("/timesheet/state"), "LOCKED");
    assert_eq!(found.data("/timesheet/approvedHash"), before.as_str());
    let after = found
        .data("/timesheet/changedAfterLock")
        .as_array()
        .unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["date"], "2026-03-04");
    assert_eq!(
        found
            .data("/timesheet/voidedBecause")
            .as_array()
            .unwrap()
            .len(),
        0
    );

    assert_eq!(flagged(&org).await, ["OPEN"]);

    let reopened = org
        .admin
        .run("timesheets/reopen_timesheet", reason("a late phone"))
        .await;
    assert_eq!(reopened.data("/reopenTimesheet/state"), "OPEN");
    assert_eq!(reopened.data("/reopenTimesheet/memo"), "a late phone");
    assert!(
        enter(
            &org,
            "late-2",
            "2026-03-05T05:00:00Z",
            "2026-03-05T06:00:00Z"
        )
        .await
        .ok()
    );
    let again = org
        .admin
        .run("timesheets/reopen_timesheet", reason("again"))
        .await;
    assert_eq!(again.code(), "TIMESHEET_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_says_how_long_timesheets_are() {
    let (app, org) = march().await;
    let policy = org
        .worker
        .run("timesheets/timesheet_policy", json!({}))
        .await;
    assert_eq!(policy.data("/timesheetPolicy/period"), "MONTH");
    let week = json!({"input": {"period": "WEEK", "anchor": "2026-03-01"}});
    assert_eq!(
        org.supervisor
            .run("timesheets/set_timesheet_policy", week.clone())
            .await
            .code(),
        "FORBIDDEN"
    );
    let set = org.admin.run("timesheets/set_timesheet_policy", week).await;
    assert_eq!(set.data("/setTimesheetPolicy/anchor"), "2026-03-01");
    // March is there already and keeps its days; the week that April begins in begins with April.
    assert_eq!(
        sheet(&org.worker, &org).await.data("/timesheet/to"),
        "2026-03-31"
    );
    let next = org
        .worker
        .run("timesheets/timesheet", json!({"date": "2026-04-02"}))
        .await;
    assert_eq!(next.data("/timesheet/from"), "2026-04-01");
    assert_eq!(next.data("/timesheet/to"), "2026-04-04");
    assert_eq!(next.data("/timesheet/id"), &Value::Null);
    let later = json!({"input": {"date": "2026-04-02", "hash": next.text("/timesheet/hash")}});
    assert_eq!(
        org.worker
            .run("timesheets/submit_timesheet", later.clone())
            .await
            .field(),
        "date"
    );
    app.clock.advance(TimeDelta::days(1));
    assert!(
        org.worker
            .run("timesheets/submit_timesheet", later)
            .await
            .ok(),
        "a week without work"
    );
}

/// The states of the exceptions that say that something came after a lock.
async fn flagged(org: &TestOrg) -> Vec<String> {
    let found = org.owner.run("exceptions/exceptions", json!({})).await;
    let edges = found.data("/exceptions/edges").as_array().unwrap();
    let nodes = edges.iter().map(|edge| &edge["node"]);
    let after = nodes.filter(|node| node["code"] == "changed_after_lock");
    after
        .map(|node| node["state"].as_str().unwrap().to_owned())
        .collect()
}
