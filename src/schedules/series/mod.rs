//! Series: shifts that come again by a recurrence rule, at the same local time.

pub mod model;
pub mod store;
pub mod service;
pub mod changes;
pub mod extending;
pub mod graphql;
