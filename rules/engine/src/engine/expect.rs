//! `expect(result)` and what can be said about it.

use std::sync::Arc;

use rhai::{Dynamic, ImmutableString, Module};

use super::harness::plain;
use super::register::add;
use super::{Raised, host_error};
use crate::{Decision, Moment, Money, Value};

/// A decision a test looks at. Each method answers with it again, so that they chain.
#[derive(Clone)]
pub(super) struct Expectation(Arc<Decision>);

impl Expectation {
    pub(super) fn of(decision: Decision) -> Self {
        Self(Arc::new(decision))
    }

    /// `late(6) because "the grace period is 5 minutes"`, or what went wrong.
    fn said(&self) -> String {
        if let Some(problem) = &self.0.problem {
            let line = problem
                .line
                .map(|line| format!(" (line {line} of the rule)"));
            return format!(
                "the rule failed: {}{}",
                problem.message,
                line.unwrap_or_default()
            );
        }
        let outcome = &self.0.outcome;
        let values: Vec<String> = outcome.values.values().map(ToString::to_string).collect();
        let reasons = self
            .0
            .reasons
            .iter()
            .map(|reason| format!(" because \"{reason}\""));
        format!(
            "the rule said {}({}){}",
            outcome.name,
            values.join(", "),
            reasons.collect::<String>()
        )
    }

    fn holds(&self, is_so: bool, expected: &str) -> Raised<Self> {
        if is_so && self.0.problem.is_none() {
            return Ok(self.clone());
        }
        Err(host_error(
            format!("expected {expected} but {}", self.said()),
            None,
        ))
    }
}

/// Money and moments are written as text in a test, and lists of them as lists of text.
fn like(found: Option<&Value>, wanted: Value) -> Value {
    match (found, wanted) {
        (Some(Value::Money(_)), Value::Text(text)) => {
            Money::parse(&text).map_or(Value::Text(text), Value::Money)
        }
        (Some(Value::Moment(_)), Value::Text(text)) => {
            Moment::parse(&text).map_or(Value::Text(text), Value::Moment)
        }
        (Some(Value::List(found)), Value::List(wanted)) => {
            let pairs = wanted.into_iter().enumerate();
            Value::List(pairs.map(|(at, item)| like(found.get(at), item)).collect())
        }
        (_, wanted) => wanted,
    }
}

pub(super) fn register(module: &mut Module) {
    module.set_custom_type::<Expectation>("result");
    add(module, "expect", |result: Expectation| result);
    add(
        module,
        "to_be",
        |result: Expectation, name: ImmutableString| {
            result.holds(result.0.outcome.name == name.as_str(), &name)
        },
    );
    add(
        module,
        "has",
        |result: Expectation, field: ImmutableString, given: Dynamic| {
            let found = result.0.outcome.values.get(field.as_str());
            let wanted = like(found, plain(given)?);
            result.holds(
                *found.unwrap_or(&Value::Nothing) == wanted,
                &format!("{field} to be {wanted}"),
            )
        },
    );
    add(
        module,
        "because",
        |result: Expectation, part: ImmutableString| {
            let found = result
                .0
                .reasons
                .iter()
                .any(|reason| reason.contains(part.as_str()));
            result.holds(found, &format!("the reason \"{part}\""))
        },
    );
    add(
        module,
        "has_flag",
        |result: Expectation, code: ImmutableString| {
            let found = result.0.flags.iter().any(|flag| flag == code.as_str());
            result.holds(found, &format!("the flag {code}"))
        },
    );
    add(module, "has_no_flags", |result: Expectation| {
        result.holds(result.0.flags.is_empty(), "no flags")
    });
    add(
        module,
        "asks_for",
        |result: Expectation, what: ImmutableString| {
            let found = result.0.asks.iter().any(|ask| ask == what.as_str());
            result.holds(found, &format!("to ask for {what}"))
        },
    );
    add(
        module,
        "tells",
        |result: Expectation, role: ImmutableString| {
            let found = result.0.tells.iter().any(|tell| tell == role.as_str());
            result.holds(found, &format!("to tell {role}"))
        },
    );
    add(module, "is_reviewed", |result: Expectation| {
        result.holds(result.0.needs_review, "a review")
    });
}
