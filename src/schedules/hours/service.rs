//! Decides: business hours, and what they say about a date.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::model::{self, Hours, Week};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Code, Result};
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};
use crate::kernel::time::Instant;
use crate::schedules::scope::{Scope, chain_in};
use crate::schedules::span::{Span, lay};
use crate::{identity, orgs, places};

/// What somebody says about the week, from a day on.
#[derive(Debug, Clone)]
pub struct NewHours {
    pub place: Option<PlaceId>,
    pub department: Option<DepartmentId>,
    pub since: NaiveDate,
    /// Nothing: from then on the next wider scope says.
    pub week: Option<Vec<(Weekday, Vec<Span>)>>,
}

/// Says what the week looks like from a day on. What was said before stays, for the days before.
pub async fn set(app: &App, viewer: &Viewer, new: NewHours) -> Result<Hours> {
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let scope = Scope::named_in(&mut tx, new.place, new.department).await?;
    crate::schedules::model::known_year("since", new.since)?;
    let hours = Hours {
        id: tx.id(),
        scope,
        since: new.since,
        week: new.week.map(Week::new).transpose()?,
        created_at: tx.now(),
    };
    store::insert(&mut tx, &hours)?;
    tx.emit(&Event::CalendarChanged {
        from: Some(hours.since),
        to: None,
    })?;
    tx.commit(Audit::of(hours.id)).await?;
    Ok(hours)
}

/// Everything that was ever said, the latest beginning first.
pub async fn all(app: &App, viewer: &Viewer) -> Result<Vec<Hours>> {
    store::list(&mut app.read(viewer, Action::ViewShifts).await?).await
}

/// The hours of a date; nothing if nobody said anything about it, empty if it is a rest day.
pub async fn on_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    date: NaiveDate,
) -> Result<Option<Vec<Span>>> {
    Ok(calendar_in(tx, place, department).await?.on(date))
}

/// What was said about a place and a department: read once, asked about many dates.
pub struct Calendar {
    all: Vec<Hours>,
    chain: Vec<Scope>,
}

impl Calendar {
    pub fn on(&self, date: NaiveDate) -> Option<Vec<Span>> {
        model::on(&self.all, &self.chain, date).map(<[Span]>::to_vec)
    }

    /// A day without hours. Where nobody said anything about the week, no day is one.
    pub fn is_rest_day(&self, date: NaiveDate) -> bool {
        model::on(&self.all, &self.chain, date).is_some_and(<[Span]>::is_empty)
    }
}

pub async fn calendar_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
) -> Result<Calendar> {
    let all = store::list(tx).await?;
    // Most organizations say nothing, and most of the others only one thing.
    let by_department = all.iter().any(|hours| hours.scope.department().is_some());
    let department = department.filter(|_| by_department);
    let chain = chain_in(tx, place, department).await?;
    Ok(Calendar { all, chain })
}

/// The calendar of a member's department.
pub async fn calendar_of_in(tx: &mut Tx, member: MemberId) -> Result<Calendar> {
    let department = identity::service::member_in(tx, member)
        .await?
        .department_id;
    calendar_in(tx, None, department).await
}

/// Where a day begins and ends: the zone of a place in use, or the organization's.
pub async fn zone_in(tx: &mut Tx, place: Option<PlaceId>) -> Result<Tz> {
    if let Some(id) = place {
        match places::service::place_in(tx, id).await {
            Ok(place) => return Ok(place.time_zone),
            Err(error) if error.code == Code::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(orgs::service::own_in(tx).await?.time_zone)
}

/// From the first to the last business hour of a date, as instants; nothing on a rest day or where nobody said.
pub async fn usual_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    date: NaiveDate,
) -> Result<Option<(Instant, Instant)>> {
    let spans = on_in(tx, place, department, date)
        .await?
        .unwrap_or_default();
    let laid = lay(&spans);
    let (Some(first), Some(last)) = (laid.first(), laid.last()) else {
        return Ok(None);
    };
    let zone = zone_in(tx, place).await?;
    let (starts_at, _) = first.instants(date, zone)?;
    let (_, ends_at) = last.instants(date, zone)?;
    Ok(Some((starts_at, ends_at)))
}
