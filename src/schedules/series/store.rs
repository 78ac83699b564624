//! Remembers series and where they depart from their rule.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{members, shift_series, shift_series_changes};

use super::model::{Change, Series};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberId, OrgId, PlaceId, SeriesId, ShiftTypeId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// A row of `shift_series`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = shift_series)]
struct Row {
    org_id: OrgId,
    id: SeriesId,
    member_id: MemberId,
    place_id: Option<PlaceId>,
    type_id: Option<ShiftTypeId>,
    shape: serde_json::Value,
    recurrence: String,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    planned_to: NaiveDate,
    created_at: Instant,
}

impl Row {
    fn series(self) -> Result<Series> {
        Ok(Series {
            id: self.id,
            member_id: self.member_id,
            place_id: self.place_id,
            type_id: self.type_id,
            shape: serde_json::from_value(self.shape)?,
            recurrence: self.recurrence,
            first_day: self.first_day,
            last_day: self.last_day,
            planned_to: self.planned_to,
            created_at: self.created_at,
        })
    }
}

/// A row of `shift_series_changes`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = shift_series_changes)]
struct ChangeRow {
    org_id: OrgId,
    series_id: SeriesId,
    day: NaiveDate,
    moved_to: Option<NaiveDate>,
    shape: Option<serde_json::Value>,
    reason: Option<String>,
    created_at: Instant,
}

fn own(tx: &Tx) -> shift_series::BoxedQuery<'static, Dual> {
    shift_series::table
        .filter(shift_series::org_id.eq(tx.org()))
        .into_boxed()
}

/// The organization's series that the viewer's action reaches.
fn reached(tx: &Tx) -> shift_series::BoxedQuery<'static, Dual> {
    let query = own(tx);
    let me = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(shift_series::member_id.nullable().eq(me)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id);
            query.filter(
                shift_series::member_id
                    .eq_any(colleagues)
                    .or(shift_series::member_id.nullable().eq(me)),
            )
        }
    }
}

async fn load(tx: &mut Tx, query: shift_series::BoxedQuery<'static, Dual>) -> Result<Vec<Series>> {
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Row::series).collect()
}

/// A series within reach.
pub(super) async fn find(tx: &mut Tx, id: SeriesId) -> Result<Series> {
    let query = reached(tx).filter(shift_series::id.eq(id));
    let found = load(tx, query).await?.pop();
    found.ok_or_else(|| Error::not_found("series"))
}

/// Those of them within reach, in no order.
pub(super) async fn find_many(tx: &mut Tx, ids: &[SeriesId]) -> Result<Vec<Series>> {
    let query = reached(tx).filter(shift_series::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// The series within reach, the latest first.
pub(super) async fn list(
    tx: &mut Tx,
    member: Option<MemberId>,
    page: &PageRequest,
) -> Result<Page<Series>> {
    let mut query = reached(tx);
    if let Some(member) = member {
        query = query.filter(shift_series::member_id.eq(member));
    }
    if let Some(after) = page.after {
        let earlier = shift_series::created_at.lt(after.at);
        query = query.filter(
            earlier.or(shift_series::created_at
                .eq(after.at)
                .and(shift_series::id.lt(SeriesId::from_uuid(after.id)))),
        );
    }
    let query = query
        .order((shift_series::created_at.desc(), shift_series::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Some of the series that are not planned up to a day yet and do not end before, in the order of their ids.
pub(super) async fn behind(
    tx: &mut Tx,
    day: NaiveDate,
    after: Option<SeriesId>,
    most: i64,
) -> Result<Vec<Series>> {
    let goes_on = shift_series::last_day
        .is_null()
        .or(shift_series::last_day.gt(shift_series::planned_to.nullable()));
    let mut query = own(tx)
        .filter(shift_series::planned_to.lt(day))
        .filter(goes_on);
    if let Some(after) = after {
        query = query.filter(shift_series::id.gt(after));
    }
    load(tx, query.order(shift_series::id).limit(most)).await
}

pub(super) async fn insert(tx: &mut Tx, series: &[Series]) -> Result<()> {
    let org_id = tx.org();
    let row = |series: &Series| -> Result<Row> {
        Ok(Row {
            org_id,
            id: series.id,
            member_id: series.member_id,
            place_id: series.place_id,
            type_id: series.type_id,
            shape: serde_json::to_value(&series.shape)?,
            recurrence: series.recurrence.clone(),
            first_day: series.first_day,
            last_day: series.last_day,
            planned_to: series.planned_to,
            created_at: series.created_at,
        })
    };
    let rows: Vec<Row> = series.iter().map(row).collect::<Result<_>>()?;
    let insert = diesel::insert_into(shift_series::table).values(rows);
    tx.execute(insert).await.map(drop)
}

/// Keeps how far a series is planned and where it ends.
pub(super) fn update(tx: &mut Tx, series: &Series) -> Result<()> {
    let own = shift_series::table.filter(
        shift_series::org_id
            .eq(tx.org())
            .and(shift_series::id.eq(series.id)),
    );
    tx.stage(diesel::update(own).set((
        shift_series::last_day.eq(series.last_day),
        shift_series::planned_to.eq(series.planned_to),
    )))
}

/// Where these series depart from their rule, by series and day.
pub(super) async fn changes(
    tx: &mut Tx,
    ids: &[SeriesId],
) -> Result<HashMap<SeriesId, HashMap<NaiveDate, Change>>> {
    let rows: Vec<ChangeRow> = shift_series_changes::table
        .filter(shift_series_changes::org_id.eq(tx.org()))
        .filter(shift_series_changes::series_id.eq_any(ids.to_vec()))
        .select(ChangeRow::as_select())
        .load(tx.conn()?)
        .await?;
    let mut found: HashMap<SeriesId, HashMap<NaiveDate, Change>> = HashMap::new();
    for row in rows {
        let change = Change {
            series_id: row.series_id,
            day: row.day,
            moved_to: row.moved_to,
            shape: row.shape.map(serde_json::from_value).transpose()?,
            reason: row.reason,
            created_at: row.created_at,
        };
        let of_series = found.entry(change.series_id).or_default();
        of_series.insert(change.day, change);
    }
    Ok(found)
}

/// Keeps a change; the newest of a day counts.
pub(super) fn keep_change(tx: &mut Tx, change: &Change) -> Result<()> {
    let shape = change
        .shape
        .as_ref()
        .map(serde_json::to_value)
        .transpose()?;
    let row = ChangeRow {
        org_id: tx.org(),
        series_id: change.series_id,
        day: change.day,
        moved_to: change.moved_to,
        shape: shape.clone(),
        reason: change.reason.clone(),
        created_at: change.created_at,
    };
    let insert = diesel::insert_into(shift_series_changes::table).values(row);
    let key = (
        shift_series_changes::org_id,
        shift_series_changes::series_id,
        shift_series_changes::day,
    );
    tx.stage(insert.on_conflict(key).do_update().set((
        shift_series_changes::moved_to.eq(change.moved_to),
        shift_series_changes::shape.eq(shape),
        shift_series_changes::reason.eq(change.reason.clone()),
        shift_series_changes::created_at.eq(change.created_at),
    )))
}
