//! Speaks: moves between departments, and where a member belonged when.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::NaiveDate;

use super::model::Spell;
use super::service::{self, Moved};
use crate::attendance;
use crate::attendance::graphql::WorkSession;
use crate::attendance::store::Filter;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::MemberId;
use crate::kernel::page::PageRequest;
use crate::orgs::graphql::{self as orgs, Department};

/// A time somebody belongs to a department.
pub struct MemberDepartment(Spell);

/// A time somebody belongs to a department.
#[Object]
impl MemberDepartment {
    /// Which; null for a time in none.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        orgs::find(ctx, self.0.department_id).await
    }

    /// The first day.
    async fn from(&self) -> NaiveDate {
        self.0.from
    }

    /// The last day; null for the one that goes on.
    async fn until(&self) -> Option<NaiveDate> {
        self.0.until
    }
}

/// The spells of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpellsOf(pub MemberId);

impl Loader<SpellsOf> for Loads {
    type Value = Arc<Vec<Spell>>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SpellsOf]) -> Result<HashMap<SpellsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let found = service::spells_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(member, spells)| (SpellsOf(member), Arc::new(spells)))
            .collect())
    }
}

/// Where a member belonged and will belong, the earliest first.
pub async fn departments_of(ctx: &Context<'_>, id: MemberId) -> Result<Vec<MemberDepartment>> {
    let found = ctx.loads()?.load_one(SpellsOf(id)).await?;
    let spells = found.map(|spells| spells.to_vec()).unwrap_or_default();
    Ok(spells.into_iter().map(MemberDepartment).collect())
}

/// Who goes where, and from when on.
#[derive(InputObject)]
pub struct MoveMemberInput {
    /// `mbr_…`.
    member: ID,
    /// `dep_…`; left out or null, into none.
    department: Option<ID>,
    /// The first day there; today if left out. Not before they joined, at most 366 days ahead. Another move on the same
    /// day takes the place of the one before.
    effective_from: Option<NaiveDate>,
}

/// A recorded move.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct MoveMemberPayload {
    /// The member, in the department of today.
    member: Member,
    /// The first day there.
    effective_from: NaiveDate,
    /// Whether that day has begun. If not, the member moves at midnight where the organization is.
    has_begun: bool,
    #[graphql(skip)]
    moved: Moved,
}

#[async_graphql::ComplexObject]
impl MoveMemberPayload {
    /// Work of these days that was recorded in another department and stays there, the newest first; at most 100.
    ///
    /// Requires: `VIEW_SESSIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "100 * child_complexity")]
    async fn kept_sessions(&self, ctx: &Context<'_>) -> Result<Vec<WorkSession>> {
        let filter = Filter {
            member: Some(self.moved.member.id),
            from: Some(self.moved.effective_from),
            ..Filter::default()
        };
        let page = PageRequest {
            first: 100,
            after: None,
        };
        let found = attendance::service::sessions(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let elsewhere = found
            .rows
            .into_iter()
            .filter(|session| session.department_id != self.moved.department);
        Ok(elsewhere.map(WorkSession).collect())
    }
}

/// What can be done about where people belong.
#[derive(Default)]
pub struct MovesMutation;

#[Object]
impl MovesMutation {
    /// Moves a member to another department from a day on. Work that was recorded keeps its department, and a day of the
    /// past counts for the department of that day.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn move_member(
        &self,
        ctx: &Context<'_>,
        input: MoveMemberInput,
    ) -> Result<MoveMemberPayload> {
        let member = scalars::id("member", &input.member)?;
        let department = scalars::optional_id("department", input.department.as_ref())?;
        let moved = service::move_member(
            ctx.app(),
            ctx.viewer()?,
            member,
            department,
            input.effective_from,
        )
        .await?;
        Ok(MoveMemberPayload {
            member: Member(moved.member.clone()),
            effective_from: moved.effective_from,
            has_begun: moved.has_begun,
            moved,
        })
    }
}
