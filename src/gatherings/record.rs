//! Thinks: what became of one person at an attendance event.

use chrono::TimeDelta;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::kernel::id::{AttendanceRecordId, DepartmentId, GatheringId, MemberId};
use crate::kernel::time::Instant;

/// How far ahead of ours a device's clock may run before its time is refused.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(2);
/// How long a device may keep a check-in before staff must enter it.
const OLDEST_CAPTURE: TimeDelta = TimeDelta::days(7);
/// What arrives later than this after it happened was captured offline.
const OFFLINE_AFTER: TimeDelta = TimeDelta::minutes(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Present,
    Late,
    Absent,
    Excused,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Present, Self::Late, Self::Absent, Self::Excused];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Present => "PRESENT",
            Self::Late => "LATE",
            Self::Absent => "ABSENT",
            Self::Excused => "EXCUSED",
        }
    }

    /// Whether somebody with it was there.
    pub const fn is_there(self) -> bool {
        matches!(self, Self::Present | Self::Late)
    }
}

/// How it is known that somebody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The person's own phone.
    Phone,
    /// The code that is shown there.
    Code,
    /// Staff say so.
    Staff,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::Phone, Self::Code, Self::Staff];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "PHONE",
            Self::Code => "CODE",
            Self::Staff => "STAFF",
        }
    }
}

/// When it happened: as the device said, as the server received, as corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckTime {
    pub device_at: Option<Instant>,
    pub received_at: Instant,
    pub occurred_at: Instant,
}

impl CheckTime {
    /// Without a device time it happened when it arrived. A device time is believed back to seven days and two minutes
    /// ahead; within those two minutes a fast clock is set back to ours.
    pub fn judge(captured_at: Option<Instant>, received_at: Instant) -> Result<Self> {
        let captured = captured_at.unwrap_or(received_at);
        if captured > received_at + CLOCK_TOLERANCE {
            let message = "this time has not come yet: is the device's clock right?";
            return Err(Error::invalid("capturedAt", message));
        }
        if captured < received_at - OLDEST_CAPTURE {
            let message = "check-ins older than 7 days are entered by staff";
            return Err(Error::invalid("capturedAt", message));
        }
        Ok(Self {
            device_at: captured_at,
            received_at,
            occurred_at: captured.min(received_at),
        })
    }

    pub fn captured_offline(&self) -> bool {
        self.received_at - self.occurred_at > OFFLINE_AFTER
    }
}

/// One record for each person and attendance event.
#[derive(Debug, Clone, PartialEq)]
pub struct AttendanceRecord {
    pub id: AttendanceRecordId,
    pub gathering_id: GatheringId,
    pub member_id: MemberId,
    /// The member's department then.
    pub department_id: Option<DepartmentId>,
    pub status: Status,
    /// Nothing for whoever was not there.
    pub method: Option<Method>,
    pub checked_in: Option<CheckTime>,
    pub checked_out: Option<CheckTime>,
    pub fix: Option<Fix>,
    pub fence_in: Judgement,
    pub fence_out: Option<Judgement>,
    pub minutes_late: Option<i32>,
    pub flags: Vec<String>,
    pub needs_review: bool,
    /// Who entered or changed it, where that is not the member.
    pub forced_by: Option<MemberId>,
    /// Why it was entered or changed by somebody else: a code of the organization's.
    pub reason_code: Option<String>,
    /// The same in words.
    pub memo: Option<String>,
    /// Whoever entered it attested that it is true.
    pub attested: bool,
    pub note: Option<String>,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl AttendanceRecord {
    /// A record of somebody who was not there.
    pub fn missing(
        id: AttendanceRecordId,
        gathering_id: GatheringId,
        (member_id, department_id): (MemberId, Option<DepartmentId>),
        status: Status,
        at: Instant,
    ) -> Self {
        Self {
            id,
            gathering_id,
            member_id,
            department_id,
            status,
            method: None,
            checked_in: None,
            checked_out: None,
            fix: None,
            fence_in: Judgement::NONE,
            fence_out: None,
            minutes_late: None,
            flags: Vec::new(),
            needs_review: false,
            forced_by: None,
            reason_code: None,
            memo: None,
            attested: false,
            note: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// Refuses to check in twice.
    pub fn not_yet_in(&self) -> Result<()> {
        match self.checked_in {
            None => Ok(()),
            Some(_) => Err(Error::refused(
                Code::AlreadyCheckedIn,
                "this member is already checked in here",
            )
            .with("record", self.id.to_string())),
        }
    }

    /// Whoever is there and has not left yet, leaves.
    pub fn check_out(&mut self, time: CheckTime, fence: Option<Judgement>) -> Result<()> {
        let Some(entered) = self.checked_in.filter(|_| self.checked_out.is_none()) else {
            return Err(not_checked_in());
        };
        if time.occurred_at < entered.occurred_at {
            let message = "the check-out lies before the check-in";
            return Err(Error::refused(Code::ClockedOutBeforeIn, message));
        }
        self.checked_out = Some(time);
        self.fence_out = fence;
        Ok(())
    }

    /// Adds flags, each once.
    pub fn flag(&mut self, flags: Vec<String>) {
        for flag in flags {
            if !self.flags.contains(&flag) {
                self.flags.push(flag);
            }
        }
    }
}

pub fn not_checked_in() -> Error {
    Error::refused(Code::NotCheckedIn, "this member is not checked in here")
}

/// How many of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Who is or was expected.
    pub invited: i64,
    pub present: i64,
    pub late: i64,
    pub absent: i64,
    pub excused: i64,
}

impl Counts {
    pub fn add(&mut self, status: Status, count: i64) {
        match status {
            Status::Present => self.present += count,
            Status::Late => self.late += count,
            Status::Absent => self.absent += count,
            Status::Excused => self.excused += count,
        }
    }

    pub fn recorded(&self) -> i64 {
        self.present + self.late + self.absent + self.excused
    }

    /// Expected, and nothing is known yet.
    pub fn pending(&self) -> i64 {
        (self.invited - self.recorded()).max(0)
    }

    /// The share of those who came among those who were to come: 0 to 1. The excused are left out.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    pub fn rate(&self) -> Option<f64> {
        let came = self.present + self.late;
        let all = came + self.absent;
        (all > 0).then(|| came as f64 / all as f64)
    }
}

/// The names of verdicts in the database and in facts.
pub const VERDICTS: [(Verdict, &str); 4] = [
    (Verdict::Inside, "INSIDE"),
    (Verdict::Outside, "OUTSIDE"),
    (Verdict::Uncertain, "UNCERTAIN"),
    (Verdict::None, "NONE"),
];

pub fn verdict_name(verdict: Verdict) -> &'static str {
    VERDICTS
        .iter()
        .find(|(known, _)| *known == verdict)
        .map_or("NONE", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_time_is_believed_for_a_week() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let now = at("2026-03-10T05:00:00Z");
        let online = CheckTime::judge(None, now).unwrap();
        assert!(online.device_at.is_none() && !online.captured_offline());
        let fast = CheckTime::judge(Some(at("2026-03-10T05:02:00Z")), now).unwrap();
        assert_eq!(fast.occurred_at, now);
        let late = CheckTime::judge(Some(at("2026-03-03T05:00:00Z")), now).unwrap();
        assert!(late.captured_offline());
        for wrong in ["2026-03-10T05:02:01Z", "2026-03-03T04:59:59Z"] {
            let refused = CheckTime::judge(Some(at(wrong)), now).unwrap_err();
            assert_eq!(refused.field.as_deref(), Some("capturedAt"));
        }
    }

    #[test]
    fn the_excused_do_not_lower_the_rate() {
        let mut counts = Counts {
            invited: 10,
            ..Counts::default()
        };
        assert_eq!((counts.rate(), counts.pending()), (None, 10));
        for (status, count) in Status::ALL.into_iter().zip([2, 1, 1, 4]) {
            counts.add(status, count);
        }
        assert_eq!((counts.rate(), counts.pending()), (Some(0.75), 2));
    }
}
