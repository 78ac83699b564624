//! Speaks: why something was decided.

use async_graphql::{ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::Kept;
use crate::graphql::scalars::out;

/// One decision of a rule: the answer, and everything needed to explain it.
pub struct RuleDecision(pub Kept);

/// One decision of a rule: the answer, and everything needed to explain it.
#[Object]
impl RuleDecision {
    /// `dec_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Which question was asked: `attendance.lateness`.
    async fn hook(&self) -> &str {
        &self.0.hook
    }

    /// The version of the hook's contract.
    async fn contract(&self) -> i32 {
        self.0.contract
    }

    /// Digest of the rules and settings in force.
    async fn release(&self) -> &str {
        &self.0.release
    }

    /// `OK`, `INHERITED`; or why the built-in answer was used instead: `DEFAULTED`, `BUDGET`, `ERROR`, `INCIDENT`.
    async fn status(&self) -> &str {
        &self.0.status
    }

    /// The answer as a script writes it: `late(22)`.
    async fn outcome(&self) -> &str {
        &self.0.outcome
    }

    /// Why, in the words of whoever wrote the rule.
    async fn reasons(&self) -> &[String] {
        &self.0.reasons
    }

    /// Flags the rule put on the session.
    async fn flags(&self) -> &[String] {
        &self.0.flags
    }

    /// Every fact and setting the rule looked at.
    async fn read(&self) -> Vec<FactRead> {
        let read = |read: &super::model::KeptRead| FactRead {
            path: read.path.clone(),
            value: read.value.clone(),
            class: read.class.clone(),
        };
        self.0.read.iter().map(read).collect()
    }

    /// Which layers were asked, from the most specific to the default.
    async fn layers(&self) -> Vec<LayerStep> {
        let step = |step: &zamu_rules::LayerStep| LayerStep {
            layer: step.layer.clone(),
            script: step.script.clone(),
            outcome: step.outcome.clone(),
        };
        self.0.layers.iter().map(step).collect()
    }

    /// Operations used: the deterministic measure of its cost.
    async fn operations(&self) -> i64 {
        self.0.operations
    }

    /// Microseconds it took.
    async fn duration_us(&self) -> i64 {
        self.0.duration_us
    }

    /// When what it decided about happened.
    async fn event_at(&self) -> DateTime<Utc> {
        self.0.event_at
    }

    /// When it was taken.
    async fn decided_at(&self) -> DateTime<Utc> {
        self.0.decided_at
    }

    /// What went wrong with the rule, if something did.
    async fn problem(&self) -> Option<RuleProblem> {
        self.0.problem.clone().map(|problem| RuleProblem {
            path: problem.file,
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
            keeps_last_good: false,
        })
    }
}

/// One fact or setting a rule looked at.
#[derive(SimpleObject)]
pub struct FactRead {
    /// `minutes_late`, `settings.grace_minutes`.
    path: String,
    /// Nothing where the fact is not open: it is dropped before the decision is written.
    value: Option<String>,
    /// `OPEN`, `PERSONAL`, `HEALTH` or `MONEY`.
    class: String,
}

/// One layer that was asked.
#[derive(SimpleObject)]
pub struct LayerStep {
    /// `organization`, `default`, `built-in` or `platform`.
    layer: String,
    /// Digest of the script; empty where the server itself answered.
    script: String,
    /// What it answered; nothing when it passed the question on or failed.
    outcome: Option<String>,
}

/// What is wrong with a rule, in words for whoever wrote it.
#[derive(SimpleObject)]
pub struct RuleProblem {
    /// The file, relative to the rules folder.
    pub(in crate::rules) path: Option<String>,
    /// Counted from 1.
    pub(in crate::rules) line: Option<u32>,
    /// Counted from 1.
    pub(in crate::rules) column: Option<u32>,
    /// What is wrong.
    pub(in crate::rules) message: String,
    /// What to write instead.
    pub(in crate::rules) hint: Option<String>,
    /// Whether what the file said before still holds.
    pub(in crate::rules) keeps_last_good: bool,
}
