//! One organization's script does its worst while another organization clocks in.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use serde_json::json;
use zamu::events::event::Event;
use zamu::events::follow;

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

const SCRIPTS: &[&str] = &[
    "fn clock_in(attempt, settings) { for i in 0..100000000 { } allow() }",
    "fn clock_in(attempt, settings) { for i in 0..1000000 { for j in 0..1000000 { } } allow() }",
    "fn clock_in(attempt, settings) { let text = \"xxxxxxxx\"; for i in 0..1000000 { text += text; } allow() }",
    "fn clock_in(attempt, settings) { let list = [1, 2]; for i in 0..1000000 { list += list; } allow() }",
    "fn clock_in(attempt, settings) { attempt.nothing.of.the.kind }",
];

async fn tap(org: &TestOrg, key: &str) -> (Answer, Duration) {
    let begun = Instant::now();
    let input = json!({"input": {"idempotencyKey": key}});
    let opened = org.worker.run("attendance/clock_in", input).await;
    let took = begun.elapsed();
    let input = json!({"input": {"idempotencyKey": format!("{key} out")}});
    let closed = org.worker.run("attendance/clock_out", input).await;
    assert!(closed.ok(), "{:#}", closed.0);
    (opened, took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_script_hurts_nobody() {
    let app = TestApp::start().await;
    let (hostile, other) = (
        app.organization("hostile").await,
        app.organization("other").await,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgs/hostile/attendance");
    std::fs::create_dir_all(&path).unwrap();
    for (number, script) in SCRIPTS.iter().enumerate() {
        std::fs::write(path.join("clock_in.rhai"), script).unwrap();
        zamu::rules::files::reload(&app.app, folder.path(), None).await;
        let bad = async {
            for round in 0..5 {
                let (opened, _) = tap(&hostile, &format!("{number} {round}")).await;
                let flags = opened.data("/clockIn/flags").as_array().unwrap();
                assert!(flags.contains(&json!("rule_failed")), "{script}: {flags:?}");
            }
        };
        let good = async {
            let mut slowest = Duration::ZERO;
            for round in 0..10 {
                let (opened, took) = tap(&other, &format!("{number} {round}")).await;
                let flags = opened.data("/clockIn/flags").as_array().unwrap();
                assert!(!flags.contains(&json!("rule_failed")), "{flags:?}");
                slowest = slowest.max(took);
            }
            slowest
        };
        let ((), slowest) = tokio::join!(bad, good);
        // A script may run for milliseconds; this leaves room for a busy machine and none for a runaway.
        assert!(slowest < Duration::from_secs(10), "{script}: {slowest:?}");
        app.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_keeps_failing_is_left_alone_until_it_is_well() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orgs/acme/attendance");
    std::fs::create_dir_all(&path).unwrap();
    let write = |script: &str| std::fs::write(path.join("clock_in.rhai"), script).unwrap();
    // Fails on weekdays only, so that a run shows whether it is well again.
    write(
        "fn clock_in(attempt, settings) { if attempt.now.weekday == \"monday\" { attempt.nope } allow() }",
    );
    zamu::rules::files::reload(&app.app, folder.path(), None).await;
    let monday = app.now();
    assert_eq!(monday.format("%A").to_string(), "Monday");
    app.drain().await;
    let viewer = app.viewer(&acme.owner).await;
    let before = follow::newest(&app.app, &viewer).await.unwrap();

    let status = async |key: &str| {
        let (opened, _) = tap(&acme, key).await;
        let session = json!({"id": opened.text("/clockIn/id")});
        let session = acme.worker.run("attendance/session", session).await;
        let decisions = session
            .data("/session/decisions")
            .as_array()
            .unwrap()
            .clone();
        let asked = decisions
            .iter()
            .find(|one| one["hook"] == "attendance.clock_in");
        asked.unwrap()["status"].as_str().unwrap().to_owned()
    };
    for run in 0..5 {
        assert_eq!(status(&format!("failing {run}")).await, "ERROR");
    }
    assert_eq!(status("left alone").await, "BREAKER");
    app.drain().await;
    let newest = follow::newest(&app.app, &viewer).await.unwrap();
    let events = follow::follow(&app.app, &viewer, Some(before))
        .await
        .unwrap();
    let opened = events
        .take(usize::try_from(newest - before).unwrap())
        .filter_map(async |event| match &event.unwrap().event {
            Event::RuleBreakerOpened { hook } => Some(hook.clone()),
            _ => None,
        });
    assert_eq!(opened.collect::<Vec<_>>().await, ["attendance.clock_in"]);

    let health = acme.admin.run("rules/rule_health", json!({})).await;
    let rules = health.data("/ruleHealth/rules").as_array().unwrap();
    let asked = rules
        .iter()
        .find(|rule| rule["hook"] == "attendance.clock_in")
        .unwrap();
    assert_eq!((&asked["runs"], &asked["failures"]), (&json!(5), &json!(5)));
    assert!(
        asked["openSince"].is_string() && asked["lastProblem"].is_string(),
        "{asked:#}"
    );
    let alarm = "attendance.clock_in keeps failing and is left alone";
    assert!(
        health
            .data("/ruleHealth/alarms")
            .as_array()
            .unwrap()
            .contains(&json!(alarm))
    );

    // On Tuesday the first question after half a minute shows that it is well; the next is answered by it.
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(status("shown").await, "BREAKER");
    assert_eq!(status("well").await, "OK");
}
