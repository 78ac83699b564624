//! Kept cases: a decision becomes a test without the person it was about.

use zamu_rules::testing::{Case, run_cases};
use zamu_rules::{Decision, Moment, Record, Rulebook, Value, hooks};

use crate::{acme, late_by, with};

/// A decision of this lateness rule about a person, and the book that took it.
fn decided(source: &str, facts: Record) -> (Rulebook, Decision) {
    let book = acme(source);
    let decision = book.decide("acme", hooks::LATENESS, facts);
    assert_eq!(decision.problem, None);
    (book, decision)
}

fn somebody(minutes: i64) -> Record {
    let person = Value::from([
        ("role", "SUPERVISOR".into()),
        ("title", "Dr. Wanjiku, the only surgeon".into()),
        ("tags", Value::List(Vec::new())),
        ("department", "theatre_4".into()),
    ]);
    // A Thursday, 40 minutes past six.
    let now = Moment::parse("2026-03-12T06:40:00+03:00").unwrap();
    with(
        hooks::LATENESS,
        &[
            ("minutes_late", minutes.into()),
            ("person", person),
            ("now", now.into()),
        ],
    )
}

const BY_GRACE: &str = "fn lateness(c, s) { if c.minutes_late <= s.grace_minutes { on_time() } else { late(c.minutes_late).flag(\"seen\") } }";

#[test]
fn a_kept_case_has_no_person_in_it_and_still_holds() {
    let (book, decision) = decided(BY_GRACE, somebody(22));
    let case = Case::from_decision("twenty-two minutes", &decision, book.book_of("acme")).unwrap();
    let json = serde_json::to_string_pretty(&case).unwrap();
    for private in ["Wanjiku", "theatre_4"] {
        assert!(!json.contains(private), "{json}");
    }
    assert_eq!(case.facts["minutes_late"], 22.into());
    assert_eq!(
        case.facts["person"],
        Value::from([("role", "SUPERVISOR".into())])
    );
    assert_eq!(
        case.settings,
        Record::from([("grace_minutes".to_owned(), 5.into())])
    );
    assert_eq!(
        (case.expect.outcome.as_str(), case.expect.flags.as_slice()),
        ("late", ["seen".to_owned()].as_slice())
    );
    let results = run_cases(book.book_of("acme"), hooks::LATENESS, &[case.clone()]);
    assert!(results[0].passed, "{results:?}");
    assert_eq!(serde_json::from_str::<Case>(&json).unwrap(), case);
}

#[test]
fn moments_move_by_whole_weeks_when_that_is_harmless() {
    let (book, decision) = decided(BY_GRACE, somebody(22));
    let case = Case::from_decision("moved", &decision, book.book_of("acme")).unwrap();
    let Value::Moment(now) = case.facts["now"] else {
        panic!()
    };
    let Some(Value::Moment(before)) = decision.facts.get("now") else {
        panic!()
    };
    assert_eq!(
        (now.weekday(), now.hour(), now.minute()),
        (before.weekday(), 6, 40)
    );
    assert_eq!((now.year(), now.month()), (2026, 1));

    let by_month = "fn lateness(c, s) { if c.now.month == 3 { excused() } else { on_time() } }";
    let (book, decision) = decided(by_month, somebody(22));
    let case = Case::from_decision("march", &decision, book.book_of("acme")).unwrap();
    assert_eq!(case.facts.get("now"), decision.facts.get("now"));
}

#[test]
fn a_case_that_hangs_on_the_person_is_refused_and_says_on_what() {
    let by_title = "fn lateness(c, s) { if c.person.title != () && c.person.title.contains(\"surgeon\") { excused() } else { on_time() } }";
    let (book, decision) = decided(by_title, somebody(22));
    let problem = Case::from_decision("x", &decision, book.book_of("acme")).unwrap_err();
    assert_eq!(
        problem.message,
        "the answer hangs on `person.title`, which is private"
    );
    assert!(problem.hint.is_some());
}

#[test]
fn a_decision_these_rules_do_not_take_is_not_kept() {
    let (_, decision) = decided(BY_GRACE, somebody(22));
    let other = acme("fn lateness(c, s) { excused() }");
    let problem = Case::from_decision("x", &decision, other.book_of("acme")).unwrap_err();
    assert_eq!(problem.message, "these rules do not give this answer");
    let failed = acme("fn lateness(c, s) { late(0 - 1) }");
    let decision = failed.decide("acme", hooks::LATENESS, late_by(3));
    let problem = Case::from_decision("x", &decision, failed.book_of("acme")).unwrap_err();
    assert_eq!(problem.message, "this decision cannot be kept");
}

#[test]
fn a_changed_answer_is_a_failure_that_says_both() {
    let (book, decision) = decided(BY_GRACE, somebody(22));
    let case = Case::from_decision("x", &decision, book.book_of("acme")).unwrap();
    let other = acme("fn lateness(c, s) { excused() }");
    let results = run_cases(other.book_of("acme"), hooks::LATENESS, &[case]);
    let message = "expected late but the rule said {\"name\":\"excused\",\"values\":{}}";
    assert_eq!(results[0].message.as_deref(), Some(message));
}
