//! Speaks: series of shifts.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::changes::{self, Departure};
use super::model;
use super::service::{self, NewSeries};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{LocalTime, id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::SeriesId;
use crate::kernel::page::{Cursor, PageRequest};
use crate::places::graphql::Place;
use crate::schedules::hours::graphql::TimeSpan;
use crate::schedules::roster::graphql::{ShiftPlan, form, members};
use crate::schedules::span::Span;
use crate::schedules::types::graphql::{ShiftShapeInput, ShiftType};

/// Where a series departs from its rule on one of its days.
#[derive(SimpleObject)]
pub struct SeriesChange {
    /// The day of the rule.
    day: NaiveDate,
    /// The day the work is on instead; null if nothing is planned for it.
    moved_to: Option<NaiveDate>,
    /// The times, where they are others.
    spans: Option<Vec<TimeSpan>>,
    /// Why: what somebody said, or what stood in the way when the timetable planned it.
    reason: Option<String>,
    /// When it was changed.
    created_at: DateTime<Utc>,
}

impl From<model::Change> for SeriesChange {
    fn from(change: model::Change) -> Self {
        let shape = change.shape.as_ref();
        Self {
            day: change.day,
            moved_to: change.moved_to,
            spans: shape.map(|shape| shape.spans.iter().map(Into::into).collect()),
            reason: change.reason.clone(),
            created_at: change.created_at,
        }
    }
}

/// Shifts that come again on the days a rule says, at the same local time.
#[derive(Clone)]
pub struct ShiftSeries {
    series: model::Series,
    changes: Vec<model::Change>,
}

/// Shifts that come again on the days a rule says, at the same local time.
#[Object]
impl ShiftSeries {
    /// `srs_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.series.id)
    }

    /// Whose it is; null for whoever may see the series but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.series.member_id).await?)
    }

    /// Where the work is, if the series says.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.series.place_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The type it was made from, if it was; the series keeps the times the type had then.
    #[graphql(name = "type")]
    async fn shift_type(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ShiftType>> {
        match self.series.type_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Its times on the clocks of the place.
    async fn spans(&self) -> Vec<TimeSpan> {
        self.series.shape.spans.iter().map(Into::into).collect()
    }

    /// The rule (RFC 5545).
    async fn recurrence(&self) -> &str {
        &self.series.recurrence
    }

    /// The first day something may fall on.
    async fn from(&self) -> NaiveDate {
        self.series.first_day
    }

    /// The last; null while it goes on.
    async fn to(&self) -> Option<NaiveDate> {
        self.series.last_day
    }

    /// The days of the rule up to here are planned as shifts; the timetable goes on, eight weeks ahead.
    async fn planned_to(&self) -> NaiveDate {
        self.series.planned_to
    }

    /// Where it departs from its rule, in order.
    async fn changes(&self) -> Vec<SeriesChange> {
        self.changes.iter().cloned().map(Into::into).collect()
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.series.created_at
    }
}

/// Series that were begun, or that would be, and what was planned of them.
#[derive(SimpleObject)]
pub struct ShiftSeriesPlan {
    /// One for each member.
    series: Vec<ShiftSeries>,
    /// What of them falls within the next eight weeks.
    plan: ShiftPlan,
}

/// A series for each of some people.
#[derive(InputObject)]
pub struct CreateShiftSeriesInput {
    /// Who works, 1–1,000.
    members: Vec<ID>,
    /// Where; a place in use. Times are on its clocks, or on the organization's.
    place: Option<ID>,
    /// A shift type in use; or `shape`.
    #[graphql(name = "type")]
    kind: Option<ID>,
    /// The times, where no type is named.
    shape: Option<ShiftShapeInput>,
    /// An RRULE (RFC 5545) over days, such as `FREQ=WEEKLY;BYDAY=MO,WE,FR` or `FREQ=MONTHLY;BYDAY=-1FR`: `FREQ` from
    /// `DAILY` to `YEARLY`, and no parts about times of day.
    recurrence: String,
    /// The first day something may fall on, in the years 2000–2199.
    from: NaiveDate,
    /// The last.
    to: Option<NaiveDate>,
    /// Change nothing, only say what stands in the way.
    #[graphql(default)]
    dry_run: bool,
}

/// An occurrence to be moved.
#[derive(InputObject)]
pub struct MoveOccurrenceInput {
    /// The series.
    series: ID,
    /// The day of its rule.
    day: NaiveDate,
    /// The day the work is on instead; the same to change only its times.
    to: NaiveDate,
    /// Other times; together with `ends`.
    starts: Option<LocalTime>,
    /// Other times; together with `starts`.
    ends: Option<LocalTime>,
    /// Why; at most 500 characters. What is over needs one.
    reason: Option<String>,
}

/// An occurrence to be left out.
#[derive(InputObject)]
pub struct SkipOccurrenceInput {
    /// The series.
    series: ID,
    /// The day of its rule.
    day: NaiveDate,
    /// Why; at most 500 characters. What is over needs one.
    reason: Option<String>,
}

/// A series to be ended.
#[derive(InputObject)]
pub struct EndShiftSeriesInput {
    /// The series.
    series: ID,
    /// The first day of its rule that is planned no more.
    from: NaiveDate,
    /// Why; at most 500 characters. Where something is over by now, it needs one.
    reason: Option<String>,
}

/// What can be asked about series.
#[derive(Default)]
pub struct SeriesQuery;

#[Object]
impl SeriesQuery {
    /// The series of everybody within reach, the latest first.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn shift_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this member's.")] member: Option<ID>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last series of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, ShiftSeries>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let member = optional_id("member", member.as_ref())?;
        let found = service::list(ctx.app(), ctx.viewer()?, member, &page).await?;
        let cursor = |(series, _): &(model::Series, _)| Cursor {
            at: series.created_at,
            id: series.id.uuid(),
        };
        let node = |(series, changes)| ShiftSeries { series, changes };
        Ok(connection(found, after.as_deref(), cursor, node))
    }
}

/// What can be done with series.
#[derive(Default)]
pub struct SeriesMutation;

#[Object]
impl SeriesMutation {
    /// Begins a series for each of some people and plans the next eight weeks of it: all of it or nothing. Every
    /// occurrence is at the same time on the clocks of the place, whatever they do in between. Refused with
    /// `RECURRENCE_INVALID`, with `SHIFT_CONFLICTS` and every clash in `conflicts`, or with `DENIED_BY_RULE`.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn create_shift_series(
        &self,
        ctx: &Context<'_>,
        input: CreateShiftSeriesInput,
    ) -> Result<ShiftSeriesPlan> {
        let new = NewSeries {
            members: members(&input.members)?,
            place: optional_id("place", input.place.as_ref())?,
            form: form(input.kind.as_ref(), input.shape.as_ref())?,
            recurrence: input.recurrence,
            first_day: input.from,
            last_day: input.to,
            dry_run: input.dry_run,
        };
        let (series, roster) = service::create(ctx.app(), ctx.viewer()?, new).await?;
        let fresh = |series| ShiftSeries {
            series,
            changes: Vec::new(),
        };
        Ok(ShiftSeriesPlan {
            series: series.into_iter().map(fresh).collect(),
            plan: ShiftPlan::new(roster, !input.dry_run),
        })
    }

    /// Moves one occurrence of a series to another day or other times. Refused with `SHIFT_CONFLICTS` and every clash.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn move_occurrence(
        &self,
        ctx: &Context<'_>,
        input: MoveOccurrenceInput,
    ) -> Result<SeriesChange> {
        let span = match (&input.starts, &input.ends) {
            (Some(starts), Some(ends)) => {
                Some(Span::new(starts.read("starts")?, ends.read("ends")?))
            }
            (None, None) => None,
            _ => {
                let message = "say when it starts and when it ends";
                return Err(Error::invalid("starts", message));
            }
        };
        let departure = Departure {
            series: id("series", &input.series)?,
            day: input.day,
            to: Some(input.to),
            span,
            reason: input.reason,
        };
        let (_, change) = changes::depart(ctx.app(), ctx.viewer()?, departure).await?;
        Ok(change.into())
    }

    /// Leaves one occurrence of a series out.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn skip_occurrence(
        &self,
        ctx: &Context<'_>,
        input: SkipOccurrenceInput,
    ) -> Result<SeriesChange> {
        let departure = Departure {
            series: id("series", &input.series)?,
            day: input.day,
            to: None,
            span: None,
            reason: input.reason,
        };
        let (_, change) = changes::depart(ctx.app(), ctx.viewer()?, departure).await?;
        Ok(change.into())
    }

    /// Ends a series: from this day of its rule on nothing is planned, and what was is taken out. Ending it again later
    /// changes nothing.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    async fn end_shift_series(
        &self,
        ctx: &Context<'_>,
        input: EndShiftSeriesInput,
    ) -> Result<ShiftSeries> {
        let series = id("series", &input.series)?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let series = changes::end(app, viewer, series, input.from, input.reason).await?;
        let changes = service::changes_of(app, viewer, series.id).await?;
        Ok(ShiftSeries { series, changes })
    }
}

impl Loader<SeriesId> for Loads {
    type Value = ShiftSeries;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SeriesId]) -> Result<HashMap<SeriesId, ShiftSeries>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        let node = |(series, changes): (model::Series, Vec<model::Change>)| {
            (series.id, ShiftSeries { series, changes })
        };
        Ok(found.into_iter().map(node).collect())
    }
}
