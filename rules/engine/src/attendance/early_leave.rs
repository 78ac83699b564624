//! `attendance.early_leave`: did this person leave before the shift ended?

use super::MINUTES;
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{whole, yes};
use crate::verdict::Verdict;

const SHIFT: Kind = Kind::Record(fields! {
    planned_minutes: Kind::Whole => "planned length of the shift in minutes";
    kind: Kind::Text => "day, night, on call; as the schedule names it";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::EARLY_LEAVE,
    contract: 1,
    about: "Did this person leave before the shift ended? Asked at clock-out.",
    subject: "clock_out",
    facts: fields! {
        minutes_early: Kind::Whole => "minutes before the end of the shift; negative is after it";
        leave_was_approved: Kind::YesNo => "whether a supervisor approved leaving early";
        tasks_left: Kind::Whole => "tasks planned and not ticked off";
        shift: SHIFT => "the shift being judged";
        person: PERSON => "who is clocking out";
        now: Kind::Moment => "the moment of the event, local";
    },
    outcomes: &[
        OutcomeSpec::plain("left_on_time", "not early"),
        OutcomeSpec::with("left_early", &[MINUTES], "early by these minutes"),
        OutcomeSpec::plain("excused", "early, but with permission"),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::First,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        minutes_early: 0,
        leave_was_approved: false,
        tasks_left: 0,
        shift: facts! { planned_minutes: 480, kind: "day" },
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `early_leave.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let early = whole(facts, "minutes_early", 0);
    let grace = whole(settings, "grace_minutes", 5);

    if early <= grace {
        return Verdict::new("left_on_time");
    }
    if yes(facts, "leave_was_approved") {
        return Verdict::new("excused").because("leaving early was approved");
    }
    if yes(settings, "done_is_done") && whole(facts, "tasks_left", 0) == 0 {
        return Verdict::new("excused").because("every task was done");
    }
    Verdict::new("left_early")
        .with("minutes", early)
        .because(format!("the grace period is {grace} minutes"))
}
