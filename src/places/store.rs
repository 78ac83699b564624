//! Remembers places, clients, and which client is served where.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{client_places, clients, places};

use super::model::{Bounds, Client, ClientPlace, Place};
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{FencePolygon, Point};
use crate::kernel::id::{ClientId, MemberId, OrgId, PlaceId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

diesel::define_sql_function! {
    /// Small letters; on SQLite only those of ASCII.
    fn lower(text: Text) -> Text;
}

/// A row of `places`.
#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = places, primary_key(org_id, id), treat_none_as_null = true)]
struct PlaceRow {
    org_id: OrgId,
    id: PlaceId,
    name: String,
    address: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    radius_m: Option<i32>,
    polygon: Option<serde_json::Value>,
    time_zone: String,
    external_ref: Option<String>,
    created_at: Instant,
    archived_at: Option<Instant>,
}

impl PlaceRow {
    fn new(org_id: OrgId, place: &Place) -> Self {
        Self {
            org_id,
            id: place.id,
            name: place.name.clone(),
            address: place.address.clone(),
            latitude: place.position.map(|point| point.latitude),
            longitude: place.position.map(|point| point.longitude),
            radius_m: place.radius_m,
            polygon: place.polygon.as_ref().map(FencePolygon::to_geojson),
            time_zone: place.time_zone.name().to_owned(),
            external_ref: place.external_ref.clone(),
            created_at: place.created_at,
            archived_at: place.archived_at,
        }
    }

    fn place(self) -> Result<Place> {
        Ok(Place {
            id: self.id,
            name: self.name,
            address: self.address,
            position: point(self.latitude, self.longitude),
            radius_m: self.radius_m,
            polygon: self
                .polygon
                .as_ref()
                .map(FencePolygon::from_geojson)
                .transpose()
                .map_err(Error::internal)?,
            time_zone: self.time_zone.parse().map_err(Error::internal)?,
            external_ref: self.external_ref,
            created_at: self.created_at,
            archived_at: self.archived_at,
        })
    }
}

fn point(latitude: Option<f64>, longitude: Option<f64>) -> Option<Point> {
    latitude.zip(longitude).map(|(latitude, longitude)| Point {
        latitude,
        longitude,
    })
}

/// A row of `clients`.
#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = clients, primary_key(org_id, id), treat_none_as_null = true)]
struct ClientRow {
    org_id: OrgId,
    id: ClientId,
    name: String,
    phone: Option<String>,
    member_id: Option<MemberId>,
    notes: Option<String>,
    created_at: Instant,
    archived_at: Option<Instant>,
    other_phones: serde_json::Value,
    is_newborn: bool,
}

impl ClientRow {
    fn new(org_id: OrgId, client: &Client) -> Self {
        let Client {
            id,
            name,
            phone,
            other_phones,
            is_newborn,
            member_id,
            notes,
            created_at,
            archived_at,
        } = client.clone();
        Self {
            other_phones: other_phones.into(),
            is_newborn,
            org_id,
            id,
            name,
            phone,
            member_id,
            notes,
            created_at,
            archived_at,
        }
    }

    fn client(self) -> Result<Client> {
        let other_phones = serde_json::from_value(self.other_phones)?;
        let Self {
            id,
            name,
            phone,
            member_id,
            notes,
            created_at,
            archived_at,
            is_newborn,
            ..
        } = self;
        Ok(Client {
            id,
            name,
            phone,
            other_phones,
            is_newborn,
            member_id,
            notes,
            created_at,
            archived_at,
        })
    }
}

/// Which rows a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the name, in any case.
    pub search: Option<String>,
    /// Whether archived rows are shown instead of the others.
    pub archived: bool,
}

impl Filter {
    /// The patterns to look for: as typed for what SQLite cannot fold, and in small letters.
    fn patterns(&self) -> Option<(String, String)> {
        let search = self
            .search
            .as_deref()
            .map(str::trim)
            .filter(|search| !search.is_empty())?;
        let literal = search
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        Some((
            format!("%{literal}%"),
            format!("%{}%", literal.to_lowercase()),
        ))
    }
}

fn own_places(tx: &Tx) -> places::BoxedQuery<'static, Dual> {
    places::table
        .filter(places::org_id.eq(tx.org()))
        .into_boxed()
}

fn own_clients(tx: &Tx) -> clients::BoxedQuery<'static, Dual> {
    clients::table
        .filter(clients::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn find_place(tx: &mut Tx, id: PlaceId) -> Result<Option<Place>> {
    Ok(find_places(tx, &[id]).await?.pop())
}

/// Those of the places that are this organization's, in no order.
pub(super) async fn find_places(tx: &mut Tx, ids: &[PlaceId]) -> Result<Vec<Place>> {
    let query = own_places(tx).filter(places::id.eq_any(ids.to_vec()));
    let rows: Vec<PlaceRow> = query.select(PlaceRow::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(PlaceRow::place).collect()
}

pub(super) async fn find_place_by_external_ref(
    tx: &mut Tx,
    external_ref: &str,
) -> Result<Option<Place>> {
    let query = own_places(tx).filter(places::external_ref.eq(external_ref.to_owned()));
    let row: Option<PlaceRow> = query
        .select(PlaceRow::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.map(PlaceRow::place).transpose()
}

pub(super) async fn list_places(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Place>> {
    let mut query = own_places(tx).filter(places::archived_at.is_not_null().eq(filter.archived));
    if let Some((typed, small)) = filter.patterns() {
        let name = places::name;
        query = query.filter(
            name.like(typed)
                .escape('\\')
                .or(lower(name).like(small).escape('\\')),
        );
    }
    if let Some(after) = page.after {
        let earlier = places::created_at.lt(after.at);
        query = query.filter(
            earlier.or(places::created_at
                .eq(after.at)
                .and(places::id.lt(PlaceId::from_uuid(after.id)))),
        );
    }
    let query = query
        .order((places::created_at.desc(), places::id.desc()))
        .limit(page.limit());
    let rows: Vec<PlaceRow> = query.select(PlaceRow::as_select()).load(tx.conn()?).await?;
    let rows = rows
        .into_iter()
        .map(PlaceRow::place)
        .collect::<Result<_>>()?;
    Ok(Page::from_rows(rows, page))
}

/// The places in a box, by position only: the few that turn out to be nearest are read afterwards.
pub(super) async fn list_place_positions(
    tx: &mut Tx,
    bounds: Bounds,
) -> Result<Vec<(PlaceId, Point)>> {
    let Bounds {
        south,
        north,
        east_west: [(west, east), (west2, east2)],
    } = bounds;
    let query = own_places(tx)
        .filter(places::archived_at.is_null())
        .filter(places::latitude.between(south, north))
        .filter(
            places::longitude
                .between(west, east)
                .or(places::longitude.between(west2, east2)),
        );
    let rows: Vec<(PlaceId, Option<f64>, Option<f64>)> = query
        .select((places::id, places::latitude, places::longitude))
        .load(tx.conn()?)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, latitude, longitude)| Some((id, point(latitude, longitude)?)))
        .collect())
}

/// The clients with a place in a box: one row per place.
pub(super) async fn list_client_positions(
    tx: &mut Tx,
    bounds: Bounds,
) -> Result<Vec<(ClientId, Point)>> {
    let Bounds {
        south,
        north,
        east_west: [(west, east), (west2, east2)],
    } = bounds;
    let query = own_clients(tx)
        .inner_join(
            client_places::table.on(client_places::org_id
                .eq(clients::org_id)
                .and(client_places::client_id.eq(clients::id))),
        )
        .inner_join(
            places::table.on(places::org_id
                .eq(client_places::org_id)
                .and(places::id.eq(client_places::place_id))),
        );
    let query = query
        .filter(
            clients::archived_at
                .is_null()
                .and(places::archived_at.is_null()),
        )
        .filter(places::latitude.between(south, north))
        .filter(
            places::longitude
                .between(west, east)
                .or(places::longitude.between(west2, east2)),
        );
    let rows: Vec<(ClientId, Option<f64>, Option<f64>)> = query
        .select((clients::id, places::latitude, places::longitude))
        .load(tx.conn()?)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, latitude, longitude)| Some((id, point(latitude, longitude)?)))
        .collect())
}

pub(super) async fn insert_place(tx: &mut Tx, place: &Place) -> Result<()> {
    let row = PlaceRow::new(tx.org(), place);
    tx.execute(diesel::insert_into(places::table).values(row))
        .await?;
    Ok(())
}

/// Inserts a place unless one with its reference is there: two imports may meet.
pub(super) async fn insert_place_once(tx: &mut Tx, place: &Place) -> Result<usize> {
    let row = PlaceRow::new(tx.org(), place);
    let once = diesel::insert_into(places::table)
        .values(row)
        .on_conflict((places::org_id, places::external_ref));
    tx.execute(once.do_nothing()).await
}

pub(super) async fn update_place(tx: &mut Tx, place: &Place) -> Result<()> {
    let row = PlaceRow::new(tx.org(), place);
    let own = places::table.filter(places::org_id.eq(tx.org()).and(places::id.eq(place.id)));
    tx.execute(diesel::update(own).set(row)).await?;
    Ok(())
}

pub(super) async fn find_clients(tx: &mut Tx, ids: &[ClientId]) -> Result<Vec<Client>> {
    let query = own_clients(tx).filter(clients::id.eq_any(ids.to_vec()));
    let rows: Vec<ClientRow> = query
        .select(ClientRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(ClientRow::client).collect()
}

pub(super) async fn list_clients(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Client>> {
    let mut query = own_clients(tx).filter(clients::archived_at.is_not_null().eq(filter.archived));
    if let Some((typed, small)) = filter.patterns() {
        let name = clients::name;
        query = query.filter(
            name.like(typed)
                .escape('\\')
                .or(lower(name).like(small).escape('\\')),
        );
    }
    if let Some(after) = page.after {
        let earlier = clients::created_at.lt(after.at);
        query = query.filter(
            earlier.or(clients::created_at
                .eq(after.at)
                .and(clients::id.lt(ClientId::from_uuid(after.id)))),
        );
    }
    let query = query
        .order((clients::created_at.desc(), clients::id.desc()))
        .limit(page.limit());
    let rows: Vec<ClientRow> = query
        .select(ClientRow::as_select())
        .load(tx.conn()?)
        .await?;
    let rows = rows
        .into_iter()
        .map(ClientRow::client)
        .collect::<Result<_>>()?;
    Ok(Page::from_rows(rows, page))
}

pub(super) async fn insert_client(tx: &mut Tx, client: &Client) -> Result<()> {
    let row = ClientRow::new(tx.org(), client);
    tx.execute(diesel::insert_into(clients::table).values(row))
        .await?;
    Ok(())
}

pub(super) async fn update_client(tx: &mut Tx, client: &Client) -> Result<()> {
    let row = ClientRow::new(tx.org(), client);
    let own = clients::table.filter(clients::org_id.eq(tx.org()).and(clients::id.eq(client.id)));
    tx.execute(diesel::update(own).set(row)).await?;
    Ok(())
}

/// The clients of some places.
pub(super) async fn list_served_at(
    tx: &mut Tx,
    at: Vec<PlaceId>,
) -> Result<Vec<(ClientId, PlaceId)>> {
    let query = client_places::table
        .filter(client_places::org_id.eq(tx.org()))
        .filter(client_places::place_id.eq_any(at))
        .select((client_places::client_id, client_places::place_id));
    Ok(query.load(tx.conn()?).await?)
}

/// The places of some clients that are still in use, oldest first.
pub(super) async fn list_client_places(
    tx: &mut Tx,
    of: &[ClientId],
) -> Result<Vec<(ClientId, ClientPlace)>> {
    let query = client_places::table
        .inner_join(
            places::table.on(places::org_id
                .eq(client_places::org_id)
                .and(places::id.eq(client_places::place_id))),
        )
        .filter(client_places::org_id.eq(tx.org()))
        .filter(client_places::client_id.eq_any(of.to_vec()))
        .filter(places::archived_at.is_null())
        .order((places::created_at, places::id));
    let rows: Vec<(ClientId, Option<String>, PlaceRow)> = query
        .select((
            client_places::client_id,
            client_places::label,
            PlaceRow::as_select(),
        ))
        .load(tx.conn()?)
        .await?;
    rows.into_iter()
        .map(|(id, label, row)| {
            Ok((
                id,
                ClientPlace {
                    place: row.place()?,
                    label,
                },
            ))
        })
        .collect()
}

/// Adds a place to a client, or gives the one already there another label.
pub(super) async fn insert_client_place(
    tx: &mut Tx,
    client: ClientId,
    place: PlaceId,
    label: Option<String>,
) -> Result<()> {
    use client_places as t;
    let row = (
        t::org_id.eq(tx.org()),
        t::client_id.eq(client),
        t::place_id.eq(place),
        t::label.eq(label.clone()),
    );
    let insert = diesel::insert_into(t::table).values(row);
    let upsert = insert
        .on_conflict((t::org_id, t::client_id, t::place_id))
        .do_update()
        .set(t::label.eq(label));
    tx.execute(upsert).await?;
    Ok(())
}

/// Whether there was one to delete.
pub(super) async fn delete_client_place(
    tx: &mut Tx,
    client: ClientId,
    place: PlaceId,
) -> Result<bool> {
    use client_places as t;
    let own = t::table.filter(
        t::org_id
            .eq(tx.org())
            .and(t::client_id.eq(client))
            .and(t::place_id.eq(place)),
    );
    Ok(tx.execute(diesel::delete(own)).await? > 0)
}
