//! Remembers: one row for each member and first day.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::member_departments;

use super::model::Move;
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, OrgId};
use crate::kernel::time::Instant;

type Row = (MemberId, NaiveDate, Option<DepartmentId>, Option<Instant>);

fn own(tx: &Tx) -> member_departments::BoxedQuery<'static, Dual> {
    member_departments::table
        .filter(member_departments::org_id.eq(tx.org()))
        .into_boxed()
}

async fn load(
    tx: &mut Tx,
    query: member_departments::BoxedQuery<'static, Dual>,
) -> Result<Vec<Move>> {
    let rows: Vec<Row> = query
        .order((
            member_departments::effective_from,
            member_departments::member_id,
        ))
        .select((
            member_departments::member_id,
            member_departments::effective_from,
            member_departments::department_id,
            member_departments::applied_at,
        ))
        .load(tx.conn()?)
        .await?;
    let of = |(member_id, effective_from, department_id, applied_at): Row| Move {
        member_id,
        effective_from,
        department_id,
        applied_at,
    };
    Ok(rows.into_iter().map(of).collect())
}

/// The moves of some members, in order of their days.
pub(super) async fn list(tx: &mut Tx, members: &[MemberId]) -> Result<Vec<Move>> {
    let query = own(tx).filter(member_departments::member_id.eq_any(members.to_vec()));
    load(tx, query).await
}

/// Those whose day has come and that nobody has carried out.
pub(super) async fn list_due(tx: &mut Tx, today: NaiveDate) -> Result<Vec<Move>> {
    let query = own(tx)
        .filter(member_departments::applied_at.is_null())
        .filter(member_departments::effective_from.le(today));
    load(tx, query).await
}

/// Records a move, instead of one on the same day.
pub(super) async fn put(tx: &mut Tx, one: &Move) -> Result<()> {
    use member_departments as t;
    let (now, by) = (tx.now(), tx.viewer().actor_id());
    let row = (
        t::org_id.eq(tx.org()),
        t::member_id.eq(one.member_id),
        t::effective_from.eq(one.effective_from),
        t::department_id.eq(one.department_id),
        t::recorded_at.eq(now),
        t::recorded_by.eq(Some(by)),
        t::applied_at.eq(one.applied_at),
    );
    let insert = diesel::insert_into(t::table).values(row);
    let upsert = insert
        .on_conflict((t::org_id, t::member_id, t::effective_from))
        .do_update()
        .set((
            t::department_id.eq(one.department_id),
            t::recorded_at.eq(now),
            t::recorded_by.eq(Some(by)),
            t::applied_at.eq(one.applied_at),
        ));
    tx.execute(upsert).await.map(drop)
}

pub(super) async fn remove(tx: &mut Tx, one: &Move) -> Result<()> {
    let query = member_departments::table
        .filter(member_departments::org_id.eq(tx.org()))
        .filter(member_departments::member_id.eq(one.member_id))
        .filter(member_departments::effective_from.eq(one.effective_from));
    tx.execute(diesel::delete(query)).await.map(drop)
}

pub(super) fn mark_applied(tx: &mut Tx, one: &Move) -> Result<()> {
    let now = tx.now();
    let query = member_departments::table
        .filter(member_departments::org_id.eq(tx.org()))
        .filter(member_departments::member_id.eq(one.member_id))
        .filter(member_departments::effective_from.eq(one.effective_from));
    tx.stage(diesel::update(query).set(member_departments::applied_at.eq(Some(now))))
}

/// From the lobby: where somebody began, unless that is known, and where they are back.
pub(super) async fn return_from_lobby(
    lobby: &mut Lobby,
    org: OrgId,
    beginning: &Move,
    back: &Move,
) -> Result<()> {
    use member_departments as t;
    let known: i64 = t::table
        .filter(t::org_id.eq(org))
        .filter(t::member_id.eq(back.member_id))
        .count()
        .get_result(lobby.conn()?)
        .await?;
    let first = (known == 0 && beginning.effective_from < back.effective_from).then_some(beginning);
    let now = lobby.now();
    for one in first.into_iter().chain([back]) {
        let row = (
            t::org_id.eq(org),
            t::member_id.eq(one.member_id),
            t::effective_from.eq(one.effective_from),
            t::department_id.eq(one.department_id),
            t::recorded_at.eq(now),
            t::applied_at.eq(one.applied_at),
        );
        diesel::insert_into(t::table)
            .values(row)
            .on_conflict((t::org_id, t::member_id, t::effective_from))
            .do_update()
            .set(t::department_id.eq(one.department_id))
            .execute(lobby.conn()?)
            .await?;
    }
    Ok(())
}
