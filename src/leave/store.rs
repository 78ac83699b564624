//! Remembers requests for leave and the ledger of what was granted and taken.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{leave_entries, leave_requests, members};

use super::model::{Days, Entry, Half, Leave, Status};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{LeaveEntryId, LeaveId, LeaveTypeId, MemberId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// A row of `leave_requests`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = leave_requests)]
struct LeaveRow {
    org_id: OrgId,
    id: LeaveId,
    member_id: MemberId,
    type_id: LeaveTypeId,
    first_day: NaiveDate,
    last_day: NaiveDate,
    half: Option<String>,
    half_days: i32,
    reason: Option<String>,
    status: String,
    created_at: Instant,
    decided_at: Option<Instant>,
    decided_by: Option<MemberId>,
    decision: Option<String>,
    external_ref: Option<String>,
}

impl LeaveRow {
    fn leave(self) -> Result<Leave> {
        let status = Status::parse(&self.status);
        Ok(Leave {
            id: self.id,
            member_id: self.member_id,
            type_id: self.type_id,
            days: Days {
                first: self.first_day,
                last: self.last_day,
                half: self.half.as_deref().and_then(Half::parse),
            },
            half_days: self.half_days,
            reason: self.reason,
            status: status.ok_or_else(|| Error::internal(format!("leave is {}", self.status)))?,
            created_at: self.created_at,
            decided_at: self.decided_at,
            decided_by: self.decided_by,
            decision: self.decision,
            external_ref: self.external_ref,
        })
    }
}

/// A row of `leave_entries`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = leave_entries)]
struct EntryRow {
    org_id: OrgId,
    id: LeaveEntryId,
    member_id: MemberId,
    type_id: LeaveTypeId,
    half_days: i32,
    leave_id: Option<LeaveId>,
    note: Option<String>,
    made_by: Option<MemberId>,
    made_at: Instant,
}

impl EntryRow {
    fn entry(self) -> Entry {
        Entry {
            id: self.id,
            member_id: self.member_id,
            type_id: self.type_id,
            half_days: self.half_days,
            leave_id: self.leave_id,
            note: self.note,
            made_by: self.made_by,
            made_at: self.made_at,
        }
    }
}

/// Which requests a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    pub status: Option<Status>,
    /// Those that end on this day or later.
    pub from: Option<NaiveDate>,
    /// Those that begin on this day or earlier.
    pub to: Option<NaiveDate>,
}

fn own(tx: &Tx) -> leave_requests::BoxedQuery<'static, Dual> {
    leave_requests::table
        .filter(leave_requests::org_id.eq(tx.org()))
        .into_boxed()
}

/// The organization's requests that the viewer's action reaches.
fn reached(tx: &Tx) -> leave_requests::BoxedQuery<'static, Dual> {
    let query = own(tx);
    let me = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(leave_requests::member_id.nullable().eq(me)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id);
            query.filter(
                leave_requests::member_id
                    .eq_any(colleagues)
                    .or(leave_requests::member_id.nullable().eq(me)),
            )
        }
    }
}

async fn load(tx: &mut Tx, query: leave_requests::BoxedQuery<'static, Dual>) -> Result<Vec<Leave>> {
    let rows: Vec<LeaveRow> = query.select(LeaveRow::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(LeaveRow::leave).collect()
}

/// A request within reach.
pub(super) async fn find(tx: &mut Tx, id: LeaveId) -> Result<Leave> {
    let query = reached(tx).filter(leave_requests::id.eq(id));
    let found = load(tx, query).await?.pop();
    found.ok_or_else(|| Error::not_found("leave request"))
}

/// Leave that another system granted, by its name there.
pub(super) async fn find_by_ref(tx: &mut Tx, external_ref: &str) -> Result<Option<Leave>> {
    let query = own(tx).filter(leave_requests::external_ref.eq(external_ref.to_owned()));
    Ok(load(tx, query).await?.pop())
}

/// The requests within reach, the latest first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter, page: &PageRequest) -> Result<Page<Leave>> {
    let mut query = reached(tx);
    if let Some(member) = filter.member {
        query = query.filter(leave_requests::member_id.eq(member));
    }
    if let Some(status) = filter.status {
        query = query.filter(leave_requests::status.eq(status.name()));
    }
    if let Some(from) = filter.from {
        query = query.filter(leave_requests::last_day.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(leave_requests::first_day.le(to));
    }
    if let Some(after) = page.after {
        let earlier = leave_requests::created_at.lt(after.at);
        query = query.filter(
            earlier.or(leave_requests::created_at
                .eq(after.at)
                .and(leave_requests::id.lt(LeaveId::from_uuid(after.id)))),
        );
    }
    let query = query
        .order((leave_requests::created_at.desc(), leave_requests::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// A member's leave that touches these days, in these states.
pub(super) async fn touching(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
    states: &[Status],
) -> Result<Vec<Leave>> {
    let states: Vec<&str> = states.iter().map(|status| status.name()).collect();
    let query = own(tx)
        .filter(leave_requests::member_id.eq(member))
        .filter(leave_requests::status.eq_any(states))
        .filter(
            leave_requests::first_day
                .le(to)
                .and(leave_requests::last_day.ge(from)),
        )
        .order((leave_requests::first_day, leave_requests::id));
    load(tx, query).await
}

/// Those of the requests that are within reach, in no order.
pub(super) async fn list_by_ids(tx: &mut Tx, ids: &[LeaveId]) -> Result<Vec<Leave>> {
    let query = reached(tx).filter(leave_requests::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// Everybody's approved leave that touches these days, or all from the first on, in the order it was asked for.
pub(super) async fn approved_touching(
    tx: &mut Tx,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<Vec<LeaveId>> {
    let mut query = own(tx)
        .filter(leave_requests::status.eq(Status::Approved.name()))
        .filter(leave_requests::last_day.ge(from));
    if let Some(to) = to {
        query = query.filter(leave_requests::first_day.le(to));
    }
    let ids = query
        .order(leave_requests::id)
        .select(leave_requests::id)
        .load(tx.conn()?)
        .await?;
    Ok(ids)
}

/// Everybody's approved leave that touches a day, by member.
pub(super) async fn approved_on(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Leave>> {
    let query = own(tx)
        .filter(leave_requests::status.eq(Status::Approved.name()))
        .filter(
            leave_requests::first_day
                .le(day)
                .and(leave_requests::last_day.ge(day)),
        )
        .order((leave_requests::member_id, leave_requests::id));
    load(tx, query).await
}

/// Half days that were asked for and are not decided, by type.
pub(super) async fn pending(tx: &mut Tx, member: MemberId) -> Result<Vec<(LeaveTypeId, i32)>> {
    let query = own(tx).filter(
        leave_requests::member_id
            .eq(member)
            .and(leave_requests::status.eq(Status::Requested.name())),
    );
    let query = query.select((leave_requests::type_id, leave_requests::half_days));
    Ok(query.load(tx.conn()?).await?)
}

pub(super) fn insert(tx: &mut Tx, leave: &Leave) -> Result<()> {
    let row = LeaveRow {
        org_id: tx.org(),
        id: leave.id,
        member_id: leave.member_id,
        type_id: leave.type_id,
        first_day: leave.days.first,
        last_day: leave.days.last,
        half: leave.days.half.map(|half| half.name().to_owned()),
        half_days: leave.half_days,
        reason: leave.reason.clone(),
        status: leave.status.name().to_owned(),
        created_at: leave.created_at,
        decided_at: leave.decided_at,
        decided_by: leave.decided_by,
        decision: leave.decision.clone(),
        external_ref: leave.external_ref.clone(),
    };
    tx.stage(diesel::insert_into(leave_requests::table).values(row))
}

/// Keeps where a request stands now.
pub(super) fn update(tx: &mut Tx, leave: &Leave) -> Result<()> {
    let own = leave_requests::table.filter(
        leave_requests::org_id
            .eq(tx.org())
            .and(leave_requests::id.eq(leave.id)),
    );
    tx.stage(diesel::update(own).set((
        leave_requests::status.eq(leave.status.name()),
        leave_requests::half_days.eq(leave.half_days),
        leave_requests::decided_at.eq(leave.decided_at),
        leave_requests::decided_by.eq(leave.decided_by),
        leave_requests::decision.eq(leave.decision.clone()),
    )))
}

fn own_entries(tx: &Tx) -> leave_entries::BoxedQuery<'static, Dual> {
    leave_entries::table
        .filter(leave_entries::org_id.eq(tx.org()))
        .into_boxed()
}

/// A member's ledger, the newest line first.
pub(super) async fn entries(tx: &mut Tx, member: MemberId) -> Result<Vec<Entry>> {
    let query = own_entries(tx)
        .filter(leave_entries::member_id.eq(member))
        .order(leave_entries::id.desc());
    let rows: Vec<EntryRow> = query.select(EntryRow::as_select()).load(tx.conn()?).await?;
    Ok(rows.into_iter().map(EntryRow::entry).collect())
}

pub(super) async fn find_entry(tx: &mut Tx, id: LeaveEntryId) -> Result<Entry> {
    let query = own_entries(tx)
        .filter(leave_entries::id.eq(id))
        .select(EntryRow::as_select());
    let row: Option<EntryRow> = query.first(tx.conn()?).await.optional()?;
    let row = row.ok_or_else(|| Error::not_found("leave entry"))?;
    Ok(row.entry())
}

pub(super) fn insert_entry(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let row = EntryRow {
        org_id: tx.org(),
        id: entry.id,
        member_id: entry.member_id,
        type_id: entry.type_id,
        half_days: entry.half_days,
        leave_id: entry.leave_id,
        note: entry.note.clone(),
        made_by: entry.made_by,
        made_at: entry.made_at,
    };
    tx.stage(diesel::insert_into(leave_entries::table).values(row))
}
