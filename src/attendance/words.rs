//! Speaks: the words for how sessions and punches stand, and for where somebody was.

use async_graphql::{Enum, SimpleObject};

use super::model::{Direction, Lateness, Leaving, Role, Source, Status, Trust};
use crate::kernel::geo::{Fix, Judgement, Verdict};

/// What a work session is now.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum SessionStatus {
    /// Clocked in, not yet out.
    Active,
    /// Clocked out.
    Completed,
    /// The clock-out was missed; no time was made up for it.
    Disconnected,
    /// Closed by the server, because nobody clocked out; a later clock-out replaces that end.
    AutoClosed,
    /// Ended with the panic button.
    EmergencyEnded,
    /// Nothing supports it any more: its punches belong to another session now, or were taken out.
    Void,
}

/// How a clock-in compares with the planned shift, by the organization's rule.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Lateness", name = "Lateness")]
pub enum LatenessName {
    /// Within the grace the rule gives.
    OnTime,
    /// Beyond the grace.
    Late,
    /// So late that somebody should know.
    VeryLate,
    /// Late with an excuse the rule accepts.
    Excused,
}

/// How the work ended against the shift, by the organization's rule.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Leaving", name = "Leaving")]
pub enum LeavingName {
    /// Within the grace the rule gives, or later.
    LeftOnTime,
    /// Before the end of the shift.
    LeftEarly,
    /// Early, with permission.
    Excused,
}

/// Something the rules ask for before a session counts as done.
#[derive(SimpleObject)]
pub struct RequiredItem {
    /// `note`, `photo` or `signature`.
    pub what: String,
    /// What to ask the worker.
    pub prompt: String,
    /// Whether it is there: a note by anybody written after the session began. Photos and signatures cannot be
    /// handed in yet, so those stay open.
    pub is_given: bool,
}

/// Where a position lies against a fence, its accuracy included.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Verdict")]
pub enum FenceVerdict {
    /// The whole circle of accuracy is in the fence.
    Inside,
    /// The whole circle of accuracy is out of the fence.
    Outside,
    /// The position cannot tell; never a reason to refuse.
    Uncertain,
    /// There is no fence here.
    None,
}

/// Which way a punch goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Direction")]
pub enum PunchDirection {
    /// Coming.
    In,
    /// Going.
    Out,
    /// The beginning of a break.
    BreakStart,
    /// The end of a break.
    BreakEnd,
}

/// Where a punch came from.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Source")]
pub enum PunchSource {
    /// A person with a phone or a browser.
    Mobile,
    /// A person's phone, handed in later.
    Sync,
    /// A terminal on a wall.
    Terminal,
    /// A supervisor, for somebody else.
    Manual,
    /// The server, for a session that nobody closed; any other end replaces it.
    Automatic,
    /// A file of another system.
    Import,
}

/// The part a punch plays in the session it belongs to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub enum PunchRole {
    /// The session begins with it.
    Opens,
    /// The session ends with it.
    Closes,
    /// A break begins with it.
    StartsBreak,
    /// A break ends with it.
    EndsBreak,
    /// The same tap again, within two minutes.
    Repeats,
    /// It contradicts another punch; both are kept, and a person looks at it.
    Conflicts,
    /// An end without a beginning: it belongs to no session.
    Orphan,
    /// An automatic end that a real one replaced.
    Superseded,
    /// Taken out by a correction.
    Voided,
}

/// How a punch's time is known.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Trust")]
pub enum PunchTrust {
    /// By the server's own clock.
    Server,
    /// By the device's running time since it last heard from the server.
    Corrected,
    /// By the device's clock alone, which nobody vouches for.
    Unverified,
}

/// A verdict and the distance behind it.
#[derive(SimpleObject)]
pub struct FenceJudgement {
    /// Inside, outside, or not to be told apart.
    verdict: FenceVerdict,
    /// Metres from the centre of a circle, or from the edge of a polygon (0 inside it); nothing without a position.
    distance_m: Option<f64>,
}

impl From<Judgement> for FenceJudgement {
    fn from(judged: Judgement) -> Self {
        Self {
            verdict: judged.verdict.into(),
            distance_m: judged.distance_m,
        }
    }
}

/// A position on the Earth with its accuracy.
#[derive(SimpleObject)]
pub struct Position {
    /// Degrees north, WGS 84.
    latitude: f64,
    /// Degrees east, WGS 84.
    longitude: f64,
    /// Radius in metres of the circle the device is probably in.
    accuracy_m: f64,
}

impl From<Fix> for Position {
    fn from(fix: Fix) -> Self {
        Self {
            latitude: fix.point.latitude,
            longitude: fix.point.longitude,
            accuracy_m: fix.accuracy_m,
        }
    }
}
