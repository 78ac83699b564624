//! What would change: candidates against what really happened. Every number here is worked out by hand.

use std::process::{Command, Output};

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::stream::StreamExt as _;
use serde_json::{Value as Json, json};
use zamu::kernel::id::ReplayId;
use zamu::rules::decisions::retention;
use zamu_rules::{Book, Mode};
use zamu_schema::dual::{DualConnection, SqliteOptions};
use zamu_schema::migrate::Target;
use zamu_schema::tables as t;

use super::decisions::{book, keep, seen};
use super::server::Server;
use super::support::TestApp;
use super::support::database::{dump, raw};
use super::support::people::{Person, TestOrg};

const LATENESS: &str = "attendance.lateness";
/// Fifteen minutes of grace instead of five.
const GENEROUS: &str = "fn lateness(c, settings) { if c.minutes_late <= 15 { return on_time().because(\"a quarter of an hour\"); } inherit() }";

/// An organization with these decisions about its worker.
async fn organization(app: &TestApp, minutes: &[i64]) -> TestOrg {
    let acme = app.organization("acme").await;
    let plain = book(app, None, Mode::On);
    keep(app, &acme, acme.worker.member, &plain, minutes).await;
    app.clock.advance(TimeDelta::seconds(1));
    acme
}

fn wish(candidate: &Json) -> Json {
    json!({"input": {"hook": LATENESS, "candidate": candidate, "from": "2026-01-01T00:00:00Z"}})
}

async fn start(person: &Person, candidate: &Json) -> String {
    let answer = person.run("rules/replay_rules", wish(candidate)).await;
    answer.text("/replayRules/id")
}

/// Listens until a replay has ended; answers what was heard.
async fn listen(person: &Person, replay: &str) -> Vec<Json> {
    let answers = person
        .listen("rules/watch_rule_replay", json!({"replay": replay}))
        .await;
    let heard: Vec<_> = answers.collect().await;
    heard
        .iter()
        .map(|answer| answer.data("/ruleReplayProgress").clone())
        .collect()
}

/// Starts a replay, waits for its end and reads what it found.
async fn replayed(person: &Person, candidate: &Json) -> Json {
    let replay = start(person, candidate).await;
    listen(person, &replay).await;
    let found = person
        .run("rules/rule_replay", json!({"replay": replay, "first": 100}))
        .await;
    found.data("/ruleReplay").clone()
}

/// A connection that may change rows behind the server's back.
async fn meddler(target: &Target) -> DualConnection {
    match target {
        Target::Sqlite(path) => {
            DualConnection::open_sqlite(path, SqliteOptions { read_only: false }).unwrap()
        }
        Target::Postgres(_) => raw(target).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_is_compared_with_every_decision() {
    let app = TestApp::start().await;
    // 05:00 and the minutes before on Monday 2 March 2026: week 10 in Nairobi.
    let acme = organization(&app, &[22, 3, 12, 45, 8]).await;
    let found = replayed(&acme.admin, &json!({"source": GENEROUS})).await;
    assert_eq!(
        (&found["state"], &found["done"], &found["total"]),
        (&json!("DONE"), &json!(5), &json!(5))
    );
    let result = &found["result"];
    let counts = [
        "replayed",
        "changed",
        "newlyFailing",
        "withoutFacts",
        "unasked",
        "peopleAffected",
    ];
    let counts: Vec<_> = counts
        .iter()
        .map(|name| result[*name].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [5, 2, 0, 0, 0, 1]);
    assert_eq!(
        result["matrix"],
        json!([
            {"was": "late", "would": "late", "count": 1},
            {"was": "late", "would": "on_time", "count": 2},
            {"was": "on_time", "would": "on_time", "count": 1},
            {"was": "very_late", "would": "very_late", "count": 1},
        ])
    );
    // late(12) and late(8) become on_time: twenty minutes fewer.
    assert_eq!(
        result["weeks"],
        json!([{"name": "2026-W10", "decisions": 5, "changed": 2, "minutes": -20, "money": []}])
    );
    assert_eq!(result["departments"][0]["name"], "Night");
    assert_eq!(result["departments"][0]["minutes"], -20);
    assert_eq!(
        result["people"][0]["memberId"],
        acme.worker.member.to_string()
    );
    assert_eq!(result["people"][0]["member"]["name"], "acme worker");
    assert_eq!(result["people"][0]["minutes"], -20);
    assert!(result["operations"].as_i64().unwrap() > 0);
    let changes = found["changes"]["edges"].as_array().unwrap();
    let change = &changes[0]["node"];
    assert_eq!(
        (changes.len(), &change["was"]["outcome"]),
        (2, &json!("late(8)"))
    );
    assert_eq!(change["would"]["outcome"], "on_time()");
    assert_eq!(change["would"]["reasons"], json!(["a quarter of an hour"]));
    assert_eq!(change["member"]["id"], acme.worker.member.to_string());
    assert_eq!(
        acme.supervisor
            .run("rules/replay_rules", wish(&json!({"release": 0})))
            .await
            .code(),
        "FORBIDDEN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_decision_is_explained_under_both_rules() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[12]).await;
    let replay = start(&acme.admin, &json!({"source": GENEROUS})).await;
    listen(&acme.admin, &replay).await;
    let answer = acme
        .admin
        .run("rules/rule_replay_explained", json!({"replay": replay}))
        .await;
    let node = answer.data("/ruleReplay/changes/edges/0/node");
    let was = &node["decision"]["explain"];
    assert_eq!(
        (&was["outcome"], &was["isReproduced"]),
        (&json!("late(12)"), &json!(true))
    );
    assert_eq!(was["lines"][0]["layer"], "default");
    let would = &node["explainWould"];
    assert_eq!(would["outcome"], "on_time()");
    assert_eq!(would["lines"][0]["layer"], "organization");
    assert_eq!(
        would["lines"][0]["read"][0],
        json!({"path": "minutes_late", "value": "12"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_releases_are_candidates_too() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12]).await;
    let grace = json!({"settings": [{"name": "grace_minutes", "value": "15"}]});
    let found = replayed(&acme.owner, &grace).await;
    let changes = found["changes"]["edges"].as_array().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["node"]["would"]["outcome"], "on_time()");
    let same = replayed(&acme.owner, &json!({"release": 0})).await;
    assert_eq!(same["result"]["changed"], 0);
    assert_eq!(same["result"]["replayed"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_cannot_be_tried_is_refused_in_plain_words() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22]).await;
    let setting = |name: &str, value: &str| json!({"settings": [{"name": name, "value": value}]});
    for (candidate, field) in [
        (json!({}), "candidate"),
        (
            json!({"source": "fn lateness(c, settings) {\n  late(\n}"}),
            "candidate.source",
        ),
        (
            json!({"source": GENEROUS, "release": 0}),
            "candidate.release",
        ),
        (json!({"release": 77}), "candidate.release"),
        (
            setting("grace_minuts", "15"),
            "candidate.settings.grace_minuts",
        ),
        (
            setting("grace_minutes", "soon"),
            "candidate.settings.grace_minutes",
        ),
        (
            setting("grace_minutes", "61"),
            "candidate.settings.grace_minutes",
        ),
    ] {
        let refused = acme.owner.run("rules/replay_rules", wish(&candidate)).await;
        assert_eq!(refused.field(), field, "{:#}", refused.0);
    }
    let broken = wish(&json!({"source": "fn lateness(c, settings) {\n  late(\n}"}));
    let refused = acme.owner.run("rules/replay_rules", broken).await;
    let message = refused.0["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("line "), "{message}");
    let mut nothing = wish(&json!({"release": 0}));
    nothing["input"]["from"] = json!("2030-01-01T00:00:00Z");
    assert_eq!(
        acme.owner.run("rules/replay_rules", nothing).await.field(),
        "from"
    );
    let mut unknown = wish(&json!({"release": 0}));
    unknown["input"]["hook"] = json!("attendance.latness");
    assert_eq!(
        acme.owner.run("rules/replay_rules", unknown).await.field(),
        "hook"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_newly_fails_is_listed() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12, 3]).await;
    let fails =
        "fn lateness(c, settings) { if c.minutes_late > 20 { for i in 0..1000000 { } } inherit() }";
    let found = replayed(&acme.owner, &json!({"source": fails})).await;
    assert_eq!(found["result"]["newlyFailing"], 1);
    let only = json!({"replay": found["id"], "onlyNewlyFailing": true});
    let only = acme.owner.run("rules/rule_replay", only).await;
    let edges = only.data("/ruleReplay/changes/edges").as_array().unwrap();
    assert_eq!(edges.len(), 1);
    assert_eq!(edges[0]["node"]["would"]["status"], "BUDGET");
    assert_eq!(edges[0]["node"]["isNewlyFailing"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_published_when_the_past_cannot_be_repeated() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12, 3]).await;
    let mut conn = meddler(app.target()).await;
    let all: Vec<(uuid::Uuid, Json)> = t::rule_decisions::table
        .select((t::rule_decisions::id, t::rule_decisions::outcome))
        .load(&mut conn)
        .await
        .unwrap();
    let (id, mut outcome) = all
        .into_iter()
        .find(|(_, outcome)| outcome["text"] == "late(12)")
        .unwrap();
    outcome["values"]["minutes"] = json!(11);
    diesel::update(t::rule_decisions::table.filter(t::rule_decisions::id.eq(id)))
        .set(t::rule_decisions::outcome.eq(outcome))
        .execute(&mut conn)
        .await
        .unwrap();
    let found = replayed(&acme.owner, &json!({"source": GENEROUS})).await;
    assert_eq!(found["state"], "NOT_FAITHFUL");
    assert_eq!(
        (&found["result"], &found["csv"]),
        (&Json::Null, &Json::Null)
    );
    assert_eq!(found["changes"]["edges"], json!([]));
    let decision = format!("dec_{}", id.simple());
    assert_eq!(
        found["unfaithful"],
        json!([{"decision": decision, "stored": "late(12)", "again": "late(12)", "why": "other values"}])
    );
    let kept: i64 = t::rule_replay_changes::table
        .count()
        .get_result(&mut conn)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_that_is_gone_is_not_guessed() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22]).await;
    let mut conn = meddler(app.target()).await;
    diesel::delete(t::rule_snapshots::table)
        .execute(&mut conn)
        .await
        .unwrap();
    let found = replayed(&acme.owner, &json!({"source": GENEROUS})).await;
    assert_eq!(found["state"], "NOT_FAITHFUL");
    assert_eq!(found["unfaithful"][0]["again"], Json::Null);
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let answer = acme
        .owner
        .run("rules/rule_decision", json!({"decision": decision}))
        .await;
    assert_eq!(answer.code(), "DECISION_NOT_REPEATABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_without_facts_are_counted_and_left_out() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12]).await;
    app.clock.advance(TimeDelta::days(91));
    retention::purge(&app.app).await.unwrap();
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[8]).await;
    app.clock.advance(TimeDelta::seconds(1));
    let found = replayed(&acme.owner, &json!({"source": GENEROUS})).await;
    let result = &found["result"];
    assert_eq!(
        (&result["withoutFacts"], &result["replayed"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(found["total"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_on_trial_is_not_replayed() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let tried: Book = book(&app, Some(GENEROUS), Mode::Audit);
    keep(&app, &acme, acme.worker.member, &tried, &[12, 22]).await;
    app.clock.advance(TimeDelta::seconds(1));
    let found = replayed(&acme.owner, &json!({"release": 0})).await;
    assert_eq!(
        (&found["state"], &found["result"]["replayed"]),
        (&json!("DONE"), &json!(2))
    );
    assert_eq!(found["result"]["changed"], 0);
}

/// A replay as another node would have left it.
async fn elsewhere(app: &TestApp, org: &TestOrg, heartbeat: TimeDelta) -> String {
    let id: ReplayId = app.app.ids().id(app.now());
    let row = (
        t::rule_replays::org_id.eq(org.id),
        t::rule_replays::id.eq(id),
        t::rule_replays::hook.eq(LATENESS),
        t::rule_replays::state.eq("RUNNING"),
        t::rule_replays::candidate.eq(json!({})),
        t::rule_replays::from_at.eq(app.now()),
        t::rule_replays::to_at.eq(app.now()),
        t::rule_replays::created_at.eq(app.now()),
        t::rule_replays::heartbeat_at.eq(app.now() - heartbeat),
        t::rule_replays::total.eq(10_i64),
        t::rule_replays::done.eq(4_i64),
    );
    let mut conn = meddler(app.target()).await;
    diesel::insert_into(t::rule_replays::table)
        .values(row)
        .execute(&mut conn)
        .await
        .unwrap();
    id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_replays_one_thing_at_a_time_and_may_cancel_it() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22]).await;
    let running = elsewhere(&app, &acme, TimeDelta::seconds(5)).await;
    let refused = acme
        .owner
        .run("rules/replay_rules", wish(&json!({"release": 0})))
        .await;
    assert_eq!(refused.code(), "REPLAY_RUNNING");
    let cancel = json!({"input": {"replay": running}});
    let cancelled = acme.admin.run("rules/cancel_replay", cancel.clone()).await;
    assert_eq!(cancelled.data("/cancelReplay/state"), "CANCELLED");
    assert_eq!(
        acme.admin.run("rules/cancel_replay", cancel).await.code(),
        "REPLAY_NOT_RUNNING"
    );
    let found = replayed(&acme.owner, &json!({"release": 0})).await;
    assert_eq!(found["state"], "DONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_replay_publishes_nothing() {
    let app = TestApp::start().await;
    let minutes: Vec<i64> = (0..3_000).map(|number| number % 30).collect();
    let acme = organization(&app, &minutes).await;
    let replay = start(&acme.owner, &json!({"source": GENEROUS})).await;
    let cancel = json!({"input": {"replay": replay}});
    assert!(acme.owner.run("rules/cancel_replay", cancel).await.ok());
    app.app.tasks().stop().await;
    let found = acme
        .owner
        .run("rules/rule_replay", json!({"replay": replay}))
        .await;
    assert_eq!(found.data("/ruleReplay/state"), "CANCELLED");
    assert_eq!(found.data("/ruleReplay/result"), &Json::Null);
    let mut conn = raw(app.target()).await;
    let kept: i64 = t::rule_replay_changes::table
        .count()
        .get_result(&mut conn)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_whose_node_died_has_failed_and_says_so() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22]).await;
    let dead = elsewhere(&app, &acme, TimeDelta::seconds(61)).await;
    let found = acme
        .owner
        .run("rules/rule_replay", json!({"replay": dead}))
        .await;
    assert_eq!(found.data("/ruleReplay/state"), "FAILED");
    assert_eq!(
        found.data("/ruleReplay/problem"),
        "the server that ran this replay stopped"
    );
    elsewhere(&app, &acme, TimeDelta::minutes(5)).await;
    let next = replayed(&acme.owner, &json!({"release": 0})).await;
    assert_eq!(next["state"], "DONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_heard_on_another_node_and_again() {
    let app = TestApp::start().await;
    let minutes: Vec<i64> = (0..2_500).map(|number| number % 30).collect();
    let acme = organization(&app, &minutes).await;
    let other = app.another(7).await;
    let there = Person {
        member: acme.owner.member,
        email: acme.owner.email.clone(),
        caller: acme.owner.at(&other),
    };
    let replay = start(&acme.owner, &json!({"source": GENEROUS})).await;
    let heard = listen(&there, &replay).await;
    let last = heard.last().unwrap();
    assert_eq!(
        (&last["state"], &last["done"]),
        (&json!("DONE"), &json!(2_500))
    );
    let done: Vec<i64> = heard
        .iter()
        .map(|job| job["done"].as_i64().unwrap())
        .collect();
    assert!(done.is_sorted(), "{done:?}");
    let again = listen(&acme.owner, &replay).await;
    assert_eq!((again.len(), &again[0]), (1, last));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_changes_nothing_but_its_own_tables() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12, 3, 45]).await;
    app.drain().await;
    let mut before = dump(app.target()).await;
    assert!(before.len() > 25, "the tables were not found");
    let found = replayed(&acme.owner, &json!({"source": GENEROUS})).await;
    assert_eq!(found["result"]["changed"], 1);
    let mut after = dump(app.target()).await;
    for own in ["rule_replays", "rule_replay_changes"] {
        assert!(before.remove(own).unwrap().is_empty());
        assert_eq!(after.remove(own).unwrap().len(), 1, "{own}");
    }
    // Who asked for it is audited like any other change, and that is all.
    let (outbox, asked) = (
        before.remove("outbox").unwrap(),
        after.remove("outbox").unwrap(),
    );
    assert!(outbox.is_empty());
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("REPLAY_RULES"), "{asked:?}");
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_for_those_who_may_replay_and_holds_no_formula() {
    let server = Server::start().await;
    let app = &server.app;
    let acme = organization(app, &[12, 22]).await;
    let formula = "fn lateness(c, settings) { if c.minutes_late <= 15 { return on_time().because(\"=HYPERLINK(1)\"); } inherit() }";
    let found = replayed(&acme.owner, &json!({"source": formula})).await;
    let path = found["csv"].as_str().unwrap();
    assert_eq!(
        path,
        format!("/exports/replays/{}.csv", found["id"].as_str().unwrap())
    );
    let get = async |person: Option<&Person>| {
        let mut request = server.get(path);
        if let Some(person) = person {
            request = request.header("authorization", person.authorization().await.unwrap());
        }
        let answer = request.send().await.unwrap();
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    };
    let (status, kind, table) = get(Some(&acme.owner)).await;
    assert_eq!(
        (status, kind.as_str()),
        (200, "text/csv; charset=utf-8; header=present")
    );
    let lines: Vec<&str> = table.split("\r\n").collect();
    assert!(
        lines[0].starts_with("decision,event_at,member,department,"),
        "{table}"
    );
    assert_eq!((lines.len(), lines[2]), (3, ""));
    assert!(
        lines[1].contains(",late(12),on_time(),INHERITED,OK,12,0,")
            || lines[1].contains(",late(12),on_time(),OK,OK,12,0,"),
        "{table}"
    );
    assert!(lines[1].ends_with(",'=HYPERLINK(1)"), "{table}");
    assert_eq!(get(None).await.0, 401);
    let (status, _, refused) = get(Some(&acme.worker)).await;
    assert_eq!(status, 400);
    assert!(refused.contains("FORBIDDEN"), "{refused}");
    let other = app.organization("other").await;
    assert!(get(Some(&other.owner)).await.2.contains("NOT_FOUND"));
    server.running.stop().await;
}

/// Runs a command of the real binary on a database.
fn zamu(app: &TestApp, folder: &std::path::Path, arguments: &[&str]) -> Output {
    let url = match app.target() {
        Target::Sqlite(path) => format!("sqlite:{}", path.display()),
        Target::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_zamu"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("ZAMU_LOG", "error")
        .env("ZAMU_DATA_DIR", folder);
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_replays_and_explains() {
    let app = TestApp::start().await;
    let acme = organization(&app, &[22, 12, 3]).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("lateness.rhai", GENEROUS);
    write("broken.rhai", "fn lateness(c, settings) { late( }");
    write(
        "slow.rhai",
        "fn lateness(c, settings) { for i in 0..1000000 { } inherit() }",
    );
    let replay = |candidate: &str, more: &[&str]| {
        let mut arguments = vec![
            "rules",
            "replay",
            "--org",
            "acme",
            "--hook",
            LATENESS,
            "--from",
            "2026-01-01",
            "--candidate",
            candidate,
        ];
        arguments.extend(more);
        zamu(&app, folder.path(), &arguments)
    };
    let told = replay("lateness.rhai", &[]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(
        told.status.code(),
        Some(0),
        "{text}{}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(text.contains("1  late -> on_time"), "{text}");
    assert!(
        text.contains("3 decisions taken again, 1 change for 1 people, 0 newly fail"),
        "{text}"
    );
    assert!(
        text.contains("week 2026-W10: 1 of 3 change, -12 minutes"),
        "{text}"
    );
    let json = replay("lateness.rhai", &["--json"]).stdout;
    let json: Json = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        (&json["state"], &json["result"]["changed"]),
        (&json!("DONE"), &json!(1))
    );
    let csv = String::from_utf8(replay("lateness.rhai", &["--csv"]).stdout).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert_eq!(replay("slow.rhai", &[]).status.code(), Some(1));
    assert_eq!(replay("broken.rhai", &[]).status.code(), Some(2));
    assert_eq!(replay("missing.rhai", &[]).status.code(), Some(2));
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let explained = zamu(&app, folder.path(), &["rules", "explain", &decision]);
    let text = String::from_utf8(explained.stdout).unwrap();
    assert_eq!(explained.status.code(), Some(0), "{text}");
    assert!(
        text.contains("minutes_late = 22") && text.contains("= late(22)"),
        "{text}"
    );
    let explained = zamu(
        &app,
        folder.path(),
        &["rules", "explain", &decision, "--json"],
    );
    let json: Json = serde_json::from_slice(&explained.stdout).unwrap();
    assert_eq!(
        (&json["outcome"], &json["isReproduced"]),
        (&json!("late(22)"), &json!(true))
    );
    let unknown = "dec_0190f1c2000070008000000000000000";
    assert_eq!(
        zamu(&app, folder.path(), &["rules", "explain", unknown])
            .status
            .code(),
        Some(2)
    );
}
