//! Confirmed and compliant visits as two numbers: by member and place from the sums, by reason from what people said.

pub mod model;
pub mod query;
pub mod service;
pub mod graphql;
