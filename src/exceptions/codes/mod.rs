//! The codes an organization explains its time with: why something was so, and what was done about it. Data, because
//! every payer has its own list.

pub mod model;
pub mod profiles;
pub mod store;
pub mod service;
pub mod graphql;
