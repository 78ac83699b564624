//! Attendance events that come again, on the days a recurrence rule says, at the same local time.

pub mod model;
pub mod store;
pub mod service;
pub mod changes;
pub mod extending;
pub mod graphql;
