//! Pages as Relay connections.

use async_graphql::OutputType;
use async_graphql::connection::{Connection, Edge};

use crate::kernel::page::{Cursor, Page};

/// Turns a page of rows into a connection. `has_previous_page` says whether a cursor was given.
pub fn connection<T, N: OutputType>(
    page: Page<T>,
    after: Option<&str>,
    cursor: impl Fn(&T) -> Cursor,
    node: impl Fn(T) -> N,
) -> Connection<String, N> {
    let mut connection = Connection::new(after.is_some(), page.has_next);
    connection.edges.extend(page.rows.into_iter().map(|row| {
        let cursor = cursor(&row).encode();
        Edge::new(cursor, node(row))
    }));
    connection
}
