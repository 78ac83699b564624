//! Replays: what would a candidate have decided about everything that really happened?
//!
//! Every stored decision of a time is first taken again by the book it was taken by. Only if each comes to what is
//! stored is it believed what the candidate comes to. A replay reads, judges and counts; it changes nothing else.

pub mod model;
pub mod judge;
pub mod candidate;
pub mod store;
pub mod run;
pub mod service;
pub mod csv;
pub mod graphql;
pub mod mutations;
pub mod live;

/// One replay at a time on a node: the others wait, and requests do not wait for either.
pub struct Lane(tokio::sync::Semaphore);

impl Default for Lane {
    fn default() -> Self {
        Self(tokio::sync::Semaphore::new(1))
    }
}
