//! What the checker says before a rule ever runs.

use zamu_rules::checking::{Severity, check, check_source};
use zamu_rules::hooks;

/// Severity and message of each finding for a lateness rule.
fn findings(body: &str) -> Vec<(Severity, String)> {
    let source = format!("fn lateness(clock_in, settings) {{\n    {body}\n}}");
    let report = check_source(hooks::LATENESS, &source);
    report
        .findings
        .into_iter()
        .map(|finding| (finding.severity, finding.message))
        .collect()
}

#[test]
fn a_misspelt_fact_is_found_without_running() {
    let source = "fn lateness(clock_in, settings) {\n    if clock_in.person.roll == \"x\" { return on_time(); }\n    excused()\n}";
    let report = check_source(hooks::LATENESS, source);
    let finding = &report.findings[0];
    assert_eq!(finding.message, "`clock_in.person` has no `roll`");
    assert_eq!(finding.hint.as_deref(), Some("did you mean `role`?"));
    assert_eq!((finding.line, finding.column), (Some(2), Some(24)));
    assert!(!report.is_ok());
}

#[test]
fn the_other_remarks() {
    let error = |message: &str| vec![(Severity::Error, message.to_owned())];
    let warning = |message: &str| vec![(Severity::Warning, message.to_owned())];
    assert_eq!(
        findings("late(settings.grase_minutes)"),
        error("`settings` has no `grase_minutes`")
    );
    assert_eq!(findings("ontime()"), error("Function not found: ontime"));
    assert_eq!(findings("late()"), error("`late` is written late(minutes)"));
    assert_eq!(
        findings("if clock_in.weekday == \"munday\" { on_time() } else { excused() }"),
        error(
            "`weekday` is never \"munday\": monday, tuesday, wednesday, thursday, friday, saturday, sunday"
        )
    );
    assert_eq!(
        findings("if clock_in.minutes_late > -9 { on_time() }"),
        warning("some paths of this rule give no answer")
    );
    assert_eq!(
        findings("late(99999999999999999999)"),
        error("this number is too large")
    );
    assert_eq!(
        findings("loop { }"),
        error("`loop` is switched off in rules")
    );
    assert_eq!(findings("on_time()"), []);
}

#[test]
fn a_folder_is_checked_file_by_file() {
    let folder = crate::folder(&[
        (
            "orgs/acme/attendance/lateness.rhai",
            "fn lateness(c, s) { on_time() }",
        ),
        (
            "orgs/acme/attendance/clock_in.rhai",
            "fn clock_in(c, s) { nope",
        ),
        (
            "orgs/acme/settings.toml",
            "[attendance.lateness]\ngrace_minutes = 99\n",
        ),
        (
            "default/attendance/geofence.settings.toml",
            "[x]\ntype = \"furlongs\"\ndefault = 1\nlabel = \"x\"\n",
        ),
    ]);
    let report = check(folder.path());
    assert_eq!((report.files, report.findings.len()), (4, 3), "{report:#?}");
    assert!(
        serde_json::to_string(&report)
            .unwrap()
            .contains("\"severity\":\"error\"")
    );
}

#[test]
fn the_test_runner_learnt_from_others() {
    let rule = (
        "attendance/lateness.rhai",
        "fn lateness(clock_in, settings) { late(6).because(\"why\") }",
    );
    let run = |tests: &str| {
        let folder = crate::folder(&[rule, ("attendance/lateness.test.rhai", tests)]);
        zamu_rules::testing::run(folder.path(), None)
    };
    let wrong =
        run("fn test_it() {\n    expect(run(clock_in(#{}), settings(#{}))).to_be(\"on_time\");\n}");
    assert_eq!(
        (wrong.tests[0].message.as_deref(), wrong.tests[0].line),
        (
            Some("expected on_time but the rule said late(6) because \"why\""),
            Some(2)
        )
    );
    let slip = run("fn test_it() { run(clock_in(#{ minuts_late: 5 }), settings(#{})); }");
    let message = "clock_in has no `minuts_late` - did you mean `minutes_late`?";
    assert_eq!(slip.tests[0].message.as_deref(), Some(message));
    assert_eq!(run("fn test_it() {").failed(), 1);
    assert_eq!(run("fn helper() { }").failed(), 1);
    let folder = crate::folder(&[rule]);
    assert_eq!(zamu_rules::testing::run(folder.path(), None).failed(), 1);
}
