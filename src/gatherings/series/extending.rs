//! Decides: what of the series is planned as time goes on. Nobody is there to be asked, so a day that cannot be planned is
//! left out and says why.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::model::{Departure, Series, horizon};
use super::service::event_of;
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::gatherings::model::{Gathering, Roster};
use crate::gatherings::{planning, store as gatherings};
use crate::kernel::error::{Code, Result};
use crate::kernel::id::{GatheringSeriesId, MemberId, OrgId};
use crate::kernel::recurrence::HORIZON_DAYS;
use crate::kernel::time::local_date;
use crate::{identity, orgs, places};

/// So many series are looked up at once.
const AT_ONCE: i64 = 200;

/// Plans every series of every organization for the next eight weeks. Twice, or on two nodes, changes nothing more.
pub async fn extend(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        extend_one(app, org).await?;
    }
    Ok(())
}

async fn extend_one(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "attendance series");
    let mut after = None;
    loop {
        let mut tx = app.read(&viewer, Action::RunTimetable).await?;
        let zone = orgs::service::own_in(&mut tx).await?.time_zone;
        let today = local_date(tx.now(), zone);
        // A day less than where clocks are furthest ahead: a series is not looked at for nothing.
        let day = today.checked_add_days(Days::new(HORIZON_DAYS - 1));
        let behind = store::behind(&mut tx, day.unwrap_or(today), after, AT_ONCE).await?;
        drop(tx);
        after = behind.last().copied();
        if behind.is_empty() || app.tasks().is_stopping() {
            return Ok(());
        }
        for series in behind {
            if let Err(error) = extend_series(app, &viewer, series).await {
                // The others are planned all the same.
                tracing::error!(%error, %series, "a series could not be planned further");
            }
        }
    }
}

async fn extend_series(app: &App, viewer: &Viewer, id: GatheringSeriesId) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    let Some(mut series) = store::lock(&mut tx, id).await? else {
        return tx.settle().await;
    };
    let to = horizon(tx.now(), series.time_zone);
    let next = series.planned_to.succ_opt().filter(|from| *from <= to);
    let Some(from) = next else {
        // Another node was quicker.
        return tx.settle().await;
    };
    let names = still_here(&mut tx, &series).await?;
    if series.pattern.roster == Roster::Members && names.is_empty() {
        // Nobody who was invited is left.
        series.last_day = Some(series.planned_to);
        store::stage_update(&mut tx, &series)?;
        return tx.commit(Audit::of(id)).await;
    }
    let all = missing(&mut tx, &series, (from, to)).await?;
    series.planned_to = to;
    store::stage_update(&mut tx, &series)?;
    planning::plan(&mut tx, &all, &names).await?;
    let detail = serde_json::json!({ "events": all.len() });
    tx.commit(Audit::of(id).detail(detail)).await
}

/// Those of the people invited by name who have not left.
async fn still_here(tx: &mut Tx, series: &Series) -> Result<Vec<MemberId>> {
    if series.pattern.members.is_empty() {
        return Ok(Vec::new());
    }
    let active = identity::service::active_in(tx).await?;
    let active: HashSet<MemberId> = active.into_iter().map(|(member, _)| member).collect();
    let names = series.pattern.members.iter().copied();
    Ok(names.filter(|name| active.contains(name)).collect())
}

/// The events of the days that have none yet. One that clocks do not allow is left out.
async fn missing(
    tx: &mut Tx,
    series: &Series,
    span: (NaiveDate, NaiveDate),
) -> Result<Vec<Gathering>> {
    let departures = store::departures(tx, &[series.id]).await?;
    let departures = departures.into_values().flatten();
    let departures: HashMap<NaiveDate, Departure> = departures.map(|one| (one.day, one)).collect();
    // What was moved is planned already.
    let planned = gatherings::days_of_series(tx, series.id, span).await?;
    let place_id = place_in_use(tx, series).await?;
    let mut made = Vec::new();
    for (day, slot) in series.occurrences(&departures, span)? {
        if planned.contains(&day) {
            continue;
        }
        match event_of(tx, series, (day, slot)) {
            Ok(event) => made.push(Gathering { place_id, ..event }),
            Err(error) => {
                let departure = Departure {
                    series_id: series.id,
                    day,
                    moved: None,
                    reason: Some(error.message.clone()),
                    created_at: tx.now(),
                };
                store::stage_departure(tx, &departure)?;
            }
        }
    }
    Ok(made)
}

/// A place that was taken out of use since is nowhere in particular.
async fn place_in_use(tx: &mut Tx, series: &Series) -> Result<Option<crate::kernel::id::PlaceId>> {
    let Some(id) = series.place_id else {
        return Ok(None);
    };
    match places::service::place_in(tx, id).await {
        Ok(place) => Ok(Some(place.id)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
