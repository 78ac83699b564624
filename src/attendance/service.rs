//! Decides: the whole story of each thing that can happen to a work session.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::Serialize;

use super::closing::{self, Closing, Travel};
use super::days;
use super::facts::Known;
use super::judge::{self, Judged};
use super::model::{
    Device, Direction, Note, Ping, Punch, PunchTime, Role, Said, Source, Status, Trust, WorkSession,
};
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, SessionEvent};
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement};
use crate::kernel::id::{ClientId, PlaceId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::{Instant, local_date};
use crate::places::model::Place;
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;
use crate::{identity, kernel, orgs, places, schedules};

/// The most positions one call may bring.
pub const MOST_PINGS: usize = 100;
/// The most open sessions the board of an organization shows.
pub const LONGEST_BOARD: i64 = 1_000;

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
}

/// Opens a session for the viewer. The same key and input give the same session, however often they come.
pub async fn clock_in(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: ClockIn,
) -> Result<WorkSession> {
    let key = Key::new(key, "CLOCK_IN", &input)?;
    let input = checked(input)?;
    loop {
        match try_clock_in(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            // What is in the way may be this very request, which committed since its key was looked up.
            Err(error)
                if error.code == Code::AlreadyClockedIn
                    && idempotency::is_used(app, viewer, Action::ClockIn, &key).await? => {}
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
    let member_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::ClockIn).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let time = PunchTime::judge(input.captured_at, tx.now())?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let member = identity::service::member_in(&mut tx, member_id).await?;
    let newest = store::find_newest(&mut tx, member_id).await?;
    if newest
        .as_ref()
        .is_some_and(|session| session.status == Status::Active)
    {
        return Err(Error::refused(
            Code::AlreadyClockedIn,
            "you are already clocked in",
        ));
    }
    let shift = schedules::service::shift_for_in(&mut tx, member_id, time.occurred_at).await?;
    let place = place_of_clock_in(&mut tx, input, shift.as_ref()).await?;
    let department = department_of(&mut tx, &member).await?;
    let known = Known {
        member: &member,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: shift.as_ref(),
        is_returning: is_returning(newest.as_ref(), shift.as_ref()),
        service: input.service.as_deref(),
        time,
        mock_location: input.device.mock_location,
        zone: place
            .as_ref()
            .map_or(organization.time_zone, |place| place.time_zone),
    };
    let mut rules = rules_at(&mut tx, &member, place.as_ref(), time.occurred_at).await?;
    let judged = judge::clock_in(&mut rules, &known, input.position);
    if judged.refusal.is_some() {
        return refuse(tx, &member, judged, rules).await;
    }
    let session = opened(&tx, &known, input, &judged, newest.as_ref());
    if let Some(earlier) = newest.filter(|newest| known.is_returning && newest.leaving.is_some()) {
        // Coming back on the same shift, they had not left yet.
        store::stage_update(&mut tx, &earlier.came_back())?;
    }
    let punch = punch(
        &tx,
        &session,
        Direction::In,
        input.position,
        &known,
        &judged,
        &input.device,
        input.remark.clone(),
    );
    idempotency::stage(&mut tx, key, session.id)?;
    store::stage_insert(&mut tx, &session)?;
    store::stage_punches(&mut tx, &[punch])?;
    let about_it = About {
        subject: session.id.uuid(),
        member: Some(member_id),
        event_at: time.occurred_at,
    };
    decisions::service::keep_in(&mut tx, &about_it, &mut rules)?;
    days::service::settle_in(&mut tx, member_id, &BTreeSet::from([session.work_date])).await?;
    tx.emit(&Event::ClockedIn(about(&session, session.clocked_in_at)))?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

/// Closes the viewer's open session. The same key and input give the same session, however often they come.
pub async fn clock_out(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: ClockOut,
) -> Result<WorkSession> {
    let key = Key::new(key, "CLOCK_OUT", &input)?;
    let remark = kernel::text::optional("remark", input.remark.as_deref(), 500)?;
    let input = ClockOut { remark, ..input };
    loop {
        match try_clock_out(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            // Nothing is open any more, perhaps because this very request closed it since its key was looked up.
            Err(error)
                if error.code == Code::NotClockedIn
                    && idempotency::is_used(app, viewer, Action::ClockOut, &key).await? => {}
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
    let member_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::ClockOut).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let time = PunchTime::judge(input.captured_at, tx.now())?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let member = identity::service::member_in(&mut tx, member_id).await?;
    let open = store::lock_open(&mut tx, member_id)
        .await?
        .ok_or_else(not_clocked_in)?;
    let place = match open.place_id {
        Some(id) => Some(places::service::place_in(&mut tx, id).await?),
        None => None,
    };
    let department = department_of(&mut tx, &member).await?;
    let shift = match open.shift_id {
        Some(id) => schedules::service::shift_in(&mut tx, id).await?,
        None => None,
    };
    let known = Known {
        member: &member,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: shift.as_ref(),
        is_returning: false,
        service: open.service.as_deref(),
        time,
        mock_location: input.device.mock_location,
        zone: place
            .as_ref()
            .map_or(organization.time_zone, |place| place.time_zone),
    };
    let mut rules = rules_at(&mut tx, &member, place.as_ref(), time.occurred_at).await?;
    let history = history_of(&mut tx, &open).await?;
    let mut closing = Closing {
        session: &open,
        punches: &history.punches,
        device: &input.device,
        fence: Judgement::NONE,
        has_note: history.has_note || input.remark.is_some(),
        travel: history.travel,
    };
    let closed = closing::judge(&mut rules, &known, &mut closing, input.position);
    let judged = closed.judged;
    if judged.refusal.is_some() {
        return refuse(tx, &member, judged, rules).await;
    }
    let punch = punch(
        &tx,
        &open,
        Direction::Out,
        input.position,
        &known,
        &judged,
        &input.device,
        input.remark.clone(),
    );
    let mut session = open
        .clone()
        .clock_out(time.occurred_at, judged.fence, judged.flags)?;
    session.needs_review |= judged.needs_review;
    session.left(closed.leaving);
    session.required = closed.required;
    idempotency::stage(&mut tx, key, session.id)?;
    store::stage_update(&mut tx, &session)?;
    store::stage_punches(&mut tx, &[punch])?;
    let about_it = About {
        subject: session.id.uuid(),
        member: Some(member_id),
        event_at: time.occurred_at,
    };
    decisions::service::keep_in(&mut tx, &about_it, &mut rules)?;
    days::service::settle_in(&mut tx, member_id, &BTreeSet::from([session.work_date])).await?;
    tx.emit(&Event::ClockedOut(about(&session, time.occurred_at)))?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

/// What a closing session looks back on.
struct History {
    punches: Vec<Punch>,
    has_note: bool,
    travel: Option<Travel>,
}

async fn history_of(tx: &mut Tx, session: &WorkSession) -> Result<History> {
    let before = store::find_before(tx, session).await?;
    let ids: Vec<SessionId> = before
        .iter()
        .map(|before| before.id)
        .chain([session.id])
        .collect();
    let (punches, earlier): (Vec<Punch>, Vec<Punch>) = store::list_punches(tx, &ids)
        .await?
        .into_iter()
        .partition(|punch| punch.session_id == Some(session.id));
    Ok(History {
        travel: earlier
            .last()
            .zip(punches.first())
            .and_then(|(from, to)| Travel::between(from, to)),
        has_note: !store::list_notes(tx, &[session.id]).await?.is_empty(),
        punches,
    })
}

/// Writes down something about a session. The same key and input write it once, however often they come.
pub async fn add_note(
    app: &App,
    viewer: &Viewer,
    key: &str,
    session: SessionId,
    body: &str,
) -> Result<WorkSession> {
    let body = kernel::text::required("body", body, 2_000)?;
    let key = Key::new(key, "ADD_SESSION_NOTE", &(session, &body))?;
    loop {
        match try_add_note(app, viewer, &key, session, &body).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_add_note(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    session: SessionId,
    body: &str,
) -> Result<WorkSession> {
    let author_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::AddSessionNote).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let session = store::get(&mut tx, session).await?;
    let note = Note {
        id: tx.id(),
        session_id: session.id,
        author_id,
        body: body.to_owned(),
        created_at: tx.now(),
    };
    idempotency::stage(&mut tx, key, session.id)?;
    store::stage_note(&mut tx, &note)?;
    tx.emit(&Event::SessionNoted(about(&session, note.created_at)))?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

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
    let session = store::find_open(&mut tx, member)
        .await?
        .ok_or_else(not_clocked_in)?;
    for (index, ping) in pings.iter().enumerate() {
        if ping.captured_at < session.clocked_in_at
            || ping.captured_at > tx.now() + chrono::TimeDelta::minutes(2)
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

pub async fn session(app: &App, viewer: &Viewer, id: SessionId) -> Result<WorkSession> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::get(&mut tx, id).await
}

pub async fn sessions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<WorkSession>> {
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from > to
    {
        return Err(Error::invalid("from", "the first day comes after the last"));
    }
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list(&mut tx, filter, page).await
}

/// The viewer's open session.
pub async fn my_active_session(app: &App, viewer: &Viewer) -> Result<Option<WorkSession>> {
    let member = viewer.person()?;
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::find_open(&mut tx, member).await
}

/// Everybody at work now whom the viewer may see, newest first.
pub async fn active_sessions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
) -> Result<Vec<WorkSession>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list_open(&mut tx, filter, LONGEST_BOARD).await
}

pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<Vec<WorkSession>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list_by_ids(&mut tx, ids).await
}

/// Punches by session, oldest first. For sessions the caller was shown: ids come from resolved sessions only.
pub(super) async fn punches_of(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Punch>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    Ok(grouped(store::list_punches(&mut tx, ids).await?, |punch| {
        punch.session_id
    }))
}

pub(super) async fn notes_of(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Note>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    Ok(grouped(store::list_notes(&mut tx, ids).await?, |note| {
        Some(note.session_id)
    }))
}

pub(super) async fn locations_of(
    app: &App,
    viewer: &Viewer,
    id: SessionId,
    limit: i64,
) -> Result<Vec<Ping>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::get(&mut tx, id).await?;
    store::list_pings(&mut tx, id, limit).await
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> Option<SessionId>) -> HashMap<SessionId, Vec<T>> {
    let mut groups: HashMap<SessionId, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(session) = key(&row) {
            groups.entry(session).or_default().push(row);
        }
    }
    groups
}

fn checked(input: ClockIn) -> Result<ClockIn> {
    let service = kernel::text::optional("service", input.service.as_deref(), 60)?;
    let remark = kernel::text::optional("remark", input.remark.as_deref(), 500)?;
    kernel::text::optional("device.id", input.device.id.as_deref(), 100)?;
    kernel::text::optional("device.model", input.device.model.as_deref(), 100)?;
    kernel::text::optional("device.appVersion", input.device.app_version.as_deref(), 40)?;
    Ok(ClockIn {
        service,
        remark,
        ..input
    })
}

/// The first answer again.
async fn replay(mut tx: Tx, id: SessionId) -> Result<WorkSession> {
    let session = store::get(&mut tx, id).await?;
    tx.settle().await?;
    Ok(session)
}

/// Where it happens: as said, or the client's only place, or the shift's.
async fn place_of_clock_in(
    tx: &mut Tx,
    input: &ClockIn,
    shift: Option<&Shift>,
) -> Result<Option<Place>> {
    let mut id = input.place;
    if let Some(client) = input.client {
        places::service::client_in(tx, client)
            .await
            .map_err(|error| error.at("client"))?;
        let of_client = places::service::client_place_ids_in(tx, client).await?;
        match (id, of_client.as_slice()) {
            (Some(place), places) if !places.contains(&place) => {
                return Err(Error::invalid(
                    "place",
                    "this is not a place of this client",
                ));
            }
            (None, [only]) => id = Some(*only),
            _ => {}
        }
    }
    if let Some(said) = id {
        return places::service::place_in(tx, said)
            .await
            .map(Some)
            .map_err(|error| error.at("place"));
    }
    match shift.and_then(|shift| shift.place_id) {
        // A shift may name a place that was archived since: then it is nowhere in particular.
        Some(planned) => Ok(places::service::place_in(tx, planned).await.ok()),
        None => Ok(None),
    }
}

/// The rules a punch is judged by: those of its time, with the settings of the member's department and the place.
async fn rules_at(
    tx: &mut Tx,
    member: &Member,
    place: Option<&Place>,
    at: Instant,
) -> Result<InForce> {
    let mut rules = InForce::at(tx, at).await?;
    rules.set_scopes(scopes(member, place));
    Ok(rules)
}

/// From the widest to the narrowest.
pub(super) fn scopes(member: &Member, place: Option<&Place>) -> Vec<String> {
    let department = member.department_id.map(|id| id.to_string());
    let place = place.map(|place| place.id.to_string());
    department.into_iter().chain(place).collect()
}

async fn department_of(tx: &mut Tx, member: &Member) -> Result<Option<String>> {
    match member.department_id {
        Some(id) => Ok(Some(orgs::service::department_in(tx, id).await?.name)),
        None => Ok(None),
    }
}

/// Whether the member was here before on this shift: coming back from lunch is not coming late.
fn is_returning(newest: Option<&WorkSession>, shift: Option<&Shift>) -> bool {
    let shift = shift.map(|shift| shift.id);
    shift.is_some() && newest.is_some_and(|session| session.shift_id == shift)
}

fn opened(
    tx: &Tx,
    known: &Known<'_>,
    input: &ClockIn,
    judged: &Judged,
    previous: Option<&WorkSession>,
) -> WorkSession {
    let at = known.time.occurred_at;
    let mut flags = judged.flags.clone();
    let overlaps = previous
        .and_then(|session| session.clocked_out_at)
        .is_some_and(|out| at < out);
    if overlaps {
        flags.push("overlaps_previous_session".to_owned());
    }
    WorkSession {
        id: tx.id(),
        member_id: known.member.id,
        department_id: known.member.department_id,
        place_id: known.place.map(|place| place.id),
        client_id: input.client,
        shift_id: known.shift.map(|shift| shift.id),
        service: input.service.clone(),
        status: Status::Active,
        work_date: work_date(known),
        clocked_in_at: at,
        clocked_out_at: None,
        lateness: judged.lateness.map(|(lateness, _)| lateness),
        minutes_late: judged
            .lateness
            .map(|(_, minutes)| i32::try_from(minutes).unwrap_or(i32::MAX)),
        fence_in: judged.fence,
        fence_out: None,
        flags,
        needs_review: judged.needs_review || overlaps,
        leaving: None,
        minutes_early: None,
        required: Vec::new(),
        breaks: Vec::new(),
        hours: None,
        tasks: Vec::new(),
        is_manual: false,
    }
}

fn work_date(known: &Known<'_>) -> NaiveDate {
    known.shift.map_or_else(
        || local_date(known.time.occurred_at, known.zone),
        |shift| shift.work_date,
    )
}

#[expect(
    clippy::too_many_arguments,
    reason = "a punch is the sum of what was said and what was found"
)]
fn punch(
    tx: &Tx,
    session: &WorkSession,
    direction: Direction,
    fix: Option<Fix>,
    known: &Known<'_>,
    judged: &Judged,
    device: &Device,
    remark: Option<String>,
) -> Punch {
    Punch {
        id: tx.id(),
        session_id: Some(session.id),
        role: match direction {
            Direction::Out => Role::Closes,
            _ => Role::Opens,
        },
        member_id: session.member_id,
        direction,
        source: Source::Mobile,
        time: known.time,
        fix,
        place_id: session.place_id,
        fence: judged.fence,
        remark,
        device: device.clone(),
        said: match direction {
            Direction::In => Said {
                client_id: session.client_id,
                service: session.service.clone(),
                tasks: Vec::new(),
            },
            _ => Said::default(),
        },
        external_ref: None,
        trust: Trust::Server,
        skew_seconds: None,
        break_kind: None,
        emergency: false,
        client_ref: None,
        made_by: None,
        reason_code: None,
        memo: None,
    }
}

/// A refusal by rule leaves its decisions behind, about the member: "why was I refused?" has an answer too.
async fn refuse(
    mut tx: Tx,
    member: &Member,
    judged: Judged,
    mut rules: InForce,
) -> Result<WorkSession> {
    let about = About {
        subject: member.id.uuid(),
        member: Some(member.id),
        event_at: tx.now(),
    };
    decisions::service::keep_in(&mut tx, &about, &mut rules)?;
    tx.commit(Audit::of(member.id).detail(serde_json::json!({ "refused": true })))
        .await?;
    Err(judged
        .refusal
        .unwrap_or_else(|| Error::refused(Code::DeniedByRule, "a rule refused this")))
}

fn about(session: &WorkSession, at: Instant) -> SessionEvent {
    SessionEvent {
        session: session.id,
        member: session.member_id,
        department: session.department_id,
        place: session.place_id,
        at,
    }
}

fn not_clocked_in() -> Error {
    Error::refused(Code::NotClockedIn, "you are not clocked in")
}
