//! Speaks: proposing, approving, activating and taking back rules.

use async_graphql::{Context, ID, InputObject, Json, Object, Result};
use chrono::{DateTime, NaiveDate, Utc};

use super::drafts::{self, Scope, Values, Written};
use super::graphql::{
    RuleApprover, RuleDraft, RuleDuty, RuleLanguage, RuleMode, RuleRelease, RuleReviewVerdict,
};
use super::model::Release;
use super::{people, service};
use crate::graphql::context::Ask;
use crate::graphql::scalars::{id, optional_id, out};
use crate::kernel::error::Error;
use crate::kernel::id::DraftId;

/// A rule somebody proposes.
#[derive(InputObject)]
pub struct SaveRuleDraftInput {
    /// Which question it answers: `attendance.lateness`.
    hook: String,
    /// The text.
    source: String,
    /// What it is written in; a script if left out.
    language: Option<RuleLanguage>,
    /// Tests beside it, as in a `*.test.rhai` file.
    tests: Option<String>,
    /// Cases beside it, as in a `*.cases.json` file.
    cases: Option<Json<serde_json::Value>>,
    /// How it is to take part; `ON` if left out. A week of `AUDIT` first shows what it would change.
    mode: Option<RuleMode>,
}

/// Values for the settings of a hook.
#[derive(InputObject)]
pub struct SetRuleSettingsInput {
    /// The hook: `attendance.lateness`.
    hook: String,
    /// The values; the others stay.
    values: Vec<RuleValueInput>,
    /// For this department only.
    department: Option<ID>,
    /// At this place only.
    place: Option<ID>,
    /// First local day they hold; always if left out.
    from: Option<NaiveDate>,
    /// Last local day they hold.
    until: Option<NaiveDate>,
}

/// One value.
#[derive(InputObject)]
pub struct RuleValueInput {
    /// `grace_minutes`.
    name: String,
    /// The value; `null` takes back the one set for the same department or place and the same days.
    value: Option<Json<serde_json::Value>>,
}

/// How a rule is to take part.
#[derive(InputObject)]
pub struct SetRuleModeInput {
    /// The hook whose rule it is.
    hook: String,
    /// How it is to take part.
    mode: RuleMode,
}

/// A draft.
#[derive(InputObject)]
pub struct RuleDraftInput {
    /// `drf_…`.
    draft: ID,
}

/// A hook.
#[derive(InputObject)]
pub struct CopyRuleInput {
    /// The hook whose rule the organization takes over.
    hook: String,
}

/// Drafts that become a release.
#[derive(InputObject)]
pub struct SubmitRuleReleaseInput {
    /// One or more drafts.
    drafts: Vec<ID>,
    /// What changes and why, for whoever approves it; at most 500 characters.
    note: Option<String>,
}

/// A review.
#[derive(InputObject)]
pub struct ReviewRuleReleaseInput {
    /// `rel_…`.
    release: ID,
    /// Yes or no.
    verdict: RuleReviewVerdict,
    /// Why; at most 500 characters.
    note: Option<String>,
}

/// From when on a release is to hold.
#[derive(InputObject)]
pub struct ActivateRuleReleaseInput {
    /// `rel_…`.
    release: ID,
    /// An instant to come; now if left out. The very first release of an organization without decisions holds from the
    /// beginning.
    from: Option<DateTime<Utc>>,
    /// Where nobody else could ever approve an attendance rule: take it upon yourself. It is recorded.
    #[graphql(default)]
    accept_alone: bool,
}

/// Which release to go back to.
#[derive(InputObject)]
pub struct RollBackRulesInput {
    /// A release that held before: `rel_…`.
    to: ID,
    /// Why; it is recorded.
    reason: String,
}

/// Which rule to switch off.
#[derive(InputObject)]
pub struct DisableRuleInput {
    /// The hook whose rule it is.
    hook: String,
    /// Why; it is recorded.
    reason: String,
}

/// Whom to give or take which duty.
#[derive(InputObject)]
pub struct RuleApproverInput {
    /// The member.
    member: ID,
    /// What they may approve.
    duty: RuleDuty,
}

/// What can be done with rules.
#[derive(Default)]
pub struct RulesMutation;

#[Object]
impl RulesMutation {
    /// Proposes a rule. Saving is checking: what cannot be used is refused with findings and not kept.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn save_rule_draft(
        &self,
        ctx: &Context<'_>,
        input: SaveRuleDraftInput,
    ) -> Result<RuleDraft> {
        let written = Written {
            hook: input.hook,
            kind: input.language.map(Into::into).unwrap_or_default(),
            source: input.source,
            tests: input.tests,
            cases: input.cases.map(|cases| cases.0),
            mode: input.mode.map(Into::into).unwrap_or_default(),
        };
        let view = drafts::save(ctx.app(), ctx.viewer()?, written).await?;
        Ok(RuleDraft(view))
    }

    /// Proposes values for settings, typed, within their bounds and fitting together, as a draft of their hook.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn set_rule_settings(
        &self,
        ctx: &Context<'_>,
        input: SetRuleSettingsInput,
    ) -> Result<RuleDraft> {
        let department = optional_id("department", input.department.as_ref())?;
        let place = optional_id("place", input.place.as_ref())?;
        let scope = match (department, place) {
            (Some(_), Some(_)) => {
                let message = "a value is for a department or for a place, not for both";
                return Err(Error::invalid("place", message).into());
            }
            (Some(department), None) => Some(Scope::Department(department)),
            (None, place) => place.map(Scope::Place),
        };
        let values = input.values.into_iter();
        let values = Values {
            hook: input.hook,
            values: values
                .map(|given| (given.name, given.value.map(|value| value.0)))
                .collect(),
            scope,
            from: input.from,
            until: input.until,
        };
        let view = drafts::set_settings(ctx.app(), ctx.viewer()?, values).await?;
        Ok(RuleDraft(view))
    }

    /// Proposes off, audit or on for the organization's own rule of a hook. To switch off at once, `disableRule`.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn set_rule_mode(&self, ctx: &Context<'_>, input: SetRuleModeInput) -> Result<RuleDraft> {
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let view = drafts::set_mode(app, viewer, &input.hook, input.mode.into()).await?;
        Ok(RuleDraft(view))
    }

    /// Begins a draft with the rule of a file or of the default pack. Activated, the organization owns the hook and a file
    /// for it is no longer used.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn copy_rule_to_organization(
        &self,
        ctx: &Context<'_>,
        input: CopyRuleInput,
    ) -> Result<RuleDraft> {
        let view = drafts::copy(ctx.app(), ctx.viewer()?, &input.hook).await?;
        Ok(RuleDraft(view))
    }

    /// Throws a draft away; answers with its id.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn discard_rule_draft(&self, ctx: &Context<'_>, input: RuleDraftInput) -> Result<ID> {
        let draft = id("draft", &input.draft)?;
        Ok(out(drafts::discard(ctx.app(), ctx.viewer()?, draft).await?))
    }

    /// Bases a draft on the newest release. `began` and `now` of the answer are the two versions to compare it with.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn rebase_rule_draft(
        &self,
        ctx: &Context<'_>,
        input: RuleDraftInput,
    ) -> Result<RuleDraft> {
        let draft = id("draft", &input.draft)?;
        let view = drafts::rebase(ctx.app(), ctx.viewer()?, draft).await?;
        Ok(RuleDraft(view))
    }

    /// Makes a release of drafts and asks for its approval; a cosmetic one needs none. Nothing holds yet.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn submit_rule_release(
        &self,
        ctx: &Context<'_>,
        input: SubmitRuleReleaseInput,
    ) -> Result<RuleRelease> {
        let drafts = input.drafts.iter().map(|draft| id("drafts", draft));
        let drafts = drafts.collect::<Result<Vec<DraftId>, Error>>()?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let release = service::submit(app, viewer, &drafts, input.note.as_deref()).await?;
        told(ctx, release).await
    }

    /// Says yes or no to somebody else's release. Who may depends on its class.
    ///
    /// Requires: `REVIEW_RULES` (OWNER, ADMIN, SUPERVISOR).
    async fn review_rule_release(
        &self,
        ctx: &Context<'_>,
        input: ReviewRuleReleaseInput,
    ) -> Result<RuleRelease> {
        let release = id("release", &input.release)?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let (verdict, note) = (input.verdict.into(), input.note.as_deref());
        let release = service::review(app, viewer, release, verdict, note).await?;
        told(ctx, release).await
    }

    /// Lets an approved release hold, now or from an instant to come. What was scheduled for then or later is called off.
    ///
    /// Requires: `RELEASE_RULES` (OWNER, ADMIN, OPERATOR).
    async fn activate_rule_release(
        &self,
        ctx: &Context<'_>,
        input: ActivateRuleReleaseInput,
    ) -> Result<RuleRelease> {
        let release = id("release", &input.release)?;
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let release =
            service::activate(app, viewer, release, input.from, input.accept_alone).await?;
        told(ctx, release).await
    }

    /// Makes a release equal to one that held before, and lets it hold at once. What was scheduled is called off.
    ///
    /// Requires: `RELEASE_RULES` (OWNER, ADMIN, OPERATOR).
    async fn roll_back_rules(
        &self,
        ctx: &Context<'_>,
        input: RollBackRulesInput,
    ) -> Result<RuleRelease> {
        let to = id("to", &input.to)?;
        let release = service::roll_back(ctx.app(), ctx.viewer()?, to, &input.reason).await?;
        told(ctx, release).await
    }

    /// Makes a release without the organization's rule of a hook, and lets it hold at once: what lies below answers.
    ///
    /// Requires: `RELEASE_RULES` (OWNER, ADMIN, OPERATOR).
    async fn disable_rule(
        &self,
        ctx: &Context<'_>,
        input: DisableRuleInput,
    ) -> Result<RuleRelease> {
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let release = service::switch_off(app, viewer, &input.hook, &input.reason).await?;
        told(ctx, release).await
    }

    /// Gives a member the duty to approve changes to pay or to clinical rules.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn appoint_rule_approver(
        &self,
        ctx: &Context<'_>,
        input: RuleApproverInput,
    ) -> Result<RuleApprover> {
        let member = id("member", &input.member)?;
        let duty = input.duty.into();
        let person = people::appoint(ctx.app(), ctx.viewer()?, member, duty).await?;
        Ok(RuleApprover(person))
    }

    /// Takes a duty from a member; answers with the member's id.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn dismiss_rule_approver(
        &self,
        ctx: &Context<'_>,
        input: RuleApproverInput,
    ) -> Result<ID> {
        let member = id("member", &input.member)?;
        let duty = input.duty.into();
        Ok(out(
            people::dismiss(ctx.app(), ctx.viewer()?, member, duty).await?
        ))
    }
}

async fn told(ctx: &Context<'_>, release: Release) -> Result<RuleRelease> {
    let told = service::told(ctx.app(), ctx.viewer()?, release).await?;
    Ok(RuleRelease(told))
}
