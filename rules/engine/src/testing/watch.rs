//! What the tests of a rule leave behind besides passing: its highest cost, and the lines they reached.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Decision;
use crate::engine::views::Step;

#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) operations: u64,
    /// Lines of the layer that is asked first.
    pub(crate) lines: BTreeSet<u32>,
}

impl Watch {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, decision: &Decision, steps: &[Step]) {
        let mut seen = self.seen();
        seen.operations = seen.operations.max(decision.operations);
        let first = steps.iter().filter(|step| step.run == 0);
        seen.lines.extend(first.map(|step| step.line));
    }

    pub(crate) fn so_far(&self) -> Seen {
        self.seen().clone()
    }
}
