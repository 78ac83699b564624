//! What an outcome takes in its brackets, what its methods do, and what a rule can ask about its facts.

use zamu_rules::{Currency, Decision, Moment, Money, Record, Rulebook, Value, hook, hooks};

use crate::{folder, with};

/// One rule, judged on the sample.
fn judge(name: &str, body: &str) -> Decision {
    on(name, body, with(name, &[]))
}

fn on(name: &str, body: &str, facts: Record) -> Decision {
    let hook = hook(name).unwrap();
    let path = format!("orgs/acme/{}.rhai", hook.path());
    let source = format!(
        "fn {}({}, settings) {{ {body} }}",
        hook.function(),
        hook.subject
    );
    let folder = folder(&[(path.as_str(), source.as_str())]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, [], "{body}");
    book.decide("acme", name, facts)
}

/// A value of the answer; the rule must not fail.
fn value(name: &str, body: &str, field: &str) -> Value {
    let decision = judge(name, body);
    assert_eq!(decision.problem, None, "{body}");
    decision.outcome.values[field].clone()
}

fn fails(name: &str, body: &str) -> String {
    judge(name, body)
        .problem
        .unwrap_or_else(|| panic!("{body} did not fail"))
        .message
}

fn list(items: &[Record]) -> Value {
    Value::from(items.to_vec())
}

fn item<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[test]
fn whole_numbers_have_bounds_and_a_unit() {
    assert_eq!(value(hooks::VISIT_NO_SHOW, "wait(5)", "minutes"), 5.into());
    assert_eq!(
        fails(hooks::VISIT_NO_SHOW, "wait(0)"),
        "wait(0) is out of range: minutes goes from 1 to 1440 minutes"
    );
    assert_eq!(
        fails(hooks::VISIT_NO_SHOW, "wait(\"5\")"),
        "wait(…) takes a whole number of minutes, not text"
    );
}

#[test]
fn codes_are_plain() {
    assert_eq!(
        value(hooks::DEVICE_OFFLINE, "page(\"night_nurse\")", "role"),
        "night_nurse".into()
    );
    assert_eq!(
        fails(hooks::DEVICE_OFFLINE, "page(\"Night nurse\")"),
        "`Night nurse` is not a code"
    );
    assert_eq!(
        fails(hooks::DEVICE_OFFLINE, "page(7)"),
        "page(…) takes a code, not a whole number"
    );
}

#[test]
fn choices_are_closed() {
    assert_eq!(
        value(hooks::NOTIFY_ROUTE, "send(\"email\")", "channels"),
        list(&[
            item([("what", "send".into()), ("channel", "email".into())]),
            item([("what", "send".into()), ("channel", "push".into())]),
        ])
    );
    let decision = judge(hooks::NOTIFY_ROUTE, "send(\"emial\")");
    let problem = decision.problem.unwrap();
    assert_eq!(
        problem.message,
        "`emial` is not a channel: push, sms, email, inbox"
    );
    assert_eq!(problem.hint.as_deref(), Some("did you mean \"email\"?"));
}

#[test]
fn texts_are_short() {
    assert_eq!(
        value(hooks::REPORT_COLUMN, "text(\"three days\")", "value"),
        "three days".into()
    );
    let long = format!("text(\"{}\")", "a".repeat(501));
    assert_eq!(
        fails(hooks::REPORT_COLUMN, &long),
        "the text of text(…) is at most 500 letters long"
    );
    assert_eq!(
        fails(hooks::REPORT_COLUMN, "text(3)"),
        "text(…) takes text, not a whole number"
    );
}

#[test]
fn yes_and_no() {
    assert_eq!(
        value(
            hooks::REPORT_COLUMN,
            "yes_no(row.days_absent == 0)",
            "value"
        ),
        true.into()
    );
    assert_eq!(
        fails(hooks::REPORT_COLUMN, "yes_no(1)"),
        "yes_no(…) takes yes or no, not a whole number"
    );
}

#[test]
fn numbers_and_minutes_of_a_column() {
    assert_eq!(
        value(hooks::REPORT_COLUMN, "number(-3)", "value"),
        (-3).into()
    );
    assert_eq!(
        value(hooks::REPORT_COLUMN, "minutes(row.break_minutes)", "value"),
        150.into()
    );
    assert!(fails(hooks::REPORT_COLUMN, "number(2000000000)").contains("out of range"));
}

#[test]
fn money_stays_money() {
    let amount = Money::new(25_000, Currency::new("KES").unwrap());
    assert_eq!(
        value(hooks::SESSION_PAY, "pay(session.rate_per_hour)", "amount"),
        amount.into()
    );
    assert_eq!(
        fails(hooks::SESSION_PAY, "pay(250)"),
        "pay(…) takes money, not a whole number"
    );
}

#[test]
fn moments_and_lists_of_them() {
    let at = |text: &str| Value::from(Moment::parse(text).unwrap());
    assert_eq!(
        value(hooks::NOTIFY_ROUTE, "delay_until(message.now)", "until"),
        at("2026-01-05T08:30:00+03:00")
    );
    assert_eq!(
        fails(hooks::NOTIFY_ROUTE, "delay_until(\"08:30\")"),
        "delay_until(…) takes a moment, not text"
    );
    assert_eq!(
        value(
            hooks::VISIT_REMINDER,
            "remind_at([visit.now, visit.starts_at])",
            "moments"
        ),
        Value::List(vec![
            at("2026-01-05T08:30:00+03:00"),
            at("2026-01-08T08:30:00+03:00")
        ])
    );
    assert_eq!(
        fails(hooks::VISIT_REMINDER, "remind_at([visit.now, 5])"),
        "remind_at(…) takes a list of at most 20 moments, not a list"
    );
}

#[test]
fn items_are_records_of_a_list_of_facts() {
    let body = "let plan = break_plan(); for pause in session.breaks { plan.paid(pause); } plan";
    let paid = |index: i64| item([("what", "paid".into()), ("break_index", index.into())]);
    assert_eq!(
        value(hooks::BREAKS, body, "breaks"),
        list(&[paid(0), paid(1)])
    );
    assert_eq!(
        fails(hooks::BREAKS, "break_plan().paid(session.person)"),
        "paid(…) takes one of `breaks`, not a record"
    );
    assert_eq!(
        fails(hooks::BREAKS, "break_plan().paid(0)"),
        "paid(…) takes one of `breaks`, not a whole number"
    );
}

#[test]
fn a_method_sets_a_value_or_adds_to_a_list() {
    let decision = judge(
        hooks::HOURS,
        "hours().regular(480).round_to(5, \"up\").round_to(10, \"down\")",
    );
    assert_eq!(decision.outcome.whole("round_to_minutes"), Some(10));
    assert_eq!(decision.outcome.values["round_mode"], "down".into());
    let twice = value(
        hooks::HOURS,
        "hours().regular(400).overtime(80, 150)",
        "buckets",
    );
    let regular = item([("what", "regular".into()), ("minutes", 400.into())]);
    let overtime = [
        ("what", "overtime".into()),
        ("minutes", 80.into()),
        ("rate_percent", 150.into()),
    ];
    assert_eq!(twice, list(&[regular, item(overtime)]));
    let hint = judge(hooks::NOTIFY_ROUTE, "mute().send(\"push\")")
        .problem
        .unwrap();
    assert_eq!(hint.message, "mute does not take .send(…)");
}

#[test]
fn a_method_named_like_a_graver_outcome_makes_the_answer_that_one() {
    for (body, name) in [
        ("ok().warn(\"a\", \"b\")", "warn"),
        ("ok().warn(\"a\", \"b\").reject(\"c\", \"d\")", "reject"),
        ("reject(\"a\", \"b\").warn(\"c\", \"d\")", "reject"),
        (
            "let answer = ok(); answer.reject(\"a\", \"b\"); answer",
            "reject",
        ),
    ] {
        assert_eq!(
            judge(hooks::VALIDATE_SAVE_PLACE, body).outcome.name,
            name,
            "{body}"
        );
    }
}

#[test]
fn a_flag_of_a_review_and_the_decoration_of_that_name_are_two_things() {
    let decision = judge(
        hooks::REVIEW,
        "flag(\"gap\", \"low\").flag(\"seen\").flag(\"jump\", \"high\")",
    );
    assert_eq!(decision.problem, None);
    assert_eq!(decision.flags, ["seen"]);
    let flag = |code: &str, severity: &str| {
        item([
            ("what", "flag".into()),
            ("code", code.into()),
            ("severity", severity.into()),
        ])
    };
    assert_eq!(
        decision.outcome.values["flags"],
        list(&[flag("gap", "low"), flag("jump", "high")])
    );
}

#[test]
fn questions_about_a_list_are_recorded_as_questions() {
    let decision = judge(
        hooks::BREAKS,
        "if session.took_break(\"meal\") && !session.took_break(\"nap\") { break_plan() }",
    );
    assert_eq!(decision.problem, None);
    let read: Vec<_> = decision
        .read
        .iter()
        .map(|read| (read.path.as_str(), read.value.clone()))
        .collect();
    assert_eq!(
        read,
        [
            ("took_break(\"meal\")", true.into()),
            ("took_break(\"nap\")", false.into())
        ]
    );
    assert_eq!(
        fails(hooks::BREAKS, "session.person.took_break(\"meal\")"),
        "`session.person` has no breaks"
    );
    assert_eq!(
        fails(hooks::STATUS, "day.minutes_below(3)"),
        "`day` has no recent"
    );
}

#[test]
fn minutes_below_and_above_count_the_unbroken_run() {
    let reading = |value: i64, recent: &[(i64, i64)]| {
        let recent = recent
            .iter()
            .map(|(value, ago)| item([("value", (*value).into()), ("minutes_ago", (*ago).into())]));
        let recent: Vec<Record> = recent.collect();
        with(
            hooks::VITAL_SIGN,
            &[("value", value.into()), ("recent", recent.into())],
        )
    };
    for (value, recent, below) in [
        (95, vec![(95, 10), (94, 30), (97, 45), (90, 60)], 30),
        (95, vec![(96, 10), (90, 20)], 0),
        (96, vec![(90, 10)], 0),
        (95, vec![], 0),
    ] {
        let body =
            format!("if reading.minutes_below(96) == {below} {{ critical() }} else {{ normal() }}");
        let decision = on(hooks::VITAL_SIGN, &body, reading(value, &recent));
        assert_eq!(decision.outcome.name, "critical", "{value} {recent:?}");
        let read = decision
            .read
            .iter()
            .find(|read| read.path == "minutes_below(96)")
            .unwrap();
        assert_eq!(
            (&read.value, read.class),
            (&below.into(), zamu_rules::Class::Health)
        );
    }
    let body = "if reading.minutes_above(96) == 15 { critical() } else { normal() }";
    let decision = on(hooks::VITAL_SIGN, body, reading(97, &[(97, 15), (96, 30)]));
    assert_eq!(decision.outcome.name, "critical");
}

#[test]
fn moments_can_be_moved_and_compared() {
    for (condition, holds) in [
        (
            "visit.now.plus_minutes(90).minutes_since(visit.now) == 90",
            true,
        ),
        ("visit.now.minus_minutes(90) < visit.now", true),
        ("visit.starts_at > visit.now.plus_minutes(4319)", true),
        ("visit.starts_at > visit.now.plus_minutes(4320)", false),
        ("visit.starts_at == visit.now.plus_minutes(4320)", true),
        ("visit.now.plus_minutes(930).hour == 0", true),
    ] {
        let body = format!("if {condition} {{ remind_at([]) }} else {{ no_reminder() }}");
        let decision = judge(hooks::VISIT_REMINDER, &body);
        assert_eq!(decision.problem, None, "{condition}");
        assert_eq!(decision.outcome.name == "remind_at", holds, "{condition}");
    }
    let far = "remind_at([visit.now.plus_minutes(9223372036854775807)])";
    assert_eq!(fails(hooks::VISIT_REMINDER, far), "the number is too large");
}

#[test]
fn an_hourly_rate_buys_minutes() {
    let paid = |minutes: &str| {
        let body = format!("pay(session.rate_per_hour.for_minutes({minutes}))");
        match value(hooks::SESSION_PAY, &body, "amount") {
            Value::Money(money) => money.minor,
            other => panic!("{other}"),
        }
    };
    assert_eq!(
        (paid("60"), paid("90"), paid("1"), paid("0")),
        (25_000, 37_500, 417, 0)
    );
    assert_eq!(
        fails(
            hooks::SESSION_PAY,
            "pay(session.rate_per_hour.for_minutes(9223372036854775807))"
        ),
        "the number is too large"
    );
}
