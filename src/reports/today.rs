//! One day as it stands now: who is expected, here, late, missing, absent, or on leave.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::tables::{members, shifts, work_days, work_sessions};

use super::query::Whose;
use crate::attendance::days::model::{DayLeave, DayStatus};
use crate::attendance::model::{Lateness, Status};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::MemberId;
use crate::kernel::time::Instant;
use crate::schedules::model::ShiftKind;

/// How it stands with one person on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Clocked in now.
    AtWork,
    /// Was here and has clocked out.
    Left,
    /// Planned, and the shift has not begun.
    Expected,
    /// The shift has begun and nobody came; not judged yet.
    Missing,
    /// Judged absent.
    Absent,
    OnLeave,
}

/// A person's day as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub member: MemberId,
    pub standing: Standing,
    pub is_late: bool,
    /// Nothing until the day is over.
    pub status: Option<DayStatus>,
    /// Where the first shift begins.
    pub planned_start: Option<Instant>,
    pub first_in: Option<Instant>,
    pub last_out: Option<Instant>,
}

/// What was found about one person.
#[derive(Debug, Default, Clone)]
struct Found {
    is_open: bool,
    is_late: bool,
    /// All of the day, as it was judged.
    is_leave_day: bool,
    /// From when to when leave is planned.
    leave: Option<(Instant, Instant)>,
    status: Option<DayStatus>,
    planned_start: Option<Instant>,
    first_in: Option<Instant>,
    last_out: Option<Instant>,
}

impl Found {
    fn standing(&self, now: Instant) -> Standing {
        if self.is_open {
            return Standing::AtWork;
        }
        match self.status {
            Some(DayStatus::Absent) if self.first_in.is_none() => return Standing::Absent,
            Some(DayStatus::OnLeave) if self.first_in.is_none() => return Standing::OnLeave,
            _ => {}
        }
        if self.first_in.is_some() {
            return Standing::Left;
        }
        match self.planned_start {
            _ if self.is_on_leave(now) => Standing::OnLeave,
            Some(start) if start <= now => Standing::Missing,
            _ => Standing::Expected,
        }
    }

    /// Whether leave covers now, or the start of the work that is still to come; half a day of it may not.
    fn is_on_leave(&self, now: Instant) -> bool {
        let Some((from, to)) = self.leave else {
            return self.is_leave_day;
        };
        let covers = |start: Instant| (from..to).contains(&start.max(now));
        self.is_leave_day || self.planned_start.is_none_or(covers)
    }

    fn row(self, member: MemberId, now: Instant) -> Row {
        Row {
            member,
            standing: self.standing(now),
            is_late: self.is_late,
            status: self.status,
            planned_start: self.planned_start,
            first_in: self.first_in,
            last_out: self.last_out,
        }
    }
}

/// Everybody within reach who is planned or was here on a day, in the order of their ids.
pub async fn rows(tx: &mut Tx, whose: &Whose, date: NaiveDate) -> Result<Vec<Row>> {
    let mut found: BTreeMap<MemberId, Found> = BTreeMap::new();
    planned(tx, whose, date, &mut found).await?;
    worked(tx, whose, date, &mut found).await?;
    judged(tx, whose, date, &mut found).await?;
    let now = tx.now();
    let rows = found
        .into_iter()
        .map(|(member, found)| found.row(member, now));
    Ok(rows.collect())
}

/// Shifts are planned for people who are in the departments now.
async fn planned(
    tx: &mut Tx,
    whose: &Whose,
    date: NaiveDate,
    found: &mut BTreeMap<MemberId, Found>,
) -> Result<()> {
    let mut query = shifts::table
        .inner_join(
            members::table.on(members::org_id
                .eq(shifts::org_id)
                .and(members::id.eq(shifts::member_id))),
        )
        .filter(shifts::org_id.eq(tx.org()))
        .filter(shifts::work_date.eq(date))
        .filter(shifts::cancelled_at.is_null())
        .filter(members::deactivated_at.is_null())
        .select((
            shifts::member_id,
            shifts::kind,
            shifts::starts_at,
            shifts::ends_at,
        ))
        .into_boxed();
    if let Some(member) = whose.member {
        query = query.filter(shifts::member_id.eq(member));
    }
    if let Some(departments) = &whose.departments {
        let inside = members::department_id.eq_any(departments.clone());
        query = query.filter(inside.assume_not_null());
    }
    if let Some(place) = whose.place {
        query = query.filter(shifts::place_id.eq(place));
    }
    let rows: Vec<(MemberId, String, Instant, Instant)> = query.load(tx.conn()?).await?;
    for (member, kind, start, end) in rows {
        match ShiftKind::parse(&kind) {
            Some(ShiftKind::Work) => {
                let found = found.entry(member).or_default();
                let first = found.planned_start.map_or(start, |known| known.min(start));
                found.planned_start = Some(first);
            }
            Some(ShiftKind::Leave) => {
                found.entry(member).or_default().leave = Some((start, end));
            }
            _ => {}
        }
    }
    Ok(())
}

type Worked = (MemberId, String, Option<String>, Instant, Option<Instant>);

/// Sessions keep the department and the place they were in.
async fn worked(
    tx: &mut Tx,
    whose: &Whose,
    date: NaiveDate,
    found: &mut BTreeMap<MemberId, Found>,
) -> Result<()> {
    use work_sessions as t;
    let mut query = t::table
        .filter(t::org_id.eq(tx.org()))
        .filter(t::work_date.eq(date))
        .filter(t::status.ne(Status::Void.name()))
        .select((
            t::member_id,
            t::status,
            t::lateness,
            t::clocked_in_at,
            t::clocked_out_at,
        ))
        .into_boxed();
    if let Some(member) = whose.member {
        query = query.filter(t::member_id.eq(member));
    }
    if let Some(departments) = &whose.departments {
        let inside = t::department_id.eq_any(departments.clone());
        query = query.filter(inside.assume_not_null());
    }
    if let Some(place) = whose.place {
        query = query.filter(t::place_id.eq(place));
    }
    let rows: Vec<Worked> = query.load(tx.conn()?).await?;
    let late = [Lateness::Late.name(), Lateness::VeryLate.name()];
    for (member, status, lateness, came, left) in rows {
        let found = found.entry(member).or_default();
        found.is_open |= status == Status::Active.name();
        found.is_late |= lateness.is_some_and(|lateness| late.contains(&lateness.as_str()));
        found.first_in = Some(found.first_in.map_or(came, |known| known.min(came)));
        found.last_out = found.last_out.max(left);
    }
    Ok(())
}

type Judged = (MemberId, Option<String>, String);

async fn judged(
    tx: &mut Tx,
    whose: &Whose,
    date: NaiveDate,
    found: &mut BTreeMap<MemberId, Found>,
) -> Result<()> {
    use work_days as t;
    let mut query = t::table
        .filter(t::org_id.eq(tx.org()))
        .filter(t::work_date.eq(date))
        .select((t::member_id, t::status, t::leave))
        .into_boxed();
    if let Some(member) = whose.member {
        query = query.filter(t::member_id.eq(member));
    }
    if let Some(departments) = &whose.departments {
        let inside = t::department_id.eq_any(departments.clone());
        query = query.filter(inside.assume_not_null());
    }
    if let Some(place) = whose.place {
        query = query.filter(t::place_id.eq(place));
    }
    let rows: Vec<Judged> = query.load(tx.conn()?).await?;
    for (member, status, leave) in rows {
        let found = found.entry(member).or_default();
        found.is_leave_day |= leave == DayLeave::FullDay.name();
        found.status = DayStatus::ALL
            .into_iter()
            .find(|known| Some(known.name()) == status.as_deref());
    }
    Ok(())
}

/// How many people are how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub people: usize,
    pub at_work: usize,
    pub left: usize,
    pub expected: usize,
    pub missing: usize,
    pub absent: usize,
    pub on_leave: usize,
    pub late: usize,
}

impl Counts {
    pub fn of(rows: &[Row]) -> Self {
        let standing = |standing| rows.iter().filter(|row| row.standing == standing).count();
        Self {
            people: rows.len(),
            at_work: standing(Standing::AtWork),
            left: standing(Standing::Left),
            expected: standing(Standing::Expected),
            missing: standing(Standing::Missing),
            absent: standing(Standing::Absent),
            on_leave: standing(Standing::OnLeave),
            late: rows.iter().filter(|row| row.is_late).count(),
        }
    }
}
