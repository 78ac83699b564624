//! Thinks: local times of one day, such as 08:00–13:00 and 14:00–17:00, and which instants they mean on a date.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::kernel::error::{Error, Result};
use crate::kernel::time::{Instant, local_to_instant};

/// More than this many spans in a day are a mistake.
const MOST: usize = 6;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// From one local time to another; an end that is not after the start is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub starts: NaiveTime,
    pub ends: NaiveTime,
}

/// A span in its place within a day: how many days after that day its ends lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Laid {
    span: Span,
    start_day: u64,
    end_day: u64,
}

impl Span {
    pub fn new(starts: NaiveTime, ends: NaiveTime) -> Self {
        Self { starts, ends }
    }

    pub fn is_overnight(self) -> bool {
        self.ends <= self.starts
    }
}

fn seconds(day: u64, time: NaiveTime) -> i64 {
    i64::try_from(day).unwrap_or(0) * DAY_SECONDS + i64::from(time.num_seconds_from_midnight())
}

impl Laid {
    /// Seconds on the clocks from the midnight of the day it belongs to.
    pub fn wall(self) -> (i64, i64) {
        (
            seconds(self.start_day, self.span.starts),
            seconds(self.end_day, self.span.ends),
        )
    }

    /// When it starts and ends if it belongs to this date. A time that clocks show twice is the earlier one, one that
    /// they skip moves forward: nothing here ever adds 24 hours.
    pub fn instants(self, date: NaiveDate, zone: Tz) -> Result<(Instant, Instant)> {
        let date_of = |days| date.checked_add_days(Days::new(days));
        let known = (2000..2200).contains(&date.year());
        let (Some(first), Some(last)) = (date_of(self.start_day), date_of(self.end_day)) else {
            return Err(bad_year());
        };
        if !known {
            return Err(bad_year());
        }
        let starts_at = local_to_instant(first, self.span.starts, zone);
        let ends_at = local_to_instant(last, self.span.ends, zone);
        // 02:30 to 03:00 in a night that skips from 02:00 to 03:00.
        if ends_at <= starts_at {
            return Err(Error::invalid(
                "ends",
                "clocks are set forward that night: the shift would end as it starts",
            ));
        }
        Ok((starts_at, ends_at))
    }
}

fn bad_year() -> Error {
    Error::invalid("date", "a day lies between the years 2000 and 2199")
}

/// Spans one after the other: each begins at or after the end of the one before, on the next day where it must.
pub fn lay(spans: &[Span]) -> Vec<Laid> {
    let mut free_from = 0;
    let mut laid = Vec::with_capacity(spans.len());
    for span in spans {
        let mut start_day = 0;
        while seconds(start_day, span.starts) < free_from {
            start_day += 1;
        }
        let end_day = start_day + u64::from(span.is_overnight());
        free_from = seconds(end_day, span.ends);
        laid.push(Laid {
            span: *span,
            start_day,
            end_day,
        });
    }
    laid
}

/// Refuses spans that no day has room for.
pub fn checked(field: &str, spans: Vec<Span>) -> Result<Vec<Span>> {
    if spans.len() > MOST {
        let message = format!("{} spans in a day; {MOST} are allowed", spans.len());
        return Err(Error::invalid(field, message));
    }
    let laid = lay(&spans);
    let first = laid.first().map_or(0, |laid| laid.wall().0);
    let last = laid.last().map_or(0, |laid| laid.wall().1);
    if last - first > DAY_SECONDS {
        let message = "the spans follow one another in order and within 24 hours";
        return Err(Error::invalid(field, message));
    }
    Ok(spans)
}

/// How long spans are on clocks that nobody changes.
pub fn length(spans: &[Span]) -> TimeDelta {
    let wall = lay(spans).into_iter().map(Laid::wall);
    TimeDelta::seconds(wall.map(|(from, to)| to - from).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::New_York;

    fn span(text: &str) -> Span {
        let (starts, ends) = text.split_once('-').unwrap();
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        Span::new(time(starts), time(ends))
    }

    fn hours(texts: &[&str]) -> Vec<(i64, i64)> {
        let spans: Vec<Span> = texts.iter().map(|text| span(text)).collect();
        let laid = lay(&spans).into_iter().map(Laid::wall);
        laid.map(|(from, to)| (from / 3600, to / 3600)).collect()
    }

    #[test]
    fn spans_follow_one_another() {
        assert_eq!(hours(&["08:00-13:00", "14:00-17:00"]), [(8, 13), (14, 17)]);
        assert_eq!(hours(&["20:00-23:00", "01:00-05:00"]), [(20, 23), (25, 29)]);
        assert_eq!(hours(&["22:00-06:00"]), [(22, 30)]);
        assert_eq!(hours(&["08:00-08:00"]), [(8, 32)]);
    }

    #[test]
    fn what_no_day_has_room_for_is_refused() {
        let check = |texts: &[&str]| {
            let spans = texts.iter().map(|text| span(text)).collect();
            checked("spans", spans).map_err(|error| error.field.unwrap())
        };
        assert!(check(&["08:00-13:00", "14:00-17:00"]).is_ok());
        assert!(check(&[]).is_ok());
        assert_eq!(
            check(&["14:00-17:00", "08:00-15:00"]),
            Err("spans".to_owned())
        );
        assert_eq!(check(&["08:00-08:00", "09:00-10:00"]), Err("spans".into()));
        assert_eq!(check(&["01:00-02:00"; 7]), Err("spans".to_owned()));
    }

    #[test]
    fn a_span_means_what_clocks_show() {
        let night = lay(&[span("23:00-07:30")]);
        let minutes = |date: &str| {
            let (from, to) = night[0].instants(date.parse().unwrap(), New_York).unwrap();
            (to - from).num_minutes()
        };
        assert_eq!(minutes("2024-03-09"), 450);
        assert_eq!(minutes("2024-11-02"), 570);
        assert_eq!(minutes("2024-07-01"), 510);
        assert_eq!(
            length(&[span("23:00-07:30"), span("08:00-09:00")]).num_minutes(),
            570
        );
        assert!(night[0].instants(NaiveDate::MAX, New_York).is_err());
    }
}
