//! The clock, injected. A transaction reads it once; nothing else asks the operating system what time it is.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
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
}
