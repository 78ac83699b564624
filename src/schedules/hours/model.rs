//! Thinks: a week of local hours, and which week is in force on a date.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::kernel::error::{Error, Result};
use crate::kernel::id::HoursId;
use crate::kernel::time::Instant;
use crate::schedules::scope::Scope;
use crate::schedules::span::{self, Span, lay};

const DAY_SECONDS: i64 = 24 * 60 * 60;
const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;

/// The hours of each day, Monday first; a day without any is a rest day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Week([Vec<Span>; 7]);

impl Week {
    /// From days as a person lists them; a day that is not listed has no hours.
    pub fn new(days: Vec<(Weekday, Vec<Span>)>) -> Result<Self> {
        let mut week = Self::default();
        for (index, (weekday, spans)) in days.into_iter().enumerate() {
            let field = format!("week.{index}.spans");
            let spans = span::checked(&field, spans)?;
            let day = week.day_mut(weekday);
            if !day.is_empty() {
                let message = "this day is listed already";
                return Err(Error::invalid(&format!("week.{index}.weekday"), message));
            }
            *day = spans;
        }
        if week.overlaps() {
            let message = "the hours of one night reach into those of the next day";
            return Err(Error::invalid("week", message));
        }
        Ok(week)
    }

    fn day_mut(&mut self, weekday: Weekday) -> &mut Vec<Span> {
        let [mon, tue, wed, thu, fri, sat, sun] = &mut self.0;
        match weekday {
            Weekday::Mon => mon,
            Weekday::Tue => tue,
            Weekday::Wed => wed,
            Weekday::Thu => thu,
            Weekday::Fri => fri,
            Weekday::Sat => sat,
            Weekday::Sun => sun,
        }
    }

    /// The hours of one day, in order.
    pub fn day(&self, weekday: Weekday) -> &[Span] {
        let [mon, tue, wed, thu, fri, sat, sun] = &self.0;
        match weekday {
            Weekday::Mon => mon,
            Weekday::Tue => tue,
            Weekday::Wed => wed,
            Weekday::Thu => thu,
            Weekday::Fri => fri,
            Weekday::Sat => sat,
            Weekday::Sun => sun,
        }
    }

    /// Whether a night runs into the hours of the day after; Sunday night meets Monday.
    fn overlaps(&self) -> bool {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (day, hours) in (0..).zip(&self.0) {
            let walls = lay(hours).into_iter().map(span::Laid::wall);
            spans
                .extend(walls.map(|(from, to)| (from + day * DAY_SECONDS, to + day * DAY_SECONDS)));
        }
        spans.sort_unstable();
        let again = spans
            .first()
            .map(|(from, to)| (from + WEEK_SECONDS, to + WEEK_SECONDS));
        let next = spans.iter().skip(1).chain(&again);
        spans.iter().zip(next).any(|(one, other)| other.0 < one.1)
    }
}

/// What one scope says from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    pub id: HoursId,
    pub scope: Scope,
    pub since: NaiveDate,
    /// Nothing: from then on the next wider scope says.
    pub week: Option<Week>,
    pub created_at: Instant,
}

/// The hours of a date by the narrowest scope that says something; nothing if nobody does. Of two that begin on the
/// same day the one entered later counts.
pub fn on<'a>(all: &'a [Hours], chain: &[Scope], date: NaiveDate) -> Option<&'a [Span]> {
    let newest = |scope: &Scope| {
        let of_scope = all
            .iter()
            .filter(|hours| hours.scope == *scope && hours.since <= date);
        of_scope.max_by_key(|hours| (hours.since, hours.id))
    };
    let week = chain
        .iter()
        .find_map(|scope| newest(scope)?.week.as_ref())?;
    Some(week.day(date.weekday()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::DepartmentId;
    use uuid::Uuid;

    fn spans(texts: &[&str]) -> Vec<Span> {
        let time = |text: &str| chrono::NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let span = |text: &&str| {
            let (starts, ends) = text.split_once('-').unwrap();
            Span::new(time(starts), time(ends))
        };
        texts.iter().map(span).collect()
    }

    fn week(day: Weekday, texts: &[&str]) -> Week {
        Week::new(vec![(day, spans(texts))]).unwrap()
    }

    fn hours(number: u128, scope: Scope, since: &str, week: Option<Week>) -> Hours {
        Hours {
            id: HoursId::from_uuid(Uuid::from_u128(number)),
            scope,
            since: since.parse().unwrap(),
            week,
            created_at: Instant::UNIX_EPOCH,
        }
    }

    /// 2 March 2026 is a Monday.
    #[test]
    fn the_narrowest_scope_in_force_says() {
        let lab = Scope::Department(DepartmentId::from_uuid(Uuid::from_u128(7)));
        let all = [
            hours(
                1,
                Scope::Organization,
                "2026-01-01",
                Some(week(Weekday::Mon, &["08:00-17:00"])),
            ),
            hours(
                2,
                lab,
                "2026-03-02",
                Some(week(Weekday::Tue, &["22:00-06:00"])),
            ),
            hours(3, lab, "2026-03-16", None),
        ];
        let day =
            |scope: &[Scope], date: &str| on(&all, scope, date.parse().unwrap()).map(<[Span]>::len);
        let chain = [lab, Scope::Organization];
        assert_eq!(day(&chain, "2026-02-23"), Some(1));
        assert_eq!(day(&chain, "2026-03-02"), Some(0));
        assert_eq!(day(&chain, "2026-03-03"), Some(1));
        assert_eq!(day(&chain, "2026-03-16"), Some(1));
        assert_eq!(day(&chain, "2026-03-17"), Some(0));
        assert_eq!(day(&chain, "2025-12-31"), None);
        assert_eq!(day(&[Scope::Organization], "2026-03-02"), Some(1));
    }

    #[test]
    fn of_two_from_the_same_day_the_later_entered_counts() {
        let org = Scope::Organization;
        let all = [
            hours(2, org, "2026-01-01", Some(week(Weekday::Mon, &[]))),
            hours(
                1,
                org,
                "2026-01-01",
                Some(week(Weekday::Mon, &["08:00-17:00"])),
            ),
        ];
        let found = on(&all, &[org], "2026-03-02".parse().unwrap());
        assert_eq!(found.map(<[Span]>::len), Some(0));
    }

    #[test]
    fn a_night_does_not_reach_into_the_next_day() {
        let two = |one: &[&str], next: &[&str]| {
            Week::new(vec![
                (Weekday::Sun, spans(one)),
                (Weekday::Mon, spans(next)),
            ])
        };
        assert!(two(&["22:00-06:00"], &["06:00-14:00"]).is_ok());
        let error = two(&["22:00-06:00"], &["05:59-14:00"]).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("week"));
        let twice = Week::new(vec![
            (Weekday::Mon, spans(&["08:00-09:00"])),
            (Weekday::Mon, spans(&["10:00-11:00"])),
        ]);
        assert_eq!(twice.unwrap_err().field.as_deref(), Some("week.1.weekday"));
    }
}
