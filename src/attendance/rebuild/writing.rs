//! Keeps what was worked out, with what was there before: versions, sessions, the parts of claims, events, days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::judging::Outcome;
use super::past::Past;
use super::{Rebuild, Rebuilt};
use crate::attendance::claims::Claim;
use crate::attendance::fold::Folded;
use crate::attendance::model::{Punch, Role, Status, WorkSession};
use crate::attendance::{days, evidence, findings, store, versions};
use crate::db::tx::Tx;
use crate::events::event::{Event, SessionEvent};
use crate::exceptions::{self, model::Subject};
use crate::kernel::error::Result;
use crate::kernel::id::{PunchId, SessionId};
use crate::kernel::time::{Instant, local_date};

pub(super) async fn write_in(
    tx: &mut Tx,
    what: Rebuild,
    past: &Past,
    folded: &Folded,
    ids: &[SessionId],
    outcomes: Vec<Outcome>,
) -> Result<Rebuilt> {
    let judged = || {
        outcomes
            .iter()
            .filter_map(|outcome| Some((&outcome.session, outcome.found.as_deref()?)))
    };
    let mut days: BTreeSet<NaiveDate> = judged().map(|(session, _)| session.work_date).collect();
    let mut changed = void_leftovers(past, ids);
    let sessions = outcomes.iter().map(|outcome| &outcome.session);
    changed.extend(
        sessions
            .filter(|session| past.session(session.id) != Some(*session))
            .cloned(),
    );
    // Whatever closes goes before whatever opens: a member has one open session at most, at every moment.
    changed.sort_by_key(|session| (session.status == Status::Active, session.clocked_in_at));
    for session in &changed {
        let before = past.session(session.id);
        days.extend(before.map(|before| before.work_date));
        days.insert(session.work_date);
        write(tx, past, session, before).await?;
    }
    write_parts(tx, past, folded, ids)?;
    tx.flush_staged().await?;
    for (session, found) in judged() {
        let subject = findings::subject(session);
        if past.session(session.id).is_some() {
            exceptions::service::reconcile_in(tx, &subject, found).await?;
        } else {
            exceptions::service::open_in(tx, &subject, found)?;
        }
    }
    write_orphans(tx, what, past, folded).await?;
    tx.flush_staged().await?;
    if !days.is_empty() {
        days::service::settle_in(tx, what.member, &days).await?;
    }
    let is_new = |session: &&WorkSession| past.session(session.id).is_none();
    Ok(Rebuilt {
        changed: changed.iter().map(|session| session.id).collect(),
        created: changed
            .iter()
            .filter(is_new)
            .map(|session| session.id)
            .collect(),
    })
}

/// Stored sessions that nothing supports any more.
fn void_leftovers(past: &Past, ids: &[SessionId]) -> Vec<WorkSession> {
    let leftovers = past.replaced().filter(|session| !ids.contains(&session.id));
    let void = leftovers.map(|session| WorkSession {
        status: Status::Void,
        needs_review: false,
        ..session.clone()
    });
    void.collect()
}

async fn write(
    tx: &mut Tx,
    past: &Past,
    session: &WorkSession,
    before: Option<&WorkSession>,
) -> Result<()> {
    match before {
        Some(before) => {
            versions::keep_in(tx, before, known_since(past, before)).await?;
            store::stage_update(tx, session)?;
        }
        None => store::stage_insert(tx, session)?,
    }
    if session.status == Status::Void {
        tx.flush_staged().await?;
        exceptions::service::reconcile_in(tx, &findings::subject(session), &[]).await?;
    }
    for event in events(before, session, tx.now()) {
        tx.emit(&event)?;
    }
    Ok(())
}

/// When the first of the claims it had arrived.
fn known_since(past: &Past, session: &WorkSession) -> Instant {
    let own = past
        .claims
        .iter()
        .filter(|claim| claim.punch.session_id == Some(session.id));
    let arrived = own.map(|claim| claim.punch.time.received_at).min();
    arrived.unwrap_or(session.clocked_in_at)
}

/// What others are told: that work began or ended, and otherwise that it was worked out anew.
fn events(before: Option<&WorkSession>, after: &WorkSession, now: Instant) -> Vec<Event> {
    let was_open = before.is_some_and(|before| before.status == Status::Active);
    let was_known = before.is_some_and(|before| before.status != Status::Void);
    let mut events = Vec::new();
    if !was_known && after.status != Status::Void {
        events.push(Event::ClockedIn(about(after, after.clocked_in_at)));
    }
    let ended = after.clocked_out_at.unwrap_or(now);
    let end = match after.status {
        Status::Active | Status::Void => None,
        _ if was_known && !was_open => None,
        Status::Completed => Some(Event::ClockedOut(about(after, ended))),
        Status::Disconnected => Some(Event::SessionDisconnected(about(after, now))),
        Status::AutoClosed => Some(Event::SessionAutoClosed(about(after, ended))),
        Status::EmergencyEnded => Some(Event::EmergencyEnded(about(after, ended))),
    };
    events.extend(end);
    if events.is_empty() {
        events.push(Event::SessionRecomputed(about(after, now)));
    }
    events
}

pub fn about(session: &WorkSession, at: Instant) -> SessionEvent {
    SessionEvent {
        session: session.id,
        member: session.member_id,
        department: session.department_id,
        place: session.place_id,
        at,
    }
}

/// Which session each claim belongs to now, and the part it plays. One taken out stays with the session it was in.
fn write_parts(tx: &mut Tx, past: &Past, folded: &Folded, ids: &[SessionId]) -> Result<()> {
    let mut parts: BTreeMap<PunchId, (Option<SessionId>, Role)> = BTreeMap::new();
    for claim in past.claims.iter().filter(|claim| claim.is_voided) {
        parts.insert(claim.punch.id, (claim.punch.session_id, Role::Voided));
    }
    for played in &folded.claims {
        let session = played.session.and_then(|index| ids.get(index).copied());
        parts.insert(played.punch, (session, played.role));
    }
    for claim in &past.claims {
        let Punch {
            id,
            session_id,
            role,
            ..
        } = claim.punch;
        if let Some(part) = parts.get(&id).filter(|part| **part != (session_id, role)) {
            store::stage_role(tx, id, part.0, part.1)?;
        }
    }
    Ok(())
}

/// Claims that belong to no session are looked at by a person; those that found one are not any more.
async fn write_orphans(tx: &mut Tx, what: Rebuild, past: &Past, folded: &Folded) -> Result<()> {
    for claim in &past.claims {
        let played = folded
            .claims
            .iter()
            .find(|played| played.punch == claim.punch.id);
        let is_orphan = played.is_some_and(|played| played.role == Role::Orphan);
        let was_orphan = claim.punch.role == Role::Orphan;
        if is_orphan && (!was_orphan || claim.at >= what.since) {
            let mut found = findings::orphaned();
            let lone = std::slice::from_ref(claim);
            found.extend(evidence::signals_in(tx, lone, past.organization.time_zone).await?);
            exceptions::service::reconcile_in(tx, &orphan(past, claim), &found).await?;
        } else if was_orphan && !is_orphan {
            exceptions::service::reconcile_in(tx, &orphan(past, claim), &[]).await?;
        }
    }
    Ok(())
}

fn orphan(past: &Past, claim: &Claim) -> Subject {
    Subject {
        key: claim.punch.id.to_string(),
        member: claim.punch.member_id,
        department: past.member.department_id,
        place: claim.punch.place_id,
        session: None,
        punch: Some(claim.punch.id),
        work_date: local_date(claim.at, past.organization.time_zone),
    }
}
