//! Calls: does the function exist, and does what stands in its brackets fit?

use rhai::{Expr, FnCallExpr, Position};

use super::shape::{Known, Shape};
use super::{Linter, is_decoration, words};
use crate::Value;
use crate::engine::translate::advice;
use crate::hook::{Argument, OutcomeSpec};
use crate::suggest::nearest;
use crate::verdict::INHERIT;

impl Linter<'_> {
    /// `late(5)`, `at_least(a, b)`, a helper of the rule, or a decoration written without its dot.
    pub(super) fn call(&mut self, call: &FnCallExpr, position: Position) -> Known {
        let name = call.name.as_str();
        let given: Vec<Known> = call.args.iter().map(|one| self.expression(one)).collect();
        if self.is_own(name) {
            return Known::default();
        }
        if name == INHERIT {
            self.count(name, "inherit()", &[0], given.len(), position);
            return Known::of(Shape::Outcome);
        }
        if let Some(spec) = self.hook.outcome(name) {
            self.arguments(
                name,
                &spec.usage(),
                spec.arguments,
                &given,
                &call.args,
                position,
            );
            return Known {
                outcome: Some(spec),
                ..Known::of(Shape::Outcome)
            };
        }
        let is_method = |spec: &OutcomeSpec| spec.methods.iter().any(|own| own.name == name);
        if is_decoration(name) || self.hook.outcomes.iter().any(is_method) {
            let first_is_answer = given
                .first()
                .is_some_and(|first| first.shape == Shape::Outcome);
            if !first_is_answer {
                let message = format!("`{name}` follows an outcome");
                let hint = Some(format!("write `allow().{name}(…)`, with your own outcome"));
                self.error("not_after_an_outcome", message, hint, position);
            }
            return Known::of(Shape::Outcome);
        }
        let function = words::function(name);
        let Some(function) = function else {
            return self.not_found(name, position);
        };
        for (known, argument) in given.iter().zip(&call.args) {
            self.must_be_there(known, argument.start_position());
        }
        self.count(name, function.usage, function.counts, given.len(), position);
        result_of(name, given.first())
    }

    /// `answer.flag("x")`, `text.len()`, `person.has_tag("driver")`.
    pub(super) fn method(&mut self, on: &Known, call: &FnCallExpr, position: Position) -> Known {
        let name = call.name.as_str();
        let given: Vec<Known> = call.args.iter().map(|one| self.expression(one)).collect();
        if self.is_own(name) {
            return Known::default();
        }
        let methods = self.hook.outcomes.iter().flat_map(|spec| spec.methods);
        let method = methods.into_iter().find(|method| method.name == name);
        let on_answer = matches!(on.shape, Shape::Outcome | Shape::Unknown);
        if let (Some(method), true) = (method, on_answer) {
            self.owner(on, name, position);
            let fields: Vec<&str> = method.arguments.iter().map(Argument::field).collect();
            let usage = format!(".{name}({})", fields.join(", "));
            self.arguments(name, &usage, method.arguments, &given, &call.args, position);
            return Known {
                outcome: on.outcome,
                ..Known::of(Shape::Outcome)
            };
        }
        if is_decoration(name) && on_answer {
            self.decoration(name, &given, position);
            return Known {
                outcome: on.outcome,
                ..Known::of(Shape::Outcome)
            };
        }
        let Some(function) = words::function(name) else {
            return self.not_found(name, position);
        };
        self.must_be_there(on, position);
        for (known, argument) in given.iter().zip(&call.args) {
            self.must_be_there(known, argument.start_position());
        }
        self.count(
            name,
            function.usage,
            function.counts,
            given.len() + 1,
            position,
        );
        result_of(name, Some(on))
    }

    fn not_found(&mut self, name: &str, position: Position) -> Known {
        let owner = crate::registry::hooks()
            .iter()
            .find(|hook| hook.outcome(name).is_some());
        if let Some(owner) = owner {
            let usages: Vec<String> = self.hook.outcomes.iter().map(OutcomeSpec::usage).collect();
            let message = format!("`{name}` is an answer to {}, not here", owner.name);
            let hint = format!("{} answers with {}", self.hook.name, usages.join(", "));
            self.error("outcome_of_another_hook", message, Some(hint), position);
        } else {
            let hint = advice(name, self.script, self.hook);
            let message = format!("Function not found: {name}");
            self.error("unknown_function", message, Some(hint), position);
        }
        Known::default()
    }

    fn count(&mut self, name: &str, usage: &str, wanted: &[usize], given: usize, at: Position) {
        if !wanted.contains(&given) {
            let message = format!("`{name}` is written {usage}");
            self.error("wrong_arguments", message, None, at);
        }
    }

    /// A method of another outcome of the same hook.
    fn owner(&mut self, on: &Known, name: &str, position: Position) {
        let takes = |spec: &OutcomeSpec| spec.methods.iter().any(|own| own.name == name);
        let Some(outcome) = on.outcome.filter(|spec| !takes(spec)) else {
            return;
        };
        let owners = self.hook.outcomes.iter().filter(|spec| takes(spec));
        let owners: Vec<String> = owners.map(OutcomeSpec::usage).collect();
        let message = format!("{} does not take .{name}(…)", outcome.name);
        let hint = format!("it follows {}", owners.join(", "));
        self.error("wrong_method", message, Some(hint), position);
    }

    fn decoration(&mut self, name: &str, given: &[Known], position: Position) {
        let usage = words::DECORATION_DOCS
            .iter()
            .find(|word| word.name == name)
            .map_or("", |word| word.usage);
        self.count(
            name,
            usage,
            &[usize::from(name != "needs_review")],
            given.len(),
            position,
        );
        let Some(known) = given.first() else { return };
        let argument = match name {
            "because" => Argument::Text { field: "reason" },
            "ask_for" => Argument::Choice {
                field: "thing to ask for",
                choices: words::ASKS,
            },
            _ => Argument::Code { field: "code" },
        };
        self.argument(name, &argument, known, position);
    }

    fn arguments(
        &mut self,
        name: &str,
        usage: &str,
        wanted: &[Argument],
        given: &[Known],
        written: &[Expr],
        position: Position,
    ) {
        self.count(name, usage, &[wanted.len()], given.len(), position);
        if wanted.len() != given.len() {
            return;
        }
        for ((argument, known), written) in wanted.iter().zip(given).zip(written) {
            let at = written.start_position();
            self.must_be_there(known, at);
            self.argument(name, argument, known, at);
        }
    }

    /// One value in the brackets, as far as its kind and its literal are known.
    fn argument(&mut self, name: &str, wanted: &Argument, known: &Known, position: Position) {
        let (shape, words) = match wanted {
            Argument::Whole { unit, .. } => (Shape::Whole, format!("a whole number of {unit}")),
            Argument::Code { .. } | Argument::Choice { .. } => (Shape::Text, "a code".to_owned()),
            Argument::Text { .. } => (Shape::Text, "text".to_owned()),
            Argument::YesNo { .. } => (Shape::YesNo, "yes or no".to_owned()),
            Argument::Money { .. } => (Shape::Money, "money".to_owned()),
            Argument::Moment { .. } => (Shape::Moment, "a moment".to_owned()),
            Argument::Moments { .. } => (Shape::List, "a list of moments".to_owned()),
            Argument::Item { list, .. } => return self.item(name, list, known, position),
        };
        if !matches!(known.shape, Shape::Unknown) && known.shape != shape {
            let message = format!("{name}(…) takes {words}, not {}", known.shape.words());
            return self.error("wrong_kind", message, None, position);
        }
        match (wanted, &known.literal) {
            (
                Argument::Whole {
                    field,
                    unit,
                    min,
                    max,
                },
                Some(Value::Whole(number)),
            ) if !(min..=max).contains(&number) => {
                let message = format!(
                    "{name}({number}) is out of range: {field} goes from {min} to {max} {unit}"
                );
                self.error("out_of_range", message, None, position);
            }
            (Argument::Choice { field, choices }, Some(Value::Text(text)))
                if !choices.contains(&text.as_str()) =>
            {
                let near = nearest(text, choices.iter().copied());
                let hint = near.map(|near| format!("did you mean \"{near}\"?"));
                let message = format!("`{text}` is not a {field}: {}", choices.join(", "));
                self.error("not_a_choice", message, hint, position);
            }
            (Argument::Code { .. }, Some(Value::Text(text))) if !is_code(text) => {
                let hint = "small letters, digits and underscores, such as \"outside_fence\"";
                let message = format!("`{text}` is not a code");
                self.error("not_a_code", message, Some(hint.to_owned()), position);
            }
            _ => {}
        }
    }

    fn item(&mut self, name: &str, list: &str, known: &Known, position: Position) {
        let from_list = known.path.as_deref() == Some(list);
        if known.shape != Shape::Unknown && !from_list {
            let message = format!("{name}(…) takes one of `{list}`");
            let hint = format!(
                "walk them: `for one in {}.{list} {{ … }}`",
                self.script.subject
            );
            self.error("wrong_kind", message, Some(hint), position);
        }
    }
}

/// The same test the engine makes when the rule runs.
fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

/// What a function answers with.
fn result_of(name: &str, first: Option<&Known>) -> Known {
    match name {
        "len" | "started_blocks" | "abs" | "minutes_since" => Known::of(Shape::Whole),
        "is_empty" | "contains" | "starts_with" | "ends_with" | "has_tag" => {
            Known::of(Shape::YesNo)
        }
        "to_upper" | "to_lower" | "trim" | "to_string" => Known::of(Shape::Text),
        "at_least" | "at_most" | "percent" => {
            Known::of(first.map_or(Shape::Unknown, |known| known.shape))
        }
        _ => Known::default(),
    }
}
