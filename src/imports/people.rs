//! Decides: whom an export tells of becomes a member, once.

use std::collections::HashSet;

use super::model::User;
use super::read::{self, Table};
use super::reason::Reason;
use super::service::{Import, Progress, USERS, at, end, next_readable};
use crate::auth::policy::Role;
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::identity::service::NewMember;
use crate::kernel::error::{Code, Result};
use crate::kernel::id::kinds;
use crate::orgs::model::Organization;
use crate::{identity, orgs};

/// Rows of one transaction: others wait for its end.
pub(super) const MEMBERS_AT_ONCE: usize = 200;

/// Keeps everybody of users.csv; who is there stays as they are.
pub(super) async fn import_members(
    import: &mut Import<'_>,
    mut table: Table,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut users: Vec<(u64, User)> = Vec::new();
    let mut seen = HashSet::new();
    loop {
        let next = next_readable(&mut import.report, &mut table, read::user)?;
        if next.is_none() || users.len() >= MEMBERS_AT_ONCE {
            keep_members(import, std::mem::take(&mut users)).await?;
            progress(at(&table, "members"));
        }
        match next {
            Some((row, user)) if seen.insert(user.id.clone()) => users.push((row, user)),
            Some((row, user)) => import
                .report
                .refuse(USERS, row, &Reason::RepeatedUser(user.id)),
            None => return Ok(()),
        }
    }
}

async fn keep_members(import: &mut Import<'_>, users: Vec<(u64, User)>) -> Result<()> {
    let mut tx = import.begin().await?;
    let mut created = 0;
    for (row, user) in users {
        let id = user.id.clone();
        match keep_member(&mut tx, &import.organization, user).await {
            Ok((member, new)) => {
                import.report.users.used += 1;
                created += u64::from(new);
                import.report.members.unchanged += u64::from(!new);
                import.members.insert(id, member);
            }
            // It was refused before anything was written: a name too long, a letter that is none.
            Err(error) if error.code == Code::InvalidInput => {
                import
                    .report
                    .refuse(USERS, row, &Reason::Malformed(error.message));
            }
            Err(error) => return Err(error),
        }
    }
    import.report.members.created += created;
    end::<kinds::Member>(tx, import, "members", created).await
}

async fn keep_member(
    tx: &mut Tx,
    organization: &Organization,
    user: User,
) -> Result<(Member, bool)> {
    let zone = organization.time_zone;
    let (joined_at, deactivated_at) = (user.joined_at(zone), user.left_at(zone, tx.now()));
    let department = match &user.department {
        Some(name) => Some(orgs::service::department_by_name_in(tx, name).await?),
        None => None,
    };
    let new = NewMember {
        name: user.name,
        role: Role::Worker,
        department,
        title: user.title,
        external_ref: format!("clockster:user:{}", user.id),
        joined_at,
        deactivated_at,
        tags: user.location.into_iter().collect(),
    };
    identity::service::import_member_in(tx, new).await
}
