//! Thinks: which instants a shift means, and which shift an instant belongs to.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, PlaceId, ShiftId};
use crate::kernel::time::{Instant, local_to_instant};

/// How long before its start a shift already claims a clock-in.
pub const EARLY: TimeDelta = TimeDelta::hours(4);

/// Planned time of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub id: ShiftId,
    pub member_id: MemberId,
    pub place_id: Option<PlaceId>,
    pub kind: ShiftKind,
    /// The day it starts on, where the work happens.
    pub work_date: NaiveDate,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub break_minutes: i32,
    pub external_ref: Option<String>,
    pub created_at: Instant,
    pub cancelled_at: Option<Instant>,
}

/// What the time is planned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftKind {
    Work,
    Leave,
    DayOff,
    Free,
}

impl ShiftKind {
    pub const ALL: &'static [Self] = &[Self::Work, Self::Leave, Self::DayOff, Self::Free];

    /// `DAY_OFF`: in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Work => "WORK",
            Self::Leave => "LEAVE",
            Self::DayOff => "DAY_OFF",
            Self::Free => "FREE",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl Shift {
    fn claims(&self, at: Instant) -> bool {
        let window = self.starts_at - EARLY..=self.ends_at;
        self.kind == ShiftKind::Work && self.cancelled_at.is_none() && window.contains(&at)
    }

    fn is_running(&self, at: Instant) -> bool {
        (self.starts_at..=self.ends_at).contains(&at)
    }
}

/// The work a clock-in at this instant belongs to: a running shift before a coming one, then the nearest start, then
/// the earlier start. A clock-out belongs to the shift of its session, whenever it comes.
pub fn match_shift(shifts: &[Shift], at: Instant) -> Option<&Shift> {
    let claiming = shifts.iter().filter(|shift| shift.claims(at));
    claiming.min_by_key(|shift| {
        (
            !shift.is_running(at),
            (at - shift.starts_at).abs(),
            shift.starts_at,
        )
    })
}

/// A shift in the local time of its place; an end that is not after the start is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub date: NaiveDate,
    pub starts: NaiveTime,
    pub ends: NaiveTime,
    pub break_minutes: i32,
}

impl Plan {
    /// When it starts and ends.
    pub fn instants(self, zone: Tz) -> Result<(Instant, Instant)> {
        let end_date = if self.ends > self.starts {
            Some(self.date)
        } else {
            self.date.checked_add_days(Days::new(1))
        };
        let years = 2000..2200;
        let Some(end_date) =
            end_date.filter(|_| years.contains(&chrono::Datelike::year(&self.date)))
        else {
            return Err(Error::invalid(
                "date",
                "a shift is planned between the years 2000 and 2199",
            ));
        };
        let starts_at = local_to_instant(self.date, self.starts, zone);
        let ends_at = local_to_instant(end_date, self.ends, zone);
        // 02:30 to 03:00 in a night that skips from 02:00 to 03:00.
        if ends_at <= starts_at {
            return Err(Error::invalid(
                "ends",
                "clocks are set forward that night: the shift would end as it starts",
            ));
        }
        if self.break_minutes < 0
            || TimeDelta::minutes(self.break_minutes.into()) >= ends_at - starts_at
        {
            return Err(Error::invalid(
                "breakMinutes",
                "a break is not negative and shorter than its shift",
            ));
        }
        Ok((starts_at, ends_at))
    }
}

/// Why a shift is not planned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the member already has the shift {} from {} to {}", .0.id, .0.starts_at, .0.ends_at)]
    Overlap(Box<Shift>),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Overlap(other) => {
                Self::refused(Code::Conflict, message).with("shiftId", other.id.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::minutes_between;
    use chrono_tz::Africa::Nairobi;
    use chrono_tz::America::New_York;

    fn plan(date: &str, starts: &str, ends: &str) -> Plan {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        Plan {
            date: date.parse().unwrap(),
            starts: time(starts),
            ends: time(ends),
            break_minutes: 30,
        }
    }

    fn shift(number: u128, date: &str, starts: &str, ends: &str) -> Shift {
        let (starts_at, ends_at) = plan(date, starts, ends).instants(Nairobi).unwrap();
        Shift {
            id: ShiftId::from_uuid(uuid::Uuid::from_u128(number)),
            member_id: MemberId::from_uuid(uuid::Uuid::nil()),
            place_id: None,
            kind: ShiftKind::Work,
            work_date: date.parse().unwrap(),
            starts_at,
            ends_at,
            break_minutes: 0,
            external_ref: None,
            created_at: starts_at,
            cancelled_at: None,
        }
    }

    fn at(date: &str, time: &str) -> Instant {
        let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
        local_to_instant(date.parse().unwrap(), time, Nairobi)
    }

    fn matched(shifts: &[Shift], date: &str, time: &str) -> Option<u128> {
        match_shift(shifts, at(date, time)).map(|shift| shift.id.uuid().as_u128())
    }

    /// Night work followed by an afternoon: the clock-out in the morning must not go to the afternoon.
    #[test]
    fn a_night_belongs_to_the_day_it_started() {
        let (a, b) = (
            shift(1, "2025-07-13", "18:00", "07:00"),
            shift(2, "2025-07-14", "14:00", "20:00"),
        );
        let shifts = [a.clone(), b];
        assert_eq!(matched(&shifts, "2025-07-13", "18:30"), Some(1));
        // Ten minutes after the end nothing is claimed, so the session keeps the shift it has.
        assert_eq!(matched(&shifts, "2025-07-14", "07:10"), None);
        assert_eq!(matched(&shifts, "2025-07-14", "10:00"), Some(2));
        assert_eq!(a.work_date.to_string(), "2025-07-13");
        let (came, left) = (at("2025-07-13", "18:30"), at("2025-07-14", "07:10"));
        assert_eq!(minutes_between(came, left), 12 * 60 + 40);
        assert_eq!(minutes_between(a.starts_at, came), 30);
        assert_eq!(minutes_between(a.ends_at, left), 10);
    }

    #[test]
    fn a_running_shift_goes_before_a_coming_one() {
        let shifts = [
            shift(1, "2025-07-14", "06:00", "12:00"),
            shift(2, "2025-07-14", "12:30", "18:00"),
        ];
        assert_eq!(matched(&shifts, "2025-07-14", "11:50"), Some(1));
        assert_eq!(matched(&shifts, "2025-07-14", "12:10"), Some(2));
        assert_eq!(matched(&shifts, "2025-07-14", "18:00"), Some(2));
        assert_eq!(matched(&shifts, "2025-07-14", "18:01"), None);
        assert_eq!(matched(&shifts, "2025-07-14", "02:00"), Some(1));
        assert_eq!(matched(&shifts, "2025-07-14", "01:59"), None);
    }

    #[test]
    fn of_two_the_nearer_start_wins_and_of_equals_the_earlier() {
        let meeting = [
            shift(1, "2025-07-14", "06:00", "14:00"),
            shift(2, "2025-07-14", "14:00", "22:00"),
        ];
        assert_eq!(matched(&meeting, "2025-07-14", "14:00"), Some(2));
        let around = [
            shift(2, "2025-07-14", "12:00", "13:00"),
            shift(1, "2025-07-14", "11:00", "12:00"),
        ];
        assert_eq!(matched(&around, "2025-07-14", "10:00"), Some(1));
        let same = [
            shift(1, "2025-07-14", "08:00", "17:00"),
            shift(2, "2025-07-14", "10:00", "17:00"),
        ];
        assert_eq!(matched(&same, "2025-07-14", "09:00"), Some(1));
        assert_eq!(matched(&same, "2025-07-14", "10:30"), Some(2));
    }

    #[test]
    fn only_work_that_is_not_cancelled_counts() {
        let leave = Shift {
            kind: ShiftKind::Leave,
            ..shift(1, "2025-07-14", "08:00", "17:00")
        };
        let cancelled = Shift {
            cancelled_at: Some(leave.created_at),
            kind: ShiftKind::Work,
            ..leave.clone()
        };
        assert_eq!(matched(&[leave, cancelled], "2025-07-14", "09:00"), None);
        assert_eq!(match_shift(&[], at("2025-07-14", "09:00")), None);
    }

    #[test]
    fn a_night_is_as_long_as_the_clocks_make_it() {
        for (date, zone, minutes) in [
            ("2024-03-09", New_York, 420),
            ("2024-11-02", New_York, 540),
            ("2024-03-09", Nairobi, 480),
            ("2024-11-02", Nairobi, 480),
        ] {
            let plan = plan(date, "23:00", "07:30");
            let (start, end) = plan.instants(zone).unwrap();
            assert_eq!(
                minutes_between(start, end) - i64::from(plan.break_minutes),
                minutes,
                "{date} {zone}"
            );
        }
    }

    #[test]
    fn a_plan_that_cannot_be_names_its_field() {
        let field = |plan: Plan| plan.instants(New_York).unwrap_err().field.unwrap();
        assert_eq!(
            field(Plan {
                break_minutes: 480,
                ..plan("2025-07-14", "09:00", "17:00")
            }),
            "breakMinutes"
        );
        assert_eq!(
            field(Plan {
                break_minutes: -1,
                ..plan("2025-07-14", "09:00", "17:00")
            }),
            "breakMinutes"
        );
        assert_eq!(
            field(Plan {
                break_minutes: i32::MAX,
                ..plan("2025-07-14", "09:00", "17:00")
            }),
            "breakMinutes"
        );
        assert_eq!(field(plan("2024-03-10", "02:30", "03:00")), "ends");
        assert_eq!(
            field(Plan {
                date: NaiveDate::MAX,
                ..plan("2025-07-14", "17:00", "09:00")
            }),
            "date"
        );
        assert_eq!(
            field(Plan {
                date: NaiveDate::MIN,
                ..plan("2025-07-14", "17:00", "09:00")
            }),
            "date"
        );
        let whole_day = plan("2025-07-14", "08:00", "08:00")
            .instants(Nairobi)
            .unwrap();
        assert_eq!(minutes_between(whole_day.0, whole_day.1), 24 * 60);
    }

    #[test]
    fn a_kind_has_one_name() {
        for kind in ShiftKind::ALL {
            assert_eq!(ShiftKind::parse(kind.name()), Some(*kind));
        }
        assert_eq!(ShiftKind::parse("WORKING"), None);
    }
}
