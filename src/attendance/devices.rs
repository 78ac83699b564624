//! Decides: whoever used a device that is found in other hands too is looked at again. Found in one person's session, it
//! is just as true of everybody else's: the event of the one leads here, and ends where nothing new is found.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use super::evidence::SHARED;
use super::fold::RECOVERABLE;
use super::model::Punch;
use super::rebuild::{self, Rebuild};
use super::signals::TIME_CLOCK;
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::exceptions;
use crate::exceptions::model::{Exception, Kind};
use crate::kernel::error::Result;
use crate::kernel::id::{ExceptionId, MemberId, PunchId};
use crate::kernel::time::Instant;

/// A session reaches so far from the claim that was made with the device.
const REACH: TimeDelta = TimeDelta::seconds(SHARED.num_seconds() + RECOVERABLE.num_seconds());

/// Looks at the sessions of everybody else who used the device of an exception at about the time it was found. One
/// transaction for each, so that nobody waits for two.
pub async fn look_at_others(app: &App, viewer: &Viewer, exception: ExceptionId) -> Result<()> {
    let mut tx = app.read(viewer, Action::RunTimetable).await?;
    let Some(found) = exceptions::service::find_in(&mut tx, exception).await? else {
        return Ok(());
    };
    let Some(others) = others_in(&mut tx, &found).await? else {
        return Ok(());
    };
    drop(tx);
    for member in others.members {
        if app.tasks().is_stopping() {
            break;
        }
        look_again(app, viewer, exception, (member, others.since)).await?;
    }
    Ok(())
}

/// Who else used a device, and from when on their sessions are looked at.
struct Others {
    members: BTreeSet<MemberId>,
    since: Instant,
}

/// Nothing where no device is shared. Of a time clock everybody is known already: whoever comes later is not counted.
async fn others_in(tx: &mut Tx, found: &Exception) -> Result<Option<Others>> {
    let punches = store::list_punches_by_id(tx, &punches_of(found)).await?;
    let devices = |punch: &Punch| punch.device.id.clone();
    let devices: BTreeSet<String> = punches.iter().filter_map(devices).collect();
    let moments = || punches.iter().map(|punch| punch.time.occurred_at);
    let Some((first, last)) = moments().min().zip(moments().max()) else {
        return Ok(None);
    };
    let span = (first - REACH, last + REACH);
    let users = store::users_of_devices(tx, devices.into_iter().collect(), span).await?;
    let others = users.into_iter().map(|(_, member)| member);
    let members: BTreeSet<MemberId> = others
        .filter(|member| *member != found.subject.member)
        .collect();
    let is_counted = members.len() <= TIME_CLOCK;
    Ok(is_counted.then_some(Others {
        members,
        since: first - REACH,
    }))
}

/// The punches that were made with it.
fn punches_of(found: &Exception) -> Vec<PunchId> {
    let shown = match found.detail.get("punches") {
        Some(Value::Array(shown)) if found.kind == Kind::SharedDevice => shown.as_slice(),
        _ => &[],
    };
    let ids = shown.iter().filter_map(|why| why.get("punch")?.as_str());
    ids.filter_map(|id| id.parse().ok()).collect()
}

async fn look_again(
    app: &App,
    viewer: &Viewer,
    because: ExceptionId,
    (member, since): (MemberId, Instant),
) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    let what = Rebuild {
        member,
        since,
        judge_again: false,
    };
    rebuild::member_in(&mut tx, what).await?;
    let detail = serde_json::json!({ "because": because });
    tx.commit(Audit::of(member).detail(detail)).await
}
