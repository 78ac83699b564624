//! Kept cases: decisions somebody looked at and wants to stay as they are.

use serde::Deserialize;

use super::{Bench, Report, TestResult};
use crate::facts::merge;
use crate::pack::{Plan, decide};
use crate::settings::Dated;
use crate::{Decision, Record};

/// One kept decision. Facts are laid over the sample, settings over the organization's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    facts: Record,
    #[serde(default)]
    settings: Record,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    outcome: String,
    #[serde(default)]
    values: Record,
    #[serde(default)]
    flags: Vec<String>,
}

impl Case {
    pub(crate) fn decide(&self, plan: &Plan) -> Decision {
        let mut facts = plan.hook.sample();
        merge(&mut facts, self.facts.clone());
        let mut settings = (*plan.settings.at(None, &[])).clone();
        settings.extend(self.settings.clone());
        let plan = Plan {
            settings: Dated::new(settings, std::iter::empty()),
            ..plan.clone()
        };
        decide(&plan, "case", facts, &[])
    }

    fn mismatch(&self, decision: &Decision) -> Option<String> {
        if let Some(problem) = &decision.problem {
            return Some(format!("the rule failed: {}", problem.message));
        }
        let outcome = &decision.outcome;
        let same = outcome.name == self.expect.outcome
            && outcome.values == self.expect.values
            && decision.flags == self.expect.flags;
        (!same).then(|| {
            let said = serde_json::to_string(outcome).unwrap_or_default();
            format!("expected {} but the rule said {said}", self.expect.outcome)
        })
    }
}

pub(crate) fn run(
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
    for case in cases {
        if filter.is_some_and(|filter| !case.name.contains(filter)) {
            continue;
        }
        match case.mismatch(&case.decide(&bench.plan)) {
            None => report.tests.push(TestResult {
                name: case.name,
                file: file.to_owned(),
                line: None,
                passed: true,
                message: None,
            }),
            Some(message) => report.failure(&case.name, file, None, message),
        }
    }
}
