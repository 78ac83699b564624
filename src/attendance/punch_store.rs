//! Claims in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_schema::dual::Dual;
use zamu_schema::tables::{members, punches};

use super::model::{Device, Direction, Punch, PunchTime, Role, Source, Trust, verdict_name};
use super::presence::service::PunchFilter;
use super::store::{fix, judgement, named};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberId, OrgId, PlaceId, PunchId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = punches)]
struct PunchRow {
    org_id: OrgId,
    id: PunchId,
    session_id: Option<SessionId>,
    member_id: MemberId,
    direction: String,
    source: String,
    occurred_at: Instant,
    received_at: Instant,
    device_at: Option<Instant>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_m: Option<f64>,
    place_id: Option<PlaceId>,
    fence: String,
    distance_m: Option<f64>,
    remark: Option<String>,
    mock_location: bool,
    device: Json,
    external_ref: Option<String>,
    role: String,
    client_ref: Option<String>,
    break_kind: Option<String>,
    trust: String,
    skew_seconds: Option<i32>,
    emergency: bool,
    made_by: Option<MemberId>,
    reason_code: Option<String>,
    memo: Option<String>,
    said: Json,
    device_id: Option<String>,
}

pub(super) fn stage_punches(tx: &mut Tx, all: &[Punch]) -> Result<()> {
    let rows: Vec<_> = all
        .iter()
        .map(|punch| PunchRow::of(tx.org(), punch))
        .collect();
    tx.stage(diesel::insert_into(punches::table).values(rows))
}

fn own_punches(tx: &Tx) -> punches::BoxedQuery<'static, Dual> {
    punches::table
        .filter(punches::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn list_punches(tx: &mut Tx, sessions: &[SessionId]) -> Result<Vec<Punch>> {
    let sessions: Vec<Option<SessionId>> = sessions.iter().copied().map(Some).collect();
    load_punches(
        tx,
        own_punches(tx).filter(punches::session_id.eq_any(sessions)),
    )
    .await
}

pub(super) async fn list_punches_by_id(tx: &mut Tx, ids: &[PunchId]) -> Result<Vec<Punch>> {
    load_punches(tx, own_punches(tx).filter(punches::id.eq_any(ids.to_vec()))).await
}

/// A member's punches by the names a client gave them.
pub(super) async fn list_punches_by_ref(
    tx: &mut Tx,
    member: MemberId,
    names: Vec<String>,
) -> Result<Vec<Punch>> {
    let names: Vec<Option<String>> = names.into_iter().map(Some).collect();
    let query = own_punches(tx)
        .filter(punches::member_id.eq(member))
        .filter(punches::client_ref.eq_any(names));
    load_punches(tx, query).await
}

/// A member's claims made from a moment on.
pub(super) async fn list_punches_since(
    tx: &mut Tx,
    member: MemberId,
    since: Instant,
) -> Result<Vec<Punch>> {
    let query = own_punches(tx)
        .filter(punches::member_id.eq(member))
        .filter(punches::occurred_at.ge(since));
    load_punches(tx, query).await
}

/// A member's newest claims before a moment, the latest first.
pub(super) async fn list_punches_before(
    tx: &mut Tx,
    member: MemberId,
    before: Instant,
    limit: i64,
) -> Result<Vec<Punch>> {
    let rows: Vec<PunchRow> = own_punches(tx)
        .filter(punches::member_id.eq(member))
        .filter(punches::occurred_at.lt(before))
        .order((punches::occurred_at.desc(), punches::id.desc()))
        .limit(limit)
        .select(PunchRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Punch::try_from).collect()
}

/// Who used these devices in a span: each device with each member once.
pub(super) async fn users_of_devices(
    tx: &mut Tx,
    devices: Vec<String>,
    (from, to): (Instant, Instant),
) -> Result<Vec<(String, MemberId)>> {
    let devices: Vec<Option<String>> = devices.into_iter().map(Some).collect();
    let found: Vec<(Option<String>, MemberId)> = punches::table
        .filter(punches::org_id.eq(tx.org()))
        .filter(punches::device_id.eq_any(devices))
        .filter(punches::occurred_at.between(from, to))
        .select((punches::device_id, punches::member_id))
        .distinct()
        .load(tx.conn()?)
        .await?;
    let named = found
        .into_iter()
        .filter_map(|(device, member)| Some((device?, member)));
    Ok(named.collect())
}

/// The newest claim of each member.
pub(super) async fn last_punches(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    let newest = punches::table
        .filter(punches::org_id.eq(tx.org()))
        .group_by(punches::member_id)
        .select((
            punches::member_id,
            diesel::dsl::max(punches::occurred_at).assume_not_null(),
        ));
    Ok(newest.load(tx.conn()?).await?)
}

/// When the member's last claim was made, as it was said.
pub(super) async fn newest_claim(tx: &mut Tx, member: MemberId) -> Result<Option<Instant>> {
    let newest = punches::table
        .filter(punches::org_id.eq(tx.org()))
        .filter(punches::member_id.eq(member))
        .order(punches::occurred_at.desc())
        .limit(1)
        .select(punches::occurred_at);
    Ok(newest.first(tx.conn()?).await.optional()?)
}

/// A claim's place among the others, which is worked out.
pub(super) fn stage_role(
    tx: &mut Tx,
    punch: PunchId,
    session: Option<SessionId>,
    role: Role,
) -> Result<()> {
    let own = punches::table
        .filter(punches::org_id.eq(tx.org()))
        .filter(punches::id.eq(punch));
    tx.stage(diesel::update(own).set((
        punches::session_id.eq(session),
        punches::role.eq(role.name().to_owned()),
    )))
}

fn order(punch: &Punch) -> (Instant, Direction, Option<&str>, Option<&str>, PunchId) {
    let (client, external) = (punch.client_ref.as_deref(), punch.external_ref.as_deref());
    (
        punch.time.occurred_at,
        punch.direction,
        client,
        external,
        punch.id,
    )
}

/// Claims within reach, newest first.
pub(super) async fn page_punches(
    tx: &mut Tx,
    filter: &PunchFilter,
    page: &PageRequest,
) -> Result<Page<Punch>> {
    let mut query = reached_punches(tx);
    if let Some(member) = filter.member {
        query = query.filter(punches::member_id.eq(member));
    }
    if let Some(from) = filter.from {
        query = query.filter(punches::occurred_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(punches::occurred_at.lt(to));
    }
    if let Some(cursor) = page.after {
        let earlier = punches::occurred_at.lt(cursor.at);
        query = query.filter(
            earlier.or(punches::occurred_at
                .eq(cursor.at)
                .and(punches::id.lt(PunchId::from_uuid(cursor.id)))),
        );
    }
    let rows: Vec<PunchRow> = query
        .order((punches::occurred_at.desc(), punches::id.desc()))
        .limit(page.limit())
        .select(PunchRow::as_select())
        .load(tx.conn()?)
        .await?;
    let found = rows
        .into_iter()
        .map(Punch::try_from)
        .collect::<Result<_>>()?;
    Ok(Page::from_rows(found, page))
}

/// The organization's claims that the transaction's action reaches: those of the people in it now.
fn reached_punches(tx: &Tx) -> punches::BoxedQuery<'static, Dual> {
    let query = own_punches(tx);
    let own = tx.viewer().member();
    match tx.scope() {
        Scope::Organization => query,
        Scope::Own => query.filter(punches::member_id.nullable().eq(own)),
        Scope::Department => {
            let here = members::org_id
                .eq(tx.org())
                .and(members::department_id.eq_any(tx.departments()));
            let colleagues = members::table.filter(here).select(members::id);
            query.filter(
                punches::member_id
                    .eq_any(colleagues)
                    .or(punches::member_id.nullable().eq(own)),
            )
        }
    }
}

async fn load_punches(
    tx: &mut Tx,
    query: punches::BoxedQuery<'static, Dual>,
) -> Result<Vec<Punch>> {
    let rows: Vec<PunchRow> = query.select(PunchRow::as_select()).load(tx.conn()?).await?;
    let found = rows.into_iter().map(Punch::try_from);
    let mut found: Vec<Punch> = found.collect::<Result<_>>()?;
    // Of one moment as the fold orders them; ids tell only which arrived first.
    found.sort_by(|one, other| order(one).cmp(&order(other)));
    Ok(found)
}

impl PunchRow {
    fn of(org_id: OrgId, punch: &Punch) -> Self {
        let point = punch.fix.map(|fix| fix.point);
        Self {
            org_id,
            id: punch.id,
            session_id: punch.session_id,
            member_id: punch.member_id,
            direction: punch.direction.name().to_owned(),
            source: punch.source.name().to_owned(),
            occurred_at: punch.time.occurred_at,
            received_at: punch.time.received_at,
            device_at: punch.time.device_at,
            latitude: point.map(|point| point.latitude),
            longitude: point.map(|point| point.longitude),
            accuracy_m: punch.fix.map(|fix| fix.accuracy_m),
            place_id: punch.place_id,
            fence: verdict_name(punch.fence.verdict).to_owned(),
            distance_m: punch.fence.distance_m,
            remark: punch.remark.clone(),
            mock_location: punch.device.mock_location,
            device: json!(punch.device),
            external_ref: punch.external_ref.clone(),
            role: punch.role.name().to_owned(),
            client_ref: punch.client_ref.clone(),
            break_kind: punch.break_kind.clone(),
            trust: punch.trust.name().to_owned(),
            skew_seconds: punch.skew_seconds,
            emergency: punch.emergency,
            made_by: punch.made_by,
            reason_code: punch.reason_code.clone(),
            memo: punch.memo.clone(),
            said: json!(punch.said),
            device_id: punch.device.id.clone(),
        }
    }
}

impl TryFrom<PunchRow> for Punch {
    type Error = Error;

    fn try_from(row: PunchRow) -> Result<Self> {
        let fix = match (row.latitude, row.longitude, row.accuracy_m) {
            (Some(latitude), Some(longitude), Some(accuracy)) => {
                Some(fix(latitude, longitude, accuracy))
            }
            _ => None,
        };
        let device: Device = serde_json::from_value(row.device)?;
        let PunchRow {
            device_at,
            received_at,
            occurred_at,
            ..
        } = row;
        Ok(Self {
            id: row.id,
            session_id: row.session_id,
            member_id: row.member_id,
            direction: named(&Direction::ALL, Direction::name, &row.direction)?,
            source: named(&Source::ALL, Source::name, &row.source)?,
            time: PunchTime {
                device_at,
                received_at,
                occurred_at,
            },
            fix,
            place_id: row.place_id,
            fence: judgement(&row.fence, row.distance_m)?,
            remark: row.remark,
            device,
            said: serde_json::from_value(row.said)?,
            external_ref: row.external_ref,
            role: named(&Role::ALL, Role::name, &row.role)?,
            client_ref: row.client_ref,
            break_kind: row.break_kind,
            trust: named(&Trust::ALL, Trust::name, &row.trust)?,
            skew_seconds: row.skew_seconds,
            emergency: row.emergency,
            made_by: row.made_by,
            reason_code: row.reason_code,
            memo: row.memo,
        })
    }
}
