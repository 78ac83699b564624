//! Time put right by people: what staff enter or change for others, what workers ask to have changed about their own
//! time, and what was known when.
//!
//! | file | |
//! |---|---|
//! | `model` | changes that are proposed, corrections, their effect |
//! | `apply` | carries changes out: claims, layers, and everything worked out anew |
//! | `store` | remembers corrections |
//! | `entry` | what staff enter: forced clock-in and clock-out, whole sessions, layers |
//! | `service` | corrections: requested, decided, and tried without leaving a trace |
//! | `history` | every past state of a session |
//! | `graphql`, `queries`, `mutations` | speak |

pub mod model;
pub mod apply;
pub mod store;
pub mod entry;
pub mod service;
pub mod history;
pub mod graphql;
pub mod queries;
pub mod mutations;
