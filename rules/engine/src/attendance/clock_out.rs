//! `attendance.clock_out`: may this person clock out here and now?

use super::ALLOW_OR_DENY;
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::{
    FENCE, PERSON, PLACE, SERVICE, sample_fence, sample_now, sample_person, sample_place,
    sample_service,
};
use crate::twin::{text, text_or, whole, yes};
use crate::verdict::Verdict;

const SESSION: Kind = Kind::Record(fields! {
    minutes: Kind::Whole => "minutes since it began";
    tasks_done: Kind::Whole => "tasks ticked off";
    tasks_left: Kind::Whole => "tasks planned and not ticked off";
    has_note: Kind::YesNo => "whether somebody wrote a note";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::CLOCK_OUT,
    contract: 1,
    about: "May this person clock out here and now? Asked online, or later for a punch kept offline.",
    subject: "attempt",
    facts: fields! {
        session: SESSION => "the session being closed";
        fence: FENCE => "what the fence says";
        place: PLACE => "where; reads as empty without a place" reads_as_empty;
        person: PERSON => "who is clocking out";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        captured_offline: Kind::YesNo => "taken without a connection and sent later";
        minutes_since_capture: Kind::Whole => "minutes between the punch and its arrival";
        mock_location: Kind::YesNo => "whether the phone reports a fake location";
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
        session: facts! { minutes: 480, tasks_done: 3, tasks_left: 0, has_note: false },
        fence: sample_fence(),
        place: sample_place(),
        person: sample_person(),
        service: sample_service(),
        captured_offline: false,
        minutes_since_capture: 0,
        mock_location: false,
        now: sample_now(),
    }
}

/// The twin of `clock_out.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let is_outside = text(facts, "fence.verdict") == "outside";
    let outside_is = text_or(settings, "outside_is", "flagged");
    let tasks_left = whole(facts, "session.tasks_left", 0);
    let tasks_left_are = text_or(settings, "tasks_left_are", "allowed");

    if is_outside && outside_is == "refused" {
        let place = text(facts, "place.name");
        return Verdict::new("deny")
            .with("code", "outside_fence")
            .because(format!("{place} is not where this punch was made"));
    }
    if tasks_left > 0 && tasks_left_are == "refused" {
        return Verdict::new("deny")
            .with("code", "tasks_left")
            .because(format!("{tasks_left} tasks are not done"));
    }
    let mut answer = Verdict::new("allow");
    if is_outside && outside_is == "flagged" {
        answer = outside(answer, settings);
    }
    let is_uncertain = text(facts, "fence.verdict") == "uncertain";
    if is_uncertain && text_or(settings, "uncertain_is", "flagged") == "flagged" {
        answer = answer.flag("gps_uncertain_out");
    }
    if yes(facts, "mock_location") {
        answer = answer.flag("mock_location");
    }
    if tasks_left > 0 && tasks_left_are == "flagged" {
        answer = answer.flag("tasks_left");
    }
    answer
}

fn outside(answer: Verdict, settings: &Record) -> Verdict {
    match text_or(settings, "outside_asks_for", "nothing") {
        "nothing" => answer.flag("outside_fence_out"),
        what => answer.flag("outside_fence_out").ask_for(what),
    }
}
