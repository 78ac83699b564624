//! Which release held when: from activations to periods. Pure.

use chrono::TimeDelta;

use crate::kernel::id::MemberId;
use crate::kernel::time::Instant;
use uuid::Uuid;

/// How far back a node keeps periods in memory. What is older, an import say, is looked up.
pub const KEPT: TimeDelta = TimeDelta::days(45);

/// From an instant on, a release holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    pub id: Uuid,
    pub number: i64,
    /// The release it follows.
    pub parent: i64,
    pub effective_from: Instant,
    pub activated_at: Instant,
    pub activated_by: Option<MemberId>,
    /// Whether the author took it upon themselves, there being nobody else.
    pub alone: bool,
    pub reason: Option<String>,
    /// A rollback, a switch-off or a newer release came before its time.
    pub cancelled_at: Option<Instant>,
}

/// The activations that count, each with the instant it begins; a later one wins over an earlier one of the same
/// instant. The oldest first.
pub fn periods(activations: &[Activation]) -> Vec<(Instant, i64)> {
    let mut counting: Vec<&Activation> = activations
        .iter()
        .filter(|activation| activation.cancelled_at.is_none())
        .collect();
    counting.sort_by_key(|activation| {
        (
            activation.effective_from,
            activation.activated_at,
            activation.number,
        )
    });
    let mut periods: Vec<(Instant, i64)> = Vec::with_capacity(counting.len());
    for activation in counting {
        if let Some(last) = periods
            .last_mut()
            .filter(|last| last.0 == activation.effective_from)
        {
            last.1 = activation.number;
        } else {
            periods.push((activation.effective_from, activation.number));
        }
    }
    periods
}

/// The release in force at an instant; 0 for what ships.
pub fn in_force(periods: &[(Instant, i64)], at: Instant) -> i64 {
    let begun = periods.partition_point(|(from, _)| *from <= at);
    let last = begun.checked_sub(1).and_then(|last| periods.get(last));
    last.map_or(0, |(_, number)| *number)
}

/// The newest release that holds or is going to: what the next one must follow; 0 for what ships.
pub fn newest(activations: &[Activation]) -> i64 {
    let counting = activations
        .iter()
        .filter(|activation| activation.cancelled_at.is_none());
    counting
        .map(|activation| activation.number)
        .max()
        .unwrap_or(0)
}

/// Those of the periods that still matter `now`: the one in force when the window opens, and all later ones.
pub fn recent(periods: &[(Instant, i64)], now: Instant) -> &[(Instant, i64)] {
    let opens = now - KEPT;
    let begun = periods.partition_point(|(from, _)| *from <= opens);
    periods.get(begun.saturating_sub(1)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> Instant {
        chrono::DateTime::from_timestamp(minutes * 60, 0).unwrap()
    }

    fn activation(number: i64, from: i64, activated: i64, cancelled: bool) -> Activation {
        Activation {
            id: Uuid::from_u128(1),
            number,
            parent: number - 1,
            effective_from: at(from),
            activated_at: at(activated),
            activated_by: None,
            alone: false,
            reason: None,
            cancelled_at: cancelled.then(|| at(activated)),
        }
    }

    #[test]
    fn a_period_begins_with_its_instant() {
        let all = [
            activation(1, 10, 10, false),
            activation(2, 20, 15, false),
            activation(3, 20, 16, true),
        ];
        let periods = periods(&all);
        let held: Vec<i64> = [9, 10, 19, 20, 99]
            .iter()
            .map(|minute| in_force(&periods, at(*minute)))
            .collect();
        assert_eq!(held, [0, 1, 1, 2, 2]);
        assert_eq!(newest(&all), 2);
        assert_eq!(newest(&[]), 0);
    }

    #[test]
    fn the_window_keeps_what_was_in_force_when_it_opened() {
        let day = 24 * 60;
        let all: Vec<Activation> = (1..=5)
            .map(|number| activation(number, number * 30 * day, 0, false))
            .collect();
        let all = periods(&all);
        let numbers: Vec<i64> = recent(&all, at(150 * day))
            .iter()
            .map(|period| period.1)
            .collect();
        assert_eq!(numbers, [3, 4, 5]);
        assert!(recent(&[], at(0)).is_empty());
    }

    proptest! {
        /// Said in another way: among the uncancelled with `effective_from` not after `t`, the greatest
        /// `effective_from` wins, then the one activated later, then the higher number.
        #[test]
        fn the_choice_is_the_greatest_begun(
            raw in proptest::collection::vec((0_i64..20, 0_i64..20, any::<bool>()), 0..12),
            t in 0_i64..25,
        ) {
            let all: Vec<Activation> = raw
                .iter()
                .zip(1..)
                .map(|((from, activated, cancelled), number)| activation(number, *from, *activated, *cancelled))
                .collect();
            let best = all
                .iter()
                .filter(|one| one.cancelled_at.is_none() && one.effective_from <= at(t))
                .max_by_key(|one| (one.effective_from, one.activated_at, one.number));
            prop_assert_eq!(in_force(&periods(&all), at(t)), best.map_or(0, |one| one.number));
        }

        /// What is forgotten is never needed by what may still arrive.
        #[test]
        fn the_window_changes_no_choice(
            raw in proptest::collection::vec(0_i64..200_000, 0..12),
            now in 0_i64..200_000,
            back in 0_i64..64_800,
        ) {
            let all: Vec<Activation> = raw
                .iter()
                .zip(1..)
                .map(|(from, number)| activation(number, *from, *from, false))
                .collect();
            let (all, now) = (periods(&all), at(now));
            let event = now - TimeDelta::minutes(back);
            prop_assert_eq!(in_force(recent(&all, now), event), in_force(&all, event));
        }
    }
}
