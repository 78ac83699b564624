//! Kenya's public holidays (Public Holidays Act, Cap. 110). Idd-ul-Fitr and Idd-ul-Azha are gazetted by the moon, and
//! others at short notice: those are entered by hand.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::model::easter;

const FIXED: &[(u32, u32, &str)] = &[
    (1, 1, "New Year's Day"),
    (5, 1, "Labour Day"),
    (6, 1, "Madaraka Day"),
    (10, 10, "Mazingira Day"),
    (10, 20, "Mashujaa Day"),
    (12, 12, "Jamhuri Day"),
    (12, 25, "Christmas Day"),
    (12, 26, "Boxing Day"),
];

/// Those of a year in order. One on a Sunday is kept on the next day that is not a holiday itself.
pub fn holidays(year: i32) -> Vec<(NaiveDate, &'static str)> {
    let date = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let mut named: BTreeMap<NaiveDate, &'static str> = FIXED
        .iter()
        .filter_map(|(month, day, name)| Some((date(*month, *day)?, *name)))
        .collect();
    if let Some(sunday) = easter(year) {
        named.insert(sunday - Days::new(2), "Good Friday");
        named.insert(sunday + Days::new(1), "Easter Monday");
    }
    let sundays: Vec<_> = named
        .iter()
        .filter(|(day, _)| day.weekday() == Weekday::Sun)
        .map(|(day, name)| (*day, *name))
        .collect();
    for (sunday, name) in sundays {
        named.remove(&sunday);
        let mut kept = sunday + Days::new(1);
        while named.contains_key(&kept) {
            kept = kept + Days::new(1);
        }
        named.insert(kept, name);
    }
    named.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(year: i32) -> Vec<String> {
        let holidays = holidays(year).into_iter();
        holidays
            .map(|(day, name)| format!("{} {name}", day.format("%m-%d")))
            .collect()
    }

    #[test]
    fn the_year_2026() {
        assert_eq!(
            days(2026),
            [
                "01-01 New Year's Day",
                "04-03 Good Friday",
                "04-06 Easter Monday",
                "05-01 Labour Day",
                "06-01 Madaraka Day",
                "10-10 Mazingira Day",
                "10-20 Mashujaa Day",
                "12-12 Jamhuri Day",
                "12-25 Christmas Day",
                "12-26 Boxing Day",
            ]
        );
    }

    /// 25 December 2022 and 1 January 2023 were Sundays; the day after Christmas is a holiday already.
    #[test]
    fn a_sunday_moves_to_the_next_working_day() {
        assert!(days(2022).contains(&"12-27 Christmas Day".to_owned()));
        assert!(days(2022).contains(&"12-26 Boxing Day".to_owned()));
        assert!(days(2023).contains(&"01-02 New Year's Day".to_owned()));
        for year in 2000..2200 {
            let found = holidays(year);
            assert_eq!(found.len(), 10, "{year}");
            assert!(found.iter().all(|(day, _)| day.weekday() != Weekday::Sun));
        }
    }
}
