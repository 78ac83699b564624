//! Thinks: on which days a series falls.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, PlaceId, SeriesId, ShiftTypeId};
use crate::kernel::recurrence::days;
use crate::kernel::time::Instant;
use crate::schedules::types::model::Shape;

/// Shifts that come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub id: SeriesId,
    pub member_id: MemberId,
    pub place_id: Option<PlaceId>,
    pub type_id: Option<ShiftTypeId>,
    /// As it was when the series began: a type that changes does not change what was agreed.
    pub shape: Shape,
    pub recurrence: String,
    pub first_day: NaiveDate,
    /// Nothing falls on a later day.
    pub last_day: Option<NaiveDate>,
    /// The days of the rule up to here are planned.
    pub planned_to: NaiveDate,
    pub created_at: Instant,
}

/// Where a series departs from its rule on one of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub series_id: SeriesId,
    pub day: NaiveDate,
    /// None: nothing is planned for that day.
    pub moved_to: Option<NaiveDate>,
    /// Other times, where it was moved to some.
    pub shape: Option<Shape>,
    pub reason: Option<String>,
    pub created_at: Instant,
}

/// An occurrence: the day of the rule, the day the work is on, and its shape.
pub type Occurrence<'a> = (NaiveDate, NaiveDate, &'a Shape);

impl Series {
    /// The days of the rule between two, without those after its end.
    pub fn days(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>> {
        let to = self.last_day.map_or(to, |last| last.min(to));
        days(&self.recurrence, self.first_day, (from, to))
    }

    /// What is to be planned for the days of the rule between two.
    pub fn occurrences<'a>(
        &'a self,
        changes: &'a HashMap<NaiveDate, Change>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Vec<Occurrence<'a>>> {
        let occurrence = |day: NaiveDate| match changes.get(&day) {
            None => Some((day, day, &self.shape)),
            Some(change) => {
                let shape = change.shape.as_ref().unwrap_or(&self.shape);
                change.moved_to.map(|moved| (day, moved, shape))
            }
        };
        let days = self.days(from, to)?;
        Ok(days.into_iter().filter_map(occurrence).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::local_to_instant;
    use crate::schedules::model::{Form, Pattern};
    use crate::schedules::span::Span;
    use chrono::{Datelike as _, NaiveTime, Timelike as _, Weekday};
    use chrono_tz::Tz;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rules() -> impl Strategy<Value = String> {
        let day = prop_oneof![Just("MO"), Just("WE"), Just("SA"), Just("SU")];
        let weekly = (1_u8..4, day)
            .prop_map(|(every, day)| format!("FREQ=WEEKLY;INTERVAL={every};BYDAY={day}"));
        let monthly = (1_u8..29).prop_map(|day| format!("FREQ=MONTHLY;BYMONTHDAY={day}"));
        let daily = (1_u8..10).prop_map(|every| format!("FREQ=DAILY;INTERVAL={every}"));
        prop_oneof![daily, weekly, monthly]
    }

    fn zones() -> impl Strategy<Value = Tz> {
        prop_oneof![
            Just(chrono_tz::America::New_York),
            Just(chrono_tz::Europe::Berlin),
            Just(chrono_tz::Australia::Lord_Howe),
            Just(chrono_tz::Africa::Nairobi),
        ]
    }

    proptest! {
        /// Every occurrence starts at the same wall time, or after it by what the clocks skipped; on strictly growing
        /// days, each of them one the rule names.
        #[test]
        fn every_occurrence_is_at_the_same_wall_time(
            rule in rules(),
            zone in zones(),
            start in 0_u32..24 * 60,
            minutes in 1_u32..24 * 60,
            offset in 0_u64..400,
        ) {
            let time = |minutes: u32| {
                NaiveTime::from_num_seconds_from_midnight_opt(minutes % 1_440 * 60, 0).unwrap()
            };
            let shape = Shape {
                spans: vec![Span::new(time(start), time(start + minutes))],
                break_minutes: 0,
                form: Form { pattern: Pattern::Fixed, ..Form::default() },
            };
            let first = date("2024-01-01") + chrono::Days::new(offset);
            let last = first + chrono::Days::new(400);
            let found = days(&rule, first, (first, last)).unwrap();
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            for day in found {
                prop_assert!(day >= first && day <= last);
                let (starts_at, _) = shape.on(day, zone).unwrap()[0];
                let wall = starts_at.with_timezone(&zone).naive_local();
                let skipped = zone.skips(day, time(start));
                prop_assert_eq!(wall.time() == time(start) && wall.date() == day, !skipped);
                prop_assert_eq!(starts_at, local_to_instant(day, time(start), zone));
            }
        }
    }

    trait Skips {
        fn skips(&self, day: NaiveDate, time: NaiveTime) -> bool;
    }

    impl Skips for Tz {
        /// Whether the clocks skip this time.
        fn skips(&self, day: NaiveDate, time: NaiveTime) -> bool {
            let local = chrono::TimeZone::from_local_datetime(self, &day.and_time(time));
            matches!(local, chrono::MappedLocalTime::None)
        }
    }

    /// 23:00–07:30 in New York around both changes of clocks: the same wall times, another length.
    #[test]
    fn a_series_of_nights_over_both_changes_of_clocks() {
        let zone = chrono_tz::America::New_York;
        let night = Shape {
            spans: vec![Span::new(
                NaiveTime::from_hms_opt(23, 0, 0).unwrap(),
                NaiveTime::from_hms_opt(7, 30, 0).unwrap(),
            )],
            break_minutes: 30,
            form: Form::default(),
        };
        let paid = |first: &str, to: &str| -> Vec<i64> {
            let found = days("FREQ=DAILY", date(first), (date(first), date(to))).unwrap();
            let nights = found.into_iter().map(|day| night.on(day, zone).unwrap()[0]);
            nights
                .map(|(from, to)| {
                    let wall = |at: Instant| at.with_timezone(&zone).time();
                    assert_eq!((wall(from).hour(), wall(to).minute()), (23, 30));
                    (to - from).num_minutes() - 30
                })
                .collect()
        };
        assert_eq!(paid("2024-03-08", "2024-03-10"), [480, 420, 480]);
        assert_eq!(paid("2024-11-01", "2024-11-03"), [480, 540, 480]);
    }

    #[test]
    fn changes_and_the_end_of_a_series_count() {
        let shape = Shape {
            spans: Vec::new(),
            break_minutes: 0,
            form: Form::default(),
        };
        let series = Series {
            id: SeriesId::from_uuid(uuid::Uuid::nil()),
            member_id: MemberId::from_uuid(uuid::Uuid::nil()),
            place_id: None,
            type_id: None,
            shape: shape.clone(),
            recurrence: "FREQ=WEEKLY;BYDAY=MO".to_owned(),
            first_day: date("2026-03-02"),
            last_day: Some(date("2026-03-23")),
            planned_to: date("2026-03-02"),
            created_at: Instant::UNIX_EPOCH,
        };
        let change = |day: &str, moved_to: Option<&str>| {
            let change = Change {
                series_id: series.id,
                day: date(day),
                moved_to: moved_to.map(date),
                shape: None,
                reason: None,
                created_at: Instant::UNIX_EPOCH,
            };
            (date(day), change)
        };
        let changes = [
            change("2026-03-09", None),
            change("2026-03-16", Some("2026-03-17")),
        ];
        let changes = HashMap::from(changes);
        let found = series
            .occurrences(&changes, (date("2026-03-02"), date("2026-12-31")))
            .unwrap();
        let found: Vec<_> = found
            .into_iter()
            .map(|(day, on, _)| (day, on.weekday()))
            .collect();
        assert_eq!(
            found,
            [
                (date("2026-03-02"), Weekday::Mon),
                (date("2026-03-16"), Weekday::Tue),
                (date("2026-03-23"), Weekday::Mon),
            ]
        );
    }
}
