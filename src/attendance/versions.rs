//! The layers above claims, and what sessions were before: nothing that was ever known is lost.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value as Json;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{punch_edits, session_versions};

use super::model::{Change, PunchEdit, WorkSession};
use super::store;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{CorrectionId, MemberId, OrgId, PunchEditId, PunchId, SessionId};
use crate::kernel::time::Instant;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = punch_edits)]
struct EditRow {
    org_id: OrgId,
    id: PunchEditId,
    punch_id: PunchId,
    member_id: MemberId,
    change: String,
    occurred_at: Option<Instant>,
    reason_code: String,
    memo: Option<String>,
    attested: bool,
    made_by: Option<MemberId>,
    made_at: Instant,
    correction_id: Option<CorrectionId>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = session_versions)]
struct VersionRow {
    org_id: OrgId,
    session_id: SessionId,
    number: i32,
    since: Instant,
    until: Instant,
    body: Json,
}

fn own_edits(tx: &Tx) -> punch_edits::BoxedQuery<'static, Dual> {
    punch_edits::table
        .filter(punch_edits::org_id.eq(tx.org()))
        .into_boxed()
}

fn own_versions(tx: &Tx, session: SessionId) -> session_versions::BoxedQuery<'static, Dual> {
    session_versions::table
        .filter(session_versions::org_id.eq(tx.org()))
        .into_boxed()
        .filter(session_versions::session_id.eq(session))
}

/// Every layer above a member's claims, oldest first.
pub async fn list_edits(tx: &mut Tx, member: MemberId) -> Result<Vec<PunchEdit>> {
    let rows: Vec<EditRow> = own_edits(tx)
        .filter(punch_edits::member_id.eq(member))
        .order((punch_edits::made_at, punch_edits::id))
        .select(EditRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(PunchEdit::try_from).collect()
}

/// Whether anything was put above a member's claims since a moment, or moved one beyond it.
pub async fn edited_since(tx: &mut Tx, member: MemberId, since: Instant) -> Result<bool> {
    let beyond = punch_edits::made_at
        .ge(since)
        .or(punch_edits::occurred_at.ge(since).assume_not_null());
    let found: Option<EditRow> = own_edits(tx)
        .filter(punch_edits::member_id.eq(member))
        .filter(beyond)
        .limit(1)
        .select(EditRow::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Every layer above these claims, oldest first.
pub async fn list_edits_of(tx: &mut Tx, punches: &[PunchId]) -> Result<Vec<PunchEdit>> {
    let query = own_edits(tx).filter(punch_edits::punch_id.eq_any(punches.to_vec()));
    let rows: Vec<EditRow> = query
        .order((punch_edits::made_at, punch_edits::id))
        .select(EditRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(PunchEdit::try_from).collect()
}

/// What sessions were before, oldest first: since when, until when, and what.
pub async fn list_past(
    tx: &mut Tx,
    sessions: &[SessionId],
) -> Result<Vec<(Instant, Instant, WorkSession)>> {
    let rows: Vec<VersionRow> = session_versions::table
        .filter(session_versions::org_id.eq(tx.org()))
        .filter(session_versions::session_id.eq_any(sessions.to_vec()))
        .order((session_versions::session_id, session_versions::number))
        .select(VersionRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.since, row.until, store::from_body(row.body)?)))
        .collect()
}

pub fn stage_edits(tx: &mut Tx, edits: &[PunchEdit]) -> Result<()> {
    let rows: Vec<_> = edits
        .iter()
        .map(|edit| EditRow::of(tx.org(), edit))
        .collect();
    tx.stage(diesel::insert_into(punch_edits::table).values(rows))
}

/// Keeps what a session was until now; `since` where it is its first version.
pub async fn keep_in(tx: &mut Tx, before: &WorkSession, since: Instant) -> Result<()> {
    let last: Option<(i32, Instant)> = own_versions(tx, before.id)
        .order(session_versions::number.desc())
        .limit(1)
        .select((session_versions::number, session_versions::until))
        .first(tx.conn()?)
        .await
        .optional()?;
    let row = VersionRow {
        org_id: tx.org(),
        session_id: before.id,
        number: last.map_or(1, |(number, _)| number + 1),
        since: last.map_or(since.min(tx.now()), |(_, until)| until),
        until: tx.now(),
        body: store::body_of(tx, before)?,
    };
    tx.stage(diesel::insert_into(session_versions::table).values(row))
}

/// What a session was known to be at a moment, given what it is now; nothing before anybody knew of it.
pub async fn version_at(tx: &mut Tx, now: WorkSession, at: Instant) -> Result<Option<WorkSession>> {
    let rows: Vec<VersionRow> = own_versions(tx, now.id)
        .order(session_versions::number)
        .select(VersionRow::as_select())
        .load(tx.conn()?)
        .await?;
    let Some(first) = rows.as_slice().first() else {
        let known = known_since(tx, &now).await?;
        return Ok((known <= at).then_some(now));
    };
    if at < first.since {
        return Ok(None);
    }
    match rows.into_iter().find(|row| at < row.until) {
        Some(row) => Ok(Some(store::from_body(row.body)?)),
        None => Ok(Some(now)),
    }
}

/// When the first of its claims arrived.
pub async fn known_since(tx: &mut Tx, session: &WorkSession) -> Result<Instant> {
    let punches = store::list_punches(tx, &[session.id]).await?;
    let first = punches.iter().map(|punch| punch.time.received_at).min();
    Ok(first.unwrap_or(session.clocked_in_at))
}

impl EditRow {
    fn of(org_id: OrgId, edit: &PunchEdit) -> Self {
        Self {
            org_id,
            id: edit.id,
            punch_id: edit.punch_id,
            member_id: edit.member_id,
            change: edit.change.name().to_owned(),
            occurred_at: edit.occurred_at,
            reason_code: edit.reason_code.clone(),
            memo: edit.memo.clone(),
            attested: edit.attested,
            made_by: edit.made_by,
            made_at: edit.made_at,
            correction_id: edit.correction_id,
        }
    }
}

impl TryFrom<EditRow> for PunchEdit {
    type Error = Error;

    fn try_from(row: EditRow) -> Result<Self> {
        let change = Change::ALL
            .into_iter()
            .find(|change| change.name() == row.change);
        let change = change
            .ok_or_else(|| Error::internal(format!("a change of the kind {}", row.change)))?;
        Ok(Self {
            id: row.id,
            punch_id: row.punch_id,
            member_id: row.member_id,
            change,
            occurred_at: row.occurred_at,
            reason_code: row.reason_code,
            memo: row.memo,
            attested: row.attested,
            made_by: row.made_by,
            made_at: row.made_at,
            correction_id: row.correction_id,
        })
    }
}
