//! What one organization decides for itself, as one value: what a release freezes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Value;
use crate::compiled::digest;

/// The rules, settings and packs of one organization. Immutable once it is a release; its digest is the
/// hash of all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Enabled packs, the most specific first.
    #[serde(default)]
    pub packs: Vec<PackBinding>,
    /// The organization's own rule of a hook.
    #[serde(default)]
    pub rules: BTreeMap<String, RuleBinding>,
    /// Values that differ from the defaults, in the order they were set.
    #[serde(default)]
    pub settings: Vec<SettingChange>,
}

impl Content {
    /// Hash of everything in it.
    pub fn digest(&self) -> String {
        digest(&serde_json::to_string(self).unwrap_or_default())
    }

    pub fn is_empty(&self) -> bool {
        self.packs.is_empty() && self.rules.is_empty() && self.settings.is_empty()
    }
}

/// How a rule takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Kept, and not asked.
    Off,
    /// Asked beside the rules in force and recorded, never applied.
    Audit,
    #[default]
    On,
}

/// What a rule is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    #[default]
    Script,
    /// A decision table: `*.table.toml`.
    Table,
}

/// One hook's own rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleBinding {
    #[serde(default)]
    pub kind: RuleKind,
    pub text: String,
    #[serde(default)]
    pub mode: Mode,
    /// The file it comes from, relative to the rules folder; nothing for a rule kept in the database.
    #[serde(default)]
    pub file: Option<String>,
}

/// One enabled pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackBinding {
    pub id: String,
    pub version: String,
    /// Hash of the pack's files when it was enabled: another one is another pack.
    pub digest: String,
    /// What the organization lets it read beyond open facts, and answer. At most what the manifest asks for.
    #[serde(default)]
    pub granted: Vec<String>,
    #[serde(default)]
    pub mode: Mode,
}

/// One value somebody set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingChange {
    pub hook: String,
    pub name: String,
    pub value: Value,
    /// The id of a department or place; nothing for the whole organization.
    #[serde(default)]
    pub scope: Option<String>,
    /// First local day it holds; nothing for always.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last local day it holds.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// The file it comes from; nothing for a value kept in the database.
    #[serde(default)]
    pub file: Option<String>,
}

impl SettingChange {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}
