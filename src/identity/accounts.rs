//! Accounts, login sessions and refresh tokens in the database: the lobby's part of identity.

use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use zamu_schema::dual::{Dual, DualConnection};
use zamu_schema::tables::{accounts, login_sessions, members, refresh_tokens};

use super::model::{Because, Handle, Handles, Login};
use super::store::MemberRow;
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{AccountId, LoginId, MemberId, OrgId};
use crate::kernel::time::Instant;

/// A person's way in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) password_hash: String,
    pub(super) password_changed_at: Instant,
    pub(super) created_at: Instant,
}

/// A single-use token; the login session is its family.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub(super) struct RefreshToken {
    pub(super) token_hash: String,
    pub(super) login_id: LoginId,
    pub(super) issued_at: Instant,
    pub(super) expires_at: Instant,
    pub(super) used_at: Option<Instant>,
}

pub(super) async fn find_by_handle(
    conn: &mut DualConnection,
    handle: &Handle,
) -> Result<Option<Account>> {
    let all = accounts::table
        .select(Account::as_select())
        .into_boxed::<Dual>();
    let wanted = match handle {
        Handle::Phone(phone) => all.filter(accounts::phone.eq(phone.clone())),
        Handle::Email(email) => all.filter(accounts::email.eq(email.clone())),
    };
    Ok(wanted.first(conn).await.optional()?)
}

pub(super) async fn get(conn: &mut DualConnection, id: AccountId) -> Result<Account> {
    Ok(accounts::table
        .filter(accounts::id.eq(id))
        .select(Account::as_select())
        .first(conn)
        .await?)
}

/// Now and not with the commit: a member that points at it follows.
pub(super) async fn insert(lobby: &mut Lobby, account: Account) -> Result<()> {
    diesel::insert_into(accounts::table)
        .values(account)
        .execute(lobby.conn()?)
        .await?;
    Ok(())
}

/// From inside an organization: founding it with its first owner.
pub(super) async fn insert_in(tx: &mut Tx, account: Account) -> Result<()> {
    tx.execute(diesel::insert_into(accounts::table).values(account))
        .await
        .map(drop)
}

pub(super) fn update_handles(tx: &mut Tx, id: AccountId, handles: &Handles) -> Result<()> {
    let account = accounts::table.filter(accounts::id.eq(id));
    tx.stage(diesel::update(account).set((
        accounts::phone.eq(handles.phone.clone()),
        accounts::email.eq(handles.email.clone()),
    )))
}

/// A better hash of the same password, unless the password was changed meanwhile.
pub(super) fn update_hash(lobby: &mut Lobby, known: &Account, hash: String) -> Result<()> {
    let account = accounts::table
        .filter(accounts::id.eq(known.id))
        .filter(accounts::password_hash.eq(known.password_hash.clone()));
    lobby.stage(diesel::update(account).set(accounts::password_hash.eq(hash)))
}

pub(super) fn update_password(lobby: &mut Lobby, id: AccountId, hash: String) -> Result<()> {
    let now = lobby.now();
    let account = accounts::table.filter(accounts::id.eq(id));
    let change = (
        accounts::password_hash.eq(hash),
        accounts::password_changed_at.eq(now),
    );
    lobby.stage(diesel::update(account).set(change))
}

/// What an account is in each organization, deactivated or not, the oldest first.
pub(super) async fn members_of(lobby: &mut Lobby, id: AccountId) -> Result<Vec<MemberRow>> {
    let rows = members::table
        .filter(members::account_id.eq(id))
        .order((members::joined_at, members::id))
        .select(MemberRow::as_select());
    Ok(rows.load(lobby.conn()?).await?)
}

/// The organization this account used last.
pub(super) async fn last_used_org(lobby: &mut Lobby, id: AccountId) -> Result<Option<OrgId>> {
    let last = login_sessions::table
        .filter(login_sessions::account_id.eq(id))
        .filter(login_sessions::org_id.is_not_null())
        .order((
            login_sessions::last_seen_at.desc(),
            login_sessions::id.desc(),
        ))
        .select(login_sessions::org_id);
    Ok(last
        .first::<Option<OrgId>>(lobby.conn()?)
        .await
        .optional()?
        .flatten())
}

/// Whether the account has signed in from this address before.
pub(super) async fn knows_address(lobby: &mut Lobby, id: AccountId, ip: &str) -> Result<bool> {
    let before = login_sessions::table
        .filter(login_sessions::account_id.eq(id))
        .filter(login_sessions::ip.eq(ip.to_owned()))
        .select(login_sessions::id);
    Ok(before
        .first::<LoginId>(lobby.conn()?)
        .await
        .optional()?
        .is_some())
}

/// Now and not with the commit: its refresh token points at it.
pub(super) async fn insert_login(lobby: &mut Lobby, login: Login) -> Result<()> {
    diesel::insert_into(login_sessions::table)
        .values(login)
        .execute(lobby.conn()?)
        .await?;
    Ok(())
}

/// A login session with the member it acts as: everything a request needs to know, in one query.
pub(super) async fn find_login(
    lobby: &mut Lobby,
    id: LoginId,
) -> Result<Option<(Login, Option<MemberRow>)>> {
    let joined = members::table.on(login_sessions::org_id
        .eq(members::org_id.nullable())
        .and(login_sessions::member_id.eq(members::id.nullable())));
    let row = login_sessions::table
        .left_join(joined)
        .filter(login_sessions::id.eq(id))
        .select((Login::as_select(), Option::<MemberRow>::as_select()));
    Ok(row.first(lobby.conn()?).await.optional()?)
}

/// The open login sessions of an account, the one seen last first.
pub(super) async fn list_logins(lobby: &mut Lobby, id: AccountId) -> Result<Vec<Login>> {
    let now = lobby.now();
    let open = login_sessions::table
        .filter(login_sessions::account_id.eq(id))
        .filter(login_sessions::revoked_at.is_null())
        .filter(login_sessions::expires_at.gt(now))
        .order((
            login_sessions::last_seen_at.desc(),
            login_sessions::id.desc(),
        ))
        .limit(200)
        .select(Login::as_select());
    Ok(open.load(lobby.conn()?).await?)
}

pub(super) fn touch_login(lobby: &mut Lobby, id: LoginId) -> Result<()> {
    let now = lobby.now();
    let login = login_sessions::table.filter(login_sessions::id.eq(id));
    lobby.stage(diesel::update(login).set(login_sessions::last_seen_at.eq(now)))
}

/// The login session goes on, as this member, until then.
pub(super) fn renew_login(
    lobby: &mut Lobby,
    id: LoginId,
    membership: Option<(OrgId, MemberId)>,
    until: Instant,
) -> Result<()> {
    let now = lobby.now();
    let login = login_sessions::table.filter(login_sessions::id.eq(id));
    lobby.stage(diesel::update(login).set((
        login_sessions::org_id.eq(membership.map(|(org, _)| org)),
        login_sessions::member_id.eq(membership.map(|(_, member)| member)),
        login_sessions::last_seen_at.eq(now),
        login_sessions::expires_at.eq(until),
    )))
}

pub(super) fn revoke_logins(lobby: &mut Lobby, ids: Vec<LoginId>, because: Because) -> Result<()> {
    let now = lobby.now();
    let open = login_sessions::table
        .filter(login_sessions::id.eq_any(ids))
        .filter(login_sessions::revoked_at.is_null());
    let change = (
        login_sessions::revoked_at.eq(Some(now)),
        login_sessions::revoked_because.eq(Some(because.name())),
    );
    lobby.stage(diesel::update(open).set(change))
}

/// When each member of the transaction's organization was last seen, on whichever device.
pub(super) async fn last_seen(tx: &mut Tx) -> Result<Vec<(MemberId, Instant)>> {
    let newest = login_sessions::table
        .filter(login_sessions::org_id.eq(tx.org()))
        .filter(login_sessions::member_id.is_not_null())
        .group_by(login_sessions::member_id)
        .select((
            login_sessions::member_id.assume_not_null(),
            diesel::dsl::max(login_sessions::last_seen_at).assume_not_null(),
        ));
    Ok(newest.load(tx.conn()?).await?)
}

/// Ends the login sessions in which a member of the transaction's organization is signed in.
pub(super) fn revoke_logins_of(tx: &mut Tx, member: MemberId, because: Because) -> Result<()> {
    let now = tx.now();
    let open = login_sessions::table
        .filter(login_sessions::org_id.eq(tx.org()))
        .filter(login_sessions::member_id.eq(member))
        .filter(login_sessions::revoked_at.is_null());
    let change = (
        login_sessions::revoked_at.eq(Some(now)),
        login_sessions::revoked_because.eq(Some(because.name())),
    );
    tx.stage(diesel::update(open).set(change))
}

pub(super) fn insert_refresh(lobby: &mut Lobby, token: RefreshToken) -> Result<()> {
    lobby.stage(diesel::insert_into(refresh_tokens::table).values(token))
}

pub(super) async fn find_refresh(lobby: &mut Lobby, hash: &str) -> Result<Option<RefreshToken>> {
    let row = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(hash.to_owned()))
        .select(RefreshToken::as_select());
    Ok(row.first(lobby.conn()?).await.optional()?)
}

/// Marks a token used; false if somebody was faster.
pub(super) async fn use_refresh(lobby: &mut Lobby, hash: &str) -> Result<bool> {
    let now = lobby.now();
    let unused = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(hash.to_owned()))
        .filter(refresh_tokens::used_at.is_null());
    let query = diesel::update(unused).set(refresh_tokens::used_at.eq(Some(now)));
    Ok(AsyncConnectionCore::execute_returning_count(lobby.conn()?, query).await? == 1)
}

/// Forgets the tokens of a family that were not used: the family goes on with another.
pub(super) fn drop_unused_refresh(lobby: &mut Lobby, login: LoginId) -> Result<()> {
    let unused = refresh_tokens::table
        .filter(refresh_tokens::login_id.eq(login))
        .filter(refresh_tokens::used_at.is_null());
    lobby.stage(diesel::delete(unused))
}
