//! Speaks: what can be asked about attendance events.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::graphql::{
    AttendanceCounts, AttendanceEvent, AttendanceEventKind, AttendanceEventState, AttendanceRecord,
    AttendanceStatus, list_records,
};
use super::model;
use super::record::Counts;
use super::service::{self, Range, Wanted, WantedRecords};
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::MemberId;
use crate::kernel::page::{Cursor, Page, PageRequest};
use crate::kernel::time::Instant;

/// Which attendance events a list shows. Days are those of the organization's zone.
#[derive(InputObject, Default)]
pub struct AttendanceEventFilter {
    /// Starting on or after this day.
    from: Option<NaiveDate>,
    /// Starting on or before this day.
    to: Option<NaiveDate>,
    /// Only of this kind.
    kind: Option<AttendanceEventKind>,
    /// Only at this place.
    place: Option<ID>,
    /// Only in this state.
    state: Option<AttendanceEventState>,
    /// Only of this series.
    series: Option<ID>,
}

impl AttendanceEventFilter {
    fn read(self) -> Result<Wanted, Error> {
        Ok(Wanted {
            range: Range {
                from: self.from,
                to: self.to,
            },
            kind: self.kind.map(Into::into),
            place: optional_id("filter.place", self.place.as_ref())?,
            state: self.state.map(Into::into),
            series: optional_id("filter.series", self.series.as_ref())?,
        })
    }
}

/// Which records count. Days are those of the organization's zone on which the attendance events start.
#[derive(InputObject, Default)]
pub struct AttendanceRecordFilter {
    /// Only at this attendance event.
    event: Option<ID>,
    /// Only of this member.
    member: Option<ID>,
    /// Only of people who were in this department then, or in one below it.
    department: Option<ID>,
    /// Only with this status.
    status: Option<AttendanceStatus>,
    /// Only at attendance events of this kind.
    kind: Option<AttendanceEventKind>,
    /// Starting on or after this day.
    from: Option<NaiveDate>,
    /// Starting on or before this day.
    to: Option<NaiveDate>,
}

impl AttendanceRecordFilter {
    fn read(self) -> Result<WantedRecords, Error> {
        Ok(WantedRecords {
            gathering: optional_id("filter.event", self.event.as_ref())?,
            member: optional_id("filter.member", self.member.as_ref())?,
            department: optional_id("filter.department", self.department.as_ref())?,
            status: self.status.map(Into::into),
            kind: self.kind.map(Into::into),
            range: Range {
                from: self.from,
                to: self.to,
            },
        })
    }
}

/// The code to show where people check in. It changes every thirty seconds.
#[derive(SimpleObject)]
pub struct AttendanceEventCode {
    /// Eight characters to be typed: without I, L, O and U, in any case.
    code: String,
    /// What to show as a QR code: `zamu:1:<event>:<step>:<hash>`.
    payload: String,
    /// Since when this is the code.
    valid_from: DateTime<Utc>,
    /// When the next one is to be shown. This one is accepted for thirty seconds more.
    valid_until: DateTime<Utc>,
}

/// How often one person was there.
pub struct MemberAttendance {
    member: MemberId,
    counts: Counts,
}

/// How often one person was there.
#[Object]
impl MemberAttendance {
    /// Who: `mbr_…`.
    async fn member_id(&self) -> ID {
        out(self.member)
    }

    /// Who; nothing for somebody you may not see any more.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.member).await?)
    }

    /// Of the attendance events with a record of the person.
    async fn counts(&self) -> AttendanceCounts {
        self.counts.into()
    }
}

/// What can be asked about attendance events.
#[derive(Default)]
pub struct GatheringsQuery;

#[Object]
impl GatheringsQuery {
    /// One attendance event: one you are invited to or hold, or of your people.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    async fn attendance_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] event: ID,
    ) -> Result<AttendanceEvent> {
        let found = service::gathering(ctx.app(), ctx.viewer()?, id("id", &event)?).await?;
        Ok(AttendanceEvent(found))
    }

    /// Attendance events, the latest start first: those you are invited to or hold, and those of your people.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn attendance_events(
        &self,
        ctx: &Context<'_>,
        filter: Option<AttendanceEventFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, AttendanceEvent>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let wanted = filter.unwrap_or_default().read()?;
        let found = service::gatherings(ctx.app(), ctx.viewer()?, wanted, &page).await?;
        Ok(events(found, after.as_deref()))
    }

    /// The attendance events you are invited to, the latest start first.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn my_attendance_events(
        &self,
        ctx: &Context<'_>,
        filter: Option<AttendanceEventFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, AttendanceEvent>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let wanted = filter.unwrap_or_default().read()?;
        let found = service::my_gatherings(ctx.app(), ctx.viewer()?, wanted, &page).await?;
        Ok(events(found, after.as_deref()))
    }

    /// The attendance events going on now, the earliest start first; at most 200.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "50 * child_complexity")]
    async fn active_attendance_events(&self, ctx: &Context<'_>) -> Result<Vec<AttendanceEvent>> {
        let found = service::active(ctx.app(), ctx.viewer()?).await?;
        Ok(found.into_iter().map(AttendanceEvent).collect())
    }

    /// The code to show now where people check in to an attendance event you hold or manage. Ask again at
    /// `validUntil`. Refused with `WINDOW_CLOSED` once nobody can check in any more.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn attendance_event_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] event: ID,
    ) -> Result<AttendanceEventCode> {
        let shown = service::code(ctx.app(), ctx.viewer()?, id("id", &event)?).await?;
        Ok(AttendanceEventCode {
            code: shown.code,
            payload: shown.payload,
            valid_from: shown.valid_from,
            valid_until: shown.valid_until,
        })
    }

    /// One attendance record: your own, or of one of your people.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    async fn attendance_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] record: ID,
    ) -> Result<AttendanceRecord> {
        let found = service::record(ctx.app(), ctx.viewer()?, id("id", &record)?).await?;
        Ok(AttendanceRecord(found))
    }

    /// The history of one member: their attendance records, the newest first.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn attendance_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose: yourself or one of your people.")] member: ID,
        #[graphql(desc = "At attendance events starting on or after this day.")] from: Option<
            NaiveDate,
        >,
        #[graphql(desc = "At attendance events starting on or before this day.")] to: Option<
            NaiveDate,
        >,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, AttendanceRecord>> {
        let wanted = WantedRecords {
            member: Some(id("member", &member)?),
            range: Range { from, to },
            ..WantedRecords::default()
        };
        list_records(ctx, wanted, first, after).await
    }

    /// How often each of your people was there, in the order of their ids.
    ///
    /// Requires: `VIEW_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn attendance_by_member(
        &self,
        ctx: &Context<'_>,
        filter: Option<AttendanceRecordFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<String, MemberAttendance>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let wanted = filter.unwrap_or_default().read()?;
        let found = service::by_member(ctx.app(), ctx.viewer()?, wanted, &page).await?;
        let cursor = |(member, _): &(MemberId, Counts)| Cursor {
            at: Instant::UNIX_EPOCH,
            id: member.uuid(),
        };
        let node = |(member, counts)| MemberAttendance { member, counts };
        Ok(connection(found, after.as_deref(), cursor, node))
    }
}

fn events(
    found: Page<model::Gathering>,
    after: Option<&str>,
) -> Connection<String, AttendanceEvent> {
    let cursor = |gathering: &model::Gathering| Cursor {
        at: gathering.starts_at,
        id: gathering.id.uuid(),
    };
    connection(found, after, cursor, AttendanceEvent)
}
