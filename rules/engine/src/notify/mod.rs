//! The hooks of messages.

pub(crate) mod route;
