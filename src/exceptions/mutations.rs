//! Speaks: what people do about exceptions, one at a time or many at once.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::bulk;
use super::graphql::{Exception, ExceptionFilter};
use super::model::Acknowledgement;
use super::service::{self, Act};
use crate::graphql::context::Ask;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::error::Error;

/// That somebody looked at an exception, and what they say.
#[derive(InputObject)]
pub struct AcknowledgeExceptionInput {
    /// The exception; an open one that need not be fixed.
    exception: ID,
    /// Why it was so: an active code of kind `REASON`.
    reason_code: String,
    /// What was done about it: an active code of kind `RESOLUTION`.
    resolution_code: String,
    /// What there is to say, at most 1,000 characters; needed with codes that say nothing by themselves.
    memo: Option<String>,
    /// That the time is right, on your word; needed where `wantsAttestation` says so.
    #[graphql(default)]
    attested: bool,
}

/// Who looks after an exception.
#[derive(InputObject)]
pub struct AssignExceptionInput {
    /// The exception; an open one.
    exception: ID,
    /// An active member who may resolve exceptions, within your reach; null gives it back to everybody.
    to: Option<ID>,
}

/// An acknowledgement to be taken back.
#[derive(InputObject)]
pub struct ReopenExceptionInput {
    /// The exception; one that was acknowledged.
    exception: ID,
    /// Why, at most 1,000 characters.
    memo: Option<String>,
}

/// What to do to many exceptions: one of these.
#[derive(OneofObject)]
pub enum BulkExceptionAction {
    /// Acknowledge those that are open and need not be fixed.
    Acknowledge(BulkAcknowledgement),
    /// Give those that are open to somebody.
    Assign(BulkAssignment),
    /// Reopen those that were acknowledged.
    Reopen(BulkReopening),
}

/// What somebody says about many exceptions.
#[derive(InputObject)]
pub struct BulkAcknowledgement {
    /// Why it was so: an active code of kind `REASON`.
    reason_code: String,
    /// What was done about it: an active code of kind `RESOLUTION`.
    resolution_code: String,
    /// What there is to say, at most 1,000 characters.
    memo: Option<String>,
    /// That the times are right, on your word; those that need it are skipped without.
    #[graphql(default)]
    attested: bool,
}

/// Who looks after many exceptions.
#[derive(InputObject)]
pub struct BulkAssignment {
    /// An active member who may resolve exceptions, within your reach; null gives them back to everybody.
    to: Option<ID>,
}

/// Why many acknowledgements are taken back.
#[derive(InputObject)]
pub struct BulkReopening {
    /// Why, at most 1,000 characters.
    memo: Option<String>,
}

impl BulkExceptionAction {
    fn read(self) -> Result<Act, Error> {
        Ok(match self {
            Self::Acknowledge(said) => Act::Acknowledge(Acknowledgement {
                reason_code: said.reason_code,
                resolution_code: said.resolution_code,
                memo: said.memo,
                attested: said.attested,
            }),
            Self::Assign(given) => Act::Assign(optional_id("action.assign.to", given.to.as_ref())?),
            Self::Reopen(given) => Act::Reopen(given.memo),
        })
    }
}

/// What an action would be done to.
#[derive(SimpleObject)]
pub struct ExceptionPreview {
    /// How many it would be done to.
    count: i64,
    /// How many the filter finds that it cannot be done to: those to fix, those in another state.
    skipped: i64,
    /// The first ten as they would be afterwards.
    sample: Vec<Exception>,
    /// For `applyToExceptions`: good while nothing that was found changes, and for 15 minutes.
    token: String,
    /// When it is no longer good in any case.
    expires_at: DateTime<Utc>,
}

/// What was done to many exceptions.
#[derive(SimpleObject)]
pub struct AppliedToExceptions {
    /// To how many.
    count: i64,
    /// How many the filter found that it could not be done to.
    skipped: i64,
    /// The first ten as they are now.
    sample: Vec<Exception>,
}

/// What a preview showed, to be done now.
#[derive(InputObject)]
pub struct ApplyToExceptionsInput {
    /// The token of the preview.
    token: String,
    /// The same filter as in the preview.
    filter: ExceptionFilter,
    /// The same action as in the preview.
    action: BulkExceptionAction,
}

/// What can be asked before something is done to exceptions.
#[derive(Default)]
pub struct ExceptionsPreviewQuery;

#[Object]
impl ExceptionsPreviewQuery {
    /// What an action would be done to, at most 1,000 exceptions; nothing is done yet.
    ///
    /// Requires: `RESOLVE_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR).
    #[graphql(complexity = "100 + 10 * child_complexity")]
    async fn preview_exceptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] filter: ExceptionFilter,
        #[graphql(desc = "What would be done.")] action: BulkExceptionAction,
    ) -> Result<ExceptionPreview> {
        let (filter, act) = (filter.read()?, action.read()?);
        let shown = bulk::preview(ctx.app(), ctx.viewer()?, &filter, act).await?;
        Ok(ExceptionPreview {
            count: number(shown.count),
            skipped: number(shown.skipped),
            sample: shown.sample.into_iter().map(Exception).collect(),
            token: shown.token,
            expires_at: shown.expires_at,
        })
    }
}

/// What can be done about exceptions.
#[derive(Default)]
pub struct ExceptionsMutation;

#[Object]
impl ExceptionsMutation {
    /// Says that somebody looked at an exception, why it was so and what was done. Refused with
    /// `EXCEPTION_MUST_BE_FIXED`, `EXCEPTION_CLOSED`, `REASON_UNKNOWN`, `MEMO_REQUIRED` or `ATTESTATION_REQUIRED`.
    ///
    /// Requires: `RESOLVE_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR).
    async fn acknowledge_exception(
        &self,
        ctx: &Context<'_>,
        input: AcknowledgeExceptionInput,
    ) -> Result<Exception> {
        let exception = id("exception", &input.exception)?;
        let act = Act::Acknowledge(Acknowledgement {
            reason_code: input.reason_code,
            resolution_code: input.resolution_code,
            memo: input.memo,
            attested: input.attested,
        });
        let done = service::act(ctx.app(), ctx.viewer()?, exception, act).await?;
        Ok(Exception(done))
    }

    /// Gives an open exception to somebody, or back to everybody.
    ///
    /// Requires: `RESOLVE_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR).
    async fn assign_exception(
        &self,
        ctx: &Context<'_>,
        input: AssignExceptionInput,
    ) -> Result<Exception> {
        let exception = id("exception", &input.exception)?;
        let act = Act::Assign(optional_id("to", input.to.as_ref())?);
        let done = service::act(ctx.app(), ctx.viewer()?, exception, act).await?;
        Ok(Exception(done))
    }

    /// Takes an acknowledgement back. What cleared by itself opens by itself, when it is so again; until then it is
    /// refused with `EXCEPTION_CLOSED`.
    ///
    /// Requires: `RESOLVE_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR).
    async fn reopen_exception(
        &self,
        ctx: &Context<'_>,
        input: ReopenExceptionInput,
    ) -> Result<Exception> {
        let exception = id("exception", &input.exception)?;
        let act = Act::Reopen(input.memo);
        let done = service::act(ctx.app(), ctx.viewer()?, exception, act).await?;
        Ok(Exception(done))
    }

    /// Does what a preview showed, to all of it or to none: refused with `PREVIEW_STALE` if any of it changed, came or
    /// went since, or if the preview is older than 15 minutes.
    ///
    /// Requires: `RESOLVE_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR).
    #[graphql(complexity = "100 + 10 * child_complexity")]
    async fn apply_to_exceptions(
        &self,
        ctx: &Context<'_>,
        input: ApplyToExceptionsInput,
    ) -> Result<AppliedToExceptions> {
        let (filter, act) = (input.filter.read()?, input.action.read()?);
        let done = bulk::apply(ctx.app(), ctx.viewer()?, &input.token, &filter, act).await?;
        Ok(AppliedToExceptions {
            count: number(done.count),
            skipped: number(done.skipped),
            sample: done.sample.into_iter().map(Exception).collect(),
        })
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
