//! Thinks: the taps of one person, as a file tells them: which of them are one act, and where a long row of them may be
//! cut.

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::attendance::model::Direction;
use crate::kernel::time::Instant;

/// Two taps in one direction within this time are one act: nobody comes twice in two minutes.
pub const DOUBLE_TAP: TimeDelta = TimeDelta::minutes(2);
/// As many claims as one transaction keeps, or a few more: others wait for its end.
const AT_ONCE: usize = 400;
/// Between two days of work lies so much.
const NIGHT: TimeDelta = TimeDelta::hours(8);

/// A punch as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    pub row: u64,
    /// As the clock on the wall showed it there.
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
        (
            self.at.to_utc(),
            self.direction == Direction::In,
            self.place.is_none(),
            self.place.clone(),
            self.at.offset().local_minus_utc(),
            self.row,
        )
    }
}

/// A double tap: its row and the row it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Merge {
    pub row: u64,
    pub into: u64,
}

/// One person's acts in the order of time, and the taps that only repeat them: those in the same direction within a
/// moment of the tap before.
pub fn debounced(mut taps: Vec<Tap>, moment: TimeDelta) -> (Vec<Tap>, Vec<Merge>) {
    taps.sort_by_cached_key(Tap::order);
    let mut acts: Vec<Tap> = Vec::with_capacity(taps.len());
    let mut merged = Vec::new();
    let mut last: Option<(Direction, Instant)> = None;
    for tap in taps {
        let (direction, at) = (tap.direction, tap.at.to_utc());
        let repeats = last.is_some_and(|(before, then)| before == direction && at - then <= moment);
        last = Some((direction, at));
        match acts.last().filter(|_| repeats) {
            Some(act) => merged.push(Merge {
                row: tap.row,
                into: act.row,
            }),
            None => acts.push(tap),
        }
    }
    (acts, merged)
}

/// Cuts a long row of acts into stretches, each to be worked out in a transaction of its own: in a night, so that no
/// session and no shift lies on both sides, or else wherever it grows too long.
pub fn stretches(acts: Vec<Tap>) -> Vec<Vec<Tap>> {
    let mut all = Vec::new();
    let mut stretch: Vec<Tap> = Vec::new();
    for act in acts {
        let is_new_day = stretch.last().is_some_and(|before| {
            let comes = before.direction == Direction::Out && act.direction == Direction::In;
            comes && act.at - before.at >= NIGHT
        });
        if stretch.len() >= 2 * AT_ONCE || (is_new_day && stretch.len() >= AT_ONCE) {
            all.push(std::mem::take(&mut stretch));
        }
        stretch.push(act);
    }
    if !stretch.is_empty() {
        all.push(stretch);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tap(row: u64, text: &str, direction: Direction) -> Tap {
        Tap {
            row,
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

    fn rows((acts, merged): &(Vec<Tap>, Vec<Merge>)) -> (Vec<u64>, Vec<(u64, u64)>) {
        let merged = merged.iter().map(|merge| (merge.row, merge.into));
        (acts.iter().map(|act| act.row).collect(), merged.collect())
    }

    #[test]
    fn taps_in_a_row_are_one_act() {
        let taps = day("I08:00:00 I08:01:59 I08:03:30 O17:00:00 O17:02:00 O17:04:01");
        let expected = (vec![2, 5, 7], vec![(3, 2), (4, 2), (6, 5)]);
        assert_eq!(rows(&debounced(taps, DOUBLE_TAP)), expected);
    }

    #[test]
    fn the_other_way_is_another_act_however_soon() {
        let taps = day("I08:00:00 O08:00:30 I08:01:00 O17:00:00");
        assert_eq!(rows(&debounced(taps, DOUBLE_TAP)).0, [2, 3, 4, 5]);
        let at_once = day("I15:00:00 O15:00:00");
        assert_eq!(rows(&debounced(at_once, DOUBLE_TAP)).0, [3, 2]);
    }

    #[test]
    fn a_long_history_is_cut_at_night() {
        let start: DateTime<FixedOffset> = "2022-01-03T08:00:00+08:00".parse().unwrap();
        let days = (0..1_000).flat_map(|day| {
            let came = start + TimeDelta::days(day);
            let hours = [
                (0, Direction::In),
                (4, Direction::Out),
                (5, Direction::In),
                (9, Direction::Out),
            ];
            hours.map(|(hour, direction)| Tap {
                at: came + TimeDelta::hours(hour),
                ..tap(2, "2022-01-03T08:00:00+08:00", direction)
            })
        });
        let acts: Vec<Tap> = days.collect();
        let cut = stretches(acts.clone());
        assert!(cut.iter().all(|stretch| stretch.len() == AT_ONCE));
        assert_eq!(cut.concat(), acts);
        let only_in = vec![tap(2, "2022-01-03T08:00:00+08:00", Direction::In); 2_000];
        let lengths: Vec<usize> = stretches(only_in).iter().map(Vec::len).collect();
        assert_eq!(lengths, [800, 800, 400]);
        assert!(stretches(Vec::new()).is_empty());
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
                            row,
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

    /// The acts without the rows they came from.
    fn bare(taps: Vec<Tap>) -> Vec<Tap> {
        let (acts, _) = debounced(taps, DOUBLE_TAP);
        acts.into_iter().map(|act| Tap { row: 0, ..act }).collect()
    }

    proptest! {
        #[test]
        fn every_row_is_an_act_or_merged_once(taps in taps()) {
            let all: Vec<u64> = taps.iter().map(|tap| tap.row).collect();
            let (acts, merged) = rows(&debounced(taps, DOUBLE_TAP));
            let mut found: Vec<u64> = acts.iter().copied().chain(merged.iter().map(|one| one.0)).collect();
            found.sort_unstable();
            prop_assert_eq!(found, all);
            prop_assert!(merged.iter().all(|(_, into)| acts.contains(into)));
        }

        #[test]
        fn the_order_of_the_rows_does_not_matter(
            (taps, shuffled) in taps().prop_flat_map(|taps| (Just(taps.clone()), Just(taps).prop_shuffle())),
        ) {
            // A spreadsheet sorted another way: the same punches under other row numbers.
            let renumbered = shuffled.into_iter().zip(2..).map(|(tap, row)| Tap { row, ..tap }).collect();
            prop_assert_eq!(bare(taps), bare(renumbered));
        }

        #[test]
        fn a_file_after_itself_merges_its_second_copy(taps in taps()) {
            let first = u64::try_from(taps.len()).unwrap() + 2;
            let copy = taps.iter().zip(first..).map(|(tap, row)| Tap { row, ..tap.clone() });
            let twice: Vec<Tap> = taps.iter().cloned().chain(copy).collect();
            prop_assert_eq!(bare(twice), bare(taps));
        }
    }
}
