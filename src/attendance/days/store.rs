//! Remembers days, their parts, and the sums over people by day and by month.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, NaiveDate};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{day_closings, day_parts, group_days, group_months, members, work_days};

use super::measures::{Measures, with_measures};
use super::model::{DayLeave, DayStatus, Part, Parts, WorkDay};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, OrgId, PlaceId};
use crate::kernel::time::Instant;

/// Rows of one statement: SQLite binds at most 32,766 values.
const ROWS_AT_ONCE: usize = 1_000;

#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = work_days, treat_none_as_null = true)]
struct DayRow {
    org_id: OrgId,
    member_id: MemberId,
    work_date: NaiveDate,
    department_id: Option<DepartmentId>,
    place_id: Option<PlaceId>,
    status: Option<String>,
    leave: String,
    is_holiday: bool,
    first_in: Option<Instant>,
    last_out: Option<Instant>,
    decided_at: Option<Instant>,
}

/// What the sums are kept by: the day or the month, the department, the place.
pub type Group = (NaiveDate, Part);
/// What the sums change by.
pub type Groups = BTreeMap<Group, Measures>;

/// The rows of the three tables of measures, and how one is added to what is there.
macro_rules! rows {
    ($($(#[$about:meta])* $name:ident,)*) => {
        #[derive(Insertable, Queryable, Selectable)]
        #[diesel(table_name = day_parts)]
        struct PartRow {
            org_id: OrgId,
            member_id: MemberId,
            work_date: NaiveDate,
            department_id: DepartmentId,
            place_id: PlaceId,
            $($name: i64,)*
        }

        impl PartRow {
            fn of(org_id: OrgId, member_id: MemberId, work_date: NaiveDate, part: Part, measures: &Measures) -> Self {
                let Part { department: department_id, place: place_id } = part;
                $(let $name = measures.$name;)*
                Self { org_id, member_id, work_date, department_id, place_id, $($name,)* }
            }

            fn measures(&self) -> Measures {
                Measures { $($name: self.$name,)* }
            }
        }

        #[derive(Insertable, Queryable, Selectable)]
        #[diesel(table_name = group_days)]
        struct GroupDayRow {
            org_id: OrgId,
            work_date: NaiveDate,
            department_id: DepartmentId,
            place_id: PlaceId,
            $($name: i64,)*
        }

        impl GroupDayRow {
            fn of(org_id: OrgId, (&(work_date, part), measures): (&Group, &Measures)) -> Self {
                let Part { department: department_id, place: place_id } = part;
                $(let $name = measures.$name;)*
                Self { org_id, work_date, department_id, place_id, $($name,)* }
            }

            fn measures(&self) -> Measures {
                Measures { $($name: self.$name,)* }
            }
        }

        #[derive(Insertable, Queryable, Selectable)]
        #[diesel(table_name = group_months)]
        struct GroupMonthRow {
            org_id: OrgId,
            month: NaiveDate,
            department_id: DepartmentId,
            place_id: PlaceId,
            $($name: i64,)*
        }

        impl GroupMonthRow {
            fn of(org_id: OrgId, (&(month, part), measures): (&Group, &Measures)) -> Self {
                let Part { department: department_id, place: place_id } = part;
                $(let $name = measures.$name;)*
                Self { org_id, month, department_id, place_id, $($name,)* }
            }

            fn measures(&self) -> Measures {
                Measures { $($name: self.$name,)* }
            }
        }

        fn stage_part_rows(tx: &mut Tx, rows: Vec<PartRow>) -> Result<()> {
            use day_parts as t;
            let insert = diesel::insert_into(t::table).values(rows);
            let key = (t::org_id, t::member_id, t::work_date, t::department_id, t::place_id);
            tx.stage(insert.on_conflict(key).do_update().set(($(t::$name.eq(excluded(t::$name)),)*)))
        }

        fn stage_group_day_rows(tx: &mut Tx, rows: Vec<GroupDayRow>) -> Result<()> {
            use group_days as t;
            let insert = diesel::insert_into(t::table).values(rows);
            let key = (t::org_id, t::work_date, t::department_id, t::place_id);
            let upsert = insert.on_conflict(key).do_update();
            tx.stage(upsert.set(($(t::$name.eq(t::$name + excluded(t::$name)),)*)))
        }

        fn stage_group_month_rows(tx: &mut Tx, rows: Vec<GroupMonthRow>) -> Result<()> {
            use group_months as t;
            let insert = diesel::insert_into(t::table).values(rows);
            let key = (t::org_id, t::month, t::department_id, t::place_id);
            let upsert = insert.on_conflict(key).do_update();
            tx.stage(upsert.set(($(t::$name.eq(t::$name + excluded(t::$name)),)*)))
        }
    };
}
with_measures!(rows);

fn own_days(tx: &Tx) -> work_days::BoxedQuery<'static, Dual> {
    work_days::table
        .filter(work_days::org_id.eq(tx.org()))
        .into_boxed()
}

/// The organization's days that the transaction's action reaches.
fn reached_days(tx: &Tx) -> work_days::BoxedQuery<'static, Dual> {
    let query = own_days(tx);
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(work_days::member_id.nullable().eq(own)),
        Scope::Department => query.filter(
            work_days::member_id
                .nullable()
                .eq(own)
                .assume_not_null()
                .or(work_days::department_id
                    .eq_any(tx.departments())
                    .assume_not_null()),
        ),
    }
}

fn own_parts(tx: &Tx) -> day_parts::BoxedQuery<'static, Dual> {
    day_parts::table
        .filter(day_parts::org_id.eq(tx.org()))
        .into_boxed()
}

/// Locks a member until the end: nobody else moves the sums by the same difference meanwhile. On SQLite there is one
/// writer.
pub(super) fn stage_lock(tx: &mut Tx, member: MemberId) -> Result<()> {
    let own = members::table.filter(members::org_id.eq(tx.org()).and(members::id.eq(member)));
    tx.stage(ForUpdate(own.select(members::id)))
}

/// A member's days, the earliest first.
pub(super) async fn list_days(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<WorkDay>> {
    let query = own_days(tx)
        .filter(work_days::member_id.eq(member))
        .filter(work_days::work_date.between(from, to))
        .order(work_days::work_date);
    load_days(tx, query).await
}

/// The days within reach of a member, the latest first; at most `limit`, all before `before`.
pub(super) async fn list_reached(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
    before: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<WorkDay>> {
    let mut query = reached_days(tx)
        .filter(work_days::member_id.eq(member))
        .filter(work_days::work_date.between(from, to));
    if let Some(before) = before {
        query = query.filter(work_days::work_date.lt(before));
    }
    load_days(tx, query.order(work_days::work_date.desc()).limit(limit)).await
}

/// The members with days in a range, and the dates of those.
pub(super) async fn list_keys(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<(MemberId, NaiveDate)>> {
    let query = own_days(tx)
        .filter(work_days::work_date.between(from, to))
        .order((work_days::member_id, work_days::work_date))
        .select((work_days::member_id, work_days::work_date));
    Ok(query.load(tx.conn()?).await?)
}

/// Which of these days are decided.
pub(super) async fn list_decided(
    tx: &mut Tx,
    members: Vec<MemberId>,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<(MemberId, NaiveDate)>> {
    let query = own_days(tx)
        .filter(work_days::member_id.eq_any(members))
        .filter(work_days::work_date.between(from, to))
        .filter(work_days::status.is_not_null())
        .select((work_days::member_id, work_days::work_date));
    Ok(query.load(tx.conn()?).await?)
}

async fn load_days(
    tx: &mut Tx,
    query: work_days::BoxedQuery<'static, Dual>,
) -> Result<Vec<WorkDay>> {
    let rows: Vec<DayRow> = query.select(DayRow::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(WorkDay::try_from).collect()
}

/// The measures of a member's days.
pub(super) async fn list_parts(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<NaiveDate, Parts>> {
    let query = own_parts(tx)
        .filter(day_parts::member_id.eq(member))
        .filter(day_parts::work_date.between(from, to));
    let rows: Vec<PartRow> = query.select(PartRow::as_select()).load(tx.conn()?).await?;
    let mut days: BTreeMap<NaiveDate, Parts> = BTreeMap::new();
    for row in rows {
        let part = part(row.department_id, row.place_id);
        days.entry(row.work_date)
            .or_default()
            .insert(part, row.measures());
    }
    Ok(days)
}

/// The days of some members, in the order of their dates.
pub(super) async fn list_days_of(
    tx: &mut Tx,
    of: &[MemberId],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<WorkDay>> {
    let query = own_days(tx)
        .filter(work_days::member_id.eq_any(of.to_vec()))
        .filter(work_days::work_date.between(from, to))
        .order((work_days::work_date, work_days::member_id));
    load_days(tx, query).await
}

/// The planned minutes of the days of some members.
pub(super) async fn list_planned(
    tx: &mut Tx,
    of: &[MemberId],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<(MemberId, NaiveDate), i64>> {
    let query = own_parts(tx)
        .filter(day_parts::member_id.eq_any(of.to_vec()))
        .filter(day_parts::work_date.between(from, to))
        .filter(day_parts::people_days.gt(0))
        .select((
            day_parts::member_id,
            day_parts::work_date,
            day_parts::planned_minutes,
        ));
    let rows: Vec<(MemberId, NaiveDate, i64)> = query.load(tx.conn()?).await?;
    let planned = rows.into_iter();
    Ok(planned
        .map(|(member, date, minutes)| ((member, date), minutes))
        .collect())
}

/// The measures of the days of some members, as far as the transaction's action reaches.
pub(super) async fn list_reached_measures(
    tx: &mut Tx,
    of: &[MemberId],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<(MemberId, NaiveDate), Measures>> {
    let mut query = own_parts(tx)
        .filter(day_parts::member_id.eq_any(of.to_vec()))
        .filter(day_parts::work_date.between(from, to));
    let own = tx.viewer().member();
    query = match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(day_parts::member_id.nullable().eq(own)),
        Scope::Department => query.filter(
            day_parts::member_id
                .nullable()
                .eq(own)
                .assume_not_null()
                .or(day_parts::department_id.eq_any(tx.departments())),
        ),
    };
    let rows: Vec<PartRow> = query.select(PartRow::as_select()).load(tx.conn()?).await?;
    let mut measures = HashMap::new();
    for row in rows {
        let key = (row.member_id, row.work_date);
        *measures.entry(key).or_insert_with(Measures::default) += row.measures();
    }
    Ok(measures)
}

fn part(department: DepartmentId, place: PlaceId) -> Part {
    Part { department, place }
}

pub(super) fn stage_day(tx: &mut Tx, day: &WorkDay) -> Result<()> {
    use work_days as t;
    let row = || DayRow::of(tx.org(), day);
    let insert = diesel::insert_into(t::table).values(row());
    let upsert = insert
        .on_conflict((t::org_id, t::member_id, t::work_date))
        .do_update();
    let upsert = upsert.set(row());
    tx.stage(upsert)
}

pub(super) fn stage_no_day(tx: &mut Tx, member: MemberId, date: NaiveDate) -> Result<()> {
    let own = work_days::table
        .filter(work_days::org_id.eq(tx.org()))
        .filter(work_days::member_id.eq(member))
        .filter(work_days::work_date.eq(date));
    tx.stage(diesel::delete(own))
}

/// Puts the parts of a day in the place of those it had.
pub(super) fn stage_parts(
    tx: &mut Tx,
    (member, date): (MemberId, NaiveDate),
    before: &Parts,
    now: &Parts,
) -> Result<()> {
    if before.keys().any(|part| !now.contains_key(part)) {
        let own = day_parts::table
            .filter(day_parts::org_id.eq(tx.org()))
            .filter(day_parts::member_id.eq(member))
            .filter(day_parts::work_date.eq(date));
        tx.stage(diesel::delete(own))?;
    }
    if now.is_empty() {
        return Ok(());
    }
    let org = tx.org();
    let rows = now
        .iter()
        .map(|(part, measures)| PartRow::of(org, member, date, *part, measures));
    stage_part_rows(tx, rows.collect())
}

/// Moves the sums, always in the same order: two changes never wait for one another in a circle. A row whose figures
/// come to nothing stays.
pub(super) fn stage_groups(tx: &mut Tx, changes: &Groups) -> Result<()> {
    let mut months = Groups::new();
    for ((date, part), measures) in changes {
        *months.entry((month_of(*date), *part)).or_default() += *measures;
    }
    stage_corrections(tx, changes, &months)
}

/// Moves the sums by day and by month, each by its own.
pub(super) fn stage_corrections(tx: &mut Tx, days: &Groups, months: &Groups) -> Result<()> {
    let org = tx.org();
    for some in moving(days).chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|change| GroupDayRow::of(org, *change));
        stage_group_day_rows(tx, rows.collect())?;
    }
    for some in moving(months).chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|change| GroupMonthRow::of(org, *change));
        stage_group_month_rows(tx, rows.collect())?;
    }
    Ok(())
}

fn moving(changes: &Groups) -> Vec<(&Group, &Measures)> {
    let moving = changes.iter().filter(|(_, measures)| !measures.is_zero());
    moving.collect()
}

/// The first day of its month.
pub fn month_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// Inserts many days at once, where there are none yet: an import, or a benchmark's year.
pub fn stage_new(tx: &mut Tx, days: &[(WorkDay, Parts)]) -> Result<Groups> {
    let org = tx.org();
    let mut groups = Groups::new();
    let mut parts = Vec::new();
    for (day, of_day) in days {
        for (part, measures) in of_day {
            *groups.entry((day.work_date, *part)).or_default() += *measures;
            parts.push(PartRow::of(
                org,
                day.member_id,
                day.work_date,
                *part,
                measures,
            ));
        }
    }
    for some in days.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = some.iter().map(|(day, _)| DayRow::of(org, day)).collect();
        tx.stage(diesel::insert_into(work_days::table).values(rows))?;
    }
    while !parts.is_empty() {
        let rest = parts.split_off(parts.len().min(ROWS_AT_ONCE));
        stage_part_rows(tx, std::mem::replace(&mut parts, rest))?;
    }
    stage_groups(tx, &groups)?;
    Ok(groups)
}

/// Every sum by day that is kept in a range.
pub(super) async fn list_group_days(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Groups> {
    let rows: Vec<GroupDayRow> = group_days::table
        .filter(group_days::org_id.eq(tx.org()))
        .filter(group_days::work_date.between(from, to))
        .select(GroupDayRow::as_select())
        .load(tx.conn()?)
        .await?;
    let group = |row: GroupDayRow| {
        let key = (row.work_date, part(row.department_id, row.place_id));
        (key, row.measures())
    };
    Ok(rows.into_iter().map(group).collect())
}

/// Every sum by month that is kept in a range of months.
pub(super) async fn list_group_months(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Groups> {
    let rows: Vec<GroupMonthRow> = group_months::table
        .filter(group_months::org_id.eq(tx.org()))
        .filter(group_months::month.between(from, to))
        .select(GroupMonthRow::as_select())
        .load(tx.conn()?)
        .await?;
    let group = |row: GroupMonthRow| {
        let key = (row.month, part(row.department_id, row.place_id));
        (key, row.measures())
    };
    Ok(rows.into_iter().map(group).collect())
}

/// The parts of everybody's days in a range, added up anew.
pub(super) async fn add_up_parts(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Groups> {
    let query = own_parts(tx).filter(day_parts::work_date.between(from, to));
    let rows: Vec<PartRow> = query.select(PartRow::as_select()).load(tx.conn()?).await?;
    let mut groups = Groups::new();
    for row in rows {
        let key = (row.work_date, part(row.department_id, row.place_id));
        *groups.entry(key).or_default() += row.measures();
    }
    Ok(groups)
}

/// The first and the last day anything is kept of.
pub(super) async fn span(tx: &mut Tx) -> Result<Option<(NaiveDate, NaiveDate)>> {
    let days: (Option<NaiveDate>, Option<NaiveDate>) = group_days::table
        .filter(group_days::org_id.eq(tx.org()))
        .select((
            diesel::dsl::min(group_days::work_date),
            diesel::dsl::max(group_days::work_date),
        ))
        .first(tx.conn()?)
        .await?;
    let parts: (Option<NaiveDate>, Option<NaiveDate>) = day_parts::table
        .filter(day_parts::org_id.eq(tx.org()))
        .select((
            diesel::dsl::min(day_parts::work_date),
            diesel::dsl::max(day_parts::work_date),
        ))
        .first(tx.conn()?)
        .await?;
    let first = days.0.into_iter().chain(parts.0).min();
    Ok(first.zip(days.1.into_iter().chain(parts.1).max()))
}

/// Every shift that ended until then was looked at; nothing before the first time.
pub(super) async fn closed_to(tx: &mut Tx) -> Result<Option<Instant>> {
    let row: Option<Instant> = day_closings::table
        .filter(day_closings::org_id.eq(tx.org()))
        .select(day_closings::closed_to)
        .first(tx.conn()?)
        .await
        .optional()?;
    Ok(row)
}

pub(super) fn stage_closed_to(tx: &mut Tx, at: Instant) -> Result<()> {
    use day_closings as t;
    let row = (t::org_id.eq(tx.org()), t::closed_to.eq(at));
    let insert = diesel::insert_into(t::table).values(row);
    tx.stage(
        insert
            .on_conflict(t::org_id)
            .do_update()
            .set(t::closed_to.eq(at)),
    )
}

impl DayRow {
    fn of(org_id: OrgId, day: &WorkDay) -> Self {
        Self {
            org_id,
            member_id: day.member_id,
            work_date: day.work_date,
            department_id: day.department_id,
            place_id: day.place_id,
            status: day.status.map(|status| status.name().to_owned()),
            leave: day.leave.name().to_owned(),
            is_holiday: day.is_holiday,
            first_in: day.first_in,
            last_out: day.last_out,
            decided_at: day.decided_at,
        }
    }
}

impl TryFrom<DayRow> for WorkDay {
    type Error = Error;

    fn try_from(row: DayRow) -> Result<Self> {
        let status = |name: &String| named(&DayStatus::ALL, DayStatus::name, name);
        Ok(Self {
            member_id: row.member_id,
            work_date: row.work_date,
            department_id: row.department_id,
            place_id: row.place_id,
            status: row.status.as_ref().map(status).transpose()?,
            leave: named(&DayLeave::ALL, DayLeave::name, &row.leave)?,
            is_holiday: row.is_holiday,
            first_in: row.first_in,
            last_out: row.last_out,
            decided_at: row.decided_at,
        })
    }
}

/// A text of the database back to the value it names.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} in the database is no known name")))
}
