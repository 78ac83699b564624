//! What one folder of rules holds, and what is wrong with its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Problem;
use crate::compiled::Script;
use crate::settings::Schema;

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Default,
    Pack,
    Organization,
}

impl Origin {
    pub(crate) fn of_layer(layer: &str) -> Self {
        match layer {
            "organization" => Self::Organization,
            "default" => Self::Default,
            _ => Self::Pack,
        }
    }
}

/// A file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// Relative to the rules folder.
    pub path: String,
    pub hook: Option<String>,
    /// The slug of the organization; nothing for the default pack.
    pub organization: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub message: String,
    pub hint: Option<String>,
    /// Whether what this file said before still holds.
    pub keeps_last_good: bool,
}

impl FileProblem {
    pub(crate) fn new(
        path: &str,
        hook: Option<&str>,
        organization: Option<&str>,
        problem: Problem,
        keeps_last_good: bool,
    ) -> Self {
        Self {
            path: path.to_owned(),
            hook: hook.map(str::to_owned),
            organization: organization.map(str::to_owned),
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
            keeps_last_good,
        }
    }
}

/// The default pack: scripts and setting schemas by hook.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pack {
    pub(crate) scripts: BTreeMap<&'static str, Arc<Script>>,
    pub(crate) schemas: BTreeMap<&'static str, Arc<Schema>>,
}
