//! The API, driven from outside: one binary, a file per slice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod support;
mod server;
mod process;
mod ledger;
mod orgs;
mod identity;
mod places;
mod schedules;
mod calendar;
mod rosters;
mod leave;
mod attendance;
mod model;
mod corrections;
mod timesheets;
mod days;
mod reports;
mod sync;
mod changes;
mod concurrency;
mod exceptions;
mod evv;
mod evv_maintenance;
mod compliance;
mod breaks;
mod reactions;
mod rebuild;
mod automatic;
mod gatherings;
mod live;
mod imports;
mod punches;
mod members_bulk;
mod members_inactive;
mod moves;
mod clients;
mod releases;
mod rules;
mod decisions;
mod editor;
mod replays;
mod rules_cli;
mod rules_guide;
mod http;
mod socket;
mod policy;
mod isolation;
mod contract;
mod crash;
mod durability;
mod cancel;
mod nodes;
mod outage;
mod packs;
mod row_security;
mod hostile;
mod tidy;
