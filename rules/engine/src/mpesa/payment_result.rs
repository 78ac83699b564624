//! `mpesa.payment_result`: the operator answered. Is it settled, tried again, or a person's work?

use super::shillings;
use crate::Record;
use crate::hook::{Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::sample_now;
use crate::twin::{text, whole};
use crate::verdict::Verdict;

const RESULTS: &[&str] = &[
    "paid",
    "timed_out",
    "cancelled",
    "no_funds",
    "busy",
    "wrong_pin",
    "refused",
    "unknown",
];

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::PAYMENT_RESULT,
    contract: 1,
    about: "The operator answered. Is it settled, tried again, or a person's work?",
    subject: "payment",
    facts: fields! {
        result: Kind::Choice(RESULTS) => "what the operator's code means; unknown is never paid";
        result_code: Kind::Text => "the code as the operator sent it, such as 1037";
        amount: Kind::Money => "the amount" money;
        attempts: Kind::Whole => "prompts sent so far, this one included";
        now: Kind::Moment => "the moment of the answer, local";
    },
    outcomes: &[
        OutcomeSpec::plain("settled", "the money is here"),
        OutcomeSpec::with(
            "retry_after",
            // The operator refuses the same amount from the same payer within two minutes.
            &[Argument::Whole {
                field: "minutes",
                unit: "minutes",
                min: 2,
                max: 1_440,
            }],
            "send another prompt after so many minutes",
        ),
        OutcomeSpec::plain("ask_person", "somebody must look at it"),
    ],
    failure: FailurePolicy::Hold,
    combine: Combine::First,
    risk: Risk::C,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        result: "paid",
        result_code: "0",
        amount: shillings(1_500),
        attempts: 1,
        now: sample_now(),
    }
}

/// The twin of `payment_result.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let result = text(facts, "result");
    if result == "paid" {
        return Verdict::new("settled");
    }
    let may_retry = whole(facts, "attempts", 1) <= whole(settings, "retries", 1);
    if result == "timed_out" && may_retry {
        let minutes = whole(settings, "retry_after_minutes", 5);
        return Verdict::new("retry_after")
            .with("minutes", minutes)
            .because("nobody answered the prompt");
    }
    Verdict::new("ask_person").because(format!("the payment is {result}"))
}

/// Nothing counts as paid but a payment, and nobody is asked twice for money that came or may yet come.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    let result = text(facts, "result");
    let is_open = matches!(result, "paid" | "busy" | "unknown");
    let is_wrong = match answer.name {
        "settled" => result != "paid",
        "retry_after" => is_open,
        _ => false,
    };
    if !is_wrong {
        return None;
    }
    let said = answer.name;
    *answer = Verdict {
        notes: std::mem::take(&mut answer.notes),
        ..Verdict::new("ask_person")
    };
    Some(format!(
        "the rule said {said}; the payment is {result}, so the platform asks a person"
    ))
}
