//! Speaks: business hours.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::model;
use super::service::{self, NewHours};
use crate::graphql::context::Ask;
use crate::graphql::scalars::{LocalTime, optional_id, out};
use crate::kernel::error::Result;
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;
use crate::schedules::span;

/// A day of the week.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "chrono::Weekday")]
pub enum Weekday {
    /// Monday.
    #[graphql(name = "MONDAY")]
    Mon,
    /// Tuesday.
    #[graphql(name = "TUESDAY")]
    Tue,
    /// Wednesday.
    #[graphql(name = "WEDNESDAY")]
    Wed,
    /// Thursday.
    #[graphql(name = "THURSDAY")]
    Thu,
    /// Friday.
    #[graphql(name = "FRIDAY")]
    Fri,
    /// Saturday.
    #[graphql(name = "SATURDAY")]
    Sat,
    /// Sunday.
    #[graphql(name = "SUNDAY")]
    Sun,
}

const WEEK: [chrono::Weekday; 7] = [
    chrono::Weekday::Mon,
    chrono::Weekday::Tue,
    chrono::Weekday::Wed,
    chrono::Weekday::Thu,
    chrono::Weekday::Fri,
    chrono::Weekday::Sat,
    chrono::Weekday::Sun,
];

/// From one local time to another; an end that is not after the start is on the next day.
#[derive(SimpleObject)]
pub struct TimeSpan {
    /// When it starts.
    starts: LocalTime,
    /// When it ends.
    ends: LocalTime,
}

impl From<&span::Span> for TimeSpan {
    fn from(span: &span::Span) -> Self {
        Self {
            starts: span.starts.into(),
            ends: span.ends.into(),
        }
    }
}

/// From one local time to another; an end that is not after the start is on the next day.
#[derive(InputObject)]
pub struct TimeSpanInput {
    /// When it starts.
    starts: LocalTime,
    /// When it ends.
    ends: LocalTime,
}

/// Reads the spans of a day, naming the one that cannot be read.
pub fn spans(field: &str, spans: &[TimeSpanInput]) -> Result<Vec<span::Span>> {
    let read = |(index, input): (usize, &TimeSpanInput)| {
        let starts = input.starts.read(&format!("{field}.{index}.starts"))?;
        let ends = input.ends.read(&format!("{field}.{index}.ends"))?;
        Ok(span::Span::new(starts, ends))
    };
    spans.iter().enumerate().map(read).collect()
}

/// The hours of one day of the week.
#[derive(SimpleObject)]
pub struct DayHours {
    /// The day.
    weekday: Weekday,
    /// Its hours in order; none on a rest day.
    spans: Vec<TimeSpan>,
}

/// The hours of one day of the week.
#[derive(InputObject)]
pub struct DayHoursInput {
    /// The day; each at most once.
    weekday: Weekday,
    /// Its hours in order, at most six, within 24 hours.
    spans: Vec<TimeSpanInput>,
}

/// What a week looks like from a day on: for everybody, a department with those below it, or a place.
#[derive(Clone)]
pub struct BusinessHours(pub model::Hours);

/// What a week looks like from a day on: for everybody, a department with those below it, or a place.
#[Object]
impl BusinessHours {
    /// `bhr_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// The place they are for, if they are for one.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.0.scope.place() {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The department they are for, if they are for one.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        match self.0.scope.department() {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The first day they are in force.
    async fn since(&self) -> NaiveDate {
        self.0.since
    }

    /// All seven days, Monday first; null where from this day on the next wider scope says.
    async fn week(&self) -> Option<Vec<DayHours>> {
        let week = self.0.week.as_ref()?;
        let day = |weekday: chrono::Weekday| DayHours {
            weekday: weekday.into(),
            spans: week.day(weekday).iter().map(Into::into).collect(),
        };
        Some(WEEK.into_iter().map(day).collect())
    }

    /// When this was said.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Hours from a day on.
#[derive(InputObject)]
pub struct SetBusinessHoursInput {
    /// Only for this place.
    place: Option<ID>,
    /// Only for this department and those below it; not together with a place.
    department: Option<ID>,
    /// The first day they are in force; in the past, what was worked since is judged again.
    since: NaiveDate,
    /// A day that is not listed is a rest day. Left out, the next wider scope says from then on.
    week: Option<Vec<DayHoursInput>>,
}

/// What can be asked about business hours.
#[derive(Default)]
pub struct HoursQuery;

#[Object]
impl HoursQuery {
    /// Everything that was ever said about business hours, the latest beginning first. On a date the newest of the
    /// narrowest scope is in force: the place, the department, those above it, the organization.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn business_hours(&self, ctx: &Context<'_>) -> Result<Vec<BusinessHours>> {
        let all = service::all(ctx.app(), ctx.viewer()?).await?;
        Ok(all.into_iter().map(BusinessHours).collect())
    }
}

/// What can be done with business hours.
#[derive(Default)]
pub struct HoursMutation;

#[Object]
impl HoursMutation {
    /// Says what the week looks like from a day on. What was said before stays, for the days before.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn set_business_hours(
        &self,
        ctx: &Context<'_>,
        input: SetBusinessHoursInput,
    ) -> Result<BusinessHours> {
        let day = |(index, day): (usize, &DayHoursInput)| {
            let spans = spans(&format!("week.{index}.spans"), &day.spans)?;
            Ok((day.weekday.into(), spans))
        };
        let week = input.week.as_ref().map(|week| {
            let days = week.iter().enumerate().map(day);
            days.collect::<Result<Vec<_>>>()
        });
        let new = NewHours {
            place: optional_id("place", input.place.as_ref())?,
            department: optional_id("department", input.department.as_ref())?,
            since: input.since,
            week: week.transpose()?,
        };
        let hours = service::set(ctx.app(), ctx.viewer()?, new).await?;
        Ok(BusinessHours(hours))
    }
}
