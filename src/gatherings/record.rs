//! Thinks: what became of one person at an attendance event.

use chrono::TimeDelta;

pub use crate::kernel::capture::CaptureTime as CheckTime;
use crate::kernel::capture::Oldest;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::kernel::id::{AttendanceRecordId, DepartmentId, GatheringId, MemberId};
use crate::kernel::time::Instant;

/// How long a device may keep a check-in.
pub const OLDEST_CHECK: Oldest = Oldest {
    kept: TimeDelta::days(7),
    otherwise: "check-ins older than 7 days are entered by staff",
};

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
