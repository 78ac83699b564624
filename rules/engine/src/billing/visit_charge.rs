//! `billing.visit_charge`: what does this visit cost, and how is it collected?

use super::AMOUNT;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::mpesa::down_to_whole;
use crate::shared::sample_now;
use crate::twin::{is_empty, money, text, text_or, whole, yes};
use crate::verdict::Verdict;
use crate::{Currency, Money, Record};

const SERVICE: Kind = Kind::Record(fields! {
    kind: Kind::Text => "kind of service" may_be_empty;
    price: Kind::Money => "its price on the price list, if it has one" money may_be_empty;
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VISIT_CHARGE,
    contract: 1,
    about: "What does this visit cost, and how is it collected? Asked when a visit is completed.",
    subject: "visit",
    facts: fields! {
        status: Kind::Choice(&["planned", "in_progress", "completed", "cancelled", "no_show"])
            => "what became of the visit";
        billable_minutes: Kind::Whole => "minutes that may be charged";
        service: SERVICE => "what was done; reads as empty" reads_as_empty;
        payer: Kind::Text => "handle of who pays, never a telephone number" personal may_be_empty;
        is_weekend: Kind::YesNo => "whether it began on a Saturday or Sunday, local";
        is_public_holiday: Kind::YesNo => "whether it began on a public holiday";
        now: Kind::Moment => "the moment the visit was completed, local";
    },
    outcomes: &[
        OutcomeSpec::plain("no_charge", "it costs nothing"),
        OutcomeSpec::with(
            "charge",
            &[AMOUNT, Argument::Text { field: "payer" }],
            "charge this amount to this payer",
        )
        .methods(&[Method {
            name: "via",
            arguments: &[Argument::Choice {
                field: "method",
                choices: &["mpesa", "cash", "bank", "invoice"],
            }],
            effect: Effect::Set,
            about: "how it is collected",
        }]),
        OutcomeSpec::with(
            "hold",
            &[AMOUNT],
            "charge nothing until a person has looked",
        ),
    ],
    failure: FailurePolicy::Hold,
    combine: Combine::First,
    risk: Risk::C,
    budget: Budget::MEDIUM,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    let price = Currency::new("KES").map(|currency| Money::new(150_000, currency));
    facts! {
        status: "completed",
        billable_minutes: 60,
        service: facts! { kind: "home_visit", price: price },
        payer: "payer_7f3a",
        is_weekend: false,
        is_public_holiday: false,
        now: sample_now(),
    }
}

/// The twin of `visit_charge.rhai`; an amount that cannot be counted is held.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let status = text(facts, "status");
    if status != "completed" {
        return Verdict::new("no_charge").because(format!("the visit is {status}"));
    }
    let Some(amount) = amount(facts, settings) else {
        return Verdict::new("hold").because("the amount cannot be counted");
    };
    if amount.minor == 0 {
        return Verdict::new("no_charge").because("the service has no price");
    }
    if is_empty(facts, "payer") {
        return Verdict::new("hold")
            .with("amount", amount)
            .because("nobody is named who pays");
    }
    if money(settings, "ask_a_person_above").is_none_or(|most| amount.minor > most.minor) {
        return Verdict::new("hold")
            .with("amount", amount)
            .because("above the amount that may be charged automatically");
    }
    let minutes = whole(facts, "billable_minutes", 0);
    Verdict::new("charge")
        .with("amount", amount)
        .with("payer", text(facts, "payer"))
        .with("method", text_or(settings, "method", "invoice"))
        .because(format!("visit of {minutes} minutes"))
}

fn amount(facts: &Record, settings: &Record) -> Option<Money> {
    let price = money(facts, "service.price").or_else(|| money(settings, "base_fee"))?;
    let extra = whole(facts, "billable_minutes", 0) - whole(settings, "included_minutes", 60);
    let block = whole(settings, "block_minutes", 15).max(1);
    let mut amount = price;
    if extra > 0 {
        let fee = money(settings, "fee_per_block")?;
        amount = amount.plus(fee.times((extra - 1) / block + 1)?)?;
    }
    if yes(facts, "is_weekend") || yes(facts, "is_public_holiday") {
        amount = amount.percent(whole(settings, "weekend_percent", 100))?;
    }
    Some(amount)
}

/// M-Pesa moves whole shillings: cents are dropped, in favour of who pays.
fn invariant(answer: &mut Verdict, _: &Record) -> Option<String> {
    if text(&answer.values, "method") != "mpesa" {
        return None;
    }
    let asked = money(&answer.values, "amount")?;
    let kept = down_to_whole(asked)?;
    answer.values.insert("amount".to_owned(), kept.into());
    Some(format!(
        "the rule charged {asked}; M-Pesa moves whole shillings, so the platform charges {kept}"
    ))
}
