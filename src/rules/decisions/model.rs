//! A decision as it is kept, with what a person may see of it.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu_rules::{Class, Decision, Outcome, Problem, Read};

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
        if named {
            format!("{name}: {value}")
        } else {
            value.to_string()
        }
    };
    let values: Vec<String> = outcome.values.iter().map(value).collect();
    format!("{}({})", outcome.name, values.join(", "))
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
