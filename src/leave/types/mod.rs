//! Types of leave: an organization's own, or adopted from what ships for a country.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
