//! Clocking in and out: punches are claims and never change; the work session is built from them.
//!
//! | file | |
//! |---|---|
//! | `model` | sessions, the pure transitions between them |
//! | `punch` | punches and the layers people put above them |
//! | `facts` | what the rules of this slice may know |
//! | `judge` | asks the rules and turns their outcomes into verdicts and flags |
//! | `closing` | the same for the end of a session |
//! | `rebuild` | works sessions out anew from the claims |
//! | `signals` | what about a punch should make a person look |
//! | `sync` | punches captured without a signal, handed in later |
//! | `versions` | layers above claims, and what sessions were before |
//! | `figures` | what sessions come to, added up and compared |
//! | `corrections` | time put right by people, and what was known when |
//! | `timesheets` | a person's time in a period, approved and locked |
//! | `days` | what a day counts as, and the sums reports read |
//! | `store` | remembers |
//! | `service` | decides: the whole story of a clock-in is one function |
//! | `imported` | how an import continues a history |
//! | `graphql`, `mutations`, `live` | speak: queries, mutations, subscriptions |

pub mod model;
pub mod punch;
pub mod facts;
pub mod judge;
pub mod closing;
pub mod rebuild;
pub mod signals;
pub mod sync;
pub mod versions;
pub mod figures;
pub mod corrections;
pub mod timesheets;
pub mod days;
pub mod store;
pub mod service;
pub mod imported;
pub mod graphql;
pub mod mutations;
pub mod live;
