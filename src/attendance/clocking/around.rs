//! What a punch of now is judged by: what surrounds it, and the open session it goes on with.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::attendance::calendar::{self, Calendar};
use crate::attendance::case::{Case, Travel};
use crate::attendance::claims::Claim;
use crate::attendance::fold::{self, Made};
use crate::attendance::model::{Break, Role, Status, WorkSession};
use crate::attendance::{store, surroundings};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ShiftId;
use crate::kernel::time::Instant;
use crate::orgs::model::Organization;
use crate::places::model::Place;
use crate::schedules;
use crate::schedules::model::Shift;

/// What surrounds a punch of now.
pub(in crate::attendance) struct Around<'a> {
    pub member: &'a Member,
    pub organization: &'a Organization,
    pub department: Option<&'a str>,
    pub place: Option<&'a Place>,
    pub shift: Option<&'a Shift>,
}

impl<'a> Around<'a> {
    pub(in crate::attendance) fn zone(&self) -> chrono_tz::Tz {
        self.place
            .map_or(self.organization.time_zone, |place| place.time_zone)
    }

    pub(in crate::attendance) fn case(
        &self,
        claims: &'a [Claim],
        made: &'a Made,
        holidays: &'a BTreeSet<NaiveDate>,
    ) -> Case<'a> {
        Case {
            department: self.department,
            place: self.place,
            shift: self.shift,
            holidays,
            ..Case::new(self.member, self.zone(), claims, made)
        }
    }

    /// What else the day says: leave that excuses, a day of rest, other plans. Asked only where it matters.
    pub(in crate::attendance) async fn look_at_day(
        &self,
        tx: &mut Tx,
        case: &mut Case<'_>,
        day: NaiveDate,
    ) -> Result<()> {
        let made = case.made;
        let late = self.shift.is_some_and(|shift| made.from > shift.starts_at);
        let early = self
            .shift
            .zip(made.to)
            .is_some_and(|(shift, to)| to < shift.ends_at);
        if self.shift.is_some() && !late && !early {
            return Ok(());
        }
        let shifts = schedules::service::planned_in(tx, self.member.id, (day, day)).await?;
        if let Some(shift) = self.shift {
            case.delay_was_approved = calendar::is_on_leave(&shifts, shift.starts_at);
            case.leave_was_approved = calendar::is_on_leave(&shifts, shift.ends_at);
        } else {
            let mut calendar = Calendar::of(self.member.id, (day, day));
            case.is_rest_day = calendar.is_rest_day_in(tx, &shifts, day).await?;
            case.is_planned = calendar::is_planned(&shifts, day);
        }
        Ok(())
    }
}

/// An open session with one more claim.
pub(in crate::attendance) struct Going {
    pub claims: Vec<Claim>,
    pub shift: Option<Shift>,
    has_note: bool,
    travel: Option<Travel>,
    week_minutes_before: i64,
    shift_minutes_before: i64,
    end_before: Option<Instant>,
    shift_id: Option<ShiftId>,
}

impl Going {
    pub(in crate::attendance) async fn of(
        tx: &mut Tx,
        open: &WorkSession,
        newest: Claim,
    ) -> Result<Self> {
        let week = calendar::week_before(open);
        let recent = store::list_since(tx, open.member_id, week, &[]).await?;
        let earlier = || {
            recent.iter().filter(|session| {
                session.status != Status::Void && session.clocked_in_at < open.clocked_in_at
            })
        };
        let before = earlier().next_back();
        let ids: Vec<_> = before
            .map(|before| before.id)
            .into_iter()
            .chain([open.id])
            .collect();
        let punches = store::list_punches(tx, &ids).await?;
        let standing = punches
            .into_iter()
            .filter(|punch| punch.role != Role::Voided);
        let (mut claims, before_it): (Vec<Claim>, Vec<Claim>) = standing
            .map(Claim::from)
            .partition(|claim| claim.punch.session_id == Some(open.id));
        claims.push(newest);
        let same_week = earlier().filter(|session| {
            calendar::monday(session.work_date) == calendar::monday(open.work_date)
        });
        let same_shift = earlier()
            .filter(|session| session.shift_id.is_some() && session.shift_id == open.shift_id);
        Ok(Self {
            travel: before_it
                .last()
                .zip(claims.first())
                .and_then(|(from, to)| Travel::between(from, to)),
            has_note: !store::list_notes(tx, &[open.id]).await?.is_empty(),
            shift: match open.shift_id {
                Some(id) => schedules::service::shift_in(tx, id).await?,
                None => None,
            },
            week_minutes_before: same_week.map(surroundings::paid).sum(),
            shift_minutes_before: same_shift.map(surroundings::paid).sum(),
            end_before: before.and_then(|before| before.clocked_out_at),
            shift_id: open.shift_id,
            claims,
        })
    }

    pub(in crate::attendance) fn newest(&self) -> Option<Claim> {
        self.claims.last().cloned()
    }

    pub(in crate::attendance) fn known_since(&self) -> Instant {
        let arrived = self.claims.iter().map(|claim| claim.punch.time.received_at);
        arrived.min().unwrap_or_default()
    }

    pub(in crate::attendance) fn folded(&self) -> fold::Folded {
        fold::fold(&taps(&self.claims), |_| self.shift_id)
    }

    pub(in crate::attendance) fn fill(&self, case: &mut Case<'_>) {
        case.has_note = self.has_note;
        case.travel = self.travel;
        case.week_minutes_before = self.week_minutes_before;
        case.shift_minutes_before = self.shift_minutes_before;
        case.end_before = self.end_before;
    }
}

pub(super) fn taps(claims: &[Claim]) -> Vec<fold::Tap> {
    claims.iter().map(Claim::tap).collect()
}

/// The open session with what one more claim makes of it; what was judged already stays.
pub(in crate::attendance) fn continued(open: &WorkSession, case: &Case<'_>) -> WorkSession {
    let made = case.made;
    let breaks = made.breaks.iter().enumerate().map(|(index, pause)| Break {
        ends_at: pause.to,
        ..open.breaks.get(index).cloned().unwrap_or_else(|| Break {
            kind: pause.kind.clone(),
            starts_at: pause.from,
            ends_at: None,
            is_paid: false,
            flags: Vec::new(),
        })
    });
    let tasks = case.closing().map(|claim| claim.punch.said.tasks.clone());
    WorkSession {
        status: made.status,
        clocked_out_at: made.to,
        breaks: breaks.collect(),
        tasks: tasks.unwrap_or_default(),
        ..open.clone()
    }
}

pub(in crate::attendance) fn unfolded() -> Error {
    Error::internal("a claim that makes no session")
}
