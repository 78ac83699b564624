//! What the rules of this slice may know: plain values with the unit in the name, prepared here so that a script
//! never looks anything up. The schema of each hook is in `zamu-rules`; a field too many or too few fails a test.

use chrono::{Datelike, Offset};
use chrono_tz::Tz;
use zamu_rules::{Moment, Record, Value};

use super::model::{Break, Direction, PunchTime, verdict_name};
use crate::identity::model::Member;
use crate::kernel::geo::Judgement;
use crate::kernel::time::{Instant, minutes_between};
use crate::places::model::{FenceKind, Place};
use crate::schedules::model::Shift;

/// Everything known about a punch before it is judged.
pub struct Known<'a> {
    pub member: &'a Member,
    pub department: Option<&'a str>,
    pub place: Option<&'a Place>,
    pub shift: Option<&'a Shift>,
    pub service: Option<&'a str>,
    pub time: PunchTime,
    pub mock_location: bool,
    pub zone: Tz,
}

pub fn geofence(known: &Known<'_>, direction: Direction) -> Record {
    record([
        ("place", place(known.place)),
        ("person", person(known)),
        ("service", service(known.service)),
        (
            "device",
            [("mock_location", known.mock_location.into())].into(),
        ),
        ("direction", direction.name().to_lowercase().into()),
        ("now", moment(known.time.occurred_at, known.zone)),
    ])
}

pub fn clock_in(known: &Known<'_>, judged: Judgement, accuracy_m: Option<f64>) -> Record {
    let since_capture = minutes_between(known.time.occurred_at, known.time.received_at);
    record([
        // Always empty: a second session is refused before any rule is asked.
        ("open_session", Value::Nothing),
        ("fence", fence(judged, accuracy_m)),
        ("place", place(known.place)),
        ("person", person(known)),
        ("service", service(known.service)),
        ("captured_offline", known.time.captured_offline().into()),
        ("minutes_since_capture", since_capture.into()),
        ("mock_location", known.mock_location.into()),
        (
            "shift",
            known
                .shift
                .map(|shift| clock_in_shift(shift, known.time.occurred_at))
                .unwrap_or_default(),
        ),
        ("now", moment(known.time.occurred_at, known.zone)),
    ])
}

fn clock_in_shift(shift: &Shift, at: Instant) -> Value {
    [
        (
            "minutes_until_start",
            minutes_between(at, shift.starts_at).into(),
        ),
        ("planned_minutes", planned_minutes(shift).into()),
    ]
    .into()
}

pub(super) fn fence(fence: Judgement, accuracy_m: Option<f64>) -> Value {
    [
        ("verdict", verdict_name(fence.verdict).to_lowercase().into()),
        ("distance_m", fence.distance_m.map(whole).into()),
        ("accuracy_m", accuracy_m.map(whole).into()),
    ]
    .into()
}

pub fn lateness(known: &Known<'_>, shift: &Shift, delay_was_approved: bool) -> Record {
    let at = known.time.occurred_at;
    record([
        ("minutes_late", minutes_between(shift.starts_at, at).into()),
        ("delay_was_approved", delay_was_approved.into()),
        ("shift", judged_shift(shift)),
        ("person", person(known)),
        (
            "weekday",
            weekday(at.with_timezone(&known.zone).weekday()).into(),
        ),
        ("now", moment(at, known.zone)),
    ])
}

/// The shift a person is early or late for.
pub(super) fn judged_shift(shift: &Shift) -> Value {
    [
        ("planned_minutes", planned_minutes(shift).into()),
        ("kind", shift.word().into()),
    ]
    .into()
}

fn planned_minutes(shift: &Shift) -> i64 {
    minutes_between(shift.starts_at, shift.ends_at)
}

/// Asked before each break.
pub(super) fn break_start(
    known: &Known<'_>,
    kind: &str,
    so_far: &[Break],
    worked_minutes: i64,
) -> Record {
    let count = i64::try_from(so_far.len()).unwrap_or(i64::MAX);
    let minutes: i64 = so_far.iter().map(super::hours::break_minutes).sum();
    record([
        ("kind", kind.into()),
        (
            "breaks_so_far",
            [("count", count.into()), ("minutes", minutes.into())].into(),
        ),
        ("worked_minutes", worked_minutes.into()),
        ("person", person(known)),
        ("now", moment(known.time.occurred_at, known.zone)),
    ])
}

pub(super) fn person(known: &Known<'_>) -> Value {
    [
        ("role", known.member.role.name().to_lowercase().into()),
        ("title", known.member.title.clone().into()),
        ("tags", known.member.tags.clone().into()),
        ("department", known.department.map(str::to_owned).into()),
    ]
    .into()
}

pub(super) fn place(place: Option<&Place>) -> Value {
    let name = place.map_or("", |place| place.name.as_str());
    let radius: Option<i64> = place.and_then(|place| place.radius_m).map(Into::into);
    let kind = place.map_or(FenceKind::None, Place::kind);
    let kind = match kind {
        FenceKind::Circle => "circle",
        FenceKind::Polygon => "polygon",
        FenceKind::None => "none",
    };
    [
        ("name", name.into()),
        ("radius_m", radius.into()),
        ("kind", kind.into()),
    ]
    .into()
}

pub(super) fn service(kind: Option<&str>) -> Value {
    [("kind", kind.map(str::to_owned).into())].into()
}

pub(super) fn moment(at: Instant, zone: Tz) -> Value {
    let offset = at.with_timezone(&zone).offset().fix().local_minus_utc() / 60;
    Moment::new(at.timestamp_micros(), offset).into()
}

pub(super) fn weekday(day: chrono::Weekday) -> &'static str {
    match day {
        chrono::Weekday::Mon => "monday",
        chrono::Weekday::Tue => "tuesday",
        chrono::Weekday::Wed => "wednesday",
        chrono::Weekday::Thu => "thursday",
        chrono::Weekday::Fri => "friday",
        chrono::Weekday::Sat => "saturday",
        chrono::Weekday::Sun => "sunday",
    }
}

/// Metres as a rule sees them: whole, so that scripts never meet floating point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded by half the Earth's circumference"
)]
pub(super) fn whole(metres: f64) -> i64 {
    metres.round() as i64
}

pub(super) fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
