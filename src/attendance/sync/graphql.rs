//! Speaks: handing in punches that a phone captured without a signal.

use async_graphql::{
    Context, Enum, ID, InputObject, InputValueError, InputValueResult, Object, Result, Scalar,
    ScalarType, SimpleObject, Value,
};
use chrono::{DateTime, FixedOffset, Utc};

use super::model::{Claim, Item, Outcome, Sender};
use super::service;
use crate::attendance::model::{Heard, Reading, Task};
use crate::attendance::mutations::PositionInput;
use crate::attendance::punches::graphql::Punch;
use crate::attendance::words::PunchDirection;
use crate::graphql::context::Ask;
use crate::graphql::error::ErrorCode;
use crate::graphql::scalars::optional_id;
use crate::kernel::error::Error;

/// A moment as a clock shows it, with the zone that clock is set to (RFC 3339): `2026-03-02T08:00:00.250+03:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetTime(String);

impl OffsetTime {
    fn read(&self, field: &str) -> Result<DateTime<FixedOffset>, Error> {
        let read = DateTime::parse_from_rfc3339(&self.0);
        read.map_err(|error| {
            let message =
                format!("a time with its zone looks like 2026-03-02T08:00:00+03:00: {error}");
            Error::invalid(field, message)
        })
    }
}

/// A moment as a clock shows it, with the zone that clock is set to (RFC 3339): `2026-03-02T08:00:00.250+03:00`.
#[Scalar(
    name = "OffsetTime",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339"
)]
impl ScalarType for OffsetTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An answer of ours that the device heard: our time in it, and the device's own counting when it came.
#[derive(InputObject)]
pub struct LastHeardInput {
    /// `serverTime` of that answer.
    server_time: OffsetTime,
    /// The device's monotonic clock when the answer came, in milliseconds.
    monotonic_ms: i64,
    /// Which run of the device that was: another one after each reboot, 1–100 characters.
    boot_id: String,
}

impl LastHeardInput {
    fn read(self, field: &str) -> Result<Heard, Error> {
        let server_time = self.server_time.read(&format!("{field}.serverTime"))?;
        Ok(Heard {
            server_time: server_time.to_utc(),
            reading: Reading {
                boot_id: self.boot_id,
                monotonic_ms: self.monotonic_ms,
            },
        })
    }
}

/// The device that hands punches in.
#[derive(InputObject)]
pub struct SyncDeviceInput {
    /// What tells this installation of the app from another, made up by the app; 1–100 characters.
    id: String,
    /// Such as "Tecno Spark 10"; at most 100 characters.
    model: Option<String>,
    /// At most 40 characters.
    app_version: Option<String>,
    /// The last answer it heard before this call: vouches for punches made since the same start of the device that have
    /// no better one of their own.
    last_heard: Option<LastHeardInput>,
}

/// Something that was to be done.
#[derive(InputObject)]
pub struct PunchTaskInput {
    /// 1–200 characters.
    name: String,
    /// Whether it was done.
    is_done: bool,
    /// Why not, or what was found; at most 500 characters.
    remark: Option<String>,
}

/// A punch that a phone captured.
#[derive(InputObject)]
pub struct PunchInput {
    /// The client's own name for it, 1–100 characters, never used for another: sent twice, it counts once.
    client_id: String,
    /// In, out, or the beginning or end of a break.
    kind: PunchDirection,
    /// By the device's wall clock.
    device_time: OffsetTime,
    /// The zone that clock is set to, by its IANA name: `Africa/Nairobi`.
    zone: Option<String>,
    /// The device's monotonic clock when it was captured, in milliseconds; with `bootId`.
    monotonic_ms: Option<i64>,
    /// Which run of the device that was, 1–100 characters.
    boot_id: Option<String>,
    /// The last answer the device had heard then.
    last_heard: Option<LastHeardInput>,
    /// Where the device was.
    position: Option<PositionInput>,
    /// How old that position was, in milliseconds.
    fix_age_ms: Option<i64>,
    /// The device reported that its position may be made up.
    #[graphql(default)]
    mock_location: bool,
    /// Where the work is.
    place: Option<ID>,
    /// Who is served.
    client: Option<ID>,
    /// The kind of service, at most 60 characters.
    service: Option<String>,
    /// At most 500 characters.
    remark: Option<String>,
    /// `meal`, `tea` and so on, for a break; at most 40 characters.
    break_kind: Option<String>,
    /// What was to be done, ticked off or not; at most 100.
    #[graphql(default)]
    tasks: Vec<PunchTaskInput>,
    /// The app's version then, where it is another than the device's now; at most 40 characters.
    app_version: Option<String>,
}

impl PunchInput {
    fn item(self) -> Item {
        Item {
            client_id: self.client_id.clone(),
            claim: self.claim(),
        }
    }

    fn claim(self) -> Result<Claim, Error> {
        let reading = match (self.monotonic_ms, self.boot_id) {
            (Some(monotonic_ms), Some(boot_id)) => Some(Reading {
                boot_id,
                monotonic_ms,
            }),
            (None, None) => None,
            _ => {
                let message = "monotonicMs and bootId mean something only together";
                return Err(Error::invalid("monotonicMs", message));
            }
        };
        let task = |task: PunchTaskInput| Task {
            name: task.name,
            is_done: task.is_done,
            remark: task.remark,
        };
        Ok(Claim {
            client_id: self.client_id,
            direction: self.kind.into(),
            device_time: self.device_time.read("deviceTime")?,
            zone: self.zone,
            reading,
            heard: self
                .last_heard
                .map(|heard| heard.read("lastHeard"))
                .transpose()?,
            fix: self
                .position
                .map(|position| position.fix("position"))
                .transpose()?,
            fix_age_ms: self.fix_age_ms,
            mock_location: self.mock_location,
            place: optional_id("place", self.place.as_ref())?,
            client: optional_id("client", self.client.as_ref())?,
            service: self.service,
            remark: self.remark,
            break_kind: self.break_kind,
            tasks: self.tasks.into_iter().map(task).collect(),
            app_version: self.app_version,
        })
    }
}

/// Punches that a phone captured without a signal.
#[derive(InputObject)]
pub struct SyncPunchesInput {
    /// Which device hands them in.
    device: SyncDeviceInput,
    /// At most 500, in any order.
    punches: Vec<PunchInput>,
}

/// What became of one punch.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PunchSyncStatus {
    /// It is kept, and part of your sessions.
    Accepted,
    /// It was handed in before; nothing changed.
    Duplicate,
    /// It is kept and contradicts something: a person looks at it.
    Conflict,
    /// It is not kept; sending it again changes nothing.
    Rejected,
}

/// Why a punch was not kept, or what it contradicts.
#[derive(SimpleObject)]
pub struct PunchProblem {
    /// For programs.
    code: ErrorCode,
    /// For people.
    message: String,
    /// The field of `PunchInput` it is about.
    field: Option<String>,
}

/// What became of one punch.
pub struct PunchSyncResult {
    client_id: String,
    status: PunchSyncStatus,
    punch: Option<crate::attendance::model::Punch>,
    problem: Option<Error>,
}

/// What became of one punch.
#[Object]
impl PunchSyncResult {
    /// As you sent it.
    async fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether it is kept now, was before, contradicts something, or cannot be kept.
    async fn status(&self) -> PunchSyncStatus {
        self.status
    }

    /// The punch as it is kept; nothing for one that is not.
    async fn punch(&self) -> Option<Punch> {
        self.punch.clone().map(Punch)
    }

    /// Why it is not kept; `IDEMPOTENCY_KEY_REUSED` for one that is kept although its `clientId` was already used for
    /// something else.
    async fn problem(&self) -> Option<PunchProblem> {
        self.problem.as_ref().map(|error| PunchProblem {
            code: error.code.into(),
            message: error.message.clone(),
            field: error.field.clone(),
        })
    }
}

impl From<(String, Outcome)> for PunchSyncResult {
    fn from((client_id, outcome): (String, Outcome)) -> Self {
        let (status, punch, problem) = match outcome {
            Outcome::Accepted(punch) => (PunchSyncStatus::Accepted, Some(punch), None),
            Outcome::Duplicate(punch) => (PunchSyncStatus::Duplicate, Some(punch), None),
            Outcome::Conflict(punch, problem) => (PunchSyncStatus::Conflict, Some(punch), problem),
            Outcome::Rejected(problem) => (PunchSyncStatus::Rejected, None, Some(problem)),
        };
        Self {
            client_id,
            status,
            punch: punch.map(|punch| *punch),
            problem,
        }
    }
}

/// What became of a batch of punches.
pub struct SyncedPunches {
    results: Vec<PunchSyncResult>,
    server_time: DateTime<Utc>,
}

impl From<service::Synced> for SyncedPunches {
    fn from(synced: service::Synced) -> Self {
        Self {
            results: synced.outcomes.into_iter().map(Into::into).collect(),
            server_time: synced.server_time,
        }
    }
}

/// What became of a batch of punches.
#[Object]
impl SyncedPunches {
    /// One for each punch, in the order they were sent.
    #[graphql(complexity = "50 * child_complexity")]
    async fn results(&self) -> &[PunchSyncResult] {
        &self.results
    }

    /// Our time now: keep it with your monotonic reading, as `lastHeard` of what you capture from here on.
    async fn server_time(&self) -> DateTime<Utc> {
        self.server_time
    }
}

/// What a phone can hand in.
#[derive(Default)]
pub struct SyncMutation;

#[Object]
impl SyncMutation {
    /// Hands in your punches that a phone captured without a signal: at most 500 (`TOO_MANY_PUNCHES`), in any order,
    /// as often as you like. Their times are corrected by what the device's monotonic clock counted since our last
    /// answer, and your sessions are worked out anew, by the rules of those times. A punch that contradicts another is
    /// kept beside it. Refused one by one are punches older than 30 days or more than 2 minutes ahead, and those that
    /// name a place or client that is not there.
    ///
    /// Requires: `SYNC_PUNCHES` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn sync_punches(
        &self,
        ctx: &Context<'_>,
        input: SyncPunchesInput,
    ) -> Result<SyncedPunches> {
        let SyncDeviceInput {
            id,
            model,
            app_version,
            last_heard,
        } = input.device;
        let sender = Sender {
            id,
            model,
            app_version,
            heard: last_heard
                .map(|heard| heard.read("device.lastHeard"))
                .transpose()?,
        };
        let items = input.punches.into_iter().map(PunchInput::item).collect();
        let synced = service::sync(ctx.app(), ctx.viewer()?, sender, items).await?;
        Ok(synced.into())
    }
}
