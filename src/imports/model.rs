//! Thinks: what the rows of an export say about people and plans.

use chrono::{Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::kernel::time::{Instant, local_to_instant};
use crate::leave::model::Half;
use crate::schedules::model::ShiftKind;

/// A row of users.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub name: String,
    pub title: Option<String>,
    pub location: Option<String>,
    pub department: Option<String>,
    pub hired: Option<NaiveDate>,
    pub left: Option<NaiveDate>,
    pub created: Option<NaiveDateTime>,
}

impl User {
    /// When the membership began, where the organization is.
    pub fn joined_at(&self, zone: Tz) -> Option<Instant> {
        let begin = self
            .hired
            .map(|date| date.and_time(NaiveTime::MIN))
            .or(self.created)?;
        Some(local_to_instant(begin.date(), begin.time(), zone))
    }

    /// When it ended: at the end of the last day, if that is over.
    pub fn left_at(&self, zone: Tz, now: Instant) -> Option<Instant> {
        let after = self.left?.checked_add_days(Days::new(1))?;
        Some(local_to_instant(after, NaiveTime::MIN, zone)).filter(|left| *left <= now)
    }
}

/// A row of schedules.csv, or granted leave: the same time on many days for many people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub kind: ShiftKind,
    /// `sick`: what kind of leave it is, of leave alone.
    pub leave: String,
    pub users: Vec<String>,
    pub dates: Vec<NaiveDate>,
    pub time: PlanTime,
    pub break_minutes: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanTime {
    /// As the clock on the wall shows it there; an end that is not after the start is on the next day.
    Wall {
        starts: NaiveTime,
        ends: NaiveTime,
        offset: FixedOffset,
    },
    /// From midnight to midnight where the organization is.
    WholeDay,
}

impl PlanTime {
    /// When it starts and ends on a day; nothing beyond the end of the calendar.
    pub fn instants(self, date: NaiveDate, zone: Tz) -> Option<(Instant, Instant)> {
        let next = date.checked_add_days(Days::new(1))?;
        match self {
            Self::WholeDay => {
                let midnight = |date| local_to_instant(date, NaiveTime::MIN, zone);
                Some((midnight(date), midnight(next)))
            }
            Self::Wall {
                starts,
                ends,
                offset,
            } => {
                let end_date = if ends > starts { date } else { next };
                let instant = |date: NaiveDate, time| {
                    let local = date.and_time(time).and_local_timezone(offset).single()?;
                    Some(local.to_utc())
                };
                Some((instant(date, starts)?, instant(end_date, ends)?))
            }
        }
    }

    /// Which half of the day, where it ends by one o'clock or begins at noon or later; otherwise it is the whole of it.
    pub fn half(self) -> Option<Half> {
        let Self::Wall { starts, ends, .. } = self else {
            return None;
        };
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0);
        match ends > starts {
            true if Some(ends) <= hour(13) => Some(Half::Morning),
            true if Some(starts) >= hour(12) => Some(Half::Afternoon),
            _ => None,
        }
    }

    /// How long it is, where no clock is set forward or back.
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Wall { starts, ends, .. } if ends > starts => ends - starts,
            Self::Wall { starts, ends, .. } => TimeDelta::days(1) + (ends - starts),
            Self::WholeDay => TimeDelta::days(1),
        }
    }
}

/// The outside name of a shift. It says everything that matters, so the same plan in two rows is one shift.
pub fn shift_ref(user: &str, kind: ShiftKind, (starts_at, ends_at): (Instant, Instant)) -> String {
    let [starts, ends] = [starts_at, ends_at].map(|at| at.format("%Y-%m-%dT%H:%M:%SZ"));
    format!("clockster:{user}:{}:{starts}/{ends}", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_means_instants() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        let offset: FixedOffset = "+08:00".parse().unwrap();
        let date: NaiveDate = "2022-01-03".parse().unwrap();
        let shown = |plan: PlanTime| {
            let (starts, ends) = plan.instants(date, chrono_tz::Asia::Makassar).unwrap();
            assert_eq!(ends - starts, plan.length());
            format!("{} {}", starts.format("%dT%H:%M"), ends.format("%dT%H:%M"))
        };
        let wall = |starts, ends| PlanTime::Wall {
            starts: time(starts),
            ends: time(ends),
            offset,
        };
        assert_eq!(shown(wall("08:00:00", "17:00:00")), "03T00:00 03T09:00");
        assert_eq!(shown(wall("22:00:00", "06:00:00")), "03T14:00 03T22:00");
        assert_eq!(shown(wall("00:00:00", "00:00:00")), "02T16:00 03T16:00");
        assert_eq!(shown(PlanTime::WholeDay), "02T16:00 03T16:00");
        let instants = wall("08:00:00", "17:00:00")
            .instants(date, chrono_tz::UTC)
            .unwrap();
        let named = shift_ref("7", ShiftKind::Work, instants);
        assert_eq!(
            named,
            "clockster:7:WORK:2022-01-03T00:00:00Z/2022-01-03T09:00:00Z"
        );
    }

    #[test]
    fn a_membership_ends_with_its_last_day() {
        let user = User {
            id: "7".to_owned(),
            name: "Ada".to_owned(),
            title: None,
            location: None,
            department: None,
            hired: None,
            left: Some("2022-03-30".parse().unwrap()),
            created: Some("2021-10-20T11:15:49".parse().unwrap()),
        };
        let zone = chrono_tz::Asia::Makassar;
        let at = |text: &str| text.parse::<Instant>().unwrap();
        assert_eq!(user.joined_at(zone), Some(at("2021-10-20T03:15:49Z")));
        assert_eq!(user.left_at(zone, at("2022-03-30T15:59:59Z")), None);
        assert_eq!(
            user.left_at(zone, at("2022-03-30T16:00:00Z")),
            Some(at("2022-03-30T16:00:00Z"))
        );
    }

    #[test]
    fn leave_with_hours_is_half_a_day() {
        let wall = |starts: &str, ends: &str| PlanTime::Wall {
            starts: starts.parse().unwrap(),
            ends: ends.parse().unwrap(),
            offset: "+08:00".parse().unwrap(),
        };
        assert_eq!(wall("08:00:00", "12:30:00").half(), Some(Half::Morning));
        assert_eq!(wall("13:00:00", "17:00:00").half(), Some(Half::Afternoon));
        assert_eq!(wall("08:00:00", "17:00:00").half(), None);
        assert_eq!(PlanTime::WholeDay.half(), None);
    }
}
