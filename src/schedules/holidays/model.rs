//! Thinks: a holiday, and what ships for a country and a year.

use chrono::NaiveDate;

use super::kenya;
use crate::kernel::id::HolidayId;
use crate::kernel::time::Instant;
use crate::schedules::scope::Scope;

/// A day on which nobody is expected, for everybody or for one part of the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    pub id: HolidayId,
    pub day: NaiveDate,
    pub name: String,
    pub scope: Scope,
    /// The country whose calendar it was adopted from; none if it was entered by hand.
    pub country: Option<Country>,
    pub created_at: Instant,
}

/// Countries whose holidays and leave ship with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Country {
    Ke,
}

impl Country {
    /// ISO 3166-1 alpha-2: `KE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ke => "KE",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        (name == "KE").then_some(Self::Ke)
    }

    /// Its public holidays in a year, as far as they are known beforehand.
    pub fn holidays(self, year: i32) -> Vec<(NaiveDate, &'static str)> {
        match self {
            Self::Ke => kenya::holidays(year),
        }
    }
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm published in Nature in 1876.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published algorithm"
)]
pub fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let n = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * n + 19) % 32;
    NaiveDate::from_ymd_opt(year, u32::try_from(n).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_moves() {
        for date in [
            "2000-04-23",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2038-04-25",
            "2285-03-22",
        ] {
            let date: NaiveDate = date.parse().unwrap();
            assert_eq!(easter(chrono::Datelike::year(&date)), Some(date));
        }
    }
}
