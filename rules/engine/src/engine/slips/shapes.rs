//! Mistakes that are not a word but a shape: a bracket too many, a number with a unit, a lost semicolon.

use rhai::{ParseError, ParseErrorType};

use super::{Said, said};
use crate::Problem;

/// The code of one line on both sides of the place where the parser stopped.
struct Place<'a> {
    before: &'a str,
    here: &'a str,
}

impl<'a> Place<'a> {
    fn find(text: &'a str, line: Option<usize>, column: Option<usize>) -> Option<Self> {
        let line = text.lines().nth(line?.checked_sub(1)?)?;
        let at = line
            .char_indices()
            .nth(column?.saturating_sub(1))
            .map_or(line.len(), |(at, _)| at);
        let (before, here) = line.split_at(at);
        Some(Self {
            before: before.trim_end(),
            here: here.trim_start(),
        })
    }

    fn follows_number(&self) -> bool {
        self.before
            .ends_with(|letter: char| letter.is_ascii_digit())
    }

    /// Whether what follows is a statement of its own, so that something is missing before it.
    fn begins_statement(&self) -> bool {
        let mut words = self
            .here
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let word = words.next().unwrap_or_default();
        matches!(word, "return" | "let" | "if" | "else" | "for" | "switch")
            || self
                .here
                .get(word.len()..)
                .is_some_and(|rest| rest.starts_with(['(', '.']))
    }

    fn begins_with(&self, test: fn(char) -> bool) -> bool {
        self.here.starts_with(test)
    }
}

pub(super) fn explain(
    kind: &ParseErrorType,
    text: &str,
    line: Option<usize>,
    column: Option<usize>,
) -> Option<Said> {
    let place = Place::find(text, line, column)?;
    match kind {
        ParseErrorType::MissingToken(token, why) => missing(token, why, &place),
        ParseErrorType::ExprExpected(what) if what.contains("boolean") => said(
            "the condition is missing",
            "write `if clock_in.minutes_late > 5 { … }`, with your own facts",
        ),
        ParseErrorType::VariableUndefined(name) if is_amount(name, &place) => said(
            "an amount of money cannot stand in a rule",
            "make it a setting, or use a fact that holds money",
        ),
        ParseErrorType::VariableUndefined(name) => {
            let after = place.here.get(name.len()..)?.trim_start();
            let is_assigned =
                after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>");
            is_assigned.then(|| {
                said(
                    &format!("`{name}` is not known here"),
                    &format!("the first time write `let {name} = …`"),
                )
            })?
        }
        _ => None,
    }
}

/// `KES 500`.
fn is_amount(name: &str, place: &Place<'_>) -> bool {
    let after = place
        .here
        .get(name.len()..)
        .unwrap_or_default()
        .trim_start();
    crate::Currency::new(name).is_some()
        && after.starts_with(|letter: char| letter.is_ascii_digit())
}

fn missing(token: &str, why: &str, place: &Place<'_>) -> Option<Said> {
    let digit = |letter: char| letter.is_ascii_digit();
    let after_sign = |sign: char| {
        place
            .here
            .strip_prefix(sign)
            .is_some_and(|rest| rest.starts_with(digit))
    };
    if place.follows_number() && after_sign(',') {
        return said("a number is written without commas", "write 1000, or 1_000");
    }
    if place.follows_number() && after_sign(':') {
        return said(
            "a time of day is not a number",
            "compare the parts of a moment: `now.hour >= 8`",
        );
    }
    if place.follows_number() && place.begins_with(char::is_alphabetic) && !place.begins_statement()
    {
        return said(
            "a number stands without a unit",
            "write the number alone; the unit is in the name of the fact",
        );
    }
    if place.before.ends_with('"') && place.begins_with(char::is_alphabetic) {
        return said(
            "a text ended before its end",
            "inside a text, write \\\" for a quote",
        );
    }
    match token {
        "{" => opening(place),
        ";" if place.here.starts_with("else") => said(
            "`else` has no `}` before it",
            "write `if … { … } else { … }`",
        ),
        ";" if place.here.starts_with('}') => said(
            "there is one `}` too many",
            "each bracket that closes needs one that opens",
        ),
        ";" if place.here.starts_with(':') => {
            said("a name takes no kind after it", "write `let minutes = 5;`")
        }
        ";" => said(
            "a `;` is missing",
            "every statement but the last ends with `;`",
        ),
        ")" => said("a `)` is missing", "each `(` needs its `)`"),
        "," if why.contains("arguments") => {
            said("a `)` or a `,` is missing", "each `(` needs its `)`")
        }
        "," if why.contains("array") => said("a `]` or a `,` is missing", "each `[` needs its `]`"),
        "," | "in" if why.contains("iteration") => said(
            "`for` is written differently",
            "write `for item in list { … }`",
        ),
        "(" if place.before.ends_with('!') => said(
            "`!` stands alone",
            "write `!=` to compare, or `!` right before what must not be",
        ),
        "}" => said("a `}` is missing", "each `{` needs its `}`"),
        _ => None,
    }
}

/// Where the braces of an `if` or a `for` should begin.
fn opening(place: &Place<'_>) -> Option<Said> {
    if place.here.starts_with("=>") {
        return said("`=>` does not compare", "write `>=`");
    }
    if place.here.starts_with(')') {
        return said(
            "there is one `)` too many",
            "each bracket that closes needs one that opens",
        );
    }
    if place.here.starts_with(':') {
        return said(
            "`:` does not begin a block",
            "put what follows between `{` and `}`",
        );
    }
    said(
        "a `{` is missing",
        "what `if` and `for` do stands between `{` and `}`",
    )
}

/// A statement without its end is found at the next one; the person looks for it a line above.
pub(super) fn missing_semicolon(error: &ParseError, text: &str) -> Option<Problem> {
    let ParseErrorType::MissingToken(token, _) = error.err_type() else {
        return None;
    };
    let position = error.position();
    let (line, column) = (position.line()?, position.position()?);
    let starts_line = Place::find(text, Some(line), Some(column))?
        .before
        .is_empty();
    let here = text.lines().nth(line - 1)?.trim_start();
    if token != ";" || !starts_line || here.starts_with('}') || here.starts_with("else") {
        return None;
    }
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let (index, above) = text
        .lines()
        .enumerate()
        .take(line - 1)
        .filter(|(_, line)| code(&line))
        .last()?;
    let (message, hint) = said(
        "a `;` is missing",
        "every statement but the last ends with `;`",
    )?;
    Some(Problem {
        message,
        hint,
        file: None,
        line: u32::try_from(index + 1).ok(),
        column: u32::try_from(above.trim_end().chars().count() + 1).ok(),
    })
}
