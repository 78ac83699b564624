//! Sessions that nobody closed.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::attendance::automatic;

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

async fn tap(org: &TestOrg, what: &str, input: Value) -> Answer {
    org.worker
        .run(&format!("attendance/{what}"), json!({ "input": input }))
        .await
}

async fn session(org: &TestOrg, id: &str) -> Value {
    org.worker
        .run("attendance/session", json!({ "id": id }))
        .await
        .data("/session")
        .clone()
}

/// Eight to four, on the Monday the tests begin.
async fn at_work(org: &TestOrg) -> String {
    let input = json!({"member": org.worker.member, "date": "2026-03-02", "starts": "08:00", "ends": "16:00"});
    assert!(
        org.admin
            .run("schedules/plan_shift", json!({"input": input}))
            .await
            .ok()
    );
    tap(org, "clock_in", json!({"idempotencyKey": "in"}))
        .await
        .text("/clockIn/id")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_closed_is_closed_by_rule_and_looked_at() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = at_work(&org).await;
    // The shift ends at 16:00; the shipped rule waits an hour.
    app.clock.advance(TimeDelta::minutes(8 * 60 + 59));
    automatic::run(&app.app).await.unwrap();
    assert_eq!(session(&org, &id).await["status"], "ACTIVE");
    app.clock.advance(TimeDelta::minutes(1));
    for _ in 0..2 {
        automatic::run(&app.app).await.unwrap();
        let closed = session(&org, &id).await;
        assert_eq!(
            (&closed["status"], &closed["clockedOutAt"]),
            (&json!("AUTO_CLOSED"), &json!("2026-03-02T13:00:00+00:00"))
        );
        assert_eq!(closed["needsReview"], true);
        assert_eq!(closed["leaving"], Value::Null, "nobody left");
        assert_eq!(closed["punches"].as_array().unwrap().len(), 2);
        assert_eq!(closed["punches"][1]["source"], "AUTOMATIC");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automatic_end_is_never_before_the_last_sign_of_somebody() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = at_work(&org).await;
    app.clock.advance(TimeDelta::minutes(8 * 60 + 40));
    let position = json!({"latitude": 0, "longitude": 0, "accuracyM": 5});
    let ping = json!({"positions": [{"capturedAt": "2026-03-02T13:40:00Z", "position": position}]});
    assert!(tap(&org, "record_locations", ping).await.ok());
    app.clock.advance(TimeDelta::minutes(30));
    automatic::run(&app.app).await.unwrap();
    assert_eq!(
        session(&org, &id).await["clockedOutAt"],
        "2026-03-02T13:40:00+00:00"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_clock_out_replaces_the_automatic_one() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = at_work(&org).await;
    app.clock.advance(TimeDelta::hours(10));
    automatic::run(&app.app).await.unwrap();
    assert_eq!(session(&org, &id).await["status"], "AUTO_CLOSED");
    app.clock.advance(TimeDelta::minutes(15));
    let out = tap(&org, "clock_out", json!({"idempotencyKey": "out"})).await;
    assert_eq!(out.text("/clockOut/id"), id);
    assert_eq!(
        (
            out.data("/clockOut/status"),
            out.data("/clockOut/workedMinutes")
        ),
        (&json!("COMPLETED"), &json!(615))
    );
    let roles: Vec<_> = org
        .worker
        .run("attendance/session_hours", json!({ "id": id }))
        .await
        .data("/session/punches")
        .as_array()
        .unwrap()
        .iter()
        .map(|punch| punch["role"].clone())
        .collect();
    assert_eq!(roles, ["OPENS", "SUPERSEDED", "CLOSES"]);
}

/// Without a shift the usual day ends eight hours after the clock-in.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_shift_the_usual_hours_end_it() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = tap(&org, "clock_in", json!({"idempotencyKey": "in"}))
        .await
        .text("/clockIn/id");
    app.clock.advance(TimeDelta::hours(9));
    automatic::run(&app.app).await.unwrap();
    let closed = session(&org, &id).await;
    assert_eq!(
        (&closed["status"], &closed["clockedOutAt"]),
        (&json!("AUTO_CLOSED"), &json!("2026-03-02T13:00:00+00:00"))
    );
}
