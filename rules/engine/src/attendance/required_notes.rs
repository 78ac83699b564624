//! `attendance.required_notes`: what must be added before this can be closed?

use crate::Record;
use crate::Value;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
    no_invariant,
};
use crate::shared::{PERSON, SERVICE, sample_now, sample_person, sample_service};
use crate::twin::{items, lists, text, yes};
use crate::verdict::Verdict;

const REQUIRE: &[Argument] = &[
    Argument::Choice {
        field: "kind",
        choices: &["note", "photo", "signature"],
    },
    Argument::Text { field: "prompt" },
];

const METHODS: &[Method] = &[Method {
    name: "require",
    arguments: REQUIRE,
    effect: Effect::Append("required"),
    about: "one more thing to add",
}];

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::REQUIRED_NOTES,
    contract: 1,
    about: "What must be added before this can be closed? Asked when a session or visit closes.",
    subject: "session",
    facts: fields! {
        kind: Kind::Choice(&["session", "visit"]) => "whether it is a visit to a client";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        flags: Kind::TextList => "codes of everything flagged so far";
        worked_minutes: Kind::Whole => "minutes worked, breaks left out";
        has_note: Kind::YesNo => "whether somebody wrote a note already";
        person: PERSON => "whose session it is";
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("nothing_required", "it can be closed as it is").methods(METHODS),
        OutcomeSpec::with("require", REQUIRE, "ask for this first")
            .gathered_in("required")
            .methods(METHODS)
            .rank(1),
    ],
    failure: FailurePolicy::Skip,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        kind: "session",
        service: sample_service(),
        flags: Value::List(Vec::new()),
        worked_minutes: 480,
        has_note: false,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `required_notes.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("nothing_required");
    let mut require = |kind: &str, prompt: &str| {
        answer.name = "require";
        answer.append("required", "require", facts! { kind: kind, prompt: prompt });
    };
    let ask_when_flagged = !yes(settings, "flags_need_no_note");
    if ask_when_flagged && !items(facts, "flags").is_empty() && !yes(facts, "has_note") {
        if lists(facts, "flags", "outside_fence") {
            require("note", "Why was this outside the place?");
        } else {
            require("note", "What happened?");
        }
    }
    if text(facts, "kind") == "visit" && yes(settings, "visits_need_a_signature") {
        require("signature", "Please sign for the visit.");
    }
    answer
}
