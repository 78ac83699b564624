//! Everything known about one session when it is judged: at once after a punch, or long after. Both ask through here, so
//! both come to the same.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::calendar;
use super::claims::Claim;
use super::facts::Known;
use super::fold::Made;
use super::model::{Break, Task, WorkSession};
use crate::identity::model::Member;
use crate::kernel::geo::Judgement;
use crate::kernel::id::{ClientId, DepartmentId, PlaceId, PunchId, SessionId};
use crate::kernel::time::{Instant, local_date, minutes_between};
use crate::places::model::Place;
use crate::schedules::model::Shift;

/// One session with what surrounds it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that rules ask for"
)]
pub struct Case<'a> {
    pub member: &'a Member,
    pub department: Option<&'a str>,
    pub place: Option<&'a Place>,
    pub shift: Option<&'a Shift>,
    /// Of the place, or of the organization.
    pub zone: Tz,
    /// Its claims in order, those taken out left out.
    pub claims: &'a [Claim],
    pub made: &'a Made,
    /// Nobody is late for the second session of a shift.
    pub is_first: bool,
    /// Nobody left early who came back on the same shift.
    pub is_last: bool,
    /// Whether somebody had written something about it by the time it was closed.
    pub has_note: bool,
    pub travel: Option<Travel>,
    pub edits: i64,
    /// Whether a claim was taken out of it.
    pub lost_a_claim: bool,
    pub edited_after_close: bool,
    pub delay_was_approved: bool,
    pub leave_was_approved: bool,
    /// Paid minutes of the same week, Monday to Sunday, before it.
    pub week_minutes_before: i64,
    /// Paid minutes of the same shift before it: they have used up planned time.
    pub shift_minutes_before: i64,
    pub is_rest_day: bool,
    pub holidays: &'a BTreeSet<NaiveDate>,
    /// Whether any work is planned for the member on its day.
    pub is_planned: bool,
    pub end_before: Option<Instant>,
}

/// After so many minutes nobody asks any more how somebody got there: a week.
const LONGEST_WAY: i64 = 7 * 24 * 60;

/// The way from one session to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Travel {
    pub distance_m: f64,
    pub minutes: i64,
}

impl Travel {
    /// Nothing where one of the places is not known.
    pub fn between(from: &Claim, to: &Claim) -> Option<Self> {
        let (start, end) = (from.punch.fix?.point, to.punch.fix?.point);
        let minutes = minutes_between(from.at, to.at);
        (minutes <= LONGEST_WAY).then_some(Self {
            distance_m: start.distance_m(end),
            minutes,
        })
    }
}

/// What does not follow from the claims alone: who it is, and what was said when it began.
#[derive(Debug, Clone)]
pub struct Frame {
    pub id: SessionId,
    pub department_id: Option<DepartmentId>,
    pub place_id: Option<PlaceId>,
    pub client_id: Option<ClientId>,
    pub service: Option<String>,
}

impl<'a> Case<'a> {
    /// A session alone, with nothing around it.
    pub fn new(member: &'a Member, zone: Tz, claims: &'a [Claim], made: &'a Made) -> Self {
        Self {
            member,
            department: None,
            place: None,
            shift: None,
            zone,
            claims,
            made,
            is_first: true,
            is_last: true,
            has_note: false,
            travel: None,
            edits: 0,
            lost_a_claim: false,
            edited_after_close: false,
            delay_was_approved: false,
            leave_was_approved: false,
            week_minutes_before: 0,
            shift_minutes_before: 0,
            is_rest_day: false,
            holidays: &calendar::NONE,
            is_planned: false,
            end_before: None,
        }
    }

    pub fn claim(&self, id: PunchId) -> Option<&'a Claim> {
        self.claims.iter().find(|claim| claim.punch.id == id)
    }

    pub fn opening(&self) -> Option<&'a Claim> {
        self.claim(self.made.opens)
    }

    pub fn closing(&self) -> Option<&'a Claim> {
        self.claim(self.made.closes?)
    }

    /// What rules may know with one of its claims.
    pub fn known(&'a self, claim: &'a Claim, service: Option<&'a str>) -> Known<'a> {
        Known {
            member: self.member,
            department: self.department,
            place: self.place,
            shift: self.shift,
            service,
            time: claim.time(),
            mock_location: claim.punch.device.mock_location,
            zone: self.zone,
        }
    }

    /// The session before anything is judged.
    pub fn session(&self, frame: Frame) -> WorkSession {
        let made = self.made;
        let breaks = made.breaks.iter().map(|pause| Break {
            kind: pause.kind.clone(),
            starts_at: pause.from,
            ends_at: pause.to,
            is_paid: false,
            flags: Vec::new(),
        });
        WorkSession {
            id: frame.id,
            member_id: self.member.id,
            department_id: frame.department_id,
            place_id: frame.place_id,
            client_id: frame.client_id,
            shift_id: self.shift.map(|shift| shift.id),
            service: frame.service,
            status: made.status,
            work_date: self
                .shift
                .map_or_else(|| local_date(made.from, self.zone), |shift| shift.work_date),
            clocked_in_at: made.from,
            clocked_out_at: made.to,
            lateness: None,
            minutes_late: None,
            fence_in: Judgement::NONE,
            fence_out: None,
            flags: Vec::new(),
            needs_review: false,
            leaving: None,
            minutes_early: None,
            required: Vec::new(),
            breaks: breaks.collect(),
            hours: None,
            tasks: self.tasks(),
            is_manual: self.lost_a_claim || self.claims.iter().any(Claim::is_manual),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        self.closing()
            .map(|claim| claim.punch.said.tasks.clone())
            .unwrap_or_default()
    }

    /// The claim each break began with, in order.
    pub fn break_starts(&self) -> impl Iterator<Item = Option<&'a Claim>> + '_ {
        self.made
            .breaks
            .iter()
            .map(|pause| self.claim(pause.starts))
    }
}

/// Tasks ticked off, and those left.
pub fn tally(tasks: &[Task]) -> (i64, i64) {
    let done = tasks.iter().filter(|task| task.is_done).count();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    (count(done), count(tasks.len() - done))
}
