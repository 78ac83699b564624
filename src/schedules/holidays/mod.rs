//! Public holidays: entered by hand, or adopted from what ships for a country.

pub mod model;
pub mod kenya;
pub mod store;
pub mod service;
pub mod graphql;
