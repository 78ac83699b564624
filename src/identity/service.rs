//! Who is asking, and the members of an organization.

use chrono::TimeDelta;

use super::accounts::{self, Account};
use super::model::{self, ApiToken, Because, Contact, Handles, Login, Member, Refusal};
use super::store::{self, Filter};
use super::{moves, passwords, tokens};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::{Role, Scope};
use crate::auth::token::{self, Claims};
use crate::auth::viewer::{Actor, Viewer};
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{AccountId, DepartmentId, LoginId, MemberId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::orgs;
use crate::orgs::model::Organization;

/// How exactly "last seen" and "last used" are kept: a write a minute, not one per request.
const SEEN: TimeDelta = TimeDelta::minutes(1);

/// A signed-in account, perhaps in no organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub account: AccountId,
    pub login: LoginId,
    pub org: Option<OrgId>,
}

/// Who a header introduces: for the transports. Nobody without one; a bad one is an error, not nobody.
pub async fn introduce(
    app: &App,
    authorization: Option<&str>,
) -> Result<(Option<Viewer>, Option<SignedIn>)> {
    let Some(header) = authorization else {
        return Ok((None, None));
    };
    let bearer = bearer(header)?;
    if bearer.starts_with(tokens::START) {
        return Ok((Some(by_api_token(app, bearer).await?), None));
    }
    let (signed_in, viewer) = by_access_token(app, bearer).await?;
    Ok((viewer, Some(signed_in)))
}

/// The viewer behind a header: the only maker of people and tokens.
pub async fn authenticate(app: &App, authorization: &str) -> Result<Viewer> {
    let (viewer, _) = introduce(app, Some(authorization)).await?;
    viewer.ok_or_else(|| Refusal::NoOrganization.into())
}

/// The account behind a header, whether or not it is in an organization.
pub async fn account_of(app: &App, authorization: &str) -> Result<SignedIn> {
    let (_, signed_in) = introduce(app, Some(authorization)).await?;
    signed_in.ok_or_else(|| Error::refused(Code::Forbidden, "only a person can do this"))
}

fn bearer(header: &str) -> Result<&str> {
    let (scheme, token) = header
        .trim()
        .split_once(' ')
        .ok_or_else(token::unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(token::unreadable())
    }
}

/// The token says which login session; the database says what that still means.
async fn by_access_token(app: &App, bearer: &str) -> Result<(SignedIn, Option<Viewer>)> {
    let now = app.now();
    let claims = app.keys().read(bearer, now)?;
    let signed_in = SignedIn {
        account: claims.account,
        login: claims.login,
        org: claims.org,
    };
    if let Some(viewer) = app.access().recall(claims.login.uuid(), now)
        && (Some(viewer.org()), viewer.member()) == (claims.org, claims.member)
    {
        return Ok((signed_in, Some(viewer)));
    }
    let ticket = app.access().ticket();
    let found = accounts::find_login(&mut app.lobby().await?, claims.login).await?;
    let (login, member) = found.ok_or_else(token::expired)?;
    check_login(&login, &claims, now)?;
    let viewer = match (login.org_id, member) {
        (Some(org), Some(member)) => Some(person(&login, org, &member.member()?)?),
        _ => None,
    };
    if now - login.last_seen_at >= SEEN {
        seen(app, login.id).await;
    }
    if let Some(viewer) = &viewer {
        app.access().remember(ticket, login.id.uuid(), viewer, now);
    }
    Ok((signed_in, viewer))
}

fn check_login(login: &Login, claims: &Claims, now: Instant) -> Result<()> {
    if login.revoked_because.as_deref() == Some(Because::Deactivated.name()) {
        return Err(Refusal::MemberDeactivated.into());
    }
    // After a switch of organization, tokens of the one before are as good as expired.
    let same = (login.account_id, login.org_id, login.member_id)
        == (claims.account, claims.org, claims.member);
    if login.is_open(now) && same {
        Ok(())
    } else {
        Err(token::expired())
    }
}

fn person(login: &Login, org: OrgId, member: &Member) -> Result<Viewer> {
    if !member.is_active() {
        return Err(Refusal::MemberDeactivated.into());
    }
    let actor = Actor::Person {
        member: member.id,
        account: login.account_id,
        login: login.id,
    };
    Ok(Viewer::checked(
        org,
        member.role,
        member.department_id,
        actor,
    ))
}

/// Nobody is turned away because this could not be written down.
async fn seen(app: &App, login: LoginId) {
    let written = async {
        let mut lobby = app.lobby_change().await?;
        accounts::touch_login(&mut lobby, login)?;
        lobby.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, %login, "could not note when a login session was seen");
    }
}

async fn by_api_token(app: &App, bearer: &str) -> Result<Viewer> {
    let now = app.now();
    let key = tokens::memory_key(&token::digest(bearer));
    if let Some(viewer) = app.access().recall(key, now) {
        return Ok(viewer);
    }
    let ticket = app.access().ticket();
    let token = tokens::find(app, bearer)
        .await?
        .ok_or_else(token::unreadable)?;
    if token.revoked_at.is_some() || token.expires_at <= now {
        return Err(Error::refused(
            Code::TokenExpired,
            "this API token has expired or was revoked",
        ));
    }
    let ApiToken {
        id, org_id, scopes, ..
    } = token;
    let viewer = Viewer::checked(org_id, Role::Integration, None, Actor::Token { id, scopes });
    if token.last_used_at.is_none_or(|last| now - last >= SEEN) {
        tokens::used(app, org_id, id).await;
    }
    app.access().remember(ticket, key, &viewer, now);
    Ok(viewer)
}

/// Tells this node at once what the dispatcher will tell every node: somebody's access changed.
pub(in crate::identity) fn tell_now(app: &App, org: OrgId, event: &Event) {
    app.access().observe(org, event);
}

// ---- Members

/// Hides what the viewer may not see of a member: telephone number and e-mail address.
fn masked(tx: &Tx, member: Member) -> Member {
    let own = tx.viewer().member() == Some(member.id);
    if own || shows_contacts(tx, member.id, member.department_id) {
        return member;
    }
    Member {
        phone: None,
        email: None,
        ..member
    }
}

fn shows_contacts(tx: &Tx, member: MemberId, department: Option<DepartmentId>) -> bool {
    match tx.viewer().allowed(Action::ViewContacts) {
        Ok(Scope::Organization) => true,
        // The transaction knows the departments only when its own action is as narrow.
        Ok(Scope::Department) => tx.scope() == Scope::Department && tx.reaches(member, department),
        Ok(Scope::Own) | Err(_) => tx.viewer().member() == Some(member),
    }
}

/// What a list of members is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub role: Option<Role>,
    /// With the departments below it.
    pub department: Option<DepartmentId>,
    pub search: Option<String>,
    pub active: Option<bool>,
}

pub async fn members(
    app: &App,
    viewer: &Viewer,
    wanted: Wanted,
    page: &PageRequest,
) -> Result<Page<Member>> {
    let search = text::optional("search", wanted.search.as_deref(), 80)?;
    let mut tx = app.read(viewer, Action::ViewMembers).await?;
    let departments = match wanted.department {
        Some(root) => Some(orgs::service::departments_below_in(&mut tx, root).await?),
        None => None,
    };
    let filter = Filter {
        role: wanted.role,
        departments,
        search,
        active: wanted.active,
    };
    let Page { rows, has_next } = store::list_members(&mut tx, &filter, page).await?;
    Ok(Page {
        rows: rows.into_iter().map(|member| masked(&tx, member)).collect(),
        has_next,
    })
}

pub async fn member(app: &App, viewer: &Viewer, id: MemberId) -> Result<Member> {
    let mut tx = app.read(viewer, Action::ViewMembers).await?;
    member_in(&mut tx, id).await
}

/// A member the transaction's action reaches, or `NOT_FOUND`.
pub async fn member_in(tx: &mut Tx, id: MemberId) -> Result<Member> {
    let member = store::get_member(tx, id).await?;
    Ok(masked(tx, member))
}

/// Those of these members that the transaction's action reaches, in no order.
pub async fn members_in(tx: &mut Tx, ids: &[MemberId]) -> Result<Vec<Member>> {
    let members = store::members_by_ids(tx, ids).await?;
    Ok(members
        .into_iter()
        .map(|member| masked(tx, member))
        .collect())
}

/// Every active member and the department they are in, whatever the action reaches: for other slices that ask who is
/// expected somewhere.
pub async fn active_in(tx: &mut Tx) -> Result<Vec<(MemberId, Option<DepartmentId>)>> {
    store::list_active(tx).await
}

/// The active owners and admins, and those of these members who are active: for other slices that ask who may decide.
pub async fn deciders_in(tx: &mut Tx, ids: &[MemberId]) -> Result<Vec<(MemberId, Role)>> {
    store::active_of(tx, &[Role::Owner, Role::Admin], ids).await
}

/// Everybody in the organization who has not left, whole: for other slices that go through all of them.
pub async fn active_members_in(tx: &mut Tx) -> Result<Vec<Member>> {
    store::all_members(tx, true).await
}

/// When each member was last seen signed in, those who ever were.
pub async fn last_seen_in(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    accounts::last_seen(tx).await
}

/// Those of these members that the viewer may see.
pub async fn members_by_ids(app: &App, viewer: &Viewer, ids: &[MemberId]) -> Result<Vec<Member>> {
    let mut tx = app.read(viewer, Action::ViewMembers).await?;
    let members = store::members_by_ids(&mut tx, ids).await?;
    Ok(members
        .into_iter()
        .map(|member| masked(&tx, member))
        .collect())
}

/// The member the viewer is.
pub async fn me(app: &App, viewer: &Viewer) -> Result<Member> {
    let id = viewer.person()?;
    let mut tx = app.read(viewer, Action::ViewMembers).await?;
    store::get_member(&mut tx, id).await
}

/// Emergency contacts of those of these members whose contacts the viewer may see.
pub async fn contacts_of(
    app: &App,
    viewer: &Viewer,
    ids: &[MemberId],
) -> Result<Vec<(MemberId, Vec<Contact>)>> {
    let mut tx = app.read(viewer, Action::ViewContacts).await?;
    let visible: Vec<MemberId> = store::members_by_ids(&mut tx, ids)
        .await?
        .into_iter()
        .map(|member| member.id)
        .collect();
    let contacts = store::list_contacts(&mut tx, &visible).await?;
    let of = |member: MemberId| {
        contacts
            .iter()
            .filter(|contact| contact.member_id == member)
            .cloned()
            .collect()
    };
    Ok(visible
        .into_iter()
        .map(|member| (member, of(member)))
        .collect())
}

/// What an administrator changes about a member; nothing means leave it, `Some(None)` means take it away.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub role: Option<Role>,
    pub department: Option<Option<DepartmentId>>,
    pub title: Option<Option<String>>,
    pub tags: Option<Vec<String>>,
}

pub async fn update_member(
    app: &App,
    viewer: &Viewer,
    id: MemberId,
    input: Changes,
) -> Result<Member> {
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let mut member = store::get_member(&mut tx, id).await?;
    if let Some(role) = input.role.filter(|role| *role != member.role) {
        model::may_touch_owner(viewer.role(), &[member.role, model::personal(role)?])?;
        keep_an_owner(&mut tx, &member).await?;
        member.role = role;
    }
    if let Some(department) = input.department {
        if let Some(id) = department {
            orgs::service::department_in(&mut tx, id)
                .await
                .map_err(|error| error.at("department"))?;
        }
        moves::service::move_now_in(&mut tx, &mut member, department).await?;
    }
    if let Some(title) = &input.title {
        member.title = text::optional("title", title.as_deref(), 80)?;
    }
    if let Some(tags) = &input.tags {
        member.tags = model::tags(tags)?;
    }
    store::update_member(&mut tx, &member)?;
    changed(tx, member, Event::MemberChanged { member: id }, None).await
}

/// Refuses to lose the last active owner.
pub(super) async fn keep_an_owner(tx: &mut Tx, member: &Member) -> Result<()> {
    if member.role == Role::Owner && member.is_active() && store::count_owners(tx).await? < 2 {
        return Err(Refusal::LastOwner.into());
    }
    Ok(())
}

/// Commits a change to a member and tells everybody who remembers them.
async fn changed(
    mut tx: Tx,
    member: Member,
    event: Event,
    reason: Option<String>,
) -> Result<Member> {
    announce_in(&mut tx, event)?;
    let shown = masked(&tx, member);
    tx.commit(Audit::of(shown.id).because(reason)).await?;
    Ok(shown)
}

/// Commits what was recorded about a member, and tells of it if it shows already.
pub(super) async fn changed_with(
    mut tx: Tx,
    member: Member,
    shows: bool,
    audit: Audit,
) -> Result<Member> {
    if shows {
        announce_in(&mut tx, Event::MemberChanged { member: member.id })?;
    }
    let seen = masked(&tx, member);
    tx.commit(audit).await?;
    Ok(seen)
}

/// Emits an event about a member's access, and tells this node of it once it is durable.
pub(super) fn announce_in(tx: &mut Tx, event: Event) -> Result<()> {
    tx.emit(&event)?;
    let (app, org) = (tx.app().clone(), tx.org());
    let name = format!("{event:?}");
    tx.afterwards(&name, move || tell_now(&app, org, &event));
    Ok(())
}

/// Ends a membership, keeping everything it did. Its login sessions end with it.
pub async fn deactivate_member(
    app: &App,
    viewer: &Viewer,
    id: MemberId,
    reason: &str,
) -> Result<Member> {
    let reason = text::required("reason", reason, 500)?;
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let member = store::get_member(&mut tx, id).await?;
    if !member.is_active() {
        return Ok(masked(&tx, member));
    }
    let member = deactivate_in(&mut tx, member).await?;
    let shown = masked(&tx, member);
    tx.commit(Audit::of(id).because(Some(reason))).await?;
    Ok(shown)
}

/// Ends an active membership with its login sessions, as [`deactivate_member`] does: for many at once.
pub async fn deactivate_in(tx: &mut Tx, mut member: Member) -> Result<Member> {
    model::may_touch_owner(tx.viewer().role(), &[member.role])?;
    keep_an_owner(tx, &member).await?;
    member.deactivated_at = Some(tx.now());
    store::update_member(tx, &member)?;
    accounts::revoke_logins_of(tx, member.id, Because::Deactivated)?;
    announce_in(tx, Event::MemberDeactivated { member: member.id })?;
    Ok(member)
}

pub async fn reactivate_member(app: &App, viewer: &Viewer, id: MemberId) -> Result<Member> {
    let mut tx = app.begin(viewer, Action::ManageMembers).await?;
    let mut member = store::get_member(&mut tx, id).await?;
    if member.is_active() {
        return Ok(masked(&tx, member));
    }
    model::may_touch_owner(viewer.role(), &[member.role])?;
    member.deactivated_at = None;
    store::update_member(&mut tx, &member)?;
    changed(tx, member, Event::MemberChanged { member: id }, None).await
}

/// What members change about themselves; nothing means leave it.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    pub name: Option<String>,
    pub phone: Option<Option<String>>,
    pub email: Option<Option<String>>,
}

/// The member's own name, and the number and address they sign in with.
pub async fn update_profile(app: &App, viewer: &Viewer, input: Profile) -> Result<Member> {
    let id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::UpdateOwnProfile).await?;
    let mut member = store::get_member(&mut tx, id).await?;
    if let Some(name) = &input.name {
        member.name = text::required("name", name, 120)?;
    }
    if let (Some(account), true) = (
        member.account_id,
        input.phone.is_some() || input.email.is_some(),
    ) {
        let known = accounts::get(tx.conn()?, account).await?;
        let phone = input.phone.unwrap_or(known.phone);
        let email = input.email.unwrap_or(known.email);
        let handles = Handles::parse(phone.as_deref(), email.as_deref())?;
        accounts::update_handles(&mut tx, account, &handles)?;
        (member.phone, member.email) = (handles.phone, handles.email);
    }
    store::update_member(&mut tx, &member)?;
    changed(tx, member, Event::MemberChanged { member: id }, None).await
}

/// One emergency contact as it was typed.
#[derive(Debug, Clone)]
pub struct NewContact {
    pub name: String,
    pub phone: String,
    pub relation: Option<String>,
}

const MOST_CONTACTS: usize = 5;

/// Replaces the emergency contacts: one's own, or anybody's for those who manage members.
pub async fn set_emergency_contacts(
    app: &App,
    viewer: &Viewer,
    of: Option<MemberId>,
    contacts: &[NewContact],
) -> Result<Member> {
    let own = of.is_none() || of == viewer.member();
    let id = of.map_or_else(|| viewer.person(), Ok)?;
    let action = if own {
        Action::UpdateOwnProfile
    } else {
        Action::ManageMembers
    };
    if contacts.len() > MOST_CONTACTS {
        return Err(Error::invalid(
            "contacts",
            format!("at most {MOST_CONTACTS} contacts are kept"),
        ));
    }
    let mut tx = app.begin(viewer, action).await?;
    let member = store::get_member(&mut tx, id).await?;
    let rows = contacts.iter().zip(0..).map(|(contact, position)| {
        Ok(Contact {
            id: tx.id(),
            member_id: id,
            name: text::required("name", &contact.name, 120)?,
            phone: model::phone("phone", &contact.phone)?,
            relation: text::optional("relation", contact.relation.as_deref(), 60)?,
            position,
        })
    });
    let rows = rows
        .collect::<Result<Vec<_>>>()
        .map_err(|error| error.within("contacts"))?;
    store::replace_contacts(&mut tx, id, &rows)?;
    let shown = masked(&tx, member);
    tx.commit(Audit::of(id)).await?;
    Ok(shown)
}

// ---- For founding and for imports

/// A member who is recorded without an invitation.
#[derive(Debug, Clone)]
pub struct NewMember {
    pub name: String,
    pub role: Role,
    pub department: Option<DepartmentId>,
    pub title: Option<String>,
    /// Its key in the system it comes from: the same key is the same member.
    pub external_ref: String,
    /// When it joined there; now if nobody knows.
    pub joined_at: Option<Instant>,
    pub deactivated_at: Option<Instant>,
    pub tags: Vec<String>,
}

/// Records a member from elsewhere; true if it was not there before. What is there already stays as it is.
pub async fn import_member_in(tx: &mut Tx, input: NewMember) -> Result<(Member, bool)> {
    let external_ref = text::required("externalRef", &input.external_ref, 120)?;
    if let Some(known) = store::find_by_external_ref(tx, &external_ref).await? {
        return Ok((masked(tx, known), false));
    }
    let member = Member {
        id: tx.id(),
        account_id: None,
        role: model::personal(input.role)?,
        department_id: input.department,
        name: text::required("name", &input.name, 120)?,
        title: text::optional("title", input.title.as_deref(), 80)?,
        phone: None,
        email: None,
        tags: model::tags(&input.tags)?,
        external_ref: Some(external_ref),
        joined_at: input.joined_at.unwrap_or_else(|| tx.now()),
        deactivated_at: input.deactivated_at,
    };
    store::insert_member(tx, member.clone()).await?;
    tx.emit(&Event::MemberJoined {
        member: member.id,
        department: member.department_id,
    })?;
    Ok((member, true))
}

/// The first owner of an organization.
#[derive(Clone)]
pub struct NewOwner {
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub password: String,
}

/// Gives a new organization its owner: for the command line and the demonstration data. Somebody who already has an
/// account keeps it and its password.
pub async fn create_owner(app: &App, org: &Organization, input: NewOwner) -> Result<Member> {
    let name = text::required("name", &input.name, 120)?;
    let handles = Handles::parse(input.phone.as_deref(), input.email.as_deref())?;
    let about = [
        Some(name.as_str()),
        handles.phone.as_deref(),
        handles.email.as_deref(),
    ];
    passwords::check(
        "password",
        &input.password,
        &about.into_iter().flatten().collect::<Vec<_>>(),
    )?;
    let password_hash = app
        .hashing()
        .hash(&input.password, app.ids().secret())
        .await?;
    let viewer = Viewer::job(org.id, "FOUNDER");
    let mut tx = app.begin(&viewer, Action::ManageMembers).await?;
    let mut account = None;
    for handle in handles.all() {
        account = account.or(accounts::find_by_handle(tx.conn()?, &handle)
            .await?
            .map(|known| known.id));
    }
    let account = match account {
        Some(known) => known,
        None => open_account(&mut tx, &handles, password_hash).await?,
    };
    if store::find_by_account(&mut tx, account).await?.is_some() {
        return Err(Refusal::AlreadyMember.into());
    }
    let Handles { phone, email } = handles;
    let member = Member {
        id: tx.id(),
        account_id: Some(account),
        role: Role::Owner,
        department_id: None,
        name,
        title: None,
        phone,
        email,
        tags: Vec::new(),
        external_ref: None,
        joined_at: tx.now(),
        deactivated_at: None,
    };
    store::insert_member(&mut tx, member.clone()).await?;
    tx.emit(&Event::MemberJoined {
        member: member.id,
        department: None,
    })?;
    tx.commit(Audit::of(member.id)).await?;
    Ok(member)
}

async fn open_account(tx: &mut Tx, handles: &Handles, password_hash: String) -> Result<AccountId> {
    let Handles { phone, email } = handles.clone();
    let (id, now) = (tx.id(), tx.now());
    let account = Account {
        id,
        phone,
        email,
        password_hash,
        password_changed_at: now,
        created_at: now,
    };
    accounts::insert_in(tx, account).await?;
    Ok(id)
}
