//! Thinks: kinds of exceptions, what they are about, and what is found when time is worked out.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::kernel::id::{DepartmentId, MemberId, PlaceId, PunchId, SessionId};

/// What can be wrong. Never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    MissingIn,
    MissingOut,
    MissingService,
    UnauthorizedService,
    UnknownClient,
    UnknownWorker,
    OutsideGeofenceIn,
    OutsideGeofenceOut,
    LocationMissing,
    LowGpsAccuracy,
    SuspectedMockLocation,
    ImpossibleTravel,
    RepeatedCoordinates,
    SharedDevice,
    AccuracyZero,
    ClockSkew,
    UnverifiedTime,
    LateSubmission,
    ForeignTimeZone,
    LateIn,
    EarlyOut,
    ShortVisit,
    LongVisit,
    NoShow,
    Unscheduled,
    OverlappingVisits,
    ConflictingClaims,
    ManualEntry,
    AutoClosed,
    EmergencyEnded,
    DeniedByRule,
    SignatureMissing,
    CredentialExpired,
    /// What a rule of the organization flags; its own code says what.
    RuleFlag,
}

/// What somebody has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Look at it, and say so.
    Acknowledge,
    /// Correct the time; it goes away by itself when that is done.
    Fix,
}

/// What exceptions are about: a session, or a claim that belongs to none, or a person's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The id in its outside form, or `mbr_…:2026-03-02` for a day: what the found exceptions are compared within.
    pub key: String,
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub session: Option<SessionId>,
    pub punch: Option<PunchId>,
    pub work_date: NaiveDate,
}

/// Something found while time was worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub kind: Kind,
    /// The rule's own code for [`Kind::RuleFlag`]; empty for all others.
    pub code: String,
    pub severity: Severity,
    /// How sure, 0–100; 100 for what is plainly so.
    pub score: i32,
    /// Why, in values a person can check: distances, times, the punches it was found in.
    pub detail: Map<String, Value>,
}
