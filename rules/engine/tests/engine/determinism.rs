//! The same facts give the same decision, byte for byte, on any thread.

use std::sync::Arc;
use std::thread;

use zamu_rules::{Decision, Record, Rulebook, Value, hooks};

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
    for (hook, facts) in kept_cases() {
        decisions.push(book.decide("acme", &hook, facts));
    }
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

/// Facts of every case kept beside the shipped rules.
fn kept_cases() -> Vec<(String, Record)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../default");
    let mut cases = Vec::new();
    for hook in hooks() {
        let file = folder.join(format!("{}.cases.json", hook.path()));
        let text = std::fs::read_to_string(file).unwrap();
        let kept: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for case in kept {
            let Some(Value::Record(changes)) = Value::from_json(case["facts"].clone()) else {
                panic!()
            };
            let mut facts = with(hook.name, &[]);
            facts.extend(changes);
            cases.push((hook.name.to_owned(), facts));
        }
    }
    assert!(cases.len() >= 2 * hooks().len());
    cases
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
    let (one, _) = Rulebook::load(folder.path(), None, None);
    let (two, _) = Rulebook::load(folder.path(), None, Some(&one));
    assert_eq!(one.release("acme"), two.release("acme"));
}
