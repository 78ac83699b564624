//! The shipped script and its Rust twin agree on every point of a generated grid, whatever the hook.

use std::collections::BTreeSet;

use zamu_rules::{Book, Content, Hook, Record, Rulebook, SettingChange, hooks};

use crate::folder;
use crate::points::{Dice, Hints};

/// How many mixes of settings, and of facts for each.
const SETTINGS: usize = 40;
const MIXES: usize = 25;

/// A rulebook whose scripts are all switched off, so that the twins answer.
fn twins() -> Rulebook {
    let paths = hooks()
        .iter()
        .map(|hook| format!("default/{}.rhai", hook.path()));
    let paths: Vec<String> = paths.collect();
    let files: Vec<(&str, &str)> = paths
        .iter()
        .map(|path| (path.as_str(), "// off\n"))
        .collect();
    let (twins, problems) = Rulebook::load(folder(&files).path(), None, None);
    assert_eq!(problems, []);
    twins
}

/// Asks both; says which outcome they agree on.
fn agree(hook: &Hook, script: &Book, twin: &Book, facts: &Record) -> String {
    let one = script.decide(hook.name, facts.clone(), &[]);
    let two = twin.decide(hook.name, facts.clone(), &[]);
    let settings = script.settings(hook.name, None, &[]);
    let at = format!("{} with {facts:?} and {settings:?}", hook.name);
    assert_eq!(one.problem, None, "{at}");
    assert_eq!(
        (one.status.as_str(), two.status.as_str()),
        ("OK", "DEFAULTED"),
        "{at}"
    );
    assert_eq!(one.outcome, two.outcome, "{at}");
    assert_eq!(one.reasons, two.reasons, "{at}");
    assert_eq!((&one.flags, &one.asks), (&two.flags, &two.asks), "{at}");
    assert_eq!(
        (&one.tells, one.needs_review),
        (&two.tells, two.needs_review),
        "{at}"
    );
    one.outcome.name
}

fn content(hook: &Hook, values: Vec<(String, zamu_rules::Value)>) -> Content {
    let changes = values.into_iter().map(|(name, value)| SettingChange {
        hook: hook.name.to_owned(),
        name,
        value,
        scope: None,
        from: None,
        until: None,
        file: None,
    });
    Content {
        settings: changes.collect(),
        ..Content::default()
    }
}

#[test]
fn every_twin_agrees_with_its_script() {
    let (scripts, twins) = (Rulebook::embedded(), twins());
    for hook in hooks() {
        let mut dice = Dice::new();
        let hints = Hints::of(hook);
        let sample = hook.sample();
        let mut seen = BTreeSet::new();
        let nothing_set = Content::default();
        let books = (scripts.book(&nothing_set), twins.book(&nothing_set));
        for facts in hints.single_changes(hook.facts, &sample) {
            seen.insert(agree(hook, &books.0, &books.1, &facts));
        }
        for _ in 0..SETTINGS {
            let content = content(hook, hints.settings(&mut dice));
            let books = (scripts.book(&content), twins.book(&content));
            for _ in 0..MIXES {
                let facts = hints.mix(hook.facts, &sample, &mut dice);
                seen.insert(agree(hook, &books.0, &books.1, &facts));
            }
        }
        reached(
            hook,
            &scripts.source("anybody", hook.name).unwrap().text,
            &seen,
        );
    }
}

/// The grid is worth something only if it reaches every answer the rule can give.
fn reached(hook: &Hook, source: &str, seen: &BTreeSet<String>) {
    for outcome in hook.outcomes {
        let call = format!("{}(", outcome.name);
        let gives = source
            .lines()
            .any(|line| line.contains(&call) && !line.starts_with("fn ") && !line.contains("//"));
        if gives {
            assert!(
                seen.contains(outcome.name),
                "{} never said {}",
                hook.name,
                outcome.name
            );
        }
    }
}
