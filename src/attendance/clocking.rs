//! Decides: clocking in and out. A punch at the end of a member's claims is judged at once; any other one is put among
//! them, and the sessions are worked out anew. Both come to the same, because both ask through the same case.

use serde::Serialize;

use super::case::{Case, Frame, Travel};
use super::claims::Claim;
use super::fold::{self, Again, Made, Played};
use super::judge::{self, Denial};
use super::model::{
    Break, Device, Direction, Punch, PunchTime, Role, Said, Source, Status, Task, WorkSession,
};
use super::punch::OLDEST_PUNCH;
use super::rebuild::{self, Rebuild, about};
use super::service::{not_clocked_in, replay};
use super::{assess, calendar, closing, days, findings, store, surroundings, versions};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::exceptions;
use crate::exceptions::model::Found;
use crate::identity::model::Member;
use crate::kernel;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement};
use crate::kernel::id::{ClientId, MemberId, PlaceId, SessionId, ShiftId};
use crate::kernel::time::Instant;
use crate::orgs::model::Organization;
use crate::places::model::Place;
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;
use crate::{identity, orgs, places, schedules};

/// Two people tapping at once are told apart by the order in which they were heard.
const TICK: chrono::TimeDelta = chrono::TimeDelta::microseconds(1);
/// How far ahead of ours a claim may lie and still be followed by one of now.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::minutes(2);
/// Layers above claims reach no further back than a night and the session before it.
const EDITS: chrono::TimeDelta = chrono::TimeDelta::hours(48);
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
    let at = heard.time.occurred_at;
    let member = &identity::service::member_in(&mut tx, heard.member).await?;
    let shift = schedules::service::shift_for_in(&mut tx, member.id, at).await?;
    let place = place_of_clock_in(&mut tx, input, shift.as_ref()).await?;
    let said = Said {
        client_id: input.client,
        service: input.service.clone(),
        tasks: Vec::new(),
    };
    let punch = Punch {
        fix: input.position,
        place_id: place.as_ref().map(|place| place.id),
        remark: input.remark.clone(),
        device: input.device.clone(),
        said,
        ..Punch::new(
            tx.id(),
            member.id,
            Direction::In,
            Source::Mobile,
            heard.time,
        )
    };
    let shift_id = shift.as_ref().map(|shift| shift.id);
    if heard.is_now
        && let Some(open) = heard.open()
        && fold::come_again(
            (open.clocked_in_at, open.shift_id),
            (at, shift_id),
            punch.source,
        ) != Again::Disconnects
    {
        return Err(Error::refused(
            Code::AlreadyClockedIn,
            "you are already clocked in",
        ));
    }
    let returns = match &shift {
        Some(shift) => store::was_on_shift(&mut tx, member.id, shift.id).await?,
        None => false,
    };
    // Whoever comes back on a shift had not left yet: the session before is judged again.
    if !heard.is_last || heard.open().is_some() || returns {
        return put_among(tx, key, punch).await;
    }
    let claims = [Claim::from(punch)];
    let folded = fold::fold(&taps(&claims), |_| shift_id);
    let made = folded.sessions.first().ok_or_else(unfolded)?;
    let department = surroundings::department_in(&mut tx, member.department_id).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let around = Around {
        member,
        organization: &organization,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: shift.as_ref(),
    };
    let mut case = around.case(&claims, made, &calendar::NONE);
    let frame = Frame {
        id: tx.id(),
        department_id: member.department_id,
        place_id: place.as_ref().map(|place| place.id),
        client_id: input.client,
        service: input.service.clone(),
    };
    let mut session = case.session(frame);
    around
        .look_at_day(&mut tx, &mut case, session.work_date)
        .await?;
    case.end_before = heard
        .newest
        .as_ref()
        .and_then(|newest| newest.clocked_out_at);
    let scopes = (session.department_id, session.place_id);
    let mut rules = assess::rules_at(&mut tx, scopes, at).await?;
    let [opening] = &claims;
    let mut judged = judge::clock_in(
        &mut rules,
        &case,
        opening,
        input.service.as_deref(),
        Denial::Refuses,
    );
    if let Some(refusal) = judged.refusal.take() {
        return refuse(tx, member, refusal, rules).await;
    }
    assess::opened(&mut session, judged);
    let found = assess::found_in(&mut tx, &case, &session, &folded.claims).await?;
    store::stage_insert(&mut tx, &session)?;
    assess::keep(&mut tx, &session, at, &mut rules)?;
    tx.emit(&Event::ClockedIn(about(&session, at)))?;
    let [opening] = claims;
    let kept = Kept {
        session,
        before: None,
        claim: played(opening, &folded.claims),
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
    let at = heard.time.occurred_at;
    let member = &identity::service::member_in(&mut tx, heard.member).await?;
    let punch = Punch {
        fix: input.position,
        remark: input.remark.clone(),
        device: input.device.clone(),
        emergency: input.emergency,
        said: Said {
            tasks: input.tasks.clone(),
            ..Said::default()
        },
        ..Punch::new(
            tx.id(),
            member.id,
            Direction::Out,
            Source::Mobile,
            heard.time,
        )
    };
    let Some(open) = heard.open().filter(|_| heard.is_last) else {
        if heard.is_now && heard.open().is_none() && !heard.was_closed_for_them() {
            return Err(not_clocked_in());
        }
        return put_among(tx, key, punch).await;
    };
    let place = surroundings::place_in(&mut tx, open.place_id).await?;
    let punch = Punch {
        place_id: open.place_id,
        ..punch
    };
    let going = Going::of(&mut tx, open, Claim::from(punch)).await?;
    let department = surroundings::department_in(&mut tx, open.department_id).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let around = Around {
        member,
        organization: &organization,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: going.shift.as_ref(),
    };
    let days = calendar::days_around(open.clocked_in_at, at);
    let scopes = (open.place_id, open.department_id);
    let holidays = calendar::holidays_in(&mut tx, scopes, days).await?;
    let folded = going.folded();
    let made = folded.sessions.first().ok_or_else(unfolded)?;
    let mut case = around.case(&going.claims, made, &holidays);
    going.fill(&mut case);
    around
        .look_at_day(&mut tx, &mut case, open.work_date)
        .await?;
    let mut session = continued(open, &case);
    let denial = if input.emergency {
        Denial::Flags
    } else {
        Denial::Refuses
    };
    let scopes = (session.department_id, session.place_id);
    let mut rules = assess::rules_at(&mut tx, scopes, at).await?;
    let closing = case.closing().ok_or_else(unfolded)?;
    if let Err(refusal) = closing::judge(&mut rules, &case, closing, &mut session, denial) {
        return refuse(tx, member, refusal, rules).await;
    }
    assess::settle_status(&mut session);
    let found = assess::found_in(&mut tx, &case, &session, &folded.claims).await?;
    assess::keep(&mut tx, &session, at, &mut rules)?;
    let ended = about(&session, at);
    tx.emit(&if input.emergency {
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

/// A punch heard now, or its answer if it was heard before.
pub(super) enum Heard {
    Before(SessionId),
    Now(Box<Hearing>),
}

/// Whose punch it is, when it happened, and what there was before.
pub(super) struct Hearing {
    pub member: MemberId,
    pub time: PunchTime,
    pub newest: Option<WorkSession>,
    /// Whether it lies after everything known of the member: then what stands says whether it is in turn.
    pub is_now: bool,
    /// Whether nothing else has to be worked out anew either.
    pub is_last: bool,
}

impl Hearing {
    pub(super) fn open(&self) -> Option<&WorkSession> {
        self.newest
            .as_ref()
            .filter(|newest| newest.status == Status::Active)
    }

    /// Whether the timetable closed the session not long ago: a real end replaces that one.
    fn was_closed_for_them(&self) -> bool {
        let closed = self
            .newest
            .as_ref()
            .filter(|newest| newest.status == Status::AutoClosed);
        closed
            .is_some_and(|closed| self.time.occurred_at - closed.clocked_in_at <= fold::RECOVERABLE)
    }
}

/// Locks the member first: from here on nobody else changes what is known of them.
pub(super) async fn hear(tx: &mut Tx, key: &Key, captured_at: Option<Instant>) -> Result<Heard> {
    let member = tx.viewer().person()?;
    let mut time = PunchTime::judge(captured_at, tx.now(), OLDEST_PUNCH)?;
    schedules::service::lock_member_in(tx, member).await?;
    if let Some(id) = idempotency::find_in(tx, key).await? {
        return Ok(Heard::Before(id));
    }
    let newest = store::find_newest(tx, member).await?;
    let claimed = store::newest_claim(tx, member).await?;
    let last = newest.as_ref().map(last_moment).max(claimed);
    if let Some(last) = last.filter(|last| {
        captured_at.is_none() && time.occurred_at <= *last && *last - time.occurred_at <= AHEAD
    }) {
        time.occurred_at = last + TICK;
    }
    let since = newest.as_ref().map(|newest| newest.clocked_in_at - EDITS);
    let edited = match since {
        Some(since) => versions::edited_since(tx, member, since).await?,
        None => false,
    };
    let is_now = last.is_none_or(|last| last < time.occurred_at);
    Ok(Heard::Now(Box::new(Hearing {
        member,
        time,
        newest,
        is_now,
        is_last: is_now && !edited,
    })))
}

fn last_moment(session: &WorkSession) -> Instant {
    let breaks = session
        .breaks
        .iter()
        .flat_map(|pause| [Some(pause.starts_at), pause.ends_at]);
    let moments = breaks.chain([session.clocked_out_at]).flatten();
    moments
        .max()
        .unwrap_or(session.clocked_in_at)
        .max(session.clocked_in_at)
}

/// Puts a punch among the claims, works the sessions out anew, and answers the one it belongs to. It is kept whatever the
/// rules say: they leave a flag.
pub(super) async fn put_among(mut tx: Tx, key: &Key, punch: Punch) -> Result<WorkSession> {
    let (id, direction) = (punch.id, punch.direction);
    let since = punch.time.occurred_at;
    let member = punch.member_id;
    store::stage_punches(&mut tx, &[punch])?;
    let what = Rebuild {
        member,
        since,
        judge_again: false,
    };
    rebuild::member_in(&mut tx, what).await?;
    let session = store::list_punches_by_id(&mut tx, &[id])
        .await?
        .pop()
        .and_then(|punch| punch.session_id);
    let Some(session) = session else {
        return Err(homeless(
            direction,
            store::find_newest(&mut tx, member).await?.as_ref(),
            since,
        ));
    };
    idempotency::stage(&mut tx, key, session)?;
    let session = store::get(&mut tx, session).await?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

fn homeless(direction: Direction, newest: Option<&WorkSession>, at: Instant) -> Error {
    if direction == Direction::Out && newest.is_some_and(|newest| at < newest.clocked_in_at) {
        let message = "the clock-out lies before the clock-in";
        return Error::refused(Code::ClockedOutBeforeIn, message).at("capturedAt");
    }
    not_clocked_in()
}

/// What surrounds a punch of now.
pub(super) struct Around<'a> {
    pub member: &'a Member,
    pub organization: &'a Organization,
    pub department: Option<&'a str>,
    pub place: Option<&'a Place>,
    pub shift: Option<&'a Shift>,
}

impl<'a> Around<'a> {
    pub(super) fn zone(&self) -> chrono_tz::Tz {
        self.place
            .map_or(self.organization.time_zone, |place| place.time_zone)
    }

    pub(super) fn case(
        &self,
        claims: &'a [Claim],
        made: &'a Made,
        holidays: &'a std::collections::BTreeSet<chrono::NaiveDate>,
    ) -> Case<'a> {
        Case {
            department: self.department,
            place: self.place,
            shift: self.shift,
            holidays,
            ..Case::new(self.member, self.zone(), claims, made)
        }
    }

    /// What else the day says: leave that excuses, a day of rest, other plans. Asked only where it matters.
    pub(super) async fn look_at_day(
        &self,
        tx: &mut Tx,
        case: &mut Case<'_>,
        day: chrono::NaiveDate,
    ) -> Result<()> {
        let made = case.made;
        let late = self.shift.is_some_and(|shift| made.from > shift.starts_at);
        let early = self
            .shift
            .zip(made.to)
            .is_some_and(|(shift, to)| to < shift.ends_at);
        if self.shift.is_some() && !late && !early {
            return Ok(());
        }
        let shifts = schedules::service::planned_in(tx, self.member.id, (day, day)).await?;
        if let Some(shift) = self.shift {
            case.delay_was_approved = calendar::is_on_leave(&shifts, shift.starts_at);
            case.leave_was_approved = calendar::is_on_leave(&shifts, shift.ends_at);
        } else {
            case.is_rest_day = calendar::is_rest_day_in(tx, self.member.id, &shifts, day).await?;
            case.is_planned = calendar::is_planned(&shifts, day);
        }
        Ok(())
    }
}

/// An open session with one more claim.
pub(super) struct Going {
    pub claims: Vec<Claim>,
    pub shift: Option<Shift>,
    has_note: bool,
    travel: Option<Travel>,
    week_minutes_before: i64,
    shift_minutes_before: i64,
    end_before: Option<Instant>,
    shift_id: Option<ShiftId>,
}

impl Going {
    pub(super) async fn of(tx: &mut Tx, open: &WorkSession, newest: Claim) -> Result<Self> {
        let week = calendar::week_before(open);
        let recent = store::list_since(tx, open.member_id, week, &[]).await?;
        let earlier = || {
            recent.iter().filter(|session| {
                session.status != Status::Void && session.clocked_in_at < open.clocked_in_at
            })
        };
        let before = earlier().next_back();
        let ids: Vec<_> = before
            .map(|before| before.id)
            .into_iter()
            .chain([open.id])
            .collect();
        let punches = store::list_punches(tx, &ids).await?;
        let standing = punches
            .into_iter()
            .filter(|punch| punch.role != Role::Voided);
        let (mut claims, before_it): (Vec<Claim>, Vec<Claim>) = standing
            .map(Claim::from)
            .partition(|claim| claim.punch.session_id == Some(open.id));
        claims.push(newest);
        let same_week = earlier().filter(|session| {
            calendar::monday(session.work_date) == calendar::monday(open.work_date)
        });
        let same_shift = earlier()
            .filter(|session| session.shift_id.is_some() && session.shift_id == open.shift_id);
        Ok(Self {
            travel: before_it
                .last()
                .zip(claims.first())
                .and_then(|(from, to)| Travel::between(from, to)),
            has_note: !store::list_notes(tx, &[open.id]).await?.is_empty(),
            shift: match open.shift_id {
                Some(id) => schedules::service::shift_in(tx, id).await?,
                None => None,
            },
            week_minutes_before: same_week.map(surroundings::paid).sum(),
            shift_minutes_before: same_shift.map(surroundings::paid).sum(),
            end_before: before.and_then(|before| before.clocked_out_at),
            shift_id: open.shift_id,
            claims,
        })
    }

    pub(super) fn newest(&self) -> Option<Claim> {
        self.claims.last().cloned()
    }

    pub(super) fn known_since(&self) -> Instant {
        let arrived = self.claims.iter().map(|claim| claim.punch.time.received_at);
        arrived.min().unwrap_or_default()
    }

    pub(super) fn folded(&self) -> fold::Folded {
        fold::fold(&taps(&self.claims), |_| self.shift_id)
    }

    pub(super) fn fill(&self, case: &mut Case<'_>) {
        case.has_note = self.has_note;
        case.travel = self.travel;
        case.week_minutes_before = self.week_minutes_before;
        case.shift_minutes_before = self.shift_minutes_before;
        case.end_before = self.end_before;
    }
}

fn taps(claims: &[Claim]) -> Vec<fold::Tap> {
    claims.iter().map(Claim::tap).collect()
}

/// The open session with what one more claim makes of it; what was judged already stays.
pub(super) fn continued(open: &WorkSession, case: &Case<'_>) -> WorkSession {
    let made = case.made;
    let breaks = made.breaks.iter().enumerate().map(|(index, pause)| Break {
        ends_at: pause.to,
        ..open.breaks.get(index).cloned().unwrap_or_else(|| Break {
            kind: pause.kind.clone(),
            starts_at: pause.from,
            ends_at: None,
            is_paid: false,
            flags: Vec::new(),
        })
    });
    let tasks = case.closing().map(|claim| claim.punch.said.tasks.clone());
    WorkSession {
        status: made.status,
        clocked_out_at: made.to,
        breaks: breaks.collect(),
        tasks: tasks.unwrap_or_default(),
        ..open.clone()
    }
}

/// What a punch of now made of a session.
pub(super) struct Kept {
    pub session: WorkSession,
    /// What it was, and since when that was known.
    pub before: Option<(WorkSession, Instant)>,
    /// The claim with its part, and the session it belongs to still missing.
    pub claim: Punch,
    pub found: Vec<Found>,
}

impl Kept {
    pub(super) async fn commit(self, mut tx: Tx, key: &Key) -> Result<WorkSession> {
        let Self {
            session,
            before,
            claim,
            found,
        } = self;
        idempotency::stage(&mut tx, key, session.id)?;
        let is_new = before.is_none();
        if let Some((before, since)) = before {
            versions::keep_in(&mut tx, &before, since).await?;
            store::stage_update(&mut tx, &session)?;
        }
        let fence = match claim.direction {
            Direction::In => session.fence_in,
            _ => session.fence_out.unwrap_or(Judgement::NONE),
        };
        let punch = Punch {
            session_id: Some(session.id),
            fence,
            ..claim
        };
        store::stage_punches(&mut tx, &[punch])?;
        let subject = findings::subject(&session);
        if is_new {
            exceptions::service::open_in(&mut tx, &subject, &found)?;
        } else {
            exceptions::service::reconcile_in(&mut tx, &subject, &found).await?;
        }
        tx.flush_staged().await?;
        let day = std::collections::BTreeSet::from([session.work_date]);
        days::service::settle_in(&mut tx, session.member_id, &day).await?;
        tx.commit(Audit::of(session.id)).await?;
        Ok(session)
    }
}

/// A claim with the part it plays.
pub(super) fn played(claim: Claim, all: &[Played]) -> Punch {
    let role = all
        .iter()
        .find(|played| played.punch == claim.punch.id)
        .map_or(claim.punch.role, |played| played.role);
    Punch {
        role,
        ..claim.punch
    }
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

/// A refusal by rule leaves its decisions behind, about the member: "why was I refused?" has an answer too.
pub(super) async fn refuse(
    mut tx: Tx,
    member: &Member,
    refusal: Error,
    mut rules: InForce,
) -> Result<WorkSession> {
    let about = About {
        subject: member.id.uuid(),
        member: Some(member.id),
        event_at: tx.now(),
    };
    decisions::service::keep_in(&mut tx, &about, &mut rules)?;
    let audit = Audit::of(member.id).detail(serde_json::json!({ "refused": true }));
    tx.commit(audit).await?;
    Err(refusal)
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

pub(super) fn unfolded() -> Error {
    Error::internal("a claim that makes no session")
}
