//! What a day counts as for one person, and the sums that reports read: kept in the same transaction as the sessions.

pub mod service;
