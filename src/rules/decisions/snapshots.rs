//! The books decisions were taken by, kept once per organization and digest, so that a decision of last year can be
//! taken again.
//!
//! A book is kept in parts, one per hook, each under the hash of its text: a new release of one rule adds one part and
//! a list of hashes. What is left is short enough that compressing it would save little, and PostgreSQL does so anyway.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use zamu_rules::{Book, Snapshot};
use zamu_schema::tables::{rule_snapshot_parts, rule_snapshots};

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::kernel::text::hex;

/// So many digests are remembered; then it begins anew, and costs an insert that does nothing for each.
const REMEMBERED: usize = 50_000;

/// The books this node knows are kept.
#[derive(Default)]
pub struct Snapshots(Mutex<HashSet<(OrgId, String)>>);

impl Snapshots {
    fn has(&self, key: &(OrgId, String)) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(key)
    }

    fn add(&self, key: (OrgId, String)) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key);
    }
}

/// A book as it is stored: what names it, and its parts under their hashes.
struct Split {
    body: Json,
    parts: Vec<(String, Json)>,
}

fn split(book: &Book) -> Result<Split> {
    let mut body = serde_json::to_value(book.snapshot())?;
    let mut parts = Vec::new();
    if let Some(Json::Array(recipes)) = body.get_mut("recipes") {
        for recipe in recipes {
            let digest = hex(&Sha256::digest(recipe.to_string().as_bytes()));
            parts.push((digest.clone(), std::mem::replace(recipe, json!(digest))));
        }
    }
    // Two transactions that keep the same parts wait for each other in the same order.
    parts.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(Split { body, parts })
}

/// Keeps a book with the change, unless this node knows that it is kept.
pub(super) fn stage(tx: &mut Tx, book: &Book) -> Result<()> {
    let key = (tx.org(), book.digest().to_owned());
    if tx.app().snapshots().has(&key) {
        return Ok(());
    }
    let app = tx.app().clone();
    let name = format!("snapshot {}", book.digest());
    // Only what has committed is known to be kept.
    if !tx.afterwards(&name, move || app.snapshots().add(key)) {
        return Ok(());
    }
    let Split { body, parts } = split(book)?;
    for (digest, body) in parts {
        stage_part(tx, digest, body)?;
    }
    let row = (
        rule_snapshots::org_id.eq(tx.org()),
        rule_snapshots::digest.eq(book.digest().to_owned()),
        rule_snapshots::body.eq(body),
    );
    let insert = diesel::insert_into(rule_snapshots::table).values(row);
    let once = insert.on_conflict((rule_snapshots::org_id, rule_snapshots::digest));
    tx.stage(once.do_nothing())
}

fn stage_part(tx: &mut Tx, digest: String, body: Json) -> Result<()> {
    use rule_snapshot_parts as t;
    let row = (
        t::org_id.eq(tx.org()),
        t::digest.eq(digest),
        t::body.eq(body),
    );
    let insert = diesel::insert_into(t::table).values(row);
    tx.stage(insert.on_conflict((t::org_id, t::digest)).do_nothing())
}

/// The book of a digest, ready to decide; nothing if it is not kept, or this engine means something else by it.
pub async fn book_in(tx: &mut Tx, digest: &str) -> Result<Option<Book>> {
    let found: Option<Json> = rule_snapshots::table
        .filter(rule_snapshots::org_id.eq(tx.org()))
        .filter(rule_snapshots::digest.eq(digest.to_owned()))
        .select(rule_snapshots::body)
        .first(tx.conn()?)
        .await
        .optional()?;
    let Some(mut body) = found else {
        return Ok(None);
    };
    let mut digests = Vec::new();
    if let Some(Json::Array(recipes)) = body.get("recipes") {
        digests.extend(recipes.iter().filter_map(Json::as_str).map(str::to_owned));
    }
    let parts: Vec<(String, Json)> = rule_snapshot_parts::table
        .filter(rule_snapshot_parts::org_id.eq(tx.org()))
        .filter(rule_snapshot_parts::digest.eq_any(digests))
        .select((rule_snapshot_parts::digest, rule_snapshot_parts::body))
        .load(tx.conn()?)
        .await?;
    let parts: HashMap<String, Json> = parts.into_iter().collect();
    if let Some(Json::Array(recipes)) = body.get_mut("recipes") {
        for recipe in recipes {
            let part = recipe.as_str().and_then(|digest| parts.get(digest));
            if let Some(part) = part.cloned() {
                *recipe = part;
            }
        }
    }
    Ok(restore(body))
}

/// A book from its whole snapshot.
pub fn restore(body: Json) -> Option<Book> {
    let snapshot: Snapshot = serde_json::from_value(body).ok()?;
    Book::restore(&snapshot)
}
