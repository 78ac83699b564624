//! The acceptance checklist of Ohio's alternate visit verification, maintenance: edits, what is found in visits, and how
//! it is cleared. The rows and those to come are counted in `evv.rs`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::auth::policy::Role;
use zamu::exceptions::model::Kind;

use super::evv::{HOME, at, by_hand, client, visit, with};
use super::exceptions::{find, found};
use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

/// A visit entered by hand, at eleven on the same day; its session and its punches.
async fn entered(app: &TestApp, org: &TestOrg) -> (String, Vec<String>) {
    let (client, place) = client(org).await;
    app.clock.advance(TimeDelta::hours(3));
    let input = json!({"input": by_hand(org, (&client, &place), "visit")});
    let visit = org.supervisor.run("corrections/enter_punches", input).await;
    let punches = visit.data("/enterPunches/punches").as_array().unwrap();
    let ids = punches
        .iter()
        .map(|punch| punch["id"].as_str().unwrap().to_owned());
    (visit.text("/enterPunches/id"), ids.collect())
}

/// Moves a punch.
fn edit(key: &str, punch: &str, to: &str) -> Value {
    json!({
        "idempotencyKey": key, "punch": punch, "at": to, "reasonCode": "DEVICE_PROBLEM", "attested": true,
    })
}

async fn correct(by: &Person, input: Value) -> Answer {
    by.run("corrections/correct_punch", json!({ "input": input }))
        .await
}

async fn session(org: &TestOrg, id: &str) -> Value {
    let seen = org.owner.run("attendance/session", json!({"id": id})).await;
    seen.data("/session").clone()
}

/// What is found, narrowed down: `LATE_IN OPEN`.
async fn queue(by: &Person, filter: Value) -> BTreeSet<String> {
    let queue = by
        .run("exceptions/exceptions", json!({ "filter": filter }))
        .await;
    let edges = queue.data("/exceptions/edges").as_array().unwrap().clone();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let named = |edge: &Value| {
        let (kind, state) = (text(&edge["node"], "kind"), text(&edge["node"], "state"));
        format!("{kind} {state}")
    };
    edges.iter().map(named).collect()
}

/// The one exception of a kind, with its history.
async fn only(org: &TestOrg, kind: &str) -> Answer {
    let filter = json!({"filter": {"kinds": [kind]}});
    let queue = org.supervisor.run("exceptions/exceptions", filter).await;
    let edges = queue.data("/exceptions/edges").as_array().unwrap();
    assert_eq!(edges.len(), 1, "{kind}: {edges:#?}");
    let id = json!({"id": edges[0]["node"]["id"]});
    org.supervisor.run("exceptions/exception", id).await
}

/// It has its number, it cannot be acknowledged away, and it goes when the time is put right.
async fn must_be_fixed(org: &TestOrg, kind: &str, outside: &str, changes: Value) {
    let seen = only(org, kind).await;
    assert_eq!(seen.data("/exception/outsideId"), outside);
    assert_eq!(seen.data("/exception/severity"), "FIX");
    let said = json!({"input": {
        "exception": seen.text("/exception/id"), "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED",
    }});
    let refused = org
        .supervisor
        .run("exceptions/acknowledge_exception", said)
        .await;
    assert_eq!(refused.code(), "EXCEPTION_MUST_BE_FIXED", "{kind}");
    approved(org, kind, changes).await;
    let after = only(org, kind).await;
    assert_eq!(after.data("/exception/state"), "CLEARED", "{kind}");
}

/// A correction the worker asks for and the supervisor approves.
async fn approved(org: &TestOrg, key: &str, changes: Value) -> Answer {
    let ask =
        json!({"idempotencyKey": key, "changes": changes, "reasonCode": "FORGOT_TO_CLOCK_IN"});
    let asked = org
        .worker
        .run("corrections/request_correction", json!({ "input": ask }))
        .await;
    let yes = json!({"correction": asked.text("/requestCorrection/id"), "attested": true});
    let done = org
        .supervisor
        .run("corrections/approve_correction", json!({ "input": yes }))
        .await;
    assert_eq!(done.data("/approveCorrection/state"), "APPROVED");
    done
}

#[tokio::test]
async fn m01_a_visit_is_edited_before_and_after_it_was_submitted() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (id, punches) = entered(&app, &org).await;
    let before = edit("before", &punches[1], "2026-03-02T06:20:00Z");
    assert!(correct(&org.supervisor, before).await.ok());
    assert_eq!(session(&org, &id).await["workedMinutes"], 70);
    let of = json!({"member": org.worker.member, "date": "2026-03-02"});
    let sheet = org.supervisor.run("timesheets/timesheet", of.clone()).await;
    let hash = sheet.text("/timesheet/hash");
    let submit = json!({"input": {"date": "2026-03-02", "hash": hash}});
    assert!(
        org.worker
            .run("timesheets/submit_timesheet", submit)
            .await
            .ok()
    );
    let approve = json!({"input": with(of.clone(), "hash", json!(hash))});
    let approved = org
        .supervisor
        .run("timesheets/approve_timesheet", approve)
        .await;
    assert_eq!(approved.data("/approveTimesheet/state"), "APPROVED");
    let after = edit("after", &punches[1], "2026-03-02T06:30:00Z");
    assert!(correct(&org.supervisor, after).await.ok());
    assert_eq!(session(&org, &id).await["workedMinutes"], 80);
    let sheet = org.supervisor.run("timesheets/timesheet", of).await;
    assert_eq!(
        sheet.data("/timesheet/state"),
        "VOIDED",
        "nobody approved what is there now"
    );
}

#[tokio::test]
async fn m02_m03_an_edit_has_a_reason_and_is_attested() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (id, punches) = entered(&app, &org).await;
    let later = edit("edit", &punches[1], "2026-03-02T06:20:00Z");
    for (field, value, code) in [
        ("reasonCode", json!("99"), "REASON_UNKNOWN"),
        ("reasonCode", json!("OTHER"), "MEMO_REQUIRED"),
        ("attested", json!(false), "ATTESTATION_REQUIRED"),
    ] {
        let refused = correct(&org.supervisor, with(later.clone(), field, value)).await;
        assert_eq!(refused.code(), code);
    }
    assert_eq!(session(&org, &id).await["workedMinutes"], 60);
    let adopt = json!({"input": {"profile": "OHIO"}});
    assert!(org.owner.run("exceptions/adopt_codes", adopt).await.ok());
    let edited = correct(&org.supervisor, with(later, "reasonCode", json!("99"))).await;
    let said = edited.data("/correctPunch/edits/0");
    assert_eq!(
        (&said["reasonCode"], &said["attested"]),
        (&json!("99"), &json!(true))
    );
}

#[tokio::test]
async fn m04_what_a_worker_edits_waits_for_approval() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (id, punches) = entered(&app, &org).await;
    let own = edit("own", &punches[1], "2026-03-02T06:20:00Z");
    assert_eq!(correct(&org.worker, own).await.code(), "FORBIDDEN");
    let changes = json!([{"move": {"punch": punches[1], "at": "2026-03-02T06:20:00Z"}}]);
    let ask = json!({"idempotencyKey": "ask", "changes": changes, "reasonCode": "DEVICE_PROBLEM"});
    let asked = org
        .worker
        .run("corrections/request_correction", json!({ "input": ask }))
        .await;
    assert_eq!(asked.data("/requestCorrection/state"), "PENDING");
    assert_eq!(
        session(&org, &id).await["workedMinutes"],
        60,
        "not before somebody says yes"
    );
    let yes =
        json!({"input": {"correction": asked.text("/requestCorrection/id"), "attested": true}});
    let own = org
        .worker
        .run("corrections/approve_correction", yes.clone())
        .await;
    assert_eq!(own.code(), "FORBIDDEN");
    let done = org
        .supervisor
        .run("corrections/approve_correction", yes)
        .await;
    assert_eq!(
        done.data("/approveCorrection/decidedBy/id"),
        &json!(org.supervisor.member)
    );
    assert_eq!(session(&org, &id).await["workedMinutes"], 70);
}

#[tokio::test]
async fn m05_the_audit_shows_when_who_and_what() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (id, _) = visit(&app, &org).await;
    app.drain().await;
    let newest = async || {
        let entries = org
            .owner
            .run("audit/audit_entries", json!({"first": 1}))
            .await;
        entries.data("/auditEntries/0").clone()
    };
    let entry = newest().await;
    assert_eq!(entry["action"], "CLOCK_OUT");
    assert_eq!(entry["target"], json!(id));
    let who = entry["actorId"].as_str().unwrap();
    assert!(org.worker.member.to_string().ends_with(who));
    assert_eq!(entry["at"], "2026-03-02T05:30:00+00:00");

    let out = session(&org, &id).await["punches"][1]["id"].clone();
    app.clock.advance(TimeDelta::hours(1));
    let later = edit("edit", out.as_str().unwrap(), "2026-03-02T05:40:00Z");
    assert!(correct(&org.supervisor, later).await.ok());
    app.drain().await;
    let entry = newest().await;
    assert_eq!(entry["action"], "MANAGE_PUNCHES");
    assert_eq!(entry["target"], out);
    assert_eq!(entry["at"], "2026-03-02T06:30:00+00:00");
    let who = entry["actorId"].as_str().unwrap();
    assert!(org.supervisor.member.to_string().ends_with(who));
    let versions = org
        .owner
        .run("corrections/session_versions", json!({"id": id}))
        .await;
    // Opened, closed, and then this.
    let changes = versions.data("/session/versions/2/changes");
    let mut changes = changes.as_array().unwrap().iter();
    let end = changes.find(|change| change["field"] == "clockedOutAt");
    let (before, after) = (&end.unwrap()["before"], &end.unwrap()["after"]);
    assert!(before.as_str().unwrap().starts_with("2026-03-02T05:30:00"));
    assert!(after.as_str().unwrap().starts_with("2026-03-02T05:40:00"));
    let verdict = org.owner.run("audit/audit_verification", json!({})).await;
    assert_eq!(verdict.data("/auditVerification/brokenAt"), &Value::Null);
}

#[tokio::test]
async fn m06_a_visit_without_a_service_is_found() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, place) = client(&org).await;
    let start = json!({"input": {"idempotencyKey": "in", "client": client, "position": at(HOME)}});
    let opened = org.worker.run("attendance/clock_in", start).await;
    let id = opened.text("/clockIn/id");
    app.clock.advance(TimeDelta::minutes(30));
    let end = json!({"input": {"idempotencyKey": "out", "position": at(HOME)}});
    assert!(org.worker.run("attendance/clock_out", end).await.ok());
    let begin = session(&org, &id).await["punches"][0]["id"].clone();
    let changes = json!([{"void": begin}, {"add": {
        "direction": "IN", "at": "2026-03-02T05:00:00Z", "place": place, "client": client, "service": "bathing",
    }}]);
    must_be_fixed(&org, "MISSING_SERVICE", "23", changes).await;
    let filter = json!({"filter": {"status": "COMPLETED"}});
    let now = org.owner.run("attendance/sessions", filter).await;
    let now = session(&org, &now.text("/sessions/edges/0/node/id")).await;
    assert_eq!(now["service"], "bathing");
    assert_eq!(now["client"]["id"], json!(client));
}

#[tokio::test]
async fn m11_m12_missing_ends_must_be_fixed() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    // A phone hands in an end whose beginning it never captured.
    let punch = json!({"clientId": "1", "kind": "OUT", "deviceTime": "2026-03-02T07:00:00+03:00"});
    let batch = json!({"input": {"device": {"id": "phone"}, "punches": [punch]}});
    assert!(org.worker.run("attendance/sync_punches", batch).await.ok());
    let begin = json!([{"add": {"direction": "IN", "at": "2026-03-02T03:00:00Z"}}]);
    must_be_fixed(&org, "MISSING_IN", "3", begin).await;
    // Somebody comes again the next day without having gone.
    for day in 0..2 {
        let start = json!({"input": {"idempotencyKey": format!("in {day}")}});
        assert!(org.worker.run("attendance/clock_in", start).await.ok());
        app.clock.advance(TimeDelta::hours(24));
    }
    let end = json!([{"add": {"direction": "OUT", "at": "2026-03-02T13:00:00Z"}}]);
    must_be_fixed(&org, "MISSING_OUT", "4", end).await;
}

/// What Ohio numbers and nothing finds before there are payers is treated alike.
#[tokio::test]
async fn what_comes_with_payers_must_be_fixed_too() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let all = [
        (Kind::UnknownClient, "0"),
        (Kind::UnknownWorker, "1"),
        (Kind::UnauthorizedService, "34"),
    ];
    let findings: Vec<_> = all.iter().map(|(kind, _)| found(*kind, 0)).collect();
    find(&app, &org.owner, &org.worker, Some(org.night), &findings).await;
    for (kind, outside) in all {
        let seen = only(&org, kind.name()).await;
        assert_eq!(seen.data("/exception/outsideId"), outside);
        let said = json!({"input": {
            "exception": seen.text("/exception/id"), "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED",
        }});
        let refused = org
            .supervisor
            .run("exceptions/acknowledge_exception", said)
            .await;
        assert_eq!(refused.code(), "EXCEPTION_MUST_BE_FIXED", "{}", kind.name());
    }
}

/// A visit half an hour late, far from the client's home, and for nobody knows what; its session and the place.
async fn odd_visit(org: &TestOrg) -> (String, String) {
    let plan = json!({"member": org.worker.member, "date": "2026-03-02", "starts": "07:30", "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({ "input": plan }))
        .await;
    assert!(planned.ok(), "{:#}", planned.0);
    let (client, place) = client(org).await;
    let start = json!({"input": {
        "idempotencyKey": "odd", "client": client, "position": at((HOME.0 + 0.2, HOME.1)),
    }});
    let begun = org.worker.run("attendance/clock_in", start).await;
    (begun.text("/clockIn/id"), place)
}

const ODD: [&str; 3] = [
    "LATE_IN OPEN",
    "MISSING_SERVICE OPEN",
    "OUTSIDE_GEOFENCE_IN OPEN",
];

fn set<const N: usize>(all: [&str; N]) -> BTreeSet<String> {
    all.map(str::to_owned).into()
}

#[tokio::test]
async fn m13_m14_a_visit_has_several_exceptions_worked_out_anew() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (id, _) = odd_visit(&org).await;
    assert_eq!(queue(&org.owner, json!({"session": id})).await, set(ODD));
    app.clock.advance(TimeDelta::hours(1));
    let begin = session(&org, &id).await["punches"][0]["id"].clone();
    let earlier = edit("edit", begin.as_str().unwrap(), "2026-03-02T04:30:00Z");
    assert!(correct(&org.supervisor, earlier).await.ok());
    let now = set([
        "LATE_IN CLEARED",
        "MANUAL_ENTRY OPEN",
        "MISSING_SERVICE OPEN",
        "OUTSIDE_GEOFENCE_IN OPEN",
    ]);
    assert_eq!(queue(&org.owner, json!({"session": id})).await, now);
    app.clock.advance(TimeDelta::minutes(1));
    let restore = json!({"input": {
        "idempotencyKey": "restore", "punch": begin, "reasonCode": "DEVICE_PROBLEM", "attested": true,
    }});
    assert!(
        org.supervisor
            .run("corrections/restore_punch", restore)
            .await
            .ok()
    );
    let open = json!({"session": id, "states": ["OPEN"], "kinds": ["LATE_IN"]});
    assert_eq!(
        queue(&org.owner, open).await,
        set(["LATE_IN OPEN"]),
        "late again"
    );
}

#[tokio::test]
async fn m15_m16_m17_m18_clearing_is_audited() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    odd_visit(&org).await;
    let late = only(&org, "LATE_IN").await.text("/exception/id");
    app.clock.advance(TimeDelta::minutes(10));
    let said = json!({"input": {
        "exception": late, "reasonCode": "OTHER", "resolutionCode": "DOCUMENTED", "memo": "a landslide",
    }});
    assert!(
        org.supervisor
            .run("exceptions/acknowledge_exception", said)
            .await
            .ok()
    );
    let seen = only(&org, "LATE_IN").await;
    let change = seen.data("/exception/history/1");
    assert_eq!(change["change"], "ACKNOWLEDGED");
    assert_eq!(change["at"], "2026-03-02T05:10:00+00:00");
    assert_eq!(change["madeBy"]["id"], json!(org.supervisor.member));
    assert_eq!(change["detail"]["reasonCode"], "OTHER");
    assert_eq!(change["detail"]["memo"], "a landslide");
    app.drain().await;
    let entries = org
        .owner
        .run("audit/audit_entries", json!({"first": 1}))
        .await;
    assert_eq!(entries.data("/auditEntries/0/action"), "RESOLVE_EXCEPTIONS");
    assert_eq!(entries.data("/auditEntries/0/target"), &json!(late));
}

/// Whoever maintains visits finds them by whose, where, when, what and how far they are.
#[tokio::test]
async fn what_is_to_be_looked_at_is_found_by_whose_where_when_what_and_state() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (odd, place) = odd_visit(&org).await;
    let other = app
        .person(&org.owner, "acme", "other", Role::Worker, Some(org.field))
        .await;
    for day in 0..2 {
        let start = json!({"input": {"idempotencyKey": format!("in {day}")}});
        assert!(other.run("attendance/clock_in", start).await.ok());
        app.clock.advance(TimeDelta::hours(24));
    }
    let theirs = set(["MISSING_OUT OPEN"]);
    let to_fix = set(["MISSING_OUT OPEN", "MISSING_SERVICE OPEN"]);
    let all = &set(ODD) | &theirs;
    for (filter, expected) in [
        (json!({}), all.clone()),
        (json!({"member": org.worker.member}), set(ODD)),
        (json!({"place": place}), set(ODD)),
        (json!({"session": odd}), set(ODD)),
        (json!({"department": org.field}), theirs.clone()),
        (json!({"kinds": ["MISSING_OUT", "NO_SHOW"]}), theirs),
        (json!({"severity": "FIX"}), to_fix),
        (json!({"states": ["CLEARED", "ACKNOWLEDGED"]}), set([])),
        (json!({"from": "2026-03-02", "to": "2026-03-02"}), all),
        (json!({"from": "2026-03-03"}), set([])),
    ] {
        let seen = queue(&org.supervisor, filter.clone()).await;
        assert_eq!(seen, expected, "{filter}");
    }
    for (filter, count) in [
        (json!({"member": other.member}), 2),
        (json!({"place": place}), 1),
        (json!({"department": org.night}), 1),
        (json!({"status": "DISCONNECTED"}), 1),
        (json!({"status": "ACTIVE"}), 2),
        (json!({"from": "2026-03-03"}), 1),
        (json!({"to": "2026-03-02"}), 2),
    ] {
        let seen = org
            .supervisor
            .run("attendance/sessions", json!({ "filter": filter }))
            .await;
        let edges = seen.data("/sessions/edges").as_array().unwrap();
        assert_eq!(edges.len(), count, "{filter}");
    }
}
