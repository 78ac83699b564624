//! The answer of a row: an outcome with its values, as a script will write it.

use crate::engine::words::DECORATIONS;
use crate::hook::{Hook, OutcomeSpec};
use crate::suggest::nearest;
use crate::verdict::INHERIT;

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

/// `fence(100).needs_accuracy(50)`, or `.overtime(60, 150)` in a row that only adds.
pub(super) fn calls(
    hook: &'static Hook,
    then: &str,
    only_adds: bool,
) -> Result<Vec<Call>, Refusal> {
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
