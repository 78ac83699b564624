//! Everything that can be said about a rule before it is saved, and about rule files without a database.
//!
//! [`check_draft`] is what an editor and the server ask; [`check`] walks files, as `zamu rules check` does.
//! A rule is brought into one form, compiled, looked at, run against its tests and kept cases, and run on
//! generated facts just at the limits it compares with.

mod draft;
mod edges;
mod files;
mod report;

pub use draft::{Draft, check_draft, check_source};
pub use files::check;
pub use report::{Cost, Edge, Finding, Report, Severity};
