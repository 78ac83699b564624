//! Thinks: what a day was, when it may be judged, and what it adds to the sums.

use std::collections::{BTreeMap, HashSet};

use chrono::{Datelike, NaiveDate, TimeDelta};
use uuid::Uuid;

use super::measures::Measures;
use crate::attendance::model::{Lateness, Leaving, Status, WorkSession};
use crate::exceptions::model::{Visit, is_compliant, is_confirmed};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, PlaceId, SessionId};
use crate::kernel::time::{Instant, minutes_between};
pub use crate::leave::model::DayLeave;
use crate::schedules::model::{Shift, ShiftKind};

/// How long after its end a shift may still be worked on: nobody is called absent, and no day judged, before.
pub const AFTER_END: TimeDelta = TimeDelta::hours(4);

/// What a day counts as, by the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayStatus {
    Present,
    Late,
    HalfDay,
    Absent,
    OnLeave,
}

impl DayStatus {
    pub const ALL: [Self; 5] = [
        Self::Present,
        Self::Late,
        Self::HalfDay,
        Self::Absent,
        Self::OnLeave,
    ];

    /// The names in the database; the API's are the same.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Present => "PRESENT",
            Self::Late => "LATE",
            Self::HalfDay => "HALF_DAY",
            Self::Absent => "ABSENT",
            Self::OnLeave => "ON_LEAVE",
        }
    }

    /// From the outcome of the hook: `half_day` → `HALF_DAY`.
    pub fn from_outcome(outcome: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(outcome))
    }
}

/// What a day was for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDay {
    pub member_id: MemberId,
    pub work_date: NaiveDate,
    /// The member's department on that day.
    pub department_id: Option<DepartmentId>,
    /// Where the day was planned or, unplanned, began.
    pub place_id: Option<PlaceId>,
    /// Nothing until the day is over.
    pub status: Option<DayStatus>,
    pub leave: DayLeave,
    pub is_holiday: bool,
    pub first_in: Option<Instant>,
    pub last_out: Option<Instant>,
    pub decided_at: Option<Instant>,
}

impl WorkDay {
    /// What decisions about a day are kept under: a day has no id of its own.
    pub fn subject(member: MemberId, date: NaiveDate) -> Uuid {
        let day = u128::from(date.num_days_from_ce().unsigned_abs());
        Uuid::from_u128(member.uuid().as_u128() ^ (day << 1 | 1))
    }
}

/// Where figures belong: a department and a place, or the nil ids where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub department: DepartmentId,
    pub place: PlaceId,
}

impl Part {
    pub fn of(department: Option<DepartmentId>, place: Option<PlaceId>) -> Self {
        Self {
            department: department.unwrap_or(DepartmentId::from_uuid(Uuid::nil())),
            place: place.unwrap_or(PlaceId::from_uuid(Uuid::nil())),
        }
    }
}

/// The measures of one day of one person, by department and place.
pub type Parts = BTreeMap<Part, Measures>;

/// The most days one question may span: five years.
pub const LONGEST_RANGE: i64 = 5 * 366;

/// Refuses a range that ends before it begins, or is longer than five years.
pub fn check_range((from, to): (NaiveDate, NaiveDate)) -> Result<()> {
    if from > to {
        return Err(Error::invalid("to", "the last day is before the first"));
    }
    if (to - from).num_days() >= LONGEST_RANGE {
        return Err(Error::invalid("to", "at most five years at once"));
    }
    Ok(())
}

/// Everything a day is made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// In order of their clock-ins, without void ones.
    pub sessions: Vec<WorkSession>,
    /// Those of them with something left to fix.
    pub left_to_fix: HashSet<SessionId>,
    /// What is planned, cancelled shifts left out.
    pub shifts: Vec<Shift>,
    pub leave: DayLeave,
    pub is_holiday: bool,
    /// The member's department on that day.
    pub department: Option<DepartmentId>,
}

impl Material {
    pub fn new(mut sessions: Vec<WorkSession>, mut shifts: Vec<Shift>) -> Self {
        sessions.retain(|session| session.status != Status::Void);
        sessions.sort_by_key(|session| (session.clocked_in_at, session.id));
        shifts.retain(|shift| matches!(shift.kind, ShiftKind::Work | ShiftKind::Leave));
        shifts.sort_by_key(|shift| (shift.starts_at, shift.id));
        // Other systems plan leave like work; leave that was granted here says itself how much of the day it takes.
        let is_foreign =
            |shift: &Shift| shift.kind == ShiftKind::Leave && shift.made.leave_id.is_none();
        let leave = if shifts.iter().any(is_foreign) {
            DayLeave::FullDay
        } else {
            DayLeave::None
        };
        Self {
            sessions,
            shifts,
            leave,
            ..Self::default()
        }
    }

    /// A day off on which nobody worked is no day of anybody's.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.shifts.is_empty()
    }

    /// When the day is over and may be judged: its last shift's window has passed, or without a shift its last session
    /// has ended. Nothing while somebody is still at work.
    pub fn closes_at(&self) -> Option<Instant> {
        let is_open = |session: &WorkSession| session.status == Status::Active;
        if self.sessions.iter().any(is_open) {
            return None;
        }
        let windows = self.shifts.iter().map(over_at);
        let ends = self
            .sessions
            .iter()
            .map(|session| session.clocked_out_at.unwrap_or(session.clocked_in_at));
        windows.max().or_else(|| ends.max())
    }

    /// Minutes of work that were planned, unpaid breaks left out.
    pub fn planned_minutes(&self) -> i64 {
        let work = self
            .shifts
            .iter()
            .filter(|shift| shift.kind == ShiftKind::Work);
        work.map(|shift| {
            let between = minutes_between(shift.starts_at, shift.ends_at);
            let usual = between - i64::from(shift.break_minutes);
            shift.made.form.required_minutes.map_or(usual, i64::from)
        })
        .sum()
    }

    pub fn worked_minutes(&self) -> i64 {
        let each = self.sessions.iter().map(time);
        each.map(|measures| measures.worked_minutes).sum()
    }

    /// The worst of the day's clock-ins.
    pub fn lateness(&self) -> Option<Lateness> {
        let judged = self.sessions.iter().filter_map(|session| session.lateness);
        judged.max_by_key(|lateness| match lateness {
            Lateness::OnTime => 0,
            Lateness::Excused => 1,
            Lateness::Late => 2,
            Lateness::VeryLate => 3,
        })
    }

    pub fn place(&self) -> Option<PlaceId> {
        let planned = self.shifts.iter().find_map(|shift| shift.place_id);
        planned.or_else(|| self.sessions.iter().find_map(|session| session.place_id))
    }

    /// The day as it is remembered.
    pub fn day(&self, member: MemberId, date: NaiveDate, status: Option<DayStatus>) -> WorkDay {
        WorkDay {
            member_id: member,
            work_date: date,
            department_id: self.department,
            place_id: self.place(),
            status,
            leave: self.leave,
            is_holiday: self.is_holiday,
            first_in: self
                .sessions
                .iter()
                .map(|session| session.clocked_in_at)
                .min(),
            last_out: self
                .sessions
                .iter()
                .filter_map(|session| session.clocked_out_at)
                .max(),
            decided_at: None,
        }
    }

    /// What the day adds to the sums. A session counts where it was; what belongs to the day itself counts in the
    /// member's department of that day, at the place it was planned for.
    pub fn parts(&self, status: Option<DayStatus>) -> Parts {
        let mut parts = Parts::new();
        if self.is_empty() {
            return parts;
        }
        for session in &self.sessions {
            let part = Part::of(session.department_id, session.place_id);
            let has_open_fix = self.left_to_fix.contains(&session.id);
            *parts.entry(part).or_default() += counted(session, has_open_fix);
        }
        let of_the_day = Part::of(self.department, self.place());
        *parts.entry(of_the_day).or_default() += Measures {
            people_days: 1,
            planned_minutes: self.planned_minutes(),
            present_days: (status == Some(DayStatus::Present)).into(),
            late_days: (status == Some(DayStatus::Late)).into(),
            half_days: (status == Some(DayStatus::HalfDay)).into(),
            absent_days: (status == Some(DayStatus::Absent)).into(),
            leave_days: (status == Some(DayStatus::OnLeave)).into(),
            ..Measures::default()
        };
        parts
    }
}

/// When a shift is so long over that nobody comes any more.
pub fn over_at(shift: &Shift) -> Instant {
    let (_, claimed_to) = shift.window();
    claimed_to.max(shift.ends_at + AFTER_END)
}

/// What one session adds. Time counts once its end is known.
fn counted(session: &WorkSession, has_open_fix: bool) -> Measures {
    let is_late = matches!(session.lateness, Some(Lateness::Late | Lateness::VeryLate));
    let is_early = session.leaving == Some(Leaving::LeftEarly);
    let visit = Visit {
        start_is_known: true,
        end_is_known: session.clocked_out_at.is_some(),
        is_auto_closed: session.status == Status::AutoClosed,
        has_open_fix,
        is_manual: session.is_manual,
    };
    Measures {
        sessions: 1,
        starts: session.lateness.is_some().into(),
        late_count: is_late.into(),
        late_minutes: if is_late {
            session.minutes_late.unwrap_or(0).into()
        } else {
            0
        },
        early_count: is_early.into(),
        early_minutes: if is_early {
            session.minutes_early.unwrap_or(0).into()
        } else {
            0
        },
        confirmed: is_confirmed(visit).into(),
        compliant: is_compliant(visit).into(),
        ..time(session)
    }
}

/// What the time of a session counts as. One without hours, from before there were any, counts from in to out.
fn time(session: &WorkSession) -> Measures {
    let Some(hours) = &session.hours else {
        let minutes = session.worked_minutes().unwrap_or(0);
        return Measures {
            worked_minutes: minutes,
            paid_minutes: minutes,
            regular_minutes: minutes,
            ..Measures::default()
        };
    };
    Measures {
        worked_minutes: hours.worked,
        paid_minutes: hours.paid,
        regular_minutes: hours.regular,
        overtime_minutes: hours.overtime.iter().map(|over| over.minutes).sum(),
        night_minutes: hours.night,
        holiday_minutes: hours.holiday,
        break_minutes: hours.paid_breaks + hours.unpaid_breaks,
        rounding_minutes: hours.rounding,
        ..Measures::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::geo::Judgement;
    use crate::kernel::id::{SessionId, ShiftId};

    fn at(text: &str) -> Instant {
        format!("2026-03-02T{text}:00Z").parse().unwrap()
    }

    fn date() -> NaiveDate {
        "2026-03-02".parse().unwrap()
    }

    fn session(from: &str, to: Option<&str>) -> WorkSession {
        WorkSession {
            id: SessionId::from_uuid(Uuid::from_u128(1)),
            member_id: MemberId::from_uuid(Uuid::from_u128(2)),
            department_id: None,
            place_id: None,
            client_id: None,
            shift_id: None,
            service: None,
            status: to.map_or(Status::Active, |_| Status::Completed),
            work_date: date(),
            clocked_in_at: at(from),
            clocked_out_at: to.map(at),
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

    fn shift(from: &str, to: &str, kind: ShiftKind) -> Shift {
        Shift {
            id: ShiftId::from_uuid(Uuid::from_u128(3)),
            member_id: MemberId::from_uuid(Uuid::from_u128(2)),
            place_id: Some(PlaceId::from_uuid(Uuid::from_u128(4))),
            kind,
            work_date: date(),
            starts_at: at(from),
            ends_at: at(to),
            break_minutes: 30,
            external_ref: None,
            created_at: at(from),
            cancelled_at: None,
            made: crate::schedules::model::Made::default(),
        }
    }

    #[test]
    fn a_day_closes_when_the_window_after_its_last_shift_has_passed() {
        let shifts = vec![
            shift("05:00", "09:00", ShiftKind::Work),
            shift("10:00", "14:00", ShiftKind::Work),
        ];
        let planned = Material::new(vec![], shifts.clone());
        assert_eq!(planned.closes_at(), Some(at("18:00")));
        assert_eq!(planned.planned_minutes(), 2 * 240 - 60);
        let open = Material::new(vec![session("05:00", None)], shifts);
        assert_eq!(open.closes_at(), None);
        let unplanned = Material::new(vec![session("05:00", Some("06:30"))], vec![]);
        assert_eq!(unplanned.closes_at(), Some(at("06:30")));
    }

    #[test]
    fn a_day_off_without_work_is_no_day() {
        let off = Material::new(vec![], vec![shift("05:00", "14:00", ShiftKind::DayOff)]);
        assert!(off.is_empty());
        assert!(off.parts(None).is_empty());
        let void = WorkSession {
            status: Status::Void,
            ..session("05:00", None)
        };
        assert!(Material::new(vec![void], vec![]).is_empty());
        let leave = Material::new(vec![], vec![shift("05:00", "14:00", ShiftKind::Leave)]);
        assert_eq!(
            (leave.leave, leave.planned_minutes()),
            (DayLeave::FullDay, 0)
        );
    }

    #[test]
    fn sessions_count_where_they_were_and_the_day_where_it_was_planned() {
        let elsewhere = PlaceId::from_uuid(Uuid::from_u128(9));
        let mut late = session("06:00", Some("09:00"));
        late.place_id = Some(elsewhere);
        late.lateness = Some(Lateness::Late);
        late.minutes_late = Some(60);
        let material = Material::new(vec![late], vec![shift("05:00", "09:00", ShiftKind::Work)]);
        let parts = material.parts(Some(DayStatus::Late));
        let there = parts[&Part::of(None, Some(elsewhere))];
        assert_eq!(
            (there.sessions, there.late_count, there.late_minutes),
            (1, 1, 60)
        );
        assert_eq!((there.worked_minutes, there.people_days), (180, 0));
        let planned = parts[&Part::of(None, material.place())];
        assert_eq!(
            (
                planned.people_days,
                planned.planned_minutes,
                planned.late_days
            ),
            (1, 210, 1)
        );
        let sum: Measures = parts.values().copied().sum();
        assert_eq!((sum.confirmed, sum.compliant), (1, 1));
        assert!((sum - sum).is_zero());
    }

    #[test]
    fn a_time_entered_by_hand_is_confirmed_and_never_compliant() {
        let mut session = session("05:00", Some("09:00"));
        session.is_manual = true;
        let sum = counted(&session, false);
        assert_eq!((sum.confirmed, sum.compliant), (1, 0));
        assert_eq!(counted(&session, true).confirmed, 0);
    }

    #[test]
    fn the_outcomes_of_the_hook_are_statuses() {
        let hook = zamu_rules::hook(zamu_rules::hooks::STATUS).unwrap();
        for outcome in hook.outcomes {
            assert!(DayStatus::from_outcome(outcome.name).is_some());
        }
        assert_eq!(DayStatus::from_outcome("on_a_boat"), None);
    }
}
