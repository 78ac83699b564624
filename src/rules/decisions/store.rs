//! Kept decisions in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu_rules::Mode;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{members, rule_decisions};

use super::model::{
    About, Given, Kept, KeptRead, Matrix, Recent, Said, mode_name, mode_of, outcome_json,
    trial_json,
};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DecisionId, MemberId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;
use crate::rules::force::Taken;

/// A decision as it is written.
#[derive(Insertable)]
#[diesel(table_name = rule_decisions)]
struct NewRow {
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
    release_number: i64,
    member_id: Option<MemberId>,
    mode: String,
    diverges: bool,
    facts: Option<String>,
    scopes: Json,
}

/// A decision as it is shown: without its facts.
#[derive(Queryable, Selectable)]
#[diesel(table_name = rule_decisions)]
struct Row {
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
    release_number: i64,
    member_id: Option<MemberId>,
    mode: String,
    diverges: bool,
}

/// Keeps decisions about one subject; sent with the commit.
pub(super) fn stage(tx: &mut Tx, about: &About, number: i64, taken: &[Taken]) -> Result<()> {
    let mut decided = None;
    let mut rows = Vec::with_capacity(taken.len());
    for one in taken {
        let outcome = match one.mode {
            Mode::Audit => trial_json(&one.decision, decided),
            Mode::On | Mode::Off => {
                decided = Some(&one.decision);
                outcome_json(&one.decision)
            }
        };
        rows.push(row(tx, about, number, one, outcome));
    }
    tx.stage(diesel::insert_into(rule_decisions::table).values(rows))
}

fn row(tx: &Tx, about: &About, release_number: i64, taken: &Taken, outcome: Json) -> NewRow {
    let Taken {
        decision,
        mode,
        diverges,
    } = taken;
    let read: Vec<KeptRead> = decision.read.iter().map(KeptRead::of).collect();
    NewRow {
        org_id: tx.org(),
        id: tx.id(),
        hook: decision.hook.clone(),
        contract: i32::try_from(decision.contract).unwrap_or(i32::MAX),
        subject_id: about.subject,
        event_at: about.event_at,
        decided_at: tx.now(),
        release: decision.release.clone(),
        status: decision.status.as_str().to_owned(),
        outcome,
        reasons: json!(decision.reasons),
        read: json!(read),
        layers: json!(decision.layers),
        operations: i64::try_from(decision.operations).unwrap_or(i64::MAX),
        duration_us: i64::try_from(decision.duration_us).unwrap_or(i64::MAX),
        problem: decision.problem.as_ref().map(|problem| json!(problem)),
        release_number,
        member_id: about.member,
        mode: mode_name(*mode).to_owned(),
        diverges: *diverges,
        // What cannot be written down is not kept; the decision stands all the same.
        facts: serde_json::to_string(&decision.facts).ok(),
        scopes: json!(decision.scopes),
    }
}

/// Which decisions are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub hook: Option<String>,
    pub member: Option<MemberId>,
    pub subject: Option<Uuid>,
    pub from: Option<Instant>,
    /// Exclusive.
    pub to: Option<Instant>,
    pub status: Option<String>,
    pub mode: Option<Mode>,
    pub diverges: Option<bool>,
    pub release: Option<i64>,
}

type Query = rule_decisions::BoxedQuery<'static, Dual>;

fn own_decisions(tx: &Tx) -> Query {
    rule_decisions::table
        .filter(rule_decisions::org_id.eq(tx.org()))
        .into_boxed()
}

/// The organization's decisions that the transaction's action reaches: those about people it reaches.
fn reached(tx: &Tx) -> Query {
    let query = own_decisions(tx);
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(rule_decisions::member_id.eq(own)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id.nullable());
            query.filter(
                rule_decisions::member_id
                    .eq_any(colleagues)
                    .or(rule_decisions::member_id.eq(own)),
            )
        }
    }
}

fn filtered(mut query: Query, filter: &Filter) -> Query {
    if let Some(hook) = &filter.hook {
        query = query.filter(rule_decisions::hook.eq(hook.clone()));
    }
    if let Some(member) = filter.member {
        query = query.filter(rule_decisions::member_id.eq(member));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(rule_decisions::subject_id.eq(subject));
    }
    if let Some(from) = filter.from {
        query = query.filter(rule_decisions::event_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(rule_decisions::event_at.lt(to));
    }
    if let Some(status) = &filter.status {
        query = query.filter(rule_decisions::status.eq(status.clone()));
    }
    if let Some(mode) = filter.mode {
        query = query.filter(rule_decisions::mode.eq(mode_name(mode)));
    }
    if let Some(diverges) = filter.diverges {
        query = query.filter(rule_decisions::diverges.eq(diverges));
    }
    if let Some(release) = filter.release {
        query = query.filter(rule_decisions::release_number.eq(release));
    }
    query
}

/// Decisions about these subjects, in the order they were taken. What is on trial is not told here.
pub(super) async fn list_by_subjects(tx: &mut Tx, subjects: &[Uuid]) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = own_decisions(tx)
        .filter(rule_decisions::subject_id.eq_any(subjects.to_vec()))
        .filter(rule_decisions::mode.eq(mode_name(Mode::On)))
        .order((rule_decisions::decided_at, rule_decisions::id))
        .select(Row::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Those of the decisions that are within reach.
pub(super) async fn find(tx: &mut Tx, ids: &[DecisionId]) -> Result<Vec<Kept>> {
    let rows: Vec<Row> = reached(tx)
        .filter(rule_decisions::id.eq_any(ids.to_vec()))
        .select(Row::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

/// Decisions within reach, the latest event first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter, page: &PageRequest) -> Result<Page<Kept>> {
    let mut query = filtered(reached(tx), filter);
    if let Some(after) = page.after {
        let id = DecisionId::from_uuid(after.id);
        let earlier = rule_decisions::event_at.lt(after.at);
        query = query.filter(
            earlier.or(rule_decisions::event_at
                .eq(after.at)
                .and(rule_decisions::id.lt(id))),
        );
    }
    let rows: Vec<Row> = query
        .order((rule_decisions::event_at.desc(), rule_decisions::id.desc()))
        .limit(page.limit())
        .select(Row::as_select())
        .load(tx.conn()?)
        .await?;
    let rows = rows
        .into_iter()
        .map(Kept::try_from)
        .collect::<Result<_>>()?;
    Ok(Page::from_rows(rows, page))
}

/// What one decision within reach was taken from, and what it said; no facts once they are removed.
pub(super) async fn given(tx: &mut Tx, id: DecisionId) -> Result<Option<(Option<Given>, Said)>> {
    type Found = (String, String, String, Option<String>, Json, Json, Json);
    let found: Option<Found> = reached(tx)
        .filter(rule_decisions::id.eq(id))
        .select((
            rule_decisions::hook,
            rule_decisions::mode,
            rule_decisions::release,
            rule_decisions::facts,
            rule_decisions::scopes,
            rule_decisions::outcome,
            rule_decisions::reasons,
        ))
        .first(tx.conn()?)
        .await
        .optional()?;
    let Some((hook, mode, release, facts, scopes, outcome, reasons)) = found else {
        return Ok(None);
    };
    let mut said: Said = serde_json::from_value(outcome)?;
    said.reasons = serde_json::from_value(reasons)?;
    let Some(facts) = facts else {
        return Ok(Some((None, said)));
    };
    let given = Given {
        hook,
        mode: mode_of(&mode),
        release,
        facts: serde_json::from_str(&facts)?,
        scopes: serde_json::from_value(scopes)?,
    };
    Ok(Some((Some(given), said)))
}

/// What was decided last about a question and can be taken again, the latest event first.
pub(super) async fn recent(tx: &mut Tx, hook: &str, limit: i64) -> Result<Vec<Recent>> {
    type Found = (
        (DecisionId, Option<MemberId>, Instant),
        (String, Option<String>, Json, Json, Json),
    );
    let found: Vec<Found> = own_decisions(tx)
        .filter(rule_decisions::hook.eq(hook.to_owned()))
        .filter(rule_decisions::mode.eq(mode_name(Mode::On)))
        .filter(rule_decisions::facts.is_not_null())
        .order((rule_decisions::event_at.desc(), rule_decisions::id.desc()))
        .limit(limit)
        .select((
            (
                rule_decisions::id,
                rule_decisions::member_id,
                rule_decisions::event_at,
            ),
            (
                rule_decisions::release,
                rule_decisions::facts,
                rule_decisions::scopes,
                rule_decisions::outcome,
                rule_decisions::reasons,
            ),
        ))
        .load(tx.conn()?)
        .await?;
    let read = |((id, member, event_at), (release, facts, scopes, outcome, reasons)): Found| {
        let mut said: Said = serde_json::from_value(outcome)?;
        said.reasons = serde_json::from_value(reasons)?;
        let given = Given {
            hook: hook.to_owned(),
            mode: Mode::On,
            release,
            facts: serde_json::from_str(&facts.unwrap_or_default())?,
            scopes: serde_json::from_value(scopes)?,
        };
        Ok(Recent {
            id,
            member,
            event_at,
            given,
            said,
        })
    };
    found.into_iter().map(read).collect()
}

/// How many decisions a filter finds.
pub(super) async fn count(tx: &mut Tx, filter: &Filter) -> Result<i64> {
    let query = filtered(own_decisions(tx), filter);
    Ok(query.count().get_result(tx.conn()?).await?)
}

/// How many rows one look at the outcomes of trials reads.
const TRIALS: i64 = 1_000;

/// What rules on trial said against what was decided, counted page by page.
pub(super) async fn trials(tx: &mut Tx, filter: &Filter) -> Result<Matrix> {
    let mut matrix = Matrix::new();
    let mut last: Option<(Instant, DecisionId)> = None;
    loop {
        let mut query = filtered(own_decisions(tx), filter);
        if let Some((at, id)) = last {
            let later = rule_decisions::event_at.gt(at);
            query = query.filter(
                later.or(rule_decisions::event_at
                    .eq(at)
                    .and(rule_decisions::id.gt(id))),
            );
        }
        let rows: Vec<(Instant, DecisionId, Json)> = query
            .order((rule_decisions::event_at, rule_decisions::id))
            .limit(TRIALS)
            .select((
                rule_decisions::event_at,
                rule_decisions::id,
                rule_decisions::outcome,
            ))
            .load(tx.conn()?)
            .await?;
        let Some((at, id, _)) = rows.last() else {
            return Ok(matrix);
        };
        last = Some((*at, *id));
        for (_, _, outcome) in &rows {
            let name = |field: &str| {
                let text = outcome.get(field).and_then(Json::as_str);
                text.unwrap_or_default().to_owned()
            };
            *matrix.entry((name("against"), name("name"))).or_default() += 1;
        }
    }
}

/// Removes the facts of decisions taken before an instant, at most so many at once; says how many.
pub(super) async fn remove_facts(tx: &mut Tx, before: Instant, limit: i64) -> Result<usize> {
    let ids: Vec<DecisionId> = own_decisions(tx)
        .filter(rule_decisions::facts.is_not_null())
        .filter(rule_decisions::decided_at.lt(before))
        .order(rule_decisions::decided_at)
        .limit(limit)
        .select(rule_decisions::id)
        .load(tx.conn()?)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let old = rule_decisions::table
        .filter(rule_decisions::org_id.eq(tx.org()))
        .filter(rule_decisions::id.eq_any(ids));
    let removed = diesel::update(old).set(rule_decisions::facts.eq(None::<String>));
    tx.execute(removed).await
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
            release_number: row.release_number,
            member_id: row.member_id,
            mode: mode_of(&row.mode),
            diverges: row.diverges,
        })
    }
}
