//! Who is asking: a person, a token, a job or the platform, inside one organization.

use super::action::Action;
use super::policy::{self, Role, Scope};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{AccountId, ApiTokenId, DepartmentId, LoginId, MemberId, OrgId};
use uuid::Uuid;

/// What kind of actor is behind a viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Person {
        member: MemberId,
        account: AccountId,
        login: LoginId,
    },
    Token {
        id: ApiTokenId,
        scopes: Vec<Action>,
    },
    /// The command line and the timetable: no person, but a name for the audit log.
    Job(&'static str),
}

/// Private fields and one maker, `identity::service::authenticate`: whoever holds one has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    org: OrgId,
    role: Role,
    department: Option<DepartmentId>,
    actor: Actor,
}

impl Viewer {
    /// Only identity makes people and tokens (the tidy test holds this).
    pub(crate) fn checked(
        org: OrgId,
        role: Role,
        department: Option<DepartmentId>,
        actor: Actor,
    ) -> Self {
        Self {
            org,
            role,
            department,
            actor,
        }
    }

    /// The platform acting on an organization, from the command line or the timetable.
    pub(crate) fn job(org: OrgId, name: &'static str) -> Self {
        Self {
            org,
            role: Role::Operator,
            department: None,
            actor: Actor::Job(name),
        }
    }

    pub fn org(&self) -> OrgId {
        self.org
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn department(&self) -> Option<DepartmentId> {
        self.department
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn member(&self) -> Option<MemberId> {
        match self.actor {
            Actor::Person { member, .. } => Some(member),
            _ => None,
        }
    }

    /// The member behind the viewer, for what only a person can do.
    pub fn person(&self) -> Result<MemberId> {
        self.member()
            .ok_or_else(|| Error::refused(Code::Forbidden, "only a person can do this"))
    }

    pub fn account(&self) -> Option<AccountId> {
        match self.actor {
            Actor::Person { account, .. } => Some(account),
            _ => None,
        }
    }

    pub fn login(&self) -> Option<LoginId> {
        match self.actor {
            Actor::Person { login, .. } => Some(login),
            _ => None,
        }
    }

    /// Whose idempotency keys and audit entries these are.
    pub fn actor_id(&self) -> Uuid {
        match &self.actor {
            Actor::Person { member, .. } => member.uuid(),
            Actor::Token { id, .. } => id.uuid(),
            Actor::Job(_) => Uuid::nil(),
        }
    }

    pub fn actor_kind(&self) -> String {
        match &self.actor {
            Actor::Person { .. } => "MEMBER".to_owned(),
            Actor::Token { .. } => "API_TOKEN".to_owned(),
            Actor::Job(name) => format!("JOB:{name}"),
        }
    }

    /// How far the viewer may go with an action, or a refusal.
    pub fn allowed(&self, action: Action) -> Result<Scope> {
        let in_scopes = match &self.actor {
            Actor::Token { scopes, .. } => scopes.contains(&action),
            _ => true,
        };
        policy::grant(self.role, action)
            .filter(|_| in_scopes)
            .ok_or_else(|| {
                let message = format!("this needs the permission {}", action.name());
                Error::refused(Code::Forbidden, message).with("permission", action.name())
            })
    }
}
