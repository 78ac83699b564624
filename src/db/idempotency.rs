//! Same key and same input: the first answer again. Same key, other input: refused.
//!
//! The key commits with the change, so a retry after a crash finds either both or neither. Two requests with one key
//! at the same instant race for the key's row; the loser starts over and finds the winner's answer.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zamu_schema::tables::idempotency_keys;

use super::tx::Tx;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{Id, Kind, OrgId, SessionId};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// A client's key together with a digest of what it asked for.
#[derive(Debug, Clone)]
pub struct Key {
    text: String,
    action: &'static str,
    input_hash: String,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    org_id: OrgId,
    actor_id: Uuid,
    key: String,
    action: String,
    input_hash: String,
    subject_id: Uuid,
    created_at: Instant,
}

impl Key {
    /// The key a client chose for one use of an action, 1–100 characters.
    pub fn new(key: &str, action: &'static str, input: &impl serde::Serialize) -> Result<Self> {
        let key = text::required("idempotencyKey", key, 100)?;
        let input = serde_json::to_vec(input)?;
        let input_hash = text::hex(&Sha256::digest(&input));
        Ok(Self {
            text: key,
            action,
            input_hash,
        })
    }
}

/// What the key's first use made, if it was used before.
pub async fn find_in<K: Kind>(tx: &mut Tx, key: &Key) -> Result<Option<Id<K>>> {
    let found: Option<Row> = idempotency_keys::table
        .filter(idempotency_keys::org_id.eq(tx.org()))
        .filter(idempotency_keys::actor_id.eq(tx.viewer().actor_id()))
        .filter(idempotency_keys::key.eq(key.text.clone()))
        .select(Row::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    match found {
        None => Ok(None),
        Some(row) if row.action == key.action && row.input_hash == key.input_hash => {
            Ok(Some(Id::from_uuid(row.subject_id)))
        }
        Some(_) => {
            let message = "this idempotency key was already used for something else";
            Err(Error::refused(Code::IdempotencyKeyReused, message).at("idempotencyKey"))
        }
    }
}

/// Whether a key has had its effect by now: for a change that was refused because of it.
pub async fn is_used(app: &App, viewer: &Viewer, action: Action, key: &Key) -> Result<bool> {
    let mut tx = app.read(viewer, action).await?;
    let found: Option<SessionId> = find_in(&mut tx, key).await?;
    Ok(found.is_some())
}

/// Keeps the key with what its use makes. Staged first, so that two uses of one key meet here and nowhere later.
pub fn stage<K: Kind>(tx: &mut Tx, key: &Key, subject: Id<K>) -> Result<()> {
    let row = Row {
        org_id: tx.org(),
        actor_id: tx.viewer().actor_id(),
        key: key.text.clone(),
        action: key.action.to_owned(),
        input_hash: key.input_hash.clone(),
        subject_id: subject.uuid(),
        created_at: tx.now(),
    };
    tx.stage(diesel::insert_into(idempotency_keys::table).values(row))
}

/// Whether a change lost the race for its key and should start over.
pub fn lost_race(error: &Error) -> bool {
    error
        .details
        .get("constraint")
        .is_some_and(|name| name == "one_effect_per_idempotency_key")
}
