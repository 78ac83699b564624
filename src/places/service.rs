//! Decides: places and the clients served there.

use chrono_tz::Tz;

use super::model::{Client, ClientPlace, Nearby, Place, Vicinity};
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::change::Change;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{FencePolygon, Point};
use crate::kernel::id::{ClientId, MemberId, PlaceId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::{identity, orgs};

/// More places than this have one client: then it is not one client.
const MOST_CLIENT_PLACES: usize = 50;

/// A place as somebody describes it.
#[derive(Debug, Clone, Default)]
pub struct NewPlace {
    pub name: String,
    pub address: Option<String>,
    pub position: Option<Point>,
    pub radius_m: Option<i32>,
    /// GeoJSON.
    pub polygon: Option<serde_json::Value>,
    /// The organization's, if nobody says.
    pub time_zone: Option<String>,
    pub external_ref: Option<String>,
}

/// What is to be different about a place.
#[derive(Debug, Clone, Default)]
pub struct PlaceChanges {
    pub name: Change<String>,
    pub address: Change<String>,
    pub position: Change<Point>,
    pub radius_m: Change<i32>,
    /// GeoJSON.
    pub polygon: Change<serde_json::Value>,
    pub time_zone: Change<String>,
    pub external_ref: Change<String>,
}

pub async fn create_place(app: &App, viewer: &Viewer, new: NewPlace) -> Result<Place> {
    let mut tx = app.begin(viewer, Action::ManagePlaces).await?;
    let time_zone = match &new.time_zone {
        Some(name) => orgs::model::time_zone(name)?,
        None => orgs::service::own_in(&mut tx).await?.time_zone,
    };
    let place = Place {
        id: tx.id(),
        name: new.name,
        address: new.address,
        position: new.position,
        radius_m: new.radius_m,
        polygon: new
            .polygon
            .as_ref()
            .map(FencePolygon::from_geojson)
            .transpose()?,
        time_zone,
        external_ref: new.external_ref,
        created_at: tx.now(),
        archived_at: None,
    };
    let place = place.checked()?;
    store::insert_place(&mut tx, &place).await?;
    announce(tx, place).await
}

pub async fn update_place(
    app: &App,
    viewer: &Viewer,
    id: PlaceId,
    changes: PlaceChanges,
) -> Result<Place> {
    let mut tx = app.begin(viewer, Action::ManagePlaces).await?;
    let mut place = place_in(&mut tx, id).await?;
    match changes
        .polygon
        .try_map(|json| FencePolygon::from_geojson(&json))?
    {
        Change::Keep => {}
        shape => place.reshape(shape.apply(None)),
    }
    let old_zone = place.time_zone;
    let place = Place {
        name: changes.name.apply_required("name", place.name)?,
        address: changes.address.apply(place.address),
        position: changes.position.apply(place.position),
        radius_m: changes.radius_m.apply(place.radius_m),
        time_zone: changes
            .time_zone
            .try_map(|name| orgs::model::time_zone(&name))?
            .apply_required("timeZone", old_zone)?,
        external_ref: changes.external_ref.apply(place.external_ref),
        ..place
    };
    let place = place.checked()?;
    store::update_place(&mut tx, &place).await?;
    announce(tx, place).await
}

/// Takes a place out of use. What happened there keeps it; archiving again changes nothing.
pub async fn archive_place(app: &App, viewer: &Viewer, id: PlaceId) -> Result<Place> {
    let mut tx = app.begin(viewer, Action::ManagePlaces).await?;
    let mut place = store::find_place(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("place"))?;
    if place.archived_at.is_some() {
        tx.settle().await?;
        return Ok(place);
    }
    place.archived_at = Some(tx.now());
    store::update_place(&mut tx, &place).await?;
    announce(tx, place).await
}

async fn announce(mut tx: Tx, place: Place) -> Result<Place> {
    tx.emit(&Event::PlaceChanged { place: place.id })?;
    tx.commit(Audit::of(place.id)).await?;
    Ok(place)
}

/// A place, archived ones too: sessions of long ago point there.
pub async fn place(app: &App, viewer: &Viewer, id: PlaceId) -> Result<Place> {
    let mut tx = app.read(viewer, Action::ViewPlaces).await?;
    store::find_place(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("place"))
}

/// Those of the places that are there, in no order.
pub async fn places_by_id(app: &App, viewer: &Viewer, ids: &[PlaceId]) -> Result<Vec<Place>> {
    let mut tx = app.read(viewer, Action::ViewPlaces).await?;
    store::find_places(&mut tx, ids).await
}

pub async fn places(
    app: &App,
    viewer: &Viewer,
    filter: Filter,
    page: &PageRequest,
) -> Result<Page<Place>> {
    let filter = searchable(&filter)?;
    let mut tx = app.read(viewer, Action::ViewPlaces).await?;
    store::list_places(&mut tx, &filter, page).await
}

fn searchable(filter: &Filter) -> Result<Filter> {
    let search = text::optional("search", filter.search.as_deref(), 100)?;
    Ok(Filter {
        search,
        archived: filter.archived,
    })
}

/// The places around a point, nearest first.
pub async fn nearby_places(
    app: &App,
    viewer: &Viewer,
    near: Vicinity,
    first: Option<i32>,
) -> Result<Vec<Nearby<Place>>> {
    let first = how_many(first)?;
    let mut tx = app.read(viewer, Action::ViewPlaces).await?;
    let candidates = store::list_place_positions(&mut tx, near.bounds()).await?;
    let nearest = near.nearest(candidates, first);
    let ids: Vec<_> = nearest.iter().map(|near| near.thing).collect();
    let places = store::find_places(&mut tx, &ids).await?;
    Ok(with_things(nearest, places, |place| place.id))
}

/// The clients with a place around a point, nearest first; the distance is that of their nearest place.
pub async fn nearby_clients(
    app: &App,
    viewer: &Viewer,
    near: Vicinity,
    first: Option<i32>,
) -> Result<Vec<Nearby<Client>>> {
    let first = how_many(first)?;
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    let candidates = store::list_client_positions(&mut tx, near.bounds()).await?;
    let mut seen = std::collections::HashSet::new();
    let mut nearest = near.nearest(candidates, usize::MAX);
    nearest.retain(|near| seen.insert(near.thing));
    nearest.truncate(first);
    let ids: Vec<_> = nearest.iter().map(|near| near.thing).collect();
    let clients = store::find_clients(&mut tx, &ids).await?;
    Ok(with_things(nearest, clients, |client| client.id))
}

fn how_many(first: Option<i32>) -> Result<usize> {
    let first = PageRequest::new(first, None)?.first;
    usize::try_from(first).map_err(Error::internal)
}

/// Puts the things where their ids stand.
fn with_things<K: Copy + Eq + std::hash::Hash, T>(
    nearest: Vec<Nearby<K>>,
    things: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<Nearby<T>> {
    let mut by_key: std::collections::HashMap<K, T> = things
        .into_iter()
        .map(|thing| (key(&thing), thing))
        .collect();
    let mut put = |near: Nearby<K>| {
        by_key.remove(&near.thing).map(|thing| Nearby {
            thing,
            distance_m: near.distance_m,
        })
    };
    nearest.into_iter().filter_map(&mut put).collect()
}

/// A client as somebody describes it.
#[derive(Debug, Clone, Default)]
pub struct NewClient {
    pub name: String,
    pub phone: Option<String>,
    pub other_phones: Vec<String>,
    pub is_newborn: bool,
    pub member_id: Option<MemberId>,
    pub notes: Option<String>,
    /// Where the client is served.
    pub places: Vec<PlaceId>,
}

/// What is to be different about a client.
#[derive(Debug, Clone, Default)]
pub struct ClientChanges {
    pub name: Change<String>,
    pub phone: Change<String>,
    /// Nothing means leave them.
    pub other_phones: Option<Vec<String>>,
    pub is_newborn: Option<bool>,
    pub member_id: Change<MemberId>,
    pub notes: Change<String>,
}

pub async fn create_client(app: &App, viewer: &Viewer, new: NewClient) -> Result<Client> {
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let NewClient {
        name,
        phone,
        other_phones,
        is_newborn,
        member_id,
        notes,
        places,
    } = new;
    let client = Client {
        id: tx.id(),
        name,
        phone,
        other_phones,
        is_newborn,
        member_id,
        notes,
        created_at: tx.now(),
        archived_at: None,
    };
    let client = client.checked()?;
    check_member(&mut tx, client.member_id).await?;
    if places.len() > MOST_CLIENT_PLACES {
        return Err(Error::invalid(
            "places",
            format!("a client has at most {MOST_CLIENT_PLACES} places"),
        ));
    }
    store::insert_client(&mut tx, &client).await?;
    for place in places {
        place_in(&mut tx, place)
            .await
            .map_err(|error| error.at("places"))?;
        store::insert_client_place(&mut tx, client.id, place, None).await?;
    }
    tx.commit(Audit::of(client.id)).await?;
    Ok(client)
}

/// The member a client is too must be there.
async fn check_member(tx: &mut Tx, member: Option<MemberId>) -> Result<()> {
    if let Some(id) = member {
        identity::service::member_in(tx, id)
            .await
            .map_err(|error| error.at("member"))?;
    }
    Ok(())
}

pub async fn update_client(
    app: &App,
    viewer: &Viewer,
    id: ClientId,
    changes: ClientChanges,
) -> Result<Client> {
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let client = client_in(&mut tx, id).await?;
    let client = Client {
        name: changes.name.apply_required("name", client.name)?,
        phone: changes.phone.apply(client.phone),
        other_phones: changes.other_phones.unwrap_or(client.other_phones),
        is_newborn: changes.is_newborn.unwrap_or(client.is_newborn),
        member_id: changes.member_id.apply(client.member_id),
        notes: changes.notes.apply(client.notes),
        ..client
    };
    let client = client.checked()?;
    check_member(&mut tx, client.member_id).await?;
    store::update_client(&mut tx, &client).await?;
    tx.commit(Audit::of(id)).await?;
    Ok(client)
}

/// Ends serving a client. What was done there is kept; archiving again changes nothing.
pub async fn archive_client(app: &App, viewer: &Viewer, id: ClientId) -> Result<Client> {
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let mut client = find_client(&mut tx, id).await?;
    if client.archived_at.is_some() {
        tx.settle().await?;
        return Ok(client);
    }
    client.archived_at = Some(tx.now());
    store::update_client(&mut tx, &client).await?;
    tx.commit(Audit::of(id)).await?;
    Ok(client)
}

/// Serves a client at one more place, or relabels a place the client already has.
pub async fn add_client_place(
    app: &App,
    viewer: &Viewer,
    (client, place): (ClientId, PlaceId),
    label: Option<String>,
) -> Result<Client> {
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let label = text::optional("label", label.as_deref(), 100)?;
    let client = client_in(&mut tx, client)
        .await
        .map_err(|error| error.at("client"))?;
    place_in(&mut tx, place)
        .await
        .map_err(|error| error.at("place"))?;
    let others = client_place_ids_in(&mut tx, client.id).await?;
    if others.len() >= MOST_CLIENT_PLACES && !others.contains(&place) {
        return Err(Error::invalid(
            "place",
            format!("a client has at most {MOST_CLIENT_PLACES} places"),
        ));
    }
    store::insert_client_place(&mut tx, client.id, place, label).await?;
    tx.commit(Audit::of(client.id).detail(serde_json::json!({ "addedPlace": place })))
        .await?;
    Ok(client)
}

/// Stops serving a client at a place; the place itself stays.
pub async fn remove_client_place(
    app: &App,
    viewer: &Viewer,
    (client, place): (ClientId, PlaceId),
) -> Result<Client> {
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let client = client_in(&mut tx, client)
        .await
        .map_err(|error| error.at("client"))?;
    if !store::delete_client_place(&mut tx, client.id, place).await? {
        return Err(Error::not_found("place of this client").at("place"));
    }
    tx.commit(Audit::of(client.id).detail(serde_json::json!({ "removedPlace": place })))
        .await?;
    Ok(client)
}

/// A client, archived ones too.
pub async fn client(app: &App, viewer: &Viewer, id: ClientId) -> Result<Client> {
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    find_client(&mut tx, id).await
}

/// Those of the clients that are there, in no order.
pub async fn clients_by_id(app: &App, viewer: &Viewer, ids: &[ClientId]) -> Result<Vec<Client>> {
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    store::find_clients(&mut tx, ids).await
}

pub async fn clients(
    app: &App,
    viewer: &Viewer,
    filter: Filter,
    page: &PageRequest,
) -> Result<Page<Client>> {
    let filter = searchable(&filter)?;
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    store::list_clients(&mut tx, &filter, page).await
}

/// The places of some clients, each with whose it is.
pub async fn client_places(
    app: &App,
    viewer: &Viewer,
    of: &[ClientId],
) -> Result<Vec<(ClientId, ClientPlace)>> {
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    store::list_client_places(&mut tx, of).await
}

async fn find_client(tx: &mut Tx, id: ClientId) -> Result<Client> {
    store::find_clients(tx, &[id])
        .await?
        .pop()
        .ok_or_else(|| Error::not_found("client"))
}

/// A place in use.
pub async fn place_in(tx: &mut Tx, id: PlaceId) -> Result<Place> {
    let found = store::find_place(tx, id).await?;
    found
        .filter(|place| place.archived_at.is_none())
        .ok_or_else(|| Error::not_found("place"))
}

/// Those of the places that are there, archived ones too: what happened at one while it was in use stays so.
pub async fn places_ever_in(tx: &mut Tx, ids: Vec<PlaceId>) -> Result<Vec<Place>> {
    store::find_places(tx, &ids).await
}

/// The newest places in use.
pub async fn newest_places_in(tx: &mut Tx, most: i64) -> Result<Vec<Place>> {
    let page = PageRequest {
        first: most,
        after: None,
    };
    let found = store::list_places(tx, &Filter::default(), &page).await?;
    Ok(found.rows)
}

/// Who is served at some places: clients with the place, archived ones too.
pub async fn served_at_in(tx: &mut Tx, places: Vec<PlaceId>) -> Result<Vec<(ClientId, PlaceId)>> {
    store::list_served_at(tx, places).await
}

/// Those of the clients that are there, archived ones too.
pub async fn clients_ever_in(tx: &mut Tx, ids: Vec<ClientId>) -> Result<Vec<Client>> {
    store::find_clients(tx, &ids).await
}

/// A client still served.
pub async fn client_in(tx: &mut Tx, id: ClientId) -> Result<Client> {
    let client = find_client(tx, id).await?;
    if client.archived_at.is_some() {
        Err(Error::not_found("client"))
    } else {
        Ok(client)
    }
}

/// Where a client is served, oldest place first.
pub async fn client_place_ids_in(tx: &mut Tx, id: ClientId) -> Result<Vec<PlaceId>> {
    let found = store::list_client_places(tx, &[id]).await?;
    Ok(found
        .into_iter()
        .map(|(_, served)| served.place.id)
        .collect())
}

/// The place an import means by a name, made if it is not there: its name is also its reference.
pub async fn place_by_name_in(tx: &mut Tx, name: &str, zone: Tz) -> Result<Place> {
    let name = text::required("place", name, 200)?;
    if let Some(place) = store::find_place_by_external_ref(tx, &name).await? {
        return Ok(place);
    }
    let place = Place {
        id: tx.id(),
        name: name.clone(),
        address: None,
        position: None,
        radius_m: None,
        polygon: None,
        time_zone: zone,
        external_ref: Some(name.clone()),
        created_at: tx.now(),
        archived_at: None,
    };
    if store::insert_place_once(tx, &place).await? > 0 {
        tx.emit(&Event::PlaceChanged { place: place.id })?;
        return Ok(place);
    }
    // Another import made it in between.
    store::find_place_by_external_ref(tx, &name)
        .await?
        .ok_or_else(|| Error::not_found("place"))
}
