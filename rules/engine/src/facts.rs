//! Facts as the server gives them, completed and checked against the hook's schema before a rule runs.

use crate::hook::{Field, Kind, LIST_LIMIT, Presence, RECORDS_LIMIT};
use crate::{Record, Value};

/// Longest text a fact may carry into a rule, in bytes; longer text is cut by the server, not here.
const TEXT_LIMIT: usize = 2_048;

/// The largest whole number a fact or a setting can be, and the smallest below nothing: minutes of two thousand
/// years, metres to beyond the moon. Within it no product of two of them leaves 64 bits.
pub(crate) const WHOLE_LIMIT: i64 = 1_000_000_000;

/// Brings every whole number within [`WHOLE_LIMIT`], because a twin in Rust must be able to count with them
/// whatever happens, and says which one was not.
pub(crate) fn bound(facts: &mut Record) -> Result<(), String> {
    let mut beyond = None;
    for (name, value) in facts {
        let said = bound_value(value).err();
        beyond = beyond.or(said.map(|rest| format!("{name}{rest}")));
    }
    match beyond {
        Some(path) => Err(format!("the fact `{path}` is a number beyond all measure")),
        None => Ok(()),
    }
}

/// The path below the value, where one of its numbers was out of bounds.
fn bound_value(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Whole(number) if !(-WHOLE_LIMIT..=WHOLE_LIMIT).contains(number) => {
            *number = (*number).clamp(-WHOLE_LIMIT, WHOLE_LIMIT);
            Err(String::new())
        }
        Value::Record(inner) => {
            let mut beyond = Ok(());
            for (name, value) in inner {
                let said = bound_value(value).map_err(|rest| format!(".{name}{rest}"));
                beyond = beyond.and(said);
            }
            beyond
        }
        Value::List(items) => {
            let mut beyond = Ok(());
            for (index, item) in items.iter_mut().enumerate() {
                beyond = beyond.and(bound_value(item).map_err(|rest| format!("[{index}]{rest}")));
            }
            beyond
        }
        _ => Ok(()),
    }
}

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
