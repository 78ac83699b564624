//! Asks the rules about what changed, session by session in the order of time: overtime of one depends on those before.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::Rebuild;
use super::past::Past;
use crate::attendance::assess;
use crate::attendance::calendar::{self, Calendar};
use crate::attendance::case::{Case, Frame, Travel};
use crate::attendance::claims::Claim;
use crate::attendance::fold::{Folded, Made, Played};
use crate::attendance::model::{Note, Role, WorkSession};
use crate::attendance::{store, surroundings};
use crate::db::tx::Tx;
use crate::exceptions::model::Found;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, PlaceId, SessionId, ShiftId};
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::schedules::model::Shift;

/// What became of a session of the fold.
pub(super) struct Outcome {
    pub session: WorkSession,
    /// What a person must look at, where it was judged.
    pub found: Option<Vec<Found>>,
}

/// What is looked up once.
struct Known {
    calendar: Calendar,
    places: HashMap<PlaceId, Option<Place>>,
    departments: HashMap<DepartmentId, Option<String>>,
}

/// Every session of the fold, judged where its claims, its shift or its place in the day changed.
pub(super) async fn judge_in(
    tx: &mut Tx,
    what: Rebuild,
    past: &Past,
    folded: &Folded,
    ids: &[SessionId],
) -> Result<Vec<Outcome>> {
    let mut known = Known::of(past);
    let mut done: Vec<WorkSession> = past.before().cloned().collect();
    let mut outcomes = Vec::with_capacity(ids.len());
    let notes = notes_of(tx, past, ids).await?;
    for (index, (made, id)) in folded.sessions.iter().zip(ids).enumerate() {
        let view = View::new(past, folded, index, *id);
        let stored = past.session(*id);
        let again = what.judge_again && made.to.is_none_or(|to| to >= what.since);
        let again = again || view.was_edited_at(tx.now());
        let kept = stored.filter(|stored| !again && view.is_unchanged(stored, made));
        let frame = match stored.filter(|_| view.keeps_opening()) {
            Some(stored) => frame_of(stored),
            None => view.frame(tx, &mut known).await?,
        };
        let place = known.place(tx, frame.place_id).await?;
        let department = known.department(tx, frame.department_id).await?;
        let zone = past.zone_of(place.as_ref());
        let mut case = view.case(made, zone);
        case.place = place.as_ref();
        case.department = department.as_deref();
        case.has_note = view.has_note(notes.get(id).map_or(&[] as &[Note], Vec::as_slice));
        let day = view.work_date(zone);
        if let Some(shift) = case.shift {
            case.delay_was_approved = calendar::is_on_leave(&past.shifts, shift.starts_at);
            case.leave_was_approved = calendar::is_on_leave(&past.shifts, shift.ends_at);
        } else {
            case.is_rest_day = known.calendar.is_rest_day_in(tx, &past.shifts, day).await?;
            case.is_planned = calendar::is_planned(&past.shifts, day);
        }
        let scopes = (frame.place_id, frame.department_id);
        case.holidays = known.calendar.holidays_in(tx, scopes).await?;
        let before = Before::of(&done, case.shift.map(|shift| shift.id), day);
        case.week_minutes_before = before.week;
        case.shift_minutes_before = before.shift;
        case.end_before = done.last().and_then(|session| session.clocked_out_at);
        let outcome = if let Some(stored) = kept {
            let mut outcome = view.keep_or_count_again(tx, &case, stored).await?;
            if stored.clocked_in_at >= what.since {
                // What came before it may be another way there, or positions that repeat.
                let found = assess::found_in(tx, &case, &outcome.session, &view.played()).await?;
                outcome.found = Some(found);
            }
            outcome
        } else {
            case.travel = view.travel(tx, done.last()).await?;
            let session = assess::anew_in(tx, &case, frame).await?;
            let found = assess::found_in(tx, &case, &session, &view.played()).await?;
            Outcome {
                session,
                found: Some(found),
            }
        };
        done.push(outcome.session.clone());
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Minutes already paid.
struct Before {
    week: i64,
    shift: i64,
}

impl Before {
    fn of(done: &[WorkSession], shift: Option<ShiftId>, day: chrono::NaiveDate) -> Self {
        let week = done
            .iter()
            .filter(|session| calendar::monday(session.work_date) == calendar::monday(day));
        let same = done
            .iter()
            .filter(|session| shift.is_some() && session.shift_id == shift);
        Self {
            week: week.map(surroundings::paid).sum(),
            shift: same.map(surroundings::paid).sum(),
        }
    }
}

fn frame_of(stored: &WorkSession) -> Frame {
    Frame {
        id: stored.id,
        department_id: stored.department_id,
        place_id: stored.place_id,
        client_id: stored.client_id,
        service: stored.service.clone(),
    }
}

async fn notes_of(
    tx: &mut Tx,
    past: &Past,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Note>>> {
    let known: Vec<SessionId> = ids
        .iter()
        .copied()
        .filter(|id| past.session(*id).is_some())
        .collect();
    let mut notes: HashMap<SessionId, Vec<Note>> = HashMap::new();
    for note in store::list_notes(tx, &known).await? {
        notes.entry(note.session_id).or_default().push(note);
    }
    Ok(notes)
}

impl Known {
    fn of(past: &Past) -> Self {
        Self {
            calendar: Calendar::of(past.member.id, past.days),
            places: HashMap::new(),
            departments: HashMap::new(),
        }
    }

    async fn place(&mut self, tx: &mut Tx, id: Option<PlaceId>) -> Result<Option<Place>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(known) = self.places.get(&id) {
            return Ok(known.clone());
        }
        let found = surroundings::place_in(tx, Some(id)).await?;
        self.places.insert(id, found.clone());
        Ok(found)
    }

    async fn department(
        &mut self,
        tx: &mut Tx,
        id: Option<DepartmentId>,
    ) -> Result<Option<String>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(known) = self.departments.get(&id) {
            return Ok(known.clone());
        }
        let found = surroundings::department_in(tx, Some(id)).await?;
        self.departments.insert(id, found.clone());
        Ok(found)
    }
}

/// One session of the fold among the others.
struct View<'a> {
    past: &'a Past,
    folded: &'a Folded,
    index: usize,
    id: SessionId,
    /// Its claims in order, those taken out left out.
    claims: Vec<Claim>,
    /// Those taken out of it.
    voided: Vec<&'a Claim>,
}

impl<'a> View<'a> {
    fn new(past: &'a Past, folded: &'a Folded, index: usize, id: SessionId) -> Self {
        let played = folded
            .claims
            .iter()
            .filter(|played| played.session == Some(index));
        let claims = played
            .filter_map(|played| past.claim(played.punch).cloned())
            .collect();
        let voided = past
            .claims
            .iter()
            .filter(|claim| claim.is_voided && claim.punch.session_id == Some(id));
        Self {
            past,
            folded,
            index,
            id,
            claims,
            voided: voided.collect(),
        }
    }

    fn played(&self) -> Vec<Played> {
        self.folded
            .claims
            .iter()
            .filter(|played| played.session == Some(self.index))
            .copied()
            .collect()
    }

    fn made(&self) -> Option<&'a Made> {
        self.folded.sessions.get(self.index)
    }

    fn shift(&self) -> Option<&'a Shift> {
        let id = self.made()?.shift?;
        self.past.shifts.iter().find(|shift| shift.id == id)
    }

    fn work_date(&self, zone: Tz) -> chrono::NaiveDate {
        let from = self.made().map(|made| made.from).unwrap_or_default();
        self.shift().map_or_else(
            || crate::kernel::time::local_date(from, zone),
            |shift| shift.work_date,
        )
    }

    /// Whether another session of the fold, or of before, has the same shift.
    fn shares_shift(&self, earlier: bool) -> bool {
        let shift = self.made().and_then(|made| made.shift);
        let others = self.folded.sessions.iter().enumerate();
        let here = others.filter(|(index, _)| {
            if earlier {
                *index < self.index
            } else {
                *index > self.index
            }
        });
        let mut shifts = here.map(|(_, made)| made.shift);
        let before = earlier && self.past.before().any(|session| session.shift_id == shift);
        shift.is_some() && (before || shifts.any(|other| other == shift))
    }

    fn case<'b>(&'b self, made: &'b Made, zone: Tz) -> Case<'b> {
        let closed_at = made
            .closes
            .and_then(|id| self.past.claim(id))
            .map(|claim| claim.punch.time.received_at);
        let edits = || {
            self.claims
                .iter()
                .chain(self.voided.iter().copied())
                .flat_map(|claim| claim.edited_at.iter())
        };
        Case {
            shift: self.shift(),
            is_first: !self.shares_shift(true),
            is_last: !self.shares_shift(false),
            edits: i64::try_from(edits().count()).unwrap_or(i64::MAX),
            lost_a_claim: !self.voided.is_empty(),
            edited_after_close: closed_at
                .is_some_and(|closed| edits().any(|made_at| *made_at > closed)),
            ..Case::new(&self.past.member, zone, &self.claims, made)
        }
    }

    /// Whatever was written by the time the clock-out arrived.
    fn has_note(&self, notes: &[Note]) -> bool {
        let closing = self.made().and_then(|made| self.past.claim(made.closes?));
        notes
            .iter()
            .any(|note| closing.is_none_or(|claim| note.created_at <= claim.punch.time.received_at))
    }

    /// Whether the stored session was opened by the same claim: then who was served and where stays as it is known there.
    fn keeps_opening(&self) -> bool {
        let opening = self.made().and_then(|made| self.past.claim(made.opens));
        opening.is_some_and(|claim| {
            claim.punch.session_id == Some(self.id) && claim.punch.role == Role::Opens
        })
    }

    /// Whether a layer was put above one of its claims in this very transaction: also one that moves nothing is known to
    /// the rules.
    fn was_edited_at(&self, now: Instant) -> bool {
        let claims = self.claims.iter().chain(self.voided.iter().copied());
        claims
            .into_iter()
            .any(|claim| claim.edited_at.contains(&now))
    }

    /// Whether the fold says of the session just what is stored of it.
    fn is_unchanged(&self, stored: &WorkSession, made: &Made) -> bool {
        let shape = stored.status == made.status
            && stored.clocked_in_at == made.from
            && stored.clocked_out_at == made.to
            && stored.shift_id == made.shift;
        let breaks = stored
            .breaks
            .iter()
            .map(|pause| (pause.kind.as_str(), pause.starts_at, pause.ends_at));
        let made_breaks = made
            .breaks
            .iter()
            .map(|pause| (pause.kind.as_str(), pause.from, pause.to));
        shape
            && breaks.eq(made_breaks)
            && self.claims_are_unchanged()
            && self.neighbours_are_unchanged(stored)
    }

    fn claims_are_unchanged(&self) -> bool {
        let same = |played: &Played| {
            let claim = self.past.claim(played.punch);
            claim.is_some_and(|claim| {
                claim.punch.session_id == Some(self.id) && claim.punch.role == played.role
            })
        };
        let here = self
            .past
            .claims
            .iter()
            .filter(|claim| claim.punch.session_id == Some(self.id));
        let stored = here
            .clone()
            .filter(|claim| claim.punch.role != Role::Voided)
            .count();
        let newly_voided = here
            .filter(|claim| claim.is_voided && claim.punch.role != Role::Voided)
            .count();
        let played = self.played();
        newly_voided == 0 && stored == played.len() && played.iter().all(same)
    }

    /// Lateness is for the first session of a shift and leaving early for the last.
    fn neighbours_are_unchanged(&self, stored: &WorkSession) -> bool {
        let Some(shift) = stored.shift_id else {
            return true;
        };
        let same = self
            .past
            .live()
            .filter(|session| session.shift_id == Some(shift) && session.id != stored.id);
        let had_earlier = same
            .clone()
            .any(|session| session.clocked_in_at < stored.clocked_in_at);
        let had_later = same
            .clone()
            .any(|session| session.clocked_in_at > stored.clocked_in_at);
        had_earlier == self.shares_shift(true) && had_later == self.shares_shift(false)
    }

    /// Nothing about it changed; its hours are counted again if the week or the shift before it is another one.
    async fn keep_or_count_again(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        stored: &WorkSession,
    ) -> Result<Outcome> {
        let earlier: Vec<WorkSession> = self
            .past
            .live()
            .filter(|session| session.clocked_in_at < stored.clocked_in_at)
            .cloned()
            .collect();
        let was = Before::of(&earlier, stored.shift_id, stored.work_date);
        let same = (was.week, was.shift) == (case.week_minutes_before, case.shift_minutes_before);
        let mut session = stored.clone();
        if session.clocked_out_at.is_some() && (!same || session.hours.is_none()) {
            assess::hours_again_in(tx, case, &mut session).await?;
            let found = assess::found_in(tx, case, &session, &self.played()).await?;
            return Ok(Outcome {
                session,
                found: Some(found),
            });
        }
        Ok(Outcome {
            session,
            found: None,
        })
    }

    /// From where the session before was left. The one before all others is looked up.
    async fn travel(&self, tx: &mut Tx, before: Option<&WorkSession>) -> Result<Option<Travel>> {
        let Some(first) = self.claims.first() else {
            return Ok(None);
        };
        if let Some(index) = self.index.checked_sub(1) {
            let earlier = self
                .folded
                .claims
                .iter()
                .filter(|played| played.session == Some(index));
            let last = earlier
                .filter_map(|played| self.past.claim(played.punch))
                .next_back();
            return Ok(last.and_then(|last| Travel::between(last, first)));
        }
        let Some(before) = before else {
            return Ok(None);
        };
        let last = surroundings::last_claim_in(tx, before.id).await?;
        Ok(last.and_then(|last| Travel::between(&last, first)))
    }

    /// Who and where, as it was said when it began.
    async fn frame(&self, tx: &mut Tx, known: &mut Known) -> Result<Frame> {
        let opening = self.made().and_then(|made| self.past.claim(made.opens));
        let opening =
            opening.ok_or_else(|| Error::internal("a session without the claim that opens it"))?;
        let said = &opening.punch.said;
        let place_id = match opening.punch.place_id {
            Some(id) => Some(id),
            None => surroundings::place_meant_in(tx, said.client_id, self.shift()).await?,
        };
        let place = known.place(tx, place_id).await?;
        let zone = self.past.zone_of(place.as_ref());
        Ok(Frame {
            id: self.id,
            department_id: self.past.department_on(self.work_date(zone)),
            place_id: place.map(|place| place.id),
            client_id: said.client_id,
            service: said.service.clone(),
        })
    }
}
