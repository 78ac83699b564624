//! How the Rust twins read facts and settings: the same words as the script, never a panic.

use crate::{Moment, Money, Record, Value};

static NOTHING: Value = Value::Nothing;

/// Follows `place.radius_m` through nested records.
pub(crate) fn fact<'a>(record: &'a Record, path: &str) -> &'a Value {
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
pub(crate) fn whole(record: &Record, path: &str, otherwise: i64) -> i64 {
    fact(record, path).as_whole().unwrap_or(otherwise)
}

pub(crate) fn text<'a>(record: &'a Record, path: &str) -> &'a str {
    fact(record, path).as_text().unwrap_or_default()
}

/// A text, or what stands in for it where it is empty.
pub(crate) fn text_or<'a>(record: &'a Record, path: &str, otherwise: &'a str) -> &'a str {
    match text(record, path) {
        "" => otherwise,
        text => text,
    }
}

pub(crate) fn yes(record: &Record, path: &str) -> bool {
    fact(record, path).as_bool().unwrap_or(false)
}

pub(crate) fn is_empty(record: &Record, path: &str) -> bool {
    *fact(record, path) == Value::Nothing
}

pub(crate) fn money(record: &Record, path: &str) -> Option<Money> {
    match fact(record, path) {
        Value::Money(money) => Some(*money),
        _ => None,
    }
}

pub(crate) fn moment(record: &Record, path: &str) -> Option<Moment> {
    match fact(record, path) {
        Value::Moment(moment) => Some(*moment),
        _ => None,
    }
}

/// The items of a list; nothing where there is no list.
pub(crate) fn items<'a>(record: &'a Record, path: &str) -> &'a [Value] {
    match fact(record, path) {
        Value::List(items) => items,
        _ => &[],
    }
}

/// The records of a list, such as `session.breaks`.
pub(crate) fn records<'a>(record: &'a Record, path: &str) -> impl Iterator<Item = &'a Record> {
    items(record, path).iter().filter_map(Value::as_record)
}

/// Whether a list of texts holds one.
pub(crate) fn lists(record: &Record, path: &str, wanted: &str) -> bool {
    let items = items(record, path);
    items.iter().any(|item| item.as_text() == Some(wanted))
}

/// Whether one of `breaks` is of a kind; what `took_break` asks in a rule.
pub(crate) fn took_break(session: &Record, kind: &str) -> bool {
    records(session, "breaks").any(|pause| text(pause, "kind") == kind)
}

/// How long a reading has been beyond a limit without a break, in minutes: 0 when it is not, or only since
/// now. What `minutes_below` and `minutes_above` ask in a rule.
pub(crate) fn minutes_beyond(reading: &Record, is_beyond: impl Fn(i64) -> bool) -> i64 {
    let value_is = |record: &&Record| fact(record, "value").as_whole().is_some_and(&is_beyond);
    if !value_is(&reading) {
        return 0;
    }
    let run = records(reading, "recent").take_while(value_is);
    run.last()
        .map_or(0, |oldest| whole(oldest, "minutes_ago", 0))
}
