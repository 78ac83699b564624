//! What a hook promises: the facts it gives, the outcomes it takes, and what happens when a rule fails.

use serde::{Deserialize, Serialize};

use crate::Record;
use crate::verdict::Verdict;

/// How private a fact is. Decides redaction in traces and which pack may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Class {
    Open,
    Personal,
    Health,
    Money,
}

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Kind {
    YesNo,
    Whole,
    Text,
    /// Text out of a closed set; the first is what an empty record reads as.
    Choice(&'static [&'static str]),
    Money,
    Moment,
    /// At most a hundred short texts.
    TextList,
    Record(&'static [Field]),
    /// At most five hundred records, in the order the field documents; a rule walks them with `for`.
    Records(&'static [Field]),
}

/// A list of texts longer than this is refused before a rule sees it.
pub(crate) const LIST_LIMIT: usize = 100;
/// The same for a list of records.
pub(crate) const RECORDS_LIMIT: usize = 500;

/// Whether the server must provide a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Presence {
    Always,
    /// May be empty; a rule tests it with `== ()` or `??`.
    MayBeEmpty,
    /// A record that may be left out: its fields then read as empty, so a rule needs no test.
    ReadsAsEmpty,
}

/// One fact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub class: Class,
    pub presence: Presence,
    pub about: &'static str,
}

impl Field {
    /// An open field that is always there; the adapters below change one thing each.
    pub(crate) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            class: Class::Open,
            presence: Presence::Always,
            about,
        }
    }

    pub(crate) const fn personal(mut self) -> Self {
        self.class = Class::Personal;
        self
    }

    pub(crate) const fn health(mut self) -> Self {
        self.class = Class::Health;
        self
    }

    pub(crate) const fn money(mut self) -> Self {
        self.class = Class::Money;
        self
    }

    pub(crate) const fn may_be_empty(mut self) -> Self {
        self.presence = Presence::MayBeEmpty;
        self
    }

    pub(crate) const fn reads_as_empty(mut self) -> Self {
        self.presence = Presence::ReadsAsEmpty;
        self
    }
}

/// What an outcome or one of its methods takes in its brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Argument {
    /// A whole number within bounds; the unit is for messages.
    Whole {
        field: &'static str,
        unit: &'static str,
        min: i64,
        max: i64,
    },
    /// A short code of small letters, digits and underscores.
    Code {
        field: &'static str,
    },
    /// A code out of a closed set.
    Choice {
        field: &'static str,
        choices: &'static [&'static str],
    },
    /// A sentence for people, at most 500 letters.
    Text {
        field: &'static str,
    },
    YesNo {
        field: &'static str,
    },
    Money {
        field: &'static str,
    },
    Moment {
        field: &'static str,
    },
    /// At most twenty moments, written as a list.
    Moments {
        field: &'static str,
    },
    /// A record of a list of facts, such as one of `session.breaks`; kept as its position, from 0.
    Item {
        field: &'static str,
        list: &'static str,
    },
}

impl Argument {
    pub fn field(&self) -> &'static str {
        match self {
            Self::Whole { field, .. }
            | Self::Code { field }
            | Self::Choice { field, .. }
            | Self::Text { field }
            | Self::YesNo { field }
            | Self::Money { field }
            | Self::Moment { field }
            | Self::Moments { field }
            | Self::Item { field, .. } => field,
        }
    }
}

/// What calling an outcome's method does to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// Each argument becomes a value of the outcome.
    Set,
    /// The arguments become one record, with `what` naming the method, added to this list of the outcome.
    Append(&'static str),
}

/// A method of an outcome beside the decorations, such as `.needs_accuracy(50)` or `plan.paid(pause)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Method {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    pub effect: Effect,
    pub about: &'static str,
}

/// One answer a rule may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OutcomeSpec {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    /// Where the arguments go: [`Effect::Append`] for outcomes that several layers may give at once.
    pub effect: Effect,
    pub methods: &'static [Method],
    /// Values the outcome carries when no method sets them.
    pub defaults: &'static [(&'static str, i64)],
    /// How strict or severe it is among its siblings; the highest wins where layers are combined so.
    pub rank: u8,
    pub about: &'static str,
}

impl OutcomeSpec {
    pub(crate) const fn plain(name: &'static str, about: &'static str) -> Self {
        Self::with(name, &[], about)
    }

    pub(crate) const fn with(
        name: &'static str,
        arguments: &'static [Argument],
        about: &'static str,
    ) -> Self {
        Self {
            name,
            arguments,
            effect: Effect::Set,
            methods: &[],
            defaults: &[],
            rank: 0,
            about,
        }
    }

    pub(crate) const fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    pub(crate) const fn methods(mut self, methods: &'static [Method]) -> Self {
        self.methods = methods;
        self
    }

    pub(crate) const fn gathered_in(mut self, list: &'static str) -> Self {
        self.effect = Effect::Append(list);
        self
    }

    /// How a person writes it: `late(minutes)`.
    pub fn usage(&self) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(Argument::field).collect();
        format!("{}({})", self.name, arguments.join(", "))
    }
}

/// What answers when a rule cannot: it errs, exceeds its budget, gives no answer, cannot be loaded, or its
/// breaker is open. Every such answer carries the flag `rule_failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailurePolicy {
    /// The built-in Rust answer.
    Default,
    /// Let it happen (the hook's first outcome) and send it to review.
    Open,
    /// Nothing moves; the answer is `hold` and a person decides.
    Hold,
    /// The platform's clinical floor answers, which is the built-in one, and the clinical lead is told.
    Floor,
    /// The answer is `skipped`: shown as "not computed", and nothing else happens.
    Skip,
    /// Refused; the answer is `reject`.
    Closed,
}

/// How the answers of several layers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Combine {
    /// The most specific layer wins; the ones below run only after `inherit()`.
    First,
    /// Every layer contributes: the highest rank names the answer, lists and decorations are joined.
    All,
    /// Every layer is asked and the strictest answer wins: deny, then ask, then flag, then allow.
    Strictest,
    /// Every layer is asked and the highest rank wins.
    Worst,
}

/// Who must approve a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Risk {
    A,
    B,
    C,
    D,
}

impl Risk {
    /// Who must approve a change, in words.
    pub fn approver(self) -> &'static str {
        match self {
            Self::A => "whoever wrote it",
            Self::B => "a second owner or admin",
            Self::C => {
                "a second person with the duty FINANCE; an owner or admin while nobody has it"
            }
            Self::D => {
                "a second person with the duty CLINICAL_LEAD; two owners or admins while nobody has it"
            }
        }
    }
}

/// What one evaluation may cost. Operations are the contract; time is a safety net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    pub operations: u64,
    pub wall_milliseconds: u64,
}

impl Budget {
    /// One interactive event.
    pub const SMALL: Self = Self {
        operations: 20_000,
        wall_milliseconds: 50,
    };
    /// A whole session or visit.
    pub const MEDIUM: Self = Self {
        operations: 100_000,
        wall_milliseconds: 100,
    };
    /// One row of a report.
    pub const ROW: Self = Self {
        operations: 5_000,
        wall_milliseconds: 10,
    };
}

/// The built-in answer, given prepared facts and setting values.
pub(crate) type BuiltIn = fn(facts: &Record, settings: &Record) -> Verdict;

/// A named decision point.
#[derive(Debug, Serialize)]
pub struct Hook {
    /// `attendance.lateness`; the file is `attendance/lateness.rhai`, the function `lateness`.
    pub name: &'static str,
    pub contract: u32,
    pub about: &'static str,
    /// What the shipped rule calls its facts, and so what tests call them.
    pub subject: &'static str,
    pub facts: &'static [Field],
    pub outcomes: &'static [OutcomeSpec],
    pub failure: FailurePolicy,
    pub combine: Combine,
    pub risk: Risk,
    pub budget: Budget,
    #[serde(skip)]
    pub(crate) sample: fn() -> Record,
    #[serde(skip)]
    pub(crate) built_in: BuiltIn,
    /// Last word of the platform over any answer; says what it changed.
    #[serde(skip)]
    pub(crate) invariant: fn(&mut Verdict, &Record) -> Option<String>,
}

impl Hook {
    /// The function a rule file must define.
    pub fn function(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// The folder and file stem of its rule: `attendance/lateness`.
    pub fn path(&self) -> String {
        self.name.replace('.', "/")
    }

    /// Facts of an ordinary day, which tests start from.
    pub fn sample(&self) -> Record {
        (self.sample)()
    }

    /// The answer of the Rust twin: what the hook says when no script can be used.
    pub fn built_in(&self, facts: &Record, settings: &Record) -> crate::Outcome {
        (self.built_in)(facts, settings).into_outcome().0
    }

    pub fn outcome(&self, name: &str) -> Option<&'static OutcomeSpec> {
        self.outcomes.iter().find(|outcome| outcome.name == name)
    }
}

/// A hook changes nothing after its answer unless it says so.
pub(crate) fn no_invariant(_: &mut Verdict, _: &Record) -> Option<String> {
    None
}
