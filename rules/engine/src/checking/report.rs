//! What a check came to; its JSON is stable.

use serde::{Deserialize, Serialize};

use crate::testing::TestResult;
use crate::{Problem, Record};

/// How bad a finding is. A rule with errors is not fit to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of what was found, such as `unknown_fact`.
    pub code: String,
    pub file: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub severity: Severity,
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// What the dearest run of a rule cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub operations: u64,
    pub allowed: u64,
    pub percent: u64,
}

/// One generated run: an ordinary day with one fact just at a limit of the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Path and value of what was changed.
    pub changed: Record,
    /// The answer, as a rule writes it: `late(6)`.
    pub outcome: String,
    /// What went wrong.
    pub problem: Option<String>,
}

/// What was found, and in how many files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub files: usize,
    pub findings: Vec<Finding>,
    /// Tests and kept cases that were run.
    #[serde(default)]
    pub tests: Vec<TestResult>,
    /// The dearest run of all; nothing when nothing could be run.
    #[serde(default)]
    pub cost: Option<Cost>,
    #[serde(default)]
    pub edges: Vec<Edge>,
}

impl Report {
    /// Whether nothing stands in the way of using these files; warnings do not.
    pub fn is_ok(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    }

    pub(super) fn add(&mut self, code: &str, severity: Severity, problem: Problem) {
        self.findings.push(Finding {
            code: code.to_owned(),
            file: problem.file,
            line: problem.line,
            column: problem.column,
            severity,
            message: problem.message,
            hint: problem.hint,
        });
    }

    pub(super) fn error(&mut self, code: &str, problem: Problem) {
        self.add(code, Severity::Error, problem);
    }
}
