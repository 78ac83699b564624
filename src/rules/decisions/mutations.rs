//! Speaks: keeping decisions as tests, and for how long their facts are kept.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::graphql::{DecisionRetention, RuleCase};
use super::{cases, retention};
use crate::graphql::context::Ask;
use crate::graphql::scalars::id;

/// A decision to be kept as a test.
#[derive(InputObject)]
pub struct KeepDecisionAsTestInput {
    /// The decision; its facts must still be there.
    decision: ID,
    /// What to call it, 1–200 characters; once per hook.
    name: String,
}

/// A case that is no longer wanted.
#[derive(InputObject)]
pub struct RemoveRuleCaseInput {
    /// The case.
    case: ID,
}

/// For how long facts are kept.
#[derive(InputObject)]
pub struct SetDecisionRetentionInput {
    /// Days, 7–400.
    days: i32,
}

/// What can be done with decisions.
#[derive(Default)]
pub struct DecisionsMutation;

#[Object]
impl DecisionsMutation {
    /// Keeps a decision as a test, without the person it was about: private facts become those of an ordinary day.
    /// Refused with `CASE_REFUSED`, naming the fact, where the answer hangs on one of them.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn keep_decision_as_test(
        &self,
        ctx: &Context<'_>,
        input: KeepDecisionAsTestInput,
    ) -> Result<RuleCase> {
        let decision = id("decision", &input.decision)?;
        let kept = cases::keep(ctx.app(), ctx.viewer()?, decision, &input.name).await?;
        Ok(RuleCase(kept))
    }

    /// Keeps a case no longer; answers what it was.
    ///
    /// Requires: `EDIT_RULES` (OWNER, ADMIN).
    async fn remove_rule_case(
        &self,
        ctx: &Context<'_>,
        input: RemoveRuleCaseInput,
    ) -> Result<RuleCase> {
        let case = id("case", &input.case)?;
        Ok(RuleCase(
            cases::remove(ctx.app(), ctx.viewer()?, case).await?,
        ))
    }

    /// Says for how many days the facts behind decisions are kept; what is older goes within the hour.
    ///
    /// Requires: `MANAGE_ORGANIZATION` (OWNER, ADMIN, OPERATOR).
    async fn set_decision_retention(
        &self,
        ctx: &Context<'_>,
        input: SetDecisionRetentionInput,
    ) -> Result<DecisionRetention> {
        let facts_days = retention::set_days(ctx.app(), ctx.viewer()?, input.days).await?;
        Ok(DecisionRetention { facts_days })
    }
}
