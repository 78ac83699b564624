//! `zamu rules`: what can be said about rule files without a server. What needs a database stands in files of its own.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use zamu_rules::checking::{self, Finding, Severity};
use zamu_rules::testing::{self, Coverage};

use super::rules_new::{self, New};
use super::{Outcome, rules_releases, rules_replay, say, say_json};
use crate::config::Config;
use crate::kernel::error::{Error, Result};

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Start a rule from the one that ships, with its tests.
    New(New),
    /// Compile every rule and every settings file, run their tests, and say what is wrong with them.
    Check {
        /// A file or a folder; `ZAMU_RULES_DIR` without it.
        path: Option<PathBuf>,
        /// The findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the tests that lie beside the rules.
    Test {
        /// A file or a folder; `ZAMU_RULES_DIR` without it.
        path: Option<PathBuf>,
        /// Say which lines of the rules no test reaches.
        #[arg(long)]
        coverage: bool,
        /// Only tests whose name contains this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// The results as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the reference: a page for each hook, and what an editor needs.
    Docs {
        /// The folder to write to; `docs` in `ZAMU_RULES_DIR` without it.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Try a rule, settings or a release against what really happened, and say what would have changed.
    Replay(rules_replay::Replay),
    /// Take a stored decision again, line by line.
    Explain(rules_replay::Explain),
    /// Which release an organization runs on, on which node, and what is wrong.
    Status(rules_releases::Status),
    /// What one release says differently from another. Exit code 1 when they differ.
    Diff(rules_releases::Diff),
    /// Go back to a release that held before, at once.
    Rollback(rules_releases::Rollback),
    /// Switch the rule of a hook off, at once.
    Disable(rules_releases::Disable),
}

pub(super) async fn run(rules: &Rules, config: &Config) -> Result<Outcome> {
    let or_all = |path: &Option<PathBuf>| path.clone().unwrap_or(config.rules_dir.clone());
    match rules {
        Rules::Replay(replay) => rules_replay::replay(replay).await,
        Rules::Explain(explain) => rules_replay::explain(explain).await,
        Rules::New(new) => rules_new::run(new, config),
        Rules::Check { path, json } => check(&existing(or_all(path))?, *json),
        Rules::Test {
            path,
            coverage,
            filter,
            json,
        } => test(
            &existing(or_all(path))?,
            *coverage,
            filter.as_deref(),
            *json,
        ),
        Rules::Docs { out } => docs(out.as_ref().unwrap_or(&config.rules_dir.join("docs"))),
        Rules::Status(status) => rules_releases::status(status).await,
        Rules::Diff(diff) => rules_releases::diff(diff).await,
        Rules::Rollback(rollback) => rules_releases::rollback(rollback).await,
        Rules::Disable(disable) => rules_releases::disable(disable).await,
    }
}

/// Nothing to look at is a slip of the keyboard, not a clean result.
pub(super) fn existing(path: PathBuf) -> Result<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    let message = format!("there is no file or folder `{}`", path.display());
    Err(Error::invalid("path", message))
}

/// What every `--json` begins with; the number changes when something a program relies on does.
#[derive(Serialize)]
struct Versioned<'a, T> {
    version: u32,
    #[serde(flatten)]
    report: &'a T,
}

pub(super) fn say_report(report: &impl Serialize) -> Result<()> {
    say_json(&Versioned { version: 1, report })
}

fn check(path: &Path, json: bool) -> Result<Outcome> {
    say_findings(&checking::check(path), json)
}

pub(super) fn say_findings(report: &checking::Report, json: bool) -> Result<Outcome> {
    if json {
        say_report(report)?;
    } else {
        for finding in &report.findings {
            say(&describe(finding));
        }
        let (files, findings) = (report.files, report.findings.len());
        say(&format!("{files} files, {findings} findings"));
    }
    Ok(Outcome::found(!report.is_ok()))
}

fn describe(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let at = at(finding.file.as_deref(), finding.line, finding.column);
    let hint = finding.hint.as_ref();
    let hint = hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
    format!("{at}{severity}: {}{hint}", finding.message)
}

fn at(file: Option<&str>, line: Option<u32>, column: Option<u32>) -> String {
    let Some(file) = file else {
        return String::new();
    };
    let numbers = [line, column]
        .into_iter()
        .flatten()
        .map(|number| format!(":{number}"));
    format!("{file}{}: ", numbers.collect::<String>())
}

/// The counts with the results: nobody should have to add them up.
#[derive(Serialize)]
struct Tested<'a> {
    passed: usize,
    failed: usize,
    #[serde(flatten)]
    report: &'a testing::Report,
}

fn test(path: &Path, coverage: bool, filter: Option<&str>, json: bool) -> Result<Outcome> {
    let report = if coverage {
        testing::coverage(path, filter)
    } else {
        testing::run(path, filter)
    };
    let (passed, failed) = (report.passed(), report.failed());
    if json {
        say_report(&Tested {
            passed,
            failed,
            report: &report,
        })?;
        return Ok(Outcome::found(!report.is_ok()));
    }
    for test in report.tests.iter().filter(|test| !test.passed) {
        let message = test.message.as_deref().unwrap_or("failed");
        let at = at(Some(&test.file), test.line, None);
        say(&format!("{at}{}: {message}", test.name));
    }
    for rule in &report.coverage {
        say(&reached(rule));
    }
    say(&format!("{passed} passed, {failed} failed"));
    Ok(Outcome::found(!report.is_ok()))
}

/// `lateness.rhai: 80 % of its lines; never reached: 12, 14`.
fn reached(rule: &Coverage) -> String {
    let lines: Vec<String> = rule.never.iter().map(ToString::to_string).collect();
    let never = if lines.is_empty() {
        String::new()
    } else {
        format!("; never reached: {}", lines.join(", "))
    };
    format!("{}: {} % of its lines{never}", rule.file, rule.percent)
}

fn docs(out: &Path) -> Result<Outcome> {
    let count = zamu_rules::docs::write(out).map_err(|error| {
        let message = format!("cannot write to `{}`: {error}", out.display());
        Error::invalid("out", message)
    })?;
    say(&format!("{count} files in {}", out.display()));
    Ok(Outcome::Fine)
}
