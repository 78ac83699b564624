//! Speaks: holidays.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::model;
use super::service::{self, Changed, NewHoliday};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::{id, optional_id, out};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::HolidayId;
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;

/// A country whose holidays and leave ship with the server, by ISO 3166-1 alpha-2.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Country")]
pub enum Country {
    /// Kenya. Idd-ul-Fitr, Idd-ul-Azha and others are gazetted at short notice: enter those by hand.
    Ke,
}

/// A day on which nobody is expected.
#[derive(Clone)]
pub struct Holiday(pub model::Holiday);

/// A day on which nobody is expected.
#[Object]
impl Holiday {
    /// `hol_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// The day, where the work is.
    async fn date(&self) -> NaiveDate {
        self.0.day
    }

    /// As people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The place it is for, if it is for one.
    async fn place(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Place>> {
        match self.0.scope.place() {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The department it is for, with those below it, if it is for one.
    async fn department(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Department>> {
        match self.0.scope.department() {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The country whose calendar it was adopted from; null if it was entered by hand.
    async fn country(&self) -> Option<Country> {
        self.0.country.map(Into::into)
    }

    /// When it was entered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A holiday that came or went, and whom it concerns.
#[derive(SimpleObject)]
pub struct HolidayChange {
    /// The holiday.
    holiday: Holiday,
    /// How many shifts of work are planned on it, where it holds.
    shifts: usize,
    /// How many people those are of.
    members: usize,
}

impl From<Changed> for HolidayChange {
    fn from(changed: Changed) -> Self {
        Self {
            holiday: Holiday(changed.holiday),
            shifts: changed.planned.shifts,
            members: changed.planned.members,
        }
    }
}

/// A holiday to be entered.
#[derive(InputObject)]
pub struct AddHolidayInput {
    /// The day, in the years 2000–2199; today and the past too.
    date: NaiveDate,
    /// As people call it, 1–120 characters.
    name: String,
    /// Only at this place.
    place: Option<ID>,
    /// Only for this department and those below it; not together with a place.
    department: Option<ID>,
    /// Change nothing, only say whom it would concern.
    #[graphql(default)]
    dry_run: bool,
}

/// A holiday to be taken out.
#[derive(InputObject)]
pub struct RemoveHolidayInput {
    /// The holiday.
    holiday: ID,
}

/// A year of a country's holidays.
#[derive(InputObject)]
pub struct AdoptHolidaysInput {
    /// The country.
    country: Country,
    /// The year, 2000–2199.
    year: i32,
}

/// What can be asked about holidays.
#[derive(Default)]
pub struct HolidaysQuery;

#[Object]
impl HolidaysQuery {
    /// The holidays between two days, for everybody and for parts of the organization, in order.
    ///
    /// Requires: `VIEW_SHIFTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn holidays(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day.")] from: NaiveDate,
        #[graphql(desc = "The last day; at most ten years later.")] to: NaiveDate,
    ) -> Result<Vec<Holiday>> {
        let found = service::between(ctx.app(), ctx.viewer()?, from, to).await?;
        Ok(found.into_iter().map(Holiday).collect())
    }
}

/// What can be done with holidays.
#[derive(Default)]
pub struct HolidaysMutation;

#[Object]
impl HolidaysMutation {
    /// Enters a holiday. What was worked on that day is judged again and granted leave gets it back; what is planned stays
    /// planned.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn add_holiday(
        &self,
        ctx: &Context<'_>,
        input: AddHolidayInput,
    ) -> Result<HolidayChange> {
        let new = NewHoliday {
            day: input.date,
            place: optional_id("place", input.place.as_ref())?,
            department: optional_id("department", input.department.as_ref())?,
            name: input.name,
            dry_run: input.dry_run,
        };
        Ok(service::add(ctx.app(), ctx.viewer()?, new).await?.into())
    }

    /// Takes a holiday out. What was worked on that day is judged again, and granted leave takes the day again.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    async fn remove_holiday(
        &self,
        ctx: &Context<'_>,
        input: RemoveHolidayInput,
    ) -> Result<HolidayChange> {
        let holiday = id("holiday", &input.holiday)?;
        let changed = service::remove(ctx.app(), ctx.viewer()?, holiday).await?;
        Ok(changed.into())
    }

    /// Enters what ships for a country and a year; what is there already stays as it is. Answers the year's holidays.
    ///
    /// Requires: `MANAGE_CALENDAR` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn adopt_holidays(
        &self,
        ctx: &Context<'_>,
        input: AdoptHolidaysInput,
    ) -> Result<Vec<Holiday>> {
        let country = input.country.into();
        let found = service::adopt(ctx.app(), ctx.viewer()?, country, input.year).await?;
        Ok(found.into_iter().map(Holiday).collect())
    }
}

impl Loader<HolidayId> for Loads {
    type Value = Holiday;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[HolidayId]) -> Result<HashMap<HolidayId, Holiday>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|one| (one.id, Holiday(one)))
            .collect())
    }
}
