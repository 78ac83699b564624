//! Outcomes and their decorations, built by host functions so that a misspelt one is an error.

use std::sync::{Arc, OnceLock};

use rhai::{Array, Dynamic, ImmutableString, Module};

use super::compare::kind_of;
use super::register::add;
use super::views::FactsView;
use super::words::ASKS;
use super::{Raised, host_error};
use crate::hook::{Argument, Effect, Hook, Method, OutcomeSpec};
use crate::pack::Permits;
use crate::suggest::nearest;
use crate::verdict::{INHERIT, Verdict};
use crate::{Moment, Money, Record, Value, registry, twin};

/// Decorations of one kind on one answer.
const NOTES_LIMIT: usize = 16;
/// Records in one list of an answer.
const ITEMS_LIMIT: usize = 100;
/// Moments in one list.
const MOMENTS_LIMIT: usize = 20;
/// Characters of one reason.
const REASON_LIMIT: usize = 500;
/// Characters of one code.
const CODE_LIMIT: usize = 64;

/// The outcome functions of one pack's layer; building them for every run would cost more than the run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builders(OnceLock<Arc<Module>>);

/// The builders of one hook: only its own outcomes exist, so another hook's cannot be returned. For a pack
/// only those it may give exist.
pub(super) fn module(hook: &'static Hook, permits: Option<&Permits>) -> Arc<Module> {
    static MODULES: OnceLock<Vec<Arc<Module>>> = OnceLock::new();
    if let Some(permits) = permits {
        let may = |outcome: &str| permits.answers(outcome);
        let module = permits.builders.0.get_or_init(|| build(hook, may).into());
        return Arc::clone(module);
    }
    let modules = MODULES.get_or_init(|| {
        registry::hooks()
            .iter()
            .map(|hook| Arc::new(build(hook, |_| true)))
            .collect()
    });
    registry::position(hook.name)
        .and_then(|position| modules.get(position).cloned())
        .unwrap_or_else(|| Arc::new(build(hook, |_| true)))
}

fn build(hook: &'static Hook, may: impl Fn(&str) -> bool) -> Module {
    let mut module = Module::new();
    module.set_custom_type::<Verdict>("outcome");
    add(&mut module, INHERIT, || Verdict::new(INHERIT));
    for spec in hook.outcomes.iter().filter(|spec| may(spec.name)) {
        register(&mut module, spec);
    }
    methods(&mut module, hook, may);
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

/// One function per outcome. The engine tells functions apart by the number of arguments, so a missing
/// one is "function not found", with the usage as advice.
fn register(module: &mut Module, spec: &'static OutcomeSpec) {
    let make = move |given: &[Dynamic]| -> Raised<Verdict> {
        let mut answer = Verdict::of(spec);
        put(&mut answer, spec.name, spec.arguments, spec.effect, given)?;
        Ok(answer)
    };
    match spec.arguments.len() {
        0 => add(module, spec.name, move || make(&[])),
        1 => add(module, spec.name, move |one: Dynamic| make(&[one])),
        2 => add(module, spec.name, move |one: Dynamic, two: Dynamic| {
            make(&[one, two])
        }),
        _ => add(
            module,
            spec.name,
            move |one: Dynamic, two: Dynamic, three: Dynamic| make(&[one, two, three]),
        ),
    }
}

/// A method may belong to several outcomes of a hook; it is registered once and looks at the answer. One
/// that is named like an outcome leads to that outcome, so it needs the same permission.
fn methods(module: &mut Module, hook: &'static Hook, may: impl Fn(&str) -> bool) {
    let mut seen: Vec<(&str, usize)> = Vec::new();
    let specs = hook.outcomes.iter().filter(|spec| may(spec.name));
    for method in specs.flat_map(|spec| spec.methods) {
        let key = (method.name, method.arguments.len());
        let leads_to_another = hook.outcome(method.name).is_some() && !may(method.name);
        if leads_to_another || seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let call =
            move |answer: &mut Verdict, given: &[Dynamic]| apply(hook, method, answer, given);
        match method.arguments.len() {
            0 => add(module, method.name, move |answer: &mut Verdict| {
                call(answer, &[])
            }),
            1 => add(
                module,
                method.name,
                move |answer: &mut Verdict, one: Dynamic| call(answer, &[one]),
            ),
            2 => add(
                module,
                method.name,
                move |answer: &mut Verdict, one: Dynamic, two: Dynamic| call(answer, &[one, two]),
            ),
            _ => add(
                module,
                method.name,
                move |answer: &mut Verdict, one: Dynamic, two: Dynamic, three: Dynamic| {
                    call(answer, &[one, two, three])
                },
            ),
        }
    }
}

fn apply(
    hook: &'static Hook,
    method: &'static Method,
    answer: &mut Verdict,
    given: &[Dynamic],
) -> Raised<Verdict> {
    let takes = |spec: &&OutcomeSpec| spec.methods.iter().any(|own| own.name == method.name);
    let is_one = hook
        .outcomes
        .iter()
        .filter(takes)
        .any(|spec| spec.name == answer.name);
    if !is_one && !answer.is_inherit() {
        let owners: Vec<String> = hook
            .outcomes
            .iter()
            .filter(takes)
            .map(OutcomeSpec::usage)
            .collect();
        let message = format!("{} does not take .{}(…)", answer.name, method.name);
        let verb = if owners.len() == 1 { "does" } else { "do" };
        let hint = format!("only {} {verb}", owners.join(", "));
        return Err(host_error(message, Some(hint)));
    }
    put(answer, method.name, method.arguments, method.effect, given)?;
    rise(hook, answer, method.name);
    Ok(answer.clone())
}

/// `ok().warn("phone", "…")` is a warning: a method named like a graver outcome makes the answer that one.
fn rise(hook: &'static Hook, answer: &mut Verdict, method: &str) {
    let rank = |name: &str| hook.outcome(name).map(|spec| spec.rank);
    if let (Some(now), Some(spec)) = (rank(answer.name), hook.outcome(method))
        && spec.rank > now
    {
        answer.name = spec.name;
    }
}

/// Checks what was put in the brackets and keeps it in the answer.
fn put(
    answer: &mut Verdict,
    name: &str,
    arguments: &'static [Argument],
    effect: Effect,
    given: &[Dynamic],
) -> Raised<()> {
    let mut values = Record::new();
    for (argument, given) in arguments.iter().zip(given) {
        values.insert(argument.field().to_owned(), accept(name, *argument, given)?);
    }
    match effect {
        Effect::Set => answer.values.extend(values),
        Effect::Append(list) => {
            if twin::items(&answer.values, list).len() >= ITEMS_LIMIT {
                let message = format!("more than {ITEMS_LIMIT} of `{name}`");
                return Err(host_error(message, None));
            }
            answer.append(list, name, values);
        }
    }
    Ok(())
}

/// Checks one argument.
fn accept(name: &str, argument: Argument, given: &Dynamic) -> Raised<Value> {
    let wrong = |wanted: &str| {
        let message = format!("{name}(…) takes {wanted}, not {}", kind_of(given));
        host_error(message, None)
    };
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
            Err(_) => Err(wrong(&format!("a whole number of {unit}"))),
        },
        Argument::Code { .. } => code(name, given).map(Value::from),
        Argument::Choice { field, choices } => choice(name, field, choices, given),
        Argument::Text { .. } => match given.read_lock::<ImmutableString>() {
            Some(text) if text.chars().count() <= REASON_LIMIT => Ok(text.as_str().into()),
            Some(_) => Err(host_error(
                format!("the text of {name}(…) is at most {REASON_LIMIT} letters long"),
                None,
            )),
            None => Err(wrong("text")),
        },
        Argument::YesNo { .. } => given
            .as_bool()
            .map(Value::from)
            .map_err(|_kind| wrong("yes or no")),
        Argument::Money { .. } => given
            .read_lock::<Money>()
            .map(|money| Value::Money(*money))
            .ok_or_else(|| wrong("money")),
        Argument::Moment { .. } => given
            .read_lock::<Moment>()
            .map(|moment| Value::Moment(*moment))
            .ok_or_else(|| wrong("a moment")),
        Argument::Moments { .. } => {
            let moments = given.read_lock::<Array>().and_then(|items| {
                let moment = |item: &Dynamic| {
                    item.read_lock::<Moment>()
                        .map(|moment| Value::Moment(*moment))
                };
                items.iter().map(moment).collect::<Option<Vec<_>>>()
            });
            match moments {
                Some(moments) if moments.len() <= MOMENTS_LIMIT => Ok(Value::List(moments)),
                _ => Err(wrong(&format!("a list of at most {MOMENTS_LIMIT} moments"))),
            }
        }
        Argument::Item { list, .. } => {
            let position = given
                .read_lock::<FactsView>()
                .and_then(|view| view.position_in(list));
            position
                .map(Value::from)
                .ok_or_else(|| wrong(&format!("one of `{list}`")))
        }
    }
}

fn choice(
    name: &str,
    field: &str,
    choices: &'static [&'static str],
    given: &Dynamic,
) -> Raised<Value> {
    let chosen = code(name, given)?;
    if choices.contains(&chosen.as_str()) {
        return Ok(chosen.into());
    }
    let hint =
        nearest(&chosen, choices.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
    let message = format!("`{chosen}` is not a {field}: {}", choices.join(", "));
    Err(host_error(message, hint))
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
