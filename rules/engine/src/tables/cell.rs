//! A cell of a table: one simple test of one fact.

use super::column::{Asks, Column};
use crate::suggest::nearest;

/// More alternatives than this in one cell are a list that wants to be a setting.
const PARTS_LIMIT: usize = 12;

/// What a cell asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Any,
    Empty,
    Filled,
    /// One of these holds.
    Is(Vec<Part>),
    /// None of these holds.
    Not(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Yes(bool),
    Text(String),
    /// `<=`, `<`, `>=`, `>` or `==`
    Compare(&'static str, Bound),
    /// Both ends included.
    Between(Bound, Bound),
}

/// A number of the table, or the value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bound {
    Number(i64),
    Setting(String),
}

/// What is wrong with a cell, and what to write instead.
type Refusal = (String, Option<String>);

impl Test {
    pub(super) fn parse(column: &Column, text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        match text {
            "" | "-" | "any" => return Ok(Self::Any),
            "empty" | "filled" if column.may_be_empty.is_empty() => {
                return Err((format!("`{}` is never empty", column.path), None));
            }
            "empty" => return Ok(Self::Empty),
            "filled" => return Ok(Self::Filled),
            _ => {}
        }
        let (negated, text) = match text.strip_prefix("not ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let parts: Vec<Part> = text
            .split(',')
            .map(|part| Part::parse(column, part.trim()))
            .collect::<Result<_, _>>()?;
        if parts.len() > PARTS_LIMIT {
            let message = format!("a cell has at most {PARTS_LIMIT} alternatives");
            return Err((message, None));
        }
        Ok(if negated {
            Self::Not(parts)
        } else {
            Self::Is(parts)
        })
    }

    pub(super) fn parts(&self) -> &[Part] {
        match self {
            Self::Is(parts) | Self::Not(parts) => parts,
            Self::Any | Self::Empty | Self::Filled => &[],
        }
    }
}

impl Part {
    fn parse(column: &Column, text: &str) -> Result<Self, Refusal> {
        match column.asks {
            Asks::YesNo => match text {
                "yes" | "true" => Ok(Self::Yes(true)),
                "no" | "false" => Ok(Self::Yes(false)),
                _ => Err((format!("`{text}` is not `yes` or `no`"), None)),
            },
            Asks::Whole => number(text),
            Asks::Text | Asks::Tags => word(text).map(Self::Text),
            Asks::Choice(choices) => {
                let word = word(text)?;
                if choices.contains(&word.as_str()) {
                    return Ok(Self::Text(word));
                }
                let near = nearest(&word, choices.iter().copied());
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                let message = format!("`{word}` is not one of {}", choices.join(", "));
                Err((message, hint))
            }
            Asks::Presence => {
                let message = format!("`{}` is a record", column.path);
                Err((message, Some("write `empty`, `filled` or `-`".to_owned())))
            }
        }
    }
}

/// A word as it is, or in quotes when it holds a comma or a space at its ends.
fn word(text: &str) -> Result<String, Refusal> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let word = inner.unwrap_or(text);
    let odd =
        word.is_empty() || word.contains(['"', '\\', '\n']) || word.starts_with(['<', '>', '=']);
    if odd {
        let hint = "such as `night`, `night, evening` or `not day`".to_owned();
        return Err((
            format!("`{text}` is not a text to compare with"),
            Some(hint),
        ));
    }
    Ok(word.to_owned())
}

fn number(text: &str) -> Result<Part, Refusal> {
    if let Some((low, high)) = text.split_once("..") {
        let (low, high) = (bound(low)?, bound(high.trim_start_matches('='))?);
        if let (Bound::Number(low), Bound::Number(high)) = (&low, &high)
            && low > high
        {
            let hint = format!("write `{high}..{low}`");
            return Err((format!("`{text}` holds for no number"), Some(hint)));
        }
        return Ok(Part::Between(low, high));
    }
    for operator in ["<=", ">=", "==", "<", ">", "="] {
        if let Some(rest) = text.strip_prefix(operator) {
            let operator = if operator == "=" { "==" } else { operator };
            return Ok(Part::Compare(operator, bound(rest)?));
        }
    }
    Ok(Part::Compare("==", bound(text)?))
}

fn bound(text: &str) -> Result<Bound, Refusal> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix("settings.") {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !name.is_empty() && name.chars().all(plain) {
            return Ok(Bound::Setting(name.to_owned()));
        }
    }
    let number = text.parse().ok().map(Bound::Number);
    number.ok_or_else(|| {
        let hint = "such as `<= 5`, `> 30`, `5..30` or `<= settings.grace_minutes`".to_owned();
        (format!("`{text}` is not a whole number"), Some(hint))
    })
}
