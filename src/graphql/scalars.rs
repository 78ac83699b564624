//! Ids at the edge. They travel as `ID`; a wrong or malformed one is refused naming its field.

use async_graphql::ID;

use crate::kernel::error::{Error, Result};
use crate::kernel::id::{Id, Kind};

/// Reads an id from an input field.
pub fn id<K: Kind>(field: &str, text: &ID) -> Result<Id<K>> {
    text.parse().map_err(|error: crate::kernel::id::BadId| Error::invalid(field, error.to_string()))
}

/// Reads an id that may be left out.
pub fn optional_id<K: Kind>(field: &str, text: Option<&ID>) -> Result<Option<Id<K>>> {
    text.map(|text| id(field, text)).transpose()
}

/// An id on its way out.
pub fn out<K: Kind>(id: Id<K>) -> ID {
    ID(id.to_string())
}
