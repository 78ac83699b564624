//! Members, their contacts, invitations, login sessions and API tokens; who may change whom.

use crate::auth::action::Action;
use crate::auth::policy::Role;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{
    AccountId, ApiTokenId, ContactId, DepartmentId, InvitationId, LoginId, MemberId, OrgId,
};
use crate::kernel::phone::Phone;
use crate::kernel::text;
use crate::kernel::time::Instant;

/// A person inside one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    /// None for people who are only recorded: imported, or never invited.
    pub account_id: Option<AccountId>,
    pub role: Role,
    pub department_id: Option<DepartmentId>,
    pub name: String,
    pub title: Option<String>,
    /// None also where the viewer may not see it.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub tags: Vec<String>,
    /// Its key in the system it was imported from.
    pub external_ref: Option<String>,
    pub joined_at: Instant,
    pub deactivated_at: Option<Instant>,
}

impl Member {
    pub const fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }
}

/// Whom to call when something happens to a member.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = zamu_schema::tables::emergency_contacts)]
pub struct Contact {
    pub id: ContactId,
    pub member_id: MemberId,
    pub name: String,
    pub phone: String,
    pub relation: Option<String>,
    pub position: i32,
}

/// An offer to join, good for one acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub org_id: OrgId,
    pub id: InvitationId,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub role: Role,
    pub department_id: Option<DepartmentId>,
    pub title: Option<String>,
    pub invited_by: MemberId,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub accepted_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
    /// Somebody who is recorded already and becomes the account's member by accepting.
    pub member_id: Option<MemberId>,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Pending,
    Accepted,
    Revoked,
    Expired,
}

impl Invitation {
    pub fn standing(&self, now: Instant) -> Standing {
        match (self.accepted_at, self.revoked_at) {
            (Some(_), _) => Standing::Accepted,
            (_, Some(_)) => Standing::Revoked,
            _ if self.expires_at <= now => Standing::Expired,
            _ => Standing::Pending,
        }
    }
}

/// A signed-in device.
#[derive(
    Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable, diesel::Insertable,
)]
#[diesel(table_name = zamu_schema::tables::login_sessions)]
pub struct Login {
    pub id: LoginId,
    pub account_id: AccountId,
    pub org_id: Option<OrgId>,
    pub member_id: Option<MemberId>,
    pub device: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: Instant,
    pub last_seen_at: Instant,
    pub expires_at: Instant,
    pub revoked_at: Option<Instant>,
    pub revoked_because: Option<String>,
}

impl Login {
    pub fn is_open(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

/// Why a login session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    SignedOut,
    Revoked,
    PasswordChanged,
    RefreshTokenReused,
    Deactivated,
}

impl Because {
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "SIGNED_OUT",
            Self::Revoked => "REVOKED",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::RefreshTokenReused => "REFRESH_TOKEN_REUSED",
            Self::Deactivated => "DEACTIVATED",
        }
    }
}

/// A key for a program, limited to some permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub org_id: OrgId,
    pub id: ApiTokenId,
    pub name: String,
    /// The public part of the token, to recognise it by.
    pub prefix: String,
    pub token_hash: String,
    pub scopes: Vec<Action>,
    pub created_by: MemberId,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub last_used_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

/// What a person signs in with.
#[derive(Clone, PartialEq, Eq)]
pub enum Handle {
    Phone(String),
    Email(String),
}

impl Handle {
    /// An e-mail address if there is an `@` in it, a telephone number otherwise.
    pub fn parse(field: &str, identifier: &str) -> Result<Self> {
        if identifier.contains('@') {
            return text::email(field, identifier).map(Self::Email);
        }
        phone(field, identifier).map(Self::Phone)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(text) | Self::Email(text) => text,
        }
    }
}

/// A telephone number in E.164, as it is stored.
pub fn phone(field: &str, value: &str) -> Result<String> {
    let phone = Phone::parse(value).map_err(|bad| Error::invalid(field, bad.to_string()))?;
    Ok(phone.as_str().to_owned())
}

/// How a person can be reached and signs in: at least one of the two.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Handles {
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl Handles {
    pub fn parse(phone_text: Option<&str>, email_text: Option<&str>) -> Result<Self> {
        let filled = |value: &&str| !value.trim().is_empty();
        let phone = phone_text
            .filter(filled)
            .map(|value| phone("phone", value))
            .transpose()?;
        let email = email_text
            .filter(filled)
            .map(|value| text::email("email", value))
            .transpose()?;
        if phone.is_none() && email.is_none() {
            return Err(Error::invalid(
                "phone",
                "a telephone number or an e-mail address is needed",
            ));
        }
        Ok(Self { phone, email })
    }

    pub fn all(&self) -> impl Iterator<Item = Handle> {
        let phone = self.phone.clone().map(Handle::Phone);
        phone
            .into_iter()
            .chain(self.email.clone().map(Handle::Email))
    }
}

/// Why identity says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the identifier or the password is wrong")]
    SignInFailed,
    #[error("this refresh token was used before; the login session has been ended, sign in again")]
    RefreshTokenReused,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("this invitation is unknown, used, revoked or expired")]
    InvitationInvalid,
    #[error("this account does not belong to that organization")]
    NoOrganization,
    #[error("the membership has been deactivated; ask an administrator of the organization")]
    MemberDeactivated,
    #[error("an organization keeps at least one owner: make somebody else an owner first")]
    LastOwner,
    #[error("only an owner can make or unmake an owner")]
    OwnersOnly,
    #[error("this person is already a member of the organization")]
    AlreadyMember,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::SignInFailed => Code::SignInFailed,
            Refusal::RefreshTokenReused => Code::RefreshTokenReused,
            Refusal::WrongPassword => Code::WrongPassword,
            Refusal::InvitationInvalid => Code::InvitationInvalid,
            Refusal::NoOrganization => Code::NoOrganization,
            Refusal::MemberDeactivated => Code::MemberDeactivated,
            Refusal::LastOwner => Code::LastOwner,
            Refusal::OwnersOnly => Code::Forbidden,
            Refusal::AlreadyMember => Code::Conflict,
        };
        Self::refused(code, refusal.to_string())
    }
}

/// Roles above the actor's own are not the actor's to give or take.
pub fn may_touch_owner(actor: Role, roles: &[Role]) -> Result<(), Refusal> {
    let about_owner = roles.contains(&Role::Owner);
    if about_owner && !matches!(actor, Role::Owner | Role::Operator) {
        return Err(Refusal::OwnersOnly);
    }
    Ok(())
}

/// A role a person can hold.
pub fn personal(role: Role) -> Result<Role> {
    if role.is_personal() {
        return Ok(role);
    }
    Err(Error::invalid(
        "role",
        format!("{} is not a role of people", role.name()),
    ))
}

/// At most twenty short labels, each once, in the order given.
pub fn tags(values: &[String]) -> Result<Vec<String>> {
    if values.len() > 20 {
        return Err(Error::invalid("tags", "at most 20 tags are allowed"));
    }
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        let tag = text::required("tags", value, 40)?;
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_phone_or_an_address() {
        assert!(
            matches!(Handle::parse("identifier", "0712 345 678"), Ok(Handle::Phone(p)) if p == "+254712345678")
        );
        assert!(
            matches!(Handle::parse("identifier", "Ada@Example.org"), Ok(Handle::Email(e)) if e == "ada@example.org")
        );
        assert!(Handle::parse("identifier", "ada").is_err());
        assert!(Handles::parse(Some(" "), None).is_err());
    }

    #[test]
    fn only_owners_touch_owners() {
        assert!(may_touch_owner(Role::Admin, &[Role::Worker, Role::Admin]).is_ok());
        assert_eq!(
            may_touch_owner(Role::Admin, &[Role::Worker, Role::Owner]),
            Err(Refusal::OwnersOnly)
        );
        assert!(may_touch_owner(Role::Owner, &[Role::Owner]).is_ok());
        assert!(personal(Role::Integration).is_err() && personal(Role::Patient).is_ok());
    }

    #[test]
    fn tags_are_few_and_once() {
        let given = ["night".to_owned(), " night ".to_owned(), "icu".to_owned()];
        assert_eq!(tags(&given).unwrap(), ["night", "icu"]);
        assert!(tags(&vec!["x".to_owned(); 21]).is_err());
    }
}
