//! The job that settles the days whose shifts are over. Who did not come leaves no trace, so somebody has to look:
//! absence is a record, made when the window after the shift has passed.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};

use super::model::{AFTER_END, over_at};
use super::service::{self, Wanted};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, OrgId, ShiftId, kinds};
use crate::kernel::time::Instant;
use crate::schedules;
use crate::schedules::model::Shift;

/// So many shifts are looked at in one transaction: people clock in and out between two of them.
const AT_ONCE: i64 = 50;
/// How far back each round begins again: a shift planned at its very end may commit after its turn.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// Settles every day whose last shift ended so long ago that nobody comes any more, in every organization. Doing it
/// twice, or on two nodes, changes nothing; interrupted, it goes on where it was.
pub async fn close(app: &App) -> Result<()> {
    for org in crate::orgs::service::all_ids(app).await? {
        close_one(app, org).await?;
    }
    Ok(())
}

async fn close_one(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "days");
    let mut last = None;
    let mut unripe: Option<Instant> = None;
    while !app.tasks().is_stopping() {
        let mut tx = app.begin(&viewer, Action::RunTimetable).await?;
        let to = tx.now() - AFTER_END;
        let after = match last {
            Some((ended, _)) => ended,
            None => first(&mut tx).await?,
        };
        let id: Option<ShiftId> = last.map(|(_, id)| id);
        let ended = schedules::service::ended_in(&mut tx, (after, to), id, AT_ONCE).await?;
        let is_last = i64::try_from(ended.len()).is_ok_and(|count| count < AT_ONCE);
        let closed_to = match ended.last() {
            Some(shift) if !is_last => {
                last = Some((shift.ends_at, shift.id));
                shift.ends_at
            }
            _ => to,
        };
        // A shift that may still be begun is met again.
        let now = tx.now();
        let still = ended.iter().find(|shift| over_at(shift) > now);
        unripe = unripe.or(still.map(|shift| shift.ends_at));
        let closed_to = unripe.map_or(closed_to, |unripe| unripe.min(closed_to));
        settle(tx, &ended, closed_to).await?;
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Where a round begins.
async fn first(tx: &mut Tx) -> Result<Instant> {
    let closed_to = store::closed_to(tx).await?;
    Ok(closed_to.map_or(Instant::UNIX_EPOCH, |closed_to| closed_to - AGAIN))
}

async fn settle(mut tx: Tx, ended: &[Shift], closed_to: Instant) -> Result<()> {
    let wanted = undecided(&mut tx, ended).await?;
    service::settle_all_in(&mut tx, &wanted).await?;
    if store::closed_to(&mut tx).await? < Some(closed_to) {
        store::stage_closed_to(&mut tx, closed_to)?;
    }
    if wanted.is_empty() {
        return tx.commit_unaudited().await;
    }
    let days: usize = wanted.values().map(BTreeSet::len).sum();
    let audit = Audit::of_many::<kinds::Member>();
    tx.commit(audit.detail(serde_json::json!({ "days": days })))
        .await
}

/// The days of these shifts that nobody has judged yet.
async fn undecided(tx: &mut Tx, ended: &[Shift]) -> Result<Wanted> {
    let dates = || ended.iter().map(|shift| shift.work_date);
    let Some(range) = dates().min().zip(dates().max()) else {
        return Ok(Wanted::new());
    };
    let members: BTreeSet<MemberId> = ended.iter().map(|shift| shift.member_id).collect();
    let decided = store::list_decided(tx, members.into_iter().collect(), range).await?;
    let decided: BTreeSet<(MemberId, NaiveDate)> = decided.into_iter().collect();
    let mut wanted = Wanted::new();
    for shift in ended {
        if !decided.contains(&(shift.member_id, shift.work_date)) {
            let days = wanted.entry(shift.member_id).or_default();
            days.insert(shift.work_date);
        }
    }
    Ok(wanted)
}
