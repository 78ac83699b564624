//! The rules in force: which release an event is judged by, asking it, and remembering what was asked.

use zamu_rules::{Book, Decision, Mode, Record};

use super::releases::loading;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::time::Instant;
use crate::telemetry;

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
        let (number, book) = loading::book_in(tx, event_at).await?;
        Ok(Self {
            number,
            book,
            scopes: Vec::new(),
            taken: Vec::new(),
        })
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
