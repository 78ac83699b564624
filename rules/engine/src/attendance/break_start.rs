//! `attendance.break_start`: may this person start a break now?

use super::ALLOW_OR_DENY;
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::whole;
use crate::verdict::Verdict;

const SO_FAR: Kind = Kind::Record(fields! {
    count: Kind::Whole => "how many breaks";
    minutes: Kind::Whole => "minutes of all of them together";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::BREAK_START,
    contract: 1,
    about: "May this person start a break now?",
    subject: "attempt",
    facts: fields! {
        kind: Kind::Text => "meal, tea and so on, as the organization names it";
        breaks_so_far: SO_FAR => "the breaks already taken in this session";
        worked_minutes: Kind::Whole => "minutes worked in this session, breaks left out";
        person: PERSON => "who wants a break";
        now: Kind::Moment => "the moment of the event, local";
    },
    outcomes: ALLOW_OR_DENY,
    failure: FailurePolicy::Open,
    combine: Combine::Strictest,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        kind: "meal",
        breaks_so_far: facts! { count: 1, minutes: 15 },
        worked_minutes: 240,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `break_start.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let most = whole(settings, "most_breaks", 4);
    if whole(facts, "breaks_so_far.count", 0) >= most {
        return Verdict::new("deny")
            .with("code", "too_many_breaks")
            .because(format!("a session has at most {most} breaks"));
    }
    if whole(facts, "worked_minutes", 0) < whole(settings, "work_first_minutes", 0) {
        return Verdict::new("deny").with("code", "too_early_for_a_break");
    }
    if whole(facts, "breaks_so_far.minutes", 0) > whole(settings, "most_break_minutes", 90) {
        return Verdict::new("allow").flag("long_breaks");
    }
    Verdict::new("allow")
}
