//! Thinks: what a row says, why it cannot be used, and which punches make a session.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::attendance::model::Direction;
use crate::kernel::time::{Instant, local_to_instant};
use crate::schedules::model::{EARLY, Shift, ShiftKind, match_shift};

/// Two taps in one direction within this time are one act: nobody comes twice in two minutes.
pub const DOUBLE_TAP: TimeDelta = TimeDelta::minutes(2);
/// A clock-out later than this after the clock-in belongs to something else.
pub const LONGEST_SESSION: TimeDelta = TimeDelta::hours(24);

/// Why a row is not used: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the row cannot be read: {0}")]
    Malformed(String),
    #[error("the row names no user")]
    NoUser,
    #[error("there is no user {0} in users.csv")]
    UnknownUser(String),
    #[error("the user {0} stands in an earlier row already")]
    RepeatedUser(String),
    #[error("`{0}` is not a date such as 2022-01-31")]
    BadDate(String),
    #[error("`{0}` is not a time such as 08:30:00")]
    BadTime(String),
    #[error("`{0}` is not an offset from UTC such as +08:00")]
    BadOffset(String),
    #[error("`{0}` is not a number of seconds")]
    BadSeconds(String),
    #[error("its break is as long as the time it stands in, or longer")]
    BreakTooLong,
    #[error("the row names no date")]
    NoDate,
    #[error("`{0}` is neither IN nor OUT")]
    UnknownCase(String),
    #[error("a BREAK: its meaning is not defined by the source")]
    BreakUndefined,
    #[error("type `{0}` has no defined meaning")]
    UnknownType(String),
    #[error("its time has not come yet")]
    Future,
    #[error("no clock-in within 24 hours before it")]
    NoClockIn,
    #[error("an earlier import gave this time to another session, and history is not rewritten")]
    AgainstHistory,
    #[error("there is no member {0}")]
    UnknownMember(String),
    #[error("several members are called {0}")]
    AmbiguousMember(String),
    #[error("the mapping says nothing about the direction `{0}`")]
    UnknownCode(String),
    #[error("its direction is unknown, and it is neither the first nor the last of its day")]
    Between,
    #[error("the leave is `{0}`, not granted")]
    NotGranted(String),
}

impl Reason {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::NoUser => "NO_USER",
            Self::UnknownUser(_) => "UNKNOWN_USER",
            Self::RepeatedUser(_) => "REPEATED_USER",
            Self::BadDate(_) => "BAD_DATE",
            Self::BadTime(_) => "BAD_TIME",
            Self::BadOffset(_) => "BAD_OFFSET",
            Self::BadSeconds(_) => "BAD_SECONDS",
            Self::BreakTooLong => "BREAK_TOO_LONG",
            Self::NoDate => "NO_DATE",
            Self::UnknownCase(_) => "UNKNOWN_CASE",
            Self::BreakUndefined => "BREAK_UNDEFINED",
            Self::UnknownType(_) => "UNKNOWN_TYPE",
            Self::Future => "FUTURE",
            Self::NoClockIn => "NO_CLOCK_IN",
            Self::AgainstHistory => "AGAINST_HISTORY",
            Self::UnknownMember(_) => "UNKNOWN_MEMBER",
            Self::AmbiguousMember(_) => "AMBIGUOUS_MEMBER",
            Self::UnknownCode(_) => "UNKNOWN_CODE",
            Self::Between => "BETWEEN",
            Self::NotGranted(_) => "NOT_GRANTED",
        }
    }
}

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

/// A row of schedules.csv: the same time on many days for many people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub kind: ShiftKind,
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

/// The shift that a clock-in was for. The plans of an export overlap, as when a standing nine-to-six lies beside the
/// evening that somebody really worked: of those that claim it, the nearest start is the one that was meant. A running
/// one first, as for a live clock-in, would call everybody very late who came for the evening.
pub fn meant_shift(shifts: &[Shift], at: Instant) -> Option<&Shift> {
    let claiming = shifts
        .iter()
        .filter(|shift| match_shift(std::slice::from_ref(*shift), at).is_some());
    claiming.min_by_key(|shift| ((at - shift.starts_at).abs(), shift.starts_at, shift.ends_at))
}

/// Whether a clock-in can be late for its shift: who was there before and comes back from lunch is not late again,
/// and a whole day has no minute to be late for.
pub fn can_be_late(shift: &Shift, came_before: Option<Instant>) -> bool {
    let is_first = came_before.is_none_or(|before| before < shift.starts_at - EARLY);
    is_first && shift.ends_at - shift.starts_at < TimeDelta::days(1)
}

/// A punch as it stands in a file or, without a row, an open session that the database already knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    pub row: Option<u64>,
    pub at: DateTime<FixedOffset>,
    pub direction: Direction,
    /// The file does not say which way: the direction is still to be worked out.
    pub is_unknown: bool,
    pub place: Option<String>,
    /// Which terminal it was made at.
    pub device: Option<String>,
    /// The outside name of the punch.
    pub name: String,
}

impl Tap {
    /// At one instant the clock-out comes first, as when one shift ends and the next begins; of equals the one that
    /// names its place. The row decides last, so the order of the rows does not matter.
    fn order(&self) -> impl Ord + use<> {
        let leaves_last = self.direction == Direction::In;
        let at = (self.at.to_utc(), leaves_last, self.row.is_some());
        (
            at,
            self.place.is_none(),
            self.place.clone(),
            self.at.offset().local_minus_utc(),
            self.row,
        )
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Out(Tap),
    /// Something later shows that the clock-out was missed.
    Missed,
    /// Nothing came after the clock-in.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub clock_in: Tap,
    pub end: End,
}

/// A double tap: its row and the row it repeats, if that is not in the database already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Merge {
    pub row: u64,
    pub into: Option<u64>,
}

/// What one person's punches come to.
#[derive(Debug, Default)]
pub struct Pairing {
    /// In the order of time; they never overlap.
    pub spans: Vec<Span>,
    pub merged: Vec<Merge>,
    pub refused: Vec<(u64, Reason)>,
}

/// Pairs one person's punches. A tap within two minutes of the one before it, in the same direction, is the same act
/// and shares its fate; a clock-in while a session is open shows that the clock-out was missed.
pub fn pair(taps: Vec<Tap>) -> Pairing {
    pair_within(taps, DOUBLE_TAP)
}

/// The same, where taps within another time are one act.
pub fn pair_within(mut taps: Vec<Tap>, debounce: TimeDelta) -> Pairing {
    taps.sort_by_cached_key(Tap::order);
    let mut pairing = Pairing::default();
    let mut open: Option<Tap> = None;
    // The direction and instant of the last tap, and the row of the act it belongs to.
    let mut last: Option<(Direction, Instant, Option<u64>)> = None;
    for tap in taps {
        let (direction, at) = (tap.direction, tap.at.to_utc());
        let act = last.filter(|(before, then, _)| *before == direction && at - *then <= debounce);
        last = Some((direction, at, act.map_or(tap.row, |(.., into)| into)));
        match (act, tap.row) {
            (Some((.., into)), Some(row)) => pairing.merged.push(Merge { row, into }),
            (Some(_), None) => {}
            (None, _) => pairing.follow(&mut open, tap),
        }
    }
    pairing.spans.extend(open.map(|clock_in| Span {
        clock_in,
        end: End::Open,
    }));
    pairing
}

impl Pairing {
    fn follow(&mut self, open: &mut Option<Tap>, tap: Tap) {
        match (open.take(), tap.direction) {
            (before, Direction::In) => {
                self.spans.extend(before.map(|clock_in| Span {
                    clock_in,
                    end: End::Missed,
                }));
                *open = Some(tap);
            }
            (Some(clock_in), Direction::Out) if tap.at - clock_in.at <= LONGEST_SESSION => {
                self.spans.push(Span {
                    clock_in,
                    end: End::Out(tap),
                });
            }
            // A file knows no breaks.
            (before, Direction::BreakStart | Direction::BreakEnd) => *open = before,
            (before, Direction::Out) => {
                self.spans.extend(before.map(|clock_in| Span {
                    clock_in,
                    end: End::Missed,
                }));
                self.refused
                    .extend(tap.row.map(|row| (row, Reason::NoClockIn)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tap(row: u64, text: &str, direction: Direction) -> Tap {
        Tap {
            row: Some(row),
            at: text.parse().unwrap(),
            direction,
            is_unknown: false,
            place: None,
            device: None,
            name: String::new(),
        }
    }

    /// `I8:00`, `O17:00` of one day, the rows numbered from 2.
    fn day(text: &str) -> Vec<Tap> {
        let taps = text.split_whitespace().zip(2..).map(|(word, row)| {
            let direction = if word.starts_with('I') {
                Direction::In
            } else {
                Direction::Out
            };
            tap(row, &format!("2022-01-03T{}+08:00", &word[1..]), direction)
        });
        taps.collect()
    }

    /// `I08:00:00-17:00:00`, `-missed`, `-open`.
    fn shown(pairing: &Pairing) -> Vec<String> {
        let spans = pairing.spans.iter().map(|span| {
            let end = match &span.end {
                End::Out(out) => out.at.format("%H:%M").to_string(),
                End::Missed => "missed".to_owned(),
                End::Open => "open".to_owned(),
            };
            format!("{}-{end}", span.clock_in.at.format("%H:%M"))
        });
        spans.collect()
    }

    #[test]
    fn in_and_out_make_a_session() {
        let pairing = pair(day("I08:00:00 O12:00:00 I13:00:00 O17:00:00"));
        assert_eq!(shown(&pairing), ["08:00-12:00", "13:00-17:00"]);
        assert!(pairing.merged.is_empty() && pairing.refused.is_empty());
    }

    #[test]
    fn taps_in_a_row_are_one_act() {
        let pairing = pair(day("I08:00:00 I08:01:59 I08:03:30 O17:00:00 O17:02:00"));
        assert_eq!(shown(&pairing), ["08:00-17:00"]);
        let merges: Vec<_> = pairing
            .merged
            .iter()
            .map(|merge| (merge.row, merge.into))
            .collect();
        assert_eq!(merges, [(3, Some(2)), (4, Some(2)), (6, Some(5))]);
        let apart = pair(day("I08:00:00 I08:02:01"));
        assert_eq!(shown(&apart), ["08:00-missed", "08:02-open"]);
    }

    #[test]
    fn a_clock_out_needs_a_clock_in() {
        let pairing = pair(day("O07:00:00 I08:00:00 O17:00:00 O18:00:00 O18:01:00"));
        assert_eq!(shown(&pairing), ["08:00-17:00"]);
        assert_eq!(
            pairing.refused,
            [(2, Reason::NoClockIn), (5, Reason::NoClockIn)]
        );
        assert_eq!(
            pairing.merged,
            [Merge {
                row: 6,
                into: Some(5)
            }]
        );
    }

    #[test]
    fn a_day_later_is_too_late() {
        let clock_in = tap(2, "2022-01-03T08:00:00+08:00", Direction::In);
        let within = tap(3, "2022-01-04T08:00:00+08:00", Direction::Out);
        assert_eq!(
            shown(&pair(vec![clock_in.clone(), within])),
            ["08:00-08:00"]
        );
        let after = pair(vec![
            clock_in,
            tap(3, "2022-01-04T08:00:01+08:00", Direction::Out),
        ]);
        assert_eq!(shown(&after), ["08:00-missed"]);
        assert_eq!(after.refused, [(3, Reason::NoClockIn)]);
    }

    #[test]
    fn where_one_shift_meets_the_next_the_clock_out_comes_first() {
        let pairing = pair(day("I08:00:00 I15:00:00 O15:00:00 O22:00:00"));
        assert_eq!(shown(&pairing), ["08:00-15:00", "15:00-22:00"]);
    }

    #[test]
    fn offsets_are_heeded() {
        let taps = vec![
            tap(2, "2022-01-03T08:30:00+08:00", Direction::Out),
            tap(3, "2022-01-03T07:00:00+07:00", Direction::In),
        ];
        let pairing = pair(taps);
        assert_eq!(pairing.spans.len(), 1);
        assert_eq!(
            pairing.spans[0].clock_in.at.to_rfc3339(),
            "2022-01-03T07:00:00+07:00"
        );
    }

    #[test]
    fn what_the_database_knows_is_continued() {
        let known = Tap {
            row: None,
            ..tap(0, "2022-01-03T08:00:00+00:00", Direction::In)
        };
        let out = tap(2, "2022-01-03T17:00:00+00:00", Direction::Out);
        assert_eq!(shown(&pair(vec![out, known.clone()])), ["08:00-17:00"]);
        let again = pair(vec![
            tap(2, "2022-01-03T08:01:00+00:00", Direction::In),
            known,
        ]);
        assert_eq!(again.merged, [Merge { row: 2, into: None }]);
    }

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
    fn of_overlapping_plans_the_nearest_start_was_meant() {
        let at = |text: &str| format!("2022-01-03T{text}Z").parse::<Instant>().unwrap();
        let shift = |starts: &str, ends: &str| Shift {
            id: crate::kernel::id::Id::from_uuid(uuid::Uuid::nil()),
            member_id: crate::kernel::id::Id::from_uuid(uuid::Uuid::nil()),
            place_id: None,
            kind: ShiftKind::Work,
            work_date: "2022-01-03".parse().unwrap(),
            starts_at: at(starts),
            ends_at: at(ends),
            break_minutes: 0,
            external_ref: None,
            created_at: at("00:00:00"),
            cancelled_at: None,
            made: crate::schedules::model::Made::default(),
        };
        let (standing, evening) = (shift("09:00:00", "18:00:00"), shift("15:00:00", "22:00:00"));
        let shifts = [standing.clone(), evening.clone()];
        assert_eq!(meant_shift(&shifts, at("14:55:00")), Some(&evening));
        assert_eq!(meant_shift(&shifts, at("09:20:00")), Some(&standing));
        assert_eq!(meant_shift(&shifts, at("22:30:00")), None);
        assert!(can_be_late(&evening, None) && can_be_late(&evening, Some(at("09:20:00"))));
        assert!(!can_be_late(&standing, Some(at("08:55:00"))));
        let all_day = Shift {
            ends_at: standing.starts_at + TimeDelta::days(1),
            ..standing
        };
        assert!(!can_be_late(&all_day, None));
    }

    fn taps() -> impl Strategy<Value = Vec<Tap>> {
        // Five days in steps of half a minute, so that ties and double taps are common.
        let one = (
            0_i64..14_400,
            any::<bool>(),
            prop::bool::weighted(0.1),
            0_u8..3,
        );
        prop::collection::vec(one, 0..60).prop_map(|all| {
            let start = "2022-01-03T00:00:00+08:00"
                .parse::<DateTime<FixedOffset>>()
                .unwrap();
            let west = FixedOffset::east_opt(7 * 3_600).unwrap();
            let taps =
                all.into_iter()
                    .zip(2..)
                    .map(|((half_minutes, comes, from_west, place), row)| {
                        let at = start + TimeDelta::seconds(half_minutes * 30);
                        Tap {
                            row: Some(row),
                            at: if from_west {
                                at.with_timezone(&west)
                            } else {
                                at
                            },
                            direction: if comes { Direction::In } else { Direction::Out },
                            is_unknown: false,
                            place: (place > 0).then(|| format!("place {place}")),
                            device: None,
                            name: String::new(),
                        }
                    });
            taps.collect()
        })
    }

    fn rows_of(pairing: &Pairing) -> Vec<u64> {
        let mut rows: Vec<u64> = pairing.merged.iter().map(|merge| merge.row).collect();
        rows.extend(pairing.refused.iter().map(|(row, _)| *row));
        for Span { clock_in, end } in &pairing.spans {
            rows.extend(clock_in.row);
            rows.extend(match end {
                End::Out(out) => out.row,
                _ => None,
            });
        }
        rows.sort_unstable();
        rows
    }

    /// The sessions without the rows they came from.
    fn sessions(pairing: &Pairing) -> Vec<(Tap, Option<Tap>, bool)> {
        let bare = |tap: &Tap| Tap {
            row: None,
            ..tap.clone()
        };
        let session = |span: &Span| match &span.end {
            End::Out(out) => (bare(&span.clock_in), Some(bare(out)), false),
            end => (bare(&span.clock_in), None, *end == End::Missed),
        };
        pairing.spans.iter().map(session).collect()
    }

    proptest! {
        #[test]
        fn every_row_is_used_merged_or_refused_once(taps in taps()) {
            let rows: Vec<u64> = taps.iter().filter_map(|tap| tap.row).collect();
            prop_assert_eq!(rows_of(&pair(taps)), rows);
        }

        #[test]
        fn sessions_end_after_they_start_and_never_overlap(taps in taps()) {
            let pairing = pair(taps);
            for span in &pairing.spans {
                if let End::Out(out) = &span.end {
                    prop_assert!(out.at >= span.clock_in.at && out.at - span.clock_in.at <= LONGEST_SESSION);
                }
            }
            for two in pairing.spans.windows(2) {
                let ended = match &two[0].end {
                    End::Out(out) => out.at,
                    _ => two[0].clock_in.at,
                };
                prop_assert!(ended <= two[1].clock_in.at && two[0].end != End::Open);
            }
        }

        #[test]
        fn the_order_of_the_rows_does_not_matter(
            (taps, shuffled) in taps().prop_flat_map(|taps| (Just(taps.clone()), Just(taps).prop_shuffle())),
        ) {
            // A spreadsheet sorted another way: the same punches under other row numbers.
            let renumbered = shuffled.into_iter().zip(2..).map(|(tap, row)| Tap { row: Some(row), ..tap }).collect();
            prop_assert_eq!(sessions(&pair(taps)), sessions(&pair(renumbered)));
        }

        #[test]
        fn a_file_after_itself_merges_its_second_copy(taps in taps()) {
            let first = u64::try_from(taps.len()).unwrap() + 2;
            let copy = taps.iter().zip(first..).map(|(tap, row)| Tap { row: Some(row), ..tap.clone() });
            let twice = pair(taps.iter().cloned().chain(copy).collect());
            let once = pair(taps.clone());
            prop_assert_eq!(sessions(&twice), sessions(&once));
            prop_assert_eq!(twice.refused.len(), once.refused.len());
            prop_assert_eq!(twice.merged.len(), once.merged.len() + taps.len());
        }
    }
}
