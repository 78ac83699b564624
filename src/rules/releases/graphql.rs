//! Speaks: the release in force, and whether the rule files are in use.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::service;
use crate::graphql::context::Ask;
use crate::rules::decisions::graphql::RuleProblem;

/// Whether the organization's rules are in use.
#[derive(SimpleObject)]
pub struct RuleStatus {
    /// Digest of everything that can change a decision of the organization.
    release: String,
    /// Files that could not be used as they are.
    problems: Vec<RuleProblem>,
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
        let (release, problems) = service::status(ctx.app(), ctx.viewer()?).await?;
        let problems = problems.into_iter().map(|problem| RuleProblem {
            path: Some(problem.path),
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
            keeps_last_good: problem.keeps_last_good,
        });
        Ok(RuleStatus {
            release,
            problems: problems.collect(),
        })
    }
}
