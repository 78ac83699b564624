//! An example for each hook, written from its contract and run by a test.

use crate::hook::{Argument, Field, Hook, Kind, OutcomeSpec, Presence};
use crate::{Record, Rulebook, Value};

/// A rule one could start from, and a test beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    pub rule: String,
    pub test: String,
}

pub(super) fn of(hook: &'static Hook) -> Example {
    let (function, subject) = (hook.function(), hook.subject);
    let answer = hook.outcomes.iter().find_map(written);
    let body = match (condition(hook), answer) {
        (Some(condition), Some(answer)) => format!(
            "    if {condition} {{\n        return {answer}.because(\"an example of our own\");\n    }}\n\n"
        ),
        _ => String::new(),
    };
    let rule = format!(
        "/// {about}\nfn {function}({subject}, settings) {{\n{body}    // Everything else is decided by the rule below.\n    inherit()\n}}\n",
        about = hook.about,
    );
    let decision = Rulebook::embedded().decide("", hook.name, hook.sample());
    let test = format!(
        "fn test_an_ordinary_day() {{\n    expect(run({subject}(#{{}}), settings(#{{}}))).to_be(\"{}\");\n}}\n",
        decision.outcome.name
    );
    Example { rule, test }
}

/// A condition on the first fact that allows one, and that an ordinary day does not meet.
fn condition(hook: &Hook) -> Option<String> {
    let sample = hook.sample();
    hook.facts
        .iter()
        .find_map(|field| on(field, hook.subject, &sample))
}

fn on(field: &Field, at: &str, sample: &Record) -> Option<String> {
    let path = format!("{at}.{}", field.name);
    if field.presence == Presence::MayBeEmpty {
        return None;
    }
    match (field.kind, sample.get(field.name)?) {
        (Kind::YesNo, Value::Bool(false)) => Some(path),
        (Kind::YesNo, Value::Bool(true)) => Some(format!("!{path}")),
        (Kind::Whole, Value::Whole(number)) => {
            Some(format!("{path} > {}", number.checked_add(100)?))
        }
        (Kind::Choice(choices), Value::Text(usual)) => {
            let other = choices.iter().find(|choice| *choice != usual)?;
            Some(format!("{path} == \"{other}\""))
        }
        (Kind::Record(inner), Value::Record(record)) => {
            inner.iter().find_map(|field| on(field, &path, record))
        }
        _ => None,
    }
}

/// An outcome with something in its brackets; nothing for one that needs a fact of its own.
fn written(outcome: &OutcomeSpec) -> Option<String> {
    let values: Option<Vec<String>> = outcome.arguments.iter().map(value).collect();
    Some(format!("{}({})", outcome.name, values?.join(", ")))
}

fn value(argument: &Argument) -> Option<String> {
    match argument {
        Argument::Whole { min, max, .. } => Some(10.clamp(*min, *max).to_string()),
        Argument::Code { .. } => Some("\"our_reason\"".to_owned()),
        Argument::Choice { choices, .. } => Some(format!("\"{}\"", choices.first()?)),
        Argument::Text { .. } => Some("\"in our words\"".to_owned()),
        Argument::YesNo { .. } => Some("true".to_owned()),
        Argument::Moments { .. } => Some("[]".to_owned()),
        Argument::Money { .. } | Argument::Moment { .. } | Argument::Item { .. } => None,
    }
}
