//! Generated edge cases: for each limit a rule compares a fact with, the values just below, at and above it,
//! and nothing at all where the fact may be empty.

use std::collections::BTreeSet;

use super::{Edge, Report, Severity};
use crate::compiled::Script;
use crate::engine::lint::{Limit, Looked};
use crate::facts::{empty, prepare};
use crate::hook::{Field, Kind};
use crate::pack::{Plan, decide};
use crate::testing::Bench;
use crate::{Decision, Money, Problem, Record, Status, Value};

/// Enough for any rule a person can read.
const EDGES_LIMIT: usize = 200;

/// How often a run is repeated that the server was too slow for.
const TRIES: usize = 3;

/// Runs the rule on every edge and on an ordinary day; what fails is a finding.
pub(super) fn run(script: &Script, looked: &Looked, bench: &Bench, report: &mut Report) {
    let plan = &bench.plan;
    let sample = plan.hook.sample();
    let ordinary = settled(plan, &sample);
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
        let is_set = set(&mut facts, plan.hook.facts, &path, value.clone());
        if !is_set || prepare(&mut facts.clone(), plan.hook.facts, "").is_err() {
            continue;
        }
        let decision = settled(plan, &facts);
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

/// A decision that the wall guard did not cut short, unless it does so each time: one slow moment of the
/// server is not the rule's fault.
fn settled(plan: &Plan, facts: &Record) -> Decision {
    let mut decision = decide(plan, "edge", facts.clone(), &[]);
    for _ in 0..TRIES {
        if decision.status != Status::Incident {
            break;
        }
        decision = decide(plan, "edge", facts.clone(), &[]);
    }
    decision
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

/// Puts a value at a path, if there is such a place: a record that is empty is filled first, and of a list
/// (`breaks[].minutes`) the first record is meant.
fn set(facts: &mut Record, fields: &'static [Field], path: &str, value: Value) -> bool {
    let Some((first, rest)) = path.split_once('.') else {
        facts.insert(path.to_owned(), value);
        return true;
    };
    let first = first.trim_end_matches("[]");
    let kind = fields.iter().find(|field| field.name == first);
    let kind = kind.map(|field| field.kind);
    let (Some(Kind::Record(inner) | Kind::Records(inner)), Some(place)) =
        (kind, facts.get_mut(first))
    else {
        return false;
    };
    if *place == Value::Nothing {
        *place = Value::Record(empty(inner));
    }
    let record = match place {
        Value::List(items) => items.first_mut(),
        other => Some(other),
    };
    match record {
        Some(Value::Record(record)) => set(record, inner, rest, value),
        _ => false,
    }
}

/// The answer as a rule writes it.
fn written(decision: &Decision) -> String {
    let values = decision.outcome.values.values().map(ToString::to_string);
    let values: Vec<String> = values.collect();
    format!("{}({})", decision.outcome.name, values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: &[Field] = &[Field::new("minutes", Kind::Whole, "")];
    const FIELDS: &[Field] = &[
        Field::new("pauses", Kind::Records(PAUSE), ""),
        Field::new("last", Kind::Record(PAUSE), "").may_be_empty(),
    ];

    #[test]
    fn a_path_leads_into_records_and_the_first_of_a_list() {
        let pause = |minutes: i64| Value::from([("minutes", minutes.into())]);
        let mut facts = Record::from([
            ("pauses".to_owned(), Value::List(vec![pause(5), pause(6)])),
            ("last".to_owned(), Value::Nothing),
        ]);
        assert!(set(&mut facts, FIELDS, "pauses[].minutes", 9.into()));
        assert!(set(&mut facts, FIELDS, "last.minutes", 3.into()));
        let expected = Record::from([
            ("pauses".to_owned(), Value::List(vec![pause(9), pause(6)])),
            ("last".to_owned(), pause(3)),
        ]);
        assert_eq!(facts, expected);
        facts.insert("pauses".to_owned(), Value::List(Vec::new()));
        assert!(!set(&mut facts, FIELDS, "pauses[].minutes", 9.into()));
        assert!(!set(&mut facts, FIELDS, "nobody.knows", 9.into()));
    }
}
