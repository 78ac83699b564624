//! Rosters: many shifts planned at once, and everything that stands in their way.

pub mod model;
pub mod facts;
pub mod calendar;
pub mod looking;
pub mod service;
pub mod graphql;
