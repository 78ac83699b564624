//! Decides: who works when.

use chrono::NaiveDate;

use super::model::{Plan, Refusal, Shift, ShiftKind, match_shift};
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberId, PlaceId, ShiftId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;
use crate::{identity, orgs, places};

/// Plans work for a member, in the local time of the place, or of the organization if there is none.
pub async fn plan_shift(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    place: Option<PlaceId>,
    plan: Plan,
) -> Result<Shift> {
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    check_member(&mut tx, member)
        .await
        .map_err(|error| error.at("member"))?;
    let zone = match place {
        Some(id) => {
            places::service::place_in(&mut tx, id)
                .await
                .map_err(|error| error.at("place"))?
                .time_zone
        }
        None => orgs::service::own_in(&mut tx).await?.time_zone,
    };
    let (starts_at, ends_at) = plan.instants(zone)?;
    if let Some(other) = store::find_overlap(&mut tx, member, (starts_at, ends_at)).await? {
        return Err(Refusal::Overlap(Box::new(other)).into());
    }
    let shift = Shift {
        id: tx.id(),
        member_id: member,
        place_id: place,
        kind: ShiftKind::Work,
        work_date: plan.date,
        starts_at,
        ends_at,
        break_minutes: plan.break_minutes,
        external_ref: None,
        created_at: tx.now(),
        cancelled_at: None,
    };
    store::insert_shifts(&mut tx, vec![shift.clone()]).await?;
    tx.commit(Audit::of(shift.id)).await?;
    Ok(shift)
}

/// Whoever is planned for is within reach and still here; and nobody else plans for them at the same time.
async fn check_member(tx: &mut Tx, id: MemberId) -> Result<()> {
    let member = identity::service::member_in(tx, id).await?;
    if !member.is_active() {
        return Err(Error::invalid("member", "this member has been deactivated"));
    }
    store::lock_member(tx, id).await
}

/// Takes a shift out of the plan; cancelling again changes nothing.
pub async fn cancel_shift(
    app: &App,
    viewer: &Viewer,
    id: ShiftId,
    reason: Option<String>,
) -> Result<Shift> {
    let reason = crate::kernel::text::optional("reason", reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let mut shift = store::find_shifts(&mut tx, &[id])
        .await?
        .pop()
        .ok_or_else(|| Error::not_found("shift"))?;
    if shift.cancelled_at.is_some() {
        tx.settle().await?;
        return Ok(shift);
    }
    let now = tx.now();
    store::update_cancelled(&mut tx, id, now).await?;
    tx.commit(Audit::of(id).because(reason)).await?;
    shift.cancelled_at = Some(now);
    Ok(shift)
}

/// The shifts of everybody within the viewer's reach, the latest first.
pub async fn shifts(
    app: &App,
    viewer: &Viewer,
    filter: Filter,
    page: &PageRequest,
) -> Result<Page<Shift>> {
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to)
    {
        return Err(Error::invalid("to", "the last day is before the first"));
    }
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    store::list_shifts(&mut tx, &filter, page).await
}

/// The viewer's own shifts, the latest first.
pub async fn my_shifts(
    app: &App,
    viewer: &Viewer,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    page: &PageRequest,
) -> Result<Page<Shift>> {
    let filter = Filter {
        member: Some(viewer.person()?),
        from,
        to,
        cancelled: false,
    };
    shifts(app, viewer, filter, page).await
}

/// Those of the shifts that are there and within reach, in no order.
pub async fn shifts_by_id(app: &App, viewer: &Viewer, ids: &[ShiftId]) -> Result<Vec<Shift>> {
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    store::find_shifts(&mut tx, ids).await
}

/// The shift that a member's clock-in at an instant belongs to.
pub async fn shift_for_in(tx: &mut Tx, member: MemberId, at: Instant) -> Result<Option<Shift>> {
    let around = store::list_around(tx, member, at).await?;
    Ok(match_shift(&around, at).cloned())
}

/// One shift, if it is there and within reach.
pub async fn shift_in(tx: &mut Tx, id: ShiftId) -> Result<Option<Shift>> {
    Ok(store::find_shifts(tx, &[id]).await?.pop())
}

/// A shift as an import brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShift {
    pub member_id: MemberId,
    pub place_id: Option<PlaceId>,
    pub kind: ShiftKind,
    /// The day it starts on, where the work happens.
    pub work_date: NaiveDate,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub break_minutes: i32,
    pub external_ref: Option<String>,
}

/// Adds many shifts. One whose reference is already there is left as it is; the number of new ones is returned.
pub async fn import_shifts_in(tx: &mut Tx, new: Vec<NewShift>) -> Result<usize> {
    let shifts = new.into_iter().map(|new| Shift {
        id: tx.id(),
        member_id: new.member_id,
        place_id: new.place_id,
        kind: new.kind,
        work_date: new.work_date,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        break_minutes: new.break_minutes,
        external_ref: new.external_ref,
        created_at: tx.now(),
        cancelled_at: None,
    });
    let shifts = shifts.collect();
    store::insert_shifts(tx, shifts).await
}

/// A member's shifts by work date, cancelled ones left out, in no order: for matching many clock-ins at once.
pub async fn planned_in(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Shift>> {
    let filter = Filter {
        member: Some(member),
        from: Some(from),
        to: Some(to),
        cancelled: false,
    };
    let all = PageRequest {
        first: 100_000,
        after: None,
    };
    Ok(store::list_shifts(tx, &filter, &all).await?.rows)
}

/// When the newest shift of each member ends, of those who have any that is not cancelled.
pub async fn last_shifts_in(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    store::last_shifts(tx).await
}
