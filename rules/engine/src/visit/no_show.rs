//! `visit.no_show`: nobody opened the door. Wait, give up, or book again?

use crate::Record;
use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::shared::{SERVICE, sample_now, sample_service};
use crate::twin::{whole, yes};
use crate::verdict::Verdict;

const HISTORY: Kind = Kind::Record(fields! {
    visits: Kind::Whole => "visits of this client in the last year";
    no_shows: Kind::Whole => "how many of them were no-shows";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VISIT_NO_SHOW,
    contract: 1,
    about: "The visit should have begun and nobody was met. Wait, give up, or book again?",
    subject: "visit",
    facts: fields! {
        minutes_waiting: Kind::Whole => "minutes since the visit should have begun";
        contact_attempts: Kind::Whole => "how often somebody tried to reach the client";
        history: HISTORY => "what happened before";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::with(
            "wait",
            &[Argument::Whole {
                field: "minutes",
                unit: "minutes",
                min: 1,
                max: 1_440,
            }],
            "ask again after so many minutes",
        ),
        OutcomeSpec::plain(
            "no_show",
            "close the visit as a no-show; a fee is a matter of billing",
        ),
        OutcomeSpec::plain("reschedule", "close it and book another"),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::First,
    risk: Risk::C,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        minutes_waiting: 10,
        contact_attempts: 1,
        history: facts! { visits: 12, no_shows: 0 },
        service: sample_service(),
        now: sample_now(),
    }
}

/// The twin of `no_show.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let waited = whole(facts, "minutes_waiting", 0);
    let wait = whole(settings, "wait_minutes", 30);
    if waited < wait {
        return Verdict::new("wait").with("minutes", wait - waited);
    }
    if whole(facts, "contact_attempts", 0) < whole(settings, "least_contact_attempts", 0) {
        return Verdict::new("wait")
            .with("minutes", 10)
            .because("nobody has tried often enough to reach the client")
            .tell("supervisor");
    }
    let is_first = whole(facts, "history.no_shows", 0) == 0;
    if is_first && yes(settings, "first_one_is_rescheduled") {
        return Verdict::new("reschedule").because("it is the first time");
    }
    Verdict::new("no_show").because(format!("nobody was met for {waited} minutes"))
}
