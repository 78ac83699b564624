//! Loads what is known of a member from a safe moment on.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::Rebuild;
use crate::attendance::claims::{self, Claim};
use crate::attendance::fold::Tap;
use crate::attendance::model::{Change, Role, Status, WorkSession};
use crate::attendance::{store, versions};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::identity::moves;
use crate::identity::moves::model::{Move, department_of};
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, PunchId, SessionId};
use crate::kernel::time::Instant;
use crate::orgs::model::Organization;
use crate::places::model::Place;
use crate::schedules::model::{Shift, match_shift};
use crate::{identity, orgs, schedules};

/// A change reaches back over a night and the session before it.
const REACH: TimeDelta = TimeDelta::hours(48);
/// The week before counts for overtime.
const WEEK: TimeDelta = TimeDelta::days(8);

/// Everything known of a member since a moment at which a session began.
pub(super) struct Past {
    pub member: Member,
    moves: Vec<Move>,
    pub organization: Organization,
    /// Sessions that began at it or later are worked out anew.
    pub start: Instant,
    /// In order, those taken out too.
    pub claims: Vec<Claim>,
    /// As they are in the database: those of the week before the start, and everything after it.
    pub stored: Vec<WorkSession>,
    pub shifts: Vec<Shift>,
    /// Those whose shifts and holidays may matter.
    pub days: (NaiveDate, NaiveDate),
}

impl Past {
    pub(super) async fn load(tx: &mut Tx, what: Rebuild) -> Result<Self> {
        let start = store::last_start(tx, what.member, what.since - REACH).await?;
        let start = start.unwrap_or(Instant::MIN_UTC);
        let mut claims = claims_in(tx, what.member, start).await?;
        let ids: BTreeSet<SessionId> = claims
            .iter()
            .filter(|claim| claim.at >= start)
            .filter_map(|claim| claim.punch.session_id)
            .collect();
        let ids: Vec<SessionId> = ids.into_iter().collect();
        let week = start.checked_sub_signed(WEEK).unwrap_or(start);
        let stored = store::list_since(tx, what.member, earliest(week), &ids).await?;
        // One taken out before its session now begins still says that somebody laid hands on it.
        let begun = |id| {
            stored
                .iter()
                .any(|session| session.id == id && session.clocked_in_at >= start)
        };
        claims.retain(|claim| claim.at >= start || claim.punch.session_id.is_some_and(begun));
        let days = days_around(&claims, &stored, tx.now());
        Ok(Self {
            member: identity::service::member_in(tx, what.member).await?,
            moves: moves::service::moves_in(tx, what.member).await?,
            organization: orgs::service::own_in(tx).await?,
            shifts: schedules::service::planned_in(tx, what.member, days).await?,
            days,
            start,
            claims,
            stored,
        })
    }

    pub(super) fn taps(&self) -> Vec<Tap> {
        let standing = self.claims.iter().filter(|claim| !claim.is_voided);
        standing.map(Claim::tap).collect()
    }

    /// Where the member belonged on a day, which may be another department than now.
    pub(super) fn department_on(&self, date: NaiveDate) -> Option<DepartmentId> {
        department_of(self.member.department_id, &self.moves, date)
    }

    pub(super) fn zone_of(&self, place: Option<&Place>) -> Tz {
        place.map_or(self.organization.time_zone, |place| place.time_zone)
    }

    pub(super) fn shift_at(&self, at: Instant) -> Option<&Shift> {
        match_shift(&self.shifts, at)
    }

    pub(super) fn claim(&self, id: PunchId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.punch.id == id)
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&WorkSession> {
        self.stored.iter().find(|session| session.id == id)
    }

    /// The sessions that count and are worked out anew.
    pub(super) fn replaced(&self) -> impl Iterator<Item = &WorkSession> {
        self.live()
            .filter(|session| session.clocked_in_at >= self.start)
    }

    /// Those that count and stay as they are, oldest first.
    pub(super) fn before(&self) -> impl Iterator<Item = &WorkSession> {
        self.live()
            .filter(|session| session.clocked_in_at < self.start)
    }

    /// Those that count, oldest first.
    pub(super) fn live(&self) -> impl Iterator<Item = &WorkSession> + Clone {
        self.stored
            .iter()
            .filter(|session| session.status != Status::Void)
    }

    /// Which claim opened each stored session.
    pub(super) fn openings(&self) -> HashMap<SessionId, PunchId> {
        let opening = self
            .claims
            .iter()
            .filter(|claim| claim.punch.role == Role::Opens);
        opening
            .filter_map(|claim| Some((claim.punch.session_id?, claim.punch.id)))
            .collect()
    }
}

/// The earliest instant both databases can compare with.
fn earliest(at: Instant) -> Instant {
    at.max(Instant::UNIX_EPOCH)
}

/// The claims that count from a moment on: made since then and not moved before it, or moved to after it. And those taken
/// out before it.
async fn claims_in(tx: &mut Tx, member: MemberId, start: Instant) -> Result<Vec<Claim>> {
    let mut punches = store::list_punches_since(tx, member, earliest(start)).await?;
    let edits = versions::list_edits(tx, member).await?;
    let known: BTreeSet<PunchId> = punches.iter().map(|punch| punch.id).collect();
    let further: BTreeSet<PunchId> = edits
        .iter()
        .filter(|edit| {
            let counts = edit.occurred_at.is_some_and(|at| at >= start);
            (counts || edit.change == Change::Voided) && !known.contains(&edit.punch_id)
        })
        .map(|edit| edit.punch_id)
        .collect();
    if !further.is_empty() {
        let further: Vec<PunchId> = further.into_iter().collect();
        punches.extend(store::list_punches_by_id(tx, &further).await?);
    }
    let mut claims = claims::layered(punches, edits);
    claims.retain(|claim| claim.at >= start || claim.is_voided);
    claims.sort_by_key(|claim| (claim.at, claim.direction(), claim.punch.id));
    Ok(claims)
}

/// The days whose shifts and holidays may matter.
fn days_around(claims: &[Claim], stored: &[WorkSession], now: Instant) -> (NaiveDate, NaiveDate) {
    let moments = || {
        let began = stored.iter().map(|session| session.clocked_in_at);
        claims.iter().map(|claim| claim.at).chain(began)
    };
    let first = moments().min().unwrap_or(now).date_naive();
    let last = moments().max().unwrap_or(now).date_naive();
    let padded = (
        first.checked_sub_days(Days::new(3)),
        last.checked_add_days(Days::new(3)),
    );
    (padded.0.unwrap_or(first), padded.1.unwrap_or(last))
}
