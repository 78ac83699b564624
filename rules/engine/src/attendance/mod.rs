//! The attendance hooks: their facts, outcomes and built-in answers.

pub(crate) mod clock_in;
pub(crate) mod geofence;
pub(crate) mod lateness;
mod reading;

use crate::hook::{Field, Kind};
use crate::{Moment, Record, Value};

/// The person whose punch is judged.
const PERSON: &[Field] = &[
    Field::new("role", Kind::Text, "WORKER, SUPERVISOR and so on"),
    Field::new(
        "title",
        Kind::Text,
        "job title, as the organization writes it",
    )
    .personal()
    .may_be_empty(),
    Field::new(
        "tags",
        Kind::TextList,
        "tags an admin gave; ask with `.has_tag(\"field_staff\")`",
    ),
    Field::new("department", Kind::Text, "department")
        .personal()
        .may_be_empty(),
];

/// The place of the punch.
const PLACE: &[Field] = &[
    Field::new("name", Kind::Text, "its name; empty without a place").personal(),
    Field::new(
        "radius_m",
        Kind::Whole,
        "its own radius in metres, if it has one",
    )
    .may_be_empty(),
    Field::new(
        "kind",
        Kind::Choice(&["none", "circle", "polygon"]),
        "shape of its fence",
    ),
];

/// The service delivered, for care visits.
const SERVICE: &[Field] = &[Field::new("kind", Kind::Text, "kind of service").may_be_empty()];

const PERSON_FIELD: Field = Field::new("person", Kind::Record(PERSON), "who is clocking in");
const PLACE_FIELD: Field = Field::new(
    "place",
    Kind::Record(PLACE),
    "where; reads as empty without a place",
)
.reads_as_empty();
const SERVICE_FIELD: Field =
    Field::new("service", Kind::Record(SERVICE), "what for; reads as empty").reads_as_empty();
const NOW_FIELD: Field = Field::new("now", Kind::Moment, "the moment of the event, local");

/// A named record; keeps the samples below readable.
fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn sample_person() -> Value {
    Value::from([
        ("role", "WORKER".into()),
        ("title", "nurse".into()),
        ("tags", Value::List(Vec::new())),
        ("department", "ward_2".into()),
    ])
}

fn sample_place() -> Value {
    Value::from([
        ("name", "Head office".into()),
        ("radius_m", Value::Nothing),
        ("kind", "circle".into()),
    ])
}

fn sample_service() -> Value {
    Value::from([("kind", Value::Nothing)])
}

/// Monday 5 January 2026, half past eight in Nairobi.
fn sample_now() -> Value {
    Moment::new(1_767_591_000_000_000, 180).into()
}
