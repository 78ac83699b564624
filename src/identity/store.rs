//! Members, emergency contacts, invitations and API tokens in the database.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::{Dual, ForUpdate};
use zamu_schema::tables::{api_tokens, emergency_contacts, invitations, members};

use super::model::{ApiToken, Contact, Invitation, Member};
use crate::auth::policy::{Role, Scope};
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{
    AccountId, ApiTokenId, ContactId, DepartmentId, InvitationId, MemberId, OrgId,
};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

define_sql_function! {
    /// Lower case as the engine understands it: letters beyond ASCII only on PostgreSQL.
    fn lower(text: Text) -> Text;
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_null = true)]
pub(super) struct MemberRow {
    pub(super) org_id: OrgId,
    pub(super) id: MemberId,
    pub(super) account_id: Option<AccountId>,
    pub(super) role: String,
    pub(super) department_id: Option<DepartmentId>,
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) tags: serde_json::Value,
    pub(super) external_ref: Option<String>,
    pub(super) joined_at: Instant,
    pub(super) deactivated_at: Option<Instant>,
}

impl MemberRow {
    pub(super) fn of(org_id: OrgId, member: Member) -> Result<Self> {
        let Member {
            id,
            account_id,
            role,
            department_id,
            name,
            title,
            phone,
            email,
            ..
        } = member;
        let (tags, role) = (serde_json::to_value(member.tags)?, role.name().to_owned());
        let Member {
            external_ref,
            joined_at,
            deactivated_at,
            ..
        } = member;
        Ok(Self {
            org_id,
            id,
            account_id,
            role,
            department_id,
            name,
            title,
            phone,
            email,
            tags,
            external_ref,
            joined_at,
            deactivated_at,
        })
    }

    pub(super) fn member(self) -> Result<Member> {
        let Self {
            id,
            account_id,
            department_id,
            name,
            title,
            phone,
            email,
            ..
        } = self;
        let (role, tags) = (role(&self.role)?, serde_json::from_value(self.tags)?);
        let Self {
            external_ref,
            joined_at,
            deactivated_at,
            ..
        } = self;
        Ok(Member {
            id,
            account_id,
            role,
            department_id,
            name,
            title,
            phone,
            email,
            tags,
            external_ref,
            joined_at,
            deactivated_at,
        })
    }
}

/// A role as it is stored.
pub(super) fn role(name: &str) -> Result<Role> {
    Role::parse(name).ok_or_else(|| Error::internal(format!("unknown role {name}")))
}

fn own_members(tx: &Tx) -> members::BoxedQuery<'static, Dual> {
    members::table
        .filter(members::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those the transaction's action reaches.
fn reached(tx: &Tx) -> members::BoxedQuery<'static, Dual> {
    let own = own_members(tx);
    let myself: Vec<MemberId> = tx.viewer().member().into_iter().collect();
    match tx.scope() {
        Scope::Organization => own,
        Scope::Own => own.filter(members::id.eq_any(myself)),
        Scope::Department => own.filter(
            members::department_id
                .eq_any(tx.departments())
                .or(members::id.eq_any(myself)),
        ),
    }
}

fn all(rows: Vec<MemberRow>) -> Result<Vec<Member>> {
    rows.into_iter().map(MemberRow::member).collect()
}

/// What a list of members is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub role: Option<Role>,
    /// With the departments below it, already found.
    pub departments: Option<Vec<DepartmentId>>,
    /// Part of a name.
    pub search: Option<String>,
    pub active: Option<bool>,
}

pub(super) async fn list_members(
    tx: &mut Tx,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Member>> {
    let mut rows = reached(tx);
    if let Some(role) = filter.role {
        rows = rows.filter(members::role.eq(role.name()));
    }
    if let Some(departments) = &filter.departments {
        rows = rows.filter(members::department_id.eq_any(departments.clone()));
    }
    if let Some(search) = &filter.search {
        let escaped = search
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        rows = rows.filter(
            lower(members::name)
                .like(lower(format!("%{escaped}%")))
                .escape('\\'),
        );
    }
    rows = match filter.active {
        Some(true) => rows.filter(members::deactivated_at.is_null()),
        Some(false) => rows.filter(members::deactivated_at.is_not_null()),
        None => rows,
    };
    if let Some(after) = page.after {
        let id = MemberId::from_uuid(after.id);
        let later = members::joined_at.lt(after.at);
        rows = rows.filter(later.or(members::joined_at.eq(after.at).and(members::id.lt(id))));
    }
    let rows = rows
        .order((members::joined_at.desc(), members::id.desc()))
        .limit(page.limit())
        .select(MemberRow::as_select());
    Ok(Page::from_rows(all(rows.load(tx.conn()?).await?)?, page))
}

pub(super) async fn members_by_ids(tx: &mut Tx, ids: &[MemberId]) -> Result<Vec<Member>> {
    let rows = reached(tx)
        .filter(members::id.eq_any(ids.to_vec()))
        .select(MemberRow::as_select());
    all(rows.load(tx.conn()?).await?)
}

/// Everybody, those who left only if wanted.
pub(super) async fn all_members(tx: &mut Tx, only_active: bool) -> Result<Vec<Member>> {
    let mut rows = own_members(tx);
    if only_active {
        rows = rows.filter(members::deactivated_at.is_null());
    }
    let rows = rows.order(members::id).select(MemberRow::as_select());
    all(rows.load(tx.conn()?).await?)
}

/// A member the action reaches; whoever is beyond it does not exist.
pub(super) async fn get_member(tx: &mut Tx, id: MemberId) -> Result<Member> {
    let row = reached(tx)
        .filter(members::id.eq(id))
        .select(MemberRow::as_select());
    let row: Option<MemberRow> = row.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("member"))?.member()
}

pub(super) async fn find_by_account(tx: &mut Tx, account: AccountId) -> Result<Option<Member>> {
    let row = own_members(tx)
        .filter(members::account_id.eq(account))
        .select(MemberRow::as_select());
    let row: Option<MemberRow> = row.first(tx.conn()?).await.optional()?;
    row.map(MemberRow::member).transpose()
}

pub(super) async fn find_by_external_ref(
    tx: &mut Tx,
    external_ref: &str,
) -> Result<Option<Member>> {
    let row = own_members(tx)
        .filter(members::external_ref.eq(external_ref.to_owned()))
        .select(MemberRow::as_select());
    let row: Option<MemberRow> = row.first(tx.conn()?).await.optional()?;
    row.map(MemberRow::member).transpose()
}

/// How many active owners there are. They stay as they are until the transaction ends, so that two who unmake each
/// other at once do not both succeed.
pub(super) async fn count_owners(tx: &mut Tx) -> Result<usize> {
    let owners = own_members(tx)
        .filter(members::role.eq(Role::Owner.name()))
        .filter(members::deactivated_at.is_null())
        .order(members::id)
        .select(members::id);
    let owners: Vec<MemberId> = ForUpdate(owners).load(tx.conn()?).await?;
    Ok(owners.len())
}

/// Active members with one of these roles, and those of these ids.
pub(super) async fn active_of(
    tx: &mut Tx,
    roles: &[Role],
    ids: &[MemberId],
) -> Result<Vec<(MemberId, Role)>> {
    let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let rows = own_members(tx)
        .filter(members::deactivated_at.is_null())
        .filter(
            members::role
                .eq_any(roles)
                .or(members::id.eq_any(ids.to_vec())),
        )
        .order(members::id)
        .select((members::id, members::role));
    let rows: Vec<(MemberId, String)> = rows.load(tx.conn()?).await?;
    rows.into_iter()
        .map(|(id, name)| Ok((id, role(&name)?)))
        .collect()
}

/// Every active member of the organization and the department they are in, whoever may see them.
pub(super) async fn list_active(tx: &mut Tx) -> Result<Vec<(MemberId, Option<DepartmentId>)>> {
    let rows = own_members(tx)
        .filter(members::deactivated_at.is_null())
        .order(members::id)
        .select((members::id, members::department_id));
    Ok(rows.load(tx.conn()?).await?)
}

/// Now and not with the commit: rows that point at the member may follow.
pub(super) async fn insert_member(tx: &mut Tx, member: Member) -> Result<()> {
    let row = MemberRow::of(tx.org(), member)?;
    tx.execute(diesel::insert_into(members::table).values(row))
        .await
        .map(drop)
}

pub(super) fn update_member(tx: &mut Tx, member: &Member) -> Result<()> {
    let own = members::table
        .filter(members::org_id.eq(tx.org()))
        .filter(members::id.eq(member.id));
    let row = MemberRow::of(tx.org(), member.clone())?;
    tx.stage(diesel::update(own).set(row))
}

/// From the lobby: somebody accepts an invitation.
pub(super) async fn admit_member(lobby: &mut Lobby, org: OrgId, member: Member) -> Result<()> {
    let row = MemberRow::of(org, member)?;
    diesel::insert_into(members::table)
        .values(row)
        .execute(lobby.conn()?)
        .await?;
    Ok(())
}

/// From the lobby: the member an invitation is for, recorded before there was an account.
pub(super) async fn find_recorded(
    lobby: &mut Lobby,
    org: OrgId,
    id: MemberId,
) -> Result<Option<Member>> {
    let row = members::table
        .filter(members::org_id.eq(org))
        .filter(members::id.eq(id))
        .filter(members::account_id.is_null())
        .filter(members::deactivated_at.is_null())
        .select(MemberRow::as_select());
    let row: Option<MemberRow> = row.first(lobby.conn()?).await.optional()?;
    row.map(MemberRow::member).transpose()
}

/// Whether somebody recorded is invited already, and has not answered.
pub(super) async fn is_invited(tx: &mut Tx, member: MemberId) -> Result<bool> {
    let now = tx.now();
    let open = own_invitations(tx)
        .filter(invitations::member_id.eq(member))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null())
        .filter(invitations::expires_at.gt(now));
    let count: i64 = open.count().get_result(tx.conn()?).await?;
    Ok(count > 0)
}

/// From the lobby: somebody who had left accepts an invitation to come back.
pub(super) async fn readmit_member(lobby: &mut Lobby, org: OrgId, member: Member) -> Result<()> {
    let own = members::table
        .filter(members::org_id.eq(org))
        .filter(members::id.eq(member.id));
    diesel::update(own)
        .set(MemberRow::of(org, member)?)
        .execute(lobby.conn()?)
        .await?;
    Ok(())
}

fn own_contacts(tx: &Tx) -> emergency_contacts::BoxedQuery<'static, Dual> {
    emergency_contacts::table
        .filter(emergency_contacts::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn list_contacts(tx: &mut Tx, of: &[MemberId]) -> Result<Vec<Contact>> {
    let rows = own_contacts(tx)
        .filter(emergency_contacts::member_id.eq_any(of.to_vec()))
        .order((emergency_contacts::position, emergency_contacts::id))
        .select(Contact::as_select());
    Ok(rows.load(tx.conn()?).await?)
}

pub(super) fn replace_contacts(tx: &mut Tx, of: MemberId, contacts: &[Contact]) -> Result<()> {
    let old = emergency_contacts::table
        .filter(emergency_contacts::org_id.eq(tx.org()))
        .filter(emergency_contacts::member_id.eq(of));
    tx.stage(diesel::delete(old))?;
    for contact in contacts.iter().cloned() {
        let id: ContactId = contact.id;
        let row = (
            emergency_contacts::org_id.eq(tx.org()),
            emergency_contacts::id.eq(id),
            emergency_contacts::member_id.eq(of),
            emergency_contacts::name.eq(contact.name),
            emergency_contacts::phone.eq(contact.phone),
            emergency_contacts::relation.eq(contact.relation),
            emergency_contacts::position.eq(contact.position),
        );
        tx.stage(diesel::insert_into(emergency_contacts::table).values(row))?;
    }
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    org_id: OrgId,
    id: InvitationId,
    name: String,
    phone: Option<String>,
    email: Option<String>,
    role: String,
    department_id: Option<DepartmentId>,
    title: Option<String>,
    token_hash: String,
    invited_by: MemberId,
    created_at: Instant,
    expires_at: Instant,
    accepted_at: Option<Instant>,
    revoked_at: Option<Instant>,
    member_id: Option<MemberId>,
}

impl InvitationRow {
    fn invitation(self) -> Result<Invitation> {
        let role = role(&self.role)?;
        let Self {
            org_id,
            id,
            name,
            phone,
            email,
            department_id,
            title,
            invited_by,
            ..
        } = self;
        let Self {
            created_at,
            expires_at,
            accepted_at,
            revoked_at,
            member_id,
            ..
        } = self;
        Ok(Invitation {
            org_id,
            id,
            name,
            phone,
            email,
            role,
            department_id,
            title,
            invited_by,
            created_at,
            expires_at,
            accepted_at,
            revoked_at,
            member_id,
        })
    }
}

fn own_invitations(tx: &Tx) -> invitations::BoxedQuery<'static, Dual> {
    invitations::table
        .filter(invitations::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn list_invitations(tx: &mut Tx, page: &PageRequest) -> Result<Page<Invitation>> {
    let mut rows = own_invitations(tx);
    if let Some(after) = page.after {
        let id = InvitationId::from_uuid(after.id);
        let later = invitations::created_at.lt(after.at);
        rows = rows.filter(
            later.or(invitations::created_at
                .eq(after.at)
                .and(invitations::id.lt(id))),
        );
    }
    let rows = rows
        .order((invitations::created_at.desc(), invitations::id.desc()))
        .limit(page.limit())
        .select(InvitationRow::as_select());
    let rows: Vec<InvitationRow> = rows.load(tx.conn()?).await?;
    let rows = rows
        .into_iter()
        .map(InvitationRow::invitation)
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(rows, page))
}

pub(super) async fn get_invitation(tx: &mut Tx, id: InvitationId) -> Result<Invitation> {
    let row = own_invitations(tx)
        .filter(invitations::id.eq(id))
        .select(InvitationRow::as_select());
    let row: Option<InvitationRow> = row.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("invitation"))?
        .invitation()
}

pub(super) fn insert_invitation(
    tx: &mut Tx,
    invitation: &Invitation,
    token_hash: String,
) -> Result<()> {
    let role = invitation.role.name().to_owned();
    let Invitation {
        id,
        name,
        phone,
        email,
        department_id,
        title,
        invited_by,
        ..
    } = invitation.clone();
    let Invitation {
        created_at,
        expires_at,
        accepted_at,
        revoked_at,
        member_id,
        ..
    } = *invitation;
    let org_id = tx.org();
    let row = InvitationRow {
        org_id,
        id,
        name,
        phone,
        email,
        role,
        department_id,
        title,
        token_hash,
        invited_by,
        created_at,
        expires_at,
        accepted_at,
        revoked_at,
        member_id,
    };
    tx.stage(diesel::insert_into(invitations::table).values(row))
}

pub(super) fn revoke_invitation(tx: &mut Tx, id: InvitationId) -> Result<()> {
    let now = tx.now();
    let own = invitations::table
        .filter(invitations::org_id.eq(tx.org()))
        .filter(invitations::id.eq(id));
    tx.stage(diesel::update(own).set(invitations::revoked_at.eq(Some(now))))
}

/// By its secret, from the lobby.
pub(super) async fn find_invitation(
    lobby: &mut Lobby,
    token_hash: &str,
) -> Result<Option<Invitation>> {
    let row = invitations::table
        .filter(invitations::token_hash.eq(token_hash.to_owned()))
        .select(InvitationRow::as_select());
    let row: Option<InvitationRow> = row.first(lobby.conn()?).await.optional()?;
    row.map(InvitationRow::invitation).transpose()
}

/// Takes the invitation up; false if somebody was faster.
pub(super) async fn accept_invitation(lobby: &mut Lobby, invitation: &Invitation) -> Result<bool> {
    let now = lobby.now();
    let open = invitations::table
        .filter(invitations::org_id.eq(invitation.org_id))
        .filter(invitations::id.eq(invitation.id))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null());
    let query = diesel::update(open).set(invitations::accepted_at.eq(Some(now)));
    Ok(query.execute(lobby.conn()?).await? == 1)
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
struct TokenRow {
    org_id: OrgId,
    id: ApiTokenId,
    name: String,
    prefix: String,
    token_hash: String,
    scopes: serde_json::Value,
    created_by: MemberId,
    created_at: Instant,
    expires_at: Instant,
    last_used_at: Option<Instant>,
    revoked_at: Option<Instant>,
}

impl TokenRow {
    fn token(self) -> Result<ApiToken> {
        let scopes = serde_json::from_value(self.scopes)?;
        let Self {
            org_id,
            id,
            name,
            prefix,
            token_hash,
            created_by,
            created_at,
            ..
        } = self;
        let Self {
            expires_at,
            last_used_at,
            revoked_at,
            ..
        } = self;
        Ok(ApiToken {
            org_id,
            id,
            name,
            prefix,
            token_hash,
            scopes,
            created_by,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        })
    }
}

fn own_tokens(tx: &Tx) -> api_tokens::BoxedQuery<'static, Dual> {
    api_tokens::table
        .filter(api_tokens::org_id.eq(tx.org()))
        .into_boxed()
}

/// Those not revoked, the newest first.
pub(super) async fn list_tokens(tx: &mut Tx) -> Result<Vec<ApiToken>> {
    let rows = own_tokens(tx)
        .filter(api_tokens::revoked_at.is_null())
        .order((api_tokens::created_at.desc(), api_tokens::id.desc()))
        .limit(200)
        .select(TokenRow::as_select());
    let rows: Vec<TokenRow> = rows.load(tx.conn()?).await?;
    rows.into_iter().map(TokenRow::token).collect()
}

pub(super) async fn get_token(tx: &mut Tx, id: ApiTokenId) -> Result<ApiToken> {
    let row = own_tokens(tx)
        .filter(api_tokens::id.eq(id))
        .select(TokenRow::as_select());
    let row: Option<TokenRow> = row.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("API token"))?.token()
}

pub(super) fn insert_token(tx: &mut Tx, token: &ApiToken) -> Result<()> {
    let scopes = serde_json::to_value(&token.scopes)?;
    let ApiToken {
        org_id,
        id,
        name,
        prefix,
        token_hash,
        created_by,
        ..
    } = token.clone();
    let ApiToken {
        created_at,
        expires_at,
        last_used_at,
        revoked_at,
        ..
    } = *token;
    let row = TokenRow {
        org_id,
        id,
        name,
        prefix,
        token_hash,
        scopes,
        created_by,
        created_at,
        expires_at,
        last_used_at,
        revoked_at,
    };
    tx.stage(diesel::insert_into(api_tokens::table).values(row))
}

pub(super) fn revoke_token(tx: &mut Tx, id: ApiTokenId) -> Result<()> {
    let now = tx.now();
    let own = api_tokens::table
        .filter(api_tokens::org_id.eq(tx.org()))
        .filter(api_tokens::id.eq(id));
    tx.stage(diesel::update(own).set(api_tokens::revoked_at.eq(Some(now))))
}

/// By its public part, from the lobby; the secret is compared by the caller. More than one may share a prefix.
pub(super) async fn tokens_by_prefix(lobby: &mut Lobby, prefix: &str) -> Result<Vec<ApiToken>> {
    let rows = api_tokens::table
        .filter(api_tokens::prefix.eq(prefix.to_owned()))
        .select(TokenRow::as_select());
    let rows: Vec<TokenRow> = rows.load(lobby.conn()?).await?;
    rows.into_iter().map(TokenRow::token).collect()
}

pub(super) fn touch_token(lobby: &mut Lobby, org: OrgId, id: ApiTokenId) -> Result<()> {
    let now = lobby.now();
    let used = api_tokens::table
        .filter(api_tokens::org_id.eq(org))
        .filter(api_tokens::id.eq(id));
    lobby.stage(diesel::update(used).set(api_tokens::last_used_at.eq(Some(now))))
}
