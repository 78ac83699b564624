//! Decides: when a break begins and ends.

use serde::Serialize;

use crate::app::App;
use crate::attendance::claims::Claim;
use crate::attendance::clocking::{
    Around, Going, Heard, Hearing, Kept, continued, hear, played, put_among, refuse, unfolded,
};
use crate::attendance::judge::{self, Denial};
use crate::attendance::model::{Break, Device, Direction, Punch, Role, Source, WorkSession};
use crate::attendance::rebuild::about;
use crate::attendance::service::{not_clocked_in, replay};
use crate::attendance::{assess, calendar, surroundings};
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::Tx;
use crate::events::event::Event;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::Fix;
use crate::kernel::time::Instant;
use crate::{identity, kernel, orgs};

/// What a person says when starting or ending a break.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pause {
    /// `meal`, `tea` and so on; for the start only.
    pub kind: Option<String>,
    pub position: Option<Fix>,
    pub remark: Option<String>,
    pub device: Device,
    pub captured_at: Option<Instant>,
}

/// Starts a break in the viewer's open session.
pub async fn start(app: &App, viewer: &Viewer, key: &str, input: Pause) -> Result<WorkSession> {
    tap(
        app,
        viewer,
        &Key::new(key, "START_BREAK", &input)?,
        Direction::BreakStart,
        input,
    )
    .await
}

/// Ends the break that goes on.
pub async fn end(app: &App, viewer: &Viewer, key: &str, input: Pause) -> Result<WorkSession> {
    tap(
        app,
        viewer,
        &Key::new(key, "END_BREAK", &input)?,
        Direction::BreakEnd,
        input,
    )
    .await
}

async fn tap(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    direction: Direction,
    input: Pause,
) -> Result<WorkSession> {
    let kind = kernel::text::optional("kind", input.kind.as_deref(), 40)?;
    let remark = kernel::text::optional("remark", input.remark.as_deref(), 500)?;
    let input = Pause {
        kind,
        remark,
        ..input
    };
    loop {
        match try_tap(app, viewer, key, direction, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_tap(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    direction: Direction,
    input: &Pause,
) -> Result<WorkSession> {
    let mut tx = app.begin(viewer, Action::TakeBreak).await?;
    let heard = match hear(&mut tx, key, input.captured_at).await? {
        Heard::Before(id) => return replay(tx, id).await,
        Heard::Now(heard) => heard,
    };
    let punch = Punch {
        fix: input.position,
        place_id: heard.open().and_then(|open| open.place_id),
        remark: input.remark.clone(),
        device: input.device.clone(),
        break_kind: input.kind.clone(),
        ..Punch::new(tx.id(), heard.member, direction, Source::Mobile, heard.time)
    };
    if heard.is_now {
        in_turn(heard.open(), direction)?;
    }
    if !heard.is_last {
        return put_among(tx, key, punch).await;
    }
    take(tx, key, &heard, punch).await
}

/// Whether a break can begin or end as things stand.
fn in_turn(open: Option<&WorkSession>, direction: Direction) -> Result<()> {
    let open = open.ok_or_else(not_clocked_in)?;
    let is_on_break = open
        .breaks
        .last()
        .is_some_and(|pause| pause.ends_at.is_none());
    if is_on_break == (direction == Direction::BreakEnd) {
        Ok(())
    } else {
        Err(out_of_turn(direction))
    }
}

/// At the end of the claims: judged at once.
async fn take(mut tx: Tx, key: &Key, heard: &Hearing, punch: Punch) -> Result<WorkSession> {
    let open = heard.open().ok_or_else(not_clocked_in)?;
    let at = heard.time.occurred_at;
    let member = &identity::service::member_in(&mut tx, heard.member).await?;
    let going = Going::of(&mut tx, open, Claim::from(punch)).await?;
    let folded = going.folded();
    let claim = played(going.newest().ok_or_else(unfolded)?, &folded.claims);
    let begins = match claim.role {
        Role::StartsBreak => true,
        Role::EndsBreak => false,
        _ => return Err(out_of_turn(claim.direction)),
    };
    let place = surroundings::place_in(&mut tx, open.place_id).await?;
    let department = surroundings::department_in(&mut tx, open.department_id).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let around = Around {
        member,
        organization: &organization,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: going.shift.as_ref(),
    };
    let made = folded.sessions.first().ok_or_else(unfolded)?;
    let mut case = around.case(&going.claims, made, &calendar::NONE);
    going.fill(&mut case);
    around
        .look_at_day(&mut tx, &mut case, open.work_date)
        .await?;
    let mut session = continued(open, &case);
    if begins {
        let scopes = (session.department_id, session.place_id);
        let mut rules = assess::rules_at(&mut tx, scopes, at).await?;
        let index = session.breaks.len().saturating_sub(1);
        let starting = case.claim(claim.id).ok_or_else(unfolded)?;
        let mut judged = judge::break_start(&mut rules, &case, starting, &session, index);
        judged.denied(Denial::Refuses);
        if let Some(refusal) = judged.refusal.take() {
            return refuse(tx, member, refusal, rules).await;
        }
        assess::break_started(&mut session, index, judged);
        assess::keep(&mut tx, &session, at, &mut rules)?;
    }
    let event = about(&session, at);
    tx.emit(&if begins {
        Event::BreakStarted(event)
    } else {
        Event::BreakEnded(event)
    })?;
    let found = assess::found_in(&mut tx, &case, &session, &folded.claims).await?;
    let kept = Kept {
        before: Some((open.clone(), going.known_since())),
        found,
        session,
        claim,
    };
    kept.commit(tx, key).await
}

fn out_of_turn(direction: Direction) -> Error {
    match direction {
        Direction::BreakStart => Error::refused(Code::AlreadyOnBreak, "you are already on a break"),
        _ => Error::refused(Code::NotOnBreak, "you are not on a break"),
    }
}

/// The break that goes on in a session.
pub fn running(session: &WorkSession) -> Option<&Break> {
    session
        .breaks
        .last()
        .filter(|pause| pause.ends_at.is_none())
}
