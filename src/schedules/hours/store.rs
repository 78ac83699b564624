//! Remembers business hours.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use zamu_schema::dual::Dual;
use zamu_schema::tables::business_hours;

use super::model::Hours;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, HoursId, OrgId, PlaceId};
use crate::kernel::time::Instant;
use crate::schedules::scope::Scope;

/// A row of `business_hours`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = business_hours)]
struct Row {
    org_id: OrgId,
    id: HoursId,
    place_id: Option<PlaceId>,
    department_id: Option<DepartmentId>,
    scope_id: Uuid,
    since: NaiveDate,
    week: Option<serde_json::Value>,
    created_at: Instant,
}

impl Row {
    fn hours(self) -> Result<Hours> {
        Ok(Hours {
            id: self.id,
            scope: Scope::read(self.place_id, self.department_id),
            since: self.since,
            week: self.week.map(serde_json::from_value).transpose()?,
            created_at: self.created_at,
        })
    }
}

fn own(tx: &Tx) -> business_hours::BoxedQuery<'static, Dual> {
    business_hours::table
        .filter(business_hours::org_id.eq(tx.org()))
        .into_boxed()
}

/// Everything the organization ever said, the latest beginning first.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Hours>> {
    let query = own(tx).order((business_hours::since.desc(), business_hours::id.desc()));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Row::hours).collect()
}

pub(super) fn insert(tx: &mut Tx, hours: &Hours) -> Result<()> {
    let week = hours.week.as_ref().map(serde_json::to_value).transpose()?;
    let row = Row {
        org_id: tx.org(),
        id: hours.id,
        place_id: hours.scope.place(),
        department_id: hours.scope.department(),
        scope_id: hours.scope.id(),
        since: hours.since,
        week,
        created_at: hours.created_at,
    };
    tx.stage(diesel::insert_into(business_hours::table).values(row))
}
