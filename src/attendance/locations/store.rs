//! Remembers positions during sessions.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::location_pings;

use crate::attendance::model::Ping;
use crate::attendance::store::fix;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{OrgId, SessionId};
use crate::kernel::time::Instant;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = location_pings)]
struct PingRow {
    org_id: OrgId,
    session_id: SessionId,
    captured_at: Instant,
    received_at: Instant,
    latitude: f64,
    longitude: f64,
    accuracy_m: f64,
    mock_location: bool,
}

fn own(tx: &Tx) -> location_pings::BoxedQuery<'static, Dual> {
    location_pings::table
        .filter(location_pings::org_id.eq(tx.org()))
        .into_boxed()
}

/// A position sent twice counts once: the key is the moment it was captured.
pub(in crate::attendance) fn stage_pings(
    tx: &mut Tx,
    session: SessionId,
    pings: &[Ping],
) -> Result<()> {
    let rows: Vec<_> = pings
        .iter()
        .map(|ping| PingRow {
            org_id: tx.org(),
            session_id: session,
            captured_at: ping.captured_at,
            received_at: tx.now(),
            latitude: ping.fix.point.latitude,
            longitude: ping.fix.point.longitude,
            accuracy_m: ping.fix.accuracy_m,
            mock_location: ping.mock_location,
        })
        .collect();
    tx.stage(
        diesel::insert_into(location_pings::table)
            .values(rows)
            .on_conflict_do_nothing(),
    )
}

/// The newest positions of a session, newest first.
pub(in crate::attendance) async fn list_pings(
    tx: &mut Tx,
    session: SessionId,
    limit: i64,
) -> Result<Vec<Ping>> {
    let rows: Vec<PingRow> = own(tx)
        .filter(location_pings::session_id.eq(session))
        .order(location_pings::captured_at.desc())
        .limit(limit)
        .select(PingRow::as_select())
        .load(tx.conn()?)
        .await?;
    let ping = |row: PingRow| Ping {
        captured_at: row.captured_at,
        fix: fix(row.latitude, row.longitude, row.accuracy_m),
        mock_location: row.mock_location,
    };
    Ok(rows.into_iter().map(ping).collect())
}

/// Some sessions with positions that reached us before a moment; at most `limit`.
pub(super) async fn list_with_old(
    tx: &mut Tx,
    before: Instant,
    limit: i64,
) -> Result<Vec<SessionId>> {
    let query = own(tx)
        .filter(location_pings::received_at.lt(before))
        .select(location_pings::session_id)
        .distinct()
        .limit(limit);
    Ok(query.load(tx.conn()?).await?)
}

pub(super) fn stage_removal(tx: &mut Tx, of: Vec<SessionId>, before: Instant) -> Result<()> {
    let old = location_pings::table
        .filter(location_pings::org_id.eq(tx.org()))
        .filter(location_pings::session_id.eq_any(of))
        .filter(location_pings::received_at.lt(before));
    tx.stage(diesel::delete(old))
}
