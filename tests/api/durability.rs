//! Many writers, two processes on one file, long transactions, and the end of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use zamu::auth::action::Action;
use zamu::auth::policy::Role;

use super::ledger::{punches_of, until_numbered};
use super::process::{Process, ask};
use super::support::database::{is_postgres, raw};
use super::support::{PASSWORD, TestApp, operation};

const WRITERS: usize = 64;

/// Two applications on one database are two processes to it: on SQLite they wait for one another's commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_of_two_processes_never_see_a_lock() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let second = app.another(2).await;
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let name = format!("writer{number}");
        let person = app
            .person(&org.owner, "acme", &name, Role::Worker, None)
            .await;
        let caller = match number % 2 {
            0 => person.caller.clone(),
            _ => person.caller.at(&second),
        };
        // Each from an address of their own: an address has a budget of attempts.
        let stranger = app.stranger(&format!("198.51.100.{number}"));
        let sign_in = json!({"input": {"identifier": person.email, "password": PASSWORD, "organization": "acme"}});
        writers.spawn(async move {
            for round in 0..4 {
                let key = format!("{number}-{round}");
                let input = json!({"input": {"idempotencyKey": key}});
                let opened = caller.run("attendance/clock_in", input).await;
                let note = json!({"input": {"idempotencyKey": format!("{key}-note"), "session": opened.text("/clockIn/id"), "body": key}});
                let noted = caller.run("attendance/add_session_note", note).await;
                assert!(noted.ok(), "{:#}", noted.0);
                let input = json!({"input": {"idempotencyKey": format!("{key}-out")}});
                let closed = caller.run("attendance/clock_out", input).await;
                assert!(closed.ok(), "{:#}", closed.0);
            }
            let signed_in = stranger.run("identity/sign_in", sign_in).await;
            assert!(signed_in.ok(), "{:#}", signed_in.0);
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut conn = raw(app.target()).await;
    assert_eq!(punches_of(&mut conn, org.id).await, WRITERS * 4 * 2);
}

/// Whoever writes elsewhere for long is waited for, and not for ever; threads stay free for readers meanwhile.
#[tokio::test]
async fn a_writer_waits_for_another_process_and_then_gives_up_clearly() {
    if is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let second = app.another(2).await;
    let worker = org.worker.at(&second);
    let viewer = app.viewer(&org.owner).await;
    let held = app
        .app
        .begin(&viewer, Action::ManageOrganization)
        .await
        .unwrap();
    let begun = Instant::now();
    let input = json!({"input": {"idempotencyKey": "a"}});
    let (refused, read) = tokio::join!(worker.run("attendance/clock_in", input.clone()), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let read = worker.run("attendance/my_active_session", json!({})).await;
        (read.ok(), begun.elapsed())
    });
    assert_eq!(refused.code(), "TRY_AGAIN", "{:#}", refused.0);
    assert!(read.0 && read.1 < Duration::from_secs(3), "{read:?}");
    let (answered, ()) = tokio::join!(worker.run("attendance/clock_in", input), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(held);
    });
    assert!(answered.ok(), "{:#}", answered.0);
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_long_change() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let viewer = app.viewer(&org.owner).await;
    let mut import = app.app.begin(&viewer, Action::ImportData).await.unwrap();
    import
        .execute(diesel::sql_query("UPDATE members SET title = 'imported'"))
        .await
        .unwrap();
    // More at once than there are readers.
    let reads = (0..40).map(|_| org.owner.run("identity/members", json!({})));
    let reading = futures_util::future::join_all(reads);
    let read = tokio::time::timeout(Duration::from_secs(10), reading).await;
    for answer in read.unwrap() {
        assert!(answer.ok() && !answer.0.to_string().contains("imported"));
    }
}

/// Whatever had an effect was answered, and the process ends by itself.
#[tokio::test(flavor = "multi_thread")]
async fn crash_stopping_under_load_answers_what_was_accepted() {
    let app = TestApp::start().await;
    app.catch_up();
    let org = app.organization("acme").await;
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(app.target(), folder.path()).await;
    let (address, answered) = (process.address(), Arc::new(AtomicUsize::new(0)));
    let mut clients = JoinSet::new();
    for number in 0..16 {
        let name = format!("client{number}");
        let person = app
            .person(&org.owner, "acme", &name, Role::Worker, None)
            .await;
        let authorization = person.caller.authorization().await.unwrap();
        let answered = Arc::clone(&answered);
        clients.spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let files = ["attendance/clock_in", "attendance/clock_out"].map(operation);
            for round in 0.. {
                let input = json!({"input": {"idempotencyKey": format!("{number}-{round}")}});
                let file = &files[round % 2];
                let Some(answer) = ask(&http, address, &authorization, file, &input).await else {
                    return;
                };
                assert!(answer.get("errors").is_none(), "{answer:#}");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let asked = Instant::now();
    process.ask_to_stop();
    let status = process.ended(Duration::from_secs(15)).await;
    let took = asked.elapsed();
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(process.errors().is_empty(), "{:#?}", process.errors());
    let mut conn = raw(app.target()).await;
    let stored = punches_of(&mut conn, org.id).await;
    let answered = answered.load(Ordering::Relaxed);
    assert!(answered > 16, "{answered}");
    assert_eq!(stored, answered, "an effect without an answer");
    // What the process did not number any more, the next one does.
    app.drain().await;
    until_numbered(&mut conn).await;
}
