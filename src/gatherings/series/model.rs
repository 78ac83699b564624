//! Thinks: which attendance events come of a series. Each is at a local date and time, read on the clocks of its day, so
//! that a class at eight stays at eight when clocks change.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::gatherings::codes::Secret;
use crate::gatherings::model::{Gathering, Kind, Roster, Slot, State, Window};
use crate::gatherings::planning::{Changes, NewGathering};
use crate::kernel::change::Change;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, GatheringId, GatheringSeriesId, MemberId, PlaceId};
use crate::kernel::recurrence::{HORIZON_DAYS, days};
use crate::kernel::time::{Instant, local_date};

/// What each event of a series is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    pub title: String,
    pub kind: Kind,
    pub note: Option<String>,
    pub radius_m: Option<i32>,
    pub starts: NaiveTime,
    /// One that is not after the start is on the next day.
    pub ends: NaiveTime,
    pub window: Window,
    pub code_required: bool,
    pub roster: Roster,
    /// Who is invited by name.
    pub members: Vec<MemberId>,
}

/// Attendance events that come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub id: GatheringSeriesId,
    pub pattern: Pattern,
    pub place_id: Option<PlaceId>,
    pub department_id: Option<DepartmentId>,
    pub organizer_id: Option<MemberId>,
    pub time_zone: Tz,
    pub recurrence: String,
    /// Where the rule begins to count.
    pub first_day: NaiveDate,
    /// Nothing is held for a later day.
    pub last_day: Option<NaiveDate>,
    /// The days of the rule up to here are planned.
    pub planned_to: NaiveDate,
    pub created_at: Instant,
}

/// Where an event of a series is held instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub to: NaiveDate,
    /// From and to other times.
    pub span: Option<(NaiveTime, NaiveTime)>,
}

/// Where a series departs from its rule on one of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    pub series_id: GatheringSeriesId,
    pub day: NaiveDate,
    /// None: nothing is held for that day.
    pub moved: Option<Moved>,
    pub reason: Option<String>,
    pub created_at: Instant,
}

/// The last day that is planned now, on the clocks of a zone.
pub fn horizon(now: Instant, zone: Tz) -> NaiveDate {
    let today = local_date(now, zone);
    let last = today.checked_add_days(Days::new(HORIZON_DAYS));
    last.unwrap_or(today)
}

impl Pattern {
    /// What an event that is planned now is like.
    pub fn of(gathering: &Gathering, new: &NewGathering) -> Self {
        let slot = new.slot;
        Self {
            members: new.members.clone(),
            ..Self::taken(gathering, (slot.starts, slot.ends))
        }
    }

    fn taken(gathering: &Gathering, (starts, ends): (NaiveTime, NaiveTime)) -> Self {
        Self {
            title: gathering.title.clone(),
            kind: gathering.kind,
            note: gathering.note.clone(),
            radius_m: gathering.radius_m,
            starts,
            ends,
            window: gathering.window,
            code_required: gathering.code_required,
            roster: gathering.roster,
            members: Vec::new(),
        }
    }
}

impl Series {
    /// The days of the rule between two, without those after its end.
    pub fn days(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<NaiveDate>> {
        let to = self.last_day.map_or(to, |last| last.min(to));
        days(&self.recurrence, self.first_day, (from, to))
    }

    /// What is to be held for the days of the rule between two.
    pub fn occurrences(
        &self,
        departures: &HashMap<NaiveDate, Departure>,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Vec<(NaiveDate, Slot)>> {
        let occurrence = |day: NaiveDate| match departures.get(&day) {
            None => Some((day, self.slot(day, None))),
            Some(departure) => {
                let moved = departure.moved?;
                Some((day, self.slot(moved.to, moved.span)))
            }
        };
        let days = self.days(from, to)?;
        Ok(days.into_iter().filter_map(occurrence).collect())
    }

    /// Its times on a date, or others.
    pub fn slot(&self, date: NaiveDate, span: Option<(NaiveTime, NaiveTime)>) -> Slot {
        let (starts, ends) = span.unwrap_or((self.pattern.starts, self.pattern.ends));
        Slot { date, starts, ends }
    }

    /// The event for a day of the rule.
    pub fn event(
        &self,
        (id, secret): (GatheringId, Secret),
        (day, slot): (NaiveDate, Slot),
        now: Instant,
    ) -> Result<Gathering> {
        let (starts_at, ends_at) = slot.instants(self.time_zone)?;
        let pattern = self.pattern.clone();
        Ok(Gathering {
            id,
            title: pattern.title,
            kind: pattern.kind,
            note: pattern.note,
            place_id: self.place_id,
            radius_m: pattern.radius_m,
            starts_at,
            ends_at,
            time_zone: self.time_zone,
            window: pattern.window,
            code_required: pattern.code_required,
            secret,
            roster: pattern.roster,
            department_id: self.department_id,
            organizer_id: self.organizer_id,
            series: Some((self.id, day)),
            state: State::Scheduled,
            cancel_reason: None,
            created_at: now,
            closed_at: None,
            cancelled_at: None,
        })
    }

    /// What its events are like from now on, changed as one of them is.
    pub fn changed(self, like: Gathering, changes: &Changes) -> Result<Self> {
        let (starts, ends) = (self.pattern.starts, self.pattern.ends);
        let span = (
            changes.starts.clone().apply_required("starts", starts)?,
            changes.ends.clone().apply_required("ends", ends)?,
        );
        let like = changes.clone().apply(like)?;
        let members = match (&changes.members, like.roster) {
            (Change::To(names), Roster::Members) => names.clone(),
            (_, Roster::Members) => self.pattern.members,
            _ => Vec::new(),
        };
        Ok(Self {
            pattern: Pattern {
                members,
                ..Pattern::taken(&like, span)
            },
            place_id: like.place_id,
            department_id: like.department_id,
            organizer_id: like.organizer_id,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::America::New_York;
    use uuid::Uuid;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn nights() -> Series {
        Series {
            id: GatheringSeriesId::from_uuid(Uuid::nil()),
            pattern: Pattern {
                title: "Handover".to_owned(),
                kind: Kind::ShiftCall,
                note: None,
                radius_m: None,
                starts: time("22:00"),
                ends: time("06:00"),
                window: Window {
                    opens_minutes: 15,
                    closes_minutes: None,
                    late_after_minutes: None,
                },
                code_required: false,
                roster: Roster::Everybody,
                members: Vec::new(),
            },
            place_id: None,
            department_id: None,
            organizer_id: None,
            time_zone: New_York,
            recurrence: "FREQ=DAILY".to_owned(),
            first_day: date("2024-03-08"),
            last_day: Some(date("2024-03-11")),
            planned_to: date("2024-03-08"),
            created_at: Instant::UNIX_EPOCH,
        }
    }

    fn departures(all: &[(&str, Option<Moved>)]) -> HashMap<NaiveDate, Departure> {
        let departure = |(day, moved): &(&str, Option<Moved>)| Departure {
            series_id: nights().id,
            day: date(day),
            moved: *moved,
            reason: None,
            created_at: Instant::UNIX_EPOCH,
        };
        all.iter()
            .map(|one| (date(one.0), departure(one)))
            .collect()
    }

    #[test]
    fn each_night_is_as_long_as_the_clocks_make_it() {
        let series = nights();
        let found = series
            .occurrences(&HashMap::new(), (date("2024-03-01"), date("2024-04-01")))
            .unwrap();
        let hours = found.iter().map(|(day, slot)| {
            let id = GatheringId::from_uuid(Uuid::nil());
            let secret = Secret::stored(String::new());
            let event = series.event((id, secret), (*day, *slot), series.created_at);
            let event = event.unwrap();
            assert_eq!(
                Slot::of(event.starts_at, event.ends_at, New_York).starts,
                time("22:00")
            );
            assert_eq!(event.series, Some((series.id, *day)));
            (event.ends_at - event.starts_at).num_hours()
        });
        assert_eq!(hours.collect::<Vec<_>>(), [8, 7, 8, 8]);
    }

    #[test]
    fn departures_and_the_end_count() {
        let series = nights();
        let moved = |to: &str, span| Some(Moved { to: date(to), span });
        let span = Some((time("20:00"), time("21:00")));
        let departures = departures(&[
            ("2024-03-08", moved("2024-03-20", None)),
            ("2024-03-09", None),
            ("2024-03-10", moved("2024-03-10", span)),
        ]);
        let found = series
            .occurrences(&departures, (date("2024-03-01"), date("2024-04-01")))
            .unwrap();
        let found: Vec<(String, String, String)> = found
            .into_iter()
            .map(|(day, slot)| {
                (
                    day.to_string(),
                    slot.date.to_string(),
                    slot.starts.to_string(),
                )
            })
            .collect();
        let expected = [
            ("2024-03-08", "2024-03-20", "22:00:00"),
            ("2024-03-10", "2024-03-10", "20:00:00"),
            ("2024-03-11", "2024-03-11", "22:00:00"),
        ];
        let expected = expected.map(|(day, on, at)| (day.to_owned(), on.to_owned(), at.to_owned()));
        assert_eq!(found, expected);
    }
}
