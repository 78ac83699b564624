//! Whom to call when something happens to a client.

pub mod graphql;
pub mod service;
mod store;
