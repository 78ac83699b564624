//! Punches of any terminal: a CSV file, and a mapping file that says what its columns mean.

pub mod model;
pub mod service;

/// A mapping file with every setting explained.
pub const EXAMPLE: &str = include_str!("example.toml");
