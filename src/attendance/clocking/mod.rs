//! Decides: clocking in and out. A punch at the end of a member's claims is judged at once; any other one is put among
//! them, and the sessions are worked out anew. Both come to the same, because both ask through the same case.
//!
//! `hearing` finds out which of the two it is, `around` what it is judged by, and `keeping` keeps what it came to.

mod around;
mod hearing;
mod keeping;

use serde::Serialize;

use super::calendar::{self, Calendar};
use super::case::Frame;
use super::claims::Claim;
use super::fold;
use super::judge::{self, Denial};
use super::model::{Device, Direction, Punch, Said, Source, Task, WorkSession};
use super::rebuild::about;
use super::service::{not_clocked_in, replay};
use super::{assess, closing, store, surroundings};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::Tx;
use crate::events::event::Event;
use crate::kernel;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::Fix;
use crate::kernel::id::{ClientId, PlaceId};
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::schedules::model::Shift;
use crate::{identity, orgs, places, schedules};

use around::taps;
pub(super) use around::{Around, Going, continued, unfolded};
pub(super) use hearing::{Heard, Hearing, hear, put_among};
pub(super) use keeping::{Kept, played, refuse};

/// The most tasks of one session.
const MOST_TASKS: usize = 100;

/// What a person says when clocking in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClockIn {
    pub position: Option<Fix>,
    pub place: Option<PlaceId>,
    pub client: Option<ClientId>,
    pub service: Option<String>,
    pub remark: Option<String>,
    pub device: Device,
    pub captured_at: Option<Instant>,
}

/// What a person says when clocking out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClockOut {
    pub position: Option<Fix>,
    pub remark: Option<String>,
    pub device: Device,
    pub captured_at: Option<Instant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// The panic button: never refused while a session is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
}

/// Opens a session for the viewer. The same key and input give the same session, however often they come.
pub async fn clock_in(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: ClockIn,
) -> Result<WorkSession> {
    let key = Key::new(key, "CLOCK_IN", &input)?;
    let service = kernel::text::optional("service", input.service.as_deref(), 60)?;
    let remark = kernel::text::optional("remark", input.remark.as_deref(), 500)?;
    check_device(&input.device)?;
    let input = ClockIn {
        service,
        remark,
        ..input
    };
    loop {
        match try_clock_in(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_clock_in(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    input: &ClockIn,
) -> Result<WorkSession> {
    let mut tx = app.begin(viewer, Action::ClockIn).await?;
    let heard = match hear(&mut tx, key, input.captured_at).await? {
        Heard::Before(id) => return replay(tx, id).await,
        Heard::Now(heard) => heard,
    };
    let member = identity::service::member_in(&mut tx, heard.member).await?;
    let at = heard.time.occurred_at;
    let shift = schedules::service::shift_for_in(&mut tx, member.id, at).await?;
    let place = place_of_clock_in(&mut tx, input, shift.as_ref()).await?;
    let punch = coming(&mut tx, &heard, input, place.as_ref());
    heard.check_that_out(&punch, shift.as_ref().map(|shift| shift.id))?;
    let returns = match &shift {
        Some(shift) => store::was_on_shift(&mut tx, member.id, shift.id).await?,
        None => false,
    };
    // Whoever comes back on a shift had not left yet: the session before is judged again.
    if !heard.is_last || heard.open().is_some() || returns {
        return put_among(tx, key, punch).await;
    }
    let organization = orgs::service::own_in(&mut tx).await?;
    let department = surroundings::department_in(&mut tx, member.department_id).await?;
    let around = Around {
        member: &member,
        organization: &organization,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: shift.as_ref(),
    };
    open(tx, key, &heard, &around, punch).await
}

/// The claim that somebody came.
fn coming(tx: &mut Tx, heard: &Hearing, input: &ClockIn, place: Option<&Place>) -> Punch {
    let said = Said {
        client_id: input.client,
        service: input.service.clone(),
        tasks: Vec::new(),
    };
    let id = tx.id();
    Punch {
        fix: input.position,
        place_id: place.map(|place| place.id),
        remark: input.remark.clone(),
        device: input.device.clone(),
        said,
        ..Punch::new(id, heard.member, Direction::In, Source::Mobile, heard.time)
    }
}

/// Opens a session with a claim that nothing stands in the way of, unless a rule refuses.
async fn open(
    mut tx: Tx,
    key: &Key,
    heard: &Hearing,
    around: &Around<'_>,
    punch: Punch,
) -> Result<WorkSession> {
    let at = punch.time.occurred_at;
    let frame = Frame {
        id: tx.id(),
        department_id: around.member.department_id,
        place_id: punch.place_id,
        client_id: punch.said.client_id,
        service: punch.said.service.clone(),
    };
    let opening = Claim::from(punch);
    let claims = std::slice::from_ref(&opening);
    let folded = fold::fold(&taps(claims), |_| around.shift.map(|shift| shift.id));
    let made = folded.sessions.first().ok_or_else(unfolded)?;
    let mut case = around.case(claims, made, &calendar::NONE);
    let mut session = case.session(frame);
    let day = session.work_date;
    around.look_at_day(&mut tx, &mut case, day).await?;
    case.end_before = heard.newest.as_ref().and_then(|last| last.clocked_out_at);
    let scopes = (session.department_id, session.place_id);
    let mut rules = assess::rules_at(&mut tx, scopes, at).await?;
    let service = session.service.clone();
    let service = service.as_deref();
    let mut judged = judge::clock_in(&mut rules, &case, &opening, service, Denial::Refuses);
    if let Some(refusal) = judged.refusal.take() {
        return refuse(tx, around.member, refusal, rules).await;
    }
    assess::opened(&mut session, judged);
    let found = assess::found_in(&mut tx, &case, &session, &folded.claims).await?;
    store::stage_insert(&mut tx, &session)?;
    assess::keep(&mut tx, &session, at, &mut rules)?;
    tx.emit(&Event::ClockedIn(about(&session, at)))?;
    let kept = Kept {
        session,
        before: None,
        claim: played(opening.clone(), &folded.claims),
        found,
    };
    kept.commit(tx, key).await
}

/// Closes the viewer's open session. The same key and input give the same session, however often they come.
pub async fn clock_out(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: ClockOut,
) -> Result<WorkSession> {
    let action = if input.emergency {
        "END_IN_EMERGENCY"
    } else {
        "CLOCK_OUT"
    };
    let key = Key::new(key, action, &input)?;
    let remark = kernel::text::optional("remark", input.remark.as_deref(), 500)?;
    check_device(&input.device)?;
    let tasks = checked_tasks(&input.tasks)?;
    let input = ClockOut {
        remark,
        tasks,
        ..input
    };
    loop {
        match try_clock_out(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_clock_out(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    input: &ClockOut,
) -> Result<WorkSession> {
    let mut tx = app.begin(viewer, Action::ClockOut).await?;
    let heard = match hear(&mut tx, key, input.captured_at).await? {
        Heard::Before(id) => return replay(tx, id).await,
        Heard::Now(heard) => heard,
    };
    let punch = going(&mut tx, &heard, input);
    match heard.open().filter(|_| heard.is_last) {
        Some(open) => close(tx, key, open, punch).await,
        None if heard.is_now && heard.open().is_none() && !heard.was_closed_for_them() => {
            Err(not_clocked_in())
        }
        None => put_among(tx, key, punch).await,
    }
}

/// The claim that somebody left.
fn going(tx: &mut Tx, heard: &Hearing, input: &ClockOut) -> Punch {
    let said = Said {
        tasks: input.tasks.clone(),
        ..Said::default()
    };
    let id = tx.id();
    Punch {
        fix: input.position,
        place_id: heard.open().and_then(|open| open.place_id),
        remark: input.remark.clone(),
        device: input.device.clone(),
        emergency: input.emergency,
        said,
        ..Punch::new(id, heard.member, Direction::Out, Source::Mobile, heard.time)
    }
}

/// Closes a session with a claim that is the last of it, unless a rule refuses; an emergency is never refused.
async fn close(mut tx: Tx, key: &Key, open: &WorkSession, punch: Punch) -> Result<WorkSession> {
    let (at, emergency) = (punch.time.occurred_at, punch.emergency);
    let member = identity::service::member_in(&mut tx, open.member_id).await?;
    let going = Going::of(&mut tx, open, Claim::from(punch)).await?;
    let place = surroundings::place_in(&mut tx, open.place_id).await?;
    let department = surroundings::department_in(&mut tx, open.department_id).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let around = Around {
        member: &member,
        organization: &organization,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: going.shift.as_ref(),
    };
    let days = calendar::days_around(open.clocked_in_at, at);
    let mut calendar = Calendar::of(member.id, days);
    let scopes = (open.place_id, open.department_id);
    let holidays = calendar.holidays_in(&mut tx, scopes).await?;
    let folded = going.folded();
    let made = folded.sessions.first().ok_or_else(unfolded)?;
    let mut case = around.case(&going.claims, made, holidays);
    going.fill(&mut case);
    around
        .look_at_day(&mut tx, &mut case, open.work_date)
        .await?;
    let mut session = continued(open, &case);
    let denial = if emergency {
        Denial::Flags
    } else {
        Denial::Refuses
    };
    let scopes = (session.department_id, session.place_id);
    let mut rules = assess::rules_at(&mut tx, scopes, at).await?;
    let closing = case.closing().ok_or_else(unfolded)?;
    if let Err(refusal) = closing::judge(&mut rules, &case, closing, &mut session, denial) {
        return refuse(tx, &member, refusal, rules).await;
    }
    assess::settle_status(&mut session);
    let found = assess::found_in(&mut tx, &case, &session, &folded.claims).await?;
    assess::keep(&mut tx, &session, at, &mut rules)?;
    let ended = about(&session, at);
    tx.emit(&if emergency {
        Event::EmergencyEnded(ended)
    } else {
        Event::ClockedOut(ended)
    })?;
    let claim = played(going.newest().ok_or_else(unfolded)?, &folded.claims);
    let kept = Kept {
        before: Some((open.clone(), going.known_since())),
        session,
        claim,
        found,
    };
    kept.commit(tx, key).await
}

/// Where it happens: as said, or the client's only place, or the shift's.
async fn place_of_clock_in(
    tx: &mut Tx,
    input: &ClockIn,
    shift: Option<&Shift>,
) -> Result<Option<Place>> {
    if let Some(client) = input.client {
        places::service::client_in(tx, client)
            .await
            .map_err(|error| error.at("client"))?;
        if let Some(place) = input.place
            && !places::service::client_place_ids_in(tx, client)
                .await?
                .contains(&place)
        {
            return Err(Error::invalid(
                "place",
                "this is not a place of this client",
            ));
        }
    }
    if let Some(said) = input.place {
        let place = places::service::place_in(tx, said).await;
        return place.map(Some).map_err(|error| error.at("place"));
    }
    let meant = surroundings::place_meant_in(tx, input.client, shift).await?;
    surroundings::place_in(tx, meant).await
}

fn check_device(device: &Device) -> Result<()> {
    kernel::text::optional("device.model", device.model.as_deref(), 100)?;
    kernel::text::optional("device.appVersion", device.app_version.as_deref(), 40)?;
    Ok(())
}

fn checked_tasks(tasks: &[Task]) -> Result<Vec<Task>> {
    if tasks.len() > MOST_TASKS {
        return Err(Error::invalid(
            "tasks",
            format!("a session has at most {MOST_TASKS} tasks"),
        ));
    }
    let checked = tasks.iter().enumerate().map(|(index, task)| {
        Ok(Task {
            name: kernel::text::required(&format!("tasks.{index}.name"), &task.name, 200)?,
            is_done: task.is_done,
            remark: kernel::text::optional(
                &format!("tasks.{index}.remark"),
                task.remark.as_deref(),
                500,
            )?,
        })
    });
    checked.collect()
}
