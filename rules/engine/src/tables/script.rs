//! The script a table stands for: one `if` per row, one line per cell, so that a line names its cell.

use super::answer::Answer;
use super::cell::{Bound, Part, Test};
use super::column::{Asks, Column};
use super::parse::{Hit, Table};
use crate::Problem;
use crate::hook::Hook;

/// Where each line of the script comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<Option<Place>>);

#[derive(Clone, Debug)]
struct Place {
    /// `row 3, column minutes_late`
    whose: String,
    line: u32,
}

impl Places {
    /// Moves a problem from the script to the table.
    pub(crate) fn locate(&self, problem: Problem) -> Problem {
        let index = problem.line.and_then(|line| usize::try_from(line).ok());
        let place = index.and_then(|line| self.0.get(line.checked_sub(1)?)?.as_ref());
        match place {
            Some(place) => Problem {
                message: format!("{}: {}", place.whose, problem.message),
                line: Some(place.line),
                column: Some(1),
                ..problem
            },
            None => Problem {
                line: problem.line.map(|_| 1),
                column: problem.column.map(|_| 1),
                ..problem
            },
        }
    }
}

pub(super) fn write(hook: &'static Hook, table: &Table) -> (String, Places) {
    let mut writer = Writer {
        text: String::new(),
        places: Places::default(),
    };
    let collects = table.hit == Hit::Collect;
    writer.line(
        &format!("fn {}({}, settings) {{", hook.function(), hook.subject),
        None,
    );
    if let (true, Some(default)) = (collects, &table.default) {
        writer.answer("    let answer = ", default, "default");
    }
    for (index, row) in table.rows.iter().enumerate() {
        let name = format!("row {}", index + 1);
        writer.line("    if true", None);
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            if let Some(condition) = condition(column, &cell.test) {
                let whose = format!("{name}, column {}", column.path);
                let place = Place {
                    whose,
                    line: cell.line,
                };
                writer.line(&format!("        && {condition}"), Some(place));
            }
        }
        writer.line("    {", None);
        if collects {
            writer.additions(&row.answer, &name);
        } else {
            writer.answer("        return ", &row.answer, &name);
        }
        writer.line("    }", None);
    }
    match &table.default {
        Some(_) if collects => writer.line("    answer", None),
        Some(default) => writer.answer("    return ", default, "default"),
        None => writer.line("    inherit()", None),
    }
    writer.line("}", None);
    (writer.text, writer.places)
}

struct Writer {
    text: String,
    places: Places,
}

impl Writer {
    fn line(&mut self, text: &str, place: Option<Place>) {
        self.text.push_str(text);
        self.text.push('\n');
        self.places.0.push(place);
    }

    fn answer(&mut self, start: &str, answer: &Answer, whose: &str) {
        let code = calls(answer).concat();
        self.line(&format!("{start}{code};"), Some(place(answer, whose)));
    }

    /// Each on a line of its own: what a method returns is a copy, and a second call would change that.
    fn additions(&mut self, answer: &Answer, whose: &str) {
        for call in calls(answer) {
            self.line(
                &format!("        answer{call};"),
                Some(place(answer, whose)),
            );
        }
    }
}

fn place(answer: &Answer, whose: &str) -> Place {
    Place {
        whose: whose.to_owned(),
        line: answer.line,
    }
}

/// The outcome and everything called on it, in order.
fn calls(answer: &Answer) -> Vec<String> {
    let calls = answer.calls.iter().map(|call| {
        let dot = if call.is_method { "." } else { "" };
        format!("{dot}{}({})", call.name, call.arguments.join(", "))
    });
    let notes = answer.notes.iter();
    let notes = notes.map(|(word, text)| format!(".{word}({})", quoted(text)));
    calls.chain(notes).collect()
}

/// A text a script reads as it was written.
fn quoted(text: &str) -> String {
    let mut code = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => code.push_str("\\\""),
            '\\' => code.push_str("\\\\"),
            '\n' | '\r' | '\t' => code.push(' '),
            letter => code.push(letter),
        }
    }
    code.push('"');
    code
}

fn condition(column: &Column, test: &Test) -> Option<String> {
    let there = || {
        let asked = column
            .may_be_empty
            .iter()
            .map(|code| format!("{code} != ()"));
        asked.collect::<Vec<_>>()
    };
    let all = |mut conditions: Vec<String>, last: String| {
        conditions.push(last);
        format!("({})", conditions.join(" && "))
    };
    Some(match test {
        Test::Any => return None,
        Test::Empty => {
            let asked = column
                .may_be_empty
                .iter()
                .map(|code| format!("{code} == ()"));
            format!("({})", asked.collect::<Vec<_>>().join(" || "))
        }
        Test::Filled => format!("({})", there().join(" && ")),
        Test::Is(parts) => all(there(), any(column, parts)),
        Test::Not(parts) => all(there(), format!("!{}", any(column, parts))),
    })
}

fn any(column: &Column, parts: &[Part]) -> String {
    let code = &column.code;
    let one = |part: &Part| match part {
        Part::Yes(true) => code.clone(),
        Part::Yes(false) => format!("!{code}"),
        Part::Text(text) if column.asks == Asks::Tags => {
            format!("{code}.contains({})", quoted(text))
        }
        Part::Text(text) => format!("{code} == {}", quoted(text)),
        Part::Compare(operator, bound) => format!("{code} {operator} {}", number(bound)),
        Part::Between(low, high) => {
            let (low, high) = (number(low), number(high));
            format!("({code} >= {low} && {code} <= {high})")
        }
    };
    format!(
        "({})",
        parts.iter().map(one).collect::<Vec<_>>().join(" || ")
    )
}

fn number(bound: &Bound) -> String {
    match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Setting(name) => format!("settings.{name}"),
    }
}
