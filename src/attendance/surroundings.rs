//! What surrounds a session: where it is, which department, what was paid before it in the week.

use super::claims::{self, Claim};
use super::model::{Role, WorkSession};
use super::{store, versions};
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Result};
use crate::kernel::id::{ClientId, DepartmentId, PlaceId, SessionId};
use crate::places::model::Place;
use crate::schedules::model::Shift;
use crate::{orgs, places};

/// The place, if it is still in use: one that was archived since is nowhere in particular.
pub async fn place_in(tx: &mut Tx, id: Option<PlaceId>) -> Result<Option<Place>> {
    let Some(id) = id else { return Ok(None) };
    match places::service::place_in(tx, id).await {
        Ok(place) => Ok(Some(place)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a department.
pub async fn department_in(tx: &mut Tx, id: Option<DepartmentId>) -> Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    match orgs::service::department_in(tx, id).await {
        Ok(department) => Ok(Some(department.name)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where it is when nobody said: the client's only place, or the planned shift's.
pub async fn place_meant_in(
    tx: &mut Tx,
    client: Option<ClientId>,
    shift: Option<&Shift>,
) -> Result<Option<PlaceId>> {
    if let Some(client) = client
        && let [only] = places::service::client_place_ids_in(tx, client)
            .await?
            .as_slice()
    {
        return Ok(Some(*only));
    }
    Ok(shift.and_then(|shift| shift.place_id))
}

/// The last claim of a session that counts.
pub async fn last_claim_in(tx: &mut Tx, session: SessionId) -> Result<Option<Claim>> {
    Ok(claims_in(tx, session).await?.pop())
}

/// The claims of a session that count, in order, with the layers above them.
pub async fn claims_in(tx: &mut Tx, session: SessionId) -> Result<Vec<Claim>> {
    let punches = store::list_punches(tx, &[session]).await?;
    let Some(member) = punches.first().map(|punch| punch.member_id) else {
        return Ok(Vec::new());
    };
    let edits = versions::list_edits(tx, member).await?;
    let mut claims = claims::layered(punches, edits);
    claims.retain(|claim| !claim.is_voided && claim.punch.role != Role::Voided);
    claims.sort_by_key(|claim| (claim.at, claim.direction(), claim.punch.id));
    Ok(claims)
}

/// Paid minutes of a session.
pub fn paid(session: &WorkSession) -> i64 {
    session.hours.as_ref().map_or(0, |hours| hours.paid)
}
