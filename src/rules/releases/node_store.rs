//! Remembers which nodes there are and which release each runs.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::DualConnection;
use zamu_schema::tables::{rule_activations, rule_node_releases, rule_nodes};

use super::fleet::{Node, Running};
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::kernel::time::Instant;

type NodeRow = (String, String, Instant, Instant);

pub(super) async fn nodes(conn: &mut DualConnection) -> Result<Vec<Node>> {
    let rows: Vec<NodeRow> = rule_nodes::table
        .order(rule_nodes::node)
        .select(rule_nodes::all_columns)
        .load(conn)
        .await?;
    let node = |(name, shipped, since, seen_at)| Node {
        name,
        shipped,
        since,
        seen_at,
    };
    Ok(rows.into_iter().map(node).collect())
}

/// A sign of life. `since` stays while the digest does.
pub(super) fn beat(lobby: &mut Lobby, node: &Node) -> Result<()> {
    let insert = diesel::insert_into(rule_nodes::table)
        .values((
            rule_nodes::node.eq(node.name.clone()),
            rule_nodes::digest.eq(node.shipped.clone()),
            rule_nodes::since.eq(node.since),
            rule_nodes::seen_at.eq(node.seen_at),
        ))
        .on_conflict(rule_nodes::node)
        .do_update()
        .set((
            rule_nodes::digest.eq(excluded(rule_nodes::digest)),
            rule_nodes::since.eq(excluded(rule_nodes::since)),
            rule_nodes::seen_at.eq(excluded(rule_nodes::seen_at)),
        ));
    lobby.stage(insert)
}

/// Nodes that left long ago are forgotten with what they ran.
pub(super) fn bury(lobby: &mut Lobby, nodes: &[String]) -> Result<()> {
    let gone = rule_nodes::table.filter(rule_nodes::node.eq_any(nodes.to_vec()));
    lobby.stage(diesel::delete(gone))?;
    let ran = rule_node_releases::table.filter(rule_node_releases::node.eq_any(nodes.to_vec()));
    lobby.stage(diesel::delete(ran))
}

pub(super) fn report(lobby: &mut Lobby, org: OrgId, running: &Running) -> Result<()> {
    let insert = diesel::insert_into(rule_node_releases::table)
        .values((
            rule_node_releases::org_id.eq(org),
            rule_node_releases::node.eq(running.node.clone()),
            rule_node_releases::number.eq(running.number),
            rule_node_releases::problem.eq(running.problem.clone()),
            rule_node_releases::since.eq(running.since),
        ))
        .on_conflict((rule_node_releases::org_id, rule_node_releases::node))
        .do_update()
        .set((
            rule_node_releases::number.eq(excluded(rule_node_releases::number)),
            rule_node_releases::problem.eq(excluded(rule_node_releases::problem)),
            rule_node_releases::since.eq(excluded(rule_node_releases::since)),
        ));
    lobby.stage(insert)
}

type RunningRow = (OrgId, String, i64, Option<String>, Instant);

fn running((org, node, number, problem, since): RunningRow) -> (OrgId, Running) {
    let running = Running {
        node,
        number,
        problem,
        since,
    };
    (org, running)
}

/// What the nodes run for the transaction's organization.
pub(super) async fn running_in(tx: &mut Tx) -> Result<Vec<Running>> {
    let rows: Vec<RunningRow> = rule_node_releases::table
        .filter(rule_node_releases::org_id.eq(tx.org()))
        .order(rule_node_releases::node)
        .select(rule_node_releases::all_columns)
        .load(tx.conn()?)
        .await?;
    Ok(rows.into_iter().map(|row| running(row).1).collect())
}

/// What every node runs for every organization.
pub(super) async fn all_running(lobby: &mut Lobby) -> Result<Vec<(OrgId, Running)>> {
    let rows: Vec<RunningRow> = rule_node_releases::table
        .select(rule_node_releases::all_columns)
        .load(lobby.conn()?)
        .await?;
    Ok(rows.into_iter().map(running).collect())
}

/// The newest release of each organization, and when the last one was activated.
pub(super) async fn newest(lobby: &mut Lobby) -> Result<Vec<(OrgId, i64, Instant)>> {
    let rows: Vec<(OrgId, Option<i64>, Option<Instant>)> = rule_activations::table
        .filter(rule_activations::cancelled_at.is_null())
        .group_by(rule_activations::org_id)
        .select((
            rule_activations::org_id,
            max(rule_activations::number),
            max(rule_activations::activated_at),
        ))
        .load(lobby.conn()?)
        .await?;
    let whole =
        |(org, number, at): (OrgId, Option<i64>, Option<Instant>)| Some((org, number?, at?));
    Ok(rows.into_iter().filter_map(whole).collect())
}
