//! Remembers: imports of members with the rows that wait to be corrected.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::member_imports;

use super::model::MemberImport;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberImportId, OrgId};
use crate::kernel::time::Instant;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = member_imports)]
struct Row {
    org_id: OrgId,
    id: MemberImportId,
    made_by: Uuid,
    made_at: Instant,
    resumed_at: Option<Instant>,
    options: Value,
    header: Value,
    counts: Value,
    failed: Value,
    remarks: Value,
}

impl Row {
    fn import(self) -> Result<MemberImport> {
        Ok(MemberImport {
            id: Some(self.id),
            made_at: self.made_at,
            resumed_at: self.resumed_at,
            options: serde_json::from_value(self.options)?,
            header: serde_json::from_value(self.header)?,
            counts: serde_json::from_value(self.counts)?,
            failed: serde_json::from_value(self.failed)?,
            remarks: serde_json::from_value(self.remarks)?,
        })
    }
}

fn own(tx: &Tx) -> member_imports::BoxedQuery<'static, Dual> {
    member_imports::table
        .filter(member_imports::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn get(tx: &mut Tx, id: MemberImportId) -> Result<MemberImport> {
    let query = own(tx)
        .filter(member_imports::id.eq(id))
        .select(Row::as_select());
    let row: Option<Row> = query.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("import of members"))?
        .import()
}

/// The same, for a change: whoever else resumes it waits.
pub(super) async fn lock(tx: &mut Tx, id: MemberImportId) -> Result<MemberImport> {
    let query = own(tx)
        .filter(member_imports::id.eq(id))
        .select(member_imports::id);
    let found: Vec<MemberImportId> = ForUpdate(query).load(tx.conn()?).await?;
    if found.is_empty() {
        return Err(Error::not_found("import of members"));
    }
    get(tx, id).await
}

/// Those that were made before a moment, for a change.
pub(super) async fn lock_older(tx: &mut Tx, before: Instant) -> Result<Vec<MemberImport>> {
    let query = own(tx)
        .filter(member_imports::made_at.lt(before))
        .order(member_imports::id)
        .select(Row::as_select());
    let rows: Vec<Row> = ForUpdate(query).load(tx.conn()?).await?;
    rows.into_iter().map(Row::import).collect()
}

pub(super) fn insert(tx: &mut Tx, id: MemberImportId, import: &MemberImport) -> Result<()> {
    let row = Row {
        org_id: tx.org(),
        id,
        made_by: tx.viewer().actor_id(),
        made_at: import.made_at,
        resumed_at: import.resumed_at,
        options: serde_json::to_value(&import.options)?,
        header: serde_json::to_value(&import.header)?,
        counts: serde_json::to_value(import.counts)?,
        failed: serde_json::to_value(&import.failed)?,
        remarks: serde_json::to_value(&import.remarks)?,
    };
    tx.stage(diesel::insert_into(member_imports::table).values(row))
}

pub(super) fn update(tx: &mut Tx, id: MemberImportId, import: &MemberImport) -> Result<()> {
    let own = member_imports::table
        .filter(member_imports::org_id.eq(tx.org()))
        .filter(member_imports::id.eq(id));
    tx.stage(diesel::update(own).set((
        member_imports::resumed_at.eq(import.resumed_at),
        member_imports::counts.eq(serde_json::to_value(import.counts)?),
        member_imports::failed.eq(serde_json::to_value(&import.failed)?),
        member_imports::remarks.eq(serde_json::to_value(&import.remarks)?),
    )))
}
