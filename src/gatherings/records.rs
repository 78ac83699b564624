//! Remembers what became of people at attendance events, and how often somebody guessed a code.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{attendance_records, gathering_guesses, gatherings};

use super::model::Kind;
use super::record::{AttendanceRecord, CheckTime, Counts, Method, Status, VERDICTS, verdict_name};
use super::store::named;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{Fix, Judgement, Point, Verdict};
use crate::kernel::id::{AttendanceRecordId, DepartmentId, GatheringId, MemberId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// Rows of one statement: SQLite binds at most 32,766 values.
const ROWS_AT_ONCE: usize = 500;

/// A row of `attendance_records`.
#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = attendance_records, primary_key(org_id, id), treat_none_as_null = true)]
struct RecordRow {
    org_id: OrgId,
    id: AttendanceRecordId,
    gathering_id: GatheringId,
    member_id: MemberId,
    department_id: Option<DepartmentId>,
    status: String,
    method: Option<String>,
    checked_in_at: Option<Instant>,
    in_received_at: Option<Instant>,
    in_device_at: Option<Instant>,
    checked_out_at: Option<Instant>,
    out_received_at: Option<Instant>,
    out_device_at: Option<Instant>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_m: Option<f64>,
    fence_in: String,
    distance_in_m: Option<f64>,
    fence_out: Option<String>,
    distance_out_m: Option<f64>,
    minutes_late: Option<i32>,
    flags: Json,
    needs_review: bool,
    forced_by: Option<MemberId>,
    memo: Option<String>,
    attested: bool,
    note: Option<String>,
    created_at: Instant,
    updated_at: Instant,
    reason_code: Option<String>,
}

/// Which records a list or a report takes.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub gathering: Option<GatheringId>,
    pub member: Option<MemberId>,
    pub department: Option<Vec<DepartmentId>>,
    pub status: Option<Status>,
    pub kind: Option<Kind>,
    /// Of attendance events starting at or after.
    pub from: Option<Instant>,
    /// Of attendance events starting before.
    pub to: Option<Instant>,
}

type Query = attendance_records::BoxedQuery<'static, Dual>;

fn own_records(tx: &Tx) -> Query {
    attendance_records::table
        .filter(attendance_records::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those of the people whom the viewer's action reaches.
fn reached(tx: &Tx) -> Query {
    let query = own_records(tx);
    let mine: Vec<MemberId> = tx.viewer().member().into_iter().collect();
    let is_mine = attendance_records::member_id.eq_any(mine);
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(is_mine),
        Scope::Department => query.filter(
            attendance_records::department_id
                .eq_any(tx.departments())
                .or(is_mine),
        ),
    }
}

fn narrowed(tx: &Tx, filter: &Filter) -> Query {
    let mut query = reached(tx);
    if let Some(gathering) = filter.gathering {
        query = query.filter(attendance_records::gathering_id.eq(gathering));
    }
    if let Some(member) = filter.member {
        query = query.filter(attendance_records::member_id.eq(member));
    }
    if let Some(departments) = filter.department.clone() {
        query = query.filter(attendance_records::department_id.eq_any(departments));
    }
    if let Some(status) = filter.status {
        query = query.filter(attendance_records::status.eq(status.name()));
    }
    if filter.from.is_none() && filter.to.is_none() && filter.kind.is_none() {
        return query;
    }
    let mut within = gatherings::table
        .filter(gatherings::org_id.eq(tx.org()))
        .into_boxed();
    if let Some(from) = filter.from {
        within = within.filter(gatherings::starts_at.ge(from));
    }
    if let Some(to) = filter.to {
        within = within.filter(gatherings::starts_at.lt(to));
    }
    if let Some(kind) = filter.kind {
        within = within.filter(gatherings::kind.eq(kind.name()));
    }
    query.filter(attendance_records::gathering_id.eq_any(within.select(gatherings::id)))
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<AttendanceRecord>> {
    let rows: Vec<RecordRow> = query
        .select(RecordRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(AttendanceRecord::try_from).collect()
}

/// Those within reach, in no order.
pub(super) async fn find(tx: &mut Tx, ids: &[AttendanceRecordId]) -> Result<Vec<AttendanceRecord>> {
    let query = reached(tx).filter(attendance_records::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// What there is of one person at one, until the end of this change nobody else's.
pub(super) async fn lock(
    tx: &mut Tx,
    gathering: GatheringId,
    member: MemberId,
) -> Result<Option<AttendanceRecord>> {
    let query = own_records(tx)
        .filter(attendance_records::gathering_id.eq(gathering))
        .filter(attendance_records::member_id.eq(member));
    let rows: Vec<RecordRow> = ForUpdate(query.select(RecordRow::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter()
        .next()
        .map(AttendanceRecord::try_from)
        .transpose()
}

/// What there is of one person at several.
pub(super) async fn list_of(
    tx: &mut Tx,
    member: MemberId,
    gatherings: &[GatheringId],
) -> Result<Vec<AttendanceRecord>> {
    let query = reached(tx)
        .filter(attendance_records::member_id.eq(member))
        .filter(attendance_records::gathering_id.eq_any(gatherings.to_vec()));
    load(tx, query).await
}

/// The newest first.
pub(super) async fn list(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<AttendanceRecord>> {
    let mut query = narrowed(tx, filter);
    if let Some(after) = page.after {
        let id = AttendanceRecordId::from_uuid(after.id);
        query = query.filter(
            attendance_records::created_at
                .lt(after.at)
                .or(attendance_records::created_at
                    .eq(after.at)
                    .and(attendance_records::id.lt(id))),
        );
    }
    let query = query
        .order((
            attendance_records::created_at.desc(),
            attendance_records::id.desc(),
        ))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Everybody who has a record at one already, whoever may see it.
pub(super) async fn members_with_record(
    tx: &mut Tx,
    gathering: GatheringId,
) -> Result<Vec<MemberId>> {
    let query = own_records(tx)
        .filter(attendance_records::gathering_id.eq(gathering))
        .select(attendance_records::member_id);
    Ok(query.load(tx.conn()?).await?)
}

/// How many of which status, by attendance event; those within reach.
pub(super) async fn count_by_gathering(
    tx: &mut Tx,
    ids: &[GatheringId],
) -> Result<HashMap<GatheringId, Counts>> {
    let query = reached(tx)
        .filter(attendance_records::gathering_id.eq_any(ids.to_vec()))
        .select((attendance_records::gathering_id, attendance_records::status));
    let rows: Vec<(GatheringId, String)> = query.load(tx.conn()?).await?;
    let mut found: HashMap<GatheringId, Counts> = HashMap::new();
    for (gathering, status) in rows {
        let status = named(&Status::ALL, Status::name, &status)?;
        found.entry(gathering).or_default().add(status, 1);
    }
    Ok(found)
}

/// How many of which status, by member in the order of their ids; those within reach. At most `limit` members from
/// the one after `after` on.
pub(super) async fn count_by_member(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<MemberId>,
    limit: i64,
) -> Result<Vec<(MemberId, Counts)>> {
    let mut members = narrowed(tx, filter)
        .select(attendance_records::member_id)
        .distinct()
        .order(attendance_records::member_id)
        .limit(limit);
    if let Some(after) = after {
        members = members.filter(attendance_records::member_id.gt(after));
    }
    let members: Vec<MemberId> = members.load(tx.conn()?).await?;
    let rows = narrowed(tx, filter)
        .filter(attendance_records::member_id.eq_any(members.clone()))
        .select((attendance_records::member_id, attendance_records::status));
    let rows: Vec<(MemberId, String)> = rows.load(tx.conn()?).await?;
    let mut counts: HashMap<MemberId, Counts> = HashMap::new();
    for (member, status) in rows {
        let status = named(&Status::ALL, Status::name, &status)?;
        counts.entry(member).or_default().add(status, 1);
    }
    let with_counts = |member| {
        let counts = counts.get(&member).copied().unwrap_or_default();
        let invited = counts.recorded();
        (member, Counts { invited, ..counts })
    };
    Ok(members.into_iter().map(with_counts).collect())
}

pub(super) fn stage_insert(tx: &mut Tx, record: &AttendanceRecord) -> Result<()> {
    let row = RecordRow::new(tx.org(), record);
    tx.stage(diesel::insert_into(attendance_records::table).values(row))
}

/// Many at once; whoever has a record by now keeps it.
pub(super) fn stage_insert_missing(tx: &mut Tx, all: &[AttendanceRecord]) -> Result<()> {
    for some in all.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|record| RecordRow::new(tx.org(), record))
            .collect();
        let insert = diesel::insert_into(attendance_records::table).values(rows);
        tx.stage(insert.on_conflict_do_nothing())?;
    }
    Ok(())
}

pub(super) fn stage_update(tx: &mut Tx, record: &AttendanceRecord) -> Result<()> {
    let row = RecordRow::new(tx.org(), record);
    let own = attendance_records::table
        .filter(attendance_records::org_id.eq(tx.org()))
        .filter(attendance_records::id.eq(record.id));
    tx.stage(diesel::update(own).set(row))
}

/// Wrong codes of one person at one attendance event.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = gathering_guesses)]
pub(super) struct Guesses {
    org_id: OrgId,
    gathering_id: GatheringId,
    member_id: MemberId,
    pub wrong: i32,
    pub since: Instant,
}

fn own_guesses(tx: &Tx) -> gathering_guesses::BoxedQuery<'static, Dual> {
    gathering_guesses::table
        .filter(gathering_guesses::org_id.eq(tx.org()))
        .into_boxed()
}

/// How often a person guessed wrong, until the end of this change nobody else's to count: two who guess at once are
/// counted one after the other.
pub(super) async fn lock_guesses(
    tx: &mut Tx,
    gathering_id: GatheringId,
    member_id: MemberId,
) -> Result<Guesses> {
    let none = Guesses {
        org_id: tx.org(),
        gathering_id,
        member_id,
        wrong: 0,
        since: tx.now(),
    };
    let insert = diesel::insert_into(gathering_guesses::table).values(none);
    tx.execute(insert.on_conflict_do_nothing()).await?;
    let row = own_guesses(tx)
        .filter(gathering_guesses::gathering_id.eq(gathering_id))
        .filter(gathering_guesses::member_id.eq(member_id))
        .select(Guesses::as_select());
    Ok(ForUpdate(row).get_result(tx.conn()?).await?)
}

pub(super) fn stage_guesses(tx: &mut Tx, guesses: &Guesses) -> Result<()> {
    let own = gathering_guesses::table
        .filter(gathering_guesses::org_id.eq(tx.org()))
        .filter(gathering_guesses::gathering_id.eq(guesses.gathering_id))
        .filter(gathering_guesses::member_id.eq(guesses.member_id));
    tx.stage(diesel::update(own).set((
        gathering_guesses::wrong.eq(guesses.wrong),
        gathering_guesses::since.eq(guesses.since),
    )))
}

impl RecordRow {
    fn new(org_id: OrgId, record: &AttendanceRecord) -> Self {
        let point = record.fix.map(|fix| fix.point);
        Self {
            org_id,
            id: record.id,
            gathering_id: record.gathering_id,
            member_id: record.member_id,
            department_id: record.department_id,
            status: record.status.name().to_owned(),
            method: record.method.map(|method| method.name().to_owned()),
            checked_in_at: record.checked_in.map(|time| time.occurred_at),
            in_received_at: record.checked_in.map(|time| time.received_at),
            in_device_at: record.checked_in.and_then(|time| time.device_at),
            checked_out_at: record.checked_out.map(|time| time.occurred_at),
            out_received_at: record.checked_out.map(|time| time.received_at),
            out_device_at: record.checked_out.and_then(|time| time.device_at),
            latitude: point.map(|point| point.latitude),
            longitude: point.map(|point| point.longitude),
            accuracy_m: record.fix.map(|fix| fix.accuracy_m),
            fence_in: verdict_name(record.fence_in.verdict).to_owned(),
            distance_in_m: record.fence_in.distance_m,
            fence_out: record
                .fence_out
                .map(|fence| verdict_name(fence.verdict).to_owned()),
            distance_out_m: record.fence_out.and_then(|fence| fence.distance_m),
            minutes_late: record.minutes_late,
            flags: json!(record.flags),
            needs_review: record.needs_review,
            forced_by: record.forced_by,
            memo: record.memo.clone(),
            reason_code: record.reason_code.clone(),
            attested: record.attested,
            note: record.note.clone(),
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl TryFrom<RecordRow> for AttendanceRecord {
    type Error = Error;

    fn try_from(row: RecordRow) -> Result<Self> {
        let fix = row.latitude.zip(row.longitude).zip(row.accuracy_m).map(
            |((latitude, longitude), accuracy_m)| Fix {
                point: Point {
                    latitude,
                    longitude,
                },
                accuracy_m,
            },
        );
        let fence_out = row
            .fence_out
            .as_deref()
            .map(|name| judgement(name, row.distance_out_m))
            .transpose()?;
        let method = row
            .method
            .as_deref()
            .map(|name| named(&Method::ALL, Method::name, name))
            .transpose()?;
        Ok(Self {
            id: row.id,
            gathering_id: row.gathering_id,
            member_id: row.member_id,
            department_id: row.department_id,
            status: named(&Status::ALL, Status::name, &row.status)?,
            method,
            checked_in: time(row.checked_in_at, row.in_received_at, row.in_device_at),
            checked_out: time(row.checked_out_at, row.out_received_at, row.out_device_at),
            fix,
            fence_in: judgement(&row.fence_in, row.distance_in_m)?,
            fence_out,
            minutes_late: row.minutes_late,
            flags: serde_json::from_value(row.flags)?,
            needs_review: row.needs_review,
            forced_by: row.forced_by,
            memo: row.memo,
            reason_code: row.reason_code,
            attested: row.attested,
            note: row.note,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn time(
    occurred_at: Option<Instant>,
    received_at: Option<Instant>,
    device_at: Option<Instant>,
) -> Option<CheckTime> {
    let (occurred_at, received_at) = occurred_at.zip(received_at)?;
    Some(CheckTime {
        device_at,
        received_at,
        occurred_at,
    })
}

fn judgement(name: &str, distance_m: Option<f64>) -> Result<Judgement> {
    let known: Vec<Verdict> = VERDICTS.iter().map(|(verdict, _)| *verdict).collect();
    Ok(Judgement {
        verdict: named(&known, verdict_name, name)?,
        distance_m,
    })
}
