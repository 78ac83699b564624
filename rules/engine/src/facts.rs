//! Facts as the server gives them, completed and checked against the hook's schema before a rule runs.

use crate::hook::{Field, Kind, LIST_LIMIT, Presence, RECORDS_LIMIT};
use crate::{Record, Value};

/// Longest text a fact may carry into a rule, in bytes; longer text is cut by the server, not here.
const TEXT_LIMIT: usize = 2_048;

/// Fills in what may be left out and refuses what does not fit, naming the fact.
pub(crate) fn prepare(
    facts: &mut Record,
    fields: &'static [Field],
    at: &str,
) -> Result<(), String> {
    if let Some(unknown) = facts
        .keys()
        .find(|name| !fields.iter().any(|field| field.name == **name))
    {
        return Err(format!("there is no fact `{at}{unknown}`"));
    }
    for field in fields {
        if !facts.contains_key(field.name) {
            facts.insert(field.name.to_owned(), Value::Nothing);
        }
        if let Some(value) = facts.get_mut(field.name) {
            fit(value, field, at)?;
        }
    }
    Ok(())
}

fn fit(value: &mut Value, field: &'static Field, at: &str) -> Result<(), String> {
    let name = field.name;
    match (&field.kind, &mut *value) {
        (Kind::Record(inner), Value::Record(record)) => {
            prepare(record, inner, &format!("{at}{name}."))
        }
        (Kind::Record(inner), Value::Nothing) if field.presence == Presence::ReadsAsEmpty => {
            *value = Value::Record(empty(inner));
            Ok(())
        }
        (Kind::Records(inner), Value::List(items)) => {
            if items.len() > RECORDS_LIMIT {
                return Err(format!(
                    "the fact `{at}{name}` has more than {RECORDS_LIMIT} records"
                ));
            }
            for (index, item) in items.iter_mut().enumerate() {
                let Value::Record(record) = item else {
                    return Err(format!("`{at}{name}[{index}]` is not a record"));
                };
                prepare(record, inner, &format!("{at}{name}[{index}]."))?;
            }
            Ok(())
        }
        (_, Value::Nothing) if field.presence == Presence::MayBeEmpty => Ok(()),
        (_, Value::Nothing) => Err(format!("the fact `{at}{name}` is missing")),
        (Kind::YesNo, Value::Bool(_))
        | (Kind::Whole, Value::Whole(_))
        | (Kind::Money, Value::Money(_))
        | (Kind::Moment, Value::Moment(_)) => Ok(()),
        (Kind::Text, Value::Text(text)) if text.len() <= TEXT_LIMIT => Ok(()),
        (Kind::Choice(choices), Value::Text(text)) if choices.contains(&text.as_str()) => Ok(()),
        (Kind::Choice(choices), Value::Text(text)) => Err(format!(
            "the fact `{at}{name}` is `{text}`, not one of {}",
            choices.join(", ")
        )),
        (Kind::TextList, Value::List(items))
            if items.len() <= LIST_LIMIT && items.iter().all(|item| item.as_text().is_some()) =>
        {
            Ok(())
        }
        (_, other) => Err(format!(
            "the fact `{at}{name}` cannot be {}",
            other.kind_name()
        )),
    }
}

/// What a record that was left out reads as.
pub(crate) fn empty(fields: &'static [Field]) -> Record {
    let value = |field: &Field| match (field.presence, field.kind) {
        (Presence::MayBeEmpty, _) | (_, Kind::Money | Kind::Moment) => Value::Nothing,
        (_, Kind::Choice(choices)) => choices.first().copied().unwrap_or_default().into(),
        (_, Kind::Text) => "".into(),
        (_, Kind::YesNo) => false.into(),
        (_, Kind::Whole) => 0.into(),
        (_, Kind::TextList | Kind::Records(_)) => Value::List(Vec::new()),
        (_, Kind::Record(inner)) => Value::Record(empty(inner)),
    };
    fields
        .iter()
        .map(|field| (field.name.to_owned(), value(field)))
        .collect()
}

/// Lays a test's overrides over a sample, record by record.
pub(crate) fn merge(into: &mut Record, over: Record) {
    for (name, value) in over {
        match (into.get_mut(&name), value) {
            (Some(Value::Record(inner)), Value::Record(fields)) => merge(inner, fields),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}
