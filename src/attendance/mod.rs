//! The attendance slice.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
pub mod live;
