//! Clocking in and out: punches are claims and never change; the work session is built from them.
//!
//! | file | |
//! |---|---|
//! | `model` | punches, sessions, the pure transitions between them |
//! | `facts` | what the rules of this slice may know |
//! | `judge` | asks the rules and turns their outcomes into verdicts and flags |
//! | `closing` | the same for the end of a session |
//! | `store` | remembers |
//! | `service` | decides: the whole story of a clock-in is one function |
//! | `imported` | how an import continues a history |
//! | `graphql`, `mutations`, `live` | speak: queries, mutations, subscriptions |

pub mod model;
pub mod facts;
pub mod judge;
pub mod closing;
pub mod store;
pub mod service;
pub mod imported;
pub mod graphql;
pub mod mutations;
pub mod live;
