//! Remembers series of attendance events and where they depart from their rule.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{gathering_series, gathering_series_changes};

use super::model::{Departure, Series};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, GatheringSeriesId, MemberId, OrgId, PlaceId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// A row of `gathering_series`.
#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = gathering_series, primary_key(org_id, id), treat_none_as_null = true)]
struct Row {
    org_id: OrgId,
    id: GatheringSeriesId,
    pattern: serde_json::Value,
    place_id: Option<PlaceId>,
    department_id: Option<DepartmentId>,
    organizer_id: Option<MemberId>,
    time_zone: String,
    recurrence: String,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    planned_to: NaiveDate,
    created_at: Instant,
}

impl Row {
    fn new(org_id: OrgId, series: &Series) -> Result<Self> {
        Ok(Self {
            org_id,
            id: series.id,
            pattern: serde_json::to_value(&series.pattern)?,
            place_id: series.place_id,
            department_id: series.department_id,
            organizer_id: series.organizer_id,
            time_zone: series.time_zone.name().to_owned(),
            recurrence: series.recurrence.clone(),
            first_day: series.first_day,
            last_day: series.last_day,
            planned_to: series.planned_to,
            created_at: series.created_at,
        })
    }

    fn series(self) -> Result<Series> {
        Ok(Series {
            id: self.id,
            pattern: serde_json::from_value(self.pattern)?,
            place_id: self.place_id,
            department_id: self.department_id,
            organizer_id: self.organizer_id,
            time_zone: self.time_zone.parse().map_err(Error::internal)?,
            recurrence: self.recurrence,
            first_day: self.first_day,
            last_day: self.last_day,
            planned_to: self.planned_to,
            created_at: self.created_at,
        })
    }
}

/// A row of `gathering_series_changes`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = gathering_series_changes)]
struct DepartureRow {
    org_id: OrgId,
    series_id: GatheringSeriesId,
    day: NaiveDate,
    moved: Option<serde_json::Value>,
    reason: Option<String>,
    created_at: Instant,
}

type Query = gathering_series::BoxedQuery<'static, Dual>;

fn own(tx: &Tx) -> Query {
    gathering_series::table
        .filter(gathering_series::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those of the viewer's departments, and those the viewer organizes.
fn reached(tx: &Tx) -> Query {
    let query = own(tx);
    let me: Vec<MemberId> = tx.viewer().member().into_iter().collect();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(gathering_series::organizer_id.eq_any(me)),
        Scope::Department => query.filter(
            gathering_series::department_id
                .eq_any(tx.departments())
                .or(gathering_series::organizer_id.eq_any(me)),
        ),
    }
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<Series>> {
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Row::series).collect()
}

/// Those within reach, in no order.
pub(super) async fn find(tx: &mut Tx, ids: &[GatheringSeriesId]) -> Result<Vec<Series>> {
    let query = reached(tx).filter(gathering_series::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// One within reach, until the end of this change nobody else's.
pub(in crate::gatherings) async fn lock(
    tx: &mut Tx,
    id: GatheringSeriesId,
) -> Result<Option<Series>> {
    let query = reached(tx).filter(gathering_series::id.eq(id));
    let rows: Vec<Row> = ForUpdate(query.select(Row::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().next().map(Row::series).transpose()
}

/// Those within reach, the latest first.
pub(super) async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Page<Series>> {
    let mut query = reached(tx);
    if let Some(after) = page.after {
        let id = GatheringSeriesId::from_uuid(after.id);
        let earlier = gathering_series::created_at.lt(after.at);
        query = query.filter(
            earlier.or(gathering_series::created_at
                .eq(after.at)
                .and(gathering_series::id.lt(id))),
        );
    }
    let query = query
        .order((
            gathering_series::created_at.desc(),
            gathering_series::id.desc(),
        ))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Some of those that are not planned up to a day yet and do not end before, in the order of their ids.
pub(super) async fn behind(
    tx: &mut Tx,
    day: NaiveDate,
    after: Option<GatheringSeriesId>,
    most: i64,
) -> Result<Vec<GatheringSeriesId>> {
    let goes_on = gathering_series::last_day
        .is_null()
        .or(gathering_series::last_day.gt(gathering_series::planned_to.nullable()));
    let mut query = own(tx)
        .filter(gathering_series::planned_to.lt(day))
        .filter(goes_on);
    if let Some(after) = after {
        query = query.filter(gathering_series::id.gt(after));
    }
    let query = query.order(gathering_series::id).limit(most);
    Ok(query.select(gathering_series::id).load(tx.conn()?).await?)
}

/// Now and not with the commit: its events point at it.
pub(super) async fn insert(tx: &mut Tx, series: &Series) -> Result<()> {
    let row = Row::new(tx.org(), series)?;
    let insert = diesel::insert_into(gathering_series::table).values(row);
    tx.execute(insert).await.map(drop)
}

pub(in crate::gatherings) fn stage_update(tx: &mut Tx, series: &Series) -> Result<()> {
    let row = Row::new(tx.org(), series)?;
    let own = gathering_series::table
        .filter(gathering_series::org_id.eq(tx.org()))
        .filter(gathering_series::id.eq(series.id));
    tx.stage(diesel::update(own).set(row))
}

/// Where these series depart from their rule, in the order of the days.
pub(super) async fn departures(
    tx: &mut Tx,
    ids: &[GatheringSeriesId],
) -> Result<HashMap<GatheringSeriesId, Vec<Departure>>> {
    let rows: Vec<DepartureRow> = gathering_series_changes::table
        .filter(gathering_series_changes::org_id.eq(tx.org()))
        .filter(gathering_series_changes::series_id.eq_any(ids.to_vec()))
        .order(gathering_series_changes::day)
        .select(DepartureRow::as_select())
        .load(tx.conn()?)
        .await?;
    let mut found: HashMap<GatheringSeriesId, Vec<Departure>> = HashMap::new();
    for row in rows {
        let departure = Departure {
            series_id: row.series_id,
            day: row.day,
            moved: row.moved.map(serde_json::from_value).transpose()?,
            reason: row.reason,
            created_at: row.created_at,
        };
        found.entry(row.series_id).or_default().push(departure);
    }
    Ok(found)
}

/// Keeps a departure; the newest of a day counts.
pub(super) fn stage_departure(tx: &mut Tx, departure: &Departure) -> Result<()> {
    let moved = departure.moved.map(serde_json::to_value).transpose()?;
    let row = DepartureRow {
        org_id: tx.org(),
        series_id: departure.series_id,
        day: departure.day,
        moved: moved.clone(),
        reason: departure.reason.clone(),
        created_at: departure.created_at,
    };
    let insert = diesel::insert_into(gathering_series_changes::table).values(row);
    let key = (
        gathering_series_changes::org_id,
        gathering_series_changes::series_id,
        gathering_series_changes::day,
    );
    tx.stage(insert.on_conflict(key).do_update().set((
        gathering_series_changes::moved.eq(moved),
        gathering_series_changes::reason.eq(departure.reason.clone()),
        gathering_series_changes::created_at.eq(departure.created_at),
    )))
}
