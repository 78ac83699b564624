//! Thinks: figures and the rates made of them, ranges and their steps, and the tree of departments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::attendance::days::measures::Measures;
use crate::attendance::days::model::{Part, check_range};
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, PlaceId};

/// The figures of a report: sums, and the rates made of them here and nowhere else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary(pub Measures);

impl Summary {
    /// Days that were judged and not on leave.
    pub fn judged_days(&self) -> i64 {
        let sums = &self.0;
        sums.present_days + sums.late_days + sums.half_days + sums.absent_days
    }

    /// Of the judged days, how many were absences. Leave is none.
    pub fn absence_rate(&self) -> Option<f64> {
        ratio(self.0.absent_days, self.judged_days())
    }

    /// Of the clock-ins that were compared with a shift, how many were in time.
    pub fn punctuality(&self) -> Option<f64> {
        ratio(self.0.starts - self.0.late_count, self.0.starts)
    }

    /// Of the sessions, how many have both ends known and nothing left to review.
    pub fn confirmed_rate(&self) -> Option<f64> {
        ratio(self.0.confirmed, self.0.sessions)
    }

    /// Of the sessions, how many are confirmed without anybody's hand in their times.
    pub fn compliant_rate(&self) -> Option<f64> {
        ratio(self.0.compliant, self.0.sessions)
    }
}

/// 0.25 for one of four; nothing of nothing is no rate.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below the 53 bits of a double"
)]
pub(super) fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Range {
    /// Refuses a range that ends before it begins, or is longer than five years.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self> {
        check_range((from, to))?;
        Ok(Self { from, to })
    }

    /// The whole months in it, by their first days, and the days left at its ends.
    pub fn spans(self) -> Spans {
        let first = match self.from.day() {
            1 => Some(self.from),
            _ => next_month(self.from),
        };
        let end = next_month(self.to).and_then(|next| next.checked_sub_days(Days::new(1)));
        let last = if end == Some(self.to) {
            Some(month(self.to))
        } else {
            month(self.to).checked_sub_months(Months::new(1))
        };
        let months = first.zip(last).filter(|(first, last)| first <= last);
        let Some((first, last)) = months else {
            return Spans {
                months: None,
                days: vec![self],
            };
        };
        let mut days = Vec::new();
        if let Some(before) = first
            .checked_sub_days(Days::new(1))
            .filter(|day| *day >= self.from)
        {
            days.push(Self {
                from: self.from,
                to: before,
            });
        }
        if let Some(after) = next_month(last).filter(|day| *day <= self.to) {
            days.push(Self {
                from: after,
                to: self.to,
            });
        }
        Spans {
            months: Some(Self {
                from: first,
                to: last,
            }),
            days,
        }
    }
}

/// A range as it is read: whole months, and days at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans {
    /// By their first days.
    pub months: Option<Range>,
    pub days: Vec<Range>,
}

fn month(date: NaiveDate) -> NaiveDate {
    crate::attendance::days::store::month_of(date)
}

fn next_month(date: NaiveDate) -> Option<NaiveDate> {
    month(date).checked_add_months(Months::new(1))
}

/// How long one point of a trend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Day,
    Week,
    Month,
    Year,
}

impl Step {
    /// The first day of the step a day lies in. Weeks begin on Monday.
    pub fn begin(self, date: NaiveDate) -> NaiveDate {
        let days_into_week = u64::from(date.weekday().num_days_from_monday());
        match self {
            Self::Day => date,
            Self::Week => date
                .checked_sub_days(Days::new(days_into_week))
                .unwrap_or(date),
            Self::Month => month(date),
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1).unwrap_or(date),
        }
    }

    fn next(self, begin: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => begin.checked_add_days(Days::new(1)),
            Self::Week => begin.checked_add_days(Days::new(7)),
            Self::Month => begin.checked_add_months(Months::new(1)),
            Self::Year => begin.checked_add_months(Months::new(12)),
        }
    }

    /// The steps of a range, the first and the last cut to it.
    pub fn cut(self, range: Range) -> Vec<Range> {
        let mut steps = Vec::new();
        let mut begin = self.begin(range.from);
        while begin <= range.to {
            let Some(next) = self.next(begin) else { break };
            let end = next.checked_sub_days(Days::new(1)).unwrap_or(begin);
            steps.push(Range {
                from: begin.max(range.from),
                to: end.min(range.to),
            });
            begin = next;
        }
        steps
    }

    /// Whether sums of whole months are fine enough.
    pub fn is_long(self) -> bool {
        matches!(self, Self::Month | Self::Year)
    }
}

/// A department in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub id: DepartmentId,
    pub parent: Option<DepartmentId>,
}

/// The figures of a department; of nobody's department where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepartmentFigures {
    pub department: Option<DepartmentId>,
    /// Of the department itself.
    pub own: Summary,
    /// Of the department and all below it.
    pub total: Summary,
}

/// The figures of every department that is in use or has figures. A department includes those below it.
pub fn by_department(tree: &[Node], figures: &BTreeMap<Part, Measures>) -> Vec<DepartmentFigures> {
    let mut own: BTreeMap<DepartmentId, Measures> = BTreeMap::new();
    for (part, measures) in figures {
        *own.entry(part.department).or_default() += *measures;
    }
    let parents: BTreeMap<DepartmentId, Option<DepartmentId>> =
        tree.iter().map(|node| (node.id, node.parent)).collect();
    let mut total: BTreeMap<DepartmentId, Measures> = BTreeMap::new();
    for (department, measures) in &own {
        let mut seen = BTreeSet::new();
        let mut at = Some(*department);
        while let Some(id) = at.filter(|id| seen.insert(*id)) {
            *total.entry(id).or_default() += *measures;
            at = parents.get(&id).copied().flatten();
        }
    }
    let all: BTreeSet<DepartmentId> = total.keys().chain(parents.keys()).copied().collect();
    all.into_iter()
        .map(|id| DepartmentFigures {
            department: (!id.uuid().is_nil()).then_some(id),
            own: Summary(own.get(&id).copied().unwrap_or_default()),
            total: Summary(total.get(&id).copied().unwrap_or_default()),
        })
        .collect()
}

/// The figures of every place where anything was planned or done; of no place where there is none.
pub fn by_place(figures: &BTreeMap<Part, Measures>) -> Vec<(Option<PlaceId>, Summary)> {
    let mut sums: BTreeMap<PlaceId, Measures> = BTreeMap::new();
    for (part, measures) in figures {
        *sums.entry(part.place).or_default() += *measures;
    }
    sums.into_iter()
        .map(|(id, sum)| ((!id.uuid().is_nil()).then_some(id), Summary(sum)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(from: &str, to: &str) -> Range {
        Range::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    #[test]
    fn nothing_of_nothing_is_no_rate() {
        let none = Summary::default();
        assert_eq!((none.absence_rate(), none.punctuality()), (None, None));
        let some = Summary(Measures {
            starts: 4,
            late_count: 1,
            present_days: 3,
            absent_days: 1,
            leave_days: 9,
            sessions: 5,
            confirmed: 4,
            compliant: 3,
            ..Measures::default()
        });
        assert_eq!(some.punctuality(), Some(0.75));
        assert_eq!(some.absence_rate(), Some(0.25));
        assert_eq!(
            (some.confirmed_rate(), some.compliant_rate()),
            (Some(0.8), Some(0.6))
        );
    }

    #[test]
    fn a_range_is_read_by_whole_months_and_the_days_at_its_ends() {
        let year = range("2026-01-01", "2026-12-31").spans();
        assert_eq!(year.months, Some(range("2026-01-01", "2026-12-01")));
        assert_eq!(year.days, []);
        let ragged = range("2026-01-15", "2026-03-02").spans();
        assert_eq!(ragged.months, Some(range("2026-02-01", "2026-02-01")));
        assert_eq!(
            ragged.days,
            [
                range("2026-01-15", "2026-01-31"),
                range("2026-03-01", "2026-03-02")
            ]
        );
        let short = range("2026-01-15", "2026-02-02").spans();
        assert_eq!((short.months, short.days.len()), (None, 1));
    }

    #[test]
    fn a_range_runs_forwards_and_not_for_ever() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(Range::new(day("2026-03-02"), day("2026-03-01")).is_err());
        assert!(Range::new(day("2021-01-01"), day("2025-12-31")).is_ok());
        assert!(Range::new(day("2020-01-01"), day("2026-12-31")).is_err());
    }

    #[test]
    fn a_department_includes_those_below() {
        let id = |number| DepartmentId::from_uuid(uuid::Uuid::from_u128(number));
        let tree = [
            Node {
                id: id(1),
                parent: None,
            },
            Node {
                id: id(2),
                parent: Some(id(1)),
            },
        ];
        let sum = |sessions| Measures {
            sessions,
            ..Measures::default()
        };
        let figures = BTreeMap::from([
            (Part::of(Some(id(1)), None), sum(1)),
            (Part::of(Some(id(2)), None), sum(2)),
            (Part::of(None, None), sum(4)),
        ]);
        let all = by_department(&tree, &figures);
        let found: Vec<_> = all
            .iter()
            .map(|one| (one.department, one.own.0.sessions, one.total.0.sessions))
            .collect();
        assert_eq!(
            found,
            [(None, 4, 4), (Some(id(1)), 1, 3), (Some(id(2)), 2, 2)]
        );
    }

    proptest! {
        #[test]
        fn spans_and_steps_cover_each_day_once(start in 0_u64..2_000, length in 0_u64..900) {
            let from = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Days::new(start);
            let range = Range::new(from, from + Days::new(length)).unwrap();
            for step in [Step::Day, Step::Week, Step::Month, Step::Year] {
                let cut = step.cut(range);
                let days: i64 = cut.iter().map(|one| (one.to - one.from).num_days() + 1).sum();
                prop_assert_eq!(days, i64::try_from(length).unwrap() + 1);
                prop_assert!(cut.iter().all(|one| step.begin(one.from) == step.begin(one.to)));
            }
            let spans = range.spans();
            let mut days: i64 = spans.days.iter().map(|one| (one.to - one.from).num_days() + 1).sum();
            if let Some(months) = spans.months {
                days += (next_month(months.to).unwrap() - months.from).num_days();
            }
            prop_assert_eq!(days, i64::try_from(length).unwrap() + 1);
        }
    }
}
