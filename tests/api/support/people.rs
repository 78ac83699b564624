//! Organizations with people in them, founded through the same services the server uses.

use std::sync::{Arc, Mutex};

use zamu::app::App;
use zamu::auth::policy::Role;
use zamu::graphql::context::Origin;
use zamu::identity::invitations::{self, NewInvitation};
use zamu::identity::logins::{self, Credentials, Device, Welcome};
use zamu::identity::service::{self, NewOwner};
use zamu::kernel::id::{DepartmentId, MemberId, OrgId};
use zamu::kernel::time::Instant;
use zamu::orgs::model::Organization;
use zamu::orgs::service::NewOrganization;

use super::{Access, Caller, PASSWORD, Session, TestApp};

/// An organization in Nairobi with a department, "Field", that has a team below it, "Night".
pub struct TestOrg {
    pub id: OrgId,
    pub slug: String,
    pub organization: Organization,
    pub field: DepartmentId,
    pub night: DepartmentId,
    pub owner: Person,
    pub admin: Person,
    /// Of the department "Field".
    pub supervisor: Person,
    /// Of the team "Night", below "Field".
    pub worker: Person,
}

/// A member who calls the API: everything a [`Caller`] does, and who they are.
pub struct Person {
    pub member: MemberId,
    /// The address they sign in with; the password is [`PASSWORD`].
    pub email: String,
    pub caller: Caller,
}

impl std::ops::Deref for Person {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl TestApp {
    pub async fn organization(&self, slug: &str) -> TestOrg {
        let founding = NewOrganization {
            slug: slug.to_owned(),
            name: format!("{slug} Limited"),
            time_zone: "Africa/Nairobi".to_owned(),
            currency: "KES".to_owned(),
        };
        let organization = zamu::orgs::service::create(&self.app, founding).await.unwrap();
        let email = format!("owner@{slug}.example");
        let owner = NewOwner {
            name: format!("{slug} owner"),
            phone: None,
            email: Some(email.clone()),
            password: PASSWORD.to_owned(),
        };
        let member = service::create_owner(&self.app, &organization, owner).await.unwrap();
        let owner = Person { member: member.id, caller: self.signed_in(&email, slug).await, email };
        let viewer = self.viewer(&owner).await;
        let create = zamu::orgs::service::create_department;
        let field = create(&self.app, &viewer, "Field", None).await.unwrap().id;
        let night = create(&self.app, &viewer, "Night", Some(field)).await.unwrap().id;
        TestOrg {
            id: organization.id,
            slug: slug.to_owned(),
            admin: self.person(&owner, slug, "admin", Role::Admin, None).await,
            supervisor: self.person(&owner, slug, "supervisor", Role::Supervisor, Some(field)).await,
            worker: self.person(&owner, slug, "worker", Role::Worker, Some(night)).await,
            owner,
            field,
            night,
            organization,
        }
    }

    /// One more member, invited by somebody who may, who has accepted and is signed in.
    pub async fn person(
        &self,
        by: &Person,
        slug: &str,
        name: &str,
        role: Role,
        department: Option<DepartmentId>,
    ) -> Person {
        let email = format!("{name}@{slug}.example");
        let invitation = NewInvitation {
            name: format!("{slug} {name}"),
            phone: None,
            email: Some(email.clone()),
            role,
            department,
            title: None,
        };
        let viewer = self.viewer(by).await;
        let (secret, _) = invitations::invite(&self.app, &viewer, invitation).await.unwrap();
        let welcome = invitations::accept(&self.app, device(&by.caller.origin), &secret, PASSWORD).await.unwrap();
        let member = welcome.current.as_ref().unwrap().member.id;
        Person { member, caller: self.caller(&email, slug, &self.app, welcome), email }
    }

    /// Who a person is to the services.
    pub async fn viewer(&self, person: &Person) -> zamu::auth::viewer::Viewer {
        let header = person.caller.authorization().await.unwrap();
        service::authenticate(&self.app, &header).await.unwrap()
    }

    /// A caller who signs in with [`PASSWORD`], on a device of their own.
    pub async fn signed_in(&self, identifier: &str, slug: &str) -> Caller {
        let device = device(&self.stranger("192.0.2.1").origin);
        let welcome = logins::sign_in(&self.app, device, credentials(identifier, slug)).await.unwrap();
        self.caller(identifier, slug, &self.app, welcome)
    }

    fn caller(&self, identifier: &str, slug: &str, app: &App, welcome: Welcome) -> Caller {
        let (token, good_until) = token(app, &welcome);
        let session = Session {
            identifier: identifier.to_owned(),
            organization: slug.to_owned(),
            token,
            good_until,
        };
        Caller { access: Access::Renewed(Arc::new(Mutex::new(session))), ..self.stranger("192.0.2.1") }
    }
}

/// A new token for somebody whose token has expired; none for somebody who may not sign in any more.
pub(super) async fn sign_in(app: &App, origin: &Origin, identifier: &str, slug: &str) -> Option<(String, Instant)> {
    let welcome = logins::sign_in(app, device(origin), credentials(identifier, slug)).await.ok()?;
    Some(token(app, &welcome))
}

fn token(app: &App, welcome: &Welcome) -> (String, Instant) {
    let lives = chrono::TimeDelta::seconds(welcome.tokens.expires_in_seconds);
    (welcome.tokens.access.clone(), app.now() + lives)
}

fn credentials(identifier: &str, slug: &str) -> Credentials {
    Credentials {
        identifier: identifier.to_owned(),
        password: PASSWORD.to_owned(),
        organization: Some(slug.to_owned()),
    }
}

fn device(origin: &Origin) -> Device {
    Device { name: Some("a test".to_owned()), ip: origin.ip.clone(), user_agent: origin.user_agent.clone() }
}
