//! Kept decisions: what a rule said, about whom, from which facts, under which release; and taking them again.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
pub mod snapshots;
pub mod retention;
pub mod explain;
pub mod cases;
pub mod mutations;
