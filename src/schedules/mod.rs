//! The calendar and the plan: business hours, holidays, shift types, shifts, series of them, and which shift a clock-in
//! belongs to.

pub mod model;
pub mod span;
pub mod scope;
pub mod store;
pub mod service;
pub mod graphql;
pub mod hours;
pub mod holidays;
pub mod types;
pub mod roster;
pub mod series;
