//! Decides: which positions are kept, and for how long.

use chrono::TimeDelta;

use super::store;
use crate::app::App;
use crate::attendance::model::{Ping, WorkSession};
use crate::attendance::service::not_clocked_in;
use crate::attendance::store as sessions;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{OrgId, SessionId};
use crate::orgs;

/// The most positions one call may bring.
pub const MOST_PINGS: usize = 100;
/// Where somebody went is kept for so long after it reached us. The positions of their punches stay: those are evidence.
pub const KEPT: TimeDelta = TimeDelta::days(30);
/// Positions of so many sessions go in one transaction: others write in between.
const AT_ONCE: i64 = 100;

/// Keeps positions of the viewer's open session. Sent twice, they count once; captured before the clock-in or in
/// the future, they are refused with the index of the first bad one.
pub async fn record_locations(app: &App, viewer: &Viewer, pings: Vec<Ping>) -> Result<WorkSession> {
    let member = viewer.person()?;
    if pings.is_empty() || pings.len() > MOST_PINGS {
        let message = format!(
            "{} positions in one call; 1 to {MOST_PINGS} are allowed",
            pings.len()
        );
        return Err(Error::refused(Code::TooManyPings, message).at("positions"));
    }
    let mut tx = app.begin(viewer, Action::RecordLocation).await?;
    let session = sessions::find_open(&mut tx, member)
        .await?
        .ok_or_else(not_clocked_in)?;
    for (index, ping) in pings.iter().enumerate() {
        if ping.captured_at < session.clocked_in_at
            || ping.captured_at > tx.now() + TimeDelta::minutes(2)
        {
            let message = "a position belongs between the clock-in and now";
            return Err(Error::invalid(
                &format!("positions.{index}.capturedAt"),
                message,
            ));
        }
    }
    store::stage_pings(&mut tx, session.id, &pings)?;
    tx.commit(Audit::of(session.id).detail(serde_json::json!({ "positions": pings.len() })))
        .await?;
    Ok(session)
}

/// The newest positions of a session the viewer may see, newest first.
pub async fn locations_of(
    app: &App,
    viewer: &Viewer,
    id: SessionId,
    limit: i64,
) -> Result<Vec<Ping>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    sessions::get(&mut tx, id).await?;
    store::list_pings(&mut tx, id, limit).await
}

/// The last position known of a session.
pub(in crate::attendance) async fn last_in(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<Ping>> {
    Ok(store::list_pings(tx, session, 1).await?.pop())
}

/// Removes the positions whose time is over, in every organization. Doing it twice, or on two nodes, changes nothing.
pub async fn purge(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        purge_one(app, org).await?;
    }
    Ok(())
}

async fn purge_one(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "locations");
    while !app.tasks().is_stopping() {
        let mut tx = app.begin(&viewer, Action::RunTimetable).await?;
        let before = tx.now() - KEPT;
        let sessions = store::list_with_old(&mut tx, before, AT_ONCE).await?;
        if sessions.is_empty() {
            return Ok(());
        }
        store::stage_removal(&mut tx, sessions, before)?;
        tx.commit_unaudited().await?;
    }
    Ok(())
}
