//! Breaks, hours, tasks, the panic button, and who is at work now.

use chrono::TimeDelta;
use futures_util::stream::StreamExt as _;
use serde_json::{Value, json};

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

async fn tap(org: &TestOrg, what: &str, input: Value) -> Answer {
    let path = format!("attendance/{what}");
    org.worker.run(&path, json!({ "input": input })).await
}

/// A tap with nothing but a key.
async fn key(org: &TestOrg, what: &str, key: &str) -> Answer {
    tap(org, what, json!({ "idempotencyKey": key })).await
}

async fn hours(org: &TestOrg, id: &str) -> Value {
    let session = org
        .worker
        .run("attendance/session_hours", json!({ "id": id }))
        .await;
    session.data("/session").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_two_breaks_pays_the_work() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let opened = key(&org, "clock_in", "in").await.text("/clockIn/id");
    app.clock.advance(TimeDelta::hours(2));
    let tea = tap(
        &org,
        "start_break",
        json!({"idempotencyKey": "tea", "kind": "tea"}),
    )
    .await;
    assert_eq!(tea.data("/startBreak/breaks/0/kind"), "tea");
    assert_eq!(tea.data("/startBreak/breaks/0/endsAt"), &Value::Null);
    app.clock.advance(TimeDelta::minutes(15));
    assert!(key(&org, "end_break", "tea-end").await.ok());
    app.clock.advance(TimeDelta::minutes(105));
    assert!(
        tap(
            &org,
            "start_break",
            json!({"idempotencyKey": "meal", "kind": "meal"})
        )
        .await
        .ok()
    );
    app.clock.advance(TimeDelta::minutes(30));
    assert!(key(&org, "end_break", "meal-end").await.ok());
    app.clock.advance(TimeDelta::hours(4));
    assert!(key(&org, "clock_out", "out").await.ok());
    let session = hours(&org, &opened).await;
    let hours = &session["hours"];
    // 8:00 to 16:30 is 510 minutes; 45 of them were breaks, and nothing pays those by default.
    assert_eq!(
        (
            hours["workedMinutes"].as_i64(),
            hours["unpaidBreakMinutes"].as_i64()
        ),
        (Some(465), Some(45))
    );
    assert_eq!(
        (
            hours["paidMinutes"].as_i64(),
            hours["roundingMinutes"].as_i64()
        ),
        (Some(465), Some(0))
    );
    let paid = hours["regularMinutes"].as_i64().unwrap()
        + hours["overtime"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["minutes"].as_i64().unwrap())
            .sum::<i64>();
    assert_eq!(paid, 465);
    let roles: Vec<_> = session["punches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|punch| punch["role"].clone())
        .collect();
    assert_eq!(
        roles,
        [
            "OPENS",
            "STARTS_BREAK",
            "ENDS_BREAK",
            "STARTS_BREAK",
            "ENDS_BREAK",
            "CLOSES"
        ]
    );
}

/// Ten hours from eight in the morning, an hour of it on break, by an organization's own night.
async fn night_minutes(settings: &str) -> i64 {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgs/acme");
    std::fs::create_dir_all(&path).unwrap();
    let settings = format!("[attendance.hours]\n{settings}\n");
    std::fs::write(path.join("settings.toml"), settings).unwrap();
    zamu::rules::files::reload(&app.app, folder.path(), None).await;
    app.clock.advance(TimeDelta::seconds(1));
    let opened = key(&org, "clock_in", "in").await.text("/clockIn/id");
    app.clock.advance(TimeDelta::hours(4));
    assert!(key(&org, "start_break", "meal").await.ok());
    app.clock.advance(TimeDelta::hours(1));
    assert!(key(&org, "end_break", "meal-end").await.ok());
    app.clock.advance(TimeDelta::hours(5));
    assert!(key(&org, "clock_out", "out").await.ok());
    let session = hours(&org, &opened).await;
    session["hours"]["nightMinutes"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_is_the_organization_s() {
    assert_eq!(night_minutes("overtime_percent = 150").await, 0);
    // From 17:00, across midnight.
    assert_eq!(night_minutes("night_from = \"17:00\"").await, 60);
    // Within the day: 11:00 to 14:00 without the hour of break from noon.
    let within = "night_from = \"11:00\"\nnight_to = \"14:00\"";
    assert_eq!(night_minutes(within).await, 120);
    let none = "night_from = \"09:00\"\nnight_to = \"09:00\"";
    assert_eq!(night_minutes(none).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_out_of_turn_is_refused_by_name() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert_eq!(key(&org, "start_break", "a").await.code(), "NOT_CLOCKED_IN");
    assert!(key(&org, "clock_in", "in").await.ok());
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(key(&org, "end_break", "b").await.code(), "NOT_ON_BREAK");
    let started = key(&org, "start_break", "c").await;
    let again = key(&org, "start_break", "c").await;
    assert_eq!(
        started.data("/startBreak/breaks"),
        again.data("/startBreak/breaks"),
        "the same key, the same answer"
    );
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(
        key(&org, "start_break", "d").await.code(),
        "ALREADY_ON_BREAK"
    );
    app.clock.advance(TimeDelta::minutes(10));
    let out = key(&org, "clock_out", "out").await;
    let session = hours(&org, &out.text("/clockOut/id")).await;
    assert_eq!(
        session["breaks"][0]["endsAt"], "2026-03-02T06:20:00+00:00",
        "going ends the break"
    );
    assert_eq!(session["hours"]["workedMinutes"], 60);
}

/// The shipped rule allows four breaks in a session.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_refuses_a_break_too_many() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert!(key(&org, "clock_in", "in").await.ok());
    for number in 0..4 {
        app.clock.advance(TimeDelta::minutes(30));
        assert!(key(&org, "start_break", &format!("s{number}")).await.ok());
        app.clock.advance(TimeDelta::minutes(5));
        assert!(key(&org, "end_break", &format!("e{number}")).await.ok());
    }
    app.clock.advance(TimeDelta::minutes(30));
    let refused = key(&org, "start_break", "s4").await;
    assert_eq!(
        (refused.code(), refused.extension("reason")),
        ("DENIED_BY_RULE", &json!("too_many_breaks"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_who_is_at_work_and_since_when() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let status = async |by: &super::support::people::Person| {
        let answer = by
            .run(
                "attendance/work_status",
                json!({"member": org.worker.member}),
            )
            .await;
        answer.data("/workStatus").clone()
    };
    assert_eq!(status(&org.worker).await["presence"], "OUT");
    assert!(key(&org, "clock_in", "in").await.ok());
    app.clock.advance(TimeDelta::minutes(90));
    assert!(key(&org, "start_break", "s").await.ok());
    app.clock.advance(TimeDelta::minutes(20));
    let seen = status(&org.supervisor).await;
    assert_eq!(
        (&seen["presence"], &seen["since"]),
        (&json!("ON_BREAK"), &json!("2026-03-02T06:30:00+00:00"))
    );
    assert_eq!(
        (&seen["workedMinutes"], &seen["breakMinutes"]),
        (&json!(90), &json!(20))
    );
    assert!(key(&org, "end_break", "e").await.ok());
    app.clock.advance(TimeDelta::minutes(10));
    let seen = status(&org.worker).await;
    assert_eq!(
        (&seen["presence"], &seen["workedMinutes"]),
        (&json!("IN"), &json!(100))
    );
    assert!(key(&org, "clock_out", "out").await.ok());
    app.clock.advance(TimeDelta::minutes(10));
    let seen = status(&org.worker).await;
    assert_eq!(
        (&seen["presence"], &seen["workedMinutes"], &seen["session"]),
        (&json!("OUT"), &json!(100), &Value::Null)
    );
    let foreign = org
        .worker
        .run(
            "attendance/work_status",
            json!({"member": org.admin.member}),
        )
        .await;
    assert_eq!(foreign.code(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_said_at_the_end_stay_with_the_session() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert!(key(&org, "clock_in", "in").await.ok());
    app.clock.advance(TimeDelta::hours(1));
    let tasks = json!([{"name": "Bathing", "isDone": true}, {"name": "Walk", "isDone": false, "remark": "it rained"}]);
    let out = tap(
        &org,
        "clock_out",
        json!({"idempotencyKey": "out", "tasks": tasks}),
    )
    .await;
    let session = hours(&org, &out.text("/clockOut/id")).await;
    assert_eq!(
        session["tasks"][1],
        json!({"name": "Walk", "isDone": false, "remark": "it rained"})
    );
    assert_eq!(session["tasks"][0]["isDone"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panic_button_ends_the_session_and_tells_the_supervisor() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert_eq!(
        key(&org, "end_in_emergency", "early").await.code(),
        "NOT_CLOCKED_IN"
    );
    assert!(key(&org, "clock_in", "in").await.ok());
    app.clock.advance(TimeDelta::minutes(30));
    let position = json!({"latitude": -0.0917, "longitude": 34.768, "accuracyM": 10});
    let ended = tap(
        &org,
        "end_in_emergency",
        json!({"idempotencyKey": "panic", "position": position, "remark": "help"}),
    )
    .await;
    assert_eq!(ended.data("/endInEmergency/status"), "EMERGENCY_ENDED");
    assert_eq!(ended.data("/endInEmergency/needsReview"), true);
    app.drain().await;
    let events = org
        .supervisor
        .listen("attendance/watch_session_events", json!({"after": 0}))
        .await;
    let told: Vec<_> = events.take(2).collect().await;
    assert_eq!(told[1].data("/sessionEvents/kind"), "EMERGENCY_ENDED");
    let punches = org
        .supervisor
        .run(
            "attendance/punches",
            json!({"filter": {"member": org.worker.member}, "first": 1}),
        )
        .await;
    let last = punches.data("/punches/edges/0/node");
    assert_eq!(
        (&last["emergency"], &last["role"], &last["remark"]),
        (&json!(true), &json!("CLOSES"), &json!("help"))
    );
}
