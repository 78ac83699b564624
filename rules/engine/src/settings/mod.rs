//! Settings: typed values beside a rule, so that most organizations never open an editor.

mod dated;
mod schema;
mod values;

pub(crate) use dated::Dated;
pub(crate) use schema::Schema;
pub use schema::{Setting, SettingKind};
pub(crate) use values::{check, fits, parse_values};
