//! Decides who may approve what: duties, and the people who have a say.

use super::approval::{Duty, Person};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::identity;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::MemberId;

/// Active owners and admins, and whoever has a duty.
pub(super) async fn people_in(tx: &mut Tx) -> Result<Vec<Person>> {
    let duties = store::duties(tx).await?;
    let ids: Vec<MemberId> = duties.iter().map(|(member, _)| *member).collect();
    let people = identity::service::deciders_in(tx, &ids).await?;
    let of = |member: MemberId| duties.iter().filter(move |(known, _)| *known == member);
    let person = |(member, role)| Person {
        member,
        role,
        duties: of(member).map(|(_, duty)| *duty).collect(),
    };
    Ok(people.into_iter().map(person).collect())
}

/// Who may approve, with their duties.
pub async fn approvers(app: &App, viewer: &Viewer) -> Result<Vec<Person>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    people_in(&mut tx).await
}

/// Gives a member a duty. Giving it twice changes nothing.
pub async fn appoint(app: &App, viewer: &Viewer, member: MemberId, duty: Duty) -> Result<Person> {
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let known = identity::service::deciders_in(&mut tx, &[member]).await?;
    let role = known.into_iter().find(|(id, _)| *id == member);
    let (_, role) = role.ok_or_else(|| Error::not_found("active member").at("member"))?;
    let held = duties_of(&mut tx, member).await?;
    store::give_duty(&mut tx, member, duty)?;
    let person = Person {
        member,
        role,
        duties: with(held, duty),
    };
    tx.commit(audit(member, "appointed", duty)).await?;
    Ok(person)
}

/// Takes a duty from a member.
pub async fn dismiss(app: &App, viewer: &Viewer, member: MemberId, duty: Duty) -> Result<MemberId> {
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    if !duties_of(&mut tx, member).await?.contains(&duty) {
        return Err(Error::not_found("such duty of this member").at("member"));
    }
    store::take_duty(&mut tx, member, duty)?;
    tx.commit(audit(member, "dismissed", duty)).await?;
    Ok(member)
}

async fn duties_of(tx: &mut Tx, member: MemberId) -> Result<Vec<Duty>> {
    let all = store::duties(tx).await?;
    let own = all.into_iter().filter(|(known, _)| *known == member);
    Ok(own.map(|(_, duty)| duty).collect())
}

fn with(mut held: Vec<Duty>, duty: Duty) -> Vec<Duty> {
    held.push(duty);
    held.sort_unstable();
    held.dedup();
    held
}

fn audit(member: MemberId, what: &str, duty: Duty) -> Audit {
    Audit::of(member).detail(serde_json::json!({ what: duty }))
}
