//! `attendance.review`: what should a person look at in this session?

use crate::Record;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
    no_invariant,
};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{is_empty, text_or, whole, yes};
use crate::verdict::Verdict;

const FLAG: &[Argument] = &[
    Argument::Code { field: "code" },
    Argument::Choice {
        field: "severity",
        choices: &["low", "medium", "high"],
    },
];

const METHODS: &[Method] = &[Method {
    name: "flag",
    arguments: FLAG,
    effect: Effect::Append("flags"),
    about: "one more thing to look at",
}];

const TRAVEL: Kind = Kind::Record(fields! {
    distance_m: Kind::Whole => "metres between the end of the session before and the start of this one";
    minutes: Kind::Whole => "minutes between the two";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::REVIEW,
    contract: 1,
    about: "What should a person look at? Asked when a session closes and when it is edited.",
    subject: "session",
    facts: fields! {
        worked_minutes: Kind::Whole => "minutes worked, breaks left out";
        mock_location: Kind::YesNo => "whether any punch came with a fake location";
        outside_punches: Kind::Whole => "punches made outside the fence";
        uncertain_punches: Kind::Whole => "punches whose fix was too weak to tell";
        device_changes: Kind::Whole => "how often the device changed within the session";
        edits: Kind::Whole => "how often somebody changed it";
        edited_after_close: Kind::YesNo => "whether one of the edits came after it was closed";
        travel: TRAVEL => "the way from the session before; empty when it cannot be known" may_be_empty;
        person: PERSON => "whose session it is";
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("no_flags", "nothing to look at").methods(METHODS),
        OutcomeSpec::with("flag", FLAG, "a person should look at this")
            .gathered_in("flags")
            .methods(METHODS)
            .rank(1),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::MEDIUM,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        worked_minutes: 480,
        mock_location: false,
        outside_punches: 0,
        uncertain_punches: 0,
        device_changes: 0,
        edits: 0,
        edited_after_close: false,
        travel: facts! { distance_m: 1_200, minutes: 45 },
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `review.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("no_flags");
    let mut flag = |code: &str, severity: &str| {
        answer.name = "flag";
        let item = facts! { code: code, severity: severity };
        answer.append("flags", "flag", item);
    };
    if yes(facts, "mock_location") {
        flag(
            "mock_location",
            text_or(settings, "mock_location_severity", "high"),
        );
    }
    let distance = whole(facts, "travel.distance_m", 0);
    let fastest = whole(settings, "fastest_travel_kmh", 200) * 1_000;
    let is_too_fast = distance * 60 > fastest * whole(facts, "travel.minutes", 0);
    let is_far = distance >= whole(settings, "least_travel_m", 5_000);
    if !is_empty(facts, "travel") && is_far && is_too_fast {
        flag("impossible_travel", "high");
    }
    if yes(facts, "edited_after_close") {
        flag(
            "edited_after_close",
            text_or(settings, "edit_severity", "medium"),
        );
    }
    answer
}
