//! Generated edge cases: for each limit a rule compares a fact with, the values just below, at and above it,
//! and nothing at all where the fact may be empty.

use std::collections::BTreeSet;

use super::{Edge, Report, Severity};
use crate::compiled::Script;
use crate::engine::lint::{Limit, Looked};
use crate::facts::{empty, prepare};
use crate::hook::{Field, Kind};
use crate::pack::decide;
use crate::testing::Bench;
use crate::{Decision, Money, Problem, Record, Value};

/// Enough for any rule a person can read.
const EDGES_LIMIT: usize = 200;

/// Runs the rule on every edge and on an ordinary day; what fails is a finding.
pub(super) fn run(script: &Script, looked: &Looked, bench: &Bench, report: &mut Report) {
    let plan = &bench.plan;
    let sample = plan.hook.sample();
    let ordinary = decide(plan, "edge", sample.clone(), &[]);
    bench.watch.note(&ordinary, &[]);
    let mut said = BTreeSet::new();
    // What the look at the text already called an error would only be echoed here.
    let is_known_bad = looked.remarks.iter().any(|remark| remark.is_error);
    if let Some(problem) = ordinary.problem.filter(|_| !is_known_bad) {
        said.insert(problem.message.clone());
        let message = format!("fails on an ordinary day: {}", problem.message);
        report.error("fails", Problem { message, ..problem });
    }
    // The text already says that a path gives no answer; an edge that takes it says nothing new.
    let no_answer = looked
        .remarks
        .iter()
        .any(|remark| remark.code == "no_answer");
    said.extend(no_answer.then(|| "this rule gave no answer".to_owned()));
    for (path, value) in values(looked, bench).into_iter().take(EDGES_LIMIT) {
        let mut facts = sample.clone();
        set(&mut facts, plan.hook.facts, &path, value.clone());
        if prepare(&mut facts.clone(), plan.hook.facts, "").is_err() {
            continue;
        }
        let decision = decide(plan, "edge", facts, &[]);
        bench.watch.note(&decision, &[]);
        if let Some(problem) = &decision.problem
            && !is_known_bad
            && said.insert(problem.message.clone())
        {
            let message = format!("fails when `{path}` is {value}: {}", problem.message);
            let file = problem.file.clone().or_else(|| script.file.clone());
            let problem = Problem {
                message,
                file,
                ..problem.clone()
            };
            report.add("fails_at_edge", Severity::Warning, problem);
        }
        report.edges.push(Edge {
            outcome: written(&decision),
            problem: decision.problem.map(|problem| problem.message),
            changed: Record::from([(path, value)]),
        });
    }
}

/// What to try, each pair once, in the order the rule mentions it.
fn values(looked: &Looked, bench: &Bench) -> Vec<(String, Value)> {
    let settings = bench.plan.settings.at(None, &[]);
    let mut tries: Vec<(String, Value)> = Vec::new();
    for comparison in &looked.comparisons {
        let at_limit = limit(&comparison.limit, &settings);
        let around = [-1, 0, 1]
            .into_iter()
            .filter_map(|step| stepped(at_limit.as_ref()?, step));
        tries.extend(around.map(|value| (comparison.path.clone(), value)));
    }
    let empty = looked.may_be_empty.iter();
    tries.extend(empty.map(|path| (path.clone(), Value::Nothing)));
    let mut once: Vec<(String, Value)> = Vec::new();
    for one in tries {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

fn limit(limit: &Limit, settings: &Record) -> Option<Value> {
    match &limit.setting {
        None => Some(limit.offset.into()),
        Some(name) => stepped(settings.get(name)?, limit.offset),
    }
}

fn stepped(value: &Value, by: i64) -> Option<Value> {
    match value {
        Value::Whole(number) => number.checked_add(by).map(Value::Whole),
        Value::Money(money) => {
            let minor = money.minor.checked_add(by)?;
            Some(Money::new(minor, money.currency).into())
        }
        _ => None,
    }
}

/// Puts a value at a path; a record that is empty is filled first, and of a list the first record is meant.
fn set(facts: &mut Record, fields: &'static [Field], path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        facts.insert(path.to_owned(), value);
        return;
    };
    let kind = fields
        .iter()
        .find(|field| field.name == first)
        .map(|field| field.kind);
    let (Some(Kind::Record(inner) | Kind::Records(inner)), Some(place)) =
        (kind, facts.get_mut(first))
    else {
        return;
    };
    if *place == Value::Nothing {
        *place = Value::Record(empty(inner));
    }
    let record = match place {
        Value::Record(record) => Some(record),
        Value::List(items) => items.first_mut().and_then(|item| match item {
            Value::Record(record) => Some(record),
            _ => None,
        }),
        _ => None,
    };
    if let Some(record) = record {
        set(record, inner, rest, value);
    }
}

/// The answer as a rule writes it.
fn written(decision: &Decision) -> String {
    let values = decision.outcome.values.values().map(ToString::to_string);
    let values: Vec<String> = values.collect();
    format!("{}({})", decision.outcome.name, values.join(", "))
}
