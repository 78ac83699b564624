//! Decision tables: `<hook>.table.toml`, for people who would rather fill in rows than write a rule.
//!
//! ```toml
//! hit     = "first"                      # first | unique | collect
//! columns = ["minutes_late", "shift.kind"]
//!
//! [[row]]
//! when    = ["<= settings.grace_minutes", "-"]
//! then    = "on_time"
//!
//! [[row]]
//! when    = ["6..30", "night, evening"]
//! then    = "late(minutes_late)"
//! because = "the night bus is no excuse after half past"
//!
//! [default]
//! then    = "inherit"
//! ```
//!
//! A cell is `-` (anything), `empty` or `filled`, a comparison (`<= 5`, `> settings.grace_minutes`), a range
//! with both ends (`5..30`), one or several values (`night, evening`, `not day`), `yes` or `no`. A table
//! becomes the script it stands for, so it has the same limits, trace and tests.

mod answer;
mod cell;
mod column;
mod cover;
mod parse;
mod script;

use crate::checking::{Finding, Severity};
use crate::hook::Hook;
use crate::pack::embedded_pack;
use crate::{Problem, Setting};

use parse::Table;
pub(crate) use script::Places;

/// Everything that can be said about a table without running it: what cannot be read, gaps, overlaps, rows
/// that are never reached. `settings` are those the rule will have; their defaults stand in for values.
pub fn findings(hook: &'static Hook, text: &str, settings: &[Setting]) -> Vec<Finding> {
    let table = match Table::parse(hook, text) {
        Ok(table) => table,
        Err(problem) => return vec![Finding::of("table", Severity::Error, problem)],
    };
    let mut found = cover::unknown_settings(&table, settings);
    found.extend(cover::judge(&table, settings));
    found
}

/// The script a table stands for, and where each of its lines comes from. Gaps and overlaps are errors,
/// except in a table that is only `kept`: it was judged by the settings of its own time.
pub(crate) fn translate(
    hook: &'static Hook,
    text: &str,
    file: Option<&str>,
    kept: bool,
) -> Result<(String, Places), Problem> {
    let in_file = |problem: Problem| Problem {
        file: file.map(str::to_owned),
        ..problem
    };
    let table = Table::parse(hook, text).map_err(in_file)?;
    if kept {
        return Ok(script::write(hook, &table));
    }
    // Which settings a pack adds is not known here; their columns are judged where it is.
    let shipped = embedded_pack().schemas.get(hook.name);
    let settings = shipped.map(|schema| schema.settings.as_slice());
    let found = cover::judge(&table, settings.unwrap_or_default());
    let error = found
        .into_iter()
        .find(|finding| finding.severity == Severity::Error);
    match error {
        Some(error) => Err(in_file(Problem {
            message: error.message,
            hint: error.hint,
            file: None,
            line: error.line,
            column: error.column,
        })),
        None => Ok(script::write(hook, &table)),
    }
}
