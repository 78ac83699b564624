//! Remembers the codes an organization saved, adopted or retired.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::exception_codes;

use super::model::{CodeKind, ReasonCode};
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::OrgId;

/// A row of `exception_codes`.
#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = exception_codes, primary_key(org_id, kind, code))]
struct Row {
    org_id: OrgId,
    kind: String,
    code: String,
    label: String,
    memo_required: bool,
    is_active: bool,
    position: i32,
    profile: String,
}

fn own(tx: &Tx) -> exception_codes::BoxedQuery<'static, Dual> {
    exception_codes::table
        .filter(exception_codes::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn find(tx: &mut Tx, kind: CodeKind, code: &str) -> Result<Option<ReasonCode>> {
    let row: Option<Row> = own(tx)
        .filter(exception_codes::kind.eq(kind.name()))
        .filter(exception_codes::code.eq(code.to_owned()))
        .select(Row::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.map(ReasonCode::try_from).transpose()
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<ReasonCode>> {
    let rows: Vec<Row> = own(tx).select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(ReasonCode::try_from).collect()
}

/// Keeps these instead of what was there under the same kinds and codes.
pub(super) fn stage(tx: &mut Tx, codes: &[ReasonCode]) -> Result<()> {
    let org = tx.org();
    for code in codes {
        let row = Row::of(org, code);
        let before = exception_codes::table
            .filter(exception_codes::org_id.eq(org))
            .filter(exception_codes::kind.eq(code.kind.name()))
            .filter(exception_codes::code.eq(code.code.clone()));
        tx.stage(diesel::delete(before))?;
        tx.stage(diesel::insert_into(exception_codes::table).values(row))?;
    }
    Ok(())
}

impl Row {
    fn of(org_id: OrgId, one: &ReasonCode) -> Self {
        Self {
            org_id,
            kind: one.kind.name().to_owned(),
            code: one.code.clone(),
            label: one.label.clone(),
            memo_required: one.memo_required,
            is_active: one.is_active,
            position: one.position,
            profile: one.profile.clone(),
        }
    }
}

impl TryFrom<Row> for ReasonCode {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let kind = CodeKind::ALL
            .into_iter()
            .find(|kind| kind.name() == row.kind)
            .ok_or_else(|| Error::internal(format!("{:?} is no kind of code", row.kind)))?;
        Ok(Self {
            kind,
            code: row.code,
            label: row.label,
            memo_required: row.memo_required,
            is_active: row.is_active,
            position: row.position,
            profile: row.profile,
        })
    }
}
