//! The rules of the organizations: the releases they run on, every decision kept, and what can be done with both.

pub mod decisions;
pub mod editor;
pub mod files;
pub mod force;
pub mod releases;
pub mod replays;
pub mod timeline;
