//! The same facts give the same decision, byte for byte, on any thread.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use zamu_rules::testing::Case;
use zamu_rules::{Content, Decision, Rulebook, SettingChange, Value, hook, hooks};

use crate::{late_by, with};

/// Every decision as stored, without the time it took.
fn all(book: &Rulebook) -> Vec<String> {
    let mut decisions: Vec<Decision> = Vec::new();
    for minutes in [-30, 0, 5, 6, 22, 30, 31, 400] {
        decisions.push(book.decide("acme", hooks::LATENESS, late_by(minutes)));
    }
    for verdict in ["none", "inside", "outside", "uncertain"] {
        let fence = Value::from([("verdict", verdict.into())]);
        decisions.push(book.decide(
            "acme",
            hooks::CLOCK_IN,
            with(hooks::CLOCK_IN, &[("fence", fence)]),
        ));
    }
    decisions.push(book.decide("acme", hooks::GEOFENCE, with(hooks::GEOFENCE, &[])));
    decisions
        .into_iter()
        .map(|decision| {
            serde_json::to_string(&Decision {
                duration_us: 0,
                ..decision
            })
            .unwrap()
        })
        .collect()
}

/// Every case kept beside the shipped rules, with its hook.
fn kept_cases() -> Vec<(String, Case)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../default");
    let mut cases = Vec::new();
    for hook in hooks() {
        let file = root.join(format!("{}.cases.json", hook.path()));
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let kept: Vec<Case> = serde_json::from_str(&text).unwrap();
        cases.extend(kept.into_iter().map(|case| (hook.name.to_owned(), case)));
    }
    // A file no hook answers to would be left out silently.
    assert_eq!(cases.len(), count_below(&root));
    assert!(cases.len() >= 2);
    cases
}

/// How many cases lie below a folder, whatever the files are called.
fn count_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                return count_below(&path);
            }
            if !path.to_string_lossy().ends_with(".cases.json") {
                return 0;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            serde_json::from_str::<Vec<serde_json::Value>>(&text)
                .unwrap()
                .len()
        })
        .sum()
}

/// The answer to every kept case as bytes; settings are those of the case.
fn cases_as_bytes(book: &Rulebook) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (name, case) in kept_cases() {
        let content = Content {
            settings: case
                .settings
                .iter()
                .map(|(setting, value)| SettingChange {
                    hook: name.clone(),
                    name: setting.clone(),
                    value: value.clone(),
                    scope: None,
                    from: None,
                    until: None,
                    file: None,
                })
                .collect(),
            ..Content::default()
        };
        let facts = case.facts(hook(&name).unwrap());
        let decision = book.book(&content).decide(&name, facts, &[]);
        assert_eq!(decision.outcome.name, case.expect.outcome, "{}", case.name);
        let decision = Decision {
            duration_us: 0,
            ..decision
        };
        all.push(serde_json::to_vec(&decision).unwrap());
    }
    all
}

#[test]
fn every_kept_case_is_the_same_bytes_twice_on_two_threads() {
    let threads: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                let book = Rulebook::embedded();
                [cases_as_bytes(&book), cases_as_bytes(&book)]
            })
        })
        .collect();
    let results = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap());
    let results: Vec<_> = results.collect();
    assert_eq!(results.len(), 4);
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn two_threads_agree_byte_for_byte() {
    let book = Arc::new(Rulebook::embedded());
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let book = Arc::clone(&book);
            thread::spawn(move || [all(&book), all(&book)])
        })
        .collect();
    let results: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_decision_survives_storage() {
    let decision = Rulebook::embedded().decide("acme", hooks::LATENESS, late_by(22));
    let stored = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
    assert!(stored.contains("\"status\":\"OK\""));
}

#[test]
fn the_release_does_not_depend_on_when_it_was_loaded() {
    let folder = crate::folder(&[(
        "orgs/acme/attendance/lateness.rhai",
        "fn lateness(c, s) { on_time() }",
    )]);
    let (one, _) = Rulebook::load(folder.path(), None);
    let (two, _) = Rulebook::load(folder.path(), Some(&one));
    assert_eq!(one.release("acme"), two.release("acme"));
}
