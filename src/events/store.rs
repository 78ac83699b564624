//! The outbox, the log and the heads.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use zamu_schema::tables::{events, heads, outbox};

use super::event::{Event, Numbered};
use crate::db::lobby::Lobby;
use crate::db::tx::{OutboxRow, Tx};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::OrgId;
use crate::kernel::time::Instant;

/// A row of the log.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = events)]
pub(super) struct EventRow {
    pub(super) org_id: OrgId,
    pub(super) number: i64,
    pub(super) position: i64,
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) version: i32,
    pub(super) payload: serde_json::Value,
    pub(super) occurred_at: Instant,
    pub(super) numbered_at: Instant,
}

impl EventRow {
    pub(super) fn numbered(self) -> Result<Numbered> {
        let event: Event = serde_json::from_value(self.payload).map_err(Error::internal)?;
        let Self {
            org_id,
            number,
            id,
            occurred_at,
            ..
        } = self;
        Ok(Numbered {
            org: org_id,
            number,
            id,
            event,
            occurred_at,
        })
    }
}

/// The last numbers given out in an organization.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = heads)]
pub(super) struct Head {
    pub(super) org_id: OrgId,
    pub(super) last_event: i64,
    pub(super) last_audit: i64,
    pub(super) last_audit_hash: String,
}

impl Head {
    pub(super) fn empty(org_id: OrgId) -> Self {
        let last_audit_hash = crate::audit::model::GENESIS.to_owned();
        Self {
            org_id,
            last_event: 0,
            last_audit: 0,
            last_audit_hash,
        }
    }
}

fn own_events(tx: &Tx) -> events::BoxedQuery<'static, zamu_schema::dual::Dual> {
    events::table
        .filter(events::org_id.eq(tx.org()))
        .into_boxed()
}

/// Events after a number, oldest first.
pub(super) async fn list_after(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Numbered>> {
    let rows: Vec<EventRow> = own_events(tx)
        .filter(events::number.gt(after))
        .order(events::number)
        .limit(limit)
        .select(EventRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(EventRow::numbered).collect()
}

/// The oldest and the newest number kept; zeros for an empty log.
pub(super) async fn bounds(tx: &mut Tx) -> Result<(i64, i64)> {
    use diesel::dsl::{max, min};
    let found: (Option<i64>, Option<i64>) = own_events(tx)
        .select((min(events::number), max(events::number)))
        .first(tx.conn()?)
        .await?;
    Ok((found.0.unwrap_or(0), found.1.unwrap_or(0)))
}

pub(super) async fn waiting(lobby: &mut Lobby, limit: i64) -> Result<Vec<OutboxRow>> {
    let rows = outbox::table
        .order(outbox::id)
        .limit(limit)
        .select(OutboxRow::as_select());
    Ok(rows.load(lobby.conn()?).await?)
}

/// How many committed rows have no number yet, for the metrics; also the readiness check's question to the database.
pub(crate) async fn backlog(lobby: &mut Lobby) -> Result<i64> {
    Ok(outbox::table.count().get_result(lobby.conn()?).await?)
}

pub(super) async fn heads_of(lobby: &mut Lobby, orgs: BTreeSet<OrgId>) -> Result<Vec<Head>> {
    let rows = heads::table
        .filter(heads::org_id.eq_any(orgs))
        .select(Head::as_select());
    Ok(rows.load(lobby.conn()?).await?)
}

/// The newest position in the whole log: where a node begins to tail it.
pub(super) async fn last_position(lobby: &mut Lobby) -> Result<i64> {
    let found: Option<i64> = events::table
        .select(diesel::dsl::max(events::position))
        .first(lobby.conn()?)
        .await?;
    Ok(found.unwrap_or(0))
}

pub(super) async fn list_from_position(
    lobby: &mut Lobby,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>> {
    let rows = events::table
        .filter(events::position.gt(after))
        .order(events::position)
        .limit(limit)
        .select(EventRow::as_select());
    Ok(rows.load(lobby.conn()?).await?)
}

pub(super) fn stage_events(lobby: &mut Lobby, rows: Vec<EventRow>) -> Result<()> {
    lobby.stage(diesel::insert_into(events::table).values(rows))
}

pub(super) fn stage_heads(lobby: &mut Lobby, rows: Vec<Head>) -> Result<()> {
    use diesel::upsert::excluded;
    lobby.stage(
        diesel::insert_into(heads::table)
            .values(rows)
            .on_conflict(heads::org_id)
            .do_update()
            .set((
                heads::last_event.eq(excluded(heads::last_event)),
                heads::last_audit.eq(excluded(heads::last_audit)),
                heads::last_audit_hash.eq(excluded(heads::last_audit_hash)),
            )),
    )
}

pub(super) fn stage_removal(lobby: &mut Lobby, ids: Vec<Uuid>) -> Result<()> {
    lobby.stage(diesel::delete(outbox::table.filter(outbox::id.eq_any(ids))))
}

/// Whether this node is the one that gives out numbers for the length of this transaction. On SQLite the writer
/// itself is the lock.
pub(super) async fn lead(lobby: &mut Lobby, is_postgres: bool) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Lead {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        lead: bool,
    }
    if !is_postgres {
        return Ok(true);
    }
    // "zamu" in ASCII: any constant would do, as long as every node uses the same.
    let query = diesel::sql_query("SELECT pg_try_advisory_xact_lock(2053205365) AS lead");
    let found: Lead = query.get_result(lobby.conn()?).await?;
    Ok(found.lead)
}
