//! What happened, told to whoever listens: outbox → dispatcher → numbered log → bus → subscriptions.

pub mod event;
pub mod store;
pub mod bus;
pub mod dispatch;
pub mod follow;
pub mod reactions;
