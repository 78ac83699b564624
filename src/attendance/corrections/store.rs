//! Remembers corrections.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{corrections, members};

use super::model::{Correction, State};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{CorrectionId, MemberId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = corrections, treat_none_as_null = true)]
struct Row {
    org_id: OrgId,
    id: CorrectionId,
    member_id: MemberId,
    state: String,
    changes: Json,
    reason_code: String,
    memo: Option<String>,
    requested_at: Instant,
    decided_at: Option<Instant>,
    decided_by: Option<MemberId>,
    decision_memo: Option<String>,
    effect: Option<Json>,
}

/// Which corrections are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    pub state: Option<State>,
}

type Query = corrections::BoxedQuery<'static, Dual>;

/// The corrections of everybody whom the transaction's action reaches.
fn reached(tx: &Tx) -> Query {
    let query = corrections::table
        .filter(corrections::org_id.eq(tx.org()))
        .into_boxed();
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(corrections::member_id.nullable().eq(own)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id);
            query.filter(
                corrections::member_id
                    .eq_any(colleagues)
                    .or(corrections::member_id.nullable().eq(own)),
            )
        }
    }
}

pub(super) async fn get(tx: &mut Tx, id: CorrectionId) -> Result<Correction> {
    let row: Option<Row> = reached(tx)
        .filter(corrections::id.eq(id))
        .select(Row::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.ok_or_else(|| Error::not_found("correction"))?
        .try_into()
}

/// Those of them within reach, in no order.
pub(super) async fn list_by_ids(tx: &mut Tx, ids: &[CorrectionId]) -> Result<Vec<Correction>> {
    let query = reached(tx).filter(corrections::id.eq_any(ids.to_vec()));
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Correction::try_from).collect()
}

/// The same, until the end of this change nobody else's to decide.
pub(super) async fn lock(tx: &mut Tx, id: CorrectionId) -> Result<Correction> {
    let query = reached(tx).filter(corrections::id.eq(id));
    let rows: Vec<Row> = ForUpdate(query.select(Row::as_select()))
        .load(tx.conn()?)
        .await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| Error::not_found("correction"))?
        .try_into()
}

pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Correction>> {
    let mut query = reached(tx);
    if let Some(member) = filter.member {
        query = query.filter(corrections::member_id.eq(member));
    }
    if let Some(state) = filter.state {
        query = query.filter(corrections::state.eq(state.name()));
    }
    if let Some(after) = page.after {
        let id = CorrectionId::from_uuid(after.id);
        query = query.filter(
            corrections::requested_at
                .lt(after.at)
                .or(corrections::requested_at
                    .eq(after.at)
                    .and(corrections::id.lt(id))),
        );
    }
    let query = query
        .order((corrections::requested_at.desc(), corrections::id.desc()))
        .limit(page.limit());
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    let found: Result<Vec<Correction>> = rows.into_iter().map(Correction::try_from).collect();
    Ok(Page::from_rows(found?, page))
}

pub(super) fn stage_insert(tx: &mut Tx, correction: &Correction) -> Result<()> {
    let row = Row::of(tx.org(), correction);
    tx.stage(diesel::insert_into(corrections::table).values(row))
}

pub(super) fn stage_update(tx: &mut Tx, correction: &Correction) -> Result<()> {
    let row = Row::of(tx.org(), correction);
    let this = corrections::table
        .filter(corrections::org_id.eq(tx.org()))
        .filter(corrections::id.eq(correction.id));
    tx.stage(diesel::update(this).set(row))
}

impl Row {
    fn of(org_id: OrgId, correction: &Correction) -> Self {
        Self {
            org_id,
            id: correction.id,
            member_id: correction.member_id,
            state: correction.state.name().to_owned(),
            changes: json!(correction.changes),
            reason_code: correction.reason_code.clone(),
            memo: correction.memo.clone(),
            requested_at: correction.requested_at,
            decided_at: correction.decided_at,
            decided_by: correction.decided_by,
            decision_memo: correction.decision_memo.clone(),
            effect: correction.effect.as_ref().map(|effect| json!(effect)),
        }
    }
}

impl TryFrom<Row> for Correction {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let state = State::ALL
            .into_iter()
            .find(|state| state.name() == row.state);
        Ok(Self {
            id: row.id,
            member_id: row.member_id,
            state: state
                .ok_or_else(|| Error::internal(format!("a correction that is {}", row.state)))?,
            changes: serde_json::from_value(row.changes)?,
            reason_code: row.reason_code,
            memo: row.memo,
            requested_at: row.requested_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            decision_memo: row.decision_memo,
            effect: row.effect.map(serde_json::from_value).transpose()?,
        })
    }
}
