//! `validate.plan_shift`: may this shift be planned like this?

use super::{ACTOR, OUTCOMES, find};
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::{PERSON, PLACE, sample_now, sample_person, sample_place};
use crate::twin::whole;
use crate::verdict::Verdict;
use crate::{Record, Value};

const SHIFT: Kind = Kind::Record(fields! {
    planned_minutes: Kind::Whole => "planned length in minutes";
    minutes_until_start: Kind::Whole => "minutes until it begins; negative once it began";
    week_minutes: Kind::Whole => "planned minutes of the person in that week, this shift included";
    rest_minutes_before: Kind::Whole => "minutes of rest since the shift before" may_be_empty;
});

const BEFORE: Kind = Kind::Record(fields! {
    planned_minutes: Kind::Whole => "planned length in minutes";
    minutes_until_start: Kind::Whole => "minutes until it begins; negative once it began";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VALIDATE_PLAN_SHIFT,
    contract: 1,
    about: "May this shift be planned like this? Asked when a shift is planned or moved.",
    subject: "change",
    facts: fields! {
        proposed: SHIFT => "the shift as it would be";
        current: BEFORE => "the shift as it is; empty for a new one" may_be_empty;
        person: PERSON => "who would work it";
        place: PLACE => "where; reads as empty without a place" reads_as_empty;
        actor: ACTOR => "who plans it";
        now: Kind::Moment => "the moment of the change, local";
    },
    outcomes: OUTCOMES,
    failure: FailurePolicy::Open,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    let proposed = facts! {
        planned_minutes: 480,
        minutes_until_start: 2_880,
        week_minutes: 2_400,
        rest_minutes_before: 960,
    };
    facts! {
        proposed: proposed,
        current: Value::Nothing,
        person: sample_person(),
        place: sample_place(),
        actor: facts! { role: "supervisor" },
        now: sample_now(),
    }
}

/// The twin of `plan_shift.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("ok");
    let planned = whole(facts, "proposed.planned_minutes", 0);
    if planned > whole(settings, "longest_minutes", 1_440) {
        let text = format!("{planned} minutes are longer than a shift may be.");
        find(&mut answer, "reject", "ends_at", &text);
    }
    let least = whole(settings, "rest_minutes", 0);
    if whole(facts, "proposed.rest_minutes_before", least) < least {
        let text = "There is little rest since the shift before.";
        find(&mut answer, "warn", "starts_at", text);
    }
    if whole(facts, "proposed.minutes_until_start", 0) < whole(settings, "notice_minutes", 0) {
        find(&mut answer, "warn", "starts_at", "This is short notice.");
    }
    answer
}
