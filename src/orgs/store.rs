//! Organizations and departments in the database, and the organizations of the last seconds in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{departments, members, organizations};

use super::model::{self, Department, Organization};
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, OrgId};
use crate::kernel::time::Instant;

/// Every request wants its organization's zone, and it hardly ever changes: remembered for seconds, so that a change
/// made on another node is seen soon.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<OrgId, (Organization, Instant)>>);

const BELIEVED: TimeDelta = TimeDelta::seconds(10);

impl Remembered {
    pub(super) fn recall(&self, id: OrgId, now: Instant) -> Option<Organization> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&id)
            .filter(|(_, at)| now - *at < BELIEVED)
            .map(|(organization, _)| organization.clone())
    }

    pub(super) fn remember(&self, organization: &Organization, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(organization.id, (organization.clone(), now));
    }

    pub(super) fn forget(&self, id: OrgId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = organizations)]
struct Row {
    id: OrgId,
    slug: String,
    name: String,
    time_zone: String,
    currency: String,
    created_at: Instant,
}

impl TryFrom<Row> for Organization {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let Row {
            id,
            slug,
            name,
            time_zone,
            currency,
            created_at,
        } = row;
        let time_zone = time_zone.parse().map_err(Error::internal)?;
        Ok(Self {
            id,
            slug,
            name,
            time_zone,
            currency,
            created_at,
        })
    }
}

pub(super) fn insert(tx: &mut Tx, organization: &Organization) -> Result<()> {
    let Organization {
        id,
        slug,
        name,
        time_zone,
        currency,
        created_at,
    } = organization.clone();
    let row = Row {
        id,
        slug,
        name,
        time_zone: time_zone.name().to_owned(),
        currency,
        created_at,
    };
    tx.stage(diesel::insert_into(organizations::table).values(row))
}

pub(super) async fn get_own(tx: &mut Tx) -> Result<Organization> {
    let own = organizations::table
        .filter(organizations::id.eq(tx.org()))
        .select(Row::as_select());
    let row: Row = own.first(tx.conn()?).await?;
    row.try_into()
}

pub(super) async fn find_by_slug(lobby: &mut Lobby, slug: &str) -> Result<Option<Organization>> {
    let open = organizations::table
        .filter(organizations::slug.eq(slug.to_owned()))
        .filter(organizations::deactivated_at.is_null())
        .select(Row::as_select());
    let row: Option<Row> = open.first(lobby.conn()?).await.optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Every organization there is.
pub(super) async fn all_ids(lobby: &mut Lobby) -> Result<Vec<OrgId>> {
    let query = organizations::table.select(organizations::id);
    Ok(query.order(organizations::id).load(lobby.conn()?).await?)
}

pub(super) async fn by_ids(lobby: &mut Lobby, ids: &[OrgId]) -> Result<Vec<Organization>> {
    let open = organizations::table
        .filter(organizations::id.eq_any(ids.to_vec()))
        .filter(organizations::deactivated_at.is_null())
        .select(Row::as_select());
    let rows: Vec<Row> = open.load(lobby.conn()?).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) fn update(tx: &mut Tx, organization: &Organization) -> Result<()> {
    let own = organizations::table.filter(organizations::id.eq(tx.org()));
    tx.stage(diesel::update(own).set((
        organizations::name.eq(organization.name.clone()),
        organizations::time_zone.eq(organization.time_zone.name()),
        organizations::currency.eq(organization.currency.clone()),
    )))
}

fn own_departments(tx: &Tx) -> departments::BoxedQuery<'static, Dual> {
    departments::table
        .filter(departments::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn list_departments(tx: &mut Tx) -> Result<Vec<Department>> {
    let rows = own_departments(tx)
        .filter(departments::archived_at.is_null())
        .order((departments::name, departments::id))
        .select(Department::as_select());
    Ok(rows.load(tx.conn()?).await?)
}

/// Also archived ones: what once happened there still happened there.
pub(super) async fn departments_by_ids(
    tx: &mut Tx,
    ids: &[DepartmentId],
) -> Result<Vec<Department>> {
    let rows = own_departments(tx)
        .filter(departments::id.eq_any(ids.to_vec()))
        .select(Department::as_select());
    Ok(rows.load(tx.conn()?).await?)
}

pub(super) async fn find_department(tx: &mut Tx, id: DepartmentId) -> Result<Option<Department>> {
    let row = own_departments(tx)
        .filter(departments::id.eq(id))
        .filter(departments::archived_at.is_null())
        .select(Department::as_select());
    Ok(row.first(tx.conn()?).await.optional()?)
}

/// The first of this name at the top of the tree, archived ones aside.
pub(super) async fn find_department_by_name(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<DepartmentId>> {
    let row = own_departments(tx)
        .filter(departments::name.eq(name.to_owned()))
        .filter(departments::archived_at.is_null())
        .order(departments::id)
        .select(departments::id);
    Ok(row.first(tx.conn()?).await.optional()?)
}

/// Now and not with the commit: rows that point at it may follow in the same transaction.
pub(super) async fn insert_department(tx: &mut Tx, department: &Department) -> Result<()> {
    let row = diesel::insert_into(departments::table).values((
        departments::org_id.eq(tx.org()),
        departments::id.eq(department.id),
        departments::parent_id.eq(department.parent_id),
        departments::name.eq(department.name.clone()),
        departments::created_at.eq(department.created_at),
    ));
    tx.execute(row).await.map(drop)
}

pub(super) fn update_department(tx: &mut Tx, department: &Department) -> Result<()> {
    let own = departments::table
        .filter(departments::org_id.eq(tx.org()))
        .filter(departments::id.eq(department.id));
    tx.stage(diesel::update(own).set((
        departments::parent_id.eq(department.parent_id),
        departments::name.eq(department.name.clone()),
        departments::archived_at.eq(department.archived_at),
    )))
}

pub(super) async fn count_active_members(tx: &mut Tx, department: DepartmentId) -> Result<i64> {
    let active = members::table
        .filter(members::org_id.eq(tx.org()))
        .filter(members::department_id.eq(department))
        .filter(members::deactivated_at.is_null());
    Ok(active.count().get_result(tx.conn()?).await?)
}

/// Child and parent of every department, archived ones too: their people did not vanish.
async fn pairs(tx: &mut Tx) -> Result<Vec<(DepartmentId, Option<DepartmentId>)>> {
    let rows = own_departments(tx).select((departments::id, departments::parent_id));
    Ok(rows.load(tx.conn()?).await?)
}

/// A department and everything below it.
pub(crate) async fn departments_below(
    tx: &mut Tx,
    root: DepartmentId,
) -> Result<Vec<DepartmentId>> {
    Ok(model::below(&pairs(tx).await?, root))
}

/// A department and everything above it.
pub(super) async fn departments_above(
    tx: &mut Tx,
    leaf: DepartmentId,
) -> Result<Vec<DepartmentId>> {
    Ok(model::above(&pairs(tx).await?, leaf))
}
