//! Speaks: the hooks, checking a rule while it is typed, and what could stand at the cursor.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use zamu_rules::checking;
use zamu_rules::completion::Completion;
use zamu_rules::testing::TestResult;

use super::contract::RuleHook;
use super::dry_run::{DryRun, Sample};
use super::model;
use super::service::{self, Checked, Draft};
use crate::graphql::context::Ask;
use crate::graphql::scalars::out;
use crate::kernel::error::Result;
use crate::rules::decisions::graphql::OutcomeCount;
use crate::rules::releases::graphql::{RuleLanguage, RuleRiskClass};
use crate::rules::releases::model::Class;

/// A value to check a rule with, instead of the organization's.
#[derive(InputObject)]
pub struct RuleSettingInput {
    /// `grace_minutes`.
    name: String,
    /// A number, a text, true or false, or a list of texts.
    value: Json<serde_json::Value>,
}

/// A rule as somebody types it.
#[derive(InputObject)]
pub struct CheckRuleInput {
    /// `attendance.lateness`.
    hook: String,
    /// What it is written in.
    #[graphql(default_with = "RuleLanguage::Script")]
    language: RuleLanguage,
    /// The rule itself, at most 32 KiB.
    source: String,
    /// Tests for it, as a `.test.rhai` file has them, at most 64 KiB.
    tests: Option<String>,
    /// Kept cases, as a `.cases.json` file has them: a list of at most 200.
    cases: Option<Json<serde_json::Value>>,
    /// Values that differ from what the organization has set.
    #[graphql(default)]
    settings: Vec<RuleSettingInput>,
    /// How many of the latest decisions to try it on, from 0 to 500.
    #[graphql(default)]
    dry_run: i32,
}

impl From<CheckRuleInput> for Draft {
    fn from(input: CheckRuleInput) -> Self {
        let settings = input.settings.into_iter();
        Self {
            hook: input.hook,
            kind: input.language.into(),
            source: input.source,
            tests: input.tests,
            cases: input.cases.map(|cases| cases.0),
            settings: settings.map(|one| (one.name, one.value.0)).collect(),
            dry_run: input.dry_run,
        }
    }
}

/// How bad a finding is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "checking::Severity")]
pub enum RuleSeverity {
    /// The rule cannot be saved like this.
    Error,
    /// Worth a look.
    Warning,
}

/// Which part of a draft a finding is about.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulePart {
    /// The rule.
    Rule,
    /// Its tests.
    Tests,
    /// Its kept cases.
    Cases,
}

fn part(file: Option<&str>) -> RulePart {
    match file {
        Some(file) if file.ends_with("test.rhai") => RulePart::Tests,
        Some(file) if file.ends_with("cases.json") => RulePart::Cases,
        _ => RulePart::Rule,
    }
}

/// One thing to look at, in words for whoever wrote the rule.
pub struct RuleCheckFinding(checking::Finding);

/// One thing to look at, in words for whoever wrote the rule.
#[Object]
impl RuleCheckFinding {
    /// Stable name of what was found, such as `unknown_fact`.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// How bad it is.
    async fn severity(&self) -> RuleSeverity {
        self.0.severity.into()
    }

    /// Which part of the draft it is about.
    async fn part(&self) -> RulePart {
        part(self.0.file.as_deref())
    }

    /// Counted from 1; nothing where it is about the whole.
    async fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// Counted from 1.
    async fn column(&self) -> Option<u32> {
        self.0.column
    }

    /// What is wrong.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// What to write instead.
    async fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

/// One test or kept case that was run.
pub struct RuleTest(TestResult);

/// One test or kept case that was run.
#[Object]
impl RuleTest {
    /// The name of its function, or of the case.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Which part of the draft it stands in.
    async fn part(&self) -> RulePart {
        part(Some(&self.0.file))
    }

    /// Where it stands, or where it failed.
    async fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// Whether the rule answered as expected.
    async fn passed(&self) -> bool {
        self.0.passed
    }

    /// What was expected and what the rule said instead.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}

/// What the dearest run of a rule cost.
#[derive(SimpleObject)]
pub struct RuleCost {
    /// Steps it took.
    operations: u64,
    /// Steps it may take.
    allowed: u64,
    /// The former in hundredths of the latter: from 51 on a warning, from 81 on an error.
    percent: u64,
}

/// One fact as it was given to a rule.
#[derive(SimpleObject)]
pub struct RuleFactValue {
    /// `minutes_late`.
    path: String,
    /// As a person writes it.
    value: String,
}

/// An ordinary day with one fact just at a limit of the rule.
pub struct RuleEdge(checking::Edge);

/// An ordinary day with one fact just at a limit of the rule.
#[Object]
impl RuleEdge {
    /// What was changed about the day.
    async fn changed(&self) -> Vec<RuleFactValue> {
        let shown = |(path, value): (&String, &zamu_rules::Value)| RuleFactValue {
            path: path.clone(),
            value: value.to_string(),
        };
        self.0.changed.iter().map(shown).collect()
    }

    /// The answer as a rule writes it: `late(6)`.
    async fn outcome(&self) -> &str {
        &self.0.outcome
    }

    /// What went wrong, if something did.
    async fn problem(&self) -> Option<&str> {
        self.0.problem.as_deref()
    }
}

/// A draft tried on the latest decisions.
pub struct RuleDryRun(DryRun);

/// A draft tried on the latest decisions.
#[Object]
impl RuleDryRun {
    /// How many decisions were taken again.
    async fn decisions(&self) -> usize {
        self.0.decisions
    }

    /// How many would have another outcome or other flags.
    async fn changed(&self) -> usize {
        self.0.changed
    }

    /// How many people these are about.
    async fn people(&self) -> usize {
        self.0.people
    }

    /// How often each outcome would have become another, or stayed what it is.
    async fn matrix(&self) -> Vec<OutcomeCount> {
        let cell = |((was, would), count): (&(String, String), &i64)| OutcomeCount {
            was: was.clone(),
            would: would.clone(),
            count: *count,
        };
        self.0.matrix.iter().map(cell).collect()
    }

    /// Up to ten decisions that would change, the latest event first.
    async fn samples(&self) -> Vec<RuleDryRunSample> {
        self.0.samples.iter().cloned().map(Into::into).collect()
    }

    /// Whether it ended early because the draft costs too much each time.
    async fn is_cut(&self) -> bool {
        self.0.is_cut
    }
}

/// One decision that a draft would change.
#[derive(SimpleObject)]
pub struct RuleDryRunSample {
    /// The decision, `dec_…`.
    decision: ID,
    /// When what it was about happened.
    event_at: DateTime<Utc>,
    /// What was decided: `late(22)`.
    was: String,
    /// Why.
    was_because: Vec<String>,
    /// What the draft says.
    would: String,
    /// Why.
    would_because: Vec<String>,
    /// What went wrong with the draft, if something did.
    problem: Option<String>,
}

impl From<Sample> for RuleDryRunSample {
    fn from(sample: Sample) -> Self {
        Self {
            decision: out(sample.decision),
            event_at: sample.event_at,
            was: sample.was,
            was_because: sample.was_because,
            would: sample.would,
            would_because: sample.would_because,
            problem: sample.problem,
        }
    }
}

/// What checking a rule came to. Nothing of it was kept.
pub struct RuleCheck(Checked);

/// What checking a rule came to. Nothing of it was kept.
#[Object]
impl RuleCheck {
    /// Whether nothing stands in the way of saving it; warnings do not.
    async fn ok(&self) -> bool {
        self.0.report.is_ok()
    }

    /// What to look at, in the order it was found.
    async fn findings(&self) -> Vec<RuleCheckFinding> {
        let findings = self.0.report.findings.iter();
        findings.cloned().map(RuleCheckFinding).collect()
    }

    /// The tests and kept cases that were run.
    async fn tests(&self) -> Vec<RuleTest> {
        self.0.report.tests.iter().cloned().map(RuleTest).collect()
    }

    /// What the dearest run cost; nothing when nothing could be run.
    async fn cost(&self) -> Option<RuleCost> {
        self.0.report.cost.map(|cost| RuleCost {
            operations: cost.operations,
            allowed: cost.allowed,
            percent: cost.percent,
        })
    }

    /// What it would have said of the latest decisions; nothing where none was asked for, or it cannot run.
    async fn dry_run(&self) -> Option<RuleDryRun> {
        self.0.dry_run.clone().map(RuleDryRun)
    }

    /// What the rule says just below, at and above each limit it compares with.
    async fn edges(&self) -> Vec<RuleEdge> {
        self.0.report.edges.iter().cloned().map(RuleEdge).collect()
    }
}

/// What a completion stands for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::completion::CompletionKind")]
pub enum RuleCompletionKind {
    /// A fact.
    Fact,
    /// A setting.
    Setting,
    /// An answer.
    Outcome,
    /// What may follow an answer.
    Method,
    /// A function.
    Function,
    /// The facts or the settings themselves.
    Variable,
    /// A word of the language.
    Keyword,
    /// A text out of a closed set.
    Choice,
}

/// One thing that may be written at a place.
pub struct RuleCompletion(Completion);

/// One thing that may be written at a place.
#[Object]
impl RuleCompletion {
    /// What a list shows.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// What it stands for.
    async fn kind(&self) -> RuleCompletionKind {
        self.0.kind.into()
    }

    /// What it is, in a few words: `whole number, may be empty`.
    async fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What it is for.
    async fn about(&self) -> &str {
        &self.0.docs
    }

    /// What to put in place of the word that was begun.
    async fn insert(&self) -> &str {
        &self.0.insert
    }
}

/// What can be asked by whoever writes rules.
#[derive(Default)]
pub struct EditorQuery;

#[Object]
impl EditorQuery {
    /// Every decision a rule can take, with its facts, outcomes and settings, in the order a punch meets them.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    #[graphql(complexity = "30 * child_complexity")]
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn rule_hooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only hooks of this risk class.")] risk_class: Option<RuleRiskClass>,
        #[graphql(desc = "Only hooks of this part of the work, such as `attendance`.")]
        area: Option<String>,
    ) -> Result<Vec<RuleHook>> {
        let rules = service::rulebook(ctx.app(), ctx.viewer()?)?;
        let wanted = |hook: &&zamu_rules::Hook| {
            risk_class.is_none_or(|class| class == Class::from(hook.risk).into())
                && area.as_deref().is_none_or(|area| area == model::area(hook))
        };
        let hooks = zamu_rules::hooks().iter().filter(wanted);
        let described = hooks.map(|hook| RuleHook {
            hook,
            rules: rules.clone(),
        });
        Ok(described.collect())
    }

    /// One of them by its name.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn rule_hook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`attendance.lateness`.")] name: String,
    ) -> Result<RuleHook> {
        let rules = service::rulebook(ctx.app(), ctx.viewer()?)?;
        Ok(RuleHook {
            hook: service::hook(&name)?,
            rules,
        })
    }

    /// What may be written at a place of a rule: facts, settings, answers, functions, choices. What was begun narrows
    /// the list.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn complete_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`attendance.lateness`.")] hook: String,
        #[graphql(desc = "The whole rule as it stands.")] source: String,
        #[graphql(desc = "Counted from 1.")] line: u32,
        #[graphql(desc = "Counted from 1: that of the letter about to be written.")] column: u32,
    ) -> Result<Vec<RuleCompletion>> {
        let found = service::complete(ctx.viewer()?, &hook, &source, line, column)?;
        Ok(found.into_iter().map(RuleCompletion).collect())
    }
}

/// What can be done by whoever writes rules.
#[derive(Default)]
pub struct EditorMutation;

#[Object]
impl EditorMutation {
    /// Checks a rule as it would be saved: form, words, types, tests, the edges of its limits and its cost. Keeps
    /// nothing, and is fast enough to be asked while somebody types.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn check_rule(&self, ctx: &Context<'_>, input: CheckRuleInput) -> Result<RuleCheck> {
        let checked = service::check(ctx.app(), ctx.viewer()?, input.into()).await?;
        Ok(RuleCheck(checked))
    }
}
