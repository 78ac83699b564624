//! Decides: who works when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::model::{Made, Plan, Refusal, Shift, ShiftKind, match_shift, past_needs};
use super::roster::looking::{Around, keep_in, look_in};
use super::roster::model::Finding;
use super::span::Span;
pub use super::store::Filter;
use super::{holidays, hours, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, PlanEvent};
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, LeaveId, MemberId, PlaceId, ShiftId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::{identity, orgs, places};

/// Plans work for a member, in the local time of the place, or of the organization if there is none. Answers what is to
/// be said about it, too.
pub async fn plan_shift(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    place: Option<PlaceId>,
    plan: Plan,
) -> Result<(Shift, Vec<Finding>)> {
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let member = held_in(&mut tx, member).await?;
    let place = place_in(&mut tx, place).await?;
    let (starts_at, ends_at) = plan.instants(zone_in(&mut tx, place.as_ref()).await?)?;
    let shift = Shift {
        id: tx.id(),
        member_id: member.id,
        place_id: place.as_ref().map(|place| place.id),
        kind: ShiftKind::Work,
        work_date: plan.date,
        starts_at,
        ends_at,
        break_minutes: plan.break_minutes,
        external_ref: None,
        created_at: tx.now(),
        cancelled_at: None,
        made: Made {
            form: plan.form(),
            ..Made::default()
        },
    };
    let (id, members) = (shift.id, [member]);
    let around = Around {
        members: &members,
        place: place.as_ref(),
    };
    let findings = clear_in(&mut tx, &shift, &around, None).await?;
    keep_in(&mut tx, vec![shift.clone()], &members).await?;
    tx.commit(Audit::of(id)).await?;
    Ok((shift, findings))
}

/// Refuses a single shift that clashes, or that the rules refuse. Answers the warnings.
async fn clear_in(
    tx: &mut Tx,
    shift: &Shift,
    around: &Around<'_>,
    changed: Option<&Shift>,
) -> Result<Vec<Finding>> {
    let mut looked = look_in(tx, std::slice::from_ref(shift), around, changed).await?;
    let denial = looked.denial();
    looked.clashes.sort_by_key(|clash| clash.with.starts_at);
    match looked.clashes.into_iter().next() {
        Some(clash) => Err(Refusal::Overlap(Box::new(clash.with)).into()),
        None => denial.map_or(Ok(looked.findings), Err),
    }
}

/// A place in use, if one is named.
pub(super) async fn place_in(tx: &mut Tx, place: Option<PlaceId>) -> Result<Option<Place>> {
    let Some(id) = place else {
        return Ok(None);
    };
    let place = places::service::place_in(tx, id).await;
    place.map(Some).map_err(|error| error.at("place"))
}

/// The zone of a place, or of the organization if there is none.
pub(super) async fn zone_in(tx: &mut Tx, place: Option<&Place>) -> Result<Tz> {
    match place {
        Some(place) => Ok(place.time_zone),
        None => Ok(orgs::service::own_in(tx).await?.time_zone),
    }
}

/// Whoever is planned for is within reach and still here; and nobody else plans for them at the same time.
async fn held_in(tx: &mut Tx, id: MemberId) -> Result<Member> {
    let member = identity::service::member_in(tx, id).await;
    let member = member.map_err(|error| error.at("member"))?;
    if !member.is_active() {
        return Err(Error::invalid("member", "this member has been deactivated"));
    }
    store::lock_members(tx, &[id]).await?;
    Ok(member)
}

/// Tells whoever follows a member that their shifts between two days changed, naming the earliest.
pub(super) fn announce(
    tx: &mut Tx,
    member: &Member,
    shift: ShiftId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<()> {
    tx.emit(&Event::ShiftsChanged(PlanEvent {
        member: member.id,
        department: member.department_id,
        about: shift.to_string(),
        from,
        to,
    }))
}

/// Holds a member until the end, within reach or not: whoever plans or grants leave for them waits.
pub async fn lock_member_in(tx: &mut Tx, member: MemberId) -> Result<()> {
    store::lock_members(tx, &[member]).await
}

/// Takes a shift out of the plan; cancelling again changes nothing. One that is over needs a reason: what was worked is
/// judged again without it.
pub async fn cancel_shift(
    app: &App,
    viewer: &Viewer,
    id: ShiftId,
    reason: Option<String>,
) -> Result<Shift> {
    let reason = crate::kernel::text::optional("reason", reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let mut shift = find_in(&mut tx, id).await?;
    if shift.cancelled_at.is_some() {
        tx.settle().await?;
        return Ok(shift);
    }
    changeable(&shift)?;
    past_needs(tx.now(), &shift, reason.as_deref())?;
    let now = tx.now();
    store::update_cancelled(&mut tx, id, now).await?;
    let member = identity::service::member_in(&mut tx, shift.member_id).await?;
    announce(&mut tx, &member, id, (shift.work_date, shift.work_date))?;
    tx.commit(Audit::of(id).because(reason)).await?;
    shift.cancelled_at = Some(now);
    Ok(shift)
}

async fn find_in(tx: &mut Tx, id: ShiftId) -> Result<Shift> {
    let found = store::find_shifts(tx, &[id]).await?.pop();
    found.ok_or_else(|| Error::not_found("shift"))
}

/// Leave stands in the plan because it was granted.
fn changeable(shift: &Shift) -> Result<()> {
    if shift.made.leave_id.is_none() {
        return Ok(());
    }
    let message = "this is leave that was granted: take the leave back instead";
    Err(Error::refused(Code::Conflict, message))
}

/// Moves a shift to other times, or another place. One that is or was over needs a reason: what was worked is judged
/// again.
pub async fn change_shift(
    app: &App,
    viewer: &Viewer,
    id: ShiftId,
    place: Option<PlaceId>,
    (plan, reason): (Plan, Option<String>),
) -> Result<(Shift, Vec<Finding>)> {
    let reason = crate::kernel::text::optional("reason", reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let before = find_in(&mut tx, id).await?;
    if before.cancelled_at.is_some() {
        return Err(Error::not_found("shift"));
    }
    changeable(&before)?;
    let members = [held_in(&mut tx, before.member_id).await?];
    let place = place_in(&mut tx, place).await?;
    let (starts_at, ends_at) = plan.instants(zone_in(&mut tx, place.as_ref()).await?)?;
    let mut shift = Shift {
        place_id: place.as_ref().map(|place| place.id),
        work_date: plan.date,
        starts_at,
        ends_at,
        break_minutes: plan.break_minutes,
        ..before.clone()
    };
    shift.made.form.repattern(Span::new(plan.starts, plan.ends));
    past_needs(tx.now(), &before, reason.as_deref())?;
    past_needs(tx.now(), &shift, reason.as_deref())?;
    let around = Around {
        members: &members,
        place: place.as_ref(),
    };
    let findings = clear_in(&mut tx, &shift, &around, Some(&before)).await?;
    store::update_shift(&mut tx, &shift)?;
    for member in &members {
        let days = (
            before.work_date.min(shift.work_date),
            before.work_date.max(shift.work_date),
        );
        announce(&mut tx, member, id, days)?;
    }
    let was = serde_json::json!({ "startsAt": before.starts_at, "endsAt": before.ends_at });
    tx.commit(Audit::of(id).because(reason).detail(was)).await?;
    Ok((shift, findings))
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

/// Adds many shifts. One whose reference is already there is left as it is; whose days got a new one is returned, once for
/// each.
pub async fn import_shifts_in(
    tx: &mut Tx,
    new: Vec<NewShift>,
) -> Result<Vec<(MemberId, NaiveDate)>> {
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
        made: Made::default(),
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

/// The public holidays that hold for everybody between two days, both included, by day.
pub async fn holidays_in(
    tx: &mut Tx,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<BTreeMap<NaiveDate, String>> {
    holidays::service::everywhere_in(tx, from, to).await
}

/// The public holidays that hold for a place and a department, those for everybody included.
pub async fn holidays_at_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    days: (NaiveDate, NaiveDate),
) -> Result<BTreeMap<NaiveDate, String>> {
    holidays::service::at_in(tx, place, department, days).await
}

/// The business hours of a member's department, to be asked about many dates. Where nobody said anything about the week,
/// no day is a rest day.
pub async fn week_of_in(tx: &mut Tx, member: MemberId) -> Result<hours::service::Calendar> {
    hours::service::calendar_of_in(tx, member).await
}

/// From the first to the last business hour of a date: what is usual where no shift is planned. Nothing on a rest day,
/// and where nobody said anything about the week.
pub async fn usual_hours_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    date: NaiveDate,
) -> Result<Option<(Instant, Instant)>> {
    hours::service::usual_in(tx, place, department, date).await
}

/// The days between two, both included, on which a member need not work: rest days and holidays.
pub async fn free_days_in(
    tx: &mut Tx,
    member: MemberId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeSet<NaiveDate>> {
    let department = identity::service::member_in(tx, member)
        .await?
        .department_id;
    let calendar = hours::service::calendar_in(tx, None, department).await?;
    let holidays = holidays_at_in(tx, None, department, (from, to)).await?;
    let days = from.iter_days().take_while(|date| *date <= to);
    Ok(days
        .filter(|date| holidays.contains_key(date) || calendar.is_rest_day(*date))
        .collect())
}

/// Puts granted leave into the plan, a shift for each day: whole days, or only the morning or the afternoon. Work that
/// is planned then stays; whoever granted the leave sees both.
pub async fn plan_leave_in(
    tx: &mut Tx,
    member: MemberId,
    leave: LeaveId,
    dates: &[NaiveDate],
    morning: Option<bool>,
) -> Result<()> {
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let midnight = NaiveTime::MIN;
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or(midnight);
    let (starts, ends) = match morning {
        None => (midnight, midnight),
        Some(true) => (midnight, noon),
        Some(false) => (noon, midnight),
    };
    let mut shifts = Vec::with_capacity(dates.len());
    for date in dates {
        let day = Plan {
            date: *date,
            starts,
            ends,
            break_minutes: 0,
        };
        let (starts_at, ends_at) = day.instants(zone)?;
        shifts.push(Shift {
            id: tx.id(),
            member_id: member,
            place_id: None,
            kind: ShiftKind::Leave,
            work_date: *date,
            starts_at,
            ends_at,
            break_minutes: 0,
            external_ref: None,
            created_at: tx.now(),
            cancelled_at: None,
            made: Made {
                leave_id: Some(leave),
                ..Made::default()
            },
        });
    }
    store::insert_shifts(tx, shifts).await.map(drop)
}

/// Takes leave out of the plan that was taken back.
pub fn cancel_leave_in(tx: &mut Tx, leave: LeaveId) -> Result<()> {
    let now = tx.now();
    store::stage_cancelled_leave(tx, leave, now)
}

/// Everybody's shifts that ended in a span, in the order of their ends and, at the same moment, of their ids; cancelled
/// ones left out. Goes on after the shift `last`, which ended as the span begins.
pub async fn ended_in(
    tx: &mut Tx,
    span: (Instant, Instant),
    last: Option<ShiftId>,
    limit: i64,
) -> Result<Vec<Shift>> {
    store::list_ended(tx, span, last, limit).await
}

/// When the newest shift of each member ends, of those who have any that is not cancelled.
pub async fn last_shifts_in(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    store::last_shifts(tx).await
}
