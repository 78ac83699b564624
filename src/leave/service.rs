//! Decides: who is on leave when.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::ledger;
use super::model::{DayLeave, Days, Half, Leave, Refusal, Status, on_days};
use super::store;
pub use super::store::Filter;
use super::types::model::{Counts, LeaveType};
use super::types::store as types;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, MemberEvent, PlanEvent};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{LeaveId, LeaveTypeId, MemberId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::{identity, schedules};

/// Leave as somebody asks for it.
#[derive(Debug, Clone)]
pub struct NewLeave {
    pub type_id: LeaveTypeId,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub half: Option<Half>,
    pub reason: Option<String>,
}

/// Asks for leave for the viewer.
pub async fn request(app: &App, viewer: &Viewer, new: NewLeave) -> Result<Leave> {
    let member = viewer.person()?;
    let reason = text::optional("reason", new.reason.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::RequestLeave).await?;
    let kind = types::find(&mut tx, new.type_id)
        .await
        .ok()
        .filter(|kind| kind.archived_at.is_none())
        .ok_or_else(|| Error::not_found("leave type").at("type"))?;
    let days = Days {
        first: new.first,
        last: new.last,
        half: new.half,
    };
    let days = days.checked(&kind)?;
    schedules::service::lock_member_in(&mut tx, member).await?;
    let half_days = count_in(&mut tx, member, &kind, days).await?;
    if half_days == 0 {
        let message = "there is no working day in that time";
        return Err(Error::invalid("to", message));
    }
    no_other_in(&mut tx, member, days, None).await?;
    if kind.needs_balance {
        let asked = store::pending(&mut tx, member).await?;
        let asked = asked.iter().filter(|(id, _)| *id == kind.id);
        let asked = asked.map(|(_, half_days)| half_days).sum();
        ledger::enough_in(&mut tx, member, kind.id, asked, half_days).await?;
    }
    let leave = Leave {
        id: tx.id(),
        member_id: member,
        type_id: kind.id,
        days,
        half_days,
        reason,
        status: Status::Requested,
        created_at: tx.now(),
        decided_at: None,
        decided_by: None,
        decision: None,
        external_ref: None,
    };
    store::insert(&mut tx, &leave)?;
    announce_in(&mut tx, &leave).await?;
    tx.commit(Audit::of(leave.id)).await?;
    Ok(leave)
}

/// What leave takes: of a type that counts working days neither rest days nor holidays.
pub(super) async fn count_in(
    tx: &mut Tx,
    member: MemberId,
    kind: &LeaveType,
    days: Days,
) -> Result<i32> {
    if kind.counts == Counts::CalendarDays {
        return Ok(days.count(kind.counts, |_| false));
    }
    let free = schedules::service::free_days_in(tx, member, (days.first, days.last)).await?;
    Ok(days.count(kind.counts, |date| free.contains(&date)))
}

async fn no_other_in(
    tx: &mut Tx,
    member: MemberId,
    days: Days,
    except: Option<LeaveId>,
) -> Result<()> {
    let holding = [Status::Requested, Status::Approved];
    let near = store::touching(tx, member, (days.first, days.last), &holding).await?;
    let other = near
        .iter()
        .find(|other| Some(other.id) != except && other.days.overlaps(days));
    match other {
        Some(other) => Err(Refusal::Overlaps(other.id).into()),
        None => Ok(()),
    }
}

/// A request, locked together with its member's ledger.
pub(super) async fn locked_in(tx: &mut Tx, id: LeaveId) -> Result<Leave> {
    let member = store::find(tx, id).await?.member_id;
    schedules::service::lock_member_in(tx, member).await?;
    store::find(tx, id).await
}

/// Grants or refuses what somebody else asked for. What is granted is taken from the balance and stands in the plan.
pub async fn decide(
    app: &App,
    viewer: &Viewer,
    id: LeaveId,
    grant: bool,
    note: Option<String>,
) -> Result<Leave> {
    let note = text::optional("note", note.as_deref(), 500)?;
    let mut tx = app.begin(viewer, Action::ApproveLeave).await?;
    let mut leave = locked_in(&mut tx, id).await?;
    not_own(&tx, leave.member_id)?;
    if leave.status != Status::Requested {
        return Err(Refusal::Decided.into());
    }
    leave.status = if grant {
        Status::Approved
    } else {
        Status::Rejected
    };
    if grant {
        take_in(&mut tx, &mut leave).await?;
    }
    settle(tx, leave, note).await
}

/// Takes what was granted from the balance, counted again, and puts it into the plan.
async fn take_in(tx: &mut Tx, leave: &mut Leave) -> Result<()> {
    let kind = types::find(tx, leave.type_id).await?;
    leave.half_days = count_in(tx, leave.member_id, &kind, leave.days).await?;
    if kind.needs_balance {
        ledger::enough_in(tx, leave.member_id, kind.id, 0, leave.half_days).await?;
    }
    ledger::stage_taking(tx, leave, -leave.half_days)?;
    plan_in(tx, leave).await
}

/// Puts granted leave into the plan.
pub(super) async fn plan_in(tx: &mut Tx, leave: &Leave) -> Result<()> {
    let morning = leave.days.half.map(|half| half == Half::Morning);
    let dates: Vec<NaiveDate> = leave.days.dates().collect();
    schedules::service::plan_leave_in(tx, leave.member_id, leave.id, &dates, morning).await
}

/// Withdraws the viewer's own request before it is decided.
pub async fn withdraw(app: &App, viewer: &Viewer, id: LeaveId) -> Result<Leave> {
    let mut tx = app.begin(viewer, Action::RequestLeave).await?;
    let mut leave = locked_in(&mut tx, id).await?;
    if leave.status != Status::Requested {
        return Err(Refusal::Decided.into());
    }
    leave.status = Status::Withdrawn;
    settle(tx, leave, None).await
}

/// Takes back leave that was granted to somebody else; the balance gets it back.
pub async fn take_back(app: &App, viewer: &Viewer, id: LeaveId, reason: &str) -> Result<Leave> {
    let reason = text::required("reason", reason, 500)?;
    let mut tx = app.begin(viewer, Action::ApproveLeave).await?;
    let mut leave = locked_in(&mut tx, id).await?;
    not_own(&tx, leave.member_id)?;
    if leave.status != Status::Approved {
        return Err(Refusal::Decided.into());
    }
    leave.status = Status::TakenBack;
    ledger::stage_taking(&mut tx, &leave, leave.half_days)?;
    schedules::service::cancel_leave_in(&mut tx, leave.id)?;
    settle(tx, leave, Some(reason)).await
}

/// Nobody decides about their own leave.
pub(super) fn not_own(tx: &Tx, member: MemberId) -> Result<()> {
    if tx.viewer().member() == Some(member) {
        return Err(Refusal::Own.into());
    }
    Ok(())
}

async fn settle(mut tx: Tx, mut leave: Leave, said: Option<String>) -> Result<Leave> {
    leave.decided_at = Some(tx.now());
    leave.decided_by = tx.viewer().member();
    leave.decision.clone_from(&said);
    store::update(&mut tx, &leave)?;
    announce_in(&mut tx, &leave).await?;
    tx.commit(Audit::of(leave.id).because(said)).await?;
    Ok(leave)
}

async fn announce_in(tx: &mut Tx, leave: &Leave) -> Result<()> {
    let member = identity::service::member_in(tx, leave.member_id).await?;
    let department = member.department_id;
    let about = leave.id.to_string();
    tx.emit(&if leave.status == Status::Requested {
        Event::LeaveRequested(MemberEvent {
            member: leave.member_id,
            department,
            about,
        })
    } else {
        Event::LeaveDecided(PlanEvent {
            member: leave.member_id,
            department,
            about,
            from: leave.days.first,
            to: leave.days.last,
        })
    })
}

/// The requests of everybody within reach, the latest first.
pub async fn requests(
    app: &App,
    viewer: &Viewer,
    filter: Filter,
    page: &PageRequest,
) -> Result<Page<Leave>> {
    let backwards = filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to);
    if backwards {
        let message = "the last day is before the first";
        return Err(Error::invalid("to", message));
    }
    let mut tx = app.read(viewer, Action::ViewLeave).await?;
    store::list(&mut tx, &filter, page).await
}

/// Those of the requests that are there and within reach, in no order.
pub(super) async fn by_ids(app: &App, viewer: &Viewer, ids: &[LeaveId]) -> Result<Vec<Leave>> {
    let mut tx = app.read(viewer, Action::ViewLeave).await?;
    store::list_by_ids(&mut tx, ids).await
}

/// One request within reach.
pub async fn find(app: &App, viewer: &Viewer, id: LeaveId) -> Result<Leave> {
    store::find(&mut app.read(viewer, Action::ViewLeave).await?, id).await
}

/// The days between two, both included, on which a member has approved leave. A day that is not there has none.
pub async fn on_in(
    tx: &mut Tx,
    member: MemberId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<BTreeMap<NaiveDate, DayLeave>> {
    let leave = store::touching(tx, member, (from, to), &[Status::Approved]).await?;
    let days: Vec<Days> = leave.into_iter().map(|leave| leave.days).collect();
    Ok(on_days(&days, (from, to)))
}

/// Everybody's approved leave on one day, in one question. Whoever is not there has none.
pub async fn everybody_on_in(tx: &mut Tx, day: NaiveDate) -> Result<HashMap<MemberId, DayLeave>> {
    let mut days: HashMap<MemberId, Vec<Days>> = HashMap::new();
    for leave in store::approved_on(tx, day).await? {
        days.entry(leave.member_id).or_default().push(leave.days);
    }
    let on_day = |(member, days): (MemberId, Vec<Days>)| {
        let leave = on_days(&days, (day, day)).remove(&day);
        leave.map(|leave| (member, leave))
    };
    Ok(days.into_iter().filter_map(on_day).collect())
}

/// A request's member and days: for whoever settles days again when it was decided.
pub async fn days_of_in(tx: &mut Tx, id: LeaveId) -> Result<(MemberId, NaiveDate, NaiveDate)> {
    let leave = store::find(tx, id).await?;
    Ok((leave.member_id, leave.days.first, leave.days.last))
}
