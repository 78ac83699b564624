//! Decision tables: what they answer, how they fail, and what is said about gaps and overlaps.

use proptest::prelude::*;
use zamu_rules::checking::{Finding, Severity};
use zamu_rules::{
    Decision, FileProblem, Record, RuleKind, Rulebook, Status, Value, hook, hooks, tables,
};

use crate::{folder, late_by, with, write};

const TABLE: &str = "orgs/acme/attendance/lateness.table.toml";
const TIERS: &str = r#"# How late?
hit     = "first"
columns = ["minutes_late", "shift.kind"]

[[row]]
when = ["<= settings.grace_minutes", "-"]
then = "on_time"

[[row]]
when    = ["6..30", "night, evening"]
then    = "on_time"

[[row]]
when    = ["<= 30", "-"]
then    = "late(minutes_late)"
because = "after the grace, before \"half past\""
flag    = "late"

[default]
then = "very_late(minutes_late)"
tell = ["supervisor", "manager"]
"#;

fn tiers() -> String {
    TIERS.to_owned()
}

fn load(path: &str, text: &str) -> (Rulebook, Vec<FileProblem>) {
    let folder = folder(&[(path, text)]);
    Rulebook::load(folder.path(), None, None)
}

fn late(minutes: i64, kind: &str) -> Record {
    let mut facts = late_by(minutes);
    let shift = Value::from([("planned_minutes", 480.into()), ("kind", kind.into())]);
    facts.insert("shift".to_owned(), shift);
    facts
}

fn decide(text: &str, facts: Record) -> Decision {
    let (book, problems) = load(TABLE, text);
    assert_eq!(problems, [], "{text}");
    book.decide("acme", hooks::LATENESS, facts)
}

/// What is wrong with a lateness table: the line, the message, the hint.
fn refused(text: &str) -> (Option<u32>, String, Option<String>) {
    let (book, mut problems) = load(TABLE, text);
    assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
    assert_eq!(
        book.decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "late"
    );
    let problem = problems.remove(0);
    assert_eq!(problem.path, TABLE);
    (problem.line, problem.message, problem.hint)
}

fn findings(text: &str) -> Vec<Finding> {
    let settings = Rulebook::embedded().settings_of(hooks::LATENESS).to_vec();
    tables::findings(hook(hooks::LATENESS).unwrap(), text, &settings)
}

#[test]
fn the_first_row_that_fits_answers() {
    for (minutes, kind, answer) in [
        (0, "day", "on_time"),
        (5, "day", "on_time"),
        (6, "day", "late"),
        (6, "night", "on_time"),
        (30, "evening", "on_time"),
        (30, "day", "late"),
        (31, "night", "very_late"),
    ] {
        let decision = decide(&tiers(), late(minutes, kind));
        assert_eq!(
            (decision.problem, decision.outcome.name.as_str()),
            (None, answer),
            "{minutes} {kind}"
        );
    }
    let decision = decide(&tiers(), late(22, "day"));
    assert_eq!(decision.outcome.whole("minutes"), Some(22));
    assert_eq!(decision.reasons, ["after the grace, before \"half past\""]);
    assert_eq!(decision.flags, ["late"]);
    assert_eq!(
        decide(&tiers(), late(40, "day")).tells,
        ["supervisor", "manager"]
    );
    let read: Vec<&str> = decision
        .read
        .iter()
        .map(|read| read.path.as_str())
        .collect();
    assert_eq!(
        read,
        ["minutes_late", "settings.grace_minutes", "shift.kind"]
    );
}

#[test]
fn a_table_is_a_rule_like_any_other() {
    let (book, _) = load(TABLE, &tiers());
    let source = book.source("acme", hooks::LATENESS).unwrap();
    assert_eq!(
        (source.kind, source.path.as_deref()),
        (RuleKind::Table, Some(TABLE))
    );
    assert_eq!(source.text, tiers());
    let folder = folder(&[
        (TABLE, tiers().as_str()),
        (
            "orgs/acme/attendance/lateness.test.rhai",
            "fn test_nights() { expect(run(clock_in(#{ minutes_late: 9, shift: #{ kind: \"night\" } }), settings(#{}))).to_be(\"on_time\"); }",
        ),
    ]);
    let report = zamu_rules::testing::run(folder.path(), None);
    assert_eq!((report.passed(), report.failed()), (1, 0), "{report:#?}");
    // Emptied, it is switched off.
    write(folder.path(), TABLE, "# until March\n");
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        (problems, book.source("acme", hooks::LATENESS).unwrap().kind),
        (vec![], RuleKind::Script)
    );
}

#[test]
fn a_kept_table_is_not_judged_again() {
    // A table with a gap cannot be saved; one that was kept decides as it did.
    let (book, _) = load(TABLE, TIERS);
    let text = serde_json::to_string(&book.book_of("acme").snapshot()).unwrap();
    let again =
        |text: &str| zamu_rules::Book::restore(&serde_json::from_str(text).unwrap()).unwrap();
    let same = again(&text).decide(hooks::LATENESS, late(22, "day"), &[]);
    assert_eq!(same.outcome, decide(TIERS, late(22, "day")).outcome);
    let gap = again(&text.replace(
        "[default]\\nthen",
        "[[row]]\\nwhen = [\\\"1..2\\\", \\\"-\\\"]\\nthen",
    ));
    assert_eq!(gap.problems(), []);
    let decision = gap.decide(hooks::LATENESS, late(40, "day"), &[]);
    assert_eq!(decision.status, Status::Inherited);
}

#[test]
fn a_rule_and_a_table_for_one_question_are_one_too_many() {
    let rule = "orgs/acme/attendance/lateness.rhai";
    let folder = folder(&[
        (TABLE, tiers().as_str()),
        (rule, "fn lateness(c, s) { excused() }"),
    ]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        problems[0].message,
        "there is a rule and a table for one question"
    );
    assert_eq!(
        book.decide("acme", hooks::LATENESS, late_by(22))
            .outcome
            .name,
        "late"
    );
    write(folder.path(), rule, "// the table now\n");
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(
        (problems, book.source("acme", hooks::LATENESS).unwrap().kind),
        (vec![], RuleKind::Table)
    );
}

#[test]
fn a_table_that_cannot_be_read_names_the_line_and_the_cure() {
    let t = tiers();
    for (text, line, message, hint) in [
        (
            t.replace("\"first\"", "\"best\""),
            2,
            "unknown variant `best`",
            None,
        ),
        (
            t.replace("minutes_late\",", "minuts_late\","),
            3,
            "`clock_in` has no `minuts_late`",
            Some("did you mean `minutes_late`?"),
        ),
        (
            t.replace("\"shift.kind\"", "\"shift\""),
            3,
            "`shift` is a record, and always there",
            Some("name one of its fields"),
        ),
        (
            t.replace("\"shift.kind\"", "\"now\""),
            3,
            "`now` cannot be a column",
            None,
        ),
        (
            t.replace("\"shift.kind\"", "\"now.hours\""),
            3,
            "`clock_in.now` has no `hours`",
            Some("hour, minute, day, month, year, weekday or date"),
        ),
        (
            t.replace("[\"6..30\", \"night, evening\"]", "[\"6..30\"]"),
            9,
            "this row has 1 cells, the table 2 columns",
            Some("write `-` where anything fits"),
        ),
        (
            t.replace("6..30", "30..6"),
            10,
            "column `minutes_late`: `30..6` holds for no number",
            Some("write `6..30`"),
        ),
        (
            t.replace("6..30", "six"),
            10,
            "column `minutes_late`: `six` is not a whole number",
            Some("such as `<= 5`, `> 30`, `5..30` or `<= settings.grace_minutes`"),
        ),
        (
            t.replace("6..30", "empty"),
            10,
            "column `minutes_late`: `minutes_late` is never empty",
            None,
        ),
        (
            t.replace("night, evening", "<= night"),
            10,
            "column `shift.kind`: `<= night` is not a text to compare with",
            Some("such as `night`, `night, evening` or `not day`"),
        ),
        (
            t.replace("very_late(minutes_late)", "very_lat(minutes_late)"),
            20,
            "there is no answer `very_lat`",
            Some("did you mean `very_late`?"),
        ),
        (
            t.replace("very_late(minutes_late)", "very_late"),
            20,
            "`very_late` takes 1 values, not 0",
            Some("write it as `very_late(minutes)`"),
        ),
        (
            t.replace("very_late(minutes_late)", "very_late(minutes)"),
            20,
            "`minutes` is no fact, number, setting or text in quotes",
            None,
        ),
        (
            t.replace("\"very_late(minutes_late)\"", "'very_late(1).flag(\"x\")'"),
            20,
            "there is no answer `flag`",
            Some("write `flag = \"…\"` on a line of its own"),
        ),
        (
            t.replace("very_late(minutes_late)", "very_late(1"),
            20,
            "`very_late(1` is not an answer",
            Some("such as `late(minutes_late)`"),
        ),
        (t.replace("because", "why"), 16, "unknown field `why`", None),
    ] {
        let (at, said, cure) = refused(&text);
        assert!(said.starts_with(message), "{message}\n{said}");
        assert_eq!(at, Some(line), "{said}");
        if let Some(hint) = hint {
            assert_eq!(cure.as_deref(), Some(hint), "{said}");
        }
    }
}

#[test]
fn a_gap_without_a_default_is_refused() {
    let text = tiers().replace(
        "[default]\nthen = \"very_late(minutes_late)\"\ntell = [\"supervisor\", \"manager\"]\n",
        "",
    );
    let (_, message, hint) = refused(&text);
    assert!(
        message.starts_with("no row answers when `minutes_late` is 31 or more and `shift.kind` is"),
        "{message}"
    );
    assert!(
        message.ends_with("(looked at with the defaults of the settings)"),
        "{message}"
    );
    assert!(hint.unwrap().contains("[default]"));
    let whole = "hit = \"unique\"\ncolumns = [\"minutes_late\", \"delay_was_approved\"]\n\
                 [[row]]\nwhen = [\"<= 5\", \"-\"]\nthen = \"on_time\"\n\
                 [[row]]\nwhen = [\"> 5\", \"yes\"]\nthen = \"excused\"\n\
                 [[row]]\nwhen = [\"> 5\", false]\nthen = \"late(minutes_late)\"\n";
    assert_eq!(findings(whole), []);
    assert_eq!(decide(whole, late(22, "day")).outcome.name, "late");
    let gap = whole.replace("\"> 5\", false", "\"> 7\", false");
    assert_eq!(
        findings(&gap)[0].message,
        "no row answers when `minutes_late` is 6 and `delay_was_approved` is no, and in 1 other cases"
    );
}

#[test]
fn an_overlap_is_refused_where_one_row_must_fit() {
    let text = "hit = \"unique\"\ncolumns = [\"minutes_late\"]\n\
                [[row]]\nwhen = [\"<= 5\"]\nthen = \"on_time\"\n\
                [[row]]\nwhen = [\">= 5\"]\nthen = \"late(minutes_late)\"\n";
    let (line, message, hint) = refused(text);
    assert_eq!(
        (line, message.as_str()),
        (Some(6), "rows 1 and 2 both answer when `minutes_late` is 5")
    );
    assert_eq!(
        hint.as_deref(),
        Some("make them differ, or write `hit = \"first\"`")
    );
    assert_eq!(findings(&text.replace("unique", "first")), []);
}

#[test]
fn a_row_that_is_never_reached_is_a_warning() {
    let text = tiers().replace(
        "when    = [\"<= 30\", \"-\"]",
        "when    = [\"<= 3\", \"-\"]",
    );
    let found = findings(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].severity, found[0].line),
        (Severity::Warning, Some(13))
    );
    assert_eq!(
        found[0].message,
        "row 3 is never reached (looked at with the defaults of the settings)"
    );
    assert_eq!(decide(&text, late(22, "day")).outcome.name, "very_late");
}

#[test]
fn an_unknown_setting_is_found_and_fails_with_its_row() {
    let text = tiers().replace("settings.grace_minutes", "settings.grase_minutes");
    let found = findings(&text);
    assert_eq!(found[0].message, "`settings` has no `grase_minutes`");
    assert_eq!(
        (found[0].line, found[0].hint.as_deref()),
        (Some(6), Some("did you mean `grace_minutes`?"))
    );
    let decision = decide(&text, late(22, "day"));
    let problem = decision.problem.unwrap();
    assert_eq!(
        problem.message,
        "row 1, column minutes_late: `settings` has no `grase_minutes`"
    );
    assert_eq!(
        (problem.line, problem.file.as_deref()),
        (Some(6), Some(TABLE))
    );
    assert_eq!(decision.status, Status::Error);
}

#[test]
fn an_answer_out_of_bounds_fails_with_its_row() {
    let text = tiers().replace("\"late(minutes_late)\"", "\"late(-1)\"");
    let problem = decide(&text, late(22, "day")).problem.unwrap();
    assert!(
        problem
            .message
            .starts_with("row 3: late(-1) is out of range"),
        "{}",
        problem.message
    );
    assert_eq!(problem.line, Some(15));
}

#[test]
fn a_table_that_collects_adds_every_row_that_fits() {
    let path = "orgs/acme/attendance/clock_in.table.toml";
    let text = r#"
hit     = "collect"
columns = ["fence.distance_m", "captured_offline", "open_session", "person.tags"]
[default]
then = "allow"
[[row]]
when = ["> 200", "-", "-", "not field_staff"]
flag = ["far_away", "look"]
because = "far from the place"
[[row]]
when = ["-", "yes", "empty", "-"]
flag = "offline"
[[row]]
when = ["empty", "-", "filled", "-"]
flag = "lost"
"#;
    let (book, problems) = load(path, text);
    assert_eq!(problems, []);
    let judge = |distance: Value, tags: Vec<&str>| {
        let fence = Value::from([("verdict", "none".into()), ("distance_m", distance)]);
        let person = Value::from([("role", "WORKER".into()), ("tags", Value::from(tags))]);
        let facts = with(
            hooks::CLOCK_IN,
            &[
                ("fence", fence),
                ("person", person),
                ("captured_offline", true.into()),
            ],
        );
        let decision = book.decide("acme", hooks::CLOCK_IN, facts);
        assert_eq!(decision.problem, None);
        decision.flags
    };
    assert_eq!(judge(300.into(), vec![]), ["far_away", "look", "offline"]);
    assert_eq!(judge(300.into(), vec!["field_staff"]), ["offline"]);
    assert_eq!(judge(Value::Nothing, vec![]), ["offline"]);
    let (_, problems) = load(path, &text.replace("[default]\nthen = \"allow\"\n", ""));
    assert_eq!(
        problems[0].message,
        "a table that collects needs a [default]: the answer the rows add to"
    );
    let (_, problems) = load(path, &text.replace("flag = \"lost\"", "then = \"allow\""));
    assert_eq!(
        problems[0].message,
        "a row of a table that collects only adds to the default"
    );
}

proptest! {
    /// What the table says about gaps and overlaps is what trying every number shows.
    #[test]
    fn gaps_and_overlaps_are_what_trying_every_number_shows(
        bounds in proptest::collection::vec((-5_i64..12, 0_i64..6), 1..5),
    ) {
        let rows = bounds.iter().map(|(from, length)| {
            format!("[[row]]\nwhen = [\"{from}..{}\"]\nthen = \"on_time\"\n", from + length)
        });
        let rows: String = rows.collect();
        let fitting = |number: i64| {
            bounds.iter().filter(|(from, length)| (*from..=from + length).contains(&number)).count()
        };
        let overlaps = (-20..30).any(|number| fitting(number) > 1);
        let table = |hit: &str, rest: &str| format!("hit = \"{hit}\"\ncolumns = [\"minutes_late\"]\n{rows}{rest}");
        let default = "[default]\nthen = \"excused\"\n";
        let found = findings(&table("unique", default));
        let said = found.iter().any(|finding| finding.message.contains("both answer"));
        prop_assert_eq!(said, overlaps);
        let open = findings(&table("first", ""));
        prop_assert!(open.iter().any(|finding| finding.message.starts_with("no row answers")));
        let closed = "[[row]]\nwhen = [\"< -5\"]\nthen = \"on_time\"\n[[row]]\nwhen = [\"> -6\"]\nthen = \"on_time\"\n";
        let filled = findings(&table("first", closed));
        prop_assert!(filled.iter().all(|finding| finding.severity == Severity::Warning));
    }
}
