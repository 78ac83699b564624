//! Remembers timesheets and how long they are.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{members, timesheet_policies, timesheets};

use super::model::{Period, Policy, Span, State, Timesheet};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, OrgId, TimesheetId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = timesheets, treat_none_as_null = true)]
struct Row {
    org_id: OrgId,
    id: TimesheetId,
    member_id: MemberId,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    state: String,
    content: Option<Json>,
    hash: Option<String>,
    submitted_at: Option<Instant>,
    decided_at: Option<Instant>,
    decided_by: Option<MemberId>,
    memo: Option<String>,
    locked_at: Option<Instant>,
    locked_by: Option<MemberId>,
    changes: Json,
    created_at: Instant,
}

#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = timesheet_policies)]
struct PolicyRow {
    org_id: OrgId,
    period: String,
    anchor: NaiveDate,
    set_at: Instant,
}

/// Which timesheets are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    /// Of members who are in this department now; not of those below it.
    pub department: Option<DepartmentId>,
    pub state: Option<State>,
    /// Those that end on this day or later.
    pub from: Option<NaiveDate>,
    /// Those that begin on this day or earlier.
    pub to: Option<NaiveDate>,
}

type Query = timesheets::BoxedQuery<'static, Dual>;

fn own(tx: &Tx) -> Query {
    timesheets::table
        .filter(timesheets::org_id.eq(tx.org()))
        .into_boxed()
}

fn own_policy(tx: &Tx) -> timesheet_policies::BoxedQuery<'static, Dual> {
    timesheet_policies::table
        .filter(timesheet_policies::org_id.eq(tx.org()))
        .into_boxed()
}

/// The timesheets of everybody whom the transaction's action reaches.
fn reached(tx: &Tx) -> Query {
    let query = own(tx);
    let viewer = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(timesheets::member_id.nullable().eq(viewer)),
        Scope::Department => query.filter(
            timesheets::member_id
                .eq_any(people_in(tx, tx.departments()))
                .or(timesheets::member_id.nullable().eq(viewer)),
        ),
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn people_in(tx: &Tx, departments: Vec<DepartmentId>) -> _ {
    let org: OrgId = tx.org();
    members::table
        .filter(
            members::org_id
                .eq(org)
                .and(members::department_id.eq_any(departments)),
        )
        .select(members::id)
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<Timesheet>> {
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Timesheet::try_from).collect()
}

pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Timesheet>> {
    let mut query = reached(tx);
    if let Some(member) = filter.member {
        query = query.filter(timesheets::member_id.eq(member));
    }
    if let Some(department) = filter.department {
        query = query.filter(timesheets::member_id.eq_any(people_in(tx, vec![department])));
    }
    if let Some(state) = filter.state {
        query = query.filter(timesheets::state.eq(state.name()));
    }
    if let Some(from) = filter.from {
        query = query.filter(timesheets::ends_on.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(timesheets::starts_on.le(to));
    }
    if let Some(after) = page.after {
        let id = TimesheetId::from_uuid(after.id);
        query = query.filter(
            timesheets::created_at
                .lt(after.at)
                .or(timesheets::created_at
                    .eq(after.at)
                    .and(timesheets::id.lt(id))),
        );
    }
    let query = query
        .order((timesheets::created_at.desc(), timesheets::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// The member's timesheets that share days with these, in order.
pub(super) async fn list_over(tx: &mut Tx, member: MemberId, days: Span) -> Result<Vec<Timesheet>> {
    let query = over(tx, member, days);
    load(tx, query).await
}

/// The same, until the end of this change nobody else's to change: whoever approves one of them waits, and then sees
/// what this change did.
pub(super) async fn lock_over(tx: &mut Tx, member: MemberId, days: Span) -> Result<Vec<Timesheet>> {
    let query = over(tx, member, days).select(Row::as_select());
    let rows: Vec<Row> = ForUpdate(query).load(tx.conn()?).await?;
    rows.into_iter().map(Timesheet::try_from).collect()
}

fn over(tx: &Tx, member: MemberId, days: Span) -> Query {
    own(tx)
        .filter(timesheets::member_id.eq(member))
        .filter(
            timesheets::starts_on
                .le(days.to)
                .and(timesheets::ends_on.ge(days.from)),
        )
        .order(timesheets::starts_on)
}

/// A new one, unless somebody else made it at the same moment.
pub(super) fn stage_insert(tx: &mut Tx, sheet: &Timesheet) -> Result<()> {
    let row = Row::of(tx.org(), sheet);
    tx.stage(
        diesel::insert_into(timesheets::table)
            .values(row)
            .on_conflict_do_nothing(),
    )
}

pub(super) fn stage_update(tx: &mut Tx, sheet: &Timesheet) -> Result<()> {
    let row = Row::of(tx.org(), sheet);
    let this = timesheets::table
        .filter(timesheets::org_id.eq(tx.org()))
        .filter(timesheets::id.eq(sheet.id));
    tx.stage(diesel::update(this).set(row))
}

/// How long the organization's timesheets are.
pub(super) async fn policy(tx: &mut Tx) -> Result<Policy> {
    let row: Option<PolicyRow> = own_policy(tx)
        .select(PolicyRow::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.map_or_else(
        || Ok(Policy::default()),
        |row| {
            Ok(Policy {
                period: named(&Period::ALL, Period::name, &row.period)?,
                anchor: row.anchor,
            })
        },
    )
}

pub(super) fn stage_policy(tx: &mut Tx, policy: Policy) -> Result<()> {
    let row = PolicyRow {
        org_id: tx.org(),
        period: policy.period.name().to_owned(),
        anchor: policy.anchor,
        set_at: tx.now(),
    };
    let same = (
        timesheet_policies::period.eq(row.period.clone()),
        timesheet_policies::anchor.eq(row.anchor),
        timesheet_policies::set_at.eq(row.set_at),
    );
    tx.stage(
        diesel::insert_into(timesheet_policies::table)
            .values(row)
            .on_conflict(timesheet_policies::org_id)
            .do_update()
            .set(same),
    )
}

impl Row {
    fn of(org_id: OrgId, sheet: &Timesheet) -> Self {
        Self {
            org_id,
            id: sheet.id,
            member_id: sheet.member_id,
            starts_on: sheet.span.from,
            ends_on: sheet.span.to,
            state: sheet.state.name().to_owned(),
            content: sheet.approved.as_ref().map(|content| json!(content)),
            hash: sheet.approved_hash.clone(),
            submitted_at: sheet.submitted_at,
            decided_at: sheet.decided_at,
            decided_by: sheet.decided_by,
            memo: sheet.memo.clone(),
            locked_at: sheet.locked_at,
            locked_by: sheet.locked_by,
            changes: json!(sheet.changes),
            created_at: sheet.created_at,
        }
    }
}

impl TryFrom<Row> for Timesheet {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            member_id: row.member_id,
            span: Span {
                from: row.starts_on,
                to: row.ends_on,
            },
            state: named(&State::ALL, State::name, &row.state)?,
            approved: row.content.map(serde_json::from_value).transpose()?,
            approved_hash: row.hash,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            memo: row.memo,
            locked_at: row.locked_at,
            locked_by: row.locked_by,
            changes: serde_json::from_value(row.changes)?,
            created_at: row.created_at,
        })
    }
}

/// A text of the database back to the value it names.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} in the database is no known name")))
}
