//! Speaks: the emergency contacts of clients.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, Object};

use super::service;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::{id, out};
use crate::identity::mutations::EmergencyContactInput;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ClientId;
use crate::places::graphql::Client;
use crate::places::model;

/// Whom to call when something happens to a client.
#[derive(Clone)]
pub struct ClientContact(model::ClientContact);

/// Whom to call when something happens to a client.
#[Object]
impl ClientContact {
    /// `ect_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Who it is.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// E.164: `+254712345678`.
    async fn phone(&self) -> &str {
        &self.0.phone
    }

    /// What they are to the client: "daughter".
    async fn relation(&self) -> Option<&str> {
        self.0.relation.as_deref()
    }
}

/// The emergency contacts of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContactsOfClient(pub ClientId);

impl Loader<ContactsOfClient> for Loads {
    type Value = Vec<ClientContact>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[ContactsOfClient],
    ) -> Result<HashMap<ContactsOfClient, Self::Value>, Arc<Error>> {
        let ids: Vec<ClientId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<ContactsOfClient, Self::Value> = HashMap::new();
        for contact in service::of(&self.app, &self.viewer, &ids).await? {
            let of = ContactsOfClient(contact.client_id);
            found.entry(of).or_default().push(ClientContact(contact));
        }
        Ok(found)
    }
}

/// Whom to call when something happens to a client.
#[derive(InputObject)]
pub struct SetClientContactsInput {
    /// `cli_…`; not an archived one.
    client: ID,
    /// At most 10, the first to call first; they replace those before.
    contacts: Vec<EmergencyContactInput>,
}

/// What can be done about the contacts of clients.
#[derive(Default)]
pub struct ClientContactsMutation;

#[Object]
impl ClientContactsMutation {
    /// Says whom to call when something happens to a client.
    ///
    /// Requires: `MANAGE_CLIENTS` (OWNER, ADMIN, SUPERVISOR).
    async fn set_client_contacts(
        &self,
        ctx: &Context<'_>,
        input: SetClientContactsInput,
    ) -> Result<Client> {
        let client = id("client", &input.client)?;
        let contacts: Vec<_> = input
            .contacts
            .into_iter()
            .map(EmergencyContactInput::into_new)
            .collect();
        Ok(Client(
            service::set(ctx.app(), ctx.viewer()?, client, &contacts).await?,
        ))
    }
}
