//! Punches and work sessions, and the pure transitions between them.

use chrono::NaiveDate;
use serde::Serialize;

pub use super::punch::{
    Change, Device, DeviceClock, Direction, Heard, Punch, PunchEdit, PunchTime, Reading, Role,
    Said, Source, Task, Trust,
};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::kernel::id::{ClientId, DepartmentId, MemberId, NoteId, PlaceId, SessionId, ShiftId};
use crate::kernel::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Completed,
    /// Closed without a clock-out, because a later clock-in showed that it was missed.
    Disconnected,
    /// Closed by the timetable, because nobody clocked out; waiting for a better answer.
    AutoClosed,
    /// Closed by the panic button.
    EmergencyEnded,
    /// Nothing supports it any more: its claims moved to another session or were taken out.
    Void,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    OnTime,
    Late,
    VeryLate,
    Excused,
}

/// The names in the database; the API's are the same.
impl Status {
    pub const ALL: [Self; 6] = [
        Self::Active,
        Self::Completed,
        Self::Disconnected,
        Self::AutoClosed,
        Self::EmergencyEnded,
        Self::Void,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Disconnected => "DISCONNECTED",
            Self::AutoClosed => "AUTO_CLOSED",
            Self::EmergencyEnded => "EMERGENCY_ENDED",
            Self::Void => "VOID",
        }
    }
}

impl Lateness {
    pub const ALL: [Self; 4] = [Self::OnTime, Self::Late, Self::VeryLate, Self::Excused];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OnTime => "ON_TIME",
            Self::Late => "LATE",
            Self::VeryLate => "VERY_LATE",
            Self::Excused => "EXCUSED",
        }
    }

    /// From the outcome of the hook: `late` → `LATE`.
    pub fn from_outcome(outcome: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|lateness| lateness.name().eq_ignore_ascii_case(outcome))
    }
}

/// How the work ended against the shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    LeftOnTime,
    LeftEarly,
    Excused,
}

impl Leaving {
    pub const ALL: [Self; 3] = [Self::LeftOnTime, Self::LeftEarly, Self::Excused];

    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftOnTime => "LEFT_ON_TIME",
            Self::LeftEarly => "LEFT_EARLY",
            Self::Excused => "EXCUSED",
        }
    }

    /// From the outcome of the hook: `left_early` → `LEFT_EARLY`.
    pub fn from_outcome(outcome: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|leaving| leaving.name().eq_ignore_ascii_case(outcome))
    }
}

/// Something the rules ask for before a session counts as done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Required {
    /// `note`, `photo` or `signature`.
    pub what: String,
    /// What to ask the worker, in the words of the rule.
    pub prompt: String,
}

/// The name of a verdict in the database and in facts.
pub const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Inside => "INSIDE",
        Verdict::Outside => "OUTSIDE",
        Verdict::Uncertain => "UNCERTAIN",
        Verdict::None => "NONE",
    }
}

pub const VERDICTS: [Verdict; 4] = [
    Verdict::Inside,
    Verdict::Outside,
    Verdict::Uncertain,
    Verdict::None,
];

/// The span built from punches.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkSession {
    pub id: SessionId,
    pub member_id: MemberId,
    /// The member's department at clock-in: past reports keep the past tree.
    pub department_id: Option<DepartmentId>,
    pub place_id: Option<PlaceId>,
    pub client_id: Option<ClientId>,
    pub shift_id: Option<ShiftId>,
    pub service: Option<String>,
    pub status: Status,
    /// The shift's start date, or the local date of the clock-in where there is no shift.
    pub work_date: NaiveDate,
    pub clocked_in_at: Instant,
    pub clocked_out_at: Option<Instant>,
    /// Nothing where no shift was planned: nobody is late for nothing.
    pub lateness: Option<Lateness>,
    pub minutes_late: Option<i32>,
    pub fence_in: Judgement,
    pub fence_out: Option<Judgement>,
    pub flags: Vec<String>,
    pub needs_review: bool,
    /// Nothing without a shift, while the work lasts, and where the person came back on the same shift.
    pub leaving: Option<Leaving>,
    pub minutes_early: Option<i32>,
    pub required: Vec<Required>,
    /// In order; the last one may still be going on.
    pub breaks: Vec<Break>,
    /// What the time counts as; nothing while it lasts, or where an end is missing.
    pub hours: Option<Hours>,
    /// What was done, as the worker ticked it off.
    pub tasks: Vec<Task>,
    /// Whether somebody entered or corrected its time by hand: confirmed perhaps, compliant never.
    pub is_manual: bool,
}

/// A break within a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Break {
    /// `meal`, `tea` and so on, as the organization names it.
    pub kind: String,
    pub starts_at: Instant,
    /// Nothing while it lasts.
    pub ends_at: Option<Instant>,
    /// Decided when the session closes.
    pub is_paid: bool,
    pub flags: Vec<String>,
}

/// What the time of a session counts as, in whole minutes. `paid = regular + every overtime`; before rounding,
/// `paid = worked + paid breaks - deducted`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hours {
    /// From in to out, breaks left out.
    pub worked: i64,
    pub paid_breaks: i64,
    pub unpaid_breaks: i64,
    pub deducted: i64,
    pub paid: i64,
    pub regular: i64,
    pub overtime: Vec<Overtime>,
    /// Of the worked time, how much lay in the night.
    pub night: i64,
    /// Of the worked time, how much lay on a public holiday.
    pub holiday: i64,
    /// What rounding gave (positive) or took (negative).
    pub rounding: i64,
}

/// Overtime at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overtime {
    pub minutes: i64,
    /// 150: time and a half.
    pub rate_percent: i64,
}

impl WorkSession {
    /// Active → completed.
    pub fn clock_out(mut self, at: Instant, fence: Judgement, flags: Vec<String>) -> Result<Self> {
        if self.status != Status::Active {
            return Err(Error::refused(
                Code::NotClockedIn,
                "this session has already ended",
            ));
        }
        if at < self.clocked_in_at {
            let message = "the clock-out lies before the clock-in";
            return Err(Error::refused(Code::ClockedOutBeforeIn, message).at("capturedAt"));
        }
        self.status = Status::Completed;
        self.clocked_out_at = Some(at);
        self.fence_out = Some(fence);
        self.add_flags(flags);
        Ok(self)
    }

    /// Active → disconnected: the clock-out was missed, and no time is made up for it.
    #[must_use]
    pub fn disconnect(mut self) -> Self {
        self.status = Status::Disconnected;
        self.add_flags(vec!["missing_out".to_owned()]);
        self.needs_review = true;
        self
    }

    /// Minutes from in to out; nothing while it lasts or where the end is unknown.
    pub fn worked_minutes(&self) -> Option<i64> {
        self.clocked_out_at
            .map(|out| (out - self.clocked_in_at).num_minutes())
    }

    /// What the rules made of the end of the work against the shift.
    pub fn left(&mut self, leaving: Option<(Leaving, i64)>) {
        self.leaving = leaving.map(|(leaving, _)| leaving);
        self.minutes_early = leaving.map(|(_, minutes)| i32::try_from(minutes).unwrap_or(i32::MAX));
    }

    pub fn add_flags(&mut self, flags: Vec<String>) {
        for flag in flags {
            if !self.flags.contains(&flag) {
                self.flags.push(flag);
            }
        }
    }
}

/// Something a person wrote about a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: NoteId,
    pub session_id: SessionId,
    pub author_id: MemberId,
    pub body: String,
    pub created_at: Instant,
}

/// A position during a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Ping {
    pub captured_at: Instant,
    pub fix: Fix,
    pub mock_location: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn session() -> WorkSession {
        WorkSession {
            id: SessionId::from_uuid(Uuid::from_u128(1)),
            member_id: MemberId::from_uuid(Uuid::from_u128(2)),
            department_id: None,
            place_id: None,
            client_id: None,
            shift_id: None,
            service: None,
            status: Status::Active,
            work_date: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
            clocked_in_at: at("2026-03-02T05:00:00Z"),
            clocked_out_at: None,
            lateness: None,
            minutes_late: None,
            fence_in: Judgement::NONE,
            fence_out: None,
            flags: vec![],
            needs_review: false,
            leaving: None,
            minutes_early: None,
            required: vec![],
            breaks: vec![],
            hours: None,
            tasks: vec![],
            is_manual: false,
        }
    }

    #[test]
    fn a_session_is_clocked_out_once_and_forwards() {
        let done = session()
            .clock_out(at("2026-03-02T13:30:00Z"), Judgement::NONE, vec![])
            .unwrap();
        assert_eq!(done.worked_minutes(), Some(510));
        let again = done
            .clock_out(at("2026-03-02T14:00:00Z"), Judgement::NONE, vec![])
            .unwrap_err();
        assert_eq!(again.code, Code::NotClockedIn);
        let back = session()
            .clock_out(at("2026-03-02T04:59:59Z"), Judgement::NONE, vec![])
            .unwrap_err();
        assert_eq!(
            (back.code, back.field.as_deref()),
            (Code::ClockedOutBeforeIn, Some("capturedAt"))
        );
    }

    #[test]
    fn a_missed_clock_out_invents_no_time() {
        let closed = session().disconnect();
        assert_eq!(
            (closed.status, closed.worked_minutes()),
            (Status::Disconnected, None)
        );
        assert_eq!(closed.flags, ["missing_out"]);
        assert!(closed.needs_review);
    }

    #[test]
    fn outcomes_of_the_hook_are_latenesses() {
        assert_eq!(
            Lateness::from_outcome("very_late"),
            Some(Lateness::VeryLate)
        );
        assert_eq!(Lateness::from_outcome("sort_of_late"), None);
    }
}
