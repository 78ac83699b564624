//! Inviting people, and joining by an invitation.

use chrono::TimeDelta;

use super::accounts::{self, Account};
use super::attempts::Knock;
use super::logins::{self, Device, Membership, Welcome};
use super::model::{self, Handles, Invitation, Member, Refusal, Standing};
use super::{moves, passwords, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Role;
use crate::auth::token;
use crate::auth::viewer::Viewer;
use crate::db::lobby::Lobby;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{AccountId, DepartmentId, InvitationId, MemberId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::orgs;

/// How long an invitation waits.
const WAITS: TimeDelta = TimeDelta::days(7);

/// Somebody who is asked to join.
#[derive(Clone)]
pub struct NewInvitation {
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub role: Role,
    pub department: Option<DepartmentId>,
    pub title: Option<String>,
}

/// Invites somebody. The token is shown once: it goes to the person, by whatever way reaches them.
pub async fn invite(
    app: &App,
    viewer: &Viewer,
    input: NewInvitation,
) -> Result<(String, Invitation)> {
    let invited_by = viewer.person()?;
    let name = text::required("name", &input.name, 120)?;
    let title = text::optional("title", input.title.as_deref(), 80)?;
    let Handles { phone, email } = Handles::parse(input.phone.as_deref(), input.email.as_deref())?;
    let role = model::personal(input.role)?;
    let mut tx = app.begin(viewer, Action::InviteMembers).await?;
    model::may_touch_owner(viewer.role(), &[role])?;
    if let Some(id) = input.department {
        orgs::service::department_in(&mut tx, id)
            .await
            .map_err(|error| error.at("department"))?;
    }
    let who = Invited {
        name,
        handles: Handles { phone, email },
        role,
        department: input.department,
        title,
        member: None,
    };
    let (secret, invitation) = stage(&mut tx, who, invited_by)?;
    tx.commit(Audit::of(invitation.id)).await?;
    Ok((secret, invitation))
}

/// Whom an invitation is for, checked.
struct Invited {
    name: String,
    handles: Handles,
    role: Role,
    department: Option<DepartmentId>,
    title: Option<String>,
    member: Option<MemberId>,
}

/// Invites somebody who is recorded already: who accepts becomes that member. Nothing if they were invited before and
/// have not answered.
pub async fn invite_recorded_in(
    tx: &mut Tx,
    member: &Member,
) -> Result<Option<(String, Invitation)>> {
    let invited_by = tx.viewer().person()?;
    tx.viewer().allowed(Action::InviteMembers)?;
    if member.account_id.is_some() || store::is_invited(tx, member.id).await? {
        return Ok(None);
    }
    let who = Invited {
        name: member.name.clone(),
        handles: Handles::parse(member.phone.as_deref(), member.email.as_deref())?,
        role: member.role,
        department: member.department_id,
        title: member.title.clone(),
        member: Some(member.id),
    };
    stage(tx, who, invited_by).map(Some)
}

fn stage(tx: &mut Tx, who: Invited, invited_by: MemberId) -> Result<(String, Invitation)> {
    let Handles { phone, email } = who.handles;
    let secret = token::random(tx.app().ids());
    let invitation = Invitation {
        org_id: tx.org(),
        id: tx.id(),
        name: who.name,
        phone,
        email,
        role: who.role,
        department_id: who.department,
        title: who.title,
        invited_by,
        created_at: tx.now(),
        expires_at: tx.now() + WAITS,
        accepted_at: None,
        revoked_at: None,
        member_id: who.member,
    };
    store::insert_invitation(tx, &invitation, token::digest(&secret))?;
    Ok((secret, invitation))
}

/// Every invitation, the newest first.
pub async fn list(app: &App, viewer: &Viewer, page: &PageRequest) -> Result<Page<Invitation>> {
    let mut tx = app.read(viewer, Action::InviteMembers).await?;
    store::list_invitations(&mut tx, page).await
}

/// Takes an invitation back that nobody has accepted yet.
pub async fn revoke(app: &App, viewer: &Viewer, id: InvitationId) -> Result<Invitation> {
    let mut tx = app.begin(viewer, Action::InviteMembers).await?;
    let mut invitation = store::get_invitation(&mut tx, id).await?;
    match invitation.standing(tx.now()) {
        Standing::Accepted => return Err(Refusal::InvitationInvalid.into()),
        Standing::Revoked => return Ok(invitation),
        Standing::Pending | Standing::Expired => {}
    }
    invitation.revoked_at = Some(tx.now());
    store::revoke_invitation(&mut tx, id)?;
    tx.commit(Audit::of(id)).await?;
    Ok(invitation)
}

/// Joins the organization that invited, and signs in. With an account already there, its own password is needed: an
/// invitation proves that somebody was invited, not that they are who has this number.
pub async fn accept(app: &App, device: Device, secret: &str, password: &str) -> Result<Welcome> {
    let hash = token::digest(secret);
    let (invitation, known) = find(app, &hash).await?;
    let joining = match known {
        Some(account) => {
            let knock = logins::knock_for(app, &account, &device).await?;
            let account = logins::check_password(app, Some(account), &knock, password).await?;
            Joining::Known(account.id, knock)
        }
        None => Joining::New(new_hash(app, &invitation, password).await?),
    };
    let mut lobby = app.lobby_change().await?;
    if !store::accept_invitation(&mut lobby, &invitation).await? {
        return Err(Refusal::InvitationInvalid.into());
    }
    let account = match joining {
        Joining::Known(account, knock) => {
            knock.forgive(&mut lobby).await?;
            account
        }
        Joining::New(password_hash) => open_account(&mut lobby, &invitation, password_hash).await?,
    };
    join(lobby, account, &invitation, device).await
}

enum Joining {
    Known(AccountId, Knock),
    New(String),
}

async fn find(app: &App, hash: &str) -> Result<(Invitation, Option<Account>)> {
    let mut lobby = app.lobby().await?;
    let invitation = store::find_invitation(&mut lobby, hash).await?;
    let open =
        invitation.filter(|invitation| invitation.standing(lobby.now()) == Standing::Pending);
    let invitation = open.ok_or_else(|| Error::from(Refusal::InvitationInvalid))?;
    let handles = Handles {
        phone: invitation.phone.clone(),
        email: invitation.email.clone(),
    };
    let mut account = None;
    for handle in handles.all() {
        if account.is_none() {
            account = accounts::find_by_handle(lobby.conn()?, &handle).await?;
        }
    }
    Ok((invitation, account))
}

async fn new_hash(app: &App, invitation: &Invitation, password: &str) -> Result<String> {
    let about = [
        Some(invitation.name.as_str()),
        invitation.phone.as_deref(),
        invitation.email.as_deref(),
    ];
    passwords::check(
        "password",
        password,
        &about.into_iter().flatten().collect::<Vec<_>>(),
    )?;
    app.hashing().hash(password, app.ids().secret()).await
}

async fn open_account(
    lobby: &mut Lobby,
    invitation: &Invitation,
    password_hash: String,
) -> Result<AccountId> {
    let Invitation { phone, email, .. } = invitation.clone();
    let (id, now) = (lobby.id(), lobby.now());
    let account = Account {
        id,
        phone,
        email,
        password_hash,
        password_changed_at: now,
        created_at: now,
    };
    accounts::insert(lobby, account).await?;
    Ok(id)
}

/// Becomes a member; somebody who had left becomes the same member again.
async fn join(
    mut lobby: Lobby,
    account: AccountId,
    invitation: &Invitation,
    device: Device,
) -> Result<Welcome> {
    let org = invitation.org_id;
    let before = logins::memberships(&mut lobby, account).await?;
    let before = before
        .into_iter()
        .find(|membership| membership.organization.id == org);
    let member = match before {
        Some(membership) if membership.member.is_active() => {
            return Err(Refusal::AlreadyMember.into());
        }
        Some(Membership {
            member: former,
            organization,
        }) => {
            let to = invitation.department_id;
            moves::service::returned(&mut lobby, &organization, &former, to).await?;
            let Member {
                id,
                tags,
                external_ref,
                joined_at,
                ..
            } = former;
            let member = Member {
                id,
                tags,
                external_ref,
                joined_at,
                ..joined(&lobby, account, invitation)
            };
            store::readmit_member(&mut lobby, org, member.clone()).await?;
            member
        }
        None => {
            if let Some(recorded) = recorded(&mut lobby, invitation).await? {
                let Member { phone, email, .. } = joined(&lobby, account, invitation);
                let member = Member {
                    account_id: Some(account),
                    phone,
                    email,
                    ..recorded
                };
                store::readmit_member(&mut lobby, org, member.clone()).await?;
                member
            } else {
                let member = joined(&lobby, account, invitation);
                store::admit_member(&mut lobby, org, member.clone()).await?;
                member
            }
        }
    };
    lobby.emit(
        org,
        &Event::MemberJoined {
            member: member.id,
            department: member.department_id,
        },
    )?;
    lobby.audit(
        org,
        "ACCEPT_INVITATION",
        Some(account),
        ("mbr", member.id.uuid()),
    );
    let memberships = logins::memberships(&mut lobby, account).await?;
    let current: Option<Membership> = memberships
        .iter()
        .find(|membership| membership.organization.id == org)
        .cloned();
    logins::admit(lobby, account, current, memberships, device).await
}

/// Whom the invitation is for, if they were recorded before and still wait for an account.
async fn recorded(lobby: &mut Lobby, invitation: &Invitation) -> Result<Option<Member>> {
    match invitation.member_id {
        Some(id) => store::find_recorded(lobby, invitation.org_id, id).await,
        None => Ok(None),
    }
}

fn joined(lobby: &Lobby, account: AccountId, invitation: &Invitation) -> Member {
    let Invitation {
        role,
        department_id,
        name,
        title,
        phone,
        email,
        ..
    } = invitation.clone();
    Member {
        id: lobby.id(),
        account_id: Some(account),
        role,
        department_id,
        name,
        title,
        phone,
        email,
        tags: Vec::new(),
        external_ref: None,
        joined_at: lobby.now(),
        deactivated_at: None,
    }
}
