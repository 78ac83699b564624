//! Speaks: what can be asked about corrections.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object, Result};

use super::graphql::{Correction, CorrectionEffect, CorrectionState};
use super::model;
use super::mutations::ProposedChangeInput;
use super::service::{self, Filter};
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::page::{Cursor, PageRequest};

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
