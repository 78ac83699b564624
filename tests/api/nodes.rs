//! Two nodes on one PostgreSQL database: one numbering, and subscribers of both see everything.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::stream::StreamExt as _;
use serde_json::json;
use tokio::task::JoinSet;
use zamu::auth::policy::Role;
use zamu::events::dispatch;

use super::ledger::{log, until_numbered};
use super::support::database::{is_postgres, raw};
use super::support::{Caller, TestApp};

const WRITERS: usize = 12;
const ROUNDS: usize = 25;

/// The numbers of the session events somebody is shown, until there are so many.
async fn watch(caller: Caller, after: i64, many: usize) -> Vec<i64> {
    let mut feed = caller
        .listen("attendance/watch_session_events", json!({"after": after}))
        .await;
    let mut seen = Vec::new();
    while seen.len() < many {
        let answer = tokio::time::timeout(Duration::from_secs(20), feed.next()).await;
        let answer = answer.unwrap().unwrap();
        seen.push(answer.data("/sessionEvents/number").as_i64().unwrap());
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_number_every_event_once_and_show_it_on_both() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let other = app.another(2).await;
    for node in [&app.app, &other] {
        node.tasks().spawn(dispatch::run(node.clone()));
    }
    let events = WRITERS * ROUNDS * 2;
    let mut watchers = JoinSet::new();
    for watcher in [
        org.owner.caller.clone(),
        org.owner.at(&other),
        org.supervisor.at(&other),
    ] {
        watchers.spawn(watch(watcher, 0, events));
    }
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let name = format!("writer{number}");
        let person = app
            .person(&org.owner, "acme", &name, Role::Worker, Some(org.night))
            .await;
        let caller = match number % 2 {
            0 => person.caller.clone(),
            _ => person.caller.at(&other),
        };
        writers.spawn(async move {
            for round in 0..ROUNDS {
                let input = json!({"input": {"idempotencyKey": format!("in {round}")}});
                assert!(caller.run("attendance/clock_in", input).await.ok());
                let input = json!({"input": {"idempotencyKey": format!("out {round}")}});
                assert!(caller.run("attendance/clock_out", input).await.ok());
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let seen = watchers.join_all().await;
    let mut conn = raw(app.target()).await;
    until_numbered(&mut conn).await;
    let log: Vec<i64> = log(&mut conn, org.id)
        .await
        .into_iter()
        .map(|event| event.number)
        .collect();
    assert_eq!(log.len(), events);
    for seen in seen {
        assert_eq!(seen, log);
    }
    assert_eq!(log.iter().collect::<BTreeSet<_>>().len(), events);
    other.tasks().stop().await;
    app.app.tasks().stop().await;
}
