//! `attendance.breaks`: which breaks are paid, and is a meal break deducted?

use super::{BREAKS, MINUTES};
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::shared::{PERSON, sample_now, sample_person};
use crate::twin::{records, text, took_break, whole};
use crate::verdict::Verdict;
use crate::{Record, Value};

const PAUSE: Argument = Argument::Item {
    field: "break_index",
    list: "breaks",
};

const PLAN: &[Method] = &[
    Method {
        name: "paid",
        arguments: &[PAUSE],
        effect: Effect::Append("breaks"),
        about: "this break counts as worked time",
    },
    Method {
        name: "unpaid",
        arguments: &[PAUSE],
        effect: Effect::Append("breaks"),
        about: "this break does not; the last word on a break counts",
    },
    Method {
        name: "flag",
        arguments: &[PAUSE, Argument::Code { field: "code" }],
        effect: Effect::Append("breaks"),
        about: "somebody should look at this break",
    },
    Method {
        name: "deduct",
        arguments: &[MINUTES, Argument::Text { field: "why" }],
        effect: Effect::Append("deductions"),
        about: "take minutes off the worked time, and say why",
    },
];

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::BREAKS,
    contract: 1,
    about: "Which breaks are paid, and is a meal break deducted? Asked when a session closes.",
    subject: "session",
    facts: fields! {
        breaks: BREAKS => "every break of the session; ask with `.took_break(\"meal\")`";
        worked_minutes: Kind::Whole => "minutes between clocking in and out, breaks left out";
        person: PERSON => "whose session it is";
        now: Kind::Moment => "the moment the session closed, local";
    },
    outcomes: &[OutcomeSpec::plain(
        "break_plan",
        "every break is unpaid until the plan says otherwise",
    )
    .methods(PLAN)],
    failure: FailurePolicy::Default,
    combine: Combine::First,
    risk: Risk::C,
    budget: Budget::MEDIUM,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        breaks: vec![
            facts! { kind: "tea", minutes: 15, minutes_into_session: 120 },
            facts! { kind: "meal", minutes: 30, minutes_into_session: 240 },
        ],
        worked_minutes: 435,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `breaks.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut plan = Verdict::new("break_plan");
    for (index, pause) in (0_i64..).zip(records(facts, "breaks")) {
        let minutes = whole(pause, "minutes", 0);
        if text(pause, "kind") == "tea" && minutes <= whole(settings, "tea_minutes", 0) {
            plan.append("breaks", "paid", facts! { break_index: index });
        }
        if minutes > whole(settings, "longest_break_minutes", 90) {
            let item = facts! { break_index: index, code: "break_too_long" };
            plan.append("breaks", "flag", item);
        }
    }
    let meal = whole(settings, "meal_minutes", 0);
    let long_day = whole(settings, "meal_after_minutes", 360);
    let is_long = whole(facts, "worked_minutes", 0) >= long_day;
    if meal > 0 && is_long && !took_break(facts, "meal") {
        let item = facts! { minutes: meal, why: "no meal break was recorded on a long day" };
        plan.append("deductions", "deduct", item);
    }
    plan
}

/// Nobody works less than nothing: deductions stop at the worked time.
fn invariant(plan: &mut Verdict, facts: &Record) -> Option<String> {
    let worked = whole(facts, "worked_minutes", 0).max(0);
    let Some(Value::List(deductions)) = plan.values.get_mut("deductions") else {
        return None;
    };
    let mut left = worked;
    let mut asked: i64 = 0;
    for item in deductions {
        let Value::Record(item) = item else { continue };
        let minutes = whole(item, "minutes", 0);
        let kept = minutes.min(left);
        asked = asked.saturating_add(minutes);
        left -= kept;
        item.insert("minutes".to_owned(), kept.into());
    }
    (asked > worked).then(|| {
        format!(
            "the rule deducted {asked} minutes of {worked} worked; the platform stops at {worked}"
        )
    })
}
