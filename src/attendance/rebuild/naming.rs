//! Gives each session the id it had, so that links to it, notes about it and its exceptions stay.

use std::collections::{BTreeSet, HashMap};

use super::past::Past;
use crate::attendance::fold::Folded;
use crate::db::tx::Tx;
use crate::kernel::id::{PunchId, SessionId};

/// An id for each session of the fold: that of the stored session its opening claim opened, else one its opening claim
/// belongs to, else one any of its claims belongs to, else a new one.
pub fn name(tx: &Tx, past: &Past, folded: &Folded) -> Vec<SessionId> {
    let opened: HashMap<PunchId, SessionId> = past
        .openings()
        .into_iter()
        .map(|(session, punch)| (punch, session))
        .collect();
    let belongs = |punch: PunchId| past.claim(punch).and_then(|claim| claim.punch.session_id);
    let mut names = Names {
        ids: vec![None; folded.sessions.len()],
        taken: BTreeSet::new(),
        past,
    };
    for (index, made) in folded.sessions.iter().enumerate() {
        names.offer(index, opened.get(&made.opens).copied());
    }
    for (index, made) in folded.sessions.iter().enumerate() {
        names.offer(index, belongs(made.opens));
    }
    for played in &folded.claims {
        if let Some(index) = played.session {
            names.offer(index, belongs(played.punch));
        }
    }
    names
        .ids
        .into_iter()
        .map(|id| id.unwrap_or_else(|| tx.id()))
        .collect()
}

struct Names<'a> {
    ids: Vec<Option<SessionId>>,
    taken: BTreeSet<SessionId>,
    past: &'a Past,
}

impl Names<'_> {
    fn offer(&mut self, index: usize, id: Option<SessionId>) {
        let Some(id) = id.filter(|id| self.past.session(*id).is_some()) else {
            return;
        };
        let Some(free) = self.ids.get_mut(index) else {
            return;
        };
        if free.is_none() && self.taken.insert(id) {
            *free = Some(id);
        }
    }
}
