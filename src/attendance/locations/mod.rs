//! Positions between the punches of a session: where somebody is while at work.

pub mod service;
pub mod store;
