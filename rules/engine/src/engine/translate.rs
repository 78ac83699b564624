//! What went wrong while a rule ran, in words for its author, with the place in the file.

use rhai::{EvalAltResult, Position};

use super::HostError;
use super::words::{DECORATIONS, HELPERS};
use crate::Problem;
use crate::compiled::Script;
use crate::hook::{Hook, OutcomeSpec};
use crate::suggest::nearest;
use crate::verdict::INHERIT;

/// The error inside all the "in call to function" wrappers, and the innermost place that is known.
pub(super) fn innermost(error: &EvalAltResult) -> (&EvalAltResult, Position) {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, position) => {
            let (inner, at) = innermost(inner);
            (inner, if at.is_none() { *position } else { at })
        }
        other => (other, other.position()),
    }
}

/// Turns an engine error into a problem with a line, a column and, where there is one, a hint.
pub(crate) fn translate(error: &EvalAltResult, script: &Script, hook: &'static Hook) -> Problem {
    let (inner, position) = innermost(error);
    let (message, hint, word) = words(inner, script, hook);
    let (line, column) = place(&script.text, position, word.as_deref());
    script.locate(Problem {
        message,
        hint,
        file: script.file.clone(),
        line,
        column,
    })
}

/// The message, a hint, and the word of the source it is about.
fn words(
    error: &EvalAltResult,
    script: &Script,
    hook: &'static Hook,
) -> (String, Option<String>, Option<String>) {
    match error {
        EvalAltResult::ErrorRuntime(token, _) => match token.read_lock::<HostError>() {
            Some(said) => (said.message.clone(), said.hint.clone(), said.word.clone()),
            None => (token.to_string(), None, None),
        },
        EvalAltResult::ErrorFunctionNotFound(signature, _) => missing(signature, script, hook),
        EvalAltResult::ErrorTooManyOperations(_) => {
            let hint = format!(
                "a rule may take {} steps; is a list or a range too long?",
                hook.budget.operations
            );
            // The engine knows no place for an empty loop; a single loop can be named anyway.
            let is_only = script.text.matches("for ").count() == 1;
            (
                "Too many operations".to_owned(),
                Some(hint),
                is_only.then(|| "for".to_owned()),
            )
        }
        EvalAltResult::ErrorTerminated(..) => {
            let wall = hook.budget.wall_milliseconds;
            (
                format!("stopped after {wall} ms"),
                Some("the server was too slow; this is not the rule's verdict".to_owned()),
                None,
            )
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            let hint = "a function may call another, but not itself without end".to_owned();
            (
                "functions call each other too deeply".to_owned(),
                Some(hint),
                None,
            )
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            let hint = "a text holds 4096 letters, a list 512 items".to_owned();
            (format!("{what} too large"), Some(hint), None)
        }
        EvalAltResult::ErrorFor(_) => (
            "`for` walks a list or a range".to_owned(),
            Some("such as `for minute in 0..5`".to_owned()),
            None,
        ),
        other => (without_place(other), None, None),
    }
}

/// The engine's own sentence, without the place it appends.
fn without_place(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let place = format!(" ({})", error.position());
    text.strip_suffix(&place)
        .map_or(text.clone(), str::to_owned)
}

/// A function that does not exist, with the nearest one that does.
fn missing(
    signature: &str,
    script: &Script,
    hook: &'static Hook,
) -> (String, Option<String>, Option<String>) {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments = plain_kinds(arguments.trim_end_matches(')'));
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
        return operator(name, &arguments);
    }
    let message = format!("Function not found: {name} ({})", arguments.join(", "));
    (
        message,
        Some(advice(name, script, hook)),
        Some(name.to_owned()),
    )
}

/// What to use instead of a function that is not there.
pub(crate) fn advice(name: &str, script: &Script, hook: &'static Hook) -> String {
    match name {
        "sleep" | "exit" => {
            return "a rule judges and ends; it cannot wait or leave early".to_owned();
        }
        "timestamp" | "now" | "today" => {
            return "the moment of the event is the fact `now`".to_owned();
        }
        "min" => return "did you mean `at_most(…)`?".to_owned(),
        "max" => return "did you mean `at_least(…)`?".to_owned(),
        _ => {}
    }
    if let Some(spec) = hook.outcome(name) {
        return format!("write it as `{}`", spec.usage());
    }
    let outcomes = hook.outcomes.iter().map(|outcome| outcome.name);
    let extras = hook
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.methods.iter().map(|method| method.name));
    let own = script.functions.iter().map(String::as_str);
    let known = outcomes
        .chain(extras)
        .chain([INHERIT])
        .chain(DECORATIONS.iter().copied())
        .chain(HELPERS.iter().copied())
        .chain(own);
    match nearest(name, known) {
        Some(near) if near == name => format!("`{name}` exists, but not for these kinds of values"),
        Some(near) => format!("did you mean `{}`?", usage(near, hook)),
        None => {
            let outcomes: Vec<String> = hook.outcomes.iter().map(OutcomeSpec::usage).collect();
            format!("{} answers with {}", hook.name, outcomes.join(", "))
        }
    }
}

fn usage(name: &str, hook: &'static Hook) -> String {
    match hook.outcome(name) {
        Some(spec) => spec.usage(),
        None if DECORATIONS.contains(&name) => format!(".{name}(…)"),
        None if name == INHERIT => "inherit()".to_owned(),
        None => format!("{name}(…)"),
    }
}

/// `+` between things that do not add up.
fn operator(name: &str, arguments: &[String]) -> (String, Option<String>, Option<String>) {
    let hint = if arguments.iter().any(|kind| kind == "nothing") {
        Some("the value may be empty: give a stand-in with `?? 0`")
    } else if arguments.iter().any(|kind| kind == "text") {
        Some("put values into a text like this: `${minutes} minutes` between backticks")
    } else {
        None
    };
    let message = match arguments {
        [one] => format!("{name} does not work on {one}"),
        [left, right] => format!("{name} does not work between {left} and {right}"),
        _ => format!("{name} does not work here"),
    };
    (message, hint.map(str::to_owned), None)
}

/// Names of the engine's types, as people say them.
fn plain_kinds(arguments: &str) -> Vec<String> {
    let plain = |kind: &str| {
        match kind {
            "i64" => "a whole number",
            "f64" => "a fraction",
            "bool" => "yes/no",
            "()" => "nothing",
            "&str | ImmutableString | String" | "string" => "text",
            "array" => "a list",
            "map" => "a map",
            "char" => "a letter",
            "facts" => "a record",
            other => return other.to_owned(),
        }
        .to_owned()
    };
    arguments
        .split(", ")
        .filter(|kind| !kind.is_empty())
        .map(plain)
        .collect()
}

/// Line and column. The engine points at the dot before a field and knows no place for a function that
/// is missing, so the word itself is looked for: first on that line, then anywhere.
fn place(text: &str, position: Position, word: Option<&str>) -> (Option<u32>, Option<u32>) {
    let found = word.and_then(|word| match position.line() {
        Some(line) => {
            let after = position.position().unwrap_or(1);
            column_of(text.lines().nth(line - 1)?, word, after).map(|column| (line, column))
        }
        None => text
            .lines()
            .enumerate()
            .find_map(|(index, line)| column_of(line, word, 1).map(|column| (index + 1, column))),
    });
    let (line, column) = found.map_or((position.line(), position.position()), |(line, column)| {
        (Some(line), Some(column))
    });
    let small = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    (small(line), small(column))
}

/// Where a whole word begins on a line, at or after a column; both count letters from one.
fn column_of(line: &str, word: &str, after: usize) -> Option<usize> {
    let letters: Vec<char> = line.chars().collect();
    let word: Vec<char> = word.chars().collect();
    let is_part = |letter: Option<&char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || *letter == '_')
    };
    (after.saturating_sub(1)..letters.len())
        .find(|start| {
            letters.get(*start..start + word.len()) == Some(&word)
                && !is_part(letters.get(start + word.len()))
                && !is_part(start.checked_sub(1).and_then(|before| letters.get(before)))
        })
        .map(|start| start + 1)
}

/// Where a function is defined.
pub(crate) fn locate_function(text: &str, name: &str) -> Option<(u32, u32)> {
    text.lines().enumerate().find_map(|(index, line)| {
        let is_definition = line.trim_start().starts_with("fn ") || line.contains(" fn ");
        let column = is_definition.then(|| column_of(line, name, 1)).flatten()?;
        Some((u32::try_from(index + 1).ok()?, u32::try_from(column).ok()?))
    })
}
