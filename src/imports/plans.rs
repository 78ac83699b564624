//! Decides: what was planned elsewhere becomes shifts, each day of each person once. Leave is not a shift: it is put aside.

use std::collections::HashSet;

use super::leave;
use super::model::{Plan, shift_ref};
use super::read::{self, Table};
use super::reason::Reason;
use super::service::{Import, LEAVE_REQUESTS, Progress, SCHEDULES, at, end, next_readable};
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, kinds};
use crate::schedules;
use crate::schedules::model::ShiftKind;
use crate::schedules::service::NewShift;

/// Rows of one transaction: others wait for its end.
const SHIFTS_AT_ONCE: usize = 1_000;

/// Keeps the plans, and after them the leave that was granted: as it was requested, since that says which days belong
/// together, and then what only the plans know of.
pub(super) async fn import_plans(
    import: &mut Import<'_>,
    (plans, requests): (Table, Table),
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut seen = HashSet::new();
    let planned_leave = import_schedules(import, plans, &mut seen, progress).await?;
    let mut leave = import_leave_requests(import, requests, &mut seen, progress).await?;
    leave.extend(planned_leave);
    leave::import_leave(import, leave, progress).await
}

async fn import_schedules(
    import: &mut Import<'_>,
    mut table: Table,
    seen: &mut HashSet<String>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Vec<leave::Row>> {
    let (mut shifts, mut leave) = (Vec::new(), Vec::new());
    while let Some((row, plan)) = next_readable(&mut import.report, &mut table, read::plan)? {
        if plan.kind == ShiftKind::Leave {
            leave.push(leave::Row::new(SCHEDULES, row, plan));
            continue;
        }
        match expand(import, &plan, seen) {
            Ok(new) => {
                import.report.schedules.used += 1;
                shifts.extend(new);
            }
            Err(reason) => import.report.refuse(SCHEDULES, row, &reason),
        }
        while shifts.len() >= SHIFTS_AT_ONCE {
            let rest = shifts.split_off(SHIFTS_AT_ONCE);
            keep_shifts(import, std::mem::replace(&mut shifts, rest)).await?;
            progress(at(&table, "schedules"));
        }
    }
    keep_shifts(import, shifts).await?;
    progress(at(&table, "schedules"));
    Ok(leave)
}

/// Days off that the plans do not know already. What they know is merged.
async fn import_leave_requests(
    import: &mut Import<'_>,
    mut table: Table,
    seen: &mut HashSet<String>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Vec<leave::Row>> {
    let (mut shifts, mut leave) = (Vec::new(), Vec::new());
    while let Some((row, plan)) =
        next_readable(&mut import.report, &mut table, read::leave_request)?
    {
        if plan.kind == ShiftKind::Leave {
            leave.push(leave::Row::new(LEAVE_REQUESTS, row, plan));
            continue;
        }
        match expand(import, &plan, seen) {
            Ok(new) if new.is_empty() => import.report.leave_requests.merged += 1,
            Ok(new) => {
                import.report.leave_requests.used += 1;
                shifts.extend(new);
            }
            Err(reason) => import.report.refuse(LEAVE_REQUESTS, row, &reason),
        }
    }
    keep_shifts(import, shifts).await?;
    progress(at(&table, "leave requests"));
    Ok(leave)
}

/// The members a row is for; none if one of them is unknown.
pub(super) fn members_of<'p>(
    import: &Import<'_>,
    plan: &'p Plan,
) -> Result<Vec<(&'p str, MemberId)>, Reason> {
    let known = plan.users.iter().map(|user| {
        let member = import.members.get(user);
        let member = member.ok_or_else(|| Reason::UnknownUser(user.clone()))?;
        Ok((user.as_str(), member.id))
    });
    known.collect()
}

/// A shift for every person on every day, each once. A row with an unknown user is refused whole.
fn expand(
    import: &mut Import<'_>,
    plan: &Plan,
    seen: &mut HashSet<String>,
) -> Result<Vec<NewShift>, Reason> {
    let members = members_of(import, plan)?;
    let mut new = Vec::new();
    for date in &plan.dates {
        let instants = plan.time.instants(*date, import.organization.time_zone);
        let (starts_at, ends_at) = instants.ok_or_else(|| Reason::BadDate(date.to_string()))?;
        for (user, member_id) in &members {
            let external_ref = shift_ref(user, plan.kind, (starts_at, ends_at));
            if !seen.insert(external_ref.clone()) {
                import.report.shifts.merged += 1;
                continue;
            }
            new.push(NewShift {
                member_id: *member_id,
                place_id: None,
                kind: plan.kind,
                work_date: *date,
                starts_at,
                ends_at,
                break_minutes: plan.break_minutes,
                external_ref: Some(external_ref),
            });
        }
    }
    Ok(new)
}

async fn keep_shifts(import: &mut Import<'_>, shifts: Vec<NewShift>) -> Result<()> {
    if shifts.is_empty() {
        return Ok(());
    }
    let all = shifts.len() as u64;
    let mut tx = import.begin().await?;
    let created = schedules::service::import_shifts_in(&mut tx, shifts).await?;
    let count = created.len() as u64;
    for (member, day) in created {
        import.plan(member, day);
    }
    import.report.shifts.created += count;
    import.report.shifts.unchanged += all - count;
    end::<kinds::Shift>(tx, import, "shifts", count).await
}
