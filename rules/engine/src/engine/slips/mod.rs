//! Mistakes the parser finds. Its own words are decent for some and poor for others; what people read is
//! here, and the words they bring from other languages in [`words`].

mod shapes;
mod words;

use rhai::{LexError, ParseError, ParseErrorType};

use self::words::slip;
use crate::{Problem, registry};

/// A parser error in plain words.
pub(crate) fn explain_parse_error(error: &ParseError, text: &str, file: Option<&str>) -> Problem {
    let position = error.position();
    if let Some(problem) = shapes::missing_semicolon(error, text) {
        return Problem {
            file: file.map(str::to_owned),
            ..problem
        };
    }
    let line = position
        .line()
        .or_else(|| Some(text.lines().count().max(1)));
    let column = position.position();
    let (message, hint) = explain(error.err_type(), text, position.line(), column);
    Problem {
        message,
        hint,
        file: file.map(str::to_owned),
        line: line.and_then(|line| u32::try_from(line).ok()),
        column: column.and_then(|column| u32::try_from(column).ok()),
    }
}

type Said = (String, Option<String>);

fn explain(kind: &ParseErrorType, text: &str, line: Option<usize>, column: Option<usize>) -> Said {
    let named = match kind {
        ParseErrorType::Reserved(word)
        | ParseErrorType::VariableUndefined(word)
        | ParseErrorType::UnknownOperator(word) => slip(word),
        ParseErrorType::BadInput(error) => lexical(error),
        ParseErrorType::ExprTooDeep => said(
            "this expression is nested too deeply",
            "give its parts names with `let`",
        ),
        ParseErrorType::UnexpectedEOF => ends_early(),
        ParseErrorType::MissingToken(..) if is_at_end(text, line, column) => ends_early(),
        ParseErrorType::VariableExists(name) => said(
            &format!("`{name}` is already a name here"),
            &format!("to change it write `{name} = …` without `let`"),
        ),
        ParseErrorType::ModuleUndefined(_) => slip("::"),
        ParseErrorType::WrongFnDefinition => said(
            "a function cannot stand inside another",
            "close the one above with `}` first",
        ),
        ParseErrorType::LoopBreak => said(
            "`break` only leaves a `for`",
            "write `return` and an outcome to leave the rule",
        ),
        ParseErrorType::AssignmentToConstant(name) => said(
            &format!("`{name}` was made with `const` and stays as it is"),
            "write `let` instead of `const`",
        ),
        ParseErrorType::VariableExpected => said(
            "a name is missing",
            "a name begins with a letter: `let minutes = …`",
        ),
        _ => None,
    };
    let around = words_around(text, line, column);
    // Signs of two letters that the parser sees one of.
    if let Some(known) = around
        .iter()
        .find(|word| *word == "=<")
        .and_then(|word| slip(word))
    {
        return known;
    }
    // The parser often stops one word after the slip: look at the words around its position.
    named
        .or_else(|| around.iter().find_map(|word| slip(word)))
        .or_else(|| shapes::explain(kind, text, line, column))
        .unwrap_or_else(|| generic(kind))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an arm among others that may have nothing to say"
)]
fn said(message: &str, hint: &str) -> Option<Said> {
    Some((message.to_owned(), Some(hint.to_owned())))
}

/// What the letters themselves do not allow.
fn lexical(error: &LexError) -> Option<Said> {
    match error {
        LexError::ImproperSymbol(sign, _) if sign == "=" => {
            said("`=` stores a value, it does not compare", "write `==`")
        }
        LexError::ImproperSymbol(word, _) => slip(word),
        LexError::UnexpectedInput(word) => slip(word).or_else(|| match word.as_str() {
            ")" | "]" | "}" => said(
                &format!("there is one `{word}` too many"),
                "each bracket that closes needs one that opens",
            ),
            "else" => said(
                "`else` has no `if` before it",
                "write `if … { … } else { … }`",
            ),
            _ => None,
        }),
        LexError::MalformedChar(_) => said(
            "text stands between double quotes",
            "write \"…\" instead of '…'",
        ),
        LexError::UnterminatedString => said(
            "a text is not closed",
            "end it with the quote it began with",
        ),
        LexError::StringTooLong(_) => said("this text is too long", "a text holds 4096 letters"),
        _ => None,
    }
}

fn ends_early() -> Option<Said> {
    said("the file ends too early", "is a `}` missing?")
}

/// Whether nothing but white space follows a position.
fn is_at_end(text: &str, line: Option<usize>, column: Option<usize>) -> bool {
    let (Some(line), Some(column)) = (line, column) else {
        return true;
    };
    let mut rest = text.lines().skip(line - 1);
    let here = rest
        .next()
        .unwrap_or_default()
        .chars()
        .skip(column.saturating_sub(1));
    here.chain(rest.flat_map(str::chars))
        .all(char::is_whitespace)
}

fn generic(kind: &ParseErrorType) -> Said {
    match kind {
        ParseErrorType::VariableUndefined(name) => unknown_name(name),
        ParseErrorType::Reserved(word) => (
            format!("`{word}` is a reserved word"),
            Some("choose another name".to_owned()),
        ),
        ParseErrorType::BadInput(LexError::UnexpectedInput(sign)) => (
            format!("`{sign}` cannot stand here"),
            Some("is something missing before it?".to_owned()),
        ),
        other => (
            other.to_string(),
            Some("compare the line with one that works".to_owned()),
        ),
    }
}

fn unknown_name(name: &str) -> Said {
    let outcome = registry::hooks().iter().find_map(|hook| hook.outcome(name));
    let hint = match outcome {
        Some(outcome) => format!("an outcome has brackets: `{}`", outcome.usage()),
        None => "text stands between double quotes".to_owned(),
    };
    (format!("`{name}` is not known here"), Some(hint))
}

/// The word at a position, then the one before it and the one after it on the same line.
fn words_around(text: &str, line: Option<usize>, column: Option<usize>) -> Vec<String> {
    let (Some(line), Some(column)) = (line, column) else {
        return Vec::new();
    };
    let Some(line) = text.lines().nth(line - 1) else {
        return Vec::new();
    };
    let split = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    let (before, at) = line.split_at(split);
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let lead = |text: &str| -> String {
        let symbol = !text.starts_with(is_word);
        text.chars()
            .take_while(|letter| is_word(*letter) != symbol && !letter.is_whitespace())
            .collect()
    };
    let before = before.trim_end();
    let reversed: String = before.chars().rev().collect();
    let last: String = lead(&reversed).chars().rev().collect();
    let here = lead(at);
    let after = at.strip_prefix(here.as_str()).unwrap_or("").trim_start();
    vec![here.clone(), last, lead(after)]
}
