//! Clocking in and out, through the API.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use zamu::attendance::locations::service::purge;

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

/// A clinic in Kisumu and positions around it. A degree is about 111 km.
const CLINIC: (f64, f64) = (-0.0917, 34.7680);

fn position(metres_north: f64, accuracy_m: f64) -> Value {
    json!({"latitude": CLINIC.0 + metres_north / 111_195.0, "longitude": CLINIC.1, "accuracyM": accuracy_m})
}

async fn clinic(org: &TestOrg) -> String {
    let input = json!({"name": "Kisumu clinic", "radiusM": 100, "timeZone": "Africa/Nairobi",
        "position": {"latitude": CLINIC.0, "longitude": CLINIC.1}});
    org.admin
        .run("places/create_place", json!({"input": input}))
        .await
        .text("/createPlace/id")
}

async fn clock_in(org: &TestOrg, input: Value) -> Answer {
    org.worker
        .run("attendance/clock_in", json!({"input": input}))
        .await
}

async fn clock_out(org: &TestOrg, key: &str) -> Answer {
    org.worker
        .run(
            "attendance/clock_out",
            json!({"input": {"idempotencyKey": key}}),
        )
        .await
}

/// Eight to four at the clinic, on the Monday the tests begin.
async fn shift(org: &TestOrg, place: &str, starts: &str) {
    let input = json!({"member": org.worker.member, "place": place, "date": "2026-03-02",
        "starts": starts, "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": input}))
        .await;
    assert!(planned.ok(), "{:?}", planned.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_from_clock_in_to_clock_out_is_one_session() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    shift(&org, &place, "07:38").await;
    let input = json!({"idempotencyKey": "in-1", "position": position(30.0, 20.0), "remark": "bus was late"});
    let opened = clock_in(&org, input).await;
    assert_eq!(opened.data("/clockIn/status"), "ACTIVE");
    assert_eq!(opened.data("/clockIn/lateness"), "LATE");
    assert_eq!(opened.data("/clockIn/minutesLate"), 22);
    assert_eq!(opened.data("/clockIn/fenceIn/verdict"), "INSIDE");
    assert_eq!(opened.data("/clockIn/place/name"), "Kisumu clinic");
    let id = opened.text("/clockIn/id");

    let active = org
        .worker
        .run("attendance/my_active_session", json!({}))
        .await;
    assert_eq!(active.data("/myActiveSession/id"), id.as_str());

    app.clock.advance(TimeDelta::hours(8));
    let input = json!({"idempotencyKey": "out-1", "position": position(400.0, 20.0)});
    let closed = org
        .worker
        .run("attendance/clock_out", json!({"input": input}))
        .await;
    assert_eq!(closed.data("/clockOut/status"), "COMPLETED");
    assert_eq!(closed.data("/clockOut/workedMinutes"), 480);
    assert_eq!(closed.data("/clockOut/fenceOut/verdict"), "OUTSIDE");

    let session = org
        .worker
        .run("attendance/session", json!({"id": id}))
        .await;
    let punches = session.data("/session/punches").as_array().unwrap();
    assert_eq!(
        punches
            .iter()
            .map(|punch| punch["direction"].clone())
            .collect::<Vec<_>>(),
        ["IN", "OUT"]
    );
    assert_eq!(punches[0]["remark"], "bus was late");
    assert!(
        session
            .data("/session/flags")
            .as_array()
            .unwrap()
            .contains(&json!("outside_fence_out"))
    );
    let none = org
        .worker
        .run("attendance/my_active_session", json!({}))
        .await;
    assert_eq!(none.data("/myActiveSession"), &Value::Null);
}

/// Coming back from lunch is not coming late: only the first clock-in of a shift is judged.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_clock_in_of_a_shift_can_be_late() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    shift(&org, &place, "07:38").await;
    let first = clock_in(&org, json!({"idempotencyKey": "in-1"})).await;
    assert_eq!(first.data("/clockIn/lateness"), "LATE");
    app.clock.advance(TimeDelta::hours(4));
    assert!(clock_out(&org, "out-1").await.ok());
    app.clock.advance(TimeDelta::minutes(45));
    let second = clock_in(&org, json!({"idempotencyKey": "in-2"})).await;
    assert_eq!(second.data("/clockIn/lateness"), &Value::Null);
    let session = org
        .worker
        .run(
            "attendance/session",
            json!({"id": second.text("/clockIn/id")}),
        )
        .await;
    assert!(
        session.data("/session/shift/id").is_string(),
        "it still belongs to the shift"
    );
    let kinds = |answer: &Answer| {
        let all = answer.data("/session/exceptions").as_array().unwrap();
        let kinds = all.iter().map(|one| one["kind"].clone());
        kinds.collect::<Vec<_>>()
    };
    assert!(!kinds(&session).contains(&json!("LATE_IN")));
    let found = json!({"id": first.text("/clockIn/id")});
    let found = org.worker.run("attendance/session", found).await;
    assert!(
        kinds(&found).contains(&json!("LATE_IN")),
        "what is to be looked at stands with the session"
    );
    let shift = session.text("/session/shift/id");
    let on_shift = json!({"filter": {"shift": shift}});
    let all = org.supervisor.run("attendance/sessions", on_shift).await;
    assert_eq!(all.data("/sessions/edges").as_array().unwrap().len(), 2);
    let other = json!({"filter": {"shift": org.worker.member}});
    let other = org.supervisor.run("attendance/sessions", other).await;
    assert_eq!(
        (other.code(), other.field()),
        ("INVALID_INPUT", "filter.shift")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_can_be_explained() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    shift(&org, &place, "07:38").await;
    let opened = clock_in(
        &org,
        json!({"idempotencyKey": "in", "position": position(0.0, 10.0)}),
    )
    .await;
    let session = org
        .worker
        .run(
            "attendance/session",
            json!({"id": opened.text("/clockIn/id")}),
        )
        .await;
    let decisions = session.data("/session/decisions").as_array().unwrap();
    let hooks: Vec<_> = decisions
        .iter()
        .map(|decision| decision["hook"].as_str().unwrap())
        .collect();
    assert_eq!(
        hooks,
        [
            "attendance.geofence",
            "attendance.clock_in",
            "attendance.lateness"
        ]
    );
    let lateness = &decisions[2];
    assert_eq!(lateness["outcome"], "late(22)");
    assert_eq!(lateness["status"], "OK");
    assert!(
        lateness["reasons"][0]
            .as_str()
            .unwrap()
            .contains("5 minutes"),
        "{lateness}"
    );
    let read = lateness["read"].as_array().unwrap();
    let value = |path: &str| {
        read.iter()
            .find(|read| read["path"] == path)
            .map(|read| read["value"].clone())
    };
    assert_eq!(value("minutes_late"), Some(json!("22")));
    assert_eq!(value("settings.grace_minutes"), Some(json!("5")));
    assert!(lateness["operations"].as_i64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_position_is_uncertain_and_nobodys_fault() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let cases = [
        (Some(position(0.0, 20.0)), "INSIDE", None),
        (
            Some(position(90.0, 20.0)),
            "UNCERTAIN",
            Some("gps_uncertain"),
        ),
        (
            Some(position(0.0, 80.0)),
            "UNCERTAIN",
            Some("gps_uncertain"),
        ),
        (
            Some(position(500.0, 20.0)),
            "OUTSIDE",
            Some("outside_fence"),
        ),
        (None, "UNCERTAIN", Some("location_missing")),
    ];
    for (index, (position, verdict, flag)) in cases.into_iter().enumerate() {
        let input =
            json!({"idempotencyKey": format!("in-{index}"), "place": place, "position": position});
        let opened = clock_in(&org, input).await;
        assert_eq!(
            opened.data("/clockIn/fenceIn/verdict"),
            verdict,
            "case {index}"
        );
        let flags = opened.data("/clockIn/flags").as_array().unwrap().clone();
        match flag {
            Some(flag) => assert!(flags.contains(&json!(flag)), "case {index}: {flags:?}"),
            None => assert!(flags.is_empty(), "case {index}: {flags:?}"),
        }
        assert!(clock_out(&org, &format!("out-{index}")).await.ok());
        app.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_taps_make_one_session() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let taps = (0..100).map(|tap| clock_in(&org, json!({"idempotencyKey": format!("tap-{tap}")})));
    let answers = join_all(taps).await;
    assert_eq!(answers.iter().filter(|answer| answer.ok()).count(), 1);
    for refused in answers.iter().filter(|answer| !answer.ok()) {
        assert_eq!(refused.code(), "ALREADY_CLOCKED_IN", "{:?}", refused.0);
    }
    let all = org.worker.run("attendance/sessions", json!({})).await;
    assert_eq!(all.data("/sessions/edges").as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_retries_with_one_key_get_one_answer() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let retries = (0..100).map(|_| {
        clock_in(
            &org,
            json!({"idempotencyKey": "the-key", "remark": "hello"}),
        )
    });
    let answers = join_all(retries).await;
    for answer in &answers {
        assert_eq!(answer.data("/clockIn"), answers[0].data("/clockIn"));
    }
    let other = clock_in(
        &org,
        json!({"idempotencyKey": "the-key", "remark": "something else"}),
    )
    .await;
    assert_eq!(
        (other.code(), other.field()),
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    );
    let outs = join_all((0..100).map(|_| clock_out(&org, "out"))).await;
    for answer in &outs {
        assert_eq!(answer.data("/clockOut/id"), answers[0].data("/clockIn/id"));
    }
    assert_eq!(clock_out(&org, "out-2").await.code(), "NOT_CLOCKED_IN");
    let all = org.worker.run("attendance/sessions", json!({})).await;
    assert_eq!(all.data("/sessions/edges").as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_punch_captured_offline_keeps_its_time() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.clock.advance(TimeDelta::hours(3));
    let input = json!({"idempotencyKey": "in", "capturedAt": "2026-03-02T05:10:00Z", "device": {"mockLocation": true}});
    let opened = clock_in(&org, input).await;
    assert_eq!(
        opened.data("/clockIn/clockedInAt"),
        "2026-03-02T05:10:00+00:00"
    );
    let flags = opened.data("/clockIn/flags").as_array().unwrap().clone();
    assert!(
        flags.contains(&json!("captured_offline")) && flags.contains(&json!("mock_location")),
        "{flags:?}"
    );
    let session = org
        .worker
        .run(
            "attendance/session",
            json!({"id": opened.text("/clockIn/id")}),
        )
        .await;
    assert_eq!(
        session.data("/session/punches/0/receivedAt"),
        "2026-03-02T08:00:00+00:00"
    );
    assert_eq!(
        session.data("/session/punches/0/deviceAt"),
        "2026-03-02T05:10:00+00:00"
    );
    let back = json!({"idempotencyKey": "out", "capturedAt": "2026-03-02T05:00:00Z"});
    let refused = org
        .worker
        .run("attendance/clock_out", json!({"input": back}))
        .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("CLOCKED_OUT_BEFORE_IN", "capturedAt")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_names_its_field_and_changes_nothing() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let other = app.organization("other").await;
    let foreign = clinic(&other).await;
    let member = org.worker.member;
    let at = |latitude: f64, longitude: f64, accuracy: f64| json!({"latitude": latitude, "longitude": longitude, "accuracyM": accuracy});
    let cases = [
        (
            json!({"position": at(91.0, 0.0, 5.0)}),
            "INVALID_INPUT",
            "position.latitude",
        ),
        (
            json!({"position": at(0.0, -181.0, 5.0)}),
            "INVALID_INPUT",
            "position.longitude",
        ),
        (
            json!({"position": at(0.0, 0.0, -1.0)}),
            "INVALID_INPUT",
            "position.accuracyM",
        ),
        (
            json!({"position": at(0.0, 0.0, 1e9)}),
            "INVALID_INPUT",
            "position.accuracyM",
        ),
        (
            json!({"capturedAt": "2026-03-02T05:30:00Z"}),
            "INVALID_INPUT",
            "capturedAt",
        ),
        (
            json!({"capturedAt": "2025-03-02T05:30:00Z"}),
            "INVALID_INPUT",
            "capturedAt",
        ),
        (
            json!({"remark": "x".repeat(501)}),
            "INVALID_INPUT",
            "remark",
        ),
        (
            json!({"remark": "x".repeat(100_000)}),
            "INVALID_INPUT",
            "remark",
        ),
        (
            json!({"service": "x".repeat(61)}),
            "INVALID_INPUT",
            "service",
        ),
        (json!({"place": "plc_nonsense"}), "INVALID_INPUT", "place"),
        (json!({"place": member}), "INVALID_INPUT", "place"),
        (
            json!({"place": "plc_00000000000070008000000000000000"}),
            "NOT_FOUND",
            "place",
        ),
        (json!({"place": foreign}), "NOT_FOUND", "place"),
        (
            json!({"client": "cli_00000000000070008000000000000000"}),
            "NOT_FOUND",
            "client",
        ),
        (
            json!({"idempotencyKey": ""}),
            "INVALID_INPUT",
            "idempotencyKey",
        ),
        (
            json!({"idempotencyKey": "k".repeat(101)}),
            "INVALID_INPUT",
            "idempotencyKey",
        ),
    ];
    for (index, (part, code, field)) in cases.into_iter().enumerate() {
        let mut input = json!({"idempotencyKey": format!("bad-{index}")});
        input
            .as_object_mut()
            .unwrap()
            .extend(part.as_object().unwrap().clone());
        let refused = clock_in(&org, input).await;
        assert_eq!(
            (refused.code(), refused.field()),
            (code, field),
            "case {index}: {:?}",
            refused.0
        );
    }
    let missing = clock_in(&org, json!({})).await;
    assert!(
        ["INVALID_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&missing.code()),
        "{:?}",
        missing.0
    );
    let infinite = org.worker.query(
        r#"mutation { clockIn(input: {idempotencyKey: "x", position: {latitude: 1e400, longitude: 0, accuracyM: 1}}) { id } }"#,
        json!({}),
    );
    assert!(!infinite.await.ok());
    let all = org.worker.run("attendance/sessions", json!({})).await;
    assert_eq!(all.data("/sessions/edges"), &json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_filtered_and_paged() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    for day in 0..5 {
        let place = if day % 2 == 0 {
            json!(place)
        } else {
            Value::Null
        };
        let input = json!({"idempotencyKey": format!("in-{day}"), "place": place, "position": position(0.0, 5.0)});
        assert!(clock_in(&org, input).await.ok());
        app.clock.advance(TimeDelta::hours(8));
        if day < 4 {
            assert!(clock_out(&org, &format!("out-{day}")).await.ok());
        }
        app.clock.advance(TimeDelta::hours(16));
    }
    let count = async |filter: Value| {
        let found = org
            .supervisor
            .run("attendance/sessions", json!({"filter": filter}))
            .await;
        found.data("/sessions/edges").as_array().unwrap().len()
    };
    assert_eq!(count(json!({})).await, 5);
    assert_eq!(count(json!({"member": org.worker.member})).await, 5);
    assert_eq!(count(json!({"member": org.owner.member})).await, 0);
    assert_eq!(count(json!({"department": org.night})).await, 5);
    assert_eq!(count(json!({"department": org.field})).await, 0);
    assert_eq!(count(json!({"place": place})).await, 3);
    assert_eq!(count(json!({"status": "ACTIVE"})).await, 1);
    assert_eq!(
        count(json!({"from": "2026-03-03", "to": "2026-03-04"})).await,
        2
    );
    let wrong = org
        .worker
        .run(
            "attendance/sessions",
            json!({"filter": {"from": "2026-03-04", "to": "2026-03-03"}}),
        )
        .await;
    assert_eq!((wrong.code(), wrong.field()), ("INVALID_INPUT", "from"));

    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = org
            .worker
            .run("attendance/sessions", json!({"first": 2, "after": after}))
            .await;
        for edge in page.data("/sessions/edges").as_array().unwrap() {
            seen.push(edge["node"]["workDate"].as_str().unwrap().to_owned());
        }
        if page.data("/sessions/pageInfo/hasNextPage") == false {
            break;
        }
        after = page.data("/sessions/pageInfo/endCursor").clone();
    }
    assert_eq!(
        seen,
        [
            "2026-03-06",
            "2026-03-05",
            "2026-03-04",
            "2026-03-03",
            "2026-03-02"
        ]
    );
    for (first, code) in [(0, "INVALID_INPUT"), (101, "INVALID_INPUT")] {
        assert_eq!(
            org.worker
                .run("attendance/sessions", json!({"first": first}))
                .await
                .code(),
            code
        );
    }
    let bad = org
        .worker
        .run("attendance/sessions", json!({"after": "here"}))
        .await;
    assert_eq!(bad.code(), "INVALID_CURSOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_own_and_supervisors_their_departments() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let opened = clock_in(&org, json!({"idempotencyKey": "in"})).await;
    let id = opened.text("/clockIn/id");
    let own = org
        .admin
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": "in"}}),
        )
        .await;
    let of_admin = own.text("/clockIn/id");
    assert!(
        org.supervisor
            .run("attendance/session", json!({"id": id}))
            .await
            .ok()
    );
    assert!(
        org.admin
            .run("attendance/session", json!({"id": id}))
            .await
            .ok()
    );
    for (person, what) in [(&org.worker, &of_admin), (&org.supervisor, &of_admin)] {
        assert_eq!(
            person
                .run("attendance/session", json!({"id": what}))
                .await
                .code(),
            "NOT_FOUND"
        );
    }
    let at_work = org
        .supervisor
        .run("attendance/active_sessions", json!({}))
        .await;
    assert_eq!(at_work.data("/activeSessions").as_array().unwrap().len(), 1);
    let node = org.worker.run("node/node", json!({"id": of_admin})).await;
    assert_eq!(node.data("/node"), &Value::Null);
    let nodes = org
        .admin
        .run("node/nodes", json!({"ids": [id, of_admin]}))
        .await;
    assert_eq!(nodes.data("/nodes/0/__typename"), "WorkSession");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_positions_belong_to_a_session() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let here = json!({"idempotencyKey": "in", "position": position(0.0, 8.0)});
    let id = clock_in(&org, here).await.text("/clockIn/id");
    let noted = org.supervisor.run(
        "attendance/add_session_note",
        json!({"input": {"idempotencyKey": "note", "session": id, "body": "called in"}}),
    );
    assert_eq!(
        noted.await.data("/addSessionNote/notes/0/body"),
        "called in"
    );
    let empty = org
        .worker
        .run(
            "attendance/add_session_note",
            json!({"input": {"idempotencyKey": "blank", "session": id, "body": " "}}),
        )
        .await;
    assert_eq!((empty.code(), empty.field()), ("INVALID_INPUT", "body"));

    app.clock.advance(TimeDelta::minutes(10));
    let ping = |minute: u32| json!({"capturedAt": format!("2026-03-02T05:{minute:02}:00Z"), "position": position(0.0, 8.0)});
    let input = json!({"positions": [ping(1), ping(2), ping(2)]});
    for _ in 0..2 {
        let kept = org
            .worker
            .run("attendance/record_locations", json!({"input": input}))
            .await;
        assert_eq!(
            kept.data("/recordLocations/locations")
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
    let early = json!({"positions": [ping(1), {"capturedAt": "2026-03-02T04:00:00Z", "position": position(0.0, 8.0)}]});
    let refused = org
        .worker
        .run("attendance/record_locations", json!({"input": early}))
        .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "positions.1.capturedAt")
    );
    let many: Vec<Value> = (0..101).map(|_| ping(3)).collect();
    let refused = org
        .worker
        .run(
            "attendance/record_locations",
            json!({"input": {"positions": many}}),
        )
        .await;
    assert_eq!(refused.code(), "TOO_MANY_PINGS");
    assert!(clock_out(&org, "out").await.ok());
    let closed = org
        .worker
        .run(
            "attendance/record_locations",
            json!({"input": {"positions": [ping(4)]}}),
        )
        .await;
    assert_eq!(closed.code(), "NOT_CLOCKED_IN");

    // Where somebody went is nobody's business for longer than it is needed.
    let path = async || {
        purge(&app.app).await.unwrap();
        let session = json!({"id": id});
        let kept = org.owner.run("attendance/session", session).await;
        let positions = kept.data("/session/locations").as_array().unwrap().len();
        let punch = kept.data("/session/punches/0/position").is_object();
        (positions, punch)
    };
    app.clock.advance(TimeDelta::days(29));
    assert_eq!(path().await, (2, true));
    app.clock.advance(TimeDelta::days(2));
    let by_the_punch = true;
    assert_eq!(path().await, (0, by_the_punch), "evidence stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_one_place_says_where_it_is() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let created = org
        .admin
        .run("places/create_client", json!({"input": {"name": "Akinyi"}}))
        .await;
    let client = created.text("/createClient/id");
    let join = json!({"input": {"client": client, "place": place, "label": "home"}});
    assert!(org.admin.run("places/add_client_place", join).await.ok());
    let input = json!({"idempotencyKey": "in", "client": client, "service": "home_visit", "position": position(0.0, 5.0)});
    let opened = clock_in(&org, input).await;
    assert_eq!(opened.data("/clockIn/place/id"), place.as_str());
    assert_eq!(opened.data("/clockIn/fenceIn/verdict"), "INSIDE");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_leaves_a_link_in_the_audit_chain() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = clock_in(&org, json!({"idempotencyKey": "in"}))
        .await
        .text("/clockIn/id");
    assert!(clock_out(&org, "out").await.ok());
    app.drain().await;
    let entries = org
        .admin
        .run("audit/audit_entries", json!({"first": 2}))
        .await;
    let actions: Vec<_> = entries
        .data("/auditEntries")
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(actions, ["CLOCK_OUT", "CLOCK_IN"]);
    assert_eq!(entries.data("/auditEntries/0/target"), id.as_str());
    assert_eq!(entries.data("/auditEntries/0/permission"), "WORKER:Own");
    let newest = entries.data("/auditEntries/0/number").as_i64().unwrap();
    let whole = org.admin.run("audit/audit_verification", json!({})).await;
    assert_eq!(whole.data("/auditVerification/good"), newest);
    assert_eq!(whole.data("/auditVerification/brokenAt"), &Value::Null);
    assert_eq!(
        org.worker
            .run("audit/audit_entries", json!({}))
            .await
            .code(),
        "FORBIDDEN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_early_is_judged_and_coming_back_takes_it_back() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    shift(&org, &place, "08:00").await;
    let here = position(10.0, 10.0);
    clock_in(&org, json!({"idempotencyKey": "in-1", "position": here})).await;
    app.clock.advance(TimeDelta::hours(4));
    let lunch = json!({"input": {"idempotencyKey": "out-1", "position": here}});
    let lunch = org.worker.run("attendance/clock_out", lunch).await;
    assert_eq!(lunch.data("/clockOut/leaving"), "LEFT_EARLY");
    assert_eq!(lunch.data("/clockOut/minutesEarly"), 240);

    app.clock.advance(TimeDelta::hours(1));
    clock_in(&org, json!({"idempotencyKey": "in-2", "position": here})).await;
    let id = json!({"id": lunch.text("/clockOut/id")});
    let morning = org.worker.run("attendance/session", id).await;
    assert_eq!(morning.data("/session/leaving"), &Value::Null);
    assert_eq!(morning.data("/session/minutesEarly"), &Value::Null);

    app.clock.advance(TimeDelta::minutes(177));
    let home = json!({"input": {"idempotencyKey": "out-2", "position": here}});
    let home = org.worker.run("attendance/clock_out", home).await;
    assert_eq!(
        home.data("/clockOut/leaving"),
        "LEFT_ON_TIME",
        "three minutes are within the grace"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_session_asks_for_a_note_until_somebody_writes_one() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    clinic(&org).await;
    let place = clinic(&org).await;
    shift(&org, &place, "08:00").await;
    clock_in(
        &org,
        json!({"idempotencyKey": "in-1", "position": position(10.0, 10.0)}),
    )
    .await;
    app.clock.advance(TimeDelta::hours(8));
    let out = json!({"input": {"idempotencyKey": "out-1", "position": position(900.0, 10.0)}});
    let out = org.worker.run("attendance/clock_out", out).await;
    let required = out.data("/clockOut/required");
    assert_eq!(
        (&required[0]["what"], &required[0]["isGiven"]),
        (&json!("note"), &json!(false))
    );
    let id = out.text("/clockOut/id");
    let note = json!({"input": {"idempotencyKey": "note-1", "session": id, "body": "I walked a patient home"}});
    org.worker.run("attendance/add_session_note", note).await;
    let session = org
        .worker
        .run("attendance/session", json!({"id": id}))
        .await;
    assert_eq!(session.data("/session/required/0/isGiven"), true);
    let hooks: Vec<&str> = session
        .data("/session/decisions")
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|decision| decision["hook"].as_str())
        .collect();
    assert!(
        hooks.ends_with(&[
            "attendance.geofence",
            "attendance.clock_out",
            "attendance.early_leave",
            "attendance.breaks",
            "attendance.hours",
            "attendance.review",
            "attendance.required_notes"
        ]),
        "{hooks:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_in_two_towns_within_the_hour() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    clock_in(
        &org,
        json!({"idempotencyKey": "in-1", "position": position(0.0, 10.0)}),
    )
    .await;
    app.clock.advance(TimeDelta::hours(1));
    let out = json!({"input": {"idempotencyKey": "out-1", "position": position(0.0, 10.0)}});
    let out = org.worker.run("attendance/clock_out", out).await;
    assert_eq!(out.data("/clockOut/needsReview"), false);
    // 265 km further, ten minutes later.
    app.clock.advance(TimeDelta::minutes(10));
    clock_in(
        &org,
        json!({"idempotencyKey": "in-2", "position": position(265_000.0, 10.0)}),
    )
    .await;
    app.clock.advance(TimeDelta::hours(1));
    let out = json!({"input": {"idempotencyKey": "out-2", "position": position(265_000.0, 10.0)}});
    let out = org.worker.run("attendance/clock_out", out).await;
    assert!(
        out.data("/clockOut/flags")
            .as_array()
            .unwrap()
            .contains(&json!("impossible_travel"))
    );
    assert_eq!(out.data("/clockOut/needsReview"), true);
}
