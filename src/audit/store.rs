//! The chain in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::audit_entries;

use super::model::Entry;
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::Result;

fn own(tx: &Tx) -> audit_entries::BoxedQuery<'static, Dual> {
    audit_entries::table
        .filter(audit_entries::org_id.eq(tx.org()))
        .into_boxed()
}

pub(crate) fn stage_entries(lobby: &mut Lobby, entries: Vec<Entry>) -> Result<()> {
    lobby.stage(diesel::insert_into(audit_entries::table).values(entries))
}

/// Entries after a number, oldest first.
pub(super) async fn list_after(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Entry>> {
    let query = own(tx)
        .filter(audit_entries::number.gt(after))
        .order(audit_entries::number)
        .limit(limit)
        .select(Entry::as_select());
    Ok(query.load(tx.conn()?).await?)
}

/// Entries before a number, newest first.
pub(super) async fn list_before(
    tx: &mut Tx,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let mut query = own(tx).order(audit_entries::number.desc()).limit(limit);
    if let Some(before) = before {
        query = query.filter(audit_entries::number.lt(before));
    }
    Ok(query.select(Entry::as_select()).load(tx.conn()?).await?)
}
