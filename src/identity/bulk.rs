//! Members from a table: recorded, or changed where the table knows better.

use super::model::{self, Member};
use super::{moves, service, store};
use crate::auth::policy::Role;
use crate::db::tx::Tx;
use crate::events::event::Event;
use crate::kernel::error::Result;
use crate::kernel::id::DepartmentId;

/// What a table says about a person. Nothing means leave it.
#[derive(Debug, Clone)]
pub struct Record {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: Option<Role>,
    pub department: Option<DepartmentId>,
    pub title: Option<String>,
    pub external_ref: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// Everybody, those who left too: whom a table may mean.
pub async fn everybody_in(tx: &mut Tx) -> Result<Vec<Member>> {
    store::all_members(tx, false).await
}

/// Records a person without an account, and tells of it.
pub async fn record_in(tx: &mut Tx, record: Record, role: Role) -> Result<Member> {
    let role = model::personal(record.role.unwrap_or(role))?;
    model::may_touch_owner(tx.viewer().role(), &[role])?;
    let member = Member {
        id: tx.id(),
        account_id: None,
        role,
        department_id: record.department,
        name: record.name,
        title: record.title,
        phone: record.phone,
        email: record.email,
        tags: record.tags.unwrap_or_default(),
        external_ref: record.external_ref,
        joined_at: tx.now(),
        deactivated_at: None,
    };
    store::insert_member(tx, member.clone()).await?;
    tx.emit(&Event::MemberJoined {
        member: member.id,
        department: member.department_id,
    })?;
    Ok(member)
}

/// What became of a member whom a table names.
#[derive(Debug)]
pub struct Changed {
    pub member: Member,
    pub is_changed: bool,
    /// What the member keeps: who has an account says their own name, number and address.
    pub kept: Vec<&'static str>,
}

/// Changes a member to what a table says. Everything is checked before anything is written.
pub async fn change_in(tx: &mut Tx, before: &Member, record: Record) -> Result<Changed> {
    let mut member = before.clone();
    let mut kept = Vec::new();
    if before.account_id.is_none() {
        member.name = record.name;
        member.email = record.email.or(member.email);
        member.phone = record.phone.or(member.phone);
    } else {
        let differs =
            |new: Option<&str>, old: Option<&str>| new.is_some_and(|new| Some(new) != old);
        if member.name != record.name {
            kept.push("name");
        }
        if differs(record.email.as_deref(), member.email.as_deref()) {
            kept.push("email");
        }
        if differs(record.phone.as_deref(), member.phone.as_deref()) {
            kept.push("phone");
        }
    }
    if let Some(role) = record.role.filter(|role| *role != before.role) {
        model::may_touch_owner(tx.viewer().role(), &[before.role, model::personal(role)?])?;
        // Another row may have unmade an owner a moment ago.
        tx.flush_staged().await?;
        service::keep_an_owner(tx, before).await?;
        member.role = role;
    }
    member.title = record.title.or(member.title);
    member.tags = record.tags.unwrap_or(member.tags);
    member.external_ref = member.external_ref.or(record.external_ref);
    let to = record
        .department
        .filter(|to| Some(*to) != before.department_id);
    let is_changed = member != *before || to.is_some();
    if is_changed {
        store::update_member(tx, &member)?;
        if let Some(to) = to {
            tx.flush_staged().await?;
            moves::service::move_now_in(tx, &mut member, Some(to)).await?;
        }
        service::announce_in(tx, Event::MemberChanged { member: member.id })?;
    }
    Ok(Changed {
        member,
        is_changed,
        kept,
    })
}
