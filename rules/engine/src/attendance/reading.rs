//! How the Rust twins read facts and settings: the same words as the script, never a panic.

use crate::{Record, Value};

static NOTHING: Value = Value::Nothing;

/// Follows `place.radius_m` through nested records.
pub(super) fn fact<'a>(record: &'a Record, path: &str) -> &'a Value {
    let (head, rest) = path
        .split_once('.')
        .map_or((path, None), |(head, rest)| (head, Some(rest)));
    match (record.get(head), rest) {
        (Some(value), None) => value,
        (Some(Value::Record(inner)), Some(rest)) => fact(inner, rest),
        _ => &NOTHING,
    }
}

/// A whole number, or what stands in for it.
pub(super) fn whole(record: &Record, path: &str, otherwise: i64) -> i64 {
    fact(record, path).as_whole().unwrap_or(otherwise)
}

pub(super) fn text<'a>(record: &'a Record, path: &str) -> &'a str {
    fact(record, path).as_text().unwrap_or_default()
}

pub(super) fn yes(record: &Record, path: &str) -> bool {
    fact(record, path).as_bool().unwrap_or(false)
}

/// Whether `person.tags` holds a tag.
pub(super) fn has_tag(record: &Record, tag: &str) -> bool {
    match fact(record, "person.tags") {
        Value::List(tags) => tags.iter().any(|item| item.as_text() == Some(tag)),
        _ => false,
    }
}
