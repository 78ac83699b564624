//! One organization's script does its worst while another organization clocks in.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;

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
        zamu::rules::files::reload(&app.app, folder.path()).await;
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
        // A script may run for milliseconds; a second leaves room for a busy machine and none for a runaway.
        assert!(slowest < Duration::from_secs(1), "{script}: {slowest:?}");
        app.clock.advance(TimeDelta::minutes(1));
    }
}
