//! A draft, checked as the editor and the server check it: every finding by its code.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use zamu_rules::checking::{Draft, Finding, Report, Severity, check, check_draft, check_source};
use zamu_rules::testing::{Case, Expected};
use zamu_rules::{Content, Record, RuleKind, Rulebook, SettingChange, hooks};

/// A lateness rule with this body; the body begins on line 2.
fn lateness(body: &str) -> Report {
    check_source(
        hooks::LATENESS,
        &format!("fn lateness(clock_in, settings) {{\n{body}\n}}"),
    )
}

fn geofence(body: &str) -> Report {
    check_source(
        hooks::GEOFENCE,
        &format!("fn geofence(attempt, settings) {{\n{body}\n}}"),
    )
}

fn clock_in(body: &str) -> Report {
    check_source(
        hooks::CLOCK_IN,
        &format!("fn clock_in(attempt, settings) {{\n{body}\n}}"),
    )
}

/// The one finding of a report.
fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    &report.findings[0]
}

/// Code, message and line of the one finding.
fn found(report: &Report) -> (&str, &str, Option<u32>) {
    let finding = only(report);
    (&finding.code, &finding.message, finding.line)
}

fn codes(report: &Report) -> Vec<&str> {
    report
        .findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[test]
fn a_fact_that_may_be_empty_is_found_wherever_it_is_used() {
    for (body, line) in [
        (
            "if attempt.place.radius_m > 5 { return no_fence(); }\nfence(100)",
            2,
        ),
        ("fence(attempt.place.radius_m)", 2),
        ("let far = attempt.place.radius_m + 50;\nfence(far)", 2),
        ("let radius = attempt.place.radius_m;\nfence(radius)", 3),
        ("fence(at_least(attempt.place.radius_m, 50))", 2),
        (
            "if attempt.service.kind.len() > 4 { return no_fence(); }\nfence(100)",
            2,
        ),
    ] {
        let report = geofence(body);
        let finding = report
            .findings
            .iter()
            .find(|finding| finding.code == "fact_may_be_empty");
        let finding = finding.unwrap_or_else(|| panic!("{body}: {:?}", report.findings));
        assert_eq!(
            (finding.line, finding.severity),
            (Some(line), Severity::Warning),
            "{body}"
        );
        assert!(finding.message.ends_with("may be empty"), "{body}");
    }
    let report = clock_in("if attempt.open_session.minutes > 5 { return deny(\"x\"); }\nallow()");
    assert_eq!(report.findings[0].message, "`open_session` may be empty");
    let hint = "test it first: `if attempt.open_session != () { … }`";
    assert_eq!(report.findings[0].hint.as_deref(), Some(hint));
}

#[test]
fn a_fact_that_was_tested_is_left_in_peace() {
    for body in [
        "fence(attempt.place.radius_m ?? 100)",
        "if attempt.place.radius_m == () { return no_fence(); }\nfence(attempt.place.radius_m)",
        "if attempt.place.radius_m != () { return fence(attempt.place.radius_m); }\nno_fence()",
        "if attempt.place.radius_m != () && attempt.place.radius_m > 9 { return no_fence(); }\nfence(1)",
        "if attempt.place.radius_m == () || attempt.place.radius_m > 9 { return no_fence(); }\nfence(1)",
        "let own = attempt.place.radius_m;\nif own == () { no_fence() } else { fence(own) }",
        "if !(attempt.place.radius_m == ()) { fence(attempt.place.radius_m) } else { no_fence() }",
        "if attempt.service.kind == \"home_visit\" { return no_fence(); }\nfence(100)",
    ] {
        assert_eq!(geofence(body).findings, [], "{body}");
    }
}

#[test]
fn outcomes_of_another_hook_do_not_exist_here() {
    let report = lateness("deny(\"late\")");
    let expected = (
        "outcome_of_another_hook",
        "`deny` is an answer to attendance.clock_in, not here",
        Some(2),
    );
    assert_eq!(
        (
            report.findings[0].code.as_str(),
            report.findings[0].message.as_str(),
            report.findings[0].line
        ),
        expected
    );
    assert!(!report.is_ok());
}

#[test]
fn brackets_hold_what_the_outcome_takes() {
    for (body, code, message) in [
        (
            "late(\"22\")",
            "wrong_kind",
            "late(…) takes a whole number of minutes, not text",
        ),
        (
            "late(20000)",
            "out_of_range",
            "late(20000) is out of range: minutes goes from 0 to 10080 minutes",
        ),
        (
            "late(-1)",
            "out_of_range",
            "late(-1) is out of range: minutes goes from 0 to 10080 minutes",
        ),
        (
            "late(clock_in.weekday)",
            "wrong_kind",
            "late(…) takes a whole number of minutes, not text",
        ),
        (
            "late(settings)",
            "wrong_kind",
            "late(…) takes a whole number of minutes, not a record",
        ),
        (
            "late(1, 2)",
            "wrong_arguments",
            "`late` is written late(minutes)",
        ),
        (
            "on_time().flag(\"Too Late\")",
            "not_a_code",
            "`Too Late` is not a code",
        ),
        (
            "on_time().flag()",
            "wrong_arguments",
            "`flag` is written .flag(\"code\")",
        ),
        (
            "on_time().ask_for(\"phto\")",
            "not_a_choice",
            "`phto` is not a thing to ask for: photo, note, pin",
        ),
        (
            "on_time().because(5)",
            "wrong_kind",
            "because(…) takes text, not a whole number",
        ),
        (
            "late(at_least(1))",
            "wrong_arguments",
            "`at_least` is written at_least(a, b)",
        ),
    ] {
        let report = lateness(body);
        let first = &report.findings[0];
        assert_eq!(
            (first.code.as_str(), first.message.as_str(), first.line),
            (code, message, Some(2)),
            "{body}"
        );
        assert_eq!(first.severity, Severity::Error);
    }
    let report = geofence("no_fence().needs_accuracy(5)");
    assert_eq!(
        report.findings[0].message,
        "no_fence does not take .needs_accuracy(…)"
    );
    assert_eq!(report.findings[0].code, "wrong_method");
}

#[test]
fn texts_are_held_to_their_choices_settings_too() {
    let report = lateness("if clock_in.weekday == \"munday\" { on_time() } else { excused() }");
    assert_eq!(
        only(&report).hint.as_deref(),
        Some("did you mean \"monday\"?")
    );
    let report = lateness(
        "let day = clock_in.weekday;\nif day == \"sonday\" { on_time() } else { excused() }",
    );
    assert_eq!(found(&report).2, Some(3));
    let report =
        clock_in("if settings.outside_is == \"forbidden\" { return deny(\"x\"); }\nallow()");
    let message = "`outside_is` is never \"forbidden\": flagged, refused, allowed";
    assert_eq!(found(&report), ("not_a_choice", message, Some(2)));
}

#[test]
fn kinds_that_never_compare_are_found_without_running() {
    for (body, message) in [
        (
            "if clock_in.minutes_late > \"5\" { late(1) } else { on_time() }",
            "cannot compare a whole number > text",
        ),
        (
            "if clock_in.weekday == 1 { late(1) } else { on_time() }",
            "cannot compare text == a whole number",
        ),
        (
            "if 1 < clock_in.minutes_late < 5 { late(1) } else { on_time() }",
            "cannot compare yes/no < a whole number",
        ),
        (
            "if clock_in.minutes_late > () { late(1) } else { on_time() }",
            "cannot compare a whole number > nothing",
        ),
    ] {
        let report = lateness(body);
        let finding = &report.findings[0];
        assert_eq!(
            (finding.code.as_str(), finding.message.as_str()),
            ("cannot_compare", message),
            "{body}"
        );
    }
    let report = lateness("if clock_in.minutes_late { late(1) } else { on_time() }");
    assert_eq!(
        report.findings[0].message,
        "a condition is yes or no, not a whole number"
    );
}

#[test]
fn every_branch_must_end_with_an_outcome() {
    let body = "if clock_in.minutes_late < 5 {\n    on_time()\n} else if clock_in.delay_was_approved {\n    let x = 1;\n} else {\n    late(1)\n}";
    let report = lateness(body);
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.code == "no_answer")
        .unwrap();
    assert_eq!(finding.line, Some(5));
    let report = lateness("if clock_in.minutes_late < 5 { on_time() }");
    assert!(codes(&report).contains(&"no_answer"));
    let report = lateness("switch clock_in.weekday {\n    \"sunday\" => excused(),\n}");
    assert!(codes(&report).contains(&"no_answer"));
    let report = lateness("return;");
    assert!(codes(&report).contains(&"no_answer"));
    let report = lateness("clock_in.minutes_late > 5");
    assert_eq!(report.findings[0].code, "not_an_outcome");
    assert_eq!(
        report.findings[0].message,
        "this rule answers with yes/no, not with an outcome"
    );
    let whole = "switch clock_in.weekday {\n    \"sunday\" => excused(),\n    _ => if clock_in.minutes_late > 5 { late(6) } else { on_time() },\n}";
    assert_eq!(lateness(whole).findings, []);
}

#[test]
fn what_is_never_reached_or_thrown_away_is_found() {
    let report = lateness("return on_time();\nlate(5)");
    assert_eq!(
        found(&report),
        ("unreachable", "this is never reached", Some(3))
    );
    let report = lateness("if clock_in.minutes_late > 5 { return late(5); late(6); }\non_time()");
    assert!(codes(&report).contains(&"unreachable"));
    let report = lateness("if clock_in.minutes_late <= 5 {\n    on_time()\n}\nlate(9)");
    let message = "this answer is thrown away: the rule goes on below it";
    assert_eq!(found(&report), ("answer_thrown_away", message, Some(3)));
    let kept = "let answer = on_time();\nanswer.flag(\"seen\");\nanswer";
    assert_eq!(lateness(kept).findings, []);
}

#[test]
fn the_shipped_rules_have_no_findings() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../default");
    let report = check(&folder);
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    for finding in &report.findings {
        eprintln!(
            "{:?}:{:?} {} {}",
            finding.file, finding.line, finding.code, finding.message
        );
    }
    assert!(!report.tests.is_empty());
    assert!(report.cost.unwrap().percent < 5);
}

#[test]
fn edges_are_run_at_each_limit_and_where_facts_are_empty() {
    let report = lateness(
        "if clock_in.minutes_late <= settings.grace_minutes + 2 { return on_time(); }\nlate(clock_in.minutes_late)",
    );
    let tried: Vec<(i64, &str)> = report
        .edges
        .iter()
        .map(|edge| {
            (
                edge.changed["minutes_late"].as_whole().unwrap(),
                edge.outcome.as_str(),
            )
        })
        .collect();
    assert_eq!(tried, [(6, "on_time()"), (7, "on_time()"), (8, "late(8)")]);
    let report = geofence(
        "if attempt.place.radius_m == 50 { return no_fence(); }\nfence(attempt.place.radius_m ?? 0)",
    );
    let empty = report
        .edges
        .iter()
        .any(|edge| edge.changed["place.radius_m"] == zamu_rules::Value::Nothing);
    assert!(empty, "{:?}", report.edges);
    let report = clock_in(
        "if attempt.shift != () && attempt.shift.planned_minutes > 600 { return deny(\"long\"); }\nallow()",
    );
    assert!(
        report.edges.iter().any(|edge| edge.outcome == "deny(long)"),
        "{:?}",
        report.edges
    );
}

#[test]
fn a_rule_that_fails_at_an_edge_says_where() {
    let report =
        lateness("if clock_in.minutes_late > 0 { return on_time(); }\nlate(clock_in.minutes_late)");
    let message = "fails when `minutes_late` is -1: late(-1) is out of range: minutes goes from 0 to 10080 minutes";
    assert_eq!(found(&report), ("fails_at_edge", message, Some(3)));
    assert!(report.is_ok());
    let report = lateness("late(0 - 1)");
    assert_eq!(found(&report).0, "fails");
    assert!(!report.is_ok());
}

/// A draft over an organization that has set something.
fn drafted(text: &str, tests: Option<&str>, cases: &[Case]) -> Report {
    let content = Content {
        settings: vec![SettingChange {
            hook: hooks::LATENESS.to_owned(),
            name: "grace_minutes".to_owned(),
            value: 20.into(),
            scope: None,
            from: None,
            until: None,
            file: None,
        }],
        ..Content::default()
    };
    let draft = Draft {
        hook: hooks::LATENESS,
        kind: RuleKind::Script,
        text,
        tests,
        cases,
        content: &content,
    };
    check_draft(&Rulebook::embedded(), &draft)
}

const RULE: &str = "fn lateness(clock_in, settings) {\n    if clock_in.minutes_late <= settings.grace_minutes { return on_time(); }\n    late(clock_in.minutes_late)\n}";

fn case(minutes: i64, outcome: &str) -> Case {
    Case {
        name: format!("{minutes} minutes"),
        facts: Record::from([("minutes_late".to_owned(), minutes.into())]),
        settings: Record::new(),
        expect: Expected {
            outcome: outcome.to_owned(),
            ..Expected::default()
        },
    }
}

#[test]
fn tests_and_kept_cases_run_against_the_draft_and_the_settings_of_its_organization() {
    let tests = "fn test_grace() { expect(run(clock_in(#{ minutes_late: 20 }), settings(#{}))).to_be(\"on_time\"); }";
    let report = drafted(RULE, Some(tests), &[case(20, "on_time")]);
    assert_eq!(report.findings, []);
    assert_eq!(report.tests.len(), 2);
    assert!(report.tests.iter().all(|test| test.passed));
    assert_eq!(report.edges[0].changed["minutes_late"], 19.into());
    let cost = report.cost.unwrap();
    assert_eq!((cost.allowed, cost.percent), (20_000, 0));
    assert!(cost.operations > 5);

    let report = drafted(
        RULE,
        Some(&tests.replace("on_time", "late")),
        &[case(20, "late")],
    );
    assert_eq!(codes(&report), ["test_failed", "case_changed"]);
    let message = "test_grace: expected late but the rule said on_time()";
    assert_eq!(report.findings[0].message, message);
    assert_eq!(report.findings[0].line, Some(1));
    assert!(!report.is_ok());
}

#[test]
fn a_costly_rule_is_warned_of_and_a_dear_one_refused() {
    let costly = |times: u32| {
        lateness(&format!(
            "let n = 0;\nfor i in 0..{times} {{ n += i; }}\non_time()"
        ))
    };
    let report = costly(10);
    assert_eq!(report.findings, []);
    for (severity, percent) in [(Severity::Warning, 51..=80), (Severity::Error, 81..=100)] {
        let report = (1_u32..40).map(|step| costly(step * 250)).find(|report| {
            report
                .findings
                .iter()
                .any(|finding| finding.code == "cost" && finding.severity == severity)
        });
        assert!(percent.contains(&report.unwrap().cost.unwrap().percent));
    }
}

#[test]
fn unfit_texts_are_refused_each_with_its_code() {
    let body = "fn lateness(c, s) { on_time() }";
    for (source, code, message) in [
        (
            format!("\u{feff}{body}"),
            "unreadable_letter",
            "an invisible byte-order mark is in the rule",
        ),
        (
            body.replace("{ ", "{\u{a0}"),
            "unreadable_letter",
            "a non-breaking space is in the rule",
        ),
        (
            format!("{body} // \u{202e}"),
            "unreadable_letter",
            "an invisible mark that turns the order of letters round is in the rule",
        ),
        (
            body.replace("on_time", "on\u{200b}_time"),
            "unreadable_letter",
            "an invisible letter is in the rule",
        ),
        (
            format!("{body} //{}", "x".repeat(40_000)),
            "too_long",
            "a rule is at most 32768 bytes long",
        ),
        (
            "fn lateness(c, s) {".to_owned(),
            "syntax",
            "the file ends too early",
        ),
        (
            "let x = 1;".to_owned(),
            "structure",
            "only functions may stand at the top of a rule",
        ),
        (
            "fn lateness(c) { on_time() }".to_owned(),
            "structure",
            "it takes two things: facts and settings",
        ),
    ] {
        let report = check_source(hooks::LATENESS, &source);
        let finding = only(&report);
        assert_eq!(
            (finding.code.as_str(), finding.message.as_str()),
            (code, message)
        );
        assert!(finding.hint.is_some() || code == "too_long", "{code}");
    }
    let report = check_source("attendance.latenes", body);
    assert_eq!(found(&report).0, "unknown_hook");
    assert_eq!(
        only(&report).hint.as_deref(),
        Some("did you mean `attendance.lateness`?")
    );
}

#[test]
fn two_ways_to_write_a_letter_are_one() {
    let rule = |text: &str| {
        format!(
            "fn lateness(c, s) {{\r\n    if c.shift.kind == \"{text}\" {{ excused() }} else {{ on_time() }}\r\n}}"
        )
    };
    let facts = |kind: &str| {
        let shift =
            zamu_rules::Value::from([("planned_minutes", 480.into()), ("kind", kind.into())]);
        crate::with(hooks::LATENESS, &[("shift", shift)])
    };
    let book = crate::acme(&rule("Fru\u{308}h"));
    let decision = book.decide("acme", hooks::LATENESS, facts("Fr\u{fc}h"));
    assert_eq!(decision.outcome.name, "excused");
}

#[test]
fn the_report_is_stable_json() {
    let report = lateness("if clock_in.minutes_late > 5 { return late(6); }\non_time()");
    let json = serde_json::to_value(&report).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["cost", "edges", "files", "findings", "tests"]);
    assert_eq!(json["edges"][0]["changed"]["minutes_late"], 4);
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    let again = lateness("if clock_in.minutes_late > 5 { return late(6); }\non_time()");
    assert_eq!(
        serde_json::to_string(&again).unwrap(),
        serde_json::to_string(&report).unwrap()
    );
}

/// A hundred lines, a third of them comparisons.
fn long_rule() -> String {
    let mut source = "fn lateness(clock_in, settings) {\n".to_owned();
    for line in 0..33 {
        write!(
            source,

            "    if clock_in.minutes_late == settings.grace_minutes + {line} && clock_in.weekday != \"sunday\" {{\n        return late({line}).because(`it is ${{clock_in.minutes_late}}`).flag(\"line_{line}\");\n    }}\n"
        )
        .unwrap();
    }
    source.push_str("    on_time()\n}\n");
    source
}

#[test]
fn checking_a_hundred_lines_is_quick() {
    let source = long_rule();
    assert!(source.lines().count() >= 100);
    let mut times: Vec<Duration> = (0..60)
        .map(|_| {
            let started = Instant::now();
            let report = check_source(hooks::LATENESS, &source);
            assert_eq!(report.findings, []);
            started.elapsed()
        })
        .collect();
    times.sort();
    eprintln!(
        "check of {} lines: median {:?}, p99 {:?}",
        source.lines().count(),
        times[30],
        times[59]
    );
}
