//! Replays in the database, and the decisions they read.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use zamu_schema::dual::Dual;
use zamu_schema::tables::{rule_decisions, rule_replay_changes, rule_replays};

use super::model::{Change, Job, Side, State, Tally};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DecisionId, MemberId, OrgId, ReplayId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// One decision as a replay needs it. Its facts stay text until a thread of their own reads them.
#[derive(Queryable, Selectable)]
#[diesel(table_name = rule_decisions)]
pub struct Stored {
    pub id: DecisionId,
    pub event_at: Instant,
    pub member_id: Option<MemberId>,
    pub release: String,
    pub status: String,
    pub outcome: Json,
    pub reasons: Json,
    pub facts: Option<String>,
    pub scopes: Json,
}

/// Which decisions are replayed.
#[derive(Debug, Clone)]
pub struct Range {
    pub hook: String,
    pub from: Instant,
    /// Exclusive.
    pub to: Instant,
}

fn in_range(tx: &Tx, range: &Range) -> rule_decisions::BoxedQuery<'static, Dual> {
    // What is only on trial decided nothing, so nothing is compared with it.
    rule_decisions::table
        .filter(rule_decisions::org_id.eq(tx.org()))
        .filter(rule_decisions::hook.eq(range.hook.clone()))
        .filter(rule_decisions::event_at.ge(range.from))
        .filter(rule_decisions::event_at.lt(range.to))
        .filter(rule_decisions::mode.eq("ON"))
        .into_boxed()
}

pub(super) async fn count(tx: &mut Tx, range: &Range) -> Result<i64> {
    Ok(in_range(tx, range).count().get_result(tx.conn()?).await?)
}

/// The next decisions in the order of their events.
pub(super) async fn page(
    tx: &mut Tx,
    range: &Range,
    after: Option<(Instant, DecisionId)>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let mut query = in_range(tx, range);
    if let Some((at, id)) = after {
        // The first condition lets the index begin where the last page ended.
        query = query.filter(rule_decisions::event_at.ge(at)).filter(
            rule_decisions::event_at
                .gt(at)
                .or(rule_decisions::id.gt(id)),
        );
    }
    let query = query
        .order((rule_decisions::event_at, rule_decisions::id))
        .limit(limit)
        .select(Stored::as_select());
    Ok(query.load(tx.conn()?).await?)
}

#[derive(Insertable)]
#[diesel(table_name = rule_replays)]
struct NewRow {
    org_id: OrgId,
    id: ReplayId,
    hook: String,
    state: String,
    candidate: Json,
    candidate_release: Option<i64>,
    from_at: Instant,
    to_at: Instant,
    created_at: Instant,
    heartbeat_at: Instant,
    total: i64,
    done: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = rule_replays)]
struct Row {
    id: ReplayId,
    hook: String,
    state: String,
    candidate_release: Option<i64>,
    from_at: Instant,
    to_at: Instant,
    created_at: Instant,
    heartbeat_at: Instant,
    finished_at: Option<Instant>,
    total: i64,
    done: i64,
    result: Option<Json>,
    problem: Option<String>,
}

impl Row {
    fn job(self) -> Result<Job> {
        Ok(Job {
            id: self.id,
            hook: self.hook,
            state: State::of(&self.state),
            candidate_release: self.candidate_release,
            from: self.from_at,
            to: self.to_at,
            created_at: self.created_at,
            heartbeat_at: self.heartbeat_at,
            finished_at: self.finished_at,
            total: self.total,
            done: self.done,
            result: self.result.map(serde_json::from_value).transpose()?,
            problem: self.problem,
        })
    }
}

fn own_replays(tx: &Tx) -> rule_replays::BoxedQuery<'static, Dual> {
    rule_replays::table
        .filter(rule_replays::org_id.eq(tx.org()))
        .into_boxed()
}

/// Refused by an index where another one runs.
pub(super) async fn insert(tx: &mut Tx, job: &Job, candidate: Json) -> Result<()> {
    let row = NewRow {
        org_id: tx.org(),
        id: job.id,
        hook: job.hook.clone(),
        state: job.state.name().to_owned(),
        candidate,
        candidate_release: job.candidate_release,
        from_at: job.from,
        to_at: job.to,
        created_at: job.created_at,
        heartbeat_at: job.heartbeat_at,
        total: job.total,
        done: job.done,
    };
    tx.execute(diesel::insert_into(rule_replays::table).values(row))
        .await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, id: ReplayId) -> Result<Option<Job>> {
    let query = own_replays(tx).filter(rule_replays::id.eq(id));
    let row: Option<Row> = query
        .select(Row::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.map(Row::job).transpose()
}

/// The snapshot of what was tried.
pub(super) async fn candidate(tx: &mut Tx, id: ReplayId) -> Result<Option<Json>> {
    let query = own_replays(tx).filter(rule_replays::id.eq(id));
    let found = query.select(rule_replays::candidate).first(tx.conn()?);
    Ok(found.await.optional()?)
}

/// Says how far a running replay is; whether it still runs.
pub(super) async fn pulse(tx: &mut Tx, id: ReplayId, done: i64) -> Result<bool> {
    let now = tx.now();
    let running = rule_replays::table
        .filter(rule_replays::org_id.eq(tx.org()))
        .filter(rule_replays::id.eq(id))
        .filter(rule_replays::state.eq(State::Running.name()));
    let update = diesel::update(running).set((
        rule_replays::done.eq(done),
        rule_replays::heartbeat_at.eq(now),
    ));
    Ok(tx.execute(update).await? > 0)
}

/// How a replay ended.
pub(super) struct End {
    pub state: State,
    pub result: Option<Tally>,
    pub problem: Option<String>,
}

/// Ends a running replay; whether it was still running.
pub(super) async fn end(tx: &mut Tx, id: ReplayId, end: &End) -> Result<bool> {
    let now = tx.now();
    let running = rule_replays::table
        .filter(rule_replays::org_id.eq(tx.org()))
        .filter(rule_replays::id.eq(id))
        .filter(rule_replays::state.eq(State::Running.name()));
    let update = diesel::update(running).set((
        rule_replays::state.eq(end.state.name()),
        rule_replays::finished_at.eq(Some(now)),
        rule_replays::result.eq(end.result.as_ref().map(|result| json!(result))),
        rule_replays::problem.eq(end.problem.clone()),
    ));
    Ok(tx.execute(update).await? > 0)
}

/// Running replays whose node has been silent since an instant.
pub(super) async fn silent(tx: &mut Tx, since: Instant) -> Result<Vec<ReplayId>> {
    let query = own_replays(tx)
        .filter(rule_replays::state.eq(State::Running.name()))
        .filter(rule_replays::heartbeat_at.lt(since));
    Ok(query.select(rule_replays::id).load(tx.conn()?).await?)
}

/// What the table keeps of a change beside its keys.
#[derive(Serialize, Deserialize)]
struct Body {
    department: String,
    was: Side,
    would: Side,
}

#[derive(Insertable)]
#[diesel(table_name = rule_replay_changes)]
struct NewChange {
    org_id: OrgId,
    replay_id: ReplayId,
    decision_id: DecisionId,
    member_id: Option<MemberId>,
    event_at: Instant,
    is_failing: bool,
    body: Json,
}

pub(super) fn stage_changes(tx: &mut Tx, replay: ReplayId, changes: Vec<Change>) -> Result<()> {
    let org_id = tx.org();
    let row = |change: Change| NewChange {
        org_id,
        replay_id: replay,
        decision_id: change.decision,
        member_id: change.member,
        event_at: change.event_at,
        is_failing: change.is_failing,
        body: json!(Body {
            department: change.department,
            was: change.was,
            would: change.would,
        }),
    };
    let rows: Vec<NewChange> = changes.into_iter().map(row).collect();
    tx.stage(diesel::insert_into(rule_replay_changes::table).values(rows))
}

/// Forgets the changes of a replay that came to nothing.
pub(super) async fn delete_changes(tx: &mut Tx, replay: ReplayId) -> Result<()> {
    let own = rule_replay_changes::table
        .filter(rule_replay_changes::org_id.eq(tx.org()))
        .filter(rule_replay_changes::replay_id.eq(replay));
    tx.execute(diesel::delete(own)).await?;
    Ok(())
}

/// The changes of a replay, the earliest event first.
pub(super) async fn changes(
    tx: &mut Tx,
    replay: ReplayId,
    only_failing: bool,
    page: &PageRequest,
) -> Result<Page<Change>> {
    type Found = (DecisionId, Option<MemberId>, Instant, bool, Json);
    let mut query = rule_replay_changes::table
        .filter(rule_replay_changes::org_id.eq(tx.org()))
        .filter(rule_replay_changes::replay_id.eq(replay))
        .into_boxed();
    if only_failing {
        query = query.filter(rule_replay_changes::is_failing.eq(true));
    }
    if let Some(after) = page.after {
        let id = DecisionId::from_uuid(after.id);
        let later = rule_replay_changes::event_at.gt(after.at);
        query = query.filter(
            later.or(rule_replay_changes::event_at
                .eq(after.at)
                .and(rule_replay_changes::decision_id.gt(id))),
        );
    }
    let found: Vec<Found> = query
        .order((
            rule_replay_changes::event_at,
            rule_replay_changes::decision_id,
        ))
        .limit(page.limit())
        .select((
            rule_replay_changes::decision_id,
            rule_replay_changes::member_id,
            rule_replay_changes::event_at,
            rule_replay_changes::is_failing,
            rule_replay_changes::body,
        ))
        .load(tx.conn()?)
        .await?;
    let change = |(decision, member, event_at, is_failing, body): Found| {
        let body: Body = serde_json::from_value(body)?;
        Ok(Change {
            decision,
            member,
            event_at,
            is_failing,
            department: body.department,
            was: body.was,
            would: body.would,
        })
    };
    let rows = found.into_iter().map(change).collect::<Result<_>>()?;
    Ok(Page::from_rows(rows, page))
}

/// Forgets the replays that began before an instant, with their changes.
pub(super) async fn delete_old(tx: &mut Tx, before: Instant) -> Result<()> {
    let old: Vec<ReplayId> = own_replays(tx)
        .filter(rule_replays::created_at.lt(before))
        .filter(rule_replays::state.ne(State::Running.name()))
        .select(rule_replays::id)
        .load(tx.conn()?)
        .await?;
    for replay in old {
        delete_changes(tx, replay).await?;
        let own = rule_replays::table
            .filter(rule_replays::org_id.eq(tx.org()))
            .filter(rule_replays::id.eq(replay));
        tx.execute(diesel::delete(own)).await?;
    }
    Ok(())
}
