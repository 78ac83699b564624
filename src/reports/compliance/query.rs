//! Reads which reasons were given for which visits, across slices: sessions, claims, their layers, exceptions.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::tables::{exceptions, punch_edits, punches, work_sessions};

use super::model::Tally;
use crate::attendance::model::Status;
use crate::db::tx::Tx;
use crate::exceptions::model::{Severity, Visit, is_compliant, is_confirmed};
use crate::kernel::error::Result;
use crate::kernel::id::SessionId;
use crate::kernel::time::Instant;
use crate::reports::model::Range;
use crate::reports::query::Whose;

/// How many sessions are read at once.
const BATCH: usize = 500;

/// The reasons given for the visits of a range: with layers above their claims, with claims by hand, with
/// acknowledgements. Not narrowed by reach: [`visits`] is.
pub async fn reasons(tx: &mut Tx, range: Range) -> Result<BTreeMap<SessionId, BTreeSet<String>>> {
    let org = tx.org();
    let edited: Vec<(Option<SessionId>, String)> = punch_edits::table
        .inner_join(
            punches::table.on(punches::org_id
                .eq(punch_edits::org_id)
                .and(punches::id.eq(punch_edits::punch_id))),
        )
        .inner_join(
            work_sessions::table.on(work_sessions::org_id
                .eq(punches::org_id)
                .and(work_sessions::id.nullable().eq(punches::session_id))),
        )
        .filter(punch_edits::org_id.eq(org))
        .filter(work_sessions::org_id.eq(org))
        .filter(work_sessions::work_date.between(range.from, range.to))
        .select((punches::session_id, punch_edits::reason_code))
        .load(tx.conn()?)
        .await?;
    let by_hand: Vec<(Option<SessionId>, Option<String>)> = punches::table
        .inner_join(
            work_sessions::table.on(work_sessions::org_id
                .eq(punches::org_id)
                .and(work_sessions::id.nullable().eq(punches::session_id))),
        )
        .filter(punches::org_id.eq(org))
        .filter(work_sessions::org_id.eq(org))
        .filter(work_sessions::work_date.between(range.from, range.to))
        .filter(punches::reason_code.is_not_null())
        .select((punches::session_id, punches::reason_code))
        .load(tx.conn()?)
        .await?;
    let acknowledged: Vec<(Option<SessionId>, Option<String>)> = exceptions::table
        .filter(exceptions::org_id.eq(org))
        .filter(exceptions::work_date.between(range.from, range.to))
        .filter(exceptions::session_id.is_not_null())
        .filter(exceptions::reason_code.is_not_null())
        .select((exceptions::session_id, exceptions::reason_code))
        .load(tx.conn()?)
        .await?;
    let mut given: BTreeMap<SessionId, BTreeSet<String>> = BTreeMap::new();
    let edited = edited
        .into_iter()
        .map(|(session, reason)| (session, Some(reason)));
    for (session, reason) in edited.chain(by_hand).chain(acknowledged) {
        if let (Some(session), Some(reason)) = (session, reason) {
            given.entry(session).or_default().insert(reason);
        }
    }
    Ok(given)
}

/// Whether each of these visits is confirmed and compliant; those out of reach, of other days or void are left out.
pub async fn visits(
    tx: &mut Tx,
    whose: &Whose,
    range: Range,
    sessions: &[SessionId],
) -> Result<BTreeMap<SessionId, Tally>> {
    let mut found = BTreeMap::new();
    for batch in sessions.chunks(BATCH) {
        let left = left_to_fix(tx, batch).await?;
        for (id, status, ended_at, is_manual) in rows(tx, whose, range, batch).await? {
            let visit = Visit {
                start_is_known: true,
                end_is_known: ended_at.is_some(),
                is_auto_closed: status == Status::AutoClosed.name(),
                has_open_fix: left.contains(&id),
                is_manual,
            };
            let tally = Tally {
                visits: 1,
                confirmed: is_confirmed(visit).into(),
                compliant: is_compliant(visit).into(),
            };
            found.insert(id, tally);
        }
    }
    Ok(found)
}

type Row = (SessionId, String, Option<Instant>, bool);

async fn rows(tx: &mut Tx, whose: &Whose, range: Range, batch: &[SessionId]) -> Result<Vec<Row>> {
    let mut query = work_sessions::table
        .filter(work_sessions::org_id.eq(tx.org()))
        .filter(work_sessions::id.eq_any(batch.to_vec()))
        .filter(work_sessions::work_date.between(range.from, range.to))
        .filter(work_sessions::status.ne(Status::Void.name()))
        .select((
            work_sessions::id,
            work_sessions::status,
            work_sessions::clocked_out_at,
            work_sessions::is_manual,
        ))
        .into_boxed();
    if let Some(member) = whose.member {
        query = query.filter(work_sessions::member_id.eq(member));
    }
    if let Some(departments) = &whose.departments {
        query = query.filter(work_sessions::department_id.eq_any(departments.clone()));
    }
    if let Some(place) = whose.place {
        query = query.filter(work_sessions::place_id.eq(place));
    }
    Ok(query.load(tx.conn()?).await?)
}

async fn left_to_fix(tx: &mut Tx, batch: &[SessionId]) -> Result<HashSet<SessionId>> {
    let wanted: Vec<_> = batch.iter().copied().map(Some).collect();
    let found: Vec<Option<SessionId>> = exceptions::table
        .filter(exceptions::org_id.eq(tx.org()))
        .filter(exceptions::session_id.eq_any(wanted))
        .filter(exceptions::closed_at.is_null())
        .filter(exceptions::severity.eq(Severity::Fix.name()))
        .select(exceptions::session_id)
        .load(tx.conn()?)
        .await?;
    Ok(found.into_iter().flatten().collect())
}
