//! Thinks: what an attendance event is, when one can check in and out, and who is expected.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::codes::Secret;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, GatheringId, GatheringSeriesId, MemberId, PlaceId};
use crate::kernel::text;
use crate::kernel::time::{Instant, local_to_instant};

/// How long before the start one can check in, where nobody says.
pub const USUAL_OPENS_MINUTES: i32 = 15;
/// A day: a window does not reach further before or after the start.
pub const LONGEST_WINDOW_MINUTES: i32 = 1_440;
/// How long after the end one can still check out: people leave after the end.
pub const CHECK_OUT_GRACE: TimeDelta = TimeDelta::hours(2);
/// A circle as small as a phone can be asked to stand in, and as large as a place may be.
const RADIUS_M: std::ops::RangeInclusive<i32> = 20..=5_000;
/// The years an attendance event can be planned in.
const YEARS: std::ops::Range<i32> = 2000..2200;

/// What people come together for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    Class,
    Meeting,
    ShiftCall,
    Other,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Class, Self::Meeting, Self::ShiftCall, Self::Other];

    /// `SHIFT_CALL`: in the database; in small letters the kind of service that rules see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "CLASS",
            Self::Meeting => "MEETING",
            Self::ShiftCall => "SHIFT_CALL",
            Self::Other => "OTHER",
        }
    }
}

/// Where it stands. `Open` follows from the time and is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Scheduled,
    Open,
    Closed,
    Cancelled,
}

impl State {
    pub const STORED: [Self; 3] = [Self::Scheduled, Self::Closed, Self::Cancelled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Who is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Roster {
    /// Whoever is named.
    Members,
    /// The department and those below it, as they are when it closes.
    Department,
    /// Everybody of the organization.
    Everybody,
}

impl Roster {
    pub const ALL: [Self; 3] = [Self::Members, Self::Department, Self::Everybody];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Members => "MEMBERS",
            Self::Department => "DEPARTMENT",
            Self::Everybody => "EVERYBODY",
        }
    }
}

/// The date and times on the clocks of a zone; an end that is not after the start is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Slot {
    pub date: NaiveDate,
    pub starts: NaiveTime,
    pub ends: NaiveTime,
}

impl Slot {
    /// What the clocks of a zone show at these instants.
    pub fn of(starts_at: Instant, ends_at: Instant, zone: Tz) -> Self {
        let start = starts_at.with_timezone(&zone).naive_local();
        Self {
            date: start.date(),
            starts: start.time(),
            ends: ends_at.with_timezone(&zone).time(),
        }
    }

    /// When it starts and ends.
    pub fn instants(self, zone: Tz) -> Result<(Instant, Instant)> {
        let next = self.date.checked_add_days(Days::new(1));
        let end_date = if self.ends > self.starts {
            Some(self.date)
        } else {
            next
        };
        let Some(end_date) = end_date.filter(|_| YEARS.contains(&self.date.year())) else {
            let message = "an attendance event is between the years 2000 and 2199";
            return Err(Error::invalid("date", message));
        };
        let starts_at = local_to_instant(self.date, self.starts, zone);
        let ends_at = local_to_instant(end_date, self.ends, zone);
        // 02:30 to 03:00 in a night that skips from 02:00 to 03:00.
        if ends_at <= starts_at {
            let message = "clocks are set forward then: it would end as it starts";
            return Err(Error::invalid("ends", message));
        }
        Ok((starts_at, ends_at))
    }
}

/// When one can check in, in minutes around the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// Before the start.
    pub opens_minutes: i32,
    /// After the start; nothing means until the end.
    pub closes_minutes: Option<i32>,
    /// From how many minutes after the start one is late; nothing leaves it to the organization's rule.
    pub late_after_minutes: Option<i32>,
}

impl Window {
    pub fn checked(self) -> Result<Self> {
        let whole_day = 0..=LONGEST_WINDOW_MINUTES;
        let fields = [
            ("checkInOpensMinutes", Some(self.opens_minutes)),
            ("checkInClosesMinutes", self.closes_minutes),
            ("lateAfterMinutes", self.late_after_minutes),
        ];
        for (field, minutes) in fields {
            if minutes.is_some_and(|minutes| !whole_day.contains(&minutes)) {
                let message = format!("0 to {LONGEST_WINDOW_MINUTES} minutes");
                return Err(Error::invalid(field, message));
            }
        }
        Ok(self)
    }
}

/// A class, a meeting, a shift call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    pub id: GatheringId,
    pub title: String,
    pub kind: Kind,
    pub note: Option<String>,
    pub place_id: Option<PlaceId>,
    /// Instead of the place's own radius.
    pub radius_m: Option<i32>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub time_zone: Tz,
    pub window: Window,
    /// Whether a check-in without the code that is shown there is refused.
    pub code_required: bool,
    pub secret: Secret,
    pub roster: Roster,
    /// Whose it is; with [`Roster::Department`] also who is expected.
    pub department_id: Option<DepartmentId>,
    pub organizer_id: Option<MemberId>,
    /// The series it belongs to, and the day of its rule it stands for.
    pub series: Option<(GatheringSeriesId, NaiveDate)>,
    /// As stored: never [`State::Open`].
    pub state: State,
    pub cancel_reason: Option<String>,
    pub created_at: Instant,
    pub closed_at: Option<Instant>,
    pub cancelled_at: Option<Instant>,
}

impl Gathering {
    pub fn opens_at(&self) -> Instant {
        self.starts_at - TimeDelta::minutes(self.window.opens_minutes.into())
    }

    /// The last instant of checking in.
    pub fn check_in_until(&self) -> Instant {
        match self.window.closes_minutes {
            Some(minutes) => self.starts_at + TimeDelta::minutes(minutes.into()),
            None => self.ends_at,
        }
    }

    /// When it is over and whoever did not come is absent.
    pub fn closes_at(&self) -> Instant {
        self.check_in_until().max(self.ends_at)
    }

    pub fn state(&self, now: Instant) -> State {
        match self.state {
            State::Scheduled if now >= self.opens_at() => State::Open,
            state => state,
        }
    }

    /// Tidies and checks it as a whole, after somebody described or changed it.
    pub fn checked(mut self) -> Result<Self> {
        self.title = text::required("title", &self.title, 200)?;
        self.note = text::optional("note", self.note.as_deref(), 2_000)?;
        self.window = self.window.checked()?;
        let radius = self.radius_m.filter(|radius| !RADIUS_M.contains(radius));
        if radius.is_some() {
            let (least, most) = (RADIUS_M.start(), RADIUS_M.end());
            let message = format!("a radius is {least} to {most} metres");
            return Err(Error::invalid("radiusM", message));
        }
        if self.roster == Roster::Department && self.department_id.is_none() {
            let message = "which department is expected?";
            return Err(Error::invalid("department", message));
        }
        Ok(self)
    }

    /// Refuses what cannot be done with one that was cancelled.
    pub fn held(&self) -> Result<()> {
        match self.state {
            State::Cancelled => Err(Error::refused(
                Code::GatheringCancelled,
                "this attendance event was cancelled",
            )),
            _ => Ok(()),
        }
    }

    /// Whether one can check in at this instant.
    pub fn lets_in(&self, at: Instant) -> Result<()> {
        self.within(at, self.check_in_until(), "check in")
    }

    /// Whether staff can say that somebody came at this instant: until the end, later than one can check in.
    pub fn lets_staff_in(&self, at: Instant) -> Result<()> {
        self.within(at, self.closes_at(), "check in")
    }

    /// Whether one can check out at this instant.
    pub fn lets_out(&self, at: Instant) -> Result<()> {
        self.within(at, self.closes_at() + CHECK_OUT_GRACE, "check out")
    }

    fn within(&self, at: Instant, until: Instant, what: &str) -> Result<()> {
        let opens_at = self.opens_at();
        if (opens_at..=until).contains(&at) {
            return Ok(());
        }
        let word = if at < opens_at { "early" } else { "late" };
        let message = format!("it is too {word} to {what}");
        Err(Error::refused(Code::WindowClosed, message)
            .with("opensAt", opens_at.to_rfc3339())
            .with("closesAt", until.to_rfc3339()))
    }

    /// What rules see as the kind of service: `class`.
    pub fn service(&self) -> String {
        self.kind.name().to_lowercase()
    }
}

/// A member and the department they are in.
pub type Person = (MemberId, Option<DepartmentId>);

/// Who is expected, of everybody who is active: by name, or by department with those below it.
pub(super) fn expected(
    gathering: &Gathering,
    everybody: &[Person],
    named: &HashSet<MemberId>,
    below: &HashMap<DepartmentId, Vec<DepartmentId>>,
) -> Vec<Person> {
    let inside = gathering.department_id.and_then(|root| below.get(&root));
    let is_expected = |(member, department): &Person| match gathering.roster {
        Roster::Everybody => true,
        Roster::Members => named.contains(member),
        Roster::Department => inside
            .zip(*department)
            .is_some_and(|(inside, own)| inside.contains(&own)),
    };
    everybody.iter().copied().filter(is_expected).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::New_York;
    use uuid::Uuid;

    fn slot(date: &str, starts: &str, ends: &str) -> Slot {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        Slot {
            date: date.parse().unwrap(),
            starts: time(starts),
            ends: time(ends),
        }
    }

    fn gathering(window: Window) -> Gathering {
        let (starts_at, ends_at) = slot("2026-03-02", "08:00", "09:00")
            .instants(chrono_tz::Africa::Nairobi)
            .unwrap();
        Gathering {
            id: GatheringId::from_uuid(Uuid::nil()),
            title: "Algebra".to_owned(),
            kind: Kind::Class,
            note: None,
            place_id: None,
            radius_m: None,
            starts_at,
            ends_at,
            time_zone: chrono_tz::Africa::Nairobi,
            window,
            code_required: false,
            secret: Secret::stored(String::new()),
            roster: Roster::Everybody,
            department_id: None,
            organizer_id: None,
            series: None,
            state: State::Scheduled,
            cancel_reason: None,
            created_at: starts_at,
            closed_at: None,
            cancelled_at: None,
        }
    }

    const QUARTER: Window = Window {
        opens_minutes: 15,
        closes_minutes: Some(20),
        late_after_minutes: None,
    };

    #[test]
    fn a_window_has_two_ends() {
        let class = gathering(QUARTER);
        let at = |text: &str| -> Instant { format!("2026-03-02T{text}Z").parse().unwrap() };
        assert!(class.lets_in(at("04:45:00")).is_ok() && class.lets_in(at("05:20:00")).is_ok());
        for wrong in ["04:44:59", "05:20:01"] {
            let refused = class.lets_in(at(wrong)).unwrap_err();
            assert_eq!(refused.code, Code::WindowClosed);
            assert_eq!(refused.details["opensAt"], "2026-03-02T04:45:00+00:00");
            assert_eq!(refused.details["closesAt"], "2026-03-02T05:20:00+00:00");
        }
        assert!(class.lets_out(at("08:00:00")).is_ok());
        assert!(class.lets_out(at("08:00:01")).is_err());
        assert_eq!(class.closes_at(), at("06:00:00"));
        assert_eq!(class.state(at("04:44:59")), State::Scheduled);
        assert_eq!(class.state(at("04:45:00")), State::Open);
    }

    #[test]
    fn an_end_that_is_not_after_the_start_is_tomorrow() {
        let hours = |slot: Slot| {
            let (from, to) = slot.instants(New_York).unwrap();
            (to - from).num_minutes()
        };
        assert_eq!(hours(slot("2024-03-05", "22:00", "06:00")), 480);
        // The night clocks are set forward is an hour shorter, the other an hour longer.
        assert_eq!(hours(slot("2024-03-09", "22:00", "06:00")), 420);
        assert_eq!(hours(slot("2024-11-02", "22:00", "06:00")), 540);
        let gap = slot("2024-03-10", "02:30", "03:00").instants(New_York);
        assert_eq!(gap.unwrap_err().field.as_deref(), Some("ends"));
    }

    #[test]
    fn it_is_checked_as_a_whole() {
        let field = |gathering: Gathering| gathering.checked().unwrap_err().field.unwrap();
        let good = gathering(QUARTER);
        assert!(good.clone().checked().is_ok());
        let title = " ".to_owned();
        assert_eq!(
            field(Gathering {
                title,
                ..good.clone()
            }),
            "title"
        );
        let radius_m = Some(19);
        assert_eq!(
            field(Gathering {
                radius_m,
                ..good.clone()
            }),
            "radiusM"
        );
        let roster = Roster::Department;
        assert_eq!(
            field(Gathering {
                roster,
                ..good.clone()
            }),
            "department"
        );
        let window = Window {
            late_after_minutes: Some(-1),
            ..QUARTER
        };
        assert_eq!(field(Gathering { window, ..good }), "lateAfterMinutes");
    }

    #[test]
    fn who_is_expected_depends_on_the_roster() {
        let member = |n| MemberId::from_uuid(Uuid::from_u128(n));
        let department = |n| DepartmentId::from_uuid(Uuid::from_u128(n));
        let people = [
            (member(1), Some(department(1))),
            (member(2), Some(department(2))),
            (member(3), None),
        ];
        let below = HashMap::from([(department(1), vec![department(1), department(2)])]);
        let named = HashSet::from([member(3)]);
        let who = |roster| {
            let gathering = Gathering {
                roster,
                department_id: Some(department(1)),
                ..gathering(QUARTER)
            };
            let expected = expected(&gathering, &people, &named, &below);
            expected
                .iter()
                .map(|(id, _)| id.uuid().as_u128())
                .collect::<Vec<_>>()
        };
        assert_eq!(who(Roster::Everybody), [1, 2, 3]);
        assert_eq!(who(Roster::Department), [1, 2]);
        assert_eq!(who(Roster::Members), [3]);
    }
}
