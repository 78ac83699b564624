//! `zamu rules check`: rule files and settings files, one after the other.

use std::fs;
use std::path::Path;

use super::Report;
use super::draft::{Rule, compile};
use crate::compiled::is_blank;
use crate::hook::Hook;
use crate::pack::{embedded_pack, folder};
use crate::settings::{Schema, parse_values};
use crate::testing::{self, Case};
use crate::{Problem, RuleKind, registry};

/// Checks a file, or every rule and settings file below a folder. The tests and kept cases that lie beside
/// a rule are run too; [`Report::cost`] is that of the dearest rule.
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
                report.error("unreadable_file", at(&shown, message));
                continue;
            }
        };
        if file.file_name().is_some_and(|name| name == "settings.toml") {
            check_values(&text, &shown, &mut report);
        } else if shown.ends_with(".settings.toml") {
            if let Err(problem) = Schema::parse(&text, &shown) {
                report.error("settings", problem);
            }
        } else if let Some(hook) = folder::hook_of(&file) {
            check_rule(hook, &text, &file, &mut report);
        } else {
            let names: Vec<String> = registry::hooks().iter().map(Hook::path).collect();
            let mut problem = at(&shown, "no hook has this name".to_owned());
            problem.hint = Some(format!("rules are called {}", names.join(", ")));
            report.error("unknown_hook", problem);
        }
    }
    report
}

fn at(file: &str, message: String) -> Problem {
    Problem {
        message,
        file: Some(file.to_owned()),
        ..Problem::default()
    }
}

fn check_rule(hook: &'static Hook, source: &str, file: &Path, report: &mut Report) {
    let shown = file.display().to_string();
    if is_blank(source) {
        return;
    }
    let Some(script) = compile(hook, RuleKind::Script, source, Some(&shown), report) else {
        return;
    };
    let beside = fs::read_to_string(file.with_extension("settings.toml"))
        .ok()
        .and_then(|text| Schema::parse(&text, "").ok());
    let owns_schema = beside.is_some();
    let shipped = embedded_pack().schemas.get(hook.name);
    let schema = beside
        .or_else(|| shipped.map(|schema| (**schema).clone()))
        .unwrap_or_default();
    let rule = Rule {
        hook,
        kind: RuleKind::Script,
        script: &script,
        schema: &schema,
        owns_schema,
    };
    let tests = fs::read_to_string(file.with_extension("test.rhai")).ok();
    let cases = fs::read_to_string(file.with_extension("cases.json")).ok();
    let cases: Vec<Case> = cases
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let bench = testing::bench(file).ok();
    // The edges of a whole folder would bury its findings; an editor asks for one rule at a time.
    let before = report.edges.len();
    rule.examine(bench.as_ref(), tests.as_deref(), &cases, report);
    report.edges.truncate(before);
}

/// Values of an organization, against the embedded schemas.
fn check_values(text: &str, file: &str, report: &mut Report) {
    let schema_of = |name: &str| embedded_pack().schemas.get(name).map(AsRef::as_ref);
    let (results, problems) = parse_values(text, file, schema_of);
    let bad = results.into_iter().filter_map(|(_, result)| result.err());
    for problem in problems.into_iter().chain(bad) {
        report.error("setting_value", problem);
    }
}
