//! Speaks: why something was decided.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use zamu_rules::Mode;

use super::explain::{self, Explanation, Sight};
use super::model::{self, Kept};
use super::service::{self, Filter};
use super::{cases, retention};
use crate::auth::viewer::Viewer;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{DecisionId, Id, SessionId};
use crate::kernel::page::{Cursor, PageRequest};

/// How a rule took part in a decision.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RuleDecisionMode {
    /// It decided.
    On,
    /// It was on trial: asked beside the rules in force and recorded, never applied.
    Audit,
}

impl RuleDecisionMode {
    fn of(mode: Mode) -> Self {
        match mode {
            Mode::Audit => Self::Audit,
            Mode::On | Mode::Off => Self::On,
        }
    }

    fn mode(self) -> Mode {
        match self {
            Self::On => Mode::On,
            Self::Audit => Mode::Audit,
        }
    }
}

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
        let read = |read: &model::KeptRead| FactRead {
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

    /// The number of the release in force at the event; 0 for what ships and what files say.
    async fn release_number(&self) -> i64 {
        self.0.release_number
    }

    /// Whether it decided, or was only on trial.
    async fn mode(&self) -> RuleDecisionMode {
        RuleDecisionMode::of(self.0.mode)
    }

    /// For a rule on trial: whether it differs from what was decided.
    async fn diverges(&self) -> bool {
        self.0.diverges
    }

    /// Whom it concerns, where it is about a person you may see.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        let Some(id) = self.0.member_id else {
            return Ok(None);
        };
        Ok(ctx.loads()?.load_one(id).await?)
    }

    /// Takes the decision again by the rules of then, line by line. Refused with `DECISION_FACTS_GONE` once the facts
    /// were removed, and with `DECISION_NOT_REPEATABLE` where the rules of then cannot be had.
    #[graphql(complexity = "50 + child_complexity")]
    async fn explain(&self, ctx: &Context<'_>) -> Result<RuleExplanation> {
        let viewer = ctx.viewer()?;
        let explanation = explain::explain(ctx.app(), viewer, self.0.id).await?;
        Ok(RuleExplanation::of(explanation, viewer))
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
        self.0.problem.clone().map(RuleProblem::of)
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

/// A decision taken again.
#[derive(SimpleObject)]
pub struct RuleExplanation {
    /// The answer as a script writes it: `late(22)`.
    outcome: String,
    /// Why, in the words of whoever wrote the rule.
    reasons: Vec<String>,
    /// Whether it came to what was stored.
    is_reproduced: bool,
    /// The lines that ran, in their order.
    lines: Vec<RuleTraceLine>,
    /// What went wrong with the rule, if something did.
    problem: Option<RuleProblem>,
}

/// One line of a rule that ran.
#[derive(SimpleObject)]
pub struct RuleTraceLine {
    /// `organization`, `pack:…` or `default`.
    layer: String,
    /// Counted from 1.
    line: u32,
    /// The line as written.
    text: String,
    /// What it looked at; nothing as the value of a fact you may not see.
    read: Vec<FactRead>,
}

impl RuleExplanation {
    pub(in crate::rules) fn of(explanation: Explanation, viewer: &Viewer) -> Self {
        let sight = Sight::of(viewer);
        let Explanation {
            explained,
            is_reproduced,
        } = explanation;
        let read = |read: zamu_rules::Read| FactRead {
            value: sight.covers(read.class).then(|| read.value.to_string()),
            path: read.path,
            class: format!("{:?}", read.class).to_uppercase(),
        };
        let line = |line: zamu_rules::TraceLine| RuleTraceLine {
            layer: line.layer,
            line: line.line,
            text: line.text,
            read: line.read.into_iter().map(read).collect(),
        };
        Self {
            outcome: model::outcome_text(&explained.decision.outcome),
            reasons: explained.decision.reasons,
            is_reproduced,
            lines: explained.lines.into_iter().map(line).collect(),
            problem: explained.decision.problem.map(RuleProblem::of),
        }
    }
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

impl RuleProblem {
    fn of(problem: zamu_rules::Problem) -> Self {
        Self {
            path: problem.file,
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
            keeps_last_good: false,
        }
    }
}

/// Which decisions are wanted.
#[derive(InputObject, Default)]
pub struct RuleDecisionFilter {
    /// Of this hook: `attendance.lateness`.
    hook: Option<String>,
    /// About this member.
    member: Option<ID>,
    /// About this work session.
    session: Option<ID>,
    /// About what happened at or after this.
    from: Option<DateTime<Utc>>,
    /// About what happened before this.
    to: Option<DateTime<Utc>>,
    /// Which came about this way: `OK`, `INHERITED`, `DEFAULTED`, `BUDGET`, `ERROR`, `BREAKER`, `QUOTA`, `INCIDENT`.
    status: Option<String>,
    /// By rules in force, or on trial.
    mode: Option<RuleDecisionMode>,
    /// On trial, and different from what was decided; or not.
    diverges: Option<bool>,
    /// Of the release with this number.
    release: Option<i64>,
}

impl RuleDecisionFilter {
    fn read(self) -> Result<Filter, Error> {
        let session: Option<SessionId> = optional_id("filter.session", self.session.as_ref())?;
        Ok(Filter {
            hook: self.hook,
            member: optional_id("filter.member", self.member.as_ref())?,
            subject: session.map(Id::uuid),
            from: self.from,
            to: self.to,
            status: self.status,
            mode: self.mode.map(RuleDecisionMode::mode),
            diverges: self.diverges,
            release: self.release,
        })
    }
}

/// What rules on trial said where they differ from the rules in force.
pub struct RuleDivergences {
    found: service::Divergences,
    after: Option<String>,
}

/// What rules on trial said where they differ from the rules in force.
#[Object]
impl RuleDivergences {
    /// How often the rules on trial were asked.
    async fn asked(&self) -> i64 {
        self.found.asked
    }

    /// How often they differed.
    async fn differing(&self) -> i64 {
        self.found.matrix.values().sum()
    }

    /// What was decided against what would have been decided, where they differ.
    async fn matrix(&self) -> Vec<OutcomeCount> {
        let cell = |((was, would), count): (&(String, String), &i64)| OutcomeCount {
            was: was.clone(),
            would: would.clone(),
            count: *count,
        };
        self.found.matrix.iter().map(cell).collect()
    }

    /// The decisions of the rules on trial that differ, the latest event first.
    async fn decisions(&self) -> Connection<String, RuleDecision> {
        connection(
            self.found.page.clone(),
            self.after.as_deref(),
            cursor,
            RuleDecision,
        )
    }
}

/// How often one outcome would become another, or stay what it is.
#[derive(SimpleObject)]
pub struct OutcomeCount {
    /// The outcome of the rules in force: `late`.
    pub(in crate::rules) was: String,
    /// The outcome of the others.
    pub(in crate::rules) would: String,
    /// How often.
    pub(in crate::rules) count: i64,
}

fn cursor(kept: &Kept) -> Cursor {
    Cursor {
        at: kept.event_at,
        id: kept.id.uuid(),
    }
}

/// A decision somebody wants to stay as it is, without the person it was about.
pub struct RuleCase(pub(in crate::rules) cases::RuleCase);

/// A decision somebody wants to stay as it is, without the person it was about.
#[Object]
impl RuleCase {
    /// `rcs_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Which question: `attendance.lateness`.
    async fn hook(&self) -> &str {
        &self.0.hook
    }

    /// What people call it; once per hook.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The decision it was made from: `dec_…`.
    async fn decision_id(&self) -> ID {
        out(self.0.decision_id)
    }

    /// When it was kept.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The entry for a `*.cases.json` file: facts, settings and what is expected, as JSON.
    async fn json(&self) -> String {
        format!("{:#}", self.0.body)
    }
}

/// What can be asked about decisions.
#[derive(Default)]
pub struct DecisionsQuery;

#[Object]
impl DecisionsQuery {
    /// One decision of a rule: workers may ask about their own, supervisors about their department.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn rule_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one: `dec_…`.")] decision: ID,
    ) -> Result<RuleDecision> {
        let id = id("decision", &decision)?;
        let found = service::decision(ctx.app(), ctx.viewer()?, id).await?;
        Ok(RuleDecision(found))
    }

    /// Decisions of rules within your reach, the latest event first.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn rule_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all without it.")] filter: Option<RuleDecisionFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last decision of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RuleDecision>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default().read()?;
        let found = service::decisions(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        Ok(connection(found, after.as_deref(), cursor, RuleDecision))
    }

    /// Where the rules on trial for a hook differ from the rules in force.
    ///
    /// Requires: `REPLAY_RULES` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn rule_divergences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which question: `attendance.lateness`.")] hook: String,
        #[graphql(desc = "Events at or after this.")] from: Option<DateTime<Utc>>,
        #[graphql(desc = "Events before this.")] to: Option<DateTime<Utc>>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last decision of the page before.")] after: Option<
            String,
        >,
    ) -> Result<RuleDivergences> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = Filter {
            hook: Some(hook),
            from,
            to,
            ..Filter::default()
        };
        let found = service::divergences(ctx.app(), ctx.viewer()?, filter, &page).await?;
        Ok(RuleDivergences { found, after })
    }

    /// The kept cases of a hook, the oldest first.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which question: `attendance.lateness`.")] hook: String,
    ) -> Result<Vec<RuleCase>> {
        let found = cases::list(ctx.app(), ctx.viewer()?, &hook).await?;
        Ok(found.into_iter().map(RuleCase).collect())
    }

    /// For how many days the facts behind decisions are kept. Outcomes and reasons stay.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn decision_retention(&self, ctx: &Context<'_>) -> Result<DecisionRetention> {
        let facts_days = retention::days(ctx.app(), ctx.viewer()?).await?;
        Ok(DecisionRetention { facts_days })
    }
}

/// For how long what is behind decisions is kept.
#[derive(SimpleObject)]
pub struct DecisionRetention {
    /// Days; afterwards a decision keeps its outcome and reasons and cannot be taken again.
    pub(super) facts_days: i32,
}

impl Loader<DecisionId> for Loads {
    type Value = Kept;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[DecisionId]) -> Result<HashMap<DecisionId, Kept>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found.into_iter().map(|kept| (kept.id, kept)).collect())
    }
}
