//! `care.escalation`: nobody acknowledged the alert. Who is told next?

use crate::Record;
use crate::hook::{Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::sample_now;
use crate::twin::{text, text_or, whole};
use crate::verdict::Verdict;

/// A critical alert is never silent for longer.
const CRITICAL_MINUTES: i64 = 15;

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::ESCALATION,
    contract: 1,
    about: "Nobody acknowledged the alert. Who is told next? Asked at each step of the ladder.",
    subject: "alert",
    facts: fields! {
        severity: Kind::Choice(&["watch", "urgent", "critical"]) => "how grave it is" health;
        kind: Kind::Text => "what it is about, such as oxygen_saturation or device_offline" health;
        step: Kind::Whole => "which step comes now; the first one is 1";
        minutes_since_raised: Kind::Whole => "minutes since the alert was raised";
        occurrences: Kind::Whole => "how often it was raised since it was last resolved";
        told: Kind::TextList => "roles told so far";
        on_call: Kind::TextList => "roles with somebody on call now";
        now: Kind::Moment => "the moment of the step, local";
    },
    outcomes: &[
        OutcomeSpec::with(
            "next",
            &[
                Argument::Code { field: "role" },
                Argument::Whole {
                    field: "minutes",
                    unit: "minutes",
                    min: 1,
                    max: 1_440,
                },
            ],
            "tell this role, and come back after so many minutes",
        )
        .rank(1),
        OutcomeSpec::with(
            "stop",
            &[Argument::Text { field: "why" }],
            "tell nobody else; critical alerts cannot be stopped",
        ),
    ],
    failure: FailurePolicy::Floor,
    combine: Combine::First,
    risk: Risk::D,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        severity: "urgent",
        kind: "oxygen_saturation",
        step: 1,
        minutes_since_raised: 0,
        occurrences: 1,
        told: Vec::<&str>::new(),
        on_call: vec!["nurse", "doctor"],
        now: sample_now(),
    }
}

/// The twin of `escalation.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let rung = |role: &str, usual: &'static str, minutes: &str, otherwise: i64| {
        Verdict::new("next")
            .with("role", text_or(settings, role, usual))
            .with("minutes", whole(settings, minutes, otherwise))
    };
    match whole(facts, "step", 1) {
        ..=1 => rung("first_role", "nurse", "first_minutes", 5),
        2 => rung("second_role", "lead", "second_minutes", 10),
        3 => rung("third_role", "doctor", "third_minutes", 15),
        _ if text(facts, "severity") == "critical" => {
            rung("third_role", "doctor", "third_minutes", 15)
                .because("a critical alert goes on until somebody answers")
        }
        _ => Verdict::new("stop").with("why", "everybody on the ladder was told"),
    }
}

/// A critical alert cannot be stopped, and waiting long is stopping it by another name.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    if text(facts, "severity") != "critical" {
        return None;
    }
    if answer.name == "stop" {
        *answer = Verdict {
            notes: std::mem::take(&mut answer.notes),
            ..built_in(facts, &Record::new())
        };
        let role = text(&answer.values, "role").to_owned();
        return Some(format!(
            "the rule stopped a critical alert; the platform goes on with {role}"
        ));
    }
    let asked = whole(&answer.values, "minutes", 0);
    (asked > CRITICAL_MINUTES).then(|| {
        let minutes = CRITICAL_MINUTES.into();
        answer.values.insert("minutes".to_owned(), minutes);
        format!(
            "the rule waited {asked} minutes; a critical alert waits at most {CRITICAL_MINUTES}"
        )
    })
}
