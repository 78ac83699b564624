//! The rules in force: which release an event is judged by, asking it, and remembering what was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use zamu_rules::{Book, Decision, Mode, Record};

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::kernel::time::Instant;
use crate::telemetry;

/// How long a node believes what it read; what it changes itself, or hears of, it forgets at once.
const BELIEVED: TimeDelta = TimeDelta::seconds(10);

/// What an organization runs on over time, the oldest first. Before the first, it ran on what ships.
#[derive(Debug)]
pub struct Timeline {
    pub read_at: Instant,
    pub entries: Vec<Period>,
}

/// From an instant on, a release holds.
#[derive(Debug, Clone)]
pub struct Period {
    pub from: Instant,
    /// The number of the release; 0 for what ships.
    pub number: i64,
    pub book: Book,
}

impl Timeline {
    /// The period an instant falls in.
    fn at(&self, instant: Instant) -> Option<&Period> {
        let begun = |period: &&Period| period.from <= instant;
        self.entries.iter().rfind(begun)
    }
}

/// The timelines this node has read.
#[derive(Default)]
pub struct Timelines(Mutex<HashMap<OrgId, Arc<Timeline>>>);

impl Timelines {
    fn recall(&self, org: OrgId, now: Instant) -> Option<Arc<Timeline>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&org)
            .filter(|timeline| now - timeline.read_at < BELIEVED)
            .cloned()
    }

    fn remember(&self, org: OrgId, timeline: Arc<Timeline>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(org, timeline);
    }

    /// The next question reads again.
    pub fn forget(&self, org: OrgId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&org);
    }

    /// The same for all: the files behind every book have changed.
    pub fn forget_all(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// The rules one event is judged by.
pub struct InForce {
    number: i64,
    book: Book,
    scopes: Vec<String>,
    taken: Vec<Taken>,
}

/// A decision that was taken and is to be kept.
#[derive(Debug, Clone)]
pub struct Taken {
    pub decision: Decision,
    /// `Audit` for what a rule on trial would have said.
    pub mode: Mode,
    /// Whether a rule on trial differs from what was decided.
    pub diverges: bool,
}

impl InForce {
    /// Finds the release that was in force when the event happened, which may be long before it arrived.
    pub async fn at(tx: &mut Tx, event_at: Instant) -> Result<Self> {
        let app = tx.app().clone();
        let timeline = match app.timelines().recall(tx.org(), tx.now()) {
            Some(known) => known,
            None => {
                let read = Arc::new(super::releases::service::timeline_in(tx).await?);
                app.timelines().remember(tx.org(), Arc::clone(&read));
                read
            }
        };
        let period = timeline.at(event_at);
        let (number, book) = match period {
            Some(period) => (period.number, period.book.clone()),
            None => (0, app.rules().book(&zamu_rules::Content::default())),
        };
        Ok(Self::under(number, book))
    }

    /// With a book that is already known.
    pub fn under(number: i64, book: Book) -> Self {
        Self {
            number,
            book,
            scopes: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// The ids of departments and the place whose settings apply, from the widest to the narrowest.
    pub fn set_scopes(&mut self, scopes: Vec<String>) {
        self.scopes = scopes;
    }

    /// The number of the release; 0 for what ships.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// What everything is decided by.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Asks one hook, counts the answer, and asks a rule on trial beside it.
    pub fn ask(&mut self, hook: &str, facts: Record) -> Decision {
        let trial = self.book.shadow(hook, facts.clone(), &self.scopes);
        let decision = self.book.decide(hook, facts, &self.scopes);
        telemetry::rule_decided(hook, decision.status.as_str(), decision.duration_us);
        self.taken.push(Taken {
            decision: decision.clone(),
            mode: Mode::On,
            diverges: false,
        });
        if let Some(trial) = trial {
            let diverges = trial.outcome != decision.outcome || trial.flags != decision.flags;
            self.taken.push(Taken {
                decision: trial,
                mode: Mode::Audit,
                diverges,
            });
        }
        decision
    }

    /// What was asked so far, to be kept.
    pub fn take(&mut self) -> Vec<Taken> {
        std::mem::take(&mut self.taken)
    }
}
