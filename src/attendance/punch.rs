//! Punches: immutable claims "in / out / break start / break end at this time and place", and the layers people put
//! above them.

use chrono::TimeDelta;
use serde::Serialize;

pub use crate::kernel::capture::CaptureTime as PunchTime;
use crate::kernel::capture::Oldest;
use crate::kernel::geo::{Fix, Judgement};
use crate::kernel::id::{
    ClientId, CorrectionId, MemberId, PlaceId, PunchEditId, PunchId, SessionId,
};
use crate::kernel::time::Instant;

/// How long a device may keep a punch.
pub const OLDEST_PUNCH: Oldest = Oldest {
    kept: TimeDelta::days(30),
    otherwise: "punches older than 30 days are entered by a supervisor",
};

/// Which way a punch goes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    In,
    Out,
    BreakStart,
    BreakEnd,
}

/// Who or what makes a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A person with a phone or a browser.
    Mobile,
    /// A person's phone, handed in later.
    Sync,
    /// A terminal on a wall.
    Terminal,
    /// A supervisor, for somebody else.
    Manual,
    /// The timetable, for a session that nobody closed. The weakest claim: any other end replaces it.
    Automatic,
    /// A file of another system.
    Import,
}

/// The part a claim plays in the session it belongs to; worked out anew whenever another claim arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Opens,
    Closes,
    StartsBreak,
    EndsBreak,
    /// The same tap again, within moments: a second tap of the same finger.
    Repeats,
    /// It contradicts another claim; both are kept, and a person looks at it.
    Conflicts,
    /// An end without a beginning: it belongs to no session.
    Orphan,
    /// An automatic end that a real one replaced.
    Superseded,
    /// Taken out by a correction.
    Voided,
}

/// How a punch's time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// By our own clock.
    Server,
    /// By the device's running time since it last heard from us.
    Corrected,
    /// By the device's clock alone, which nobody vouches for.
    Unverified,
}

/// The names in the database; the API's are the same.
impl Direction {
    pub const ALL: [Self; 4] = [Self::In, Self::Out, Self::BreakStart, Self::BreakEnd];

    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::Out => "OUT",
            Self::BreakStart => "BREAK_START",
            Self::BreakEnd => "BREAK_END",
        }
    }
}

impl Source {
    /// Whether a person's own phone made it: then it says where the person was, and may come late.
    pub const fn is_phone(self) -> bool {
        matches!(self, Self::Mobile | Self::Sync)
    }

    pub const ALL: [Self; 6] = [
        Self::Mobile,
        Self::Sync,
        Self::Terminal,
        Self::Manual,
        Self::Automatic,
        Self::Import,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "MOBILE",
            Self::Sync => "SYNC",
            Self::Terminal => "TERMINAL",
            Self::Manual => "MANUAL",
            Self::Automatic => "AUTOMATIC",
            Self::Import => "IMPORT",
        }
    }
}

impl Role {
    pub const ALL: [Self; 9] = [
        Self::Opens,
        Self::Closes,
        Self::StartsBreak,
        Self::EndsBreak,
        Self::Repeats,
        Self::Conflicts,
        Self::Orphan,
        Self::Superseded,
        Self::Voided,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Opens => "OPENS",
            Self::Closes => "CLOSES",
            Self::StartsBreak => "STARTS_BREAK",
            Self::EndsBreak => "ENDS_BREAK",
            Self::Repeats => "REPEATS",
            Self::Conflicts => "CONFLICTS",
            Self::Orphan => "ORPHAN",
            Self::Superseded => "SUPERSEDED",
            Self::Voided => "VOIDED",
        }
    }
}

impl Trust {
    pub const ALL: [Self; 3] = [Self::Server, Self::Corrected, Self::Unverified];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "SERVER",
            Self::Corrected => "CORRECTED",
            Self::Unverified => "UNVERIFIED",
        }
    }
}

/// What a device says about itself with a punch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// What tells one installation of the app from another; the app made it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The phone reported that its position may be made up.
    pub mock_location: bool,
    pub model: Option<String>,
    pub app_version: Option<String>,
    /// What it knew about the time, where the punch was handed in later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<DeviceClock>,
}

/// What a device's clocks said when it captured a punch: enough to work the corrected time out again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceClock {
    /// Seconds east of UTC that its wall clock was set to.
    pub offset_seconds: i32,
    /// The IANA name of its zone, if it gave one.
    pub zone: Option<String>,
    /// Which run of the device, and the milliseconds since it began.
    pub reading: Option<Reading>,
    /// The answer of ours its time was corrected by.
    pub heard: Option<Heard>,
    /// How old the position was, in milliseconds.
    pub fix_age_ms: Option<i64>,
}

/// A monotonic clock: meaningless after a reboot, which gives the device another boot id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub boot_id: String,
    pub monotonic_ms: i64,
}

/// An answer of ours: our time in it, and the device's monotonic reading when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heard {
    pub server_time: Instant,
    pub reading: Reading,
}

/// One immutable claim "in / out / break at this time and place".
#[derive(Debug, Clone, PartialEq)]
pub struct Punch {
    pub id: PunchId,
    /// The session it belongs to now; an orphan belongs to none.
    pub session_id: Option<SessionId>,
    pub role: Role,
    pub member_id: MemberId,
    pub direction: Direction,
    pub source: Source,
    pub time: PunchTime,
    pub trust: Trust,
    /// Seconds the device's clock was ahead of the corrected time, where that is known.
    pub skew_seconds: Option<i32>,
    pub fix: Option<Fix>,
    pub place_id: Option<PlaceId>,
    pub fence: Judgement,
    pub remark: Option<String>,
    pub device: Device,
    /// `meal`, `tea` and so on, as the organization names its breaks.
    pub break_kind: Option<String>,
    /// The panic button.
    pub emergency: bool,
    /// The client's own name for it: sent twice, it counts once.
    pub client_ref: Option<String>,
    pub external_ref: Option<String>,
    /// Who entered it, where that is not the member.
    pub made_by: Option<MemberId>,
    /// Why it was entered by somebody else.
    pub reason_code: Option<String>,
    pub memo: Option<String>,
    pub said: Said,
}

impl Punch {
    /// A claim with nothing said yet, and no place among the others.
    pub fn new(
        id: PunchId,
        member_id: MemberId,
        direction: Direction,
        source: Source,
        time: PunchTime,
    ) -> Self {
        Self {
            id,
            session_id: None,
            role: Role::Orphan,
            member_id,
            direction,
            source,
            time,
            trust: Trust::Server,
            skew_seconds: None,
            fix: None,
            place_id: None,
            fence: Judgement::NONE,
            remark: None,
            device: Device::default(),
            break_kind: None,
            emergency: false,
            client_ref: None,
            external_ref: None,
            made_by: None,
            reason_code: None,
            memo: None,
            said: Said::default(),
        }
    }
}

/// What is said with a claim beside time and place; kept with it, because a session that is worked out anew has
/// nowhere else to take it from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Said {
    /// Who is served; with a clock-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The kind of service; with a clock-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What was done and what was not; with a clock-out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
}

/// A task of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    pub name: String,
    pub is_done: bool,
    /// Why not, or what was found.
    pub remark: Option<String>,
}

/// What a layer above a claim does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It happened at another time.
    Moved,
    /// It did not happen.
    Voided,
    /// What was said first holds again.
    Restored,
}

impl Change {
    pub const ALL: [Self; 3] = [Self::Moved, Self::Voided, Self::Restored];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Moved => "MOVED",
            Self::Voided => "VOIDED",
            Self::Restored => "RESTORED",
        }
    }
}

/// A layer above a claim. The newest counts; none is ever removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PunchEdit {
    pub id: PunchEditId,
    pub punch_id: PunchId,
    pub member_id: MemberId,
    pub change: Change,
    /// The time it moved to.
    pub occurred_at: Option<Instant>,
    pub reason_code: String,
    pub memo: Option<String>,
    /// Whoever made it attested that it is true.
    pub attested: bool,
    pub made_by: Option<MemberId>,
    pub made_at: Instant,
    pub correction_id: Option<CorrectionId>,
}
