//! Speaks: who has not been seen for a while, and sending them off together.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{self, Policy};
use super::service;
use crate::graphql::context::Ask;
use crate::graphql::scalars;
use crate::identity::graphql::{Member, Role};
use crate::kernel::error::Result as Checked;

/// A member who has not been seen for a while.
pub struct InactiveMember(model::Inactive);

/// A member who has not been seen for a while.
#[Object]
impl InactiveMember {
    /// Who.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member.id).await?)
    }

    /// When they were last there: the newest of the three below, or when they joined.
    async fn last_active_at(&self) -> DateTime<Utc> {
        self.0.last
    }

    /// When they last used the API, signed in; null if never.
    async fn last_seen_at(&self) -> Option<DateTime<Utc>> {
        self.0.presence.signed_in
    }

    /// Their newest punch; null without any.
    async fn last_punch_at(&self) -> Option<DateTime<Utc>> {
        self.0.presence.punched
    }

    /// When their newest shift ended; null without any.
    async fn last_shift_at(&self) -> Option<DateTime<Utc>> {
        self.0.presence.planned
    }
}

/// Who would be deactivated.
#[derive(SimpleObject)]
pub struct InactivePreview {
    /// Those absent longest first.
    #[graphql(complexity = "100 * child_complexity")]
    members: Vec<InactiveMember>,
    /// Names exactly these members under exactly this policy: `deactivateInactiveMembers` wants it.
    token: String,
}

/// Who counts as inactive: active members who for some days neither signed in nor punched nor had a shift. Never
/// yourself.
#[derive(InputObject)]
pub struct InactivityInput {
    /// 1 to 3,650.
    days: i64,
    /// Only these roles; owners are for owners only.
    #[graphql(default_with = "vec![Role::Worker, Role::Technician]")]
    roles: Vec<Role>,
    /// Only these departments and those below them; all if left out.
    departments: Option<Vec<ID>>,
}

/// Whom to deactivate, and why.
#[derive(InputObject)]
pub struct DeactivateInactiveMembersInput {
    /// The policy of the preview.
    policy: InactivityInput,
    /// As `previewInactiveMembers` gave it.
    token: String,
    /// For the audit log: 1 to 500 characters.
    reason: String,
}

impl InactivityInput {
    fn policy(&self) -> Checked<Policy> {
        let departments = self.departments.as_ref().map(|ids| {
            let ids = ids.iter().map(|id| scalars::id("departments", id));
            ids.collect::<Checked<Vec<_>>>()
        });
        Ok(Policy {
            days: self.days,
            roles: self.roles.iter().copied().map(Into::into).collect(),
            departments: departments.transpose()?,
        })
    }
}

/// What can be asked about members who stay away.
#[derive(Default)]
pub struct InactiveQuery;

#[Object]
impl InactiveQuery {
    /// Who would be deactivated for having stayed away.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn preview_inactive_members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who counts as inactive.")] policy: InactivityInput,
    ) -> Result<InactivePreview> {
        let (members, token) = service::preview(ctx.app(), ctx.viewer()?, policy.policy()?).await?;
        Ok(InactivePreview {
            members: members.into_iter().map(InactiveMember).collect(),
            token,
        })
    }
}

/// What can be done about members who stay away.
#[derive(Default)]
pub struct InactiveMutation;

#[Object]
impl InactiveMutation {
    /// Deactivates the members of a preview, all or none. Their login sessions end at once; everything they did stays.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR); owners are for owners only.
    #[graphql(complexity = "100 * child_complexity")]
    async fn deactivate_inactive_members(
        &self,
        ctx: &Context<'_>,
        input: DeactivateInactiveMembersInput,
    ) -> Result<Vec<Member>> {
        let with = (input.token.as_str(), input.reason.as_str());
        let policy = input.policy.policy()?;
        let gone = service::deactivate(ctx.app(), ctx.viewer()?, policy, with).await?;
        Ok(gone.into_iter().map(Member).collect())
    }
}
