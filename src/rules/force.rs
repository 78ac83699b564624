//! The rules in force: which release an event is judged by, asking it, and remembering what was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zamu_rules::{Book, Decision, Gate, Guard, Health, Mode, Record};

use super::releases::loading;
use crate::db::tx::Tx;
use crate::events::event::Event;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::kernel::time::Instant;
use crate::telemetry;

/// The guards of this node's organizations: how their rules fare, and which are left alone for a while.
#[derive(Default)]
pub struct Guards(Mutex<HashMap<OrgId, Arc<Guard>>>);

impl Guards {
    fn of(&self, org: OrgId) -> Arc<Guard> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(org).or_default())
    }

    /// How the rules of a release fare on this node.
    pub fn health(&self, org: OrgId, release: &str, now: Instant) -> Vec<Health> {
        self.of(org).health(release, now.timestamp_micros())
    }
}

/// The rules one event is judged by.
pub struct InForce {
    number: i64,
    book: Book,
    scopes: Vec<String>,
    taken: Vec<Taken>,
    guard: Arc<Guard>,
    now_us: i64,
    /// Hooks whose breaker opened while they were asked.
    opened: Vec<String>,
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
        let (number, book) = loading::book_in(tx, event_at).await?;
        let app = tx.app();
        Ok(Self {
            guard: app.guards().of(tx.org()),
            now_us: tx.now().timestamp_micros(),
            ..Self::under(number, book)
        })
    }

    /// With a book that is already known, unguarded: nobody waits for the answer.
    pub fn under(number: i64, book: Book) -> Self {
        Self {
            number,
            book,
            scopes: Vec::new(),
            taken: Vec::new(),
            guard: Arc::default(),
            now_us: 0,
            opened: Vec::new(),
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
        let decision = self.guarded(hook, facts);
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

    /// Asks unless the guard says that this rule is to be left alone.
    fn guarded(&mut self, hook: &str, facts: Record) -> Decision {
        let gate = self.guard.before(self.book.digest(), hook, self.now_us);
        let status = match gate {
            Gate::Run => {
                let decision = self.book.decide(hook, facts, &self.scopes);
                if self.guard.after(&decision, self.now_us) {
                    tracing::error!(hook, problem = ?decision.problem, "a rule keeps failing and is left alone");
                    self.opened.push(hook.to_owned());
                }
                return decision;
            }
            Gate::Probe => {
                let probe = self.book.decide(hook, facts.clone(), &self.scopes);
                self.guard.after(&probe, self.now_us);
                zamu_rules::Status::Breaker
            }
            Gate::Refuse(status) => status,
        };
        self.book.unasked(hook, facts, &self.scopes, status)
    }

    /// Announces breakers that opened, with the change that met them.
    pub fn announce_in(&mut self, tx: &mut Tx) -> Result<()> {
        for hook in std::mem::take(&mut self.opened) {
            tx.emit(&Event::RuleBreakerOpened { hook })?;
        }
        Ok(())
    }

    /// What was asked so far, to be kept.
    pub fn take(&mut self) -> Vec<Taken> {
        std::mem::take(&mut self.taken)
    }
}
