//! Decides: from which day on a member belongs where.

use chrono::NaiveDate;
use serde_json::json;

use super::model::{self, Move, Spell};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::lobby::Lobby;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::model::Member;
use crate::identity::service::{self as members, tell_now};
use crate::identity::store as member_store;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, OrgId};
use crate::kernel::time::local_date;
use crate::orgs;
use crate::orgs::model::Organization;

/// How far ahead a move can be planned, in days.
const FARTHEST: i64 = 366;

/// What became of a move.
#[derive(Debug, Clone)]
pub struct Moved {
    pub member: Member,
    pub department: Option<DepartmentId>,
    pub effective_from: NaiveDate,
    /// Whether its day has begun; if not, it waits.
    pub has_begun: bool,
}

/// Moves a member from a day on; today if none is named. What was worked keeps its department.
pub async fn move_member(
    app: &App,
    viewer: &Viewer,
    id: MemberId,
    department: Option<DepartmentId>,
    from: Option<NaiveDate>,
) -> Result<Moved> {
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let mut member = member_store::get_member(&mut tx, id).await?;
    if !member.is_active() {
        let message = "somebody who left belongs nowhere: reactivate them first";
        return Err(Error::invalid("member", message));
    }
    check(&mut tx, department).await?;
    let today = today_in(&mut tx).await?;
    let from = from.unwrap_or(today);
    if (from - today).num_days() > FARTHEST {
        let message = format!("a move is planned at most {FARTHEST} days ahead");
        return Err(Error::invalid("effectiveFrom", message));
    }
    move_in(&mut tx, &mut member, department, from).await?;
    let has_begun = from <= today;
    let detail = json!({ "department": department, "effectiveFrom": from });
    let member = members::changed_with(tx, member, has_begun, Audit::of(id).detail(detail)).await?;
    Ok(Moved {
        member,
        department,
        effective_from: from,
        has_begun,
    })
}

async fn check(tx: &mut Tx, department: Option<DepartmentId>) -> Result<()> {
    if let Some(id) = department {
        orgs::service::department_in(tx, id)
            .await
            .map_err(|error| error.at("department"))?;
    }
    Ok(())
}

/// Today, where the organization is.
async fn today_in(tx: &mut Tx) -> Result<NaiveDate> {
    let zone = orgs::service::own_in(tx).await?.time_zone;
    Ok(local_date(tx.now(), zone))
}

/// Records the move and stages the member as it is today. The first move of a member also records where it came from.
pub(in crate::identity) async fn move_in(
    tx: &mut Tx,
    member: &mut Member,
    department: Option<DepartmentId>,
    from: NaiveDate,
) -> Result<()> {
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let (today, joined) = (
        local_date(tx.now(), zone),
        local_date(member.joined_at, zone),
    );
    if from < joined {
        let message = format!("the member joined on {joined}");
        return Err(Error::invalid("effectiveFrom", message));
    }
    if store::list(tx, &[member.id]).await?.is_empty() {
        let beginning = Move {
            member_id: member.id,
            effective_from: joined,
            department_id: member.department_id,
            applied_at: Some(tx.now()),
        };
        store::put(tx, &beginning).await?;
    }
    let one = Move {
        member_id: member.id,
        effective_from: from,
        department_id: department,
        applied_at: (from <= today).then(|| tx.now()),
    };
    store::put(tx, &one).await?;
    show_in(tx, member, today).await
}

/// Stages the member in the department of today.
async fn show_in(tx: &mut Tx, member: &mut Member, today: NaiveDate) -> Result<()> {
    let moves = store::list(tx, &[member.id]).await?;
    member.department_id = model::department_on(&moves, today);
    member_store::update_member(tx, member)
}

/// The same from today on: when an administrator only says where somebody belongs.
pub(in crate::identity) async fn move_now_in(
    tx: &mut Tx,
    member: &mut Member,
    department: Option<DepartmentId>,
) -> Result<()> {
    if member.department_id == department {
        return Ok(());
    }
    let today = today_in(tx).await?;
    let joined = local_date(member.joined_at, orgs::service::own_in(tx).await?.time_zone);
    move_in(tx, member, department, today.max(joined)).await
}

/// The moves of a member, to find the departments of days with [`model::department_of`]: for whoever records or reports
/// something of the past.
pub async fn moves_in(tx: &mut Tx, member: MemberId) -> Result<Vec<Move>> {
    store::list(tx, &[member]).await
}

/// Where those of these members that the viewer may see belonged and will belong.
pub async fn spells_of(
    app: &App,
    viewer: &Viewer,
    ids: &[MemberId],
) -> Result<Vec<(MemberId, Vec<Spell>)>> {
    let mut tx = app.read(viewer, Action::ViewMembers).await?;
    let members = member_store::members_by_ids(&mut tx, ids).await?;
    let visible: Vec<MemberId> = members.iter().map(|member| member.id).collect();
    let moves = store::list(&mut tx, &visible).await?;
    let zone = orgs::service::own_in(&mut tx).await?.time_zone;
    let of = |member: Member| {
        let mut own: Vec<Move> = moves
            .iter()
            .filter(|one| one.member_id == member.id)
            .copied()
            .collect();
        if own.is_empty() {
            own.push(Move {
                member_id: member.id,
                effective_from: local_date(member.joined_at, zone),
                department_id: member.department_id,
                applied_at: None,
            });
        }
        (member.id, model::spells(&own))
    };
    Ok(members.into_iter().map(of).collect())
}

/// Carries out the moves whose day has begun, in every organization. Safe on several nodes at once.
pub async fn apply_moves(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        apply_in(app, org).await?;
    }
    Ok(())
}

async fn apply_in(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "DEPARTMENT_MOVES");
    let mut tx = app.read(&viewer, Action::RunTimetable).await?;
    let today = today_in(&mut tx).await?;
    let due = store::list_due(&mut tx, today).await?;
    drop(tx);
    for one in due {
        apply(app, &viewer, one).await?;
    }
    Ok(())
}

/// Carries out one move. A department that was archived meanwhile takes nobody in: the move is dropped, and the audit log
/// says so.
async fn apply(app: &App, viewer: &Viewer, one: Move) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    let mut member = member_store::get_member(&mut tx, one.member_id).await?;
    let known = match one.department_id {
        None => true,
        Some(id) => match orgs::service::department_in(&mut tx, id).await {
            Ok(_) => true,
            Err(error) if error.code == Code::NotFound => false,
            Err(error) => return Err(error),
        },
    };
    if !known {
        store::remove(&mut tx, &one).await?;
        let detail = json!({ "droppedMoveTo": one.department_id });
        return tx.commit(Audit::of(one.member_id).detail(detail)).await;
    }
    let today = today_in(&mut tx).await?;
    store::mark_applied(&mut tx, &one)?;
    tx.flush_staged().await?;
    show_in(&mut tx, &mut member, today).await?;
    let event = Event::MemberChanged { member: member.id };
    tx.emit(&event)?;
    let org = tx.org();
    let detail = json!({ "department": one.department_id, "effectiveFrom": one.effective_from });
    tx.commit(Audit::of(member.id).detail(detail)).await?;
    tell_now(app, org, &event);
    Ok(())
}

/// Somebody who had left comes back into another department today: their history goes on from here.
pub(in crate::identity) async fn returned(
    lobby: &mut Lobby,
    organization: &Organization,
    former: &Member,
    department: Option<DepartmentId>,
) -> Result<()> {
    if former.department_id == department {
        return Ok(());
    }
    let today = local_date(lobby.now(), organization.time_zone);
    let joined = local_date(former.joined_at, organization.time_zone);
    let at = |effective_from, department_id| Move {
        member_id: former.id,
        effective_from,
        department_id,
        applied_at: Some(lobby.now()),
    };
    let (beginning, back) = (
        at(joined, former.department_id),
        at(today.max(joined), department),
    );
    store::return_from_lobby(lobby, organization.id, &beginning, &back).await
}
