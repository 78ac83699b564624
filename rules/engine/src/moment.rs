//! A point in time with the local offset it is judged by, so that "hour" means the hour on the wall.

use std::fmt;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike};
use serde::{Deserialize, Serialize};

/// An instant and the offset of the place it belongs to. Two moments are equal when the instants are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Microseconds since 1970 in UTC.
    pub utc_micros: i64,
    /// Minutes to add to UTC to get local time; Nairobi is 180.
    pub offset_minutes: i32,
}

impl Moment {
    pub fn new(utc_micros: i64, offset_minutes: i32) -> Self {
        Self {
            utc_micros,
            offset_minutes,
        }
    }

    /// Reads an RFC 3339 text such as `2026-01-05T08:30:00+03:00`, the form of tests and kept cases.
    pub fn parse(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self::new(
            instant.timestamp_micros(),
            instant.offset().local_minus_utc() / 60,
        ))
    }

    /// Local wall-clock time. A moment outside the calendar reads as 1970 rather than failing.
    fn local(self) -> NaiveDateTime {
        DateTime::from_timestamp_micros(self.utc_micros)
            .and_then(|instant| {
                instant
                    .naive_utc()
                    .checked_add_signed(Duration::minutes(self.offset_minutes.into()))
            })
            .unwrap_or_default()
    }

    pub fn hour(self) -> i64 {
        self.local().hour().into()
    }

    pub fn minute(self) -> i64 {
        self.local().minute().into()
    }

    /// `monday` … `sunday`.
    pub fn weekday(self) -> &'static str {
        match self.local().weekday() {
            chrono::Weekday::Mon => "monday",
            chrono::Weekday::Tue => "tuesday",
            chrono::Weekday::Wed => "wednesday",
            chrono::Weekday::Thu => "thursday",
            chrono::Weekday::Fri => "friday",
            chrono::Weekday::Sat => "saturday",
            chrono::Weekday::Sun => "sunday",
        }
    }

    /// `2026-01-05`.
    pub fn date(self) -> String {
        self.local().format("%Y-%m-%d").to_string()
    }

    /// The local day, for settings that hold from a day on.
    pub fn day_of_calendar(self) -> NaiveDate {
        self.local().date()
    }

    pub fn day(self) -> i64 {
        self.local().day().into()
    }

    pub fn month(self) -> i64 {
        self.local().month().into()
    }

    pub fn year(self) -> i64 {
        self.local().year().into()
    }

    /// So many minutes later (or earlier, when negative), as an instant: a clock that changes in between
    /// does not matter. Nothing beyond what can be counted.
    pub fn plus_minutes(self, minutes: i64) -> Option<Self> {
        let moved = minutes
            .checked_mul(60_000_000)
            .and_then(|micros| self.utc_micros.checked_add(micros))?;
        Some(Self::new(moved, self.offset_minutes))
    }

    /// Whole minutes from `earlier` to this moment; negative when this one comes first.
    pub fn minutes_since(self, earlier: Self) -> i64 {
        self.utc_micros.saturating_sub(earlier.utc_micros) / 60_000_000
    }
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.utc_micros == other.utc_micros
    }
}

impl Eq for Moment {}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.offset_minutes.unsigned_abs();
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let local = self.local().format("%Y-%m-%dT%H:%M:%S");
        write!(formatter, "{local}{sign}{:02}:{:02}", size / 60, size % 60)
    }
}
