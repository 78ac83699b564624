//! An entry and its link: `hash = SHA-256(previous hash ‖ canonical JSON of the entry)`.
//!
//! The chain shows every edit, insertion, reordering and interior deletion. It cannot show that the newest entries
//! were cut off, or a chain recomputed whole by somebody with the database in hand: for that, keep the last hash
//! somewhere else (`zamu audit verify` prints it). Entries hold ids and small values, never personal data.

use diesel::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zamu_schema::tables::audit_entries;

use crate::db::tx::OutboxRow;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{AuditId, OrgId};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// What the first entry links to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One entry of the chain.
#[derive(Debug, Clone, PartialEq, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub struct Entry {
    pub org_id: OrgId,
    pub number: i64,
    pub id: AuditId,
    pub at: Instant,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub action: String,
    pub permission: String,
    pub target_kind: String,
    pub target_id: Option<Uuid>,
    pub reason: Option<String>,
    pub request_id: String,
    pub detail: serde_json::Value,
    pub previous_hash: String,
    pub hash: String,
}

/// The part of an entry that travels through the outbox.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    permission: String,
    target_kind: String,
    target_id: Option<Uuid>,
    reason: Option<String>,
    request_id: String,
    detail: serde_json::Value,
}

impl Entry {
    /// An entry with its number, not yet sealed.
    pub fn from_outbox(row: OutboxRow, number: i64) -> Result<Self> {
        let payload: Payload = serde_json::from_value(row.payload).map_err(Error::internal)?;
        Ok(Self {
            org_id: row.org_id,
            number,
            id: AuditId::from_uuid(row.id),
            at: row.occurred_at,
            actor_kind: payload.actor_kind,
            actor_id: payload.actor_id,
            action: payload.action,
            permission: payload.permission,
            target_kind: payload.target_kind,
            target_id: payload.target_id,
            reason: payload.reason,
            request_id: payload.request_id,
            detail: payload.detail,
            previous_hash: String::new(),
            hash: String::new(),
        })
    }

    #[must_use]
    pub fn seal(mut self, previous_hash: &str) -> Self {
        previous_hash.clone_into(&mut self.previous_hash);
        self.hash = self.expected_hash();
        self
    }

    /// What the hash should be, from everything else in the row.
    pub fn expected_hash(&self) -> String {
        // An array, so that the order is ours; JSON objects inside are maps with sorted keys.
        let canonical = json!([
            self.org_id,
            self.number,
            self.id,
            self.at.timestamp_micros(),
            self.actor_kind,
            self.actor_id,
            self.action,
            self.permission,
            self.target_kind,
            self.target_id,
            self.reason,
            self.request_id,
            self.detail,
        ]);
        let mut hasher = Sha256::new();
        hasher.update(self.previous_hash.as_bytes());
        hasher.update(canonical.to_string().as_bytes());
        text::hex(&hasher.finalize())
    }
}

/// The first place where a chain is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Break {
    pub number: i64,
    pub id: AuditId,
    pub what: &'static str,
}

/// Walks a chain from its start; fed in order, a page at a time.
#[derive(Debug, Clone)]
pub struct Verifier {
    expected_number: i64,
    previous_hash: String,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            expected_number: 1,
            previous_hash: GENESIS.to_owned(),
        }
    }
}

impl Verifier {
    pub fn check(&mut self, entry: &Entry) -> std::result::Result<(), Break> {
        let what = if entry.number != self.expected_number {
            "an entry before this one is missing"
        } else if entry.previous_hash != self.previous_hash {
            "it does not link to the entry before it"
        } else if entry.hash != entry.expected_hash() {
            "its contents were changed after it was sealed"
        } else {
            self.expected_number += 1;
            self.previous_hash.clone_from(&entry.hash);
            return Ok(());
        };
        Err(Break {
            number: entry.number,
            id: entry.id,
            what,
        })
    }

    /// How many entries were good, and the hash to keep somewhere else.
    pub fn finish(self) -> (i64, String) {
        (self.expected_number - 1, self.previous_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn chain(length: i64) -> Vec<Entry> {
        let mut previous = GENESIS.to_owned();
        (1..=length)
            .map(|number| {
                let entry = Entry {
                    org_id: OrgId::from_uuid(Uuid::from_u128(7)),
                    number,
                    id: AuditId::from_uuid(Uuid::from_u128(u128::try_from(number).unwrap())),
                    at: DateTime::from_timestamp(1_700_000_000 + number, 0).unwrap(),
                    actor_kind: "MEMBER".into(),
                    actor_id: Some(Uuid::from_u128(9)),
                    action: "CLOCK_IN".into(),
                    permission: "WORKER:Own".into(),
                    target_kind: "ses".into(),
                    target_id: Some(Uuid::from_u128(11)),
                    reason: None,
                    request_id: format!("req-{number}"),
                    detail: json!({"b": 1, "a": number}),
                    previous_hash: String::new(),
                    hash: String::new(),
                }
                .seal(&previous);
                previous.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn verify(entries: &[Entry]) -> std::result::Result<(i64, String), Break> {
        let mut verifier = Verifier::default();
        entries.iter().try_for_each(|entry| verifier.check(entry))?;
        Ok(verifier.finish())
    }

    #[test]
    fn a_whole_chain_verifies() {
        let entries = chain(5);
        assert_eq!(verify(&entries).unwrap(), (5, entries[4].hash.clone()));
        assert_eq!(verify(&[]).unwrap(), (0, GENESIS.to_owned()));
    }

    proptest! {
        /// Every column of every row is covered: change one and the row is named.
        #[test]
        fn any_edit_is_found(at in 0_usize..5, column in 0_usize..11) {
            let mut entries = chain(5);
            let entry = &mut entries[at];
            match column {
                0 => entry.id = AuditId::from_uuid(Uuid::from_u128(99)),
                1 => entry.at += chrono::TimeDelta::microseconds(1),
                2 => entry.actor_kind.push('x'),
                3 => entry.actor_id = None,
                4 => entry.action.push('x'),
                5 => entry.permission.push('x'),
                6 => entry.target_kind.push('x'),
                7 => entry.target_id = Some(Uuid::from_u128(12)),
                8 => entry.reason = Some(String::new()),
                9 => entry.request_id.push('x'),
                _ => entry.detail = json!({"b": 2, "a": at + 1}),
            }
            let number = entry.number;
            prop_assert_eq!(verify(&entries).unwrap_err().number, number);
        }

        #[test]
        fn removing_or_swapping_rows_is_found(at in 0_usize..4) {
            let mut removed = chain(5);
            removed.remove(at);
            prop_assert!(verify(&removed).is_err());
            let mut swapped = chain(5);
            swapped.swap(at, at + 1);
            prop_assert!(verify(&swapped).is_err());
        }
    }
}
