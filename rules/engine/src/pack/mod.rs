//! Rules from files: the embedded default pack, the folder over it, and one layer per organization.

mod accept;
mod book;
mod content;
mod embedded;
pub(crate) mod folder;
mod layer;
mod load;
mod plan;
mod rulebook;

pub use book::{Book, SettingInForce, Snapshot, Source};
pub use content::{Content, Mode, PackBinding, RuleBinding, RuleKind, SettingChange};
pub(crate) use embedded::pack as embedded_pack;
pub(crate) use layer::Pack;
pub use layer::{FileProblem, Origin};
pub(crate) use plan::{Layer, Permits, Plan, decide};
pub use rulebook::Rulebook;
