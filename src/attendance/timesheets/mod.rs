//! Timesheets: a person's time in a period, submitted, approved and locked. An approval holds for the content it was
//! given for; whatever changes later voids it and says what changed.

pub mod model;
pub mod store;
pub mod content;
pub mod service;
pub mod graphql;
pub mod mutations;
