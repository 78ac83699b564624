//! Decides: which series of attendance events there are, and plans the first weeks of a new one.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::model::{Departure, Pattern, Series, horizon};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::gatherings::codes::Secret;
use crate::gatherings::model::{Gathering, Slot};
use crate::gatherings::planning::{self, NewGathering};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{GatheringSeriesId, kinds};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::recurrence;

/// A series as somebody asks for it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NewSeries {
    /// What each event is like; its date is where the rule begins to count.
    pub event: NewGathering,
    pub recurrence: String,
    pub last_day: Option<NaiveDate>,
}

/// Begins a series and plans what falls within the next eight weeks. The timetable plans the rest as time goes on. The
/// same key and input begin it once, however often they come.
pub async fn schedule(app: &App, viewer: &Viewer, key: &str, new: NewSeries) -> Result<Series> {
    let key = Key::new(key, "SCHEDULE_GATHERING_SERIES", &new)?;
    loop {
        match try_schedule(app, viewer, &key, &new).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_schedule(app: &App, viewer: &Viewer, key: &Key, new: &NewSeries) -> Result<Series> {
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    if let Some(id) = idempotency::find_in::<kinds::GatheringSeries>(&mut tx, key).await? {
        let first = store::find(&mut tx, &[id]).await?.pop();
        tx.settle().await?;
        return first.ok_or_else(|| Error::not_found("series"));
    }
    let series = drafted(&mut tx, new).await?;
    store::insert(&mut tx, &series).await?;
    let none = HashMap::new();
    let mut all = Vec::new();
    for (day, slot) in series.occurrences(&none, (series.first_day, series.planned_to))? {
        all.push(event_of(&tx, &series, (day, slot))?);
    }
    idempotency::stage(&mut tx, key, series.id)?;
    planning::plan(&mut tx, &all, &series.pattern.members).await?;
    let detail = serde_json::json!({ "events": all.len() });
    tx.commit(Audit::of(series.id).detail(detail)).await?;
    Ok(series)
}

/// Checked by its first event, which must not be over.
async fn drafted(tx: &mut Tx, new: &NewSeries) -> Result<Series> {
    let begins = new.event.slot.date;
    let first = recurrence::first_day(&new.recurrence, begins, new.last_day)?;
    let event = NewGathering {
        slot: Slot {
            date: first,
            ..new.event.slot
        },
        ..new.event.clone()
    };
    let like = planning::drafted(tx, &event).await?;
    Ok(Series {
        id: tx.id(),
        pattern: Pattern::of(&like, &event),
        place_id: like.place_id,
        department_id: like.department_id,
        organizer_id: like.organizer_id,
        time_zone: like.time_zone,
        recurrence: new.recurrence.trim().to_owned(),
        first_day: begins,
        last_day: new.last_day,
        planned_to: horizon(tx.now(), like.time_zone).max(first),
        created_at: tx.now(),
    })
}

/// The event for a day of the rule.
pub(super) fn event_of(tx: &Tx, series: &Series, at: (NaiveDate, Slot)) -> Result<Gathering> {
    let secret = Secret::new(tx.app().ids());
    series.event((tx.id(), secret), at, tx.now())
}

/// Those of them within reach, in no order.
pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringSeriesId],
) -> Result<Vec<Series>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    store::find(&mut tx, ids).await
}

/// Those within reach, the latest first.
pub async fn list(app: &App, viewer: &Viewer, page: &PageRequest) -> Result<Page<Series>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    store::list(&mut tx, page).await
}

/// Where series depart from their rule. For whoever was shown them.
pub(super) async fn departures_of(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringSeriesId],
) -> Result<HashMap<GatheringSeriesId, Vec<Departure>>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    store::departures(&mut tx, ids).await
}
