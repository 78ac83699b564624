//! Facts that many hooks share - who, where, for what, when - and the short way to write a schema.

use crate::hook::Kind;
use crate::{Moment, Record, Value};

/// The fields of a record: `name: kind => "about" marks;`, where the marks are methods of `Field`.
macro_rules! fields {
    ($($name:ident: $kind:expr => $about:literal $($mark:ident)*;)*) => {
        &[$($crate::hook::Field::new(stringify!($name), $kind, $about)$(.$mark())*),*]
    };
}

/// A record of values, for samples and items.
macro_rules! facts {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::Record::from([
            $((stringify!($name).to_owned(), $crate::Value::from($value))),*
        ])
    };
}

pub(crate) const WEEKDAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The person a decision is about.
pub(crate) const PERSON: Kind = Kind::Record(fields! {
    role: Kind::Text => "worker, supervisor and so on";
    title: Kind::Text => "job title, as the organization writes it" personal may_be_empty;
    tags: Kind::TextList => "tags an admin gave; ask with `.has_tag(\"field_staff\")`";
    department: Kind::Text => "department" personal may_be_empty;
});

/// The place of the punch.
pub(crate) const PLACE: Kind = Kind::Record(fields! {
    name: Kind::Text => "its name; empty without a place" personal;
    radius_m: Kind::Whole => "its own radius in metres, if it has one" may_be_empty;
    kind: Kind::Choice(&["none", "circle", "polygon"]) => "shape of its fence";
});

/// The service delivered, for care visits.
pub(crate) const SERVICE: Kind = Kind::Record(fields! {
    kind: Kind::Text => "kind of service" may_be_empty;
});

/// What the fence said about a punch.
pub(crate) const FENCE: Kind = Kind::Record(fields! {
    verdict: Kind::Choice(&["none", "inside", "outside", "uncertain"])
        => "where the phone was, judged with its accuracy; none without a fence";
    distance_m: Kind::Whole => "metres from the place, rounded" may_be_empty;
    accuracy_m: Kind::Whole => "accuracy of the fix in metres" may_be_empty;
});

pub(crate) fn sample_person() -> Record {
    facts! { role: "worker", title: "nurse", tags: Value::List(Vec::new()), department: "ward_2" }
}

pub(crate) fn sample_place() -> Record {
    facts! { name: "Head office", radius_m: Value::Nothing, kind: "circle" }
}

pub(crate) fn sample_service() -> Record {
    facts! { kind: Value::Nothing }
}

pub(crate) fn sample_fence() -> Record {
    facts! { verdict: "inside", distance_m: 12, accuracy_m: 8 }
}

/// Monday 5 January 2026, half past eight in Nairobi, and some minutes.
pub(crate) fn sample_moment(minutes_later: i64) -> Moment {
    let half_past_eight = Moment::new(1_767_591_000_000_000, 180);
    half_past_eight
        .plus_minutes(minutes_later)
        .unwrap_or(half_past_eight)
}

pub(crate) fn sample_now() -> Moment {
    sample_moment(0)
}
