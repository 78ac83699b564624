//! `device.offline`: a device has been silent for too long. Who must know?

use crate::hook::{Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::{PLACE, sample_now, sample_place};
use crate::twin::{text_or, whole, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

/// After so many intervals silence is no accident; a high-risk patient is then not monitored.
const INTERVALS: i64 = 3;

const ROLE: &[Argument] = &[Argument::Code { field: "role" }];

const PATIENT: Kind = Kind::Record(fields! {
    is_high_risk: Kind::YesNo => "whether a clinician marked the patient as high risk" health;
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::DEVICE_OFFLINE,
    contract: 1,
    about: "A device has been silent beyond its interval. Who must know?",
    subject: "device",
    facts: fields! {
        kind: Kind::Text => "what it measures, such as pulse_oximeter";
        minutes_silent: Kind::Whole => "minutes since it was last heard of";
        interval_minutes: Kind::Whole => "minutes between two readings when all is well";
        battery_percent: Kind::Whole => "charge when it was last heard of" may_be_empty;
        patient: PATIENT => "who wears it; reads as empty without one" reads_as_empty;
        place: PLACE => "where; reads as empty without a place" reads_as_empty;
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("fine", "wait a little longer"),
        OutcomeSpec::with("warn", ROLE, "tell this role to look at the device").rank(1),
        OutcomeSpec::with("page", ROLE, "call this role now").rank(2),
    ],
    failure: FailurePolicy::Floor,
    combine: Combine::Worst,
    risk: Risk::D,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        kind: "pulse_oximeter",
        minutes_silent: 20,
        interval_minutes: 15,
        battery_percent: 60,
        patient: facts! { is_high_risk: false },
        place: sample_place(),
        now: sample_now(),
    }
}

fn silent_for(facts: &Record, intervals: i64) -> bool {
    let interval = whole(facts, "interval_minutes", 0).max(1);
    whole(facts, "minutes_silent", 0) >= interval.saturating_mul(intervals)
}

/// The twin of `offline.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if !silent_for(facts, whole(settings, "warn_after_intervals", INTERVALS)) {
        return Verdict::new("fine");
    }
    let silent = whole(facts, "minutes_silent", 0);
    let (outcome, role) = if yes(facts, "patient.is_high_risk") {
        ("page", text_or(settings, "page_role", "on_call_nurse"))
    } else {
        ("warn", text_or(settings, "warn_role", "technician"))
    };
    let mut answer = Verdict::new(outcome)
        .with("role", role)
        .because(format!("silent for {silent} minutes"));
    if whole(facts, "battery_percent", 100) <= whole(settings, "low_battery_percent", 10) {
        answer = answer.flag("battery_low");
    }
    answer
}

/// A high-risk patient without readings is never somebody's chore for tomorrow.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    let must_page = yes(facts, "patient.is_high_risk") && silent_for(facts, INTERVALS);
    if !must_page || answer.name == "page" {
        return None;
    }
    let said = answer.name;
    answer.name = "page";
    let role = Value::from("on_call_nurse");
    answer.values.insert("role".to_owned(), role);
    Some(format!(
        "the rule said {said}; the platform pages for a high-risk patient after {INTERVALS} intervals"
    ))
}
