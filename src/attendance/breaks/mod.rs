//! Breaks, what they and the work count as, and the panic button.

pub mod service;
pub mod graphql;
pub mod mutations;
