//! Bringing in another system's history: files of rows → members, shifts, leave, claims.
//!
//! | file | |
//! |---|---|
//! | `model` | what the rows of an export say about people and plans |
//! | `taps` | taps of one person: which of them are one act |
//! | `reason` | why a row cannot be used |
//! | `read` | the files, row by row, with the numbers a person sees in a spreadsheet |
//! | `report` | what became of every row: used, merged, or refused with its reason |
//! | `service` | decides: the whole import is one story |
//! | `people` | decides: users become members |
//! | `plans` | decides: plans become shifts |
//! | `leave` | decides: leave that was granted becomes leave |
//! | `claims` | decides: taps become claims, and attendance works out what follows |
//! | `table` | tables as people export them |
//! | `members` | members in bulk, from a table |
//! | `punches` | punches of any terminal, by a mapping file |
//! | `inactive` | members whom nobody has seen for a while |
//!
//! **What holds**: the rows of a file are exactly its used, merged and refused ones; an import only adds claims, and
//! whatever follows from them is worked out where it always is; running it again changes nothing.

mod claims;
pub mod inactive;
mod leave;
pub mod members;
pub mod model;
mod people;
mod plans;
pub mod punches;
pub mod read;
pub mod reason;
pub mod report;
pub mod service;
pub mod table;
pub mod taps;
