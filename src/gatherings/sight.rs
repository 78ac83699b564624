//! How far a viewer sees: which attendance events concern them, and whose records.

use super::model::{Gathering, Person, Roster};
use super::store;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, GatheringId, MemberId};
use crate::orgs;

/// What a transaction's action reaches, with the departments above the viewer: who is invited there is invited too.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub scope: Scope,
    pub own: Option<MemberId>,
    /// The viewer's department and those below it, for a department-wide action.
    pub below: Vec<DepartmentId>,
    /// The viewer's department and those above it.
    pub above: Vec<DepartmentId>,
}

impl Sight {
    pub(super) async fn of(tx: &mut Tx) -> Result<Self> {
        let above = match tx.viewer().department() {
            Some(own) if tx.scope() != Scope::Organization => {
                orgs::service::departments_above_in(tx, own).await?
            }
            _ => Vec::new(),
        };
        Ok(Self {
            scope: tx.scope(),
            own: tx.viewer().member(),
            below: tx.departments(),
            above,
        })
    }
}

/// One the viewer may see, or `NOT_FOUND`.
pub(super) async fn seen(tx: &mut Tx, id: GatheringId) -> Result<Gathering> {
    let sight = Sight::of(tx).await?;
    let found = store::find_seen(tx, &sight, &[id]).await?.pop();
    found.ok_or_else(|| Error::not_found("attendance event"))
}

/// One the viewer may manage, until the end of this change nobody else's; or `NOT_FOUND`.
pub(super) async fn managed(tx: &mut Tx, id: GatheringId) -> Result<Gathering> {
    let found = store::lock(tx, id).await?;
    found
        .filter(|gathering| is_managed(tx, gathering))
        .ok_or_else(|| Error::not_found("attendance event"))
}

/// Those of one's departments, and those one organizes.
pub(super) fn is_managed(tx: &Tx, gathering: &Gathering) -> bool {
    let organizes =
        gathering.organizer_id.is_some() && gathering.organizer_id == tx.viewer().member();
    match tx.scope() {
        Scope::Organization => true,
        Scope::Department => {
            let own = gathering.department_id;
            organizes || own.is_some_and(|id| tx.departments().contains(&id))
        }
        Scope::Own => organizes,
    }
}

/// Refuses whoever is not expected there.
pub(super) async fn invited(tx: &mut Tx, gathering: &Gathering, person: Person) -> Result<()> {
    let (member, department) = person;
    let is_invited = match (gathering.roster, gathering.department_id) {
        (Roster::Everybody, _) => true,
        (Roster::Members, _) => store::is_named(tx, gathering.id, member).await?,
        (Roster::Department, Some(root)) => {
            let inside = orgs::service::departments_below_in(tx, root).await?;
            department.is_some_and(|own| inside.contains(&own))
        }
        (Roster::Department, None) => false,
    };
    if is_invited {
        return Ok(());
    }
    let message = "this member is not expected at this attendance event";
    Err(Error::refused(Code::NotInvited, message))
}
