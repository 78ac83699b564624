//! Decides: whom a policy means, and that only those are deactivated who were looked at.

use std::collections::HashMap;

use serde_json::json;

use super::model::{self, Inactive, Policy, Presence};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Role;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::identity::model::Member;
use crate::identity::service as people;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, kinds};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::{attendance, orgs, schedules};

/// Whom a policy means now, those absent longest first, and the token to apply it with.
pub async fn preview(
    app: &App,
    viewer: &Viewer,
    policy: Policy,
) -> Result<(Vec<Inactive>, String)> {
    let policy = policy.checked()?;
    let mut tx = app.read(viewer, Action::ManageMembers).await?;
    let found = find(&mut tx, &policy).await?;
    let token = token(&tx, &policy, &found)?;
    Ok((found, token))
}

/// Deactivates those whom the preview showed; refused if they are no longer the same.
pub async fn deactivate(
    app: &App,
    viewer: &Viewer,
    policy: Policy,
    (seen, reason): (&str, &str),
) -> Result<Vec<Member>> {
    let policy = policy.checked()?;
    let reason = text::required("reason", reason, 500)?;
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let found = find(&mut tx, &policy).await?;
    if token(&tx, &policy, &found)? != seen {
        let message = "the members this policy means are no longer those of the preview";
        return Err(Error::refused(Code::PreviewStale, message).at("token"));
    }
    let mut gone = Vec::new();
    for Inactive { member, .. } in found {
        gone.push(people::deactivate_in(&mut tx, member).await?);
    }
    if gone.is_empty() {
        tx.settle().await?;
        return Ok(gone);
    }
    let ids: Vec<MemberId> = gone.iter().map(|member| member.id).collect();
    let detail = json!({ "inactiveDays": policy.days, "members": ids });
    let audit = Audit::of_many::<kinds::Member>().because(Some(reason));
    tx.commit(audit.detail(detail)).await?;
    Ok(gone)
}

fn token(tx: &Tx, policy: &Policy, found: &[Inactive]) -> Result<String> {
    let ids: Vec<MemberId> = found.iter().map(|one| one.member.id).collect();
    model::token(tx.org(), policy, &ids)
}

async fn find(tx: &mut Tx, policy: &Policy) -> Result<Vec<Inactive>> {
    let mut departments = Vec::new();
    for id in policy.departments.iter().flatten() {
        orgs::service::department_in(tx, *id)
            .await
            .map_err(|error| error.at("departments"))?;
        departments.extend(orgs::service::departments_below_in(tx, *id).await?);
    }
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let since = policy.since(tx.now(), zone);
    let presences = presences(tx).await?;
    let (viewer, role) = (tx.viewer().member(), tx.viewer().role());
    let wanted = |member: &Member| {
        let inside = member
            .department_id
            .is_some_and(|id| departments.contains(&id));
        // Nobody sends off themselves; so an owner who sends off owners stays, and is the last.
        Some(member.id) != viewer
            && policy.roles.contains(&member.role)
            && (member.role != Role::Owner || role == Role::Owner)
            && (policy.departments.is_none() || inside)
    };
    let members = people::active_members_in(tx).await?;
    let mut found: Vec<Inactive> = members
        .into_iter()
        .filter(wanted)
        .map(|member| {
            let presence = presences.get(&member.id).copied().unwrap_or_default();
            let last = presence.last(member.joined_at);
            Inactive {
                member,
                presence,
                last,
            }
        })
        .filter(|one| one.last < since)
        .collect();
    found.sort_by_key(|one| (one.last, one.member.id));
    Ok(found)
}

async fn presences(tx: &mut Tx) -> Result<HashMap<MemberId, Presence>> {
    let mut all: HashMap<MemberId, Presence> = HashMap::new();
    let signed_in: Vec<(MemberId, Instant)> = people::last_seen_in(tx).await?;
    for (member, at) in signed_in {
        all.entry(member).or_default().signed_in = Some(at);
    }
    for (member, at) in attendance::imported::last_punches_in(tx).await? {
        all.entry(member).or_default().punched = Some(at);
    }
    for (member, at) in schedules::service::last_shifts_in(tx).await? {
        all.entry(member).or_default().planned = Some(at);
    }
    Ok(all)
}
