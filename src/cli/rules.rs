//! `zamu rules`: what can be said about rule files without a server, and releases from the command line.

use std::path::PathBuf;

use clap::Subcommand;
use zamu_rules::checking::{self, Finding, Severity};
use zamu_rules::testing;

use super::{Outcome, rules_releases, say, say_json};
use crate::config::Config;
use crate::kernel::error::Result;

#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Compile every rule and every settings file and say what is wrong with them.
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
        /// Only tests whose name contains this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// The results as JSON.
        #[arg(long)]
        json: bool,
    },
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
    match rules {
        Rules::Check { path, json } => check(path.as_ref().unwrap_or(&config.rules_dir), *json),
        Rules::Test { path, filter, json } => test(
            path.as_ref().unwrap_or(&config.rules_dir),
            filter.as_deref(),
            *json,
        ),
        Rules::Status(status) => rules_releases::status(status).await,
        Rules::Diff(diff) => rules_releases::diff(diff).await,
        Rules::Rollback(rollback) => rules_releases::rollback(rollback).await,
        Rules::Disable(disable) => rules_releases::disable(disable).await,
    }
}

fn check(path: &std::path::Path, json: bool) -> Result<Outcome> {
    let report = checking::check(path);
    if json {
        say_json(&report)?;
    } else {
        for finding in &report.findings {
            say(&describe(finding));
        }
        say(&format!(
            "{} files, {} findings",
            report.files,
            report.findings.len()
        ));
    }
    Ok(Outcome::found(!report.is_ok()))
}

fn describe(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let at = at(finding.file.as_deref(), finding.line, finding.column);
    let hint = finding
        .hint
        .as_ref()
        .map(|hint| format!("\n  {hint}"))
        .unwrap_or_default();
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

fn test(path: &std::path::Path, filter: Option<&str>, json: bool) -> Result<Outcome> {
    let report = testing::run(path, filter);
    if json {
        say_json(&report)?;
    } else {
        for failed in report.tests.iter().filter(|test| !test.passed) {
            let message = failed.message.as_deref().unwrap_or("failed");
            say(&format!(
                "{}{}: {message}",
                at(Some(&failed.file), failed.line, None),
                failed.name
            ));
        }
        say(&format!(
            "{} passed, {} failed",
            report.passed(),
            report.failed()
        ));
    }
    Ok(Outcome::found(!report.is_ok()))
}
