//! The whole permission matrix on one page. `tests/api/policy.rs` prints it to a snapshot, so a changed permission is
//! a changed tick in review.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::action::Action;
use crate::kernel::id::{DepartmentId, MemberId};

/// What somebody is inside an organization; `INTEGRATION` is an API token, `OPERATOR` the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    Owner,
    Admin,
    Supervisor,
    Worker,
    Technician,
    Patient,
    Integration,
    Operator,
}

impl Role {
    pub const ALL: &'static [Self] = &[
        Self::Owner,
        Self::Admin,
        Self::Supervisor,
        Self::Worker,
        Self::Technician,
        Self::Patient,
        Self::Integration,
        Self::Operator,
    ];

    /// `OWNER`: in the database and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Supervisor => "SUPERVISOR",
            Self::Worker => "WORKER",
            Self::Technician => "TECHNICIAN",
            Self::Patient => "PATIENT",
            Self::Integration => "INTEGRATION",
            Self::Operator => "OPERATOR",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// Whether a person can hold it: tokens and the platform are not people.
    pub const fn is_personal(self) -> bool {
        !matches!(self, Self::Integration | Self::Operator)
    }
}

/// Which rows a granted action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Scope {
    /// What is about the viewer.
    Own,
    /// What is about the viewer, or about people in the viewer's department and the departments below it.
    Department,
    /// Everything in the organization.
    Organization,
}

/// A scope made concrete for one viewer: which members' rows it covers.
#[derive(Debug, Clone)]
pub struct Reach {
    scope: Scope,
    own: Option<MemberId>,
    departments: HashSet<DepartmentId>,
}

impl Reach {
    pub(crate) fn new(scope: Scope, own: Option<MemberId>) -> Self {
        Self {
            scope,
            own,
            departments: HashSet::new(),
        }
    }

    pub(crate) fn with_departments(mut self, departments: Vec<DepartmentId>) -> Self {
        self.departments = departments.into_iter().collect();
        self
    }

    pub fn scope(&self) -> Scope {
        self.scope
    }

    pub fn departments(&self) -> impl Iterator<Item = DepartmentId> {
        self.departments.iter().copied()
    }

    /// Whether it covers what is about this member, who is or was in this department.
    pub fn covers(&self, member: MemberId, department: Option<DepartmentId>) -> bool {
        let own = self.own == Some(member);
        match self.scope {
            Scope::Organization => true,
            Scope::Own => own,
            Scope::Department => own || department.is_some_and(|id| self.departments.contains(&id)),
        }
    }
}

type Grant = Option<Scope>;
const ALL: Grant = Some(Scope::Organization);
const DEP: Grant = Some(Scope::Department);
const OWN: Grant = Some(Scope::Own);
const NO: Grant = None;

/// What a role may do with an action, and how far it reaches. No answer means no.
#[expect(
    clippy::match_same_arms,
    reason = "a table: one row for each action, however alike"
)]
pub fn grant(role: Role, action: Action) -> Grant {
    //                                 owner admin super worker tech patient integr operator
    let row: [Grant; 8] = match action {
        Action::ViewOrganization => [ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL],
        Action::ManageOrganization => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ManageDepartments => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ViewMembers => [ALL, ALL, DEP, OWN, OWN, OWN, ALL, ALL],
        Action::ViewContacts => [ALL, ALL, DEP, OWN, OWN, OWN, NO, NO],
        Action::InviteMembers => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ManageMembers => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::UpdateOwnProfile => [OWN, OWN, OWN, OWN, OWN, OWN, NO, NO],
        Action::ManageApiTokens => [ALL, ALL, NO, NO, NO, NO, NO, NO],
        Action::ViewPlaces => [ALL, ALL, ALL, ALL, ALL, NO, ALL, ALL],
        Action::ManagePlaces => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ViewClients => [ALL, ALL, ALL, ALL, NO, NO, ALL, NO],
        Action::ManageClients => [ALL, ALL, ALL, NO, NO, NO, NO, NO],
        Action::ViewShifts => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::PlanShifts => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::ManageCalendar => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ViewLeave => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::RequestLeave => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ApproveLeave => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::ClockIn => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ClockOut => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::TakeBreak => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::SyncPunches => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ViewSessions => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::AddSessionNote => [ALL, ALL, DEP, OWN, OWN, NO, NO, NO],
        Action::RecordLocation => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ManagePunches => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::RequestCorrection => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ViewExceptions => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::ResolveExceptions => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::ManageCodes => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ViewTimesheets => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::SubmitTimesheets => [OWN, OWN, OWN, OWN, OWN, NO, NO, NO],
        Action::ApproveTimesheets => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::LockTimesheets => [ALL, ALL, NO, NO, NO, NO, NO, NO],
        Action::ViewGatherings => [ALL, ALL, DEP, OWN, OWN, OWN, ALL, NO],
        Action::ManageGatherings => [ALL, ALL, DEP, NO, NO, NO, NO, NO],
        Action::AttendGatherings => [OWN, OWN, OWN, OWN, OWN, OWN, NO, NO],
        Action::ViewReports => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::RunTimetable => [NO, NO, NO, NO, NO, NO, NO, ALL],
        Action::ViewRules => [ALL, ALL, ALL, NO, NO, NO, NO, ALL],
        Action::EditRules => [ALL, ALL, NO, NO, NO, NO, NO, NO],
        // A supervisor reviews where the organization gave them the duty.
        Action::ReviewRules => [ALL, ALL, ALL, NO, NO, NO, NO, NO],
        Action::ReleaseRules => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ReplayRules => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ReadEvents => [ALL, ALL, DEP, OWN, OWN, NO, ALL, NO],
        Action::ViewAudit => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
        Action::ImportData => [ALL, ALL, NO, NO, NO, NO, NO, ALL],
    };
    let [
        owner,
        admin,
        supervisor,
        worker,
        technician,
        patient,
        integration,
        operator,
    ] = row;
    match role {
        Role::Owner => owner,
        Role::Admin => admin,
        Role::Supervisor => supervisor,
        Role::Worker => worker,
        Role::Technician => technician,
        Role::Patient => patient,
        Role::Integration => integration,
        Role::Operator => operator,
    }
}

/// The roles an action is granted to, for a "Requires:" line.
pub fn roles_for(action: Action) -> Vec<Role> {
    Role::ALL
        .iter()
        .copied()
        .filter(|role| grant(*role, action).is_some())
        .collect()
}
