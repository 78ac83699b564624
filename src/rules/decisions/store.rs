//! Kept decisions in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu_rules::{Decision, Mode};
use zamu_schema::tables::rule_decisions;

use super::model::{About, Kept, KeptRead, outcome_json};
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DecisionId, OrgId};
use crate::kernel::time::Instant;
use crate::rules::force::Taken;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_decisions)]
struct Row {
    org_id: OrgId,
    id: DecisionId,
    hook: String,
    contract: i32,
    subject_id: Uuid,
    event_at: Instant,
    decided_at: Instant,
    release: String,
    status: String,
    outcome: Json,
    reasons: Json,
    read: Json,
    layers: Json,
    operations: i64,
    duration_us: i64,
    problem: Option<Json>,
}

/// Keeps decisions about one subject; sent with the commit.
pub(super) fn stage(tx: &mut Tx, about: &About, _number: i64, taken: &[Taken]) -> Result<()> {
    let on = taken.iter().filter(|taken| taken.mode == Mode::On);
    let rows: Vec<Row> = on
        .map(|taken| row(tx, about.subject, about.event_at, &taken.decision))
        .collect();
    tx.stage(diesel::insert_into(rule_decisions::table).values(rows))
}

fn row(tx: &Tx, subject_id: Uuid, event_at: Instant, decision: &Decision) -> Row {
    let read: Vec<KeptRead> = decision.read.iter().map(KeptRead::of).collect();
    Row {
        org_id: tx.org(),
        id: tx.id(),
        hook: decision.hook.clone(),
        contract: i32::try_from(decision.contract).unwrap_or(i32::MAX),
        subject_id,
        event_at,
        decided_at: tx.now(),
        release: decision.release.clone(),
        status: decision.status.as_str().to_owned(),
        outcome: outcome_json(decision),
        reasons: json!(decision.reasons),
        read: json!(read),
        layers: json!(decision.layers),
        operations: i64::try_from(decision.operations).unwrap_or(i64::MAX),
        duration_us: i64::try_from(decision.duration_us).unwrap_or(i64::MAX),
        problem: decision.problem.as_ref().map(|problem| json!(problem)),
    }
}

/// Decisions about these subjects, in the order they were taken.
pub(super) async fn list_by_subjects(tx: &mut Tx, subjects: &[Uuid]) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = rule_decisions::table
        .filter(rule_decisions::org_id.eq(tx.org()))
        .filter(rule_decisions::subject_id.eq_any(subjects.to_vec()))
        .order((rule_decisions::decided_at, rule_decisions::id))
        .select(Row::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

impl TryFrom<Row> for Kept {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let text = row
            .outcome
            .get("text")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        let flags = row.outcome.get("flags").cloned().unwrap_or_default();
        Ok(Self {
            id: row.id,
            hook: row.hook,
            contract: row.contract,
            subject_id: row.subject_id,
            event_at: row.event_at,
            decided_at: row.decided_at,
            release: row.release,
            status: row.status,
            outcome: text,
            reasons: serde_json::from_value(row.reasons)?,
            flags: serde_json::from_value(flags)?,
            read: serde_json::from_value(row.read)?,
            layers: serde_json::from_value(row.layers)?,
            operations: row.operations,
            duration_us: row.duration_us,
            problem: row.problem.map(serde_json::from_value).transpose()?,
        })
    }
}
