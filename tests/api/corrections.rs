//! Time put right by people: staff entry, layers above punches, corrections with their effect, and every past state.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use zamu::auth::policy::Role;
use zamu::kernel::time::Instant;

use crate::support::database::dump;
use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, TestApp};

const REASON: &str = "FORGOT_TO_CLOCK_IN";

/// An organization on Wednesday, 18:00 in Nairobi.
async fn wednesday() -> (TestApp, TestOrg) {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.clock.set(at("2026-03-04T15:00:00Z"));
    (app, org)
}

fn at(text: &str) -> Instant {
    text.parse::<chrono::DateTime<Utc>>().unwrap()
}

/// An input with everything that each entry by staff needs.
fn entry(key: &str, mut rest: Value) -> Value {
    let input = rest.as_object_mut().unwrap();
    input.insert("idempotencyKey".to_owned(), json!(key));
    for (name, value) in [("reasonCode", json!(REASON)), ("attested", json!(true))] {
        input.entry(name).or_insert(value);
    }
    json!({ "input": rest })
}

/// A day of eight hours with half an hour of break, entered for the worker.
fn monday(org: &TestOrg) -> Value {
    json!({
        "member": org.worker.member,
        "clockedInAt": "2026-03-02T05:00:00Z",
        "clockedOutAt": "2026-03-02T13:30:00Z",
        "breaks": [{"kind": "meal", "startsAt": "2026-03-02T09:00:00Z", "endsAt": "2026-03-02T09:30:00Z"}],
    })
}

async fn enter(by: &Person, key: &str, input: Value) -> Answer {
    by.run("corrections/enter_punches", entry(key, input)).await
}

async fn session(by: &Person, id: &str) -> Answer {
    by.run("corrections/session_versions", json!({ "id": id }))
        .await
}

fn punch(answer: &Answer, root: &str, direction: &str) -> String {
    let punches = answer.data(&format!("/{root}/punches")).as_array().unwrap();
    let found = punches.iter().find(|punch| punch["direction"] == direction);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_enter_a_whole_session_once() {
    let (_app, org) = wednesday().await;
    let made = enter(&org.supervisor, "monday", monday(&org)).await;
    assert_eq!(made.data("/enterPunches/status"), "COMPLETED");
    assert_eq!(made.data("/enterPunches/workDate"), "2026-03-02");
    let again = enter(&org.supervisor, "monday", monday(&org)).await;
    assert_eq!(
        again.text("/enterPunches/id"),
        made.text("/enterPunches/id")
    );
    let other = enter(
        &org.supervisor,
        "monday",
        json!({
            "member": org.worker.member, "clockedInAt": "2026-03-03T05:00:00Z", "clockedOutAt": "2026-03-03T06:00:00Z",
        }),
    );
    assert_eq!(other.await.code(), "IDEMPOTENCY_KEY_REUSED");
    let punches = made.data("/enterPunches/punches").as_array().unwrap();
    assert_eq!(punches.len(), 4);
    assert!(punches.iter().all(|punch| punch["source"] == "MANUAL"));

    // The worker sees what was recorded about them, by whom and why.
    let seen = session(&org.worker, &made.text("/enterPunches/id")).await;
    let version = seen.data("/session/versions/0");
    assert_eq!(version["isManual"], true);
    assert_eq!(version["totals"]["workedMinutes"], 480);
    assert_eq!(version["totals"]["breakMinutes"], 30);
    let causes = version["because"].as_array().unwrap();
    assert_eq!(causes.len(), 4);
    assert_eq!(causes[0]["madeById"], json!(org.supervisor.member));
    assert_eq!(causes[0]["reasonCode"], REASON);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_clock_others_in_and_out() {
    let (app, org) = wednesday().await;
    let place =
        json!({"input": {"name": "Clinic", "position": {"latitude": -0.09, "longitude": 34.76}}});
    let place = org
        .owner
        .run("places/create_place", place)
        .await
        .text("/createPlace/id");
    let client = json!({"input": {"name": "Mama Atieno", "places": [place]}});
    let client = org
        .owner
        .run("places/create_client", client)
        .await
        .text("/createClient/id");
    let member = json!(org.worker.member);
    let input = json!({"member": member, "place": place, "client": client, "service": "bathing"});
    let opened = org
        .supervisor
        .run("corrections/force_clock_in", entry("in", input.clone()))
        .await;
    assert_eq!(opened.data("/forceClockIn/status"), "ACTIVE");
    assert_eq!(opened.data("/forceClockIn/place/id"), place.as_str());
    assert_eq!(opened.data("/forceClockIn/client/id"), client.as_str());
    assert_eq!(opened.data("/forceClockIn/service"), "bathing");
    let retried = org
        .supervisor
        .run("corrections/force_clock_in", entry("in", input))
        .await;
    assert_eq!(
        retried.text("/forceClockIn/id"),
        opened.text("/forceClockIn/id")
    );
    app.clock.advance(TimeDelta::hours(1));
    let twice = entry("in-2", json!({ "member": member }));
    let twice = org
        .supervisor
        .run("corrections/force_clock_in", twice)
        .await;
    assert_eq!(twice.code(), "ALREADY_CLOCKED_IN");
    let out = entry(
        "out",
        json!({"member": member, "at": "2026-03-04T15:45:00Z"}),
    );
    let closed = org.supervisor.run("corrections/force_clock_out", out).await;
    assert_eq!(closed.data("/forceClockOut/status"), "COMPLETED");
    assert_eq!(closed.data("/forceClockOut/workedMinutes"), 45);
    app.clock.advance(TimeDelta::hours(1));
    let out = entry("out-2", json!({ "member": member }));
    let again = org.supervisor.run("corrections/force_clock_out", out).await;
    assert_eq!(again.code(), "NOT_CLOCKED_IN");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_refused_by_their_codes() {
    let (app, org) = wednesday().await;
    let other = app
        .person(&org.owner, "acme", "elsewhere", Role::Worker, None)
        .await;
    let with = |name: &str, value: Value| {
        let mut input = monday(&org);
        input
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value);
        input
    };
    let cases = [
        (
            with("member", json!(org.supervisor.member)),
            "OWN_CORRECTION",
            "",
        ),
        (with("member", json!(other.member)), "NOT_FOUND", ""),
        (
            with("attested", json!(false)),
            "ATTESTATION_REQUIRED",
            "attested",
        ),
        (
            with("reasonCode", json!("NO_SUCH")),
            "REASON_UNKNOWN",
            "reasonCode",
        ),
        (with("reasonCode", json!("OTHER")), "MEMO_REQUIRED", "memo"),
        (
            with("clockedOutAt", json!("2026-03-02T05:00:00Z")),
            "CLOCKED_OUT_BEFORE_IN",
            "clockedOutAt",
        ),
        (
            with("clockedOutAt", json!("2026-03-04T15:00:01Z")),
            "INVALID_INPUT",
            "changes.3.at",
        ),
        (
            with("clockedInAt", json!("2025-02-01T05:00:00Z")),
            "INVALID_INPUT",
            "changes.0.at",
        ),
    ];
    for (index, (input, code, field)) in cases.into_iter().enumerate() {
        let refused = enter(&org.supervisor, &format!("case-{index}"), input).await;
        assert_eq!(
            (refused.code(), refused.field()),
            (code, field),
            "case {index}: {:#}",
            refused.0
        );
    }
    assert_eq!(
        enter(&org.worker, "own", monday(&org)).await.code(),
        "FORBIDDEN"
    );
    assert!(enter(&org.owner, "first", monday(&org)).await.ok());
    let second = with("clockedInAt", json!("2026-03-02T08:00:00Z"));
    assert_eq!(
        enter(&org.supervisor, "second", second).await.code(),
        "CONFLICT"
    );
    let sessions = org.worker.run("attendance/sessions", json!({})).await;
    assert_eq!(
        sessions.data("/sessions/edges").as_array().unwrap().len(),
        1,
        "what was refused left nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_lie_above_punches() {
    let (app, org) = wednesday().await;
    let made = enter(&org.supervisor, "monday", monday(&org)).await;
    let id = made.text("/enterPunches/id");
    let out = punch(&made, "enterPunches", "OUT");
    app.clock.advance(TimeDelta::minutes(1));
    let moved = entry(
        "move",
        json!({"punch": out, "at": "2026-03-02T14:30:00Z", "memo": "stayed longer"}),
    );
    let moved = org.supervisor.run("corrections/correct_punch", moved).await;
    assert_eq!(moved.data("/correctPunch/edits/0/change"), "MOVED");
    assert_eq!(
        moved.data("/correctPunch/edits/0/madeBy/id"),
        &json!(org.supervisor.member)
    );
    app.clock.advance(TimeDelta::minutes(1));
    let voided = entry("void", json!({ "punch": out }));
    let voided = org.supervisor.run("corrections/void_punch", voided).await;
    assert_eq!(voided.data("/voidPunch/edits/1/change"), "VOIDED");
    app.clock.advance(TimeDelta::minutes(1));
    let restored = entry("restore", json!({ "punch": out }));
    let restored = org
        .supervisor
        .run("corrections/restore_punch", restored)
        .await;
    assert_eq!(
        restored
            .data("/restorePunch/edits")
            .as_array()
            .unwrap()
            .len(),
        3
    );

    let own = entry("own", json!({ "punch": out }));
    assert_eq!(
        org.worker.run("corrections/void_punch", own).await.code(),
        "FORBIDDEN"
    );

    // Every past state, exactly: an hour more, no end at all, and what was said first again.
    let seen = session(&org.worker, &id).await;
    let versions = seen.data("/session/versions").as_array().unwrap();
    let states: Vec<_> = versions
        .iter()
        .map(|one| {
            (
                one["clockedOutAt"].clone(),
                one["totals"]["workedMinutes"].clone(),
            )
        })
        .collect();
    assert_eq!(states[0], (json!("2026-03-02T13:30:00+00:00"), json!(480)));
    assert_eq!(states[1], (json!("2026-03-02T14:30:00+00:00"), json!(540)));
    assert_eq!(states[2], (Value::Null, json!(0)));
    assert_eq!(states[3], states[0]);
    assert_eq!(states.len(), 4);
    let fields: Vec<_> = versions[1]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].clone())
        .collect();
    assert!(
        fields.contains(&json!("clockedOutAt")) && fields.contains(&json!("hours.worked")),
        "{fields:?}"
    );
    assert_eq!(versions[1]["because"][0]["memo"], "stayed longer");
    assert_eq!(versions[1]["because"][0]["change"]["change"], "MOVED");

    // The same by moment: before anybody knew, at each change, and a moment before it.
    let known = |moment: &str| json!({"id": id, "at": moment});
    for (moment, expected) in [
        ("2026-03-04T15:00:00Z", &states[0]),
        ("2026-03-04T15:00:59Z", &states[0]),
        ("2026-03-04T15:01:00Z", &states[1]),
        ("2026-03-04T15:02:00Z", &states[2]),
        ("2026-03-04T15:03:00Z", &states[3]),
    ] {
        let found = org
            .worker
            .run("attendance/session_as_known_on", known(moment))
            .await;
        assert_eq!(
            found.data("/sessionAsKnownOn/clockedOutAt"),
            &expected.0,
            "{moment}"
        );
    }
    let nobody_knew = known("2026-03-04T14:59:59Z");
    let nobody_knew = org
        .worker
        .run("attendance/session_as_known_on", nobody_knew)
        .await;
    assert_eq!(nobody_knew.code(), "NOT_FOUND");
}

/// The worker asks for a clock-out half an hour later.
async fn requested(org: &TestOrg, key: &str, out: &str) -> Answer {
    let changes = json!([{"move": {"punch": out, "at": "2026-03-02T14:00:00Z"}}]);
    let input =
        json!({"idempotencyKey": key, "changes": changes, "reasonCode": REASON, "memo": "the bus"});
    org.worker
        .run("corrections/request_correction", json!({ "input": input }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_shows_its_effect_before_and_after() {
    let (app, org) = wednesday().await;
    let made = enter(&org.supervisor, "monday", monday(&org)).await;
    let out = punch(&made, "enterPunches", "OUT");
    let asked = requested(&org, "ask", &out).await;
    let id = asked.text("/requestCorrection/id");
    assert_eq!(
        requested(&org, "ask", &out)
            .await
            .text("/requestCorrection/id"),
        id
    );
    app.drain().await;

    // What it would do is worked out by the steps that would do it, and leaves no trace.
    let before = dump(app.target()).await;
    assert!(before.len() > 40, "the tables were not found");
    let pending = org
        .supervisor
        .run("corrections/correction", json!({ "id": id }))
        .await;
    let changes = json!([{"move": {"punch": out, "at": "2026-03-02T14:00:00Z"}}]);
    let preview = org
        .worker
        .run(
            "corrections/correction_preview",
            json!({ "changes": changes }),
        )
        .await;
    let broken = json!({"changes": [{"add": {"direction": "OUT", "at": "2026-03-02T18:00:00Z"}}, {"void": out}]});
    assert!(
        org.worker
            .run("corrections/correction_preview", broken)
            .await
            .ok()
    );
    app.drain().await;
    let after = dump(app.target()).await;
    for (table, rows) in &before {
        assert_eq!(Some(rows), after.get(table), "{table} changed");
    }
    assert_eq!(
        pending.data("/correction/effect"),
        preview.data("/correctionPreview")
    );
    let effect = pending.data("/correction/effect");
    assert_eq!(effect["days"][0]["date"], "2026-03-02");
    assert_eq!(effect["days"][0]["before"]["workedMinutes"], 480);
    assert_eq!(effect["days"][0]["after"]["workedMinutes"], 510);
    assert_eq!(effect["days"][0]["difference"]["workedMinutes"], 30);
    assert_eq!(
        effect["sessions"][0]["after"]["clockedOutAt"],
        "2026-03-02T14:00:00+00:00"
    );

    let approve = |attested: bool| json!({"input": {"correction": id, "attested": attested}});
    let unattested = org
        .supervisor
        .run("corrections/approve_correction", approve(false))
        .await;
    assert_eq!(unattested.code(), "ATTESTATION_REQUIRED");
    let approved = org
        .supervisor
        .run("corrections/approve_correction", approve(true))
        .await;
    assert_eq!(approved.data("/approveCorrection/state"), "APPROVED");
    assert_eq!(
        approved.data("/approveCorrection/effect"),
        effect,
        "what was shown is what was done"
    );
    assert_eq!(
        approved.data("/approveCorrection/decidedBy/id"),
        &json!(org.supervisor.member)
    );
    let session = org
        .worker
        .run(
            "corrections/session_versions",
            json!({"id": made.text("/enterPunches/id")}),
        )
        .await;
    let newest = session
        .data("/session/versions")
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(newest["totals"]["workedMinutes"], 510);
    let causes = newest["because"].as_array().unwrap();
    assert!(
        causes
            .iter()
            .any(|cause| cause["change"]["correctionId"] == id.as_str()),
        "{causes:?}"
    );

    app.drain().await;
    let audit = org
        .owner
        .run("audit/audit_entries", json!({"first": 20}))
        .await;
    let entries = audit.data("/auditEntries").as_array().unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["target"] == id.as_str())
        .unwrap();
    assert_eq!(entry["action"], "MANAGE_PUNCHES");
    let whole = org.owner.run("audit/audit_verification", json!({})).await;
    assert_eq!(whole.data("/auditVerification/problem"), &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_punch_is_added_by_a_correction() {
    let (app, org) = wednesday().await;
    let clock = json!({"input": {"idempotencyKey": "in", "capturedAt": "2026-03-04T05:00:00Z"}});
    let opened = org.worker.run("attendance/clock_in", clock).await;
    let changes = json!([{"add": {"direction": "OUT", "at": "2026-03-04T13:00:00Z"}}]);
    let input =
        json!({"idempotencyKey": "ask", "changes": changes, "reasonCode": "FORGOT_TO_CLOCK_OUT"});
    let asked = org
        .worker
        .run("corrections/request_correction", json!({ "input": input }))
        .await;
    let id = asked.text("/requestCorrection/id");
    let approve = json!({"input": {"correction": id, "attested": true, "memo": "saw them leave"}});
    let approved = org
        .supervisor
        .run("corrections/approve_correction", approve)
        .await;
    assert_eq!(
        approved.data("/approveCorrection/effect/sessions/0/before/status"),
        "ACTIVE"
    );
    assert_eq!(
        approved.data("/approveCorrection/effect/sessions/0/after/status"),
        "COMPLETED"
    );
    let session = json!({"id": opened.text("/clockIn/id")});
    let session = org.worker.run("attendance/session", session).await;
    assert_eq!(session.data("/session/workedMinutes"), 480);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_are_decided_once_and_by_somebody_else() {
    let (app, org) = wednesday().await;
    let made = enter(&org.supervisor, "monday", monday(&org)).await;
    let out = punch(&made, "enterPunches", "OUT");
    let stranger = app
        .person(&org.owner, "acme", "elsewhere", Role::Supervisor, None)
        .await;
    let id = requested(&org, "one", &out)
        .await
        .text("/requestCorrection/id");
    let input = |id: &str| json!({"input": {"correction": id, "attested": true, "memo": "no"}});
    let reject = |id: &str| json!({"input": {"correction": id, "memo": "not so"}});
    assert_eq!(
        org.worker
            .run("corrections/approve_correction", input(&id))
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        stranger
            .run("corrections/approve_correction", input(&id))
            .await
            .code(),
        "NOT_FOUND"
    );
    assert_eq!(
        stranger
            .run("corrections/correction", json!({ "id": id }))
            .await
            .code(),
        "NOT_FOUND"
    );

    // Two at once: one decides.
    let (first, second) = tokio::join!(
        org.supervisor
            .run("corrections/approve_correction", input(&id)),
        org.admin.run("corrections/reject_correction", reject(&id)),
    );
    assert_eq!(usize::from(first.ok()) + usize::from(second.ok()), 1);
    let loser = if first.ok() { &second } else { &first };
    assert_eq!(loser.code(), "CORRECTION_DECIDED");
    let withdraw = json!({"input": {"correction": id}});
    assert_eq!(
        org.worker
            .run("corrections/withdraw_correction", withdraw)
            .await
            .code(),
        "CORRECTION_DECIDED"
    );

    let two = requested(&org, "two", &out)
        .await
        .text("/requestCorrection/id");
    let rejected = org
        .supervisor
        .run("corrections/reject_correction", reject(&two))
        .await;
    assert_eq!(rejected.data("/rejectCorrection/state"), "REJECTED");
    assert_eq!(rejected.data("/rejectCorrection/decisionMemo"), "not so");
    let three = requested(&org, "three", &out)
        .await
        .text("/requestCorrection/id");
    let withdraw = json!({"input": {"correction": three}});
    let withdrawn = org
        .worker
        .run("corrections/withdraw_correction", withdraw)
        .await;
    assert_eq!(withdrawn.data("/withdrawCorrection/state"), "WITHDRAWN");
    let pending = json!({"filter": {"state": "PENDING"}});
    let pending = org.owner.run("corrections/corrections", pending).await;
    assert_eq!(
        pending.data("/corrections/edges").as_array().unwrap().len(),
        0
    );
    let all = json!({"filter": {"member": org.worker.member}});
    let all = org.supervisor.run("corrections/corrections", all).await;
    assert_eq!(all.data("/corrections/edges").as_array().unwrap().len(), 3);

    // Nobody decides their own, whatever they may do for others.
    let own = json!({"idempotencyKey": "own", "reasonCode": REASON,
        "changes": [{"add": {"direction": "IN", "at": "2026-03-03T05:00:00Z"}}]});
    let own = org
        .admin
        .run("corrections/request_correction", json!({ "input": own }))
        .await;
    let own = own.text("/requestCorrection/id");
    assert_eq!(
        org.admin
            .run("corrections/approve_correction", input(&own))
            .await
            .code(),
        "OWN_CORRECTION"
    );
    assert_eq!(
        org.admin
            .run("corrections/reject_correction", reject(&own))
            .await
            .code(),
        "OWN_CORRECTION"
    );
    assert!(
        org.owner
            .run("corrections/approve_correction", input(&own))
            .await
            .ok()
    );
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_concern_ones_own_time() {
    let (_app, org) = wednesday().await;
    let mine = json!({"member": org.worker.member, "clockedInAt": "2026-03-02T05:00:00Z", "clockedOutAt": "2026-03-02T06:00:00Z"});
    let made = enter(&org.supervisor, "one", mine).await;
    let punch = punch(&made, "enterPunches", "IN");
    let ask = |changes: Value, reason: &str| json!({"input": {"idempotencyKey": "x", "changes": changes, "reasonCode": reason}});
    let others = ask(json!([{ "void": punch }]), REASON);
    assert_eq!(
        org.admin
            .run("corrections/request_correction", others)
            .await
            .code(),
        "NOT_FOUND"
    );
    let unknown = ask(json!([{ "void": punch }]), "NO_SUCH");
    assert_eq!(
        org.worker
            .run("corrections/request_correction", unknown)
            .await
            .code(),
        "REASON_UNKNOWN"
    );
    let nothing = ask(json!([]), REASON);
    assert_eq!(
        org.worker
            .run("corrections/request_correction", nothing)
            .await
            .field(),
        "changes"
    );
    let twice = ask(json!([{"void": punch}, {"restore": punch}]), REASON);
    assert_eq!(
        org.worker
            .run("corrections/request_correction", twice)
            .await
            .field(),
        "changes.1"
    );
}
