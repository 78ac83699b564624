//! What no rule can do: the platform's last word over every hook that has one, and that it is said.

use zamu_rules::{Currency, Decision, Moment, Money, Record, Rulebook, Value, hook, hooks};

use crate::{folder, with};

/// Asks one rule alone, without the shipped one below it. It must not fail.
fn alone(name: &str, body: &str, facts: Record) -> Decision {
    let hook = hook(name).unwrap();
    let (own, shipped) = (
        format!("orgs/acme/{}.rhai", hook.path()),
        format!("default/{}.rhai", hook.path()),
    );
    let source = format!(
        "fn {}({}, settings) {{ {body} }}",
        hook.function(),
        hook.subject
    );
    let folder = folder(&[
        (own.as_str(), source.as_str()),
        (shipped.as_str(), "// off"),
    ]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, [], "{body}");
    let decision = book.decide("acme", name, facts);
    assert_eq!(decision.problem, None, "{body}");
    decision
}

/// The platform said what it changed, and the trace shows that it did.
fn corrected(decision: &Decision, what: &str) {
    assert!(
        decision.reasons.iter().any(|reason| reason.contains(what)),
        "{:?}",
        decision.reasons
    );
    assert_eq!(decision.layers.last().unwrap().layer, "platform");
}

fn untouched(decision: &Decision) {
    assert!(
        decision
            .layers
            .iter()
            .all(|layer| layer.layer != "platform"),
        "{:?}",
        decision.reasons
    );
}

fn kes(cents: i64) -> Value {
    Money::new(cents, Currency::new("KES").unwrap()).into()
}

fn items<'a>(decision: &'a Decision, list: &str) -> Vec<&'a Record> {
    match decision.outcome.values.get(list) {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_record).collect(),
        _ => Vec::new(),
    }
}

fn minutes(decision: &Decision, list: &str) -> Vec<i64> {
    let items = items(decision, list).into_iter();
    items
        .map(|item| item["minutes"].as_whole().unwrap())
        .collect()
}

fn text<'a>(decision: &'a Decision, value: &str) -> &'a str {
    decision.outcome.values[value].as_text().unwrap()
}

#[test]
fn deductions_stop_at_the_worked_time() {
    let body = "let plan = break_plan(); plan.deduct(50, \"a\"); plan.deduct(50, \"b\"); plan";
    let facts = |worked: i64| with(hooks::BREAKS, &[("worked_minutes", worked.into())]);
    let decision = alone(hooks::BREAKS, body, facts(70));
    assert_eq!(minutes(&decision, "deductions"), [50, 20]);
    corrected(&decision, "deducted 100 minutes of 70 worked");
    let enough = alone(hooks::BREAKS, body, facts(100));
    assert_eq!(minutes(&enough, "deductions"), [50, 50]);
    untouched(&enough);
}

#[test]
fn buckets_add_up_to_the_paid_minutes() {
    let day = || with(hooks::HOURS, &[]);
    let short = alone(hooks::HOURS, "hours().regular(400)", day());
    assert_eq!(minutes(&short, "buckets"), [400, 80]);
    corrected(&short, "sorted 400 minutes of 480");
    let long = alone(
        hooks::HOURS,
        "hours().regular(480).overtime(60, 150)",
        day(),
    );
    assert_eq!(minutes(&long, "buckets"), [480, 0]);
    corrected(&long, "sorted 540 minutes of 480");
    let nothing = alone(hooks::HOURS, "hours()", day());
    assert_eq!(minutes(&nothing, "buckets"), [480]);
    // Rounding may move each bucket by a step.
    let rounded = alone(
        hooks::HOURS,
        "hours().regular(495).round_to(15, \"up\")",
        day(),
    );
    assert_eq!(minutes(&rounded, "buckets"), [495]);
    untouched(&rounded);
    let beyond = alone(
        hooks::HOURS,
        "hours().regular(496).round_to(15, \"up\")",
        day(),
    );
    assert_eq!(minutes(&beyond, "buckets"), [480]);
}

#[test]
fn a_session_is_never_closed_before_the_last_sign_of_presence() {
    let at = |text: &str| Value::from(Moment::parse(text).unwrap());
    let body = "close_at(session.started_at.minus_minutes(1))";
    let seen = alone(
        hooks::AUTO_CLOCK_OUT,
        body,
        with(hooks::AUTO_CLOCK_OUT, &[]),
    );
    assert_eq!(seen.outcome.values["at"], at("2026-01-05T16:20:00+03:00"));
    corrected(&seen, "the last sign of presence");
    let unseen = with(hooks::AUTO_CLOCK_OUT, &[("last_seen", Value::Nothing)]);
    let unseen = alone(hooks::AUTO_CLOCK_OUT, body, unseen);
    assert_eq!(unseen.outcome.values["at"], at("2026-01-05T08:30:00+03:00"));
    let fine = alone(
        hooks::AUTO_CLOCK_OUT,
        "close_at(session.now)",
        with(hooks::AUTO_CLOCK_OUT, &[]),
    );
    untouched(&fine);
}

fn oxygen(value: i64, target: Value) -> Record {
    let patient = Value::from([("oxygen_target_low", target)]);
    with(
        hooks::VITAL_SIGN,
        &[("value", value.into()), ("patient", patient)],
    )
}

#[test]
fn no_rule_makes_a_reading_milder_than_the_score() {
    for (value, floor) in [
        (97, "normal"),
        (95, "watch"),
        (93, "urgent"),
        (91, "critical"),
        (60, "critical"),
    ] {
        for said in ["normal()", "watch()", "urgent()", "critical()"] {
            let decision = alone(hooks::VITAL_SIGN, said, oxygen(value, Value::Nothing));
            let rank = |name: &str| hook(hooks::VITAL_SIGN).unwrap().outcome(name).unwrap().rank;
            let name = said.trim_end_matches("()");
            let expected = if rank(name) > rank(floor) {
                name
            } else {
                floor
            };
            assert_eq!(decision.outcome.name, expected, "{said} for {value}");
            if rank(name) < rank(floor) {
                corrected(
                    &decision,
                    &format!("the clinical floor for this value is {floor}"),
                );
            } else {
                untouched(&decision);
            }
        }
    }
    let critical = alone(hooks::VITAL_SIGN, "normal()", oxygen(80, Value::Nothing));
    assert_eq!(critical.tells, ["on_call_nurse"]);
}

#[test]
fn only_a_patients_own_target_lowers_the_floor() {
    let target = alone(hooks::VITAL_SIGN, "normal()", oxygen(90, 88.into()));
    assert_eq!(target.outcome.name, "normal");
    let raised = alone(hooks::VITAL_SIGN, "normal()", oxygen(83, 88.into()));
    assert_eq!(raised.outcome.name, "critical");
    // Not even a setting that slipped past its bounds.
    let facts = oxygen(90, Value::Nothing);
    let lowered = alone(
        hooks::VITAL_SIGN,
        "if reading.value < 80 { critical() } else { normal() }",
        facts,
    );
    assert_eq!(lowered.outcome.name, "critical");
}

#[test]
fn a_critical_alert_cannot_be_stopped_or_left_waiting() {
    let alert = |severity: &str, step: i64| {
        with(
            hooks::ESCALATION,
            &[("severity", severity.into()), ("step", step.into())],
        )
    };
    let stopped = alone(
        hooks::ESCALATION,
        "stop(\"it is late\")",
        alert("critical", 2),
    );
    assert_eq!(
        (stopped.outcome.name.as_str(), text(&stopped, "role")),
        ("next", "lead")
    );
    corrected(&stopped, "stopped a critical alert");
    let slow = alone(
        hooks::ESCALATION,
        "next(\"nurse\", 1440)",
        alert("critical", 1),
    );
    assert_eq!(slow.outcome.whole("minutes"), Some(15));
    corrected(&slow, "waited 1440 minutes");
    let urgent = alone(
        hooks::ESCALATION,
        "stop(\"it is late\")",
        alert("urgent", 2),
    );
    assert_eq!(urgent.outcome.name, "stop");
    untouched(&urgent);
}

#[test]
fn a_high_risk_patient_without_readings_is_paged() {
    let device = |silent: i64, risk: bool| {
        let patient = Value::from([("is_high_risk", risk.into())]);
        with(
            hooks::DEVICE_OFFLINE,
            &[("minutes_silent", silent.into()), ("patient", patient)],
        )
    };
    for said in ["fine()", "warn(\"technician\")"] {
        let decision = alone(hooks::DEVICE_OFFLINE, said, device(45, true));
        assert_eq!(
            (decision.outcome.name.as_str(), text(&decision, "role")),
            ("page", "on_call_nurse")
        );
        corrected(&decision, "pages for a high-risk patient");
        untouched(&alone(hooks::DEVICE_OFFLINE, said, device(44, true)));
        untouched(&alone(hooks::DEVICE_OFFLINE, said, device(45, false)));
    }
}

#[test]
fn a_critical_message_is_neither_muted_nor_delayed() {
    let message = |severity: &str| with(hooks::NOTIFY_ROUTE, &[("severity", severity.into())]);
    for said in [
        "mute()",
        "delay_until(message.now.plus_minutes(60))",
        "send(\"inbox\")",
    ] {
        let decision = alone(hooks::NOTIFY_ROUTE, said, message("critical"));
        assert_eq!(decision.outcome.name, "send", "{said}");
        let channels = items(&decision, "channels").into_iter();
        let channels: Vec<&str> = channels
            .map(|item| item["channel"].as_text().unwrap())
            .collect();
        assert!(channels.ends_with(&["push", "sms"]), "{channels:?}");
        assert!(!decision.outcome.values.contains_key("until"));
        corrected(&decision, "sends critical messages now");
        untouched(&alone(hooks::NOTIFY_ROUTE, said, message("urgent")));
    }
    untouched(&alone(
        hooks::NOTIFY_ROUTE,
        "send(\"push\").send(\"sms\")",
        message("critical"),
    ));
}

#[test]
fn mpesa_charges_whole_shillings() {
    let facts = || {
        with(
            hooks::VISIT_CHARGE,
            &[("service", Value::from([("price", kes(99_950))]))],
        )
    };
    let charged = alone(
        hooks::VISIT_CHARGE,
        "charge(visit.service.price, \"x\").via(\"mpesa\")",
        facts(),
    );
    assert_eq!(charged.outcome.values["amount"], kes(99_900));
    corrected(&charged, "M-Pesa moves whole shillings");
    let cash = alone(
        hooks::VISIT_CHARGE,
        "charge(visit.service.price, \"x\").via(\"cash\")",
        facts(),
    );
    assert_eq!(cash.outcome.values["amount"], kes(99_950));
}

#[test]
fn money_that_cannot_move_is_held() {
    let dollars = Value::from(Money::new(100, Currency::new("USD").unwrap()));
    for amount in [kes(150), kes(0), kes(-100), dollars, kes(25_000_100)] {
        for (name, said) in [
            (hooks::BEFORE_CHARGE, "proceed()"),
            (hooks::BEFORE_PAYOUT, "proceed()"),
            (hooks::BEFORE_PAYOUT, "needs_approval(\"owner\")"),
        ] {
            let decision = alone(name, said, with(name, &[("amount", amount.clone())]));
            assert_eq!(decision.outcome.name, "hold", "{amount} {said}");
            assert!(decision.needs_review && decision.outcome.values.is_empty());
            corrected(&decision, &format!("for {amount}"));
        }
    }
    let day = [("amount", kes(200_000)), ("paid_today", kes(49_800_100))];
    let decision = alone(
        hooks::BEFORE_PAYOUT,
        "proceed()",
        with(hooks::BEFORE_PAYOUT, &day),
    );
    assert_eq!(decision.outcome.name, "hold");
    untouched(&alone(
        hooks::BEFORE_PAYOUT,
        "proceed()",
        with(hooks::BEFORE_PAYOUT, &[]),
    ));
    let cancelled = alone(
        hooks::BEFORE_CHARGE,
        "cancel()",
        with(hooks::BEFORE_CHARGE, &[("amount", kes(150))]),
    );
    assert_eq!(cancelled.outcome.name, "cancel");
}

#[test]
fn only_a_payment_counts_as_paid() {
    for result in [
        "timed_out",
        "cancelled",
        "no_funds",
        "busy",
        "wrong_pin",
        "refused",
        "unknown",
    ] {
        let facts = with(hooks::PAYMENT_RESULT, &[("result", result.into())]);
        let decision = alone(hooks::PAYMENT_RESULT, "settled()", facts);
        assert_eq!(decision.outcome.name, "ask_person", "{result}");
        corrected(&decision, &format!("the payment is {result}"));
    }
    for result in ["paid", "busy", "unknown"] {
        let facts = with(hooks::PAYMENT_RESULT, &[("result", result.into())]);
        let decision = alone(hooks::PAYMENT_RESULT, "retry_after(5)", facts);
        assert_eq!(decision.outcome.name, "ask_person", "{result}");
        assert!(decision.outcome.values.is_empty());
    }
    let paid = with(hooks::PAYMENT_RESULT, &[]);
    untouched(&alone(hooks::PAYMENT_RESULT, "settled()", paid));
}
