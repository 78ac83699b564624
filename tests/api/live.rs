//! The live feed: numbered, resumable, without gap or double, and only what one may see.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::{Value, json};

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

async fn next(stream: &mut BoxStream<'static, Answer>) -> Answer {
    tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .unwrap()
        .unwrap()
}

async fn tap(org: &TestOrg, key: &str) {
    let input = json!({"input": {"idempotencyKey": key}});
    assert!(
        org.worker
            .run("attendance/clock_in", input.clone())
            .await
            .ok()
    );
    let input = json!({"input": {"idempotencyKey": format!("{key}-out")}});
    assert!(org.worker.run("attendance/clock_out", input).await.ok());
}

fn number(answer: &Answer) -> i64 {
    answer.data("/sessionEvents/number").as_i64().unwrap()
}

/// The dispatcher of a running server.
fn dispatch(app: &TestApp) {
    app.app
        .tasks()
        .spawn(zamu::events::dispatch::run(app.app.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_in_appears_to_whoever_watches() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    dispatch(&app);
    let mut feed = org
        .supervisor
        .listen("attendance/watch_session_events", json!({"after": 0}))
        .await;
    tap(&org, "a").await;
    let first = next(&mut feed).await;
    assert_eq!(first.data("/sessionEvents/kind"), "CLOCKED_IN");
    assert_eq!(
        first.data("/sessionEvents/session/member/name"),
        "acme worker"
    );
    let second = next(&mut feed).await;
    assert_eq!(second.data("/sessionEvents/kind"), "CLOCKED_OUT");
    assert_eq!(number(&second), number(&first) + 1);
    app.app.tasks().stop().await;
}

/// What a resumed reader has seen in the end is the log: every number once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn resuming_again_and_again_misses_nothing_and_doubles_nothing() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    dispatch(&app);
    let writers = async {
        for round in 0..60 {
            tap(&org, &format!("tap-{round}")).await;
            app.clock.advance(TimeDelta::minutes(1));
        }
    };
    let reader = async {
        let (mut seen, mut last) = (Vec::new(), 0);
        while seen.len() < 120 {
            let mut feed = org
                .owner
                .listen("attendance/watch_session_events", json!({"after": last}))
                .await;
            // Disconnects after 1, 2, … 9 events, over and over.
            for _ in 0..=(seen.len() % 9) {
                if seen.len() == 120 {
                    break;
                }
                last = number(&next(&mut feed).await);
                seen.push(last);
            }
        }
        seen
    };
    let ((), seen) = tokio::join!(writers, reader);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    // Between the first and the last there is nothing but these events, so the numbers are dense.
    assert_eq!(
        seen.last().unwrap() - seen.first().unwrap(),
        119,
        "{seen:?}"
    );
    app.app.tasks().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_does_not_exist_is_refused_not_skipped() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.drain().await;
    for (after, code) in [(1_000_000, "CURSOR_IN_FUTURE"), (-1, "CURSOR_IN_FUTURE")] {
        let mut feed = org
            .owner
            .listen("attendance/watch_session_events", json!({"after": after}))
            .await;
        assert_eq!(next(&mut feed).await.code(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_as_far_as_they_reach_and_as_they_ask() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let in_ = json!({"input": {"idempotencyKey": "in"}});
    assert!(org.admin.run("attendance/clock_in", in_.clone()).await.ok());
    assert!(
        org.worker
            .run("attendance/clock_in", in_.clone())
            .await
            .ok()
    );
    assert!(org.supervisor.run("attendance/clock_in", in_).await.ok());
    app.drain().await;
    let of = async |person: &super::support::people::Person, filter: Value, count: usize| {
        let variables = json!({"after": 0, "filter": filter});
        let mut feed = person
            .listen("attendance/watch_session_events", variables)
            .await;
        let mut members = Vec::new();
        for _ in 0..count {
            members.push(
                next(&mut feed)
                    .await
                    .text("/sessionEvents/session/member/id"),
            );
        }
        let more = tokio::time::timeout(Duration::from_millis(300), feed.next()).await;
        assert!(more.is_err(), "{more:?}");
        members
    };
    let (admin, worker, supervisor) = (
        org.admin.member.to_string(),
        org.worker.member.to_string(),
        org.supervisor.member.to_string(),
    );
    assert_eq!(
        of(&org.owner, json!({}), 3).await,
        [admin.clone(), worker.clone(), supervisor.clone()]
    );
    assert_eq!(
        of(&org.supervisor, json!({}), 2).await,
        [worker.clone(), supervisor]
    );
    assert_eq!(
        of(&org.worker, json!({}), 1).await,
        std::slice::from_ref(&worker)
    );
    assert_eq!(
        of(&org.owner, json!({"member": org.admin.member}), 1).await,
        [admin]
    );
    assert_eq!(
        of(&org.owner, json!({"department": org.night}), 1).await,
        [worker]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_begins_whole_and_then_changes() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert!(
        org.admin
            .run(
                "attendance/clock_in",
                json!({"input": {"idempotencyKey": "in"}})
            )
            .await
            .ok()
    );
    app.drain().await;
    dispatch(&app);
    let mut board = org
        .owner
        .listen("attendance/watch_active_sessions", json!({}))
        .await;
    let first = next(&mut board).await;
    assert_eq!(first.data("/activeSessions/snapshot"), true);
    assert_eq!(
        first
            .data("/activeSessions/entered")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let opened = org
        .worker
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": "in"}}),
        )
        .await;
    let entered = next(&mut board).await;
    assert_eq!(
        entered.data("/activeSessions/entered/0/id"),
        opened.data("/clockIn/id")
    );
    assert_eq!(entered.data("/activeSessions/snapshot"), false);
    assert!(
        org.worker
            .run(
                "attendance/clock_out",
                json!({"input": {"idempotencyKey": "out"}})
            )
            .await
            .ok()
    );
    let left = next(&mut board).await;
    assert_eq!(
        left.data("/activeSessions/left/0"),
        opened.data("/clockIn/id")
    );
    app.app.tasks().stop().await;
}
