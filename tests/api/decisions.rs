//! Why was I judged like this: kept decisions, taking them again, keeping them as tests, and forgetting their facts.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu::auth::action::Action;
use zamu::db::tx::Audit;
use zamu::kernel::id::{MemberId, SessionId};
use zamu::rules::decisions::{model::About, retention, service};
use zamu::rules::force::InForce;
use zamu_rules::{Book, Content, Mode, Moment, Record, RuleBinding, RuleKind, Value, hook, hooks};
use zamu_schema::tables as t;

use super::support::TestApp;
use super::support::database::raw;
use super::support::people::{Person, TestOrg};

/// The book of an organization with this rule for lateness.
pub(crate) fn book(app: &TestApp, source: Option<&str>, mode: Mode) -> Book {
    let mut content = Content::default();
    if let Some(source) = source {
        let rule = RuleBinding {
            kind: RuleKind::Script,
            text: source.to_owned(),
            mode,
            file: None,
        };
        content.rules.insert(hooks::LATENESS.to_owned(), rule);
    }
    app.app.rules().book(&content)
}

/// The facts of a clock-in of a nurse of a ward, so many minutes late.
pub(crate) fn facts(app: &TestApp, minutes_late: i64, department: &str) -> Record {
    let mut facts = hook(hooks::LATENESS).unwrap().sample();
    facts.insert("minutes_late".into(), minutes_late.into());
    let now = Moment::new(app.now().timestamp_micros(), 180);
    facts.insert("now".into(), now.into());
    let Some(Value::Record(person)) = facts.get_mut("person") else {
        panic!("no person")
    };
    person.insert("department".into(), department.into());
    facts
}

/// Keeps decisions about a member as a clock-in would, a minute apart; answers nothing, the API is asked for them.
pub(crate) async fn keep(
    app: &TestApp,
    org: &TestOrg,
    member: MemberId,
    book: &Book,
    minutes: &[i64],
) {
    let viewer = app.viewer(&org.worker).await;
    let mut tx = app.app.begin(&viewer, Action::ClockIn).await.unwrap();
    for (index, minutes) in minutes.iter().enumerate() {
        let mut rules = InForce::under(0, book.clone());
        rules.ask(hooks::LATENESS, facts(app, *minutes, "Night"));
        let about = About {
            subject: app
                .app
                .ids()
                .id::<zamu::kernel::id::kinds::Session>(app.now())
                .uuid(),
            member: Some(member),
            event_at: app.now() - TimeDelta::minutes(index.try_into().unwrap()),
        };
        service::keep_in(&mut tx, &about, &mut rules).unwrap();
    }
    let subject: SessionId = app.app.ids().id(app.now());
    tx.commit(Audit::of(subject)).await.unwrap();
}

/// The ids of the decisions a person sees, the latest first.
pub(crate) async fn seen(person: &Person, filter: Json) -> Vec<String> {
    let answer = person
        .run(
            "rules/rule_decisions",
            json!({"filter": filter, "first": 100}),
        )
        .await;
    let edges = answer.data("/ruleDecisions/edges").as_array().unwrap();
    edges
        .iter()
        .map(|edge| edge["node"]["id"].as_str().unwrap().to_owned())
        .collect()
}

const LATENESS: &str = "attendance.lateness";

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_learns_line_by_line_why_they_were_late() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let shift = json!({"member": acme.worker.member, "date": "2026-03-02", "starts": "07:38", "ends": "16:00"});
    let planned = acme
        .admin
        .run("schedules/plan_shift", json!({"input": shift}))
        .await;
    assert!(planned.ok(), "{:#}", planned.0);
    let input = json!({"input": {"idempotencyKey": "in"}});
    let opened = acme.worker.run("attendance/clock_in", input).await;
    let filter = json!({"session": opened.text("/clockIn/id"), "hook": LATENESS});
    let mine = seen(&acme.worker, filter).await;
    let answer = acme
        .worker
        .run("rules/rule_decision", json!({"decision": mine[0]}))
        .await;
    let decision = answer.data("/ruleDecision");
    assert_eq!(decision["outcome"], "late(22)");
    assert_eq!(decision["mode"], "ON");
    assert_eq!(decision["member"]["id"], acme.worker.member.to_string());
    let explain = &decision["explain"];
    assert_eq!(explain["outcome"], "late(22)");
    assert_eq!(explain["isReproduced"], true);
    let lines = explain["lines"].as_array().unwrap();
    let first = &lines[0];
    assert_eq!(first["layer"], "default");
    assert!(
        first["text"].as_str().unwrap().contains("grace_minutes"),
        "{first}"
    );
    let read = first["read"].as_array().unwrap();
    assert!(
        read.iter()
            .any(|read| read["path"] == "minutes_late" && read["value"] == "22"),
        "{read:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_seen_by_whom_they_concern_and_those_above() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22, 3]).await;
    keep(&app, &acme, acme.owner.member, &plain, &[7]).await;
    assert_eq!(seen(&acme.owner, json!({})).await.len(), 3);
    assert_eq!(seen(&acme.worker, json!({})).await.len(), 2);
    assert_eq!(seen(&acme.supervisor, json!({})).await.len(), 2);
    let owners = seen(&acme.owner, json!({"member": acme.owner.member})).await;
    assert_eq!(owners.len(), 1);
    for person in [&acme.worker, &acme.supervisor] {
        let answer = person
            .run("rules/rule_decision", json!({"decision": owners[0]}))
            .await;
        assert_eq!(answer.code(), "NOT_FOUND");
    }
    let operator = json!({"filter": {"status": "FINE"}});
    let wrong = acme.owner.run("rules/rule_decisions", operator).await;
    assert_eq!(
        (wrong.code(), wrong.field()),
        ("INVALID_INPUT", "filter.status")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_filtered_and_come_in_pages() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22, 3, 45, 8, 1]).await;
    let owner = &acme.owner;
    let all = seen(owner, json!({"hook": LATENESS})).await;
    assert_eq!(all.len(), 5);
    assert!(
        seen(owner, json!({"hook": "attendance.geofence"}))
            .await
            .is_empty()
    );
    assert!(seen(owner, json!({"status": "ERROR"})).await.is_empty());
    assert!(seen(owner, json!({"mode": "AUDIT"})).await.is_empty());
    assert!(seen(owner, json!({"release": 3})).await.is_empty());
    let to = app.now() - TimeDelta::minutes(2);
    assert_eq!(seen(owner, json!({"to": to})).await, all[3..]);
    assert_eq!(seen(owner, json!({"from": to})).await, all[..3]);
    let mut paged = Vec::new();
    let mut after = Json::Null;
    loop {
        let page = owner
            .run("rules/rule_decisions", json!({"first": 2, "after": after}))
            .await;
        let edges = page
            .data("/ruleDecisions/edges")
            .as_array()
            .unwrap()
            .clone();
        paged.extend(
            edges
                .iter()
                .map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()),
        );
        if page.data("/ruleDecisions/pageInfo/hasNextPage") == false {
            break;
        }
        after = page.data("/ruleDecisions/pageInfo/endCursor").clone();
    }
    assert_eq!(paged, all);
}

const BY_TITLE: &str = "fn lateness(c, settings) { if c.person.title == \"nurse\" { return excused().because(\"nurses\"); } inherit() }";

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_hides_the_values_its_reader_may_not_see() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let rules = book(&app, Some(BY_TITLE), Mode::On);
    keep(&app, &acme, acme.worker.member, &rules, &[22]).await;
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let title = |answer: &super::support::Answer| {
        let lines = answer
            .data("/ruleDecision/explain/lines")
            .as_array()
            .unwrap()
            .clone();
        let read = lines
            .iter()
            .flat_map(|line| line["read"].as_array().unwrap().clone());
        read.into_iter()
            .find(|read| read["path"] == "person.title")
            .unwrap()
    };
    let admin = acme
        .admin
        .run("rules/rule_decision", json!({"decision": decision}))
        .await;
    assert_eq!(title(&admin)["value"], "nurse");
    // What was kept with the decision is redacted for everybody.
    let kept = admin.data("/ruleDecision/read").as_array().unwrap();
    let kept = kept
        .iter()
        .find(|read| read["path"] == "person.title")
        .unwrap();
    assert_eq!(
        (&kept["value"], &kept["class"]),
        (&Json::Null, &json!("PERSONAL"))
    );
    let token = json!({"input": {"name": "Payroll", "scopes": ["VIEW_SESSIONS", "VIEW_MEMBERS"], "expiresInDays": 30}});
    let token = acme.owner.run("identity/create_api_token", token).await;
    let payroll = app.with_token(&token.text("/createApiToken/token"));
    let seen = payroll
        .run("rules/rule_decision", json!({"decision": decision}))
        .await;
    assert_eq!(title(&seen)["value"], Json::Null);
    assert_eq!(title(&seen)["class"], "PERSONAL");
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_go_when_their_time_is_over_and_outcomes_stay() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22]).await;
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let look = async || {
        acme.owner
            .run("rules/rule_decision", json!({"decision": decision}))
            .await
    };
    app.clock.advance(TimeDelta::days(89));
    retention::purge(&app.app).await.unwrap();
    assert_eq!(
        look().await.data("/ruleDecision/explain/isReproduced"),
        true
    );
    app.clock.advance(TimeDelta::days(2));
    retention::purge(&app.app).await.unwrap();
    let gone = look().await;
    assert_eq!(gone.code(), "DECISION_FACTS_GONE");
    let page = acme.owner.run("rules/rule_decisions", json!({})).await;
    assert_eq!(page.data("/ruleDecisions/edges/0/node/outcome"), "late(22)");
    let keep = json!({"input": {"decision": decision, "name": "gone"}});
    let refused = acme.owner.run("rules/keep_decision_as_test", keep).await;
    assert_eq!(refused.code(), "DECISION_FACTS_GONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_says_how_long_facts_are_kept() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let other = app.organization("other").await;
    let days = async || {
        let answer = acme.owner.run("rules/decision_retention", json!({})).await;
        answer.data("/decisionRetention/factsDays").clone()
    };
    assert_eq!(days().await, 90);
    for wrong in [6, 401] {
        let input = json!({"input": {"days": wrong}});
        let refused = acme.owner.run("rules/set_decision_retention", input).await;
        assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "days"));
    }
    let week = json!({"input": {"days": 7}});
    assert_eq!(
        acme.supervisor
            .run("rules/set_decision_retention", week.clone())
            .await
            .code(),
        "FORBIDDEN"
    );
    assert!(
        acme.admin
            .run("rules/set_decision_retention", week)
            .await
            .ok()
    );
    assert_eq!(days().await, 7);
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22]).await;
    keep(&app, &other, other.worker.member, &plain, &[22]).await;
    app.clock.advance(TimeDelta::days(8));
    retention::purge(&app.app).await.unwrap();
    let mut codes = Vec::new();
    for org in [&acme, &other] {
        let decision = seen(&org.owner, json!({})).await.remove(0);
        let answer = org
            .owner
            .run("rules/rule_decision", json!({"decision": decision}))
            .await;
        codes.push(answer.code().to_owned());
    }
    assert_eq!(codes, ["DECISION_FACTS_GONE", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_trial_is_compared_and_decides_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let generous = "fn lateness(c, settings) { if c.minutes_late < 30 { return on_time().because(\"half an hour\"); } inherit() }";
    let tried = book(&app, Some(generous), Mode::Audit);
    keep(&app, &acme, acme.worker.member, &tried, &[22, 3, 45, 8]).await;
    let owner = &acme.owner;
    let found = owner
        .run("rules/rule_divergences", json!({"hook": LATENESS}))
        .await;
    let found = found.data("/ruleDivergences");
    assert_eq!(
        (&found["asked"], &found["differing"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(
        found["matrix"],
        json!([{"was": "late", "would": "on_time", "count": 2}])
    );
    let node = &found["decisions"]["edges"][0]["node"];
    assert_eq!(
        (&node["mode"], &node["diverges"]),
        (&json!("AUDIT"), &json!(true))
    );
    // The trial explains itself by its own rule.
    let decision = node["id"].clone();
    let answer = owner
        .run("rules/rule_decision", json!({"decision": decision}))
        .await;
    assert_eq!(answer.data("/ruleDecision/explain/isReproduced"), true);
    assert_eq!(
        answer.data("/ruleDecision/explain/lines/0/layer"),
        "organization"
    );
    let decided = seen(owner, json!({"mode": "ON"})).await;
    assert_eq!(decided.len(), 4);
    assert_eq!(
        acme.worker
            .run("rules/rule_divergences", json!({"hook": LATENESS}))
            .await
            .code(),
        "FORBIDDEN"
    );
    let wrong = owner
        .run(
            "rules/rule_divergences",
            json!({"hook": "attendance.latness"}),
        )
        .await;
    assert_eq!(wrong.field(), "filter.hook");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_kept_as_a_test_without_its_person() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22]).await;
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let keep = json!({"input": {"decision": decision, "name": "a usual delay"}});
    let kept = acme
        .owner
        .run("rules/keep_decision_as_test", keep.clone())
        .await;
    let case: Json = serde_json::from_str(&kept.text("/keepDecisionAsTest/json")).unwrap();
    assert_eq!(case["expect"]["outcome"], "late");
    assert_eq!(case["facts"]["minutes_late"], 22);
    assert!(!case.to_string().contains("Night"), "{case}");
    let again = acme.owner.run("rules/keep_decision_as_test", keep).await;
    assert_eq!((again.code(), again.field()), ("CASE_NAME_TAKEN", "name"));
    let listed = acme
        .supervisor
        .run("rules/rule_cases", json!({"hook": LATENESS}))
        .await;
    assert_eq!(listed.data("/ruleCases/0/decisionId"), &json!(decision));
    let remove = json!({"input": {"case": listed.text("/ruleCases/0/id")}});
    assert!(
        acme.owner
            .run("rules/remove_rule_case", remove.clone())
            .await
            .ok()
    );
    assert_eq!(
        acme.owner
            .run("rules/remove_rule_case", remove)
            .await
            .code(),
        "NOT_FOUND"
    );
    let listed = acme
        .owner
        .run("rules/rule_cases", json!({"hook": LATENESS}))
        .await;
    assert_eq!(listed.data("/ruleCases"), &json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_hangs_on_a_personal_fact_is_no_test() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let by_ward = "fn lateness(c, settings) { if c.person.department == \"Night\" { return excused(); } inherit() }";
    let rules = book(&app, Some(by_ward), Mode::On);
    keep(&app, &acme, acme.worker.member, &rules, &[22]).await;
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let keep = json!({"input": {"decision": decision, "name": "the night"}});
    let refused = acme.owner.run("rules/keep_decision_as_test", keep).await;
    assert_eq!(refused.code(), "CASE_REFUSED");
    let message = refused.0["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("`person.department`"), "{message}");
}

/// Rows and bytes of the books an organization keeps.
async fn kept_books(app: &TestApp) -> (usize, usize, usize) {
    let mut conn = raw(app.target()).await;
    let books: Vec<Json> = t::rule_snapshots::table
        .select(t::rule_snapshots::body)
        .load(&mut conn)
        .await
        .unwrap();
    let parts: Vec<Json> = t::rule_snapshot_parts::table
        .select(t::rule_snapshot_parts::body)
        .load(&mut conn)
        .await
        .unwrap();
    let bytes = books
        .iter()
        .chain(&parts)
        .map(|body| body.to_string().len());
    (books.len(), parts.len(), bytes.sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_kept_once_and_a_new_one_adds_only_what_differs() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    keep(&app, &acme, acme.worker.member, &plain, &[22, 3, 45]).await;
    let (books, parts, first) = kept_books(&app).await;
    assert_eq!((books, parts), (1, hooks().len()));
    assert!(first < 60_000, "{first} bytes for what ships");
    keep(
        &app,
        &acme,
        acme.worker.member,
        &book(&app, Some(BY_TITLE), Mode::On),
        &[22],
    )
    .await;
    let (books, more, second) = kept_books(&app).await;
    assert_eq!((books, more), (2, parts + 1));
    assert!(
        second - first < 6_000,
        "{} bytes for a new rule",
        second - first
    );
    println!(
        "{first} bytes for what ships, {} for one more release",
        second - first
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_not_believed_kept_because_of_a_change_that_did_not_happen() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plain = book(&app, None, Mode::On);
    let viewer = app.viewer(&acme.worker).await;
    let mut tx = app.app.begin(&viewer, Action::ClockIn).await.unwrap();
    let mut rules = InForce::under(0, plain.clone());
    rules.ask(hooks::LATENESS, facts(&app, 22, "Night"));
    let about = About {
        subject: Uuid::nil(),
        member: Some(acme.worker.member),
        event_at: app.now(),
    };
    service::keep_in(&mut tx, &about, &mut rules).unwrap();
    drop(tx);
    assert_eq!(kept_books(&app).await.0, 0);
    keep(&app, &acme, acme.worker.member, &plain, &[22]).await;
    assert_eq!(kept_books(&app).await.0, 1);
    let decision = seen(&acme.owner, json!({})).await.remove(0);
    let answer = acme
        .owner
        .run("rules/rule_decision", json!({"decision": decision}))
        .await;
    assert_eq!(answer.data("/ruleDecision/explain/isReproduced"), true);
}
