//! Speaks: sessions and notes.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::breaks::graphql::{SessionBreak, SessionHours, SessionTask};
use super::corrections::history::graphql::{SessionVersion, VersionsOf};
use super::locations::service::locations_of;
use super::punches::graphql::{Punch, PunchesOf};
use super::words::{
    FenceJudgement, LatenessName, LeavingName, Position, RequiredItem, SessionStatus,
};
use super::{model, service};
use crate::exceptions::graphql::{Exception, ExceptionsOf};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::out;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::SessionId;
use crate::kernel::page::PageRequest;
use crate::places::graphql::{Client, Place};
use crate::rules::decisions::graphql::RuleDecision;
use crate::rules::decisions::model::Kept;
use crate::schedules::graphql::Shift;

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

    /// What a person has to look at, or had to: open and settled, oldest first.
    #[graphql(complexity = "3 * child_complexity")]
    async fn exceptions(&self, ctx: &Context<'_>) -> Result<Vec<Exception>> {
        let found = ctx.loads()?.load_one(ExceptionsOf(self.0.id)).await?;
        let found = found.unwrap_or_default().into_iter();
        Ok(found.map(Exception).collect())
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
        let found = locations_of(ctx.app(), ctx.viewer()?, self.0.id, limit).await?;
        Ok(found.into_iter().map(LocationPing::from).collect())
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
