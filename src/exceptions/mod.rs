//! What a person must look at: typed exceptions, several to a session, opened and cleared by whoever works the time out,
//! reviewed in one queue.

pub mod kind;
pub mod model;
pub mod reconcile;
pub mod store;
pub mod service;
pub mod bulk;
pub mod graphql;
pub mod mutations;
pub mod live;
pub mod codes;
