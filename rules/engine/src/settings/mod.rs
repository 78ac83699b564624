//! Settings: typed values beside a rule, so that most organizations never open an editor.

mod dated;
mod file;
mod judge;
mod schema;
mod values;

pub(crate) use dated::Dated;
pub(crate) use file::{Place, SettingsFile, packs_of};
pub use judge::SettingProblem;
pub(crate) use judge::{alone, clash, together};
pub(crate) use schema::{Schema, line_at, line_of};
pub use schema::{Setting, SettingKind};
pub use values::parse_value;
pub(crate) use values::{fits, parse_values};
