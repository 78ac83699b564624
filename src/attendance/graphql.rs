//! Speaks: sessions, punches, notes, and the mutations of clocking.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::breaks::graphql::{SessionBreak, SessionHours, SessionTask};
use super::corrections::graphql::{EditsOf, PunchChange, SessionVersion, VersionsOf};
use super::model::{self, Direction, Lateness, Leaving, Role, Source, Status, Trust};
use super::service::{self, Filter};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::kernel::id::SessionId;
use crate::kernel::page::{Cursor, PageRequest};
use crate::places::graphql::{Client, Place};
use crate::rules::decisions::graphql::RuleDecision;
use crate::rules::decisions::model::Kept;
use crate::schedules::graphql::Shift;

/// What a work session is now.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum SessionStatus {
    /// Clocked in, not yet out.
    Active,
    /// Clocked out.
    Completed,
    /// The clock-out was missed; no time was made up for it.
    Disconnected,
    /// Closed by the server, because nobody clocked out; a later clock-out replaces that end.
    AutoClosed,
    /// Ended with the panic button.
    EmergencyEnded,
    /// Nothing supports it any more: its punches belong to another session now, or were taken out.
    Void,
}

/// How a clock-in compares with the planned shift, by the organization's rule.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Lateness", name = "Lateness")]
pub enum LatenessName {
    /// Within the grace the rule gives.
    OnTime,
    /// Beyond the grace.
    Late,
    /// So late that somebody should know.
    VeryLate,
    /// Late with an excuse the rule accepts.
    Excused,
}

/// How the work ended against the shift, by the organization's rule.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Leaving", name = "Leaving")]
pub enum LeavingName {
    /// Within the grace the rule gives, or later.
    LeftOnTime,
    /// Before the end of the shift.
    LeftEarly,
    /// Early, with permission.
    Excused,
}

/// Something the rules ask for before a session counts as done.
#[derive(SimpleObject)]
pub struct RequiredItem {
    /// `note`, `photo` or `signature`.
    what: String,
    /// What to ask the worker.
    prompt: String,
    /// Whether it is there: a note by anybody written after the session began. Photos and signatures cannot be
    /// handed in yet, so those stay open.
    is_given: bool,
}

/// Where a position lies against a fence, its accuracy included.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Verdict")]
pub enum FenceVerdict {
    /// The whole circle of accuracy is in the fence.
    Inside,
    /// The whole circle of accuracy is out of the fence.
    Outside,
    /// The position cannot tell; never a reason to refuse.
    Uncertain,
    /// There is no fence here.
    None,
}

/// Which way a punch goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Direction")]
pub enum PunchDirection {
    /// Coming.
    In,
    /// Going.
    Out,
    /// The beginning of a break.
    BreakStart,
    /// The end of a break.
    BreakEnd,
}

/// Where a punch came from.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Source")]
pub enum PunchSource {
    /// A person with a phone or a browser.
    Mobile,
    /// A person's phone, handed in later.
    Sync,
    /// A terminal on a wall.
    Terminal,
    /// A supervisor, for somebody else.
    Manual,
    /// The server, for a session that nobody closed; any other end replaces it.
    Automatic,
    /// A file of another system.
    Import,
}

/// The part a punch plays in the session it belongs to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub enum PunchRole {
    /// The session begins with it.
    Opens,
    /// The session ends with it.
    Closes,
    /// A break begins with it.
    StartsBreak,
    /// A break ends with it.
    EndsBreak,
    /// The same tap again, within two minutes.
    Repeats,
    /// It contradicts another punch; both are kept, and a person looks at it.
    Conflicts,
    /// An end without a beginning: it belongs to no session.
    Orphan,
    /// An automatic end that a real one replaced.
    Superseded,
    /// Taken out by a correction.
    Voided,
}

/// How a punch's time is known.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Trust")]
pub enum PunchTrust {
    /// By the server's own clock.
    Server,
    /// By the device's running time since it last heard from the server.
    Corrected,
    /// By the device's clock alone, which nobody vouches for.
    Unverified,
}

/// A verdict and the distance behind it.
#[derive(SimpleObject)]
pub struct FenceJudgement {
    /// Inside, outside, or not to be told apart.
    verdict: FenceVerdict,
    /// Metres from the centre of a circle, or from the edge of a polygon (0 inside it); nothing without a position.
    distance_m: Option<f64>,
}

impl From<Judgement> for FenceJudgement {
    fn from(judged: Judgement) -> Self {
        Self {
            verdict: judged.verdict.into(),
            distance_m: judged.distance_m,
        }
    }
}

/// A position on the Earth with its accuracy.
#[derive(SimpleObject)]
pub struct Position {
    /// Degrees north, WGS 84.
    latitude: f64,
    /// Degrees east, WGS 84.
    longitude: f64,
    /// Radius in metres of the circle the device is probably in.
    accuracy_m: f64,
}

impl From<Fix> for Position {
    fn from(fix: Fix) -> Self {
        Self {
            latitude: fix.point.latitude,
            longitude: fix.point.longitude,
            accuracy_m: fix.accuracy_m,
        }
    }
}

/// The span between a clock-in and a clock-out, with what the rules said about it.
pub struct WorkSession(pub model::WorkSession);

/// The span between a clock-in and a clock-out, with what the rules said about it.
#[Object]
impl WorkSession {
    /// `ses_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Open, ended, or ended without a clock-out.
    async fn status(&self) -> SessionStatus {
        self.0.status.into()
    }

    /// The day it counts for: the shift's start date, or the local date of the clock-in.
    async fn work_date(&self) -> NaiveDate {
        self.0.work_date
    }

    /// When the work began, corrected for the device's clock.
    async fn clocked_in_at(&self) -> DateTime<Utc> {
        self.0.clocked_in_at
    }

    /// When the work ended; nothing while it lasts, or where the clock-out was missed.
    async fn clocked_out_at(&self) -> Option<DateTime<Utc>> {
        self.0.clocked_out_at
    }

    /// Whole minutes from in to out.
    async fn worked_minutes(&self) -> Option<i64> {
        self.0.worked_minutes()
    }

    /// Nothing where no shift was planned: nobody is late for nothing.
    async fn lateness(&self) -> Option<LatenessName> {
        self.0.lateness.map(Into::into)
    }

    /// Minutes after the planned start, as the rule counts them.
    async fn minutes_late(&self) -> Option<i32> {
        self.0.minutes_late
    }

    /// Nothing without a shift, while the work lasts, and where the person came back on the same shift.
    async fn leaving(&self) -> Option<LeavingName> {
        self.0.leaving.map(Into::into)
    }

    /// Minutes before the planned end, as the rule counts them.
    async fn minutes_early(&self) -> Option<i32> {
        self.0.minutes_early
    }

    /// Where the clock-in was, against the fence.
    async fn fence_in(&self) -> FenceJudgement {
        self.0.fence_in.into()
    }

    /// Where the clock-out was, against the fence.
    async fn fence_out(&self) -> Option<FenceJudgement> {
        self.0.fence_out.map(Into::into)
    }

    /// What somebody should know: `outside_fence`, `gps_uncertain`, `mock_location`, `captured_offline`, `missing_out`
    /// and whatever the organization's rules add.
    async fn flags(&self) -> &[String] {
        &self.0.flags
    }

    /// Breaks within it, in order; the last one may still be going on.
    async fn breaks(&self) -> Vec<SessionBreak> {
        self.0
            .breaks
            .iter()
            .cloned()
            .map(SessionBreak::from)
            .collect()
    }

    /// What the time counts as; nothing while it lasts, or where an end is missing.
    async fn hours(&self) -> Option<SessionHours> {
        self.0.hours.clone().map(SessionHours::from)
    }

    /// What was done and what was not, as the worker said at the end.
    async fn tasks(&self) -> Vec<SessionTask> {
        self.0
            .tasks
            .iter()
            .cloned()
            .map(SessionTask::from)
            .collect()
    }

    /// Whether somebody entered or corrected its time by hand.
    async fn is_manual(&self) -> bool {
        self.0.is_manual
    }

    /// Whether a person must look at it.
    async fn needs_review(&self) -> bool {
        self.0.needs_review
    }

    /// The kind of service, as the worker said.
    async fn service(&self) -> Option<&str> {
        self.0.service.as_deref()
    }

    /// Whose work it is.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// Where it was, if at a place.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        let Some(id) = self.0.place_id else {
            return Ok(None);
        };
        Ok(ctx.loads()?.load_one(id).await?)
    }

    /// Who was served, if somebody was.
    async fn client(&self, ctx: &Context<'_>) -> Result<Option<Client>> {
        let Some(id) = self.0.client_id else {
            return Ok(None);
        };
        Ok(ctx.loads()?.load_one(id).await?)
    }

    /// The planned shift it was judged by.
    async fn shift(&self, ctx: &Context<'_>) -> Result<Option<Shift>> {
        let Some(id) = self.0.shift_id else {
            return Ok(None);
        };
        Ok(ctx.loads()?.load_one(id).await?)
    }

    /// The claims it was built from, oldest first.
    async fn punches(&self, ctx: &Context<'_>) -> Result<Vec<Punch>> {
        let found = ctx.loads()?.load_one(PunchesOf(self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Punch).collect())
    }

    /// What people wrote about it, oldest first.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<SessionNote>> {
        let found = ctx.loads()?.load_one(NotesOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(SessionNote)
            .collect())
    }

    /// What the rules ask for before it counts as done; decided at clock-out.
    async fn required(&self, ctx: &Context<'_>) -> Result<Vec<RequiredItem>> {
        if self.0.required.is_empty() {
            return Ok(Vec::new());
        }
        let has_note = ctx
            .loads()?
            .load_one(NotesOf(self.0.id))
            .await?
            .is_some_and(|notes| !notes.is_empty());
        let item = |required: &model::Required| RequiredItem {
            what: required.what.clone(),
            prompt: required.prompt.clone(),
            is_given: required.what == "note" && has_note,
        };
        Ok(self.0.required.iter().map(item).collect())
    }

    /// Why it was judged as it was: every decision of a rule, in order.
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<RuleDecision>> {
        let found = ctx.loads()?.load_one(DecisionsOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(RuleDecision)
            .collect())
    }

    /// Every state it was known in, oldest first, the last of them now.
    #[graphql(complexity = "5 * child_complexity")]
    async fn versions(&self, ctx: &Context<'_>) -> Result<Vec<SessionVersion>> {
        let found = ctx.loads()?.load_one(VersionsOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(SessionVersion)
            .collect())
    }

    /// Positions during it, newest first; 1–100.
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn locations(&self, ctx: &Context<'_>, first: Option<i32>) -> Result<Vec<LocationPing>> {
        let limit = PageRequest::new(first, None)?.first;
        let found = service::locations_of(ctx.app(), ctx.viewer()?, self.0.id, limit).await?;
        Ok(found.into_iter().map(LocationPing::from).collect())
    }
}

/// One immutable claim: "in / out at this time and place".
#[derive(Clone)]
pub struct Punch(pub model::Punch);

/// One immutable claim: "in / out at this time and place".
#[Object]
impl Punch {
    /// `pun_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// In or out.
    async fn direction(&self) -> PunchDirection {
        self.0.direction.into()
    }

    /// How it came to us.
    async fn source(&self) -> PunchSource {
        self.0.source.into()
    }

    /// The part it plays in its session; worked out anew whenever another punch arrives.
    async fn role(&self) -> PunchRole {
        self.0.role.into()
    }

    /// How its time is known.
    async fn trust(&self) -> PunchTrust {
        self.0.trust.into()
    }

    /// Seconds the device's clock was ahead of the corrected time; negative where it was behind, nothing where nobody
    /// vouches for the time.
    async fn skew_seconds(&self) -> Option<i32> {
        self.0.skew_seconds
    }

    /// What the break is called, for the beginning of one.
    async fn break_kind(&self) -> Option<&str> {
        self.0.break_kind.as_deref()
    }

    /// Whether it was the panic button.
    async fn emergency(&self) -> bool {
        self.0.emergency
    }

    /// The session it belongs to: `ses_…`; nothing for an end without a beginning.
    async fn session_id(&self) -> Option<ID> {
        self.0.session_id.map(out)
    }

    /// When it happened, corrected for the device's clock.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.time.occurred_at
    }

    /// When the server received it.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.time.received_at
    }

    /// When it happened by the device's own clock, if the device said.
    async fn device_at(&self) -> Option<DateTime<Utc>> {
        self.0.time.device_at
    }

    /// Where the device said it was; nothing if it did not say.
    async fn position(&self) -> Option<Position> {
        self.0.fix.map(Into::into)
    }

    /// Where that is against the fence.
    async fn fence(&self) -> FenceJudgement {
        self.0.fence.into()
    }

    /// What the person said with it.
    async fn remark(&self) -> Option<&str> {
        self.0.remark.as_deref()
    }

    /// Whether the device reported that its position may be made up.
    async fn mock_location(&self) -> bool {
        self.0.device.mock_location
    }

    /// Who entered it, where that is somebody else; nothing for somebody you may not see.
    async fn made_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.made_by {
            Some(member) => Ok(ctx.loads()?.load_one(member).await?),
            None => Ok(None),
        }
    }

    /// Why somebody else entered it: one of the organization's reason codes.
    async fn reason_code(&self) -> Option<&str> {
        self.0.reason_code.as_deref()
    }

    /// Why somebody else entered it, in words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// What people said about it later, oldest first; the last counts.
    async fn edits(&self, ctx: &Context<'_>) -> Result<Vec<PunchChange>> {
        let found = ctx.loads()?.load_one(EditsOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(PunchChange)
            .collect())
    }
}

/// Something a person wrote about a session.
pub struct SessionNote(model::Note);

/// Something a person wrote about a session.
#[Object]
impl SessionNote {
    /// `nte_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// What was written.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who wrote it; nothing for somebody you may not see.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.author_id).await?)
    }
}

/// A position during a session.
#[derive(SimpleObject)]
pub struct LocationPing {
    /// When the device captured it.
    captured_at: DateTime<Utc>,
    /// Where.
    position: Position,
    /// Whether the device reported that it may be made up.
    mock_location: bool,
}

impl From<model::Ping> for LocationPing {
    fn from(ping: model::Ping) -> Self {
        Self {
            captured_at: ping.captured_at,
            position: ping.fix.into(),
            mock_location: ping.mock_location,
        }
    }
}

/// Which sessions are wanted; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct SessionFilter {
    /// Only this member's.
    member: Option<ID>,
    /// Only of members who were in this department then; not of those below it.
    department: Option<ID>,
    /// Only at this place.
    place: Option<ID>,
    /// Only in this state.
    status: Option<SessionStatus>,
    /// First work date.
    from: Option<NaiveDate>,
    /// Last work date.
    to: Option<NaiveDate>,
    /// Only those a person must look at, or only the others.
    needs_review: Option<bool>,
}

impl SessionFilter {
    pub(super) fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            member: optional_id("filter.member", self.member.as_ref())?,
            department: optional_id("filter.department", self.department.as_ref())?,
            place: optional_id("filter.place", self.place.as_ref())?,
            status: self.status.map(Into::into),
            from: self.from,
            to: self.to,
            needs_review: self.needs_review,
        })
    }
}

/// What can be asked about attendance.
#[derive(Default)]
pub struct AttendanceQuery;

#[Object]
impl AttendanceQuery {
    /// One work session.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] session: ID,
    ) -> Result<WorkSession> {
        let found = service::session(ctx.app(), ctx.viewer()?, id("id", &session)?).await?;
        Ok(WorkSession(found))
    }

    /// Work sessions, newest clock-in first: your own, your departments' or the organization's.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, WorkSession>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default().read()?;
        let found = service::sessions(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let cursor = |session: &model::WorkSession| Cursor {
            at: session.clocked_in_at,
            id: session.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, WorkSession))
    }

    /// Your open session, if you are clocked in.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn my_active_session(&self, ctx: &Context<'_>) -> Result<Option<WorkSession>> {
        Ok(service::my_active_session(ctx.app(), ctx.viewer()?)
            .await?
            .map(WorkSession))
    }

    /// Everybody at work now whom you may see, newest first; at most 1,000.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "50 * child_complexity")]
    async fn active_sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
    ) -> Result<Vec<WorkSession>> {
        let filter = filter.unwrap_or_default().read()?;
        let found = service::active_sessions(ctx.app(), ctx.viewer()?, &filter).await?;
        Ok(found.into_iter().map(WorkSession).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PunchesOf(SessionId);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NotesOf(SessionId);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DecisionsOf(SessionId);

impl Loader<SessionId> for Loads {
    type Value = model::WorkSession;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[SessionId],
    ) -> Result<HashMap<SessionId, Self::Value>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|session| (session.id, session))
            .collect())
    }
}

impl Loader<PunchesOf> for Loads {
    type Value = Vec<model::Punch>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PunchesOf],
    ) -> Result<HashMap<PunchesOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = service::punches_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, punches)| (PunchesOf(id), punches))
            .collect())
    }
}

impl Loader<NotesOf> for Loads {
    type Value = Vec<model::Note>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NotesOf]) -> Result<HashMap<NotesOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = service::notes_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, notes)| (NotesOf(id), notes))
            .collect())
    }
}

impl Loader<DecisionsOf> for Loads {
    type Value = Vec<Kept>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[DecisionsOf],
    ) -> Result<HashMap<DecisionsOf, Self::Value>, Arc<Error>> {
        let subjects: Vec<_> = keys.iter().map(|key| key.0.uuid()).collect();
        let mut found =
            crate::rules::decisions::service::decisions_of(&self.app, &self.viewer, &subjects)
                .await?;
        Ok(keys
            .iter()
            .filter_map(|key| Some((*key, found.remove(&key.0.uuid())?)))
            .collect())
    }
}
