//! Decides: leave that another system granted comes in as a fact. No balance is asked, and none is invented: what was
//! taken without a grant here stands below zero in the ledger.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::model::{Days, Leave, Status};
use super::types::model::LeaveType;
use super::{ledger, service, store};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::MemberId;
use crate::schedules;

/// Leave as another system tells of it.
#[derive(Debug, Clone)]
pub struct Granted {
    pub member: MemberId,
    pub kind: LeaveType,
    pub days: Days,
    /// Its name there.
    pub external_ref: String,
}

/// What is known of leave already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It came in before, whatever became of it since, or leave of the type lies on all its days.
    Known,
    /// Leave of another type lies on some of its days, or was asked for.
    Clashes,
    /// Of these of its days nothing is known.
    New(Vec<NaiveDate>),
}

/// Looks what is known of leave, and holds the member until the end: nobody else decides meanwhile.
pub async fn look_in(tx: &mut Tx, granted: &Granted) -> Result<Standing> {
    granted.days.checked(&granted.kind)?;
    schedules::service::lock_member_in(tx, granted.member).await?;
    if store::find_by_ref(tx, &granted.external_ref)
        .await?
        .is_some()
    {
        return Ok(Standing::Known);
    }
    let days = granted.days;
    let holding = [Status::Requested, Status::Approved];
    let mut near = store::touching(tx, granted.member, (days.first, days.last), &holding).await?;
    near.retain(|other| other.days.overlaps(days));
    if near.iter().any(|other| other.type_id != granted.kind.id) {
        return Ok(Standing::Clashes);
    }
    let taken: BTreeSet<NaiveDate> = near.iter().flat_map(|other| other.days.dates()).collect();
    let new: Vec<NaiveDate> = days.dates().filter(|day| !taken.contains(day)).collect();
    Ok(if new.is_empty() {
        Standing::Known
    } else {
        Standing::New(new)
    })
}

/// Keeps leave that was granted elsewhere: approved, in the ledger and in the plan. Nobody is told: whoever imports works
/// the days out and tells of everything once.
pub async fn keep_in(tx: &mut Tx, granted: &Granted) -> Result<()> {
    let Granted {
        member, kind, days, ..
    } = granted;
    let half_days = service::count_in(tx, *member, kind, *days).await?;
    let leave = Leave {
        id: tx.id(),
        member_id: *member,
        type_id: kind.id,
        days: *days,
        half_days,
        reason: None,
        status: Status::Approved,
        created_at: tx.now(),
        decided_at: Some(tx.now()),
        decided_by: None,
        decision: None,
        external_ref: Some(granted.external_ref.clone()),
    };
    store::insert(tx, &leave)?;
    if half_days > 0 {
        ledger::stage_taking(tx, &leave, -half_days)?;
    }
    // The plan names the leave it stands for.
    tx.flush_staged().await?;
    service::plan_in(tx, &leave).await
}
