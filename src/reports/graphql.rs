//! Speaks: reports.

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use super::model::{self, Range, Step};
use super::service::{self, Filter};
use super::today::{self, Standing};
use crate::attendance::days::graphql::DayStatusName;
use crate::attendance::days::measures::{Measures, with_measures};
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id};
use crate::identity::graphql::Member;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};
use crate::kernel::page::{Cursor, PageRequest};
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;

/// The sums are one field each, as they are declared.
macro_rules! summary {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// The figures of a report. The sums add up: over days, people, departments and places, and from one report to
        /// another. Rates are made of the sums, between 0 and 1.
        #[derive(SimpleObject, Clone, Copy)]
        pub struct Summary {
            $($(#[$about])* $name: i64,)*
            /// Of the days judged present, late, half or absent, how many were absences; leave is none. Null if none
            /// was judged.
            absence_rate: Option<f64>,
            /// Of `starts`, how many were in time. Null without any.
            punctuality: Option<f64>,
            /// Of `sessions`, how many are confirmed. Null without any.
            confirmed_rate: Option<f64>,
            /// Of `sessions`, how many are compliant. Null without any.
            compliant_rate: Option<f64>,
        }

        impl From<model::Summary> for Summary {
            fn from(summary: model::Summary) -> Self {
                let Measures { $($name,)* } = summary.0;
                Self {
                    $($name,)*
                    absence_rate: summary.absence_rate(),
                    punctuality: summary.punctuality(),
                    confirmed_rate: summary.confirmed_rate(),
                    compliant_rate: summary.compliant_rate(),
                }
            }
        }
    };
}
with_measures!(summary);

/// How long one point of a trend is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Step", name = "TrendStep")]
pub enum TrendStep {
    /// One day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// How it stands with one person on a day.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Standing", name = "Standing")]
pub enum StandingName {
    /// Clocked in now.
    AtWork,
    /// Was here and has clocked out.
    Left,
    /// Planned, and the shift has not begun.
    Expected,
    /// The shift has begun and nobody came; not judged yet.
    Missing,
    /// Judged absent.
    Absent,
    /// On leave.
    OnLeave,
}

/// What a report is about. Whatever the viewer does not reach is left out of it.
#[derive(InputObject, Clone)]
pub struct ReportRange {
    /// The first day.
    from: NaiveDate,
    /// The last day, at most five years later.
    to: NaiveDate,
}

impl ReportRange {
    pub(super) fn read(&self) -> Result<Range> {
        Range::new(self.from, self.to).map_err(|error| error.at("range.to"))
    }
}

/// What a report is narrowed to.
#[derive(InputObject, Clone, Default)]
pub struct ReportFilter {
    /// Only this member's figures.
    member: Option<ID>,
    /// Only of this department, as people were in it then, and those below it.
    department: Option<ID>,
    /// Only at this place.
    place: Option<ID>,
}

fn read(filter: Option<&ReportFilter>) -> Result<Filter> {
    let Some(filter) = filter else {
        return Ok(Filter::default());
    };
    Ok(Filter {
        member: optional_id("filter.member", filter.member.as_ref())?,
        department: optional_id("filter.department", filter.department.as_ref())?,
        place: optional_id("filter.place", filter.place.as_ref())?,
    })
}

/// The figures of one person.
pub struct MemberReport(MemberId, model::Summary);

/// The figures of one person.
#[Object]
impl MemberReport {
    /// Whose; null for whoever may see the figures but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0).await?)
    }

    /// What they come to.
    async fn summary(&self) -> Summary {
        self.1.into()
    }
}

/// The figures of a department: of the people who were in it then.
pub struct DepartmentReport(model::DepartmentFigures);

/// The figures of a department: of the people who were in it then.
#[Object]
impl DepartmentReport {
    /// Which; null for what belongs to none.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        match self.0.department {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Of the department and all departments below it.
    async fn summary(&self) -> Summary {
        self.0.total.into()
    }

    /// Of the department alone; over all departments these add up to the organization.
    async fn own_summary(&self) -> Summary {
        self.0.own.into()
    }
}

/// The figures of a place.
pub struct PlaceReport(Option<PlaceId>, model::Summary);

/// The figures of a place.
#[Object]
impl PlaceReport {
    /// Which; null for what was at none.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.0 {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// What they come to.
    async fn summary(&self) -> Summary {
        self.1.into()
    }
}

/// The figures of a span of time.
#[derive(SimpleObject)]
pub struct TrendPoint {
    /// Its first day.
    from: NaiveDate,
    /// Its last day.
    to: NaiveDate,
    /// What they come to.
    summary: Summary,
}

/// A person's day as it stands.
pub struct DailyRow(today::Row);

/// A person's day as it stands.
#[Object]
impl DailyRow {
    /// Who; null for whoever may see the figures but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member).await?)
    }

    /// Here, gone, expected, missing, absent or on leave.
    async fn standing(&self) -> StandingName {
        self.0.standing.into()
    }

    /// Whether a clock-in of the day was judged late.
    async fn is_late(&self) -> bool {
        self.0.is_late
    }

    /// What the day counts as; null until it is over.
    async fn status(&self) -> Option<DayStatusName> {
        self.0.status.map(Into::into)
    }

    /// When the first shift begins.
    async fn planned_start(&self) -> Option<DateTime<Utc>> {
        self.0.planned_start
    }

    /// The first clock-in.
    async fn first_in(&self) -> Option<DateTime<Utc>> {
        self.0.first_in
    }

    /// The last clock-out.
    async fn last_out(&self) -> Option<DateTime<Utc>> {
        self.0.last_out
    }
}

/// One day as it stands now.
pub struct DailyReport {
    date: NaiveDate,
    rows: Arc<Vec<today::Row>>,
    counts: today::Counts,
    summary: model::Summary,
}

/// One day as it stands now.
#[Object]
impl DailyReport {
    /// Which day.
    async fn date(&self) -> NaiveDate {
        self.date
    }

    /// Everybody who is planned, was here, or is on leave.
    async fn people(&self) -> usize {
        self.counts.people
    }

    /// Clocked in now.
    async fn at_work(&self) -> usize {
        self.counts.at_work
    }

    /// Was here and has clocked out.
    async fn left(&self) -> usize {
        self.counts.left
    }

    /// Planned, and the shift has not begun.
    async fn expected(&self) -> usize {
        self.counts.expected
    }

    /// The shift has begun and nobody came; not judged yet.
    async fn missing(&self) -> usize {
        self.counts.missing
    }

    /// Judged absent.
    async fn absent(&self) -> usize {
        self.counts.absent
    }

    /// On leave.
    async fn on_leave(&self) -> usize {
        self.counts.on_leave
    }

    /// Came late, whether they are still here or not.
    async fn late(&self) -> usize {
        self.counts.late
    }

    /// The day's figures, as every other report adds them up.
    async fn summary(&self) -> Summary {
        self.summary.into()
    }

    /// The people, in the order of their ids.
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn rows(
        &self,
        #[graphql(desc = "Only those who stand so.")] standing: Option<StandingName>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last person of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, DailyRow>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found = service::page_of_today(&self.rows, standing.map(Into::into), &page);
        let cursor = |row: &today::Row| by_id(Some(row.member.uuid()));
        Ok(connection(found, after.as_deref(), cursor, DailyRow))
    }
}

/// The cursor of lists in the order of ids.
fn by_id(id: Option<Uuid>) -> Cursor {
    Cursor {
        at: DateTime::UNIX_EPOCH,
        id: id.unwrap_or(Uuid::nil()),
    }
}

/// What can be asked of reports.
#[derive(Default)]
pub struct ReportsQuery;

#[Object]
impl ReportsQuery {
    /// Everything the viewer reaches, added up over a range of work dates: the organization, a supervisor's
    /// departments, a worker's own; or what the filter leaves of it.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn organization_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
    ) -> Result<Summary> {
        let (range, filter) = (range.read()?, read(filter.as_ref())?);
        let found = service::summary(ctx.app(), ctx.viewer()?, &filter, range).await?;
        Ok(found.into())
    }

    /// The figures of one member.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn member_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] member: ID,
        #[graphql(desc = "Which days.")] range: ReportRange,
    ) -> Result<MemberReport> {
        let member = id("member", &member)?;
        let filter = Filter {
            member: Some(member),
            ..Filter::default()
        };
        let range = range.read()?;
        let found = service::summary(ctx.app(), ctx.viewer()?, &filter, range).await?;
        Ok(MemberReport(member, found))
    }

    /// The figures of each member with anything in the range, in the order of their ids.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn member_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last member of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, MemberReport>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let (range, filter) = (range.read()?, read(filter.as_ref())?);
        let found = service::members(ctx.app(), ctx.viewer()?, &filter, range, &page).await?;
        let cursor = |row: &(MemberId, model::Summary)| by_id(Some(row.0.uuid()));
        let node = |(member, summary)| MemberReport(member, summary);
        Ok(connection(found, after.as_deref(), cursor, node))
    }

    /// The figures of each department within reach, with all departments below it and alone, in the order of their
    /// ids; what belongs to no department comes first.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn department_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last department of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, DepartmentReport>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let (range, filter) = (range.read()?, read(filter.as_ref())?);
        let found = service::departments(ctx.app(), ctx.viewer()?, &filter, range, &page).await?;
        let cursor = |row: &model::DepartmentFigures| by_id(row.department.map(DepartmentId::uuid));
        Ok(connection(
            found,
            after.as_deref(),
            cursor,
            DepartmentReport,
        ))
    }

    /// The figures of each place where anything was planned or done, in the order of their ids; what was at no place
    /// comes first.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn place_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last place of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, PlaceReport>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let (range, filter) = (range.read()?, read(filter.as_ref())?);
        let found = service::places(ctx.app(), ctx.viewer()?, &filter, range, &page).await?;
        let cursor = |row: &(Option<PlaceId>, model::Summary)| by_id(row.0.map(PlaceId::uuid));
        let node = |(place, summary)| PlaceReport(place, summary);
        Ok(connection(found, after.as_deref(), cursor, node))
    }

    /// The figures by steps of time, the earliest first. The first and the last step are cut to the range; a step in
    /// which nothing happened is there with zeros.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "By what.")] by: TrendStep,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last step of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, TrendPoint>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let (asked, filter) = ((range.read()?, by.into()), read(filter.as_ref())?);
        let found = service::trend(ctx.app(), ctx.viewer()?, &filter, asked, &page).await?;
        let cursor = |(range, _): &(Range, model::Summary)| Cursor {
            at: range.from.and_time(NaiveTime::MIN).and_utc(),
            id: Uuid::nil(),
        };
        let node = |(range, summary): (Range, model::Summary)| TrendPoint {
            from: range.from,
            to: range.to,
            summary: summary.into(),
        };
        Ok(connection(found, after.as_deref(), cursor, node))
    }

    /// One day as it stands now: who is here, late, missing, absent or on leave.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn daily_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which day; today in the organization's zone if left out.")] date: Option<
            NaiveDate,
        >,
        #[graphql(desc = "Narrowed to what.")] filter: Option<ReportFilter>,
    ) -> Result<DailyReport> {
        let (app, viewer, filter) = (ctx.app(), ctx.viewer()?, read(filter.as_ref())?);
        let (date, rows) = service::today(app, viewer, &filter, date).await?;
        let range = Range::new(date, date)?;
        Ok(DailyReport {
            date,
            counts: today::Counts::of(&rows),
            summary: service::summary(app, viewer, &filter, range).await?,
            rows: Arc::new(rows),
        })
    }
}
