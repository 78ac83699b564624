//! Remembers exceptions and their history.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value as Json};
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{exception_changes, exceptions};

use super::model::{Change, Entry, Exception, Kind, Severity, State, Subject, Transition};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, ExceptionId, MemberId, OrgId, PlaceId, PunchId, SessionId};
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

/// The organization's exceptions, whoever they are about.
fn exceptions_of_org(tx: &Tx) -> Query {
    exceptions::table
        .filter(exceptions::org_id.eq(tx.org()))
        .into_boxed()
}

fn own_changes(tx: &Tx) -> exception_changes::BoxedQuery<'static, Dual> {
    exception_changes::table
        .filter(exception_changes::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those that the transaction's action reaches.
fn reached(tx: &Tx) -> Query {
    let query = exceptions_of_org(tx);
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(exceptions::member_id.nullable().eq(own)),
        Scope::Department => query.filter(
            exceptions::member_id
                .nullable()
                .eq(own)
                .assume_not_null()
                .or(exceptions::department_id
                    .eq_any(tx.departments())
                    .assume_not_null()),
        ),
    }
}

/// What stands about a subject, open or acknowledged, nobody else's to change until the end of this transaction. Not
/// narrowed by reach: a worker's clock-out clears what a supervisor acknowledged.
pub(super) async fn lock_standing(tx: &mut Tx, subject: &str) -> Result<Vec<Exception>> {
    let query = exceptions_of_org(tx)
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
    let found: Vec<Option<SessionId>> = exceptions_of_org(tx)
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
