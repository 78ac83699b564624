//! The rules of the organizations: loaded from files, hot-reloaded, asked by the slices, and every decision kept.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
