//! Attendance events through the API: planning, checking in and out, codes, staff, closing, numbers.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::stream::StreamExt as _;
use serde_json::{Value, json};
use zamu::auth::policy::Role;
use zamu::gatherings::closing::close_due;
use zamu::gatherings::series::extending::extend;

use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

/// A clinic in Kisumu. A degree is about 111 km.
const CLINIC: (f64, f64) = (-0.0917, 34.7680);

fn position(metres_north: f64, accuracy_m: f64) -> Value {
    json!({"latitude": CLINIC.0 + metres_north / 111_195.0, "longitude": CLINIC.1, "accuracyM": accuracy_m})
}

async fn clinic(org: &TestOrg) -> String {
    let input = json!({"name": "Kisumu clinic", "radiusM": 100, "timeZone": "Africa/Nairobi",
        "position": {"latitude": CLINIC.0, "longitude": CLINIC.1}});
    let created = org
        .admin
        .run("places/create_place", json!({"input": input}));
    created.await.text("/createPlace/id")
}

/// A class for everybody from 08:30 to 09:30 today; the clock stands at 08:00.
#[expect(
    clippy::needless_pass_by_value,
    reason = "called with a value made on the spot"
)]
fn class(changes: Value) -> Value {
    let mut input = json!({
        "idempotencyKey": "plan", "title": "First aid", "kind": "CLASS", "date": "2026-03-02",
        "starts": "08:30", "ends": "09:30", "roster": "EVERYBODY",
    });
    let changes = changes.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(changes);
    input
}

async fn schedule(by: &Person, changes: Value) -> Answer {
    by.run(
        "gatherings/schedule_attendance_event",
        json!({"input": class(changes)}),
    )
    .await
}

async fn scheduled(org: &TestOrg, changes: Value) -> String {
    let planned = schedule(&org.owner, changes).await;
    planned.text("/scheduleAttendanceEvent/id")
}

async fn check_in(by: &Person, input: Value) -> Answer {
    by.run("gatherings/check_in", json!({"input": input})).await
}

async fn check_out(by: &Person, input: Value) -> Answer {
    by.run("gatherings/check_out", json!({"input": input}))
        .await
}

async fn event(by: &Person, id: &str) -> Answer {
    by.run("gatherings/attendance_event", json!({"id": id}))
        .await
}

async fn code(org: &TestOrg, id: &str) -> Answer {
    org.owner
        .run("gatherings/attendance_event_code", json!({"id": id}))
        .await
}

fn minutes(app: &TestApp, minutes: i64) {
    app.clock.advance(TimeDelta::minutes(minutes));
}

/// Signs in again, once, before many requests at once do.
async fn renew(person: &Person) {
    assert!(person.run("identity/me", json!({})).await.ok());
}

fn counts(event: &Answer) -> [i64; 6] {
    ["invited", "present", "late", "absent", "excused", "pending"].map(|name| {
        let count = event.data(&format!("/attendanceEvent/counts/{name}"));
        count.as_i64().unwrap()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_planned_attended_and_left() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let planned = schedule(&org.owner, json!({"place": place, "radiusM": 50})).await;
    let id = planned.text("/scheduleAttendanceEvent/id");
    let shown = |field: &str| {
        planned
            .data(&format!("/scheduleAttendanceEvent/{field}"))
            .clone()
    };
    assert_eq!(shown("startsAt"), "2026-03-02T05:30:00+00:00");
    assert_eq!(shown("endsAt"), "2026-03-02T06:30:00+00:00");
    assert_eq!(shown("opensAt"), "2026-03-02T05:15:00+00:00");
    assert_eq!(shown("checkInUntil"), "2026-03-02T06:30:00+00:00");
    assert_eq!(shown("state"), "SCHEDULED");
    assert_eq!(shown("organizer/name"), "acme owner");
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 0, 0, 0, 0, 4]);

    minutes(&app, 20);
    let input = json!({"idempotencyKey": "in", "event": id, "position": position(10.0, 5.0), "note": " here "});
    let record = check_in(&org.worker, input).await;
    assert_eq!(record.data("/checkIn/status"), "PRESENT");
    assert_eq!(record.data("/checkIn/method"), "PHONE");
    assert_eq!(record.data("/checkIn/note"), "here");
    assert_eq!(record.data("/checkIn/fenceIn/verdict"), "INSIDE");
    assert_eq!(
        record.data("/checkIn/checkedIn/at"),
        "2026-03-02T05:20:00+00:00"
    );
    let asked = record.data("/checkIn/decisions").as_array().unwrap();
    // A fact too many or too few would be answered by a default.
    assert!(
        asked.iter().all(|taken| taken["status"] == "OK"),
        "{asked:?}"
    );
    let asked: Vec<&str> = asked
        .iter()
        .map(|taken| taken["hook"].as_str().unwrap())
        .collect();
    assert_eq!(
        asked,
        [
            "attendance.geofence",
            "attendance.clock_in",
            "attendance.lateness"
        ]
    );

    minutes(&app, 70);
    let out = json!({"idempotencyKey": "out", "event": id, "position": position(300.0, 5.0)});
    let record = check_out(&org.worker, out).await;
    assert_eq!(record.data("/checkOut/fenceOut/verdict"), "OUTSIDE");
    assert_eq!(
        record.data("/checkOut/checkedOut/at"),
        "2026-03-02T06:30:00+00:00"
    );
    let seen = event(&org.owner, &id).await;
    assert_eq!(counts(&seen), [4, 1, 0, 0, 0, 3]);
    assert_eq!(seen.data("/attendanceEvent/state"), "OPEN");
    assert_eq!(
        seen.data("/attendanceEvent/records/edges/0/node/member/name"),
        "acme worker"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_radius_and_the_accuracy_are_judged_like_a_punch() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let id = scheduled(&org, json!({"place": place, "radiusM": 50})).await;
    minutes(&app, 20);
    // Eighty metres off: inside the place's own hundred, outside the event's fifty. Flagged, not refused.
    let far = json!({"idempotencyKey": "a", "event": id, "position": position(80.0, 5.0)});
    let outside = check_in(&org.worker, far).await;
    assert_eq!(outside.data("/checkIn/fenceIn/verdict"), "OUTSIDE");
    assert!(
        outside
            .data("/checkIn/flags")
            .to_string()
            .contains("outside_fence")
    );
    // A circle of accuracy across the edge can never refuse.
    let vague = json!({"idempotencyKey": "a", "event": id, "position": position(80.0, 60.0)});
    let uncertain = check_in(&org.supervisor, vague).await;
    assert_eq!(uncertain.data("/checkIn/fenceIn/verdict"), "UNCERTAIN");
    let nowhere = json!({"idempotencyKey": "a", "event": id, "mockLocation": true});
    let silent = check_in(&org.admin, nowhere).await;
    assert_eq!(silent.data("/checkIn/fenceIn/verdict"), "UNCERTAIN");
    let flags = silent.data("/checkIn/flags").to_string();
    assert!(
        flags.contains("location_missing") && flags.contains("mock_location"),
        "{flags}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_organization_refuses_and_the_why_is_kept() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgs/acme/attendance");
    std::fs::create_dir_all(&path).unwrap();
    let rule = "fn clock_in(attempt, settings) { if attempt.service.kind == \"class\" && attempt.shift != () && attempt.shift.minutes_until_start > 5 { return deny(\"too_early\").because(\"wait in the yard\"); } inherit() }";
    std::fs::write(path.join("clock_in.rhai"), rule).unwrap();
    zamu::rules::files::reload(&app.app, folder.path(), None).await;
    let id = scheduled(&org, json!({})).await;
    minutes(&app, 20);
    let refused = check_in(&org.worker, json!({"idempotencyKey": "a", "event": id})).await;
    assert_eq!(refused.code(), "DENIED_BY_RULE", "{:#}", refused.0);
    assert_eq!(refused.extension("rule"), "attendance.clock_in");
    assert_eq!(refused.extension("reason"), "too_early");
    let kept = json!({"filter": {"hook": "attendance.clock_in", "member": org.worker.member}});
    let kept = org.owner.run("rules/rule_decisions", kept).await;
    assert!(
        kept.0.to_string().contains("deny(too_early)"),
        "{:#}",
        kept.0
    );
    minutes(&app, 6);
    assert!(
        check_in(&org.worker, json!({"idempotencyKey": "b", "event": id}))
            .await
            .ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn late_is_what_the_rule_says_or_the_event_itself() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let by_rule = scheduled(&org, json!({})).await;
    let strict = scheduled(&org, json!({"idempotencyKey": "b", "lateAfterMinutes": 0})).await;
    let patient = scheduled(&org, json!({"idempotencyKey": "c", "lateAfterMinutes": 20})).await;
    minutes(&app, 30 + 4);
    let status = async |person: &Person, id: &str| {
        let input = json!({"idempotencyKey": format!("in-{id}"), "event": id});
        let record = check_in(person, input).await;
        let minutes = record.data("/checkIn/minutesLate").as_i64().unwrap();
        (record.text("/checkIn/status"), minutes)
    };
    // Four minutes late: the shipped rule gives five.
    assert_eq!(
        status(&org.worker, &by_rule).await,
        ("PRESENT".to_owned(), 0)
    );
    assert_eq!(status(&org.worker, &strict).await, ("LATE".to_owned(), 4));
    minutes(&app, 8);
    assert_eq!(
        status(&org.supervisor, &by_rule).await,
        ("LATE".to_owned(), 12)
    );
    assert_eq!(
        status(&org.supervisor, &patient).await,
        ("PRESENT".to_owned(), 0)
    );
    assert_eq!(
        counts(&event(&org.owner, &by_rule).await),
        [4, 1, 1, 0, 0, 2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn not_invited() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let names = json!({"roster": "MEMBERS", "members": [org.supervisor.member]});
    let by_name = scheduled(&org, names).await;
    let clerk = app
        .person(&org.owner, "acme", "clerk", Role::Worker, None)
        .await;
    let field = json!({"idempotencyKey": "b", "roster": "DEPARTMENT", "department": org.field});
    let of_field = scheduled(&org, field).await;
    minutes(&app, 20);
    for id in [&by_name, &of_field] {
        let refused = check_in(
            &clerk,
            json!({"idempotencyKey": format!("in-{id}"), "event": id}),
        )
        .await;
        assert_eq!(refused.code(), "NOT_INVITED");
        // Whoever is not invited does not see it either.
        assert_eq!(event(&clerk, id).await.code(), "NOT_FOUND");
    }
    // The worker's team lies below the department.
    assert!(
        check_in(
            &org.worker,
            json!({"idempotencyKey": "a", "event": of_field})
        )
        .await
        .ok()
    );
    let refused = check_in(
        &org.worker,
        json!({"idempotencyKey": "b", "event": by_name}),
    )
    .await;
    assert_eq!(refused.code(), "NOT_INVITED");
    let mine = org
        .worker
        .run("gatherings/my_attendance_events", json!({}))
        .await;
    let mine = mine
        .data("/myAttendanceEvents/edges")
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0]["node"]["myRecord"]["status"], "PRESENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn window_closed() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(
        &org,
        json!({"checkInOpensMinutes": 10, "checkInClosesMinutes": 15}),
    )
    .await;
    let refused = |answer: Answer| {
        assert_eq!(answer.code(), "WINDOW_CLOSED", "{:#}", answer.0);
        let part = |name| answer.extension(name).as_str().unwrap().to_owned();
        (part("opensAt"), part("closesAt"))
    };
    let opens = "2026-03-02T05:20:00+00:00".to_owned();
    let until = "2026-03-02T05:45:00+00:00".to_owned();
    let early = check_in(&org.worker, json!({"idempotencyKey": "a", "event": id})).await;
    assert_eq!(refused(early), (opens.clone(), until.clone()));
    minutes(&app, 20);
    assert!(
        check_in(&org.supervisor, json!({"idempotencyKey": "a", "event": id}))
            .await
            .ok()
    );
    minutes(&app, 26);
    let late = check_in(&org.worker, json!({"idempotencyKey": "b", "event": id})).await;
    assert_eq!(refused(late), (opens.clone(), until));
    assert_eq!(code(&org, &id).await.code(), "WINDOW_CLOSED");
    // Leaving is possible until two hours after the end.
    minutes(&app, 165);
    let late = check_out(&org.supervisor, json!({"idempotencyKey": "b", "event": id})).await;
    assert_eq!(
        refused(late),
        (opens, "2026-03-02T08:30:00+00:00".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn already_checked_in_and_not_checked_in() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    minutes(&app, 20);
    let out = check_out(&org.worker, json!({"idempotencyKey": "x", "event": id})).await;
    assert_eq!(out.code(), "NOT_CHECKED_IN");
    assert!(
        check_in(&org.worker, json!({"idempotencyKey": "a", "event": id}))
            .await
            .ok()
    );
    let again = check_in(&org.worker, json!({"idempotencyKey": "b", "event": id})).await;
    assert_eq!(again.code(), "ALREADY_CHECKED_IN");
    let reused = check_in(
        &org.worker,
        json!({"idempotencyKey": "a", "event": id, "note": "other"}),
    )
    .await;
    assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED");
    let before = json!({"idempotencyKey": "y", "event": id, "capturedAt": "2026-03-02T05:19:00Z"});
    assert_eq!(
        check_out(&org.worker, before).await.code(),
        "CLOCKED_OUT_BEFORE_IN"
    );
    assert!(
        check_out(&org.worker, json!({"idempotencyKey": "z", "event": id}))
            .await
            .ok()
    );
    let twice = check_out(&org.worker, json!({"idempotencyKey": "w", "event": id})).await;
    assert_eq!(twice.code(), "NOT_CHECKED_IN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_check_ins_make_one_record() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    minutes(&app, 20);
    renew(&org.worker).await;
    renew(&org.admin).await;
    let taps = (0..100).map(|tap| {
        check_in(
            &org.worker,
            json!({"idempotencyKey": format!("tap-{tap}"), "event": id}),
        )
    });
    let answers = join_all(taps).await;
    assert_eq!(answers.iter().filter(|answer| answer.ok()).count(), 1);
    for refused in answers.iter().filter(|answer| !answer.ok()) {
        assert_eq!(refused.code(), "ALREADY_CHECKED_IN", "{:#}", refused.0);
    }
    let retries =
        (0..50).map(|_| check_in(&org.admin, json!({"idempotencyKey": "key", "event": id})));
    let answers = join_all(retries).await;
    for answer in &answers {
        assert_eq!(answer.data("/checkIn/id"), answers[0].data("/checkIn/id"));
    }
    let outs =
        (0..50).map(|_| check_out(&org.admin, json!({"idempotencyKey": "out", "event": id})));
    for answer in join_all(outs).await {
        assert_eq!(answer.data("/checkOut/id"), answers[0].data("/checkIn/id"));
    }
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 2, 0, 0, 0, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gathering_cancelled() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    let cancel = json!({"input": {"event": id, "reason": "rain"}});
    for _ in 0..2 {
        let cancelled = org
            .owner
            .run("gatherings/cancel_attendance_event", cancel.clone())
            .await;
        assert_eq!(cancelled.data("/cancelAttendanceEvent/state"), "CANCELLED");
        assert_eq!(
            cancelled.data("/cancelAttendanceEvent/cancelReason"),
            "rain"
        );
    }
    minutes(&app, 20);
    let refused = check_in(&org.worker, json!({"idempotencyKey": "a", "event": id})).await;
    assert_eq!(refused.code(), "GATHERING_CANCELLED");
    assert_eq!(code(&org, &id).await.code(), "GATHERING_CANCELLED");
    let update = json!({"input": {"event": id, "title": "Anyway"}});
    let refused = org
        .owner
        .run("gatherings/update_attendance_event", update)
        .await;
    assert_eq!(refused.code(), "GATHERING_CANCELLED");
    // What was called off has no absent people.
    minutes(&app, 600);
    close_due(&app.app).await.unwrap();
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 0, 0, 0, 0, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_accepted_for_two_steps() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({"codeRequired": true})).await;
    minutes(&app, 20);
    let shown = code(&org, &id).await;
    assert_eq!(
        shown.data("/attendanceEventCode/validUntil"),
        "2026-03-02T05:20:30+00:00"
    );
    let short = shown.text("/attendanceEventCode/code");
    let payload = shown.text("/attendanceEventCode/payload");
    assert!(short.len() == 8 && payload.starts_with(&format!("zamu:1:{id}:")));
    // A worker never sees it.
    let hidden = org
        .worker
        .run("gatherings/attendance_event_code", json!({"id": id}))
        .await;
    assert_eq!(hidden.code(), "FORBIDDEN");

    let missing = check_in(&org.worker, json!({"idempotencyKey": "a", "event": id})).await;
    assert_eq!(
        (missing.code(), missing.field()),
        ("CHECK_IN_CODE_INVALID", "code")
    );
    assert_eq!(missing.extension("reason"), "MISSING");
    app.clock.advance(TimeDelta::seconds(59));
    let typed = format!("{} {}", &short[..4].to_lowercase(), &short[4..]);
    let input = json!({"idempotencyKey": "b", "event": id, "code": typed});
    let record = check_in(&org.worker, input).await;
    assert_eq!(record.data("/checkIn/method"), "CODE");
    app.clock.advance(TimeDelta::seconds(1));
    let old = check_in(
        &org.admin,
        json!({"idempotencyKey": "a", "event": id, "code": payload}),
    )
    .await;
    assert_eq!(old.extension("reason"), "EXPIRED");
    let other = scheduled(&org, json!({"idempotencyKey": "other"})).await;
    let elsewhere = code(&org, &other)
        .await
        .text("/attendanceEventCode/payload");
    let wrong = check_in(
        &org.admin,
        json!({"idempotencyKey": "b", "event": id, "code": elsewhere}),
    )
    .await;
    assert_eq!(wrong.extension("reason"), "OTHER_EVENT");
    let wrong = check_in(
        &org.admin,
        json!({"idempotencyKey": "c", "event": id, "code": "?"}),
    )
    .await;
    assert_eq!(wrong.extension("reason"), "MALFORMED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_read_offline_is_verified_days_later() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({"codeRequired": true})).await;
    minutes(&app, 28);
    let read = code(&org, &id).await;
    let (short, payload) = (
        read.text("/attendanceEventCode/code"),
        read.text("/attendanceEventCode/payload"),
    );
    app.clock.advance(TimeDelta::days(6));
    close_due(&app.app).await.unwrap();
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 0, 0, 4, 0, 0]);
    // The device's clock was a minute and a half slow.
    let input = |key: &str, code: &str, at: &str| json!({"idempotencyKey": key, "event": id, "code": code, "capturedAt": at});
    let record = check_in(&org.worker, input("a", &short, "2026-03-02T05:26:30Z")).await;
    assert_eq!(record.data("/checkIn/status"), "PRESENT", "absent no more");
    assert_eq!(record.data("/checkIn/flags"), &json!(["captured_offline"]));
    assert_eq!(
        record.data("/checkIn/checkedIn/deviceAt"),
        "2026-03-02T05:26:30+00:00"
    );
    let another_time = check_in(&org.admin, input("a", &payload, "2026-03-02T05:31:00Z")).await;
    assert_eq!(another_time.extension("reason"), "EXPIRED");
    let another_time = check_in(&org.admin, input("b", &short, "2026-03-02T05:31:00Z")).await;
    assert_eq!(another_time.extension("reason"), "WRONG");
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 1, 0, 3, 0, 0]);
    app.clock.advance(TimeDelta::days(1));
    let too_old = check_in(&org.admin, input("c", &payload, "2026-03-02T05:27:59Z")).await;
    assert_eq!(
        (too_old.code(), too_old.field()),
        ("INVALID_INPUT", "capturedAt")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_codes_waits() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    minutes(&app, 20);
    renew(&org.worker).await;
    let guess = |number: usize| {
        check_in(
            &org.worker,
            json!({"idempotencyKey": format!("g-{number}"), "event": id, "code": "00000000"}),
        )
    };
    // At once, so that counting is not a matter of luck.
    let answers = join_all((0..25).map(guess)).await;
    let wrong = answers
        .iter()
        .filter(|answer| answer.code() == "CHECK_IN_CODE_INVALID");
    assert_eq!(wrong.count(), 10);
    let waiting = answers.iter().filter(|answer| answer.code() == "TRY_AGAIN");
    let seconds: Vec<i64> = waiting
        .map(|answer| answer.extension("retryAfterSeconds").as_i64().unwrap())
        .collect();
    assert_eq!(seconds, vec![900; 15]);
    let right = code(&org, &id).await.text("/attendanceEventCode/code");
    let blocked = check_in(
        &org.worker,
        json!({"idempotencyKey": "r", "event": id, "code": right}),
    )
    .await;
    assert_eq!(blocked.code(), "TRY_AGAIN");
    // Nobody else waits, and a quarter of an hour later neither does the guesser.
    assert!(
        check_in(
            &org.admin,
            json!({"idempotencyKey": "r", "event": id, "code": right})
        )
        .await
        .ok()
    );
    minutes(&app, 15);
    let right = code(&org, &id).await.text("/attendanceEventCode/code");
    assert!(
        check_in(
            &org.worker,
            json!({"idempotencyKey": "s", "event": id, "code": right})
        )
        .await
        .ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_check_in_and_out_with_reason_and_attestation() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let night = json!({"roster": "DEPARTMENT", "department": org.night, "place": place});
    let id = scheduled(&org, night).await;
    minutes(&app, 45);
    let force = |attested: bool, memo: &str, at: &str| {
        let input = json!({"event": id, "member": org.worker.member, "attested": attested,
            "reasonCode": "OTHER", "memo": memo, "at": at});
        json!({"input": input})
    };
    let at = "2026-03-02T05:29:00+00:00";
    let path = "gatherings/force_check_in";
    let refused = org
        .supervisor
        .run(path, force(false, "phone broken", at))
        .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("ATTESTATION_REQUIRED", "attested")
    );
    let refused = org.supervisor.run(path, force(true, " ", at)).await;
    assert_eq!((refused.code(), refused.field()), ("MEMO_REQUIRED", "memo"));
    let unknown = json!({"input": {"event": id, "member": org.worker.member, "attested": true,
        "reasonCode": "BECAUSE", "memo": "phone broken"}});
    for path in ["gatherings/force_check_in", "gatherings/force_check_out"] {
        let refused = org.supervisor.run(path, unknown.clone()).await;
        assert_eq!(
            (refused.code(), refused.field()),
            ("REASON_UNKNOWN", "reasonCode")
        );
    }
    let refused = org
        .supervisor
        .run(path, force(true, "phone broken", "2026-03-02T06:00:00Z"))
        .await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "at"));
    let refused = org
        .supervisor
        .run(path, force(true, "phone broken", "2026-03-02T05:00:00Z"))
        .await;
    assert_eq!(refused.code(), "WINDOW_CLOSED");
    assert_eq!(
        org.worker.run(path, force(true, "me", at)).await.code(),
        "FORBIDDEN"
    );
    let stranger = json!({"input": {"event": id, "member": org.supervisor.member, "attested": true, "reasonCode": "DEVICE_PROBLEM"}});
    assert_eq!(
        org.supervisor.run(path, stranger).await.code(),
        "NOT_INVITED"
    );
    let out = org
        .supervisor
        .run("gatherings/force_check_out", force(true, "left", at))
        .await;
    assert_eq!(out.code(), "NOT_CHECKED_IN");

    let forced = org
        .supervisor
        .run(path, force(true, "phone broken", at))
        .await;
    assert_eq!(forced.data("/forceCheckIn/status"), "PRESENT");
    assert_eq!(forced.data("/forceCheckIn/method"), "STAFF");
    assert_eq!(forced.data("/forceCheckIn/checkedIn/at"), at);
    assert_eq!(
        forced.data("/forceCheckIn/changedBy/name"),
        "acme supervisor"
    );
    assert_eq!(forced.data("/forceCheckIn/reasonCode"), "OTHER");
    assert_eq!(forced.data("/forceCheckIn/memo"), "phone broken");
    assert_eq!(forced.data("/forceCheckIn/attested"), true);
    let again = org.supervisor.run(path, force(true, "again", at)).await;
    assert_eq!(again.code(), "ALREADY_CHECKED_IN");
    let out = org
        .supervisor
        .run(
            "gatherings/force_check_out",
            force(true, "left", "2026-03-02T05:40:00Z"),
        )
        .await;
    assert_eq!(
        out.data("/forceCheckOut/checkedOut/at"),
        "2026-03-02T05:40:00+00:00"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_excuse_and_correct_and_the_audit_log_remembers() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    let mark = |status: &str| json!({"input": {"event": id, "member": org.worker.member, "status": status, "reasonCode": "OTHER", "memo": "funeral", "note": "called"}});
    let path = "gatherings/mark_attendance";
    let refused = org.owner.run(path, mark("PRESENT")).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "status")
    );
    let excused = org.owner.run(path, mark("EXCUSED")).await;
    assert_eq!(excused.data("/markAttendance/status"), "EXCUSED");
    assert_eq!(
        org.owner
            .run(path, mark("ABSENT"))
            .await
            .data("/markAttendance/status"),
        "ABSENT"
    );
    let record = org
        .owner
        .run(path, mark("EXCUSED"))
        .await
        .text("/markAttendance/id");
    assert_eq!(counts(&event(&org.owner, &id).await), [4, 0, 0, 0, 1, 3]);
    // Whoever was excused and comes all the same is there.
    minutes(&app, 50);
    assert_eq!(
        check_in(&org.worker, json!({"idempotencyKey": "a", "event": id}))
            .await
            .data("/checkIn/status"),
        "LATE"
    );
    assert_eq!(
        org.owner.run(path, mark("ABSENT")).await.code(),
        "ALREADY_CHECKED_IN"
    );

    let correct = |changes: Value| {
        let mut input = json!({"record": record, "reasonCode": "TRANSPORT", "memo": "the bus"});
        input
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        org.owner
            .run("gatherings/correct_attendance", json!({"input": input}))
    };
    let moved = correct(json!({"checkedInAt": "2026-03-02T05:31:00Z"})).await;
    assert_eq!(moved.data("/correctAttendance/status"), "PRESENT");
    assert_eq!(moved.data("/correctAttendance/minutesLate"), 0);
    let refused = correct(json!({"checkedOutAt": "2026-03-02T05:30:00Z"})).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("CLOCKED_OUT_BEFORE_IN", "checkedOutAt")
    );
    let refused = correct(json!({"checkedInAt": "2026-03-02T04:00:00Z"})).await;
    assert_eq!(refused.code(), "WINDOW_CLOSED");
    let refused = correct(json!({"checkedInAt": null})).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "checkedInAt")
    );
    let absent = correct(json!({"status": "ABSENT", "note": null})).await;
    assert_eq!(absent.data("/correctAttendance/checkedIn"), &Value::Null);
    assert_eq!(absent.data("/correctAttendance/note"), &Value::Null);
    let shown = org
        .worker
        .run("gatherings/attendance_record", json!({"id": record}))
        .await;
    assert_eq!(shown.data("/attendanceRecord/status"), "ABSENT");
    assert_eq!(shown.data("/attendanceRecord/reasonCode"), "TRANSPORT");
    assert_eq!(shown.data("/attendanceRecord/memo"), "the bus");
    app.drain().await;
    let audit = org
        .owner
        .run("audit/audit_entries", json!({}))
        .await
        .0
        .to_string();
    assert!(
        audit.contains("the bus") && audit.contains("funeral"),
        "{audit}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_did_not_come_is_absent_when_it_closes() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(
        &org,
        json!({"roster": "DEPARTMENT", "department": org.field}),
    )
    .await;
    minutes(&app, 20);
    assert!(
        check_in(&org.worker, json!({"idempotencyKey": "a", "event": id}))
            .await
            .ok()
    );
    // Somebody joins the department before it closes; somebody else leaves the organization.
    app.person(&org.owner, "acme", "late", Role::Worker, Some(org.night))
        .await;
    let gone = app
        .person(&org.owner, "acme", "gone", Role::Worker, Some(org.night))
        .await;
    let leave = json!({"input": {"id": gone.member, "reason": "moved away"}});
    assert!(
        org.owner
            .run("identity/deactivate_member", leave)
            .await
            .ok()
    );
    minutes(&app, 70);
    // At the very end one can still check in.
    close_due(&app.app).await.unwrap();
    assert_eq!(
        event(&org.owner, &id).await.data("/attendanceEvent/state"),
        "OPEN"
    );
    app.clock.advance(TimeDelta::seconds(1));
    let nodes = [app.another(2).await, app.another(3).await];
    let (a, b) = tokio::join!(close_due(&nodes[0]), close_due(&nodes[1]));
    a.unwrap();
    b.unwrap();
    close_due(&app.app).await.unwrap();
    let closed = event(&org.owner, &id).await;
    assert_eq!(closed.data("/attendanceEvent/state"), "CLOSED");
    assert_eq!(counts(&closed), [3, 1, 0, 2, 0, 0]);
    app.drain().await;
    let update = json!({"input": {"event": id, "title": "Too late"}});
    let refused = org
        .owner
        .run("gatherings/update_attendance_event", update)
        .await;
    assert_eq!(refused.code(), "CONFLICT");
    let cancel = json!({"input": {"event": id}});
    assert_eq!(
        org.owner
            .run("gatherings/cancel_attendance_event", cancel)
            .await
            .code(),
        "CONFLICT"
    );
    // Leaving late is leaving.
    assert!(
        check_out(&org.worker, json!({"idempotencyKey": "out", "event": id}))
            .await
            .ok()
    );
}

/// The events of a series, in order.
fn events_of(answer: &Answer, at: &str) -> Vec<Value> {
    let edges = answer.data(&format!("{at}/events/edges"));
    let nodes = edges.as_array().unwrap().iter().rev();
    nodes.map(|edge| edge["node"].clone()).collect()
}

async fn begin_series(by: &Person, event: Value, recurrence: &str) -> Answer {
    let input = json!({"event": class(event), "recurrence": recurrence});
    by.run(
        "gatherings/schedule_attendance_series",
        json!({"input": input}),
    )
    .await
}

/// The first series of a list, and its events in order.
async fn series(by: &Person) -> (Answer, Vec<Value>) {
    let page = json!({"first": 1, "firstEvents": 100});
    let shown = by.run("gatherings/attendance_series", page).await;
    let events = events_of(&shown, "/attendanceSeries/edges/0/node");
    (shown, events)
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_keeps_its_hour_when_clocks_change() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let berlin = json!({"timeZone": "Europe/Berlin", "starts": "18:00", "ends": "19:00"});
    let weekly = "FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20260402";
    let planned = begin_series(&org.owner, berlin.clone(), weekly).await;
    let events = events_of(&planned, "/scheduleAttendanceSeries");
    assert_eq!(events.len(), 10);
    // Clocks are set forward on 29 March.
    assert_eq!(events[7]["startsAt"], "2026-03-26T17:00:00+00:00");
    assert_eq!(events[8]["startsAt"], "2026-03-30T16:00:00+00:00");
    let again = begin_series(&org.owner, berlin.clone(), weekly).await;
    assert_eq!(
        again.data("/scheduleAttendanceSeries"),
        planned.data("/scheduleAttendanceSeries")
    );
    let other = begin_series(&org.owner, berlin, "FREQ=DAILY").await;
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");

    let id = |index: usize| text(&events[index], "id");
    let path = "gatherings/update_attendance_event";
    let later =
        json!({"event": id(4), "andFollowing": true, "starts": "18:30", "title": "Second half"});
    assert!(org.owner.run(path, json!({"input": later})).await.ok());
    let refused = json!({"event": id(4), "andFollowing": true, "date": "2026-03-17"});
    let refused = org.owner.run(path, json!({"input": refused})).await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "date"));
    let cancel = json!({"event": id(8), "andFollowing": true, "reason": "holidays"});
    let cancelled = org
        .owner
        .run(
            "gatherings/cancel_attendance_event",
            json!({"input": cancel}),
        )
        .await;
    assert!(cancelled.ok());
    let (shown, all) = series(&org.owner).await;
    let node = |field: &str| shown.data(&format!("/attendanceSeries/edges/0/node/{field}"));
    // From now on it is like what was changed last, and ends before what was called off.
    assert_eq!(
        (node("title"), node("starts")),
        (&json!("Second half"), &json!("18:30"))
    );
    assert_eq!(node("to"), "2026-03-29");
    let event = |index: usize| ["title", "startsAt", "state"].map(|field| text(&all[index], field));
    assert_eq!(
        event(3),
        ["First aid", "2026-03-12T17:00:00+00:00", "SCHEDULED"]
    );
    assert_eq!(
        event(4),
        ["Second half", "2026-03-16T17:30:00+00:00", "SCHEDULED"]
    );
    assert_eq!(
        event(9),
        ["Second half", "2026-04-02T16:30:00+00:00", "CANCELLED"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recurrence_invalid() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for rule in [
        "every monday",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;UNTIL=20260301",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    ] {
        let refused = begin_series(&org.owner, json!({}), rule).await;
        assert_eq!(
            (refused.code(), refused.field()),
            ("RECURRENCE_INVALID", "recurrence"),
            "{rule}"
        );
    }
    let input = json!({"event": class(json!({})), "recurrence": "FREQ=WEEKLY;BYDAY=SU", "to": "2026-03-07"});
    let path = "gatherings/schedule_attendance_series";
    let refused = org.owner.run(path, json!({"input": input})).await;
    assert_eq!(refused.code(), "RECURRENCE_INVALID");
    // Whoever may not plan it alone may not plan it as a series.
    let refused = begin_series(&org.supervisor, json!({}), "FREQ=DAILY").await;
    assert_eq!((refused.code(), refused.field()), ("FORBIDDEN", "roster"));
    assert_eq!(
        begin_series(&org.worker, json!({}), "FREQ=DAILY")
            .await
            .code(),
        "FORBIDDEN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_without_an_end_goes_on() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let gone = app
        .person(&org.owner, "acme", "gone", Role::Worker, Some(org.night))
        .await;
    let names = json!({"roster": "MEMBERS", "members": [org.worker.member, gone.member],
        "timeZone": "Europe/Berlin"});
    let begun = begin_series(&org.owner, names, "FREQ=WEEKLY;BYDAY=MO").await;
    let at = |field: &str| begun.text(&format!("/scheduleAttendanceSeries/{field}"));
    // Eight weeks ahead, and not a day more.
    assert_eq!(at("plannedTo"), "2026-04-27");
    assert_eq!(events_of(&begun, "/scheduleAttendanceSeries").len(), 9);
    let id = at("id");
    let move_to = |day: &str, to: &str, more: Value| {
        let mut input = json!({"series": id, "day": day, "to": to});
        let more = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        org.owner.run(
            "gatherings/move_attendance_occurrence",
            json!({"input": input}),
        )
    };
    let skip = |day: &str| {
        let input = json!({"series": id, "day": day, "reason": "exams"});
        let path = "gatherings/skip_attendance_occurrence";
        org.owner.run(path, json!({"input": input}))
    };
    // One that is planned and one that is not, each moved and each left out.
    assert!(move_to("2026-03-09", "2026-03-10", json!({})).await.ok());
    assert!(skip("2026-03-16").await.ok());
    let other_times = json!({"starts": "17:00", "ends": "18:00", "reason": "fair"});
    let moved = move_to("2026-05-11", "2026-05-09", other_times).await;
    assert_eq!(moved.data("/moveAttendanceOccurrence/starts"), "17:00");
    assert!(skip("2026-05-18").await.ok());
    let refused = skip("2026-03-10").await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "day"));
    let refused = move_to("2026-03-16", "2026-03-17", json!({})).await;
    assert_eq!(refused.code(), "GATHERING_CANCELLED");
    let refused = move_to("2026-05-25", "2026-03-01", json!({})).await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "to"));
    let half = move_to("2026-05-25", "2026-05-26", json!({"starts": "09:00"})).await;
    assert_eq!((half.code(), half.field()), ("INVALID_INPUT", "starts"));

    // From here on it is at ten, what was moved too; whoever has left is not invited any more.
    let later = json!({"event": events_of(&begun, "/scheduleAttendanceSeries")[3]["id"],
        "andFollowing": true, "starts": "10:00", "ends": "11:00"});
    let path = "gatherings/update_attendance_event";
    assert!(org.owner.run(path, json!({"input": later})).await.ok());
    let leave = json!({"input": {"id": gone.member, "reason": "moved away"}});
    let left = org.owner.run("identity/deactivate_member", leave).await;
    assert!(left.ok());
    app.clock.advance(TimeDelta::days(30));
    let nodes = [app.another(2).await, app.another(3).await];
    let (a, b) = tokio::join!(extend(&nodes[0]), extend(&nodes[1]));
    a.unwrap();
    b.unwrap();
    extend(&app.app).await.unwrap();
    let (shown, events) = series(&org.owner).await;
    let node = |field: &str| shown.data(&format!("/attendanceSeries/edges/0/node/{field}"));
    assert_eq!(node("plannedTo"), "2026-05-27");
    assert_eq!(node("changes").as_array().unwrap().len(), 4);
    let planned: Vec<[&str; 3]> = events
        .iter()
        .map(|event| ["seriesDay", "startsAt", "state"].map(|field| text(event, field)))
        .collect();
    assert_eq!(
        planned,
        [
            ["2026-03-02", "2026-03-02T07:30:00+00:00", "OPEN"],
            ["2026-03-09", "2026-03-10T07:30:00+00:00", "OPEN"],
            ["2026-03-16", "2026-03-16T07:30:00+00:00", "CANCELLED"],
            ["2026-03-23", "2026-03-23T09:00:00+00:00", "OPEN"],
            // Summer time.
            ["2026-03-30", "2026-03-30T08:00:00+00:00", "OPEN"],
            ["2026-04-06", "2026-04-06T08:00:00+00:00", "SCHEDULED"],
            ["2026-04-13", "2026-04-13T08:00:00+00:00", "SCHEDULED"],
            ["2026-04-20", "2026-04-20T08:00:00+00:00", "SCHEDULED"],
            ["2026-04-27", "2026-04-27T08:00:00+00:00", "SCHEDULED"],
            ["2026-05-04", "2026-05-04T08:00:00+00:00", "SCHEDULED"],
            ["2026-05-11", "2026-05-09T08:00:00+00:00", "SCHEDULED"],
            ["2026-05-25", "2026-05-25T08:00:00+00:00", "SCHEDULED"],
        ]
    );
    let newest = event(&org.owner, text(&events[11], "id")).await;
    let members = newest.data("/attendanceEvent/members");
    assert_eq!(members.as_array().unwrap().len(), 1);

    let end = json!({"series": id, "from": "2026-05-04", "reason": "holidays"});
    for _ in 0..2 {
        let ended = org
            .owner
            .run("gatherings/end_attendance_series", json!({"input": end}))
            .await;
        assert_eq!(ended.data("/endAttendanceSeries/to"), "2026-05-03");
    }
    app.clock.advance(TimeDelta::days(90));
    extend(&app.app).await.unwrap();
    let (_, events) = series(&org.owner).await;
    assert_eq!(events.len(), 12);
    let states = events.iter().skip(9).map(|event| text(event, "state"));
    assert_eq!(states.collect::<Vec<_>>(), ["CANCELLED"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_managed_by_its_department() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let sales = json!({"input": {"name": "Sales"}});
    let sales = org.owner.run("orgs/create_department", sales).await;
    let sales = sales.text("/createDepartment/id");
    let of_sales = json!({"roster": "DEPARTMENT", "department": sales});
    let begun = begin_series(&org.owner, of_sales, "FREQ=DAILY").await;
    let id = begun.text("/scheduleAttendanceSeries/id");
    let end = json!({"input": {"series": id, "from": "2026-03-04"}});
    let path = "gatherings/end_attendance_series";
    assert_eq!(
        org.supervisor.run(path, end.clone()).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(org.worker.run(path, end).await.code(), "FORBIDDEN");
    let none = org
        .supervisor
        .run("gatherings/attendance_series", json!({}))
        .await;
    assert_eq!(none.data("/attendanceSeries/edges"), &json!([]));
    let own = json!({"idempotencyKey": "own", "roster": "DEPARTMENT", "department": org.night});
    let own = begin_series(&org.supervisor, own, "FREQ=DAILY").await;
    let (shown, _) = series(&org.supervisor).await;
    assert_eq!(
        shown.data("/attendanceSeries/edges/0/node/id"),
        own.data("/scheduleAttendanceSeries/id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_changed_field_by_field() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let place = clinic(&org).await;
    let id = scheduled(&org, json!({"note": "bring gloves", "lateAfterMinutes": 3})).await;
    let update = |changes: Value| {
        let mut input = json!({"event": id});
        input
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        org.owner.run(
            "gatherings/update_attendance_event",
            json!({"input": input}),
        )
    };
    let changed = update(
        json!({"place": place, "note": null, "lateAfterMinutes": null, "kind": "SHIFT_CALL",
        "starts": "09:00", "ends": "10:00", "codeRequired": true, "radiusM": 40}),
    )
    .await;
    let shown = |field: &str| {
        changed
            .data(&format!("/updateAttendanceEvent/{field}"))
            .clone()
    };
    assert_eq!(shown("startsAt"), "2026-03-02T06:00:00+00:00");
    assert_eq!(shown("opensAt"), "2026-03-02T05:45:00+00:00");
    assert_eq!(
        (shown("note"), shown("lateAfterMinutes")),
        (Value::Null, Value::Null)
    );
    assert_eq!(
        (shown("kind"), shown("codeRequired")),
        (json!("SHIFT_CALL"), json!(true))
    );
    let refused = update(json!({"roster": "MEMBERS"})).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "members")
    );
    let named = update(json!({"roster": "MEMBERS", "members": [org.worker.member]})).await;
    assert_eq!(
        named.data("/updateAttendanceEvent/members/0/id"),
        &json!(org.worker.member)
    );
    let renamed = update(json!({"members": [org.admin.member, org.supervisor.member]})).await;
    assert_eq!(
        renamed
            .data("/updateAttendanceEvent/members")
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let twice = update(json!({"members": [org.admin.member, org.admin.member]})).await;
    assert_eq!((twice.code(), twice.field()), ("INVALID_INPUT", "members"));
    for (field, value) in [
        ("title", Value::Null),
        ("radiusM", json!(5)),
        ("date", json!("2026-03-01")),
    ] {
        let refused = update(json!({field: value})).await;
        assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", field));
    }
    let refused = schedule(
        &org.owner,
        json!({"idempotencyKey": "x", "roster": "DEPARTMENT"}),
    )
    .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "department")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_manages_their_departments() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let refused = schedule(&org.supervisor, json!({})).await;
    assert_eq!((refused.code(), refused.field()), ("FORBIDDEN", "roster"));
    let sales = json!({"input": {"name": "Sales"}});
    let sales = org
        .owner
        .run("orgs/create_department", sales)
        .await
        .text("/createDepartment/id");
    let refused = schedule(
        &org.supervisor,
        json!({"roster": "DEPARTMENT", "department": sales}),
    )
    .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("FORBIDDEN", "department")
    );
    let names = |member| json!({"roster": "MEMBERS", "members": [member]});
    let refused = schedule(&org.supervisor, names(org.admin.member)).await;
    assert_eq!((refused.code(), refused.field()), ("NOT_FOUND", "members"));
    let planned = schedule(&org.supervisor, names(org.worker.member)).await;
    assert_eq!(
        planned.data("/scheduleAttendanceEvent/department/name"),
        "Field"
    );
    assert_eq!(schedule(&org.worker, json!({})).await.code(), "FORBIDDEN");

    let of_sales = scheduled(
        &org,
        json!({"idempotencyKey": "s", "roster": "DEPARTMENT", "department": sales}),
    )
    .await;
    let update = json!({"input": {"event": of_sales, "title": "Mine"}});
    let refused = org
        .supervisor
        .run("gatherings/update_attendance_event", update)
        .await;
    assert_eq!(refused.code(), "NOT_FOUND");
    assert_eq!(event(&org.supervisor, &of_sales).await.code(), "NOT_FOUND");
    // What they hold they may show, whoever is invited.
    let held = scheduled(
        &org,
        json!({"idempotencyKey": "h", "organizer": org.supervisor.member}),
    )
    .await;
    let shown = org
        .supervisor
        .run("gatherings/attendance_event_code", json!({"id": held}))
        .await;
    assert!(shown.ok(), "{:#}", shown.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_as_far_as_they_reach() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    minutes(&app, 20);
    let mut records = Vec::new();
    for person in [&org.worker, &org.supervisor, &org.admin] {
        let record = check_in(person, json!({"idempotencyKey": "a", "event": id})).await;
        records.push(record.text("/checkIn/id"));
    }
    let seen = async |person: &Person| {
        let shown = event(person, &id).await;
        let records = shown
            .data("/attendanceEvent/records/edges")
            .as_array()
            .unwrap()
            .len();
        (records, counts(&shown)[0], counts(&shown)[1])
    };
    assert_eq!(seen(&org.worker).await, (1, 1, 1));
    assert_eq!(seen(&org.supervisor).await, (2, 2, 2));
    assert_eq!(seen(&org.owner).await, (3, 4, 3));
    let others = org
        .worker
        .run("gatherings/attendance_record", json!({"id": records[2]}))
        .await;
    assert_eq!(others.code(), "NOT_FOUND");
    let history = json!({"member": org.admin.member});
    assert_eq!(
        org.worker
            .run("gatherings/attendance_history", history)
            .await
            .code(),
        "NOT_FOUND"
    );
    let active = org
        .worker
        .run("gatherings/active_attendance_events", json!({}))
        .await;
    assert_eq!(
        active
            .data("/activeAttendanceEvents")
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_and_a_report_over_some_days() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let meeting = json!({"event": class(json!({"kind": "MEETING", "roster": "DEPARTMENT", "department": org.field})),
        "recurrence": "FREQ=DAILY;UNTIL=20260305"});
    let planned = org
        .owner
        .run(
            "gatherings/schedule_attendance_series",
            json!({"input": meeting}),
        )
        .await;
    let events = events_of(&planned, "/scheduleAttendanceSeries");
    for (day, event) in events.iter().enumerate() {
        minutes(&app, 20);
        // In time, late, not at all, in time.
        minutes(&app, [0, 20, 0, 0][day]);
        if day != 2 {
            let input = json!({"idempotencyKey": format!("in-{day}"), "event": event["id"]});
            assert!(check_in(&org.worker, input).await.ok());
        }
        minutes(&app, 24 * 60 - 20 - [0, 20, 0, 0][day]);
        close_due(&app.app).await.unwrap();
    }
    let history = json!({"member": org.worker.member, "from": "2026-03-03", "to": "2026-03-04"});
    let history = org
        .worker
        .run("gatherings/attendance_history", history)
        .await;
    let edges = history
        .data("/attendanceHistory/edges")
        .as_array()
        .unwrap()
        .clone();
    let shown: Vec<&str> = edges
        .iter()
        .map(|edge| edge["node"]["status"].as_str().unwrap())
        .collect();
    assert_eq!(shown, ["ABSENT", "LATE"]);

    let report = |filter: Value| {
        org.owner.run(
            "gatherings/attendance_by_member",
            json!({"filter": filter, "first": 1}),
        )
    };
    let of_worker = report(json!({"member": org.worker.member})).await;
    let counts = of_worker.data("/attendanceByMember/edges/0/node/counts");
    assert_eq!(
        counts,
        &json!({"invited": 4, "present": 2, "late": 1, "absent": 1, "excused": 0, "rate": 0.75})
    );
    let first = report(json!({"department": org.field, "kind": "MEETING"})).await;
    assert_eq!(first.data("/attendanceByMember/pageInfo/hasNextPage"), true);
    let after = first.text("/attendanceByMember/pageInfo/endCursor");
    let rest = json!({"filter": {"kind": "MEETING"}, "after": after});
    let rest = org.owner.run("gatherings/attendance_by_member", rest).await;
    assert_eq!(
        rest.data("/attendanceByMember/edges")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let none = report(json!({"kind": "CLASS"})).await;
    assert_eq!(none.data("/attendanceByMember/edges"), &json!([]));
    let wrong = report(json!({"from": "2026-03-04", "to": "2026-03-03"})).await;
    assert_eq!((wrong.code(), wrong.field()), ("INVALID_INPUT", "from"));

    let page = json!({"filter": {"from": "2026-03-02", "to": "2026-03-04", "state": "CLOSED", "kind": "MEETING"}, "first": 2});
    let page = org
        .supervisor
        .run("gatherings/attendance_events", page)
        .await;
    assert_eq!(page.data("/attendanceEvents/pageInfo/hasNextPage"), true);
    assert_eq!(
        page.data("/attendanceEvents/edges/1/node/counts"),
        &json!({"invited": 2, "present": 0, "late": 1, "absent": 1, "excused": 0, "rate": 0.5})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_move_with_each_check_in() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = scheduled(&org, json!({})).await;
    app.drain().await;
    let path = "gatherings/watch_attendance_event_counts";
    let mut feed = org.owner.listen(path, json!({"id": id})).await;
    let mut next = async || {
        let answer = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
        let answer = answer.unwrap().unwrap();
        let number = |name: &str| {
            answer
                .data(&format!("/attendanceEventCounts/{name}"))
                .as_i64()
                .unwrap()
        };
        (
            number("number"),
            number("counts/present"),
            number("counts/pending"),
        )
    };
    let (start, present, pending) = next().await;
    assert_eq!((present, pending), (0, 4));
    minutes(&app, 20);
    let mut last = start;
    for (count, person) in [(1, &org.worker), (2, &org.admin)] {
        assert!(
            check_in(person, json!({"idempotencyKey": "a", "event": id}))
                .await
                .ok()
        );
        app.drain().await;
        let (number, present, pending) = next().await;
        assert!(number > last && (present, pending) == (count, 4 - count));
        last = number;
    }
    // Whoever resumes is told of each again, with the counts as they are now.
    let mut resumed = org
        .owner
        .listen(path, json!({"id": id, "after": start}))
        .await;
    let first = resumed.next().await.unwrap();
    assert_eq!(first.data("/attendanceEventCounts/counts/present"), 2);
    let second = resumed.next().await.unwrap();
    assert_eq!(second.data("/attendanceEventCounts/number"), last);
    let unseen = json!({"id": scheduled(&org, json!({"idempotencyKey": "m", "roster": "MEMBERS", "members": [org.admin.member]})).await});
    let refused = org.worker.listen(path, unseen).await.next().await.unwrap();
    assert_eq!(refused.code(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn planning_again_with_one_key_plans_once() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let answers = join_all((0..20).map(|_| schedule(&org.owner, json!({})))).await;
    for answer in &answers {
        assert_eq!(
            answer.data("/scheduleAttendanceEvent"),
            answers[0].data("/scheduleAttendanceEvent")
        );
    }
    let all = org
        .owner
        .run("gatherings/attendance_events", json!({}))
        .await;
    assert_eq!(
        all.data("/attendanceEvents/edges")
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_approved_leave_is_excused() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let kind = json!({"name": "Study leave", "pay": "UNPAID", "counts": "CALENDAR_DAYS"});
    let kind = org
        .admin
        .run("leave/add_leave_type", json!({"input": kind}));
    let kind = kind.await.text("/addLeaveType/id");
    let asked = json!({"type": kind, "from": "2026-03-02", "to": "2026-03-03"});
    let asked = org
        .worker
        .run("leave/request_leave", json!({"input": asked}));
    let leave = asked.await.text("/requestLeave/id");
    let approve = json!({"input": {"leave": leave, "note": "good luck"}});
    assert!(org.admin.run("leave/approve_leave", approve).await.ok());
    let id = scheduled(
        &org,
        json!({"roster": "DEPARTMENT", "department": org.field}),
    )
    .await;
    minutes(&app, 91);
    close_due(&app.app).await.unwrap();
    let closed = event(&org.owner, &id).await;
    assert_eq!(counts(&closed), [2, 0, 0, 1, 1, 0]);
    let mine = closed.data("/attendanceEvent/records/edges").to_string();
    assert!(mine.contains("EXCUSED"), "{mine}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_records_are_nodes_for_whoever_may_see_them() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let begun = begin_series(&org.owner, json!({}), "FREQ=DAILY").await;
    let series = begun.text("/scheduleAttendanceSeries/id");
    let events = events_of(&begun, "/scheduleAttendanceSeries");
    let names = json!({"idempotencyKey": "b", "roster": "MEMBERS", "members": [org.admin.member]});
    let hidden = scheduled(&org, names).await;
    minutes(&app, 20);
    let mut records = Vec::new();
    for person in [&org.worker, &org.admin] {
        let input = json!({"idempotencyKey": "a", "event": events[0]["id"]});
        records.push(check_in(person, input).await.text("/checkIn/id"));
    }
    let ids = json!({"ids": [events[0]["id"], hidden, series, records[0], records[1]]});
    let seen = async |person: &Person| -> Vec<Option<String>> {
        let nodes = person.run("node/nodes", ids.clone()).await;
        let nodes = nodes.data("/nodes").as_array().unwrap().clone();
        let name = |node: &Value| Some(node["__typename"].as_str()?.to_owned());
        nodes.iter().map(name).collect()
    };
    let some = |names: [&str; 5]| names.map(|name| (!name.is_empty()).then(|| name.to_owned()));
    assert_eq!(
        seen(&org.owner).await,
        some([
            "AttendanceEvent",
            "AttendanceEvent",
            "AttendanceSeries",
            "AttendanceRecord",
            "AttendanceRecord"
        ])
    );
    assert_eq!(
        seen(&org.worker).await,
        some(["AttendanceEvent", "", "", "AttendanceRecord", ""])
    );
    let node = org.worker.run("node/node", json!({"id": series})).await;
    assert_eq!(node.data("/node"), &Value::Null);
    let unknown = json!({"id": "evt_00000000000000000000000000000000"});
    let refused = org.owner.run("node/node", unknown).await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn planned_time_and_leave_are_nodes() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let run =
        async |by: &Person, path: &str, input: Value| by.run(path, json!({ "input": input })).await;
    let shape = json!({"pattern": "FIXED", "spans": [{"starts": "08:00", "ends": "12:00"}]});
    let kind = json!({"name": "Morning", "shape": shape});
    let kind = run(&org.owner, "schedules/add_shift_type", kind).await;
    let kind = kind.text("/addShiftType/id");
    let series = json!({"members": [org.admin.member], "type": kind, "recurrence": "FREQ=WEEKLY", "from": "2026-03-07"});
    let series = run(&org.owner, "schedules/create_shift_series", series).await;
    let holiday = json!({"date": "2026-03-04", "name": "Founders' day"});
    let holiday = run(&org.owner, "schedules/add_holiday", holiday).await;
    let leave_type = json!({"name": "Study leave", "pay": "UNPAID", "counts": "CALENDAR_DAYS"});
    let leave_type = run(&org.owner, "leave/add_leave_type", leave_type).await;
    let leave_type = leave_type.text("/addLeaveType/id");
    let leave = json!({"type": leave_type, "from": "2026-04-06", "to": "2026-04-07"});
    let leave = run(&org.admin, "leave/request_leave", leave).await;
    let clocked = json!({"idempotencyKey": "in"});
    let clocked = run(&org.admin, "attendance/clock_in", clocked).await;
    let session = json!({"id": clocked.text("/clockIn/id")});
    let session = org.admin.run("attendance/session", session).await;
    let punch = session.text("/session/punches/0/id");
    let ask = json!({"idempotencyKey": "ask", "changes": [{"void": punch}], "reasonCode": "ENTRY_MISTAKE"});
    let asked = run(&org.admin, "corrections/request_correction", ask).await;
    // Last what belongs to the admin alone.
    let ids = json!({"ids": [
        kind, holiday.text("/addHoliday/holiday/id"), leave_type, org.night,
        series.text("/createShiftSeries/series/0/id"), leave.text("/requestLeave/id"), punch,
        asked.text("/requestCorrection/id"),
    ]});
    let all = [
        "ShiftType",
        "Holiday",
        "LeaveType",
        "Department",
        "ShiftSeries",
        "LeaveRequest",
        "Punch",
        "Correction",
    ];
    let seen = async |person: &Person| -> Vec<String> {
        let nodes = person.run("node/nodes", ids.clone()).await;
        let nodes = nodes.data("/nodes").as_array().unwrap().clone();
        let name = |node: &Value| node["__typename"].as_str().unwrap_or_default().to_owned();
        nodes.iter().map(name).collect()
    };
    assert_eq!(seen(&org.owner).await, all);
    let mut some = all.map(str::to_owned);
    some[4..].fill(String::new());
    assert_eq!(seen(&org.worker).await, some);
}
