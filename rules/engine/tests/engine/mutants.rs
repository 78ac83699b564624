//! Whether anybody would notice: every comparison, condition and sum of every shipped rule is changed, one at
//! a time, and the grid or the tests beside the rule must see the difference.

use std::fs;
use std::path::Path;

use zamu_rules::{Hook, Rulebook, hooks, testing};

use crate::grid::{calm, grid, twins};
use crate::{folder, write};

const SLIPS: [(&str, &str); 12] = [
    (" >= ", " > "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" < ", " <= "),
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    ("!", ""),
];

/// Changes that mean the same: no extra minutes are no started block.
const SAME: [&str; 1] = ["if extra >= 0 {"];

/// Every rule with one slip in it, and the line of the slip.
fn mutants(source: &str) -> Vec<(String, String)> {
    let mut mutants = Vec::new();
    for (from, to) in SLIPS {
        for (at, _) in source.match_indices(from) {
            let mutant = format!("{}{to}{}", &source[..at], &source[at + from.len()..]);
            let number = source[..at].matches('\n').count();
            let line = mutant.lines().nth(number).unwrap().trim().to_owned();
            if !line.starts_with("//") && !SAME.contains(&line.as_str()) {
                mutants.push((mutant, line));
            }
        }
    }
    mutants
}

#[test]
fn no_slip_in_a_shipped_rule_goes_unnoticed() {
    let (scripts, twins) = (Rulebook::embedded(), twins());
    let mut count = 0;
    let mut unnoticed = Vec::new();
    for hook in hooks() {
        let source = scripts.source("anybody", hook.name).unwrap().text;
        for (mutant, line) in mutants(&source) {
            count += 1;
            if !is_noticed(hook, &mutant, &twins) {
                unnoticed.push(format!("{}: {line}", hook.name));
            }
        }
    }
    assert_eq!(unnoticed, Vec::<String>::new());
    assert!(count > 100, "only {count} slips were tried");
}

fn is_noticed(hook: &'static Hook, mutant: &str, twins: &Rulebook) -> bool {
    let path = format!("default/{}.rhai", hook.path());
    let folder = folder(&[(path.as_str(), mutant)]);
    let (book, problems) = Rulebook::load(folder.path(), None, None);
    !problems.is_empty() || grid_sees(hook, &book, twins) || tests_see(hook, folder.path())
}

fn grid_sees(hook: &'static Hook, mutants: &Rulebook, twins: &Rulebook) -> bool {
    grid(hook).any(|(content, points)| {
        let (mutant, twin) = (mutants.book(&content), twins.book(&content));
        points.into_iter().any(|facts| {
            let (one, two) = (calm(&mutant, hook, &facts), calm(&twin, hook, &facts));
            (one.outcome, one.reasons, one.flags, one.asks)
                != (two.outcome, two.reasons, two.flags, two.asks)
        })
    })
}

fn tests_see(hook: &Hook, root: &Path) -> bool {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../default");
    let tests = format!("{}.test.rhai", hook.path());
    let text = fs::read_to_string(shipped.join(&tests)).unwrap();
    write(root, &format!("default/{tests}"), &text);
    !testing::run(root, None).is_ok()
}
