//! Speaks: starting and ending breaks, and the panic button.

use async_graphql::{Context, InputObject, Object, Result};
use chrono::{DateTime, Utc};

use super::service::{self, Pause};
use crate::attendance::clocking::{self, ClockOut};
use crate::attendance::graphql::WorkSession;
use crate::attendance::mutations::{DeviceInput, PositionInput};
use crate::graphql::context::Ask;
use crate::kernel::error::Error;
use crate::kernel::geo::Fix;

/// The beginning of a break.
#[derive(InputObject)]
pub struct StartBreakInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// `meal`, `tea` and so on, as the organization names it; at most 40 characters.
    kind: Option<String>,
    /// Where the device is.
    position: Option<PositionInput>,
    /// At most 500 characters.
    remark: Option<String>,
    /// What the device says about itself.
    device: Option<DeviceInput>,
    /// When the person tapped, if the phone was offline then: up to 30 days back, at most 2 minutes ahead.
    captured_at: Option<DateTime<Utc>>,
}

/// The end of a break.
#[derive(InputObject)]
pub struct EndBreakInput {
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
}

/// The panic button.
#[derive(InputObject)]
pub struct EndInEmergencyInput {
    /// Chosen by the client, 1–100 characters, one per tap: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Where the device is; supervisors are shown it.
    position: Option<PositionInput>,
    /// At most 500 characters.
    remark: Option<String>,
}

fn fix(position: Option<&PositionInput>) -> Result<Option<Fix>, Error> {
    position
        .map(|position| position.fix("position"))
        .transpose()
}

/// What can be done in the course of a session.
#[derive(Default)]
pub struct BreaksMutation;

#[Object]
impl BreaksMutation {
    /// Starts a break in your open session. Refused with `NOT_CLOCKED_IN`, `ALREADY_ON_BREAK`, or by a rule
    /// (`DENIED_BY_RULE`).
    ///
    /// Requires: `TAKE_BREAK` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn start_break(&self, ctx: &Context<'_>, input: StartBreakInput) -> Result<WorkSession> {
        let pause = Pause {
            kind: input.kind,
            position: fix(input.position.as_ref())?,
            remark: input.remark,
            device: input.device.unwrap_or_default().into(),
            captured_at: input.captured_at.map(crate::kernel::time::to_micros),
        };
        let started =
            service::start(ctx.app(), ctx.viewer()?, &input.idempotency_key, pause).await?;
        Ok(WorkSession(started))
    }

    /// Ends the break that goes on. Refused with `NOT_CLOCKED_IN` or `NOT_ON_BREAK`; clocking out ends it too.
    ///
    /// Requires: `TAKE_BREAK` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn end_break(&self, ctx: &Context<'_>, input: EndBreakInput) -> Result<WorkSession> {
        let pause = Pause {
            kind: None,
            position: fix(input.position.as_ref())?,
            remark: input.remark,
            device: input.device.unwrap_or_default().into(),
            captured_at: input.captured_at.map(crate::kernel::time::to_micros),
        };
        let ended = service::end(ctx.app(), ctx.viewer()?, &input.idempotency_key, pause).await?;
        Ok(WorkSession(ended))
    }

    /// Ends your open session at once and tells your supervisors. No rule refuses it; only without an open session it
    /// fails, with `NOT_CLOCKED_IN`.
    ///
    /// Requires: `CLOCK_OUT` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn end_in_emergency(
        &self,
        ctx: &Context<'_>,
        input: EndInEmergencyInput,
    ) -> Result<WorkSession> {
        let out = ClockOut {
            position: fix(input.position.as_ref())?,
            remark: input.remark,
            emergency: true,
            ..ClockOut::default()
        };
        let ended =
            clocking::clock_out(ctx.app(), ctx.viewer()?, &input.idempotency_key, out).await?;
        Ok(WorkSession(ended))
    }
}
