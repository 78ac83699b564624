//! Members in bulk: a table of people, row by row, with what became of each.
//!
//! A row is recognized by its reference, its address or its number, so the same table twice changes nothing. What fails
//! is kept with its cells and can be handed in again, corrected, until nothing is left.

pub mod graphql;
pub mod model;
pub mod service;
mod store;
