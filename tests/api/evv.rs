//! The acceptance checklist of Ohio's alternate visit verification, as far as it concerns people, clients and capture: a
//! test for each row, named after it. Maintenance is in `evv_maintenance.rs`; rows of features to come are in one table.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::imports::punches::EXAMPLE;

use super::punches;
use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

/// Every row: workers, clients, capture, maintenance.
const ROWS: [(char, u32); 4] = [('e', 4), ('c', 13), ('v', 15), ('m', 18)];

/// Rows that nothing here can show yet, and why.
const TO_COME: [(&str, &str); 16] = [
    (
        "e01",
        "workers are exchanged with an aggregator, which comes with payers",
    ),
    (
        "e02",
        "workers are exchanged with an aggregator, which comes with payers",
    ),
    ("c01", "a client has no payers before there is billing"),
    ("c02", "a client has no programs before there is billing"),
    ("c03", "services are authorized by payers"),
    ("c04", "services are authorized by payers"),
    ("c05", "services are authorized by payers"),
    ("c06", "services are authorized by payers"),
    ("c08", "a payer's identifier of a client comes with payers"),
    ("c09", "a payer's identifier of a client comes with payers"),
    ("c10", "a payer's identifier of a client comes with payers"),
    ("v14", "telephony is a feature to come"),
    (
        "m07",
        "no service is unauthorized before payers authorize services",
    ),
    (
        "m08",
        "a claim names a client of the organization or is refused; others come with payers",
    ),
    ("m09", "clients have no Medicaid number before billing"),
    (
        "m10",
        "a claim is made by a member; a terminal's unknown badge is a row its import refuses",
    ),
];

pub(super) const HOME: (f64, f64) = (-0.0917, 34.768);

pub(super) fn at(position: (f64, f64)) -> Value {
    json!({"latitude": position.0, "longitude": position.1, "accuracyM": 8})
}

/// A client served at home.
pub(super) async fn client(org: &TestOrg) -> (String, String) {
    let point = json!({"latitude": HOME.0, "longitude": HOME.1});
    let place = json!({"input": {"name": "Atieno's house", "position": point, "radiusM": 100}});
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
    let label = json!({"input": {"client": client, "place": place, "label": "Home"}});
    assert!(org.owner.run("places/add_client_place", label).await.ok());
    (client, place)
}

/// A visit of half an hour at a client's home.
pub(super) async fn visit(app: &TestApp, org: &TestOrg) -> (String, String) {
    let (client, _) = client(org).await;
    let start = json!({"input": {
        "idempotencyKey": "in", "client": client, "service": "personal care", "position": at(HOME),
    }});
    let session = org
        .worker
        .run("attendance/clock_in", start)
        .await
        .text("/clockIn/id");
    app.clock.advance(TimeDelta::minutes(30));
    let end = json!({"input": {"idempotencyKey": "out", "position": at(HOME)}});
    assert!(org.worker.run("attendance/clock_out", end).await.ok());
    (session, client)
}

#[tokio::test]
async fn e03_no_two_workers_share_an_address() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let take = json!({"input": {"email": org.admin.email}});
    let refused = org.worker.run("identity/update_profile", take).await;
    assert_eq!((refused.code(), refused.field()), ("HANDLE_TAKEN", "email"));
}

#[tokio::test]
async fn e04_an_address_is_nobody_elses_after_its_worker_left() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let leave = json!({"input": {"id": org.worker.member, "reason": "moved away"}});
    assert!(
        org.owner
            .run("identity/deactivate_member", leave)
            .await
            .ok()
    );
    let take = json!({"input": {"email": org.worker.email}});
    let refused = org.supervisor.run("identity/update_profile", take).await;
    assert_eq!((refused.code(), refused.field()), ("HANDLE_TAKEN", "email"));
}

#[tokio::test]
async fn c07_a_newborn_is_marked() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, _) = client(&org).await;
    let mark = json!({"input": {"client": client, "isNewborn": true}});
    let marked = org.owner.run("places/update_client", mark).await;
    assert_eq!(marked.data("/updateClient/isNewborn"), true);
}

#[tokio::test]
async fn c11_c12_a_client_has_three_addresses_and_a_post_box() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, _) = client(&org).await;
    for (name, address) in [
        ("Her daughter's", "12 Oginga Odinga Street, Kisumu"),
        ("The day centre", "4 Jomo Kenyatta Highway, Kisumu"),
        ("Letters", "P.O. Box 1234-40100, Kisumu"),
    ] {
        let place = json!({"input": {"name": name, "address": address}});
        let place = org
            .owner
            .run("places/create_place", place)
            .await
            .text("/createPlace/id");
        let add = json!({"input": {"client": client, "place": place, "label": name}});
        assert!(
            org.owner.run("places/add_client_place", add).await.ok(),
            "{name}"
        );
    }
    let seen = org.owner.run("places/client", json!({"id": client})).await;
    let places = seen.data("/client/places").as_array().unwrap();
    let labels: BTreeSet<_> = places
        .iter()
        .map(|place| place["label"].as_str().unwrap())
        .collect();
    assert_eq!(
        labels,
        ["Her daughter's", "Home", "Letters", "The day centre"].into()
    );
}

#[tokio::test]
async fn c13_a_client_has_several_telephones() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, _) = client(&org).await;
    let phones = json!({"input": {
        "client": client, "phone": "0712345678", "otherPhones": ["0722345678", "0733345678"],
    }});
    let seen = org.owner.run("places/update_client", phones).await;
    assert_eq!(seen.data("/updateClient/phone"), "+254712345678");
    assert_eq!(
        seen.data("/updateClient/otherPhones")
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn v01_v02_the_location_is_known_at_both_ends() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (session, client) = visit(&app, &org).await;
    let seen = org
        .owner
        .run("attendance/session", json!({"id": session}))
        .await;
    for end in ["fenceIn", "fenceOut"] {
        assert_eq!(
            seen.data(&format!("/session/{end}/verdict")),
            "INSIDE",
            "{end}"
        );
    }
    let place = seen.data("/session/place/id").clone();
    let client = org.owner.run("places/client", json!({"id": client})).await;
    let home = client.data("/client/places").as_array().unwrap().clone();
    let home = home
        .into_iter()
        .find(|there| there["place"]["id"] == place)
        .unwrap();
    assert_eq!(home["label"], "Home");
}

#[tokio::test]
async fn v03_v04_v05_v06_v07_v08_a_visit_is_told_while_it_happens() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, _) = client(&org).await;
    let start = json!({"input": {
        "idempotencyKey": "in", "client": client, "service": "personal care", "position": at(HOME),
    }});
    let session = org
        .worker
        .run("attendance/clock_in", start)
        .await
        .text("/clockIn/id");
    let seen = org
        .supervisor
        .run("attendance/session", json!({"id": session}))
        .await;
    assert_eq!(seen.data("/session/workDate"), "2026-03-02");
    assert_eq!(
        seen.data("/session/clockedInAt"),
        "2026-03-02T05:00:00+00:00"
    );
    assert_eq!(seen.data("/session/client/id"), &json!(client));
    assert_eq!(seen.data("/session/member/id"), &json!(org.worker.member));
    assert_eq!(seen.data("/session/service"), "personal care");
    assert_eq!(seen.data("/session/clockedOutAt"), &Value::Null);
    app.clock.advance(TimeDelta::minutes(45));
    let end = json!({"input": {"idempotencyKey": "out", "position": at(HOME)}});
    assert!(org.worker.run("attendance/clock_out", end).await.ok());
    let seen = org
        .supervisor
        .run("attendance/session", json!({"id": session}))
        .await;
    assert_eq!(
        seen.data("/session/clockedOutAt"),
        "2026-03-02T05:45:00+00:00"
    );
}

/// A visit of the worker that nobody captured, from ten past eight until ten past nine, as staff enter it.
pub(super) fn by_hand(org: &TestOrg, (client, place): (&str, &str), key: &str) -> Value {
    json!({
        "idempotencyKey": key, "member": org.worker.member, "client": client, "place": place,
        "service": "personal care", "clockedInAt": "2026-03-02T05:10:00Z",
        "clockedOutAt": "2026-03-02T06:10:00Z", "reasonCode": "DEVICE_PROBLEM", "attested": true,
        "memo": "the battery was empty",
    })
}

pub(super) fn with(mut input: Value, field: &str, value: Value) -> Value {
    input
        .as_object_mut()
        .unwrap()
        .insert(field.to_owned(), value);
    input
}

async fn enter(org: &TestOrg, input: Value) -> Answer {
    org.supervisor
        .run("corrections/enter_punches", json!({ "input": input }))
        .await
}

#[tokio::test]
async fn v09_a_manual_visit_has_every_element() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, place) = client(&org).await;
    app.clock.advance(TimeDelta::hours(3));
    let entered = enter(&org, by_hand(&org, (&client, &place), "visit")).await;
    let id = entered.text("/enterPunches/id");
    let seen = org.owner.run("attendance/session", json!({"id": id})).await;
    let session = seen.data("/session");
    assert_eq!(session["service"], "personal care");
    assert_eq!(session["client"]["id"], json!(client));
    assert_eq!(session["workDate"], "2026-03-02");
    assert_eq!(session["place"]["id"], json!(place));
    assert_eq!(session["member"]["id"], json!(org.worker.member));
    assert_eq!(session["clockedInAt"], "2026-03-02T05:10:00+00:00");
    assert_eq!(session["clockedOutAt"], "2026-03-02T06:10:00+00:00");
    let punches = session["punches"].as_array().unwrap();
    assert!(punches.iter().all(|punch| punch["source"] == "MANUAL"));
    let filter = json!({"filter": {"session": id}});
    let found = org.owner.run("exceptions/exceptions", filter).await;
    assert_eq!(
        found.data("/exceptions/edges/0/node/kind"),
        "MANUAL_ENTRY",
        "confirmed, never compliant by itself"
    );
}

#[tokio::test]
async fn v10_a_manual_visit_needs_a_standard_reason() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, place) = client(&org).await;
    app.clock.advance(TimeDelta::hours(3));
    let visit = by_hand(&org, (&client, &place), "visit");
    let because = |code: &str| with(visit.clone(), "reasonCode", json!(code));
    let unknown = enter(&org, because("99")).await;
    assert_eq!(
        (unknown.code(), unknown.field()),
        ("REASON_UNKNOWN", "reasonCode")
    );
    let other = with(because("OTHER"), "memo", Value::Null);
    assert_eq!(enter(&org, other).await.code(), "MEMO_REQUIRED");
    let adopt = json!({"input": {"profile": "OHIO"}});
    assert!(org.owner.run("exceptions/adopt_codes", adopt).await.ok());
    let entered = enter(&org, because("99")).await;
    assert!(entered.ok(), "documentation is on file: {:#}", entered.0);
}

#[tokio::test]
async fn v11_a_manual_visit_is_attested() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, place) = client(&org).await;
    app.clock.advance(TimeDelta::hours(3));
    let visit = by_hand(&org, (&client, &place), "visit");
    let refused = enter(&org, with(visit, "attested", json!(false))).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("ATTESTATION_REQUIRED", "attested")
    );
    let none = org.owner.run("attendance/sessions", json!({})).await;
    assert_eq!(none.data("/sessions/edges"), &json!([]));
}

#[tokio::test]
async fn v12_a_manual_visit_is_audited() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (client, place) = client(&org).await;
    app.clock.advance(TimeDelta::hours(3));
    let entered = enter(&org, by_hand(&org, (&client, &place), "visit")).await;
    app.drain().await;
    let entries = org
        .owner
        .run("audit/audit_entries", json!({"first": 1}))
        .await;
    let entry = entries.data("/auditEntries/0");
    assert_eq!(entry["action"], "MANAGE_PUNCHES");
    assert_eq!(entry["target"], *entered.data("/enterPunches/punches/0/id"));
    assert_eq!(entry["at"], "2026-03-02T08:00:00+00:00");
    assert_eq!(entry["reason"], "the battery was empty");
    let who = entry["actorId"].as_str().unwrap();
    assert!(org.supervisor.member.to_string().ends_with(who));
    let id = entered.text("/enterPunches/id");
    let versions = org
        .owner
        .run("corrections/session_versions", json!({"id": id}))
        .await;
    let because = versions.data("/session/versions/0/because/0");
    assert_eq!(because["madeById"], json!(org.supervisor.member));
    assert_eq!(because["reasonCode"], "DEVICE_PROBLEM");
}

#[tokio::test]
async fn v13_a_terminal_is_a_third_way_to_capture() {
    let (app, org) = punches::with_badge().await;
    let rows = [
        "7,23/02/2026 08:00:00,0,T1",
        "7,23/02/2026 17:00:00,C/Out,T1",
    ];
    let files = punches::files(&rows, EXAMPLE);
    assert!(punches::run(&app, &org, &files, false).await.is_ok());
    let filter = json!({"filter": {"member": org.worker.member}});
    let captured = org.owner.run("attendance/punches", filter).await;
    let edges = captured.data("/punches/edges").as_array().unwrap();
    let told = edges
        .iter()
        .map(|edge| (&edge["node"]["source"], &edge["node"]["role"]));
    let expected = [
        (&json!("TERMINAL"), &json!("CLOSES")),
        (&json!("TERMINAL"), &json!("OPENS")),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn v15_how_each_end_was_captured_is_recorded() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (session, _) = visit(&app, &org).await;
    let seen = org
        .owner
        .run("attendance/session", json!({"id": session}))
        .await;
    let punches = seen.data("/session/punches").as_array().unwrap();
    let sources: Vec<_> = punches
        .iter()
        .map(|punch| punch["source"].clone())
        .collect();
    assert_eq!(sources, ["MOBILE", "MOBILE"]);
}

/// The rows a test's name begins with: `v01_v02_the_location…`.
fn rows_of(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').take_while(|part| {
        let number = part.get(1..).unwrap_or_default();
        part.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[test]
fn every_row_is_a_test_or_says_why_not() {
    let tests = include_str!("evv.rs")
        .lines()
        .chain(include_str!("evv_maintenance.rs").lines());
    let names = tests.filter_map(|line| line.strip_prefix("async fn ")?.split('(').next());
    let tested: BTreeSet<&str> = names.flat_map(rows_of).collect();
    let to_come: BTreeSet<&str> = TO_COME.iter().map(|(row, _)| *row).collect();
    assert_eq!(to_come.len(), TO_COME.len(), "a row twice");
    for (group, count) in ROWS {
        for number in 1..=count {
            let row = format!("{group}{number:02}");
            let (here, later) = (
                tested.contains(row.as_str()),
                to_come.contains(row.as_str()),
            );
            assert!(here != later, "{row}: tested {here}, said to come {later}");
        }
    }
    assert!(TO_COME.iter().all(|(_, why)| !why.is_empty()));
}
