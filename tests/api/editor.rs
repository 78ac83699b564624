//! What an editor of rules asks: every hook with everything about it, and checks of what somebody types.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zamu_rules::Rulebook;

use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

const LATENESS: &str = "attendance.lateness";

/// A rule without a flaw.
const GOOD: &str = r#"
fn lateness(clock_in, settings) {
    if clock_in.minutes_late <= settings.grace_minutes {
        return on_time();
    }
    late(clock_in.minutes_late).because("the bell has rung")
}
"#;

async fn check(by: &Person, input: Value) -> Answer {
    by.run("rules/check_rule", json!({"input": input})).await
}

async fn check_lateness(by: &Person, source: &str) -> Answer {
    check(by, json!({"hook": LATENESS, "source": source})).await
}

/// The finding of this code.
#[track_caller]
fn finding<'a>(answer: &'a Answer, code: &str) -> &'a Value {
    let findings = answer.data("/checkRule/findings").as_array().unwrap();
    let found = findings.iter().find(|finding| finding["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {findings:#?}"))
}

/// Every text below a value that should say something and does not.
fn silent(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let must_speak = [
                    "about", "usage", "name", "path", "label", "approval", "function", "subject",
                ];
                if must_speak.contains(&name.as_str()) && inner.as_str().is_none_or(str::is_empty) {
                    found.push(format!("{path}.{name}"));
                }
                silent(inner, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                silent(item, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hook_says_everything_about_itself() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let shipped = Rulebook::embedded();
    let listed = acme.admin.run("rules/rule_hooks", json!({})).await;
    let listed = listed.data("/ruleHooks").as_array().unwrap();
    assert_eq!(listed.len(), zamu_rules::hooks().len());
    let mut wrong = Vec::new();
    for (hook, listed) in zamu_rules::hooks().iter().zip(listed) {
        assert_eq!(listed["name"], hook.name);
        let answer = acme
            .admin
            .run("rules/rule_hook", json!({"name": hook.name}))
            .await;
        let told = answer.data("/ruleHook");
        silent(told, hook.name, &mut wrong);
        for list in ["facts", "factTree", "outcomes", "decorations", "functions"] {
            if told[list].as_array().unwrap().is_empty() {
                wrong.push(format!("{} has no {list}", hook.name));
            }
        }
        let source = shipped.source("", hook.name).map(|source| source.text);
        assert_eq!(told["defaultSource"].as_str(), source.as_deref());
        assert_eq!(told["sample"], json!(hook.sample()));
        assert_eq!(
            told["settings"].as_array().unwrap().len(),
            shipped.settings_of(hook.name).len()
        );
        assert_eq!(told["budget"]["operations"], hook.budget.operations);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_tells_what_a_form_and_an_editor_need() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let lateness = acme
        .admin
        .run("rules/rule_hook", json!({"name": LATENESS}))
        .await;
    let told = lateness.data("/ruleHook");
    assert_eq!(told["riskClass"], "B");
    assert_eq!(told["approval"], "a second owner or admin");
    let fact = |path: &str| {
        let facts = told["facts"].as_array().unwrap();
        facts
            .iter()
            .find(|fact| fact["path"] == path)
            .unwrap()
            .clone()
    };
    assert_eq!(fact("minutes_late")["unit"], "minutes");
    assert_eq!(fact("weekday")["kind"], "CHOICE");
    assert_eq!(fact("weekday")["choices"][0], "monday");
    assert_eq!(fact("person.title")["class"], "PERSONAL");
    assert_eq!(fact("person.title")["presence"], "MAY_BE_EMPTY");
    let late = &told["outcomes"][1];
    assert_eq!(late["usage"], "late(minutes)");
    assert_eq!(late["arguments"][0]["max"], 10_080);
    let grace = &told["settings"][0];
    assert_eq!(grace["name"], "grace_minutes");
    assert_eq!(grace["widget"], "NUMBER");
    assert_eq!(grace["unit"], "minutes");
    assert_eq!(grace["default"], 5);
    assert_eq!(grace["max"], 60);
    assert_eq!(
        told["settings"][1]["check"],
        "very_late_after_minutes > grace_minutes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_are_found_by_risk_area_and_name() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let named = |answer: &Answer| {
        let hooks = answer.data("/ruleHooks").as_array().unwrap();
        hooks
            .iter()
            .map(|hook| hook["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let attendance = acme
        .supervisor
        .run("rules/rule_hooks", json!({"area": "attendance"}))
        .await;
    assert!(
        named(&attendance)
            .iter()
            .all(|name| name.starts_with("attendance."))
    );
    assert!(named(&attendance).contains(&LATENESS.to_owned()));
    let cosmetic = acme
        .admin
        .run("rules/rule_hooks", json!({"riskClass": "A"}))
        .await;
    assert!(!named(&cosmetic).contains(&LATENESS.to_owned()));
    let unknown = acme
        .admin
        .run("rules/rule_hook", json!({"name": "attendance.mood"}))
        .await;
    assert_eq!(unknown.code(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_rule_passes_with_its_tests_its_cost_and_its_edges() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let tests = r#"
fn test_inside_the_grace() {
    expect(run(clock_in(#{ minutes_late: 5 }), settings(#{}))).to_be("on_time");
}
"#;
    let cases = json!([{
        "name": "twelve minutes",
        "facts": {"minutes_late": 12},
        "settings": {},
        "expect": {"outcome": "late", "values": {"minutes": 12}},
    }]);
    let input = json!({"hook": LATENESS, "source": GOOD, "tests": tests, "cases": cases});
    let checked = check(&acme.admin, input).await;
    assert_eq!(checked.data("/checkRule/ok"), true);
    assert_eq!(checked.data("/checkRule/findings"), &json!([]));
    let ran = checked.data("/checkRule/tests");
    assert_eq!(ran[0]["name"], "test_inside_the_grace");
    assert_eq!(ran[0]["part"], "TESTS");
    assert_eq!(ran[1]["part"], "CASES");
    assert!(
        ran.as_array()
            .unwrap()
            .iter()
            .all(|test| test["passed"] == true),
        "{ran:#}"
    );
    assert!(checked.data("/checkRule/cost/operations").as_u64().unwrap() > 0);
    let edge = |minutes: &str| {
        let edges = checked.data("/checkRule/edges").as_array().unwrap();
        let at = json!([{"path": "minutes_late", "value": minutes}]);
        edges.iter().find(|edge| edge["changed"] == at).unwrap()["outcome"].clone()
    };
    assert_eq!(edge("5"), "on_time()");
    assert_eq!(edge("6"), "late(6)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_named_with_its_place_and_its_cure() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let source = "fn lateness(clock_in, settings) {\n    if clock_in.minuts_late > 5 { return late(5); }\n    on_time()\n}";
    let checked = check_lateness(&acme.admin, source).await;
    assert_eq!(checked.data("/checkRule/ok"), false);
    let unknown = finding(&checked, "unknown_fact");
    assert_eq!(unknown["severity"], "ERROR");
    assert_eq!(unknown["line"], 2);
    assert!(unknown["column"].is_number());
    let said = format!("{}{}", unknown["message"], unknown["hint"]);
    assert!(said.contains("minutes_late"), "{said}");
    let checked = check_lateness(&acme.admin, "fn lateness(clock_in, settings) { on_time( }").await;
    assert_eq!(finding(&checked, "syntax")["line"], 1);
    assert_eq!(checked.data("/checkRule/cost"), &Value::Null);
    let checked = check(
        &acme.admin,
        json!({"hook": "attendance.mood", "source": GOOD}),
    )
    .await;
    assert_eq!((checked.code(), checked.field()), ("NOT_FOUND", "hook"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_and_cases_that_no_longer_hold_are_findings() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let tests = "fn test_wrong() { expect(run(clock_in(#{ minutes_late: 9 }), settings(#{}))).to_be(\"on_time\"); }";
    let cases = json!([{"name": "an old answer", "facts": {"minutes_late": 9}, "expect": {"outcome": "excused"}}]);
    let input = json!({"hook": LATENESS, "source": GOOD, "tests": tests, "cases": cases});
    let checked = check(&acme.admin, input).await;
    assert_eq!(checked.data("/checkRule/ok"), false);
    assert_eq!(finding(&checked, "test_failed")["part"], "TESTS");
    assert_eq!(finding(&checked, "case_changed")["part"], "CASES");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_by_field() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let refused = |more: Value| {
        let mut input = json!({"hook": LATENESS, "source": GOOD});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let admin = &acme.admin;
        async move {
            let answer = check(admin, input).await;
            (answer.code().to_owned(), answer.field().to_owned())
        }
    };
    let invalid = |field: &str| ("INVALID_INPUT".to_owned(), field.to_owned());
    assert_eq!(
        refused(json!({"cases": {"name": "no list"}})).await,
        invalid("cases")
    );
    let many = vec![json!({"name": "x", "facts": {}, "expect": {"outcome": "late"}}); 201];
    assert_eq!(refused(json!({"cases": many})).await, invalid("cases"));
    assert_eq!(
        refused(json!({"tests": "/".repeat(70_000)})).await,
        invalid("tests")
    );
    let fraction = json!({"settings": [{"name": "grace_minutes", "value": 1.5}]});
    assert_eq!(refused(fraction).await, invalid("settings"));
    let unknown = json!({"settings": [{"name": "grace_minuts", "value": 1}]});
    assert_eq!(refused(unknown).await, invalid("settings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_checked_with_the_settings_somebody_tries() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let tests = "fn test_twenty() { expect(run(clock_in(#{ minutes_late: 20 }), settings(#{}))).to_be(\"on_time\"); }";
    let input = json!({"hook": LATENESS, "source": GOOD, "tests": tests});
    let checked = check(&acme.admin, input.clone()).await;
    assert_eq!(checked.data("/checkRule/ok"), false);
    let mut tried = input;
    tried["settings"] = json!([{"name": "grace_minutes", "value": 20}]);
    let checked = check(&acme.admin, tried).await;
    assert_eq!(checked.data("/checkRule/ok"), true, "{:#}", checked.0);
}

/// Sources that would like to run for ever, fill the memory, or hurt the parser.
fn hostile() -> Vec<(&'static str, String)> {
    let body = |body: &str| format!("fn lateness(clock_in, settings) {{ {body} on_time() }}");
    vec![
        ("a long loop", body("for i in 0..100000000 { }")),
        (
            "loops in loops",
            body("for i in 0..1000000 { for j in 0..1000000 { } }"),
        ),
        (
            "a text that doubles",
            body("let t = \"xxxxxxxx\"; for i in 0..1000000 { t += t; }"),
        ),
        (
            "a list that doubles",
            body("let l = [1, 2]; for i in 0..1000000 { l += l; }"),
        ),
        (
            "recursion",
            "fn lateness(clock_in, settings) { lateness(clock_in, settings) }".to_owned(),
        ),
        (
            "brackets in brackets",
            body(&format!(
                "let x = {}1{};",
                "(".repeat(5_000),
                ")".repeat(5_000)
            )),
        ),
        ("a loop without an end", body("loop { }")),
        ("another file", body("import \"secrets\" as s;")),
        ("text as code", body("eval(\"1\");")),
        ("a book", format!("// {}\n{GOOD}", "x".repeat(40_000))),
        ("loops at every edge", {
            let limits: Vec<String> = (0..60)
                .map(|at| {
                    format!("if clock_in.minutes_late > {at} {{ for i in 0..1000000 {{ }} }}")
                })
                .collect();
            body(&limits.join("\n"))
        }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_source_comes_back_with_findings_in_time() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for (what, source) in hostile() {
        let begun = Instant::now();
        let checked = check_lateness(&acme.admin, &source).await;
        let took = begun.elapsed();
        assert_eq!(
            checked.data("/checkRule/ok"),
            false,
            "{what}: {:#}",
            checked.0
        );
        let findings = checked.data("/checkRule/findings").as_array().unwrap();
        assert!(
            findings
                .iter()
                .all(|one| !one["message"].as_str().unwrap().is_empty()),
            "{what}"
        );
        // Milliseconds in a release; this leaves room for a busy machine and none for a runaway.
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
    }
    let tests: Vec<String> = (0..500)
        .map(|at| format!("fn test_{at}() {{ for i in 0..100000000 {{ }} }}"))
        .collect();
    let input = json!({"hook": LATENESS, "source": GOOD, "tests": tests.join("\n")});
    let begun = Instant::now();
    let checked = check(&acme.admin, input).await;
    assert_eq!(checked.data("/checkRule/ok"), false);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

async fn clock_in(org: &TestOrg, key: &str) -> Duration {
    let begun = Instant::now();
    let input = json!({"input": {"idempotencyKey": key}});
    let opened = org.worker.run("attendance/clock_in", input).await;
    let took = begun.elapsed();
    assert!(opened.ok(), "{:#}", opened.0);
    let input = json!({"input": {"idempotencyKey": format!("{key} out")}});
    let closed = org.worker.run("attendance/clock_out", input).await;
    assert!(closed.ok(), "{:#}", closed.0);
    took
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_checks_is_bounded_and_stops_nobody_elses_clock_in() {
    let app = TestApp::start().await;
    let (busy, other) = (
        app.organization("busy").await,
        app.organization("other").await,
    );
    let source = "fn lateness(clock_in, settings) { for i in 0..100000000 { } on_time() }";
    let flood =
        futures_util::future::join_all((0..60).map(|_| check_lateness(&busy.admin, source)));
    let taps = async {
        let mut slowest = Duration::ZERO;
        for round in 0..10 {
            slowest = slowest.max(clock_in(&other, &format!("{round}")).await);
        }
        slowest
    };
    let (answers, slowest) = tokio::join!(flood, taps);
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    let checked = answers.iter().filter(|answer| answer.ok()).count();
    let sent_away = answers
        .iter()
        .filter(|answer| answer.code() == "TRY_AGAIN")
        .count();
    assert_eq!(checked + sent_away, 60);
    assert!(checked >= 16, "{checked} were checked");
    assert!(sent_away > 0, "sixty at once are too many");
    // The line is empty again.
    assert!(check_lateness(&busy.admin, GOOD).await.ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn checking_keeps_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let release = |answer: Answer| answer.text("/ruleStatus/release");
    let before = release(acme.admin.run("rules/rule_status", json!({})).await);
    app.drain().await;
    let entries = acme.owner.run("audit/audit_entries", json!({})).await;
    assert!(
        check_lateness(&acme.admin, "fn lateness(clock_in, settings) { excused() }")
            .await
            .ok()
    );
    app.drain().await;
    assert_eq!(
        release(acme.admin.run("rules/rule_status", json!({})).await),
        before
    );
    assert_eq!(
        acme.owner.run("audit/audit_entries", json!({})).await.0,
        entries.0
    );
    clock_in(&acme, "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_edits_rules_checks_them() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for path in ["rules/rule_hooks", "rules/rule_hook"] {
        let variables = json!({"name": LATENESS});
        assert_eq!(
            acme.worker.run(path, variables.clone()).await.code(),
            "FORBIDDEN",
            "{path}"
        );
        assert!(acme.supervisor.run(path, variables).await.ok(), "{path}");
    }
    assert_eq!(check_lateness(&acme.worker, GOOD).await.code(), "FORBIDDEN");
    assert_eq!(
        check_lateness(&acme.supervisor, GOOD).await.code(),
        "FORBIDDEN"
    );
    assert!(check_lateness(&acme.owner, GOOD).await.ok());
}

/// What is offered where a `|` stands in a rule.
async fn offered(by: &Person, source: &str) -> Vec<(String, String)> {
    let before = source.split('|').next().unwrap();
    let line = before.lines().count();
    let column = before.lines().last().unwrap().chars().count() + 1;
    let source = source.replacen('|', "", 1);
    let variables = json!({"hook": LATENESS, "source": source, "line": line, "column": column});
    let answer = by.run("rules/complete_rule", variables).await;
    let found = answer.data("/completeRule").as_array().unwrap();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    found
        .iter()
        .map(|one| (text(one, "label"), text(one, "kind")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_settings_and_answers_are_offered_where_they_may_stand() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let by = &acme.supervisor;
    let has = |found: &[(String, String)], label: &str, kind: &str| {
        let wanted = (label.to_owned(), kind.to_owned());
        assert!(found.contains(&wanted), "no {label} in {found:?}");
    };
    let facts = offered(
        by,
        "fn lateness(clock_in, settings) {\n    if clock_in.|\n}",
    )
    .await;
    has(&facts, "minutes_late", "FACT");
    assert!(facts.iter().all(|(label, _)| label != "grace_minutes"));
    let inner = offered(
        by,
        "fn lateness(clock_in, settings) {\n    if clock_in.shift.k|\n}",
    )
    .await;
    assert_eq!(inner, [("kind".to_owned(), "FACT".to_owned())]);
    let settings = offered(
        by,
        "fn lateness(clock_in, settings) {\n    if settings.g|\n}",
    )
    .await;
    assert_eq!(
        settings,
        [("grace_minutes".to_owned(), "SETTING".to_owned())]
    );
    let answers = offered(by, "fn lateness(clock_in, settings) {\n    |\n}").await;
    has(&answers, "late", "OUTCOME");
    has(&answers, "clock_in", "VARIABLE");
    let after = offered(by, "fn lateness(clock_in, settings) {\n    on_time().b|\n}").await;
    assert_eq!(after, [("because".to_owned(), "METHOD".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_knows_who_asks_and_how_much() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let complete = |hook: &str, source: String| json!({"hook": hook, "source": source, "line": 1, "column": 1});
    let asked = complete(LATENESS, String::new());
    assert_eq!(
        acme.worker.run("rules/complete_rule", asked).await.code(),
        "FORBIDDEN"
    );
    let unknown = complete("attendance.mood", String::new());
    assert_eq!(
        acme.admin.run("rules/complete_rule", unknown).await.code(),
        "NOT_FOUND"
    );
    let book = acme
        .admin
        .run(
            "rules/complete_rule",
            complete(LATENESS, "/".repeat(40_000)),
        )
        .await;
    assert_eq!((book.code(), book.field()), ("INVALID_INPUT", "source"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_checked_by_its_rows() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let table = "hit = \"first\"\ncolumns = [\"minutes_late\"]\n[[row]]\nwhen = [\"<= 5\"]\nthen = \"on_time\"\n";
    let input = |source: String| json!({"hook": LATENESS, "language": "TABLE", "source": source});
    let gap = check(&acme.admin, input(table.to_owned())).await;
    assert_eq!(gap.data("/checkRule/ok"), false);
    let said = gap.data("/checkRule/findings/0/message").as_str().unwrap();
    assert!(said.contains("no row answers"), "{said}");
    let never = format!(
        "{table}[[row]]\nwhen = [\"<= 3\"]\nthen = \"excused\"\n[default]\nthen = \"inherit\"\n"
    );
    let never = check(&acme.admin, input(never)).await;
    assert_eq!(never.data("/checkRule/ok"), true, "{:#}", never.0);
    let row = finding(&never, "table_cover");
    assert_eq!(row["severity"], "WARNING");
    assert!(
        row["message"]
            .as_str()
            .unwrap()
            .contains("row 2 is never reached"),
        "{row}"
    );
}

/// A shift that began at 07:38 and a clock-in at eight: twenty-two minutes late.
async fn come_late(app: &TestApp, org: &TestOrg, key: &str) {
    let day = app.now().date_naive();
    let shift =
        json!({"member": org.worker.member, "date": day, "starts": "07:38", "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": shift}))
        .await;
    assert!(planned.ok(), "{:#}", planned.0);
    clock_in(org, key).await;
    app.clock.advance(chrono::TimeDelta::days(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_who_would_have_been_judged_differently() {
    let app = TestApp::start().await;
    let (acme, other) = (
        app.organization("acme").await,
        app.organization("other").await,
    );
    for key in ["a", "b"] {
        come_late(&app, &acme, key).await;
    }
    let generous = "fn lateness(clock_in, settings) { if clock_in.minutes_late < 30 { return on_time().because(\"half an hour is fine\"); } inherit() }";
    let draft =
        |source: &str, count: i32| json!({"hook": LATENESS, "source": source, "dryRun": count});
    let checked = check(&acme.admin, draft(generous, 500)).await;
    let run = checked.data("/checkRule/dryRun");
    assert_eq!(run["decisions"], 2, "{run:#}");
    assert_eq!((&run["changed"], &run["people"]), (&2.into(), &1.into()));
    assert_eq!(
        run["matrix"],
        json!([{"was": "late", "would": "on_time", "count": 2}])
    );
    let sample = &run["samples"][0];
    assert_eq!(
        (&sample["was"], &sample["would"]),
        (&"late(22)".into(), &"on_time()".into())
    );
    assert_eq!(sample["wouldBecause"], json!(["half an hour is fine"]));
    assert_eq!(run["isCut"], false);
    // Nobody else's past, no more than was asked for, and nothing for a draft that cannot run.
    let strange = check(&other.admin, draft(generous, 500)).await;
    assert_eq!(strange.data("/checkRule/dryRun/decisions"), 0);
    let one = check(&acme.admin, draft(generous, 1)).await;
    assert_eq!(one.data("/checkRule/dryRun/decisions"), 1);
    let broken = check(&acme.admin, draft("fn lateness(", 500)).await;
    assert_eq!(broken.data("/checkRule/dryRun"), &Value::Null);
    let same = check(&acme.admin, draft("fn lateness(c, s) { inherit() }", 500)).await;
    assert_eq!(same.data("/checkRule/dryRun/changed"), 0);
    let many = check(&acme.admin, draft(generous, 501)).await;
    assert_eq!((many.code(), many.field()), ("INVALID_INPUT", "dryRun"));
}
