//! Claims as they count now: what was said, with the newest layer above it applied.

use std::collections::HashMap;

use super::fold;
use super::model::{Change, Direction, Punch, PunchEdit, PunchTime, Source};
use crate::kernel::id::PunchId;
use crate::kernel::time::Instant;

/// A claim with the layers above it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// As it was said.
    pub punch: Punch,
    /// When it happened, as far as is known now.
    pub at: Instant,
    pub is_voided: bool,
    pub is_moved: bool,
    /// When each layer was made, oldest first.
    pub edited_at: Vec<Instant>,
}

impl From<Punch> for Claim {
    /// With nothing above it.
    fn from(punch: Punch) -> Self {
        Self {
            at: punch.time.occurred_at,
            punch,
            is_voided: false,
            is_moved: false,
            edited_at: Vec::new(),
        }
    }
}

impl Claim {
    fn layered(punch: Punch, mut edits: Vec<PunchEdit>) -> Self {
        edits.sort_by_key(|edit| (edit.made_at, edit.id));
        let mut claim = Self::from(punch);
        claim.edited_at = edits.iter().map(|edit| edit.made_at).collect();
        let Some(newest) = edits.last() else {
            return claim;
        };
        claim.is_voided = newest.change == Change::Voided;
        if let (Change::Moved, Some(at)) = (newest.change, newest.occurred_at) {
            claim.is_moved = true;
            claim.at = at;
        }
        claim
    }

    pub fn direction(&self) -> Direction {
        self.punch.direction
    }

    /// The times rules may know. What a person entered or moved was not late because of a missing signal.
    pub fn time(&self) -> PunchTime {
        if self.punch.source.is_phone() && !self.is_moved {
            return self.punch.time;
        }
        PunchTime {
            occurred_at: self.at,
            received_at: self.at,
            ..self.punch.time
        }
    }

    /// Whether a person said by hand when it was.
    pub fn is_manual(&self) -> bool {
        self.punch.source == Source::Manual || self.is_moved || self.is_voided
    }

    /// What pairing looks at.
    pub fn tap(&self) -> fold::Tap {
        let punch = &self.punch;
        fold::Tap {
            id: punch.id,
            at: self.at,
            direction: punch.direction,
            source: punch.source,
            emergency: punch.emergency,
            break_kind: punch.break_kind.clone(),
            said_ref: punch
                .client_ref
                .clone()
                .or_else(|| punch.external_ref.clone()),
        }
    }
}

/// Puts the layers above their claims.
pub fn layered(punches: Vec<Punch>, edits: Vec<PunchEdit>) -> Vec<Claim> {
    let mut above: HashMap<PunchId, Vec<PunchEdit>> = HashMap::new();
    for edit in edits {
        above.entry(edit.punch_id).or_default().push(edit);
    }
    let claims = punches.into_iter().map(|punch| {
        let edits = above.remove(&punch.id).unwrap_or_default();
        Claim::layered(punch, edits)
    });
    claims.collect()
}
