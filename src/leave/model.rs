//! Thinks: what leave takes, which days it covers, and what is left of it. Amounts are whole half days.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::types::model::{Counts, LeaveType};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{LeaveEntryId, LeaveId, LeaveTypeId, MemberId};
use crate::kernel::time::Instant;

/// The longest leave that is asked for at once.
const LONGEST_DAYS: i64 = 366;

/// Which half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Morning,
    Afternoon,
}

impl Half {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Morning => "MORNING",
            Self::Afternoon => "AFTERNOON",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Morning, Self::Afternoon];
        all.into_iter().find(|half| half.name() == name)
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Requested,
    Approved,
    Rejected,
    /// By whoever asked, before it was decided.
    Withdrawn,
    /// By whoever approves, after it was.
    TakenBack,
}

impl Status {
    pub const ALL: &'static [Self] = &[
        Self::Requested,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
        Self::TakenBack,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::TakenBack => "TAKEN_BACK",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|status| status.name() == name)
    }

    /// Whether it takes up its days.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Requested | Self::Approved)
    }
}

/// Days, or half of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// Of a single day.
    pub half: Option<Half>,
}

impl Days {
    pub fn checked(self, kind: &LeaveType) -> Result<Self> {
        crate::schedules::model::known_year("from", self.first)?;
        if self.last < self.first {
            let message = "the last day is before the first";
            return Err(Error::invalid("to", message));
        }
        if (self.last - self.first).num_days() >= LONGEST_DAYS {
            let message = format!("at most {LONGEST_DAYS} days are asked for at once");
            return Err(Error::invalid("to", message));
        }
        if self.half.is_some() && self.first != self.last {
            return Err(Error::invalid("half", "half a day is of a single day"));
        }
        if self.half.is_some() && !kind.half_days_allowed {
            let message = "this leave is taken in whole days";
            return Err(Error::invalid("half", message));
        }
        Ok(self)
    }

    pub fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first
            .iter_days()
            .take_while(move |date| *date <= self.last)
    }

    /// Two halves of one day do not overlap.
    pub fn overlaps(self, other: Self) -> bool {
        let meet = self.first <= other.last && other.first <= self.last;
        let apart = self.half.is_some() && other.half.is_some() && self.half != other.half;
        meet && !apart
    }

    /// The half days it takes, where these days are free anyway.
    pub fn count(self, counts: Counts, is_free: impl Fn(NaiveDate) -> bool) -> i32 {
        let each = if self.half.is_some() { 1 } else { 2 };
        let taken = self
            .dates()
            .filter(|date| counts == Counts::CalendarDays || !is_free(*date));
        taken.map(|_| each).sum()
    }
}

/// Leave somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    pub id: LeaveId,
    pub member_id: MemberId,
    pub type_id: LeaveTypeId,
    pub days: Days,
    /// What it takes.
    pub half_days: i32,
    pub reason: Option<String>,
    pub status: Status,
    pub created_at: Instant,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<MemberId>,
    /// What whoever decided said.
    pub decision: Option<String>,
    /// What another system calls it, where it was granted there.
    pub external_ref: Option<String>,
}

/// A line of the ledger: a grant above zero, a taking below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: LeaveEntryId,
    pub member_id: MemberId,
    pub type_id: LeaveTypeId,
    pub half_days: i32,
    /// The leave that takes it or gives it back.
    pub leave_id: Option<LeaveId>,
    pub note: Option<String>,
    pub made_by: Option<MemberId>,
    pub made_at: Instant,
}

/// What the lines of a ledger come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    pub granted: i32,
    /// By approved leave; what was taken back does not count.
    pub taken: i32,
}

impl Balance {
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut balance = Self::default();
        for entry in entries {
            match entry.leave_id {
                None => balance.granted += entry.half_days,
                Some(_) => balance.taken -= entry.half_days,
            }
        }
        balance
    }

    pub fn left(self) -> i32 {
        self.granted - self.taken
    }
}

/// How much of a day somebody is on leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum DayLeave {
    #[default]
    None,
    HalfDay,
    FullDay,
}

impl DayLeave {
    pub const ALL: [Self; 3] = [Self::None, Self::HalfDay, Self::FullDay];

    /// The names in the database; the API's are the same.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::HalfDay => "HALF_DAY",
            Self::FullDay => "FULL_DAY",
        }
    }
}

/// The days between two on which this leave lies; a day that is not there has none.
pub fn on_days(
    leave: &[Days],
    (from, to): (NaiveDate, NaiveDate),
) -> BTreeMap<NaiveDate, DayLeave> {
    let mut days = BTreeMap::new();
    for some in leave {
        let within = some.dates().filter(|date| (from..=to).contains(date));
        for date in within {
            let day = days.entry(date).or_insert(DayLeave::None);
            *day = match (some.half, *day) {
                (Some(_), DayLeave::None) => DayLeave::HalfDay,
                _ => DayLeave::FullDay,
            };
        }
    }
    days
}

/// Why leave is not requested or decided.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is other leave in that time")]
    Overlaps(LeaveId),
    #[error("{} days are left, and this takes {}", days(*.left), days(*.wanted))]
    TooLow { left: i32, wanted: i32 },
    #[error("this leave was decided already")]
    Decided,
    #[error("nobody decides about their own leave")]
    Own,
}

/// Half days as days: 3 is 1.5.
pub fn days(half_days: i32) -> f64 {
    f64::from(half_days) / 2.0
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Overlaps(other) => {
                Self::refused(Code::LeaveOverlaps, message).with("leaveId", other.to_string())
            }
            Refusal::TooLow { left, .. } => {
                Self::refused(Code::LeaveBalanceTooLow, message).with("leftDays", days(left))
            }
            Refusal::Decided => Self::refused(Code::LeaveDecided, message),
            Refusal::Own => Self::refused(Code::OwnCorrection, message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike as _, Weekday};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn some(first: &str, last: &str, half: Option<Half>) -> Days {
        Days {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            half,
        }
    }

    #[test]
    fn working_days_skip_what_is_free() {
        let fortnight = some("2026-03-02", "2026-03-15", None);
        let is_free = |date: NaiveDate| date.weekday() == Weekday::Sun;
        assert_eq!(fortnight.count(Counts::WorkingDays, is_free), 24);
        assert_eq!(fortnight.count(Counts::CalendarDays, is_free), 28);
        let sunday = some("2026-03-08", "2026-03-08", Some(Half::Morning));
        assert_eq!(sunday.count(Counts::WorkingDays, is_free), 0);
        assert_eq!(sunday.count(Counts::CalendarDays, is_free), 1);
    }

    #[test]
    fn two_halves_make_a_day_and_do_not_overlap() {
        let morning = some("2026-03-02", "2026-03-02", Some(Half::Morning));
        let afternoon = some("2026-03-02", "2026-03-02", Some(Half::Afternoon));
        let week = some("2026-03-02", "2026-03-06", None);
        assert!(!morning.overlaps(afternoon));
        assert!(morning.overlaps(morning) && morning.overlaps(week) && week.overlaps(afternoon));
        assert!(!week.overlaps(some("2026-03-07", "2026-03-08", None)));
        let dates = ("2026-03-02".parse().unwrap(), "2026-03-04".parse().unwrap());
        let on = |leave: &[Days]| on_days(leave, dates).into_values().collect::<Vec<_>>();
        assert_eq!(on(&[morning]), [DayLeave::HalfDay]);
        assert_eq!(on(&[morning, afternoon]), [DayLeave::FullDay]);
        assert_eq!(on(&[week]), [DayLeave::FullDay; 3]);
        assert_eq!(on(&[]), []);
    }

    /// What happens to a ledger.
    #[derive(Debug, Clone)]
    enum Step {
        Grant(i32),
        Approve(i32),
        /// Takes back an approved leave: the one at this index, counted round.
        TakeBack(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1_i32..60).prop_map(Step::Grant),
            (1_i32..30).prop_map(Step::Approve),
            (0_usize..8).prop_map(Step::TakeBack),
        ];
        proptest::collection::vec(step, 0..40)
    }

    fn entry(number: usize, half_days: i32, leave: Option<usize>) -> Entry {
        let uuid = |number: usize| Uuid::from_u128(number as u128);
        Entry {
            id: LeaveEntryId::from_uuid(uuid(number)),
            member_id: MemberId::from_uuid(Uuid::nil()),
            type_id: LeaveTypeId::from_uuid(Uuid::nil()),
            half_days,
            leave_id: leave.map(|number| LeaveId::from_uuid(uuid(number))),
            note: None,
            made_by: None,
            made_at: Instant::UNIX_EPOCH,
        }
    }

    proptest! {
        /// The balance is what was granted less what is approved, in whatever order the lines are read.
        #[test]
        fn a_balance_is_grants_less_approved_takings(steps in steps(), turn in 0_usize..40) {
            let (mut entries, mut approved, mut granted) = (Vec::new(), Vec::new(), 0);
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Grant(amount) => {
                        granted += amount;
                        entries.push(entry(number, amount, None));
                    }
                    Step::Approve(amount) => {
                        approved.push((number, amount));
                        entries.push(entry(number, -amount, Some(number)));
                    }
                    Step::TakeBack(at) if !approved.is_empty() => {
                        let (leave, amount) = approved.remove(at % approved.len());
                        entries.push(entry(number, amount, Some(leave)));
                    }
                    Step::TakeBack(_) => {}
                }
            }
            let turn = turn % entries.len().max(1);
            entries.rotate_left(turn);
            let taken: i32 = approved.iter().map(|(_, amount)| amount).sum();
            let balance = Balance::of(&entries);
            prop_assert_eq!(balance, Balance { granted, taken });
            prop_assert_eq!(balance.left(), granted - taken);
        }
    }
}
