//! Remembers shifts.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{members, shifts};

use super::model::{Form, LONGEST, Made, Shift, ShiftKind, WIDEST};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{
    DepartmentId, LeaveId, MemberId, OrgId, PlaceId, SeriesId, ShiftId, ShiftTypeId,
};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// Rows of one statement: SQLite binds at most 32,766 values.
const ROWS_AT_ONCE: usize = 1_000;

/// A row of `shifts`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = shifts)]
struct ShiftRow {
    org_id: OrgId,
    id: ShiftId,
    member_id: MemberId,
    place_id: Option<PlaceId>,
    kind: String,
    work_date: NaiveDate,
    starts_at: Instant,
    ends_at: Instant,
    break_minutes: i32,
    external_ref: Option<String>,
    created_at: Instant,
    cancelled_at: Option<Instant>,
    shape: Option<serde_json::Value>,
    type_id: Option<ShiftTypeId>,
    series_id: Option<SeriesId>,
    series_day: Option<NaiveDate>,
    leave_id: Option<LeaveId>,
}

impl ShiftRow {
    fn new(org_id: OrgId, shift: Shift) -> Result<Self> {
        let Made {
            form,
            type_id,
            series,
            leave_id,
        } = shift.made;
        // What everybody has is not written down.
        let shape = (form != Form::default())
            .then(|| serde_json::to_value(&form))
            .transpose()?;
        Ok(Self {
            org_id,
            id: shift.id,
            member_id: shift.member_id,
            place_id: shift.place_id,
            kind: shift.kind.name().to_owned(),
            work_date: shift.work_date,
            starts_at: shift.starts_at,
            ends_at: shift.ends_at,
            break_minutes: shift.break_minutes,
            external_ref: shift.external_ref,
            created_at: shift.created_at,
            cancelled_at: shift.cancelled_at,
            shape,
            type_id,
            series_id: series.map(|(id, _)| id),
            series_day: series.map(|(_, day)| day),
            leave_id,
        })
    }

    fn shift(self) -> Result<Shift> {
        let kind = ShiftKind::parse(&self.kind);
        Ok(Shift {
            id: self.id,
            member_id: self.member_id,
            place_id: self.place_id,
            kind: kind
                .ok_or_else(|| Error::internal(format!("a shift of the kind {}", self.kind)))?,
            work_date: self.work_date,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            break_minutes: self.break_minutes,
            external_ref: self.external_ref,
            created_at: self.created_at,
            cancelled_at: self.cancelled_at,
            made: Made {
                form: self
                    .shape
                    .map(serde_json::from_value)
                    .transpose()?
                    .unwrap_or_default(),
                type_id: self.type_id,
                series: self.series_id.zip(self.series_day),
                leave_id: self.leave_id,
            },
        })
    }
}

/// Which shifts a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    /// The first work date.
    pub from: Option<NaiveDate>,
    /// The last work date.
    pub to: Option<NaiveDate>,
    /// Whether cancelled shifts are shown too.
    pub cancelled: bool,
}

fn own_shifts(tx: &Tx) -> shifts::BoxedQuery<'static, Dual> {
    shifts::table
        .filter(shifts::org_id.eq(tx.org()))
        .into_boxed()
}

/// The organization's shifts that the viewer's action reaches.
fn reached_shifts(tx: &Tx) -> shifts::BoxedQuery<'static, Dual> {
    let query = own_shifts(tx);
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(shifts::member_id.nullable().eq(own)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id);
            query.filter(
                shifts::member_id
                    .eq_any(colleagues)
                    .or(shifts::member_id.nullable().eq(own)),
            )
        }
    }
}

async fn load(tx: &mut Tx, query: shifts::BoxedQuery<'static, Dual>) -> Result<Vec<Shift>> {
    let rows: Vec<ShiftRow> = query.select(ShiftRow::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(ShiftRow::shift).collect()
}

/// Those of the shifts within reach, in no order.
pub(super) async fn find_shifts(tx: &mut Tx, ids: &[ShiftId]) -> Result<Vec<Shift>> {
    let query = reached_shifts(tx).filter(shifts::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// The shifts within reach, the latest first.
pub(super) async fn list_shifts(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Shift>> {
    let mut query = reached_shifts(tx);
    if let Some(member) = filter.member {
        query = query.filter(shifts::member_id.eq(member));
    }
    if let Some(from) = filter.from {
        query = query.filter(shifts::work_date.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(shifts::work_date.le(to));
    }
    if !filter.cancelled {
        query = query.filter(shifts::cancelled_at.is_null());
    }
    if let Some(after) = page.after {
        let earlier = shifts::starts_at.lt(after.at);
        query = query.filter(
            earlier.or(shifts::starts_at
                .eq(after.at)
                .and(shifts::id.lt(ShiftId::from_uuid(after.id)))),
        );
    }
    let query = query
        .order((shifts::starts_at.desc(), shifts::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Work that is planned: how many shifts, of how many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    pub shifts: usize,
    pub members: usize,
}

/// The work planned on a day, everywhere, at a place or in departments.
pub(super) async fn planned_on(
    tx: &mut Tx,
    day: NaiveDate,
    place: Option<PlaceId>,
    departments: Option<Vec<DepartmentId>>,
) -> Result<Planned> {
    let mut query = own_shifts(tx).filter(
        shifts::work_date
            .eq(day)
            .and(shifts::cancelled_at.is_null())
            .and(shifts::kind.eq(ShiftKind::Work.name())),
    );
    if let Some(place) = place {
        query = query.filter(shifts::place_id.eq(place));
    }
    if let Some(departments) = departments {
        let here = members::org_id
            .eq(tx.org())
            .and(members::department_id.eq_any(departments));
        let people = members::table.filter(here).select(members::id);
        query = query.filter(shifts::member_id.eq_any(people));
    }
    let of: Vec<MemberId> = query.select(shifts::member_id).load(tx.conn()?).await?;
    let members: std::collections::HashSet<&MemberId> = of.iter().collect();
    Ok(Planned {
        shifts: of.len(),
        members: members.len(),
    })
}

/// The shifts of some members, not cancelled, that share time with a span.
pub(super) async fn list_between(
    tx: &mut Tx,
    members: &[MemberId],
    (from, to): (Instant, Instant),
) -> Result<Vec<Shift>> {
    let query = own_shifts(tx)
        .filter(
            shifts::member_id
                .eq_any(members.to_vec())
                .and(shifts::cancelled_at.is_null()),
        )
        // Bounded at both ends, so that the members' own shifts are read and not everybody's that end later.
        .filter(shifts::starts_at.between(from - LONGEST, to))
        .filter(shifts::starts_at.lt(to).and(shifts::ends_at.gt(from)))
        .order((shifts::starts_at, shifts::id));
    load(tx, query).await
}

/// The shifts of a series, not cancelled, that stand for days of its rule between two.
pub(super) async fn list_of_series(
    tx: &mut Tx,
    series: SeriesId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Shift>> {
    let query = own_shifts(tx)
        .filter(
            shifts::series_id
                .eq(series)
                .and(shifts::cancelled_at.is_null()),
        )
        .filter(shifts::series_day.ge(from).and(shifts::series_day.le(to)))
        .order((shifts::starts_at, shifts::id));
    load(tx, query).await
}

/// Takes many shifts out of the plan.
pub(super) fn stage_cancelled(tx: &mut Tx, ids: Vec<ShiftId>) -> Result<()> {
    let now = tx.now();
    let own = shifts::table.filter(shifts::org_id.eq(tx.org()).and(shifts::id.eq_any(ids)));
    tx.stage(diesel::update(own).set(shifts::cancelled_at.eq(now)))
}

pub(super) fn update_shift(tx: &mut Tx, shift: &Shift) -> Result<()> {
    let row = ShiftRow::new(tx.org(), shift.clone())?;
    let own = shifts::table.filter(shifts::org_id.eq(tx.org()).and(shifts::id.eq(shift.id)));
    tx.stage(diesel::update(own).set((
        shifts::place_id.eq(row.place_id),
        shifts::work_date.eq(row.work_date),
        shifts::starts_at.eq(row.starts_at),
        shifts::ends_at.eq(row.ends_at),
        shifts::break_minutes.eq(row.break_minutes),
        shifts::shape.eq(row.shape),
    )))
}

/// A member's shifts that could claim an instant.
pub(super) async fn list_around(tx: &mut Tx, member: MemberId, at: Instant) -> Result<Vec<Shift>> {
    let query = own_shifts(tx)
        .filter(
            shifts::member_id
                .eq(member)
                .and(shifts::cancelled_at.is_null()),
        )
        // Bounded at both ends, so that the member's own shifts are read and not everybody's that end later.
        .filter(shifts::starts_at.between(at - WIDEST - LONGEST, at + WIDEST))
        .filter(shifts::ends_at.ge(at - WIDEST));
    load(tx, query).await
}

/// Shifts that ended after one moment and not after another, in the order of their ends, cancelled ones left out.
pub(super) async fn list_ended(
    tx: &mut Tx,
    (after, to): (Instant, Instant),
    last: Option<ShiftId>,
    limit: i64,
) -> Result<Vec<Shift>> {
    let query = own_shifts(tx)
        .filter(shifts::cancelled_at.is_null())
        .filter(shifts::ends_at.ge(after).and(shifts::ends_at.le(to)));
    let query = match last {
        Some(last) => query.filter(
            shifts::ends_at
                .gt(after)
                .or(shifts::ends_at.eq(after).and(shifts::id.gt(last))),
        ),
        None => query,
    };
    load(tx, query.order((shifts::ends_at, shifts::id)).limit(limit)).await
}

/// Inserts many shifts; those whose reference is already there are left as they are. Returns how many are new.
pub(super) async fn insert_shifts(
    tx: &mut Tx,
    new: Vec<Shift>,
) -> Result<Vec<(MemberId, NaiveDate)>> {
    let mut rows: Vec<_> = new
        .into_iter()
        .map(|shift| ShiftRow::new(tx.org(), shift))
        .collect::<Result<_>>()?;
    let mut created = Vec::with_capacity(rows.len());
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_AT_ONCE));
        let insert = diesel::insert_into(shifts::table).values(std::mem::replace(&mut rows, rest));
        let inserted: Vec<(MemberId, NaiveDate)> = insert
            .on_conflict((shifts::org_id, shifts::external_ref))
            .do_nothing()
            .returning((shifts::member_id, shifts::work_date))
            .load(tx.conn()?)
            .await?;
        created.extend(inserted);
    }
    Ok(created)
}

/// The newest end of each member's shifts, cancelled ones aside.
pub(super) async fn last_shifts(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    let newest = shifts::table
        .filter(shifts::org_id.eq(tx.org()))
        .filter(shifts::cancelled_at.is_null())
        .group_by(shifts::member_id)
        .select((
            shifts::member_id,
            diesel::dsl::max(shifts::ends_at).assume_not_null(),
        ));
    Ok(newest.load(tx.conn()?).await?)
}

pub(super) async fn update_cancelled(tx: &mut Tx, id: ShiftId, at: Instant) -> Result<()> {
    let own = shifts::table.filter(shifts::org_id.eq(tx.org()).and(shifts::id.eq(id)));
    tx.execute(diesel::update(own).set(shifts::cancelled_at.eq(at)))
        .await?;
    Ok(())
}

pub(super) fn stage_cancelled_leave(tx: &mut Tx, leave: LeaveId, at: Instant) -> Result<()> {
    let own = shifts::table.filter(
        shifts::org_id
            .eq(tx.org())
            .and(shifts::leave_id.eq(leave))
            .and(shifts::cancelled_at.is_null()),
    );
    tx.stage(diesel::update(own).set(shifts::cancelled_at.eq(at)))
}

/// Locks members until the end, in one order so that two plans never wait for each other: two overlapping shifts cannot
/// be planned at once. On SQLite there is one writer.
pub(super) async fn lock_members(tx: &mut Tx, ids: &[MemberId]) -> Result<()> {
    let own = members::table
        .filter(members::org_id.eq(tx.org()))
        .filter(members::id.eq_any(ids.to_vec()));
    let locked: Vec<MemberId> = ForUpdate(own.order(members::id).select(members::id))
        .load(tx.conn()?)
        .await?;
    if locked.len() < ids.len() {
        return Err(Error::not_found("member"));
    }
    Ok(())
}
