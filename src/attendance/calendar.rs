//! What other slices know about a day that judging needs: holidays, rest days, permissions to come late or leave early.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta};

use super::model::WorkSession;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};
use crate::kernel::time::Instant;
use crate::schedules;
use crate::schedules::hours::service::Calendar as Week;
use crate::schedules::model::{Shift, ShiftKind};

/// No holidays.
pub static NONE: BTreeSet<NaiveDate> = BTreeSet::new();

/// Where work is done: what holidays are for.
pub type Where = (Option<PlaceId>, Option<DepartmentId>);

/// What the calendar says of some days to one member; everything is looked up once, and only when it is asked for.
pub struct Calendar {
    member: MemberId,
    days: (NaiveDate, NaiveDate),
    holidays: HashMap<Where, BTreeSet<NaiveDate>>,
    week: Option<Week>,
}

impl Calendar {
    /// Of the days between two, both ends included.
    pub fn of(member: MemberId, days: (NaiveDate, NaiveDate)) -> Self {
        Self {
            member,
            days,
            holidays: HashMap::new(),
            week: None,
        }
    }

    /// The public holidays among the days, where the work is.
    pub async fn holidays_in(&mut self, tx: &mut Tx, at: Where) -> Result<&BTreeSet<NaiveDate>> {
        match self.holidays.entry(at) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let found = schedules::service::holidays_at_in(tx, at.0, at.1, self.days).await?;
                Ok(unknown.insert(found.into_keys().collect()))
            }
        }
    }

    /// Whether a day is one of rest: planned as a day off, or free by the business hours of the member's department.
    pub async fn is_rest_day_in(
        &mut self,
        tx: &mut Tx,
        shifts: &[Shift],
        day: NaiveDate,
    ) -> Result<bool> {
        if is_day_off(shifts, day) {
            return Ok(true);
        }
        let week = match self.week.take() {
            Some(known) => known,
            None => schedules::service::week_of_in(tx, self.member).await?,
        };
        Ok(self.week.insert(week).is_rest_day(day))
    }
}

/// The local days between two moments, wherever that is.
pub fn days_around(from: Instant, to: Instant) -> (NaiveDate, NaiveDate) {
    let (first, last) = (from.date_naive(), to.date_naive().max(from.date_naive()));
    (
        first.pred_opt().unwrap_or(first),
        last.succ_opt().unwrap_or(last),
    )
}

/// Whether granted leave covers a moment: then nobody is late for it, and nobody left it early.
pub fn is_on_leave(shifts: &[Shift], at: Instant) -> bool {
    let mut granted = shifts
        .iter()
        .filter(|shift| shift.kind == ShiftKind::Leave && shift.cancelled_at.is_none());
    granted.any(|leave| leave.starts_at <= at && at <= leave.ends_at)
}

/// The Monday of the week a day is in.
pub fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

fn is_day_off(shifts: &[Shift], day: NaiveDate) -> bool {
    planned(shifts, day).any(|shift| shift.kind == ShiftKind::DayOff)
}

/// Whether work is planned for a day.
pub fn is_planned(shifts: &[Shift], day: NaiveDate) -> bool {
    planned(shifts, day).any(|shift| shift.kind == ShiftKind::Work)
}

fn planned(shifts: &[Shift], day: NaiveDate) -> impl Iterator<Item = &Shift> {
    shifts
        .iter()
        .filter(move |shift| shift.work_date == day && shift.cancelled_at.is_none())
}

/// A moment before everything in the week of a session, whatever the zone.
pub fn week_before(session: &WorkSession) -> Instant {
    let monday = monday(session.work_date).and_time(NaiveTime::MIN).and_utc();
    monday.min(session.clocked_in_at) - TimeDelta::days(2)
}
