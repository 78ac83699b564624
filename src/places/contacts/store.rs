//! Remembers the emergency contacts of clients.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::Dual;
use zamu_schema::tables::client_contacts;

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::ClientId;
use crate::places::model::ClientContact;

fn own(tx: &Tx) -> client_contacts::BoxedQuery<'static, Dual> {
    client_contacts::table
        .filter(client_contacts::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn list(tx: &mut Tx, of: &[ClientId]) -> Result<Vec<ClientContact>> {
    let rows = own(tx)
        .filter(client_contacts::client_id.eq_any(of.to_vec()))
        .order((client_contacts::position, client_contacts::id))
        .select(ClientContact::as_select());
    Ok(rows.load(tx.conn()?).await?)
}

pub(super) fn replace(tx: &mut Tx, of: ClientId, contacts: &[ClientContact]) -> Result<()> {
    let old = client_contacts::table
        .filter(client_contacts::org_id.eq(tx.org()))
        .filter(client_contacts::client_id.eq(of));
    tx.stage(diesel::delete(old))?;
    for contact in contacts.iter().cloned() {
        let row = (
            client_contacts::org_id.eq(tx.org()),
            client_contacts::id.eq(contact.id),
            client_contacts::client_id.eq(of),
            client_contacts::name.eq(contact.name),
            client_contacts::phone.eq(contact.phone),
            client_contacts::relation.eq(contact.relation),
            client_contacts::position.eq(contact.position),
        );
        tx.stage(diesel::insert_into(client_contacts::table).values(row))?;
    }
    Ok(())
}
