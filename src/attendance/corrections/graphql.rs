//! Speaks: corrections and their effect.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{self, Added, Effect, Proposed, State};
use super::service;
use crate::attendance::figures::Line;
use crate::attendance::graphql::WorkSession;
use crate::attendance::punches::graphql::Punch;
use crate::attendance::timesheets::graphql::TimesheetTotals;
use crate::attendance::words::PunchDirection;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::out;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{CorrectionId, PunchId};
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
pub struct CorrectionEffect(pub(super) Effect);

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
#[derive(Clone)]
pub struct Correction(pub model::Correction);

/// What a worker asks to have changed about their own time.
#[Object]
impl Correction {
    /// `cor_…`.
    pub(crate) async fn id(&self) -> ID {
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

impl Loader<CorrectionId> for Loads {
    type Value = Correction;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[CorrectionId],
    ) -> Result<HashMap<CorrectionId, Correction>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|one| (one.id, Correction(one)))
            .collect())
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
