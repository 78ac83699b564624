//! Rules from files: the embedded default pack, the folder over it, and one layer per organization.

mod embedded;
pub(crate) mod folder;
mod layer;
mod load;
mod plan;
mod rulebook;

pub(crate) use embedded::pack as embedded_pack;
pub(crate) use layer::Pack;
pub use layer::{FileProblem, Origin};
pub(crate) use plan::{LayerScript, Plan, decide};
pub use rulebook::{Rulebook, Source};
