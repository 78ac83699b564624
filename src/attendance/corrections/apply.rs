//! Carries changes out: claims are added, layers put above claims, and everything is worked out anew. Whoever drops the
//! transaction has tried it and left no trace.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};

use super::model::{Added, Effect, Proposed, check};
use crate::attendance::model::{
    Change, Device, Punch, PunchEdit, PunchTime, Role, Said, Source, Trust, WorkSession,
};
use crate::attendance::rebuild::{self, Rebuild};
use crate::attendance::{store, timesheets, versions};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::Judgement;
use crate::kernel::id::{CorrectionId, MemberId, PunchId};
use crate::kernel::time::{Instant, local_date};
use crate::{orgs, places};

/// Who changes time, and why.
#[derive(Debug, Clone)]
pub struct Why {
    pub made_by: Option<MemberId>,
    pub reason_code: String,
    pub memo: Option<String>,
    /// The request it carries out.
    pub correction: Option<CorrectionId>,
}

/// What came of it.
#[derive(Debug)]
pub struct Applied {
    /// The claim of each change, in the order of the changes, as it is now.
    pub punches: Vec<Punch>,
    pub effect: Effect,
}

/// Changes what is claimed about a member who is within reach, in the caller's transaction.
pub async fn apply_in(
    tx: &mut Tx,
    member: &Member,
    changes: &[Proposed],
    why: &Why,
) -> Result<Applied> {
    check(changes, tx.now())?;
    let ground = Ground::find_in(tx, member, changes).await?;
    timesheets::service::check_unlocked_in(tx, member.id, &ground.days).await?;
    let before = sessions_in(tx, member, &ground).await?;
    let punches = stage_in(tx, member, changes, why).await?;
    tx.flush_staged().await?;
    let rebuild = Rebuild {
        member: member.id,
        since: ground.since,
        judge_again: false,
    };
    rebuild::member_in(tx, rebuild).await?;
    tx.flush_staged().await?;
    let after = sessions_in(tx, member, &ground).await?;
    let effect = Effect::between(&before, &after);
    timesheets::service::check_unlocked_in(tx, member.id, &effect.dates()).await?;
    Ok(Applied {
        punches: in_order(store::list_punches_by_id(tx, &punches).await?, &punches),
        effect,
    })
}

fn in_order(found: Vec<Punch>, ids: &[PunchId]) -> Vec<Punch> {
    let mut by_id: HashMap<PunchId, Punch> =
        found.into_iter().map(|punch| (punch.id, punch)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).collect()
}

/// What the changes touch.
struct Ground {
    /// The earliest moment anything changes.
    since: Instant,
    /// The days of the moments that change, in the organization's zone.
    days: BTreeSet<NaiveDate>,
    today: NaiveDate,
}

impl Ground {
    async fn find_in(tx: &mut Tx, member: &Member, changes: &[Proposed]) -> Result<Self> {
        let ids: Vec<PunchId> = changes.iter().filter_map(Proposed::punch).collect();
        let punches = store::list_punches_by_id(tx, &ids).await?;
        let own = punches.iter().filter(|punch| punch.member_id == member.id);
        if own.count() != ids.len() {
            return Err(Error::not_found("punch"));
        }
        let moved = versions::list_edits_of(tx, &ids).await?;
        let moments: Vec<Instant> = changes
            .iter()
            .filter_map(Proposed::at)
            .chain(punches.iter().map(|punch| punch.time.occurred_at))
            .chain(moved.iter().filter_map(|edit| edit.occurred_at))
            .collect();
        let zone = orgs::service::own_in(tx).await?.time_zone;
        Ok(Self {
            since: moments.iter().copied().min().unwrap_or(tx.now()),
            days: moments.iter().map(|at| local_date(*at, zone)).collect(),
            today: local_date(tx.now(), zone),
        })
    }
}

/// The member's sessions that could change. A session belongs to the day its shift began on, which is at most a day
/// before what happens in it; two, since zones differ.
async fn sessions_in(tx: &mut Tx, member: &Member, ground: &Ground) -> Result<Vec<WorkSession>> {
    let first = ground.days.first().copied().unwrap_or(ground.today);
    let range = (first - Days::new(2), ground.today + Days::new(2));
    store::list_of_members(tx, &[member.id], range).await
}

async fn stage_in(
    tx: &mut Tx,
    member: &Member,
    changes: &[Proposed],
    why: &Why,
) -> Result<Vec<PunchId>> {
    let (mut ids, mut added, mut layers) = (Vec::new(), Vec::new(), Vec::new());
    for (index, change) in changes.iter().enumerate() {
        let (punch, change, at) = match change {
            Proposed::Add(claim) => {
                check_place(tx, claim).await?;
                let punch = claimed(tx, member, claim, (why, index));
                ids.push(punch.id);
                added.push(punch);
                continue;
            }
            Proposed::Move { punch, at } => (*punch, Change::Moved, Some(*at)),
            Proposed::Void { punch } => (*punch, Change::Voided, None),
            Proposed::Restore { punch } => (*punch, Change::Restored, None),
        };
        ids.push(punch);
        layers.push(PunchEdit {
            id: tx.id(),
            punch_id: punch,
            member_id: member.id,
            change,
            occurred_at: at,
            reason_code: why.reason_code.clone(),
            memo: why.memo.clone(),
            attested: true,
            made_by: why.made_by,
            made_at: tx.now(),
            correction_id: why.correction,
        });
    }
    if !added.is_empty() {
        store::stage_punches(tx, &added)?;
    }
    if !layers.is_empty() {
        versions::stage_edits(tx, &layers)?;
    }
    Ok(ids)
}

async fn check_place(tx: &mut Tx, claim: &Added) -> Result<()> {
    if let Some(place) = claim.place {
        let found = places::service::place_in(tx, place).await;
        found.map_err(|error| error.at("place"))?;
    }
    if let Some(client) = claim.client {
        let found = places::service::client_in(tx, client).await;
        found.map_err(|error| error.at("client"))?;
    }
    Ok(())
}

/// A claim made by hand. One of a correction says which, and which part of it: so it cannot be there twice.
fn claimed(tx: &Tx, member: &Member, claim: &Added, (why, index): (&Why, usize)) -> Punch {
    Punch {
        id: tx.id(),
        session_id: None,
        role: Role::Orphan,
        member_id: member.id,
        direction: claim.direction,
        source: Source::Manual,
        time: PunchTime {
            device_at: None,
            received_at: tx.now(),
            occurred_at: claim.at,
        },
        trust: Trust::Server,
        skew_seconds: None,
        fix: None,
        place_id: claim.place,
        fence: Judgement::NONE,
        remark: None,
        device: Device::default(),
        break_kind: claim.break_kind.clone(),
        emergency: false,
        client_ref: None,
        external_ref: why.correction.map(|id| format!("{id}:{index}")),
        made_by: why.made_by,
        reason_code: Some(why.reason_code.clone()),
        memo: why.memo.clone(),
        said: Said {
            client_id: claim.client,
            service: claim.service.clone(),
            tasks: Vec::new(),
        },
    }
}
