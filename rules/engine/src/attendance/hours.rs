//! `attendance.hours`: how much of the worked time is ordinary, and how much is overtime?

use super::MINUTES;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::shared::{PERSON, WEEKDAYS, sample_now, sample_person};
use crate::twin::{fact, records, text_or, whole, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

const METHODS: &[Method] = &[
    Method {
        name: "regular",
        arguments: &[MINUTES],
        effect: Effect::Append("buckets"),
        about: "these minutes are paid as usual",
    },
    Method {
        name: "overtime",
        arguments: &[
            MINUTES,
            Argument::Whole {
                field: "rate_percent",
                unit: "percent",
                min: 100,
                max: 1_000,
            },
        ],
        effect: Effect::Append("buckets"),
        about: "these minutes are paid at so many percent; 150 is time and a half",
    },
    Method {
        name: "round_to",
        arguments: &[
            Argument::Whole {
                field: "round_to_minutes",
                unit: "minutes",
                min: 1,
                max: 60,
            },
            Argument::Choice {
                field: "round_mode",
                choices: &["nearest", "up", "down"],
            },
        ],
        effect: Effect::Set,
        about: "each bucket is rounded to whole steps of so many minutes",
    },
    Method {
        name: "night",
        arguments: &[
            Argument::Text {
                field: "night_from",
            },
            Argument::Text { field: "night_to" },
        ],
        effect: Effect::Set,
        about: "the night lies between these local times, such as \"20:00\" and \"05:00\"; from 22:00 to 06:00 unless said",
    },
];

/// The night where nobody says otherwise.
const NIGHT: (&str, &str) = ("22:00", "06:00");

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::HOURS,
    contract: 1,
    about: "How much is ordinary time, how much overtime? Asked when a session closes and for the week.",
    subject: "session",
    facts: fields! {
        worked_minutes: Kind::Whole => "paid minutes of the session, after breaks and deductions";
        planned_minutes: Kind::Whole => "planned minutes of the shift; empty without one" may_be_empty;
        week_minutes_before: Kind::Whole => "paid minutes of the same week before this session";
        weekday: Kind::Choice(WEEKDAYS) => "local weekday on which the shift begins";
        is_public_holiday: Kind::YesNo => "whether that day is a public holiday";
        is_rest_day: Kind::YesNo => "whether it is this person's weekly day of rest";
        person: PERSON => "whose time it is";
        now: Kind::Moment => "the moment the session closed, local";
    },
    outcomes: &[
        OutcomeSpec::plain("hours", "the paid minutes, sorted into buckets").methods(METHODS),
    ],
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
        worked_minutes: 480,
        planned_minutes: 480,
        week_minutes_before: 0,
        weekday: "monday",
        is_public_holiday: false,
        is_rest_day: false,
        person: sample_person(),
        now: sample_now(),
    }
}

/// The twin of `hours.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let worked = whole(facts, "worked_minutes", 0);
    let step = whole(settings, "round_to_minutes", 0);
    let mut answer = Verdict::new("hours");
    if step > 0 {
        let mode = text_or(settings, "round_mode", "nearest");
        answer = answer
            .with("round_to_minutes", step)
            .with("round_mode", mode);
    }
    let from = text_or(settings, "night_from", NIGHT.0);
    let to = text_or(settings, "night_to", NIGHT.1);
    if (from, to) != NIGHT {
        answer = answer.with("night_from", from).with("night_to", to);
    }
    if yes(facts, "is_public_holiday") || yes(facts, "is_rest_day") {
        let rate = whole(settings, "rest_day_percent", 100);
        let item = facts! { minutes: worked, rate_percent: rate };
        answer.append("buckets", "overtime", item);
        return answer.because("a day of rest or a public holiday");
    }
    let week_left =
        whole(settings, "week_minutes", 10_080) - whole(facts, "week_minutes_before", 0);
    let planned = whole(facts, "planned_minutes", worked);
    let regular = worked.min(planned.min(week_left)).max(0);
    answer.append("buckets", "regular", facts! { minutes: regular });
    if worked > regular {
        let rate = whole(settings, "overtime_percent", 150);
        let item = facts! { minutes: worked - regular, rate_percent: rate };
        answer.append("buckets", "overtime", item);
        answer = answer.because(format!("{regular} minutes were ordinary time"));
    }
    answer
}

/// What was worked is what is paid: buckets add up to the paid minutes, give or take one rounding step each.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    let worked = whole(facts, "worked_minutes", 0).max(0);
    let minutes = |bucket: &Record| whole(bucket, "minutes", 0);
    let sum: i64 = records(&answer.values, "buckets").map(minutes).sum();
    let buckets = i64::try_from(records(&answer.values, "buckets").count()).unwrap_or(1);
    let step = fact(&answer.values, "round_to_minutes").as_whole();
    let tolerance = step.unwrap_or(0).saturating_mul(buckets.max(1));
    if (sum - worked).abs() <= tolerance {
        return None;
    }
    if sum < worked {
        answer.append("buckets", "regular", facts! { minutes: worked - sum });
    } else if let Some(Value::List(items)) = answer.values.get_mut("buckets") {
        trim(items, sum - worked);
    }
    Some(format!(
        "the rule sorted {sum} minutes of {worked}; the platform makes them add up"
    ))
}

/// Takes surplus minutes away, from the last bucket back.
fn trim(buckets: &mut [Value], mut surplus: i64) {
    for bucket in buckets.iter_mut().rev() {
        let Value::Record(bucket) = bucket else {
            continue;
        };
        let minutes = whole(bucket, "minutes", 0);
        let taken = minutes.min(surplus);
        surplus -= taken;
        bucket.insert("minutes".to_owned(), (minutes - taken).into());
    }
}
