//! The acceptance checklist of Ohio's alternate visit verification, as far as it concerns people, clients, capture and
//! maintenance: a test for each row, named after it. Rows held elsewhere, or of features to come, are in one table.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::exceptions::model::Kind;

use super::exceptions::{find, found};
use super::support::TestApp;
use super::support::people::TestOrg;

/// Every row: workers, clients, capture, maintenance.
const ROWS: [(char, u32); 4] = [('e', 4), ('c', 13), ('v', 15), ('m', 18)];

/// Rows without a test here, and why.
const ELSEWHERE: [(&str, &str); 26] = [
    (
        "e01",
        "exchanged with the aggregator, which comes with payers",
    ),
    (
        "e02",
        "exchanged with the aggregator, which comes with payers",
    ),
    ("c01", "payers and programs come with billing"),
    ("c02", "payers and programs come with billing"),
    ("c03", "payers and programs come with billing"),
    ("c04", "payers and programs come with billing"),
    ("c05", "payers and programs come with billing"),
    ("c06", "payers and programs come with billing"),
    ("c08", "a client's payer identifiers come with billing"),
    ("c09", "a client's payer identifiers come with billing"),
    ("c10", "a client's payer identifiers come with billing"),
    ("v09", "a manual visit: with the corrections of time"),
    (
        "v10",
        "the reason of a manual visit: with the corrections of time",
    ),
    (
        "v11",
        "the attestation of a manual visit: with the corrections of time",
    ),
    (
        "v12",
        "the audit of a manual visit: with the corrections of time",
    ),
    (
        "v13",
        "a third method of capture: a terminal's punches, in punches.rs",
    ),
    ("v14", "telephony is a feature to come"),
    ("m01", "edits: with the corrections of time"),
    ("m02", "the reason of an edit: with the corrections of time"),
    (
        "m03",
        "the attestation of an edit: with the corrections of time",
    ),
    (
        "m04",
        "the approval of an edit: with the corrections of time",
    ),
    (
        "m06",
        "services authorized per client come with billing; the kind is treated as below",
    ),
    (
        "m07",
        "services authorized per client come with billing; the kind is treated as below",
    ),
    (
        "m08",
        "recipients sent by a payer come with billing; the kind is treated as below",
    ),
    ("m09", "Medicaid numbers come with billing"),
    (
        "m10",
        "workers sent by a payer come with billing; the kind is treated as below",
    ),
];

const HOME: (f64, f64) = (-0.0917, 34.768);

fn at(position: (f64, f64)) -> Value {
    json!({"latitude": position.0, "longitude": position.1, "accuracyM": 8})
}

/// A client served at home.
async fn client(org: &TestOrg) -> (String, String) {
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
async fn visit(app: &TestApp, org: &TestOrg) -> (String, String) {
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

#[tokio::test]
async fn m05_the_audit_shows_when_who_and_what() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (session, _) = visit(&app, &org).await;
    app.drain().await;
    let entries = org
        .owner
        .run("audit/audit_entries", json!({"first": 2}))
        .await;
    let entry = entries.data("/auditEntries/0");
    assert_eq!(entry["action"], "CLOCK_OUT");
    assert_eq!(entry["target"], json!(session));
    let who = entry["actorId"].as_str().unwrap();
    assert!(org.worker.member.to_string().ends_with(who));
    assert_eq!(entry["at"], "2026-03-02T05:30:00+00:00");
    let verdict = org.owner.run("audit/audit_verification", json!({})).await;
    assert_eq!(verdict.data("/auditVerification/brokenAt"), &Value::Null);
}

/// What Ohio has fixed and not acknowledged. What finds it is tested where time is worked out.
#[tokio::test]
async fn m11_m12_missing_elements_must_be_fixed() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let all = [
        (Kind::UnknownClient, "0"),
        (Kind::UnknownWorker, "1"),
        (Kind::MissingIn, "3"),
        (Kind::MissingOut, "4"),
        (Kind::MissingService, "23"),
        (Kind::UnauthorizedService, "34"),
    ];
    let findings: Vec<_> = all.iter().map(|(kind, _)| found(*kind, 0)).collect();
    find(&app, &org.owner, &org.worker, Some(org.night), &findings).await;
    for (kind, outside) in all {
        let filter = json!({"filter": {"kinds": [kind.name()]}});
        let queue = org.supervisor.run("exceptions/exceptions", filter).await;
        let id = queue.text("/exceptions/edges/0/node/id");
        let seen = org
            .supervisor
            .run("exceptions/exception", json!({"id": id}))
            .await;
        assert_eq!(seen.data("/exception/outsideId"), outside);
        let said = json!({"input": {
            "exception": id, "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED",
        }});
        let refused = org
            .supervisor
            .run("exceptions/acknowledge_exception", said)
            .await;
        assert_eq!(refused.code(), "EXCEPTION_MUST_BE_FIXED", "{}", kind.name());
    }
}

#[tokio::test]
async fn m13_m14_a_visit_has_several_exceptions_worked_out_anew() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let states = || async {
        let queue = org.owner.run("exceptions/exceptions", json!({})).await;
        let edges = queue.data("/exceptions/edges").as_array().unwrap().clone();
        let named = |edge: &Value| format!("{} {}", edge["node"]["kind"], edge["node"]["state"]);
        edges
            .iter()
            .map(named)
            .map(|text| text.replace('"', ""))
            .collect::<BTreeSet<_>>()
    };
    let several = [
        found(Kind::MissingOut, 0),
        found(Kind::OutsideGeofenceIn, 150),
        found(Kind::LateIn, 20),
    ];
    find(&app, &org.owner, &org.worker, Some(org.night), &several).await;
    assert_eq!(states().await.len(), 3);
    let edited = [
        found(Kind::OutsideGeofenceIn, 150),
        found(Kind::ManualEntry, 0),
    ];
    find(&app, &org.owner, &org.worker, Some(org.night), &edited).await;
    let now = states().await;
    let expected = [
        "LATE_IN CLEARED",
        "MANUAL_ENTRY OPEN",
        "MISSING_OUT CLEARED",
        "OUTSIDE_GEOFENCE_IN OPEN",
    ];
    assert_eq!(now, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn m15_m16_m17_m18_clearing_is_audited() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let late = [found(Kind::LateIn, 20)];
    find(&app, &org.owner, &org.worker, Some(org.night), &late).await;
    let queue = org.owner.run("exceptions/exceptions", json!({})).await;
    let id = queue.text("/exceptions/edges/0/node/id");
    app.clock.advance(TimeDelta::minutes(10));
    let said = json!({"input": {
        "exception": id, "reasonCode": "OTHER", "resolutionCode": "DOCUMENTED", "memo": "a landslide",
    }});
    assert!(
        org.supervisor
            .run("exceptions/acknowledge_exception", said)
            .await
            .ok()
    );
    let seen = org
        .owner
        .run("exceptions/exception", json!({"id": id}))
        .await;
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
    assert_eq!(entries.data("/auditEntries/0/target"), &json!(id));
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
    let tests = include_str!("evv.rs").lines();
    let names = tests.filter_map(|line| line.strip_prefix("async fn ")?.split('(').next());
    let tested: BTreeSet<&str> = names.flat_map(rows_of).collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(row, _)| *row).collect();
    assert_eq!(elsewhere.len(), ELSEWHERE.len(), "a row twice");
    for (group, count) in ROWS {
        for number in 1..=count {
            let row = format!("{group}{number:02}");
            let (here, there) = (
                tested.contains(row.as_str()),
                elsewhere.contains(row.as_str()),
            );
            assert!(
                here != there,
                "{row}: tested here {here}, said to be elsewhere {there}"
            );
        }
    }
    assert!(ELSEWHERE.iter().all(|(_, why)| !why.is_empty()));
}
