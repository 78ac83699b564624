//! What was known of a session when: every past state, what changed between two of them, and through whom.

pub mod graphql;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use crate::app::App;
use crate::attendance::figures::{self, Difference};
use crate::attendance::model::{Punch, PunchEdit, WorkSession, verdict_name};
use crate::attendance::{store, versions};
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, SessionId};
use crate::kernel::time::Instant;

/// A state of a session, and how it came about.
#[derive(Debug, Clone)]
pub struct Version {
    pub since: Instant,
    /// Nothing: it is so now.
    pub until: Option<Instant>,
    pub state: WorkSession,
    /// From the state before; nothing for the first.
    pub changes: Vec<Difference>,
    /// What arrived or was put above a claim at `since`; nothing where a shift, a rule or the timetable changed it.
    pub causes: Vec<Cause>,
}

/// What made a state.
#[derive(Debug, Clone)]
pub enum Cause {
    Arrived(Box<Punch>),
    Edited(PunchEdit),
}

/// The states of sessions that the viewer may see, oldest first.
pub async fn of_many(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Version>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let sessions = store::list_by_ids(&mut tx, ids).await?;
    let seen: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let mut past: HashMap<SessionId, Vec<_>> = HashMap::new();
    for state in versions::list_past(&mut tx, &seen).await? {
        past.entry(state.2.id).or_default().push(state);
    }
    let punches = store::list_punches(&mut tx, &seen).await?;
    let mut edits: HashMap<MemberId, Vec<PunchEdit>> = HashMap::new();
    for session in &sessions {
        if let Entry::Vacant(missing) = edits.entry(session.member_id) {
            let all = versions::list_edits(&mut tx, session.member_id).await?;
            missing.insert(all);
        }
    }
    let told = |now: WorkSession| {
        let id = now.id;
        let own: Vec<&Punch> = punches
            .iter()
            .filter(|punch| punch.session_id == Some(id))
            .collect();
        let edits = edits.get(&now.member_id).map_or(&[][..], Vec::as_slice);
        (
            id,
            tell(now, past.remove(&id).unwrap_or_default(), &own, edits),
        )
    };
    Ok(sessions.into_iter().map(told).collect())
}

fn tell(
    now: WorkSession,
    past: Vec<(Instant, Instant, WorkSession)>,
    punches: &[&Punch],
    edits: &[PunchEdit],
) -> Vec<Version> {
    let first = punches.iter().map(|punch| punch.time.received_at).min();
    let since = past
        .last()
        .map(|(_, until, _)| *until)
        .or(first)
        .unwrap_or(now.clocked_in_at);
    let states = past
        .into_iter()
        .map(|(since, until, state)| (since, Some(until), state))
        .chain([(since, None, now)]);
    let mut before: Option<Value> = None;
    states
        .map(|(since, until, state)| {
            let words = words(&state);
            let changes = before
                .replace(words.clone())
                .map_or_else(Vec::new, |old| figures::differences(&old, &words));
            Version {
                since,
                until,
                state,
                changes,
                causes: causes(since, punches, edits),
            }
        })
        .collect()
}

fn causes(since: Instant, punches: &[&Punch], edits: &[PunchEdit]) -> Vec<Cause> {
    let arrived = punches
        .iter()
        .filter(|punch| punch.time.received_at == since)
        .map(|punch| Cause::Arrived(Box::new((*punch).clone())));
    let edited = edits
        .iter()
        .filter(|edit| edit.made_at == since)
        .map(|edit| Cause::Edited(edit.clone()));
    arrived.chain(edited).collect()
}

/// A session in the words of the API.
fn words(session: &WorkSession) -> Value {
    json!({
        "status": session.status.name(),
        "workDate": session.work_date,
        "clockedInAt": session.clocked_in_at,
        "clockedOutAt": session.clocked_out_at,
        "lateness": session.lateness.map(crate::attendance::model::Lateness::name),
        "minutesLate": session.minutes_late,
        "leaving": session.leaving.map(crate::attendance::model::Leaving::name),
        "minutesEarly": session.minutes_early,
        "place": session.place_id,
        "client": session.client_id,
        "shift": session.shift_id,
        "service": session.service,
        "fenceIn": verdict_name(session.fence_in.verdict),
        "fenceOut": session.fence_out.map(|fence| verdict_name(fence.verdict)),
        "flags": session.flags,
        "needsReview": session.needs_review,
        "breaks": session.breaks,
        "hours": session.hours,
        "tasks": session.tasks,
        "isManual": session.is_manual,
    })
}
