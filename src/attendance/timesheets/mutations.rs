//! Speaks: what people do with timesheets.

use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::NaiveDate;

use super::graphql::{Timesheet, TimesheetPeriod, TimesheetPolicy};
use super::{model, service};
use crate::graphql::context::Ask;
use crate::graphql::scalars::id;

/// How long timesheets are from now on.
#[derive(InputObject)]
pub struct SetTimesheetPolicyInput {
    /// How long one is.
    period: TimesheetPeriod,
    /// A day on which a week or a fortnight begins; a Monday if left out.
    anchor: Option<NaiveDate>,
}

/// Your own timesheet, as you saw it.
#[derive(InputObject)]
pub struct SubmitTimesheetInput {
    /// Any day of the period.
    date: NaiveDate,
    /// The `hash` of what you looked at.
    hash: String,
}

/// A timesheet, as you saw it.
#[derive(InputObject)]
pub struct ApproveTimesheetInput {
    /// Whose.
    member: ID,
    /// Any day of the period.
    date: NaiveDate,
    /// The `hash` of what you looked at.
    hash: String,
    /// At most 500 characters.
    memo: Option<String>,
}

/// A timesheet to be changed by its person.
#[derive(InputObject)]
pub struct ReturnTimesheetInput {
    /// Whose.
    member: ID,
    /// Any day of the period.
    date: NaiveDate,
    /// What is to be done about it, 1–500 characters.
    memo: String,
}

/// A timesheet to be locked or opened again.
#[derive(InputObject)]
pub struct TimesheetLockInput {
    /// Whose.
    member: ID,
    /// Any day of the period.
    date: NaiveDate,
    /// Why, 1–500 characters.
    reason: String,
}

/// What can be done with timesheets.
#[derive(Default)]
pub struct TimesheetsMutation;

#[Object]
impl TimesheetsMutation {
    /// Says how long timesheets are from now on. Those that are there keep their days.
    ///
    /// Requires: `LOCK_TIMESHEETS` (OWNER, ADMIN).
    async fn set_timesheet_policy(
        &self,
        ctx: &Context<'_>,
        input: SetTimesheetPolicyInput,
    ) -> Result<TimesheetPolicy> {
        let usual = model::Policy::default();
        let policy = model::Policy {
            period: input.period.into(),
            anchor: input.anchor.unwrap_or(usual.anchor),
        };
        let set = service::set_policy(ctx.app(), ctx.viewer()?, policy).await?;
        Ok(set.into())
    }

    /// Hands in your own timesheet. Refused with `TIMESHEET_STALE` and the `hash` of now if it changed since you
    /// looked, with `TIMESHEET_STATE` if it is approved or locked.
    ///
    /// Requires: `SUBMIT_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn submit_timesheet(
        &self,
        ctx: &Context<'_>,
        input: SubmitTimesheetInput,
    ) -> Result<Timesheet> {
        let sheet = service::submit(ctx.app(), ctx.viewer()?, input.date, &input.hash).await?;
        Ok(Timesheet(sheet))
    }

    /// Approves what you looked at; any later change of it voids the approval and says so. Never your own
    /// (`OWN_CORRECTION`); `TIMESHEET_STALE` with the `hash` of now if it changed since.
    ///
    /// Requires: `APPROVE_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR).
    async fn approve_timesheet(
        &self,
        ctx: &Context<'_>,
        input: ApproveTimesheetInput,
    ) -> Result<Timesheet> {
        let whose = (id("member", &input.member)?, input.date);
        let memo = input.memo.as_deref();
        let sheet = service::approve(ctx.app(), ctx.viewer()?, whose, &input.hash, memo).await?;
        Ok(Timesheet(sheet))
    }

    /// Gives a timesheet back to its person, submitted or approved. Never your own (`OWN_CORRECTION`).
    ///
    /// Requires: `APPROVE_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR).
    async fn return_timesheet(
        &self,
        ctx: &Context<'_>,
        input: ReturnTimesheetInput,
    ) -> Result<Timesheet> {
        let whose = (id("member", &input.member)?, input.date);
        let sheet = service::give_back(ctx.app(), ctx.viewer()?, whose, &input.memo).await?;
        Ok(Timesheet(sheet))
    }

    /// Closes an approved timesheet: corrections and entries that touch its days are refused with `TIMESHEET_LOCKED`.
    /// Punches that a phone had kept are never refused; they are shown in `changedAfterLock`.
    ///
    /// Requires: `LOCK_TIMESHEETS` (OWNER, ADMIN).
    async fn lock_timesheet(
        &self,
        ctx: &Context<'_>,
        input: TimesheetLockInput,
    ) -> Result<Timesheet> {
        let whose = (id("member", &input.member)?, input.date);
        let sheet = service::lock(ctx.app(), ctx.viewer()?, whose, &input.reason).await?;
        Ok(Timesheet(sheet))
    }

    /// Opens a locked timesheet again: it must be submitted and approved anew.
    ///
    /// Requires: `LOCK_TIMESHEETS` (OWNER, ADMIN).
    async fn reopen_timesheet(
        &self,
        ctx: &Context<'_>,
        input: TimesheetLockInput,
    ) -> Result<Timesheet> {
        let whose = (id("member", &input.member)?, input.date);
        let sheet = service::reopen(ctx.app(), ctx.viewer()?, whose, &input.reason).await?;
        Ok(Timesheet(sheet))
    }
}
