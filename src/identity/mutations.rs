//! What people can do about themselves and about each other.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::graphql::{ApiToken, Invitation, LoginSession, Member, Membership, Permission, Role};
use super::invitations::{self, NewInvitation};
use super::logins::{self, Credentials, Device, Welcome};
use super::service::{self, Changes, NewContact, Profile};
use super::tokens::{self, NewToken};
use crate::graphql::context::Ask;
use crate::graphql::scalars;
use crate::orgs::graphql::Organization;

/// Somebody is signed in.
#[derive(SimpleObject)]
pub struct SignIn {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// Works once: exchange it with `refresh` before the access token expires, and keep the new one.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in_seconds: i64,
    /// Who they are in the organization; null for an account that is in none. Fields that lead elsewhere need the
    /// access token first.
    member: Option<Member>,
    /// Where they are; null for an account that is in none.
    organization: Option<Organization>,
    /// Everywhere the account is active: `switchOrganization` goes there.
    memberships: Vec<Membership>,
}

impl From<Welcome> for SignIn {
    fn from(welcome: Welcome) -> Self {
        let Welcome {
            tokens,
            current,
            memberships,
        } = welcome;
        let (member, organization) = current
            .map(|current| (current.member, current.organization))
            .unzip();
        Self {
            access_token: tokens.access,
            refresh_token: tokens.refresh,
            expires_in_seconds: tokens.expires_in_seconds,
            member: member.map(Member),
            organization: organization.map(Organization),
            memberships: memberships.into_iter().map(Membership).collect(),
        }
    }
}

/// Who signs in, with what, on what.
#[derive(InputObject)]
pub struct SignInInput {
    /// A telephone number in any usual form, or an e-mail address.
    identifier: String,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// What the device calls itself, for the list of login sessions: at most 120 characters.
    device: Option<String>,
    /// The slug of an organization; left out, the one used last.
    organization: Option<String>,
}

/// A refresh token to exchange.
#[derive(InputObject)]
pub struct RefreshInput {
    /// As `signIn` or `refresh` gave it.
    #[graphql(secret)]
    refresh_token: String,
}

/// An invitation to accept.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// As it was in the invitation.
    #[graphql(secret)]
    token: String,
    /// For the new account: at least 10 characters. For somebody whose number or address already has an account: its
    /// password.
    #[graphql(secret)]
    password: String,
    /// What the device calls itself: at most 120 characters.
    device: Option<String>,
}

/// Where to go on.
#[derive(InputObject)]
pub struct SwitchOrganizationInput {
    /// The slug of one of your organizations.
    organization: String,
}

/// Which login session ends.
#[derive(InputObject)]
pub struct RevokeLoginInput {
    /// `lgn_…`, as `myLogins` lists it.
    id: ID,
}

/// The old and the new password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now.
    #[graphql(secret)]
    current: String,
    /// At least 10 characters; not your name, number or address, nor one that everybody tries.
    #[graphql(secret)]
    new: String,
}

/// Somebody to invite: with a telephone number, an e-mail address or both.
#[derive(InputObject)]
pub struct InviteMemberInput {
    /// 1 to 120 characters.
    name: String,
    /// In any usual form.
    phone: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// What they will be; only an owner invites an owner.
    role: Role,
    /// Where they will belong.
    department: Option<ID>,
    /// What they will be called at work: at most 80 characters.
    title: Option<String>,
}

/// A new invitation and its secret.
#[derive(SimpleObject)]
pub struct InviteMemberPayload {
    /// Shown once: give it to the person, who accepts with it.
    token: String,
    /// The invitation.
    invitation: Invitation,
}

/// Which invitation is taken back.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// `inv_…`.
    id: ID,
}

/// What changes about a member; what is left out stays.
#[derive(InputObject)]
pub struct UpdateMemberInput {
    /// `mbr_…`.
    id: ID,
    /// What they are from now on; only an owner makes or unmakes an owner.
    role: Option<Role>,
    /// Where they belong from now on; null takes them out.
    department: MaybeUndefined<ID>,
    /// What they are called at work: at most 80 characters; null takes it away.
    title: MaybeUndefined<String>,
    /// At most 20 labels of at most 40 characters, instead of those before.
    tags: Option<Vec<String>>,
}

/// Who leaves, and why.
#[derive(InputObject)]
pub struct DeactivateMemberInput {
    /// `mbr_…`.
    id: ID,
    /// For the audit log: 1 to 500 characters.
    reason: String,
}

/// Who comes back.
#[derive(InputObject)]
pub struct ReactivateMemberInput {
    /// `mbr_…`.
    id: ID,
}

/// What changes about yourself; what is left out stays.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// 1 to 120 characters.
    name: Option<String>,
    /// What you sign in with, in any usual form; null takes it away if an e-mail address is left.
    phone: MaybeUndefined<String>,
    /// What you sign in with; null takes it away if a telephone number is left.
    email: MaybeUndefined<String>,
}

/// One person to call.
#[derive(InputObject)]
pub struct EmergencyContactInput {
    /// 1 to 120 characters.
    name: String,
    /// In any usual form.
    phone: String,
    /// What they are to whom it is about: at most 60 characters.
    relation: Option<String>,
}

/// Whom to call when something happens to a member.
#[derive(InputObject)]
pub struct SetEmergencyContactsInput {
    /// `mbr_…`; left out, yourself.
    member: Option<ID>,
    /// At most 5, the first to call first; they replace those before.
    contacts: Vec<EmergencyContactInput>,
}

/// A key for a program.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// What it is for: 1 to 80 characters.
    name: String,
    /// What it may do: only what the role INTEGRATION is granted.
    scopes: Vec<Permission>,
    /// 1 to 365.
    expires_in_days: i32,
}

/// A new API token and its text.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// Shown once: `zamu_…`, for the header `Authorization: Bearer …`.
    token: String,
    /// The token without its text.
    api_token: ApiToken,
}

/// Which API token is revoked.
#[derive(InputObject)]
pub struct RevokeApiTokenInput {
    /// `tok_…`.
    id: ID,
}

/// What people can do about themselves and each other.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Signs in by telephone number or e-mail address. After five wrong passwords from one address the answer is
    /// `TRY_AGAIN` with `retryAfterSeconds`, which grows.
    ///
    /// Requires: nothing; attempts are counted one by one, also inside one request.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SignIn> {
        let SignInInput {
            identifier,
            password,
            device,
            organization,
        } = input;
        let credentials = Credentials {
            identifier,
            password,
            organization,
        };
        Ok(
            logins::sign_in(ctx.app(), device_of(ctx, device), credentials)
                .await?
                .into(),
        )
    }

    /// Exchanges a refresh token for new tokens. One that comes a second time ends the login session.
    ///
    /// Requires: nothing; the refresh token speaks for itself.
    async fn refresh(&self, ctx: &Context<'_>, input: RefreshInput) -> Result<SignIn> {
        Ok(logins::refresh(ctx.app(), &input.refresh_token)
            .await?
            .into())
    }

    /// Joins the organization that invited you, and signs in.
    ///
    /// Requires: nothing; the invitation speaks for itself.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        input: AcceptInvitationInput,
    ) -> Result<SignIn> {
        let device = device_of(ctx, input.device);
        Ok(
            invitations::accept(ctx.app(), device, &input.token, &input.password)
                .await?
                .into(),
        )
    }

    /// Goes on in another of your organizations, without a password. Tokens from before stop working.
    ///
    /// Requires: a signed-in account.
    async fn switch_organization(
        &self,
        ctx: &Context<'_>,
        input: SwitchOrganizationInput,
    ) -> Result<SignIn> {
        let welcome =
            logins::switch_organization(ctx.app(), ctx.signed_in()?, &input.organization).await?;
        Ok(welcome.into())
    }

    /// Ends this login session.
    ///
    /// Requires: a signed-in account.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<LoginSession> {
        let who = ctx.signed_in()?;
        Ok(LoginSession(
            logins::revoke(ctx.app(), who, who.login).await?,
        ))
    }

    /// Ends all your login sessions, this one too.
    ///
    /// Requires: a signed-in account.
    async fn sign_out_everywhere(&self, ctx: &Context<'_>) -> Result<Vec<LoginSession>> {
        let ended = logins::sign_out_everywhere(ctx.app(), ctx.signed_in()?).await?;
        Ok(ended.into_iter().map(LoginSession).collect())
    }

    /// Ends one of your login sessions: a lost phone.
    ///
    /// Requires: a signed-in account.
    async fn revoke_login(
        &self,
        ctx: &Context<'_>,
        input: RevokeLoginInput,
    ) -> Result<LoginSession> {
        let id = scalars::id("id", &input.id)?;
        Ok(LoginSession(
            logins::revoke(ctx.app(), ctx.signed_in()?, id).await?,
        ))
    }

    /// Changes your password and ends your other login sessions, which it returns.
    ///
    /// Requires: a signed-in account.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Result<Vec<LoginSession>> {
        let (who, device) = (ctx.signed_in()?, device_of(ctx, None));
        let ended =
            logins::change_password(ctx.app(), who, device, &input.current, &input.new).await?;
        Ok(ended.into_iter().map(LoginSession).collect())
    }

    /// Invites somebody to join. The invitation waits seven days.
    ///
    /// Requires: `INVITE_MEMBERS` (OWNER, ADMIN, OPERATOR), as a person.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        input: InviteMemberInput,
    ) -> Result<InviteMemberPayload> {
        let department = scalars::optional_id("department", input.department.as_ref())?;
        let InviteMemberInput {
            name,
            phone,
            email,
            role,
            title,
            ..
        } = input;
        let invitation = NewInvitation {
            name,
            phone,
            email,
            role: role.into(),
            department,
            title,
        };
        let (token, invitation) = invitations::invite(ctx.app(), ctx.viewer()?, invitation).await?;
        Ok(InviteMemberPayload {
            token,
            invitation: Invitation(invitation),
        })
    }

    /// Takes an invitation back that nobody has accepted yet.
    ///
    /// Requires: `INVITE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        input: RevokeInvitationInput,
    ) -> Result<Invitation> {
        let id = scalars::id("id", &input.id)?;
        Ok(Invitation(
            invitations::revoke(ctx.app(), ctx.viewer()?, id).await?,
        ))
    }

    /// Changes a member's role, department, title or tags. A new role takes effect at once.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR); owners are for owners only.
    async fn update_member(&self, ctx: &Context<'_>, input: UpdateMemberInput) -> Result<Member> {
        let id = scalars::id("id", &input.id)?;
        let department = match &input.department {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(department) => Some(Some(scalars::id("department", department)?)),
        };
        let role = input.role.map(Into::into);
        let changes = Changes {
            role,
            department,
            title: input.title.into(),
            tags: input.tags,
        };
        Ok(Member(
            service::update_member(ctx.app(), ctx.viewer()?, id, changes).await?,
        ))
    }

    /// Ends a membership. Everything the member did stays; their login sessions in the organization end at once.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR); owners are for owners only.
    async fn deactivate_member(
        &self,
        ctx: &Context<'_>,
        input: DeactivateMemberInput,
    ) -> Result<Member> {
        let id = scalars::id("id", &input.id)?;
        Ok(Member(
            service::deactivate_member(ctx.app(), ctx.viewer()?, id, &input.reason).await?,
        ))
    }

    /// Lets somebody come back as the member they were.
    ///
    /// Requires: `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR); owners are for owners only.
    async fn reactivate_member(
        &self,
        ctx: &Context<'_>,
        input: ReactivateMemberInput,
    ) -> Result<Member> {
        let id = scalars::id("id", &input.id)?;
        Ok(Member(
            service::reactivate_member(ctx.app(), ctx.viewer()?, id).await?,
        ))
    }

    /// Changes your name, and the number and address you sign in with.
    ///
    /// Requires: `UPDATE_OWN_PROFILE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT).
    async fn update_profile(&self, ctx: &Context<'_>, input: UpdateProfileInput) -> Result<Member> {
        let profile = Profile {
            name: input.name,
            phone: input.phone.into(),
            email: input.email.into(),
        };
        Ok(Member(
            service::update_profile(ctx.app(), ctx.viewer()?, profile).await?,
        ))
    }

    /// Says whom to call when something happens to you, or to another member.
    ///
    /// Requires: `UPDATE_OWN_PROFILE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT); for another member
    /// `MANAGE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    async fn set_emergency_contacts(
        &self,
        ctx: &Context<'_>,
        input: SetEmergencyContactsInput,
    ) -> Result<Member> {
        let of = scalars::optional_id("member", input.member.as_ref())?;
        let contacts: Vec<NewContact> = input
            .contacts
            .into_iter()
            .map(EmergencyContactInput::into_new)
            .collect();
        Ok(Member(
            service::set_emergency_contacts(ctx.app(), ctx.viewer()?, of, &contacts).await?,
        ))
    }

    /// Makes a key for a program. Its text is shown once.
    ///
    /// Requires: `MANAGE_API_TOKENS` (OWNER, ADMIN).
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let CreateApiTokenInput {
            name,
            scopes,
            expires_in_days,
        } = input;
        let scopes = scopes.into_iter().map(Into::into).collect();
        let made = tokens::create(
            ctx.app(),
            ctx.viewer()?,
            NewToken {
                name,
                scopes,
                expires_in_days,
            },
        )
        .await?;
        let (token, api_token) = made;
        Ok(CreateApiTokenPayload {
            token,
            api_token: ApiToken(api_token),
        })
    }

    /// Revokes an API token; it stops working at once.
    ///
    /// Requires: `MANAGE_API_TOKENS` (OWNER, ADMIN).
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        input: RevokeApiTokenInput,
    ) -> Result<ApiToken> {
        let id = scalars::id("id", &input.id)?;
        Ok(ApiToken(
            tokens::revoke(ctx.app(), ctx.viewer()?, id).await?,
        ))
    }
}

impl EmergencyContactInput {
    pub(crate) fn into_new(self) -> NewContact {
        let Self {
            name,
            phone,
            relation,
        } = self;
        NewContact {
            name,
            phone,
            relation,
        }
    }
}

/// The device behind a request, by the name it gives itself.
fn device_of(ctx: &Context<'_>, name: Option<String>) -> Device {
    let origin = ctx.origin().clone();
    Device {
        name,
        ip: origin.ip,
        user_agent: origin.user_agent,
    }
}
