//! PostgreSQL hangs up: clear answers, and work goes on by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;
use tokio::task::JoinSet;
use zamu::auth::policy::Role;
use zamu::events::dispatch;

use super::ledger::{log, oddities, until_numbered};
use super::support::TestApp;
use super::support::database::{is_postgres, raw};

const HANG_UP: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_up_is_survived() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    app.app.tasks().spawn(dispatch::run(app.app.clone()));
    let (stop, put_off) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut clients = JoinSet::new();
    for number in 0..12 {
        let name = format!("client{number}");
        let person = app
            .person(&org.owner, "acme", &name, Role::Worker, None)
            .await;
        let (stop, put_off, caller) = (Arc::clone(&stop), Arc::clone(&put_off), person.caller);
        clients.spawn(async move {
            let mut slowest = Duration::ZERO;
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) || round % 2 == 1 {
                let operation = ["attendance/clock_in", "attendance/clock_out"][round % 2];
                let input = json!({"input": {"idempotencyKey": format!("{round}")}});
                let begun = Instant::now();
                loop {
                    let asking = caller.run(operation, input.clone());
                    let answer = tokio::time::timeout(Duration::from_secs(10), asking).await;
                    let answer = answer.expect("a request is stuck");
                    if answer.ok() {
                        break;
                    }
                    assert_eq!(answer.code(), "TRY_AGAIN", "{:#}", answer.0);
                    put_off.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                slowest = slowest.max(begun.elapsed());
                round += 1;
            }
            slowest
        });
    }
    let mut conn = raw(app.target()).await;
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        conn.batch_execute(HANG_UP).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let slowest = clients.join_all().await.into_iter().max().unwrap();
    println!(
        "8 hang-ups, {} requests put off, the slowest was answered after {slowest:?}",
        put_off.load(Ordering::Relaxed)
    );
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
    until_numbered(&mut conn).await;
    log(&mut conn, org.id).await;
    assert_eq!(oddities(&mut conn, org.id).await, (0, 0));
    app.app.tasks().stop().await;
}

/// Nobody was asking when the server hung up: the next request does not have to find out.
#[tokio::test]
async fn idle_connections_that_were_hung_up_are_not_handed_out() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let reads = (0..8).map(|_| org.owner.run("identity/members", json!({})));
    futures_util::future::join_all(reads).await;
    let mut conn = raw(app.target()).await;
    conn.batch_execute(HANG_UP).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..8 {
        let answer = org.owner.run("identity/members", json!({})).await;
        assert!(answer.ok(), "{:#}", answer.0);
    }
}
