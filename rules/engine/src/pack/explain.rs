//! Why: a decision taken again, line by line.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plan::decide_traced;
use super::{Book, Layer, Plan, decide};
use crate::engine::probe;
use crate::engine::views::Step;
use crate::{Decision, Read, Record};

/// A decision and the lines that led to it, in the order they ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    pub decision: Decision,
    pub lines: Vec<TraceLine>,
}

/// One line that ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceLine {
    /// `organization`, `pack:<id>` or `default`.
    pub layer: String,
    pub line: u32,
    /// The line as written.
    pub text: String,
    /// What it looked at, with the values it saw.
    pub read: Vec<Read>,
}

impl Book {
    /// Takes a decision again and says which lines ran and what each of them looked at. Nothing for a hook
    /// nobody knows. The decision itself comes from the scripts as they are, not from the traced copies.
    pub fn explain(&self, hook: &str, facts: Record, scopes: &[String]) -> Option<Explained> {
        Some(explained(self.plan(hook)?, self.digest(), facts, scopes))
    }

    /// The same for what the rules on trial said; nothing where none is.
    pub fn explain_trial(&self, hook: &str, facts: Record, scopes: &[String]) -> Option<Explained> {
        Some(explained(self.trial(hook)?, self.digest(), facts, scopes))
    }
}

fn explained(plan: &Plan, release: &str, facts: Record, scopes: &[String]) -> Explained {
    let decision = decide(plan, release, facts.clone(), scopes);
    let (_, steps) = decide_traced(&traced(plan), release, facts, scopes);
    let lines = steps.into_iter().filter_map(|step| line_of(plan, step));
    Explained {
        decision,
        lines: lines.collect(),
    }
}

/// The same plan with scripts that say where they are.
pub(crate) fn traced(plan: &Plan) -> Plan {
    let layer = |layer: &Layer| {
        let copy = probe::instrumented(&layer.script, plan.hook);
        Layer {
            script: copy.map_or_else(|| Arc::clone(&layer.script), |(copy, _)| Arc::new(copy)),
            ..layer.clone()
        }
    };
    Plan {
        layers: plan.layers.iter().map(layer).collect(),
        ..plan.clone()
    }
}

fn line_of(plan: &Plan, step: Step) -> Option<TraceLine> {
    let layer = plan.layers.get(step.run)?;
    let index = usize::try_from(step.line).ok()?.checked_sub(1)?;
    let text = layer.script.text.lines().nth(index)?;
    Some(TraceLine {
        layer: layer.name.to_string(),
        line: step.line,
        text: text.trim().to_owned(),
        read: step.read,
    })
}
