//! Thinks: on which days a series falls.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, PlaceId, SeriesId, ShiftTypeId};
use crate::kernel::time::Instant;
use crate::schedules::types::model::Shape;

/// Days in front of today for which a series is planned.
pub const HORIZON_DAYS: u64 = 56;
const LONGEST_RULE: usize = 300;

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

/// The days on which a recurrence rule falls between two, both included. The rule is followed over dates only, so a
/// change of clocks can neither skip nor double one: what time it is on a date is asked of the place's clocks later.
pub fn days(
    rule: &str,
    first: NaiveDate,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<NaiveDate>> {
    let rule = checked(rule)?;
    let text = format!("DTSTART:{}T000000Z\nRRULE:{rule}", first.format("%Y%m%d"));
    let set: rrule::RRuleSet = text
        .parse()
        .map_err(|error: rrule::RRuleError| invalid(&error))?;
    // Bounded: a rule that never falls, such as on 30 February, ends after so many tries.
    let set = set.limit();
    let dates = set.into_iter().map(|at| at.date_naive());
    Ok(dates
        .skip_while(|date| *date < from)
        .take_while(|date| *date <= to)
        .collect())
}

fn invalid(why: &impl std::fmt::Display) -> Error {
    let message = format!("this is not a recurrence that can be followed: {why}");
    Error::refused(Code::RecurrenceInvalid, message).at("recurrence")
}

/// The rule in the form that is followed: parts of RFC 5545 about days, `UNTIL` as an instant of the same kind as the
/// start. What is about times of day is refused: those come from the shape.
fn checked(rule: &str) -> Result<String> {
    let rule = rule.trim();
    let rule = rule.strip_prefix("RRULE:").unwrap_or(rule).to_uppercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "=;,+-".contains(c);
    if rule.len() > LONGEST_RULE || !rule.chars().all(plain) {
        return Err(invalid(&"it looks like FREQ=WEEKLY;BYDAY=MO,WE,FR"));
    }
    if rule.contains("COUNT=") && rule.contains("UNTIL=") {
        return Err(invalid(&"it ends by COUNT or by UNTIL, not by both"));
    }
    let parts = rule.split(';').filter(|part| !part.is_empty()).map(part);
    Ok(parts.collect::<Result<Vec<_>>>()?.join(";"))
}

fn part(part: &str) -> Result<String> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    match name {
        "FREQ" if !matches!(value, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => {
            Err(invalid(&"FREQ is DAILY, WEEKLY, MONTHLY or YEARLY"))
        }
        "UNTIL" => {
            let date = value.get(..8).unwrap_or(value);
            if NaiveDate::parse_from_str(date, "%Y%m%d").is_err() {
                return Err(invalid(&"UNTIL looks like 20261231"));
            }
            Ok(format!("UNTIL={date}T000000Z"))
        }
        // The crate takes a zero and then never moves on.
        "INTERVAL" | "COUNT" if value.parse::<u16>().map_or(true, |number| number == 0) => {
            Err(invalid(&format!("{name} is a number from 1 to 65535")))
        }
        "FREQ" | "INTERVAL" | "COUNT" | "BYDAY" | "BYMONTHDAY" | "BYMONTH" | "BYSETPOS"
        | "BYWEEKNO" | "BYYEARDAY" | "WKST" => Ok(part.to_owned()),
        _ => Err(invalid(&format!("{name} is not about days"))),
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

    fn some(rule: &str, first: &str, to: &str) -> Vec<String> {
        let found = days(rule, date(first), (date(first), date(to))).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_is_followed_over_days() {
        assert_eq!(
            some("FREQ=WEEKLY;BYDAY=MO,FR", "2026-03-02", "2026-03-13"),
            ["2026-03-02", "2026-03-06", "2026-03-09", "2026-03-13"]
        );
        assert_eq!(
            some(
                "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3",
                "2026-03-02",
                "2026-12-31"
            ),
            ["2026-03-02", "2026-03-04", "2026-03-06"]
        );
        assert_eq!(
            some("FREQ=MONTHLY;BYDAY=-1FR", "2026-03-01", "2026-05-31"),
            ["2026-03-27", "2026-04-24", "2026-05-29"]
        );
        for until in ["20260304", "20260304T235959Z", "20260304T000000"] {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            assert_eq!(some(&rule, "2026-03-02", "2026-12-31").len(), 3, "{until}");
        }
        // What comes before is counted, not shown.
        let rule = "FREQ=DAILY;COUNT=5";
        let later = days(
            rule,
            date("2026-03-02"),
            (date("2026-03-05"), date("2026-12-31")),
        );
        assert_eq!(later.unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for rule in [
            "",
            "every monday",
            "FREQ=HOURLY",
            "FREQ=SECONDLY;INTERVAL=1",
            "FREQ=DAILY;BYHOUR=9",
            "FREQ=DAILY;BYSECOND=1,2,3",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=1;UNTIL=20260304",
            "FREQ=DAILY;UNTIL=tomorrow",
            "FREQ=DAILY\nDTSTART:20200101T000000Z",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            &format!("FREQ=WEEKLY;BYDAY={}", "MO,".repeat(200)),
        ] {
            let refused = days(
                rule,
                date("2026-03-02"),
                (date("2026-03-02"), date("2026-04-01")),
            );
            let code = refused.map_err(|error| error.code);
            assert_eq!(code, Err(Code::RecurrenceInvalid), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_never_falls_ends() {
        let never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        assert!(some(never, "2026-03-02", "2199-12-31").is_empty());
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
