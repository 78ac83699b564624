//! Speaks: places with their fences, clients, and what is near.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::contacts::graphql::{ClientContact, ContactsOfClient};
use super::model;
use super::service::{self, ClientChanges, Filter, NewClient, NewPlace, PlaceChanges};
use crate::auth::action::Action;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{GeoJson, id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::change::Change;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo;
use crate::kernel::id::{ClientId, PlaceId};
use crate::kernel::page::{Cursor, PageRequest};

/// A point on the Earth in degrees (WGS 84).
#[derive(SimpleObject)]
pub struct Point {
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
}

impl From<geo::Point> for Point {
    fn from(point: geo::Point) -> Self {
        Self {
            latitude: point.latitude,
            longitude: point.longitude,
        }
    }
}

/// A point on the Earth in degrees (WGS 84).
#[derive(InputObject)]
pub struct PointInput {
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
}

impl PointInput {
    fn point(&self, field: &str) -> Result<geo::Point> {
        geo::Point::new(self.latitude, self.longitude).map_err(|error| error.within(field))
    }
}

/// Which shape a fence has.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::FenceKind")]
pub enum FenceKind {
    /// A circle around `position`.
    Circle,
    /// The polygon, with `radiusM` as a tolerance outside its edge.
    Polygon,
    /// No fence: the place has neither polygon nor position.
    None,
}

/// Somewhere people work: a branch, a classroom, a client's home.
#[derive(Clone)]
pub struct Place(pub model::Place);

/// Somewhere people work: a branch, a classroom, a client's home.
#[Object]
impl Place {
    /// `plc_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// As people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// As a letter would be addressed, in one text.
    async fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// Where a map puts the pin: the centre of a circle.
    async fn position(&self) -> Option<Point> {
        self.0.position.map(Into::into)
    }

    /// Metres: the radius of a circle, or the tolerance outside a polygon. A circle without one has 100 metres, unless
    /// a rule says otherwise.
    async fn radius_m(&self) -> Option<i32> {
        self.0.radius_m
    }

    /// The fence, if it is a polygon: a GeoJSON geometry of the type `Polygon`.
    async fn polygon(&self) -> Option<GeoJson> {
        self.0
            .polygon
            .as_ref()
            .map(|polygon| GeoJson(polygon.to_geojson()))
    }

    /// The shape of the fence.
    async fn fence_kind(&self) -> FenceKind {
        self.0.kind().into()
    }

    /// The IANA name of the zone its clocks follow, such as `Africa/Nairobi`.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// The organization's own reference, unique among its places.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// When it was entered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was taken out of use; what happened there still points to it.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

/// A person or household served.
#[derive(Clone)]
pub struct Client(pub model::Client);

/// A person or household served.
#[Object]
impl Client {
    /// `cli_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// As people call them.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// A telephone number as E.164, such as `+254712345678`.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn phone(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        ctx.viewer()?.allowed(Action::ViewClients)?;
        Ok(self.0.phone.as_deref())
    }

    /// Further telephone numbers as E.164, the first to try first.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn other_phones(&self, ctx: &Context<'_>) -> Result<&[String]> {
        ctx.viewer()?.allowed(Action::ViewClients)?;
        Ok(&self.0.other_phones)
    }

    /// Whether the client was born within the last weeks and has no papers of their own yet.
    async fn is_newborn(&self) -> bool {
        self.0.is_newborn
    }

    /// Whom to call when something happens to the client, the first first; at most 10.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[graphql(complexity = "5 * child_complexity")]
    async fn emergency_contacts(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Vec<ClientContact>> {
        let found = ctx.loads()?.load_one(ContactsOfClient(self.0.id)).await?;
        Ok(found.unwrap_or_default())
    }

    /// What whoever visits should know.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn notes(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        ctx.viewer()?.allowed(Action::ViewClients)?;
        Ok(self.0.notes.as_deref())
    }

    /// The member the client is too; null also for whoever may see the client but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        match self.0.member_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Where the client is served: places in use, the oldest first; at most 50.
    #[graphql(complexity = "5 * child_complexity")]
    async fn places(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ClientPlace>> {
        let found = ctx.loads()?.load_one(PlacesOf(self.0.id)).await?;
        Ok(found.unwrap_or_default())
    }

    /// When it was entered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When serving the client ended; what was done there still points to it.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

/// A place where a client is served.
#[derive(SimpleObject, Clone)]
pub struct ClientPlace {
    /// Where.
    place: Place,
    /// What it is to the client, such as "home".
    label: Option<String>,
}

/// A place and how far away it is.
#[derive(SimpleObject)]
pub struct NearbyPlace {
    /// Which place.
    place: Place,
    /// Metres along the surface of the Earth to the place's position.
    distance_m: f64,
}

/// A client and how far away the nearest of the client's places is.
#[derive(SimpleObject)]
pub struct NearbyClient {
    /// Who.
    client: Client,
    /// Metres along the surface of the Earth to the position of the client's nearest place.
    distance_m: f64,
}

/// What can be asked of the places slice.
#[derive(Default)]
pub struct PlacesQuery;

#[Object]
impl PlacesQuery {
    /// A place, archived ones too.
    ///
    /// Requires: `VIEW_PLACES` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION, OPERATOR).
    async fn place(&self, ctx: &Context<'_>, #[graphql(name = "id")] place: ID) -> Result<Place> {
        Ok(Place(
            service::place(ctx.app(), ctx.viewer()?, id("id", &place)?).await?,
        ))
    }

    /// Places, the newest first.
    ///
    /// Requires: `VIEW_PLACES` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name, in any case; at most 100 characters.")] search: Option<
            String,
        >,
        #[graphql(desc = "Show archived places instead of those in use.", default)] archived: bool,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last place of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Place>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found =
            service::places(ctx.app(), ctx.viewer()?, Filter { search, archived }, &page).await?;
        let cursor = |place: &model::Place| Cursor {
            at: place.created_at,
            id: place.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Place))
    }

    /// The places in use around a point, the nearest first. For a polygon its pin counts.
    ///
    /// Requires: `VIEW_PLACES` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn nearby_places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The point to look around.")] position: PointInput,
        #[graphql(desc = "How far to look: metres, at most 50,000.")] within_m: f64,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
    ) -> Result<Vec<NearbyPlace>> {
        let near = model::Vicinity::new(position.point("position")?, within_m)?;
        let found = service::nearby_places(ctx.app(), ctx.viewer()?, near, first).await?;
        let speak = |near: model::Nearby<_>| NearbyPlace {
            place: Place(near.thing),
            distance_m: near.distance_m,
        };
        Ok(found.into_iter().map(speak).collect())
    }

    /// A client, archived ones too.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    async fn client(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] client: ID,
    ) -> Result<Client> {
        Ok(Client(
            service::client(ctx.app(), ctx.viewer()?, id("id", &client)?).await?,
        ))
    }

    /// Clients, the newest first.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn clients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name, in any case; at most 100 characters.")] search: Option<
            String,
        >,
        #[graphql(desc = "Show archived clients instead of those served.", default)] archived: bool,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last client of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, Client>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found =
            service::clients(ctx.app(), ctx.viewer()?, Filter { search, archived }, &page).await?;
        let cursor = |client: &model::Client| Cursor {
            at: client.created_at,
            id: client.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Client))
    }

    /// The clients served around a point, the nearest first; each once, by the nearest of its places.
    ///
    /// Requires: `VIEW_CLIENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn nearby_clients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The point to look around.")] position: PointInput,
        #[graphql(desc = "How far to look: metres, at most 50,000.")] within_m: f64,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
    ) -> Result<Vec<NearbyClient>> {
        let near = model::Vicinity::new(position.point("position")?, within_m)?;
        let found = service::nearby_clients(ctx.app(), ctx.viewer()?, near, first).await?;
        let speak = |near: model::Nearby<_>| NearbyClient {
            client: Client(near.thing),
            distance_m: near.distance_m,
        };
        Ok(found.into_iter().map(speak).collect())
    }
}

/// A new place.
#[derive(InputObject)]
pub struct CreatePlaceInput {
    /// 1–200 characters; need not be unique.
    name: String,
    /// At most 500 characters.
    address: Option<String>,
    /// The pin, and the centre of a circle. Left out for a polygon it is the polygon's middle.
    position: Option<PointInput>,
    /// Metres: the radius of a circle, 20–5,000, or the tolerance outside a polygon, 0–5,000.
    radius_m: Option<i32>,
    /// A fence that is not a circle: closed rings that do not cross, the outer one first, then holes.
    polygon: Option<GeoJson>,
    /// An IANA name such as `Africa/Nairobi`; the organization's zone if left out.
    time_zone: Option<String>,
    /// A reference of your own, unique among your places; at most 200 characters.
    external_ref: Option<String>,
}

/// What is to be different about a place. What is left out stays; `null` clears.
#[derive(InputObject)]
pub struct UpdatePlaceInput {
    /// The place; not an archived one.
    place: ID,
    /// 1–200 characters; cannot be cleared.
    name: MaybeUndefined<String>,
    /// At most 500 characters.
    address: MaybeUndefined<String>,
    /// The pin, and the centre of a circle. Cleared on a place with a polygon it becomes the polygon's middle.
    position: MaybeUndefined<PointInput>,
    /// Metres: the radius of a circle, 20–5,000, or the tolerance outside a polygon, 0–5,000.
    radius_m: MaybeUndefined<i32>,
    /// Closed rings that do not cross, the outer one first, then holes. Cleared, the fence is a circle again.
    polygon: MaybeUndefined<GeoJson>,
    /// An IANA name such as `Africa/Nairobi`; cannot be cleared.
    time_zone: MaybeUndefined<String>,
    /// A reference of your own, unique among your places; at most 200 characters.
    external_ref: MaybeUndefined<String>,
}

/// A place to be taken out of use.
#[derive(InputObject)]
pub struct ArchivePlaceInput {
    /// The place.
    place: ID,
}

/// A new client.
#[derive(InputObject)]
pub struct CreateClientInput {
    /// 1–200 characters; need not be unique.
    name: String,
    /// A telephone number as people type it; kept as E.164.
    phone: Option<String>,
    /// Further telephone numbers, at most 10.
    #[graphql(default)]
    other_phones: Vec<String>,
    /// Whether the client was born within the last weeks and has no papers of their own yet.
    #[graphql(default)]
    is_newborn: bool,
    /// The member the client is too, if the client also signs in.
    member: Option<ID>,
    /// What whoever visits should know; at most 2,000 characters.
    notes: Option<String>,
    /// Where the client is served; at most 50 places in use.
    #[graphql(default)]
    places: Vec<ID>,
}

/// What is to be different about a client. What is left out stays; `null` clears.
#[derive(InputObject)]
pub struct UpdateClientInput {
    /// The client; not an archived one.
    client: ID,
    /// 1–200 characters; cannot be cleared.
    name: MaybeUndefined<String>,
    /// A telephone number as people type it; kept as E.164.
    phone: MaybeUndefined<String>,
    /// Further telephone numbers, at most 10; they replace those before.
    other_phones: Option<Vec<String>>,
    /// Whether the client was born within the last weeks and has no papers of their own yet.
    is_newborn: Option<bool>,
    /// The member the client is too.
    member: MaybeUndefined<ID>,
    /// What whoever visits should know; at most 2,000 characters.
    notes: MaybeUndefined<String>,
}

/// A client who is no longer served.
#[derive(InputObject)]
pub struct ArchiveClientInput {
    /// The client.
    client: ID,
}

/// A further place for a client.
#[derive(InputObject)]
pub struct AddClientPlaceInput {
    /// The client.
    client: ID,
    /// A place in use. One the client already has gets the label.
    place: ID,
    /// What it is to the client, such as "home"; at most 100 characters.
    label: Option<String>,
}

/// A place where a client is no longer served.
#[derive(InputObject)]
pub struct RemoveClientPlaceInput {
    /// The client.
    client: ID,
    /// One of the client's places; the place itself stays.
    place: ID,
}

/// What can be done in the places slice.
#[derive(Default)]
pub struct PlacesMutation;

#[Object]
impl PlacesMutation {
    /// Adds a place.
    ///
    /// Requires: `MANAGE_PLACES` (OWNER, ADMIN, OPERATOR).
    async fn create_place(&self, ctx: &Context<'_>, input: CreatePlaceInput) -> Result<Place> {
        let new = NewPlace {
            name: input.name,
            address: input.address,
            position: input
                .position
                .map(|point| point.point("position"))
                .transpose()?,
            radius_m: input.radius_m,
            polygon: input.polygon.map(|polygon| polygon.0),
            time_zone: input.time_zone,
            external_ref: input.external_ref,
        };
        Ok(Place(
            service::create_place(ctx.app(), ctx.viewer()?, new).await?,
        ))
    }

    /// Changes a place. Sessions keep the verdicts they were given.
    ///
    /// Requires: `MANAGE_PLACES` (OWNER, ADMIN, OPERATOR).
    async fn update_place(&self, ctx: &Context<'_>, input: UpdatePlaceInput) -> Result<Place> {
        let changes = PlaceChanges {
            name: input.name.into(),
            address: input.address.into(),
            position: Change::from(input.position).try_map(|point| point.point("position"))?,
            radius_m: input.radius_m.into(),
            polygon: Change::from(input.polygon).try_map(|polygon| Ok(polygon.0))?,
            time_zone: input.time_zone.into(),
            external_ref: input.external_ref.into(),
        };
        let place = id("place", &input.place)?;
        Ok(Place(
            service::update_place(ctx.app(), ctx.viewer()?, place, changes).await?,
        ))
    }

    /// Takes a place out of use; archiving again changes nothing.
    ///
    /// Requires: `MANAGE_PLACES` (OWNER, ADMIN, OPERATOR).
    async fn archive_place(&self, ctx: &Context<'_>, input: ArchivePlaceInput) -> Result<Place> {
        let place = id("place", &input.place)?;
        Ok(Place(
            service::archive_place(ctx.app(), ctx.viewer()?, place).await?,
        ))
    }

    /// Adds a client.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn create_client(&self, ctx: &Context<'_>, input: CreateClientInput) -> Result<Client> {
        let new = NewClient {
            name: input.name,
            phone: input.phone,
            other_phones: input.other_phones,
            is_newborn: input.is_newborn,
            member_id: optional_id("member", input.member.as_ref())?,
            notes: input.notes,
            places: input
                .places
                .iter()
                .map(|place| id("places", place))
                .collect::<Result<_>>()?,
        };
        Ok(Client(
            service::create_client(ctx.app(), ctx.viewer()?, new).await?,
        ))
    }

    /// Changes a client.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn update_client(&self, ctx: &Context<'_>, input: UpdateClientInput) -> Result<Client> {
        let changes = ClientChanges {
            name: input.name.into(),
            phone: input.phone.into(),
            other_phones: input.other_phones,
            is_newborn: input.is_newborn,
            member_id: Change::from(input.member).try_map(|member| id("member", &member))?,
            notes: input.notes.into(),
        };
        let client = id("client", &input.client)?;
        Ok(Client(
            service::update_client(ctx.app(), ctx.viewer()?, client, changes).await?,
        ))
    }

    /// Ends serving a client; archiving again changes nothing.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn archive_client(&self, ctx: &Context<'_>, input: ArchiveClientInput) -> Result<Client> {
        let client = id("client", &input.client)?;
        Ok(Client(
            service::archive_client(ctx.app(), ctx.viewer()?, client).await?,
        ))
    }

    /// Serves a client at one more place, or relabels one.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn add_client_place(
        &self,
        ctx: &Context<'_>,
        input: AddClientPlaceInput,
    ) -> Result<Client> {
        let served = (id("client", &input.client)?, id("place", &input.place)?);
        Ok(Client(
            service::add_client_place(ctx.app(), ctx.viewer()?, served, input.label).await?,
        ))
    }

    /// Stops serving a client at a place.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn remove_client_place(
        &self,
        ctx: &Context<'_>,
        input: RemoveClientPlaceInput,
    ) -> Result<Client> {
        let served = (id("client", &input.client)?, id("place", &input.place)?);
        Ok(Client(
            service::remove_client_place(ctx.app(), ctx.viewer()?, served).await?,
        ))
    }
}

impl Loader<PlaceId> for Loads {
    type Value = Place;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PlaceId]) -> Result<HashMap<PlaceId, Place>, Arc<Error>> {
        let found = service::places_by_id(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|place| (place.id, Place(place)))
            .collect())
    }
}

impl Loader<ClientId> for Loads {
    type Value = Client;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ClientId]) -> Result<HashMap<ClientId, Client>, Arc<Error>> {
        let found = service::clients_by_id(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|client| (client.id, Client(client)))
            .collect())
    }
}

/// The places of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PlacesOf(ClientId);

impl Loader<PlacesOf> for Loads {
    type Value = Vec<ClientPlace>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PlacesOf],
    ) -> Result<HashMap<PlacesOf, Vec<ClientPlace>>, Arc<Error>> {
        let ids: Vec<ClientId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<PlacesOf, Vec<ClientPlace>> = HashMap::new();
        for (client, served) in service::client_places(&self.app, &self.viewer, &ids).await? {
            let place = ClientPlace {
                place: Place(served.place),
                label: served.label,
            };
            found.entry(PlacesOf(client)).or_default().push(place);
        }
        Ok(found)
    }
}
