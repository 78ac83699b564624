//! Outcomes and their decorations, built by host functions so that a misspelt one is an error.

use std::sync::{Arc, OnceLock};

use rhai::{Dynamic, ImmutableString, Module};

use super::compare::kind_of;
use super::register::add;
use super::words::ASKS;
use super::{Raised, host_error};
use crate::hook::{Argument, Hook, OutcomeSpec};
use crate::suggest::nearest;
use crate::verdict::{INHERIT, Verdict};
use crate::{Value, registry};

/// Decorations of one kind on one answer.
const NOTES_LIMIT: usize = 16;
/// Characters of one reason.
const REASON_LIMIT: usize = 500;
/// Characters of one code.
const CODE_LIMIT: usize = 64;

/// The builders of one hook: only its own outcomes exist, so another hook's cannot be returned.
pub(super) fn module(hook: &'static Hook) -> Arc<Module> {
    static MODULES: OnceLock<Vec<Arc<Module>>> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        registry::hooks()
            .iter()
            .map(|hook| Arc::new(build(hook)))
            .collect()
    });
    registry::position(hook.name)
        .and_then(|position| modules.get(position).cloned())
        .unwrap_or_else(|| Arc::new(build(hook)))
}

fn build(hook: &'static Hook) -> Module {
    let mut module = Module::new();
    module.set_custom_type::<Verdict>("outcome");
    add(&mut module, INHERIT, || Verdict::new(INHERIT));
    for spec in hook.outcomes {
        register(&mut module, spec);
    }
    decorations(&mut module);
    for name in ["to_string", "to_debug"] {
        add(&mut module, name, |answer: &mut Verdict| answer.to_string());
    }
    // What the panic guard is tested with; it does not exist outside unit tests.
    #[cfg(test)]
    add(&mut module, "boom", || -> bool { panic!("boom") });
    module.build_index();
    module
}

fn register(module: &mut Module, spec: &'static OutcomeSpec) {
    match spec.argument {
        None => {
            add(module, spec.name, move || Verdict::of(spec));
        }
        Some(argument) => {
            add(module, spec.name, move |given: Dynamic| {
                let value = accept(spec.name, argument, &given)?;
                Raised::Ok(Verdict::of(spec).with(argument.field(), value))
            });
        }
    }
    for (method, argument) in spec.extras {
        add(
            module,
            method,
            move |answer: &mut Verdict, given: Dynamic| {
                if answer.name != spec.name && !answer.is_inherit() {
                    let message = format!("{} does not take .{method}(…)", answer.name);
                    return Err(host_error(
                        message,
                        Some(format!("only {} does", spec.usage())),
                    ));
                }
                let value = accept(method, *argument, &given)?;
                answer.values.insert(argument.field().to_owned(), value);
                Ok(answer.clone())
            },
        );
    }
}

/// Checks what was put in the brackets.
fn accept(name: &str, argument: Argument, given: &Dynamic) -> Raised<Value> {
    match argument {
        Argument::Whole {
            field,
            unit,
            min,
            max,
        } => match given.as_int() {
            Ok(number) if (min..=max).contains(&number) => Ok(number.into()),
            Ok(number) => Err(host_error(
                format!(
                    "{name}({number}) is out of range: {field} goes from {min} to {max} {unit}"
                ),
                None,
            )),
            Err(_) => Err(host_error(
                format!(
                    "{name}(…) takes a whole number of {unit}, not {}",
                    kind_of(given)
                ),
                None,
            )),
        },
        Argument::Code { .. } => code(name, given).map(Value::from),
    }
}

/// A code is short and plain, because other programs compare it and people translate it.
fn code(name: &str, given: &Dynamic) -> Raised<String> {
    let Some(text) = given.read_lock::<ImmutableString>() else {
        return Err(host_error(
            format!("{name}(…) takes a code, not {}", kind_of(given)),
            None,
        ));
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if text.is_empty() || text.len() > CODE_LIMIT || !text.bytes().all(plain) {
        let hint = "small letters, digits and underscores, such as \"outside_fence\"".to_owned();
        return Err(host_error(
            format!("`{}` is not a code", text.as_str()),
            Some(hint),
        ));
    }
    Ok(text.as_str().to_owned())
}

/// Decorations change the answer in place and also return it, so both `allow().flag("x")` and
/// `answer.flag("x");` do what they say.
fn decorations(module: &mut Module) {
    add(
        module,
        "because",
        |answer: &mut Verdict, reason: ImmutableString| {
            if reason.chars().count() > REASON_LIMIT {
                let message = format!("a reason is at most {REASON_LIMIT} letters long");
                return Err(host_error(message, None));
            }
            note(&mut answer.notes.reasons, reason.into_owned())?;
            Ok(answer.clone())
        },
    );
    add(module, "flag", |answer: &mut Verdict, given: Dynamic| {
        note(&mut answer.notes.flags, code("flag", &given)?)?;
        Raised::Ok(answer.clone())
    });
    add(module, "tell", |answer: &mut Verdict, given: Dynamic| {
        note(&mut answer.notes.tells, code("tell", &given)?)?;
        Raised::Ok(answer.clone())
    });
    add(module, "ask_for", |answer: &mut Verdict, given: Dynamic| {
        let what = code("ask_for", &given)?;
        if !ASKS.contains(&what.as_str()) {
            let hint = nearest(&what, ASKS.iter().copied());
            let hint = hint.map(|near| format!("did you mean \"{near}\"?"));
            let message = format!("`{what}` cannot be asked for: {}", ASKS.join(", "));
            return Err(host_error(message, hint));
        }
        note(&mut answer.notes.asks, what)?;
        Ok(answer.clone())
    });
    add(module, "needs_review", |answer: &mut Verdict| {
        answer.notes.needs_review = true;
        answer.clone()
    });
}

/// Adds a note once.
fn note(notes: &mut Vec<String>, item: String) -> Raised<()> {
    if notes.contains(&item) {
        return Ok(());
    }
    if notes.len() >= NOTES_LIMIT {
        return Err(host_error(
            format!("more than {NOTES_LIMIT} notes of one kind"),
            None,
        ));
    }
    notes.push(item);
    Ok(())
}
