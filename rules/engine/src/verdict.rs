//! An answer under construction: an outcome and its decorations, built by a rule or by its Rust twin.

use std::fmt;

use crate::hook::OutcomeSpec;
use crate::{Outcome, Record, Value};

/// The name under which `inherit()` travels; no hook may have an outcome called this.
pub(crate) const INHERIT: &str = "inherit";

/// What a rule returns. Rust twins build the same type, so the grid test compares like with like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) name: &'static str,
    pub(crate) values: Record,
    pub(crate) notes: Notes,
}

/// Decorations: everything a layer may add to an answer without changing it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    pub(crate) reasons: Vec<String>,
    pub(crate) flags: Vec<String>,
    pub(crate) asks: Vec<String>,
    pub(crate) tells: Vec<String>,
    pub(crate) needs_review: bool,
}

impl Notes {
    /// Adds what another layer noted, once each, in the order the layers were asked.
    pub(crate) fn absorb(&mut self, other: Self) {
        let add = |to: &mut Vec<String>, from: Vec<String>| {
            for item in from {
                if !to.contains(&item) {
                    to.push(item);
                }
            }
        };
        add(&mut self.reasons, other.reasons);
        add(&mut self.flags, other.flags);
        add(&mut self.asks, other.asks);
        add(&mut self.tells, other.tells);
        self.needs_review |= other.needs_review;
    }
}

impl Verdict {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// An outcome with the values it carries unless a method sets them.
    pub(crate) fn of(spec: &OutcomeSpec) -> Self {
        let defaults = spec.defaults.iter();
        let values = defaults
            .map(|(name, number)| ((*name).to_owned(), (*number).into()))
            .collect();
        Self {
            name: spec.name,
            values,
            notes: Notes::default(),
        }
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.values.insert(field.to_owned(), value.into());
        self
    }

    /// Adds a record to a list of the outcome, the way a method of this name does.
    pub(crate) fn append(&mut self, list: &str, method: &str, mut item: Record) {
        item.insert("what".to_owned(), method.into());
        let items = self
            .values
            .entry(list.to_owned())
            .or_insert_with(|| Value::List(Vec::new()));
        if let Value::List(items) = items {
            items.push(Value::Record(item));
        }
    }

    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.notes.reasons.push(reason.into());
        self
    }

    pub(crate) fn flag(mut self, code: &str) -> Self {
        self.notes.flags.push(code.to_owned());
        self
    }

    pub(crate) fn ask_for(mut self, what: &str) -> Self {
        self.notes.asks.push(what.to_owned());
        self
    }

    pub(crate) fn tell(mut self, role: &str) -> Self {
        self.notes.tells.push(role.to_owned());
        self
    }

    pub(crate) fn is_inherit(&self) -> bool {
        self.name == INHERIT
    }

    /// Deny above ask above flag above allow: the rank the hook gives the outcome, raised by what was asked.
    pub(crate) fn strictness(&self, rank: u8) -> u8 {
        let asked = match &self.notes {
            notes if !notes.asks.is_empty() => 2,
            notes if !notes.flags.is_empty() || notes.needs_review => 1,
            _ => 0,
        };
        rank.max(asked)
    }

    /// Joins the lists of another answer to this one's; other values stay as they are.
    pub(crate) fn join(&mut self, other: Record) {
        for (name, value) in other {
            match (self.values.get_mut(&name), value) {
                (Some(Value::List(mine)), Value::List(theirs)) => {
                    let new: Vec<Value> = theirs
                        .into_iter()
                        .filter(|item| !mine.contains(item))
                        .collect();
                    mine.extend(new);
                }
                (None, value) => {
                    self.values.insert(name, value);
                }
                (Some(_), _) => {}
            }
        }
    }

    pub(crate) fn into_outcome(self) -> (Outcome, Notes) {
        (
            Outcome {
                name: self.name.to_owned(),
                values: self.values,
            },
            self.notes,
        )
    }
}

impl fmt::Display for Verdict {
    /// `late(22)`, the way a rule writes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.values().map(ToString::to_string).collect();
        write!(formatter, "{}({})", self.name, values.join(", "))
    }
}
