//! Speaks: installed packs, and switching them on and off.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use zamu_rules::PackBinding;
use zamu_rules::packs::PackInfo;

use super::drafts::{self, PackPart};
use super::graphql::{RuleDraft, RuleMode};
use crate::graphql::context::Ask;

/// How a pack takes part.
#[derive(SimpleObject)]
pub struct RulePackBinding {
    /// `ke-labour`.
    pack: String,
    /// The version that was looked at.
    version: String,
    /// Hash of its files: another one is another pack, and left out until somebody switches it on again.
    digest: String,
    /// What it may read beyond open facts, and answer.
    grants: Vec<String>,
    /// Off, on trial, on.
    mode: RuleMode,
}

impl RulePackBinding {
    pub(super) fn of(binding: &PackBinding) -> Self {
        Self {
            pack: binding.id.clone(),
            version: binding.version.clone(),
            digest: binding.digest.clone(),
            grants: binding.granted.clone(),
            mode: binding.mode.into(),
        }
    }
}

/// An installed pack of rules.
pub struct RulePack(PackInfo, Option<PackBinding>);

/// An installed pack of rules.
#[Object]
impl RulePack {
    /// `ke-labour`.
    async fn name(&self) -> &str {
        &self.0.id
    }

    /// `1.0.0`.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// What people call it.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is for.
    async fn about(&self) -> &str {
        &self.0.about
    }

    /// What changes if you switch it on, in Markdown.
    async fn readme(&self) -> &str {
        &self.0.readme
    }

    /// Questions it answers.
    async fn hooks(&self) -> &[String] {
        &self.0.hooks
    }

    /// Facts beyond the open ones it asks to read.
    async fn reads(&self) -> &[String] {
        &self.0.permissions.read
    }

    /// Outcomes it asks to give.
    async fn outcomes(&self) -> &[String] {
        &self.0.permissions.outcomes
    }

    /// What is wrong with its files; then its hooks fall to the next layer, or its last good version stays.
    async fn problems(&self) -> Vec<&str> {
        self.0
            .problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect()
    }

    /// How the organization runs it; nothing where it is not switched on.
    async fn binding(&self) -> Option<RulePackBinding> {
        self.1.as_ref().map(RulePackBinding::of)
    }
}

/// A pack that is to take part.
#[derive(InputObject)]
pub struct EnableRulePackInput {
    /// `ke-labour`.
    pack: String,
    /// On if left out. `AUDIT` tries it without effect.
    mode: Option<RuleMode>,
    /// What it may read beyond open facts, and answer; everything it asks for if left out.
    grants: Option<Vec<String>>,
}

/// A pack that is no longer to take part.
#[derive(InputObject)]
pub struct DisableRulePackInput {
    /// `ke-labour`.
    pack: String,
}

/// What can be asked about packs.
#[derive(Default)]
pub struct PacksQuery;

#[Object]
impl PacksQuery {
    /// Installed packs, with how the organization runs each.
    ///
    /// Requires: `VIEW_RULES` (OWNER, ADMIN, SUPERVISOR, OPERATOR).
    async fn rule_packs(&self, ctx: &Context<'_>) -> Result<Vec<RulePack>> {
        let found = drafts::packs(ctx.app(), ctx.viewer()?).await?;
        Ok(found
            .into_iter()
            .map(|(pack, binding)| RulePack(pack, binding))
            .collect())
    }
}

/// What can be done about packs.
#[derive(Default)]
pub struct PacksMutation;

#[Object]
impl PacksMutation {
    /// Proposes that a pack takes part, as a draft. Submit it, and try the proposed release with `replayRules` before
    /// somebody approves it.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn enable_rule_pack(
        &self,
        ctx: &Context<'_>,
        input: EnableRulePackInput,
    ) -> Result<RuleDraft> {
        let part = PackPart {
            mode: input.mode.map(Into::into).unwrap_or_default(),
            grants: input.grants,
        };
        let view = drafts::set_pack(ctx.app(), ctx.viewer()?, &input.pack, Some(part)).await?;
        Ok(RuleDraft(view))
    }

    /// Proposes that a pack no longer takes part, as a draft.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn disable_rule_pack(
        &self,
        ctx: &Context<'_>,
        input: DisableRulePackInput,
    ) -> Result<RuleDraft> {
        let view = drafts::set_pack(ctx.app(), ctx.viewer()?, &input.pack, None).await?;
        Ok(RuleDraft(view))
    }
}
