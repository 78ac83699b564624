//! Why a decision came out as it did, and which lines of a rule its tests never reach.

use zamu_rules::testing::coverage;
use zamu_rules::{Rulebook, Value, hooks};

use crate::{late_by, with};

/// Line numbers of a lateness rule, in the order they ran.
fn lines(source: &str, minutes: i64) -> Vec<u32> {
    let book = crate::acme(source);
    let explained = book
        .book_of("acme")
        .explain(hooks::LATENESS, late_by(minutes), &[])
        .unwrap();
    assert_eq!(explained.decision.problem, None, "{source}");
    let own = explained
        .lines
        .iter()
        .filter(|line| line.layer == "organization");
    own.map(|line| line.line).collect()
}

#[test]
fn each_line_says_what_it_looked_at() {
    let book = Rulebook::embedded();
    let book = book.book_of("acme");
    let decision = book.decide(hooks::LATENESS, late_by(22), &[]);
    let explained = book
        .explain(hooks::LATENESS, decision.facts.clone(), &[])
        .unwrap();
    assert_eq!(explained.decision.outcome, decision.outcome);
    assert_eq!(explained.decision.read, decision.read);
    let shown: Vec<(u32, &str)> = explained
        .lines
        .iter()
        .map(|line| (line.line, line.text.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (3, "if clock_in.minutes_late <= settings.grace_minutes {"),
            (7, "if clock_in.delay_was_approved {"),
            (
                12,
                "if clock_in.minutes_late > settings.very_late_after_minutes {"
            ),
            (18, "late(clock_in.minutes_late)"),
        ]
    );
    let read = |index: usize| -> Vec<(&str, &Value)> {
        let read = explained.lines[index].read.iter();
        read.map(|read| (read.path.as_str(), &read.value)).collect()
    };
    assert_eq!(
        read(0),
        [
            ("minutes_late", &22.into()),
            ("settings.grace_minutes", &5.into())
        ]
    );
    assert_eq!(read(1), [("delay_was_approved", &false.into())]);
    assert_eq!(explained.lines[0].layer, "default");
}

#[test]
fn lines_are_found_in_every_shape_of_statement() {
    for (source, expected) in [
        ("fn lateness(c, s) { on_time() }", vec![1]),
        (
            "fn lateness(c, s) {\n (c.minutes_late > 5);\n on_time()\n}",
            vec![2, 3],
        ),
        (
            "fn lateness(c, s) {\n let n = 1;\n n += 1;\n late(n)\n}",
            vec![2, 3, 4],
        ),
        (
            "fn lateness(c, s) {\n if false {\n  on_time()\n } else if true {\n  late(1)\n } else {\n  late(2)\n }\n}",
            vec![2, 5],
        ),
        (
            "fn lateness(c, s) {\n for i in 0..2 {\n  let x = i;\n }\n on_time()\n}",
            vec![2, 3, 3, 5],
        ),
        (
            "fn lateness(c, s) {\n switch c.weekday {\n  \"monday\" => { return late(1); }\n  _ => on_time(),\n }\n}",
            vec![2, 3],
        ),
        (
            "fn lateness(c, s) {\n switch c.weekday {\n  \"monday\" => return late(1),\n  _ => on_time(),\n }\n}",
            vec![2],
        ),
        (
            "fn lateness(c, s) {\n let t = `a ${ if true { 1 } else { 2 } } b`;\n /* } ; */ late(help(1))\n}\nprivate fn help(n) {\n n + 1\n}",
            vec![2, 3, 6],
        ),
        (
            "fn lateness(c, s) {\n // { a comment; }\n \"}\".len();\n on_time()\n}",
            vec![3, 4],
        ),
        (
            "fn lateness(c, s) {\n let n = if true { 1 } else { 2 };\n late(n)\n}",
            vec![2, 2, 3],
        ),
    ] {
        assert_eq!(lines(source, 3), expected, "{source}");
    }
}

#[test]
fn every_layer_that_was_asked_is_shown_and_a_failure_ends_the_lines() {
    let book = crate::acme("fn lateness(c, s) {\n    inherit()\n}");
    let explained = book
        .book_of("acme")
        .explain(hooks::LATENESS, late_by(2), &[])
        .unwrap();
    let layers: Vec<&str> = explained
        .lines
        .iter()
        .map(|line| line.layer.as_str())
        .collect();
    assert_eq!(layers, ["organization", "default", "default"]);

    let book = crate::acme("fn lateness(c, s) {\n    let x = c.minutes_late;\n    late(x)\n}");
    let explained = book
        .book_of("acme")
        .explain(hooks::LATENESS, late_by(-4), &[])
        .unwrap();
    assert_eq!(explained.lines.last().unwrap().line, 3);
    assert_eq!(explained.decision.problem.unwrap().line, Some(3));
    assert!(
        book.book_of("acme")
            .explain("nobody.knows", late_by(1), &[])
            .is_none()
    );
}

#[test]
fn the_traced_copy_of_every_shipped_rule_gives_the_same_answer() {
    let book = Rulebook::embedded();
    for hook in zamu_rules::hooks() {
        let facts = with(hook.name, &[]);
        let explained = book
            .book_of("acme")
            .explain(hook.name, facts.clone(), &[])
            .unwrap();
        let plain = book.decide("acme", hook.name, facts);
        assert_eq!(explained.decision.outcome, plain.outcome);
        assert_eq!(
            plain.layers.iter().all(|step| step.script.is_empty()),
            explained.lines.is_empty(),
            "{}",
            hook.name
        );
    }
}

#[test]
fn a_rule_cannot_call_what_traces_it() {
    let decision = crate::judge("__at(5); on_time()");
    assert_eq!(
        decision.problem.unwrap().message,
        "Function not found: __at (a whole number)"
    );
    let report = zamu_rules::checking::check_source(
        hooks::LATENESS,
        "fn lateness(c, s) { __at(5); on_time() }",
    );
    assert_eq!(report.findings[0].code, "unknown_function");
}

#[test]
fn coverage_names_the_lines_no_test_reaches() {
    let folder = crate::folder(&[
        (
            "attendance/lateness.rhai",
            "fn lateness(clock_in, settings) {\n    if clock_in.minutes_late > 5 {\n        return late(6);\n    }\n    if clock_in.delay_was_approved {\n        return excused();\n    }\n    on_time()\n}",
        ),
        (
            "attendance/lateness.test.rhai",
            "fn test_late() { expect(run(clock_in(#{ minutes_late: 9 }), settings(#{}))).to_be(\"late\"); }",
        ),
    ]);
    let report = coverage(folder.path(), None);
    assert!(report.is_ok());
    let covered = &report.coverage[0];
    assert_eq!(
        (covered.hit.as_slice(), covered.never.as_slice()),
        ([2, 3].as_slice(), [5, 6, 8].as_slice())
    );
    assert_eq!(covered.percent, 40);
    crate::write(
        folder.path(),
        "attendance/lateness.cases.json",
        r#"[{"name": "fine", "facts": {}, "expect": {"outcome": "on_time"}}]"#,
    );
    let report = coverage(folder.path(), None);
    assert_eq!(report.coverage[0].never, [6]);
    assert_eq!(zamu_rules::testing::run(folder.path(), None).coverage, []);
}

#[test]
fn the_tests_of_the_shipped_rules_reach_their_lines() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../default");
    let report = coverage(&folder, None);
    assert!(report.is_ok());
    for covered in &report.coverage {
        eprintln!(
            "{}: {} %, never {:?}",
            covered.file, covered.percent, covered.never
        );
        assert!(covered.percent >= 50, "{covered:?}");
    }
}
