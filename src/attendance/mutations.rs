//! Speaks: clocking in and out, notes and positions.

use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::breaks::graphql::TaskInput;
use super::graphql::WorkSession;
use super::locations::service::record_locations;
use super::model;
use super::service;
use crate::graphql::context::Ask;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::error::Error;
use crate::kernel::geo::Fix;

/// A position as a device gives it.
#[derive(InputObject)]
pub struct PositionInput {
    /// Degrees north, -90 to 90 (WGS 84).
    pub latitude: f64,
    /// Degrees east, -180 to 180 (WGS 84).
    pub longitude: f64,
    /// Radius in metres of the circle the device is probably in, 0 to 100,000.
    pub accuracy_m: f64,
}

impl PositionInput {
    pub fn fix(&self, field: &str) -> Result<Fix, Error> {
        Fix::new(self.latitude, self.longitude, self.accuracy_m)
            .map_err(|error| error.within(field))
    }
}

/// What a device says about itself.
#[derive(InputObject, Default)]
pub struct DeviceInput {
    /// What tells this installation of the app from another, made up by the app; at most 100 characters.
    pub id: Option<String>,
    /// The device reported that its position may be made up.
    #[graphql(default)]
    pub mock_location: bool,
    /// Such as "Tecno Spark 10"; at most 100 characters.
    pub model: Option<String>,
    /// At most 40 characters.
    pub app_version: Option<String>,
}

impl From<DeviceInput> for model::Device {
    fn from(input: DeviceInput) -> Self {
        Self {
            id: input.id,
            clock: None,
            mock_location: input.mock_location,
            model: input.model,
            app_version: input.app_version,
        }
    }
}

/// A clock-in.
#[derive(InputObject)]
pub struct ClockInInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Where the device is; without it the verdict is uncertain where there is a fence.
    position: Option<PositionInput>,
    /// Where the work is; otherwise the client's only place, or the planned shift's.
    place: Option<ID>,
    /// Who is served.
    client: Option<ID>,
    /// The kind of service, at most 60 characters; rules may look at it.
    service: Option<String>,
    /// At most 500 characters.
    remark: Option<String>,
    /// What the device says about itself.
    device: Option<DeviceInput>,
    /// When the person tapped, if the phone was offline then: up to 30 days back, at most 2 minutes ahead.
    captured_at: Option<DateTime<Utc>>,
}

/// A clock-out.
#[derive(InputObject)]
pub struct ClockOutInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Where the device is.
    position: Option<PositionInput>,
    /// At most 500 characters.
    remark: Option<String>,
    /// What the device says about itself.
    device: Option<DeviceInput>,
    /// When the person tapped, if the phone was offline then: up to 30 days back, at most 2 minutes ahead.
    captured_at: Option<DateTime<Utc>>,
    /// What was done and what was not; at most 100.
    #[graphql(default)]
    tasks: Vec<TaskInput>,
}

/// A note about a session.
#[derive(InputObject)]
pub struct AddSessionNoteInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input writes the note once.
    idempotency_key: String,
    /// The session it is about.
    session: ID,
    /// 1–2,000 characters.
    body: String,
}

/// A position captured during a session.
#[derive(InputObject)]
pub struct LocationInput {
    /// When the device captured it: after the clock-in, at most two minutes ahead.
    captured_at: DateTime<Utc>,
    /// Where.
    position: PositionInput,
    /// The device reported that it may be made up.
    #[graphql(default)]
    mock_location: bool,
}

/// Positions captured during the viewer's open session.
#[derive(InputObject)]
pub struct RecordLocationsInput {
    /// 1–100; one sent twice counts once.
    positions: Vec<LocationInput>,
}

/// What can be done about attendance.
#[derive(Default)]
pub struct AttendanceMutation;

#[Object]
impl AttendanceMutation {
    /// Begins a work session here and now, or at the moment the phone captured it. Judged by the organization's
    /// rules; refused only by a rule (`DENIED_BY_RULE`) or when a session is open (`ALREADY_CLOCKED_IN`). One that was
    /// left open on another shift or for 16 hours is `DISCONNECTED` instead. Captured before other punches of yours, it is
    /// put among them: what contradicts them is kept as a conflict, and a rule leaves a flag.
    ///
    /// Requires: `CLOCK_IN` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn clock_in(&self, ctx: &Context<'_>, input: ClockInInput) -> Result<WorkSession> {
        let clock_in = service::ClockIn {
            position: input
                .position
                .map(|position| position.fix("position"))
                .transpose()?,
            place: optional_id("place", input.place.as_ref())?,
            client: optional_id("client", input.client.as_ref())?,
            service: input.service,
            remark: input.remark,
            device: input.device.unwrap_or_default().into(),
            captured_at: input.captured_at.map(crate::kernel::time::to_micros),
        };
        let key = &input.idempotency_key;
        Ok(WorkSession(
            service::clock_in(ctx.app(), ctx.viewer()?, key, clock_in).await?,
        ))
    }

    /// Ends your open work session. Nothing about a position ever refuses it.
    ///
    /// Requires: `CLOCK_OUT` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn clock_out(&self, ctx: &Context<'_>, input: ClockOutInput) -> Result<WorkSession> {
        let clock_out = service::ClockOut {
            position: input
                .position
                .map(|position| position.fix("position"))
                .transpose()?,
            remark: input.remark,
            device: input.device.unwrap_or_default().into(),
            captured_at: input.captured_at.map(crate::kernel::time::to_micros),
            tasks: input.tasks.into_iter().map(model::Task::from).collect(),
            emergency: false,
        };
        let key = &input.idempotency_key;
        Ok(WorkSession(
            service::clock_out(ctx.app(), ctx.viewer()?, key, clock_out).await?,
        ))
    }

    /// Writes a note about a session.
    ///
    /// Requires: `ADD_SESSION_NOTE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn add_session_note(
        &self,
        ctx: &Context<'_>,
        input: AddSessionNoteInput,
    ) -> Result<WorkSession> {
        let session = id("session", &input.session)?;
        Ok(WorkSession(
            service::add_note(
                ctx.app(),
                ctx.viewer()?,
                &input.idempotency_key,
                session,
                &input.body,
            )
            .await?,
        ))
    }

    /// Keeps positions captured during your open session.
    ///
    /// Requires: `RECORD_LOCATION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn record_locations(
        &self,
        ctx: &Context<'_>,
        input: RecordLocationsInput,
    ) -> Result<WorkSession> {
        let ping = |(index, location): (usize, LocationInput)| -> Result<model::Ping, Error> {
            Ok(model::Ping {
                captured_at: crate::kernel::time::to_micros(location.captured_at),
                fix: location
                    .position
                    .fix(&format!("positions.{index}.position"))?,
                mock_location: location.mock_location,
            })
        };
        let pings = input
            .positions
            .into_iter()
            .enumerate()
            .map(ping)
            .collect::<Result<_, Error>>()?;
        Ok(WorkSession(
            record_locations(ctx.app(), ctx.viewer()?, pings).await?,
        ))
    }
}
