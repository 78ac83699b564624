//! Speaks: planned shifts.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{self, Plan};
use super::roster::graphql::PlannedShift;
use super::service::{self, Filter};
use super::types::graphql::{ShiftPattern, ShiftType};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{LocalTime, id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ShiftId;
use crate::kernel::page::{Cursor, PageRequest};
use crate::places::graphql::Place;

/// What time is planned for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::ShiftKind")]
pub enum ShiftKind {
    /// Work: clock-ins are matched to it.
    Work,
    /// Leave that was granted.
    Leave,
    /// The regular day off.
    DayOff,
    /// Nothing is planned.
    Free,
}

/// Planned time of one member.
#[derive(Clone)]
pub struct Shift(pub model::Shift);

/// Planned time of one member.
#[Object]
impl Shift {
    /// `shf_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Work, leave, or a day off.
    async fn kind(&self) -> ShiftKind {
        self.0.kind.into()
    }

    /// Whose it is; null for whoever may see the shift but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// Where the work is, if the plan says.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.0.place_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The day it starts on, where the work is. A night belongs to the day it starts on.
    async fn work_date(&self) -> NaiveDate {
        self.0.work_date
    }

    /// When it starts.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.ends_at
    }

    /// Unpaid minutes within it.
    async fn break_minutes(&self) -> i32 {
        self.0.break_minutes
    }

    /// How its time is meant.
    async fn pattern(&self) -> ShiftPattern {
        self.0.made.form.pattern.into()
    }

    /// The type it was made from, if it was.
    #[graphql(name = "type")]
    async fn shift_type(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ShiftType>> {
        match self.0.made.type_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// From when it claims a clock-in.
    async fn claims_from(&self) -> DateTime<Utc> {
        self.0.window().0
    }

    /// Until when it claims a clock-in; after its end only one that no other shift claims.
    async fn claims_to(&self) -> DateTime<Utc> {
        self.0.window().1
    }

    /// Minutes that are owed: of a flexible shift what its type says, otherwise its length without the break.
    async fn owed_minutes(&self) -> i64 {
        self.0.owed_minutes()
    }

    /// The series it belongs to.
    async fn series(&self) -> Option<ID> {
        self.0.made.series.map(|(id, _)| out(id))
    }

    /// The day of the series it stands for: another than its work date if it was moved.
    async fn series_day(&self) -> Option<NaiveDate> {
        self.0.made.series.map(|(_, day)| day)
    }

    /// The granted leave it stands for.
    async fn leave_request(&self) -> Option<ID> {
        self.0.made.leave_id.map(out)
    }

    /// The reference it was imported with.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// When it was planned.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was taken out of the plan.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }
}

fn speak(
    found: crate::kernel::page::Page<model::Shift>,
    after: Option<&str>,
) -> Connection<String, Shift> {
    let cursor = |shift: &model::Shift| Cursor {
        at: shift.starts_at,
        id: shift.id.uuid(),
    };
    connection(found, after, cursor, Shift)
}

/// What can be asked of the schedules slice.
#[derive(Default)]
pub struct SchedulesQuery;

#[Object]
impl SchedulesQuery {
    /// The shifts of everybody within reach, the latest start first: a supervisor sees the own department and those
    /// below it, a worker only the own.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the API")]
    async fn shifts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this member's.")] member: Option<ID>,
        #[graphql(desc = "The first work date.")] from: Option<NaiveDate>,
        #[graphql(desc = "The last work date.")] to: Option<NaiveDate>,
        #[graphql(desc = "Show cancelled shifts too.", default)] cancelled: bool,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last shift of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Shift>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = Filter {
            member: optional_id("member", member.as_ref())?,
            from,
            to,
            cancelled,
        };
        let found = service::shifts(ctx.app(), ctx.viewer()?, filter, &page).await?;
        Ok(speak(found, after.as_deref()))
    }

    /// The viewer's own shifts that are not cancelled, the latest start first.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION), and a person.
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn my_shifts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first work date.")] from: Option<NaiveDate>,
        #[graphql(desc = "The last work date.")] to: Option<NaiveDate>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last shift of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Shift>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found = service::my_shifts(ctx.app(), ctx.viewer()?, (from, to), &page).await?;
        Ok(speak(found, after.as_deref()))
    }
}

/// Work for a member, in the local time of the place, or of the organization if no place is given.
#[derive(InputObject)]
pub struct PlanShiftInput {
    /// Who works.
    member: ID,
    /// Where; a place in use.
    place: Option<ID>,
    /// The day it starts on, in the years 2000–2199.
    date: NaiveDate,
    /// When it starts. A time that clocks show twice that night is the earlier one; one that they skip moves forward.
    starts: LocalTime,
    /// When it ends; if that is not after the start, it is on the next day.
    ends: LocalTime,
    /// Unpaid minutes within it; less than its length.
    #[graphql(default)]
    break_minutes: i32,
}

/// A shift with other times.
#[derive(InputObject)]
pub struct ChangeShiftInput {
    /// The shift.
    shift: ID,
    /// Where from now on; a place in use. Left out, it is nowhere in particular.
    place: Option<ID>,
    /// The day it starts on, in the years 2000–2199.
    date: NaiveDate,
    /// When it starts.
    starts: LocalTime,
    /// When it ends; if that is not after the start, it is on the next day.
    ends: LocalTime,
    /// Unpaid minutes within it; less than its length.
    #[graphql(default)]
    break_minutes: i32,
    /// Why, for the audit log; at most 500 characters. A shift that is over needs one.
    reason: Option<String>,
}

/// A shift to be taken out of the plan.
#[derive(InputObject)]
pub struct CancelShiftInput {
    /// The shift.
    shift: ID,
    /// Why, for the audit log; at most 500 characters. A shift that is over needs one.
    reason: Option<String>,
}

/// What can be done in the schedules slice.
#[derive(Default)]
pub struct SchedulesMutation;

#[Object]
impl SchedulesMutation {
    /// Plans work for a member, and says what is to be said about it. Refused with `CONFLICT` and the other's `shiftId` if
    /// the member already has a shift then, leave too, or with `DENIED_BY_RULE`.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn plan_shift(&self, ctx: &Context<'_>, input: PlanShiftInput) -> Result<PlannedShift> {
        let member = id("member", &input.member)?;
        let place = optional_id("place", input.place.as_ref())?;
        let plan = Plan {
            date: input.date,
            starts: input.starts.read("starts")?,
            ends: input.ends.read("ends")?,
            break_minutes: input.break_minutes,
        };
        let (shift, findings) =
            service::plan_shift(ctx.app(), ctx.viewer()?, member, place, plan).await?;
        Ok(PlannedShift::new(shift, findings))
    }

    /// Gives a shift other times. Refused like a new one; one that is over needs a reason, and what was worked is judged
    /// again.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn change_shift(
        &self,
        ctx: &Context<'_>,
        input: ChangeShiftInput,
    ) -> Result<PlannedShift> {
        let shift = id("shift", &input.shift)?;
        let place = optional_id("place", input.place.as_ref())?;
        let plan = Plan {
            date: input.date,
            starts: input.starts.read("starts")?,
            ends: input.ends.read("ends")?,
            break_minutes: input.break_minutes,
        };
        let change = (plan, input.reason);
        let (shift, findings) =
            service::change_shift(ctx.app(), ctx.viewer()?, shift, place, change).await?;
        Ok(PlannedShift::new(shift, findings))
    }

    /// Takes a shift out of the plan; cancelling again changes nothing. One that is over needs a reason, and what was
    /// worked is judged again. Granted leave is taken back instead.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn cancel_shift(&self, ctx: &Context<'_>, input: CancelShiftInput) -> Result<Shift> {
        let shift = id("shift", &input.shift)?;
        Ok(Shift(
            service::cancel_shift(ctx.app(), ctx.viewer()?, shift, input.reason).await?,
        ))
    }
}

impl Loader<ShiftId> for Loads {
    type Value = Shift;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ShiftId]) -> Result<HashMap<ShiftId, Shift>, Arc<Error>> {
        let found = service::shifts_by_id(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|shift| (shift.id, Shift(shift)))
            .collect())
    }
}
