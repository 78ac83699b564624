//! The hooks of devices that measure.

pub(crate) mod offline;
