//! Bringing in another system's history: files of rows → members, shifts, sessions.
//!
//! | file | |
//! |---|---|
//! | `model` | rows and the reasons against them; punches paired into sessions; plans turned into shifts |
//! | `read` | the files, row by row, with the numbers a person sees in a spreadsheet |
//! | `report` | what became of every row: used, merged, or refused with its reason |
//! | `service` | decides: the whole import is one story |
//! | `table` | tables as people export them |
//! | `members` | members in bulk, from a table |
//! | `punches` | punches of any terminal, by a mapping file |
//! | `inactive` | members whom nobody has seen for a while |
//! | `sessions` | a member's punches become sessions, or continue those of an earlier import |
//!
//! **What holds**: the rows of a file are exactly its used, merged and refused ones; an import only adds to history
//! and never rewrites it; running it again changes nothing.

pub mod inactive;
pub mod members;
pub mod model;
pub mod punches;
pub mod read;
pub mod report;
pub mod service;
mod sessions;
pub mod table;
