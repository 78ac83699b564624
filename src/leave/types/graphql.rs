//! Speaks: types of leave.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::model;
use super::service::{self, Described};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::{id, out};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::LeaveTypeId;
use crate::schedules::holidays::graphql::Country;

/// What is paid during leave.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Pay")]
pub enum LeavePay {
    /// All of it.
    Full,
    /// Half of it.
    Half,
    /// Nothing.
    Unpaid,
}

/// Which days leave takes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Counts")]
pub enum LeaveCounts {
    /// Neither rest days (by the business hours of the member's department) nor holidays. Where nobody said anything
    /// about business hours, every day that is not a holiday is a working day.
    WorkingDays,
    /// Every day.
    CalendarDays,
}

/// A kind of leave an organization grants.
#[derive(Clone)]
pub struct LeaveType(pub model::LeaveType);

/// A kind of leave an organization grants.
#[Object]
impl LeaveType {
    /// `lvt_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// As people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What is paid.
    async fn pay(&self) -> LeavePay {
        self.0.pay.into()
    }

    /// Which days it takes.
    async fn counts(&self) -> LeaveCounts {
        self.0.counts.into()
    }

    /// Whether it can be taken by the half day.
    async fn half_days_allowed(&self) -> bool {
        self.0.half_days_allowed
    }

    /// Whether only what was granted can be taken.
    async fn needs_balance(&self) -> bool {
        self.0.needs_balance
    }

    /// What a person is usually granted for a year, in half days: said here, not granted by itself.
    async fn yearly_half_days(&self) -> Option<i32> {
        self.0.yearly_half_days
    }

    /// The country it was adopted from.
    async fn country(&self) -> Option<Country> {
        self.0.country.map(Into::into)
    }

    /// When it was entered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was taken out of use.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

/// A kind of leave.
#[derive(InputObject)]
pub struct LeaveTypeInput {
    /// As people call it, 1–80 characters; no other type has this name.
    name: String,
    /// What is paid.
    pay: LeavePay,
    /// Which days it takes.
    counts: LeaveCounts,
    /// Whether it can be taken by the half day.
    #[graphql(default)]
    half_days_allowed: bool,
    /// Whether only what was granted can be taken.
    #[graphql(default)]
    needs_balance: bool,
    /// What a person is usually granted for a year, in half days, 0–732.
    yearly_half_days: Option<i32>,
}

impl From<LeaveTypeInput> for Described {
    fn from(input: LeaveTypeInput) -> Self {
        Self {
            name: input.name,
            pay: input.pay.into(),
            counts: input.counts.into(),
            half_days_allowed: input.half_days_allowed,
            needs_balance: input.needs_balance,
            yearly_half_days: input.yearly_half_days,
        }
    }
}

/// A kind of leave, described anew.
#[derive(InputObject)]
pub struct ChangeLeaveTypeInput {
    /// Which.
    id: ID,
    /// All of it as it should be from now on; what was requested stays as it was counted.
    leave: LeaveTypeInput,
    /// Whether it can be requested.
    #[graphql(default = true)]
    in_use: bool,
}

/// A country's types of leave.
#[derive(InputObject)]
pub struct AdoptLeaveTypesInput {
    /// The country.
    country: Country,
}

/// What can be asked about types of leave.
#[derive(Default)]
pub struct LeaveTypesQuery;

#[Object]
impl LeaveTypesQuery {
    /// All types of leave by name, those out of use too.
    ///
    /// Requires: `VIEW_LEAVE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn leave_types(&self, ctx: &Context<'_>) -> Result<Vec<LeaveType>> {
        let all = service::all(ctx.app(), ctx.viewer()?).await?;
        Ok(all.into_iter().map(LeaveType).collect())
    }
}

/// What can be done with types of leave.
#[derive(Default)]
pub struct LeaveTypesMutation;

#[Object]
impl LeaveTypesMutation {
    /// Adds a type of leave.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn add_leave_type(&self, ctx: &Context<'_>, input: LeaveTypeInput) -> Result<LeaveType> {
        let kind = service::add(ctx.app(), ctx.viewer()?, input.into()).await?;
        Ok(LeaveType(kind))
    }

    /// Describes a type of leave anew, or takes it out of use.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn change_leave_type(
        &self,
        ctx: &Context<'_>,
        input: ChangeLeaveTypeInput,
    ) -> Result<LeaveType> {
        let kind = id("id", &input.id)?;
        let described = input.leave.into();
        let changed = service::change(ctx.app(), ctx.viewer()?, kind, described, input.in_use);
        Ok(LeaveType(changed.await?))
    }

    /// Adds the types of leave that ship for a country; those whose name is there already stay as they are. Answers all
    /// types.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn adopt_leave_types(
        &self,
        ctx: &Context<'_>,
        input: AdoptLeaveTypesInput,
    ) -> Result<Vec<LeaveType>> {
        let all = service::adopt(ctx.app(), ctx.viewer()?, input.country.into()).await?;
        Ok(all.into_iter().map(LeaveType).collect())
    }
}

impl Loader<LeaveTypeId> for Loads {
    type Value = LeaveType;
    type Error = Arc<Error>;

    async fn load(
        &self,
        _keys: &[LeaveTypeId],
    ) -> Result<HashMap<LeaveTypeId, LeaveType>, Arc<Error>> {
        // An organization has a handful: all of them are one small read.
        let all = service::all(&self.app, &self.viewer).await?;
        Ok(all
            .into_iter()
            .map(|kind| (kind.id, LeaveType(kind)))
            .collect())
    }
}
