//! `attendance.clock_in`: may this person clock in here and now?

use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::shared::{
    FENCE, PERSON, PLACE, SERVICE, sample_fence, sample_now, sample_person, sample_place,
    sample_service,
};
use crate::twin::{is_empty, text, text_or, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

const OPEN_SESSION: Kind = Kind::Record(fields! {
    minutes: Kind::Whole => "minutes since that session began";
});

const SHIFT: Kind = Kind::Record(fields! {
    minutes_until_start: Kind::Whole => "minutes until it begins; negative once it began";
    planned_minutes: Kind::Whole => "planned length in minutes";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::CLOCK_IN,
    contract: 1,
    about: "May this person clock in here and now? Asked online, or later for a punch kept offline.",
    subject: "attempt",
    facts: fields! {
        open_session: OPEN_SESSION => "the session still open, if any" may_be_empty;
        fence: FENCE => "what the fence says";
        place: PLACE => "where; reads as empty without a place" reads_as_empty;
        person: PERSON => "who is clocking in";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        captured_offline: Kind::YesNo => "taken without a connection and sent later";
        minutes_since_capture: Kind::Whole => "minutes between the punch and its arrival";
        mock_location: Kind::YesNo => "whether the phone reports a fake location";
        shift: SHIFT => "the shift this belongs to, if any" may_be_empty;
        now: Kind::Moment => "the moment of the event, local";
    },
    outcomes: &[
        OutcomeSpec::plain("allow", "let them in"),
        OutcomeSpec::with(
            "deny",
            &[Argument::Code { field: "code" }],
            "refuse, with a reason code",
        )
        .rank(3),
    ],
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
        open_session: Value::Nothing,
        fence: sample_fence(),
        place: sample_place(),
        person: sample_person(),
        service: sample_service(),
        captured_offline: false,
        minutes_since_capture: 0,
        mock_location: false,
        shift: facts! { minutes_until_start: 5, planned_minutes: 480 },
        now: sample_now(),
    }
}

/// The setting's text, or the usual treatment.
fn treatment<'a>(settings: &'a Record, name: &str) -> &'a str {
    text_or(settings, name, "flagged")
}

/// The twin of `clock_in.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if !is_empty(facts, "open_session") {
        return Verdict::new("deny").with("code", "already_clocked_in");
    }
    let outside = text(facts, "fence.verdict") == "outside";
    let mocked = yes(facts, "mock_location");

    if outside && treatment(settings, "outside_is") == "refused" {
        return Verdict::new("deny")
            .with("code", "outside_fence")
            .because(format!(
                "{} is not where this punch was made",
                text(facts, "place.name")
            ));
    }
    if mocked && treatment(settings, "mock_location_is") == "refused" {
        return Verdict::new("deny").with("code", "mock_location");
    }

    let mut answer = Verdict::new("allow");
    if outside && treatment(settings, "outside_is") == "flagged" {
        answer = answer.flag("outside_fence");
        let ask = text(settings, "outside_asks_for");
        if ask != "nothing" && !ask.is_empty() {
            answer = answer.ask_for(ask);
        }
    }
    let uncertain = text(facts, "fence.verdict") == "uncertain";
    if uncertain && treatment(settings, "uncertain_is") == "flagged" {
        answer = answer.flag("gps_uncertain");
    }
    if mocked && treatment(settings, "mock_location_is") == "flagged" {
        answer = answer.flag("mock_location");
    }
    answer
}
