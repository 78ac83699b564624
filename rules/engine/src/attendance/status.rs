//! `attendance.status`: what does this day count as?

use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{text, whole, yes};
use crate::verdict::Verdict;

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::STATUS,
    contract: 1,
    about: "What does this day count as? Asked when the shift has ended, and again when the day closes.",
    subject: "day",
    facts: fields! {
        sessions: Kind::Whole => "how many sessions belong to the shift";
        worked_minutes: Kind::Whole => "minutes worked in them, breaks left out";
        planned_minutes: Kind::Whole => "planned minutes of the shift";
        lateness: Kind::Choice(&["none", "on_time", "late", "very_late", "excused"])
            => "how the clock-in was judged; none without one";
        leave: Kind::Choice(&["none", "half_day", "full_day"]) => "approved leave on this day";
        is_public_holiday: Kind::YesNo => "whether it is a public holiday";
        person: PERSON => "whose day it is";
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("present", "worked as planned"),
        OutcomeSpec::plain("late", "worked as planned, but began late"),
        OutcomeSpec::plain("half_day", "worked a part of it"),
        OutcomeSpec::plain("absent", "did not come, or hardly"),
        OutcomeSpec::plain("on_leave", "had leave"),
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
        sessions: 1,
        worked_minutes: 450,
        planned_minutes: 480,
        lateness: "on_time",
        leave: "none",
        is_public_holiday: false,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `status.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if text(facts, "leave") == "full_day" {
        return Verdict::new("on_leave");
    }
    let planned = whole(facts, "planned_minutes", 0);
    let worked_percent = whole(facts, "worked_minutes", 0) * 100;
    let half_from = whole(settings, "half_day_from_percent", 40) * planned;
    let present_from = whole(settings, "present_from_percent", 75) * planned;

    if whole(facts, "sessions", 0) == 0 || worked_percent < half_from {
        if text(facts, "leave") == "half_day" {
            return Verdict::new("on_leave").because("half a day of leave, and no work");
        }
        return Verdict::new("absent");
    }
    if worked_percent < present_from {
        return Verdict::new("half_day");
    }
    let lateness = text(facts, "lateness");
    let is_late = lateness == "late" || lateness == "very_late";
    if is_late && !yes(settings, "late_counts_as_present") {
        return Verdict::new("late");
    }
    Verdict::new("present")
}
