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
/// So many other people on one device make it a time clock; how many more there are is not counted.
pub const TIME_CLOCK: usize = 4;
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
    let others = others.min(TIME_CLOCK);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::punch::{Device, DeviceClock, Direction, PunchTime, Role, Said, Source};
    use crate::kernel::geo::{Judgement, Point};
    use crate::kernel::id::{MemberId, PunchId};
    use crate::kernel::time::Instant;
    use chrono_tz::Africa::Nairobi;
    use uuid::Uuid;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn punch(id: u128, time: &str, fix: Option<(f64, f64)>) -> Punch {
        Punch {
            id: PunchId::from_uuid(Uuid::from_u128(id)),
            session_id: None,
            role: Role::Opens,
            member_id: MemberId::from_uuid(Uuid::nil()),
            direction: Direction::In,
            source: Source::Sync,
            time: PunchTime {
                device_at: Some(at(time)),
                received_at: at(time),
                occurred_at: at(time),
            },
            trust: Trust::Corrected,
            skew_seconds: Some(0),
            fix: fix.map(|(latitude, longitude)| Fix {
                point: Point {
                    latitude,
                    longitude,
                },
                accuracy_m: 10.0,
            }),
            place_id: None,
            fence: Judgement::NONE,
            remark: None,
            device: Device::default(),
            break_kind: None,
            emergency: false,
            client_ref: None,
            external_ref: None,
            made_by: None,
            reason_code: None,
            memo: None,
            said: Said::default(),
        }
    }

    fn look(punches: &[&Punch], before: &[&Punch]) -> Vec<(Kind, i32)> {
        let shared = BTreeMap::from([
            ("one".to_owned(), 1),
            ("four".to_owned(), 4),
            ("seven".to_owned(), 7),
        ]);
        let evidence = Evidence {
            punches,
            before,
            zone: Nairobi,
            shared: &shared,
        };
        let found = found(&evidence);
        for one in &found {
            assert!(
                (0..=100).contains(&one.score) && one.severity == Severity::Acknowledge,
                "{one:?}"
            );
            assert!(one.detail["punches"][0]["punch"].is_string(), "{one:?}");
        }
        found.iter().map(|one| (one.kind, one.score)).collect()
    }

    const HERE: Option<(f64, f64)> = Some((-0.091_712_3, 34.768_045_6));

    #[test]
    fn an_honest_punch_shows_nothing() {
        assert_eq!(look(&[&punch(1, "2026-03-02T05:00:00Z", HERE)], &[]), []);
    }

    #[test]
    fn what_the_device_says_of_itself_is_a_signal() {
        let mut one = punch(1, "2026-03-02T05:00:00Z", HERE);
        one.device.mock_location = true;
        if let Some(fix) = &mut one.fix {
            fix.accuracy_m = 0.0;
        }
        assert_eq!(
            look(&[&one], &[]),
            [(Kind::SuspectedMockLocation, 90), (Kind::AccuracyZero, 70)]
        );
    }

    #[test]
    fn the_clock_is_a_signal_beyond_its_tolerance() {
        let mut one = punch(1, "2026-03-02T05:00:00Z", None);
        one.skew_seconds = Some(-SKEW_TOLERANCE_S);
        assert_eq!(look(&[&one], &[]), []);
        one.skew_seconds = Some(-SKEW_TOLERANCE_S - 1);
        one.time.received_at = one.time.occurred_at + LATE_AFTER;
        assert_eq!(look(&[&one], &[]), [(Kind::ClockSkew, 100)]);
        one.time.received_at += TimeDelta::seconds(1);
        one.trust = Trust::Unverified;
        one.skew_seconds = None;
        assert_eq!(
            look(&[&one], &[]),
            [(Kind::UnverifiedTime, 100), (Kind::LateSubmission, 100)]
        );
        let clock = |offset_seconds| DeviceClock {
            offset_seconds,
            zone: None,
            reading: None,
            heard: None,
            fix_age_ms: None,
        };
        let mut abroad = punch(2, "2026-03-02T05:00:00Z", None);
        abroad.device.clock = Some(clock(3 * 3_600));
        assert_eq!(look(&[&abroad], &[]), []);
        abroad.device.clock = Some(clock(0));
        assert_eq!(look(&[&abroad], &[]), [(Kind::ForeignTimeZone, 50)]);
    }

    #[test]
    fn the_same_coordinates_on_three_days_in_a_row_are_a_signal() {
        let days = [
            punch(1, "2026-03-02T05:00:00Z", HERE),
            punch(2, "2026-03-02T13:00:00Z", HERE),
            punch(3, "2026-03-03T05:00:00Z", HERE),
        ];
        let before: Vec<&Punch> = days.iter().collect();
        let third = punch(4, "2026-03-04T05:00:00Z", HERE);
        assert_eq!(look(&[&days[2]], &before[..2]), [], "two days");
        assert_eq!(look(&[&third], &before), [(Kind::RepeatedCoordinates, 60)]);
        let rounded = Some((-0.0917, 34.7680));
        let rounded = [
            punch(1, "2026-03-02T05:00:00Z", rounded),
            punch(2, "2026-03-03T05:00:00Z", rounded),
            punch(3, "2026-03-04T05:00:00Z", rounded),
        ];
        assert_eq!(look(&[&rounded[2]], &[&rounded[0], &rounded[1]]), []);
        let elsewhere = punch(
            5,
            "2026-03-03T13:00:00Z",
            Some((-0.091_712_4, 34.768_045_6)),
        );
        assert_eq!(look(&[&third], &[before[0], before[2], &elsewhere]), []);
    }

    #[test]
    fn nobody_is_in_two_towns_at_once() {
        let kisumu = punch(1, "2026-03-02T05:00:00Z", HERE);
        let nairobi = Some((-1.286_412_3, 36.817_212_3));
        // 266 km.
        let by_road = punch(2, "2026-03-02T11:00:00Z", nairobi);
        assert_eq!(look(&[&by_road], &[&kisumu]), []);
        let quickly = punch(3, "2026-03-02T05:10:00Z", nairobi);
        assert_eq!(
            look(&[&kisumu, &quickly], &[]),
            [(Kind::ImpossibleTravel, 95)]
        );
        let next_door = punch(
            4,
            "2026-03-02T05:00:01Z",
            Some((-0.100_712_3, 34.768_045_6)),
        );
        assert_eq!(
            look(&[&next_door], &[&kisumu]),
            [],
            "a jump of the receiver"
        );
    }

    #[test]
    fn a_device_of_many_is_a_signal() {
        let with = |device: &str| {
            let mut one = punch(1, "2026-03-02T05:00:00Z", None);
            one.device.id = Some(device.to_owned());
            look(&[&one], &[])
        };
        assert_eq!(with("own"), []);
        assert_eq!(with("one"), [(Kind::SharedDevice, 55)]);
        assert_eq!(with("four"), [(Kind::SharedDevice, 95)]);
        assert_eq!(with("seven"), [(Kind::SharedDevice, 95)]);
    }

    #[test]
    fn what_a_person_entered_is_no_signal() {
        let mut entered = punch(1, "2026-03-02T05:00:00Z", None);
        entered.source = Source::Manual;
        entered.device.mock_location = true;
        assert_eq!(look(&[&entered], &[]), []);
    }
}
