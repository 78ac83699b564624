//! Judges sessions by the rules of their time and keeps what was decided: the opening, each break and the end are asked
//! the same way whether the punch came just now or the session is worked out anew.

use super::case::{Case, Frame};
use super::claims::Claim;
use super::closing;
use super::fold::Played;
use super::hours;
use super::judge::{self, Denial, Judged};
use super::model::{Status, WorkSession};
use super::{evidence, findings};
use crate::db::tx::Tx;
use crate::exceptions::model::Found;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, PlaceId};
use crate::kernel::time::Instant;
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::rules::force::InForce;

/// The rules of a moment, with the settings of the department and the place, from the widest to the narrowest.
pub async fn rules_at(
    tx: &mut Tx,
    (department, place): (Option<DepartmentId>, Option<PlaceId>),
    at: Instant,
) -> Result<InForce> {
    let mut rules = InForce::at(tx, at).await?;
    rules.set_scopes(scopes((department, place)));
    Ok(rules)
}

/// From the widest to the narrowest.
pub fn scopes((department, place): (Option<DepartmentId>, Option<PlaceId>)) -> Vec<String> {
    let department = department.map(|id| id.to_string());
    let place = place.map(|id| id.to_string());
    department.into_iter().chain(place).collect()
}

/// A session judged from beginning to end. What rules would have refused is a flag.
pub async fn anew_in(tx: &mut Tx, case: &Case<'_>, frame: Frame) -> Result<WorkSession> {
    let mut session = case.session(frame);
    let opening = case.opening().ok_or_else(no_opening)?;
    let mut rules = rules_at(tx, (session.department_id, session.place_id), opening.at).await?;
    let service = session.service.clone();
    let judged = judge::clock_in(&mut rules, case, opening, service.as_deref(), Denial::Flags);
    opened(&mut session, judged);
    keep(tx, &session, opening.at, &mut rules)?;
    for (index, start) in case.break_starts().enumerate() {
        if let Some(start) = start {
            start_break_in(tx, case, start, &mut session, index).await?;
        }
    }
    if let Some(claim) = case.closing() {
        close_in(tx, case, claim, &mut session, Denial::Flags).await?;
    }
    settle_status(&mut session);
    Ok(session)
}

async fn start_break_in(
    tx: &mut Tx,
    case: &Case<'_>,
    claim: &Claim,
    session: &mut WorkSession,
    index: usize,
) -> Result<()> {
    let mut rules = rules_at(tx, (session.department_id, session.place_id), claim.at).await?;
    let mut judged = judge::break_start(&mut rules, case, claim, session, index);
    judged.denied(Denial::Flags);
    break_started(session, index, judged);
    keep(tx, session, claim.at, &mut rules)
}

/// Judges the end of a session by the rules of that moment. A refusal leaves its decisions with the caller.
pub async fn close_in(
    tx: &mut Tx,
    case: &Case<'_>,
    claim: &Claim,
    session: &mut WorkSession,
    denial: Denial,
) -> Result<()> {
    let mut rules = rules_at(tx, (session.department_id, session.place_id), claim.at).await?;
    closing::judge(&mut rules, case, claim, session, denial)?;
    keep(tx, session, claim.at, &mut rules)
}

/// What the rules made of a clock-in.
pub fn opened(session: &mut WorkSession, judged: Judged) {
    session.fence_in = judged.fence;
    session.lateness = judged.lateness.map(|(lateness, _)| lateness);
    session.minutes_late = judged
        .lateness
        .map(|(_, minutes)| i32::try_from(minutes).unwrap_or(i32::MAX));
    session.needs_review |= judged.needs_review;
    session.add_flags(judged.flags);
}

/// Flags of a break stay with it; the session has them too.
pub fn break_started(session: &mut WorkSession, index: usize, judged: Judged) {
    if let Some(pause) = session.breaks.get_mut(index) {
        pause.flags.clone_from(&judged.flags);
    }
    session.needs_review |= judged.needs_review;
    session.add_flags(judged.flags);
}

/// What the way it ended says, whatever the rules say.
pub fn settle_status(session: &mut WorkSession) {
    match session.status {
        Status::Disconnected => {
            session.add_flags(vec!["missing_out".to_owned()]);
            session.needs_review = true;
        }
        Status::AutoClosed | Status::EmergencyEnded => session.needs_review = true,
        Status::Active | Status::Completed | Status::Void => {}
    }
}

/// Hours again, because the week before it is another one.
pub async fn hours_again_in(tx: &mut Tx, case: &Case<'_>, session: &mut WorkSession) -> Result<()> {
    let Some(claim) = case.closing() else {
        return Ok(());
    };
    let mut rules = rules_at(tx, (session.department_id, session.place_id), claim.at).await?;
    let service = session.service.clone();
    let known = case.known(claim, service.as_deref());
    let mut judged = judge::nothing();
    session.hours = hours::work_out(&mut rules, case, &known, session, &mut judged);
    session.add_flags(judged.flags);
    session.needs_review |= judged.needs_review;
    keep(tx, session, claim.at, &mut rules)
}

/// What a person must look at: what follows from the session itself, and signals in the evidence.
pub async fn found_in(
    tx: &mut Tx,
    case: &Case<'_>,
    session: &WorkSession,
    played: &[Played],
) -> Result<Vec<Found>> {
    let mut found = findings::found(case, session, played);
    found.extend(evidence::signals_in(tx, case.claims, case.zone).await?);
    Ok(found)
}

/// Keeps what was asked about a session.
pub fn keep(tx: &mut Tx, session: &WorkSession, at: Instant, rules: &mut InForce) -> Result<()> {
    let about = About {
        subject: session.id.uuid(),
        member: Some(session.member_id),
        event_at: at,
    };
    decisions::service::keep_in(tx, &about, rules)
}

fn no_opening() -> Error {
    Error::internal("a session without the claim that opens it")
}
