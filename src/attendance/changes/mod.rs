//! What a phone needs for the day, and what of it changed since it last asked.
//!
//! | file | |
//! |---|---|
//! | `model` | what a phone may hold, the cursor that says what it holds, the difference |
//! | `service` | gathers |
//! | `graphql` | speaks |

pub mod model;
pub mod service;
pub mod graphql;
