//! The reference is made from the engine, says the same every time, and its examples run.

use std::collections::BTreeSet;

use zamu_rules::checking::{Draft, Severity, check_draft};
use zamu_rules::completion::{CompletionKind, complete};
use zamu_rules::{Content, RuleKind, Rulebook, docs, hooks};

#[test]
fn every_example_checks_and_its_test_passes() {
    let book = Rulebook::embedded();
    for hook in hooks() {
        let example = docs::example(hook.name).unwrap();
        let draft = Draft {
            hook: hook.name,
            kind: RuleKind::Script,
            text: &example.rule,
            tests: Some(&example.test),
            cases: &[],
            content: &Content::default(),
        };
        let report = check_draft(&book, &draft);
        let errors = report
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        assert_eq!(
            errors.count(),
            0,
            "{}\n{}\n{:#?}",
            example.rule,
            example.test,
            report.findings
        );
        assert_eq!(report.tests.len(), 1, "{}", example.test);
        assert!(report.tests[0].passed, "{:?}", report.tests);
        let page = docs::pages()
            .remove(&format!("{}.md", hook.path()))
            .unwrap();
        assert!(page.contains(&example.rule) && page.contains(&example.test));
    }
}

#[test]
fn the_reference_names_every_fact_outcome_and_setting() {
    let pages = docs::pages();
    assert_eq!(pages, docs::pages());
    assert_eq!(pages.len(), hooks().len() * 3 + 1);
    let book = Rulebook::embedded();
    for hook in hooks() {
        let page = &pages[&format!("{}.md", hook.path())];
        let declared = &pages[&format!("{}.d.rhai", hook.path())];
        assert!(pages["index.md"].contains(hook.name));
        for field in hook.facts {
            assert!(page.contains(&format!("`{}.{}`", hook.subject, field.name)));
            assert!(declared.contains(&format!(
                "get {}({subject}: {subject})",
                field.name,
                subject = hook.subject
            )));
        }
        for outcome in hook.outcomes {
            assert!(page.contains(&format!("`{}`", outcome.usage())));
            assert!(declared.contains(&format!("fn {}(", outcome.name)));
        }
        let schema = &pages[&format!("{}.settings.schema.json", hook.path())];
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let known: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let settings: BTreeSet<&String> = book
            .settings_of(hook.name)
            .iter()
            .map(|setting| &setting.name)
            .collect();
        assert_eq!(known, settings);
    }
}

#[test]
fn the_settings_schema_holds_the_bounds_of_a_setting() {
    let pages = docs::pages();
    let schema: serde_json::Value =
        serde_json::from_str(&pages["attendance/lateness.settings.schema.json"]).unwrap();
    let grace = &schema["properties"]["grace_minutes"];
    assert_eq!(
        (
            grace["type"].as_str(),
            grace["minimum"].as_i64(),
            grace["maximum"].as_i64(),
            grace["default"].as_i64()
        ),
        (Some("integer"), Some(0), Some(60), Some(5))
    );
}

#[test]
fn the_reference_is_written_to_a_folder() {
    let folder = tempfile::TempDir::new().unwrap();
    assert_eq!(docs::write(folder.path()).unwrap(), docs::pages().len());
    let page = std::fs::read_to_string(folder.path().join("attendance/lateness.md")).unwrap();
    assert!(page.starts_with("# attendance.lateness\n"));
}

/// Labels of the completions where a `|` stands in a clock-in rule.
fn at(body: &str) -> Vec<String> {
    at_hook(
        hooks::CLOCK_IN,
        &format!("fn clock_in(attempt, settings) {{\n{body}\n}}"),
    )
}

fn at_hook(hook: &str, source: &str) -> Vec<String> {
    let before = source.split('|').next().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let source = source.replacen('|', "", 1);
    let (line, column) = (u32::try_from(line).unwrap(), u32::try_from(column).unwrap());
    complete(hook, &source, line, column)
        .into_iter()
        .map(|one| one.label)
        .collect()
}

#[test]
fn facts_are_offered_step_by_step() {
    assert_eq!(at("attempt.pla|"), ["place"]);
    assert_eq!(at("if attempt.place.|"), ["name", "radius_m", "kind"]);
    assert_eq!(at("if attempt.place.k| == 1 { }"), ["kind"]);
    assert!(at("attempt.person.|").contains(&"has_tag".to_owned()));
    assert!(at("if attempt.now.|").contains(&"hour".to_owned()));
    assert_eq!(at("attempt.place.name.starts|"), ["starts_with"]);
    assert!(at("attempt.person.tags.|").contains(&"contains".to_owned()));
    assert_eq!(at("attempt.nobody.|"), Vec::<String>::new());
    let own = at_hook(hooks::LATENESS, "fn lateness(c, s) {\n  c.shift.|");
    assert_eq!(own, ["planned_minutes", "kind"]);
}

#[test]
fn settings_outcomes_and_what_follows_them_are_offered() {
    assert_eq!(at("if settings.out|"), ["outside_is", "outside_asks_for"]);
    assert_eq!(at("return al|"), ["allow"]);
    assert_eq!(
        at("deny(\"x\").|").first().map(String::as_str),
        Some("because")
    );
    assert_eq!(
        at("allow()\n    .because(`a ${1} b`)\n    .needs|"),
        ["needs_review"]
    );
    let fence = at_hook(
        hooks::GEOFENCE,
        "fn geofence(a, s) {\n fence(a.place.radius_m ?? 5).n|",
    );
    assert_eq!(fence, ["needs_accuracy", "needs_review"]);
    let no_fence = at_hook(hooks::GEOFENCE, "fn geofence(a, s) {\n no_fence().n|");
    assert_eq!(no_fence, ["needs_review"]);
    let kinds = complete(hooks::LATENESS, "fn lateness(c, s) {\n", 2, 1);
    let late = kinds.iter().find(|one| one.label == "late").unwrap();
    assert_eq!(
        (late.kind, late.detail.as_str(), late.insert.as_str()),
        (CompletionKind::Outcome, "late(minutes)", "late(")
    );
    assert_eq!(late.docs, "late by these minutes");
}

#[test]
fn names_and_choices_are_followed() {
    assert_eq!(
        at("let where_to = attempt.place;\nwhere_to.ra|"),
        ["radius_m"]
    );
    assert_eq!(at("let answer = allow();\nanswer.fl|"), ["flag"]);
    assert_eq!(at("let answer = allow();\nans|"), ["answer"]);
    assert_eq!(at("if attempt.fence.verdict == \"un|"), ["uncertain"]);
    assert_eq!(
        at("if settings.outside_is != \"|"),
        ["flagged", "refused", "allowed"]
    );
    assert_eq!(at("allow().ask_for(\"ph|"), ["photo"]);
    assert_eq!(at("// attempt.|"), Vec::<String>::new());
    assert_eq!(at("let text = \"attempt.|"), Vec::<String>::new());
    assert_eq!(complete("nobody.knows", "", 1, 1), []);
}

#[test]
fn completion_never_fails_wherever_the_cursor_is() {
    for hook in hooks() {
        let example = docs::example(hook.name).unwrap().rule;
        for line in 0..12 {
            for column in 0..90 {
                complete(hook.name, &example, line, column);
            }
        }
    }
    for source in [
        "",
        ".",
        "..",
        ")",
        ").",
        "(((",
        "\"",
        "`${",
        "let x = x; x.",
        "let a = b; let b = a; a.",
        "]].",
        "é.ü.",
    ] {
        let column = u32::try_from(source.chars().count() + 1).unwrap();
        assert!(complete(hooks::LATENESS, source, 1, column).len() < 60);
    }
}
