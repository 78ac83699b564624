//! Thinks: the days a series falls on. Each day is a local date, and its times are read on the clocks of that day, so
//! that a class at eight stays at eight when clocks change.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::kernel::error::{Code, Error, Result};

/// The most attendance events one series makes: a school year of days.
pub const MOST: usize = 366;
/// The most weeks or days between two.
const WIDEST: u32 = 52;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Frequency {
    Daily,
    Weekly,
}

/// How often, and until when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Repeat {
    pub frequency: Frequency,
    /// Every so many days or weeks.
    pub interval: u32,
    /// Of a week; none means the weekday of the first day. Weeks begin on Monday (ISO 8601).
    pub weekdays: Vec<Weekday>,
    /// The last day, inclusive.
    pub until: NaiveDate,
}

/// The days from the first on, in order.
pub fn dates(first: NaiveDate, repeat: &Repeat) -> Result<Vec<NaiveDate>> {
    let refuse =
        |message: String| Err(Error::refused(Code::RecurrenceInvalid, message).at("repeat"));
    if !(1..=WIDEST).contains(&repeat.interval) {
        return refuse(format!("an interval is 1 to {WIDEST}"));
    }
    let monday = first.week(Weekday::Mon).first_day();
    let is_on = |date: &NaiveDate| match repeat.frequency {
        Frequency::Daily => (*date - first).num_days() % i64::from(repeat.interval) == 0,
        Frequency::Weekly => {
            let week = (*date - monday).num_days() / 7;
            let weekday = match repeat.weekdays.as_slice() {
                [] => date.weekday() == first.weekday(),
                some => some.contains(&date.weekday()),
            };
            weekday && week % i64::from(repeat.interval) == 0
        }
    };
    let days = first.iter_days().take_while(|date| *date <= repeat.until);
    let found: Vec<NaiveDate> = days.filter(is_on).take(MOST + 1).collect();
    match found.len() {
        0 => refuse("no day of this series is between its first and its last".to_owned()),
        count if count > MOST => refuse(format!("a series has at most {MOST} days")),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn repeat(frequency: Frequency, interval: u32, weekdays: &[Weekday], until: &str) -> Repeat {
        Repeat {
            frequency,
            interval,
            weekdays: weekdays.to_vec(),
            until: day(until),
        }
    }

    fn shown(first: &str, repeat: &Repeat) -> Vec<String> {
        let dates = dates(day(first), repeat).unwrap();
        dates.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn days_and_weeks_are_counted_from_the_first() {
        let every_other = repeat(Frequency::Daily, 2, &[], "2026-03-07");
        assert_eq!(
            shown("2026-03-02", &every_other),
            ["2026-03-02", "2026-03-04", "2026-03-06"]
        );
        let twice = repeat(
            Frequency::Weekly,
            1,
            &[Weekday::Mon, Weekday::Wed],
            "2026-03-11",
        );
        // Begun on a Tuesday: the Monday before is not in it.
        assert_eq!(
            shown("2026-03-03", &twice),
            ["2026-03-04", "2026-03-09", "2026-03-11"]
        );
        let fortnight = repeat(
            Frequency::Weekly,
            2,
            &[Weekday::Mon, Weekday::Fri],
            "2026-03-21",
        );
        assert_eq!(
            shown("2026-03-04", &fortnight),
            ["2026-03-06", "2026-03-16", "2026-03-20"]
        );
        let same_day = repeat(Frequency::Weekly, 1, &[], "2026-03-17");
        assert_eq!(
            shown("2026-03-03", &same_day),
            ["2026-03-03", "2026-03-10", "2026-03-17"]
        );
    }

    #[test]
    fn what_has_no_days_or_too_many_is_refused() {
        let first = day("2026-03-03");
        for wrong in [
            repeat(Frequency::Daily, 0, &[], "2026-03-07"),
            repeat(Frequency::Daily, 53, &[], "2026-03-07"),
            repeat(Frequency::Daily, 1, &[], "2026-03-02"),
            repeat(Frequency::Weekly, 1, &[Weekday::Sun], "2026-03-05"),
            repeat(Frequency::Daily, 1, &[], "2027-03-04"),
        ] {
            let refused = dates(first, &wrong).unwrap_err();
            assert_eq!(refused.code, Code::RecurrenceInvalid, "{wrong:?}");
        }
        let year = repeat(Frequency::Daily, 1, &[], "2027-03-03");
        assert_eq!(dates(first, &year).unwrap().len(), MOST);
    }
}
