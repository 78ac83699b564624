//! Reports: the same numbers everywhere, read from what attendance adds up.
//!
//! | file | |
//! |---|---|
//! | `model` | the figures of a report and the rates made of them; ranges, steps, the tree |
//! | `query` | the one place that reads across slices: only reads, only of the organization, only within reach |
//! | `today` | who is expected, here, late, missing, absent or on leave on one day |
//! | `service` | decides what a viewer is shown |
//! | `graphql` | speaks |
//! | `compliance/` | confirmed and compliant visits by member, place and reason; its own queries |

pub mod model;
pub mod query;
pub mod today;
pub mod service;
pub mod graphql;
pub mod compliance;
