//! Every event on one page: past tense, ids and small values, with a version.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::tx::OutboxRow;
use crate::kernel::error::Result;
use crate::kernel::id::{
    ApiTokenId, DepartmentId, EventId, ExceptionId, GatheringId, LoginId, MemberId, OrgId, PlaceId,
    SessionId,
};
use crate::kernel::time::Instant;

/// What can happen. A new field is optional or raises the version; a variant is never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    ClockedIn(SessionEvent),
    ClockedOut(SessionEvent),
    /// Closed without a clock-out: a later clock-in or an import showed that it was missed.
    SessionDisconnected(SessionEvent),
    SessionNoted(SessionEvent),
    BreakStarted(SessionEvent),
    BreakEnded(SessionEvent),
    /// Somebody pressed the panic button: the session's last position says where.
    EmergencyEnded(SessionEvent),
    /// Closed by the timetable, because nobody clocked out.
    SessionAutoClosed(SessionEvent),
    /// Its times or verdicts were worked out anew: a late punch, a correction, another shift or rule.
    SessionRecomputed(SessionEvent),
    /// A phone handed in what it captured without a signal.
    PunchesSynced {
        member: MemberId,
        department: Option<DepartmentId>,
        accepted: i64,
    },
    CorrectionRequested(MemberEvent),
    CorrectionDecided(MemberEvent),
    ExceptionOpened(ExceptionEvent),
    ExceptionChanged(ExceptionEvent),
    ExceptionClosed(ExceptionEvent),
    TimesheetSubmitted(MemberEvent),
    TimesheetApproved(MemberEvent),
    /// What was approved is no longer what is there.
    TimesheetVoided(MemberEvent),
    TimesheetLocked(MemberEvent),
    TimesheetReopened(MemberEvent),
    ShiftsChanged(PlanEvent),
    LeaveRequested(MemberEvent),
    LeaveDecided(PlanEvent),
    /// Business hours, shift types, holidays or leave types. The days whose meaning changed are judged again: all from
    /// `from` on where there is no `to`, none where there is neither.
    CalendarChanged {
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    },
    GatheringScheduled(GatheringEvent),
    GatheringChanged(GatheringEvent),
    GatheringCheckedIn(GatheringEvent),
    GatheringCheckedOut(GatheringEvent),
    /// The window closed: whoever did not come has a record that says so.
    GatheringClosed(GatheringEvent),
    MemberJoined {
        member: MemberId,
        department: Option<DepartmentId>,
    },
    /// Role, department, name: whoever is signed in as this member must be looked at again.
    MemberChanged {
        member: MemberId,
    },
    MemberDeactivated {
        member: MemberId,
    },
    LoginRevoked {
        login: LoginId,
    },
    ApiTokenRevoked {
        token: ApiTokenId,
    },
    DepartmentsChanged,
    PlaceChanged {
        place: PlaceId,
    },
    DataImported {
        source: String,
    },
    /// Somebody asks for a new release of the rules to be approved.
    RuleReleaseProposed {
        release: i64,
    },
    RuleReleaseApproved {
        release: i64,
    },
    RuleReleaseRejected {
        release: i64,
    },
    /// What is decided from `from` on is decided by this release; also after a rollback or a switch-off.
    RuleReleaseActivated {
        release: i64,
        from: Instant,
    },
    /// A rule failed so often that it is not asked for a while; what ships answers.
    RuleBreakerOpened {
        hook: String,
    },
}

/// What subscribers to sessions filter by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEvent {
    pub session: SessionId,
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub at: Instant,
}

/// Something about one member that is named by its own id: a correction, a timesheet, shifts, leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberEvent {
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    /// The id of what it is about, in its outside form: `cor_…`, `tms_…`, `shf_…`, `lve_…`.
    pub about: String,
}

/// What is planned for a member changed between two days, both included: what was worked then is judged again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanEvent {
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    /// The id of what it is about, in its outside form: `shf_…`, `srs_…`, `lve_…`.
    pub about: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// What subscribers to the review queue filter by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionEvent {
    pub exception: ExceptionId,
    /// What was found: `SHARED_DEVICE`. Events of before it was told have none.
    #[serde(default)]
    pub what: Option<String>,
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
}

/// What subscribers to an attendance event filter by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatheringEvent {
    pub gathering: GatheringId,
    /// Whoever is checked in or out; nothing where it is about everybody.
    pub member: Option<MemberId>,
    /// The member's department; that of the attendance event where it is about everybody.
    pub department: Option<DepartmentId>,
}

impl Event {
    /// About one session or one of its exceptions: an import of a year has thousands of them.
    pub const fn is_one_of_many(&self) -> bool {
        matches!(
            self,
            Self::ClockedIn(_)
                | Self::ClockedOut(_)
                | Self::SessionDisconnected(_)
                | Self::SessionRecomputed(_)
                | Self::EmergencyEnded(_)
                | Self::SessionAutoClosed(_)
                | Self::ExceptionOpened(_)
                | Self::ExceptionChanged(_)
                | Self::ExceptionClosed(_)
        )
    }

    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ClockedIn(_) => "CLOCKED_IN",
            Self::ClockedOut(_) => "CLOCKED_OUT",
            Self::SessionDisconnected(_) => "SESSION_DISCONNECTED",
            Self::SessionNoted(_) => "SESSION_NOTED",
            Self::BreakStarted(_) => "BREAK_STARTED",
            Self::BreakEnded(_) => "BREAK_ENDED",
            Self::EmergencyEnded(_) => "EMERGENCY_ENDED",
            Self::SessionAutoClosed(_) => "SESSION_AUTO_CLOSED",
            Self::SessionRecomputed(_) => "SESSION_RECOMPUTED",
            Self::CorrectionRequested(_) => "CORRECTION_REQUESTED",
            Self::CorrectionDecided(_) => "CORRECTION_DECIDED",
            Self::ExceptionOpened(_) => "EXCEPTION_OPENED",
            Self::ExceptionChanged(_) => "EXCEPTION_CHANGED",
            Self::ExceptionClosed(_) => "EXCEPTION_CLOSED",
            Self::TimesheetSubmitted(_) => "TIMESHEET_SUBMITTED",
            Self::TimesheetApproved(_) => "TIMESHEET_APPROVED",
            Self::TimesheetVoided(_) => "TIMESHEET_VOIDED",
            Self::TimesheetLocked(_) => "TIMESHEET_LOCKED",
            Self::TimesheetReopened(_) => "TIMESHEET_REOPENED",
            Self::ShiftsChanged(_) => "SHIFTS_CHANGED",
            Self::LeaveRequested(_) => "LEAVE_REQUESTED",
            Self::LeaveDecided(_) => "LEAVE_DECIDED",
            Self::GatheringScheduled(_) => "GATHERING_SCHEDULED",
            Self::GatheringChanged(_) => "GATHERING_CHANGED",
            Self::GatheringCheckedIn(_) => "GATHERING_CHECKED_IN",
            Self::GatheringCheckedOut(_) => "GATHERING_CHECKED_OUT",
            Self::GatheringClosed(_) => "GATHERING_CLOSED",
            Self::PunchesSynced { .. } => "PUNCHES_SYNCED",
            Self::CalendarChanged { .. } => "CALENDAR_CHANGED",
            Self::MemberJoined { .. } => "MEMBER_JOINED",
            Self::MemberChanged { .. } => "MEMBER_CHANGED",
            Self::MemberDeactivated { .. } => "MEMBER_DEACTIVATED",
            Self::LoginRevoked { .. } => "LOGIN_REVOKED",
            Self::ApiTokenRevoked { .. } => "API_TOKEN_REVOKED",
            Self::DepartmentsChanged => "DEPARTMENTS_CHANGED",
            Self::PlaceChanged { .. } => "PLACE_CHANGED",
            Self::DataImported { .. } => "DATA_IMPORTED",
            Self::RuleReleaseProposed { .. } => "RULE_RELEASE_PROPOSED",
            Self::RuleReleaseApproved { .. } => "RULE_RELEASE_APPROVED",
            Self::RuleReleaseRejected { .. } => "RULE_RELEASE_REJECTED",
            Self::RuleReleaseActivated { .. } => "RULE_RELEASE_ACTIVATED",
            Self::RuleBreakerOpened { .. } => "RULE_BREAKER_OPENED",
        }
    }

    pub const fn version(&self) -> i32 {
        1
    }

    /// The session it is about, for those that are.
    pub const fn session(&self) -> Option<&SessionEvent> {
        match self {
            Self::ClockedIn(session)
            | Self::ClockedOut(session)
            | Self::SessionDisconnected(session)
            | Self::SessionNoted(session)
            | Self::BreakStarted(session)
            | Self::BreakEnded(session)
            | Self::EmergencyEnded(session)
            | Self::SessionAutoClosed(session)
            | Self::SessionRecomputed(session) => Some(session),
            _ => None,
        }
    }

    pub(crate) fn to_outbox(&self, id: EventId, org: OrgId, now: Instant) -> Result<OutboxRow> {
        Ok(OutboxRow {
            id: id.uuid(),
            org_id: org,
            stream: "EVENT".to_owned(),
            kind: self.kind().to_owned(),
            version: self.version(),
            payload: serde_json::to_value(self)?,
            occurred_at: now,
        })
    }
}

/// An event with its number: 1, 2, 3 … without gaps in each organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    pub org: OrgId,
    pub number: i64,
    pub id: Uuid,
    pub event: Event,
    pub occurred_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_tag() {
        let event = Event::DepartmentsChanged;
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], event.kind());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
