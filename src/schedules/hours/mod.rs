//! Business hours: what a week looks like, for everybody, a department or a place, from a day on.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
