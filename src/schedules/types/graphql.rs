//! Speaks: shift types.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::model::{self, Shape};
use super::service;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::{id, out};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ShiftTypeId;
use crate::schedules::hours::graphql::{TimeSpan, TimeSpanInput, spans};
use crate::schedules::model::{Form, Pattern};

/// How the time of a shift is meant.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Pattern")]
pub enum ShiftPattern {
    /// From a start to an end on one day.
    Fixed,
    /// Ends on the day after it starts; it belongs to the day it starts on.
    Overnight,
    /// Several spans in a day; each is planned as a shift of its own.
    Split,
    /// A core in which everybody is there; how the other minutes lie around it is up to the person.
    Flexible,
}

/// A shape shifts are made in.
#[derive(Clone)]
pub struct ShiftType(pub model::ShiftType);

/// A shape shifts are made in.
#[Object]
impl ShiftType {
    /// `sht_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// As people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How its time is meant.
    async fn pattern(&self) -> ShiftPattern {
        self.0.shape.form.pattern.into()
    }

    /// Its local times in order; of a flexible one the core.
    async fn spans(&self) -> Vec<TimeSpan> {
        self.0.shape.spans.iter().map(Into::into).collect()
    }

    /// Unpaid minutes within it.
    async fn break_minutes(&self) -> i32 {
        self.0.shape.break_minutes
    }

    /// How many minutes before its start it claims a clock-in.
    async fn before_minutes(&self) -> i32 {
        self.0.shape.form.before_minutes
    }

    /// How many minutes after its end it claims a clock-in that no other shift claims.
    async fn after_minutes(&self) -> i32 {
        self.0.shape.form.after_minutes
    }

    /// What a flexible one owes.
    async fn required_minutes(&self) -> Option<i32> {
        self.0.shape.form.required_minutes
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

/// The times of a shift on the clocks of its place.
#[derive(InputObject)]
pub struct ShiftShapeInput {
    /// How its time is meant.
    pattern: ShiftPattern,
    /// Its times in order; several only of a split one, of a flexible one the core.
    spans: Vec<TimeSpanInput>,
    /// Unpaid minutes within it; a split one has none.
    #[graphql(default)]
    break_minutes: i32,
    /// How many minutes before its start it claims a clock-in, 0–720.
    #[graphql(default = 240)]
    before_minutes: i32,
    /// How many minutes after its end it claims a clock-in that no other shift claims, 0–720.
    #[graphql(default)]
    after_minutes: i32,
    /// What is owed: of a flexible one only, at least its core.
    required_minutes: Option<i32>,
}

impl ShiftShapeInput {
    /// Reads the times, naming the one that cannot be read.
    pub fn read(&self) -> Result<Shape> {
        Ok(Shape {
            spans: spans("spans", &self.spans)?,
            break_minutes: self.break_minutes,
            form: Form {
                pattern: self.pattern.into(),
                before_minutes: self.before_minutes,
                after_minutes: self.after_minutes,
                required_minutes: self.required_minutes,
            },
        })
    }
}

/// A new shift type.
#[derive(InputObject)]
pub struct AddShiftTypeInput {
    /// As people call it, 1–80 characters; no other type has this name.
    name: String,
    /// Its times.
    shape: ShiftShapeInput,
}

/// A shift type, described anew.
#[derive(InputObject)]
pub struct ChangeShiftTypeInput {
    /// Which.
    id: ID,
    /// As people call it, 1–80 characters; no other type has this name.
    name: String,
    /// Its times from now on; what is planned keeps its shape.
    shape: ShiftShapeInput,
    /// Whether shifts can be planned with it.
    #[graphql(default = true)]
    in_use: bool,
}

/// What can be asked about shift types.
#[derive(Default)]
pub struct ShiftTypesQuery;

#[Object]
impl ShiftTypesQuery {
    /// All shift types by name, those out of use too.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn shift_types(&self, ctx: &Context<'_>) -> Result<Vec<ShiftType>> {
        let all = service::all(ctx.app(), ctx.viewer()?).await?;
        Ok(all.into_iter().map(ShiftType).collect())
    }
}

/// What can be done with shift types.
#[derive(Default)]
pub struct ShiftTypesMutation;

#[Object]
impl ShiftTypesMutation {
    /// Adds a shift type.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn add_shift_type(
        &self,
        ctx: &Context<'_>,
        input: AddShiftTypeInput,
    ) -> Result<ShiftType> {
        let shape = input.shape.read()?;
        let kind = service::add(ctx.app(), ctx.viewer()?, &input.name, shape).await?;
        Ok(ShiftType(kind))
    }

    /// Describes a shift type anew, or takes it out of use.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn change_shift_type(
        &self,
        ctx: &Context<'_>,
        input: ChangeShiftTypeInput,
    ) -> Result<ShiftType> {
        let kind = id("id", &input.id)?;
        let described = (input.name.as_str(), input.shape.read()?);
        let changed = service::change(ctx.app(), ctx.viewer()?, kind, described, input.in_use);
        Ok(ShiftType(changed.await?))
    }
}

impl Loader<ShiftTypeId> for Loads {
    type Value = ShiftType;
    type Error = Arc<Error>;

    async fn load(
        &self,
        _keys: &[ShiftTypeId],
    ) -> Result<HashMap<ShiftTypeId, ShiftType>, Arc<Error>> {
        // An organization has a handful: all of them are one small read.
        let all = service::all(&self.app, &self.viewer).await?;
        Ok(all
            .into_iter()
            .map(|kind| (kind.id, ShiftType(kind)))
            .collect())
    }
}
