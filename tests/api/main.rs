//! The API, driven from outside: one binary, a file per slice.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what it expects by panicking")]

mod support;
mod orgs;
mod identity;
mod places;
mod schedules;
mod attendance;
mod imports;
mod rules;
mod http;
mod socket;
mod server;
mod policy;
mod isolation;
mod tidy;
