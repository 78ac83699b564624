//! Signing in, staying signed in, and ending it.
//!
//! A login session is a signed-in device. It hands out access tokens of a few minutes and refresh tokens that work
//! once; a refresh token that comes back a second time was copied, so the whole login session ends.

use chrono::TimeDelta;

use super::accounts::{self, Account, RefreshToken};
use super::attempts::Knock;
use super::model::{Because, Handle, Login, Member, Refusal};
use super::passwords;
use super::service::SignedIn;
use crate::app::App;
use crate::auth::policy::Role;
use crate::auth::token::{self, ACCESS_SECONDS, Claims};
use crate::db::lobby::Lobby;
use crate::events::event::Event;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{AccountId, LoginId, MemberId, OrgId};
use crate::kernel::text;
use crate::orgs;
use crate::orgs::model::Organization;

/// A login session that nobody uses for this long is over.
const LIVES: TimeDelta = TimeDelta::days(30);

/// The device at the door.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// What it calls itself: "Wanjiku's phone".
    pub name: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// What somebody signs in with.
#[derive(Clone)]
pub struct Credentials {
    pub identifier: String,
    pub password: String,
    /// The slug of the organization to sign in to.
    pub organization: Option<String>,
}

/// What a device keeps.
#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub expires_in_seconds: i64,
}

/// What an account is in one organization.
#[derive(Debug, Clone)]
pub struct Membership {
    pub organization: Organization,
    pub member: Member,
}

impl Membership {
    pub const fn role(&self) -> Role {
        self.member.role
    }

    const fn ids(&self) -> (OrgId, MemberId) {
        (self.organization.id, self.member.id)
    }
}

/// Somebody is in.
#[derive(Clone)]
pub struct Welcome {
    pub tokens: Tokens,
    /// As whom, in which organization; none for an account that is in none.
    pub current: Option<Membership>,
    pub memberships: Vec<Membership>,
}

/// Signs in. One answer and one duration for an unknown identifier and a wrong password.
pub async fn sign_in(app: &App, device: Device, input: Credentials) -> Result<Welcome> {
    let (account, knock) = arrive(app, &device, &input.identifier).await?;
    let account = check_password(app, account, &knock, &input.password).await?;
    let better = better_hash(app, &account, &input.password).await?;
    let mut lobby = app.lobby_change().await?;
    knock.forgive(&mut lobby).await?;
    if let Some(hash) = better {
        accounts::update_hash(&mut lobby, &account, hash)?;
    }
    let memberships = memberships(&mut lobby, account.id).await?;
    match choose(
        &mut lobby,
        account.id,
        &memberships,
        input.organization.as_deref(),
    )
    .await?
    {
        Ok(current) => admit(lobby, account.id, current, memberships, device).await,
        Err(refusal) => {
            // The password was right all the same.
            lobby.commit().await?;
            Err(refusal.into())
        }
    }
}

/// Whose identifier it is, and the knock to count.
async fn arrive(app: &App, device: &Device, identifier: &str) -> Result<(Option<Account>, Knock)> {
    // What is no identifier at all is one nobody has.
    let handle = Handle::parse("identifier", identifier).ok();
    let mut lobby = app.lobby().await?;
    let account = match &handle {
        Some(handle) => accounts::find_by_handle(lobby.conn()?, handle).await?,
        None => None,
    };
    let subject = match (&account, &handle) {
        (Some(account), _) => account.id.to_string(),
        (None, Some(handle)) => handle.as_str().to_owned(),
        (None, None) => identifier.to_owned(),
    };
    let knock = knock(
        &mut lobby,
        &subject,
        account.as_ref().map(|account| account.id),
        device,
    )
    .await?;
    Ok((account, knock))
}

async fn knock(
    lobby: &mut Lobby,
    subject: &str,
    account: Option<AccountId>,
    device: &Device,
) -> Result<Knock> {
    let known = match (account, &device.ip) {
        (Some(account), Some(ip)) => accounts::knows_address(lobby, account, ip).await?,
        _ => false,
    };
    Ok(Knock::new(subject, device.ip.as_deref(), known))
}

/// Counts the attempt, then looks at the password.
pub(super) async fn check_password(
    app: &App,
    account: Option<Account>,
    knock: &Knock,
    password: &str,
) -> Result<Account> {
    knock.count(app).await?;
    let stored = account
        .as_ref()
        .map(|account| account.password_hash.as_str());
    let fits = app.hashing().verify(password, stored).await?;
    account
        .filter(|_| fits)
        .ok_or_else(|| Refusal::SignInFailed.into())
}

pub(super) async fn knock_for(app: &App, account: &Account, device: &Device) -> Result<Knock> {
    knock(
        &mut app.lobby().await?,
        &account.id.to_string(),
        Some(account.id),
        device,
    )
    .await
}

async fn better_hash(app: &App, account: &Account, password: &str) -> Result<Option<String>> {
    if !app.hashing().is_outdated(&account.password_hash) {
        return Ok(None);
    }
    app.hashing()
        .hash(password, app.ids().secret())
        .await
        .map(Some)
}

/// Every membership in an open organization, deactivated ones too.
pub(super) async fn memberships(lobby: &mut Lobby, account: AccountId) -> Result<Vec<Membership>> {
    let rows = accounts::members_of(lobby, account).await?;
    let orgs: Vec<OrgId> = rows.iter().map(|row| row.org_id).collect();
    let open = orgs::service::by_ids(lobby, &orgs).await?;
    let mut memberships = Vec::new();
    for row in rows {
        if let Some(organization) = open.iter().find(|open| open.id == row.org_id) {
            memberships.push(Membership {
                organization: organization.clone(),
                member: row.member()?,
            });
        }
    }
    Ok(memberships)
}

/// The organization that was named; otherwise the one used last; otherwise the first.
async fn choose(
    lobby: &mut Lobby,
    account: AccountId,
    memberships: &[Membership],
    slug: Option<&str>,
) -> Result<Result<Option<Membership>, Refusal>> {
    if let Some(slug) = slug {
        return Ok(named(memberships, slug).map(Some));
    }
    let last = accounts::last_used_org(lobby, account).await?;
    let active = || {
        memberships
            .iter()
            .filter(|membership| membership.member.is_active())
    };
    let chosen = active()
        .find(|membership| Some(membership.organization.id) == last)
        .or_else(|| active().next());
    Ok(match chosen {
        None if !memberships.is_empty() => Err(Refusal::MemberDeactivated),
        chosen => Ok(chosen.cloned()),
    })
}

fn named(memberships: &[Membership], slug: &str) -> Result<Membership, Refusal> {
    let slug = slug.trim();
    let found = memberships
        .iter()
        .find(|membership| membership.organization.slug == slug);
    let found = found.ok_or(Refusal::NoOrganization)?;
    if found.member.is_active() {
        Ok(found.clone())
    } else {
        Err(Refusal::MemberDeactivated)
    }
}

/// Opens a login session and commits.
pub(super) async fn admit(
    mut lobby: Lobby,
    account: AccountId,
    current: Option<Membership>,
    memberships: Vec<Membership>,
    device: Device,
) -> Result<Welcome> {
    let now = lobby.now();
    let ids = current.as_ref().map(Membership::ids);
    let login = Login {
        id: lobby.id(),
        account_id: account,
        org_id: ids.map(|(org, _)| org),
        member_id: ids.map(|(_, member)| member),
        device: text::optional("device", device.name.as_deref(), 120)?,
        ip: device.ip,
        user_agent: device
            .user_agent
            .map(|text| text.chars().take(300).collect()),
        created_at: now,
        last_seen_at: now,
        expires_at: now + LIVES,
        revoked_at: None,
        revoked_because: None,
    };
    let id = login.id;
    accounts::insert_login(&mut lobby, login).await?;
    if let Some((org, _)) = ids {
        lobby.audit(org, "SIGN_IN", Some(account), ("lgn", id.uuid()));
    }
    let tokens = issue(&mut lobby, account, id, ids)?;
    lobby.commit().await?;
    Ok(welcome(tokens, current, memberships))
}

fn welcome(
    tokens: Tokens,
    current: Option<Membership>,
    mut memberships: Vec<Membership>,
) -> Welcome {
    memberships.retain(|membership| membership.member.is_active());
    Welcome {
        tokens,
        current,
        memberships,
    }
}

fn issue(
    lobby: &mut Lobby,
    account: AccountId,
    login: LoginId,
    ids: Option<(OrgId, MemberId)>,
) -> Result<Tokens> {
    let now = lobby.now();
    let refresh = token::random(lobby.app().ids());
    let access = lobby
        .app()
        .keys()
        .sign(&Claims::new(account, login, ids, now))?;
    let row = RefreshToken {
        token_hash: token::digest(&refresh),
        login_id: login,
        issued_at: now,
        expires_at: now + LIVES,
        used_at: None,
    };
    accounts::insert_refresh(lobby, row)?;
    Ok(Tokens {
        access,
        refresh,
        expires_in_seconds: ACCESS_SECONDS,
    })
}

/// New tokens for an old refresh token, which works once.
pub async fn refresh(app: &App, refresh_token: &str) -> Result<Welcome> {
    let hash = token::digest(refresh_token);
    let mut lobby = app.lobby_change().await?;
    let now = lobby.now();
    let known = accounts::find_refresh(&mut lobby, &hash)
        .await?
        .ok_or_else(token::unreadable)?;
    let found = accounts::find_login(&mut lobby, known.login_id).await?;
    let (login, member) = found.ok_or_else(token::unreadable)?;
    if known.used_at.is_some() || !accounts::use_refresh(&mut lobby, &hash).await? {
        end_in(lobby, &[login], Because::RefreshTokenReused).await?;
        return Err(Refusal::RefreshTokenReused.into());
    }
    let deactivated = login.revoked_because.as_deref() == Some(Because::Deactivated.name());
    if deactivated || member.is_some_and(|member| member.deactivated_at.is_some()) {
        return Err(Refusal::MemberDeactivated.into());
    }
    if !login.is_open(now) || known.expires_at <= now {
        return Err(token::expired());
    }
    let memberships = memberships(&mut lobby, login.account_id).await?;
    let current = memberships
        .iter()
        .find(|membership| Some(membership.organization.id) == login.org_id)
        .cloned();
    renew(lobby, login.account_id, login.id, current, memberships).await
}

/// The login session goes on with new tokens.
async fn renew(
    mut lobby: Lobby,
    account: AccountId,
    login: LoginId,
    current: Option<Membership>,
    memberships: Vec<Membership>,
) -> Result<Welcome> {
    let ids = current.as_ref().map(Membership::ids);
    let until = lobby.now() + LIVES;
    accounts::renew_login(&mut lobby, login, ids, until)?;
    let tokens = issue(&mut lobby, account, login, ids)?;
    lobby.commit().await?;
    Ok(welcome(tokens, current, memberships))
}

/// Goes on in another organization of the account. The refresh token of before is forgotten with its organization.
pub async fn switch_organization(app: &App, who: SignedIn, slug: &str) -> Result<Welcome> {
    let mut lobby = app.lobby_change().await?;
    let memberships = memberships(&mut lobby, who.account).await?;
    let current = named(&memberships, slug)?;
    accounts::drop_unused_refresh(&mut lobby, who.login)?;
    lobby.audit(
        current.organization.id,
        "SWITCH_ORGANIZATION",
        Some(who.account),
        ("lgn", who.login.uuid()),
    );
    let welcome = renew(lobby, who.account, who.login, Some(current), memberships).await?;
    app.access().forget(who.login.uuid());
    Ok(welcome)
}

/// The organizations the account is active in.
pub async fn memberships_of(app: &App, who: SignedIn) -> Result<Vec<Membership>> {
    let mut memberships = memberships(&mut app.lobby().await?, who.account).await?;
    memberships.retain(|membership| membership.member.is_active());
    Ok(memberships)
}

/// Every device the account is signed in on, the one seen last first.
pub async fn list(app: &App, who: SignedIn) -> Result<Vec<Login>> {
    accounts::list_logins(&mut app.lobby().await?, who.account).await
}

/// Ends one of the account's login sessions.
pub async fn revoke(app: &App, who: SignedIn, id: LoginId) -> Result<Login> {
    let because = if id == who.login {
        Because::SignedOut
    } else {
        Because::Revoked
    };
    let mut lobby = app.lobby_change().await?;
    let open = accounts::list_logins(&mut lobby, who.account).await?;
    let login = open
        .into_iter()
        .find(|login| login.id == id)
        .ok_or_else(|| Error::not_found("login session"))?;
    let mut ended = end_in(lobby, &[login], because).await?;
    ended.pop().ok_or_else(|| Error::not_found("login session"))
}

/// Ends all of the account's login sessions, this one too.
pub async fn sign_out_everywhere(app: &App, who: SignedIn) -> Result<Vec<Login>> {
    let mut lobby = app.lobby_change().await?;
    let open = accounts::list_logins(&mut lobby, who.account).await?;
    end_in(lobby, &open, Because::SignedOut).await
}

/// Ends login sessions, tells their organizations, and commits.
async fn end_in(mut lobby: Lobby, logins: &[Login], because: Because) -> Result<Vec<Login>> {
    let (app, now) = (lobby.app().clone(), lobby.now());
    accounts::revoke_logins(
        &mut lobby,
        logins.iter().map(|login| login.id).collect(),
        because,
    )?;
    for login in logins.iter().filter(|login| login.revoked_at.is_none()) {
        if let Some(org) = login.org_id {
            lobby.emit(org, &Event::LoginRevoked { login: login.id })?;
            lobby.audit(
                org,
                because.name(),
                Some(login.account_id),
                ("lgn", login.id.uuid()),
            );
        }
    }
    lobby.commit().await?;
    let ended = logins.iter().map(|login| {
        app.access().forget(login.id.uuid());
        let revoked_at = login.revoked_at.or(Some(now));
        Login {
            revoked_at,
            revoked_because: Some(because.name().to_owned()),
            ..login.clone()
        }
    });
    Ok(ended.collect())
}

/// Changes the password and ends the account's other login sessions: whoever knew the old one is out.
pub async fn change_password(
    app: &App,
    who: SignedIn,
    device: Device,
    current: &str,
    new: &str,
) -> Result<Vec<Login>> {
    let account = accounts::get(app.lobby().await?.conn()?, who.account).await?;
    let knock = knock_for(app, &account, &device).await?;
    let about = [account.phone.clone(), account.email.clone()];
    let checked = check_password(app, Some(account), &knock, current).await;
    let account = checked.map_err(|error| match error.code {
        Code::SignInFailed => Error::from(Refusal::WrongPassword).at("current"),
        _ => error,
    })?;
    let mut lobby = app.lobby_change().await?;
    knock.forgive(&mut lobby).await?;
    lobby.commit().await?;
    passwords::check(
        "new",
        new,
        &about
            .iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    let hash = app.hashing().hash(new, app.ids().secret()).await?;
    let mut lobby = app.lobby_change().await?;
    accounts::update_password(&mut lobby, account.id, hash)?;
    if let Some(org) = who.org {
        lobby.audit(
            org,
            "CHANGE_PASSWORD",
            Some(account.id),
            ("acc", account.id.uuid()),
        );
    }
    let others = accounts::list_logins(&mut lobby, who.account).await?;
    let others: Vec<Login> = others
        .into_iter()
        .filter(|login| login.id != who.login)
        .collect();
    end_in(lobby, &others, Because::PasswordChanged).await
}
