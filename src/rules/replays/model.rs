//! What a replay is, and what it found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zamu_rules::{Currency, Decision, Money, Outcome, Record, Status, Value};

use crate::kernel::id::{DecisionId, MemberId, ReplayId};
use crate::kernel::time::Instant;
use crate::rules::decisions::model::outcome_text;

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    Running,
    Done,
    /// The stored decisions could not be taken again as they were, so nothing can be believed.
    NotFaithful,
    Cancelled,
    Failed,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::NotFaithful => "NOT_FAITHFUL",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    pub fn of(name: &str) -> Self {
        let all = [
            Self::Running,
            Self::Done,
            Self::NotFaithful,
            Self::Cancelled,
        ];
        let found = all.into_iter().find(|state| state.name() == name);
        found.unwrap_or(Self::Failed)
    }
}

/// One replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: ReplayId,
    pub hook: String,
    pub state: State,
    /// The release that is the candidate; nothing for one that is no release yet.
    pub candidate_release: Option<i64>,
    pub from: Instant,
    /// Exclusive.
    pub to: Instant,
    pub created_at: Instant,
    pub heartbeat_at: Instant,
    pub finished_at: Option<Instant>,
    /// Decisions in the time.
    pub total: i64,
    pub done: i64,
    /// Nothing before it ended.
    pub result: Option<Tally>,
    pub problem: Option<String>,
}

/// Everything a replay counts. It grows with weeks, departments and people, not with decisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Decisions taken again, by their own book and by the candidate.
    pub replayed: i64,
    /// Their facts were removed when their time was over.
    pub without_facts: i64,
    /// No rule was asked then: the breaker or the quota answered, or the server had an incident.
    pub unasked: i64,
    pub changed: i64,
    /// The candidate fails where a rule answered before.
    pub newly_failing: i64,
    pub operations: i64,
    pub duration_ms: i64,
    /// Old outcome, new outcome, how often.
    pub matrix: BTreeMap<String, BTreeMap<String, i64>>,
    /// By ISO week: `2026-W10`.
    pub weeks: BTreeMap<String, Delta>,
    /// By the department's name then; empty for none.
    pub departments: BTreeMap<String, Delta>,
    /// By person: only those something changes for.
    pub people: BTreeMap<String, Delta>,
    /// Stored decisions that came to something else when taken again.
    pub unfaithful: Vec<Unfaithful>,
    /// Whether there are more changes than are kept.
    pub is_cut: bool,
}

/// What changes for a week, a department or a person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delta {
    pub decisions: i64,
    pub changed: i64,
    /// New minus old.
    pub minutes: i64,
    /// New minus old, in minor units by currency.
    pub money: BTreeMap<String, i64>,
}

/// A stored decision that came to something else when it was taken again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfaithful {
    pub decision: DecisionId,
    pub stored: String,
    /// Nothing where it could not be taken again at all.
    pub again: Option<String>,
    pub why: String,
}

/// One side of a changed decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Side {
    pub status: String,
    /// As a script writes it: `late(22)`.
    pub outcome: String,
    pub reasons: Vec<String>,
    pub flags: Vec<String>,
    #[serde(flatten)]
    pub worth: Worth,
}

impl Side {
    pub fn of(decision: &Decision) -> Self {
        Self {
            status: decision.status.as_str().to_owned(),
            outcome: outcome_text(&decision.outcome),
            reasons: decision.reasons.clone(),
            flags: decision.flags.clone(),
            worth: Worth::of(&decision.outcome),
        }
    }
}

/// A decision the candidate takes differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub decision: DecisionId,
    pub member: Option<MemberId>,
    pub event_at: Instant,
    pub is_failing: bool,
    pub department: String,
    pub was: Side,
    pub would: Side,
}

/// Minutes and money of an outcome, summed up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    pub minutes: i64,
    /// In minor units, by currency.
    pub money: BTreeMap<String, i64>,
}

impl Worth {
    pub fn of(outcome: &Outcome) -> Self {
        let mut worth = Self::default();
        worth.add_record(&outcome.values);
        worth
    }

    fn add_record(&mut self, values: &Record) {
        for (name, value) in values {
            let is_minutes = name == "minutes" || name.ends_with("_minutes");
            match value {
                Value::Whole(minutes) if is_minutes => {
                    self.minutes = self.minutes.saturating_add(*minutes);
                }
                other => self.add(other),
            }
        }
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Money(money) => self.add_money(*money),
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            Value::Record(record) => self.add_record(record),
            _ => {}
        }
    }

    fn add_money(&mut self, money: Money) {
        let sum = self.money.entry(money.currency.to_string()).or_default();
        *sum = sum.saturating_add(money.minor);
    }
}

impl Delta {
    /// Counts one decision: what it was worth, and what it would be worth.
    pub fn count(&mut self, is_changed: bool, was: &Worth, would: &Worth) {
        self.decisions += 1;
        self.changed += i64::from(is_changed);
        if !is_changed {
            return;
        }
        self.minutes += would.minutes - was.minutes;
        for (currency, minor) in &would.money {
            *self.money.entry(currency.clone()).or_default() += minor;
        }
        for (currency, minor) in &was.money {
            *self.money.entry(currency.clone()).or_default() -= minor;
        }
    }
}

/// `KES 12.50` from minor units.
pub fn amount(currency: &str, minor: i64) -> String {
    match Currency::new(currency) {
        Some(currency) => Money::new(minor, currency).to_string(),
        None => format!("{currency} {minor}"),
    }
}

/// Whether two takings of a decision differ in anything that has an effect; reasons are words.
pub fn differs(was: &Decision, would: &Decision) -> bool {
    was.outcome != would.outcome
        || was.flags != would.flags
        || was.asks != would.asks
        || was.needs_review != would.needs_review
        || was.status.is_answered() != would.status.is_answered()
}

/// Whether the candidate fails where a rule answered.
pub fn fails_newly(was: Status, would: Status) -> bool {
    was.is_answered() && !would.is_answered()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(values: &[(&str, Value)]) -> Outcome {
        Outcome {
            name: "plan".into(),
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }

    #[test]
    fn minutes_and_money_are_found_wherever_they_lie_in_an_outcome() {
        let fee = Money::parse("KES 12.50").unwrap();
        let paid: Value = [("what", "paid".into()), ("minutes", 30.into())].into();
        let worth = Worth::of(&outcome(&[
            ("minutes", 20.into()),
            ("overtime_minutes", 5.into()),
            ("radius_m", 150.into()),
            ("fee", fee.into()),
            ("list", Value::List(vec![paid, fee.into()])),
        ]));
        assert_eq!(worth.minutes, 55);
        assert_eq!(worth.money, BTreeMap::from([("KES".into(), 2_500)]));
    }

    #[test]
    fn a_delta_is_new_minus_old_and_counts_what_stays_the_same() {
        let worth = |minutes, minor| Worth {
            minutes,
            money: BTreeMap::from([("KES".to_owned(), minor)]),
        };
        let mut delta = Delta::default();
        delta.count(true, &worth(22, 500), &worth(2, 100));
        delta.count(false, &worth(7, 0), &worth(7, 0));
        assert_eq!((delta.decisions, delta.changed), (2, 1));
        assert_eq!(delta.minutes, -20);
        assert_eq!(amount("KES", delta.money["KES"]), "KES -4.00");
    }

    #[test]
    fn a_state_comes_back_as_it_went() {
        for state in [
            State::Running,
            State::Done,
            State::NotFaithful,
            State::Cancelled,
            State::Failed,
        ] {
            assert_eq!(State::of(state.name()), state);
        }
    }
}
