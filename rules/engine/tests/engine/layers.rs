//! Several layers, one answer: the four combine rules, and the six failure policies.

use zamu_rules::{Combine, Decision, FailurePolicy, Record, Rulebook, Status, Value, hook, hooks};

use crate::{folder, with};

/// An organization's rule over a rule of the default pack.
fn two(name: &str, upper: &str, lower: &str, facts: Record) -> Decision {
    let hook = hook(name).unwrap();
    let source = |body: &str| {
        format!(
            "fn {}({}, settings) {{ {body} }}",
            hook.function(),
            hook.subject
        )
    };
    let (own, shipped) = (
        format!("orgs/acme/{}.rhai", hook.path()),
        format!("default/{}.rhai", hook.path()),
    );
    let (upper, lower) = (source(upper), source(lower));
    let folder = folder(&[
        (own.as_str(), upper.as_str()),
        (shipped.as_str(), lower.as_str()),
    ]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    book.decide("acme", name, facts)
}

fn ask(name: &str, upper: &str, lower: &str) -> Decision {
    assert!(hook(name).is_some());
    let decision = two(name, upper, lower, with(name, &[]));
    assert_eq!(decision.problem, None, "{upper} over {lower}");
    decision
}

fn combines(name: &str) -> Combine {
    hook(name).unwrap().combine
}

#[test]
fn first_takes_the_most_specific_answer() {
    assert_eq!(combines(hooks::STATUS), Combine::First);
    let decision = ask(
        hooks::STATUS,
        "half_day()",
        "absent().flag(\"never_asked\")",
    );
    assert_eq!(
        (decision.outcome.name.as_str(), decision.layers.len()),
        ("half_day", 1)
    );
    assert!(decision.flags.is_empty());
    let passed = ask(hooks::STATUS, "inherit().flag(\"seen\")", "absent()");
    assert_eq!(
        (passed.outcome.name.as_str(), passed.flags.as_slice()),
        ("absent", ["seen".to_owned()].as_slice())
    );
    assert_eq!(passed.status, Status::Inherited);
}

#[test]
fn worst_takes_the_gravest_answer_of_either_layer() {
    assert_eq!(combines(hooks::DEVICE_OFFLINE), Combine::Worst);
    for (upper, lower, name) in [
        ("fine()", "page(\"doctor\")", "page"),
        ("page(\"doctor\")", "fine()", "page"),
        ("warn(\"nurse\")", "fine()", "warn"),
        ("fine()", "inherit()", "fine"),
    ] {
        assert_eq!(
            ask(hooks::DEVICE_OFFLINE, upper, lower).outcome.name,
            name,
            "{upper} over {lower}"
        );
    }
    let both = ask(
        hooks::DEVICE_OFFLINE,
        "warn(\"nurse\").flag(\"a\")",
        "warn(\"technician\").flag(\"b\")",
    );
    assert_eq!(both.outcome.values["role"], "nurse".into());
    assert_eq!(both.flags, ["a", "b"]);
}

#[test]
fn strictest_is_deny_then_ask_then_flag_then_allow() {
    assert_eq!(combines(hooks::CLOCK_OUT), Combine::Strictest);
    let ladder = [
        "allow()",
        "allow().flag(\"x\")",
        "allow().ask_for(\"note\")",
        "deny(\"no\")",
    ];
    for (upper_rank, upper) in ladder.iter().enumerate() {
        for (lower_rank, lower) in ladder.iter().enumerate() {
            let decision = ask(hooks::CLOCK_OUT, upper, lower);
            let strictest = upper_rank.max(lower_rank);
            let name = if strictest == 3 { "deny" } else { "allow" };
            assert_eq!(decision.outcome.name, name, "{upper} over {lower}");
            assert_eq!(decision.asks.is_empty(), upper_rank != 2 && lower_rank != 2);
            assert_eq!(
                decision.flags.is_empty(),
                upper_rank != 1 && lower_rank != 1
            );
        }
    }
}

#[test]
fn all_joins_what_every_layer_says() {
    assert_eq!(combines(hooks::VALIDATE_ADD_CLIENT), Combine::All);
    let decision = ask(
        hooks::VALIDATE_ADD_CLIENT,
        "warn(\"phone\", \"a\")",
        "reject(\"places\", \"b\")",
    );
    assert_eq!(decision.outcome.name, "reject");
    let Value::List(findings) = &decision.outcome.values["findings"] else {
        panic!("no findings")
    };
    let fields: Vec<&str> = findings
        .iter()
        .map(|item| item.as_record().unwrap()["field"].as_text().unwrap())
        .collect();
    assert_eq!(fields, ["places", "phone"]);
    let same = ask(
        hooks::REVIEW,
        "flag(\"x\", \"low\")",
        "flag(\"x\", \"low\")",
    );
    assert_eq!(
        same.outcome.values["flags"],
        Value::List(match &same.outcome.values["flags"] {
            Value::List(flags) => flags[..1].to_vec(),
            _ => panic!("no flags"),
        })
    );
    assert_eq!(
        ask(hooks::REVIEW, "no_flags()", "flag(\"x\", \"low\")")
            .outcome
            .name,
        "flag"
    );
    // An organization may mute what the shipped rule sends, and the other way round.
    assert_eq!(
        ask(hooks::NOTIFY_ROUTE, "mute()", "send(\"push\")")
            .outcome
            .name,
        "mute"
    );
    assert_eq!(
        ask(
            hooks::NOTIFY_ROUTE,
            "send(\"email\")",
            "delay_until(message.now)"
        )
        .outcome
        .name,
        "delay_until"
    );
}

/// A rule that breaks when it is reached.
fn broken(name: &str, facts: Record) -> Decision {
    let decision = two(name, "settings.no_such_setting", "inherit()", facts);
    assert!(decision.problem.is_some(), "{name}");
    assert_eq!(decision.flags.last().unwrap(), "rule_failed");
    decision
}

fn fails_as(name: &str, policy: FailurePolicy) -> Decision {
    assert_eq!(hook(name).unwrap().failure, policy, "{name}");
    broken(name, with(name, &[]))
}

#[test]
fn default_answers_with_the_twin() {
    let decision = fails_as(hooks::BREAKS, FailurePolicy::Default);
    assert_eq!(decision.outcome.name, "break_plan");
    let late = broken(
        hooks::STATUS,
        with(hooks::STATUS, &[("lateness", "late".into())]),
    );
    assert_eq!(late.outcome.name, "late");
}

#[test]
fn open_lets_it_happen_and_sends_it_to_review() {
    for name in [
        hooks::CLOCK_OUT,
        hooks::BREAK_START,
        hooks::VALIDATE_PLAN_SHIFT,
    ] {
        let decision = fails_as(name, FailurePolicy::Open);
        let first = hook(name).unwrap().outcomes[0].name;
        assert_eq!(
            (decision.outcome.name.as_str(), decision.needs_review),
            (first, true)
        );
    }
}

#[test]
fn hold_moves_nothing() {
    for name in [
        hooks::VISIT_CHARGE,
        hooks::SESSION_PAY,
        hooks::BEFORE_CHARGE,
        hooks::BEFORE_PAYOUT,
        hooks::PAYMENT_RESULT,
    ] {
        let decision = fails_as(name, FailurePolicy::Hold);
        assert_eq!(
            (decision.outcome.name.as_str(), decision.needs_review),
            ("hold", true),
            "{name}"
        );
        assert_eq!(decision.reasons, ["the rule failed, so a person decides"]);
    }
}

#[test]
fn floor_answers_with_the_clinical_floor_and_tells_the_lead() {
    fails_as(hooks::DEVICE_OFFLINE, FailurePolicy::Floor);
    fails_as(hooks::ESCALATION, FailurePolicy::Floor);
    assert_eq!(
        hook(hooks::VITAL_SIGN).unwrap().failure,
        FailurePolicy::Floor
    );
    let decision = broken(
        hooks::VITAL_SIGN,
        with(hooks::VITAL_SIGN, &[("value", 85.into())]),
    );
    assert_eq!(decision.outcome.name, "critical");
    assert_eq!(decision.tells, ["on_call_nurse", "clinical_lead"]);
}

#[test]
fn skip_shows_that_nothing_was_computed() {
    for name in [hooks::REPORT_COLUMN, hooks::REQUIRED_NOTES] {
        let decision = fails_as(name, FailurePolicy::Skip);
        assert_eq!(decision.outcome.name, "skipped");
        assert!(decision.outcome.values.is_empty());
    }
}

#[test]
fn closed_refuses() {
    let decision = fails_as(hooks::VALIDATE_ADD_MEMBER, FailurePolicy::Closed);
    assert_eq!(decision.outcome.name, "reject");
    assert_eq!(decision.reasons, ["the rule that decides this failed"]);
}

#[test]
fn the_default_of_every_hook_is_one_of_its_outcomes() {
    let book = Rulebook::embedded();
    for hook in hooks() {
        let settings = book.settings("anybody", hook.name);
        let values = settings
            .into_iter()
            .map(|(setting, value)| (setting.name, value));
        for settings in [values.collect(), Record::new()] {
            let outcome = hook.built_in(&hook.sample(), &settings);
            assert!(
                hook.outcome(&outcome.name).is_some(),
                "{}: {}",
                hook.name,
                outcome.name
            );
        }
    }
}
