//! `attendance.lateness`: how late is this clock-in?

use crate::Record;
use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::shared::{PERSON, WEEKDAYS, sample_now, sample_person};
use crate::twin::{whole, yes};
use crate::verdict::Verdict;

/// A week is the longest anybody is late before the shift is simply missed.
const MINUTES: Argument = Argument::Whole {
    field: "minutes",
    unit: "minutes",
    min: 0,
    max: 10_080,
};

const SHIFT: Kind = Kind::Record(fields! {
    planned_minutes: Kind::Whole => "planned length of the shift in minutes";
    kind: Kind::Text => "day, night, on call; as the schedule names it";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::LATENESS,
    contract: 1,
    about: "How late is this clock-in? Asked at clock-in, and again when the shift is corrected.",
    subject: "clock_in",
    facts: fields! {
        minutes_late: Kind::Whole => "minutes after the start of the shift; negative is early";
        delay_was_approved: Kind::YesNo => "whether a supervisor approved the delay";
        shift: SHIFT => "the shift being judged";
        person: PERSON => "who is clocking in";
        weekday: Kind::Choice(WEEKDAYS) => "local weekday of the shift";
        now: Kind::Moment => "the moment of the event, local";
    },
    outcomes: &[
        OutcomeSpec::plain("on_time", "not late"),
        OutcomeSpec::with("late", &[MINUTES], "late by these minutes"),
        OutcomeSpec::with("very_late", &[MINUTES], "so late that somebody should know"),
        OutcomeSpec::plain("excused", "late, but with permission"),
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
        minutes_late: 0,
        delay_was_approved: false,
        shift: facts! { planned_minutes: 480, kind: "day" },
        person: sample_person(),
        weekday: "monday",
        now: sample_now(),
    }
}

/// The twin of `lateness.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let late = whole(facts, "minutes_late", 0);
    let grace = whole(settings, "grace_minutes", 5);
    let very_late_after = whole(settings, "very_late_after_minutes", 30);

    if late <= grace {
        return Verdict::new("on_time");
    }
    if yes(facts, "delay_was_approved") {
        return Verdict::new("excused").because("a delay was approved before the shift");
    }
    if late > very_late_after {
        return Verdict::new("very_late")
            .with("minutes", late)
            .because(format!(
                "more than {very_late_after} minutes after the shift began"
            ))
            .tell("supervisor");
    }
    Verdict::new("late")
        .with("minutes", late)
        .because(format!("the grace period is {grace} minutes"))
}
