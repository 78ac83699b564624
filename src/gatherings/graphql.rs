//! Speaks: attendance events and what became of people there.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::model::{self, Kind, Roster, State};
use super::record::{self, CheckTime, Counts, Method, Status};
use super::service::{self, WantedRecords};
use crate::attendance::words::{FenceJudgement, Position};
use crate::auth::action::Action;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::out;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{AttendanceRecordId, GatheringId, MemberId};
use crate::kernel::page::{Cursor, PageRequest};
use crate::orgs::graphql::Department;
use crate::places::graphql::Place;
use crate::rules::decisions::graphql::RuleDecision;
use crate::rules::decisions::model::Kept;

/// What people come together for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AttendanceEventKind {
    /// Lessons, training.
    Class,
    /// A meeting.
    Meeting,
    /// The call at the beginning of a shift.
    ShiftCall,
    /// Anything else.
    Other,
}

/// Where an attendance event stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum AttendanceEventState {
    /// Its window has not opened yet.
    Scheduled,
    /// Its window has opened, and it is not closed yet.
    Open,
    /// Over: whoever did not come has a record that says so.
    Closed,
    /// Called off.
    Cancelled,
}

/// Who is expected.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Roster")]
pub enum AttendanceRoster {
    /// Whoever is named.
    Members,
    /// The department and those below it, as they are when the event closes.
    Department,
    /// Everybody of the organization.
    Everybody,
}

/// What became of one person.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum AttendanceStatus {
    /// There, and in time.
    Present,
    /// There, but late.
    Late,
    /// Expected and not there.
    Absent,
    /// Not there, with an excuse.
    Excused,
}

/// How it is known that somebody was there.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Method")]
pub enum CheckInMethod {
    /// The person's own phone.
    Phone,
    /// The code that is shown there.
    Code,
    /// Staff say so.
    Staff,
}

/// How many of whom: of the people you may see.
#[derive(SimpleObject)]
pub struct AttendanceCounts {
    /// Expected, now or when it closed.
    pub invited: i64,
    /// There, and in time.
    pub present: i64,
    /// There, but late.
    pub late: i64,
    /// Expected and not there.
    pub absent: i64,
    /// Not there, with an excuse.
    pub excused: i64,
    /// Expected, and nothing is known yet.
    pub pending: i64,
    /// The share of those who came among those who came or were absent, 0 to 1; nothing before there is anybody.
    pub rate: Option<f64>,
}

impl From<Counts> for AttendanceCounts {
    fn from(counts: Counts) -> Self {
        Self {
            invited: counts.invited,
            present: counts.present,
            late: counts.late,
            absent: counts.absent,
            excused: counts.excused,
            pending: counts.pending(),
            rate: counts.rate(),
        }
    }
}

/// A class, a meeting, a shift call: what people are expected at, for a while, perhaps at a place.
#[derive(Clone)]
pub struct AttendanceEvent(pub model::Gathering);

/// A class, a meeting, a shift call: what people are expected at, for a while, perhaps at a place.
#[Object]
impl AttendanceEvent {
    /// `gat_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What people come together for.
    async fn kind(&self) -> AttendanceEventKind {
        self.0.kind.into()
    }

    /// What whoever comes should know.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Where it stands now.
    async fn state(&self, ctx: &Context<'_>) -> AttendanceEventState {
        self.0.state(ctx.app().now()).into()
    }

    /// When it begins.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.ends_at
    }

    /// The IANA name of the zone on whose clocks it was planned.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// From when on one can check in.
    async fn opens_at(&self) -> DateTime<Utc> {
        self.0.opens_at()
    }

    /// Until when one can check in.
    async fn check_in_until(&self) -> DateTime<Utc> {
        self.0.check_in_until()
    }

    /// When it closes and whoever did not come is absent. One can check out for two hours more after the end.
    async fn closes_at(&self) -> DateTime<Utc> {
        self.0.closes_at()
    }

    /// From how many minutes after the start one is late; nothing leaves it to the organization's rule of lateness.
    async fn late_after_minutes(&self) -> Option<i32> {
        self.0.window.late_after_minutes
    }

    /// Whether one checks in with the code that is shown there only.
    async fn code_required(&self) -> bool {
        self.0.code_required
    }

    /// Where it is, if at a place that you may see.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        match self.0.place_id {
            Some(id) if ctx.viewer()?.allowed(Action::ViewPlaces).is_ok() => {
                Ok(ctx.loads()?.load_one(id).await?)
            }
            _ => Ok(None),
        }
    }

    /// Metres, instead of the place's own radius.
    async fn radius_m(&self) -> Option<i32> {
        self.0.radius_m
    }

    /// Who is expected.
    async fn roster(&self) -> AttendanceRoster {
        self.0.roster.into()
    }

    /// Those of the people invited by name whom you may see.
    #[graphql(complexity = "50 * child_complexity")]
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<Member>> {
        let loads = ctx.loads()?;
        let ids = loads
            .load_one(NamedAt(self.0.id))
            .await?
            .unwrap_or_default();
        let mut found = loads.load_many(ids.iter().copied()).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Whose it is; who is expected, if the roster is a department.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        crate::orgs::graphql::find(ctx, self.0.department_id).await
    }

    /// Who holds it; nothing for somebody you may not see.
    async fn organizer(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.organizer_id {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The series it belongs to: `ats_…`.
    async fn series(&self) -> Option<ID> {
        self.0.series.map(|(series, _)| out(series))
    }

    /// The day of the series it stands for: another than the day it starts on if it was moved.
    async fn series_day(&self) -> Option<NaiveDate> {
        self.0.series.map(|(_, day)| day)
    }

    /// Why it was called off.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }

    /// When it was planned.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When records for the absent were written.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// When it was called off.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }

    /// How many of the people you may see are expected, came, are absent: its report.
    async fn counts(&self, ctx: &Context<'_>) -> Result<AttendanceCounts> {
        let counts = ctx.loads()?.load_one(CountsOf(self.0.id)).await?;
        Ok(counts.unwrap_or_default().into())
    }

    /// Your own record here, if there is one yet.
    async fn my_record(&self, ctx: &Context<'_>) -> Result<Option<AttendanceRecord>> {
        let found = ctx.loads()?.load_one(OwnRecordAt(self.0.id)).await?;
        Ok(found.map(AttendanceRecord))
    }

    /// What became of the people you may see, the newest first.
    #[graphql(complexity = "50 + first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only with this status.")] status: Option<AttendanceStatus>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last record of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, AttendanceRecord>> {
        let wanted = WantedRecords {
            gathering: Some(self.0.id),
            status: status.map(Into::into),
            ..WantedRecords::default()
        };
        list_records(ctx, wanted, first, after).await
    }
}

/// A page of records, the newest first.
pub(super) async fn list_records(
    ctx: &Context<'_>,
    wanted: WantedRecords,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Connection<String, AttendanceRecord>> {
    let page = PageRequest::new(first, after.as_deref())?;
    let found = service::records(ctx.app(), ctx.viewer()?, wanted, &page).await?;
    let cursor = |record: &record::AttendanceRecord| Cursor {
        at: record.created_at,
        id: record.id.uuid(),
    };
    Ok(connection(
        found,
        after.as_deref(),
        cursor,
        AttendanceRecord,
    ))
}

/// When somebody came or left, three times over.
#[derive(SimpleObject)]
pub struct AttendanceCheck {
    /// When it happened, corrected for the device's clock.
    at: DateTime<Utc>,
    /// When the server heard of it.
    received_at: DateTime<Utc>,
    /// When it happened by the device's clock, if that was sent.
    device_at: Option<DateTime<Utc>>,
}

impl From<CheckTime> for AttendanceCheck {
    fn from(time: CheckTime) -> Self {
        Self {
            at: time.occurred_at,
            received_at: time.received_at,
            device_at: time.device_at,
        }
    }
}

/// What became of one person at one attendance event: there is one record for each.
#[derive(Clone)]
pub struct AttendanceRecord(pub record::AttendanceRecord);

/// What became of one person at one attendance event: there is one record for each.
#[Object]
impl AttendanceRecord {
    /// `atr_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Where; nothing for one you may not see.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<AttendanceEvent>> {
        Ok(ctx.loads()?.load_one(self.0.gathering_id).await?)
    }

    /// Who.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// The member's department then.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        crate::orgs::graphql::find(ctx, self.0.department_id).await
    }

    /// There, late, absent or excused.
    async fn status(&self) -> AttendanceStatus {
        self.0.status.into()
    }

    /// How it is known that the person was there; nothing for whoever was not.
    async fn method(&self) -> Option<CheckInMethod> {
        self.0.method.map(Into::into)
    }

    /// When the person came.
    async fn checked_in(&self) -> Option<AttendanceCheck> {
        self.0.checked_in.map(Into::into)
    }

    /// When the person left.
    async fn checked_out(&self) -> Option<AttendanceCheck> {
        self.0.checked_out.map(Into::into)
    }

    /// Minutes after the start, as the rule counts them; 0 for whoever was in time.
    async fn minutes_late(&self) -> Option<i32> {
        self.0.minutes_late
    }

    /// Where the person checked in from.
    async fn position(&self) -> Option<Position> {
        self.0.fix.map(Into::into)
    }

    /// Where the check-in was, against the fence.
    async fn fence_in(&self) -> FenceJudgement {
        self.0.fence_in.into()
    }

    /// Where the check-out was, against the fence.
    async fn fence_out(&self) -> Option<FenceJudgement> {
        self.0.fence_out.map(Into::into)
    }

    /// What somebody should know: `outside_fence`, `gps_uncertain`, `mock_location`, `captured_offline`,
    /// `location_missing` and whatever the organization's rules add.
    async fn flags(&self) -> &[String] {
        &self.0.flags
    }

    /// Whether a person must look at it.
    async fn needs_review(&self) -> bool {
        self.0.needs_review
    }

    /// Who of the staff entered or changed it last; nothing where nobody did, or for somebody you may not see.
    async fn changed_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.forced_by {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Why staff entered or changed it: one of the organization's reason codes.
    async fn reason_code(&self) -> Option<&str> {
        self.0.reason_code.as_deref()
    }

    /// Why, in their words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// Whether whoever of the staff entered it attested that it is true.
    async fn attested(&self) -> bool {
        self.0.attested
    }

    /// What the person or staff wrote.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was written first.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Why it was judged as it was: every decision of a rule, in order. Empty for whoever may not view sessions.
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<RuleDecision>> {
        if ctx.viewer()?.allowed(Action::ViewSessions).is_err() {
            return Ok(Vec::new());
        }
        let found = ctx.loads()?.load_one(DecisionsAt(self.0.id)).await?;
        let found = found.unwrap_or_default().into_iter();
        Ok(found.map(RuleDecision).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NamedAt(GatheringId);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CountsOf(GatheringId);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct OwnRecordAt(GatheringId);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct DecisionsAt(AttendanceRecordId);

impl Loader<GatheringId> for Loads {
    type Value = AttendanceEvent;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[GatheringId],
    ) -> Result<HashMap<GatheringId, Self::Value>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|gathering| (gathering.id, AttendanceEvent(gathering)))
            .collect())
    }
}

impl Loader<NamedAt> for Loads {
    type Value = Vec<MemberId>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NamedAt]) -> Result<HashMap<NamedAt, Self::Value>, Arc<Error>> {
        let ids: Vec<GatheringId> = keys.iter().map(|key| key.0).collect();
        let found = service::named_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, members)| (NamedAt(id), members))
            .collect())
    }
}

impl Loader<CountsOf> for Loads {
    type Value = Counts;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CountsOf]) -> Result<HashMap<CountsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<GatheringId> = keys.iter().map(|key| key.0).collect();
        let found = service::counts_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, counts)| (CountsOf(id), counts))
            .collect())
    }
}

impl Loader<OwnRecordAt> for Loads {
    type Value = record::AttendanceRecord;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[OwnRecordAt],
    ) -> Result<HashMap<OwnRecordAt, Self::Value>, Arc<Error>> {
        let ids: Vec<GatheringId> = keys.iter().map(|key| key.0).collect();
        let found = service::own_records_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|record| (OwnRecordAt(record.gathering_id), record))
            .collect())
    }
}

impl Loader<DecisionsAt> for Loads {
    type Value = Vec<Kept>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[DecisionsAt],
    ) -> Result<HashMap<DecisionsAt, Self::Value>, Arc<Error>> {
        let subjects: Vec<_> = keys.iter().map(|key| key.0.uuid()).collect();
        let mut found =
            crate::rules::decisions::service::decisions_of(&self.app, &self.viewer, &subjects)
                .await?;
        Ok(keys
            .iter()
            .filter_map(|key| Some((*key, found.remove(&key.0.uuid())?)))
            .collect())
    }
}

impl Loader<AttendanceRecordId> for Loads {
    type Value = AttendanceRecord;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[AttendanceRecordId],
    ) -> Result<HashMap<AttendanceRecordId, AttendanceRecord>, Arc<Error>> {
        let found = service::records_by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|one| (one.id, AttendanceRecord(one)))
            .collect())
    }
}
