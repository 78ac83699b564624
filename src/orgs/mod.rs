//! Organizations and their departments, a tree.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
