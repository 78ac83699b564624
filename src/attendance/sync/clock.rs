//! Thinks: when a punch really happened, by what the device's clocks say.
//!
//! A wall clock can be set to anything. The monotonic clock of a device cannot, and it counts on while the wall clock is
//! moved: so the time of our last answer plus what the monotonic clock counted since is the time of the punch, as long
//! as the device did not reboot in between.

use chrono::TimeDelta;

use crate::attendance::punch::{Heard, OLDEST_PUNCH, PunchTime, Reading, Trust};
use crate::kernel::capture::CLOCK_TOLERANCE;
use crate::kernel::error::Result;
use crate::kernel::time::{Instant, to_micros};

/// What the device says about the time of a punch.
#[derive(Debug, Clone)]
pub struct Claimed<'a> {
    /// By its wall clock.
    pub device_at: Instant,
    pub reading: Option<&'a Reading>,
    /// Answers of ours it remembers; the first that can vouch for the time does.
    pub heard: Vec<&'a Heard>,
    pub received_at: Instant,
}

/// When it happened, how that is known, and how far off the device's clock was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    pub at: Instant,
    pub trust: Trust,
    /// Seconds the wall clock was ahead; nothing where nobody vouches for the time.
    pub skew_seconds: Option<i32>,
    /// The answer it was corrected by.
    pub by: Option<Heard>,
}

impl Claimed<'_> {
    pub fn correct(&self) -> Corrected {
        let vouched = self
            .heard
            .iter()
            .find_map(|heard| Some((self.since(heard)?, (*heard).clone())));
        match vouched {
            Some((at, heard)) => Corrected {
                at,
                trust: Trust::Corrected,
                skew_seconds: Some(whole_seconds(self.device_at - at)),
                by: Some(heard),
            },
            None => Corrected {
                at: self.device_at,
                trust: Trust::Unverified,
                skew_seconds: None,
                by: None,
            },
        }
    }

    /// The time of our answer plus what the monotonic clock counted since, also backwards: a punch may be older than
    /// the last answer. An answer from a time that has not come was never ours.
    fn since(&self, heard: &Heard) -> Option<Instant> {
        let reading = self.reading?;
        if reading.boot_id != heard.reading.boot_id
            || heard.server_time > self.received_at + CLOCK_TOLERANCE
        {
            return None;
        }
        let counted = reading
            .monotonic_ms
            .checked_sub(heard.reading.monotonic_ms)?;
        let at = heard
            .server_time
            .checked_add_signed(TimeDelta::try_milliseconds(counted)?)?;
        Some(to_micros(at))
    }
}

impl Corrected {
    /// The corrected time, if it is to be believed: at most thirty days back and two minutes ahead.
    pub fn accept(&self, device_at: Instant, received_at: Instant) -> Result<PunchTime> {
        let judged = PunchTime::judge(Some(self.at), received_at, OLDEST_PUNCH)
            .map_err(|refused| refused.at("deviceTime"))?;
        Ok(PunchTime {
            device_at: Some(device_at),
            ..judged
        })
    }
}

fn whole_seconds(difference: TimeDelta) -> i32 {
    let seconds = difference.num_seconds();
    i32::try_from(seconds).unwrap_or(if seconds < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn reading(boot: &str, monotonic_ms: i64) -> Reading {
        Reading {
            boot_id: boot.to_owned(),
            monotonic_ms,
        }
    }

    fn heard(boot: &str, monotonic_ms: i64) -> Heard {
        Heard {
            server_time: at("2026-03-02T05:00:00Z"),
            reading: reading(boot, monotonic_ms),
        }
    }

    fn correct(device_at: &str, now: &Reading, heard: &[Heard]) -> Corrected {
        Claimed {
            device_at: at(device_at),
            reading: Some(now),
            heard: heard.iter().collect(),
            received_at: at("2026-03-02T12:00:00Z"),
        }
        .correct()
    }

    #[test]
    fn the_running_time_since_our_answer_corrects_the_wall_clock() {
        let found = correct(
            "2026-03-02T07:10:00Z",
            &reading("a", 3_605_000),
            &[heard("a", 5_000)],
        );
        assert_eq!(
            (found.at, found.trust, found.skew_seconds),
            (at("2026-03-02T06:00:00Z"), Trust::Corrected, Some(70 * 60))
        );
        // Captured before the answer came, handed in after it.
        let earlier = correct(
            "2026-03-02T04:59:00Z",
            &reading("a", 5_000),
            &[heard("a", 65_000)],
        );
        assert_eq!(
            (earlier.at, earlier.skew_seconds),
            (at("2026-03-02T04:59:00Z"), Some(0))
        );
    }

    #[test]
    fn without_a_voucher_the_device_is_taken_at_its_word_and_that_is_said() {
        let word = |found: Corrected| {
            assert_eq!(
                (found.at, found.trust, found.skew_seconds, found.by),
                (at("2026-03-02T06:00:00Z"), Trust::Unverified, None, None)
            );
        };
        word(correct("2026-03-02T06:00:00Z", &reading("b", 9), &[]));
        let future = Heard {
            server_time: at("2026-03-02T12:02:01Z"),
            ..heard("b", 1)
        };
        word(correct("2026-03-02T06:00:00Z", &reading("b", 9), &[future]));
        word(
            Claimed {
                device_at: at("2026-03-02T06:00:00Z"),
                reading: None,
                heard: vec![&heard("a", 1)],
                received_at: at("2026-03-02T12:00:00Z"),
            }
            .correct(),
        );
    }

    #[test]
    fn a_later_answer_vouches_after_a_reboot() {
        let found = correct(
            "2026-03-02T06:00:00Z",
            &reading("b", 1_000),
            &[heard("a", 1_000), heard("b", 61_000)],
        );
        assert_eq!(
            (found.at, found.trust),
            (at("2026-03-02T04:59:00Z"), Trust::Corrected)
        );
    }

    #[test]
    fn a_time_is_believed_back_to_thirty_days_and_two_minutes_ahead() {
        let now = at("2026-03-02T05:00:00Z");
        let accept = |text: &str| {
            let found = Corrected {
                at: at(text),
                trust: Trust::Corrected,
                skew_seconds: Some(0),
                by: None,
            };
            found.accept(at("2026-03-01T00:00:00Z"), now)
        };
        let fast = accept("2026-03-02T05:02:00Z").unwrap();
        assert_eq!(
            (fast.occurred_at, fast.device_at),
            (now, Some(at("2026-03-01T00:00:00Z")))
        );
        assert!(accept("2026-01-31T05:00:00Z").is_ok());
        for bad in ["2026-03-02T05:02:01Z", "2026-01-31T04:59:59Z"] {
            assert_eq!(
                accept(bad).unwrap_err().field.as_deref(),
                Some("deviceTime")
            );
        }
    }

    proptest! {
        #[test]
        fn later_by_the_monotonic_clock_is_later(wall: i32, first: i64, second: i64, anchor: i64) {
            let wall = at("2026-03-02T05:00:00Z") + TimeDelta::seconds(wall.into());
            let wall = wall.to_rfc3339();
            let (low, high) = (first.min(second), first.max(second));
            let from = correct(&wall, &reading("a", low), &[heard("a", anchor)]);
            let to = correct(&wall, &reading("a", high), &[heard("a", anchor)]);
            if from.trust == Trust::Corrected && to.trust == Trust::Corrected {
                prop_assert!(from.at <= to.at);
            }
        }

        #[test]
        fn an_exact_clock_has_no_skew(elapsed in 0..2_000_000_000_i64, anchor in 0..i64::from(u32::MAX)) {
            let exact = at("2026-03-02T05:00:00Z") + TimeDelta::milliseconds(elapsed);
            let found = correct(&exact.to_rfc3339(), &reading("a", anchor + elapsed), &[heard("a", anchor)]);
            prop_assert_eq!((found.at, found.skew_seconds), (exact, Some(0)));
        }

        #[test]
        fn a_reboot_ends_what_an_old_reading_says(wall: i32, now: i64, before: i64) {
            let wall = at("2026-03-02T05:00:00Z") + TimeDelta::seconds(wall.into());
            let found = correct(&wall.to_rfc3339(), &reading("b", now), &[heard("a", before)]);
            prop_assert_eq!((found.at, found.trust), (wall, Trust::Unverified));
        }
    }
}
