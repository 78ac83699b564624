//! Decides: what somebody does right now, and what they said over time.

use chrono::TimeDelta;

use crate::app::App;
use crate::attendance::model::{Punch, Status, WorkSession};
use crate::attendance::{breaks, hours, store, surroundings, versions};
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::{Instant, local_date};
use crate::{identity, orgs};

/// A day begins up to a day before its first shift does elsewhere.
const DAY: TimeDelta = TimeDelta::days(3);

/// What somebody does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Out,
    In,
    OnBreak,
}

/// What somebody does right now, since when, and what the day has come to so far.
#[derive(Debug, Clone)]
pub struct WorkStatus {
    pub member: MemberId,
    pub presence: Presence,
    /// Nothing for somebody who has never worked here.
    pub since: Option<Instant>,
    /// The open session; while out, none.
    pub session: Option<WorkSession>,
    /// Minutes of work on today's sessions so far, breaks left out.
    pub worked_minutes: i64,
    /// Minutes of break on today's sessions so far.
    pub break_minutes: i64,
}

/// The viewer's own status, or that of somebody within reach.
pub async fn work_status(
    app: &App,
    viewer: &Viewer,
    member: Option<MemberId>,
) -> Result<WorkStatus> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let member = match member {
        Some(member) => identity::service::member_in(&mut tx, member).await?.id,
        None => viewer.person()?,
    };
    let now = tx.now();
    let newest = store::find_newest(&mut tx, member).await?;
    let recent = store::list_since(&mut tx, member, now - DAY, &[]).await?;
    let place = newest.as_ref().and_then(|newest| newest.place_id);
    let zone = match surroundings::place_in(&mut tx, place).await? {
        Some(place) => place.time_zone,
        None => orgs::service::own_in(&mut tx).await?.time_zone,
    };
    let open = newest
        .clone()
        .filter(|newest| newest.status == Status::Active);
    // A night that goes on counts for the day it began on, and so does the status.
    let day = open
        .as_ref()
        .map_or_else(|| local_date(now, zone), |open| open.work_date);
    let today = || {
        recent
            .iter()
            .chain(&open)
            .filter(|session| session.work_date == day && counts(session))
    };
    let ids: std::collections::BTreeMap<SessionId, &WorkSession> =
        today().map(|session| (session.id, session)).collect();
    let until = |session: &WorkSession| session.clocked_out_at.unwrap_or(now);
    let worked = ids
        .values()
        .map(|session| hours::worked_minutes(session, until(session)))
        .sum();
    let breaks = ids
        .values()
        .map(|session| hours::minutes_on_break(session, until(session)))
        .sum();
    let (presence, since) = presence(newest.as_ref());
    Ok(WorkStatus {
        member,
        presence,
        since,
        session: open,
        worked_minutes: worked,
        break_minutes: breaks,
    })
}

/// Whether its time is known: a missing end invents none.
fn counts(session: &WorkSession) -> bool {
    match session.status {
        Status::Active => true,
        Status::Void => false,
        _ => session.clocked_out_at.is_some(),
    }
}

fn presence(newest: Option<&WorkSession>) -> (Presence, Option<Instant>) {
    let Some(newest) = newest else {
        return (Presence::Out, None);
    };
    if newest.status != Status::Active {
        return (Presence::Out, newest.clocked_out_at);
    }
    match breaks::service::running(newest) {
        Some(pause) => (Presence::OnBreak, Some(pause.starts_at)),
        None => (
            Presence::In,
            Some(
                newest
                    .breaks
                    .last()
                    .and_then(|pause| pause.ends_at)
                    .unwrap_or(newest.clocked_in_at),
            ),
        ),
    }
}

/// Which claims are wanted.
#[derive(Debug, Clone, Default)]
pub struct PunchFilter {
    pub member: Option<MemberId>,
    /// From this moment on.
    pub from: Option<Instant>,
    /// Before this moment.
    pub to: Option<Instant>,
}

/// Claims, newest first: of the viewer, or of those within reach.
pub async fn punches(
    app: &App,
    viewer: &Viewer,
    filter: &PunchFilter,
    page: &PageRequest,
) -> Result<Page<Punch>> {
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to)
    {
        return Err(Error::invalid("filter.from", "this comes after the end"));
    }
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::page_punches(&mut tx, filter, page).await
}

/// What a session was known to be at a moment; `NOT_FOUND` before anybody knew of it.
pub async fn session_as_known_on(
    app: &App,
    viewer: &Viewer,
    id: SessionId,
    at: Instant,
) -> Result<WorkSession> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let session = store::get(&mut tx, id).await?;
    let then = versions::version_at(&mut tx, session, at).await?;
    then.ok_or_else(|| Error::not_found("work session at that time"))
}
