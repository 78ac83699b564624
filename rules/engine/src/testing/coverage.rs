//! Which lines of a rule its tests reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Bench, Report, Watch, run_on};
use crate::engine::probe;
use crate::pack::traced;

/// The lines of one rule, as far as its tests and kept cases go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The rule, beside its tests.
    pub file: String,
    pub hit: Vec<u32>,
    pub never: Vec<u32>,
    pub percent: u32,
}

/// What is known of one rule while its test files run.
struct Covered {
    lines: BTreeSet<u32>,
    watches: Vec<Arc<Watch>>,
}

/// Runs the tests like [`super::run`] and adds, for each rule, the lines they reached and those they never
/// did. Lines without a statement, such as a lone brace, do not count.
pub fn coverage(path: &Path, filter: Option<&str>) -> Report {
    let mut rules: BTreeMap<PathBuf, Covered> = BTreeMap::new();
    let mut report = run_on(path, filter, &mut |file, bench| {
        let Some(first) = bench.plan.layers.first() else {
            return bench;
        };
        let lines = probe::instrumented(&first.script, bench.plan.hook).map(|(_, lines)| lines);
        let rule = file.with_file_name(format!("{}.rhai", bench.plan.hook.function()));
        let covered = rules.entry(rule).or_insert_with(|| Covered {
            lines: lines.unwrap_or_default(),
            watches: Vec::new(),
        });
        covered.watches.push(Arc::clone(&bench.watch));
        Bench {
            plan: traced(&bench.plan),
            ..bench
        }
    });
    report.coverage = rules
        .iter()
        .map(|(rule, covered)| covered.of(rule))
        .collect();
    report
}

impl Covered {
    fn of(&self, rule: &Path) -> Coverage {
        let reached: BTreeSet<u32> = self
            .watches
            .iter()
            .flat_map(|watch| watch.so_far().lines)
            .collect();
        let (hit, never): (Vec<u32>, Vec<u32>) =
            self.lines.iter().partition(|line| reached.contains(line));
        let all = self.lines.len().max(1);
        Coverage {
            file: rule.display().to_string(),
            percent: u32::try_from(hit.len() * 100 / all).unwrap_or(100),
            hit,
            never,
        }
    }
}
