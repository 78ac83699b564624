//! What an admin sees after each of the classic mistakes: the exact words, the place, the advice.

use zamu_rules::hooks;

use crate::{acme, late_by, refused};

/// Message, hint, line and column of a rule that compiles and then fails.
fn fails(source: &str, message: &str, hint: Option<&str>, place: (u32, u32)) {
    let problem = acme(source)
        .decide("acme", hooks::LATENESS, late_by(22))
        .problem
        .unwrap();
    assert_eq!(problem.message, message, "{source}");
    assert_eq!(problem.hint.as_deref(), hint, "{source}");
    assert_eq!(
        (problem.line, problem.column),
        (Some(place.0), Some(place.1)),
        "{source}"
    );
}

/// The same for a rule that does not compile.
fn does_not_compile(source: &str, message: &str, hint: Option<&str>, place: (u32, u32)) {
    let problem = refused(source);
    assert_eq!(problem.message, message, "{source}");
    assert_eq!(problem.hint.as_deref(), hint, "{source}");
    assert_eq!(
        (problem.line, problem.column),
        (Some(place.0), Some(place.1)),
        "{source}"
    );
    assert!(!problem.keeps_last_good);
}

/// Puts a line into a rule; the line stands on line 2 from column 5.
fn rule(line: &str) -> String {
    format!("fn lateness(clock_in, settings) {{\n    {line}\n    on_time()\n}}")
}

#[test]
fn a_misspelt_fact() {
    fails(
        &rule("let is_late = clock_in.minuts_late > 5;"),
        "`clock_in` has no `minuts_late`",
        Some("did you mean `minutes_late`?"),
        (2, 28),
    );
}

#[test]
fn a_misspelt_setting() {
    fails(
        &rule("let is_late = clock_in.minutes_late > settings.grase_minutes;"),
        "`settings` has no `grase_minutes`",
        Some("did you mean `grace_minutes`?"),
        (2, 52),
    );
}

#[test]
fn a_number_in_quotes() {
    fails(
        &rule("let is_late = clock_in.minutes_late > \"5\";"),
        "cannot compare a whole number > text",
        Some("write the number without quotes"),
        (2, 41),
    );
}

#[test]
fn a_chain_of_comparisons() {
    fails(
        &rule("let is_late = 1 < clock_in.minutes_late < 5;"),
        "cannot compare yes/no < a whole number",
        Some("write the two comparisons with `&&` between them"),
        (2, 45),
    );
}

#[test]
fn an_empty_fact() {
    let source = "fn geofence(attempt, settings) { if attempt.place.radius_m > 5 { no_fence() } else { fence(100) } }";
    let folder = crate::folder(&[("orgs/acme/attendance/geofence.rhai", source)]);
    let (book, _) = zamu_rules::Rulebook::load(folder.path(), None, None);
    let decision = book.decide("acme", hooks::GEOFENCE, crate::with(hooks::GEOFENCE, &[]));
    let problem = decision.problem.unwrap();
    assert_eq!(problem.message, "cannot compare nothing > a whole number");
    let hint = "the value may be empty: test it with `== ()`, or give a stand-in with `?? 0`";
    assert_eq!(problem.hint.as_deref(), Some(hint));
}

#[test]
fn no_else() {
    let source =
        "fn lateness(clock_in, settings) {\n    if clock_in.minutes_late < 5 { on_time() }\n}";
    let problem = acme(source)
        .decide("acme", hooks::LATENESS, late_by(22))
        .problem
        .unwrap();
    assert_eq!(problem.message, "this rule gave no answer");
    let hint = "end every path with one of on_time(), late(minutes), very_late(minutes), excused()";
    assert_eq!(problem.hint.as_deref(), Some(hint));
}

#[test]
fn a_misspelt_outcome() {
    fails(
        &rule("return ontime();"),
        "Function not found: ontime ()",
        Some("did you mean `on_time()`?"),
        (2, 12),
    );
}

#[test]
fn functions_that_are_not_there() {
    fails(
        &rule("sleep(10);"),
        "Function not found: sleep (a whole number)",
        Some("a rule judges and ends; it cannot wait or leave early"),
        (2, 5),
    );
    fails(
        &rule("timestamp();"),
        "Function not found: timestamp ()",
        Some("the moment of the event is the fact `now`"),
        (2, 5),
    );
}

#[test]
fn too_many_steps() {
    let problem =
        acme(&rule("for i in 0..10000000 { }")).decide("acme", hooks::LATENESS, late_by(1));
    let problem = problem.problem.unwrap();
    assert_eq!(problem.message, "Too many operations");
    let hint = "a rule may take 20000 steps; is a list or a range too long?";
    assert_eq!(problem.hint.as_deref(), Some(hint));
    assert_eq!(problem.line, Some(2));
}

#[test]
fn changing_a_fact() {
    fails(
        &rule("clock_in.minutes_late = 0;"),
        "No writable property: minutes_late",
        Some("facts cannot be changed; keep your own value: `let minutes_late = …;`"),
        (2, 14),
    );
}

#[test]
fn words_that_are_switched_off() {
    let list = Some("`for item in list { … }` walks a list");
    does_not_compile(
        &rule("loop { }"),
        "`loop` is switched off in rules",
        list,
        (2, 5),
    );
    does_not_compile(
        &rule("while true { }"),
        "`while` is switched off in rules",
        list,
        (2, 5),
    );
    does_not_compile(
        &rule("eval(\"1\");"),
        "`eval` is switched off in rules",
        Some("a rule cannot run text as code"),
        (2, 5),
    );
    does_not_compile(
        &rule("import \"x\" as x;"),
        "`import` is switched off in rules",
        Some("a rule is one file; what it needs is a fact or a setting"),
        (2, 5),
    );
    let unnamed = refused(&rule("let f = |x| x + 1;"));
    assert_eq!(
        unnamed.message,
        "functions without a name are switched off in rules"
    );
}

#[test]
fn words_from_other_languages() {
    for (line, message, hint) in [
        (
            "let x = null;",
            "`null` is not a word here",
            "nothing is written `()`",
        ),
        (
            "if true and false { }",
            "`and` is not a word here",
            "write `&&`",
        ),
        (
            "if true or false { }",
            "`or` is not a word here",
            "write `||`",
        ),
        (
            "if not true { }",
            "`not` is not a word here",
            "write `!` before what must not be",
        ),
        ("let x = True;", "`True` is not a word here", "write `true`"),
        ("var x = 1;", "`var` is not a word here", "write `let`"),
        ("let x = 1; x++;", "`++` is not known here", "write `+= 1`"),
        ("if 1 === 1 { }", "`===` is not known here", "write `==`"),
        (
            "if true { } elif false { }",
            "`elif` is not a word here",
            "write `else if`",
        ),
        (
            "if true then { }",
            "`then` is not a word here",
            "put what follows between `{` and `}`",
        ),
        (
            "let x = 'text';",
            "text stands between double quotes",
            "write \"…\" instead of '…'",
        ),
        (
            "if true & false { }",
            "`&` is switched off in rules",
            "write `&&`",
        ),
    ] {
        let problem = refused(&rule(line));
        assert_eq!(
            (problem.message.as_str(), problem.hint.as_deref()),
            (message, Some(hint)),
            "{line}"
        );
        assert_eq!(problem.line, Some(2), "{line}");
    }
}

#[test]
fn a_single_equals_sign() {
    let problem = refused(&rule("if clock_in = 5 { }"));
    assert!(
        problem.message.contains("Possibly a typo of '=='?"),
        "{}",
        problem.message
    );
}

#[test]
fn a_missing_brace() {
    let problem = refused("fn lateness(clock_in, settings) {\n    on_time()\n");
    assert_eq!(problem.message, "the file ends too early");
    assert_eq!(problem.hint.as_deref(), Some("is a `}` missing?"));
}

#[test]
fn the_wrong_function() {
    let problem = refused("fn latenes(clock_in, settings) { on_time() }");
    assert_eq!(
        problem.message,
        "`latenes` is not the function of this rule"
    );
    let problem = refused("private fn help() { 1 }");
    assert_eq!(problem.message, "there is no function `lateness`");
}

#[test]
fn an_outcome_with_the_wrong_contents() {
    fails(
        &rule("return late(\"22\");"),
        "late(…) takes a whole number of minutes, not text",
        None,
        (2, 12),
    );
    fails(
        &rule("return on_time().ask_for(\"phto\");"),
        "`phto` cannot be asked for: photo, note, pin",
        Some("did you mean \"photo\"?"),
        (2, 22),
    );
    fails(
        &rule("return on_time().flag(\"Too Late\");"),
        "`Too Late` is not a code",
        Some("small letters, digits and underscores, such as \"outside_fence\""),
        (2, 22),
    );
}

#[test]
fn a_fact_the_server_forgot() {
    let mut facts = late_by(22);
    facts.remove("delay_was_approved");
    let decision = zamu_rules::Rulebook::embedded().decide("acme", hooks::LATENESS, facts);
    assert_eq!(decision.status.as_str(), "DEFAULTED");
    assert_eq!(
        decision.problem.unwrap().message,
        "the fact `delay_was_approved` is missing"
    );
    assert_eq!(decision.outcome.name, "late");
    assert_eq!(decision.flags, ["rule_failed"]);
}
