//! What a draft would have said of the most recent decisions: which answers change, for how many people, and why.

use std::collections::BTreeSet;

use zamu_rules::{Book, Decision};

use crate::kernel::id::DecisionId;
use crate::kernel::time::Instant;
use crate::rules::decisions::model::{Matrix, Recent, outcome_text};

/// Decisions that are tried at most.
pub const MOST: i32 = 500;
/// Changed decisions that are shown whole.
const SAMPLES: usize = 10;
/// Steps of all runs together: a draft that burns its budget every time ends after a hundred decisions.
const OPERATIONS: u64 = 2_000_000;

/// A draft against the past.
#[derive(Debug, Default, Clone)]
pub struct DryRun {
    pub decisions: usize,
    pub changed: usize,
    /// Whom the changed decisions are about.
    pub people: usize,
    /// What was decided and what would have been, by the names of the outcomes.
    pub matrix: Matrix,
    pub samples: Vec<Sample>,
    /// Whether it ended early because the draft is too dear.
    pub is_cut: bool,
}

/// One decision that would change.
#[derive(Debug, Clone)]
pub struct Sample {
    pub decision: DecisionId,
    pub event_at: Instant,
    pub was: String,
    pub was_because: Vec<String>,
    pub would: String,
    pub would_because: Vec<String>,
    /// Why the draft gave no answer of its own.
    pub problem: Option<String>,
}

/// Takes recent decisions again by the book of a draft.
pub fn run(book: &Book, recent: Vec<Recent>) -> DryRun {
    let (mut run, mut operations) = (DryRun::default(), 0);
    let mut people = BTreeSet::new();
    for one in recent {
        if operations > OPERATIONS {
            run.is_cut = true;
            break;
        }
        let Some(would) = one.given.clone().decide(book) else {
            continue;
        };
        operations += would.operations;
        run.decisions += 1;
        let names = (one.said.name.clone(), would.outcome.name.clone());
        *run.matrix.entry(names).or_default() += 1;
        if is_same(&one, &would) {
            continue;
        }
        run.changed += 1;
        people.extend(one.member);
        if run.samples.len() < SAMPLES {
            run.samples.push(sample(one, would));
        }
    }
    run.people = people.len();
    run
}

fn is_same(was: &Recent, would: &Decision) -> bool {
    was.said.name == would.outcome.name
        && was.said.values == would.outcome.values
        && was.said.flags == would.flags
}

fn sample(was: Recent, would: Decision) -> Sample {
    Sample {
        decision: was.id,
        event_at: was.event_at,
        was_because: was.said.reasons.clone(),
        was: outcome_text(&was.said.into_outcome()),
        would: outcome_text(&would.outcome),
        would_because: would.reasons,
        problem: would.problem.map(|problem| problem.message),
    }
}
