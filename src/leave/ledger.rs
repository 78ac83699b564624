//! Decides: what is granted, and what is left.

use serde::Serialize;

use super::model::{Balance, Entry, Leave, Refusal};
use super::service::not_own;
use super::store;
use super::types::model::LeaveType;
use super::types::store as types;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{LeaveTypeId, MemberId};
use crate::kernel::text;
use crate::{identity, schedules};

/// What somebody is granted, or loses, by hand.
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    pub member: MemberId,
    pub type_id: LeaveTypeId,
    /// Below zero it corrects an earlier grant.
    pub half_days: i32,
    pub note: Option<String>,
}

/// Grants leave to somebody else. The same key and input grant it once, however often they come.
pub async fn grant(app: &App, viewer: &Viewer, key: &str, grant: Grant) -> Result<Entry> {
    let key = Key::new(key, "GRANT_LEAVE", &grant)?;
    let note = text::optional("note", grant.note.as_deref(), 500)?;
    if grant.half_days == 0 || grant.half_days.abs() > 732 {
        let message = "half days are 1 to 732, or as many below zero";
        return Err(Error::invalid("halfDays", message));
    }
    let grant = Grant { note, ..grant };
    loop {
        match try_grant(app, viewer, &key, &grant).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_grant(app: &App, viewer: &Viewer, key: &Key, grant: &Grant) -> Result<Entry> {
    let mut tx = app.begin(viewer, Action::ApproveLeave).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        let entry = store::find_entry(&mut tx, id).await?;
        tx.settle().await?;
        return Ok(entry);
    }
    let member = identity::service::member_in(&mut tx, grant.member).await;
    let member = member.map_err(|error| error.at("member"))?;
    not_own(&tx, member.id)?;
    let kind = types::find(&mut tx, grant.type_id).await;
    let kind = kind.map_err(|error| error.at("type"))?;
    schedules::service::lock_member_in(&mut tx, member.id).await?;
    let entry = Entry {
        id: tx.id(),
        member_id: member.id,
        type_id: kind.id,
        half_days: grant.half_days,
        leave_id: None,
        note: grant.note.clone(),
        made_by: tx.viewer().member(),
        made_at: tx.now(),
    };
    idempotency::stage(&mut tx, key, entry.id)?;
    store::insert_entry(&mut tx, &entry)?;
    tx.commit(Audit::of(entry.id)).await?;
    Ok(entry)
}

/// Refuses what a balance does not reach for, less what is set aside already.
pub(super) async fn enough_in(
    tx: &mut Tx,
    member: MemberId,
    kind: LeaveTypeId,
    set_aside: i32,
    wanted: i32,
) -> Result<()> {
    let entries = store::entries(tx, member).await?;
    let left = Balance::of(entries.iter().filter(|entry| entry.type_id == kind)).left() - set_aside;
    if left < wanted {
        return Err(Refusal::TooLow { left, wanted }.into());
    }
    Ok(())
}

/// What leave takes (below zero) or gives back.
pub(super) fn stage_taking(tx: &mut Tx, leave: &Leave, half_days: i32) -> Result<()> {
    let entry = Entry {
        id: tx.id(),
        member_id: leave.member_id,
        type_id: leave.type_id,
        half_days,
        leave_id: Some(leave.id),
        note: None,
        made_by: tx.viewer().member(),
        made_at: tx.now(),
    };
    store::insert_entry(tx, &entry)
}

/// What somebody has of one type.
#[derive(Debug, Clone)]
pub struct Account {
    pub kind: LeaveType,
    pub balance: Balance,
    /// Asked for, and not decided.
    pub pending: i32,
    /// The lines it comes from, the newest first.
    pub entries: Vec<Entry>,
}

/// What a member has of every type that is in use or was used.
pub async fn accounts(app: &App, viewer: &Viewer, member: MemberId) -> Result<Vec<Account>> {
    let mut tx = app.read(viewer, Action::ViewLeave).await?;
    identity::service::member_in(&mut tx, member)
        .await
        .map_err(|error| error.at("member"))?;
    let entries = store::entries(&mut tx, member).await?;
    let pending = store::pending(&mut tx, member).await?;
    let account = |kind: LeaveType| {
        let of_kind = entries.iter().filter(|entry| entry.type_id == kind.id);
        let entries: Vec<Entry> = of_kind.cloned().collect();
        let asked = pending.iter().filter(|(id, _)| *id == kind.id);
        Account {
            balance: Balance::of(&entries),
            pending: asked.map(|(_, half_days)| half_days).sum(),
            entries,
            kind,
        }
    };
    let all = types::list(&mut tx).await?.into_iter().map(account);
    Ok(all
        .filter(|account| account.kind.archived_at.is_none() || !account.entries.is_empty())
        .collect())
}
