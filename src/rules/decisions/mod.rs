//! Kept decisions: what a rule said, about whom, from which facts, under which release.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
