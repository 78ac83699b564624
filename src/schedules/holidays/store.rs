//! Remembers holidays.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use zamu_schema::dual::Dual;
use zamu_schema::tables::holidays;

use super::model::{Country, Holiday};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, HolidayId, OrgId, PlaceId};
use crate::kernel::time::Instant;
use crate::schedules::scope::Scope;

/// In `source`, where it was not adopted from a country.
const ENTERED: &str = "ENTERED";

/// A row of `holidays`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = holidays)]
struct Row {
    org_id: OrgId,
    id: HolidayId,
    day: NaiveDate,
    name: String,
    place_id: Option<PlaceId>,
    department_id: Option<DepartmentId>,
    scope_id: Uuid,
    source: String,
    created_at: Instant,
}

impl Row {
    fn new(org_id: OrgId, holiday: &Holiday) -> Self {
        Self {
            org_id,
            id: holiday.id,
            day: holiday.day,
            name: holiday.name.clone(),
            place_id: holiday.scope.place(),
            department_id: holiday.scope.department(),
            scope_id: holiday.scope.id(),
            source: holiday.country.map_or(ENTERED, Country::name).to_owned(),
            created_at: holiday.created_at,
        }
    }

    fn holiday(self) -> Holiday {
        Holiday {
            id: self.id,
            day: self.day,
            name: self.name,
            scope: Scope::read(self.place_id, self.department_id),
            country: Country::parse(&self.source),
            created_at: self.created_at,
        }
    }
}

fn own(tx: &Tx) -> holidays::BoxedQuery<'static, Dual> {
    holidays::table
        .filter(holidays::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those of all scopes between two days, both included, in order.
pub(super) async fn list(
    tx: &mut Tx,
    from: NaiveDate,
    to: NaiveDate,
    scopes: Option<&[Scope]>,
) -> Result<Vec<Holiday>> {
    let mut query = own(tx).filter(holidays::day.ge(from).and(holidays::day.le(to)));
    if let Some(scopes) = scopes {
        let ids: Vec<Uuid> = scopes.iter().map(|scope| scope.id()).collect();
        query = query.filter(holidays::scope_id.eq_any(ids));
    }
    let query = query.order((holidays::day, holidays::id));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    Ok(rows.into_iter().map(Row::holiday).collect())
}

pub(super) async fn find(tx: &mut Tx, id: HolidayId) -> Result<Option<Holiday>> {
    let query = own(tx).filter(holidays::id.eq(id)).select(Row::as_select());
    let row: Option<Row> = query.first(tx.conn()?).await.optional()?;
    Ok(row.map(Row::holiday))
}

pub(super) async fn find_many(tx: &mut Tx, ids: &[HolidayId]) -> Result<Vec<Holiday>> {
    let query = own(tx).filter(holidays::id.eq_any(ids.to_vec()));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    Ok(rows.into_iter().map(Row::holiday).collect())
}

/// Adds holidays; one of the same day, name and scope that is there already is left as it is.
pub(super) async fn insert(tx: &mut Tx, new: &[Holiday]) -> Result<usize> {
    let org = tx.org();
    let rows: Vec<Row> = new.iter().map(|holiday| Row::new(org, holiday)).collect();
    let key = (
        holidays::org_id,
        holidays::day,
        holidays::scope_id,
        holidays::name,
    );
    let insert = diesel::insert_into(holidays::table).values(rows);
    tx.execute(insert.on_conflict(key).do_nothing()).await
}

pub(super) fn delete(tx: &mut Tx, id: HolidayId) -> Result<()> {
    let own = holidays::table.filter(holidays::org_id.eq(tx.org()).and(holidays::id.eq(id)));
    tx.stage(diesel::delete(own))
}
