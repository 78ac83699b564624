//! Speaks: what a hook promises, with everything a form, an editor or a reference needs.

use std::sync::Arc;

use async_graphql::{Enum, Json, Object, SimpleObject};
use zamu_rules::{Argument, Content, Effect, Hook, Kind, Record, Rulebook, Setting};

use super::model::{self, Fact};
use crate::rules::releases::graphql::RuleRiskClass;
use crate::rules::releases::model::Class;

/// What answers when a rule cannot.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::FailurePolicy")]
pub enum RuleFailurePolicy {
    /// The built-in answer.
    Default,
    /// It happens, and is sent to review.
    Open,
    /// Nothing moves until a person decides.
    Hold,
    /// The platform's clinical floor answers, and the clinical lead is told.
    Floor,
    /// Shown as not computed; nothing else happens.
    Skip,
    /// Refused.
    Closed,
}

/// How the answers of several layers become one.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::Combine")]
pub enum RuleCombine {
    /// The most specific layer wins; those below are asked after `inherit()`.
    First,
    /// Every layer contributes; the highest rank names the answer.
    All,
    /// Every layer is asked and the strictest answer wins.
    Strictest,
    /// Every layer is asked and the highest rank wins.
    Worst,
}

/// How private a fact is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::Class")]
pub enum RuleDataClass {
    /// Kept with the decisions that looked at it.
    Open,
    /// About a person: its value is dropped before a decision is kept.
    Personal,
    /// About somebody's health: likewise.
    Health,
    /// About money: likewise.
    Money,
}

/// Whether a fact is always there.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::Presence")]
pub enum RuleFactPresence {
    /// Always.
    Always,
    /// It may be empty: a rule tests it with `== ()`, or gives a stand-in with `??`.
    MayBeEmpty,
    /// A record that may be left out; what it holds then reads as empty, and needs no test.
    ReadsAsEmpty,
}

/// What a fact holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFactKind {
    /// `true` or `false`.
    YesNo,
    /// A whole number.
    Whole,
    /// Text.
    Text,
    /// Text out of `choices`.
    Choice,
    /// An amount with its currency.
    Money,
    /// A moment in the local time of its place.
    Moment,
    /// A list of short texts.
    TextList,
    /// A record, whose facts are in `fields`.
    Record,
    /// A list of records, each with what `fields` says; a rule walks it with `for`.
    Records,
}

/// One fact of a hook.
pub struct RuleFact(Fact);

/// One fact of a hook.
#[Object]
impl RuleFact {
    /// Its name in the record it belongs to.
    async fn name(&self) -> &str {
        self.0.field.name
    }

    /// From the hook's facts down: `shift.kind`, `breaks[].minutes`.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// What it holds.
    async fn kind(&self) -> RuleFactKind {
        match self.0.field.kind {
            Kind::YesNo => RuleFactKind::YesNo,
            Kind::Whole => RuleFactKind::Whole,
            Kind::Text => RuleFactKind::Text,
            Kind::Choice(_) => RuleFactKind::Choice,
            Kind::Money => RuleFactKind::Money,
            Kind::Moment => RuleFactKind::Moment,
            Kind::TextList => RuleFactKind::TextList,
            Kind::Record(_) => RuleFactKind::Record,
            Kind::Records(_) => RuleFactKind::Records,
        }
    }

    /// The texts it may be, for a choice.
    async fn choices(&self) -> &'static [&'static str] {
        match self.0.field.kind {
            Kind::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// What a number counts, such as `minutes`, where its name says so.
    async fn unit(&self) -> Option<&'static str> {
        matches!(self.0.field.kind, Kind::Whole)
            .then(|| model::unit(self.0.field.name))
            .flatten()
    }

    /// How private it is, the records around it included.
    async fn class(&self) -> RuleDataClass {
        self.0.class.into()
    }

    /// Whether it is always there.
    async fn presence(&self) -> RuleFactPresence {
        self.0.field.presence.into()
    }

    /// What it means.
    async fn about(&self) -> &str {
        self.0.field.about
    }

    /// What a record, or each record of a list, holds.
    async fn fields(&self) -> Vec<RuleFact> {
        self.0.inner().into_iter().map(Self).collect()
    }
}

/// What goes between the brackets of an outcome or a method.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleArgumentKind {
    /// A whole number.
    Whole,
    /// Small letters, digits and underscores, such as `too_far_away`.
    Code,
    /// A code out of `choices`.
    Choice,
    /// A sentence for people.
    Text,
    /// `true` or `false`.
    YesNo,
    /// An amount of money.
    Money,
    /// A moment.
    Moment,
    /// A list of moments.
    Moments,
    /// One of the records of the facts named in `list`.
    Item,
}

/// One value between the brackets of an outcome or a method.
#[derive(SimpleObject)]
pub struct RuleArgument {
    /// What the value is called in the answer.
    name: &'static str,
    /// What it takes.
    kind: RuleArgumentKind,
    /// What a number counts.
    unit: Option<&'static str>,
    /// The least a number may be.
    min: Option<i64>,
    /// The most a number may be.
    max: Option<i64>,
    /// The codes of a choice.
    choices: Vec<&'static str>,
    /// The list of facts an item comes from.
    list: Option<&'static str>,
}

impl From<&Argument> for RuleArgument {
    fn from(argument: &Argument) -> Self {
        let mut told = Self {
            name: argument.field(),
            kind: RuleArgumentKind::Text,
            unit: None,
            min: None,
            max: None,
            choices: Vec::new(),
            list: None,
        };
        told.kind = match *argument {
            Argument::Whole { unit, min, max, .. } => {
                told.unit = Some(unit);
                (told.min, told.max) = (Some(min), Some(max));
                RuleArgumentKind::Whole
            }
            Argument::Choice { choices, .. } => {
                told.choices = choices.to_vec();
                RuleArgumentKind::Choice
            }
            Argument::Item { list, .. } => {
                told.list = Some(list);
                RuleArgumentKind::Item
            }
            Argument::Code { .. } => RuleArgumentKind::Code,
            Argument::Text { .. } => RuleArgumentKind::Text,
            Argument::YesNo { .. } => RuleArgumentKind::YesNo,
            Argument::Money { .. } => RuleArgumentKind::Money,
            Argument::Moment { .. } => RuleArgumentKind::Moment,
            Argument::Moments { .. } => RuleArgumentKind::Moments,
        };
        told
    }
}

fn arguments(arguments: &[Argument]) -> Vec<RuleArgument> {
    arguments.iter().map(Into::into).collect()
}

/// The list several values are gathered in, where there is one.
fn gathered(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Set => None,
        Effect::Append(list) => Some(list),
    }
}

/// A method of one outcome, such as `.needs_accuracy(metres)`.
#[derive(SimpleObject)]
pub struct RuleMethod {
    /// Its name.
    name: &'static str,
    /// What goes between its brackets.
    arguments: Vec<RuleArgument>,
    /// The list of the answer it adds a record to; without one it sets values.
    gathers_in: Option<&'static str>,
    /// What it does.
    about: &'static str,
}

/// One answer a rule may give.
#[derive(SimpleObject)]
pub struct RuleOutcomeSpec {
    /// Its name.
    name: &'static str,
    /// How a rule writes it: `late(minutes)`.
    usage: String,
    /// What goes between its brackets.
    arguments: Vec<RuleArgument>,
    /// Methods of this outcome, beside the decorations every outcome has.
    methods: Vec<RuleMethod>,
    /// Values it carries when no method sets them.
    defaults: Vec<RuleDefault>,
    /// The list of the answer it adds a record to, where several layers may each give one.
    gathers_in: Option<&'static str>,
    /// How strict or severe it is among its siblings, where the highest wins.
    rank: u8,
    /// What it means.
    about: &'static str,
}

/// A value an outcome carries when nothing sets it.
#[derive(SimpleObject)]
pub struct RuleDefault {
    /// The value's name.
    name: &'static str,
    /// What it is.
    value: i64,
}

fn outcome(spec: &zamu_rules::OutcomeSpec) -> RuleOutcomeSpec {
    let method = |method: &zamu_rules::Method| RuleMethod {
        name: method.name,
        arguments: arguments(method.arguments),
        gathers_in: gathered(method.effect),
        about: method.about,
    };
    let default = |(name, value): &(&'static str, i64)| RuleDefault {
        name,
        value: *value,
    };
    RuleOutcomeSpec {
        name: spec.name,
        usage: spec.usage(),
        arguments: arguments(spec.arguments),
        methods: spec.methods.iter().map(method).collect(),
        defaults: spec.defaults.iter().map(default).collect(),
        gathers_in: gathered(spec.effect),
        rank: spec.rank,
        about: spec.about,
    }
}

/// What one evaluation may cost.
#[derive(SimpleObject)]
pub struct RuleBudget {
    /// Steps of the script: what counts, the same on every machine.
    operations: u64,
    /// A safety net beside it.
    milliseconds: u64,
}

/// A named decision point: what it is told, what it may answer, and what happens when a rule fails.
pub struct RuleHook {
    pub(super) hook: &'static Hook,
    pub(super) rules: Arc<Rulebook>,
}

/// A named decision point: what it is told, what it may answer, and what happens when a rule fails.
#[Object]
impl RuleHook {
    /// `attendance.lateness`.
    async fn name(&self) -> &str {
        self.hook.name
    }

    /// The part of the work it belongs to: `attendance`.
    async fn area(&self) -> &str {
        model::area(self.hook)
    }

    /// The question it answers, and when it is asked.
    async fn about(&self) -> &str {
        self.hook.about
    }

    /// The version of everything said here. A rule written for another version is not used.
    async fn contract(&self) -> u32 {
        self.hook.contract
    }

    /// What the shipped rule and tests call the facts: `clock_in`.
    async fn subject(&self) -> &str {
        self.hook.subject
    }

    /// The function a rule defines: `lateness`.
    async fn function(&self) -> &str {
        self.hook.function()
    }

    /// Where its rule lies below an organization's folder, without the ending: `attendance/lateness`.
    async fn path(&self) -> String {
        self.hook.path()
    }

    /// How much a mistake costs.
    async fn risk_class(&self) -> RuleRiskClass {
        Class::from(self.hook.risk).into()
    }

    /// Who must approve a change, in words.
    async fn approval(&self) -> &str {
        self.hook.risk.approver()
    }

    /// What answers when a rule cannot.
    async fn failure_policy(&self) -> RuleFailurePolicy {
        self.hook.failure.into()
    }

    /// How the answers of several layers become one.
    async fn combine(&self) -> RuleCombine {
        self.hook.combine.into()
    }

    /// What one evaluation may cost.
    async fn budget(&self) -> RuleBudget {
        RuleBudget {
            operations: self.hook.budget.operations,
            milliseconds: self.hook.budget.wall_milliseconds,
        }
    }

    /// Every fact, each record before what it holds.
    async fn facts(&self) -> Vec<RuleFact> {
        model::flat(self.hook).into_iter().map(RuleFact).collect()
    }

    /// The same facts as a tree: records hold theirs in `fields`.
    async fn fact_tree(&self) -> Vec<RuleFact> {
        model::tree(self.hook).into_iter().map(RuleFact).collect()
    }

    /// The answers a rule may give; beside them `inherit()`, which asks the layer below.
    async fn outcomes(&self) -> Vec<RuleOutcomeSpec> {
        self.hook.outcomes.iter().map(outcome).collect()
    }

    /// What every outcome understands beside its own methods.
    async fn decorations(&self) -> Vec<RuleWord> {
        zamu_rules::decorations()
            .iter()
            .map(RuleWord::from)
            .collect()
    }

    /// What a rule can call to work with its facts, and what a moment says about itself.
    async fn functions(&self) -> Vec<RuleWord> {
        let functions = zamu_rules::functions().iter();
        let parts = zamu_rules::moment_parts().iter();
        functions.chain(parts).map(RuleWord::from).collect()
    }

    /// The rule that ships, which answers after `inherit()`. Nothing where only the built-in answer is there.
    async fn default_source(&self) -> Option<String> {
        let shipped = self.rules.book(&Content::default());
        shipped.source(self.hook.name).map(|source| source.text)
    }

    /// Facts of an ordinary day, which tests start from.
    async fn sample(&self) -> Json<Record> {
        Json(self.hook.sample())
    }

    /// What can be set without writing a rule, in the order a form shows it.
    async fn settings(&self) -> Vec<RuleSettingSpec> {
        let settings = self.rules.settings_of(self.hook.name).iter();
        settings.cloned().map(RuleSettingSpec).collect()
    }
}

/// A word a rule can use.
#[derive(SimpleObject)]
pub struct RuleWord {
    /// Its name.
    name: &'static str,
    /// How a rule writes it.
    usage: &'static str,
    /// What it does.
    about: &'static str,
}

impl From<&zamu_rules::Word> for RuleWord {
    fn from(word: &zamu_rules::Word) -> Self {
        Self {
            name: word.name,
            usage: word.usage,
            about: word.about,
        }
    }
}

/// What a setting holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::SettingKind")]
pub enum RuleSettingKind {
    /// Whole minutes.
    Minutes,
    /// Whole metres.
    Metres,
    /// A whole percentage.
    Percent,
    /// A whole number.
    Whole,
    /// An amount with its currency: `KES 1500`.
    Money,
    /// Text.
    Text,
    /// A text out of `choices`.
    Choice,
    /// True or false.
    YesNo,
    /// The name of a role.
    Role,
    /// Some of the seven weekdays.
    WeekdaySet,
    /// `08:30`.
    TimeOfDay,
    /// A list of texts.
    ListOfText,
}

/// The control a form shows for a setting.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSettingWidget {
    /// A number with its unit.
    Number,
    /// A line of text.
    Text,
    /// A list to pick one from.
    Select,
    /// A switch.
    Switch,
    /// A list of roles to pick one from.
    RolePicker,
    /// Seven boxes.
    Weekdays,
    /// Hours and minutes.
    Time,
    /// An amount and its currency.
    Money,
    /// Lines of text.
    List,
}

/// One setting of a hook: everything a form needs.
pub struct RuleSettingSpec(Setting);

/// One setting of a hook: everything a form needs.
#[Object]
impl RuleSettingSpec {
    /// As a rule reads it: `settings.grace_minutes`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it holds.
    async fn kind(&self) -> RuleSettingKind {
        self.0.kind.into()
    }

    /// What a number counts.
    async fn unit(&self) -> Option<&'static str> {
        model::setting_unit(&self.0)
    }

    /// The control a form shows.
    async fn widget(&self) -> RuleSettingWidget {
        use zamu_rules::SettingKind as Kind;
        match self.0.kind {
            Kind::Minutes | Kind::Metres | Kind::Percent | Kind::Whole => RuleSettingWidget::Number,
            Kind::Money => RuleSettingWidget::Money,
            Kind::Text => RuleSettingWidget::Text,
            Kind::Choice => RuleSettingWidget::Select,
            Kind::YesNo => RuleSettingWidget::Switch,
            Kind::Role => RuleSettingWidget::RolePicker,
            Kind::WeekdaySet => RuleSettingWidget::Weekdays,
            Kind::TimeOfDay => RuleSettingWidget::Time,
            Kind::ListOfText => RuleSettingWidget::List,
        }
    }

    /// What holds where nobody has set anything.
    async fn default(&self) -> Json<zamu_rules::Value> {
        Json(self.0.default.clone())
    }

    /// The least a number may be.
    async fn min(&self) -> Option<i64> {
        self.0.min
    }

    /// The most a number may be.
    async fn max(&self) -> Option<i64> {
        self.0.max
    }

    /// What a choice offers.
    async fn choices(&self) -> &[String] {
        &self.0.choices
    }

    /// What a form calls it.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// A sentence below it.
    async fn help(&self) -> &str {
        &self.0.help
    }

    /// Where it can be set: `organization`, `department`, `place`.
    async fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// A comparison with its sibling settings that must hold.
    async fn check(&self) -> Option<&str> {
        self.0.check.as_deref()
    }

    /// What to say when it does not.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}
