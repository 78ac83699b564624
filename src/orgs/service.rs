//! Founding an organization, changing it, and tending the tree of its departments.

use super::model::{self, Department, Organization, Refusal};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::lobby::Lobby;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, OrgId};
use crate::kernel::text;

/// What a founder says.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    pub slug: String,
    pub name: String,
    pub time_zone: String,
    pub currency: String,
}

/// Founds an organization: for the command line and the demonstration data. Its audit log begins with this.
pub async fn create(app: &App, input: NewOrganization) -> Result<Organization> {
    let organization = Organization {
        id: app.ids().id(app.now()),
        slug: model::slug(&input.slug)?,
        name: text::required("name", &input.name, 120)?,
        time_zone: model::time_zone(&input.time_zone)?,
        currency: model::currency(&input.currency)?,
        created_at: app.now(),
    };
    let viewer = Viewer::job(organization.id, "FOUNDER");
    let mut tx = app.begin(&viewer, Action::ManageOrganization).await?;
    store::insert(&mut tx, &organization)?;
    tx.commit(Audit::of(organization.id)).await?;
    Ok(organization)
}

/// The organization the transaction is in.
pub async fn own_in(tx: &mut Tx) -> Result<Organization> {
    let (app, now) = (tx.app().clone(), tx.now());
    if let Some(known) = app.organizations().recall(tx.org(), now) {
        return Ok(known);
    }
    let organization = store::get_own(tx).await?;
    app.organizations().remember(&organization, now);
    Ok(organization)
}

pub async fn own(app: &App, viewer: &Viewer) -> Result<Organization> {
    let mut tx = app.read(viewer, Action::ViewOrganization).await?;
    own_in(&mut tx).await
}

/// For those who are not inside yet: the command line, imports, sign-in.
pub async fn find_by_slug(app: &App, slug: &str) -> Result<Option<Organization>> {
    store::find_by_slug(&mut app.lobby().await?, slug).await
}

/// Every organization: for jobs that go round all of them.
pub async fn all_ids(app: &App) -> Result<Vec<OrgId>> {
    store::all_ids(&mut app.lobby().await?).await
}

/// Those of these organizations that are open, for an account that belongs to them.
pub(crate) async fn by_ids(lobby: &mut Lobby, ids: &[OrgId]) -> Result<Vec<Organization>> {
    store::by_ids(lobby, ids).await
}

/// What may change about an organization; nothing means leave it.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub currency: Option<String>,
}

pub async fn update(app: &App, viewer: &Viewer, input: Changes) -> Result<Organization> {
    let mut tx = app.begin(viewer, Action::ManageOrganization).await?;
    let mut organization = store::get_own(&mut tx).await?;
    if let Some(name) = &input.name {
        organization.name = text::required("name", name, 120)?;
    }
    if let Some(zone) = &input.time_zone {
        organization.time_zone = model::time_zone(zone)?;
    }
    if let Some(currency) = &input.currency {
        organization.currency = model::currency(currency)?;
    }
    store::update(&mut tx, &organization)?;
    let id: OrgId = organization.id;
    tx.commit(Audit::of(id)).await?;
    app.organizations().forget(id);
    Ok(organization)
}

/// Every department in use, by name.
pub async fn departments(app: &App, viewer: &Viewer) -> Result<Vec<Department>> {
    let mut tx = app.read(viewer, Action::ViewOrganization).await?;
    store::list_departments(&mut tx).await
}

pub async fn departments_by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[DepartmentId],
) -> Result<Vec<Department>> {
    let mut tx = app.read(viewer, Action::ViewOrganization).await?;
    store::departments_by_ids(&mut tx, ids).await
}

/// A department in use, or `NOT_FOUND`: for other slices before they point at it.
pub async fn department_in(tx: &mut Tx, id: DepartmentId) -> Result<Department> {
    store::find_department(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("department"))
}

/// A department and everything below it.
pub async fn departments_below_in(tx: &mut Tx, root: DepartmentId) -> Result<Vec<DepartmentId>> {
    store::departments_below(tx, root).await
}

/// A department and everything above it.
pub async fn departments_above_in(tx: &mut Tx, leaf: DepartmentId) -> Result<Vec<DepartmentId>> {
    store::departments_above(tx, leaf).await
}

pub async fn create_department(
    app: &App,
    viewer: &Viewer,
    name: &str,
    parent: Option<DepartmentId>,
) -> Result<Department> {
    let name = text::required("name", name, 80)?;
    let mut tx = app.begin(viewer, Action::ManageDepartments).await?;
    if let Some(parent) = parent {
        department_in(&mut tx, parent)
            .await
            .map_err(|error| error.at("parent"))?;
    }
    let department = insert_in(&mut tx, name, parent).await?;
    tx.commit(Audit::of(department.id)).await?;
    Ok(department)
}

async fn insert_in(
    tx: &mut Tx,
    name: String,
    parent_id: Option<DepartmentId>,
) -> Result<Department> {
    let department = Department {
        id: tx.id(),
        parent_id,
        name,
        created_at: tx.now(),
        archived_at: None,
    };
    store::insert_department(tx, &department).await?;
    tx.emit(&Event::DepartmentsChanged)?;
    Ok(department)
}

/// Every department in use, by name: for imports.
pub async fn departments_in(tx: &mut Tx) -> Result<Vec<Department>> {
    store::list_departments(tx).await
}

/// Makes a department on demand: for imports, which have looked for it.
pub async fn create_department_in(
    tx: &mut Tx,
    name: &str,
    parent: Option<DepartmentId>,
) -> Result<Department> {
    let name = text::required("department", name, 80)?;
    insert_in(tx, name, parent).await
}

/// The department of this name, made at the top of the tree if there is none: for imports.
pub async fn department_by_name_in(tx: &mut Tx, name: &str) -> Result<DepartmentId> {
    let name = text::required("department", name, 80)?;
    match store::find_department_by_name(tx, &name).await? {
        Some(id) => Ok(id),
        None => Ok(insert_in(tx, name, None).await?.id),
    }
}

/// Where a department goes.
#[derive(Debug, Clone, Copy)]
pub enum Move {
    Stay,
    ToTop,
    Below(DepartmentId),
}

pub async fn update_department(
    app: &App,
    viewer: &Viewer,
    id: DepartmentId,
    name: Option<&str>,
    place: Move,
) -> Result<Department> {
    let mut tx = app.begin(viewer, Action::ManageDepartments).await?;
    let mut department = department_in(&mut tx, id).await?;
    if let Some(name) = name {
        department.name = text::required("name", name, 80)?;
    }
    match place {
        Move::Stay => {}
        Move::ToTop => department.parent_id = None,
        Move::Below(parent) => {
            department_in(&mut tx, parent)
                .await
                .map_err(|error| error.at("parent"))?;
            if store::departments_below(&mut tx, id)
                .await?
                .contains(&parent)
            {
                return Err(Refusal::Cycle.into());
            }
            department.parent_id = Some(parent);
        }
    }
    store::update_department(&mut tx, &department)?;
    tx.emit(&Event::DepartmentsChanged)?;
    tx.commit(Audit::of(id)).await?;
    Ok(department)
}

/// Puts a department away; only an empty one, so that nobody is left in a place that is not there.
pub async fn archive_department(
    app: &App,
    viewer: &Viewer,
    id: DepartmentId,
) -> Result<Department> {
    let mut tx = app.begin(viewer, Action::ManageDepartments).await?;
    let mut department = department_in(&mut tx, id).await?;
    if store::list_departments(&mut tx)
        .await?
        .iter()
        .any(|other| other.parent_id == Some(id))
    {
        return Err(Refusal::HasChildren.into());
    }
    if store::count_active_members(&mut tx, id).await? > 0 {
        return Err(Refusal::HasMembers.into());
    }
    department.archived_at = Some(tx.now());
    store::update_department(&mut tx, &department)?;
    tx.emit(&Event::DepartmentsChanged)?;
    tx.commit(Audit::of(id)).await?;
    Ok(department)
}
