//! `attendance.clock_in`: may this person clock in here and now?

use super::reading::{fact, text, yes};
use super::{
    NOW_FIELD, PERSON_FIELD, PLACE_FIELD, SERVICE_FIELD, record, sample_now, sample_person,
    sample_place, sample_service,
};
use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Field, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::verdict::Verdict;
use crate::{Record, Value};

const OPEN_SESSION: &[Field] = &[Field::new(
    "minutes",
    Kind::Whole,
    "minutes since that session began",
)];

const FENCE: &[Field] = &[
    Field::new(
        "verdict",
        Kind::Choice(&["none", "inside", "outside", "uncertain"]),
        "where the phone was, judged with its accuracy; none without a fence",
    ),
    Field::new("distance_m", Kind::Whole, "metres from the place, rounded").may_be_empty(),
    Field::new("accuracy_m", Kind::Whole, "accuracy of the fix in metres").may_be_empty(),
];

const SHIFT: &[Field] = &[
    Field::new(
        "minutes_until_start",
        Kind::Whole,
        "minutes until it begins; negative once it began",
    ),
    Field::new("planned_minutes", Kind::Whole, "planned length in minutes"),
];

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::CLOCK_IN,
    contract: 1,
    about: "May this person clock in here and now? Asked online, or later for a punch kept offline.",
    subject: "attempt",
    facts: &[
        Field::new(
            "open_session",
            Kind::Record(OPEN_SESSION),
            "the session still open, if any",
        )
        .may_be_empty(),
        Field::new("fence", Kind::Record(FENCE), "what the fence says"),
        PLACE_FIELD,
        PERSON_FIELD,
        SERVICE_FIELD,
        Field::new(
            "captured_offline",
            Kind::YesNo,
            "taken without a connection and sent later",
        ),
        Field::new(
            "minutes_since_capture",
            Kind::Whole,
            "minutes between the punch and its arrival",
        ),
        Field::new(
            "mock_location",
            Kind::YesNo,
            "whether the phone reports a fake location",
        ),
        Field::new(
            "shift",
            Kind::Record(SHIFT),
            "the shift this belongs to, if any",
        )
        .may_be_empty(),
        NOW_FIELD,
    ],
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
    record([
        ("open_session", Value::Nothing),
        (
            "fence",
            Value::from([
                ("verdict", "inside".into()),
                ("distance_m", 12.into()),
                ("accuracy_m", 8.into()),
            ]),
        ),
        ("place", sample_place()),
        ("person", sample_person()),
        ("service", sample_service()),
        ("captured_offline", false.into()),
        ("minutes_since_capture", 0.into()),
        ("mock_location", false.into()),
        (
            "shift",
            Value::from([
                ("minutes_until_start", 5.into()),
                ("planned_minutes", 480.into()),
            ]),
        ),
        ("now", sample_now()),
    ])
}

/// The setting's text, or the usual treatment.
fn treatment<'a>(settings: &'a Record, name: &str) -> &'a str {
    match text(settings, name) {
        "" => "flagged",
        chosen => chosen,
    }
}

/// The twin of `clock_in.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if *fact(facts, "open_session") != Value::Nothing {
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
