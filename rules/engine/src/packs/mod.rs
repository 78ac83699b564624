//! Packs: rules, settings and tests that come as one folder, and may do only what their manifest says.

mod check;
mod digest;
mod folder;
mod install;
mod manifest;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use check::{check, digest};
pub(crate) use folder::{bench, load};
pub use manifest::Permissions;

use crate::settings::Schema;
use crate::{FileProblem, PackBinding, RuleKind, Setting, SettingChange};

/// A pack as it is installed. One with problems is shown, and is not used unless its last good version is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PackInfo {
    pub id: String,
    pub version: String,
    pub title: String,
    pub about: String,
    pub license: String,
    /// Contract versions it was written for, such as `>=1, <2`.
    pub engine: String,
    /// Hash of all its files; an organization enables this pack, not its name.
    pub digest: String,
    /// Hooks it has a rule for, in the order of the manifest.
    pub hooks: Vec<String>,
    pub permissions: Permissions,
    /// Settings it adds.
    pub settings: Vec<PackSetting>,
    /// Values it sets, below whatever an organization sets.
    pub values: Vec<SettingChange>,
    /// `docs/README.md`: what changes if you switch this on.
    pub readme: String,
    pub problems: Vec<FileProblem>,
    #[serde(skip)]
    pub(crate) rules: BTreeMap<&'static str, PackRule>,
    #[serde(skip)]
    pub(crate) schemas: BTreeMap<&'static str, Arc<Schema>>,
}

/// A setting a pack adds to a hook.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PackSetting {
    pub hook: String,
    pub setting: Setting,
}

/// One rule of a pack.
#[derive(Clone, Debug)]
pub(crate) struct PackRule {
    pub(crate) kind: RuleKind,
    pub(crate) text: String,
    /// As problems show it: `plugins/<id>/rules/…`.
    pub(crate) file: String,
}

impl PackInfo {
    /// Whether its files can be used as they are now.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether there is anything to enable: this version, or the last good one.
    pub fn is_usable(&self) -> bool {
        !self.digest.is_empty()
    }

    /// What enabling it with everything it asks for means.
    pub fn binding(&self) -> PackBinding {
        PackBinding {
            id: self.id.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            granted: self.permissions.all(),
            mode: crate::Mode::On,
        }
    }
}
