//! Mistakes the parser finds. Its own words are decent for some and poor for others; this is the table.

use rhai::{LexError, ParseError, ParseErrorType};

use crate::Problem;

/// Words people bring from elsewhere, and what they mean here.
const SLIPS: &[(&str, &str, &str)] = &[
    (
        "null",
        "`null` is not a word here",
        "nothing is written `()`",
    ),
    ("nil", "`nil` is not a word here", "nothing is written `()`"),
    (
        "void",
        "`void` is not a word here",
        "nothing is written `()`",
    ),
    (
        "None",
        "`None` is not a word here",
        "nothing is written `()`",
    ),
    (
        "undefined",
        "`undefined` is not a word here",
        "nothing is written `()`",
    ),
    ("and", "`and` is not a word here", "write `&&`"),
    ("or", "`or` is not a word here", "write `||`"),
    (
        "not",
        "`not` is not a word here",
        "write `!` before what must not be",
    ),
    ("True", "`True` is not a word here", "write `true`"),
    ("False", "`False` is not a word here", "write `false`"),
    ("yes", "`yes` is not a word here", "write `true`"),
    ("no", "`no` is not a word here", "write `false`"),
    ("elif", "`elif` is not a word here", "write `else if`"),
    ("elsif", "`elsif` is not a word here", "write `else if`"),
    ("elseif", "`elseif` is not a word here", "write `else if`"),
    (
        "then",
        "`then` is not a word here",
        "put what follows between `{` and `}`",
    ),
    ("var", "`var` is not a word here", "write `let`"),
    ("function", "`function` is not a word here", "write `fn`"),
    ("def", "`def` is not a word here", "write `fn`"),
    (
        "loop",
        "`loop` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "while",
        "`while` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "do",
        "`do` is switched off in rules",
        "`for item in list { … }` walks a list",
    ),
    (
        "try",
        "`try` is switched off in rules",
        "a mistake must be seen; test for `()` instead",
    ),
    (
        "throw",
        "`throw` is switched off in rules",
        "answer with an outcome and `.because(…)`",
    ),
    (
        "import",
        "`import` is switched off in rules",
        "a rule is one file; what it needs is a fact or a setting",
    ),
    (
        "eval",
        "`eval` is switched off in rules",
        "a rule cannot run text as code",
    ),
    (
        "print",
        "`print` is switched off in rules",
        "say why with `.because(…)`",
    ),
    (
        "debug",
        "`debug` is switched off in rules",
        "say why with `.because(…)`",
    ),
    (
        "this",
        "`this` is switched off in rules",
        "use the names in the first line of the function",
    ),
    ("++", "`++` is not known here", "write `+= 1`"),
    ("--", "`--` is not known here", "write `-= 1`"),
    ("===", "`===` is not known here", "write `==`"),
    ("!==", "`!==` is not known here", "write `!=`"),
    ("<>", "`<>` is not known here", "write `!=`"),
    ("&", "`&` is switched off in rules", "write `&&`"),
    (
        "?",
        "`?` is not known here",
        "write `if … { … } else { … }`, or `??` for a stand-in",
    ),
    (
        "|",
        "functions without a name are switched off in rules",
        "write `||` for \"or\"; walk a list with `for`",
    ),
    (
        "||",
        "functions without a name are switched off in rules",
        "walk a list with `for`",
    ),
];

/// A parser error in plain words.
pub(crate) fn explain_parse_error(error: &ParseError, text: &str, file: Option<&str>) -> Problem {
    let position = error.position();
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

fn explain(
    kind: &ParseErrorType,
    text: &str,
    line: Option<usize>,
    column: Option<usize>,
) -> (String, Option<String>) {
    let slip = |word: &str| {
        let known = SLIPS.iter().find(|slip| slip.0 == word);
        known.map(|(_, message, hint)| ((*message).to_owned(), Some((*hint).to_owned())))
    };
    let named = match kind {
        ParseErrorType::Reserved(word)
        | ParseErrorType::VariableUndefined(word)
        | ParseErrorType::UnknownOperator(word)
        | ParseErrorType::BadInput(
            LexError::ImproperSymbol(word, _) | LexError::UnexpectedInput(word),
        ) => slip(word),
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => Some((
            "text stands between double quotes".to_owned(),
            Some("write \"…\" instead of '…'".to_owned()),
        )),
        ParseErrorType::ExprTooDeep => Some((
            "this expression is nested too deeply".to_owned(),
            Some("give its parts names with `let`".to_owned()),
        )),
        ParseErrorType::UnexpectedEOF => Some(ends_early()),
        ParseErrorType::MissingToken(..) if is_at_end(text, line, column) => Some(ends_early()),
        ParseErrorType::VariableExists(name) => Some((
            format!("`{name}` is already a name here"),
            Some(format!("to change it write `{name} = …` without `let`")),
        )),
        _ => None,
    };
    // The parser often stops one word after the slip: look at the words around its position.
    named
        .or_else(|| {
            words_around(text, line, column)
                .into_iter()
                .find_map(|word| slip(&word))
        })
        .unwrap_or_else(|| generic(kind))
}

fn ends_early() -> (String, Option<String>) {
    (
        "the file ends too early".to_owned(),
        Some("is a `}` missing?".to_owned()),
    )
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

fn generic(kind: &ParseErrorType) -> (String, Option<String>) {
    match kind {
        ParseErrorType::VariableUndefined(name) => (
            format!("`{name}` is not known here"),
            Some("text stands between double quotes".to_owned()),
        ),
        ParseErrorType::Reserved(word) => (
            format!("`{word}` is a reserved word"),
            Some("choose another name".to_owned()),
        ),
        other => (other.to_string(), None),
    }
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
