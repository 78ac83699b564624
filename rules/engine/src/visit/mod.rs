//! The hooks of visits to clients.

pub(crate) mod no_show;
pub(crate) mod reminder;
