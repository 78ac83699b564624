//! Speaks: what can be asked about sessions.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::NaiveDate;

use super::graphql::WorkSession;
use super::model;
use super::service::{self, Filter};
use super::words::SessionStatus;
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::error::Error;
use crate::kernel::page::{Cursor, PageRequest};

/// Which sessions are wanted; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct SessionFilter {
    /// Only this member's.
    member: Option<ID>,
    /// Only of members who were in this department then; not of those below it.
    department: Option<ID>,
    /// Only at this place.
    place: Option<ID>,
    /// Only on this planned shift: `shf_…`.
    shift: Option<ID>,
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
            shift: optional_id("filter.shift", self.shift.as_ref())?,
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
