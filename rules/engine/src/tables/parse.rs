//! Reading a table file: columns, rows, the answer of each row.

use serde::Deserialize;
use toml::Spanned;

use super::answer::{Answer, calls};
use super::cell::Test;
use super::column::Column;
use crate::Problem;
use crate::hook::Hook;
use crate::settings::{line_at, line_of};

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
