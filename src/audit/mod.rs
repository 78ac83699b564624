//! Who did what, on what, why, under which permission: one entry per change, hash-chained per organization.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
