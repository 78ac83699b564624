//! `zamu plugin check`: everything that can be said about a pack before it is enabled.

use std::fs;
use std::path::{Path, PathBuf};

use super::digest::{self, MANIFEST};
use super::{PackInfo, PackRule, folder, install, manifest};
use crate::checking::{Finding, Report, Severity};
use crate::compiled::Script;
use crate::engine::lint;
use crate::hook::{Class, Hook};
use crate::pack::embedded_pack;
use crate::settings::Schema;
use crate::{Problem, RuleKind, registry, tables};

/// Checks one pack, or every pack below a folder.
pub fn check(path: &Path) -> Report {
    let mut report = Report::default();
    let roots = roots(path);
    if roots.is_empty() {
        let message = format!("there is no pack here: no folder with a `{MANIFEST}`");
        let problem = Problem {
            message,
            file: Some(path.display().to_string()),
            ..Problem::default()
        };
        report
            .findings
            .push(Finding::of("not_permitted", Severity::Error, problem));
    }
    for root in roots {
        check_pack(&root, &mut report);
    }
    report
}

/// The digest of a pack's files, to be written into its manifest.
pub fn digest(root: &Path) -> Result<String, Problem> {
    digest::of(root)
}

fn roots(path: &Path) -> Vec<PathBuf> {
    if path.join(MANIFEST).is_file() {
        return vec![path.to_owned()];
    }
    if let Some(root) = folder::root_of(path) {
        return vec![root];
    }
    let mut roots: Vec<PathBuf> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|entry| entry.join(MANIFEST).is_file())
        .collect();
    roots.sort();
    roots
}

fn check_pack(root: &Path, report: &mut Report) {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let id = root
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let pack = install::read(&root, id.as_deref().unwrap_or_default(), embedded_pack());
    report.files += 1 + pack.rules.len() + pack.schemas.len();
    for problem in &pack.problems {
        report.findings.push(Finding {
            code: "pack".to_owned(),
            file: Some(problem.path.clone()),
            line: problem.line,
            column: problem.column,
            severity: Severity::Error,
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        });
    }
    if pack.is_ok() {
        rules(&pack, report);
        papers(&pack, &root, report);
    }
}

/// What a look at each rule shows without running it, over the settings that ship and those of the pack.
fn rules(pack: &PackInfo, report: &mut Report) {
    for (name, rule) in &pack.rules {
        let Some(hook) = registry::hook(name) else {
            continue;
        };
        let Ok(script) = Script::of(hook, rule.kind, &rule.text, Some(&rule.file)) else {
            continue;
        };
        let shipped = embedded_pack().schemas.get(name);
        let schemas = shipped.into_iter().chain(pack.schemas.get(name));
        let schema = Schema::joined(schemas.map(AsRef::as_ref));
        report
            .findings
            .extend(remarks(&script, hook, rule, &schema));
        for (path, _) in manifest::private(hook.facts, "", Class::Open) {
            let asked = &pack.permissions.read;
            let may = asked
                .iter()
                .any(|pattern| crate::pack::covers(pattern, &path));
            if !may && script.text.contains(&format!(".{path}")) {
                let message =
                    format!("the rule reads `{path}`, which the manifest does not ask for");
                let hint = "add it to `read` under [permissions]".to_owned();
                let problem = Problem {
                    message,
                    hint: Some(hint),
                    file: Some(rule.file.clone()),
                    ..Problem::default()
                };
                report
                    .findings
                    .push(Finding::of("not_permitted", Severity::Error, problem));
            }
        }
    }
}

/// A table is looked at as a table: the lines of its script are not its author's.
fn remarks(script: &Script, hook: &'static Hook, rule: &PackRule, schema: &Schema) -> Vec<Finding> {
    if rule.kind == RuleKind::Table {
        let found = tables::findings(hook, &rule.text, &schema.settings).into_iter();
        let in_file = |finding| Finding {
            file: Some(rule.file.clone()),
            ..finding
        };
        return found.map(in_file).collect();
    }
    let small = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    let remarks = lint::lint(script, hook, schema).remarks;
    let remarks = remarks.into_iter().map(|remark| Finding {
        code: remark.code.to_owned(),
        file: Some(rule.file.clone()),
        line: small(remark.position.line()),
        column: small(remark.position.position()),
        severity: if remark.is_error {
            Severity::Error
        } else {
            Severity::Warning
        },
        message: remark.message,
        hint: remark.hint,
    });
    remarks.collect()
}

/// What every pack brings beside its rules: reasons, a page for people, tests, a digest.
fn papers(pack: &PackInfo, root: &Path, report: &mut Report) {
    let mut warn = |file: &str, message: String| {
        let problem = Problem {
            message,
            file: Some(format!("plugins/{}/{file}", pack.id)),
            ..Problem::default()
        };
        report
            .findings
            .push(Finding::of("papers", Severity::Warning, problem));
    };
    for asked in &pack.permissions.read {
        if !pack.permissions.justify.contains_key(asked) {
            warn(MANIFEST, format!("it does not say why it reads `{asked}`"));
        }
    }
    if pack.readme.trim().is_empty() {
        let message = "there is no page that says what changes if you switch this on";
        warn("docs/README.md", message.to_owned());
    }
    let tests = crate::pack::folder::files(root, &[".test.rhai", ".cases.json"]);
    if tests.is_empty() {
        warn("tests", "it has no tests".to_owned());
    }
}
