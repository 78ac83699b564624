//! `zamu rules check`: everything that can be said about rule files without a database.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::compiled::{Script, is_blank};
use crate::engine::lint;
use crate::hook::Hook;
use crate::pack::{embedded_pack, folder};
use crate::settings::{Schema, parse_values};
use crate::{Problem, registry};

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
    pub file: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub severity: Severity,
    pub message: String,
    pub hint: Option<String>,
}

/// What was found, and in how many files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub files: usize,
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing stands in the way of using these files; warnings do not.
    pub fn is_ok(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    }

    fn error(&mut self, problem: Problem) {
        self.findings.push(Finding {
            file: problem.file,
            line: problem.line,
            column: problem.column,
            severity: Severity::Error,
            message: problem.message,
            hint: problem.hint,
        });
    }
}

/// Checks a file, or every rule and settings file below a folder.
pub fn check(path: &Path) -> Report {
    let mut report = Report::default();
    for file in folder::files(path, &[".rhai", "settings.toml"]) {
        let shown = file.display().to_string();
        if shown.ends_with(".test.rhai") {
            continue;
        }
        report.files += 1;
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("the file cannot be read: {error}");
                report.error(Problem {
                    message,
                    file: Some(shown),
                    ..Problem::default()
                });
                continue;
            }
        };
        if file.file_name().is_some_and(|name| name == "settings.toml") {
            check_values(&text, &shown, &mut report);
        } else if shown.ends_with(".settings.toml") {
            if let Err(problem) = Schema::parse(&text, &shown) {
                report.error(problem);
            }
        } else if let Some(hook) = folder::hook_of(&file) {
            let beside = file.with_extension("settings.toml");
            let schema = fs::read_to_string(beside)
                .ok()
                .and_then(|text| Schema::parse(&text, "").ok());
            check_rule(hook, &text, Some(&shown), schema.as_ref(), &mut report);
        } else {
            let message = "no hook has this name".to_owned();
            let names: Vec<String> = registry::hooks().iter().map(Hook::path).collect();
            let hint = Some(format!("rules are called {}", names.join(", ")));
            report.error(Problem {
                message,
                hint,
                file: Some(shown),
                ..Problem::default()
            });
        }
    }
    report
}

/// Checks one rule that is not a file yet, as the editor does before saving.
pub fn check_source(hook: &str, source: &str) -> Report {
    let mut report = Report {
        files: 1,
        ..Report::default()
    };
    if let Some(hook) = registry::hook(hook) {
        check_rule(hook, source, None, None, &mut report);
    } else {
        let message = format!("no hook is called `{hook}`");
        report.error(Problem {
            message,
            ..Problem::default()
        });
    }
    report
}

fn check_rule(
    hook: &'static Hook,
    source: &str,
    file: Option<&str>,
    schema: Option<&Schema>,
    report: &mut Report,
) {
    if is_blank(source) {
        return;
    }
    let script = match Script::compile(hook, source, file) {
        Ok(script) => script,
        Err(problem) => return report.error(problem),
    };
    let usual = Schema::default();
    let embedded = embedded_pack().schemas.get(hook.name).map(AsRef::as_ref);
    let known = schema.or(embedded).unwrap_or(&usual);
    let (remarks, read) = lint::lint(&script, hook, known);
    let small = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    report
        .findings
        .extend(remarks.into_iter().map(|remark| Finding {
            file: file.map(str::to_owned),
            line: small(remark.position.line()),
            column: small(remark.position.position()),
            severity: if remark.is_error {
                Severity::Error
            } else {
                Severity::Warning
            },
            message: remark.message,
            hint: remark.hint,
        }));
    // Only the rule its settings file lies beside must use them all.
    for name in schema
        .map(|schema| lint::unused(schema, &read))
        .unwrap_or_default()
    {
        report.findings.push(Finding {
            file: file.map(str::to_owned),
            line: None,
            column: None,
            severity: Severity::Warning,
            message: format!("the setting `{name}` is never read"),
            hint: None,
        });
    }
}

/// Values of an organization, against the embedded schemas.
fn check_values(text: &str, file: &str, report: &mut Report) {
    let schema_of = |name: &str| embedded_pack().schemas.get(name).map(AsRef::as_ref);
    let (results, problems) = parse_values(text, file, schema_of);
    let bad = results.into_iter().filter_map(|(_, result)| result.err());
    for problem in problems.into_iter().chain(bad) {
        report.error(problem);
    }
}
