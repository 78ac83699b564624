//! Rules from files: the embedded default pack, the folder over it, and one layer per organization.

mod book;
mod content;
mod embedded;
mod enabled;
mod explain;
pub(crate) mod folder;
mod layer;
mod in_force;
mod load;
mod permits;
mod plan;
mod rulebook;

pub use book::{Book, SettingInForce, Snapshot, Source};
pub use content::{Content, Mode, PackBinding, RuleBinding, RuleKind, SettingChange};
pub(crate) use embedded::pack as embedded_pack;
pub(crate) use enabled::Enabled;
pub(crate) use explain::traced;
pub use explain::{Explained, TraceLine};
pub(crate) use layer::Pack;
pub use layer::{FileProblem, Origin};
pub(crate) use permits::{Permits, covers};
pub(crate) use plan::{Layer, Plan, decide, decide_traced, decide_unasked};
pub use rulebook::Rulebook;
