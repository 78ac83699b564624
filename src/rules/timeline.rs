//! What a node has read of the organizations' releases: the last known good, kept until something better has proved
//! itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::TimeDelta;
use tokio::sync::Notify;
use zamu_rules::Book;

use super::releases::history;
use crate::events::event::Event;
use crate::kernel::id::{OrgId, Source};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// How long a node believes what it read; what it changes itself, or hears of, it reads again at once.
const BELIEVED: TimeDelta = TimeDelta::seconds(10);
/// The longest wait before a release that failed is tried again; the first is a second, and each is double.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(60);

/// What an organization runs on over time, the oldest first. Before the first, it ran on what ships.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub read_at: Instant,
    pub entries: Vec<Period>,
    /// What it was made from: while this stays, so does the timeline.
    pub mark: Mark,
}

/// From an instant on, a release holds.
#[derive(Debug, Clone)]
pub struct Period {
    pub from: Instant,
    /// The number of the release; 0 for what ships.
    pub number: i64,
    pub book: Book,
}

/// What a timeline was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Digest of what ships.
    pub shipped: String,
    /// When each release begins.
    pub periods: Vec<(Instant, i64)>,
    /// Digest of the organization's folder, while there is no release yet.
    pub files: Option<String>,
}

impl Mark {
    /// The newest release in it.
    pub fn newest(&self) -> i64 {
        let numbers = self.periods.iter().map(|(_, number)| *number);
        numbers.max().unwrap_or(0)
    }
}

impl Timeline {
    /// The period an instant falls in.
    pub fn at(&self, instant: Instant) -> Option<&Period> {
        let begun = |period: &&Period| period.from <= instant;
        self.entries.iter().rfind(begun)
    }

    /// Whether it reaches back as far as an instant.
    pub fn covers(&self, instant: Instant) -> bool {
        let first = self.mark.periods.first();
        first.is_none_or(|(from, _)| *from <= instant) || instant >= self.read_at - history::KEPT
    }
}

/// Why a node does not run the newest release, and when it tries again.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub problem: String,
    tries: u32,
    retry_at: Instant,
}

/// One organization on this node.
#[derive(Default)]
struct Known {
    timeline: Option<Arc<Timeline>>,
    /// How often its rules changed, as far as this node has heard, and how much of that it has taken in.
    changes: u64,
    seen: u64,
    trouble: Option<Trouble>,
    reported: Option<(i64, Option<String>)>,
}

impl Known {
    fn number(&self) -> i64 {
        let timeline = self.timeline.as_ref();
        timeline.map_or(0, |timeline| timeline.mark.newest())
    }

    fn report(&self) -> (i64, Option<String>) {
        let problem = self.trouble.as_ref().map(|trouble| trouble.problem.clone());
        (self.number(), problem)
    }
}

/// Taken before the database is asked: a change that is heard of meanwhile is not taken for read.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

/// The timelines this node has read.
#[derive(Default)]
pub struct Timelines {
    known: Mutex<HashMap<OrgId, Known>>,
    work: Notify,
    node: OnceLock<String>,
    beaten_at: Mutex<Option<Instant>>,
}

impl Timelines {
    fn known(&self) -> MutexGuard<'_, HashMap<OrgId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be used without looking: read lately and not heard to have changed, or not to be tried again yet.
    pub fn recall(&self, org: OrgId, now: Instant) -> Option<Arc<Timeline>> {
        let known = self.known();
        let known = known.get(&org)?;
        let timeline = known.timeline.as_ref()?;
        let usable = match &known.trouble {
            Some(trouble) => now < trouble.retry_at,
            None => known.seen == known.changes && now - timeline.read_at < BELIEVED,
        };
        usable.then(|| Arc::clone(timeline))
    }

    /// The last known good, however old, and a ticket for what is read next.
    pub fn held(&self, org: OrgId) -> (Option<Arc<Timeline>>, Ticket) {
        let mut known = self.known();
        let known = known.entry(org).or_default();
        (known.timeline.clone(), Ticket(known.changes))
    }

    /// Swaps in what was read. With a problem it is what could be had, and the rest is tried again.
    pub fn remember(
        &self,
        org: OrgId,
        ticket: Ticket,
        timeline: Timeline,
        problem: Option<String>,
    ) -> Arc<Timeline> {
        let mut known = self.known();
        let known = known.entry(org).or_default();
        let now = timeline.read_at;
        let timeline = Arc::new(timeline);
        known.timeline = Some(Arc::clone(&timeline));
        known.trouble = problem.map(|problem| {
            let tries = known.trouble.as_ref().map_or(0, |trouble| trouble.tries);
            let wait = TimeDelta::seconds(1_i64 << tries.min(6)).min(LONGEST_WAIT);
            Trouble {
                problem,
                tries: tries + 1,
                retry_at: now + wait,
            }
        });
        if known.trouble.is_none() {
            known.seen = known.seen.max(ticket.0);
        }
        if known.reported.as_ref() != Some(&known.report()) {
            self.work.notify_one();
        }
        timeline
    }

    /// The next question reads again; until that has succeeded, the last known good answers.
    pub fn forget(&self, org: OrgId) {
        self.known().entry(org).or_default().changes += 1;
        self.work.notify_one();
    }

    /// The same for all: what ships has changed.
    pub fn forget_all(&self) {
        for known in self.known().values_mut() {
            known.changes += 1;
        }
        self.work.notify_one();
    }

    /// Hears of an event, from whichever node it came.
    pub fn observe(&self, org: OrgId, event: &Event) {
        if matches!(event, Event::RuleReleaseActivated { .. }) {
            self.forget(org);
        }
    }

    /// Organizations in use on this node whose rules are to be read again now.
    pub fn due(&self, now: Instant) -> Vec<OrgId> {
        let is_due = |known: &Known| match &known.trouble {
            Some(trouble) => trouble.retry_at <= now,
            None => known.timeline.is_some() && known.seen != known.changes,
        };
        let known = self.known();
        let due = known.iter().filter(|(_, known)| is_due(known));
        due.map(|(org, _)| *org).collect()
    }

    /// Organizations of which this node has something new to report: the newest release it has, and what is wrong.
    pub fn unreported(&self) -> Vec<(OrgId, i64, Option<String>)> {
        let known = self.known();
        let news = known.iter().filter(|(_, known)| {
            known.timeline.is_some() && known.reported.as_ref() != Some(&known.report())
        });
        news.map(|(org, known)| {
            let (number, problem) = known.report();
            (*org, number, problem)
        })
        .collect()
    }

    pub fn mark_reported(&self, org: OrgId, number: i64, problem: Option<String>) {
        self.known().entry(org).or_default().reported = Some((number, problem));
    }

    /// Waits until there may be something to do.
    pub async fn work(&self) {
        self.work.notified().await;
    }

    /// What this node is called among the others, for as long as it runs.
    pub fn node(&self, ids: &Source) -> &str {
        self.node.get_or_init(|| text::hex(&ids.secret::<6>()))
    }

    /// Whether it is time for a sign of life, at most one in so long.
    pub fn beats(&self, now: Instant, every: TimeDelta) -> bool {
        let mut at = self
            .beaten_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = at.is_none_or(|at| now - at >= every);
        if due {
            *at = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn org() -> OrgId {
        OrgId::from_uuid(Uuid::from_u128(1))
    }

    fn at(second: i64) -> Instant {
        chrono::DateTime::from_timestamp(second, 0).unwrap()
    }

    fn timeline(second: i64) -> Timeline {
        Timeline {
            read_at: at(second),
            entries: Vec::new(),
            mark: Mark::default(),
        }
    }

    #[test]
    fn what_changes_while_it_is_read_is_read_again() {
        let timelines = Timelines::default();
        let (_, ticket) = timelines.held(org());
        timelines.forget(org());
        timelines.remember(org(), ticket, timeline(0), None);
        assert!(timelines.recall(org(), at(1)).is_none());
        assert_eq!(timelines.due(at(1)), [org()]);
        let (held, ticket) = timelines.held(org());
        assert!(held.is_some(), "the last known good stays");
        timelines.remember(org(), ticket, timeline(1), None);
        assert!(timelines.recall(org(), at(2)).is_some());
        assert!(timelines.recall(org(), at(11)).is_none(), "belief ends");
        assert!(timelines.due(at(11)).is_empty());
    }

    #[test]
    fn trouble_waits_longer_each_time_and_a_minute_at_most() {
        let timelines = Timelines::default();
        timelines.forget(org());
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let (_, ticket) = timelines.held(org());
            timelines.remember(org(), ticket, timeline(now), Some("broken".into()));
            let wait = (1..=99).find(|wait| timelines.recall(org(), at(now + wait)).is_none());
            waits.push(wait.unwrap());
            now += wait.unwrap();
            assert_eq!(timelines.due(at(now)), [org()]);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(timelines.unreported(), [(org(), 0, Some("broken".into()))]);
        let (_, ticket) = timelines.held(org());
        timelines.remember(org(), ticket, timeline(now), None);
        assert_eq!(timelines.unreported(), [(org(), 0, None)]);
        timelines.mark_reported(org(), 0, None);
        assert!(timelines.unreported().is_empty() && timelines.due(at(now)).is_empty());
    }
}
