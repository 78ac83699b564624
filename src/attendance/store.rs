//! Sessions, notes and positions in the database.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_schema::dual::Dual;
use zamu_schema::tables::{session_notes, work_sessions};

use super::model::{Lateness, Leaving, Note, Status, VERDICTS, WorkSession, verdict_name};
pub(super) use super::punch_store::{
    last_punches, list_punches, list_punches_before, list_punches_by_id, list_punches_by_ref,
    list_punches_since, newest_claim, page_punches, stage_punches, stage_role, users_of_devices,
};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{Fix, Judgement, Point, Verdict};
use crate::kernel::id::{
    ClientId, DepartmentId, MemberId, NoteId, OrgId, PlaceId, SessionId, ShiftId,
};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

#[derive(Insertable, AsChangeset, Queryable, Selectable, serde::Serialize, serde::Deserialize)]
#[diesel(table_name = work_sessions, treat_none_as_null = true)]
struct SessionRow {
    org_id: OrgId,
    id: SessionId,
    member_id: MemberId,
    department_id: Option<DepartmentId>,
    place_id: Option<PlaceId>,
    client_id: Option<ClientId>,
    shift_id: Option<ShiftId>,
    service: Option<String>,
    status: String,
    work_date: NaiveDate,
    clocked_in_at: Instant,
    clocked_out_at: Option<Instant>,
    lateness: Option<String>,
    minutes_late: Option<i32>,
    fence_in: String,
    distance_in_m: Option<f64>,
    fence_out: Option<String>,
    distance_out_m: Option<f64>,
    flags: Json,
    needs_review: bool,
    leaving: Option<String>,
    minutes_early: Option<i32>,
    required: Json,
    breaks: Json,
    hours: Option<Json>,
    paid_minutes: Option<i32>,
    tasks: Json,
    is_manual: bool,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = session_notes)]
struct NoteRow {
    org_id: OrgId,
    id: NoteId,
    session_id: SessionId,
    author_id: MemberId,
    body: String,
    created_at: Instant,
}

/// Which sessions are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub shift: Option<ShiftId>,
    pub status: Option<Status>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub needs_review: Option<bool>,
}

type Query = work_sessions::BoxedQuery<'static, Dual>;

/// The organization's sessions that the transaction's action reaches.
fn sessions(tx: &Tx) -> Query {
    let query = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .into_boxed();
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(work_sessions::member_id.nullable().eq(own)),
        Scope::Department => query.filter(
            work_sessions::member_id
                .nullable()
                .eq(own)
                .assume_not_null()
                .or(work_sessions::department_id
                    .eq_any(tx.departments())
                    .assume_not_null()),
        ),
    }
}

pub(super) async fn get(tx: &mut Tx, id: SessionId) -> Result<WorkSession> {
    let row: Option<SessionRow> = sessions(tx)
        .filter(work_sessions::id.eq(id))
        .select(SessionRow::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    row.ok_or_else(|| Error::not_found("work session"))?
        .try_into()
}

pub(super) async fn list_by_ids(tx: &mut Tx, ids: &[SessionId]) -> Result<Vec<WorkSession>> {
    let query = sessions(tx).filter(work_sessions::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// The member's newest session: the open one, if there is one.
pub(super) async fn find_newest(tx: &mut Tx, member: MemberId) -> Result<Option<WorkSession>> {
    let query = live_sessions(tx, member)
        .order((
            work_sessions::clocked_in_at.desc(),
            work_sessions::id.desc(),
        ))
        .limit(1);
    Ok(load(tx, query).await?.pop())
}

/// Everything of one member that still counts, whoever asks: what is worked out is worked out from all of it.
fn live_sessions(tx: &Tx, member: MemberId) -> Query {
    all_sessions(tx, member).filter(work_sessions::status.ne(Status::Void.name()))
}

fn all_sessions(tx: &Tx, member: MemberId) -> Query {
    work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .into_boxed()
        .filter(work_sessions::member_id.eq(member))
}

/// When the last session began that began by then.
pub(super) async fn last_start(
    tx: &mut Tx,
    member: MemberId,
    by: Instant,
) -> Result<Option<Instant>> {
    let query = live_sessions(tx, member)
        .filter(work_sessions::clocked_in_at.le(by))
        .order(work_sessions::clocked_in_at.desc())
        .limit(1);
    Ok(load(tx, query)
        .await?
        .pop()
        .map(|session| session.clocked_in_at))
}

/// Whether the member worked on a shift before.
pub(super) async fn was_on_shift(tx: &mut Tx, member: MemberId, shift: ShiftId) -> Result<bool> {
    let query = live_sessions(tx, member)
        .filter(work_sessions::shift_id.eq(shift))
        .limit(1);
    Ok(!load(tx, query).await?.is_empty())
}

/// A member's sessions from a moment on, the void ones too, and those of these ids; oldest first.
pub(super) async fn list_since(
    tx: &mut Tx,
    member: MemberId,
    since: Instant,
    ids: &[SessionId],
) -> Result<Vec<WorkSession>> {
    let query = all_sessions(tx, member)
        .filter(
            work_sessions::clocked_in_at
                .ge(since)
                .or(work_sessions::id.eq_any(ids.to_vec())),
        )
        .order((work_sessions::clocked_in_at, work_sessions::id));
    load(tx, query).await
}

/// All sessions a member has between two work dates, whoever asks: the sums leave none out.
pub(super) async fn list_of_days(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<WorkSession>> {
    let query = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .filter(work_sessions::member_id.eq(member))
        .filter(work_sessions::work_date.between(from, to))
        .into_boxed();
    load(tx, query).await
}

/// The sessions within reach that some members have between two work dates, the earliest first.
pub(super) async fn list_reached(
    tx: &mut Tx,
    of: &[MemberId],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<WorkSession>> {
    let query = sessions(tx)
        .filter(work_sessions::member_id.eq_any(of.to_vec()))
        .filter(work_sessions::work_date.between(from, to))
        .order((work_sessions::clocked_in_at, work_sessions::id));
    load(tx, query).await
}

/// The members who have sessions between two work dates.
pub(super) async fn members_of_days(
    tx: &mut Tx,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<MemberId>> {
    let query = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .filter(work_sessions::work_date.between(from, to))
        .select(work_sessions::member_id)
        .distinct();
    Ok(query.load(tx.conn()?).await?)
}

/// The first and the last work date of all sessions.
pub(super) async fn span_of_days(tx: &mut Tx) -> Result<Option<(NaiveDate, NaiveDate)>> {
    use diesel::dsl::{max, min};
    let (first, last): (Option<NaiveDate>, Option<NaiveDate>) = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .select((min(work_sessions::work_date), max(work_sessions::work_date)))
        .first(tx.conn()?)
        .await?;
    Ok(first.zip(last))
}

pub(super) async fn find_open(tx: &mut Tx, member: MemberId) -> Result<Option<WorkSession>> {
    let query = sessions(tx)
        .filter(work_sessions::member_id.eq(member))
        .filter(work_sessions::status.eq(Status::Active.name()));
    Ok(load(tx, query).await?.pop())
}

pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<WorkSession>> {
    let mut query = narrowed(sessions(tx), filter);
    if let Some(cursor) = page.after {
        let id = SessionId::from_uuid(cursor.id);
        query = query.filter(
            work_sessions::clocked_in_at
                .lt(cursor.at)
                .or(work_sessions::clocked_in_at
                    .eq(cursor.at)
                    .and(work_sessions::id.lt(id))),
        );
    }
    let query = query
        .order((
            work_sessions::clocked_in_at.desc(),
            work_sessions::id.desc(),
        ))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Everybody at work now, newest first; at most `limit`.
pub(super) async fn list_open(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<WorkSession>> {
    let open = Filter {
        status: Some(Status::Active),
        ..filter.clone()
    };
    let query = narrowed(sessions(tx), &open)
        .order((
            work_sessions::clocked_in_at.desc(),
            work_sessions::id.desc(),
        ))
        .limit(limit);
    load(tx, query).await
}

fn narrowed(mut query: Query, filter: &Filter) -> Query {
    if let Some(member) = filter.member {
        query = query.filter(work_sessions::member_id.eq(member));
    }
    if let Some(department) = filter.department {
        query = query.filter(work_sessions::department_id.eq(department));
    }
    if let Some(place) = filter.place {
        query = query.filter(work_sessions::place_id.eq(place));
    }
    if let Some(shift) = filter.shift {
        query = query.filter(work_sessions::shift_id.eq(shift));
    }
    if let Some(status) = filter.status {
        query = query.filter(work_sessions::status.eq(status.name()));
    }
    if let Some(from) = filter.from {
        query = query.filter(work_sessions::work_date.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(work_sessions::work_date.le(to));
    }
    if let Some(needs_review) = filter.needs_review {
        query = query.filter(work_sessions::needs_review.eq(needs_review));
    }
    query
}

/// The sessions of members between two work dates, whoever asks: what they come to depends on nobody's reach.
pub(super) async fn list_of_members(
    tx: &mut Tx,
    members: &[MemberId],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<WorkSession>> {
    let query = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .into_boxed()
        .filter(work_sessions::member_id.eq_any(members.to_vec()))
        .filter(work_sessions::work_date.between(from, to));
    load(tx, query).await
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<WorkSession>> {
    let rows: Vec<SessionRow> = query
        .select(SessionRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(WorkSession::try_from).collect()
}

pub(super) fn stage_insert(tx: &mut Tx, session: &WorkSession) -> Result<()> {
    let row = SessionRow::of(tx.org(), session);
    tx.stage(diesel::insert_into(work_sessions::table).values(row))
}

pub(super) fn stage_update(tx: &mut Tx, session: &WorkSession) -> Result<()> {
    let row = SessionRow::of(tx.org(), session);
    let own = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .filter(work_sessions::id.eq(session.id));
    tx.stage(diesel::update(own).set(row))
}

/// A session as the database keeps it, for its versions.
pub(super) fn body_of(tx: &Tx, session: &WorkSession) -> Result<Json> {
    Ok(serde_json::to_value(SessionRow::of(tx.org(), session))?)
}

/// The other way round.
pub(super) fn from_body(body: Json) -> Result<WorkSession> {
    serde_json::from_value::<SessionRow>(body)?.try_into()
}

pub(super) fn stage_note(tx: &mut Tx, note: &Note) -> Result<()> {
    let Note {
        id,
        session_id,
        author_id,
        body,
        created_at,
    } = note.clone();
    let row = NoteRow {
        org_id: tx.org(),
        id,
        session_id,
        author_id,
        body,
        created_at,
    };
    tx.stage(diesel::insert_into(session_notes::table).values(row))
}

pub(super) async fn list_notes(tx: &mut Tx, sessions: &[SessionId]) -> Result<Vec<Note>> {
    let rows: Vec<NoteRow> = session_notes::table
        .filter(session_notes::org_id.eq(tx.org()))
        .filter(session_notes::session_id.eq_any(sessions.to_vec()))
        .order((session_notes::created_at, session_notes::id))
        .select(NoteRow::as_select())
        .load(tx.conn()?)
        .await?;
    let note = |NoteRow {
                    id,
                    session_id,
                    author_id,
                    body,
                    created_at,
                    ..
                }| Note {
        id,
        session_id,
        author_id,
        body,
        created_at,
    };
    Ok(rows.into_iter().map(note).collect())
}

pub(super) fn fix(latitude: f64, longitude: f64, accuracy_m: f64) -> Fix {
    Fix {
        point: Point {
            latitude,
            longitude,
        },
        accuracy_m,
    }
}

impl SessionRow {
    fn of(org_id: OrgId, session: &WorkSession) -> Self {
        let WorkSession {
            id,
            member_id,
            department_id,
            place_id,
            client_id,
            shift_id,
            ..
        } = *session;
        Self {
            org_id,
            id,
            member_id,
            department_id,
            place_id,
            client_id,
            shift_id,
            service: session.service.clone(),
            status: session.status.name().to_owned(),
            work_date: session.work_date,
            clocked_in_at: session.clocked_in_at,
            clocked_out_at: session.clocked_out_at,
            lateness: session.lateness.map(|lateness| lateness.name().to_owned()),
            minutes_late: session.minutes_late,
            fence_in: verdict_name(session.fence_in.verdict).to_owned(),
            distance_in_m: session.fence_in.distance_m,
            fence_out: session
                .fence_out
                .map(|fence| verdict_name(fence.verdict).to_owned()),
            distance_out_m: session.fence_out.and_then(|fence| fence.distance_m),
            flags: json!(session.flags),
            needs_review: session.needs_review,
            leaving: session.leaving.map(|leaving| leaving.name().to_owned()),
            minutes_early: session.minutes_early,
            required: json!(session.required),
            breaks: json!(session.breaks),
            hours: session.hours.as_ref().map(|hours| json!(hours)),
            paid_minutes: session
                .hours
                .as_ref()
                .map(|hours| i32::try_from(hours.paid).unwrap_or(i32::MAX)),
            tasks: json!(session.tasks),
            is_manual: session.is_manual,
        }
    }
}

impl TryFrom<SessionRow> for WorkSession {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self> {
        let fence_out = row
            .fence_out
            .as_deref()
            .map(|name| judgement(name, row.distance_out_m))
            .transpose()?;
        Ok(Self {
            id: row.id,
            member_id: row.member_id,
            department_id: row.department_id,
            place_id: row.place_id,
            client_id: row.client_id,
            shift_id: row.shift_id,
            service: row.service,
            status: named(&Status::ALL, Status::name, &row.status)?,
            work_date: row.work_date,
            clocked_in_at: row.clocked_in_at,
            clocked_out_at: row.clocked_out_at,
            lateness: row
                .lateness
                .map(|name| named(&Lateness::ALL, Lateness::name, &name))
                .transpose()?,
            minutes_late: row.minutes_late,
            fence_in: judgement(&row.fence_in, row.distance_in_m)?,
            fence_out,
            flags: serde_json::from_value(row.flags)?,
            needs_review: row.needs_review,
            leaving: row
                .leaving
                .map(|name| named(&Leaving::ALL, Leaving::name, &name))
                .transpose()?,
            minutes_early: row.minutes_early,
            required: serde_json::from_value(row.required)?,
            breaks: serde_json::from_value(row.breaks)?,
            hours: row.hours.map(serde_json::from_value).transpose()?,
            tasks: serde_json::from_value(row.tasks)?,
            is_manual: row.is_manual,
        })
    }
}

pub(super) fn judgement(name: &str, distance_m: Option<f64>) -> Result<Judgement> {
    let verdict: Verdict = named(&VERDICTS, verdict_name, name)?;
    Ok(Judgement {
        verdict,
        distance_m,
    })
}

/// A text of the database back to the value it names; another text is our fault, not the reader's.
pub(super) fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} in the database is no known name")))
}
