//! A decision as it is kept, with what a person may see of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu_rules::{
    Book, Class, Decision, Explained, Mode, Outcome, Problem, Read, Record, Status, hook,
};

use crate::kernel::id::{DecisionId, MemberId};
use crate::kernel::time::Instant;

/// What decisions are about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The session, or whatever else was judged.
    pub subject: Uuid,
    /// Whom it concerns, where it is about a person.
    pub member: Option<MemberId>,
    /// When it happened, which may be long before it arrived.
    pub event_at: Instant,
}

/// One kept decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub id: DecisionId,
    pub hook: String,
    pub contract: i32,
    pub subject_id: Uuid,
    pub event_at: Instant,
    pub decided_at: Instant,
    pub release: String,
    pub status: String,
    /// `late(22)`.
    pub outcome: String,
    pub reasons: Vec<String>,
    pub flags: Vec<String>,
    pub read: Vec<KeptRead>,
    pub layers: Vec<zamu_rules::LayerStep>,
    pub operations: i64,
    pub duration_us: i64,
    pub problem: Option<Problem>,
    /// The number of the release; 0 for what ships.
    pub release_number: i64,
    /// Whom it concerns, where it is about a person.
    pub member_id: Option<MemberId>,
    /// `Audit` for what a rule on trial would have said.
    pub mode: Mode,
    /// Whether a rule on trial differs from what was decided.
    pub diverges: bool,
}

/// `ON` or `AUDIT`: how a rule took part, as it is stored.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "OFF",
        Mode::Audit => "AUDIT",
        Mode::On => "ON",
    }
}

/// The reverse of [`mode_name`].
pub fn mode_of(name: &str) -> Mode {
    match name {
        "AUDIT" => Mode::Audit,
        "OFF" => Mode::Off,
        _ => Mode::On,
    }
}

/// Everything a decision is taken from: kept for a while, and never shown as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    pub hook: String,
    pub mode: Mode,
    /// Digest of the book it was taken by.
    pub release: String,
    pub facts: Record,
    /// Departments and place whose settings applied.
    pub scopes: Vec<String>,
}

impl Given {
    /// Takes the decision again; nothing where the book has no such rule.
    pub fn decide(self, book: &Book) -> Option<Decision> {
        match self.mode {
            Mode::Audit => book.shadow(&self.hook, self.facts, &self.scopes),
            Mode::On | Mode::Off => Some(book.decide(&self.hook, self.facts, &self.scopes)),
        }
    }

    /// The same with the lines that led to it.
    pub fn explain(self, book: &Book) -> Option<Explained> {
        match self.mode {
            Mode::Audit => book.explain_trial(&self.hook, self.facts, &self.scopes),
            Mode::On | Mode::Off => book.explain(&self.hook, self.facts, &self.scopes),
        }
    }
}

/// What a stored decision said: what another taking of it has to say too.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    pub name: String,
    #[serde(default)]
    pub values: Record,
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub asks: Vec<String>,
    #[serde(default)]
    pub tells: Vec<String>,
    #[serde(default)]
    pub needs_review: bool,
    /// Filled from a column of its own.
    #[serde(skip)]
    pub reasons: Vec<String>,
}

/// A decision that can be taken again by other rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Recent {
    pub id: DecisionId,
    pub member: Option<MemberId>,
    pub event_at: Instant,
    pub given: Given,
    pub said: Said,
}

impl Said {
    /// The answer alone.
    pub fn into_outcome(self) -> Outcome {
        Outcome {
            name: self.name,
            values: self.values,
        }
    }

    /// Whether another taking came to the same.
    pub fn is_what(&self, decision: &Decision) -> bool {
        self.name == decision.outcome.name
            && self.values == decision.outcome.values
            && self.flags == decision.flags
            && self.asks == decision.asks
            && self.tells == decision.tells
            && self.needs_review == decision.needs_review
            && self.reasons == decision.reasons
    }
}

/// Whether a rule was asked at all: the breaker and the quota answer unasked, and an incident is ours and passes.
pub fn was_asked(status: &str) -> bool {
    ![Status::Breaker, Status::Quota, Status::Incident]
        .iter()
        .any(|unasked| unasked.as_str() == status)
}

/// Every way a decision may have come about, for whoever filters by it.
pub const STATUSES: [Status; 8] = [
    Status::Ok,
    Status::Inherited,
    Status::Defaulted,
    Status::Budget,
    Status::Error,
    Status::Breaker,
    Status::Quota,
    Status::Incident,
];

/// Outcomes of the rules in force (rows) against those of a rule on trial or a candidate (columns), counted.
pub type Matrix = BTreeMap<(String, String), i64>;

/// The hook of a name, or nothing.
pub fn is_hook(name: &str) -> bool {
    hook(name).is_some()
}

/// One fact or setting that was looked at. The value of a fact that is not open is dropped before it is written.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct KeptRead {
    pub path: String,
    pub value: Option<String>,
    pub class: String,
}

impl KeptRead {
    pub fn of(read: &Read) -> Self {
        let open = matches!(read.class, Class::Open);
        Self {
            path: read.path.clone(),
            value: open.then(|| read.value.to_string()),
            class: format!("{:?}", read.class).to_uppercase(),
        }
    }
}

/// `late(22)`, `allow()`; several values carry their names: `fence(accuracy_m: 50, radius_m: 150)`.
pub fn outcome_text(outcome: &Outcome) -> String {
    let named = outcome.values.len() > 1;
    let value = |(name, value): (&String, &zamu_rules::Value)| {
        let text = value_text(value);
        if named {
            format!("{name}: {text}")
        } else {
            text
        }
    };
    let values: Vec<String> = outcome.values.iter().map(value).collect();
    format!("{}({})", outcome.name, values.join(", "))
}

/// A list of what methods added reads as they were called: `deduct(30, no meal break)`.
fn value_text(value: &zamu_rules::Value) -> String {
    use zamu_rules::Value;
    match value {
        Value::List(items) => items.iter().map(value_text).collect::<Vec<_>>().join(", "),
        Value::Record(record) => {
            let method = record
                .get("what")
                .and_then(Value::as_text)
                .unwrap_or_default();
            let rest = record.iter().filter(|(name, _)| *name != "what");
            let rest: Vec<String> = rest.map(|(_, value)| value_text(value)).collect();
            format!("{method}({})", rest.join(", "))
        }
        other => other.to_string(),
    }
}

/// Outcome and decorations as they are stored.
pub fn outcome_json(decision: &Decision) -> Json {
    json!({
        "name": decision.outcome.name,
        "text": outcome_text(&decision.outcome),
        "values": decision.outcome.values,
        "flags": decision.flags,
        "asks": decision.asks,
        "tells": decision.tells,
        "needsReview": decision.needs_review,
    })
}

/// The same for what a rule on trial said, with the outcome it stood beside.
pub fn trial_json(decision: &Decision, decided: Option<&Decision>) -> Json {
    let mut json = outcome_json(decision);
    if let (Some(fields), Some(decided)) = (json.as_object_mut(), decided) {
        fields.insert("against".to_owned(), json!(decided.outcome.name));
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use zamu_rules::Value;

    #[test]
    fn an_outcome_reads_without_its_schema() {
        let outcome = |name: &str, values: &[(&str, i64)]| Outcome {
            name: name.to_owned(),
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
                .collect(),
        };
        assert_eq!(outcome_text(&outcome("allow", &[])), "allow()");
        assert_eq!(
            outcome_text(&outcome("late", &[("minutes", 22)])),
            "late(22)"
        );
        let fence = outcome("fence", &[("radius_m", 150), ("accuracy_m", 50)]);
        assert_eq!(outcome_text(&fence), "fence(accuracy_m: 50, radius_m: 150)");
        let asked: Value = [
            ("what", "require".into()),
            ("kind", "note".into()),
            ("prompt", "What happened?".into()),
        ]
        .into();
        let mut require = outcome("require", &[]);
        require
            .values
            .insert("required".into(), Value::List(vec![asked]));
        assert_eq!(
            outcome_text(&require),
            "require(require(note, What happened?))"
        );
    }

    #[test]
    fn personal_facts_lose_their_value_before_they_are_kept() {
        let read = |class| Read {
            path: "person.title".into(),
            value: Value::from("nurse"),
            class,
        };
        assert_eq!(
            KeptRead::of(&read(Class::Open)).value.as_deref(),
            Some("nurse")
        );
        assert_eq!(KeptRead::of(&read(Class::Personal)).value, None);
        assert_eq!(KeptRead::of(&read(Class::Health)).class, "HEALTH");
    }
}
