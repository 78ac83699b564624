//! The transports: GraphQL over HTTP, over WebSocket and over server-sent events, the explorer, health and metrics.
//!
//! The endpoint is our own, thin and over the schema's executor, because the specifications leave nothing out and
//! the stock integration does: media types, status codes, deadlines, limits per socket.

mod accept;
mod answer;
mod cors;
mod entry;
mod execution;
mod exports;
mod graphql;
mod health;
mod operation;
mod page;
mod protocol;
mod routes;
mod server;
mod socket;
mod stream;

pub use page::Demo;
pub use server::{Deadlines, Options, Running, bind, serve};
