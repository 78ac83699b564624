//! Speaks: the audit log.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::model;
use super::service;
use crate::graphql::context::Ask;
use crate::graphql::scalars::out;
use crate::kernel::error::Error;

/// One thing that somebody did.
pub struct AuditEntry(model::Entry);

/// One thing that somebody did.
#[Object]
impl AuditEntry {
    /// `aud_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// 1, 2, 3 … without gaps in the organization.
    async fn number(&self) -> i64 {
        self.0.number
    }

    /// When it was done.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// `MEMBER`, `API_TOKEN`, `ACCOUNT` or `JOB:name`.
    async fn actor_kind(&self) -> &str {
        &self.0.actor_kind
    }

    /// Who, without prefix; see `actorKind`.
    async fn actor_id(&self) -> Option<String> {
        self.0.actor_id.map(|id| id.simple().to_string())
    }

    /// The permission that was used: `CLOCK_IN`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// Role and reach under which it was allowed: `WORKER:Own`.
    async fn permission(&self) -> &str {
        &self.0.permission
    }

    /// What it was done to, as an id.
    async fn target(&self) -> Option<ID> {
        self.0
            .target_id
            .map(|id| ID(format!("{}_{}", self.0.target_kind, id.simple())))
    }

    /// Why, where a reason was given.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The request in which it happened, as in the logs.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// SHA-256 over the previous hash and this entry.
    async fn hash(&self) -> &str {
        &self.0.hash
    }
}

/// Whether the audit chain is whole.
#[derive(SimpleObject)]
pub struct AuditVerdict {
    /// How many entries are good, counted from the first.
    good: i64,
    /// The hash of the last good entry: kept somewhere else, it also shows a cut-off tail.
    last_hash: String,
    /// The number of the first bad entry.
    broken_at: Option<i64>,
    /// What is wrong with it.
    problem: Option<String>,
}

/// What can be asked about the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done in the organization, newest first, before an entry's number; 1–100 at a time.
    ///
    /// Requires: `VIEW_AUDIT` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        #[graphql(desc = "Only entries with a lower number than this.")] before: Option<i64>,
    ) -> Result<Vec<AuditEntry>, Error> {
        let limit = crate::kernel::page::PageRequest::new(first, None)?.first;
        let found = service::list(ctx.app(), ctx.viewer()?, before, limit).await?;
        Ok(found.into_iter().map(AuditEntry).collect())
    }

    /// Walks the whole audit chain and names the first bad entry.
    ///
    /// Requires: `VIEW_AUDIT` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "1000")]
    async fn audit_verification(&self, ctx: &Context<'_>) -> Result<AuditVerdict> {
        let verdict = service::verify(ctx.app(), ctx.viewer()?).await?;
        let (broken_at, problem) = match verdict.broken {
            Some(broken) => (Some(broken.number), Some(broken.what.to_owned())),
            None => (None, None),
        };
        Ok(AuditVerdict {
            good: verdict.good,
            last_hash: verdict.last_hash,
            broken_at,
            problem,
        })
    }
}
