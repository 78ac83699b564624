//! What an import finds of a member's history, and how it goes on from there.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::assess;
use super::case::Case;
use super::claims::Claim;
use super::fold::Made;
use super::judge::{self, Denial, Judged};
use super::model::{Direction, Punch, PunchTime, Source, Status, WorkSession};
use super::store::{self, Filter};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::kernel::error::Result;
use crate::kernel::geo::Judgement;
use crate::kernel::id::{MemberId, PunchId, SessionId};
use crate::kernel::page::PageRequest;
use crate::kernel::time::Instant;
use crate::orgs::model::Organization;
use crate::places::model::Place;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;

/// More sessions than one member can have between two exports.
const ALL: PageRequest = PageRequest {
    first: 100_000,
    after: None,
};

/// What is known of a member from some day on.
#[derive(Debug, Default)]
pub struct History {
    sessions: HashMap<SessionId, WorkSession>,
    /// The session of each punch that came with an outside name.
    refs: HashMap<String, SessionId>,
    unfinished: Option<SessionId>,
}

impl History {
    /// The session that a punch with this outside name belongs to.
    pub fn session_of(&self, external_ref: &str) -> Option<&WorkSession> {
        self.sessions.get(self.refs.get(external_ref)?)
    }

    /// The open session or, where none is open, the newest if its clock-out is missing: a later file may tell of it.
    pub fn unfinished(&self) -> Option<&WorkSession> {
        self.sessions.get(&self.unfinished?)
    }

    /// The last clock-in before an instant.
    pub fn came_before(&self, at: Instant) -> Option<Instant> {
        self.sessions
            .values()
            .map(|session| session.clocked_in_at)
            .filter(|came| *came < at)
            .max()
    }
}

pub async fn history_in(tx: &mut Tx, member: MemberId, since: NaiveDate) -> Result<History> {
    let filter = Filter {
        member: Some(member),
        from: Some(since),
        ..Filter::default()
    };
    let mut sessions = store::list(tx, &filter, &ALL).await?.rows;
    let newest = sessions
        .first()
        .filter(|session| session.clocked_out_at.is_none())
        .cloned();
    let unfinished = store::find_open(tx, member).await?.or(newest);
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let punches = store::list_punches(tx, &ids).await?;
    let refs = punches
        .into_iter()
        .filter_map(|punch| Some((punch.external_ref?, punch.session_id?)))
        .collect();
    let open_before = unfinished.clone().filter(|open| !ids.contains(&open.id));
    sessions.extend(open_before);
    Ok(History {
        sessions: sessions
            .into_iter()
            .map(|session| (session.id, session))
            .collect(),
        refs,
        unfinished: unfinished.map(|session| session.id),
    })
}

/// Active or disconnected → completed: the clock-out that seemed missed came with a later file.
pub fn completed(mut session: WorkSession, at: Instant) -> Result<WorkSession> {
    if session.status == Status::Disconnected && session.clocked_out_at.is_none() {
        session.status = Status::Active;
        session.flags.retain(|flag| flag != "missing_out");
        session.needs_review &= !session.flags.is_empty();
    }
    session.clock_out(at, Judgement::NONE, Vec::new())
}

/// Stages what became of a session that was there before, with the punch that made the difference.
pub fn stage_continued_in(tx: &mut Tx, session: &WorkSession, punch: Option<Punch>) -> Result<()> {
    store::stage_update(tx, session)?;
    match punch {
        Some(punch) => store::stage_punches(tx, &[punch]),
        None => Ok(()),
    }
}

/// A session from another system with its punches, as an import found them.
pub struct Imported {
    pub session: WorkSession,
    pub punches: Vec<Punch>,
}

/// Judges how late an imported clock-in was, by the rules of its time.
pub fn judge_imported(
    rules: &mut InForce,
    organization: &Organization,
    member: &Member,
    place: Option<&Place>,
    shift: Option<&Shift>,
    time: PunchTime,
) -> Judged {
    let zone = place.map_or(organization.time_zone, |place| place.time_zone);
    let nobody_knows = PunchId::from_uuid(uuid::Uuid::nil());
    let punch = Punch::new(nobody_knows, member.id, Direction::In, Source::Import, time);
    let claim = Claim::from(punch);
    let made = Made::opened(&claim.tap(), shift.map(|shift| shift.id));
    let case = Case {
        place,
        shift,
        ..Case::new(member, zone, std::slice::from_ref(&claim), &made)
    };
    let place = place.map(|place| place.id);
    rules.set_scopes(assess::scopes((member.department_id, place)));
    judge::clock_in(rules, &case, &claim, None, Denial::Refuses)
}

/// Stages sessions and punches of an import. Their events are one `DATA_IMPORTED`, not one each.
pub fn stage_imported_in(tx: &mut Tx, imported: &[Imported]) -> Result<()> {
    let sessions: Vec<WorkSession> = imported.iter().map(|one| one.session.clone()).collect();
    let punches: Vec<Punch> = imported
        .iter()
        .flat_map(|one| one.punches.clone())
        .collect();
    store::stage_insert_many(tx, &sessions)?;
    store::stage_punches(tx, &punches)
}

/// When each member last punched, those who ever did.
pub async fn last_punches_in(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    store::last_punches(tx).await
}
