//! Releases: what an organization runs on, numbered, and when each was in force.

pub mod service;
pub mod graphql;
