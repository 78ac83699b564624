//! Speaks: timesheets and their days.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::content::Asked;
use super::model::{self, Changed, Content, Day, Period, State};
use super::service::{self, Filter};
use crate::attendance::figures::Totals;
use crate::attendance::graphql::WorkSession;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::page::{Cursor, PageRequest};

/// How long a timesheet is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Period")]
pub enum TimesheetPeriod {
    /// Seven days from the anchor's day of the week on.
    Week,
    /// Fourteen days, counted from the anchor.
    Fortnight,
    /// The 1st to the 15th, and the 16th to the last.
    HalfMonth,
    /// A calendar month.
    Month,
}

/// What has become of a timesheet.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum TimesheetState {
    /// Nobody has submitted it, or it was opened again.
    Open,
    /// Its person says that it is right.
    Submitted,
    /// Somebody else says so too, for exactly the content of `approvedHash`.
    Approved,
    /// Given back, to be changed and submitted again.
    Returned,
    /// Closed. Nobody changes its time any more; what a phone had kept is in `changedAfterLock`.
    Locked,
    /// It was approved, and then its content changed: see `voidedBecause`.
    Voided,
}

/// Minutes added up.
#[derive(SimpleObject)]
#[expect(clippy::struct_field_names, reason = "the API names the unit")]
pub struct TimesheetTotals {
    /// From in to out, breaks left out.
    worked_minutes: i64,
    /// What is paid: regular and overtime.
    paid_minutes: i64,
    /// Paid at the normal rate.
    regular_minutes: i64,
    /// Paid at a higher rate.
    overtime_minutes: i64,
    /// Breaks, paid and unpaid.
    break_minutes: i64,
    /// After the planned starts.
    late_minutes: i64,
    /// Before the planned ends.
    early_minutes: i64,
    /// What rounding gave (positive) or took (negative): neutral rounding comes to about nothing over time.
    rounding_minutes: i64,
}

impl From<Totals> for TimesheetTotals {
    fn from(totals: Totals) -> Self {
        Self {
            worked_minutes: totals.worked,
            paid_minutes: totals.paid,
            regular_minutes: totals.regular,
            overtime_minutes: totals.overtime,
            break_minutes: totals.breaks,
            late_minutes: totals.late,
            early_minutes: totals.early,
            rounding_minutes: totals.rounding,
        }
    }
}

/// A day of a timesheet.
pub struct TimesheetDay(Day);

/// A day of a timesheet.
#[Object]
impl TimesheetDay {
    /// In the zone of the place where the work was; a night belongs to the day it began on.
    async fn date(&self) -> NaiveDate {
        self.0.date
    }

    /// `PRESENT`, `LATE`, `HALF_DAY`, `ABSENT`, `ON_LEAVE`, by the organization's rule; nothing where that is not
    /// decided yet, or nothing was planned.
    async fn status(&self) -> Option<&str> {
        self.0.status.as_deref()
    }

    /// Minutes planned, unpaid breaks left out.
    async fn planned_minutes(&self) -> i64 {
        self.0.planned
    }

    /// What its sessions come to.
    async fn totals(&self) -> TimesheetTotals {
        self.0.totals.into()
    }

    /// Its sessions as they are now, in order.
    #[graphql(complexity = "4 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<WorkSession>> {
        let ids: Vec<_> = self.0.sessions.iter().map(|line| line.session).collect();
        let mut found = ctx.loads()?.load_many(ids.iter().copied()).await?;
        Ok(ids
            .iter()
            .filter_map(|id| found.remove(id))
            .map(WorkSession)
            .collect())
    }
}

/// A day that changed after the timesheet was approved or locked.
#[derive(SimpleObject)]
pub struct TimesheetChange {
    /// Which day.
    date: NaiveDate,
    /// When it changed.
    changed_at: DateTime<Utc>,
    /// As it was approved; nothing if nothing was on that day.
    before: Option<TimesheetDay>,
    /// As it is since then.
    after: Option<TimesheetDay>,
}

impl From<Changed> for TimesheetChange {
    fn from(changed: Changed) -> Self {
        Self {
            date: changed.date,
            changed_at: changed.at,
            before: changed.before.map(TimesheetDay),
            after: changed.after.map(TimesheetDay),
        }
    }
}

/// A person's time in a period.
pub struct Timesheet(pub model::Timesheet);

impl Timesheet {
    async fn content(&self, ctx: &Context<'_>) -> Result<Content> {
        let key = ContentOf((self.0.member_id, self.0.span));
        Ok(ctx.loads()?.load_one(key).await?.unwrap_or_default())
    }

    fn changes(&self, of: State) -> Vec<TimesheetChange> {
        let changes = self.0.changes.iter().filter(|_| self.0.state == of);
        changes.cloned().map(Into::into).collect()
    }
}

/// A person's time in a period.
#[Object]
impl Timesheet {
    /// `tms_…`; nothing while there is nothing in it.
    async fn id(&self) -> Option<ID> {
        (!self.0.id.uuid().is_nil()).then(|| out(self.0.id))
    }

    /// Whose time it is; nothing for somebody you may not see.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// Its first day.
    async fn from(&self) -> NaiveDate {
        self.0.span.from
    }

    /// Its last day.
    async fn to(&self) -> NaiveDate {
        self.0.span.to
    }

    /// Open, submitted, approved, given back, locked, or approved in vain.
    async fn state(&self) -> TimesheetState {
        self.0.state.into()
    }

    /// SHA-256 of what is in it now, 64 hexadecimal digits: sessions with their times and hours, and days on which
    /// somebody was absent, on leave or half there. Whoever submits or approves says which they looked at.
    async fn hash(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.content(ctx).await?.hash())
    }

    /// What the approval was given for.
    async fn approved_hash(&self) -> Option<&str> {
        self.0.approved_hash.as_deref()
    }

    /// The days on which there is something, in order, as they are now.
    #[graphql(complexity = "10 * child_complexity")]
    async fn days(&self, ctx: &Context<'_>) -> Result<Vec<TimesheetDay>> {
        let content = self.content(ctx).await?;
        Ok(content.days.into_iter().map(TimesheetDay).collect())
    }

    /// What the days come to.
    async fn totals(&self, ctx: &Context<'_>) -> Result<TimesheetTotals> {
        Ok(self.content(ctx).await?.totals().into())
    }

    /// When its person handed it in last.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.submitted_at
    }

    /// When it was approved or given back.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// Who approved it or gave it back.
    async fn decided_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.decided_by {
            Some(member) => Ok(ctx.loads()?.load_one(member).await?),
            None => Ok(None),
        }
    }

    /// What whoever approved, returned, locked or reopened it last said.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// When it was locked.
    async fn locked_at(&self) -> Option<DateTime<Utc>> {
        self.0.locked_at
    }

    /// What changed after it was approved, day by day, while it is `VOIDED`.
    async fn voided_because(&self) -> Vec<TimesheetChange> {
        self.changes(State::Voided)
    }

    /// What came after the lock, day by day: punches that a phone had kept, or another verdict of a rule.
    async fn changed_after_lock(&self) -> Vec<TimesheetChange> {
        self.changes(State::Locked)
    }
}

/// How long timesheets are.
#[derive(SimpleObject)]
pub struct TimesheetPolicy {
    /// How long one is.
    period: TimesheetPeriod,
    /// A day on which a week or a fortnight begins.
    anchor: NaiveDate,
}

impl From<model::Policy> for TimesheetPolicy {
    fn from(policy: model::Policy) -> Self {
        Self {
            period: policy.period.into(),
            anchor: policy.anchor,
        }
    }
}

/// Which timesheets are wanted; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct TimesheetFilter {
    /// Only this member's.
    member: Option<ID>,
    /// Only of members who are in this department now; not of those below it.
    department: Option<ID>,
    /// Only in this state.
    state: Option<TimesheetState>,
    /// Only those that end on this day or later.
    from: Option<NaiveDate>,
    /// Only those that begin on this day or earlier.
    to: Option<NaiveDate>,
}

impl TimesheetFilter {
    fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            member: optional_id("filter.member", self.member.as_ref())?,
            department: optional_id("filter.department", self.department.as_ref())?,
            state: self.state.map(Into::into),
            from: self.from,
            to: self.to,
        })
    }
}

/// What can be asked about timesheets.
#[derive(Default)]
pub struct TimesheetsQuery;

#[Object]
impl TimesheetsQuery {
    /// The timesheet that a day lies in, of a member or your own.
    ///
    /// Requires: `VIEW_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn timesheet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose; yours if left out.")] member: Option<ID>,
        #[graphql(desc = "Any day of the period.")] date: NaiveDate,
    ) -> Result<Timesheet> {
        let member = optional_id("member", member.as_ref())?;
        let found = service::timesheet(ctx.app(), ctx.viewer()?, member, date).await?;
        Ok(Timesheet(found))
    }

    /// Timesheets with something in them, the newest first: your own, your departments' or the organization's.
    ///
    /// Requires: `VIEW_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn timesheets(
        &self,
        ctx: &Context<'_>,
        filter: Option<TimesheetFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, Timesheet>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default().read()?;
        let found = service::timesheets(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let cursor = |sheet: &model::Timesheet| Cursor {
            at: sheet.created_at,
            id: sheet.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Timesheet))
    }

    /// How long the organization's timesheets are; a month if nobody said.
    ///
    /// Requires: `VIEW_TIMESHEETS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn timesheet_policy(&self, ctx: &Context<'_>) -> Result<TimesheetPolicy> {
        Ok(service::policy(ctx.app(), ctx.viewer()?).await?.into())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ContentOf(Asked);

impl Loader<ContentOf> for Loads {
    type Value = Content;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ContentOf]) -> Result<HashMap<ContentOf, Content>, Arc<Error>> {
        let asked: Vec<Asked> = keys.iter().map(|key| key.0).collect();
        let found = service::contents(&self.app, &self.viewer, &asked).await?;
        Ok(found
            .into_iter()
            .map(|(key, content)| (ContentOf(key), content))
            .collect())
    }
}
