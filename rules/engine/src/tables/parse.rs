//! Reading a table file: columns, rows, the answer of each row.

use serde::Deserialize;
use toml::Spanned;

use super::cell::Test;
use super::column::Column;
use crate::Problem;
use crate::engine::words::DECORATIONS;
use crate::hook::{Hook, OutcomeSpec};
use crate::settings::{line_at, line_of};
use crate::suggest::nearest;
use crate::verdict::INHERIT;

const COLUMNS_LIMIT: usize = 12;
const ROWS_LIMIT: usize = 100;

/// Which rows answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Hit {
    /// The first row that fits.
    First,
    /// The only row that fits; two that overlap are a mistake.
    Unique,
    /// The default answers, and every row that fits adds to it.
    Collect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hit: Hit,
    columns: Vec<Spanned<String>>,
    #[serde(rename = "row")]
    rows: Vec<Spanned<WrittenRow>>,
    default: Option<Spanned<WrittenAnswer>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRow {
    when: Vec<Spanned<toml::Value>>,
    then: Option<Spanned<String>>,
    because: Option<String>,
    #[serde(default)]
    flag: Codes,
    #[serde(default)]
    tell: Codes,
    #[serde(default)]
    ask_for: Codes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnswer {
    then: Option<Spanned<String>>,
    because: Option<String>,
    #[serde(default)]
    flag: Codes,
    #[serde(default)]
    tell: Codes,
    #[serde(default)]
    ask_for: Codes,
}

/// One code, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Codes {
    One(String),
    Many(Vec<String>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Codes {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(code) => vec![code],
            Self::Many(codes) => codes,
        }
    }
}

pub(super) struct Table {
    pub(super) hit: Hit,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    pub(super) default: Option<Answer>,
}

pub(super) struct Row {
    pub(super) line: u32,
    pub(super) cells: Vec<Cell>,
    pub(super) answer: Answer,
}

pub(super) struct Cell {
    pub(super) line: u32,
    pub(super) test: Test,
}

/// What a row answers, and what it notes.
pub(super) struct Answer {
    pub(super) line: u32,
    /// The outcome, nothing in a row that only adds; then what is called on it.
    pub(super) calls: Vec<Call>,
    /// Decorations with their text.
    pub(super) notes: Vec<(&'static str, String)>,
}

/// `late(minutes_late)`
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    pub(super) is_method: bool,
}

type Refusal = (String, Option<String>);

struct Reader<'a> {
    hook: &'static Hook,
    text: &'a str,
}

impl Table {
    pub(super) fn parse(hook: &'static Hook, text: &str) -> Result<Self, Problem> {
        let reader = Reader { hook, text };
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            at(line, (error.message().to_owned(), None))
        })?;
        let columns = reader.columns(&written.columns)?;
        if written.rows.len() > ROWS_LIMIT {
            let message = format!("a table has at most {ROWS_LIMIT} rows");
            return Err(at(1, (message, None)));
        }
        let rows = written.rows.into_iter();
        let rows: Vec<Row> = rows
            .map(|row| reader.row(row, &columns, written.hit))
            .collect::<Result<_, _>>()?;
        let default = written.default.map(|default| {
            let line = line_at(text, default.span().start);
            reader.answer(default.into_inner(), line, false)
        });
        let default = default.transpose()?;
        if written.hit == Hit::Collect && default.is_none() {
            let message = "a table that collects needs a [default]: the answer the rows add to";
            return Err(at(1, (message.to_owned(), None)));
        }
        Ok(Self {
            hit: written.hit,
            columns,
            rows,
            default,
        })
    }
}

fn at(line: u32, (message, hint): Refusal) -> Problem {
    Problem {
        message,
        hint,
        file: None,
        line: Some(line),
        column: Some(1),
    }
}

impl Reader<'_> {
    fn columns(&self, written: &[Spanned<String>]) -> Result<Vec<Column>, Problem> {
        if written.is_empty() || written.len() > COLUMNS_LIMIT {
            let message = format!("a table has between one and {COLUMNS_LIMIT} columns");
            return Err(at(
                line_of(self.text, "columns").unwrap_or(1),
                (message, None),
            ));
        }
        let column = |path: &Spanned<String>| {
            let line = line_at(self.text, path.span().start);
            Column::of(self.hook, path.get_ref()).map_err(|refusal| at(line, refusal))
        };
        written.iter().map(column).collect()
    }

    fn row(&self, row: Spanned<WrittenRow>, columns: &[Column], hit: Hit) -> Result<Row, Problem> {
        let line = line_at(self.text, row.span().start);
        let written = row.into_inner();
        if written.when.len() != columns.len() {
            let (cells, columns) = (written.when.len(), columns.len());
            let message = format!("this row has {cells} cells, the table {columns} columns");
            let cure = Some("write `-` where anything fits".to_owned());
            return Err(at(line, (message, cure)));
        }
        let cells = columns.iter().zip(&written.when);
        let cells: Vec<Cell> = cells
            .map(|(column, cell)| self.cell(column, cell))
            .collect::<Result<_, _>>()?;
        let answer = WrittenAnswer {
            then: written.then,
            because: written.because,
            flag: written.flag,
            tell: written.tell,
            ask_for: written.ask_for,
        };
        let answer = self.answer(answer, line, hit == Hit::Collect)?;
        Ok(Row {
            line,
            cells,
            answer,
        })
    }

    fn cell(&self, column: &Column, cell: &Spanned<toml::Value>) -> Result<Cell, Problem> {
        let line = line_at(self.text, cell.span().start);
        let written = match cell.get_ref() {
            toml::Value::String(words) => words.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(answer) => answer.to_string(),
            _ => {
                let message = "a cell is a text, a whole number, or true or false".to_owned();
                return Err(at(line, (message, None)));
            }
        };
        let test = Test::parse(column, &written).map_err(|(message, hint)| {
            let message = format!("column `{}`: {message}", column.path);
            at(line, (message, hint))
        })?;
        Ok(Cell { line, test })
    }

    /// `only_adds`: the row of a table that collects, which has no outcome of its own.
    fn answer(
        &self,
        written: WrittenAnswer,
        line: u32,
        only_adds: bool,
    ) -> Result<Answer, Problem> {
        let place = written
            .then
            .as_ref()
            .map(|then| line_at(self.text, then.span().start));
        let then = written.then.map(Spanned::into_inner).unwrap_or_default();
        let line = place.unwrap_or(line);
        let calls =
            calls(self.hook, then.trim(), only_adds).map_err(|refusal| at(line, refusal))?;
        let mut notes: Vec<(&'static str, String)> = Vec::new();
        notes.extend(written.because.map(|text| ("because", text)));
        for (word, codes) in [
            ("flag", written.flag),
            ("tell", written.tell),
            ("ask_for", written.ask_for),
        ] {
            notes.extend(codes.list().into_iter().map(|code| (word, code)));
        }
        Ok(Answer { line, calls, notes })
    }
}

/// `fence(100).needs_accuracy(50)`, or `.overtime(60, 150)` in a row that only adds.
fn calls(hook: &'static Hook, then: &str, only_adds: bool) -> Result<Vec<Call>, Refusal> {
    let mut calls = Vec::new();
    let mut rest = then;
    while !rest.is_empty() {
        let is_method = rest.starts_with('.');
        rest = rest.trim_start_matches('.');
        let end = rest.find(['(', '.']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (inside, after) = match after.strip_prefix('(') {
            Some(after) => close(after).ok_or_else(|| unreadable(then))?,
            None => ("", after),
        };
        let arguments = split(inside);
        let arguments = arguments.iter().filter(|argument| !argument.is_empty());
        let arguments = arguments.map(|argument| value(hook, argument));
        calls.push(Call {
            name: name.trim().to_owned(),
            arguments: arguments.collect::<Result<_, _>>()?,
            is_method,
        });
        rest = after.trim();
    }
    check(hook, &calls, only_adds)?;
    Ok(calls)
}

fn unreadable(then: &str) -> Refusal {
    let hint = "such as `late(minutes_late)`".to_owned();
    (format!("`{then}` is not an answer"), Some(hint))
}

/// The inside of brackets that are open already, and what follows.
fn close(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (index, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ')' if !quoted => return Some((text.get(..index)?, text.get(index + 1..)?)),
            _ => {}
        }
    }
    None
}

/// Arguments at commas that stand in no quotes.
fn split(inside: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in inside.chars() {
        quoted ^= letter == '"';
        match (letter, parts.last_mut()) {
            (',', _) if !quoted => parts.push(String::new()),
            (letter, Some(part)) => part.push(letter),
            _ => {}
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// An argument as a script writes it.
fn value(hook: &'static Hook, text: &str) -> Result<String, Refusal> {
    let is_text = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let is_plain = |text: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        text.chars().all(plain)
    };
    if text.parse::<i64>().is_ok() || (is_text && !text.contains('\\')) {
        return Ok(text.to_owned());
    }
    match text {
        "yes" | "true" => return Ok("true".to_owned()),
        "no" | "false" => return Ok("false".to_owned()),
        _ => {}
    }
    if text.starts_with("settings.") && is_plain(text) {
        return Ok(text.to_owned());
    }
    let first = text.split('.').next().unwrap_or_default();
    if hook.facts.iter().any(|field| field.name == first) && is_plain(text) {
        return Ok(format!("{}.{text}", hook.subject));
    }
    let near = nearest(first, hook.facts.iter().map(|field| field.name));
    let hint = near.map(|near| format!("did you mean `{near}`?"));
    Err((
        format!("`{text}` is no fact, number, setting or text in quotes"),
        hint,
    ))
}

fn check(hook: &'static Hook, calls: &[Call], only_adds: bool) -> Result<(), Refusal> {
    let usages: Vec<String> = hook.outcomes.iter().map(OutcomeSpec::usage).collect();
    let one_of = Some(format!("one of {}", usages.join(", ")));
    match calls.first() {
        None if only_adds => return Ok(()),
        None => return Err(("this row gives no answer".to_owned(), one_of)),
        Some(call) if call.is_method != only_adds => {
            let message = if only_adds {
                "a row of a table that collects only adds to the default"
            } else {
                "an answer begins with an outcome"
            };
            let hint = if only_adds {
                Some("leave `then` out, or begin it with a dot".to_owned())
            } else {
                one_of
            };
            return Err((message.to_owned(), hint));
        }
        Some(_) => {}
    }
    for call in calls {
        let name = call.name.as_str();
        let methods = || hook.outcomes.iter().flat_map(|spec| spec.methods);
        let takes = if call.is_method {
            methods()
                .find(|method| method.name == name)
                .map(|method| method.arguments.len())
        } else if name == INHERIT {
            Some(0)
        } else {
            hook.outcome(name).map(|spec| spec.arguments.len())
        };
        let Some(takes) = takes else {
            let known: Vec<&str> = if call.is_method {
                methods()
                    .map(|method| method.name)
                    .chain(DECORATIONS.iter().copied())
                    .collect()
            } else {
                hook.outcomes
                    .iter()
                    .map(|spec| spec.name)
                    .chain([INHERIT])
                    .collect()
            };
            let hint = match nearest(name, known) {
                Some(near) if DECORATIONS.contains(&near) => {
                    Some(format!("write `{near} = \"…\"` on a line of its own"))
                }
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => one_of,
            };
            return Err((format!("there is no answer `{name}`"), hint));
        };
        if takes != call.arguments.len() {
            let hint = hook
                .outcome(name)
                .map(|spec| format!("write it as `{}`", spec.usage()));
            let message = format!(
                "`{name}` takes {takes} values, not {}",
                call.arguments.len()
            );
            return Err((message, hint));
        }
    }
    Ok(())
}
