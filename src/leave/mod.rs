//! Leave: its types, requests, approval, and balances as a ledger.

pub mod model;
pub mod store;
pub mod service;
pub mod ledger;
pub mod recount;
pub mod imported;
pub mod graphql;
pub mod types;
