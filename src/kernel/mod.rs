//! The vocabulary every slice shares: ids, time, positions, phones, pages and errors. Pure: no database, no network.

pub mod capture;
pub mod change;
pub mod error;
pub mod geo;
pub mod id;
pub mod page;
pub mod phone;
pub mod recurrence;
pub mod text;
pub mod time;
