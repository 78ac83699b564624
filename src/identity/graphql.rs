//! People in the API: members, invitations, login sessions, API tokens; and what can be asked about them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result};

use super::model::{self, Standing};
use super::moves::graphql::MemberDepartment;
use super::service::{self, Wanted};
use super::{invitations, logins, moves, tokens};
use crate::auth::{action, policy};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::{page, scalars};
use crate::kernel::error::{Code, Error};
use crate::kernel::id::MemberId;
use crate::kernel::page::{Cursor, PageRequest};
use crate::kernel::time::Instant;
use crate::orgs::graphql::{self as orgs, Department, Organization};

/// What somebody is inside an organization.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::Role")]
pub enum Role {
    /// Everything, and making other owners. There is always at least one.
    Owner,
    /// Everything but making owners.
    Admin,
    /// Sees and plans the people of their department and of those below it.
    Supervisor,
    /// Clocks in and out; sees what is their own.
    Worker,
    /// Tends devices; clocks in and out.
    Technician,
    /// Somebody who is cared for.
    Patient,
    /// An API token; no person.
    Integration,
    /// The platform; no person.
    Operator,
}

/// A permission, as "Requires:" lines and token scopes name it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "action::Action")]
pub enum Permission {
    /// See the organization and its departments.
    ViewOrganization,
    /// Change the organization.
    ManageOrganization,
    /// Change the tree of departments.
    ManageDepartments,
    /// See members.
    ViewMembers,
    /// See telephone numbers, e-mail addresses and emergency contacts.
    ViewContacts,
    /// Invite people.
    InviteMembers,
    /// Change, deactivate and reactivate members.
    ManageMembers,
    /// Change one's own name, number, address and emergency contacts.
    UpdateOwnProfile,
    /// Make and revoke API tokens.
    ManageApiTokens,
    /// See places.
    ViewPlaces,
    /// Change places.
    ManagePlaces,
    /// See clients.
    ViewClients,
    /// Change clients.
    ManageClients,
    /// See planned shifts.
    ViewShifts,
    /// Plan shifts.
    PlanShifts,
    /// Change business hours, shift types, holidays and leave types.
    ManageCalendar,
    /// See leave and its balances.
    ViewLeave,
    /// Ask for leave.
    RequestLeave,
    /// Grant, refuse and take back leave.
    ApproveLeave,
    /// Clock in.
    ClockIn,
    /// Clock out.
    ClockOut,
    /// Begin and end a break.
    TakeBreak,
    /// Hand in what a phone captured without a signal.
    SyncPunches,
    /// See work sessions.
    ViewSessions,
    /// Add a note to a work session.
    AddSessionNote,
    /// Record positions during a work session.
    RecordLocation,
    /// Clock others in and out, enter and correct punches.
    ManagePunches,
    /// Ask for a correction of the own time.
    RequestCorrection,
    /// See what a person must look at.
    ViewExceptions,
    /// Acknowledge, assign and close exceptions.
    ResolveExceptions,
    /// Change the reason and resolution codes.
    ManageCodes,
    /// See timesheets.
    ViewTimesheets,
    /// Hand in the own timesheet.
    SubmitTimesheets,
    /// Approve, return and reopen timesheets.
    ApproveTimesheets,
    /// Lock timesheets for payroll.
    LockTimesheets,
    /// See attendance events.
    ViewGatherings,
    /// Schedule attendance events, and check others in.
    ManageGatherings,
    /// Check in and out at attendance events.
    AttendGatherings,
    /// See reports.
    ViewReports,
    /// What the server does by itself: closing forgotten sessions, recording absences.
    RunTimetable,
    /// See rules and settings.
    ViewRules,
    /// Draft rules and settings, propose releases, switch packs on and off.
    EditRules,
    /// Approve or reject a proposed release.
    ReviewRules,
    /// Put a release in force, roll back, switch a rule off.
    ReleaseRules,
    /// Try a rule on the organization's history.
    ReplayRules,
    /// Follow events.
    ReadEvents,
    /// Read and verify the audit log.
    ViewAudit,
    /// Import data.
    ImportData,
}

/// A person inside the organization.
#[derive(Clone)]
pub struct Member(pub model::Member);

/// A person inside the organization.
#[Object]
impl Member {
    /// `mbr_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// As colleagues see it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What they may do.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What they are called at work: "Registered nurse".
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Where they belong; null for those who belong nowhere in particular.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        orgs::find(ctx, self.0.department_id).await
    }

    /// Where they belonged and will belong, the earliest first.
    #[graphql(complexity = "5 * child_complexity")]
    async fn departments(&self, ctx: &Context<'_>) -> Result<Vec<MemberDepartment>> {
        moves::graphql::departments_of(ctx, self.0.id).await
    }

    /// E.164: `+254712345678`. Null also where you may not see it: it takes `VIEW_CONTACTS` or being the member.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Null also where you may not see it: it takes `VIEW_CONTACTS` or being the member.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Short labels of the organization's own.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Its key in the system it was imported from.
    async fn external_ref(&self) -> Option<&str> {
        self.0.external_ref.as_deref()
    }

    /// When they joined the organization.
    async fn joined_at(&self) -> Instant {
        self.0.joined_at
    }

    /// Whether they belong to the organization now.
    async fn is_active(&self) -> bool {
        self.0.is_active()
    }

    /// When they left; null for active members.
    async fn deactivated_at(&self) -> Option<Instant> {
        self.0.deactivated_at
    }

    /// Whether they can sign in: false for those who are only recorded.
    async fn has_account(&self) -> bool {
        self.0.account_id.is_some()
    }

    /// The organization they are a member of: yours.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(Organization(
            crate::orgs::service::own(ctx.app(), ctx.viewer()?).await?,
        ))
    }

    /// Whom to call when something happens, the first first. Null where you may not see them: it takes `VIEW_CONTACTS`.
    #[graphql(complexity = "5 * child_complexity")]
    async fn emergency_contacts(&self, ctx: &Context<'_>) -> Result<Option<Vec<EmergencyContact>>> {
        Ok(ctx.loads()?.load_one(ContactsOf(self.0.id)).await?)
    }
}

/// Whom to call when something happens to a member.
#[derive(Clone)]
pub struct EmergencyContact(model::Contact);

/// Whom to call when something happens to a member.
#[Object]
impl EmergencyContact {
    /// `ect_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// Who it is.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// E.164: `+254712345678`.
    async fn phone(&self) -> &str {
        &self.0.phone
    }

    /// What they are to the member: "sister".
    async fn relation(&self) -> Option<&str> {
        self.0.relation.as_deref()
    }
}

impl Loader<MemberId> for Loads {
    type Value = Member;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[MemberId]) -> Result<HashMap<MemberId, Member>, Arc<Error>> {
        let found = service::members_by_ids(&self.app, &self.viewer, ids).await?;
        Ok(found
            .into_iter()
            .map(|member| (member.id, Member(member)))
            .collect())
    }
}

/// The emergency contacts of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactsOf(pub MemberId);

impl Loader<ContactsOf> for Loads {
    type Value = Vec<EmergencyContact>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[ContactsOf],
    ) -> Result<HashMap<ContactsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let found = match service::contacts_of(&self.app, &self.viewer, &ids).await {
            // Who may see nobody's is told null, as for single members.
            Err(error) if error.code == Code::Forbidden => Vec::new(),
            found => found?,
        };
        let entry = |(member, contacts): (MemberId, Vec<model::Contact>)| {
            (
                ContactsOf(member),
                contacts.into_iter().map(EmergencyContact).collect(),
            )
        };
        Ok(found.into_iter().map(entry).collect())
    }
}

/// Where an invitation stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Standing")]
pub enum InvitationStatus {
    /// Waiting to be accepted.
    Pending,
    /// Accepted: the person is a member.
    Accepted,
    /// Taken back.
    Revoked,
    /// Not accepted in time.
    Expired,
}

/// An offer to join, good for one acceptance.
#[derive(Clone)]
pub struct Invitation(pub model::Invitation);

/// An offer to join, good for one acceptance.
#[Object]
impl Invitation {
    /// `inv_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// Who is invited.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// E.164; what they will sign in with.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// What they will sign in with.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// What they will be.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// What they will be called at work.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Where they will belong.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        orgs::find(ctx, self.0.department_id).await
    }

    /// Who invited them.
    async fn invited_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.invited_by).await?)
    }

    /// Whether it still waits.
    async fn status(&self, ctx: &Context<'_>) -> InvitationStatus {
        self.0.standing(ctx.app().now()).into()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at
    }

    /// Until when it can be accepted: seven days.
    async fn expires_at(&self) -> Instant {
        self.0.expires_at
    }
}

/// A signed-in device.
#[derive(Clone)]
pub struct LoginSession(pub model::Login);

/// A signed-in device.
#[Object]
impl LoginSession {
    /// `lgn_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// What the device called itself at sign-in.
    async fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// The address it signed in from.
    async fn ip(&self) -> Option<&str> {
        self.0.ip.as_deref()
    }

    /// The program it signed in with.
    async fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// Whether it is the one asking.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        ctx.signed_in().is_ok_and(|who| who.login == self.0.id)
    }

    /// When it signed in.
    async fn created_at(&self) -> Instant {
        self.0.created_at
    }

    /// When it was last used, to about a minute.
    async fn last_seen_at(&self) -> Instant {
        self.0.last_seen_at
    }

    /// When it ends if it is not used.
    async fn expires_at(&self) -> Instant {
        self.0.expires_at
    }

    /// When it was ended; null while it is open.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.revoked_at
    }
}

/// A key for a program. Its text is shown once, when it is made.
#[derive(Clone)]
pub struct ApiToken(pub model::ApiToken);

/// A key for a program. Its text is shown once, when it is made.
#[Object]
impl ApiToken {
    /// `tok_…`.
    pub(crate) async fn id(&self) -> ID {
        scalars::out(self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The part after `zamu_`, to recognise it by.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it may do.
    async fn scopes(&self) -> Vec<Permission> {
        self.0
            .scopes
            .iter()
            .copied()
            .map(Permission::from)
            .collect()
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.created_by).await?)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        self.0.created_at
    }

    /// Until when it works.
    async fn expires_at(&self) -> Instant {
        self.0.expires_at
    }

    /// When it was last used, to about a minute; null if never.
    async fn last_used_at(&self) -> Option<Instant> {
        self.0.last_used_at
    }

    /// When it was revoked; null while it works.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.revoked_at
    }
}

/// What an account is in one organization.
#[derive(Clone)]
pub struct Membership(pub logins::Membership);

/// What an account is in one organization.
#[Object]
impl Membership {
    /// The organization.
    async fn organization(&self) -> Organization {
        Organization(self.0.organization.clone())
    }

    /// What the account is there.
    async fn role(&self) -> Role {
        self.0.role().into()
    }
}

/// Which members are wanted; what is left out does not matter.
#[derive(InputObject, Default)]
pub struct MemberFilter {
    /// Those of this role.
    role: Option<Role>,
    /// Those of this department and of the departments below it.
    department: Option<ID>,
    /// Those with this in their names, in any case; at most 80 characters.
    search: Option<String>,
    /// True: those who belong to the organization now. False: those who left.
    active: Option<bool>,
}

/// What can be asked about people.
#[derive(Default)]
pub struct IdentityQuery;

#[Object]
impl IdentityQuery {
    /// The member you are in the organization you act in.
    ///
    /// Requires: `VIEW_MEMBERS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR), as a person.
    async fn me(&self, ctx: &Context<'_>) -> Result<Member> {
        Ok(Member(service::me(ctx.app(), ctx.viewer()?).await?))
    }

    /// The organizations your account is active in.
    ///
    /// Requires: a signed-in account.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        let memberships = logins::memberships_of(ctx.app(), ctx.signed_in()?).await?;
        Ok(memberships.into_iter().map(Membership).collect())
    }

    /// Every device your account is signed in on, the one seen last first.
    ///
    /// Requires: a signed-in account.
    async fn my_logins(&self, ctx: &Context<'_>) -> Result<Vec<LoginSession>> {
        let logins = logins::list(ctx.app(), ctx.signed_in()?).await?;
        Ok(logins.into_iter().map(LoginSession).collect())
    }

    /// One member.
    ///
    /// Requires: `VIEW_MEMBERS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    async fn member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`mbr_…`.")] id: ID,
    ) -> Result<Member> {
        let id = scalars::id("id", &id)?;
        Ok(Member(service::member(ctx.app(), ctx.viewer()?, id).await?))
    }

    /// Members, those who joined last first.
    ///
    /// Requires: `VIEW_MEMBERS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).clamp(1, 100) as usize * child_complexity")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which members.")] filter: Option<MemberFilter>,
        #[graphql(desc = "How many, 1 to 100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on after.")] after: Option<String>,
    ) -> Result<Connection<String, Member>> {
        let request = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = Wanted {
            role: filter.role.map(Into::into),
            department: scalars::optional_id("filter.department", filter.department.as_ref())?,
            search: filter.search,
            active: filter.active,
        };
        let members = service::members(ctx.app(), ctx.viewer()?, wanted, &request).await?;
        let cursor = |member: &model::Member| Cursor {
            at: member.joined_at,
            id: member.id.uuid(),
        };
        Ok(page::connection(members, after.as_deref(), cursor, Member))
    }

    /// Invitations, the newest first.
    ///
    /// Requires: `INVITE_MEMBERS` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "first.unwrap_or(25).clamp(1, 100) as usize * child_complexity")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor to go on after.")] after: Option<String>,
    ) -> Result<Connection<String, Invitation>> {
        let request = PageRequest::new(first, after.as_deref())?;
        let found = invitations::list(ctx.app(), ctx.viewer()?, &request).await?;
        let cursor = |row: &model::Invitation| Cursor {
            at: row.created_at,
            id: row.id.uuid(),
        };
        Ok(page::connection(
            found,
            after.as_deref(),
            cursor,
            Invitation,
        ))
    }

    /// API tokens that are not revoked, the newest first.
    ///
    /// Requires: `MANAGE_API_TOKENS` (OWNER, ADMIN).
    #[graphql(complexity = "20 * child_complexity")]
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        let tokens = tokens::list(ctx.app(), ctx.viewer()?).await?;
        Ok(tokens.into_iter().map(ApiToken).collect())
    }
}
