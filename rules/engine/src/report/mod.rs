//! The hooks of reports.

pub(crate) mod column;
