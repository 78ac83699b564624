//! What the rules may know about a check-in: the facts of the same hooks that judge a punch, with the attendance event
//! in the place of the shift. A field too many or too few fails a test.

use chrono::{Datelike, Offset};
use chrono_tz::Tz;
use zamu_rules::{Moment, Record, Value};

use super::model::Gathering;
use super::record::{CheckTime, verdict_name};
use crate::identity::model::Member;
use crate::kernel::geo::Judgement;
use crate::kernel::time::{Instant, minutes_between};
use crate::places::model::{FenceKind, Place};

/// Everything known about a check-in or check-out before it is judged.
pub struct Known<'a> {
    pub gathering: &'a Gathering,
    pub member: &'a Member,
    pub department: Option<&'a str>,
    /// With the event's own radius, if it has one.
    pub place: Option<&'a Place>,
    pub time: CheckTime,
    pub mock_location: bool,
}

/// Which way somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

pub fn geofence(known: &Known<'_>, way: Way) -> Record {
    let direction = match way {
        Way::In => "in",
        Way::Out => "out",
    };
    record([
        ("place", place(known.place)),
        ("person", person(known)),
        ("service", service(known)),
        (
            "device",
            [("mock_location", known.mock_location.into())].into(),
        ),
        ("direction", direction.into()),
        ("now", now(known)),
    ])
}

pub fn clock_in(known: &Known<'_>, judged: Judgement, accuracy_m: Option<f64>) -> Record {
    let time = known.time;
    let until_start = minutes_between(time.occurred_at, known.gathering.starts_at);
    let shift = [
        ("minutes_until_start", until_start.into()),
        ("planned_minutes", planned_minutes(known).into()),
    ];
    record([
        // Always empty: checking in is not working, and twice is refused before any rule is asked.
        ("open_session", Value::Nothing),
        ("fence", fence(judged, accuracy_m)),
        ("place", place(known.place)),
        ("person", person(known)),
        ("service", service(known)),
        ("captured_offline", time.captured_offline().into()),
        (
            "minutes_since_capture",
            minutes_between(time.occurred_at, time.received_at).into(),
        ),
        ("mock_location", known.mock_location.into()),
        ("shift", shift.into()),
        ("now", now(known)),
    ])
}

pub fn lateness(known: &Known<'_>) -> Record {
    let at = known.time.occurred_at;
    let shift = [
        ("planned_minutes", planned_minutes(known).into()),
        ("kind", known.gathering.service().into()),
    ];
    record([
        ("minutes_late", minutes_late(known.gathering, at).into()),
        // Always no: there is no way to approve a delay at an attendance event.
        ("delay_was_approved", false.into()),
        ("shift", shift.into()),
        ("person", person(known)),
        ("weekday", weekday(at, known.gathering.time_zone).into()),
        ("now", now(known)),
    ])
}

/// Whole minutes after the start; negative for whoever is early.
pub fn minutes_late(gathering: &Gathering, at: Instant) -> i64 {
    minutes_between(gathering.starts_at, at)
}

fn planned_minutes(known: &Known<'_>) -> i64 {
    minutes_between(known.gathering.starts_at, known.gathering.ends_at)
}

fn fence(fence: Judgement, accuracy_m: Option<f64>) -> Value {
    [
        ("verdict", verdict_name(fence.verdict).to_lowercase().into()),
        ("distance_m", fence.distance_m.map(whole).into()),
        ("accuracy_m", accuracy_m.map(whole).into()),
    ]
    .into()
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
    [
        ("name", place.map_or("", |place| place.name.as_str()).into()),
        ("radius_m", radius.into()),
        (
            "kind",
            place.map_or(FenceKind::None, Place::kind).name().into(),
        ),
    ]
    .into()
}

fn service(known: &Known<'_>) -> Value {
    [("kind", known.gathering.service().into())].into()
}

fn now(known: &Known<'_>) -> Value {
    let at = known.time.occurred_at;
    let local = at.with_timezone(&known.gathering.time_zone);
    Moment::new(
        at.timestamp_micros(),
        local.offset().fix().local_minus_utc() / 60,
    )
    .into()
}

fn weekday(at: Instant, zone: Tz) -> &'static str {
    match at.with_timezone(&zone).weekday() {
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
fn whole(metres: f64) -> i64 {
    metres.round() as i64
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
