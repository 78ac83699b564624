//! Speaks: who is at work now, what was claimed, and what was known before.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::service::{self, Presence};
use crate::attendance::graphql::WorkSession;
use crate::attendance::model;
use crate::attendance::punches::graphql::Punch;
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id};
use crate::identity::graphql::Member;
use crate::kernel::page::{Cursor, PageRequest};
use crate::kernel::time::to_micros;

/// What somebody does right now.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Presence", name = "Presence")]
pub enum PresenceName {
    /// Not at work.
    Out,
    /// At work.
    In,
    /// At work, on a break.
    OnBreak,
}

/// What somebody does right now.
pub struct WorkStatus(service::WorkStatus);

/// What somebody does right now, since when, and what the day has come to so far.
#[Object]
impl WorkStatus {
    /// Out, in, or on a break.
    async fn presence(&self) -> PresenceName {
        self.0.presence.into()
    }

    /// Since when; nothing for somebody who never worked here, or whose last clock-out is missing.
    async fn since(&self) -> Option<DateTime<Utc>> {
        self.0.since
    }

    /// The open session.
    async fn session(&self) -> Option<WorkSession> {
        self.0.session.clone().map(WorkSession)
    }

    /// Minutes of work so far on the sessions of the day, breaks left out. The day is the open session's, or today.
    async fn worked_minutes(&self) -> i64 {
        self.0.worked_minutes
    }

    /// Minutes of break so far on the sessions of the day.
    async fn break_minutes(&self) -> i64 {
        self.0.break_minutes
    }

    /// Whose it is.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member).await?)
    }
}

/// Which punches are wanted; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct PunchFilter {
    /// Only this member's.
    member: Option<ID>,
    /// From this moment on.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    to: Option<DateTime<Utc>>,
}

/// What can be asked about the present and the past.
#[derive(Default)]
pub struct PresenceQuery;

#[Object]
impl PresenceQuery {
    /// Whether somebody is at work right now; you, if you name nobody.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn work_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; you, if left out.")] member: Option<ID>,
    ) -> Result<WorkStatus> {
        let member = optional_id("member", member.as_ref())?;
        Ok(WorkStatus(
            service::work_status(ctx.app(), ctx.viewer()?, member).await?,
        ))
    }

    /// What was claimed, the latest first: your own punches, your departments' or the organization's, those that belong to
    /// no session too.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn punches(
        &self,
        ctx: &Context<'_>,
        filter: Option<PunchFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, Punch>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = service::PunchFilter {
            member: optional_id("filter.member", filter.member.as_ref())?,
            from: filter.from.map(to_micros),
            to: filter.to.map(to_micros),
        };
        let found = service::punches(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let cursor = |punch: &model::Punch| Cursor {
            at: punch.time.occurred_at,
            id: punch.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Punch))
    }

    /// A work session as it was known at a moment: before a late punch, before a correction. Its punches, notes and
    /// decisions are those of now. `NOT_FOUND` before anybody knew of it.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn session_as_known_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] session: ID,
        #[graphql(desc = "The moment.")] at: DateTime<Utc>,
    ) -> Result<WorkSession> {
        let session = id("id", &session)?;
        let then =
            service::session_as_known_on(ctx.app(), ctx.viewer()?, session, to_micros(at)).await?;
        Ok(WorkSession(then))
    }
}
