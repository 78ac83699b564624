//! The guard of one organization's rules: a breaker and a quota for each hook, so that a rule that keeps
//! failing or eats without end is left alone for a while. Time is given, never read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::{Decision, Problem, Status};

/// So many failures among the recent runs open the breaker.
const FAILURES: usize = 5;
/// Recent means one of the last twenty runs …
const RUNS: usize = 20;
/// … or one of the last sixty seconds.
const WINDOW_US: i64 = 60_000_000;
/// How often an open breaker lets one run show whether the rule is well again.
const PROBE_US: i64 = 30_000_000;
/// Failures of a minute that are remembered; more change nothing.
const REMEMBERED: usize = 200;

/// Operations a hook of one organization may use in a minute: five hundred interactive rules that use
/// their whole budget, or a hundred thousand ordinary ones.
pub const QUOTA_PER_MINUTE: u64 = 10_000_000;

/// What to do about the next question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Ask.
    Run,
    /// Ask to see whether the rule is well again, and answer by the failure policy.
    Probe,
    /// Answer by the failure policy, marked with this status.
    Refuse(Status),
}

/// How the rule of one hook fares on this node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Health {
    pub hook: String,
    /// Runs and failures since the release was loaded.
    pub runs: u64,
    pub failures: u64,
    /// When the breaker opened, in microseconds since 1970; nothing while it is closed.
    pub open_since_us: Option<i64>,
    /// Operations left of this minute.
    pub operations_left: u64,
    /// What went wrong last.
    pub last_problem: Option<Problem>,
}

/// One organization's hooks, release by release: a new one starts afresh, and a late event that is judged
/// by an old one says nothing about it.
#[derive(Debug, Default)]
pub struct Guard(Mutex<Watched>);

type Watched = BTreeMap<(String, String), Watch>;

#[derive(Debug, Default)]
struct Watch {
    /// When each recent run was, and whether it failed.
    recent: VecDeque<(i64, bool)>,
    open_since_us: Option<i64>,
    probed_at_us: i64,
    used: u64,
    counted_at_us: i64,
    runs: u64,
    failures: u64,
    last_problem: Option<Problem>,
}

impl Guard {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asked before a hook of this release is.
    pub fn before(&self, release: &str, hook: &str, now_us: i64) -> Gate {
        let mut watched = self.watched();
        let key = (release.to_owned(), hook.to_owned());
        let watch = watched.entry(key).or_default();
        if watch.open_since_us.is_some() {
            if now_us.saturating_sub(watch.probed_at_us) < PROBE_US {
                return Gate::Refuse(Status::Breaker);
            }
            watch.probed_at_us = now_us;
            return Gate::Probe;
        }
        if watch.used_at(now_us) >= QUOTA_PER_MINUTE {
            return Gate::Refuse(Status::Quota);
        }
        Gate::Run
    }

    /// Told what a question came to. Answers whether the breaker has just opened.
    pub fn after(&self, decision: &Decision, now_us: i64) -> bool {
        let mut watched = self.watched();
        let key = (decision.release.clone(), decision.hook.clone());
        let watch = watched.entry(key).or_default();
        watch.used = watch.used_at(now_us).saturating_add(decision.operations);
        watch.counted_at_us = now_us;
        let failed = decision.problem.is_some();
        watch.runs += 1;
        watch.failures += u64::from(failed);
        if failed {
            watch.last_problem.clone_from(&decision.problem);
        }
        watch.note(failed, now_us)
    }

    /// How each hook of a release fares that was asked on this node.
    pub fn health(&self, release: &str, now_us: i64) -> Vec<Health> {
        let watched = self.watched();
        let health = |((_, hook), watch): (&(String, String), &Watch)| Health {
            hook: hook.clone(),
            runs: watch.runs,
            failures: watch.failures,
            open_since_us: watch.open_since_us,
            operations_left: QUOTA_PER_MINUTE.saturating_sub(watch.used_at(now_us)),
            last_problem: watch.last_problem.clone(),
        };
        let current = watched.iter().filter(|((of, _), _)| of == release);
        current.map(health).collect()
    }
}

impl Watch {
    /// Operations that still weigh: what was used drains away evenly within a minute.
    fn used_at(&self, now_us: i64) -> u64 {
        let passed = u64::try_from(now_us.saturating_sub(self.counted_at_us)).unwrap_or(0);
        let drained = u128::from(QUOTA_PER_MINUTE) * u128::from(passed) / 60_000_000;
        self.used
            .saturating_sub(u64::try_from(drained).unwrap_or(u64::MAX))
    }

    /// Remembers a run; answers whether the breaker has just opened.
    fn note(&mut self, failed: bool, now_us: i64) -> bool {
        if self.open_since_us.is_some() {
            if !failed {
                self.open_since_us = None;
                self.recent.clear();
            }
            return false;
        }
        self.recent.push_back((now_us, failed));
        while self.recent.len() > RUNS
            && (self.recent.len() > REMEMBERED || self.oldest_is_old(now_us))
        {
            self.recent.pop_front();
        }
        let failures = self.recent.iter().filter(|(_, failed)| *failed).count();
        if failures < FAILURES {
            return false;
        }
        self.open_since_us = Some(now_us);
        self.probed_at_us = now_us;
        true
    }

    fn oldest_is_old(&self, now_us: i64) -> bool {
        let oldest = self.recent.front();
        oldest.is_some_and(|(at, _)| now_us.saturating_sub(*at) > WINDOW_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rulebook, hook, hooks};

    const SECOND: i64 = 1_000_000;

    fn decision(failed: bool) -> Decision {
        let sample = hook(hooks::LATENESS)
            .map(crate::Hook::sample)
            .unwrap_or_default();
        let mut decision = Rulebook::embedded().decide("acme", hooks::LATENESS, sample);
        "one".clone_into(&mut decision.release);
        decision.problem = failed.then(Problem::default);
        decision
    }

    fn ask(guard: &Guard, failed: bool, now_us: i64) -> (Gate, bool) {
        let gate = guard.before("one", hooks::LATENESS, now_us);
        let opened =
            gate != Gate::Refuse(Status::Breaker) && guard.after(&decision(failed), now_us);
        (gate, opened)
    }

    #[test]
    fn five_failures_open_it_and_one_good_probe_closes_it() {
        let guard = Guard::default();
        let opened: Vec<bool> = (0..5).map(|run| ask(&guard, true, run).1).collect();
        assert_eq!(opened, [false, false, false, false, true]);
        let refused = Gate::Refuse(Status::Breaker);
        assert_eq!(ask(&guard, true, 29 * SECOND).0, refused);
        // The first probe fails, so the next is half a minute later.
        assert_eq!(ask(&guard, true, 31 * SECOND).0, Gate::Probe);
        assert_eq!(ask(&guard, false, 60 * SECOND).0, refused);
        assert_eq!(ask(&guard, false, 62 * SECOND).0, Gate::Probe);
        assert_eq!(ask(&guard, false, 62 * SECOND).0, Gate::Run);
        assert_eq!(
            guard
                .health("one", 62 * SECOND)
                .first()
                .map(|health| health.failures),
            Some(6)
        );
    }

    #[test]
    fn failures_far_apart_leave_it_closed() {
        let guard = Guard::default();
        for run in 0..200 {
            let (gate, opened) = ask(&guard, run % 6 == 0, run * 30 * SECOND);
            assert_eq!((gate, opened), (Gate::Run, false), "run {run}");
        }
    }

    #[test]
    fn a_minute_has_so_many_operations_and_they_come_back() {
        let guard = Guard::default();
        let mut hungry = decision(false);
        hungry.operations = QUOTA_PER_MINUTE;
        assert_eq!(guard.before("one", hooks::LATENESS, 0), Gate::Run);
        guard.after(&hungry, 0);
        let refused = Gate::Refuse(Status::Quota);
        assert_eq!(guard.before("one", hooks::LATENESS, 0), refused);
        assert_eq!(
            guard.before("one", hooks::GEOFENCE, 0),
            Gate::Run,
            "another hook has its own"
        );
        assert_eq!(guard.before("one", hooks::LATENESS, SECOND), Gate::Run);
    }

    #[test]
    fn another_release_starts_afresh() {
        let guard = Guard::default();
        for run in 0..5 {
            ask(&guard, true, run);
        }
        assert_eq!(
            guard.before("one", hooks::LATENESS, 6),
            Gate::Refuse(Status::Breaker)
        );
        assert_eq!(guard.before("two", hooks::LATENESS, 7), Gate::Run);
    }
}
