//! Spans of time: what is left of one without its breaks, and how it falls on days and nights where it was.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::kernel::time::{Instant, local_date, local_to_instant};

/// The night on local clocks. An end that is before the beginning is on the next day; at the same time there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    pub from: NaiveTime,
    pub to: NaiveTime,
}

/// From ten in the evening to six in the morning, where the organization says nothing else.
impl Default for Night {
    fn default() -> Self {
        Self::read("22:00", "06:00").unwrap_or(Self {
            from: NaiveTime::MIN,
            to: NaiveTime::MIN,
        })
    }
}

impl Night {
    /// Between two times such as `22:00`.
    pub fn read(from: &str, to: &str) -> Option<Self> {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").ok();
        Some(Self {
            from: time(from)?,
            to: time(to)?,
        })
    }

    /// The parts of a local day that lie in it.
    fn on(self, date: NaiveDate, zone: Tz) -> Vec<Span> {
        let from = at(date, 0, self.from, zone);
        let to = at(date, 0, self.to, zone);
        let parts = if self.from <= self.to {
            vec![(from, to)]
        } else {
            let midnight = at(date, 0, NaiveTime::MIN, zone);
            vec![(midnight, to), (from, at(date, 1, NaiveTime::MIN, zone))]
        };
        let spans = parts.into_iter();
        spans
            .filter_map(|(from, to)| Span::new(from?, to?))
            .collect()
    }
}

/// From one instant to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Instant,
    pub to: Instant,
}

impl Span {
    pub fn new(from: Instant, to: Instant) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    pub fn seconds(self) -> i64 {
        (self.to - self.from).num_seconds()
    }

    fn shared(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }
}

/// What is left of a span without others, which are in order and do not overlap.
pub fn without(whole: Span, taken: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut from = whole.from;
    for span in taken.iter().filter_map(|span| span.shared(whole)) {
        left.extend(Span::new(from, span.from));
        from = span.to;
    }
    left.extend(Span::new(from, whole.to));
    left
}

/// A span cut at every local midnight: a day has 23, 24 or 25 hours.
pub fn by_day(span: Span, zone: Tz) -> Vec<(NaiveDate, Span)> {
    let mut parts = Vec::new();
    let mut from = span.from;
    while from < span.to {
        let date = local_date(from, zone);
        let midnight = at(date, 1, NaiveTime::MIN, zone).filter(|midnight| *midnight > from);
        let to = midnight.map_or(span.to, |midnight| midnight.min(span.to));
        parts.extend(Span::new(from, to).map(|part| (date, part)));
        from = to;
    }
    parts
}

fn at(date: NaiveDate, days: u64, time: NaiveTime, zone: Tz) -> Option<Instant> {
    let date = date.checked_add_days(Days::new(days))?;
    Some(local_to_instant(date, time, zone))
}

/// Whole minutes of spans that lie in the night.
pub fn night_minutes(spans: &[Span], night: Night, zone: Tz) -> i64 {
    let parts = spans.iter().flat_map(|span| by_day(*span, zone));
    let in_night = |(date, part): (NaiveDate, Span)| -> i64 {
        let nights = night.on(date, zone).into_iter();
        let shared = nights.filter_map(|night| night.shared(part));
        shared.map(Span::seconds).sum()
    };
    parts.map(in_night).sum::<i64>() / 60
}

/// Whole minutes of spans that lie on one of these days.
pub fn minutes_on(spans: &[Span], days: &BTreeSet<NaiveDate>, zone: Tz) -> i64 {
    if days.is_empty() {
        return 0;
    }
    let parts = spans.iter().flat_map(|span| by_day(*span, zone));
    let on = parts.filter(|(date, _)| days.contains(date));
    on.map(|(_, part)| part.seconds()).sum::<i64>() / 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use chrono_tz::Africa::Nairobi;
    use chrono_tz::America::New_York;
    use proptest::prelude::*;

    fn span(from: &str, to: &str) -> Span {
        Span::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn hours(parts: &[(NaiveDate, Span)]) -> Vec<i64> {
        parts
            .iter()
            .map(|(_, part)| part.seconds() / 3_600)
            .collect()
    }

    /// 23:00 to 07:30 with half an hour of break: 8 hours, 7 when clocks go forward, 9 when they go back.
    #[test]
    fn a_night_pays_what_elapsed() {
        for (from, to, minutes) in [
            (
                "2024-03-09T23:00:00-05:00",
                "2024-03-10T07:30:00-04:00",
                420,
            ),
            (
                "2024-11-02T23:00:00-04:00",
                "2024-11-03T07:30:00-05:00",
                540,
            ),
            (
                "2024-03-09T23:00:00+03:00",
                "2024-03-10T07:30:00+03:00",
                480,
            ),
            (
                "2024-11-02T23:00:00+03:00",
                "2024-11-03T07:30:00+03:00",
                480,
            ),
        ] {
            let whole = span(from, to);
            let pause = Span::new(
                whole.from + TimeDelta::hours(2),
                whole.from + TimeDelta::minutes(150),
            )
            .unwrap();
            let paid: i64 = without(whole, &[pause])
                .into_iter()
                .map(Span::seconds)
                .sum();
            assert_eq!(paid / 60, minutes, "{from}");
        }
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        let forward = span("2024-03-09T00:00:00-05:00", "2024-03-12T00:00:00-04:00");
        assert_eq!(hours(&by_day(forward, New_York)), [24, 23, 24]);
        let back = span("2024-11-02T00:00:00-04:00", "2024-11-05T00:00:00-05:00");
        assert_eq!(hours(&by_day(back, New_York)), [24, 25, 24]);
    }

    #[test]
    fn nights_and_holidays_are_local() {
        let work = [span(
            "2026-12-24T18:00:00+03:00",
            "2026-12-25T07:00:00+03:00",
        )];
        assert_eq!(night_minutes(&work, Night::default(), Nairobi), 480);
        let holidays = BTreeSet::from(["2026-12-25".parse().unwrap()]);
        assert_eq!(minutes_on(&work, &holidays, Nairobi), 420);
        // One hour of the night does not exist, and one is there twice.
        let forward = [span(
            "2024-03-09T22:00:00-05:00",
            "2024-03-10T06:00:00-04:00",
        )];
        let back = [span(
            "2024-11-02T22:00:00-04:00",
            "2024-11-03T06:00:00-05:00",
        )];
        assert_eq!(
            (
                night_minutes(&forward, Night::default(), New_York),
                night_minutes(&back, Night::default(), New_York)
            ),
            (420, 540)
        );
    }

    #[test]
    fn a_night_may_begin_after_midnight_or_not_at_all() {
        // From 18:00 to 07:00.
        let work = [span(
            "2026-12-24T18:00:00+03:00",
            "2026-12-25T07:00:00+03:00",
        )];
        let minutes =
            |from: &str, to: &str| night_minutes(&work, Night::read(from, to).unwrap(), Nairobi);
        assert_eq!(minutes("00:00", "05:00"), 300);
        assert_eq!(minutes("01:30", "04:15"), 165);
        assert_eq!(minutes("18:30", "06:30"), 720);
        // It ends with the day.
        assert_eq!(minutes("23:00", "00:00"), 60);
        assert_eq!(minutes("22:00", "22:00"), 0);
        assert_eq!(Night::read("22:00", "late"), None);
        // Clocks skip from two to three and show one to two twice.
        let three = |from: &str, to: &str| {
            let night = Night::read("01:00", "04:00").unwrap();
            night_minutes(&[span(from, to)], night, New_York)
        };
        let forward = ("2024-03-10T00:00:00-05:00", "2024-03-10T06:00:00-04:00");
        let back = ("2024-11-03T00:00:00-04:00", "2024-11-03T06:00:00-05:00");
        assert_eq!(
            (three(forward.0, forward.1), three(back.0, back.1)),
            (120, 240)
        );
    }

    proptest! {
        #[test]
        fn cutting_at_midnight_loses_nothing(from in 0_i64..40_000_000, seconds in 1_i64..400_000, zone in prop::sample::select(vec![New_York, Nairobi, chrono_tz::Australia::Lord_Howe, chrono_tz::Africa::Cairo])) {
            let from = "2024-01-01T00:00:00Z".parse::<Instant>().unwrap() + TimeDelta::seconds(from);
            let whole = Span::new(from, from + TimeDelta::seconds(seconds)).unwrap();
            let parts = by_day(whole, zone);
            prop_assert_eq!(parts.iter().map(|(_, part)| part.seconds()).sum::<i64>(), seconds);
            for (date, part) in &parts {
                prop_assert_eq!(local_date(part.from, zone), *date);
                prop_assert_eq!(local_date(part.to - TimeDelta::seconds(1), zone), *date);
            }
        }

        #[test]
        fn work_and_breaks_are_the_whole(cuts in prop::collection::btree_set(0_i64..86_400, 2..12)) {
            let start: Instant = "2024-01-01T00:00:00Z".parse().unwrap();
            let whole = Span::new(start, start + TimeDelta::days(1)).unwrap();
            let cuts: Vec<Instant> = cuts.into_iter().map(|at| start + TimeDelta::seconds(at)).collect();
            let breaks: Vec<Span> = cuts.chunks_exact(2).filter_map(|pair| Span::new(pair[0], pair[1])).collect();
            let work = without(whole, &breaks);
            let total: i64 = work.iter().chain(&breaks).map(|span| span.seconds()).sum();
            prop_assert_eq!(total, whole.seconds());
            for span in &work {
                prop_assert!(breaks.iter().all(|pause| span.shared(*pause).is_none()));
            }
        }
    }
}
