//! What a decision leaves behind: the answer, and everything needed to explain it later.

use serde::{Deserialize, Serialize};

use crate::{Class, Record, Value};

/// How the answer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The most specific rule answered.
    Ok,
    /// An upper layer said `inherit()` and a lower one answered.
    Inherited,
    /// No script could be used (or the facts were incomplete); the failure policy answered.
    Defaulted,
    /// The rule used more operations than its budget; the failure policy answered.
    Budget,
    /// The rule made a mistake; the failure policy answered.
    Error,
    /// The breaker of this hook is open after repeated failures; the failure policy answered unasked.
    Breaker,
    /// The organization used up its operations of this minute; the failure policy answered unasked.
    Quota,
    /// The wall guard fired or the engine panicked: our incident, not the script's verdict.
    Incident,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Inherited => "INHERITED",
            Self::Defaulted => "DEFAULTED",
            Self::Budget => "BUDGET",
            Self::Error => "ERROR",
            Self::Breaker => "BREAKER",
            Self::Quota => "QUOTA",
            Self::Incident => "INCIDENT",
        }
    }

    /// Whether a rule (rather than the failure policy) gave the answer.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ok | Self::Inherited)
    }
}

/// The typed answer: `late` with `minutes`, `fence` with `radius_m` and `accuracy_m`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub name: String,
    pub values: Record,
}

impl Outcome {
    /// A whole number of the outcome, such as `minutes`.
    pub fn whole(&self, field: &str) -> Option<i64> {
        self.values.get(field).and_then(Value::as_whole)
    }

    /// A text of the outcome, such as `code`.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field).and_then(Value::as_text)
    }
}

/// One fact or setting the rule looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// `minutes_late`, `place.radius_m`, `settings.grace_minutes`.
    pub path: String,
    pub value: Value,
    pub class: Class,
}

/// One layer that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerStep {
    /// `organization`, `pack:<id>`, `default`, `built-in` or `platform`.
    pub layer: String,
    /// Digest of the script; empty where Rust answered.
    pub script: String,
    /// What it answered; nothing when it passed the question on or failed.
    pub outcome: Option<String>,
}

/// What went wrong, in words for the person who wrote the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub message: String,
    pub hint: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

/// One evaluation, ready to be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub hook: String,
    pub contract: u32,
    pub release: String,
    pub status: Status,
    pub outcome: Outcome,
    pub reasons: Vec<String>,
    pub flags: Vec<String>,
    pub asks: Vec<String>,
    pub tells: Vec<String>,
    pub needs_review: bool,
    pub read: Vec<Read>,
    pub layers: Vec<LayerStep>,
    /// Everything the rules were given, completed: what the decision can be taken again from.
    pub facts: Record,
    /// Departments and place whose settings applied, from the widest to the narrowest.
    pub scopes: Vec<String>,
    pub operations: u64,
    pub duration_us: u64,
    pub problem: Option<Problem>,
}
