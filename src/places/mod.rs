//! Places with their fences, and the clients who are served there.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
pub mod contacts;
