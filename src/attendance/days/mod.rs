//! What a day counts as for one person, and the sums that reports read: kept in the same transaction as the sessions.
//!
//! | file | |
//! |---|---|
//! | `measures` | what is counted; the one list of it |
//! | `model` | a day, its status, and what it adds to the sums |
//! | `facts` | what the rule that decides a day may know |
//! | `store` | remembers days, their parts and the sums |
//! | `service` | settles days: decides, and moves the sums by the difference |
//! | `close` | the job that settles the days whose shifts are over: absence is a record |
//! | `verify` | adds everything up again and says where the sums differ |
//! | `graphql` | speaks |

pub mod measures;
pub mod model;
pub mod facts;
pub mod store;
pub mod service;
pub mod close;
pub mod verify;
pub mod graphql;
pub mod again;
