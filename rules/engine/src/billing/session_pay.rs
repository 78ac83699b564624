//! `billing.session_pay`: what is this approved time worth?

use super::AMOUNT;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{money, records, whole};
use crate::verdict::Verdict;
use crate::{Currency, Money, Record};

const BUCKETS: Kind = Kind::Records(fields! {
    kind: Kind::Choice(&["regular", "overtime"]) => "what kind of time";
    minutes: Kind::Whole => "how many minutes";
    rate_percent: Kind::Whole => "paid at so many percent of the rate; 100 for ordinary time";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::SESSION_PAY,
    contract: 1,
    about: "What is this approved time worth? Asked when hours are approved.",
    subject: "session",
    facts: fields! {
        buckets: BUCKETS => "the approved minutes, as `attendance.hours` sorted them";
        rate_per_hour: Kind::Money => "what an ordinary hour is worth" money;
        advances: Kind::Money => "paid in advance and not yet taken off" money may_be_empty;
        person: PERSON => "who is paid";
        now: Kind::Moment => "the moment of the approval, local";
    },
    outcomes: &[
        OutcomeSpec::with("pay", &[AMOUNT], "this is owed"),
        OutcomeSpec::with("hold", &[AMOUNT], "pay nothing until a person has looked"),
    ],
    failure: FailurePolicy::Hold,
    combine: Combine::First,
    risk: Risk::C,
    budget: Budget::MEDIUM,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    let rate = Currency::new("KES").map(|currency| Money::new(25_000, currency));
    facts! {
        buckets: vec![
            facts! { kind: "regular", minutes: 480, rate_percent: 100 },
            facts! { kind: "overtime", minutes: 60, rate_percent: 150 },
        ],
        rate_per_hour: rate,
        advances: crate::Value::Nothing,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `session_pay.rhai`; an amount that cannot be counted is held.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let Some((earned, owed)) = amounts(facts) else {
        return Verdict::new("hold").because("the amount cannot be counted");
    };
    if owed.minor < 0 {
        return Verdict::new("hold")
            .with("amount", owed)
            .because(format!("the advances are larger than the {earned} earned"));
    }
    if money(settings, "ask_a_person_above").is_none_or(|most| owed.minor > most.minor) {
        return Verdict::new("hold")
            .with("amount", owed)
            .because("above the amount that is paid without a second look");
    }
    Verdict::new("pay").with("amount", owed)
}

/// What was earned, and what of it is still owed.
fn amounts(facts: &Record) -> Option<(Money, Money)> {
    let rate = money(facts, "rate_per_hour")?;
    let nothing = Money::new(0, rate.currency);
    let earned = records(facts, "buckets").try_fold(nothing, |sum, bucket| {
        let hourly = rate.percent(whole(bucket, "rate_percent", 100))?;
        sum.plus(hourly.for_minutes(whole(bucket, "minutes", 0))?)
    })?;
    let owed = earned.minus(money(facts, "advances").unwrap_or(nothing))?;
    Some((earned, owed))
}
