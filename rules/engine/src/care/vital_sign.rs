//! `care.vital_sign`: how worrying is this reading, and who must know?

use super::news2::{USUAL_OXYGEN_LOW, points};
use crate::Record;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::shared::sample_now;
use crate::twin::{minutes_beyond, text, whole};
use crate::verdict::Verdict;

/// How far below its low bound oxygen is critical, as the score has it.
const CRITICAL_MARGIN: i64 = 4;

const KINDS: &[&str] = &[
    "oxygen_saturation",
    "heart_rate",
    "respiratory_rate",
    "systolic",
    "diastolic",
    "temperature",
    "glucose",
    "weight",
    "other",
];

const UNITS: &[&str] = &[
    "percent",
    "per_minute",
    "mmhg",
    "tenths_celsius",
    "tenths_mmol_per_l",
    "grams",
    "other",
];

const PATIENT: Kind = Kind::Record(fields! {
    oxygen_target_low: Kind::Whole
        => "lowest oxygen in percent a clinician signed for this patient" health may_be_empty;
    age_years: Kind::Whole => "age in years" personal may_be_empty;
});

const RECENT: Kind = Kind::Records(fields! {
    value: Kind::Whole => "the value, in the same unit" health;
    minutes_ago: Kind::Whole => "minutes before this reading";
});

/// Roles are told at once; this one is told when nobody has acknowledged by then.
const ESCALATE: &[Method] = &[Method {
    name: "escalate_to",
    arguments: &[
        Argument::Code { field: "role" },
        Argument::Whole {
            field: "minutes",
            unit: "minutes",
            min: 1,
            max: 1_440,
        },
    ],
    effect: Effect::Append("escalations"),
    about: "tell this role when nobody has acknowledged after so many minutes",
}];

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VITAL_SIGN,
    contract: 1,
    about: "How worrying is this reading, and who must know? Asked for each reading, repeats left out.",
    subject: "reading",
    facts: fields! {
        kind: Kind::Choice(KINDS) => "what was measured" health;
        value: Kind::Whole => "the value in its unit: temperature in tenths of a degree" health;
        unit: Kind::Choice(UNITS) => "the unit of the value";
        quality: Kind::Choice(&["good", "doubtful", "implausible"])
            => "whether the value can be true; implausible ones cannot";
        recent: RECENT => "values before it, the newest first; ask with `.minutes_below(92)`" health;
        patient: PATIENT => "targets a clinician signed; reads as empty" reads_as_empty;
        now: Kind::Moment => "when it was measured, local";
    },
    outcomes: &[
        OutcomeSpec::plain("normal", "nothing to do"),
        OutcomeSpec::plain("watch", "look at it in the course of the day")
            .methods(ESCALATE)
            .rank(1),
        OutcomeSpec::plain("urgent", "somebody should come")
            .methods(ESCALATE)
            .rank(2),
        OutcomeSpec::plain("critical", "somebody must come now")
            .methods(ESCALATE)
            .rank(3),
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
        kind: "oxygen_saturation",
        value: 97,
        unit: "percent",
        quality: "good",
        recent: vec![
            facts! { value: 97, minutes_ago: 15 },
            facts! { value: 98, minutes_ago: 30 },
        ],
        patient: facts! { oxygen_target_low: crate::Value::Nothing, age_years: 61 },
        now: sample_now(),
    }
}

/// The twin of `vital_sign.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let (kind, value) = (text(facts, "kind"), whole(facts, "value", 0));
    if text(facts, "quality") == "implausible" {
        return Verdict::new("watch")
            .because("the value cannot be true, so look at the device and at the patient")
            .flag("check_device");
    }
    let low = whole(
        facts,
        "patient.oxygen_target_low",
        whole(settings, "oxygen_low", USUAL_OXYGEN_LOW),
    );
    let margin = whole(settings, "critical_margin", CRITICAL_MARGIN);
    let Some(points) = points(kind, value, low, margin) else {
        return Verdict::new("normal").because("there are no bands for this kind of reading");
    };
    let reason = format!("{kind} {value} is worth {points} of 3 points");
    match points {
        3 => critical(reason, settings),
        2 => Verdict::new("urgent").because(reason).tell("care_team"),
        1 if kind == "oxygen_saturation" => slightly_low(reason, low, facts, settings),
        1 => Verdict::new("watch").because(reason),
        _ => Verdict::new("normal"),
    }
}

fn critical(reason: String, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("critical")
        .because(reason)
        .tell("on_call_nurse");
    let minutes = whole(settings, "escalate_after_minutes", 10);
    let doctor = facts! { role: "doctor", minutes: minutes };
    answer.append("escalations", "escalate_to", doctor);
    answer
}

/// A little low for a long time is not little.
fn slightly_low(reason: String, low: i64, facts: &Record, settings: &Record) -> Verdict {
    let sustained = whole(settings, "sustained_minutes", 30);
    if minutes_beyond(facts, |value| value < low) < sustained {
        return Verdict::new("watch").because(reason);
    }
    Verdict::new("urgent")
        .because(format!("below {low}% for {sustained} minutes"))
        .tell("care_team")
}

/// The clinical floor: no rule and no setting makes a reading milder than the score does. Only a target a
/// clinician signed for this patient moves it.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    const NAMES: [&str; 4] = ["normal", "watch", "urgent", "critical"];
    if text(facts, "quality") == "implausible" {
        return None;
    }
    let low = whole(facts, "patient.oxygen_target_low", USUAL_OXYGEN_LOW);
    let value = facts.get("value")?.as_whole()?;
    let points = points(text(facts, "kind"), value, low, CRITICAL_MARGIN)?;
    let rank = NAMES.iter().position(|name| *name == answer.name)?;
    let floor = usize::try_from(points).ok()?;
    let raised = NAMES.get(floor).filter(|_| rank < floor)?;
    let said = answer.name;
    answer.name = raised;
    if floor >= 2 && answer.notes.tells.is_empty() {
        answer.notes.tells.push("on_call_nurse".to_owned());
    }
    Some(format!(
        "the rule said {said}; the clinical floor for this value is {raised}"
    ))
}
