//! Bringing in another system's history: files of rows → members, shifts, sessions.
//!
//! | file | |
//! |---|---|
//! | `model` | rows and the reasons against them; punches paired into sessions; plans turned into shifts |
//! | `read` | the files, row by row, with the numbers a person sees in a spreadsheet |
//! | `report` | what became of every row: used, merged, or refused with its reason |
//! | `service` | decides: the whole import is one story |
//! | `sessions` | a member's punches become sessions, or continue those of an earlier import |
//!
//! **What holds**: the rows of a file are exactly its used, merged and refused ones; an import only adds to history
//! and never rewrites it; running it again changes nothing.

pub mod model;
pub mod read;
pub mod report;
pub mod service;
mod sessions;
