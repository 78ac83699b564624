//! Thinks: what a phone says about a punch it captured, and whether two of them are the same.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::clock::Corrected;
use crate::attendance::model::{
    Device, DeviceClock, Direction, Heard, Punch, PunchTime, Reading, Role, Said, Source, Task,
};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement};
use crate::kernel::id::{ClientId, MemberId, PlaceId, PunchId};
use crate::kernel::text;
use crate::kernel::time::{Instant, to_micros};

/// The most punches one call may bring.
pub const MOST_PUNCHES: usize = 500;
/// The most tasks one punch may tick off.
const MOST_TASKS: usize = 100;
/// Between a client's name for a punch and what tells another punch of that name from it. No name contains it: names
/// are checked to be without control characters.
const REUSED: char = '\u{1f}';

/// The device that hands punches in.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    pub id: String,
    pub model: Option<String>,
    pub app_version: Option<String>,
    /// The last answer of ours it heard, before this call.
    pub heard: Option<Heard>,
}

impl Sender {
    pub fn checked(self) -> Result<Self> {
        Ok(Self {
            id: text::required("id", &self.id, 100)?,
            model: text::optional("model", self.model.as_deref(), 100)?,
            app_version: text::optional("appVersion", self.app_version.as_deref(), 40)?,
            heard: self.heard.map(heard).transpose()?,
        })
    }
}

/// One thing handed in: under the name the client gave it, a claim that could be read or what is wrong with it.
#[derive(Debug)]
pub struct Item {
    pub client_id: String,
    pub claim: Result<Claim>,
}

/// What a phone says about one punch.
#[derive(Debug, Clone)]
pub struct Claim {
    pub client_id: String,
    pub direction: Direction,
    /// By the device's wall clock, in the zone it was set to.
    pub device_time: DateTime<FixedOffset>,
    pub zone: Option<String>,
    pub reading: Option<Reading>,
    /// The last answer of ours it had heard when the punch was made.
    pub heard: Option<Heard>,
    pub fix: Option<Fix>,
    pub fix_age_ms: Option<i64>,
    pub mock_location: bool,
    pub place: Option<PlaceId>,
    pub client: Option<ClientId>,
    pub service: Option<String>,
    pub remark: Option<String>,
    pub break_kind: Option<String>,
    pub tasks: Vec<Task>,
    pub app_version: Option<String>,
}

impl Claim {
    /// Tidies and checks what can be checked without looking anything up.
    pub fn checked(mut self) -> Result<Self> {
        self.client_id = single_line(
            "clientId",
            text::required("clientId", &self.client_id, 100)?,
        )?;
        self.zone = text::optional("zone", self.zone.as_deref(), 60)?;
        self.reading = self
            .reading
            .map(|read| reading(read, "bootId"))
            .transpose()?;
        self.heard = self
            .heard
            .map(|answer| heard(answer).map_err(|error| error.within("lastHeard")))
            .transpose()?;
        if self.fix_age_ms.is_some_and(|age| age < 0) {
            return Err(Error::invalid("fixAgeMs", "an age is not negative"));
        }
        self.service = text::optional("service", self.service.as_deref(), 60)?;
        self.remark = text::optional("remark", self.remark.as_deref(), 500)?;
        self.break_kind = text::optional("breakKind", self.break_kind.as_deref(), 40)?;
        self.app_version = text::optional("appVersion", self.app_version.as_deref(), 40)?;
        if self.tasks.len() > MOST_TASKS {
            let message = format!("at most {MOST_TASKS} tasks belong to one punch");
            return Err(Error::invalid("tasks", message));
        }
        for task in &mut self.tasks {
            task.name = text::required("tasks.name", &task.name, 200)?;
            task.remark = text::optional("tasks.remark", task.remark.as_deref(), 500)?;
        }
        Ok(self)
    }

    pub fn device_at(&self) -> Instant {
        to_micros(self.device_time.to_utc())
    }

    fn said(&self) -> Said {
        Said {
            client_id: self.client,
            service: self.service.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Whether a punch that is there already says the same. What the phone knew about clocks may differ: it learns
    /// between two attempts.
    pub fn is(&self, punch: &Punch) -> bool {
        punch.direction == self.direction
            && punch.time.device_at == Some(self.device_at())
            && punch.fix == self.fix
            && punch.place_id == self.place
            && punch.said == self.said()
            && punch.remark == self.remark
            && punch.break_kind == self.break_kind
    }

    /// The name under which another claim is kept that came under a name already used: made of what it says, so that
    /// a retry finds it again.
    pub fn name_of_its_own(&self) -> Result<String> {
        let content = json!([
            self.direction,
            self.device_at(),
            self.fix,
            self.place,
            self.said(),
            self.remark,
            self.break_kind
        ]);
        let digest = text::hex(&Sha256::digest(serde_json::to_vec(&content)?));
        let short: String = digest.chars().take(16).collect();
        Ok(format!("{}{REUSED}{short}", self.client_id))
    }

    /// The claim as it is kept. Its role is worked out with all the others.
    pub fn punch(
        &self,
        id: PunchId,
        client_ref: String,
        member_id: MemberId,
        made: &Made<'_>,
    ) -> Punch {
        Punch {
            id,
            session_id: None,
            role: Role::Orphan,
            member_id,
            direction: self.direction,
            source: Source::Sync,
            time: made.time,
            trust: made.corrected.trust,
            skew_seconds: made.corrected.skew_seconds,
            fix: self.fix,
            place_id: self.place,
            fence: made.fence,
            remark: self.remark.clone(),
            device: self.device(made),
            said: self.said(),
            break_kind: self.break_kind.clone(),
            emergency: false,
            client_ref: Some(client_ref),
            external_ref: None,
            made_by: None,
            reason_code: None,
            memo: None,
        }
    }

    fn device(&self, made: &Made<'_>) -> Device {
        Device {
            id: Some(made.sender.id.clone()),
            mock_location: self.mock_location,
            model: made.sender.model.clone(),
            app_version: self
                .app_version
                .clone()
                .or_else(|| made.sender.app_version.clone()),
            clock: Some(DeviceClock {
                offset_seconds: self.device_time.offset().local_minus_utc(),
                zone: self.zone.clone(),
                reading: self.reading.clone(),
                heard: made.corrected.by.clone(),
                fix_age_ms: self.fix_age_ms,
            }),
        }
    }
}

/// Which device handed it in, and when it happened.
#[derive(Debug)]
pub struct Made<'a> {
    pub sender: &'a Sender,
    pub time: PunchTime,
    pub corrected: Corrected,
    pub fence: Judgement,
}

/// What became of one thing handed in.
#[derive(Debug)]
pub enum Outcome {
    /// It is part of a session, or repeats a tap that is.
    Accepted(Box<Punch>),
    /// It was here before; this is the punch of then.
    Duplicate(Box<Punch>),
    /// It is kept, and contradicts something; with the reason where that is its name.
    Conflict(Box<Punch>, Option<Error>),
    /// It is not kept, and can never be.
    Rejected(Error),
}

impl Outcome {
    /// Of a punch that is new.
    pub fn of(punch: Punch, reused: bool) -> Self {
        let punch = Box::new(punch);
        if reused {
            let message = "another punch with this clientId says something else; both are kept";
            let error = Error::refused(Code::IdempotencyKeyReused, message).at("clientId");
            return Self::Conflict(punch, Some(error));
        }
        match punch.role {
            Role::Conflicts | Role::Orphan => Self::Conflict(punch, None),
            _ => Self::Accepted(punch),
        }
    }
}

/// How many there are of each kind: for the audit log.
pub fn tally(outcomes: &[Outcome]) -> HashMap<&'static str, usize> {
    let mut counts = HashMap::new();
    for outcome in outcomes {
        let name = match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Duplicate(_) => "duplicates",
            Outcome::Conflict(..) => "conflicts",
            Outcome::Rejected(_) => "rejected",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn heard(answer: Heard) -> Result<Heard> {
    Ok(Heard {
        server_time: to_micros(answer.server_time),
        reading: reading(answer.reading, "bootId")?,
    })
}

fn reading(mut reading: Reading, field: &str) -> Result<Reading> {
    if reading.monotonic_ms < 0 {
        let message = "a monotonic clock does not run below zero";
        return Err(Error::invalid("monotonicMs", message));
    }
    reading.boot_id = text::required(field, &reading.boot_id, 100)?;
    Ok(reading)
}

fn single_line(field: &str, text: String) -> Result<String> {
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "a name has one line"));
    }
    Ok(text)
}
