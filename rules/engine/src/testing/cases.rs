//! Kept cases: decisions somebody looked at and wants to stay as they are.

use serde::{Deserialize, Serialize};

use super::{Bench, Report, TestResult, Watch};
use crate::facts::merge;
use crate::hook::Hook;
use crate::pack::{Plan, decide, decide_traced};
use crate::settings::Dated;
use crate::testing::anonymous;
use crate::{Book, Decision, Problem, Record, registry};

/// One kept decision, an entry of a `*.cases.json` file. Facts are laid over the hook's sample, settings
/// over the organization's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub facts: Record,
    #[serde(default)]
    pub settings: Record,
    pub expect: Expected,
}

/// What the rules said when the case was kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub outcome: String,
    #[serde(default)]
    pub values: Record,
    #[serde(default)]
    pub flags: Vec<String>,
}

impl Expected {
    pub(crate) fn of(decision: &Decision) -> Self {
        Self {
            outcome: decision.outcome.name.clone(),
            values: decision.outcome.values.clone(),
            flags: decision.flags.clone(),
        }
    }
}

impl Case {
    /// A case from a decision, without what belongs to a person: personal and health facts become those of
    /// the hook's sample, money and open facts stay, moments move together by whole weeks into the week of
    /// the sample. Every step is taken only if the rules of `book` still answer the same; where a personal
    /// fact decides, the case is refused and that fact named.
    pub fn from_decision(name: &str, decision: &Decision, book: &Book) -> Result<Self, Problem> {
        anonymous::keep(name, decision, book)
    }

    /// The facts of the case, complete.
    pub fn facts(&self, hook: &Hook) -> Record {
        let mut facts = hook.sample();
        merge(&mut facts, self.facts.clone());
        facts
    }

    fn plan(&self, plan: &Plan) -> Plan {
        let mut settings = (*plan.settings.at(None, &[])).clone();
        settings.extend(self.settings.clone());
        Plan {
            settings: Dated::new(settings, std::iter::empty()),
            ..plan.clone()
        }
    }

    pub(crate) fn decide(&self, plan: &Plan) -> Decision {
        decide(&self.plan(plan), "case", self.facts(plan.hook), &[])
    }

    /// Runs the case; a changed answer is a failure.
    pub(crate) fn run(&self, plan: &Plan, file: &str, watch: &Watch) -> TestResult {
        let facts = self.facts(plan.hook);
        let (decision, steps) = decide_traced(&self.plan(plan), "case", facts, &[]);
        watch.note(&decision, &steps);
        let message = self.mismatch(&decision);
        TestResult {
            name: self.name.clone(),
            file: file.to_owned(),
            line: None,
            passed: message.is_none(),
            message,
        }
    }

    fn mismatch(&self, decision: &Decision) -> Option<String> {
        if let Some(problem) = &decision.problem {
            return Some(format!("the rule failed: {}", problem.message));
        }
        (Expected::of(decision) != self.expect).then(|| {
            let said = serde_json::to_string(&decision.outcome).unwrap_or_default();
            format!("expected {} but the rule said {said}", self.expect.outcome)
        })
    }
}

/// Runs kept cases against the rules of a book.
pub fn run_cases(book: &Book, hook: &str, cases: &[Case]) -> Vec<TestResult> {
    let Some(plan) = registry::hook(hook).and_then(|hook| book.plan(hook.name)) else {
        return Vec::new();
    };
    let watch = Watch::default();
    cases
        .iter()
        .map(|case| case.run(plan, "", &watch))
        .collect()
}

pub(super) fn run(
    text: &str,
    file: &str,
    bench: &Bench,
    filter: Option<&str>,
    report: &mut Report,
) {
    let cases: Vec<Case> = match serde_json::from_str(text) {
        Ok(cases) => cases,
        Err(error) => {
            let line = u32::try_from(error.line()).ok();
            return report.failure("(does not compile)", file, line, error.to_string());
        }
    };
    if cases.is_empty() {
        return report.failure(
            "(no tests)",
            file,
            None,
            "the file holds no case".to_owned(),
        );
    }
    let wanted = |case: &&Case| filter.is_none_or(|filter| case.name.contains(filter));
    let run = |case: &Case| case.run(&bench.plan, file, &bench.watch);
    report.tests.extend(cases.iter().filter(wanted).map(run));
}
