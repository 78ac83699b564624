//! Releases: what an organization runs on, numbered, who approved it, and from when on each holds.

pub mod model;
pub mod approval;
pub mod history;
pub mod store;
pub mod loading;
pub mod people;
pub mod drafts;
pub mod service;
pub mod fleet;
pub mod node_store;
pub mod nodes;
pub mod bindings;
pub mod forms;
pub mod graphql;
pub mod mutations;
pub mod packs;
