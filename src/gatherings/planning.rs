//! Decides: what is planned, alone or as a series, and how plans change.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::codes::Secret;
use super::model::{Gathering, Kind, Roster, Slot, State, Window};
use super::series::changes as series;
use super::series::model::Series;
use super::{sight, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Scope;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, GatheringEvent};
use crate::kernel::change::Change;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, GatheringId, MemberId, PlaceId};
use crate::kernel::text;
use crate::{identity, orgs, places};

/// More than these are a department.
const MOST_NAMES: usize = 1_000;

/// An attendance event as somebody describes it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NewGathering {
    pub title: String,
    pub kind: Kind,
    pub note: Option<String>,
    pub place: Option<PlaceId>,
    pub radius_m: Option<i32>,
    pub slot: Slot,
    /// The place's, or the organization's, if nobody says.
    pub time_zone: Option<String>,
    pub window: Window,
    pub code_required: bool,
    pub roster: Roster,
    pub department: Option<DepartmentId>,
    pub members: Vec<MemberId>,
    /// Whoever plans it, if nobody says.
    pub organizer: Option<MemberId>,
}

/// What is to be different about one.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub title: Change<String>,
    pub kind: Change<Kind>,
    pub note: Change<String>,
    pub place: Change<PlaceId>,
    pub radius_m: Change<i32>,
    pub date: Change<NaiveDate>,
    pub starts: Change<NaiveTime>,
    pub ends: Change<NaiveTime>,
    pub opens_minutes: Change<i32>,
    pub closes_minutes: Change<i32>,
    pub late_after_minutes: Change<i32>,
    pub code_required: Change<bool>,
    pub roster: Change<Roster>,
    pub department: Change<DepartmentId>,
    pub members: Change<Vec<MemberId>>,
    pub organizer: Change<MemberId>,
}

/// Plans one. The same key and input plan it once, however often they come.
pub async fn schedule(
    app: &App,
    viewer: &Viewer,
    key: &str,
    new: NewGathering,
) -> Result<Gathering> {
    let key = Key::new(key, "SCHEDULE_GATHERING", &new)?;
    loop {
        match try_schedule(app, viewer, &key, &new).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_schedule(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    new: &NewGathering,
) -> Result<Gathering> {
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        let first = store::find(&mut tx, id).await?;
        tx.settle().await?;
        return first.ok_or_else(|| Error::not_found("attendance event"));
    }
    let gathering = drafted(&mut tx, new).await?;
    idempotency::stage(&mut tx, key, gathering.id)?;
    plan(&mut tx, std::slice::from_ref(&gathering), &new.members).await?;
    tx.commit(Audit::of(gathering.id)).await?;
    Ok(gathering)
}

/// Keeps those that are planned, who is invited to them by name, and tells.
pub(super) async fn plan(tx: &mut Tx, all: &[Gathering], members: &[MemberId]) -> Result<()> {
    store::insert(tx, all).await?;
    if all
        .iter()
        .any(|gathering| gathering.roster == Roster::Members)
    {
        store::stage_names(tx, all, members)?;
    }
    for gathering in all {
        tx.emit(&Event::GatheringScheduled(about(gathering)))?;
    }
    Ok(())
}

pub(super) fn about(gathering: &Gathering) -> GatheringEvent {
    GatheringEvent {
        gathering: gathering.id,
        member: None,
        department: gathering.department_id,
    }
}

/// As it would be planned, checked.
pub(super) async fn drafted(tx: &mut Tx, new: &NewGathering) -> Result<Gathering> {
    let zone = zone_of(tx, new).await?;
    let (starts_at, ends_at) = new.slot.instants(zone)?;
    let own = match tx.scope() {
        Scope::Organization => None,
        // Whoever plans for a department plans for their own unless they say which.
        _ => tx.viewer().department(),
    };
    let gathering = Gathering {
        id: tx.id(),
        title: new.title.clone(),
        kind: new.kind,
        note: new.note.clone(),
        place_id: new.place,
        radius_m: new.radius_m,
        starts_at,
        ends_at,
        time_zone: zone,
        window: new.window,
        code_required: new.code_required,
        secret: Secret::new(tx.app().ids()),
        roster: new.roster,
        department_id: new.department.or(own),
        organizer_id: new.organizer.or(tx.viewer().member()),
        series: None,
        state: State::Scheduled,
        cancel_reason: None,
        created_at: tx.now(),
        closed_at: None,
        cancelled_at: None,
    };
    let gathering = gathering.checked()?;
    let names = Some(new.members.as_slice()).filter(|_| new.roster == Roster::Members);
    settle(tx, &gathering, None, names).await?;
    Ok(gathering)
}

async fn zone_of(tx: &mut Tx, new: &NewGathering) -> Result<Tz> {
    if let Some(name) = &new.time_zone {
        return orgs::model::time_zone(name);
    }
    if let Some(place) = new.place {
        let place = places::service::place_in(tx, place).await;
        return Ok(place.map_err(|error| error.at("place"))?.time_zone);
    }
    Ok(orgs::service::own_in(tx).await?.time_zone)
}

/// What it points at must be there and within the viewer's reach; what did not change may have gone since.
async fn settle(
    tx: &mut Tx,
    gathering: &Gathering,
    before: Option<&Gathering>,
    names: Option<&[MemberId]>,
) -> Result<()> {
    let is_moved = before.is_none_or(|old| old.closes_at() != gathering.closes_at());
    if is_moved && gathering.closes_at() < tx.now() {
        return Err(Error::invalid("date", "this would be over already"));
    }
    let old_place = before.and_then(|old| old.place_id);
    if let Some(place) = gathering.place_id.filter(|id| Some(*id) != old_place) {
        let found = places::service::place_in(tx, place).await;
        found.map_err(|error| error.at("place"))?;
    }
    let old_department = before.and_then(|old| old.department_id);
    let new_department = gathering
        .department_id
        .filter(|id| Some(*id) != old_department);
    if let Some(department) = new_department {
        let found = orgs::service::department_in(tx, department).await;
        found.map_err(|error| error.at("department"))?;
    }
    let old_organizer = before.and_then(|old| old.organizer_id);
    let new_organizer = gathering
        .organizer_id
        .filter(|id| Some(*id) != old_organizer);
    if let Some(organizer) = new_organizer {
        let found = identity::service::member_in(tx, organizer).await;
        found.map_err(|error| error.at("organizer"))?;
    }
    within_departments(tx, gathering)?;
    match names {
        Some(names) => check_names(tx, names).await,
        None => Ok(()),
    }
}

/// Whoever plans for a department plans for that one, and those below it.
fn within_departments(tx: &Tx, gathering: &Gathering) -> Result<()> {
    if tx.scope() == Scope::Organization {
        return Ok(());
    }
    let own = gathering.department_id;
    if !own.is_some_and(|id| tx.departments().contains(&id)) {
        let message = "plan for your department or one below it";
        return Err(Error::refused(Code::Forbidden, message).at("department"));
    }
    if gathering.roster == Roster::Everybody {
        let message = "only the administration invites everybody";
        return Err(Error::refused(Code::Forbidden, message).at("roster"));
    }
    Ok(())
}

async fn check_names(tx: &mut Tx, names: &[MemberId]) -> Result<()> {
    let different: HashSet<&MemberId> = names.iter().collect();
    if names.is_empty() || names.len() > MOST_NAMES || different.len() < names.len() {
        let message = format!("1 to {MOST_NAMES} different members");
        return Err(Error::invalid("members", message));
    }
    let people = identity::service::active_in(tx).await?;
    let reached: HashSet<MemberId> = people
        .into_iter()
        .filter(|(member, department)| tx.reaches(*member, *department))
        .map(|(member, _)| member)
        .collect();
    if names.iter().all(|name| reached.contains(name)) {
        Ok(())
    } else {
        Err(Error::not_found("member").at("members"))
    }
}

/// Changes one, or it and those of its series that follow, planned yet or not. What is closed or cancelled stays as it
/// is.
pub async fn update(
    app: &App,
    viewer: &Viewer,
    id: GatheringId,
    changes: Changes,
    following: bool,
) -> Result<Gathering> {
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let series = series_in(&mut tx, id, following).await?;
    let this = sight::managed(&mut tx, id).await?;
    still_to_come(&this)?;
    if following && changes.date != Change::Keep {
        let message = "each of a series keeps its own date";
        return Err(Error::invalid("date", message));
    }
    let mut updated = Vec::new();
    for gathering in affected(&mut tx, this, following).await? {
        let before = gathering.clone();
        let gathering = changes.clone().apply(gathering)?;
        rename(&mut tx, (&before, &gathering), &changes).await?;
        keep_changed(&mut tx, &gathering)?;
        updated.push(gathering);
    }
    if let Some(series) = series {
        series::go_on_in(&mut tx, series, &changes)?;
    }
    tx.commit(Audit::of(id).detail(serde_json::json!({ "events": updated.len() })))
        .await?;
    let this = updated.into_iter().next();
    this.ok_or_else(|| Error::not_found("attendance event"))
}

/// The series that changes from this event on, if any does; held before the event is.
async fn series_in(
    tx: &mut Tx,
    id: GatheringId,
    following: bool,
) -> Result<Option<(Series, NaiveDate)>> {
    if following {
        series::held_of(tx, id).await
    } else {
        Ok(None)
    }
}

pub(super) fn keep_changed(tx: &mut Tx, gathering: &Gathering) -> Result<()> {
    store::stage_update(tx, gathering)?;
    tx.emit(&Event::GatheringChanged(about(gathering)))
}

/// Puts other names on the roster, if there are any to put.
async fn rename(
    tx: &mut Tx,
    (before, gathering): (&Gathering, &Gathering),
    changes: &Changes,
) -> Result<()> {
    let names = match (&changes.members, gathering.roster) {
        (Change::To(names), Roster::Members) => Some(names.as_slice()),
        (Change::Keep, Roster::Members) if changes.roster == Change::Keep => None,
        (_, Roster::Members) => {
            return Err(Error::invalid("members", "who is invited by name?"));
        }
        _ => None,
    };
    settle(tx, gathering, Some(before), names).await?;
    let is_renamed = names.is_some() || changes.roster != Change::Keep;
    if is_renamed {
        store::stage_remove_names(tx, gathering.id)?;
        let this = std::slice::from_ref(gathering);
        store::stage_names(tx, this, names.unwrap_or_default())?;
    }
    Ok(())
}

/// This one first, then those that follow.
async fn affected(tx: &mut Tx, this: Gathering, following: bool) -> Result<Vec<Gathering>> {
    let Some((series, day)) = this.series.filter(|_| following) else {
        return Ok(vec![this]);
    };
    let later = store::lock_following(tx, series, day).await?;
    let others = later.into_iter().filter(|other| other.id != this.id);
    let others: Vec<Gathering> = others
        .filter(|other| sight::is_managed(tx, other))
        .collect();
    Ok(std::iter::once(this).chain(others).collect())
}

/// Refuses what cannot be changed any more.
pub(super) fn still_to_come(gathering: &Gathering) -> Result<()> {
    gathering.held()?;
    match gathering.state {
        State::Closed => Err(Error::refused(
            Code::Conflict,
            "this attendance event is closed",
        )),
        _ => Ok(()),
    }
}

/// Calls one off, or it and those of its series that follow: then the series ends before it. Calling off again changes
/// nothing.
pub async fn cancel(
    app: &App,
    viewer: &Viewer,
    id: GatheringId,
    following: bool,
    reason: Option<String>,
) -> Result<Gathering> {
    let reason = text::optional("reason", reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let series = series_in(&mut tx, id, following).await?;
    let this = sight::managed(&mut tx, id).await?;
    if this.state == State::Closed && !following {
        still_to_come(&this)?;
    }
    let mut all = affected(&mut tx, this, following).await?;
    let mut cancelled = 0;
    for gathering in &mut all {
        if gathering.state == State::Scheduled {
            *gathering = call_off(&mut tx, gathering.clone(), reason.as_ref())?;
            cancelled += 1;
        }
    }
    let ends = match series {
        Some((mut series, day)) => series::end_in(&mut tx, &mut series, day)?,
        None => false,
    };
    let audit = Audit::of(id).because(reason);
    if cancelled > 0 || ends {
        let detail = serde_json::json!({ "events": cancelled });
        tx.commit(audit.detail(detail)).await?;
    } else {
        tx.settle().await?;
    }
    let this = all.into_iter().next();
    this.ok_or_else(|| Error::not_found("attendance event"))
}

pub(super) fn call_off(
    tx: &mut Tx,
    gathering: Gathering,
    reason: Option<&String>,
) -> Result<Gathering> {
    let gathering = Gathering {
        state: State::Cancelled,
        cancelled_at: Some(tx.now()),
        cancel_reason: reason.cloned(),
        ..gathering
    };
    keep_changed(tx, &gathering)?;
    Ok(gathering)
}

impl Changes {
    /// One with these changes, checked.
    pub(super) fn apply(self, old: Gathering) -> Result<Gathering> {
        let slot = Slot::of(old.starts_at, old.ends_at, old.time_zone);
        let new = Slot {
            date: self.date.apply_required("date", slot.date)?,
            starts: self.starts.apply_required("starts", slot.starts)?,
            ends: self.ends.apply_required("ends", slot.ends)?,
        };
        // Read again only if it moves: a time that clocks show twice stays the one it was.
        let (starts_at, ends_at) = if new == slot {
            (old.starts_at, old.ends_at)
        } else {
            new.instants(old.time_zone)?
        };
        let opens_minutes = self.opens_minutes;
        let window = Window {
            opens_minutes: opens_minutes
                .apply_required("checkInOpensMinutes", old.window.opens_minutes)?,
            closes_minutes: self.closes_minutes.apply(old.window.closes_minutes),
            late_after_minutes: self.late_after_minutes.apply(old.window.late_after_minutes),
        };
        let changed = Gathering {
            title: self.title.apply_required("title", old.title)?,
            kind: self.kind.apply_required("kind", old.kind)?,
            note: self.note.apply(old.note),
            place_id: self.place.apply(old.place_id),
            radius_m: self.radius_m.apply(old.radius_m),
            starts_at,
            ends_at,
            window,
            code_required: self
                .code_required
                .apply_required("codeRequired", old.code_required)?,
            roster: self.roster.apply_required("roster", old.roster)?,
            department_id: self.department.apply(old.department_id),
            organizer_id: self.organizer.apply(old.organizer_id),
            ..old
        };
        changed.checked()
    }
}
