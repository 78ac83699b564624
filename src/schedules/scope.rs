//! Decides: what a part of the calendar is for — everybody, a department with those below it, or a place — and which
//! parts apply to somebody, the narrowest first.

use uuid::Uuid;

use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, PlaceId};
use crate::{orgs, places};

/// Departments are not nested deeper than this; the tree has no cycle, and this says so again.
const DEEPEST: usize = 32;

/// What something in the calendar is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Organization,
    Department(DepartmentId),
    Place(PlaceId),
}

impl Scope {
    /// As it is stored: two columns that may be empty.
    pub fn read(place: Option<PlaceId>, department: Option<DepartmentId>) -> Self {
        match (place, department) {
            (Some(place), _) => Self::Place(place),
            (None, Some(department)) => Self::Department(department),
            (None, None) => Self::Organization,
        }
    }

    /// Checks that what is named is there and in use.
    pub async fn named_in(
        tx: &mut Tx,
        place: Option<PlaceId>,
        department: Option<DepartmentId>,
    ) -> Result<Self> {
        if let Some(id) = place {
            let found = places::service::place_in(tx, id).await;
            found.map_err(|error| error.at("place"))?;
        }
        if let Some(id) = department {
            if place.is_some() {
                let message = "name a place or a department, not both";
                return Err(Error::invalid("department", message));
            }
            let found = orgs::service::department_in(tx, id).await;
            found.map_err(|error| error.at("department"))?;
        }
        Ok(Self::read(place, department))
    }

    /// The nil id for the organization, so that one key serves all three.
    pub fn id(self) -> Uuid {
        match self {
            Self::Organization => Uuid::nil(),
            Self::Department(id) => id.uuid(),
            Self::Place(id) => id.uuid(),
        }
    }

    pub fn place(self) -> Option<PlaceId> {
        match self {
            Self::Place(id) => Some(id),
            Self::Organization | Self::Department(_) => None,
        }
    }

    pub fn department(self) -> Option<DepartmentId> {
        match self {
            Self::Department(id) => Some(id),
            Self::Organization | Self::Place(_) => None,
        }
    }
}

/// The scopes that apply to a place and a department: the place, the department, those above it, the organization.
pub async fn chain_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
) -> Result<Vec<Scope>> {
    let mut chain: Vec<Scope> = place.map(Scope::Place).into_iter().collect();
    let mut next = department;
    while let Some(id) = next.filter(|_| chain.len() < DEEPEST) {
        chain.push(Scope::Department(id));
        next = match orgs::service::department_in(tx, id).await {
            Ok(department) => department.parent_id,
            // Archived: nothing above it applies any more.
            Err(error) if error.code == Code::NotFound => None,
            Err(error) => return Err(error),
        };
    }
    chain.push(Scope::Organization);
    Ok(chain)
}
