//! `zamu rules test`: runs the tests beside the rules, exactly as production runs the rules.

mod anonymous;
mod cases;
mod coverage;
mod watch;

pub use cases::{Case, Expected, run_cases};
pub use coverage::{Coverage, coverage};
pub(crate) use watch::Watch;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::compiled::Script;
use crate::engine::harness::TestFile;
use crate::pack::{Layer, Plan, embedded_pack, folder};
use crate::settings::{Dated, Schema};
use crate::{Problem, Rulebook};

/// One test, one kept case, or one file that could not be tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    pub name: String,
    pub file: String,
    pub line: Option<u32>,
    pub passed: bool,
    /// What was expected and what the rule said instead.
    pub message: Option<String>,
}

/// All results. A file that does not compile is a failure, and so is finding no test at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub tests: Vec<TestResult>,
    /// Lines each rule's tests reached; filled by [`coverage`] only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
}

impl Report {
    pub fn is_ok(&self) -> bool {
        self.failed() == 0
    }

    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }

    pub fn failed(&self) -> usize {
        self.tests.len() - self.passed()
    }

    fn failure(&mut self, name: &str, file: &str, line: Option<u32>, message: String) {
        let (name, file) = (name.to_owned(), file.to_owned());
        self.tests.push(TestResult {
            name,
            file,
            line,
            passed: false,
            message: Some(message),
        });
    }

    fn broken(&mut self, file: &str, problem: Problem) {
        let hint = problem
            .hint
            .map(|hint| format!(" - {hint}"))
            .unwrap_or_default();
        let file = problem.file.unwrap_or_else(|| file.to_owned());
        self.failure(
            "(does not compile)",
            &file,
            problem.line,
            format!("{}{hint}", problem.message),
        );
    }
}

/// What the tests of one rule run against.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) schema: Arc<Schema>,
    pub(crate) subject: String,
    pub(crate) watch: Arc<Watch>,
}

impl Bench {
    pub(crate) fn new(plan: Plan, schema: Arc<Schema>) -> Self {
        let first = plan.layers.first();
        let subject = first.map_or(plan.hook.subject, |layer| layer.script.subject.as_str());
        Self {
            subject: subject.to_owned(),
            plan,
            schema,
            watch: Arc::default(),
        }
    }
}

/// Runs every test file and case file at or below a path; `filter` keeps tests whose name contains it.
pub fn run(path: &Path, filter: Option<&str>) -> Report {
    run_on(path, filter, &mut |_, bench| bench)
}

/// The same, with a chance to change what each file is run against.
fn run_on(
    path: &Path,
    filter: Option<&str>,
    prepare: &mut dyn FnMut(&Path, Bench) -> Bench,
) -> Report {
    let mut report = Report::default();
    for file in folder::files(path, &[".test.rhai", ".cases.json"]) {
        let shown = file.display().to_string();
        let bench = match bench(&file) {
            Ok(bench) => prepare(&file, bench),
            Err(problem) => {
                report.broken(&shown, problem);
                continue;
            }
        };
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                report.failure("(cannot be read)", &shown, None, error.to_string());
                continue;
            }
        };
        if shown.ends_with(".cases.json") {
            cases::run(&text, &shown, &bench, filter, &mut report);
        } else {
            run_file(&text, &shown, &bench, filter, &mut report);
        }
    }
    if report.tests.is_empty() {
        let message = "no tests were found".to_owned();
        report.failure("(no tests)", &path.display().to_string(), None, message);
    }
    report
}

pub(crate) fn run_file(
    text: &str,
    file: &str,
    bench: &Bench,
    filter: Option<&str>,
    report: &mut Report,
) {
    let Bench {
        plan,
        schema,
        subject,
        watch,
    } = bench;
    let compiled = TestFile::compile(text, file, plan, schema, subject, watch);
    let tests = match compiled {
        Ok(tests) => tests,
        Err(problem) => return report.broken(file, problem),
    };
    if tests.tests.is_empty() {
        let message = "no function in this file starts with `test_`".to_owned();
        return report.failure("(no tests)", file, None, message);
    }
    for (name, line) in &tests.tests {
        if filter.is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        match tests.run(name) {
            Ok(()) => report.tests.push(TestResult {
                name: name.clone(),
                file: file.to_owned(),
                line: *line,
                passed: true,
                message: None,
            }),
            Err((message, at)) => report.failure(name, file, at.or(*line), message),
        }
    }
}

/// The rule a test file stands beside, with the layers below it and the settings it would run on.
pub(crate) fn bench(file: &Path) -> Result<Bench, Problem> {
    let at = |message: &str| Problem {
        message: message.to_owned(),
        ..Problem::default()
    };
    let hook = folder::hook_of(file).ok_or_else(|| at("no hook has this name"))?;
    let rule = file.with_file_name(format!("{}.rhai", hook.function()));
    let known = embedded_pack();
    let schema = known.schemas.get(hook.name).cloned().unwrap_or_default();

    // Inside a rules folder, test what the server would load from it.
    if let Some((root, organization)) = folder::root_of(file) {
        let (book, problems) = Rulebook::load(&root, None);
        let broken = problems
            .into_iter()
            .find(|problem| root.join(&problem.path) == rule);
        if let Some(problem) = broken {
            return Err(Problem {
                message: problem.message,
                hint: problem.hint,
                file: Some(rule.display().to_string()),
                line: problem.line,
                column: problem.column,
            });
        }
        let schema_here = book.default_pack.schemas.get(hook.name).cloned();
        let schema = schema_here.unwrap_or_else(|| Arc::clone(&schema));
        if let Some(plan) = book.book_of(&organization).plan(hook.name) {
            return Ok(Bench::new(plan.clone(), schema));
        }
    }

    // A lone rule is tested as an organization's rule over the embedded pack.
    let mut layers = Vec::new();
    if let Ok(text) = fs::read_to_string(&rule) {
        let script = Script::compile(hook, &text, Some(&rule.display().to_string()))?;
        layers.push(Layer {
            name: "organization".into(),
            script: Arc::new(script),
            permits: None,
        });
    }
    let below = known.scripts.get(hook.name).cloned();
    layers.extend(below.map(|script| Layer {
        name: "default".into(),
        script,
        permits: None,
    }));
    let plan = Plan {
        hook,
        layers,
        settings: Dated::new(schema.defaults(), std::iter::empty()),
    };
    Ok(Bench::new(plan, schema))
}
