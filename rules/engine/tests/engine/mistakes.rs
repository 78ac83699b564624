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
    let (book, _) = zamu_rules::Rulebook::load(folder.path(), None);
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

/// What is written, what is said, what to write instead. The words above are the other half of the table.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "if clock_in.minutes_late = 5 { }",
        "`=` stores a value, it does not compare",
        "write `==`",
    ),
    (
        "if clock_in.minutes_late => 5 { }",
        "`=>` does not compare",
        "write `>=`",
    ),
    (
        "if clock_in.minutes_late =< 5 { }",
        "`=<` is not known here",
        "write `<=`",
    ),
    (
        "if clock_in.minutes_late != 5 !== true { }",
        "`!==` is not known here",
        "write `!=`",
    ),
    (
        "if clock_in.minutes_late is 5 { }",
        "`is` is not a word here",
        "write `==`",
    ),
    (
        "if clock_in.minutes_late equals 5 { }",
        "`equals` is not a word here",
        "write `==`",
    ),
    (
        "if clock_in.minutes_late between 5 and 9 { }",
        "`between` is not a word here",
        "write the two comparisons with `&&` between them",
    ),
    (
        "if clock_in.minutes_late ! 5 { }",
        "`!` stands alone",
        "write `!=` to compare, or `!` right before what must not be",
    ),
    (
        "if { }",
        "the condition is missing",
        "write `if clock_in.minutes_late > 5 { … }`, with your own facts",
    ),
    (
        "if (clock_in.minutes_late > 5 { }",
        "a `)` is missing",
        "each `(` needs its `)`",
    ),
    (
        "if clock_in.minutes_late > 5) { }",
        "there is one `)` too many",
        "each bracket that closes needs one that opens",
    ),
    (
        "if clock_in.minutes_late > 5 return late(5);",
        "a `{` is missing",
        "what `if` and `for` do stands between `{` and `}`",
    ),
    (
        "if true: on_time()",
        "`:` does not begin a block",
        "put what follows between `{` and `}`",
    ),
    (
        "if true { late(5) else on_time() }",
        "`else` has no `}` before it",
        "write `if … { … } else { … }`",
    ),
    (
        "else { }",
        "`else` has no `if` before it",
        "write `if … { … } else { … }`",
    ),
    (
        "if true { } endif",
        "`endif` is not a word here",
        "a block ends with `}`",
    ),
    (
        "unless true { }",
        "`unless` is not a word here",
        "write `if !(…) { … }`",
    ),
    ("If true { }", "`If` is not a word here", "write `if`"),
    (
        "Return on_time();",
        "`Return` is not a word here",
        "write `return`",
    ),
    (
        "let x = False;",
        "`False` is not a word here",
        "write `false`",
    ),
    (
        "let x = None;",
        "`None` is not a word here",
        "nothing is written `()`",
    ),
    (
        "let x = nil;",
        "`nil` is not a word here",
        "nothing is written `()`",
    ),
    (
        "let x = empty;",
        "`empty` is not a word here",
        "nothing is written `()`",
    ),
    (
        "let x = settings.grace_minutes * 5%;",
        "`%` is not a percent sign here",
        "write `amount.percent(5)`",
    ),
    (
        "if clock_in.minutes_late > 1,000 { }",
        "a number is written without commas",
        "write 1000, or 1_000",
    ),
    (
        "if clock_in.minutes_late > 10 minutes { }",
        "a number stands without a unit",
        "write the number alone; the unit is in the name of the fact",
    ),
    (
        "if clock_in.now > 08:30 { }",
        "a time of day is not a number",
        "compare the parts of a moment: `now.hour >= 8`",
    ),
    (
        "let x = KES 500;",
        "an amount of money cannot stand in a rule",
        "make it a setting, or use a fact that holds money",
    ),
    (
        "if clock_in.shift.kind == night { }",
        "`night` is not known here",
        "text stands between double quotes",
    ),
    (
        "return on_time;",
        "`on_time` is not known here",
        "an outcome has brackets: `on_time()`",
    ),
    (
        "let x = \"open;",
        "a text is not closed",
        "end it with the quote it began with",
    ),
    (
        "let x = \"it\"s\";",
        "a text ended before its end",
        "inside a text, write \\\" for a quote",
    ),
    (
        "let x = \u{201c}text\u{201d};",
        "a curly quote is in the rule",
        "replace it with \"",
    ),
    (
        "let x = 9 \u{2265} 5;",
        "the sign \u{2265} is in the rule",
        "write `>=`",
    ),
    (
        "let x = 9 \u{2013} 5;",
        "a long dash is in the rule",
        "replace it with an ordinary minus, `-`",
    ),
    (
        "x = 5;",
        "`x` is not known here",
        "the first time write `let x = …`",
    ),
    (
        "let x = 5; let x = 6;",
        "`x` is already a name here",
        "to change it write `x = …` without `let`",
    ),
    (
        "let x: int = 5;",
        "a name takes no kind after it",
        "write `let minutes = 5;`",
    ),
    (
        "let x := 5;",
        "`:=` is not known here",
        "write `=` to store a value, `==` to compare",
    ),
    (
        "const x = 5; x = 6;",
        "`x` was made with `const` and stays as it is",
        "write `let` instead of `const`",
    ),
    (
        "let = 5;",
        "a name is missing",
        "a name begins with a letter: `let minutes = …`",
    ),
    (
        "late(5;",
        "a `)` or a `,` is missing",
        "each `(` needs its `)`",
    ),
    (
        "let x = [1, 2;",
        "a `]` or a `,` is missing",
        "each `[` needs its `]`",
    ),
    (
        "foreach x in [1] { }",
        "`foreach` is not a word here",
        "`for item in list { … }` walks a list",
    ),
    (
        "for (x : [1]) { }",
        "`for` is written differently",
        "write `for item in list { … }`",
    ),
    (
        "switch 1 { case 1: 2 }",
        "`case` is not a word here",
        "inside `switch` write `value => …,`",
    ),
    (
        "switch 1 { default => 2 }",
        "`default` is not a word here",
        "inside `switch` write `_ => …` for everything else",
    ),
    (
        "clock_in->minutes_late",
        "`->` is not known here",
        "a dot leads to a fact: `clock_in.minutes_late`",
    ),
    (
        "let x = clock_in::minutes_late;",
        "`::` is not known here",
        "a dot leads to a fact: `clock_in.minutes_late`",
    ),
    (
        "# why",
        "`#` is not known here",
        "a comment begins with `//`",
    ),
    (
        "break;",
        "`break` only leaves a `for`",
        "write `return` and an outcome to leave the rule",
    ),
    (
        "fn help() { 1 }",
        "a function cannot stand inside another",
        "close the one above with `}` first",
    ),
    (
        "let x = 5 \u{20ac};",
        "`\u{20ac}` cannot stand here",
        "is something missing before it?",
    ),
    (
        "let x = true ? 1 : 2;",
        "`?` is not known here",
        "write `if … { … } else { … }`, or `??` for a stand-in",
    ),
];

#[test]
fn the_sentences_a_beginner_reads() {
    for (line, message, hint) in SENTENCES {
        let problem = refused(&rule(line));
        assert_eq!(
            (problem.message.as_str(), problem.hint.as_deref()),
            (*message, Some(*hint)),
            "{line}"
        );
        assert!(problem.line.is_some() && problem.column.is_some(), "{line}");
    }
}

#[test]
fn a_missing_semicolon_is_shown_where_it_is_missing() {
    for (line, place) in [
        ("let x = 5\n    let y = 6;", (2, 14)),
        ("return late(5)\n\n    // then\n    late(6)", (2, 19)),
    ] {
        let problem = refused(&rule(line));
        assert_eq!(problem.message, "a `;` is missing");
        assert_eq!(
            (problem.line, problem.column),
            (Some(place.0), Some(place.1)),
            "{line}"
        );
    }
}

#[test]
fn a_forgotten_return_is_seen_before_it_answers_wrongly() {
    let source = rule("if clock_in.minutes_late > 5 { late(5) }");
    let report = zamu_rules::checking::check_source(hooks::LATENESS, &source);
    let finding = &report.findings[0];
    assert_eq!(
        finding.message,
        "this answer is thrown away: the rule goes on below it"
    );
    let hint = "write `return` before it, or make it the last line";
    assert_eq!(
        (finding.line, finding.hint.as_deref()),
        (Some(2), Some(hint))
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
