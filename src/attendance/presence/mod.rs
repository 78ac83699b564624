//! Who is at work now, what was claimed, and what was known before.

pub mod service;
pub mod graphql;
