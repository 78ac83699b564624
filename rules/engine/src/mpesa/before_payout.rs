//! `mpesa.before_payout`: may this money leave?

use super::{hold_what_cannot_move, shillings};
use crate::Record;
use crate::hook::{Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::sample_now;
use crate::twin::{money, text_or, yes};
use crate::verdict::Verdict;

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::BEFORE_PAYOUT,
    contract: 1,
    about: "May this money leave? Asked before each payout.",
    subject: "payout",
    facts: fields! {
        amount: Kind::Money => "what leaves" money;
        payee: Kind::Text => "handle of who receives it, never a telephone number" personal;
        paid_today: Kind::Money => "what this payee was paid today, this one left out" money;
        is_first_payout: Kind::YesNo => "whether this payee was never paid before";
        limit_per_payment: Kind::Money => "the operator's limit on this day" money may_be_empty;
        limit_per_day: Kind::Money => "the operator's limit for one payee a day" money may_be_empty;
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("proceed", "send it"),
        OutcomeSpec::with(
            "needs_approval",
            &[Argument::Code { field: "role" }],
            "send it once somebody of this role has approved",
        )
        .rank(3),
        OutcomeSpec::plain("hold", "send nothing until a person has looked").rank(4),
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
        amount: shillings(4_500),
        payee: "payee_19c2",
        paid_today: shillings(0),
        is_first_payout: false,
        limit_per_payment: shillings(250_000),
        limit_per_day: shillings(500_000),
        now: sample_now(),
    }
}

/// The twin of `before_payout.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let role = text_or(settings, "approver_role", "owner");
    let approval = || Verdict::new("needs_approval").with("role", role);
    let amount = money(facts, "amount");
    let today = amount.and_then(|amount| money(facts, "paid_today")?.plus(amount));
    let (Some(amount), Some(today)) = (amount, today) else {
        return Verdict::new("hold").because("the amount cannot be counted");
    };
    if money(settings, "hold_above_a_day").is_none_or(|most| today.minor > most.minor) {
        return Verdict::new("hold").because(format!("this payee would get {today} today"));
    }
    if yes(facts, "is_first_payout") {
        return approval().because("this payee was never paid before");
    }
    if money(settings, "approval_above").is_none_or(|most| amount.minor > most.minor) {
        return approval().because(format!("{amount} is a large payout"));
    }
    Verdict::new("proceed")
}
