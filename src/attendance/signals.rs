//! Thinks: what about a punch should make a person look. Each signal has a score and says in numbers why; none of them
//! ever refuses anything, because each has an innocent explanation too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::punch::{Punch, Trust};
use crate::exceptions::model::{Found, Kind, Severity};
use crate::kernel::geo::Fix;
use crate::kernel::time::local_date;

/// A device's clock further off than this is shown; the time itself is corrected.
pub const SKEW_TOLERANCE_S: i32 = 120;
/// A punch that arrives later than this after it was made is shown.
pub const LATE_AFTER: TimeDelta = TimeDelta::hours(24);
/// On so many days in a row the very same coordinates are a sign. A receiver's noise changes the last digits from one
/// fix to the next; a phone may hand out its last known position twice, on two days at most.
const SAME_ON_DAYS: usize = 3;
/// Coordinates with fewer decimals were rounded by the device: a ten-thousandth of a degree is 11 metres.
const DECIMALS_THAT_TELL: f64 = 10_000.0;
/// Faster than this nobody travels on the ground; a scheduled flight does 900.
const FASTEST_KMH: f64 = 300.0;
const FLIGHT_KMH: f64 = 900.0;
/// Below this distance, beyond what both positions may be off, a jump is the receiver's.
const LEAST_JUMP_M: f64 = 2_000.0;

/// What signals are looked for in.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The claims of one session, or one claim that belongs to none; the oldest first.
    pub punches: &'a [&'a Punch],
    /// The member's claims before those, the oldest first: the last dozens will do.
    pub before: &'a [&'a Punch],
    /// Where the work is, as far as is known.
    pub zone: Tz,
    /// Of devices, how many other members used them within a day of the claims.
    pub shared: &'a BTreeMap<String, usize>,
}

/// Every signal in the evidence, at most one of a kind: the strongest, with all the punches that show it.
pub fn found(evidence: &Evidence<'_>) -> Vec<Found> {
    let mut all: BTreeMap<Kind, Found> = BTreeMap::new();
    for (index, punch) in evidence.punches.iter().enumerate() {
        if !punch.source.is_phone() {
            continue;
        }
        let earlier = || {
            let own = evidence.punches.iter().take(index);
            evidence.before.iter().chain(own).copied()
        };
        let signals = [
            mocked(punch),
            accuracy_zero(punch),
            repeated(punch, earlier(), evidence.zone),
            travel(punch, earlier()),
            shared(punch, evidence.shared),
            skewed(punch),
            unverified(punch),
            late(punch),
            elsewhere(punch, evidence.zone),
        ];
        for signal in signals.into_iter().flatten() {
            gather(&mut all, punch, signal);
        }
    }
    all.into_values().collect()
}

/// A kind, how sure, and the numbers behind it.
struct Signal(Kind, i32, Value);

fn gather(all: &mut BTreeMap<Kind, Found>, punch: &Punch, signal: Signal) {
    let Signal(kind, score, mut why) = signal;
    if let Value::Object(why) = &mut why {
        why.insert("punch".to_owned(), json!(punch.id.to_string()));
    }
    let found = all.entry(kind).or_insert_with(|| Found {
        kind,
        code: String::new(),
        severity: Severity::Acknowledge,
        score,
        detail: Map::from_iter([("punches".to_owned(), json!([]))]),
    });
    found.score = found.score.max(score);
    if let Some(Value::Array(punches)) = found.detail.get_mut("punches") {
        punches.push(why);
    }
}

fn mocked(punch: &Punch) -> Option<Signal> {
    let mocked = punch.device.mock_location;
    mocked.then(|| Signal(Kind::SuspectedMockLocation, 90, json!({})))
}

/// No receiver is exact; programs that make positions up often say so.
fn accuracy_zero(punch: &Punch) -> Option<Signal> {
    let fix = punch.fix?;
    (fix.accuracy_m == 0.0).then(|| Signal(Kind::AccuracyZero, 70, json!({"accuracyM": 0})))
}

/// The same coordinates to the last digit, punch after punch, on several days.
fn repeated<'a>(
    punch: &'a Punch,
    earlier: impl DoubleEndedIterator<Item = &'a Punch>,
    zone: Tz,
) -> Option<Signal> {
    let fix = punch.fix.filter(tells)?;
    let day = |punch: &Punch| local_date(punch.time.occurred_at, zone);
    let same = earlier
        .rev()
        .filter(|other| other.fix.is_some())
        .take_while(|other| other.fix.is_some_and(|other| other.point == fix.point));
    let days: BTreeSet<NaiveDate> = same.chain([punch]).map(day).collect();
    let further = days.len().checked_sub(SAME_ON_DAYS)?;
    let score = i32::try_from(60 + 10 * further).unwrap_or(i32::MAX).min(95);
    let why = json!({
        "latitude": fix.point.latitude,
        "longitude": fix.point.longitude,
        "days": days.len(),
        "since": days.first(),
    });
    Some(Signal(Kind::RepeatedCoordinates, score, why))
}

fn tells(fix: &Fix) -> bool {
    let rounded = |degrees: f64| {
        let scaled = degrees * DECIMALS_THAT_TELL;
        (scaled - scaled.round()).abs() < 1e-6
    };
    !rounded(fix.point.latitude) || !rounded(fix.point.longitude)
}

/// From the position before, faster than anybody travels.
fn travel<'a>(
    punch: &Punch,
    mut earlier: impl DoubleEndedIterator<Item = &'a Punch>,
) -> Option<Signal> {
    let to = punch.fix?;
    let (before, from) = earlier
        .rfind(|other| other.fix.is_some())
        .and_then(|other| Some((other, other.fix?)))?;
    let distance_m = from.point.distance_m(to.point) - from.accuracy_m - to.accuracy_m;
    if distance_m < LEAST_JUMP_M {
        return None;
    }
    let seconds = (punch.time.occurred_at - before.time.occurred_at).num_seconds();
    let kmh = distance_m * 3.6 / f64::from(i32::try_from(seconds.max(1)).unwrap_or(i32::MAX));
    if kmh <= FASTEST_KMH {
        return None;
    }
    let sure = ((kmh - FASTEST_KMH) / (FLIGHT_KMH - FASTEST_KMH)).min(1.0);
    let why = json!({
        "from": before.id.to_string(),
        "distanceM": whole(distance_m),
        "seconds": seconds,
        "speedKmh": whole(kmh),
    });
    Some(Signal(
        Kind::ImpossibleTravel,
        i32::try_from(50 + whole(sure * 45.0)).unwrap_or(95),
        why,
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "distances on the Earth and speeds from them have at most a dozen digits"
)]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// One device in the hands of several people. Two may share a phone; a phone of five is a time clock.
fn shared(punch: &Punch, shared: &BTreeMap<String, usize>) -> Option<Signal> {
    let device = punch.device.id.as_ref()?;
    let others = *shared.get(device).filter(|others| **others > 0)?;
    let score = i32::try_from(40 + 15 * others).unwrap_or(i32::MAX).min(95);
    let why = json!({"device": device, "otherMembers": others});
    Some(Signal(Kind::SharedDevice, score, why))
}

fn skewed(punch: &Punch) -> Option<Signal> {
    let seconds = punch
        .skew_seconds
        .filter(|skew| skew.unsigned_abs() > SKEW_TOLERANCE_S.unsigned_abs())?;
    let why = json!({
        "skewSeconds": seconds,
        "deviceAt": punch.time.device_at,
        "occurredAt": punch.time.occurred_at,
    });
    Some(Signal(Kind::ClockSkew, 100, why))
}

fn unverified(punch: &Punch) -> Option<Signal> {
    (punch.trust == Trust::Unverified).then(|| {
        Signal(
            Kind::UnverifiedTime,
            100,
            json!({"deviceAt": punch.time.device_at}),
        )
    })
}

fn late(punch: &Punch) -> Option<Signal> {
    let after = punch.time.received_at - punch.time.occurred_at;
    (after > LATE_AFTER).then(|| {
        let why = json!({"occurredAt": punch.time.occurred_at, "hours": after.num_hours()});
        Signal(Kind::LateSubmission, 100, why)
    })
}

/// The phone's clock is set to another zone than the place's: it may have come from elsewhere, or be set by hand.
fn elsewhere(punch: &Punch, zone: Tz) -> Option<Signal> {
    let clock = punch.device.clock.as_ref()?;
    let there = zone
        .offset_from_utc_datetime(&punch.time.occurred_at.naive_utc())
        .fix()
        .local_minus_utc();
    (clock.offset_seconds != there).then(|| {
        let why = json!({
            "deviceOffsetMinutes": clock.offset_seconds / 60,
            "placeOffsetMinutes": there / 60,
            "deviceZone": clock.zone,
            "placeZone": zone.name(),
        });
        Signal(Kind::ForeignTimeZone, 50, why)
    })
}
