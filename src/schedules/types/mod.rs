//! Shift types: the shapes shifts are made in.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
