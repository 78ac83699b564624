//! `report.column`: what stands in the organization's own column of a report?

use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{text, whole};
use crate::verdict::Verdict;
use crate::{Record, Value};

/// Far beyond any sum of a year; what is larger is a mistake.
const LARGEST: i64 = 1_000_000_000;

const fn number(unit: &'static str) -> Argument {
    Argument::Whole {
        field: "value",
        unit,
        min: -LARGEST,
        max: LARGEST,
    }
}

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::REPORT_COLUMN,
    contract: 1,
    about: "What stands in the organization's own column of a report? Asked for each row.",
    subject: "row",
    facts: fields! {
        sessions: Kind::Whole => "how many sessions the row sums up";
        worked_minutes: Kind::Whole => "minutes worked, breaks left out";
        overtime_minutes: Kind::Whole => "how many of them were overtime";
        break_minutes: Kind::Whole => "minutes of breaks";
        minutes_late: Kind::Whole => "minutes late, all together";
        days_absent: Kind::Whole => "days that count as absent";
        pay: Kind::Money => "what the time is worth, where it is known" money may_be_empty;
        person: PERSON => "whose row it is";
        now: Kind::Moment => "the moment the report is made, local";
    },
    outcomes: &[
        OutcomeSpec::with(
            "text",
            &[Argument::Text { field: "value" }],
            "show these words",
        ),
        OutcomeSpec::with("number", &[number("")], "show this number"),
        OutcomeSpec::with(
            "money",
            &[Argument::Money { field: "value" }],
            "show this amount",
        ),
        OutcomeSpec::with("minutes", &[number("minutes")], "show hours and minutes"),
        OutcomeSpec::with(
            "yes_no",
            &[Argument::YesNo { field: "value" }],
            "show yes or no",
        ),
    ],
    failure: FailurePolicy::Skip,
    combine: Combine::First,
    risk: Risk::A,
    budget: Budget::ROW,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        sessions: 5,
        worked_minutes: 2_400,
        overtime_minutes: 120,
        break_minutes: 150,
        minutes_late: 22,
        days_absent: 0,
        pay: Value::Nothing,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `column.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let minutes = |fact: &str| Verdict::new("minutes").with("value", whole(facts, fact, 0));
    match text(settings, "shows") {
        "overtime" => minutes("overtime_minutes"),
        "breaks" => minutes("break_minutes"),
        "lateness" => minutes("minutes_late"),
        _ => minutes("worked_minutes"),
    }
}
