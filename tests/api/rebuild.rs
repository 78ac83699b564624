//! Sessions worked out anew from claims: out of order, concurrently, and always to the same result.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use zamu::attendance::rebuild::{self, Rebuild};
use zamu::auth::action::Action;
use zamu::db::tx::Audit;

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

async fn tap(org: &TestOrg, what: &str, input: Value) -> Answer {
    org.worker
        .run(&format!("attendance/{what}"), json!({ "input": input }))
        .await
}

async fn at(org: &TestOrg, what: &str, captured: &str) -> Answer {
    let captured = format!("2026-03-02T{captured}:00Z");
    tap(
        org,
        what,
        json!({"idempotencyKey": format!("{what}-{captured}"), "capturedAt": captured}),
    )
    .await
}

async fn plan(org: &TestOrg, date: &str, starts: &str, ends: &str) {
    let input = json!({"member": org.worker.member, "date": date, "starts": starts, "ends": ends});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": input}))
        .await;
    assert!(planned.ok(), "{:?}", planned.0);
}

/// Works everything out anew and answers how many sessions are not what they were.
pub(super) async fn rebuild(app: &TestApp, org: &TestOrg) -> usize {
    let viewer = app.viewer(&org.owner).await;
    let mut tx = app.app.begin(&viewer, Action::ManagePunches).await.unwrap();
    let what = Rebuild {
        member: org.worker.member,
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        judge_again: true,
    };
    let rebuilt = rebuild::member_in(&mut tx, what).await.unwrap();
    tx.commit(Audit::of(org.worker.member)).await.unwrap();
    rebuilt.changed.len()
}

async fn sessions(org: &TestOrg) -> Vec<Value> {
    let all = org.worker.run("attendance/sessions", json!({})).await;
    let edges = all.data("/sessions/edges").as_array().unwrap();
    edges
        .iter()
        .rev()
        .map(|edge| edge["node"].clone())
        .collect()
}

/// What is judged at once is what is judged anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_changes_nothing_that_was_judged_at_once() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let input = json!({"name": "Clinic", "radiusM": 100, "timeZone": "Africa/Nairobi",
        "position": {"latitude": -0.0917, "longitude": 34.768}});
    let place = org
        .admin
        .run("places/create_place", json!({"input": input}))
        .await
        .text("/createPlace/id");
    plan(&org, "2026-03-02", "07:30", "12:00").await;
    let near = json!({"latitude": -0.0917, "longitude": 34.768, "accuracyM": 10});
    let far = json!({"latitude": -0.2, "longitude": 34.768, "accuracyM": 10});
    for day in 0..4 {
        let key = |name: &str| format!("{name}-{day}");
        assert!(
            tap(
                &org,
                "clock_in",
                json!({"idempotencyKey": key("in"), "place": place, "position": near})
            )
            .await
            .ok()
        );
        app.clock.advance(TimeDelta::hours(1));
        assert!(
            tap(
                &org,
                "start_break",
                json!({"idempotencyKey": key("s"), "kind": "tea"})
            )
            .await
            .ok()
        );
        app.clock.advance(TimeDelta::minutes(100));
        assert!(
            tap(&org, "end_break", json!({"idempotencyKey": key("e")}))
                .await
                .ok()
        );
        app.clock.advance(TimeDelta::minutes(20));
        assert!(
            tap(
                &org,
                "clock_out",
                json!({"idempotencyKey": key("out"), "position": far, "remark": "bye"})
            )
            .await
            .ok()
        );
        app.clock.advance(TimeDelta::minutes(30));
        // Back on the same shift, the first day.
        assert!(
            tap(&org, "clock_in", json!({"idempotencyKey": key("in2")}))
                .await
                .ok()
        );
        app.clock.advance(TimeDelta::hours(9));
        assert!(
            tap(&org, "clock_out", json!({"idempotencyKey": key("out2")}))
                .await
                .ok()
        );
        app.clock.advance(TimeDelta::hours(12));
    }
    let before = sessions(&org).await;
    assert_eq!(before.len(), 8);
    assert_eq!(rebuild(&app, &org).await, 0);
    assert_eq!(sessions(&org).await, before);
}

/// A layer that moves nothing is an edit all the same: rules see it when it is made, not when something else has the
/// session worked out anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_layer_without_effect_is_judged_when_it_is_made() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert!(
        tap(&org, "clock_in", json!({"idempotencyKey": "in"}))
            .await
            .ok()
    );
    app.clock.advance(TimeDelta::hours(1));
    let closed = tap(&org, "clock_out", json!({"idempotencyKey": "out"})).await;
    let seen = org
        .owner
        .run(
            "attendance/session",
            json!({"id": closed.text("/clockOut/id")}),
        )
        .await;
    app.clock.advance(TimeDelta::hours(1));
    let restore = json!({"input": {
        "idempotencyKey": "restore", "punch": seen.text("/session/punches/1/id"),
        "reasonCode": "DEVICE_PROBLEM", "attested": true,
    }});
    let restored = org
        .supervisor
        .run("corrections/restore_punch", restore)
        .await;
    assert!(restored.ok(), "{:#}", restored.0);
    assert_eq!(
        sessions(&org).await[0]["flags"],
        json!(["edited_after_close"])
    );
    assert_eq!(rebuild(&app, &org).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn punches_captured_offline_find_their_place() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.clock.advance(TimeDelta::hours(12));
    // The afternoon first, then the end of the morning, then its beginning.
    assert!(at(&org, "clock_in", "10:00").await.ok());
    assert!(at(&org, "clock_out", "14:00").await.ok());
    assert_eq!(
        at(&org, "clock_out", "09:00").await.code(),
        "CLOCKED_OUT_BEFORE_IN"
    );
    let morning = at(&org, "clock_in", "06:00").await;
    // Until the clock-out comes, the morning and the afternoon contradict each other.
    assert_eq!(
        morning.data("/clockIn/clockedInAt"),
        "2026-03-02T06:00:00+00:00"
    );
    let out = tap(
        &org,
        "clock_out",
        json!({"idempotencyKey": "late", "capturedAt": "2026-03-02T09:00:00Z"}),
    )
    .await;
    assert_eq!(out.data("/clockOut/workedMinutes"), 180);
    let all = sessions(&org).await;
    let times: Vec<_> = all
        .iter()
        .map(|session| {
            (
                session["status"].clone(),
                session["clockedInAt"].clone(),
                session["clockedOutAt"].clone(),
            )
        })
        .collect();
    assert_eq!(
        times,
        [
            (
                json!("COMPLETED"),
                json!("2026-03-02T06:00:00+00:00"),
                json!("2026-03-02T09:00:00+00:00")
            ),
            (
                json!("COMPLETED"),
                json!("2026-03-02T10:00:00+00:00"),
                json!("2026-03-02T14:00:00+00:00")
            ),
        ]
    );
    assert_eq!(rebuild(&app, &org).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_can_be_seen_as_it_was_known() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = tap(&org, "clock_in", json!({"idempotencyKey": "in"}))
        .await
        .text("/clockIn/id");
    app.clock.advance(TimeDelta::hours(4));
    assert!(
        tap(&org, "clock_out", json!({"idempotencyKey": "out"}))
            .await
            .ok()
    );
    app.clock.advance(TimeDelta::hours(2));
    let early = json!({"idempotencyKey": "early", "capturedAt": "2026-03-02T04:30:00Z"});
    let earlier = tap(&org, "clock_in", early).await;
    assert_eq!(
        earlier.data("/clockIn/clockedInAt"),
        "2026-03-02T04:30:00+00:00"
    );
    let known = async |time: &str| {
        let at = format!("2026-03-02T{time}Z");
        org.worker
            .run(
                "attendance/session_as_known_on",
                json!({"id": id, "at": at}),
            )
            .await
    };
    assert_eq!(known("04:59:00").await.code(), "NOT_FOUND");
    assert_eq!(
        known("06:00:00").await.data("/sessionAsKnownOn/status"),
        "ACTIVE"
    );
    assert_eq!(
        known("09:00:00")
            .await
            .data("/sessionAsKnownOn/clockedInAt"),
        "2026-03-02T05:00:00+00:00"
    );
    assert_eq!(
        known("10:00:00")
            .await
            .data("/sessionAsKnownOn/hours/paidMinutes"),
        240
    );
    assert_eq!(
        known("11:00:00")
            .await
            .data("/sessionAsKnownOn/hours/paidMinutes"),
        270
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_forgot_to_clock_out_clocks_in_the_next_day() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let first = tap(&org, "clock_in", json!({"idempotencyKey": "in"}))
        .await
        .text("/clockIn/id");
    app.clock.advance(TimeDelta::hours(15));
    assert_eq!(
        tap(&org, "clock_in", json!({"idempotencyKey": "soon"}))
            .await
            .code(),
        "ALREADY_CLOCKED_IN"
    );
    app.clock.advance(TimeDelta::hours(8));
    let second = tap(&org, "clock_in", json!({"idempotencyKey": "next"})).await;
    assert_eq!(second.data("/clockIn/status"), "ACTIVE");
    assert_ne!(second.text("/clockIn/id"), first);
    let all = sessions(&org).await;
    assert_eq!(
        (&all[0]["status"], &all[0]["clockedOutAt"]),
        (&json!("DISCONNECTED"), &Value::Null)
    );
    // The clock-out of the evening before turns up, and the session is whole.
    let late = json!({"idempotencyKey": "found", "capturedAt": "2026-03-02T14:00:00Z"});
    let closed = tap(&org, "clock_out", late).await;
    assert_eq!(
        (closed.text("/clockOut/id"), closed.data("/clockOut/status")),
        (first, &json!("COMPLETED"))
    );
    assert_eq!(sessions(&org).await[1]["status"], "ACTIVE");
}

/// Sixty-four clients of one member, some online and some with what they captured before: never two open sessions, never
/// a lost punch.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_of_one_member_agree() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.clock.advance(TimeDelta::hours(12));
    // Half a day later the phone renews what it holds, once.
    assert!(org.worker.run("identity/me", json!({})).await.ok());
    let taps = (0..64).map(|number| {
        let org = &org;
        async move {
            let what = if number % 2 == 0 {
                "clock_in"
            } else {
                "clock_out"
            };
            let mut input = json!({"idempotencyKey": format!("tap-{number}")});
            if number % 4 < 2 {
                input["capturedAt"] = json!(format!(
                    "2026-03-02T{:02}:{:02}:00Z",
                    6 + number / 8,
                    number % 8 * 7
                ));
            }
            tap(org, what, input).await
        }
    });
    let answers = join_all(taps).await;
    let kept = answers.iter().filter(|answer| answer.ok()).count();
    for refused in answers.iter().filter(|answer| !answer.ok()) {
        let code = refused.code();
        assert!(
            [
                "ALREADY_CLOCKED_IN",
                "NOT_CLOCKED_IN",
                "CLOCKED_OUT_BEFORE_IN",
                "TRY_AGAIN"
            ]
            .contains(&code),
            "{:#}",
            refused.0
        );
    }
    let punches = org
        .worker
        .run("attendance/punches", json!({"first": 100}))
        .await;
    assert_eq!(
        punches.data("/punches/edges").as_array().unwrap().len(),
        kept
    );
    let all = sessions(&org).await;
    let open = all
        .iter()
        .filter(|session| session["status"] == "ACTIVE")
        .count();
    assert!(open <= 1, "{all:#?}");
    assert_eq!(rebuild(&app, &org).await, 0);
}

/// A claim that was taken out lies before what is left of its session; days later that is still a session somebody laid
/// hands on.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_taken_out_is_not_forgotten_days_later() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let opened = tap(&org, "clock_in", json!({"idempotencyKey": "in"})).await;
    let id = opened.text("/clockIn/id");
    app.clock.advance(TimeDelta::minutes(7));
    let time = app.app.now().to_rfc3339();
    let later = json!({"device": {"id": "phone"}, "punches": [
        {"clientId": "in again", "kind": "IN", "deviceTime": time}]});
    assert!(tap(&org, "sync_punches", later).await.ok());
    let session = json!({ "id": id });
    let seen = org.owner.run("attendance/session", session.clone()).await;
    let first = seen.data("/session/punches/0/id");
    let void = json!({"idempotencyKey": "void", "punch": first, "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true});
    let voided = org
        .supervisor
        .run("corrections/void_punch", json!({"input": void}))
        .await;
    assert!(voided.ok(), "{:?}", voided.0);
    let is_manual = async || {
        let hours = org
            .worker
            .run("attendance/session_hours", session.clone())
            .await;
        hours.data("/session/isManual").clone()
    };
    assert_eq!(is_manual().await, true);
    app.clock.advance(TimeDelta::days(3));
    assert!(
        tap(&org, "start_break", json!({"idempotencyKey": "tea"}))
            .await
            .ok()
    );
    assert_eq!(is_manual().await, true);
    assert_eq!(rebuild(&app, &org).await, 0, "and nothing else was missed");
}
