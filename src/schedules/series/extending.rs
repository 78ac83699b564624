//! Decides: what of the series is planned as time goes on. Nobody is there to be asked, so an occurrence that clashes, or
//! that a rule refuses, is left out and says why.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::model::{Change, Series};
use super::service::{horizon, looked_in, shifts_of};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Audit;
use crate::identity;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::kernel::recurrence::HORIZON_DAYS;
use crate::kernel::time::local_date;
use crate::orgs;
use crate::schedules::model::Shift;
use crate::schedules::roster::looking::{Looked, keep_in};
use crate::schedules::roster::service::Mould;
use crate::schedules::store as shifts;

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
    let viewer = Viewer::job(org, "shift series");
    let mut after = None;
    loop {
        let mut tx = app.read(&viewer, Action::RunTimetable).await?;
        let zone = orgs::service::own_in(&mut tx).await?.time_zone;
        let today = local_date(tx.now(), zone);
        // A day less than where clocks are furthest ahead: a series is not looked at for nothing.
        let day = today.checked_add_days(Days::new(HORIZON_DAYS - 1));
        let behind = store::behind(&mut tx, day.unwrap_or(today), after, AT_ONCE).await?;
        drop(tx);
        after = behind.last().map(|series| series.id);
        if behind.is_empty() || app.tasks().is_stopping() {
            return Ok(());
        }
        for series in behind {
            if let Err(error) = extend_series(app, &viewer, &series).await {
                // The others are planned all the same.
                tracing::error!(%error, series = %series.id, "a series could not be planned further");
            }
        }
    }
}

async fn extend_series(app: &App, viewer: &Viewer, found: &Series) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    shifts::lock_members(&mut tx, &[found.member_id]).await?;
    // Read again: another node may have been quicker.
    let mut series = store::find(&mut tx, found.id).await?;
    let member = identity::service::member_in(&mut tx, series.member_id).await?;
    if !member.is_active() {
        series.last_day = Some(series.planned_to);
        store::update(&mut tx, &series)?;
        return tx.commit(Audit::of(series.id)).await;
    }
    let mould = Mould::of_in(&mut tx, &series.shape, series.type_id, series.place_id).await?;
    let to = horizon(&tx, &mould);
    let Some(from) = series.planned_to.succ_opt().filter(|from| *from <= to) else {
        return Ok(());
    };
    let changes = store::changes(&mut tx, &[series.id]).await?;
    let changes = changes.into_values().next().unwrap_or_default();
    let mut made = shifts_of(&tx, &series, &mould, &changes, (from, to))?;
    let looked = looked_in(&mut tx, &made, &member, &mould).await?;
    for (day, reason) in in_the_way(&looked) {
        made.retain(|shift| day_of(shift) != Some(day));
        let created_at = tx.now();
        store::keep_change(
            &mut tx,
            &Change {
                series_id: series.id,
                day,
                moved_to: None,
                shape: None,
                reason: Some(reason),
                created_at,
            },
        )?;
    }
    series.planned_to = to;
    store::update(&mut tx, &series)?;
    keep_in(&mut tx, made, std::slice::from_ref(&member)).await?;
    tx.commit(Audit::of(series.id)).await
}

fn day_of(shift: &Shift) -> Option<NaiveDate> {
    shift.made.series.map(|(_, day)| day)
}

/// The days of the rule that cannot be planned, and why.
fn in_the_way(looked: &Looked) -> BTreeMap<NaiveDate, String> {
    let clashes = looked.clashes.iter().filter_map(|clash| {
        let reason = format!("It clashes with {}.", clash.with.id);
        Some((day_of(&clash.shift)?, reason))
    });
    let refused = looked.findings.iter().filter(|finding| finding.refuses);
    let refused =
        refused.filter_map(|finding| Some((day_of(&finding.shift)?, finding.text.clone())));
    refused.chain(clashes).collect()
}
