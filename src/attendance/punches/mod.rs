//! Punches as the API shows them: immutable claims, with the part each plays.

pub mod graphql;
