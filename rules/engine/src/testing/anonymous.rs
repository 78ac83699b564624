//! A decision without the person: what may be kept as a case and shown to everybody who edits rules.

use super::cases::{Case, Expected};
use crate::hook::{Class, Field, Kind};
use crate::pack::Plan;
use crate::{Book, Decision, Moment, Problem, Record, Value, registry};

/// A week, so that weekday and hour stay what they were.
const WEEK_MICROS: i64 = 7 * 24 * 60 * 60 * 1_000_000;

pub(super) fn keep(name: &str, decision: &Decision, book: &Book) -> Result<Case, Problem> {
    let refuse = |message: String, hint: &str| Problem {
        message,
        hint: Some(hint.to_owned()),
        ..Problem::default()
    };
    let hook = registry::hook(&decision.hook).ok_or_else(|| {
        refuse(
            format!("no hook is called `{}`", decision.hook),
            "update the server",
        )
    })?;
    let plan = book
        .plan(hook.name)
        .ok_or_else(|| refuse(format!("{} has no rules", hook.name), "update the server"))?;
    if !decision.status.is_answered() {
        let hint = "a case holds an answer of the rules, and here the failure policy answered";
        return Err(refuse("this decision cannot be kept".to_owned(), hint));
    }
    let case = |facts: &Record| Case {
        name: name.to_owned(),
        facts: facts.clone(),
        settings: settings_read(decision),
        expect: Expected::of(decision),
    };
    if !holds(&case(&decision.facts), plan) {
        let hint = "keep it with the release that took it, or replay it first";
        return Err(refuse(
            "these rules do not give this answer".to_owned(),
            hint,
        ));
    }
    let sample = hook.sample();
    let mut facts = decision.facts.clone();
    for path in private_paths(hook.facts, "") {
        let replaced = with(&facts, &path, &sample);
        if !holds(&case(&replaced), plan) {
            let hint = "keep a decision that does not depend on who the person is";
            return Err(refuse(
                format!("the answer hangs on `{path}`, which is private"),
                hint,
            ));
        }
        facts = replaced;
    }
    let moved = shifted(&facts, &sample);
    if holds(&case(&moved), plan) {
        facts = moved;
    }
    let mut kept = case(&facts);
    kept.facts = differences(&facts, &sample);
    Ok(kept)
}

fn holds(case: &Case, plan: &Plan) -> bool {
    let decision = case.decide(plan);
    decision.problem.is_none() && Expected::of(&decision) == case.expect
}

/// The settings the decision looked at, so that the case does not change with them.
fn settings_read(decision: &Decision) -> Record {
    let read = decision.read.iter().filter_map(|read| {
        let name = read.path.strip_prefix("settings.")?;
        Some((name.to_owned(), read.value.clone()))
    });
    read.collect()
}

/// Paths of the facts that belong to a person; lists of records are one path each.
fn private_paths(fields: &'static [Field], at: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for field in fields {
        let path = format!("{at}{}", field.name);
        match (field.class, field.kind) {
            (Class::Personal | Class::Health, _) => paths.push(path),
            (_, Kind::Record(inner)) => paths.extend(private_paths(inner, &format!("{path}."))),
            // A private field in a list makes the list private: its records cannot be matched with a sample.
            (_, Kind::Records(inner)) if !private_paths(inner, "").is_empty() => paths.push(path),
            _ => {}
        }
    }
    paths
}

/// The facts with one path replaced by what the sample has there; a record that is empty stays empty.
fn with(facts: &Record, path: &str, sample: &Record) -> Record {
    let mut facts = facts.clone();
    match path.split_once('.') {
        None => {
            if facts
                .get(path)
                .is_some_and(|value| *value != Value::Nothing)
            {
                let stand_in = sample.get(path).cloned().unwrap_or_default();
                facts.insert(path.to_owned(), stand_in);
            }
        }
        Some((first, rest)) => {
            let none = Record::new();
            let inner = sample
                .get(first)
                .and_then(Value::as_record)
                .unwrap_or(&none);
            if let Some(Value::Record(record)) = facts.get(first) {
                let replaced = with(record, rest, inner);
                facts.insert(first.to_owned(), Value::Record(replaced));
            }
        }
    }
    facts
}

/// Every moment moved by the same whole weeks, so that the event falls into the week of the sample.
fn shifted(facts: &Record, sample: &Record) -> Record {
    let (Some(Value::Moment(now)), Some(Value::Moment(usual))) =
        (facts.get("now"), sample.get("now"))
    else {
        return facts.clone();
    };
    let weeks = (usual.utc_micros - now.utc_micros).div_euclid(WEEK_MICROS);
    let by = weeks.saturating_mul(WEEK_MICROS);
    facts
        .iter()
        .map(|(name, value)| (name.clone(), moved(value, by)))
        .collect()
}

fn moved(value: &Value, by: i64) -> Value {
    match value {
        Value::Moment(moment) => Value::Moment(Moment {
            utc_micros: moment.utc_micros.saturating_add(by),
            ..*moment
        }),
        Value::List(items) => Value::List(items.iter().map(|item| moved(item, by)).collect()),
        Value::Record(record) => {
            let fields = record.iter();
            Value::Record(
                fields
                    .map(|(name, value)| (name.clone(), moved(value, by)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// Only what differs from an ordinary day: that is what a reader of the case wants to see.
fn differences(facts: &Record, sample: &Record) -> Record {
    let mut changed = Record::new();
    for (name, value) in facts {
        match (value, sample.get(name)) {
            (value, Some(usual)) if value == usual => {}
            (Value::Record(inner), Some(Value::Record(usual))) => {
                changed.insert(name.clone(), Value::Record(differences(inner, usual)));
            }
            _ => {
                changed.insert(name.clone(), value.clone());
            }
        }
    }
    changed
}
