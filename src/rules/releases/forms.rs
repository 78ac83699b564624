//! Speaks: where each rule comes from, settings as a form needs them, the release in force, and how the nodes are.

use async_graphql::{Enum, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use zamu_rules::SettingKind;

use super::bindings::{self, Binding, SettingNow, Status};
use super::fleet::{Node, Running};
use super::graphql::{RuleLanguage, RuleMode, RuleRiskClass, RuleSettingChange};
use super::nodes;
use crate::rules::decisions::graphql::RuleProblem;

/// Where the rule that is asked first comes from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "bindings::Provider")]
pub enum RuleProvider {
    /// It ships with the server.
    Default,
    /// An enabled pack.
    Pack,
    /// A file of the organization's folder.
    File,
    /// The organization wrote it in the database.
    Database,
}

/// One question, and the rule an organization answers it by.
pub struct RuleBindingInForce(pub Binding);

/// One question, and the rule an organization answers it by.
#[Object(name = "RuleBinding")]
impl RuleBindingInForce {
    /// `attendance.lateness`.
    async fn hook(&self) -> &str {
        self.0.hook
    }

    /// What is asked.
    async fn about(&self) -> &str {
        self.0.about
    }

    /// Who must approve a change.
    async fn risk(&self) -> RuleRiskClass {
        self.0.risk.into()
    }

    /// Where the rule that is asked first comes from.
    async fn provider(&self) -> RuleProvider {
        self.0.provider.into()
    }

    /// How it takes part.
    async fn mode(&self) -> RuleMode {
        self.0.mode.into()
    }

    /// What it is written in.
    async fn language(&self) -> RuleLanguage {
        self.0.kind.into()
    }

    /// The text; nothing where the program itself answers.
    async fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    /// The file, relative to the rules folder.
    async fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }

    /// Whether somebody is working on a draft.
    async fn has_draft(&self) -> bool {
        self.0.has_draft
    }
}

/// A setting: everything a form needs.
pub struct RuleSetting(pub SettingNow);

/// A setting: everything a form needs.
#[Object]
impl RuleSetting {
    /// `grace_minutes`.
    async fn name(&self) -> &str {
        &self.0.setting.name
    }

    /// What it holds: `MINUTES`, `METRES`, `PERCENT`, `WHOLE`, `MONEY`, `TEXT`, `CHOICE`, `YES_NO`, `ROLE`, `WEEKDAY_SET`,
    /// `TIME_OF_DAY`, `LIST_OF_TEXT`.
    async fn kind(&self) -> String {
        let name = serde_json::to_value(self.0.setting.kind).unwrap_or_default();
        name.as_str().unwrap_or_default().to_uppercase()
    }

    /// What a number counts.
    async fn unit(&self) -> Option<&'static str> {
        match self.0.setting.kind {
            SettingKind::Minutes => Some("min"),
            SettingKind::Metres => Some("m"),
            SettingKind::Percent => Some("%"),
            _ => None,
        }
    }

    /// What a form shows: `NUMBER`, `MONEY`, `TEXT`, `SELECT`, `SWITCH`, `WEEKDAYS`, `TIME`, `LIST`.
    async fn widget(&self) -> &'static str {
        match self.0.setting.kind {
            SettingKind::Minutes
            | SettingKind::Metres
            | SettingKind::Percent
            | SettingKind::Whole => "NUMBER",
            SettingKind::Money => "MONEY",
            SettingKind::Text => "TEXT",
            SettingKind::Choice | SettingKind::Role => "SELECT",
            SettingKind::YesNo => "SWITCH",
            SettingKind::WeekdaySet => "WEEKDAYS",
            SettingKind::TimeOfDay => "TIME",
            SettingKind::ListOfText => "LIST",
        }
    }

    /// What people call it.
    async fn label(&self) -> &str {
        &self.0.setting.label
    }

    /// What it does.
    async fn help(&self) -> &str {
        &self.0.setting.help
    }

    /// The least it may be.
    async fn min(&self) -> Option<i64> {
        self.0.setting.min
    }

    /// The most it may be.
    async fn max(&self) -> Option<i64> {
        self.0.setting.max
    }

    /// What it may be, for a choice.
    async fn choices(&self) -> &[String] {
        &self.0.setting.choices
    }

    /// Where it may differ: `organization`, `department`, `place`.
    async fn scopes(&self) -> &[String] {
        &self.0.setting.scopes
    }

    /// What must hold between it and its siblings, in words.
    async fn check(&self) -> Option<&str> {
        let setting = &self.0.setting;
        setting.message.as_deref().or(setting.check.as_deref())
    }

    /// What ships.
    async fn default(&self) -> Json<serde_json::Value> {
        Json(self.0.setting.default.to_json())
    }

    /// What holds.
    async fn value(&self) -> Json<serde_json::Value> {
        Json(self.0.value.to_json())
    }

    /// The change the value comes from; nothing for the default.
    async fn change(&self) -> Option<RuleSettingChange> {
        self.0.change.as_ref().map(RuleSettingChange::of)
    }
}

/// Whether the organization's rules are in use.
#[derive(SimpleObject)]
pub struct RuleStatus {
    /// Digest of everything that can change a decision of the organization.
    release: String,
    /// The number of the release in force; 0 for what ships.
    number: i64,
    /// When it began; nothing for what ships.
    since: Option<DateTime<Utc>>,
    /// Releases that begin later.
    to_come: Vec<RuleReleaseToCome>,
    /// Files that could not be used as they are.
    problems: Vec<RuleProblem>,
}

/// A release that begins later.
#[derive(SimpleObject)]
pub struct RuleReleaseToCome {
    /// Its number.
    number: i64,
    /// When it begins.
    from: DateTime<Utc>,
}

/// How the server's nodes are doing with the organization's rules.
#[derive(SimpleObject)]
pub struct RuleHealth {
    /// The newest release that holds or is going to; 0 for what ships.
    newest: i64,
    /// Every node that is there.
    nodes: Vec<RuleNode>,
    /// What somebody should look at: nodes that disagree or lag behind, rules that keep failing.
    alarms: Vec<String>,
    /// How the rules in force fare on the node that answers; hooks that were asked since it runs this release.
    rules: Vec<RuleHookHealth>,
}

/// How one hook fares on one node.
#[derive(SimpleObject)]
pub struct RuleHookHealth {
    /// `attendance.lateness`.
    hook: String,
    /// How often it was asked.
    runs: u64,
    /// How often it failed.
    failures: u64,
    /// Since when it is left alone because it kept failing; nothing while it is asked.
    open_since: Option<DateTime<Utc>>,
    /// Operations left of this minute.
    operations_left: u64,
    /// What went wrong last.
    last_problem: Option<String>,
}

impl RuleHookHealth {
    fn of(health: zamu_rules::Health) -> Self {
        Self {
            hook: health.hook,
            runs: health.runs,
            failures: health.failures,
            open_since: health
                .open_since_us
                .and_then(DateTime::from_timestamp_micros),
            operations_left: health.operations_left,
            last_problem: health.last_problem.map(|problem| problem.message),
        }
    }
}

/// One node of the server.
#[derive(SimpleObject)]
pub struct RuleNode {
    /// What it is called, for as long as it runs.
    name: String,
    /// Digest of what ships with it: the same on all nodes but during an update.
    shipped: String,
    /// Its last sign of life.
    seen_at: DateTime<Utc>,
    /// The newest release it has; nothing where it was never asked for this organization.
    release: Option<i64>,
    /// Why it does not run the newest; what worked before goes on.
    problem: Option<String>,
    /// Since when it has run that release, or had that problem.
    since: Option<DateTime<Utc>>,
}

impl RuleHealth {
    pub fn of(health: nodes::Health) -> Self {
        let node = |(node, running): (Node, Option<Running>)| RuleNode {
            name: node.name,
            shipped: node.shipped,
            seen_at: node.seen_at,
            release: running.as_ref().map(|running| running.number),
            since: running.as_ref().map(|running| running.since),
            problem: running.and_then(|running| running.problem),
        };
        Self {
            newest: health.newest,
            nodes: health.nodes.into_iter().map(node).collect(),
            alarms: health.alarms,
            rules: health.rules.into_iter().map(RuleHookHealth::of).collect(),
        }
    }
}

impl RuleStatus {
    pub fn of(status: Status) -> Self {
        let problems = status.problems.into_iter().map(|problem| RuleProblem {
            path: Some(problem.path),
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
            keeps_last_good: problem.keeps_last_good,
        });
        let to_come = status.to_come.into_iter();
        Self {
            release: status.digest,
            number: status.number,
            since: status.since,
            to_come: to_come
                .map(|(number, from)| RuleReleaseToCome { number, from })
                .collect(),
            problems: problems.collect(),
        }
    }
}
