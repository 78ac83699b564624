//! Speaks: the days of a member.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::measures::Measures;
use super::model::{self, DayLeave, DayStatus};
use super::service::{self, DayKey};
use crate::attendance;
use crate::attendance::graphql::WorkSession;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::page::{Cursor, PageRequest};
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;
use crate::reports;
use crate::reports::graphql::Summary;
use crate::rules::decisions::graphql::RuleDecision;
use crate::rules::decisions::model::Kept;
use crate::rules::decisions::service::decisions_of;

/// What a day counts as for one person, by the organization's rule.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DayStatus", name = "DayStatus")]
pub enum DayStatusName {
    /// Worked as planned.
    Present,
    /// Worked as planned, but began late.
    Late,
    /// Worked a part of it.
    HalfDay,
    /// Did not come, or hardly.
    Absent,
    /// Had leave.
    OnLeave,
}

/// How much of a day approved leave takes.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DayLeave", name = "DayLeave")]
pub enum DayLeaveName {
    /// None of it.
    None,
    /// A half.
    HalfDay,
    /// All of it.
    FullDay,
}

/// One day of one person: planned, worked, or both.
pub struct WorkDay(pub model::WorkDay);

/// One day of one person: planned, worked, or both. A night belongs to the day it began on.
#[Object]
impl WorkDay {
    /// The member's id and the date: `mbr_…/2026-03-02`.
    async fn id(&self) -> ID {
        ID(format!("{}/{}", *out(self.0.member_id), self.0.work_date))
    }

    /// Whose day it is.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// The date, where the work is.
    async fn work_date(&self) -> NaiveDate {
        self.0.work_date
    }

    /// The member's department on that day.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        match self.0.department_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Where the day was planned or, unplanned, began.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.0.place_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// What it counts as; null until the last shift's end is four hours ago and nobody is at work any more.
    async fn status(&self) -> Option<DayStatusName> {
        self.0.status.map(Into::into)
    }

    /// Approved leave on it.
    async fn leave(&self) -> DayLeaveName {
        self.0.leave.into()
    }

    /// Whether it is a public holiday.
    async fn is_public_holiday(&self) -> bool {
        self.0.is_holiday
    }

    /// The first clock-in.
    async fn first_in(&self) -> Option<DateTime<Utc>> {
        self.0.first_in
    }

    /// The last clock-out.
    async fn last_out(&self) -> Option<DateTime<Utc>> {
        self.0.last_out
    }

    /// When the status was decided.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// What it adds to every report.
    async fn summary(&self, ctx: &Context<'_>) -> async_graphql::Result<Summary> {
        let measures = ctx.loads()?.load_one(FiguresOf(self.key())).await?;
        Ok(reports::model::Summary(measures.unwrap_or_default()).into())
    }

    /// The work sessions that belong to it, the earliest first.
    #[graphql(complexity = "10 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WorkSession>> {
        let found = ctx.loads()?.load_one(SessionsOf(self.key())).await?;
        let found = found.unwrap_or_default();
        Ok(found.into_iter().map(WorkSession).collect())
    }

    /// Why it counts as what it does: every decision of the rule, in order.
    #[graphql(complexity = "5 * child_complexity")]
    async fn decisions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<RuleDecision>> {
        let found = ctx.loads()?.load_one(DecisionsOf(self.key())).await?;
        let found = found.unwrap_or_default();
        Ok(found.into_iter().map(RuleDecision).collect())
    }
}

impl WorkDay {
    fn key(&self) -> DayKey {
        (self.0.member_id, self.0.work_date)
    }
}

/// The measures of a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FiguresOf(DayKey);
/// The sessions of a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SessionsOf(DayKey);
/// What was decided about a day.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct DecisionsOf(DayKey);

impl Loader<FiguresOf> for Loads {
    type Value = Measures;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[FiguresOf]) -> Result<HashMap<FiguresOf, Measures>, Arc<Error>> {
        let keys: Vec<DayKey> = keys.iter().map(|key| key.0).collect();
        let found = service::figures_of(&self.app, &self.viewer, &keys).await?;
        let found = found.into_iter();
        Ok(found.map(|(key, value)| (FiguresOf(key), value)).collect())
    }
}

impl Loader<SessionsOf> for Loads {
    type Value = Vec<attendance::model::WorkSession>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[SessionsOf],
    ) -> Result<HashMap<SessionsOf, Self::Value>, Arc<Error>> {
        let keys: Vec<DayKey> = keys.iter().map(|key| key.0).collect();
        let found = service::sessions_of_days(&self.app, &self.viewer, &keys).await?;
        let found = found.into_iter();
        Ok(found.map(|(key, value)| (SessionsOf(key), value)).collect())
    }
}

impl Loader<DecisionsOf> for Loads {
    type Value = Vec<Kept>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[DecisionsOf],
    ) -> Result<HashMap<DecisionsOf, Self::Value>, Arc<Error>> {
        let subject = |key: &DecisionsOf| model::WorkDay::subject(key.0.0, key.0.1);
        let subjects: Vec<_> = keys.iter().map(subject).collect();
        let mut found = decisions_of(&self.app, &self.viewer, &subjects).await?;
        let decided = |key: &DecisionsOf| Some((*key, found.remove(&subject(key))?));
        Ok(keys.iter().filter_map(decided).collect())
    }
}

/// What can be asked about days.
#[derive(Default)]
pub struct DaysQuery;

#[Object]
impl DaysQuery {
    /// The days of a member on which something was planned or done, the latest first. Days that are still to come have
    /// none.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn work_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] member: ID,
        #[graphql(desc = "The first day.")] from: NaiveDate,
        #[graphql(desc = "The last day, at most five years later.")] to: NaiveDate,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last day of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, WorkDay>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let member = id("member", &member)?;
        let found = service::work_days(ctx.app(), ctx.viewer()?, member, (from, to), &page).await?;
        let cursor = |day: &model::WorkDay| Cursor {
            at: day.work_date.and_time(NaiveTime::MIN).and_utc(),
            id: day.member_id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, WorkDay))
    }

    /// One day of a member; null if nothing was planned or done on it.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn work_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] member: ID,
        #[graphql(desc = "The date, where the work is.")] date: NaiveDate,
    ) -> Result<Option<WorkDay>> {
        let member = id("member", &member)?;
        let found = service::work_day(ctx.app(), ctx.viewer()?, member, date).await?;
        Ok(found.map(WorkDay))
    }
}
