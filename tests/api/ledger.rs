//! What the database says in the end, compared with what people were told.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::time::Duration;
use zamu::events::event::Event;
use zamu::kernel::id::{MemberId, OrgId, PunchId, SessionId};
use zamu_schema::dual::DualConnection;
use zamu_schema::tables as t;

use super::support::TestApp;
use super::support::people::TestOrg;

/// What one client was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) sessions: Vec<Session>,
    /// The text of each acknowledged note.
    pub(crate) notes: Vec<String>,
    /// Each punch a phone handed in later: the name it gave, and the id it was promised.
    pub(crate) synced: BTreeMap<String, String>,
    /// How many batches of those were answered.
    pub(crate) batches: usize,
}

pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) clocked_in_at: DateTime<Utc>,
    pub(crate) clocked_out_at: DateTime<Utc>,
    pub(crate) positions: usize,
}

pub(crate) async fn until_numbered(conn: &mut DualConnection) {
    for _ in 0..200 {
        let waiting: i64 = t::outbox::table.count().get_result(conn).await.unwrap();
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the outbox is not emptied");
}

/// Compares what was told with what is stored.
pub(crate) async fn stored(conn: &mut DualConnection, org: OrgId, told: &[Told]) {
    type Row = (
        SessionId,
        MemberId,
        String,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
    );
    let rows: Vec<Row> = t::work_sessions::table
        .filter(t::work_sessions::org_id.eq(org))
        .select((
            t::work_sessions::id,
            t::work_sessions::member_id,
            t::work_sessions::status,
            t::work_sessions::clocked_in_at,
            t::work_sessions::clocked_out_at,
        ))
        .load(conn)
        .await
        .unwrap();
    let sessions: HashMap<SessionId, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
    let punches: Vec<(SessionId, String)> = t::punches::table
        .select((
            t::punches::session_id.assume_not_null(),
            t::punches::direction,
        ))
        .load(conn)
        .await
        .unwrap();
    let mut directions: HashMap<SessionId, Vec<String>> = HashMap::new();
    for (session, direction) in punches {
        directions.entry(session).or_default().push(direction);
    }
    let positions: Vec<SessionId> = t::location_pings::table
        .select(t::location_pings::session_id)
        .load(conn)
        .await
        .unwrap();
    let notes: Vec<String> = t::session_notes::table
        .select(t::session_notes::body)
        .load(conn)
        .await
        .unwrap();
    let keys: i64 = t::idempotency_keys::table
        .count()
        .get_result(conn)
        .await
        .unwrap();

    let acknowledged: usize = told.iter().map(|told| told.sessions.len()).sum();
    let synced: BTreeMap<String, String> =
        told.iter().flat_map(|told| told.synced.clone()).collect();
    // In and out make one.
    let handed_in = synced.len() / 2;
    assert_eq!(sessions.len(), acknowledged + handed_in, "sessions");
    assert_eq!(handed_in_later(conn, org).await, synced);
    // In, out and the note.
    assert_eq!(usize::try_from(keys).unwrap(), acknowledged * 3, "keys");
    let mut kept: HashMap<SessionId, usize> = HashMap::new();
    for session in positions {
        *kept.entry(session).or_default() += 1;
    }
    for session in told.iter().flat_map(|told| &told.sessions) {
        let (_, _, status, opened, closed) = &sessions[&session.id];
        assert_eq!(status, "COMPLETED");
        assert_eq!(*opened, session.clocked_in_at);
        assert_eq!(*closed, Some(session.clocked_out_at));
        let mut both = directions[&session.id].clone();
        both.sort();
        assert_eq!(both, ["IN", "OUT"], "{}", session.id);
        assert_eq!(kept[&session.id], session.positions);
    }
    for body in told.iter().flat_map(|told| &told.notes) {
        let times = notes.iter().filter(|note| *note == body).count();
        assert_eq!(times, 1, "{body}");
    }
}

/// The punches that phones handed in later: the name of each, and its id.
async fn handed_in_later(conn: &mut DualConnection, org: OrgId) -> BTreeMap<String, String> {
    let rows: Vec<(Option<String>, PunchId)> = t::punches::table
        .filter(t::punches::org_id.eq(org))
        .filter(t::punches::source.eq("SYNC"))
        .select((t::punches::client_ref, t::punches::id))
        .load(conn)
        .await
        .unwrap();
    let count = rows.len();
    let named = rows
        .into_iter()
        .map(|(name, id)| (name.unwrap(), id.to_string()));
    let named: BTreeMap<String, String> = named.collect();
    assert_eq!(named.len(), count, "a name twice");
    named
}

/// An event of the log: its number, whose, and whether in the supervisor's reach.
pub(crate) struct Logged {
    pub(crate) number: i64,
    pub(crate) member: MemberId,
    pub(crate) in_department: bool,
}

/// The session events of the log, which has no gap and in which each session opens once and closes once, in this order.
pub(crate) async fn log(conn: &mut DualConnection, org: OrgId) -> Vec<Logged> {
    let rows: Vec<(i64, Value)> = t::events::table
        .filter(t::events::org_id.eq(org))
        .order(t::events::number)
        .select((t::events::number, t::events::payload))
        .load(conn)
        .await
        .unwrap();
    let (mut log, mut states) = (Vec::new(), HashMap::new());
    for ((number, payload), expected) in rows.into_iter().zip(1..) {
        assert_eq!(number, expected, "the log has a gap");
        let event: Event = serde_json::from_value(payload).unwrap();
        let Some(about) = event.session() else {
            continue;
        };
        let before = states.get(&about.session).copied();
        match &event {
            Event::ClockedIn(_) => assert_eq!(before, None, "{number}"),
            _ => assert_eq!(before, Some("CLOCKED_IN"), "{number}"),
        }
        if !matches!(event, Event::SessionNoted(_)) {
            states.insert(about.session, event.kind());
        }
        log.push(Logged {
            number,
            member: about.member,
            in_department: about.department.is_some(),
        });
    }
    assert!(states.values().all(|state| *state == "CLOCKED_OUT"));
    log
}

pub(crate) fn expected(log: &[Logged], sees: impl Fn(MemberId, bool) -> bool) -> Vec<i64> {
    log.iter()
        .filter(|event| sees(event.member, event.in_department))
        .map(|event| event.number)
        .collect()
}

/// The chain holds, and has an entry for every effect.
pub(crate) async fn audited(
    app: &TestApp,
    org: &TestOrg,
    conn: &mut DualConnection,
    told: &[Told],
) {
    let viewer = app.viewer(&org.owner).await;
    let verdict = zamu::audit::service::verify(&app.app, &viewer)
        .await
        .unwrap();
    assert!(verdict.broken.is_none(), "{verdict:?}");
    let actions: Vec<String> = t::audit_entries::table
        .filter(t::audit_entries::org_id.eq(org.id))
        .select(t::audit_entries::action)
        .load(conn)
        .await
        .unwrap();
    assert_eq!(usize::try_from(verdict.good).unwrap(), actions.len());
    let entries = |action: &str| actions.iter().filter(|entry| *entry == action).count();
    let rows = |count: i64| usize::try_from(count).unwrap();
    let sessions: usize = told.iter().map(|told| told.sessions.len()).sum();
    let batches: usize = told.iter().map(|told| told.batches).sum();
    let notes: i64 = t::session_notes::table
        .count()
        .get_result(conn)
        .await
        .unwrap();
    let positions: i64 = t::location_pings::table
        .count()
        .get_result(conn)
        .await
        .unwrap();
    assert_eq!(entries("CLOCK_IN"), sessions);
    assert_eq!(entries("CLOCK_OUT"), sessions);
    // A batch that is handed in again has nothing new in it.
    assert_eq!(entries("SYNC_PUNCHES"), batches);
    assert_eq!(entries("ADD_SESSION_NOTE"), rows(notes));
    // Positions sent again change nothing and are audited again.
    assert!(entries("RECORD_LOCATION") >= rows(positions));
}

/// How often anybody of an organization clocked in or out.
pub(crate) async fn punches_of(conn: &mut DualConnection, org: OrgId) -> usize {
    let punches = t::punches::table.filter(t::punches::org_id.eq(org));
    let count: i64 = punches.count().get_result(conn).await.unwrap();
    usize::try_from(count).unwrap()
}

/// The most sessions one member has open at once, and the number of sessions with other punches than one of each kind.
pub(crate) async fn oddities(conn: &mut DualConnection, org: OrgId) -> (usize, usize) {
    let sessions: Vec<(SessionId, MemberId, String)> = t::work_sessions::table
        .filter(t::work_sessions::org_id.eq(org))
        .select((
            t::work_sessions::id,
            t::work_sessions::member_id,
            t::work_sessions::status,
        ))
        .load(conn)
        .await
        .unwrap();
    let punches: Vec<(SessionId, String)> = t::punches::table
        .filter(t::punches::org_id.eq(org))
        .select((
            t::punches::session_id.assume_not_null(),
            t::punches::direction,
        ))
        .load(conn)
        .await
        .unwrap();
    let mut open: HashMap<MemberId, usize> = HashMap::new();
    let mut odd = 0;
    for (id, member, status) in sessions {
        let count = |direction: &str| {
            punches
                .iter()
                .filter(|punch| punch.0 == id && punch.1 == direction)
                .count()
        };
        let is_open = status == "ACTIVE";
        *open.entry(member).or_default() += usize::from(is_open);
        odd += usize::from((count("IN"), count("OUT")) != (1, usize::from(!is_open)));
    }
    (open.into_values().max().unwrap_or(0), odd)
}
