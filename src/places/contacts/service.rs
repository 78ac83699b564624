//! Decides: who is called for a client.

use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Audit;
use crate::identity::service::NewContact;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ClientId;
use crate::kernel::text;
use crate::places::model::{Client, ClientContact, phone_number};
use crate::places::service::client_in;

const MOST_CONTACTS: usize = 10;

/// Replaces the emergency contacts of a client.
pub async fn set(
    app: &App,
    viewer: &Viewer,
    id: ClientId,
    contacts: &[NewContact],
) -> Result<Client> {
    if contacts.len() > MOST_CONTACTS {
        let message = format!("at most {MOST_CONTACTS} contacts are kept");
        return Err(Error::invalid("contacts", message));
    }
    let mut tx = app.begin(viewer, Action::ManageClients).await?;
    let client = client_in(&mut tx, id)
        .await
        .map_err(|error| error.at("client"))?;
    let rows = contacts.iter().zip(0..).map(|(contact, position)| {
        Ok(ClientContact {
            id: tx.id(),
            client_id: id,
            name: text::required("name", &contact.name, 120)?,
            phone: phone_number("phone", &contact.phone)?,
            relation: text::optional("relation", contact.relation.as_deref(), 60)?,
            position,
        })
    });
    let rows = rows
        .collect::<Result<Vec<_>>>()
        .map_err(|error| error.within("contacts"))?;
    store::replace(&mut tx, id, &rows)?;
    tx.commit(Audit::of(id)).await?;
    Ok(client)
}

/// The emergency contacts of some clients.
pub async fn of(app: &App, viewer: &Viewer, ids: &[ClientId]) -> Result<Vec<ClientContact>> {
    let mut tx = app.read(viewer, Action::ViewClients).await?;
    store::list(&mut tx, ids).await
}
