//! The database: connections are handed out only inside a [`tx::Tx`] (viewer, action, instant) or the deliberately
//! narrow [`lobby::Lobby`]; there is no third way in.

pub mod backend;
pub mod group;
pub mod idempotency;
pub mod lobby;
pub mod refuse;
pub mod tx;
