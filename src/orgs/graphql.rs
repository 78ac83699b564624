//! The organization and its departments in the API.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};

use super::model;
use super::service::{self, Changes, Move};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars;
use crate::kernel::error::Error;
use crate::kernel::id::DepartmentId;
use crate::kernel::time::Instant;

/// The tenant: everything belongs to exactly one.
#[derive(Clone)]
pub struct Organization(pub model::Organization);

/// The tenant: everything belongs to exactly one.
#[Object]
impl Organization {
    /// `org_…`.
    async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// Its name in addresses and at sign-in: 2 to 40 lower-case letters, digits and dashes. Never changes.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// As people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IANA name: `Africa/Nairobi`. Days begin and end there, for places that say nothing else.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// ISO 4217: `KES`.
    async fn currency(&self) -> &str {
        &self.0.currency
    }

    /// When it was founded.
    async fn created_at(&self) -> Instant {
        self.0.created_at
    }
}

/// A part of the organization. Departments form a tree; who is limited to one reaches everything below it.
#[derive(Clone)]
pub struct Department(pub model::Department);

/// A part of the organization. Departments form a tree; who is limited to one reaches everything below it.
#[Object]
impl Department {
    /// `dep_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// Unique among the departments beside it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The department above; null at the top.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        find(ctx, self.0.parent_id).await
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at
    }

    /// When it was put away; null while in use.
    async fn archived_at(&self) -> Option<Instant> {
        self.0.archived_at
    }
}

/// The department behind an id, with all others wanted at the same time.
pub async fn find(ctx: &Context<'_>, id: Option<DepartmentId>) -> Result<Option<Department>> {
    match id {
        Some(id) => Ok(ctx.loads()?.load_one(id).await?),
        None => Ok(None),
    }
}

impl Loader<DepartmentId> for Loads {
    type Value = Department;
    type Error = Arc<Error>;

    async fn load(
        &self,
        ids: &[DepartmentId],
    ) -> Result<HashMap<DepartmentId, Department>, Arc<Error>> {
        let found = service::departments_by_ids(&self.app, &self.viewer, ids).await?;
        Ok(found
            .into_iter()
            .map(|department| (department.id, Department(department)))
            .collect())
    }
}

/// What can be asked about the organization.
#[derive(Default)]
pub struct OrgsQuery;

#[Object]
impl OrgsQuery {
    /// The organization you act in.
    ///
    /// Requires: `VIEW_ORGANIZATION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(Organization(service::own(ctx.app(), ctx.viewer()?).await?))
    }

    /// Every department in use, by name; `parent` makes the tree.
    ///
    /// Requires: `VIEW_ORGANIZATION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    #[graphql(complexity = "20 * child_complexity")]
    async fn departments(&self, ctx: &Context<'_>) -> Result<Vec<Department>> {
        let departments = service::departments(ctx.app(), ctx.viewer()?).await?;
        Ok(departments.into_iter().map(Department).collect())
    }
}

/// What may change about the organization; what is left out stays.
#[derive(InputObject)]
pub struct UpdateOrganizationInput {
    /// 1 to 120 characters.
    name: Option<String>,
    /// IANA name: `Africa/Nairobi`. Concerns what happens from now on.
    time_zone: Option<String>,
    /// ISO 4217: `KES`.
    currency: Option<String>,
}

/// A new department.
#[derive(InputObject)]
pub struct CreateDepartmentInput {
    /// 1 to 80 characters, unique among the departments beside it.
    name: String,
    /// The department above; left out, it is at the top.
    parent: Option<ID>,
}

/// What changes about a department; what is left out stays.
#[derive(InputObject)]
pub struct UpdateDepartmentInput {
    /// `dep_…`.
    id: ID,
    /// 1 to 80 characters, unique among the departments beside it.
    name: Option<String>,
    /// The department above, not one of those below; null moves it to the top.
    parent: MaybeUndefined<ID>,
}

/// Which department is put away.
#[derive(InputObject)]
pub struct ArchiveDepartmentInput {
    /// `dep_…`.
    id: ID,
}

/// What can be done to the organization.
#[derive(Default)]
pub struct OrgsMutation;

#[Object]
impl OrgsMutation {
    /// Changes the organization's name, time zone or currency.
    ///
    /// Requires: `MANAGE_ORGANIZATION` (OWNER, ADMIN, OPERATOR).
    async fn update_organization(
        &self,
        ctx: &Context<'_>,
        input: UpdateOrganizationInput,
    ) -> Result<Organization> {
        let UpdateOrganizationInput {
            name,
            time_zone,
            currency,
        } = input;
        let changes = Changes {
            name,
            time_zone,
            currency,
        };
        Ok(Organization(
            service::update(ctx.app(), ctx.viewer()?, changes).await?,
        ))
    }

    /// Adds a department.
    ///
    /// Requires: `MANAGE_DEPARTMENTS` (OWNER, ADMIN, OPERATOR).
    async fn create_department(
        &self,
        ctx: &Context<'_>,
        input: CreateDepartmentInput,
    ) -> Result<Department> {
        let parent = scalars::optional_id("parent", input.parent.as_ref())?;
        let made =
            service::create_department(ctx.app(), ctx.viewer()?, &input.name, parent).await?;
        Ok(Department(made))
    }

    /// Renames a department or moves it in the tree; whoever is limited to a department sees accordingly at once.
    ///
    /// Requires: `MANAGE_DEPARTMENTS` (OWNER, ADMIN, OPERATOR).
    async fn update_department(
        &self,
        ctx: &Context<'_>,
        input: UpdateDepartmentInput,
    ) -> Result<Department> {
        let id = scalars::id("id", &input.id)?;
        let place = match &input.parent {
            MaybeUndefined::Undefined => Move::Stay,
            MaybeUndefined::Null => Move::ToTop,
            MaybeUndefined::Value(parent) => Move::Below(scalars::id("parent", parent)?),
        };
        let name = input.name.as_deref();
        Ok(Department(
            service::update_department(ctx.app(), ctx.viewer()?, id, name, place).await?,
        ))
    }

    /// Puts a department away. It must have no active members and no departments below it; what happened in it stays.
    ///
    /// Requires: `MANAGE_DEPARTMENTS` (OWNER, ADMIN, OPERATOR).
    async fn archive_department(
        &self,
        ctx: &Context<'_>,
        input: ArchiveDepartmentInput,
    ) -> Result<Department> {
        let id = scalars::id("id", &input.id)?;
        Ok(Department(
            service::archive_department(ctx.app(), ctx.viewer()?, id).await?,
        ))
    }
}
