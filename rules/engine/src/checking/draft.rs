//! One rule, checked as it would be saved.

use std::sync::Arc;

use super::{Cost, Finding, Report, Severity, edges};
use crate::compiled::{SOURCE_LIMIT, Script, is_blank};
use crate::engine::{self, lint};
use crate::hook::Hook;
use crate::pack::Enabled;
use crate::settings::Schema;
use crate::testing::{self, Bench, Case};
use crate::{Content, Mode, Problem, RuleBinding, RuleKind, Rulebook, registry, tables};

/// A rule somebody is writing, with everything it is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    pub hook: &'a str,
    pub kind: RuleKind,
    pub text: &'a str,
    /// Source of the tests beside it, in the form of a `.test.rhai` file.
    pub tests: Option<&'a str>,
    pub cases: &'a [Case],
    /// What the organization runs on today; the draft takes the place of its rule of this hook.
    pub content: &'a Content,
}

/// Checks a draft: one form, compilation, structure, the look at the text, tests and kept cases, generated
/// edge cases, cost. Stores nothing and needs no database.
pub fn check_draft(rulebook: &Rulebook, draft: &Draft<'_>) -> Report {
    let mut report = Report {
        files: 1,
        ..Report::default()
    };
    let Some(hook) = registry::hook(draft.hook) else {
        report.error("unknown_hook", unknown_hook(draft.hook));
        return report;
    };
    if is_blank(draft.text) {
        return report;
    }
    let text = engine::normalise(draft.text);
    let mut content = draft.content.clone();
    let rule = RuleBinding {
        kind: draft.kind,
        text: text.clone(),
        mode: Mode::On,
        file: None,
    };
    content.rules.insert(hook.name.to_owned(), rule);
    let book = rulebook.book(&content);
    // The settings of enabled packs are there for the organization's own rule too.
    let enabled = Enabled::of(&content, rulebook.packs());
    let schema = Arc::new(enabled.schema(&rulebook.default_pack, hook.name));
    let Some(script) = compile(hook, draft.kind, &text, None, &mut report) else {
        return report;
    };
    let bench = book
        .plan(hook.name)
        .map(|plan| Bench::new(plan.clone(), Arc::clone(&schema)));
    let rule = Rule {
        hook,
        kind: draft.kind,
        script: &script,
        schema: &schema,
        owns_schema: false,
    };
    rule.examine(bench.as_ref(), draft.tests, draft.cases, &mut report);
    report
}

/// Checks one rule that is not a file yet, over the pack that ships.
pub fn check_source(hook: &str, source: &str) -> Report {
    let draft = Draft {
        hook,
        kind: RuleKind::Script,
        text: source,
        tests: None,
        cases: &[],
        content: &Content::default(),
    };
    check_draft(&Rulebook::embedded(), &draft)
}

/// The fix for `unreadable_letter`: the same rule with ordinary spaces, quotes, dashes and signs, and without
/// letters that cannot be seen. An editor offers it; nothing is ever changed unasked.
pub fn tidied(source: &str) -> String {
    engine::tidied(source)
}

fn unknown_hook(name: &str) -> Problem {
    let names = registry::hooks().iter().map(|hook| hook.name);
    let near = crate::suggest::nearest(name, names);
    Problem {
        message: format!("no hook is called `{name}`"),
        hint: near.map(|near| format!("did you mean `{near}`?")),
        ..Problem::default()
    }
}

/// Compiles, or says under which code it cannot be.
pub(super) fn compile(
    hook: &'static Hook,
    kind: RuleKind,
    text: &str,
    file: Option<&str>,
    report: &mut Report,
) -> Option<Script> {
    match Script::of(hook, kind, text, file) {
        Ok(script) => Some(script),
        Err(problem) => {
            report.error(code_of(hook, kind, text), problem);
            None
        }
    }
}

/// Which step of compiling refused a text.
fn code_of(hook: &'static Hook, kind: RuleKind, text: &str) -> &'static str {
    if kind == RuleKind::Table {
        "table"
    } else if text.len() > SOURCE_LIMIT {
        "too_long"
    } else if engine::unreadable_character(text, None).is_some() {
        "unreadable_letter"
    } else if engine::compiler(hook).compile(text).is_err() {
        "syntax"
    } else {
        "structure"
    }
}

/// A rule that compiled.
pub(super) struct Rule<'a> {
    pub(super) hook: &'static Hook,
    pub(super) kind: RuleKind,
    pub(super) script: &'a Script,
    pub(super) schema: &'a Schema,
    /// Whether the settings file lies beside it: then it must read them all.
    pub(super) owns_schema: bool,
}

impl Rule<'_> {
    /// Everything after compiling.
    pub(super) fn examine(
        &self,
        bench: Option<&Bench>,
        tests: Option<&str>,
        cases: &[Case],
        report: &mut Report,
    ) {
        let looked = lint::lint(self.script, self.hook, self.schema);
        // The lines of a table are not the lines of the script it stands for.
        match self.kind {
            RuleKind::Script => self.remarks(&looked, report),
            RuleKind::Table => self.rows(report),
        }
        let Some(bench) = bench else { return };
        self.run_tests(bench, tests, cases, report);
        edges::run(self.script, &looked, bench, report);
        self.cost(bench, report);
    }

    /// What can be said about the rows of a table: gaps, overlaps, rows that are never reached.
    fn rows(&self, report: &mut Report) {
        let (_, text) = self.script.written();
        let found = tables::findings(self.hook, text, &self.schema.settings);
        report
            .findings
            .extend(found.into_iter().map(|finding| Finding {
                file: self.script.file.clone(),
                ..finding
            }));
    }

    fn remarks(&self, looked: &lint::Looked, report: &mut Report) {
        let small = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
        for remark in &looked.remarks {
            let severity = if remark.is_error {
                Severity::Error
            } else {
                Severity::Warning
            };
            let problem = Problem {
                message: remark.message.clone(),
                hint: remark.hint.clone(),
                file: self.script.file.clone(),
                line: small(remark.position.line()),
                column: small(remark.position.position()),
            };
            report.add(remark.code, severity, problem);
        }
        let unused = if self.owns_schema {
            lint::unused(self.schema, &looked.settings)
        } else {
            Vec::new()
        };
        for name in unused {
            let mut problem = self
                .script
                .problem(format!("the setting `{name}` is never read"));
            problem.hint = Some("use it, or take it out of the settings file".to_owned());
            report.add("unused_setting", Severity::Warning, problem);
        }
    }

    fn run_tests(&self, bench: &Bench, tests: Option<&str>, cases: &[Case], report: &mut Report) {
        let mut results = testing::Report::default();
        let beside = |ending: &str| match &self.script.file {
            Some(file) => file.replace(".rhai", ending),
            None => ending.trim_start_matches('.').to_owned(),
        };
        if let Some(tests) = tests {
            testing::run_file(tests, &beside(".test.rhai"), bench, None, &mut results);
        }
        let kept = beside(".cases.json");
        let run = |case: &Case| case.run(&bench.plan, &kept, &bench.watch);
        results.tests.extend(cases.iter().map(run));
        for failed in results.tests.iter().filter(|test| !test.passed) {
            let code = if failed.file == kept {
                "case_changed"
            } else {
                "test_failed"
            };
            let message = failed.message.clone().unwrap_or_default();
            let problem = Problem {
                message: format!("{}: {message}", failed.name),
                hint: Some("change the rule, or the test if the answer should change".to_owned()),
                file: Some(failed.file.clone()),
                line: failed.line,
                column: None,
            };
            report.error(code, problem);
        }
        report.tests.append(&mut results.tests);
    }

    /// Budgets are generous so that a slow day does not matter; a rule near its end would fail on one.
    fn cost(&self, bench: &Bench, report: &mut Report) {
        let operations = bench.watch.so_far().operations;
        let allowed = self.hook.budget.operations;
        let percent = operations.saturating_mul(100) / allowed.max(1);
        let severity = match percent {
            0..=50 => None,
            51..=80 => Some(Severity::Warning),
            _ => Some(Severity::Error),
        };
        if let Some(severity) = severity {
            let message = format!("this rule took {operations} of {allowed} steps ({percent} %)");
            let mut problem = self.script.problem(message);
            problem.hint = Some("walk shorter lists, and leave a loop with `break`".to_owned());
            report.add("cost", severity, problem);
        }
        if report.cost.is_none_or(|cost| cost.percent <= percent) {
            report.cost = Some(Cost {
                operations,
                allowed,
                percent,
            });
        }
    }
}
