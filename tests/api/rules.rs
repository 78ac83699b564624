//! Rules as an organization meets them: its own files, its own mistakes, and nobody else's.

use chrono::TimeDelta;
use serde_json::json;

use super::support::people::TestOrg;
use super::support::{Answer, TestApp};

async fn late_by_22(app: &TestApp, org: &TestOrg, key: &str) -> Answer {
    let day = app.now().date_naive();
    let input =
        json!({"member": org.worker.member, "date": day, "starts": "07:38", "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": input}))
        .await;
    assert!(planned.ok(), "{:?}", planned.0);
    let opened = org
        .worker
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": key}}),
        )
        .await;
    let closed = org
        .worker
        .run(
            "attendance/clock_out",
            json!({"input": {"idempotencyKey": format!("{key}-out")}}),
        )
        .await;
    assert!(closed.ok(), "{:?}", closed.0);
    app.clock.advance(TimeDelta::days(1));
    opened
}

/// A rules folder with one file of one organization.
fn folder(slug: &str, hook: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, slug, hook, source);
    folder
}

fn write(folder: &tempfile::TempDir, slug: &str, hook: &str, source: &str) {
    let path = folder.path().join("orgs").join(slug).join("attendance");
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join(format!("{hook}.rhai")), source).unwrap();
}

async fn load(app: &TestApp, folder: &tempfile::TempDir) {
    zamu::rules::files::reload(&app.app, folder.path(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_bends_lateness_for_itself_alone() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let other = app.organization("other").await;
    let generous = "fn lateness(clock_in, settings) { if clock_in.minutes_late < 60 { return on_time().because(\"an hour is fine\"); } inherit() }";
    let rules = folder("acme", "lateness", generous);
    load(&app, &rules).await;
    let opened = late_by_22(&app, &acme, "a").await;
    assert_eq!(opened.data("/clockIn/lateness"), "ON_TIME");
    app.clock.advance(TimeDelta::days(-1));
    let opened = late_by_22(&app, &other, "a").await;
    assert_eq!(opened.data("/clockIn/lateness"), "LATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_keeps_the_last_good_one_and_says_so() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let rules = folder(
        "acme",
        "lateness",
        "fn lateness(clock_in, settings) { excused() }",
    );
    load(&app, &rules).await;
    let opened = late_by_22(&app, &acme, "a").await;
    assert_eq!(opened.data("/clockIn/lateness"), "EXCUSED");
    write(
        &rules,
        "acme",
        "lateness",
        "fn lateness(clock_in, settings) { excused( }",
    );
    load(&app, &rules).await;
    let opened = late_by_22(&app, &acme, "b").await;
    assert_eq!(opened.data("/clockIn/lateness"), "EXCUSED");
    let status = acme.admin.run("rules/rule_status", json!({})).await;
    let problem = status.data("/ruleStatus/problems/0");
    assert_eq!(problem["keepsLastGood"], true);
    assert_eq!(problem["line"], 1);
    assert_eq!(
        acme.worker.run("rules/rule_status", json!({})).await.code(),
        "FORBIDDEN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_fails_never_stops_a_clock_in() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for (key, source) in [
        (
            "loop",
            "fn clock_in(attempt, settings) { for i in 0..100000000 { } allow() }",
        ),
        (
            "typo",
            "fn clock_in(attempt, settings) { if attempt.mok_location { return deny(\"x\"); } allow() }",
        ),
        (
            "nothing",
            "fn clock_in(attempt, settings) { if attempt.mock_location { deny(\"x\"); } }",
        ),
    ] {
        let rules = folder("acme", "clock_in", source);
        load(&app, &rules).await;
        let opened = late_by_22(&app, &acme, key).await;
        let flags = opened.data("/clockIn/flags").as_array().unwrap();
        assert!(flags.contains(&json!("rule_failed")), "{key}: {flags:?}");
        let session = acme
            .worker
            .run(
                "attendance/session",
                json!({"id": opened.text("/clockIn/id")}),
            )
            .await;
        let decision = session.data("/session/decisions").as_array().unwrap()[1].clone();
        assert_ne!(decision["status"], "OK", "{decision}");
        assert!(decision["problem"]["message"].is_string(), "{decision}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_may_refuse_and_its_reason_is_told_and_kept() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let strict = "fn clock_in(attempt, settings) { deny(\"no_service\").because(\"say which service you came for\") }";
    let rules = folder("acme", "clock_in", strict);
    load(&app, &rules).await;
    let refused = acme
        .worker
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": "a"}}),
        )
        .await;
    assert_eq!(refused.code(), "DENIED_BY_RULE");
    assert_eq!(refused.extension("reason"), "no_service");
    assert_eq!(
        refused.extension("reasons"),
        &json!(["say which service you came for"])
    );
    write(&rules, "acme", "clock_in", "");
    load(&app, &rules).await;
    // The refusal used nothing up: the same tap succeeds once the rule allows it.
    let opened = acme
        .worker
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": "a"}}),
        )
        .await;
    assert_eq!(opened.data("/clockIn/status"), "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_in_force_without_a_restart() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let rules = folder(
        "acme",
        "lateness",
        "fn lateness(clock_in, settings) { excused() }",
    );
    let watching = app.app.clone();
    let path = rules.path().to_owned();
    app.app
        .tasks()
        .spawn(async move { zamu::rules::files::watch(watching, path, None).await });
    let before = app.app.rules().release("acme");
    // The watcher needs a moment to stand; touching the file again and again is what an impatient admin does too.
    for _ in 0..100 {
        write(
            &rules,
            "acme",
            "lateness",
            "fn lateness(clock_in, settings) { on_time() }",
        );
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        if app.app.rules().release("acme") != before {
            break;
        }
    }
    assert_eq!(
        late_by_22(&app, &acme, "a").await.data("/clockIn/lateness"),
        "ON_TIME"
    );
    app.app.tasks().stop().await;
}
