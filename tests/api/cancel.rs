//! A client that goes away drops its request wherever it happens to be; and requests that meet one another.

use std::task::Poll;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::task::JoinSet;
use zamu::auth::action::Action;
use zamu::auth::policy::Role;

use super::ledger::{oddities, punches_of, until_numbered};
use super::support::TestApp;
use super::support::database::raw;

/// Most requests are dropped at some point where they wait; the rest, and whoever comes afterwards, notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn requests_dropped_anywhere_leave_nothing_half_done() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let mut clients = JoinSet::new();
    for number in 0..12_u64 {
        let name = format!("client{number}");
        let person = app
            .person(&org.owner, "acme", &name, Role::Worker, None)
            .await;
        let caller = person.caller;
        let mut rng = StdRng::seed_from_u64(number);
        clients.spawn(async move {
            for round in 0..40 {
                let operation = ["attendance/clock_in", "attendance/clock_out"][round % 2];
                let input = json!({"input": {"idempotencyKey": format!("{round}")}});
                let read = caller.run("attendance/my_active_session", json!({}));
                until(rng.random_range(0..8), read).await;
                for _ in 0..rng.random_range(0..4) {
                    let change = caller.run(operation, input.clone());
                    until(rng.random_range(0..20), change).await;
                }
                let answer = caller.run(operation, input).await;
                assert!(answer.ok(), "{operation} {round}: {:#}", answer.0);
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    let mut conn = raw(app.target()).await;
    assert_eq!(punches_of(&mut conn, org.id).await, 12 * 40);
    assert_eq!(oddities(&mut conn, org.id).await, (0, 0));
    app.drain().await;
    until_numbered(&mut conn).await;
    let viewer = app.viewer(&org.owner).await;
    let verdict = zamu::audit::service::verify(&app.app, &viewer)
        .await
        .unwrap();
    assert!(verdict.broken.is_none(), "{verdict:?}");
    idle_in_transaction(&mut conn).await;
}

/// Drops a future when it has waited so many times: a client goes away at exactly that point.
async fn until<T>(waits: usize, future: impl Future<Output = T>) {
    let (mut future, mut left) = (std::pin::pin!(future), waits);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Pending if left > 0 => {
            left -= 1;
            Poll::Pending
        }
        Poll::Pending | Poll::Ready(_) => Poll::Ready(()),
    })
    .await;
}

/// Dropped while `BEGIN` is on its way: nobody else finds themselves in that transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_dropped_while_it_begins_leaves_no_transaction() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let viewer = app.viewer(&org.owner).await;
    for waits in [0, 0, 0, 0, 1, 1, 2, 2] {
        until(waits, app.app.begin(&viewer, Action::ClockIn)).await;
    }
    let mut conn = raw(app.target()).await;
    idle_in_transaction(&mut conn).await;
    let input = json!({"input": {"idempotencyKey": "a"}});
    assert!(org.worker.run("attendance/clock_in", input).await.ok());
}

/// On PostgreSQL: no connection went back to the pool with a transaction open.
async fn idle_in_transaction(conn: &mut zamu_schema::dual::DualConnection) {
    use diesel_async::RunQueryDsl as _;

    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    if conn.dialect() == zamu_schema::dual::Dual::Sqlite {
        return;
    }
    let asked = "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() \
                 AND state LIKE 'idle in transaction%' AND state_change < now() - interval '100 ms'";
    // A rollback may still be on its way.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let found: Count = diesel::sql_query(asked).get_result(conn).await.unwrap();
    assert_eq!(found.count, 0, "transactions that nobody ends");
}

/// One key, many requests at once: one effect, and everybody gets the same answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_with_one_key_get_one_answer() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for round in 0..5 {
        for (operation, pointer) in [
            ("attendance/clock_in", "/clockIn/id"),
            ("attendance/clock_out", "/clockOut/id"),
        ] {
            let mut all = JoinSet::new();
            for _ in 0..100 {
                let caller = org.worker.caller.clone();
                let input = json!({"input": {"idempotencyKey": format!("{operation} {round}")}});
                all.spawn(async move { caller.run(operation, input).await.text(pointer) });
            }
            let mut answers = all.join_all().await;
            answers.dedup();
            assert_eq!(answers.len(), 1, "{answers:?}");
        }
    }
    let mut conn = raw(app.target()).await;
    assert_eq!(punches_of(&mut conn, org.id).await, 10);
    assert_eq!(oddities(&mut conn, org.id).await, (0, 0));
}

/// Many keys, one member: one of them opens the session, one of them closes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_once_and_closed_once() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for round in 0..10 {
        for (operation, code) in [
            ("attendance/clock_in", "ALREADY_CLOCKED_IN"),
            ("attendance/clock_out", "NOT_CLOCKED_IN"),
        ] {
            let mut all = JoinSet::new();
            for number in 0..16 {
                let caller = org.worker.caller.clone();
                let key = format!("{operation} {round} {number}");
                let input = json!({"input": {"idempotencyKey": key}});
                all.spawn(async move { caller.run(operation, input).await });
            }
            let answers = all.join_all().await;
            let done = answers.iter().filter(|answer| answer.ok()).count();
            assert_eq!(done, 1, "{operation}");
            assert!(
                answers
                    .iter()
                    .all(|answer| answer.ok() || answer.code() == code)
            );
        }
    }
    let mut conn = raw(app.target()).await;
    assert_eq!(punches_of(&mut conn, org.id).await, 20);
    assert_eq!(oddities(&mut conn, org.id).await, (0, 0));
}
