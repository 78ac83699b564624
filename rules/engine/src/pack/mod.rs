//! Rules from files: the embedded default pack, the folder over it, and one layer per organization.

mod book;
mod content;
mod embedded;
mod explain;
pub(crate) mod folder;
mod layer;
mod load;
mod plan;
mod rulebook;

pub use book::{Book, SettingInForce, Snapshot, Source};
pub use content::{Content, Mode, PackBinding, RuleBinding, RuleKind, SettingChange};
pub(crate) use embedded::pack as embedded_pack;
pub(crate) use explain::traced;
pub use explain::{Explained, TraceLine};
pub(crate) use layer::Pack;
pub use layer::{FileProblem, Origin};
pub(crate) use plan::{Layer, Permits, Plan, decide, decide_traced};
pub use rulebook::Rulebook;
