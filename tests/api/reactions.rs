//! What the server does because something happened.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::auth::policy::Role;
use zamu::reactions;

use super::support::TestApp;
use super::support::people::Person;

/// Numbers what happened and reacts to it, and to what comes of that, until nothing waits any more.
pub(super) async fn react(app: &TestApp) {
    for _ in 0..20 {
        app.drain().await;
        if reactions::round(&app.app).await.unwrap() == 0 {
            return;
        }
    }
    panic!("one reaction leads to the next without an end");
}

/// In and out with a device, as a phone hands them in.
async fn used(person: &Person, device: &str, hour: u32) {
    let punch = |kind: &str, minute: u32| {
        let time = format!("2026-03-01T{hour:02}:{minute:02}:00+03:00");
        json!({"clientId": format!("{kind}-{hour}-{device}"), "kind": kind, "deviceTime": time})
    };
    let input = json!({"device": {"id": device}, "punches": [punch("IN", 0), punch("OUT", 30)]});
    let answer = person
        .run("attendance/sync_punches", json!({ "input": input }))
        .await;
    assert!(answer.ok(), "{:#}", answer.0);
}

/// Of the open exceptions about shared devices of somebody: how sure they are, and how many others each punch shows.
async fn shared(owner: &Person, of: &Person) -> Vec<(i64, Vec<i64>)> {
    let filter =
        json!({"filter": {"member": of.member, "kinds": ["SHARED_DEVICE"], "states": ["OPEN"]}});
    let found = owner.run("exceptions/exceptions", filter).await;
    let edges = found.data("/exceptions/edges").as_array().unwrap().clone();
    let others = |node: &Value| {
        let punches = node["detail"]["punches"].as_array().unwrap().iter();
        punches
            .map(|punch| punch["otherMembers"].as_i64().unwrap())
            .collect()
    };
    edges
        .iter()
        .map(|edge| &edge["node"])
        .map(|node| (node["score"].as_i64().unwrap(), others(node)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_device_shows_on_everybody_who_used_it() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    react(&app).await;
    let mut people = Vec::new();
    for number in 0..7 {
        let name = format!("one{number}");
        people.push(
            app.person(&org.owner, "acme", &name, Role::Worker, None)
                .await,
        );
    }
    used(&people[0], "gate", 8).await;
    used(&people[6], "own", 8).await;
    react(&app).await;
    assert_eq!(shared(&org.owner, &people[0]).await, []);

    used(&people[1], "gate", 9).await;
    assert_eq!(shared(&org.owner, &people[1]).await, [(55, vec![1, 1])]);
    react(&app).await;
    assert_eq!(
        shared(&org.owner, &people[0]).await,
        [(55, vec![1, 1])],
        "it is just as true of whoever used it first"
    );
    used(&people[2], "gate", 7).await;
    react(&app).await;
    for one in &people[..3] {
        assert_eq!(shared(&org.owner, one).await, [(70, vec![2, 2])]);
    }
    // From five on it is a time clock: how many more there are says nothing.
    for (one, hour) in people[3..].iter().zip(10..) {
        used(one, "gate", hour).await;
        react(&app).await;
    }
    for one in &people {
        let found = shared(&org.owner, one).await;
        assert_eq!(found, [(95, vec![4, 4])], "{}", one.email);
    }
    let answer = org.owner.run("audit/audit_verification", json!({})).await;
    assert_eq!(answer.data("/auditVerification/problem"), &Value::Null);
}

/// A session in hand is judged by the shift that is planned, changed and cancelled under it.
#[tokio::test(flavor = "multi_thread")]
async fn time_is_judged_again_when_its_plan_changes() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    react(&app).await;
    let start = json!({"input": {"idempotencyKey": "in"}});
    let id = org
        .worker
        .run("attendance/clock_in", start)
        .await
        .text("/clockIn/id");
    let seen = async || {
        react(&app).await;
        let seen = org.owner.run("attendance/session", json!({"id": id})).await;
        let session = seen.data("/session");
        (session["lateness"].clone(), session["minutesLate"].clone())
    };
    assert_eq!(seen().await, (Value::Null, Value::Null));
    let plan = json!({"member": org.worker.member, "date": "2026-03-02", "starts": "07:40", "ends": "12:00"});
    let shift = org
        .admin
        .run("schedules/plan_shift", json!({ "input": plan }))
        .await
        .text("/planShift/id");
    assert_eq!(seen().await, (json!("LATE"), json!(20)));
    let change = json!({"shift": shift, "date": "2026-03-02", "starts": "07:58", "ends": "12:00"});
    let changed = org
        .admin
        .run("schedules/change_shift", json!({ "input": change }))
        .await;
    assert!(changed.ok(), "{:#}", changed.0);
    assert_eq!(seen().await, (json!("ON_TIME"), json!(0)));
    let cancelled = org
        .admin
        .run("schedules/cancel_shift", json!({"input": {"shift": shift}}))
        .await;
    assert!(cancelled.ok(), "{:#}", cancelled.0);
    assert_eq!(seen().await, (Value::Null, Value::Null));
}

/// What a stopping server leaves half done, the next one carries out.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_loses_no_reaction() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    react(&app).await;
    for path in ["attendance/clock_in", "attendance/clock_out"] {
        let tap = json!({"input": {"idempotencyKey": path}});
        assert!(org.worker.run(path, tap).await.ok());
        app.clock.advance(TimeDelta::hours(1));
    }
    let holiday = json!({"input": {"date": "2026-03-02", "name": "A day of mourning"}});
    let added = org.admin.run("schedules/add_holiday", holiday).await;
    assert!(added.ok(), "{:#}", added.0);
    app.drain().await;
    let next = app.another(2).await;
    app.app.tasks().stop().await;
    reactions::round(&app.app).await.unwrap();
    let holiday_minutes = async || {
        let query = "{ sessions(first: 1) { edges { node { hours { holidayMinutes } } } } }";
        let seen = org.worker.at(&next).query(query, json!({})).await;
        seen.data("/sessions/edges/0/node/hours/holidayMinutes")
            .clone()
    };
    assert_eq!(holiday_minutes().await, 0);
    assert_eq!(reactions::round(&next).await.unwrap(), 1);
    assert_eq!(holiday_minutes().await, 60);
    assert_eq!(reactions::round(&next).await.unwrap(), 0);
    next.tasks().stop().await;
}
