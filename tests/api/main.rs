//! The API, driven from outside: one binary, a file per slice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod support;
mod server;
mod orgs;
mod identity;
mod places;
mod schedules;
mod attendance;
mod live;
mod imports;
mod rules;
mod http;
mod socket;
mod policy;
mod isolation;
mod contract;
mod tidy;
