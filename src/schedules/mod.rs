//! Shifts: work that is planned for a member, and which of them a clock-in belongs to.

pub mod model;
pub mod store;
pub mod service;
pub mod graphql;
