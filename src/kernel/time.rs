//! The clock, injected. A transaction reads it once; nothing else asks the operating system what time it is.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// An instant in UTC, to the microsecond, which is what both databases keep.
pub type Instant = DateTime<Utc>;

/// Tells the time. Two of them: the machine's, and one that tests move by hand.
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Instant {
        to_micros(Utc::now())
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(start: Instant) -> Self {
        Self(AtomicI64::new(start.timestamp_micros()))
    }

    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }

    pub fn set(&self, to: Instant) {
        self.0.store(to.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// Drops what the databases would drop, so that a value read back equals the value written.
pub fn to_micros(instant: Instant) -> Instant {
    DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant)
}

/// The calendar day an instant falls on, where the work happens.
pub fn local_date(instant: Instant, zone: Tz) -> NaiveDate {
    instant.with_timezone(&zone).date_naive()
}

/// Whole minutes from one instant to another, rounded towards the past: 59 seconds late is not yet a minute late.
pub fn minutes_between(from: Instant, to: Instant) -> i64 {
    (to - from).num_seconds().div_euclid(60)
}

/// The instant at which clocks in a zone show a date and time. A time shown twice is the earlier of the two; a time
/// that is skipped moves forward by as much as the clocks did.
pub fn local_to_instant(date: NaiveDate, time: NaiveTime, zone: Tz) -> Instant {
    let wall = date.and_time(time);
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        // With the offset from before the gap the instant lies as far behind the gap as the time lay in it. The
        // longest gap on record is a day: Samoa crossing the date line.
        MappedLocalTime::None => {
            let before = (1..=26)
                .filter_map(|hours| wall.checked_sub_signed(TimeDelta::hours(hours)))
                .find_map(|earlier| zone.from_local_datetime(&earlier).latest());
            let offset = before.map_or(0, |at| at.offset().fix().local_minus_utc());
            (wall - TimeDelta::seconds(offset.into())).and_utc()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_local_day_is_not_a_utc_day() {
        let late = instant("2026-03-09T21:30:00Z");
        assert_eq!(local_date(late, chrono_tz::Africa::Nairobi).to_string(), "2026-03-10");
        assert_eq!(local_date(late, chrono_tz::America::New_York).to_string(), "2026-03-09");
    }

    #[test]
    fn minutes_round_towards_the_past() {
        let start = instant("2026-03-09T08:00:00Z");
        assert_eq!(minutes_between(start, instant("2026-03-09T08:00:59Z")), 0);
        assert_eq!(minutes_between(start, instant("2026-03-09T08:01:00Z")), 1);
        assert_eq!(minutes_between(start, instant("2026-03-09T07:59:59Z")), -1);
    }

    fn at(zone: Tz, date: &str, time: &str) -> String {
        let instant = local_to_instant(date.parse().unwrap(), time.parse().unwrap(), zone);
        instant.format("%Y-%m-%dT%H:%MZ").to_string()
    }

    #[test]
    fn local_time_is_read_in_its_zone() {
        assert_eq!(at(chrono_tz::Africa::Nairobi, "2026-03-09", "08:00:00"), "2026-03-09T05:00Z");
        assert_eq!(at(chrono_tz::America::New_York, "2024-01-09", "08:00:00"), "2024-01-09T13:00Z");
        assert_eq!(at(chrono_tz::America::New_York, "2024-07-09", "08:00:00"), "2024-07-09T12:00Z");
    }

    #[test]
    fn a_time_shown_twice_is_the_earlier_one() {
        assert_eq!(at(chrono_tz::America::New_York, "2024-11-03", "01:30:00"), "2024-11-03T05:30Z");
    }

    #[test]
    fn a_skipped_time_moves_forward_by_the_gap() {
        // 02:30 does not exist: it becomes 03:30 -04:00.
        assert_eq!(at(chrono_tz::America::New_York, "2024-03-10", "02:30:00"), "2024-03-10T07:30Z");
        // Half an hour only: 02:10 becomes 02:40 +11:00.
        assert_eq!(at(chrono_tz::Australia::Lord_Howe, "2024-10-06", "02:10:00"), "2024-10-05T15:40Z");
        // A whole day: 30 December 2011 never was; its noon is the noon of the 31st, +14:00.
        assert_eq!(at(chrono_tz::Pacific::Apia, "2011-12-30", "12:00:00"), "2011-12-30T22:00Z");
    }

    #[test]
    fn a_night_over_a_clock_change_is_shorter_or_longer() {
        let night = |start: &str, end: &str, zone| {
            let start = local_to_instant(start.parse().unwrap(), "23:00:00".parse().unwrap(), zone);
            let end = local_to_instant(end.parse().unwrap(), "07:30:00".parse().unwrap(), zone);
            minutes_between(start, end)
        };
        assert_eq!(night("2024-03-09", "2024-03-10", chrono_tz::America::New_York), 450);
        assert_eq!(night("2024-11-02", "2024-11-03", chrono_tz::America::New_York), 570);
        assert_eq!(night("2024-03-09", "2024-03-10", chrono_tz::Africa::Nairobi), 510);
    }
}
