//! Members in bulk: a table of people, row by row, with what became of each.
//!
//! A row is recognized by its reference, its address or its number, so the same table twice changes nothing. What fails
//! is kept with its cells for 30 days and can be handed in again, corrected, until nothing is left.

pub mod graphql;
pub mod model;
mod people;
pub mod retention;
pub mod service;
mod store;
mod work;
