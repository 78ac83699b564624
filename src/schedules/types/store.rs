//! Remembers shift types.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::shift_types;

use super::model::ShiftType;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{OrgId, ShiftTypeId};
use crate::kernel::time::Instant;

/// A row of `shift_types`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = shift_types)]
struct Row {
    org_id: OrgId,
    id: ShiftTypeId,
    name: String,
    shape: serde_json::Value,
    created_at: Instant,
    archived_at: Option<Instant>,
}

impl Row {
    fn kind(self) -> Result<ShiftType> {
        Ok(ShiftType {
            id: self.id,
            name: self.name,
            shape: serde_json::from_value(self.shape)?,
            created_at: self.created_at,
            archived_at: self.archived_at,
        })
    }
}

fn own(tx: &Tx) -> shift_types::BoxedQuery<'static, Dual> {
    shift_types::table
        .filter(shift_types::org_id.eq(tx.org()))
        .into_boxed()
}

/// All of them by name, those out of use too.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<ShiftType>> {
    let query = own(tx).order((shift_types::name, shift_types::id));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Row::kind).collect()
}

pub(super) async fn find(tx: &mut Tx, id: ShiftTypeId) -> Result<ShiftType> {
    let query = own(tx)
        .filter(shift_types::id.eq(id))
        .select(Row::as_select());
    let row: Option<Row> = query.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("shift type"))?.kind()
}

pub(super) async fn insert(tx: &mut Tx, kind: &ShiftType) -> Result<()> {
    let row = Row {
        org_id: tx.org(),
        id: kind.id,
        name: kind.name.clone(),
        shape: serde_json::to_value(&kind.shape)?,
        created_at: kind.created_at,
        archived_at: kind.archived_at,
    };
    let insert = diesel::insert_into(shift_types::table).values(row);
    tx.execute(insert).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, kind: &ShiftType) -> Result<()> {
    let own = shift_types::table.filter(
        shift_types::org_id
            .eq(tx.org())
            .and(shift_types::id.eq(kind.id)),
    );
    let set = (
        shift_types::name.eq(kind.name.clone()),
        shift_types::shape.eq(serde_json::to_value(&kind.shape)?),
        shift_types::archived_at.eq(kind.archived_at),
    );
    tx.execute(diesel::update(own).set(set)).await.map(drop)
}
