//! What the rule about planning a shift may know. Its schema is in `zamu-rules`.

use chrono::Offset as _;
use chrono_tz::Tz;
use zamu_rules::{Decision, Moment, Record, Value};

use super::model::{Finding, Weeks};
use crate::auth::policy::Role;
use crate::identity::model::Member;
use crate::kernel::time::{Instant, minutes_between};
use crate::places::model::{FenceKind, Place};
use crate::schedules::model::Shift;

/// Who and what a shift is about.
pub struct Known<'a> {
    pub member: &'a Member,
    pub department: Option<&'a str>,
    pub place: Option<&'a Place>,
    pub actor: Role,
    pub now: Instant,
    pub zone: Tz,
}

pub fn plan_shift(
    shift: &Shift,
    current: Option<&Shift>,
    weeks: &Weeks,
    known: &Known<'_>,
) -> Record {
    let until_start = |shift: &Shift| minutes_between(known.now, shift.starts_at);
    let length = |shift: &Shift| minutes_between(shift.starts_at, shift.ends_at);
    let before = |shift: &Shift| -> Value {
        record([
            ("planned_minutes", length(shift).into()),
            ("minutes_until_start", until_start(shift).into()),
        ])
        .into()
    };
    let proposed: Value = record([
        ("planned_minutes", length(shift).into()),
        ("minutes_until_start", until_start(shift).into()),
        ("week_minutes", weeks.minutes(shift).into()),
        ("rest_minutes_before", weeks.rest_before(shift).into()),
    ])
    .into();
    record([
        ("proposed", proposed),
        ("current", current.map(before).unwrap_or_default()),
        ("person", person(known)),
        ("place", place(known.place)),
        (
            "actor",
            [("role", known.actor.name().to_lowercase().into())].into(),
        ),
        ("now", moment(known.now, known.zone)),
    ])
}

fn person(known: &Known<'_>) -> Value {
    [
        ("role", known.member.role.name().to_lowercase().into()),
        ("title", known.member.title.clone().into()),
        ("tags", known.member.tags.clone().into()),
        ("department", known.department.map(str::to_owned).into()),
    ]
    .into()
}

fn place(place: Option<&Place>) -> Value {
    let radius: Option<i64> = place.and_then(|place| place.radius_m).map(Into::into);
    let kind = match place.map_or(FenceKind::None, Place::kind) {
        FenceKind::Circle => "circle",
        FenceKind::Polygon => "polygon",
        FenceKind::None => "none",
    };
    [
        ("name", place.map_or("", |place| place.name.as_str()).into()),
        ("radius_m", radius.into()),
        ("kind", kind.into()),
    ]
    .into()
}

fn moment(at: Instant, zone: Tz) -> Value {
    let offset = at.with_timezone(&zone).offset().fix().local_minus_utc() / 60;
    Moment::new(at.timestamp_micros(), offset).into()
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What a decision says about a shift, in the words of the input.
pub fn findings(decision: &Decision, shift: &Shift) -> Vec<Finding> {
    let Some(Value::List(items)) = decision.outcome.values.get("findings") else {
        return Vec::new();
    };
    let finding = |item: &Value| {
        let item = item.as_record()?;
        let text = |name: &str| item.get(name).and_then(Value::as_text);
        let field = match text("field")? {
            "starts_at" => "starts",
            "ends_at" => "ends",
            other => other,
        };
        Some(Finding {
            shift: shift.clone(),
            field: field.to_owned(),
            text: text("text")?.to_owned(),
            refuses: text("what") == Some("reject"),
        })
    };
    items.iter().filter_map(finding).collect()
}
