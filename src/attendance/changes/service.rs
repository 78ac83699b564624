//! Decides: what belongs on a phone for the days around now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use zamu_rules::{Value, hooks};

use super::model::{Changes, Cursor, Home, Setting, State, Visited};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::events::follow;
use crate::identity::model::Member;
use crate::kernel::error::Result;
use crate::kernel::id::{ClientId, PlaceId};
use crate::kernel::time::{Instant, local_date};
use crate::places::model::Place;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;
use crate::{identity, orgs, places, schedules};

/// Shifts from so many days before today are still of use: a night's work ends on the next day, and a phone may hand in
/// what it forgot.
const DAYS_BACK: u64 = 2;
/// Two weeks ahead is as far as people look.
const DAYS_AHEAD: u64 = 14;
/// The most places a phone is given; the others it looks up when it has a signal. Those of own shifts always belong.
pub const MOST_PLACES: i64 = 200;
/// Whose numbers people may know: what they are measured by. How cheating is noticed is not among them.
const SHOWN: [&str; 7] = [
    hooks::GEOFENCE,
    hooks::LATENESS,
    hooks::EARLY_LEAVE,
    hooks::BREAK_START,
    hooks::BREAKS,
    hooks::HOURS,
    hooks::AUTO_CLOCK_OUT,
];

/// What a phone is to change, and where it stands then.
#[derive(Debug)]
pub struct Since {
    pub changes: Changes,
    pub cursor: Cursor,
    /// Whether it is everything there is: the phone starts over with it.
    pub is_complete: bool,
    pub server_time: Instant,
}

/// What changed for the viewer's phone since the cursor; everything without one.
pub async fn since(app: &App, viewer: &Viewer, cursor: Option<&str>) -> Result<Since> {
    let member = viewer.person()?;
    let mut tx = app.read(viewer, Action::SyncPunches).await?;
    // Before everything else is read, so that whoever follows the events from this number on misses nothing.
    let number = follow::newest_in(&mut tx).await?;
    let held = cursor
        .map(|text| Cursor::decode(text, member, number))
        .transpose()?;
    let state = state(&mut tx, viewer).await?;
    let cursor = Cursor {
        member,
        number,
        marks: state.marks(),
    };
    let nothing = BTreeMap::new();
    Ok(Since {
        changes: state.since(held.as_ref().map_or(&nothing, |held| &held.marks)),
        is_complete: held.is_none(),
        cursor,
        server_time: tx.now(),
    })
}

async fn state(tx: &mut Tx, viewer: &Viewer) -> Result<State> {
    let organization = orgs::service::own_in(tx).await?;
    let member = identity::service::member_in(tx, viewer.person()?).await?;
    let today = local_date(tx.now(), organization.time_zone);
    let days = around(today);
    let mut shifts = schedules::service::planned_in(tx, member.id, days).await?;
    shifts.sort_by_key(|shift| (shift.starts_at, shift.id));
    let holidays = schedules::service::holidays_in(tx, days.0, days.1).await?;
    let settings = settings(tx, &member, today).await?;
    let places = usable(tx, &shifts).await?;
    let clients = match viewer.allowed(Action::ViewClients) {
        Ok(_) => visited(tx, &shifts).await?,
        Err(_) => Vec::new(),
    };
    Ok(State {
        days,
        home: Home {
            name: organization.name,
            time_zone: organization.time_zone,
        },
        settings,
        places,
        clients,
        shifts,
        holidays,
    })
}

fn around(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let from = today.checked_sub_days(Days::new(DAYS_BACK));
    let to = today.checked_add_days(Days::new(DAYS_AHEAD));
    (from.unwrap_or(today), to.unwrap_or(today))
}

/// The values for the member's department today, of what people are measured by: numbers, and whether something holds.
async fn settings(tx: &mut Tx, member: &Member, today: NaiveDate) -> Result<Vec<Setting>> {
    let now = tx.now();
    let rules = InForce::at(tx, now).await?;
    let scopes: Vec<String> = member
        .department_id
        .map(|id| id.to_string())
        .into_iter()
        .collect();
    let of = |hook: &'static str| {
        let values = rules.book().settings(hook, Some(today), &scopes);
        values
            .into_iter()
            .filter(|(_, value)| matches!(value, Value::Whole(_) | Value::Bool(_)))
            .map(move |(name, value)| Setting { hook, name, value })
    };
    Ok(SHOWN.into_iter().flat_map(of).collect())
}

/// The places of the shifts, and the newest of all others.
async fn usable(tx: &mut Tx, shifts: &[Shift]) -> Result<Vec<Place>> {
    let own: BTreeSet<PlaceId> = shifts.iter().filter_map(|shift| shift.place_id).collect();
    let own = places::service::places_ever_in(tx, own.into_iter().collect()).await?;
    let own = own.into_iter().filter(|place| place.archived_at.is_none());
    let newest = places::service::newest_places_in(tx, MOST_PLACES).await?;
    let all: BTreeMap<PlaceId, Place> = own.chain(newest).map(|place| (place.id, place)).collect();
    Ok(all.into_values().collect())
}

/// The clients who are served where the shifts are.
async fn visited(tx: &mut Tx, shifts: &[Shift]) -> Result<Vec<Visited>> {
    let at: BTreeSet<PlaceId> = shifts.iter().filter_map(|shift| shift.place_id).collect();
    let served = places::service::served_at_in(tx, at.into_iter().collect()).await?;
    let mut places_of: BTreeMap<ClientId, Vec<PlaceId>> = BTreeMap::new();
    for (client, place) in served {
        places_of.entry(client).or_default().push(place);
    }
    let ids = places_of.keys().copied().collect();
    let mut clients = places::service::clients_ever_in(tx, ids).await?;
    clients.retain(|client| client.archived_at.is_none());
    clients.sort_by_key(|client| client.id);
    let visited = clients.into_iter().map(|client| {
        let mut places = places_of.remove(&client.id).unwrap_or_default();
        places.sort();
        Visited { client, places }
    });
    Ok(visited.collect())
}
