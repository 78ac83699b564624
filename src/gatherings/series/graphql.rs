//! Speaks: series of attendance events.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::changes::{self, Departing};
use super::model::{self, Departure, Moved};
use super::service;
use crate::auth::action::Action;
use crate::gatherings::graphql::{AttendanceEvent, AttendanceEventKind, AttendanceRoster};
use crate::gatherings::service::Wanted;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{LocalTime, id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::GatheringSeriesId;
use crate::kernel::page::{Cursor, PageRequest};
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;

/// Where a series of attendance events departs from its rule on one of its days.
#[derive(SimpleObject)]
pub struct AttendanceSeriesChange {
    /// The day of the rule.
    day: NaiveDate,
    /// The day it is held on instead; null if it is left out.
    moved_to: Option<NaiveDate>,
    /// When it starts, where that is another time.
    starts: Option<LocalTime>,
    /// When it ends, where that is another time.
    ends: Option<LocalTime>,
    /// Why: what somebody said, or what stood in the way when the timetable planned it.
    reason: Option<String>,
    /// When it was changed.
    created_at: DateTime<Utc>,
}

impl From<Departure> for AttendanceSeriesChange {
    fn from(departure: Departure) -> Self {
        let span = departure.moved.and_then(|moved| moved.span);
        Self {
            day: departure.day,
            moved_to: departure.moved.map(|moved| moved.to),
            starts: span.map(|(starts, _)| starts.into()),
            ends: span.map(|(_, ends)| ends.into()),
            reason: departure.reason,
            created_at: departure.created_at,
        }
    }
}

/// Attendance events that come again on the days a rule says, at the same local time.
#[derive(Clone)]
pub struct AttendanceSeries(pub model::Series);

/// Attendance events that come again on the days a rule says, at the same local time.
#[Object]
impl AttendanceSeries {
    /// `ats_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// What its events are called.
    async fn title(&self) -> &str {
        &self.0.pattern.title
    }

    /// What people come together for.
    async fn kind(&self) -> AttendanceEventKind {
        self.0.pattern.kind.into()
    }

    /// Who is expected.
    async fn roster(&self) -> AttendanceRoster {
        self.0.pattern.roster.into()
    }

    /// Where they are, if at a place that you may see.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        match self.0.place_id {
            Some(id) if ctx.viewer()?.allowed(Action::ViewPlaces).is_ok() => {
                Ok(ctx.loads()?.load_one(id).await?)
            }
            _ => Ok(None),
        }
    }

    /// Whose they are.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        crate::orgs::graphql::find(ctx, self.0.department_id).await
    }

    /// Who holds them; nothing for somebody you may not see.
    async fn organizer(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.organizer_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// When they start on the clocks of their zone.
    async fn starts(&self) -> LocalTime {
        self.0.pattern.starts.into()
    }

    /// When they end; an end that is not after the start is on the next day.
    async fn ends(&self) -> LocalTime {
        self.0.pattern.ends.into()
    }

    /// The IANA name of the zone.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// The rule (RFC 5545).
    async fn recurrence(&self) -> &str {
        &self.0.recurrence
    }

    /// The day the rule begins to count on.
    async fn from(&self) -> NaiveDate {
        self.0.first_day
    }

    /// The last day of the rule something is held for; null while it goes on.
    async fn to(&self) -> Option<NaiveDate> {
        self.0.last_day
    }

    /// The days of the rule up to here are planned; the timetable goes on, eight weeks ahead.
    async fn planned_to(&self) -> NaiveDate {
        self.0.planned_to
    }

    /// Where it departs from its rule, in order.
    #[graphql(complexity = "10 * child_complexity")]
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<AttendanceSeriesChange>> {
        let found = ctx.loads()?.load_one(DeparturesOf(self.0.id)).await?;
        let found = found.unwrap_or_default();
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// Those of its events that are planned and concern you, the latest start first.
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last event of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, AttendanceEvent>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let wanted = Wanted {
            series: Some(self.0.id),
            ..Wanted::default()
        };
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let found = crate::gatherings::service::gatherings(app, viewer, wanted, &page).await?;
        let cursor = |event: &crate::gatherings::model::Gathering| Cursor {
            at: event.starts_at,
            id: event.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, AttendanceEvent))
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// An event of a series to be moved.
#[derive(InputObject)]
pub struct MoveAttendanceOccurrenceInput {
    /// The series.
    series: ID,
    /// The day of its rule.
    day: NaiveDate,
    /// The day it is held on instead; the same to change only its times.
    to: NaiveDate,
    /// Other times; together with `ends`.
    starts: Option<LocalTime>,
    /// Other times; together with `starts`.
    ends: Option<LocalTime>,
    /// Why; at most 500 characters.
    reason: Option<String>,
}

/// An event of a series to be left out.
#[derive(InputObject)]
pub struct SkipAttendanceOccurrenceInput {
    /// The series.
    series: ID,
    /// The day of its rule.
    day: NaiveDate,
    /// Why; at most 500 characters. Whoever was expected reads it.
    reason: Option<String>,
}

/// A series of attendance events to be ended.
#[derive(InputObject)]
pub struct EndAttendanceSeriesInput {
    /// The series.
    series: ID,
    /// The first day of its rule that nothing is held for any more.
    from: NaiveDate,
    /// Why; at most 500 characters. Whoever was expected reads it.
    reason: Option<String>,
}

/// What can be asked about series of attendance events.
#[derive(Default)]
pub struct GatheringSeriesQuery;

#[Object]
impl GatheringSeriesQuery {
    /// The series of your departments and those you hold, the latest first.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn attendance_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last series of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, AttendanceSeries>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found = service::list(ctx.app(), ctx.viewer()?, &page).await?;
        let cursor = |series: &model::Series| Cursor {
            at: series.created_at,
            id: series.id.uuid(),
        };
        Ok(connection(
            found,
            after.as_deref(),
            cursor,
            AttendanceSeries,
        ))
    }
}

/// What can be done with series of attendance events.
#[derive(Default)]
pub struct GatheringSeriesMutation;

#[Object]
impl GatheringSeriesMutation {
    /// Moves one event of a series to another day or other times, whether it is planned yet or not. Refused with
    /// `GATHERING_CANCELLED` or `CONFLICT` if it was called off or is closed.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn move_attendance_occurrence(
        &self,
        ctx: &Context<'_>,
        input: MoveAttendanceOccurrenceInput,
    ) -> Result<AttendanceSeriesChange> {
        let span = match (&input.starts, &input.ends) {
            (Some(starts), Some(ends)) => Some((starts.read("starts")?, ends.read("ends")?)),
            (None, None) => None,
            _ => {
                let message = "say when it starts and when it ends";
                return Err(Error::invalid("starts", message).into());
            }
        };
        let departing = Departing {
            series: id("series", &input.series)?,
            day: input.day,
            moved: Some(Moved { to: input.to, span }),
            reason: input.reason,
        };
        let departure = changes::depart(ctx.app(), ctx.viewer()?, departing).await?;
        Ok(departure.into())
    }

    /// Leaves one event of a series out: called off if it is planned already. Refused with `CONFLICT` if it is closed.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn skip_attendance_occurrence(
        &self,
        ctx: &Context<'_>,
        input: SkipAttendanceOccurrenceInput,
    ) -> Result<AttendanceSeriesChange> {
        let departing = Departing {
            series: id("series", &input.series)?,
            day: input.day,
            moved: None,
            reason: input.reason,
        };
        let departure = changes::depart(ctx.app(), ctx.viewer()?, departing).await?;
        Ok(departure.into())
    }

    /// Ends a series: from this day of its rule on nothing is planned, and what was is called off. Ending it again later
    /// changes nothing.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn end_attendance_series(
        &self,
        ctx: &Context<'_>,
        input: EndAttendanceSeriesInput,
    ) -> Result<AttendanceSeries> {
        let series = id("series", &input.series)?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let series = changes::end(app, viewer, series, input.from, input.reason).await?;
        Ok(AttendanceSeries(series))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DeparturesOf(GatheringSeriesId);

impl Loader<GatheringSeriesId> for Loads {
    type Value = AttendanceSeries;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[GatheringSeriesId],
    ) -> Result<HashMap<GatheringSeriesId, Self::Value>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|series| (series.id, AttendanceSeries(series)))
            .collect())
    }
}

impl Loader<DeparturesOf> for Loads {
    type Value = Vec<Departure>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[DeparturesOf],
    ) -> Result<HashMap<DeparturesOf, Self::Value>, Arc<Error>> {
        let ids: Vec<GatheringSeriesId> = keys.iter().map(|key| key.0).collect();
        let found = service::departures_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, departures)| (DeparturesOf(id), departures))
            .collect())
    }
}
