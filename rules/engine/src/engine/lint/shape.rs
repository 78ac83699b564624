//! What is known about a value before a rule runs: its kind, where it comes from, whether it may be empty.

use crate::Value;
use crate::hook::{Field, Kind, OutcomeSpec, Presence};
use crate::settings::{Setting, SettingKind};

/// The kind of a value, as far as the text of the rule tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Shape {
    #[default]
    Unknown,
    Nothing,
    YesNo,
    Whole,
    Text,
    Money,
    Moment,
    List,
    Records(&'static [Field]),
    Record(&'static [Field]),
    Settings,
    Outcome,
}

impl Shape {
    /// What a person calls it; the same words a failing rule uses.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unknown => "something",
            Self::Nothing => "nothing",
            Self::YesNo => "yes/no",
            Self::Whole => "a whole number",
            Self::Text => "text",
            Self::Money => "money",
            Self::Moment => "a moment",
            Self::List | Self::Records(_) => "a list",
            Self::Record(_) | Self::Settings => "a record",
            Self::Outcome => "an outcome",
        }
    }

    /// Whether two values of these kinds may stand on both sides of a comparison, as far as is known.
    pub(super) fn compares_with(self, other: Self) -> bool {
        let open = |shape| matches!(shape, Self::Unknown | Self::Nothing);
        open(self) || open(other) || self.words() == other.words()
    }
}

/// A number that a fact is compared with: a setting, a literal, or a setting and some.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) setting: Option<String>,
    pub(crate) offset: i64,
}

/// Everything known about one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub(super) shape: Shape,
    /// Where it stands in the facts, such as `place.radius_m`.
    pub(super) path: Option<String>,
    pub(super) may_be_empty: bool,
    /// The only texts it can be; empty when any will do.
    pub(super) choices: Vec<String>,
    pub(super) literal: Option<Value>,
    pub(super) limit: Option<Limit>,
    pub(super) outcome: Option<&'static OutcomeSpec>,
}

impl Known {
    pub(super) fn of(shape: Shape) -> Self {
        Self {
            shape,
            ..Self::default()
        }
    }

    pub(super) fn literal(shape: Shape, value: Value) -> Self {
        let limit = value.as_whole().map(|offset| Limit {
            setting: None,
            offset,
        });
        Self {
            shape,
            literal: Some(value),
            limit,
            ..Self::default()
        }
    }

    /// A fact. In a record that reads as empty there is no money and no moment to stand in.
    pub(super) fn fact(field: &Field, path: String, in_optional: bool) -> Self {
        let stands_in = !matches!(field.kind, Kind::Money | Kind::Moment);
        let choices = match field.kind {
            Kind::Choice(choices) => choices.iter().map(|text| (*text).to_owned()).collect(),
            _ => Vec::new(),
        };
        Self {
            shape: match field.kind {
                Kind::YesNo => Shape::YesNo,
                Kind::Whole => Shape::Whole,
                Kind::Text | Kind::Choice(_) => Shape::Text,
                Kind::Money => Shape::Money,
                Kind::Moment => Shape::Moment,
                Kind::TextList => Shape::List,
                Kind::Record(fields) => Shape::Record(fields),
                Kind::Records(fields) => Shape::Records(fields),
            },
            path: Some(path),
            may_be_empty: field.presence == Presence::MayBeEmpty || (in_optional && !stands_in),
            choices,
            ..Self::default()
        }
    }

    pub(super) fn setting(setting: &Setting) -> Self {
        let shape = match setting.kind {
            SettingKind::Minutes
            | SettingKind::Metres
            | SettingKind::Percent
            | SettingKind::Whole => Shape::Whole,
            SettingKind::Money => Shape::Money,
            SettingKind::YesNo => Shape::YesNo,
            SettingKind::Text
            | SettingKind::Choice
            | SettingKind::Role
            | SettingKind::TimeOfDay => Shape::Text,
            SettingKind::WeekdaySet | SettingKind::ListOfText => Shape::List,
        };
        Self {
            shape,
            choices: setting.choices.clone(),
            limit: Some(Limit {
                setting: Some(setting.name.clone()),
                offset: 0,
            }),
            ..Self::default()
        }
    }

    /// The same value, where it can no longer be empty.
    pub(super) fn filled(self) -> Self {
        Self {
            may_be_empty: false,
            path: None,
            choices: Vec::new(),
            literal: None,
            limit: None,
            ..self
        }
    }

    /// This value and a fixed number more; only a limit knows what that means.
    pub(super) fn shifted(&self, by: Option<i64>) -> Option<Limit> {
        let limit = self.limit.as_ref()?;
        Some(Limit {
            setting: limit.setting.clone(),
            offset: limit.offset.checked_add(by?)?,
        })
    }
}
