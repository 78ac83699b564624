//! Speaks: corrections and their effect, layers above punches, and what was known of a session when.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::history::{self, Cause};
use super::model::{self, Added, Effect, Proposed, State};
use super::mutations::ProposedChangeInput;
use super::service::{self, Filter};
use crate::attendance::figures::{Difference, Line};
use crate::attendance::graphql::{
    LatenessName, LeavingName, Punch, PunchDirection, SessionStatus, WorkSession,
};
use crate::attendance::model::{Change, PunchEdit};
use crate::attendance::timesheets::graphql::TimesheetTotals;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{MemberId, PunchId, SessionId};
use crate::kernel::page::{Cursor, PageRequest};
use crate::places::graphql::{Client, Place};

/// What has become of a correction.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum CorrectionState {
    /// Nobody has decided it.
    Pending,
    /// Carried out.
    Approved,
    /// Not carried out; `decisionMemo` says why.
    Rejected,
    /// Taken back by whoever asked.
    Withdrawn,
}

/// What a layer above a punch does to it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Change")]
pub enum PunchChangeKind {
    /// It happened at another time.
    Moved,
    /// It did not happen.
    Voided,
    /// What was said first holds again.
    Restored,
}

/// What is proposed to be done about a punch.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ProposedKind {
    /// One is missing.
    Add,
    /// It happened at another time.
    Move,
    /// It did not happen.
    Void,
    /// What was said first holds again.
    Restore,
}

/// One change that a correction proposes.
pub struct ProposedChange(Proposed);

/// One change that a correction proposes.
#[Object]
impl ProposedChange {
    /// What is to be done.
    async fn kind(&self) -> ProposedKind {
        match self.0 {
            Proposed::Add(_) => ProposedKind::Add,
            Proposed::Move { .. } => ProposedKind::Move,
            Proposed::Void { .. } => ProposedKind::Void,
            Proposed::Restore { .. } => ProposedKind::Restore,
        }
    }

    /// The punch it is about; nothing where one is to be added.
    async fn punch(&self, ctx: &Context<'_>) -> Result<Option<Punch>> {
        match self.0.punch() {
            Some(punch) => Ok(ctx.loads()?.load_one(punch).await?),
            None => Ok(None),
        }
    }

    /// Which way the added punch goes.
    async fn direction(&self) -> Option<PunchDirection> {
        match &self.0 {
            Proposed::Add(added) => Some(added.direction.into()),
            _ => None,
        }
    }

    /// The time it says; nothing where it says none.
    async fn at(&self) -> Option<DateTime<Utc>> {
        self.0.at()
    }

    /// Where the work was, by the punch to be added.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        match self.added().and_then(|added| added.place) {
            Some(place) => Ok(ctx.loads()?.load_one(place).await?),
            None => Ok(None),
        }
    }

    /// Who was served, by the punch to be added.
    async fn client(&self, ctx: &Context<'_>) -> Result<Option<Client>> {
        match self.added().and_then(|added| added.client) {
            Some(client) => Ok(ctx.loads()?.load_one(client).await?),
            None => Ok(None),
        }
    }

    /// The kind of service, by the punch to be added.
    async fn service(&self) -> Option<&str> {
        self.added()?.service.as_deref()
    }
}

impl ProposedChange {
    fn added(&self) -> Option<&Added> {
        match &self.0 {
            Proposed::Add(added) => Some(added),
            _ => None,
        }
    }
}

/// A session before and after changes.
pub struct SessionEffect(model::SessionEffect);

/// A session before and after changes.
#[Object]
impl SessionEffect {
    /// The session as it is now; nothing for one that there would only be.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<WorkSession>> {
        Ok(ctx
            .loads()?
            .load_one(self.0.session)
            .await?
            .map(WorkSession))
    }

    /// As it was; nothing where there was none.
    async fn before(&self) -> Option<SessionFigures> {
        self.0.before.clone().map(Into::into)
    }

    /// As it becomes; nothing where nothing supports it any more.
    async fn after(&self) -> Option<SessionFigures> {
        self.0.after.clone().map(Into::into)
    }
}

/// A session in figures.
#[derive(SimpleObject)]
pub struct SessionFigures {
    /// The day it counts for.
    work_date: NaiveDate,
    /// The name of its state, as in `SessionStatus`.
    status: String,
    /// When the work began.
    clocked_in_at: DateTime<Utc>,
    /// When it ended; nothing while it lasts, or where the clock-out was missed.
    clocked_out_at: Option<DateTime<Utc>>,
    /// What it comes to.
    totals: TimesheetTotals,
}

impl From<Line> for SessionFigures {
    fn from(line: Line) -> Self {
        Self {
            work_date: line.work_date,
            status: line.status,
            clocked_in_at: line.clocked_in_at,
            clocked_out_at: line.clocked_out_at,
            totals: line.totals.into(),
        }
    }
}

/// A day before and after changes.
#[derive(SimpleObject)]
pub struct DayEffect {
    /// Which day.
    date: NaiveDate,
    /// What it came to.
    before: TimesheetTotals,
    /// What it comes to.
    after: TimesheetTotals,
    /// After less before: what it gives (positive) or takes (negative).
    difference: TimesheetTotals,
}

impl From<model::DayEffect> for DayEffect {
    fn from(day: model::DayEffect) -> Self {
        let mut difference = day.after;
        difference += -day.before;
        Self {
            date: day.date,
            before: day.before.into(),
            after: day.after.into(),
            difference: difference.into(),
        }
    }
}

/// What changes do to sessions and days. What stays as it is does not occur.
pub struct CorrectionEffect(Effect);

/// What changes do to sessions and days. What stays as it is does not occur.
#[Object]
impl CorrectionEffect {
    /// Sessions that change, in order.
    async fn sessions(&self) -> Vec<SessionEffect> {
        self.0.sessions.iter().cloned().map(SessionEffect).collect()
    }

    /// Days whose minutes change, in order.
    async fn days(&self) -> Vec<DayEffect> {
        self.0.days.iter().cloned().map(Into::into).collect()
    }
}

/// What a worker asks to have changed about their own time.
pub struct Correction(pub model::Correction);

/// What a worker asks to have changed about their own time.
#[Object]
impl Correction {
    /// `cor_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Whose time it is, and who asks; nothing for somebody you may not see.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// Undecided, carried out, refused, or taken back.
    async fn state(&self) -> CorrectionState {
        self.0.state.into()
    }

    /// What is to be changed.
    async fn changes(&self) -> Vec<ProposedChange> {
        self.0.changes.iter().cloned().map(ProposedChange).collect()
    }

    /// Why: one of the organization's reason codes.
    async fn reason_code(&self) -> &str {
        &self.0.reason_code
    }

    /// Why, in the worker's words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// When it was decided or taken back.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// Who decided it.
    async fn decided_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.decided_by {
            Some(member) => Ok(ctx.loads()?.load_one(member).await?),
            None => Ok(None),
        }
    }

    /// What whoever decided said.
    async fn decision_memo(&self) -> Option<&str> {
        self.0.decision_memo.as_deref()
    }

    /// What it did when it was approved; while it is pending, what it would do now, worked out by the same steps and
    /// then undone. Nothing for one that was rejected or withdrawn.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn effect(&self, ctx: &Context<'_>) -> Result<Option<CorrectionEffect>> {
        let found = service::effect_of(ctx.app(), ctx.viewer()?, &self.0).await?;
        Ok(found.map(CorrectionEffect))
    }
}

/// A layer above a punch. The newest counts; none is ever removed.
pub struct PunchChange(pub PunchEdit);

/// A layer above a punch. The newest counts; none is ever removed.
#[Object]
impl PunchChange {
    /// What it does.
    async fn change(&self) -> PunchChangeKind {
        self.0.change.into()
    }

    /// The time the punch moved to.
    async fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.0.occurred_at
    }

    /// Why: one of the organization's reason codes.
    async fn reason_code(&self) -> &str {
        &self.0.reason_code
    }

    /// Why, in words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// Whether whoever made it said that it is true.
    async fn attested(&self) -> bool {
        self.0.attested
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// Who made it; nothing for somebody you may not see.
    async fn made_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.made_by).await
    }

    /// The correction that asked for it: `cor_…`.
    async fn correction_id(&self) -> Option<ID> {
        self.0.correction_id.map(out)
    }
}

async fn member(ctx: &Context<'_>, id: Option<MemberId>) -> Result<Option<Member>> {
    match id {
        Some(id) => Ok(ctx.loads()?.load_one(id).await?),
        None => Ok(None),
    }
}

/// One value that is not what it was.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// Which, as a path: `clockedOutAt`, `hours.worked`.
    field: String,
    /// What it was; nothing where there was nothing.
    before: Option<String>,
    /// What it became.
    after: Option<String>,
}

impl From<Difference> for FieldChange {
    fn from(difference: Difference) -> Self {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Self {
            field: difference.field,
            before: difference.before.map(text),
            after: difference.after.map(text),
        }
    }
}

/// What brought a session into a state.
#[derive(SimpleObject)]
pub struct ChangeCause {
    /// The punch that arrived, or that a layer was put above.
    punch_id: ID,
    /// The layer; nothing where the punch itself arrived.
    change: Option<PunchChange>,
    /// Who made the punch or the layer, where that was somebody else.
    made_by_id: Option<ID>,
    /// Why: one of the organization's reason codes.
    reason_code: Option<String>,
    /// Why, in words.
    memo: Option<String>,
}

impl From<Cause> for ChangeCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Arrived(punch) => Self {
                punch_id: out(punch.id),
                change: None,
                made_by_id: punch.made_by.map(out),
                reason_code: punch.reason_code,
                memo: punch.memo,
            },
            Cause::Edited(edit) => Self {
                punch_id: out(edit.punch_id),
                made_by_id: edit.made_by.map(out),
                reason_code: Some(edit.reason_code.clone()),
                memo: edit.memo.clone(),
                change: Some(PunchChange(edit)),
            },
        }
    }
}

/// A session as it was known for a time.
pub struct SessionVersion(pub history::Version);

/// A session as it was known for a time.
#[Object]
impl SessionVersion {
    /// Since when it was known so.
    async fn since(&self) -> DateTime<Utc> {
        self.0.since
    }

    /// Until when; nothing: it is known so now.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.0.until
    }

    /// What differs from the version before; nothing for the first.
    async fn changes(&self) -> Vec<FieldChange> {
        self.0.changes.iter().cloned().map(Into::into).collect()
    }

    /// Through what it came about: punches that arrived then, and layers that were put above punches. Nothing where
    /// a shift, a rule or the timetable changed it.
    async fn because(&self) -> Vec<ChangeCause> {
        self.0.causes.iter().cloned().map(Into::into).collect()
    }

    /// Its state then.
    async fn status(&self) -> SessionStatus {
        self.0.state.status.into()
    }

    /// The day it counted for.
    async fn work_date(&self) -> NaiveDate {
        self.0.state.work_date
    }

    /// When the work began, as was known then.
    async fn clocked_in_at(&self) -> DateTime<Utc> {
        self.0.state.clocked_in_at
    }

    /// When the work ended, as was known then.
    async fn clocked_out_at(&self) -> Option<DateTime<Utc>> {
        self.0.state.clocked_out_at
    }

    /// How the start was judged then.
    async fn lateness(&self) -> Option<LatenessName> {
        self.0.state.lateness.map(Into::into)
    }

    /// Minutes after the planned start, as counted then.
    async fn minutes_late(&self) -> Option<i32> {
        self.0.state.minutes_late
    }

    /// How the end was judged then.
    async fn leaving(&self) -> Option<LeavingName> {
        self.0.state.leaving.map(Into::into)
    }

    /// Minutes before the planned end, as counted then.
    async fn minutes_early(&self) -> Option<i32> {
        self.0.state.minutes_early
    }

    /// What it came to then.
    async fn totals(&self) -> TimesheetTotals {
        Line::of(&self.0.state).totals.into()
    }

    /// Its flags then.
    async fn flags(&self) -> &[String] {
        &self.0.state.flags
    }

    /// Whether a person had to look at it.
    async fn needs_review(&self) -> bool {
        self.0.state.needs_review
    }

    /// Whether somebody had entered or corrected its time by hand.
    async fn is_manual(&self) -> bool {
        self.0.state.is_manual
    }
}

/// Which corrections are wanted; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct CorrectionFilter {
    /// Only this member's.
    member: Option<ID>,
    /// Only in this state.
    state: Option<CorrectionState>,
}

/// What can be asked about corrections and history.
#[derive(Default)]
pub struct CorrectionsQuery;

#[Object]
impl CorrectionsQuery {
    /// One correction.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn correction(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] correction: ID,
    ) -> Result<Correction> {
        let correction = id("id", &correction)?;
        let found = service::correction(ctx.app(), ctx.viewer()?, correction).await?;
        Ok(Correction(found))
    }

    /// Corrections, the newest first: your own, your departments' or the organization's.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn corrections(
        &self,
        ctx: &Context<'_>,
        filter: Option<CorrectionFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, Correction>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            member: optional_id("filter.member", filter.member.as_ref())?,
            state: filter.state.map(Into::into),
        };
        let found = service::corrections(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let cursor = |correction: &model::Correction| Cursor {
            at: correction.requested_at,
            id: correction.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Correction))
    }

    /// What changes to a member's punches would do to sessions and hours. Nothing is changed.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn correction_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; yours if left out.")] member: Option<ID>,
        #[graphql(desc = "1–20 changes.")] changes: Vec<ProposedChangeInput>,
    ) -> Result<CorrectionEffect> {
        let viewer = ctx.viewer()?;
        let member = match optional_id("member", member.as_ref())? {
            Some(member) => member,
            None => viewer.person()?,
        };
        let changes = ProposedChangeInput::read_all(changes)?;
        let found = service::preview(ctx.app(), viewer, member, &changes).await?;
        Ok(CorrectionEffect(found))
    }
}

/// The versions of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionsOf(pub SessionId);

/// The layers above a punch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditsOf(pub PunchId);

impl Loader<VersionsOf> for Loads {
    type Value = Vec<history::Version>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[VersionsOf],
    ) -> Result<HashMap<VersionsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = history::of_many(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, versions)| (VersionsOf(id), versions))
            .collect())
    }
}

impl Loader<EditsOf> for Loads {
    type Value = Vec<PunchEdit>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[EditsOf]) -> Result<HashMap<EditsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<PunchId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<EditsOf, Self::Value> = HashMap::new();
        for edit in service::edits(&self.app, &self.viewer, &ids).await? {
            found.entry(EditsOf(edit.punch_id)).or_default().push(edit);
        }
        Ok(found)
    }
}

impl Loader<PunchId> for Loads {
    type Value = Punch;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PunchId]) -> Result<HashMap<PunchId, Punch>, Arc<Error>> {
        let found = service::punches(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|punch| (punch.id, Punch(punch)))
            .collect())
    }
}
