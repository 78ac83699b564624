//! The rules engine from outside: traps of the language, hostile scripts, mistakes, files, the shipped
//! pack. Everything goes through the public door, because that is the one the server uses.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod bench;
mod cases;
mod checking;
mod determinism;
mod explain;
mod files;
mod grid;
mod hostile;
mod lint;
mod mistakes;
mod shipped;
mod traps;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use zamu_rules::{Decision, Record, Rulebook, Value, hook, hooks};

/// A rules folder with some files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// A rulebook in which `acme` has this lateness rule; it must compile.
fn acme(source: &str) -> Rulebook {
    let folder = folder(&[("orgs/acme/attendance/lateness.rhai", source)]);
    let (book, problems) = Rulebook::load(folder.path(), None);
    assert_eq!(problems, [], "{source}");
    book
}

/// What is wrong with a lateness rule that must not compile.
fn refused(source: &str) -> zamu_rules::FileProblem {
    let folder = folder(&[("orgs/acme/attendance/lateness.rhai", source)]);
    let (_, mut problems) = Rulebook::load(folder.path(), None);
    assert_eq!(problems.len(), 1, "{source}");
    problems.remove(0)
}

/// A lateness rule with this body, judged on an ordinary day, 22 minutes late.
fn judge(body: &str) -> Decision {
    let source = format!("fn lateness(clock_in, settings) {{ {body} }}");
    acme(&source).decide("acme", hooks::LATENESS, late_by(22))
}

/// Whether a condition holds inside a rule; the decision must be clean.
fn holds(condition: &str) -> bool {
    let decision = judge(&format!(
        "if {condition} {{ excused() }} else {{ on_time() }}"
    ));
    assert_eq!(decision.problem, None, "{condition}");
    decision.outcome.name == "excused"
}

/// The message a body fails with.
fn fails(body: &str) -> String {
    let decision = judge(body);
    decision
        .problem
        .unwrap_or_else(|| panic!("{body} did not fail"))
        .message
}

fn late_by(minutes: i64) -> Record {
    with(hooks::LATENESS, &[("minutes_late", minutes.into())])
}

/// The sample facts of a hook with some replaced.
fn with(name: &str, changes: &[(&str, Value)]) -> Record {
    let mut facts = hook(name).unwrap().sample();
    for (field, value) in changes {
        facts.insert((*field).to_owned(), value.clone());
    }
    facts
}
