//! Remembers attendance events and who is invited by name.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{gathering_members, gatherings, members};

use super::codes::Secret;
use super::model::{Gathering, Kind, Roster, State, Window};
use super::sight::Sight;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, GatheringId, GatheringSeriesId, MemberId, OrgId, PlaceId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// Rows of one statement: SQLite binds at most 32,766 values.
const ROWS_AT_ONCE: usize = 1_000;

/// A row of `gatherings`.
#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = gatherings, primary_key(org_id, id), treat_none_as_null = true)]
struct GatheringRow {
    org_id: OrgId,
    id: GatheringId,
    title: String,
    kind: String,
    note: Option<String>,
    place_id: Option<PlaceId>,
    radius_m: Option<i32>,
    starts_at: Instant,
    ends_at: Instant,
    time_zone: String,
    opens_minutes: i32,
    closes_minutes: Option<i32>,
    opens_at: Instant,
    check_in_until: Instant,
    closes_at: Instant,
    late_after_minutes: Option<i32>,
    code_required: bool,
    secret: String,
    roster: String,
    department_id: Option<DepartmentId>,
    organizer_id: Option<MemberId>,
    series_id: Option<GatheringSeriesId>,
    state: String,
    cancel_reason: Option<String>,
    created_at: Instant,
    closed_at: Option<Instant>,
    cancelled_at: Option<Instant>,
    series_day: Option<NaiveDate>,
}

/// Which attendance events a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Starting at or after.
    pub from: Option<Instant>,
    /// Starting before.
    pub to: Option<Instant>,
    pub kind: Option<Kind>,
    pub place: Option<PlaceId>,
    pub state: Option<State>,
    pub series: Option<GatheringSeriesId>,
    /// Only those this member is invited to by name or department, given the departments above them.
    pub invited: Option<(MemberId, Vec<DepartmentId>)>,
}

type Query = gatherings::BoxedQuery<'static, Dual>;

fn own_gatherings(tx: &Tx) -> Query {
    gatherings::table
        .filter(gatherings::org_id.eq(tx.org()))
        .into_boxed()
}

fn own_names(tx: &Tx) -> gathering_members::BoxedQuery<'static, Dual> {
    gathering_members::table
        .filter(gathering_members::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those that concern the viewer: all, those of their departments and people, or those they are invited to.
fn seen(tx: &Tx, sight: &Sight) -> Query {
    let query = own_gatherings(tx);
    let mine: Vec<MemberId> = sight.own.into_iter().collect();
    let invited = gatherings::roster
        .eq(Roster::Everybody.name())
        .or(gatherings::roster
            .eq(Roster::Department.name())
            .and(gatherings::department_id.eq_any(sight.above.clone())));
    match sight.scope {
        Scope::Organization => query,
        Scope::Own => {
            let named = own_names(tx)
                .filter(gathering_members::member_id.eq_any(mine.clone()))
                .select(gathering_members::gathering_id);
            query.filter(
                invited
                    .or(gatherings::id.eq_any(named))
                    .or(gatherings::organizer_id.eq_any(mine)),
            )
        }
        Scope::Department => {
            let people = members::table
                .filter(members::org_id.eq(tx.org()))
                .filter(
                    members::department_id
                        .eq_any(sight.below.clone())
                        .or(members::id.eq_any(mine.clone())),
                )
                .select(members::id);
            let named = own_names(tx)
                .filter(gathering_members::member_id.eq_any(people))
                .select(gathering_members::gathering_id);
            query.filter(
                invited
                    .or(gatherings::id.eq_any(named))
                    .or(gatherings::organizer_id.eq_any(mine))
                    .or(gatherings::department_id.eq_any(sight.below.clone())),
            )
        }
    }
}

async fn load(tx: &mut Tx, query: Query) -> Result<Vec<Gathering>> {
    let rows: Vec<GatheringRow> = query
        .select(GatheringRow::as_select())
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Gathering::try_from).collect()
}

/// Whichever of the organization, whoever may see it.
pub(super) async fn find(tx: &mut Tx, id: GatheringId) -> Result<Option<Gathering>> {
    let query = own_gatherings(tx).filter(gatherings::id.eq(id));
    Ok(load(tx, query).await?.pop())
}

/// The same, until the end of this change nobody else's.
pub(super) async fn lock(tx: &mut Tx, id: GatheringId) -> Result<Option<Gathering>> {
    let query = own_gatherings(tx).filter(gatherings::id.eq(id));
    let rows: Vec<GatheringRow> = ForUpdate(query.select(GatheringRow::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().next().map(Gathering::try_from).transpose()
}

pub(super) async fn find_seen(
    tx: &mut Tx,
    sight: &Sight,
    ids: &[GatheringId],
) -> Result<Vec<Gathering>> {
    let query = seen(tx, sight).filter(gatherings::id.eq_any(ids.to_vec()));
    load(tx, query).await
}

/// The latest start first.
pub(super) async fn list_seen(
    tx: &mut Tx,
    sight: &Sight,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Gathering>> {
    let mut query = narrowed(seen(tx, sight), tx, filter);
    if let Some(after) = page.after {
        let id = GatheringId::from_uuid(after.id);
        query = query.filter(
            gatherings::starts_at.lt(after.at).or(gatherings::starts_at
                .eq(after.at)
                .and(gatherings::id.lt(id))),
        );
    }
    let query = query
        .order((gatherings::starts_at.desc(), gatherings::id.desc()))
        .limit(page.limit());
    Ok(Page::from_rows(load(tx, query).await?, page))
}

/// Those one can check in to or is at right now, the earliest first; at most `limit`.
pub(super) async fn list_active(tx: &mut Tx, sight: &Sight, limit: i64) -> Result<Vec<Gathering>> {
    let now = tx.now();
    let query = seen(tx, sight)
        .filter(gatherings::state.eq(State::Scheduled.name()))
        .filter(
            gatherings::opens_at
                .le(now)
                .and(gatherings::closes_at.ge(now)),
        )
        .order((gatherings::starts_at, gatherings::id))
        .limit(limit);
    load(tx, query).await
}

fn narrowed(mut query: Query, tx: &Tx, filter: &Filter) -> Query {
    if let Some(from) = filter.from {
        query = query.filter(gatherings::starts_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(gatherings::starts_at.lt(to));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(gatherings::kind.eq(kind.name()));
    }
    if let Some(place) = filter.place {
        query = query.filter(gatherings::place_id.eq(place));
    }
    if let Some(series) = filter.series {
        query = query.filter(gatherings::series_id.eq(series));
    }
    if let Some((member, above)) = &filter.invited {
        let named = own_names(tx)
            .filter(gathering_members::member_id.eq(*member))
            .select(gathering_members::gathering_id);
        query = query.filter(
            gatherings::roster
                .eq(Roster::Everybody.name())
                .or(gatherings::roster
                    .eq(Roster::Department.name())
                    .and(gatherings::department_id.eq_any(above.clone())))
                .or(gatherings::id.eq_any(named)),
        );
    }
    let stored = |query: Query, state: State| query.filter(gatherings::state.eq(state.name()));
    match filter.state {
        None => query,
        Some(State::Open) => {
            stored(query, State::Scheduled).filter(gatherings::opens_at.le(tx.now()))
        }
        Some(State::Scheduled) => {
            stored(query, State::Scheduled).filter(gatherings::opens_at.gt(tx.now()))
        }
        Some(state) => stored(query, state),
    }
}

/// Those of a series that are still to come or on, from a day of its rule on, until the end of this change nobody
/// else's.
pub(super) async fn lock_following(
    tx: &mut Tx,
    series: GatheringSeriesId,
    from: NaiveDate,
) -> Result<Vec<Gathering>> {
    let query = own_gatherings(tx)
        .filter(gatherings::series_id.eq(series))
        .filter(gatherings::series_day.ge(from))
        .filter(gatherings::state.eq(State::Scheduled.name()))
        .order((gatherings::starts_at, gatherings::id));
    let rows: Vec<GatheringRow> = ForUpdate(query.select(GatheringRow::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().map(Gathering::try_from).collect()
}

/// The one of a series that stands for a day of its rule, until the end of this change nobody else's.
pub(super) async fn lock_of_day(
    tx: &mut Tx,
    series: GatheringSeriesId,
    day: NaiveDate,
) -> Result<Option<Gathering>> {
    let query = own_gatherings(tx)
        .filter(gatherings::series_id.eq(series))
        .filter(gatherings::series_day.eq(day));
    let rows: Vec<GatheringRow> = ForUpdate(query.select(GatheringRow::as_select()))
        .load(tx.conn()?)
        .await?;
    rows.into_iter().next().map(Gathering::try_from).transpose()
}

/// The days of a series' rule between two, both included, that something stands for.
pub(super) async fn days_of_series(
    tx: &mut Tx,
    series: GatheringSeriesId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashSet<NaiveDate>> {
    let query = own_gatherings(tx)
        .filter(gatherings::series_id.eq(series))
        .filter(gatherings::series_day.between(from, to))
        .select(gatherings::series_day);
    let days: Vec<Option<NaiveDate>> = query.load(tx.conn()?).await?;
    Ok(days.into_iter().flatten().collect())
}

/// Those that are over and not closed yet, the oldest first.
pub(super) async fn list_due(tx: &mut Tx, limit: i64) -> Result<Vec<GatheringId>> {
    let due = own_gatherings(tx)
        .filter(gatherings::state.eq(State::Scheduled.name()))
        .filter(gatherings::closes_at.lt(tx.now()))
        .order(gatherings::closes_at)
        .limit(limit)
        .select(gatherings::id);
    Ok(due.load(tx.conn()?).await?)
}

/// In order, before what points at them; now and not with the commit.
pub(super) async fn insert(tx: &mut Tx, all: &[Gathering]) -> Result<()> {
    for some in all.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|gathering| GatheringRow::new(tx.org(), gathering))
            .collect();
        tx.execute(diesel::insert_into(gatherings::table).values(rows))
            .await?;
    }
    Ok(())
}

pub(super) fn stage_update(tx: &mut Tx, gathering: &Gathering) -> Result<()> {
    let row = GatheringRow::new(tx.org(), gathering);
    let own = gatherings::table
        .filter(gatherings::org_id.eq(tx.org()))
        .filter(gatherings::id.eq(gathering.id));
    tx.stage(diesel::update(own).set(row))
}

pub(super) async fn is_named(tx: &mut Tx, id: GatheringId, member: MemberId) -> Result<bool> {
    let row = own_names(tx)
        .filter(gathering_members::gathering_id.eq(id))
        .filter(gathering_members::member_id.eq(member))
        .select(gathering_members::member_id);
    let found: Option<MemberId> = row.first(tx.conn()?).await.optional()?;
    Ok(found.is_some())
}

/// Who is invited to which by name.
pub(super) async fn list_named(
    tx: &mut Tx,
    ids: &[GatheringId],
) -> Result<Vec<(GatheringId, MemberId)>> {
    let rows = own_names(tx)
        .filter(gathering_members::gathering_id.eq_any(ids.to_vec()))
        .order((
            gathering_members::gathering_id,
            gathering_members::member_id,
        ))
        .select((
            gathering_members::gathering_id,
            gathering_members::member_id,
        ));
    Ok(rows.load(tx.conn()?).await?)
}

pub(super) fn stage_names(
    tx: &mut Tx,
    gatherings: &[Gathering],
    members: &[MemberId],
) -> Result<()> {
    let rows: Vec<_> = gatherings
        .iter()
        .flat_map(|gathering| members.iter().map(move |member| (gathering.id, *member)))
        .map(|(gathering, member)| {
            (
                gathering_members::org_id.eq(tx.org()),
                gathering_members::gathering_id.eq(gathering),
                gathering_members::member_id.eq(member),
            )
        })
        .collect();
    for some in rows.chunks(ROWS_AT_ONCE) {
        tx.stage(diesel::insert_into(gathering_members::table).values(some.to_vec()))?;
    }
    Ok(())
}

pub(super) fn stage_remove_names(tx: &mut Tx, id: GatheringId) -> Result<()> {
    let own = gathering_members::table
        .filter(gathering_members::org_id.eq(tx.org()))
        .filter(gathering_members::gathering_id.eq(id));
    tx.stage(diesel::delete(own))
}

impl GatheringRow {
    fn new(org_id: OrgId, gathering: &Gathering) -> Self {
        let all = gathering.clone();
        Self {
            org_id,
            id: all.id,
            opens_at: all.opens_at(),
            check_in_until: all.check_in_until(),
            closes_at: all.closes_at(),
            title: all.title,
            kind: all.kind.name().to_owned(),
            note: all.note,
            place_id: all.place_id,
            radius_m: all.radius_m,
            starts_at: all.starts_at,
            ends_at: all.ends_at,
            time_zone: all.time_zone.name().to_owned(),
            opens_minutes: all.window.opens_minutes,
            closes_minutes: all.window.closes_minutes,
            late_after_minutes: all.window.late_after_minutes,
            code_required: all.code_required,
            secret: all.secret.as_str().to_owned(),
            roster: all.roster.name().to_owned(),
            department_id: all.department_id,
            organizer_id: all.organizer_id,
            series_id: all.series.map(|(series, _)| series),
            series_day: all.series.map(|(_, day)| day),
            state: all.state.name().to_owned(),
            cancel_reason: all.cancel_reason,
            created_at: all.created_at,
            closed_at: all.closed_at,
            cancelled_at: all.cancelled_at,
        }
    }
}

impl TryFrom<GatheringRow> for Gathering {
    type Error = Error;

    fn try_from(row: GatheringRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            title: row.title,
            kind: named(&Kind::ALL, Kind::name, &row.kind)?,
            note: row.note,
            place_id: row.place_id,
            radius_m: row.radius_m,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            time_zone: row.time_zone.parse().map_err(Error::internal)?,
            window: Window {
                opens_minutes: row.opens_minutes,
                closes_minutes: row.closes_minutes,
                late_after_minutes: row.late_after_minutes,
            },
            code_required: row.code_required,
            secret: Secret::stored(row.secret),
            roster: named(&Roster::ALL, Roster::name, &row.roster)?,
            department_id: row.department_id,
            organizer_id: row.organizer_id,
            series: row.series_id.zip(row.series_day),
            state: named(&State::STORED, State::name, &row.state)?,
            cancel_reason: row.cancel_reason,
            created_at: row.created_at,
            closed_at: row.closed_at,
            cancelled_at: row.cancelled_at,
        })
    }
}

/// A text of the database back to the value it names; another text is our fault, not the reader's.
pub(super) fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} in the database is no known name")))
}
