//! Speaks: planning attendance events, checking in and out, and what staff say about others.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use chrono::{DateTime, NaiveDate, Utc};

use super::checks::{self, CheckIn, CheckOut};
use super::graphql::{
    AttendanceEvent, AttendanceEventKind, AttendanceRecord, AttendanceRoster, AttendanceStatus,
};
use super::model::{Slot, USUAL_OPENS_MINUTES, Window};
use super::planning::{self, Changes, NewGathering};
use super::series::graphql::AttendanceSeries;
use super::series::service::{self as series, NewSeries};
use super::staff::{self, Because, Corrected, Forced, Marked};
use crate::attendance::mutations::PositionInput;
use crate::graphql::context::Ask;
use crate::graphql::scalars::{LocalTime, id, optional_id};
use crate::kernel::change::Change;
use crate::kernel::error::Error;
use crate::kernel::id::MemberId;
use crate::kernel::time::to_micros;

/// An attendance event to be planned.
#[derive(InputObject)]
pub struct ScheduleAttendanceEventInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input plans it once.
    idempotency_key: String,
    /// 1–200 characters.
    title: String,
    /// What people come together for.
    kind: AttendanceEventKind,
    /// What whoever comes should know; at most 2,000 characters.
    note: Option<String>,
    /// Where; its fence is what check-ins are judged by.
    place: Option<ID>,
    /// Metres, 20–5,000, instead of the place's own radius.
    radius_m: Option<i32>,
    /// The day it starts on.
    date: NaiveDate,
    /// When it starts on the clocks of its zone: `08:30`.
    starts: LocalTime,
    /// When it ends; an end that is not after the start is on the next day.
    ends: LocalTime,
    /// An IANA name such as `Africa/Nairobi`; the place's or the organization's zone if left out.
    time_zone: Option<String>,
    /// From how many minutes before the start one can check in: 0–1,440, usually 15.
    check_in_opens_minutes: Option<i32>,
    /// Until how many minutes after the start one can check in: 0–1,440; until the end if left out.
    check_in_closes_minutes: Option<i32>,
    /// From how many minutes after the start one is late: 0–1,440. Left out, the organization's rule decides.
    late_after_minutes: Option<i32>,
    /// Whether one checks in with the code that is shown there only.
    #[graphql(default)]
    code_required: bool,
    /// Who is expected.
    roster: AttendanceRoster,
    /// Whose it is; needed if the roster is a department. For a supervisor their own if left out.
    department: Option<ID>,
    /// Who is invited by name: 1–1,000, needed if the roster is of members.
    #[graphql(default)]
    members: Vec<ID>,
    /// Who holds it and may show its code; you if left out.
    organizer: Option<ID>,
}

impl ScheduleAttendanceEventInput {
    fn read(self) -> Result<(String, NewGathering), Error> {
        let slot = Slot {
            date: self.date,
            starts: self.starts.read("starts")?,
            ends: self.ends.read("ends")?,
        };
        let window = Window {
            opens_minutes: self.check_in_opens_minutes.unwrap_or(USUAL_OPENS_MINUTES),
            closes_minutes: self.check_in_closes_minutes,
            late_after_minutes: self.late_after_minutes,
        };
        let new = NewGathering {
            title: self.title,
            kind: self.kind.into(),
            note: self.note,
            place: optional_id("place", self.place.as_ref())?,
            radius_m: self.radius_m,
            slot,
            time_zone: self.time_zone,
            window,
            code_required: self.code_required,
            roster: self.roster.into(),
            department: optional_id("department", self.department.as_ref())?,
            members: ids("members", &self.members)?,
            organizer: optional_id("organizer", self.organizer.as_ref())?,
        };
        Ok((self.idempotency_key, new))
    }
}

fn ids(field: &str, all: &[ID]) -> Result<Vec<MemberId>, Error> {
    all.iter().map(|one| id(field, one)).collect()
}

/// A series of attendance events to be planned, each at the same time on the clocks of its day.
#[derive(InputObject)]
pub struct ScheduleAttendanceSeriesInput {
    /// What each is like; its date is the first day the rule may fall on.
    event: ScheduleAttendanceEventInput,
    /// An RRULE (RFC 5545) over days, such as `FREQ=WEEKLY;BYDAY=MO,WE,FR` or `FREQ=MONTHLY;BYDAY=-1FR;COUNT=6`: `FREQ`
    /// from `DAILY` to `YEARLY`, and no parts about times of day.
    recurrence: String,
    /// The last day; without one and without `COUNT` or `UNTIL` it goes on until it is ended.
    to: Option<NaiveDate>,
}

/// What is to be different about an attendance event. What is left out stays; `null` clears.
#[derive(InputObject)]
pub struct UpdateAttendanceEventInput {
    /// The attendance event; neither closed nor called off.
    event: ID,
    /// Whether those that stand for later days of its series change too: all of them, moved ones and those that are not
    /// planned yet as well.
    #[graphql(default)]
    and_following: bool,
    /// 1–200 characters; cannot be cleared.
    title: MaybeUndefined<String>,
    /// What people come together for; cannot be cleared.
    kind: MaybeUndefined<AttendanceEventKind>,
    /// At most 2,000 characters.
    note: MaybeUndefined<String>,
    /// Where.
    place: MaybeUndefined<ID>,
    /// Metres, 20–5,000, instead of the place's own radius.
    radius_m: MaybeUndefined<i32>,
    /// The day it starts on, for one only; cannot be cleared.
    date: MaybeUndefined<NaiveDate>,
    /// When it starts on the clocks of its zone; cannot be cleared.
    starts: MaybeUndefined<LocalTime>,
    /// When it ends; cannot be cleared.
    ends: MaybeUndefined<LocalTime>,
    /// 0–1,440; cannot be cleared.
    check_in_opens_minutes: MaybeUndefined<i32>,
    /// 0–1,440; cleared, until the end.
    check_in_closes_minutes: MaybeUndefined<i32>,
    /// 0–1,440; cleared, the organization's rule decides.
    late_after_minutes: MaybeUndefined<i32>,
    /// Whether one checks in with the code only; cannot be cleared.
    code_required: MaybeUndefined<bool>,
    /// Who is expected; cannot be cleared.
    roster: MaybeUndefined<AttendanceRoster>,
    /// Whose it is.
    department: MaybeUndefined<ID>,
    /// Who is invited by name, instead of those who were.
    members: MaybeUndefined<Vec<ID>>,
    /// Who holds it.
    organizer: MaybeUndefined<ID>,
}

impl UpdateAttendanceEventInput {
    fn read(self) -> Result<Changes, Error> {
        Ok(Changes {
            title: self.title.into(),
            kind: Change::from(self.kind).try_map(|kind| Ok(kind.into()))?,
            note: self.note.into(),
            place: Change::from(self.place).try_map(|place| id("place", &place))?,
            radius_m: self.radius_m.into(),
            date: self.date.into(),
            starts: Change::from(self.starts).try_map(|time| time.read("starts"))?,
            ends: Change::from(self.ends).try_map(|time| time.read("ends"))?,
            opens_minutes: self.check_in_opens_minutes.into(),
            closes_minutes: self.check_in_closes_minutes.into(),
            late_after_minutes: self.late_after_minutes.into(),
            code_required: self.code_required.into(),
            roster: Change::from(self.roster).try_map(|roster| Ok(roster.into()))?,
            department: Change::from(self.department).try_map(|it| id("department", &it))?,
            members: Change::from(self.members).try_map(|all| ids("members", &all))?,
            organizer: Change::from(self.organizer).try_map(|it| id("organizer", &it))?,
        })
    }
}

/// An attendance event that is called off.
#[derive(InputObject)]
pub struct CancelAttendanceEventInput {
    /// The attendance event.
    event: ID,
    /// Whether those that stand for later days of its series are called off too, and none are planned any more.
    #[graphql(default)]
    and_following: bool,
    /// At most 500 characters.
    reason: Option<String>,
}

/// A check-in.
#[derive(InputObject)]
pub struct CheckInInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Where you check in.
    event: ID,
    /// Where the device is; without it the verdict is uncertain where there is a fence.
    position: Option<PositionInput>,
    /// The code that is shown there: its eight characters, or what the QR code says. Captured without a signal, it is
    /// verified against `capturedAt`.
    code: Option<String>,
    /// At most 500 characters.
    note: Option<String>,
    /// The device reported that its position may be made up.
    #[graphql(default)]
    mock_location: bool,
    /// When the person tapped, if the phone was offline then: up to 7 days back, at most 2 minutes ahead.
    captured_at: Option<DateTime<Utc>>,
}

/// A check-out.
#[derive(InputObject)]
pub struct CheckOutInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Where you check out.
    event: ID,
    /// Where the device is.
    position: Option<PositionInput>,
    /// The device reported that its position may be made up.
    #[graphql(default)]
    mock_location: bool,
    /// When the person tapped, if the phone was offline then: up to 7 days back, at most 2 minutes ahead.
    captured_at: Option<DateTime<Utc>>,
}

/// Staff say that somebody came or left.
#[derive(InputObject)]
pub struct ForceCheckInput {
    /// Where.
    event: ID,
    /// Who.
    member: ID,
    /// When; now if left out.
    at: Option<DateTime<Utc>>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// You attest that it is true.
    attested: bool,
}

impl ForceCheckInput {
    fn read(self) -> Result<Forced, Error> {
        Ok(Forced {
            gathering: id("event", &self.event)?,
            member: id("member", &self.member)?,
            at: self.at.map(to_micros),
            because: Because {
                reason_code: self.reason_code,
                memo: self.memo,
            },
            attested: self.attested,
        })
    }
}

/// Staff say that somebody is not coming.
#[derive(InputObject)]
pub struct MarkAttendanceInput {
    /// Where.
    event: ID,
    /// Who.
    member: ID,
    /// `EXCUSED` or `ABSENT`.
    status: AttendanceStatus,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// At most 500 characters.
    note: Option<String>,
}

/// What is to be different about an attendance record. What is left out stays; `null` clears.
#[derive(InputObject)]
pub struct CorrectAttendanceInput {
    /// The record.
    record: ID,
    /// Left out, it follows from a check-in time that is changed. `ABSENT` and `EXCUSED` clear the times.
    status: Option<AttendanceStatus>,
    /// When the person came.
    checked_in_at: MaybeUndefined<DateTime<Utc>>,
    /// When the person left.
    checked_out_at: MaybeUndefined<DateTime<Utc>>,
    /// At most 500 characters.
    note: MaybeUndefined<String>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
}

/// What can be done about attendance events.
#[derive(Default)]
pub struct GatheringsMutation;

#[Object]
impl GatheringsMutation {
    /// Plans an attendance event.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn schedule_attendance_event(
        &self,
        ctx: &Context<'_>,
        input: ScheduleAttendanceEventInput,
    ) -> Result<AttendanceEvent> {
        let (key, new) = input.read()?;
        let planned = planning::schedule(ctx.app(), ctx.viewer()?, &key, new).await?;
        Ok(AttendanceEvent(planned))
    }

    /// Begins a series of attendance events and plans the next eight weeks of it; the timetable plans the rest as time
    /// goes on. Each is at the same time on the clocks of its day. Refused with `RECURRENCE_INVALID`.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn schedule_attendance_series(
        &self,
        ctx: &Context<'_>,
        input: ScheduleAttendanceSeriesInput,
    ) -> Result<AttendanceSeries> {
        let (key, event) = input.event.read().map_err(|error| match error.field {
            Some(_) => error.within("event"),
            None => error,
        })?;
        let new = NewSeries {
            event,
            recurrence: input.recurrence,
            last_day: input.to,
        };
        let begun = series::schedule(ctx.app(), ctx.viewer()?, &key, new).await?;
        Ok(AttendanceSeries(begun))
    }

    /// Changes an attendance event, alone or with those of its series that follow, planned yet or not. Records keep what
    /// they say.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn update_attendance_event(
        &self,
        ctx: &Context<'_>,
        input: UpdateAttendanceEventInput,
    ) -> Result<AttendanceEvent> {
        let (event, following) = (id("event", &input.event)?, input.and_following);
        let changes = input.read()?;
        let updated = planning::update(ctx.app(), ctx.viewer()?, event, changes, following).await?;
        Ok(AttendanceEvent(updated))
    }

    /// Calls an attendance event off, alone or with those of its series that follow: then the series ends. Calling off
    /// again changes nothing.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn cancel_attendance_event(
        &self,
        ctx: &Context<'_>,
        input: CancelAttendanceEventInput,
    ) -> Result<AttendanceEvent> {
        let (event, following) = (id("event", &input.event)?, input.and_following);
        let cancelled =
            planning::cancel(ctx.app(), ctx.viewer()?, event, following, input.reason).await?;
        Ok(AttendanceEvent(cancelled))
    }

    /// Checks you in to an attendance event, here and now or when the phone captured it. Judged by the rules that judge
    /// a clock-in. Refused with `NOT_INVITED`, `WINDOW_CLOSED`, `ALREADY_CHECKED_IN`, `GATHERING_CANCELLED`,
    /// `CHECK_IN_CODE_INVALID` or `DENIED_BY_RULE`; with `TRY_AGAIN` after ten wrong codes.
    ///
    /// Requires: `ATTEND_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT).
    async fn check_in(&self, ctx: &Context<'_>, input: CheckInInput) -> Result<AttendanceRecord> {
        let check_in = CheckIn {
            gathering: id("event", &input.event)?,
            position: input
                .position
                .map(|position| position.fix("position"))
                .transpose()?,
            code: input.code,
            note: input.note,
            mock_location: input.mock_location,
            captured_at: input.captured_at.map(to_micros),
        };
        let key = &input.idempotency_key;
        let record = checks::check_in(ctx.app(), ctx.viewer()?, key, check_in).await?;
        Ok(AttendanceRecord(record))
    }

    /// Checks you out of an attendance event. Nothing about a position ever refuses it.
    ///
    /// Requires: `ATTEND_GATHERINGS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT).
    async fn check_out(&self, ctx: &Context<'_>, input: CheckOutInput) -> Result<AttendanceRecord> {
        let check_out = CheckOut {
            gathering: id("event", &input.event)?,
            position: input
                .position
                .map(|position| position.fix("position"))
                .transpose()?,
            mock_location: input.mock_location,
            captured_at: input.captured_at.map(to_micros),
        };
        let key = &input.idempotency_key;
        let record = checks::check_out(ctx.app(), ctx.viewer()?, key, check_out).await?;
        Ok(AttendanceRecord(record))
    }

    /// Checks somebody else in, with a reason and your attestation; until the event closes, also after the check-in has.
    /// Refused with `ATTESTATION_REQUIRED`, `REASON_UNKNOWN` or `MEMO_REQUIRED`.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn force_check_in(
        &self,
        ctx: &Context<'_>,
        input: ForceCheckInput,
    ) -> Result<AttendanceRecord> {
        let record = staff::force_in(ctx.app(), ctx.viewer()?, input.read()?).await?;
        Ok(AttendanceRecord(record))
    }

    /// Checks somebody else out, with a reason and your attestation.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn force_check_out(
        &self,
        ctx: &Context<'_>,
        input: ForceCheckInput,
    ) -> Result<AttendanceRecord> {
        let record = staff::force_out(ctx.app(), ctx.viewer()?, input.read()?).await?;
        Ok(AttendanceRecord(record))
    }

    /// Says that somebody is excused or absent. Whoever checked in is corrected instead.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn mark_attendance(
        &self,
        ctx: &Context<'_>,
        input: MarkAttendanceInput,
    ) -> Result<AttendanceRecord> {
        let because = Because {
            reason_code: input.reason_code,
            memo: input.memo,
        };
        let marked = Marked {
            gathering: id("event", &input.event)?,
            member: id("member", &input.member)?,
            status: input.status.into(),
            because,
            note: input.note,
        };
        let record = staff::mark(ctx.app(), ctx.viewer()?, marked).await?;
        Ok(AttendanceRecord(record))
    }

    /// Corrects an attendance record; what it said before stays in the audit log.
    ///
    /// Requires: `MANAGE_GATHERINGS` (OWNER, ADMIN, SUPERVISOR).
    async fn correct_attendance(
        &self,
        ctx: &Context<'_>,
        input: CorrectAttendanceInput,
    ) -> Result<AttendanceRecord> {
        let instant = |change: MaybeUndefined<DateTime<Utc>>| {
            Change::from(change).try_map(|at| Ok(to_micros(at)))
        };
        let because = Because {
            reason_code: input.reason_code,
            memo: input.memo,
        };
        let corrected = Corrected {
            record: id("record", &input.record)?,
            status: input.status.map(Into::into),
            checked_in_at: instant(input.checked_in_at)?,
            checked_out_at: instant(input.checked_out_at)?,
            note: input.note.into(),
            because,
        };
        let record = staff::correct(ctx.app(), ctx.viewer()?, corrected).await?;
        Ok(AttendanceRecord(record))
    }
}
