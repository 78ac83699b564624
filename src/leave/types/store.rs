//! Remembers types of leave.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::leave_types;

use super::model::{Counts, LeaveType, Pay};
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{LeaveTypeId, OrgId};
use crate::kernel::time::Instant;
use crate::schedules::holidays::model::Country;

/// In `source`, where it was not adopted from a country.
const ENTERED: &str = "ENTERED";

/// A row of `leave_types`.
#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = leave_types, treat_none_as_null = true)]
struct Row {
    org_id: OrgId,
    id: LeaveTypeId,
    name: String,
    pay: String,
    counts: String,
    half_days_allowed: bool,
    needs_balance: bool,
    yearly_half_days: Option<i32>,
    source: String,
    created_at: Instant,
    archived_at: Option<Instant>,
}

impl Row {
    fn new(org_id: OrgId, kind: &LeaveType) -> Self {
        Self {
            org_id,
            id: kind.id,
            name: kind.name.clone(),
            pay: kind.pay.name().to_owned(),
            counts: kind.counts.name().to_owned(),
            half_days_allowed: kind.half_days_allowed,
            needs_balance: kind.needs_balance,
            yearly_half_days: kind.yearly_half_days,
            source: kind.country.map_or(ENTERED, Country::name).to_owned(),
            created_at: kind.created_at,
            archived_at: kind.archived_at,
        }
    }

    fn kind(self) -> Result<LeaveType> {
        let unknown = |what: &str| Error::internal(format!("leave of the kind {what}"));
        Ok(LeaveType {
            id: self.id,
            name: self.name,
            pay: Pay::parse(&self.pay).ok_or_else(|| unknown(&self.pay))?,
            counts: Counts::parse(&self.counts).ok_or_else(|| unknown(&self.counts))?,
            half_days_allowed: self.half_days_allowed,
            needs_balance: self.needs_balance,
            yearly_half_days: self.yearly_half_days,
            country: Country::parse(&self.source),
            created_at: self.created_at,
            archived_at: self.archived_at,
        })
    }
}

fn own(tx: &Tx) -> leave_types::BoxedQuery<'static, Dual> {
    leave_types::table
        .filter(leave_types::org_id.eq(tx.org()))
        .into_boxed()
}

/// All of them by name, those out of use too.
pub(in crate::leave) async fn list(tx: &mut Tx) -> Result<Vec<LeaveType>> {
    let query = own(tx).order((leave_types::name, leave_types::id));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Row::kind).collect()
}

pub(in crate::leave) async fn find(tx: &mut Tx, id: LeaveTypeId) -> Result<LeaveType> {
    let query = own(tx)
        .filter(leave_types::id.eq(id))
        .select(Row::as_select());
    let row: Option<Row> = query.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("leave type"))?.kind()
}

pub(super) async fn insert(tx: &mut Tx, kind: &LeaveType) -> Result<()> {
    let insert = diesel::insert_into(leave_types::table).values(Row::new(tx.org(), kind));
    tx.execute(insert).await.map(drop)
}

/// Adds types; one whose name is there already is left as it is.
pub(super) async fn insert_new(tx: &mut Tx, kinds: &[LeaveType]) -> Result<usize> {
    let org = tx.org();
    let rows: Vec<Row> = kinds.iter().map(|kind| Row::new(org, kind)).collect();
    let insert = diesel::insert_into(leave_types::table).values(rows);
    let key = (leave_types::org_id, leave_types::name);
    tx.execute(insert.on_conflict(key).do_nothing()).await
}

pub(super) async fn update(tx: &mut Tx, kind: &LeaveType) -> Result<()> {
    let own = leave_types::table.filter(
        leave_types::org_id
            .eq(tx.org())
            .and(leave_types::id.eq(kind.id)),
    );
    let row = Row::new(tx.org(), kind);
    tx.execute(diesel::update(own).set(row)).await.map(drop)
}
