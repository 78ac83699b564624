//! Decides: a whole batch of late punches in one transaction. A bad one never spoils the others, and nothing valid is
//! ever discarded: what contradicts something is kept beside it.

use std::collections::{BTreeSet, HashMap};

use super::clock::Claimed;
use super::model::{Claim, Item, MOST_PUNCHES, Made, Outcome, Sender, tally};
use crate::app::App;
use crate::attendance::model::Punch;
use crate::attendance::rebuild::{self, Rebuild};
use crate::attendance::store;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::Judgement;
use crate::kernel::id::{ClientId, PlaceId, PunchId};
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::{identity, places, schedules};

/// How often a batch begins again that met another change of the same member half-way.
const MOST_ATTEMPTS: usize = 5;

/// What became of a batch, item by item in its order, and our time for the next correction.
#[derive(Debug)]
pub struct Synced {
    pub outcomes: Vec<(String, Outcome)>,
    pub server_time: Instant,
}

/// Takes in what a phone captured. Sent again, whole or in part, it changes nothing and says so.
pub async fn sync(app: &App, viewer: &Viewer, sender: Sender, items: Vec<Item>) -> Result<Synced> {
    if items.len() > MOST_PUNCHES {
        let message = format!(
            "{} punches in one call; {MOST_PUNCHES} are allowed",
            items.len()
        );
        return Err(Error::refused(Code::TooManyPunches, message).at("punches"));
    }
    let sender = sender.checked().map_err(|error| error.within("device"))?;
    let items: Vec<Item> = items.into_iter().map(checked).collect();
    let mut attempts = 1;
    loop {
        match attempt(app, viewer, &sender, &items).await {
            Err(error) if attempts < MOST_ATTEMPTS && met_another_change(&error) => attempts += 1,
            answer => return answer,
        }
    }
}

fn checked(item: Item) -> Item {
    Item {
        claim: item.claim.and_then(Claim::checked),
        ..item
    }
}

/// Two changes of one member at the same instant meet at a constraint; the later one looks again.
fn met_another_change(error: &Error) -> bool {
    const MEETING: [&str; 2] = ["one_open_session_per_member", "one_punch_per_client_ref"];
    let constraint = error.details.get("constraint");
    error.code == Code::AlreadyClockedIn
        || constraint.is_some_and(|name| MEETING.iter().any(|meeting| name == meeting))
}

/// What is to become of an item once the batch is in.
enum Fate {
    New { punch: PunchId, reused: bool },
    Known(PunchId),
    Refused(Error),
}

async fn attempt(app: &App, viewer: &Viewer, sender: &Sender, items: &[Item]) -> Result<Synced> {
    let member = viewer.person()?;
    let mut tx = app.begin(viewer, Action::SyncPunches).await?;
    schedules::service::lock_member_in(&mut tx, member).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    let surroundings = Surroundings::of(&mut tx, items).await?;
    let mut batch = Batch::new(&mut tx, &member, items).await?;
    let mut fates: Vec<Option<Fate>> = items.iter().map(|_| None).collect();
    for (index, judged) in in_order(items, sender, &surroundings, tx.now()) {
        let fate = match judged {
            Ok((claim, made)) => batch.take(&tx, claim, &made)?,
            Err(error) => Fate::Refused(error),
        };
        if let Some(slot) = fates.get_mut(index) {
            *slot = Some(fate);
        }
    }
    let new = batch.new;
    if let Some(since) = new.iter().map(|punch| punch.time.occurred_at).min() {
        keep(&mut tx, &member, &new, since).await?;
    }
    let outcomes = outcomes(&mut tx, fates.into_iter().flatten().collect()).await?;
    let server_time = tx.now();
    finish(tx, &member, new.len(), &outcomes).await?;
    let names = items.iter().map(|item| item.client_id.clone());
    Ok(Synced {
        outcomes: names.zip(outcomes).collect(),
        server_time,
    })
}

/// Inserts what is new and works the sessions out anew from the earliest on.
async fn keep(tx: &mut Tx, member: &Member, new: &[Punch], since: Instant) -> Result<()> {
    store::stage_punches(tx, new)?;
    tx.flush_staged().await?;
    let what = Rebuild {
        member: member.id,
        since,
        judge_again: false,
    };
    rebuild::member_in(tx, what).await?;
    tx.flush_staged().await
}

/// What became of each, with the punches as they are now.
async fn outcomes(tx: &mut Tx, fates: Vec<Fate>) -> Result<Vec<Outcome>> {
    let ids: BTreeSet<PunchId> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::New { punch, .. } | Fate::Known(punch) => Some(*punch),
            Fate::Refused(_) => None,
        })
        .collect();
    let ids: Vec<PunchId> = ids.into_iter().collect();
    let found = store::list_punches_by_id(tx, &ids).await?;
    let known: HashMap<PunchId, Punch> = found.into_iter().map(|punch| (punch.id, punch)).collect();
    let kept = |id: &PunchId| {
        let punch = known.get(id).cloned();
        punch.ok_or_else(|| Error::internal("a punch that was just kept is not there"))
    };
    let outcome = |fate| match fate {
        Fate::New { punch, reused } => Ok(Outcome::of(kept(&punch)?, reused)),
        Fate::Known(punch) => Ok(Outcome::Duplicate(Box::new(kept(&punch)?))),
        Fate::Refused(error) => Ok(Outcome::Rejected(error)),
    };
    fates.into_iter().map(outcome).collect()
}

/// Where nothing is new nothing happened, so nothing is announced.
async fn finish(mut tx: Tx, member: &Member, new: usize, outcomes: &[Outcome]) -> Result<()> {
    if new == 0 {
        return tx.settle().await;
    }
    tx.emit(&Event::PunchesSynced {
        member: member.id,
        department: member.department_id,
        accepted: i64::try_from(new).unwrap_or(i64::MAX),
    })?;
    let detail = serde_json::json!(tally(outcomes));
    tx.commit(Audit::of(member.id).detail(detail)).await
}

/// The places and clients the claims name, archived ones too: they were in use when the phone was away.
struct Surroundings {
    places: HashMap<PlaceId, Place>,
    clients: BTreeSet<ClientId>,
}

impl Surroundings {
    async fn of(tx: &mut Tx, items: &[Item]) -> Result<Self> {
        let claims = || items.iter().filter_map(|item| item.claim.as_ref().ok());
        let ids: BTreeSet<PlaceId> = claims().filter_map(|claim| claim.place).collect();
        let clients: BTreeSet<ClientId> = claims().filter_map(|claim| claim.client).collect();
        let found = places::service::places_ever_in(tx, ids.into_iter().collect()).await?;
        let clients = clients.into_iter().collect();
        let clients = places::service::clients_ever_in(tx, clients).await?;
        Ok(Self {
            places: found.into_iter().map(|place| (place.id, place)).collect(),
            clients: clients.into_iter().map(|client| client.id).collect(),
        })
    }

    /// Where the claim was, against the place's own fence; rules judge the session it becomes part of.
    fn fence(&self, claim: &Claim) -> Result<Judgement> {
        if claim.client.is_some_and(|id| !self.clients.contains(&id)) {
            return Err(Error::not_found("client").at("client"));
        }
        let Some(id) = claim.place else {
            return Ok(Judgement::NONE);
        };
        let place = self.places.get(&id);
        let place = place.ok_or_else(|| Error::not_found("place").at("place"))?;
        let judged = place.fence(None).zip(claim.fix);
        Ok(judged.map_or(Judgement::NONE, |(fence, fix)| fence.judge(fix)))
    }
}

type Timed<'a> = (usize, Result<(&'a Claim, Made<'a>)>);

/// The claims with the times they really happened at, the earliest first; what is wrong with the others.
fn in_order<'a>(
    items: &'a [Item],
    sender: &'a Sender,
    surroundings: &Surroundings,
    now: Instant,
) -> Vec<Timed<'a>> {
    let timed = |item: &'a Item| {
        let claim = item.claim.as_ref().map_err(Error::again)?;
        let fence = surroundings.fence(claim)?;
        let claimed = Claimed {
            device_at: claim.device_at(),
            reading: claim.reading.as_ref(),
            heard: claim.heard.iter().chain(&sender.heard).collect(),
            received_at: now,
        };
        let corrected = claimed.correct();
        let made = Made {
            time: corrected.accept(claim.device_at(), now)?,
            corrected,
            sender,
            fence,
        };
        Ok((claim, made))
    };
    let mut all: Vec<Timed<'a>> = items.iter().map(timed).enumerate().collect();
    all.sort_by_key(|(index, judged)| match judged {
        Ok((_, made)) => (Some(made.time.occurred_at), *index),
        Err(_) => (None, *index),
    });
    all
}

/// What is known by name while a batch is read: what was there before, and what came earlier in it.
struct Batch<'a> {
    member: &'a Member,
    known: HashMap<String, Punch>,
    new: Vec<Punch>,
}

impl<'a> Batch<'a> {
    async fn new(tx: &mut Tx, member: &'a Member, items: &[Item]) -> Result<Self> {
        let mut names = BTreeSet::new();
        for claim in items.iter().filter_map(|item| item.claim.as_ref().ok()) {
            names.insert(claim.client_id.clone());
            names.insert(claim.name_of_its_own()?);
        }
        let found = store::list_punches_by_ref(tx, member.id, names.into_iter().collect()).await?;
        let by_name = |punch: Punch| Some((punch.client_ref.clone()?, punch));
        Ok(Self {
            member,
            known: found.into_iter().filter_map(by_name).collect(),
            new: Vec::new(),
        })
    }

    /// New, or known under its name; another claim under a name already used is kept under a name of its own.
    fn take(&mut self, tx: &Tx, claim: &Claim, made: &Made<'_>) -> Result<Fate> {
        let Some(first) = self.known.get(&claim.client_id) else {
            return Ok(self.add(tx, claim, claim.client_id.clone(), made, false));
        };
        if claim.is(first) {
            return Ok(Fate::Known(first.id));
        }
        let name = claim.name_of_its_own()?;
        match self.known.get(&name) {
            Some(known) => Ok(Fate::Known(known.id)),
            None => Ok(self.add(tx, claim, name, made, true)),
        }
    }

    fn add(&mut self, tx: &Tx, claim: &Claim, name: String, made: &Made<'_>, reused: bool) -> Fate {
        let punch = claim.punch(tx.id(), name.clone(), self.member.id, made);
        let fate = Fate::New {
            punch: punch.id,
            reused,
        };
        self.known.insert(name, punch.clone());
        self.new.push(punch);
        fate
    }
}
