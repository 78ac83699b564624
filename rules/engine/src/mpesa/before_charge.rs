//! `mpesa.before_charge`: may this customer be asked for money now?

use super::{hold_what_cannot_move, shillings};
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::sample_now;
use crate::twin::{whole, yes};
use crate::verdict::Verdict;

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::BEFORE_CHARGE,
    contract: 1,
    about: "May this customer be asked for money now? Asked before each prompt.",
    subject: "payment",
    facts: fields! {
        amount: Kind::Money => "what is asked for" money;
        payer: Kind::Text => "handle of who pays, never a telephone number" personal;
        attempts_today: Kind::Whole => "prompts sent to this payer today";
        failed_prompts: Kind::Whole => "prompts for this amount that failed in a row";
        last_failure: Kind::Choice(&["none", "timed_out", "cancelled", "no_funds", "wrong_pin", "other"])
            => "why the last one failed";
        was_paid_meanwhile: Kind::YesNo => "whether the money arrived on another way";
        limit_per_payment: Kind::Money => "the operator's limit on this day" money may_be_empty;
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("proceed", "send the prompt"),
        OutcomeSpec::plain("hold", "send nothing until a person has looked").rank(3),
        OutcomeSpec::plain("cancel", "never send it").rank(4),
    ],
    failure: FailurePolicy::Hold,
    combine: Combine::Strictest,
    risk: Risk::C,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: hold_what_cannot_move,
};

fn sample() -> Record {
    facts! {
        amount: shillings(1_500),
        payer: "payer_7f3a",
        attempts_today: 0,
        failed_prompts: 0,
        last_failure: "none",
        was_paid_meanwhile: false,
        limit_per_payment: shillings(250_000),
        now: sample_now(),
    }
}

/// The twin of `before_charge.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if yes(facts, "was_paid_meanwhile") {
        return Verdict::new("cancel").because("the money has arrived already");
    }
    let failed = whole(facts, "failed_prompts", 0);
    if failed >= whole(settings, "most_failed_prompts", 3) {
        return Verdict::new("hold").because(format!("{failed} prompts failed in a row"));
    }
    if whole(facts, "attempts_today", 0) >= whole(settings, "most_prompts_a_day", 10) {
        return Verdict::new("hold").because("this payer was asked often enough today");
    }
    Verdict::new("proceed")
}
