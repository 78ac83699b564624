//! Decides: where a series of attendance events departs from its rule, how it goes on, and where it ends.

use chrono::NaiveDate;

use super::model::{Departure, Moved, Series};
use super::service::event_of;
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::gatherings::model::{Gathering, Slot, State};
use crate::gatherings::planning::{self, Changes};
use crate::gatherings::{sight, store as gatherings};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{GatheringId, GatheringSeriesId};
use crate::kernel::text;

/// What is to become of one event of a series.
#[derive(Debug, Clone)]
pub struct Departing {
    pub series: GatheringSeriesId,
    /// The day of the rule.
    pub day: NaiveDate,
    /// Where it is held instead; none to leave it out.
    pub moved: Option<Moved>,
    pub reason: Option<String>,
}

/// Moves one event of a series to another day or other times, or leaves it out, whether it is planned yet or not. What is
/// moved is planned at once.
pub async fn depart(app: &App, viewer: &Viewer, wanted: Departing) -> Result<Departure> {
    let reason = text::optional("reason", wanted.reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let series = managed(&mut tx, wanted.series).await?;
    if series.days(wanted.day, wanted.day)?.is_empty() {
        let message = "the series has nothing on this day";
        return Err(Error::invalid("day", message));
    }
    let departure = Departure {
        series_id: series.id,
        day: wanted.day,
        moved: wanted.moved,
        reason,
        created_at: tx.now(),
    };
    let planned = gatherings::lock_of_day(&mut tx, series.id, departure.day).await?;
    match departure.moved {
        Some(moved) => hold(&mut tx, &series, (departure.day, moved), planned).await?,
        None => leave_out(&mut tx, &departure, planned)?,
    }
    store::stage_departure(&mut tx, &departure)?;
    let detail = serde_json::json!({ "day": departure.day, "moved": departure.moved });
    let audit = Audit::of(series.id).because(departure.reason.clone());
    tx.commit(audit.detail(detail)).await?;
    Ok(departure)
}

/// One the viewer manages, until the end of this change nobody else's; or `NOT_FOUND`.
async fn managed(tx: &mut Tx, id: GatheringSeriesId) -> Result<Series> {
    let found = store::lock(tx, id).await?;
    found.ok_or_else(|| Error::not_found("series"))
}

/// Holds the event of a day elsewhere in time: with its own times if it has some already and nobody says others.
async fn hold(
    tx: &mut Tx,
    series: &Series,
    (day, moved): (NaiveDate, Moved),
    planned: Option<Gathering>,
) -> Result<()> {
    let Some(planned) = planned else {
        let event = event_of(tx, series, (day, series.slot(moved.to, moved.span)))?;
        still_ahead(tx, &event)?;
        return planning::plan(tx, &[event], &series.pattern.members).await;
    };
    planning::still_to_come(&planned)?;
    let now = Slot::of(planned.starts_at, planned.ends_at, planned.time_zone);
    let slot = match moved.span {
        Some(_) => series.slot(moved.to, moved.span),
        None => Slot {
            date: moved.to,
            ..now
        },
    };
    let (starts_at, ends_at) = slot.instants(planned.time_zone)?;
    let event = Gathering {
        starts_at,
        ends_at,
        ..planned
    };
    still_ahead(tx, &event)?;
    planning::keep_changed(tx, &event)
}

fn still_ahead(tx: &Tx, event: &Gathering) -> Result<()> {
    if event.closes_at() < tx.now() {
        return Err(Error::invalid("to", "this would be over already"));
    }
    Ok(())
}

fn leave_out(tx: &mut Tx, departure: &Departure, planned: Option<Gathering>) -> Result<()> {
    match planned {
        Some(planned) if planned.state != State::Cancelled => {
            planning::still_to_come(&planned)?;
            planning::call_off(tx, planned, departure.reason.as_ref()).map(drop)
        }
        _ => Ok(()),
    }
}

/// Ends a series: nothing is held for this day of its rule and later ones, and what was planned is called off. Ending it
/// again later changes nothing.
pub async fn end(
    app: &App,
    viewer: &Viewer,
    id: GatheringSeriesId,
    from: NaiveDate,
    reason: Option<String>,
) -> Result<Series> {
    let reason = text::optional("reason", reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let mut series = managed(&mut tx, id).await?;
    if !end_in(&mut tx, &mut series, from)? {
        tx.settle().await?;
        return Ok(series);
    }
    let mut cancelled = 0;
    for planned in gatherings::lock_following(&mut tx, series.id, from).await? {
        planning::call_off(&mut tx, planned, reason.as_ref())?;
        cancelled += 1;
    }
    let audit = Audit::of(id).because(reason);
    let detail = serde_json::json!({ "from": from, "events": cancelled });
    tx.commit(audit.detail(detail)).await?;
    Ok(series)
}

/// Nothing more is planned for this day and later ones. Answers whether anything was to be.
pub(in crate::gatherings) fn end_in(
    tx: &mut Tx,
    series: &mut Series,
    from: NaiveDate,
) -> Result<bool> {
    let last = from.pred_opt().unwrap_or(from);
    if series.last_day.is_some_and(|ends| ends <= last) {
        return Ok(false);
    }
    series.last_day = Some(last);
    store::stage_update(tx, series)?;
    Ok(true)
}

/// The series of an event, held before the event itself is, and the day the event stands for: if there is one that the
/// viewer manages.
pub(in crate::gatherings) async fn held_of(
    tx: &mut Tx,
    event: GatheringId,
) -> Result<Option<(Series, NaiveDate)>> {
    let event = gatherings::find(tx, event).await?;
    let Some((series, day)) = event
        .filter(|event| sight::is_managed(tx, event))
        .and_then(|event| event.series)
    else {
        return Ok(None);
    };
    Ok(store::lock(tx, series).await?.map(|series| (series, day)))
}

/// Has what is planned from now on look as its planned events do.
pub(in crate::gatherings) fn go_on_in(
    tx: &mut Tx,
    (series, day): (Series, NaiveDate),
    changes: &Changes,
) -> Result<()> {
    let like = event_of(tx, &series, (day, series.slot(day, None)))?;
    let series = series.changed(like, changes)?;
    store::stage_update(tx, &series)
}
