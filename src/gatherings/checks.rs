//! Decides: the whole story of checking in and out.

use serde::Serialize;

use super::facts::Known;
use super::judge::{self, Judged};
use super::model::{Gathering, Person};
use super::record::{AttendanceRecord, CheckTime, Method, OLDEST_CHECK, Status, not_checked_in};
use super::records::{self, Guesses};
use super::{codes, sight, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, GatheringEvent};
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::Fix;
use crate::kernel::id::{AttendanceRecordId, GatheringId, MemberId};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::rules::force::InForce;
use crate::{identity, orgs, places};

/// After so many wrong codes a person waits.
const MOST_GUESSES: i32 = 10;
/// How long wrong codes are remembered, in seconds.
const GUESSES_SECONDS: i64 = 15 * 60;

/// What a person says when checking in.
#[derive(Debug, Clone, Serialize)]
pub struct CheckIn {
    pub gathering: GatheringId,
    pub position: Option<Fix>,
    /// Eight characters, or what the QR code says.
    pub code: Option<String>,
    pub note: Option<String>,
    pub mock_location: bool,
    pub captured_at: Option<Instant>,
}

/// What a person says when checking out.
#[derive(Debug, Clone, Serialize)]
pub struct CheckOut {
    pub gathering: GatheringId,
    pub position: Option<Fix>,
    pub mock_location: bool,
    pub captured_at: Option<Instant>,
}

/// Checks the viewer in. The same key and input give the same record, however often they come.
pub async fn check_in(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: CheckIn,
) -> Result<AttendanceRecord> {
    let key = Key::new(key, "CHECK_IN", &input)?;
    let note = text::optional("note", input.note.as_deref(), 500)?;
    text::optional("code", input.code.as_deref(), 200)?;
    let input = CheckIn { note, ..input };
    loop {
        match try_check_in(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            // Somebody wrote the record since it was looked for: look again, it says what is so now.
            Err(error) if error.code == Code::AlreadyCheckedIn && error.source.is_some() => {}
            // What is in the way may be this very request, which committed since its key was looked up.
            Err(error)
                if error.code == Code::AlreadyCheckedIn
                    && idempotency::is_used(app, viewer, Action::AttendGatherings, &key)
                        .await? => {}
            answer => return answer,
        }
    }
}

async fn try_check_in(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    input: &CheckIn,
) -> Result<AttendanceRecord> {
    let member_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::AttendGatherings).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let time = CheckTime::judge(input.captured_at, tx.now(), OLDEST_CHECK)?;
    let (gathering, member) = attended(&mut tx, input.gathering, member_id).await?;
    let existing = expected(&mut tx, &gathering, &member).await?;
    if let Some(record) = &existing {
        record.not_yet_in()?;
    }
    gathering.lets_in(time.occurred_at)?;
    let step = match guess(&mut tx, &gathering, member_id, input.code.as_deref(), time).await? {
        Guess::Right(step) => step,
        Guess::Refused(error) => {
            tx.commit_unaudited().await?;
            return Err(error);
        }
    };
    let (scene, mut rules) = Scene::of(&mut tx, &gathering, member, time.occurred_at).await?;
    let known = scene.known(&gathering, time, input.mock_location);
    let judged = judge::check_in(&mut rules, &known, input.position);
    if judged.refusal.is_some() {
        return refuse(tx, &scene.member, judged, rules).await;
    }
    let is_new = existing.is_none();
    let mut record = existing.unwrap_or_else(|| blank(&tx, &gathering, &scene.member));
    record.enter(time, &judged);
    record.method = Some(if step.is_some() {
        Method::Code
    } else {
        Method::Phone
    });
    record.fix = input.position;
    record.note = input.note.clone().or(record.note);
    record.updated_at = tx.now();
    idempotency::stage(&mut tx, key, record.id)?;
    keep(&mut tx, &record, is_new, &mut rules)?;
    tx.emit(&Event::GatheringCheckedIn(about(&record)))?;
    let detail = serde_json::json!({ "event": gathering.id, "codeStep": step });
    tx.commit(Audit::of(record.id).detail(detail)).await?;
    Ok(record)
}

/// Checks the viewer out. The same key and input give the same record, however often they come.
pub async fn check_out(
    app: &App,
    viewer: &Viewer,
    key: &str,
    input: CheckOut,
) -> Result<AttendanceRecord> {
    let key = Key::new(key, "CHECK_OUT", &input)?;
    loop {
        match try_check_out(app, viewer, &key, &input).await {
            Err(error) if idempotency::lost_race(&error) => {}
            Err(error)
                if error.code == Code::NotCheckedIn
                    && idempotency::is_used(app, viewer, Action::AttendGatherings, &key)
                        .await? => {}
            answer => return answer,
        }
    }
}

async fn try_check_out(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    input: &CheckOut,
) -> Result<AttendanceRecord> {
    let member_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::AttendGatherings).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let time = CheckTime::judge(input.captured_at, tx.now(), OLDEST_CHECK)?;
    let (gathering, member) = attended(&mut tx, input.gathering, member_id).await?;
    let record = records::lock(&mut tx, gathering.id, member_id).await?;
    let mut record = record.ok_or_else(not_checked_in)?;
    let (scene, mut rules) = Scene::of(&mut tx, &gathering, member, time.occurred_at).await?;
    let known = scene.known(&gathering, time, input.mock_location);
    let judged = judge::check_out(&mut rules, &known, input.position);
    record.check_out(time, Some(judged.fence))?;
    gathering.lets_out(time.occurred_at)?;
    record.flag(judged.flags);
    record.needs_review |= judged.needs_review;
    record.updated_at = tx.now();
    idempotency::stage(&mut tx, key, record.id)?;
    keep(&mut tx, &record, false, &mut rules)?;
    tx.emit(&Event::GatheringCheckedOut(about(&record)))?;
    tx.commit(Audit::of(record.id).detail(serde_json::json!({ "event": gathering.id })))
        .await?;
    Ok(record)
}

/// The first answer again.
async fn replay(mut tx: Tx, id: AttendanceRecordId) -> Result<AttendanceRecord> {
    let found = records::find(&mut tx, &[id]).await?.pop();
    tx.settle().await?;
    found.ok_or_else(|| Error::not_found("attendance record"))
}

/// One that takes place, and the member who comes or goes.
pub(super) async fn attended(
    tx: &mut Tx,
    gathering: GatheringId,
    member: MemberId,
) -> Result<(Gathering, Member)> {
    let gathering = store::find(tx, gathering).await?;
    let gathering = gathering.ok_or_else(|| Error::not_found("attendance event"))?;
    let member = identity::service::member_in(tx, member)
        .await
        .map_err(|error| error.at("member"))?;
    gathering.held()?;
    Ok((gathering, member))
}

/// What there is of a member, nobody else's until the end of this change. Whoever has no record must be expected.
pub(super) async fn expected(
    tx: &mut Tx,
    gathering: &Gathering,
    member: &Member,
) -> Result<Option<AttendanceRecord>> {
    let record = records::lock(tx, gathering.id, member.id).await?;
    if record.is_none() {
        sight::invited(tx, gathering, (member.id, member.department_id)).await?;
    }
    Ok(record)
}

pub(super) fn blank(tx: &Tx, gathering: &Gathering, member: &Member) -> AttendanceRecord {
    let person: Person = (member.id, member.department_id);
    AttendanceRecord::missing(tx.id(), gathering.id, person, Status::Absent, tx.now())
}

/// Writes a record with the decisions behind it.
pub(super) fn keep(
    tx: &mut Tx,
    record: &AttendanceRecord,
    is_new: bool,
    rules: &mut InForce,
) -> Result<()> {
    if is_new {
        records::stage_insert(tx, record)?;
    } else {
        records::stage_update(tx, record)?;
    }
    keep_decisions(tx, record, rules)
}

/// Keeps why a record says what it says.
pub(super) fn keep_decisions(
    tx: &mut Tx,
    record: &AttendanceRecord,
    rules: &mut InForce,
) -> Result<()> {
    let entered = record.checked_in.map(|time| time.occurred_at);
    let left = record.checked_out.map(|time| time.occurred_at);
    let about = About {
        subject: record.id.uuid(),
        member: Some(record.member_id),
        event_at: left.or(entered).unwrap_or_else(|| tx.now()),
    };
    decisions::service::keep_in(tx, &about, rules)
}

pub(super) fn about(record: &AttendanceRecord) -> GatheringEvent {
    GatheringEvent {
        gathering: record.gathering_id,
        member: Some(record.member_id),
        department: record.department_id,
    }
}

/// A refusal by rule leaves its decisions behind, about the member: "why was I refused?" has an answer too.
async fn refuse(
    mut tx: Tx,
    member: &Member,
    judged: Judged,
    mut rules: InForce,
) -> Result<AttendanceRecord> {
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

impl AttendanceRecord {
    /// Takes over that somebody came, and what the rules make of it.
    pub(super) fn enter(&mut self, time: CheckTime, judged: &Judged) {
        self.status = judged.status;
        self.checked_in = Some(time);
        self.fence_in = judged.fence;
        self.minutes_late = Some(judged.minutes_late);
        self.flag(judged.flags.clone());
        self.needs_review |= judged.needs_review;
    }
}

/// What a check-in is judged with.
pub(super) struct Scene {
    pub member: Member,
    department: Option<String>,
    place: Option<Place>,
}

impl Scene {
    /// The rules are those of its time, with the settings of the member's department and the place.
    pub(super) async fn of(
        tx: &mut Tx,
        gathering: &Gathering,
        member: Member,
        at: Instant,
    ) -> Result<(Self, InForce)> {
        let department = match member.department_id {
            Some(id) => Some(orgs::service::department_in(tx, id).await?.name),
            None => None,
        };
        let place = match gathering.place_id {
            // A place that was archived since: then it is nowhere in particular.
            Some(id) => places::service::place_in(tx, id).await.ok(),
            None => None,
        };
        let place = place.map(|place| Place {
            radius_m: gathering.radius_m.or(place.radius_m),
            ..place
        });
        let mut rules = InForce::at(tx, at).await?;
        let scopes = member.department_id.map(|id| id.to_string());
        let place_scope = place.as_ref().map(|place| place.id.to_string());
        rules.set_scopes(scopes.into_iter().chain(place_scope).collect());
        let scene = Self {
            member,
            department,
            place,
        };
        Ok((scene, rules))
    }

    pub(super) fn known<'a>(
        &'a self,
        gathering: &'a Gathering,
        time: CheckTime,
        mock_location: bool,
    ) -> Known<'a> {
        Known {
            gathering,
            member: &self.member,
            department: self.department.as_deref(),
            place: self.place.as_ref(),
            time,
            mock_location,
        }
    }
}

/// What became of a code.
enum Guess {
    /// The step of the code; nothing where none was given and none is needed.
    Right(Option<i64>),
    Refused(Error),
}

/// Verifies the code against the time it was read. Wrong ones are counted, and too many make a person wait.
async fn guess(
    tx: &mut Tx,
    gathering: &Gathering,
    member: MemberId,
    code: Option<&str>,
    time: CheckTime,
) -> Result<Guess> {
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Ok(if gathering.code_required {
            Guess::Refused(codes::Wrong::Missing.into())
        } else {
            Guess::Right(None)
        });
    };
    let mut guesses = records::lock_guesses(tx, gathering.id, member).await?;
    if let Some(seconds) = wait(&mut guesses, tx.now()) {
        let message = "too many wrong codes";
        return Ok(Guess::Refused(Error::try_again(message, seconds)));
    }
    let steps = match time.device_at {
        Some(_) => codes::steps_then(time.occurred_at, time.received_at),
        None => codes::steps_now(time.received_at),
    };
    match codes::verify(&gathering.secret, gathering.id, code, steps) {
        Ok(step) => Ok(Guess::Right(Some(step))),
        Err(wrong) => {
            guesses.wrong += 1;
            records::stage_guesses(tx, &guesses)?;
            Ok(Guess::Refused(wrong.into()))
        }
    }
}

/// How many seconds are left to wait. What is long ago is forgotten.
fn wait(guesses: &mut Guesses, now: Instant) -> Option<i64> {
    let left = GUESSES_SECONDS - (now - guesses.since).num_seconds();
    if left <= 0 || guesses.wrong == 0 {
        (guesses.wrong, guesses.since) = (0, now);
    }
    (guesses.wrong >= MOST_GUESSES).then_some(left)
}
