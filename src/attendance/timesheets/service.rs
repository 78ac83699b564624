//! Decides: who submits, approves and locks a timesheet, and what becomes of that when time changes.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::content::{self, Asked};
use super::model::{Content, Policy, Span, State, Step, Timesheet};
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, MemberEvent};
use crate::exceptions::model::{Found, Kind, Severity, Subject};
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, TimesheetId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::kernel::time::local_date;
use crate::{exceptions, identity, orgs};

/// The timesheet of a person that a day lies in. Without an id: nothing happened in it yet.
pub async fn timesheet(
    app: &App,
    viewer: &Viewer,
    member: Option<MemberId>,
    day: NaiveDate,
) -> Result<Timesheet> {
    let mut tx = app.read(viewer, Action::ViewTimesheets).await?;
    let member = match member {
        Some(member) => member,
        None => viewer.person()?,
    };
    identity::service::member_in(&mut tx, member).await?;
    let days = Span { from: day, to: day };
    match store::list_over(&mut tx, member, days).await?.pop() {
        Some(sheet) => Ok(sheet),
        None => new_in(&mut tx, TimesheetId::from_uuid(Uuid::nil()), member, day).await,
    }
}

/// The timesheets of everybody within reach that have something in them, the newest first.
pub async fn timesheets(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Timesheet>> {
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to)
    {
        return Err(Error::invalid("to", "the last day is before the first"));
    }
    let mut tx = app.read(viewer, Action::ViewTimesheets).await?;
    store::list(&mut tx, filter, page).await
}

/// What is in timesheets that the caller was shown.
pub(super) async fn contents(
    app: &App,
    viewer: &Viewer,
    asked: &[Asked],
) -> Result<HashMap<Asked, Content>> {
    let mut tx = app.read(viewer, Action::ViewTimesheets).await?;
    content::many_in(&mut tx, asked).await
}

pub async fn policy(app: &App, viewer: &Viewer) -> Result<Policy> {
    let mut tx = app.read(viewer, Action::ViewTimesheets).await?;
    store::policy(&mut tx).await
}

/// Says how long timesheets are from now on; those that are there keep their days.
pub async fn set_policy(app: &App, viewer: &Viewer, policy: Policy) -> Result<Policy> {
    let mut tx = app.begin(viewer, Action::LockTimesheets).await?;
    store::stage_policy(&mut tx, policy)?;
    let organization = tx.org();
    let detail = json!({ "period": policy.period.name(), "anchor": policy.anchor });
    tx.commit(Audit::of(organization).detail(detail)).await?;
    Ok(policy)
}

/// Hands the viewer's own timesheet in, as they saw it.
pub async fn submit(app: &App, viewer: &Viewer, day: NaiveDate, hash: &str) -> Result<Timesheet> {
    let member = viewer.person()?;
    let mut tx = app.begin(viewer, Action::SubmitTimesheets).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    let mut sheet = kept_in(&mut tx, member.id, day).await?;
    if sheet.span.from > local_date(tx.now(), organization.time_zone) {
        return Err(Error::invalid("date", "this period has not begun"));
    }
    let state = Step::Submit.after(sheet.state)?;
    looked_at_in(&mut tx, &sheet, hash).await?;
    sheet = Timesheet {
        submitted_at: Some(tx.now()),
        ..without_approval(sheet, state)
    };
    finish(tx, &member, sheet, Event::TimesheetSubmitted).await
}

/// Approves what was looked at: the approval holds for that content and no other.
pub async fn approve(
    app: &App,
    viewer: &Viewer,
    whose: (MemberId, NaiveDate),
    hash: &str,
    memo: Option<&str>,
) -> Result<Timesheet> {
    let memo = text::optional("memo", memo, 500)?;
    let (mut tx, member, sheet) = decided_in(app, viewer, whose).await?;
    let state = Step::Approve.after(sheet.state)?;
    let content = looked_at_in(&mut tx, &sheet, hash).await?;
    let sheet = Timesheet {
        approved_hash: Some(content.hash()),
        approved: Some(content),
        decided_at: Some(tx.now()),
        decided_by: viewer.member(),
        memo,
        ..without_approval(sheet, state)
    };
    finish(tx, &member, sheet, Event::TimesheetApproved).await
}

/// Gives a timesheet back, with what is to be done about it.
pub async fn give_back(
    app: &App,
    viewer: &Viewer,
    whose: (MemberId, NaiveDate),
    memo: &str,
) -> Result<Timesheet> {
    let memo = text::required("memo", memo, 500)?;
    let (tx, member, sheet) = decided_in(app, viewer, whose).await?;
    let state = Step::Return.after(sheet.state)?;
    let sheet = Timesheet {
        decided_at: Some(tx.now()),
        decided_by: viewer.member(),
        memo: Some(memo),
        ..without_approval(sheet, state)
    };
    finish(tx, &member, sheet, Event::TimesheetReopened).await
}

/// Whoever decides is within reach of whom it is about, and somebody else.
async fn decided_in(
    app: &App,
    viewer: &Viewer,
    (member, day): (MemberId, NaiveDate),
) -> Result<(Tx, Member, Timesheet)> {
    let mut tx = app.begin(viewer, Action::ApproveTimesheets).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    if viewer.person()? == member.id {
        let message = "nobody approves their own timesheet";
        return Err(Error::refused(Code::OwnCorrection, message));
    }
    let sheet = kept_in(&mut tx, member.id, day).await?;
    Ok((tx, member, sheet))
}

/// Closes an approved timesheet: from now on nobody changes its time, and what a phone had kept is shown apart.
pub async fn lock(
    app: &App,
    viewer: &Viewer,
    (member, day): (MemberId, NaiveDate),
    reason: &str,
) -> Result<Timesheet> {
    let reason = text::required("reason", reason, 500)?;
    let mut tx = app.begin(viewer, Action::LockTimesheets).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    let sheet = kept_in(&mut tx, member.id, day).await?;
    let sheet = Timesheet {
        state: Step::Lock.after(sheet.state)?,
        locked_at: Some(tx.now()),
        locked_by: viewer.member(),
        memo: Some(reason),
        ..sheet
    };
    finish(tx, &member, sheet, Event::TimesheetLocked).await
}

/// Opens a locked timesheet again: it must be submitted and approved anew.
pub async fn reopen(
    app: &App,
    viewer: &Viewer,
    (member, day): (MemberId, NaiveDate),
    reason: &str,
) -> Result<Timesheet> {
    let reason = text::required("reason", reason, 500)?;
    let mut tx = app.begin(viewer, Action::LockTimesheets).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    let sheet = kept_in(&mut tx, member.id, day).await?;
    let state = Step::Reopen.after(sheet.state)?;
    let sheet = Timesheet {
        locked_at: None,
        locked_by: None,
        memo: Some(reason),
        ..without_approval(sheet, state)
    };
    after_lock_in(&mut tx, &member, &sheet).await?;
    finish(tx, &member, sheet, Event::TimesheetReopened).await
}

/// What was approved counts no more; it stays in the audit log.
fn without_approval(sheet: Timesheet, state: State) -> Timesheet {
    Timesheet {
        state,
        approved: None,
        approved_hash: None,
        decided_at: None,
        decided_by: None,
        changes: Vec::new(),
        ..sheet
    }
}

async fn finish(
    mut tx: Tx,
    member: &Member,
    sheet: Timesheet,
    event: fn(MemberEvent) -> Event,
) -> Result<Timesheet> {
    store::stage_update(&mut tx, &sheet)?;
    tx.emit(&event(about(member, &sheet)))?;
    let detail = json!({
        "member": sheet.member_id, "from": sheet.span.from, "to": sheet.span.to,
        "state": sheet.state.name(), "hash": sheet.approved_hash,
    });
    let audit = Audit::of(sheet.id).because(sheet.memo.clone());
    tx.commit(audit.detail(detail)).await?;
    Ok(sheet)
}

fn about(member: &Member, sheet: &Timesheet) -> MemberEvent {
    MemberEvent {
        member: member.id,
        department: member.department_id,
        about: sheet.id.to_string(),
    }
}

/// The content as it is, if it is what somebody looked at.
async fn looked_at_in(tx: &mut Tx, sheet: &Timesheet, hash: &str) -> Result<Content> {
    let content = content::one_in(tx, (sheet.member_id, sheet.span)).await?;
    let now = content.hash();
    if now != hash {
        let message = "this timesheet has changed since it was looked at";
        return Err(Error::refused(Code::TimesheetStale, message)
            .at("hash")
            .with("hash", now));
    }
    Ok(content)
}

/// The timesheet a day lies in, made if there is none, and until the end of this change nobody else's.
async fn kept_in(tx: &mut Tx, member: MemberId, day: NaiveDate) -> Result<Timesheet> {
    let days = Span { from: day, to: day };
    if let Some(sheet) = store::lock_over(tx, member, days).await?.pop() {
        return Ok(sheet);
    }
    let id = tx.id();
    let sheet = new_in(tx, id, member, day).await?;
    store::stage_insert(tx, &sheet)?;
    tx.flush_staged().await?;
    let kept = store::lock_over(tx, member, days).await?.pop();
    kept.ok_or_else(|| Error::try_again("somebody else is making this timesheet right now", 0))
}

async fn new_in(
    tx: &mut Tx,
    id: TimesheetId,
    member: MemberId,
    day: NaiveDate,
) -> Result<Timesheet> {
    let span = store::policy(tx).await?.span(day);
    let around = store::list_over(tx, member, span).await?;
    let ends = around.iter().map(|sheet| sheet.span.to);
    let starts = around.iter().map(|sheet| sheet.span.from);
    let before = ends.filter(|end| *end < day).max();
    let after = starts.filter(|start| *start > day).min();
    Ok(Timesheet::new(
        id,
        member,
        span.between(before, after),
        tx.now(),
    ))
}

/// Takes in that these days of a member may have changed: opens timesheets that are not there yet, voids approvals of
/// content that is gone, and shows on locked ones what came after the lock. In the caller's transaction, after the
/// sessions and days are staged.
pub async fn touched_in(tx: &mut Tx, member: MemberId, days: &BTreeSet<NaiveDate>) -> Result<()> {
    let (Some(from), Some(to)) = (days.first().copied(), days.last().copied()) else {
        return Ok(());
    };
    let mut sheets = store::lock_over(tx, member, Span { from, to }).await?;
    for day in days {
        if !sheets.iter().any(|sheet| sheet.span.contains(*day)) {
            let id = tx.id();
            let sheet = new_in(tx, id, member, *day).await?;
            store::stage_insert(tx, &sheet)?;
            sheets.push(sheet);
        }
    }
    let pinned = sheets.into_iter().filter(|sheet| {
        sheet.approved.is_some() && days.iter().any(|day| sheet.span.contains(*day))
    });
    for sheet in pinned {
        touch_in(tx, sheet).await?;
    }
    Ok(())
}

async fn touch_in(tx: &mut Tx, before: Timesheet) -> Result<()> {
    tx.flush_staged().await?;
    let content = content::one_in(tx, (before.member_id, before.span)).await?;
    let mut sheet = before.clone();
    sheet.touch(&content, tx.now());
    if sheet == before {
        return Ok(());
    }
    store::stage_update(tx, &sheet)?;
    let member = identity::service::member_in(tx, sheet.member_id).await?;
    if sheet.state == State::Voided && before.state != State::Voided {
        tx.emit(&Event::TimesheetVoided(about(&member, &sheet)))?;
    }
    after_lock_in(tx, &member, &sheet).await?;
    // Whoever touches it again in this change sees this.
    tx.flush_staged().await
}

/// An exception stays open as long as a locked timesheet is not what was approved.
async fn after_lock_in(tx: &mut Tx, member: &Member, sheet: &Timesheet) -> Result<()> {
    let is_locked = sheet.state == State::Locked;
    let first = sheet.changes.first().filter(|_| is_locked);
    let subject = Subject {
        key: sheet.id.to_string(),
        member: member.id,
        department: member.department_id,
        place: None,
        session: None,
        punch: None,
        work_date: first.map_or(sheet.span.from, |day| day.date),
    };
    let found = first.map(|_| {
        let days: Vec<String> = sheet
            .changes
            .iter()
            .map(|day| day.date.to_string())
            .collect();
        let detail = json!({ "days": days, "hash": sheet.approved_hash });
        Found {
            kind: Kind::RuleFlag,
            code: "changed_after_lock".to_owned(),
            severity: Severity::Acknowledge,
            score: 100,
            detail: detail.as_object().cloned().unwrap_or_default(),
        }
    });
    exceptions::service::reconcile_in(tx, &subject, found.as_slice()).await
}

/// Refuses what would change time on a day of a locked timesheet.
pub async fn check_unlocked_in(
    tx: &mut Tx,
    member: MemberId,
    days: &BTreeSet<NaiveDate>,
) -> Result<()> {
    let (Some(from), Some(to)) = (days.first().copied(), days.last().copied()) else {
        return Ok(());
    };
    let sheets = store::list_over(tx, member, Span { from, to }).await?;
    let locked = sheets.iter().find(|sheet| {
        sheet.state == State::Locked && days.iter().any(|day| sheet.span.contains(*day))
    });
    match locked {
        None => Ok(()),
        Some(sheet) => Err(Error::refused(
            Code::TimesheetLocked,
            "the timesheet of that time is locked; an administrator can reopen it",
        )
        .with("from", sheet.span.from.to_string())
        .with("to", sheet.span.to.to_string())),
    }
}
