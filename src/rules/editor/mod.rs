//! What an editor of rules needs: what every hook promises, and checks while somebody types. Keeps nothing.

pub mod model;
pub mod turns;
pub mod dry_run;
pub mod service;
pub mod contract;
pub mod graphql;
