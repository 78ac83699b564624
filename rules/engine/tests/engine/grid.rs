//! The shipped script and its Rust twin agree on every point of a generated grid, whatever the hook.

use std::collections::BTreeSet;

use zamu_rules::{Book, Content, Decision, Hook, Record, Rulebook, SettingChange, Status, hooks};

use crate::folder;
use crate::points::{Dice, Hints};

/// How many mixes of settings, and of facts for each.
const SETTINGS: usize = 25;
const MIXES: usize = 20;

/// Settings, and facts to try with them.
pub(crate) fn grid(hook: &'static Hook) -> impl Iterator<Item = (Content, Vec<Record>)> {
    let hints = Hints::of(hook);
    let sample = hook.sample();
    let mut dice = Dice::new();
    let usual = (Content::default(), hints.pairs(hook.facts, &sample));
    std::iter::once(usual).chain((0..SETTINGS).map(move |_| {
        let content = content(hook, hints.settings(&mut dice));
        let mixes = (0..MIXES).map(|_| hints.mix(hook.facts, &sample, &mut dice));
        (content, mixes.collect())
    }))
}

/// A rulebook whose scripts are all switched off, so that the twins answer.
pub(crate) fn twins() -> Rulebook {
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

/// Decides, and once more where a busy machine stopped the rule: that is not the rule's verdict.
pub(crate) fn calm(book: &Book, hook: &Hook, facts: &Record) -> Decision {
    let ask = || book.decide(hook.name, facts.clone(), &[]);
    let is_verdict = |decision: &Decision| decision.status != Status::Incident;
    std::iter::repeat_with(ask)
        .take(10)
        .find(is_verdict)
        .unwrap()
}

/// Asks both; says which outcome they agree on.
fn agree(hook: &Hook, script: &Book, twin: &Book, facts: &Record) -> String {
    let one = calm(script, hook, facts);
    let two = calm(twin, hook, facts);
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
    let mut count = 0;
    for hook in hooks() {
        let mut seen = BTreeSet::new();
        for (content, points) in grid(hook) {
            let books = (scripts.book(&content), twins.book(&content));
            count += points.len();
            for facts in points {
                seen.insert(agree(hook, &books.0, &books.1, &facts));
            }
        }
        reached(
            hook,
            &scripts.source("anybody", hook.name).unwrap().text,
            &seen,
        );
    }
    assert!(count > 20_000, "only {count} points");
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
