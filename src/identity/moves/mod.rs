//! Which department a member belongs to, from which day on.
//!
//! A move has a first day. One whose day has begun shows in the member at once; one in the future waits until midnight
//! where the organization is. What was worked keeps the department it was worked in, and reports of the past are read by
//! the days of the past.

pub mod graphql;
pub mod model;
pub mod service;
mod store;
