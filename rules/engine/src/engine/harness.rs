//! Test files: the words `run`, `settings`, `expect` and the name of the facts, and nothing else new.

use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, ImmutableString, Map, Scope};

use super::expect::{self, Expectation};
use super::register::add;
use super::translate::{innermost, locate_function};
use super::{
    HostError, Raised, explain_parse_error, host_error, limits, unreadable_character, words,
};
use crate::facts::merge;
use crate::hook::{Budget, Field, Kind};
use crate::pack::{Plan, decide_traced};
use crate::settings::{Dated, Schema, fits};
use crate::suggest::nearest;
use crate::testing::Watch;
use crate::{Moment, Money, Problem, Record, Value};

/// A test may loop over many rows; each `run` inside has the budget of a rule.
const TEST_BUDGET: Budget = Budget {
    operations: 1_000_000,
    wall_milliseconds: 10_000,
};

/// Facts and settings under construction; a type of their own, so that they cannot be swapped.
#[derive(Clone)]
struct TestFacts(Record);
#[derive(Clone)]
struct TestSettings(Record);

/// A test file that compiled.
pub(crate) struct TestFile {
    engine: Engine,
    ast: AST,
    /// Name and line, in the order of the file; the engine lists functions in no fixed order.
    pub(crate) tests: Vec<(String, Option<u32>)>,
}

impl TestFile {
    pub(crate) fn compile(
        text: &str,
        file: &str,
        plan: &Plan,
        schema: &Schema,
        subject: &str,
        watch: &Arc<Watch>,
    ) -> Result<Self, Problem> {
        let text = &super::normalise(text);
        if let Some(problem) = unreadable_character(text, Some(file)) {
            return Err(problem);
        }
        let engine = build(plan, schema, subject, watch);
        let ast = engine
            .compile(text)
            .map_err(|error| explain_parse_error(&error, text, Some(file)))?;
        let mut tests: Vec<(String, Option<u32>)> = ast
            .iter_functions()
            .filter(|function| function.name.starts_with("test_") && function.params.is_empty())
            .map(|function| {
                (
                    function.name.to_owned(),
                    locate_function(text, function.name),
                )
            })
            .map(|(name, place)| (name, place.map(|(line, _)| line)))
            .collect();
        tests.sort_by_key(|(_, line)| *line);
        Ok(Self { engine, ast, tests })
    }

    /// Runs one test; a failure says what and on which line.
    pub(crate) fn run(&self, name: &str) -> Result<(), (String, Option<u32>)> {
        let options = CallFnOptions::default().eval_ast(false);
        let called = self.engine.call_fn_with_options::<Dynamic>(
            options,
            &mut Scope::new(),
            &self.ast,
            name,
            (),
        );
        called.map(|_| ()).map_err(|error| {
            let (inner, position) = innermost(&error);
            let message = match inner {
                rhai::EvalAltResult::ErrorRuntime(token, _) => token
                    .read_lock::<HostError>()
                    .map_or_else(|| token.to_string(), |said| sentence(&said)),
                other => other.to_string(),
            };
            (
                message,
                position.line().and_then(|line| u32::try_from(line).ok()),
            )
        })
    }
}

fn sentence(said: &HostError) -> String {
    match &said.hint {
        Some(hint) => format!("{} - {hint}", said.message),
        None => said.message.clone(),
    }
}

fn build(plan: &Plan, schema: &Schema, subject: &str, watch: &Arc<Watch>) -> Engine {
    let mut engine = super::bare();
    limits::apply(&mut engine, TEST_BUDGET);
    words::disable(&mut engine);
    let mut module = rhai::Module::new();
    let hook = plan.hook;
    for name in [subject, hook.subject, "facts"] {
        let whose = name.to_owned();
        add(&mut module, name, move |over: Map| {
            facts(&whose, over, hook.facts, hook.sample())
        });
    }
    let values = plan.settings.at(None, &[]);
    let schema = schema.clone();
    add(&mut module, "settings", move |over: Map| {
        settings(over, &schema, &values)
    });
    let (plan, watch) = (plan.clone(), Arc::clone(watch));
    add(
        &mut module,
        "run",
        move |facts: TestFacts, settings: TestSettings| {
            let plan = Plan {
                settings: Dated::new(settings.0, std::iter::empty()),
                ..plan.clone()
            };
            let (decision, steps) = decide_traced(&plan, "test", facts.0, &[]);
            watch.note(&decision, &steps);
            Expectation::of(decision)
        },
    );
    expect::register(&mut module);
    module.build_index();
    engine.register_global_module(module.into());
    engine
}

/// The sample of the hook with some fields changed; an unknown field is a slip, not a new fact.
fn facts(
    subject: &str,
    over: Map,
    fields: &'static [Field],
    mut sample: Record,
) -> Raised<TestFacts> {
    merge(&mut sample, record(subject, over, fields)?);
    Ok(TestFacts(sample))
}

fn record(whose: &str, over: Map, fields: &'static [Field]) -> Raised<Record> {
    let mut record = Record::new();
    for (name, given) in over {
        let Some(field) = fields.iter().find(|field| field.name == name.as_str()) else {
            let near = nearest(&name, fields.iter().map(|field| field.name));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            return Err(host_error(format!("{whose} has no `{name}`"), hint));
        };
        let value = match (&field.kind, given) {
            (Kind::Record(inner), given) if given.is_map() => {
                let inside = format!("{whose}.{name}");
                Value::Record(self::record(&inside, given.cast::<Map>(), inner)?)
            }
            (kind, given) => value(given, *kind)?,
        };
        record.insert(name.to_string(), value);
    }
    Ok(record)
}

/// A value of a test; money and moments are written as text.
fn value(given: Dynamic, kind: Kind) -> Raised<Value> {
    let value = plain(given)?;
    let read = match (&value, kind) {
        (Value::Text(text), Kind::Money) => Money::parse(text).map(Value::Money),
        (Value::Text(text), Kind::Moment) => Moment::parse(text).map(Value::Moment),
        _ => None,
    };
    Ok(read.unwrap_or(value))
}

pub(super) fn plain(given: Dynamic) -> Raised<Value> {
    let kind = super::compare::kind_of(&given);
    if given.is_unit() {
        return Ok(Value::Nothing);
    }
    if let Ok(answer) = given.as_bool() {
        return Ok(Value::Bool(answer));
    }
    if let Ok(number) = given.as_int() {
        return Ok(Value::Whole(number));
    }
    if given.is_string() {
        return Ok(Value::Text(given.cast::<ImmutableString>().into_owned()));
    }
    if given.is_array() {
        let items = given.cast::<rhai::Array>().into_iter().map(plain);
        return items.collect::<Raised<Vec<_>>>().map(Value::List);
    }
    if let Some(money) = given.read_lock::<Money>() {
        return Ok(Value::Money(*money));
    }
    Err(host_error(format!("{kind} cannot be a fact"), None))
}

fn settings(over: Map, schema: &Schema, values: &Record) -> Raised<TestSettings> {
    let mut all = values.clone();
    for (name, given) in over {
        let Some(setting) = schema.find(&name) else {
            let near = nearest(
                &name,
                schema.settings.iter().map(|setting| setting.name.as_str()),
            );
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            return Err(host_error(format!("settings has no `{name}`"), hint));
        };
        let value = match setting.default {
            Value::Money(_) => value(given, Kind::Money)?,
            _ => plain(given)?,
        };
        fits(setting, &value).map_err(|message| host_error(message, None))?;
        all.insert(name.to_string(), value);
    }
    Ok(TestSettings(all))
}
