//! Gaps and overlaps: every combination of values that the cells tell apart is tried once.

use super::cell::{Bound, Part, Test};
use super::column::{Asks, Column};
use super::parse::{Hit, Row, Table};
use crate::checking::{Finding, Severity};
use crate::suggest::nearest;
use crate::{Setting, Value};

/// More combinations than this are not tried; such a table is too wide to read anyway.
const LIMIT: usize = 50_000;
/// Tags told apart in one column: each doubles the combinations.
const TAGS_LIMIT: usize = 6;

/// A value that stands for all values the cells of a column do not tell apart.
#[derive(Clone, Debug, PartialEq)]
enum Sample {
    Empty,
    /// There, and nothing more is asked.
    There,
    Yes(bool),
    Number {
        from: Option<i64>,
        to: Option<i64>,
    },
    Text(String),
    /// A text no cell names.
    Other,
    Tags(Vec<String>),
}

/// Settings that no form has.
pub(super) fn unknown_settings(table: &Table, settings: &[Setting]) -> Vec<Finding> {
    let names = || settings.iter().map(|setting| setting.name.as_str());
    let mut found = Vec::new();
    for cell in table.rows.iter().flat_map(|row| &row.cells) {
        for name in cell
            .test
            .parts()
            .iter()
            .flat_map(bounds)
            .filter_map(setting_of)
        {
            if names().all(|known| known != name) {
                let hint = nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
                let message = format!("`settings` has no `{name}`");
                found.push(finding(cell.line, Severity::Error, message, hint));
            }
        }
    }
    found
}

pub(super) fn judge(table: &Table, settings: &[Setting]) -> Vec<Finding> {
    let values = Values(settings);
    let Some(samples) = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            samples(
                column,
                table.rows.iter().map(|row| test(row, index)),
                &values,
            )
        })
        .collect::<Option<Vec<_>>>()
    else {
        let message = "gaps and overlaps cannot be looked for: a setting in it is not known here, or one column tells too many tags apart";
        return vec![finding(1, Severity::Warning, message.to_owned(), None)];
    };
    let count = samples
        .iter()
        .try_fold(1_usize, |all, column| all.checked_mul(column.len()));
    if count.is_none_or(|count| count > LIMIT) {
        let message = "the table tells too many cases apart to look for gaps and overlaps";
        let hint = Some("split it, or use fewer columns".to_owned());
        return vec![finding(1, Severity::Warning, message.to_owned(), hint)];
    }
    let mut tried = Tried::new(table);
    for number in 0..count.unwrap_or(0) {
        let case = case(&samples, number);
        tried.look(table, &case, &values);
    }
    tried.findings(table, uses_settings(table))
}

/// What trying every case showed.
struct Tried {
    reached: Vec<bool>,
    gaps: usize,
    first_gap: Option<String>,
    overlap: Option<(usize, usize, String)>,
}

impl Tried {
    fn new(table: &Table) -> Self {
        Self {
            reached: vec![false; table.rows.len()],
            gaps: 0,
            first_gap: None,
            overlap: None,
        }
    }

    fn look(&mut self, table: &Table, case: &[&Sample], values: &Values<'_>) {
        let fits = |row: &Row| {
            let mut cells = row.cells.iter().zip(case);
            cells.all(|(cell, sample)| holds(&cell.test, sample, values))
        };
        let mut fitting = (0..)
            .zip(&table.rows)
            .filter(|(_, row)| fits(row))
            .map(|(index, _)| index);
        let Some(first) = fitting.next() else {
            if table.default.is_none() {
                self.gaps += 1;
                self.first_gap
                    .get_or_insert_with(|| describe(&table.columns, case));
            }
            return;
        };
        let mut reach = |index: usize| {
            if let Some(reached) = self.reached.get_mut(index) {
                *reached = true;
            }
        };
        reach(first);
        if table.hit == Hit::First {
            return;
        }
        for other in fitting {
            reach(other);
            if table.hit == Hit::Unique && self.overlap.is_none() {
                self.overlap = Some((first, other, describe(&table.columns, case)));
            }
        }
    }

    fn findings(self, table: &Table, uses_settings: bool) -> Vec<Finding> {
        let with = if uses_settings {
            " (looked at with the defaults of the settings)"
        } else {
            ""
        };
        let line = |row: usize| table.rows.get(row).map_or(1, |row| row.line);
        let mut found = Vec::new();
        if let Some((one, other, case)) = self.overlap {
            let (first, second) = (one + 1, other + 1);
            let message = format!("rows {first} and {second} both answer when {case}{with}");
            let hint = "make them differ, or write `hit = \"first\"`".to_owned();
            found.push(finding(line(other), Severity::Error, message, Some(hint)));
        }
        if let Some(case) = self.first_gap {
            let more = match self.gaps {
                1 => String::new(),
                gaps => format!(", and in {} other cases", gaps - 1),
            };
            let message = format!("no row answers when {case}{more}{with}");
            let hint =
                "add a row, or a [default]; `then = \"inherit\"` asks the rule below".to_owned();
            found.push(finding(1, Severity::Error, message, Some(hint)));
        }
        for (index, _) in self
            .reached
            .iter()
            .enumerate()
            .filter(|(_, reached)| !**reached)
        {
            let message = format!("row {} is never reached{with}", index + 1);
            let hint = "a row above answers first, or no value fits".to_owned();
            found.push(finding(line(index), Severity::Warning, message, Some(hint)));
        }
        found
    }
}

fn finding(line: u32, severity: Severity, message: String, hint: Option<String>) -> Finding {
    Finding {
        code: "table_cover".to_owned(),
        file: None,
        line: Some(line),
        column: Some(1),
        severity,
        message,
        hint,
    }
}

/// The defaults that stand in for the values of settings.
struct Values<'a>(&'a [Setting]);

impl Values<'_> {
    fn of(&self, bound: &Bound) -> Option<i64> {
        match bound {
            Bound::Number(number) => Some(*number),
            Bound::Setting(name) => {
                let setting = self.0.iter().find(|setting| setting.name == *name)?;
                setting.default.as_whole()
            }
        }
    }
}

fn test(row: &Row, column: usize) -> &Test {
    row.cells.get(column).map_or(&Test::Any, |cell| &cell.test)
}

fn bounds(part: &Part) -> Vec<&Bound> {
    match part {
        Part::Compare(_, bound) => vec![bound],
        Part::Between(low, high) => vec![low, high],
        Part::Yes(_) | Part::Text(_) => Vec::new(),
    }
}

fn setting_of(bound: &Bound) -> Option<&str> {
    match bound {
        Bound::Setting(name) => Some(name),
        Bound::Number(_) => None,
    }
}

fn uses_settings(table: &Table) -> bool {
    let cells = table.rows.iter().flat_map(|row| &row.cells);
    let mut bounds = cells.flat_map(|cell| cell.test.parts()).flat_map(bounds);
    bounds.any(|bound| setting_of(bound).is_some())
}

/// The values a column tells apart; nothing when that cannot be known.
fn samples<'a>(
    column: &Column,
    tests: impl Iterator<Item = &'a Test>,
    values: &Values<'_>,
) -> Option<Vec<Sample>> {
    let parts: Vec<&Part> = tests.flat_map(Test::parts).collect();
    let mut samples = match column.asks {
        Asks::YesNo => vec![Sample::Yes(true), Sample::Yes(false)],
        Asks::Whole => numbers(&parts, values)?,
        Asks::Choice(choices) => choices
            .iter()
            .map(|choice| Sample::Text((*choice).to_owned()))
            .collect(),
        Asks::Text => {
            let named = words(&parts).into_iter().map(Sample::Text);
            named.chain([Sample::Other]).collect()
        }
        Asks::Tags => tags(&words(&parts))?,
        Asks::Presence => vec![Sample::There],
    };
    if !column.may_be_empty.is_empty() {
        samples.push(Sample::Empty);
    }
    Some(samples)
}

fn words(parts: &[&Part]) -> Vec<String> {
    let mut words: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    words.sort();
    words.dedup();
    words
}

/// Every set of tags the cells tell apart.
fn tags(words: &[String]) -> Option<Vec<Sample>> {
    if words.len() > TAGS_LIMIT {
        return None;
    }
    let mut sets: Vec<Vec<String>> = vec![Vec::new()];
    for word in words {
        let with = sets
            .iter()
            .map(|set| [set.as_slice(), std::slice::from_ref(word)].concat());
        let with: Vec<Vec<String>> = with.collect();
        sets.extend(with);
    }
    Some(sets.into_iter().map(Sample::Tags).collect())
}

/// Each number a cell names, and the stretches between them.
fn numbers(parts: &[&Part], values: &Values<'_>) -> Option<Vec<Sample>> {
    let bounds = parts.iter().flat_map(|part| bounds(part));
    let mut numbers: Vec<i64> = bounds
        .map(|bound| values.of(bound))
        .collect::<Option<_>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    let mut samples = Vec::new();
    let mut from = None;
    for number in numbers {
        let to = number.checked_sub(1)?;
        if from.is_none_or(|from| from <= to) {
            samples.push(Sample::Number { from, to: Some(to) });
        }
        let here = Some(number);
        samples.push(Sample::Number {
            from: here,
            to: here,
        });
        from = Some(number.checked_add(1)?);
    }
    samples.push(Sample::Number { from, to: None });
    Some(samples)
}

/// The combination of this number, when all are counted through.
fn case(samples: &[Vec<Sample>], mut number: usize) -> Vec<&Sample> {
    let mut case = Vec::with_capacity(samples.len());
    for column in samples {
        case.extend(column.get(number % column.len()));
        number /= column.len();
    }
    case
}

fn holds(test: &Test, sample: &Sample, values: &Values<'_>) -> bool {
    let any = |parts: &[Part]| parts.iter().any(|part| part_holds(part, sample, values));
    let is_empty = *sample == Sample::Empty;
    match test {
        Test::Any => true,
        Test::Empty => is_empty,
        Test::Filled => !is_empty,
        Test::Is(parts) => !is_empty && any(parts),
        Test::Not(parts) => !is_empty && !any(parts),
    }
}

fn part_holds(part: &Part, sample: &Sample, values: &Values<'_>) -> bool {
    match (part, sample) {
        (Part::Yes(wanted), Sample::Yes(given)) => wanted == given,
        (Part::Text(wanted), Sample::Text(given)) => wanted == given,
        (Part::Text(wanted), Sample::Tags(given)) => given.contains(wanted),
        (Part::Compare(operator, bound), Sample::Number { from, to }) => {
            // No bound lies inside a stretch, so one number speaks for all of it.
            let (Some(number), Some(bound)) = (from.or(*to), values.of(bound)) else {
                return false;
            };
            match *operator {
                "<=" => number <= bound,
                "<" => number < bound,
                ">=" => number >= bound,
                ">" => number > bound,
                _ => number == bound,
            }
        }
        (Part::Between(low, high), Sample::Number { from, to }) => {
            let ends = values.of(low).zip(values.of(high)).zip(from.or(*to));
            ends.is_some_and(|((low, high), number)| (low..=high).contains(&number))
        }
        _ => false,
    }
}

/// `minutes_late is 6 to 29 and shift.kind is night`
fn describe(columns: &[Column], case: &[&Sample]) -> String {
    let words = columns.iter().zip(case).map(|(column, sample)| {
        let path = &column.path;
        match sample {
            Sample::Empty => format!("`{path}` is empty"),
            Sample::There => format!("`{path}` is there"),
            Sample::Yes(answer) => format!("`{path}` is {}", Value::from(*answer)),
            Sample::Text(text) => format!("`{path}` is {text}"),
            Sample::Other => format!("`{path}` is something else"),
            Sample::Tags(tags) if tags.is_empty() => format!("`{path}` has none of these tags"),
            Sample::Tags(tags) => format!("`{path}` has {}", tags.join(" and ")),
            Sample::Number {
                from: None,
                to: None,
            } => format!("`{path}` is anything"),
            Sample::Number {
                from: None,
                to: Some(to),
            } => format!("`{path}` is {to} or less"),
            Sample::Number {
                from: Some(from),
                to: None,
            } => format!("`{path}` is {from} or more"),
            Sample::Number {
                from: Some(from),
                to: Some(to),
            } if from == to => format!("`{path}` is {from}"),
            Sample::Number {
                from: Some(from),
                to: Some(to),
            } => format!("`{path}` is {from} to {to}"),
        }
    });
    words.collect::<Vec<_>>().join(" and ")
}
