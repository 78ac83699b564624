//! Remembers exceptions and their history.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{exception_changes, exceptions};

use super::model::{Change, Entry, Exception, Filter, Kind, Severity, State, Subject, Transition};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, ExceptionId, MemberId, OrgId, PlaceId, PunchId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// A row of `exceptions`.
#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = exceptions, primary_key(org_id, id), treat_none_as_null = true)]
struct Row {
    org_id: OrgId,
    id: ExceptionId,
    subject: String,
    kind: String,
    code: String,
    severity: String,
    state: String,
    score: i32,
    detail: Json,
    member_id: MemberId,
    department_id: Option<DepartmentId>,
    place_id: Option<PlaceId>,
    session_id: Option<SessionId>,
    punch_id: Option<PunchId>,
    work_date: NaiveDate,
    assigned_to: Option<MemberId>,
    opened_at: Instant,
    closed_at: Option<Instant>,
    closed_by: Option<MemberId>,
    reason_code: Option<String>,
    resolution_code: Option<String>,
    memo: Option<String>,
    attested: bool,
    changes: i32,
}

/// A row of `exception_changes`.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = exception_changes)]
struct ChangeRow {
    org_id: OrgId,
    exception_id: ExceptionId,
    number: i32,
    at: Instant,
    change: String,
    made_by: Option<MemberId>,
    detail: Json,
}

type Query = exceptions::BoxedQuery<'static, Dual>;
/// A condition on exceptions, so that lists and counts narrow alike.
type Wanted = Box<dyn BoxableExpression<exceptions::table, Dual, SqlType = Bool>>;

/// The organization's, whoever they are about.
fn of_org(tx: &Tx) -> Wanted {
    Box::new(exceptions::org_id.eq(tx.org()))
}

/// Those that the transaction's action reaches.
fn reached(tx: &Tx) -> Wanted {
    let all = of_org(tx);
    // Nobody has the nil id.
    let own = tx
        .viewer()
        .member()
        .unwrap_or(MemberId::from_uuid(Uuid::nil()));
    match tx.scope() {
        Scope::Organization => all,
        Scope::Own => Box::new(all.and(exceptions::member_id.eq(own))),
        Scope::Department => {
            let below = exceptions::department_id
                .eq_any(tx.departments())
                .assume_not_null();
            Box::new(all.and(exceptions::member_id.eq(own).or(below)))
        }
    }
}

fn narrowed(tx: &Tx, filter: &Filter) -> Wanted {
    let mut all = reached(tx);
    if !filter.kinds.is_empty() {
        let names: Vec<_> = filter.kinds.iter().map(|kind| kind.name()).collect();
        all = Box::new(all.and(exceptions::kind.eq_any(names)));
    }
    if let Some(severity) = filter.severity {
        all = Box::new(all.and(exceptions::severity.eq(severity.name())));
    }
    if !filter.states.is_empty() {
        let names: Vec<_> = filter.states.iter().map(|state| state.name()).collect();
        all = Box::new(all.and(exceptions::state.eq_any(names)));
    }
    if let Some(member) = filter.member {
        all = Box::new(all.and(exceptions::member_id.eq(member)));
    }
    if let Some(department) = filter.department {
        let own = exceptions::department_id.eq(department).assume_not_null();
        all = Box::new(all.and(own));
    }
    if let Some(place) = filter.place {
        let there = exceptions::place_id.eq(place).assume_not_null();
        all = Box::new(all.and(there));
    }
    if let Some(session) = filter.session {
        let about = exceptions::session_id.eq(session).assume_not_null();
        all = Box::new(all.and(about));
    }
    if let Some(member) = filter.assigned_to {
        let theirs = exceptions::assigned_to.eq(member).assume_not_null();
        all = Box::new(all.and(theirs));
    }
    if let Some(from) = filter.from {
        all = Box::new(all.and(exceptions::work_date.ge(from)));
    }
    if let Some(to) = filter.to {
        all = Box::new(all.and(exceptions::work_date.le(to)));
    }
    if let Some(least) = filter.min_score {
        all = Box::new(all.and(exceptions::score.ge(least)));
    }
    all
}

fn exceptions_where(wanted: Wanted) -> Query {
    exceptions::table.filter(wanted).into_boxed()
}

fn own_changes(tx: &Tx) -> exception_changes::BoxedQuery<'static, Dual> {
    exception_changes::table
        .filter(exception_changes::org_id.eq(tx.org()))
        .into_boxed()
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<Exception>> {
    let rows: Vec<Row> = query.select(Row::as_select()).load(tx.conn()?).await?;
    rows.into_iter().map(Exception::try_from).collect()
}

/// The newest first.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Exception>> {
    let mut query = exceptions_where(narrowed(tx, filter));
    if let Some(cursor) = page.after {
        let id = ExceptionId::from_uuid(cursor.id);
        query = query.filter(
            exceptions::opened_at.lt(cursor.at).or(exceptions::opened_at
                .eq(cursor.at)
                .and(exceptions::id.lt(id))),
        );
    }
    let query = query
        .order((exceptions::opened_at.desc(), exceptions::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// All of them up to a limit, in order of id.
pub(super) async fn list_all(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Exception>> {
    let query = exceptions_where(narrowed(tx, filter))
        .order(exceptions::id)
        .limit(limit);
    load(tx, query).await
}

/// Those of the exceptions that are within reach, in no order.
pub(super) async fn list_by_ids(tx: &mut Tx, ids: &[ExceptionId]) -> Result<Vec<Exception>> {
    let query = exceptions_where(reached(tx)).filter(exceptions::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// What was ever found about these sessions, within reach, in the order it was opened.
pub(super) async fn list_by_sessions(
    tx: &mut Tx,
    sessions: &[SessionId],
) -> Result<Vec<Exception>> {
    let wanted: Vec<_> = sessions.iter().copied().map(Some).collect();
    let query = exceptions_where(reached(tx))
        .filter(exceptions::session_id.eq_any(wanted))
        .order((exceptions::opened_at, exceptions::id));
    load(tx, query).await
}

/// One within reach, nobody else's to change until the end of this transaction.
pub(super) async fn lock(tx: &mut Tx, id: ExceptionId) -> Result<Exception> {
    let query = exceptions_where(reached(tx)).filter(exceptions::id.eq(id));
    let rows: Vec<Row> = ForUpdate(query.select(Row::as_select()))
        .load(tx.conn()?)
        .await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| Error::not_found("exception"))?.try_into()
}

/// The same for many.
pub(super) async fn lock_many(tx: &mut Tx, ids: &[ExceptionId]) -> Result<Vec<Exception>> {
    let query = exceptions_where(reached(tx))
        .filter(exceptions::id.eq_any(ids.to_vec()))
        .order(exceptions::id);
    let rows: Vec<Row> = ForUpdate(query.select(Row::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Exception::try_from).collect()
}

/// The rows of history of these exceptions, oldest first. Whoever asks has found the exceptions within reach.
pub(super) async fn list_changes(tx: &mut Tx, ids: &[ExceptionId]) -> Result<Vec<Entry>> {
    let rows: Vec<ChangeRow> = own_changes(tx)
        .filter(exception_changes::exception_id.eq_any(ids.to_vec()))
        .order((exception_changes::exception_id, exception_changes::number))
        .select(ChangeRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// How many there are of each kind, severity and state.
pub(super) async fn count(tx: &mut Tx, filter: &Filter) -> Result<Vec<Count>> {
    let by = (exceptions::kind, exceptions::severity, exceptions::state);
    let rows: Vec<(String, String, String, i64)> = exceptions::table
        .group_by(by)
        .select((
            exceptions::kind,
            exceptions::severity,
            exceptions::state,
            diesel::dsl::count_star(),
        ))
        .filter(narrowed(tx, filter))
        .load(tx.conn()?)
        .await?;
    let read = |(kind, severity, state, count): (String, String, String, i64)| {
        Ok(Count {
            kind: named(Kind::ALL, Kind::name, &kind)?,
            severity: named(&Severity::ALL, Severity::name, &severity)?,
            state: named(&State::ALL, State::name, &state)?,
            count,
        })
    };
    rows.into_iter().map(read).collect()
}

/// How many exceptions are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub kind: Kind,
    pub severity: Severity,
    pub state: State,
    pub count: i64,
}

/// What stands about a subject, open or acknowledged, nobody else's to change until the end of this transaction. Not
/// narrowed by reach: a worker's clock-out clears what a supervisor acknowledged.
pub(super) async fn lock_standing(tx: &mut Tx, subject: &str) -> Result<Vec<Exception>> {
    let query = exceptions_where(of_org(tx))
        .filter(exceptions::subject.eq(subject.to_owned()))
        .filter(exceptions::state.ne(State::Cleared.name()))
        .order((exceptions::opened_at, exceptions::id));
    let rows: Vec<Row> = ForUpdate(query.select(Row::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Exception::try_from).collect()
}

pub(super) async fn list_left_to_fix(
    tx: &mut Tx,
    sessions: &[SessionId],
) -> Result<HashSet<SessionId>> {
    let wanted: Vec<_> = sessions.iter().copied().map(Some).collect();
    let found: Vec<Option<SessionId>> = exceptions_where(of_org(tx))
        .filter(exceptions::session_id.eq_any(wanted))
        .filter(exceptions::closed_at.is_null())
        .filter(exceptions::severity.eq(Severity::Fix.name()))
        .select(exceptions::session_id)
        .load(tx.conn()?)
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Keeps what an exception became, and the row that explains it; sent with the commit.
pub(super) fn stage(tx: &mut Tx, transition: &Transition) -> Result<()> {
    let (org, after) = (tx.org(), &transition.after);
    let row = Row::of(org, after);
    if transition.entry.number == 1 {
        tx.stage(diesel::insert_into(exceptions::table).values(row))?;
    } else {
        let own = exceptions::table
            .filter(exceptions::org_id.eq(org))
            .filter(exceptions::id.eq(after.id));
        tx.stage(diesel::update(own).set(row))?;
    }
    let entry = ChangeRow::of(org, &transition.entry);
    tx.stage(diesel::insert_into(exception_changes::table).values(entry))
}

impl Row {
    fn of(org_id: OrgId, one: &Exception) -> Self {
        let one = one.clone();
        Self {
            org_id,
            id: one.id,
            subject: one.subject.key,
            kind: one.kind.name().to_owned(),
            code: one.code,
            severity: one.severity.name().to_owned(),
            state: one.state.name().to_owned(),
            score: one.score,
            detail: Json::Object(one.detail),
            member_id: one.subject.member,
            department_id: one.subject.department,
            place_id: one.subject.place,
            session_id: one.subject.session,
            punch_id: one.subject.punch,
            work_date: one.subject.work_date,
            assigned_to: one.assigned_to,
            opened_at: one.opened_at,
            closed_at: one.closed_at,
            closed_by: one.closed_by,
            reason_code: one.reason_code,
            resolution_code: one.resolution_code,
            memo: one.memo,
            attested: one.attested,
            changes: one.changes,
        }
    }
}

impl TryFrom<Row> for Exception {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            subject: Subject {
                key: row.subject,
                member: row.member_id,
                department: row.department_id,
                place: row.place_id,
                session: row.session_id,
                punch: row.punch_id,
                work_date: row.work_date,
            },
            kind: named(Kind::ALL, Kind::name, &row.kind)?,
            code: row.code,
            severity: named(&Severity::ALL, Severity::name, &row.severity)?,
            state: named(&State::ALL, State::name, &row.state)?,
            score: row.score,
            detail: fields(row.detail),
            assigned_to: row.assigned_to,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            closed_by: row.closed_by,
            reason_code: row.reason_code,
            resolution_code: row.resolution_code,
            memo: row.memo,
            attested: row.attested,
            changes: row.changes,
        })
    }
}

impl ChangeRow {
    fn of(org_id: OrgId, entry: &Entry) -> Self {
        Self {
            org_id,
            exception_id: entry.exception,
            number: entry.number,
            at: entry.at,
            change: entry.change.name().to_owned(),
            made_by: entry.made_by,
            detail: Json::Object(entry.detail.clone()),
        }
    }
}

impl TryFrom<ChangeRow> for Entry {
    type Error = Error;

    fn try_from(row: ChangeRow) -> Result<Self> {
        Ok(Self {
            exception: row.exception_id,
            number: row.number,
            at: row.at,
            change: named(&Change::ALL, Change::name, &row.change)?,
            made_by: row.made_by,
            detail: fields(row.detail),
        })
    }
}

fn fields(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A text of the database back to the value it names; another text is our fault, not the reader's.
fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} in the database is no known name")))
}
