//! Members whom nobody has seen for a while: looked at first, then deactivated together.
//!
//! It stands beside the imports because it is their other end, and because only here may one see sign-ins, punches and
//! shifts at once: identity, which deactivates, knows neither attendance nor schedules.

pub mod graphql;
pub mod model;
pub mod service;
