//! Claims that come by the file: which of them are there already, keeping the others, and what follows from them.

use std::collections::{BTreeSet, HashMap};

use super::model::{Punch, Status, WorkSession};
use super::rebuild::{self, Rebuild, Rebuilt};
use super::store;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, SessionId};
use crate::kernel::time::Instant;

/// A member's claims from a moment on that came with a name from outside, each with the session it belongs to.
pub type Named = HashMap<String, Option<SessionId>>;

/// What is there by name.
pub async fn named_in(tx: &mut Tx, member: MemberId, since: Instant) -> Result<Named> {
    let punches = store::list_punches_since(tx, member, since).await?;
    let named = punches
        .into_iter()
        .filter_map(|punch| Some((punch.external_ref?, punch.session_id)));
    Ok(named.collect())
}

/// Keeps claims, and works out what follows from them and from whatever else changed since then. That a session began or
/// an exception was opened is not told one by one: whoever imports tells of everything once.
pub async fn take_in(tx: &mut Tx, punches: &[Punch], what: Rebuild) -> Result<Rebuilt> {
    if !punches.is_empty() {
        store::stage_punches(tx, punches)?;
    }
    tx.in_bulk(true);
    let rebuilt = rebuild::member_in(tx, what).await?;
    tx.in_bulk(false);
    Ok(rebuilt)
}

/// Those of the sessions that count.
pub async fn sessions_in(tx: &mut Tx, ids: &BTreeSet<SessionId>) -> Result<Vec<WorkSession>> {
    let ids: Vec<SessionId> = ids.iter().copied().collect();
    let mut found = store::list_by_ids(tx, &ids).await?;
    found.retain(|session| session.status != Status::Void);
    Ok(found)
}

/// When each member last punched, those who ever did.
pub async fn last_punches_in(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    store::last_punches(tx).await
}
