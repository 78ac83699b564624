//! Rules as an organization would write them, each over the shipped rule and its settings: a break policy, the
//! charge of a visit, an oxygen alert and the end of a forgotten session.

use zamu_rules::{Currency, Decision, Money, Record, Rulebook, Value, checking, hook, hooks};

use crate::{folder, with};

const BREAKS: &str = r#"
/// Which breaks are paid, and is a meal break deducted?
fn breaks(session, settings) {
    let plan = break_plan();            // every break starts as unpaid

    for pause in session.breaks {
        if pause.kind == "tea" && pause.minutes <= settings.tea_minutes {
            plan.paid(pause);
        }
        if pause.minutes > settings.longest_break_minutes {
            plan.flag(pause, "break_too_long");
        }
    }

    // A long day includes a meal, whether or not it was recorded.
    if session.worked_minutes >= settings.meal_after_minutes && !session.took_break("meal") {
        plan.deduct(settings.meal_minutes, "no meal break was recorded on a long day");
    }

    plan
}
"#;

const VISIT_CHARGE: &str = r#"
/// What does this visit cost, and how is it collected?
fn visit_charge(visit, settings) {
    if visit.status != "completed" {
        return no_charge().because(`the visit is ${visit.status}`);
    }

    let amount = settings.base_fee;
    let extra  = visit.billable_minutes - settings.included_minutes;

    if extra > 0 {
        // Every started block is charged in full.
        amount += settings.fee_per_block * started_blocks(extra, settings.block_minutes);
    }

    if visit.is_weekend || visit.is_public_holiday {
        amount = amount.percent(settings.weekend_percent);
    }

    if amount > settings.ask_a_person_above {
        return hold(amount).because("above the amount that may be charged automatically");
    }

    charge(amount, visit.payer).via("mpesa").because(`visit of ${visit.billable_minutes} minutes`)
}
"#;

const VITAL_SIGN: &str = r#"
/// How worrying is this reading, and who must know?
fn vital_sign(reading, settings) {
    if reading.kind != "oxygen_saturation" {
        return inherit();
    }

    // A patient with a clinician's own target is judged by that target.
    let low = reading.patient.oxygen_target_low ?? settings.oxygen_low;

    if reading.value < low - settings.critical_margin {
        return critical()
            .because(`${reading.value}% is far below ${low}%`)
            .tell("on_call_nurse")
            .escalate_to("doctor", settings.escalate_after_minutes);
    }

    if reading.value < low && reading.minutes_below(low) >= settings.sustained_minutes {
        return urgent()
            .because(`below ${low}% for ${settings.sustained_minutes} minutes`)
            .tell("care_team");
    }

    normal()
}
"#;

const AUTO_CLOCK_OUT: &str = r#"
/// The shift is over and nobody clocked out. What now?
fn auto_clock_out(session, settings) {
    if session.minutes_past_end < settings.wait_minutes {
        return keep_open();
    }

    // Someone still inside the fence is probably working late.
    if session.last_seen.inside_fence && session.last_seen.minutes_ago < settings.seen_recently_minutes {
        return keep_open().flag("working_past_shift_end");
    }

    close_at(session.shift.ends_at)
        .because(`no clock-out ${session.minutes_past_end} minutes after the shift ended`)
        .flag("closed_automatically")
        .needs_review()
}
"#;

/// Judges with these settings; the rule must have no findings and must not fail.
fn judge(name: &str, source: &str, settings: &str, facts: Record) -> Decision {
    assert_eq!(checking::check_source(name, source).findings, []);
    let path = format!("orgs/acme/{}.rhai", hook(name).unwrap().path());
    let settings = format!("[{name}]\n{settings}\n");
    let folder = folder(&[
        (path.as_str(), source),
        ("orgs/acme/settings.toml", settings.as_str()),
    ]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    assert_eq!(problems, []);
    let decision = book.decide("acme", name, facts);
    assert_eq!(decision.problem, None);
    decision
}

#[test]
fn a_break_policy() {
    let settings = "tea_minutes = 15\nmeal_minutes = 30";
    let decision = judge(hooks::BREAKS, BREAKS, settings, with(hooks::BREAKS, &[]));
    let paid = Value::from([("what", "paid".into()), ("break_index", 0.into())]);
    assert_eq!(decision.outcome.values["breaks"], Value::List(vec![paid]));
    assert!(!decision.outcome.values.contains_key("deductions"));
    let no_breaks = with(hooks::BREAKS, &[("breaks", Value::List(Vec::new()))]);
    let decision = judge(hooks::BREAKS, BREAKS, settings, no_breaks);
    assert!(decision.outcome.values.contains_key("deductions"));
}

#[test]
fn the_charge_of_a_visit() {
    let settings = "base_fee = \"KES 1500\"\nfee_per_block = \"KES 300\"\nweekend_percent = 125";
    let changes = [("billable_minutes", 95.into()), ("is_weekend", true.into())];
    let facts = with(hooks::VISIT_CHARGE, &changes);
    let decision = judge(hooks::VISIT_CHARGE, VISIT_CHARGE, settings, facts);
    let amount = Money::new(300_000, Currency::new("KES").unwrap());
    assert_eq!(decision.outcome.name, "charge");
    assert_eq!(decision.outcome.values["amount"], amount.into());
    assert_eq!(decision.outcome.values["method"], "mpesa".into());
    assert_eq!(decision.reasons, ["visit of 95 minutes"]);
}

#[test]
fn an_oxygen_alert() {
    let reading = |value: i64| with(hooks::VITAL_SIGN, &[("value", value.into())]);
    let ask = |facts: Record| judge(hooks::VITAL_SIGN, VITAL_SIGN, "", facts);
    assert_eq!(ask(reading(97)).outcome.name, "normal");
    let critical = ask(reading(85));
    assert_eq!(critical.outcome.name, "critical");
    assert_eq!(critical.reasons[0], "85% is far below 96%");
    assert_eq!(critical.tells, ["on_call_nurse"]);
    // The rule is quiet about a short dip; the shipped one below it is not.
    assert_eq!(ask(reading(95)).outcome.name, "watch");
    let pulse = with(
        hooks::VITAL_SIGN,
        &[("kind", "heart_rate".into()), ("value", 140.into())],
    );
    assert_eq!(ask(pulse).outcome.name, "critical");
}

#[test]
fn the_end_of_a_forgotten_session() {
    let open = |past: i64| with(hooks::AUTO_CLOCK_OUT, &[("minutes_past_end", past.into())]);
    let ask = |facts: Record| {
        judge(
            hooks::AUTO_CLOCK_OUT,
            AUTO_CLOCK_OUT,
            "seen_recently_minutes = 45",
            facts,
        )
    };
    assert_eq!(ask(open(10)).outcome.name, "keep_open");
    assert_eq!(ask(open(90)).flags, ["working_past_shift_end"]);
    let mut gone = open(90);
    gone.insert("last_seen".to_owned(), Value::Nothing);
    let closed = ask(gone);
    assert_eq!(
        (closed.outcome.name.as_str(), closed.needs_review),
        ("close_at", true)
    );
    assert_eq!(
        closed.reasons,
        ["no clock-out 90 minutes after the shift ended"]
    );
}
