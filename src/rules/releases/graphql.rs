//! Speaks: releases, drafts, who has a say, and what can be asked about them.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Json, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use zamu_rules::checking::{Finding, Severity};
use zamu_rules::{RuleBinding, SettingChange};

use super::approval::{self, Person, Review};
use super::drafts::{self, View};
use super::forms::{RuleBindingInForce, RuleHealth, RuleSetting, RuleStatus};
use super::history::Activation;
use super::model::{self, Part};
use super::packs::RulePackBinding;
use super::service::{self, Told};
use super::{bindings, nodes, people};
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::id::MemberId;
use crate::kernel::page::{Cursor, PageRequest};

/// Where a release comes from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Origin")]
pub enum RuleReleaseOrigin {
    /// Drafts of a person.
    Edit,
    /// The organization's folder of rules changed.
    Files,
    /// It equals an earlier release.
    Rollback,
    /// It is the one before without one rule.
    SwitchOff,
}

/// How far a release has come. Whether it holds is said by its activations.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::State")]
pub enum RuleReleaseState {
    /// Waiting for approval.
    Proposed,
    /// May be activated.
    Approved,
    /// Somebody said no.
    Rejected,
}

/// What a change may do to people, which says who must approve it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Class")]
pub enum RuleRiskClass {
    /// Cosmetic: the author alone.
    A,
    /// Attendance: a second owner or admin.
    B,
    /// Pay and money: a second person with the duty `FINANCE`; an owner or admin while nobody has it.
    C,
    /// Clinical and safety: a second person with the duty `CLINICAL_LEAD`; while nobody has it, two owners or admins, one of
    /// them an owner.
    D,
}

/// What a member may approve beside what their role lets them.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "approval::Duty")]
pub enum RuleDuty {
    /// Changes to pay and money.
    Finance,
    /// Changes to clinical and safety rules.
    ClinicalLead,
}

/// What a reviewer says.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "approval::Verdict")]
pub enum RuleReviewVerdict {
    /// Yes.
    Approve,
    /// No: a better one is another release.
    Reject,
}

/// How a rule takes part.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::Mode")]
pub enum RuleMode {
    /// Kept, and not asked.
    Off,
    /// Asked beside the rules in force and recorded, never applied.
    Audit,
    /// Asked, and what it answers holds.
    On,
}

/// What a rule is written in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "zamu_rules::RuleKind")]
pub enum RuleLanguage {
    /// A script.
    Script,
    /// A decision table.
    Table,
}

/// One thing to look at in a proposed rule.
#[derive(SimpleObject)]
pub struct RuleFinding {
    /// Counted from 1.
    line: Option<u32>,
    /// Counted from 1.
    column: Option<u32>,
    /// Whether it stands in the way; otherwise it is only odd.
    is_error: bool,
    /// What is wrong.
    message: String,
    /// What to write instead.
    hint: Option<String>,
}

impl RuleFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            line: finding.line,
            column: finding.column,
            is_error: finding.severity == Severity::Error,
            message: finding.message.clone(),
            hint: finding.hint.clone(),
        }
    }
}

/// A rule as it is written.
#[derive(SimpleObject)]
pub struct RuleText {
    /// What it is written in.
    language: RuleLanguage,
    /// The text.
    source: String,
    /// How it takes part.
    mode: RuleMode,
    /// The file it comes from, relative to the rules folder; nothing for one kept in the database.
    file: Option<String>,
}

impl RuleText {
    fn of(rule: &RuleBinding) -> Self {
        Self {
            language: rule.kind.into(),
            source: rule.text.clone(),
            mode: rule.mode.into(),
            file: rule.file.clone(),
        }
    }
}

/// One value somebody set.
#[derive(SimpleObject)]
pub struct RuleSettingChange {
    /// The hook it belongs to.
    hook: String,
    /// `grace_minutes`.
    name: String,
    /// The value.
    value: Json<serde_json::Value>,
    /// The id of the department or place it is for; nothing for the whole organization.
    scope: Option<ID>,
    /// First local day it holds; nothing for always.
    from: Option<NaiveDate>,
    /// Last local day it holds.
    until: Option<NaiveDate>,
    /// The file it comes from; nothing for one kept in the database.
    file: Option<String>,
}

impl RuleSettingChange {
    pub(super) fn of(change: &SettingChange) -> Self {
        Self {
            hook: change.hook.clone(),
            name: change.name.clone(),
            value: Json(change.value.to_json()),
            scope: change.scope.clone().map(ID),
            from: change.from,
            until: change.until,
            file: change.file.clone(),
        }
    }
}

/// What one release says about one hook.
#[derive(SimpleObject)]
pub struct RuleVersion {
    /// The organization's own rule; nothing where what ships is asked.
    rule: Option<RuleText>,
    /// Its changed settings.
    settings: Vec<RuleSettingChange>,
}

impl RuleVersion {
    fn of(part: &Part) -> Self {
        Self {
            rule: part.rule.as_ref().map(RuleText::of),
            settings: part.settings.iter().map(RuleSettingChange::of).collect(),
        }
    }
}

/// What somebody proposes for one hook. One per hook; nothing of it holds.
pub struct RuleDraft(pub View);

/// What somebody proposes for one hook. One per hook; nothing of it holds.
#[Object]
impl RuleDraft {
    /// `drf_…`.
    async fn id(&self) -> ID {
        out(self.0.draft.id)
    }

    /// Which question it is about; `pack:<id>` for a pack.
    async fn hook(&self) -> &str {
        &self.0.draft.topic
    }

    /// How the pack would take part; nothing for a hook, and for a pack that is to be switched off.
    async fn pack(&self) -> Option<RulePackBinding> {
        let change = self.0.draft.proposal.pack.as_ref()?;
        change.binding.as_ref().map(RulePackBinding::of)
    }

    /// The proposed rule; nothing when only settings change.
    async fn rule(&self) -> Option<RuleText> {
        self.0.draft.proposal.rule.as_ref().map(RuleText::of)
    }

    /// All changed settings of the hook as they would be; nothing when they stay.
    async fn settings(&self) -> Option<Vec<RuleSettingChange>> {
        let settings = self.0.draft.proposal.settings.as_ref()?;
        Some(settings.iter().map(RuleSettingChange::of).collect())
    }

    /// The tests beside the rule.
    async fn tests(&self) -> Option<&str> {
        self.0.draft.proposal.tests.as_ref()?.tests.as_deref()
    }

    /// Kept cases beside the rule.
    async fn cases(&self) -> Option<Json<&serde_json::Value>> {
        let tests = self.0.draft.proposal.tests.as_ref()?;
        tests.cases.as_ref().map(Json)
    }

    /// What is odd about the rule. What is wrong would not have been kept.
    async fn findings(&self) -> Vec<RuleFinding> {
        self.0.findings.iter().map(RuleFinding::of).collect()
    }

    /// The number of the release it began from; 0 for what ships.
    async fn base(&self) -> i64 {
        self.0.draft.base
    }

    /// What that release said about the hook.
    async fn began(&self) -> RuleVersion {
        RuleVersion::of(&self.0.began)
    }

    /// What the newest release says about the hook.
    async fn now(&self) -> RuleVersion {
        RuleVersion::of(&self.0.now)
    }

    /// Whether the two differ: then it must be rebased before it is submitted.
    async fn is_stale(&self) -> bool {
        self.0.is_stale()
    }

    /// Whether it takes the hook over from a file.
    async fn takes_over(&self) -> bool {
        self.0.draft.takes_over
    }

    /// Who changed it last.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.draft.author).await?)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.draft.updated_at
    }
}

/// Everything an organization decides for itself, frozen and numbered. It never changes; a change is another release.
pub struct RuleRelease(pub Told);

/// Everything an organization decides for itself, frozen and numbered. It never changes; a change is another release.
#[Object]
impl RuleRelease {
    /// `rel_…`.
    async fn id(&self) -> ID {
        out(self.0.release.id)
    }

    /// 1, 2, 3 … in the organization.
    async fn number(&self) -> i64 {
        self.0.release.number
    }

    /// The number of the release it follows; 0 for what ships.
    async fn parent(&self) -> i64 {
        self.0.release.parent
    }

    /// Hash of its content.
    async fn digest(&self) -> &str {
        &self.0.release.digest
    }

    /// Where it comes from.
    async fn origin(&self) -> RuleReleaseOrigin {
        self.0.release.origin.into()
    }

    /// The highest class among what it changes.
    async fn risk(&self) -> RuleRiskClass {
        self.0.release.risk.into()
    }

    /// How far it has come.
    async fn state(&self) -> RuleReleaseState {
        self.0.release.state.into()
    }

    /// Hooks and packs (`pack:<id>`) it changes.
    async fn changes(&self) -> &[String] {
        &self.0.release.topics
    }

    /// What its author says about it.
    async fn note(&self) -> Option<&str> {
        self.0.release.note.as_deref()
    }

    /// Who submitted it; nobody for files and the command line.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.release.author).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.release.created_at
    }

    /// The organization's own rules in it, with their hooks.
    async fn rules(&self) -> Vec<RuleOfRelease> {
        let rules = self.0.release.content.rules.iter();
        let rule = |(hook, rule): (&String, &RuleBinding)| RuleOfRelease {
            hook: hook.clone(),
            rule: RuleText::of(rule),
        };
        rules.map(rule).collect()
    }

    /// The changed settings in it.
    async fn settings(&self) -> Vec<RuleSettingChange> {
        let settings = self.0.release.content.settings.iter();
        settings.map(RuleSettingChange::of).collect()
    }

    /// Who said what about it.
    async fn reviews(&self) -> Vec<RuleReview> {
        self.0.reviews.iter().cloned().map(RuleReview).collect()
    }

    /// From when on it holds or held.
    async fn activations(&self) -> Vec<RuleActivation> {
        let activations = self.0.activations.iter().cloned();
        activations.map(RuleActivation).collect()
    }
}

async fn member(ctx: &Context<'_>, id: Option<MemberId>) -> Result<Option<Member>> {
    Ok(match id {
        Some(id) => ctx.loads()?.load_one(id).await?,
        None => None,
    })
}

/// One rule of a release.
#[derive(SimpleObject)]
pub struct RuleOfRelease {
    /// Which question it answers.
    hook: String,
    /// The rule.
    rule: RuleText,
}

/// One person's word about a release.
pub struct RuleReview(Review);

/// One person's word about a release.
#[Object]
impl RuleReview {
    /// Who.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, Some(self.0.member)).await
    }

    /// Yes or no.
    async fn verdict(&self) -> RuleReviewVerdict {
        self.0.verdict.into()
    }

    /// Why.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Hash of the content they looked at.
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
}

/// From an instant on, a release holds. What happened before it is judged by the one before.
pub struct RuleActivation(Activation);

/// From an instant on, a release holds. What happened before it is judged by the one before.
#[Object]
impl RuleActivation {
    /// The first instant. An event is judged by the release of the time it happened at.
    async fn from(&self) -> DateTime<Utc> {
        self.0.effective_from
    }

    /// When it was said.
    async fn activated_at(&self) -> DateTime<Utc> {
        self.0.activated_at
    }

    /// Who said it; nobody for files and the command line.
    async fn activated_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.activated_by).await
    }

    /// Whether the author took it upon themselves, there being nobody else to approve it.
    async fn alone(&self) -> bool {
        self.0.alone
    }

    /// Why, for a rollback or a switch-off.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it was called off before it began: by a rollback, a switch-off, or another release.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }
}

/// Somebody who has a say in releases.
pub struct RuleApprover(pub Person);

/// Somebody who has a say in releases.
#[Object]
impl RuleApprover {
    /// Who.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, Some(self.0.member)).await
    }

    /// What they may approve beside what their role lets them.
    async fn duties(&self) -> Vec<RuleDuty> {
        self.0.duties.iter().map(|duty| (*duty).into()).collect()
    }
}

/// What can be asked about rules.
#[derive(Default)]
pub struct RulesQuery;

#[Object]
impl RulesQuery {
    /// The release in force and what is wrong with rule files, if anything.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_status(&self, ctx: &Context<'_>) -> Result<RuleStatus> {
        let status = bindings::status(ctx.app(), ctx.viewer()?).await?;
        Ok(RuleStatus::of(status))
    }

    /// Which release each node of the server runs, and what is wrong.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_health(&self, ctx: &Context<'_>) -> Result<RuleHealth> {
        let health = nodes::health(ctx.app(), ctx.viewer()?).await?;
        Ok(RuleHealth::of(health))
    }

    /// Every question rules answer, with where the organization's rule comes from.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_bindings(&self, ctx: &Context<'_>) -> Result<Vec<RuleBindingInForce>> {
        let found = bindings::bindings(ctx.app(), ctx.viewer()?).await?;
        Ok(found.into_iter().map(RuleBindingInForce).collect())
    }

    /// The settings of a hook with the values in force.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`attendance.lateness`.")] hook: String,
        #[graphql(desc = "The local day; the latest values if left out.")] day: Option<NaiveDate>,
        #[graphql(desc = "As they are in this department.")] department: Option<ID>,
        #[graphql(desc = "As they are at this place.")] place: Option<ID>,
    ) -> Result<Vec<RuleSetting>> {
        let department = optional_id("department", department.as_ref())?;
        let place = optional_id("place", place.as_ref())?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let found = bindings::settings(app, viewer, &hook, day, department, place).await?;
        Ok(found.into_iter().map(RuleSetting).collect())
    }

    /// What is being worked on, by hook.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_drafts(&self, ctx: &Context<'_>) -> Result<Vec<RuleDraft>> {
        let found = drafts::list(ctx.app(), ctx.viewer()?).await?;
        Ok(found.into_iter().map(RuleDraft).collect())
    }

    /// Releases, the newest first.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn rule_releases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last release of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RuleRelease>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let found = service::list(ctx.app(), ctx.viewer()?, &page).await?;
        let cursor = |told: &Told| Cursor {
            at: told.release.created_at,
            id: told.release.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, RuleRelease))
    }

    /// One release.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number: 1, 2, 3 …")] number: i64,
    ) -> Result<RuleRelease> {
        let found = service::numbered(ctx.app(), ctx.viewer()?, number).await?;
        Ok(RuleRelease(found))
    }

    /// Who has a say in releases: owners, admins, and whoever has a duty.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_approvers(&self, ctx: &Context<'_>) -> Result<Vec<RuleApprover>> {
        let found = people::approvers(ctx.app(), ctx.viewer()?).await?;
        Ok(found.into_iter().map(RuleApprover).collect())
    }
}
