//! Punches that a phone captured without a signal and hands in later: corrected, kept once, worked into the sessions.
//!
//! | file | |
//! |---|---|
//! | `clock` | when it really happened |
//! | `model` | what a phone says, checked |
//! | `service` | decides: a whole batch in one transaction |
//! | `graphql` | speaks |

pub mod clock;
pub mod model;
pub mod service;
pub mod graphql;
