//! Thinks: which instants a shift means, and which shift an instant belongs to.

use chrono::{Datelike as _, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::span::{Span, lay};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{LeaveId, MemberId, PlaceId, SeriesId, ShiftId, ShiftTypeId};
use crate::kernel::time::Instant;

/// How long before its start a shift claims a clock-in, where its type says nothing else.
pub const EARLY: TimeDelta = TimeDelta::minutes(EARLY_MINUTES as i64);
const EARLY_MINUTES: i32 = 240;
/// So long before its start whoever comes is taken to come for a shift that follows another without a pause.
const SOON: TimeDelta = TimeDelta::minutes(90);
/// No shift is longer: it ends within a day by the clock on the wall, and clocks are changed by an hour or two.
pub const LONGEST: TimeDelta = TimeDelta::days(2);
/// The widest window before or after a shift.
pub const WIDEST: TimeDelta = TimeDelta::hours(12);

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
    pub made: Made,
}

/// How a shift came about, and what that asks of whoever works it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    pub form: Form,
    pub type_id: Option<ShiftTypeId>,
    /// The series it belongs to, and the day of the rule it stands for, which is another if it was moved.
    pub series: Option<(SeriesId, NaiveDate)>,
    /// The leave it stands for.
    pub leave_id: Option<LeaveId>,
}

/// How the time of a shift is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Pattern {
    /// From a start to an end on one day.
    Fixed,
    /// Ends on the day after it starts.
    Overnight,
    /// Several spans in a day; each is a shift of its own.
    Split,
    /// A core in which everybody is there; how the other minutes lie around it is up to the person.
    Flexible,
}

impl Pattern {
    /// What a single span is.
    pub fn of(span: Span) -> Self {
        if span.is_overnight() {
            Self::Overnight
        } else {
            Self::Fixed
        }
    }

    /// `overnight`: what rules see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Overnight => "overnight",
            Self::Split => "split",
            Self::Flexible => "flexible",
        }
    }
}

/// What a shift keeps of its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    pub pattern: Pattern,
    /// How long before the start it claims a clock-in.
    pub before_minutes: i32,
    /// How long after the end it claims one that no other shift claims.
    pub after_minutes: i32,
    /// What is owed, where that is not simply the time between start and end.
    pub required_minutes: Option<i32>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            pattern: Pattern::Fixed,
            before_minutes: EARLY_MINUTES,
            after_minutes: 0,
            required_minutes: None,
        }
    }
}

impl Form {
    /// Takes on other times: what was fixed may become overnight, and the other way round.
    pub fn repattern(&mut self, span: Span) {
        if matches!(self.pattern, Pattern::Fixed | Pattern::Overnight) {
            self.pattern = Pattern::of(span);
        }
    }
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
    /// The time in which it claims a clock-in.
    pub fn window(&self) -> (Instant, Instant) {
        let minutes = |minutes: i32| TimeDelta::minutes(minutes.into());
        let form = &self.made.form;
        (
            self.starts_at - minutes(form.before_minutes),
            self.ends_at + minutes(form.after_minutes),
        )
    }

    fn claims(&self, at: Instant) -> bool {
        let (from, to) = self.window();
        let is_open = self.kind == ShiftKind::Work && self.cancelled_at.is_none();
        is_open && (from..=to).contains(&at)
    }

    /// Running, then coming, then just ended.
    fn turn(&self, at: Instant) -> u8 {
        if at > self.ends_at {
            2
        } else {
            u8::from(at < self.starts_at)
        }
    }

    /// How it is meant, as rules see it: `overnight` of work, otherwise `leave`, `day_off` or `free`.
    pub fn word(&self) -> String {
        match self.kind {
            ShiftKind::Work => self.made.form.pattern.word().to_owned(),
            other => other.name().to_lowercase(),
        }
    }

    /// Minutes that are owed: what its form asks for, or its length without the break.
    pub fn owed_minutes(&self) -> i64 {
        let length = (self.ends_at - self.starts_at).num_minutes() - i64::from(self.break_minutes);
        self.made.form.required_minutes.map_or(length, i64::from)
    }

    /// Whether it shares time with another of the same person.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.member_id == other.member_id
            && self.starts_at < other.ends_at
            && other.starts_at < self.ends_at
    }
}

/// The work a clock-in at this instant belongs to: a running shift before a coming one before one that just ended, then
/// the nearest start, then the earlier start. A clock-out belongs to the shift of its session, whenever it comes.
///
/// Where the next shift begins without a pause, or before the running one is over as plans of other systems do, whoever
/// comes shortly before it comes for it: to call them hours late for the one that is nearly over would be wrong.
pub fn match_shift(shifts: &[Shift], at: Instant) -> Option<&Shift> {
    let claiming = || shifts.iter().filter(|shift| shift.claims(at));
    let near = |shift: &Shift| {
        let away = (at - shift.starts_at).abs();
        (away, shift.starts_at, shift.ends_at, shift.id)
    };
    let first = claiming().min_by_key(|shift| (shift.turn(at), near(shift)))?;
    let next = claiming().filter(|shift| {
        let comes_soon = shift.starts_at > at && shift.starts_at - at <= SOON;
        comes_soon && shift.starts_at <= first.ends_at
    });
    next.chain([first]).min_by_key(|shift| near(shift))
}

/// Refuses days so far away that they are a mistake.
pub fn known_year(field: &str, date: NaiveDate) -> Result<()> {
    if (2000..2200).contains(&date.year()) {
        return Ok(());
    }
    let message = "a day lies between the years 2000 and 2199";
    Err(Error::invalid(field, message))
}

/// What is over is changed with a reason only.
pub fn past_needs(now: Instant, shift: &Shift, reason: Option<&str>) -> Result<()> {
    if shift.ends_at > now || reason.is_some() {
        return Ok(());
    }
    let message = "this shift is over: say why it changes";
    Err(Error::invalid("reason", message))
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
    pub fn form(self) -> Form {
        Form {
            pattern: Pattern::of(Span::new(self.starts, self.ends)),
            ..Form::default()
        }
    }

    /// When it starts and ends.
    pub fn instants(self, zone: Tz) -> Result<(Instant, Instant)> {
        let mut laid = lay(&[Span::new(self.starts, self.ends)]).into_iter();
        let Some(laid) = laid.next() else {
            return Err(Error::internal("one span is laid as one"));
        };
        let (starts_at, ends_at) = laid.instants(self.date, zone)?;
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
    use crate::kernel::time::{local_to_instant, minutes_between};
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
            made: Made::default(),
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
    fn a_shift_that_just_ended_claims_what_no_other_does() {
        let lasting = |number, starts: &str, ends: &str| {
            let mut shift = shift(number, "2025-07-14", starts, ends);
            shift.made.form.before_minutes = 60;
            shift.made.form.after_minutes = 90;
            shift
        };
        let shifts = [lasting(1, "06:00", "12:00"), lasting(2, "14:00", "18:00")];
        assert_eq!(matched(&shifts, "2025-07-14", "12:30"), Some(1));
        assert_eq!(matched(&shifts, "2025-07-14", "13:00"), Some(2));
        assert_eq!(matched(&shifts, "2025-07-14", "04:59"), None);
        assert_eq!(matched(&shifts, "2025-07-14", "19:30"), Some(2));
        assert_eq!(matched(&shifts, "2025-07-14", "19:31"), None);
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
    fn whoever_comes_shortly_before_the_next_shift_comes_for_it() {
        let meeting = [
            shift(1, "2025-07-14", "08:00", "15:00"),
            shift(2, "2025-07-14", "15:00", "22:00"),
        ];
        assert_eq!(matched(&meeting, "2025-07-14", "14:47"), Some(2));
        assert_eq!(matched(&meeting, "2025-07-14", "13:29"), Some(1));
        // A standing nine-to-six beside the evening that somebody really works.
        let overlapping = [
            shift(1, "2025-07-14", "09:00", "18:00"),
            shift(2, "2025-07-14", "15:00", "22:00"),
        ];
        assert_eq!(matched(&overlapping, "2025-07-14", "09:20"), Some(1));
        assert_eq!(matched(&overlapping, "2025-07-14", "14:55"), Some(2));
        assert_eq!(matched(&overlapping, "2025-07-14", "18:30"), Some(2));
        // Late for a short visit is not early for the next.
        let visits = [
            shift(1, "2025-07-14", "08:00", "09:00"),
            shift(2, "2025-07-14", "09:00", "10:00"),
        ];
        assert_eq!(matched(&visits, "2025-07-14", "08:20"), Some(1));
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
