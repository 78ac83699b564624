//! Speaks: what a phone needs for the day.

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{Home, Setting, Visited};
use super::service::{self, Since};
use crate::graphql::context::Ask;
use crate::graphql::scalars::out;
use crate::places::graphql::{Client, Place};
use crate::schedules::graphql::Shift;

/// What a phone must know of the organization.
#[derive(SimpleObject)]
pub struct PhoneHome {
    /// Its name.
    name: String,
    /// The IANA name of the zone its days begin and end in, where a place says nothing else.
    time_zone: String,
}

impl From<&Home> for PhoneHome {
    fn from(home: &Home) -> Self {
        Self {
            name: home.name.clone(),
            time_zone: home.time_zone.name().to_owned(),
        }
    }
}

/// A number of a rule that people are measured by, or whether something holds.
#[derive(SimpleObject)]
pub struct PhoneSetting {
    /// `attendance.lateness`.
    hook: String,
    /// `grace_minutes`.
    name: String,
    /// A whole number, or true or false.
    value: Json<serde_json::Value>,
}

impl From<&Setting> for PhoneSetting {
    fn from(setting: &Setting) -> Self {
        Self {
            hook: setting.hook.to_owned(),
            name: setting.name.clone(),
            value: Json(setting.value.to_json()),
        }
    }
}

/// A public holiday.
#[derive(SimpleObject)]
pub struct PhoneHoliday {
    /// The day.
    date: NaiveDate,
    /// What it is called.
    name: String,
}

/// A client who is served where your shifts are.
#[derive(SimpleObject)]
pub struct PhoneClient {
    /// Who.
    client: Client,
    /// The ids of those places.
    places: Vec<ID>,
}

impl From<&Visited> for PhoneClient {
    fn from(visited: &Visited) -> Self {
        Self {
            client: Client(visited.client.clone()),
            places: visited.places.iter().copied().map(out).collect(),
        }
    }
}

/// What changed for your phone.
pub struct PhoneChanges(Since);

/// What changed for your phone.
#[Object]
impl PhoneChanges {
    /// Where the phone stands when it has done all of this: send it next time.
    async fn cursor(&self) -> String {
        self.0.cursor.encode()
    }

    /// The newest event of the organization then: follow subscriptions from here.
    async fn number(&self) -> i64 {
        self.0.cursor.number
    }

    /// Our time now: keep it with your monotonic reading, as `lastHeard` of what you capture from here on.
    async fn server_time(&self) -> DateTime<Utc> {
        self.0.server_time
    }

    /// Whether it is everything: forget what you held.
    async fn is_complete(&self) -> bool {
        self.0.is_complete
    }

    /// First day of the shifts a phone holds: two days ago.
    async fn from(&self) -> NaiveDate {
        self.0.changes.days.0
    }

    /// Last day of the shifts a phone holds: in two weeks.
    async fn to(&self) -> NaiveDate {
        self.0.changes.days.1
    }

    /// The organization; nothing if it is as before.
    async fn home(&self) -> Option<PhoneHome> {
        self.0.changes.home.as_ref().map(Into::into)
    }

    /// All numbers you are measured by, in your department today; nothing if they are as before.
    #[graphql(complexity = "50 * child_complexity")]
    async fn settings(&self) -> Option<Vec<PhoneSetting>> {
        let settings = self.0.changes.settings.as_ref()?;
        Some(settings.iter().map(Into::into).collect())
    }

    /// Places that are new or changed: those of your shifts, and the organization's 200 newest.
    #[graphql(complexity = "50 * child_complexity")]
    async fn places(&self) -> Vec<Place> {
        self.0.changes.places.iter().cloned().map(Place).collect()
    }

    /// Clients that are new or changed: those served where your shifts are; none for who may not see clients.
    #[graphql(complexity = "50 * child_complexity")]
    async fn clients(&self) -> Vec<PhoneClient> {
        self.0.changes.clients.iter().map(Into::into).collect()
    }

    /// Your shifts that are new or changed, your leave among them.
    #[graphql(complexity = "50 * child_complexity")]
    async fn shifts(&self) -> Vec<Shift> {
        self.0.changes.shifts.iter().cloned().map(Shift).collect()
    }

    /// All public holidays of those days that hold for everybody; nothing if they are as before.
    #[graphql(complexity = "20 * child_complexity")]
    async fn holidays(&self) -> Option<Vec<PhoneHoliday>> {
        let holidays = self.0.changes.holidays.as_ref()?;
        let holiday = |(date, name): (&NaiveDate, &String)| PhoneHoliday {
            date: *date,
            name: name.clone(),
        };
        Some(holidays.iter().map(holiday).collect())
    }

    /// What you hold and should not any more: ids of places, clients and shifts.
    #[graphql(complexity = "50")]
    async fn removed(&self) -> Vec<ID> {
        self.0.changes.removed.iter().map(ID::from).collect()
    }
}

/// What a phone can ask for.
#[derive(Default)]
pub struct ChangesQuery;

#[Object]
impl ChangesQuery {
    /// What your phone needs for the days around now and does not hold yet; everything without a cursor. A cursor of an
    /// older version of the server is refused (`CURSOR_EXPIRED`), as is one from before the database was restored to an
    /// earlier time (`CURSOR_IN_FUTURE`): ask again without one.
    ///
    /// Requires: `SYNC_PUNCHES` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn changes_since(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the answer before.")] cursor: Option<String>,
    ) -> Result<PhoneChanges> {
        let found = service::since(ctx.app(), ctx.viewer()?, cursor.as_deref()).await?;
        Ok(PhoneChanges(found))
    }
}
