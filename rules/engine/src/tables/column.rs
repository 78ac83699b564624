//! A column of a table: a fact by its path, and how a script reaches it.

use crate::hook::{Field, Hook, Kind, Presence};
use crate::suggest::nearest;

const WEEKDAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// What the cells of a column may ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Asks {
    YesNo,
    Whole,
    Text,
    Choice(&'static [&'static str]),
    /// A list of texts: whether it contains one.
    Tags,
    /// Only whether it is there.
    Presence,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    /// `shift.kind`
    pub(super) path: String,
    /// `clock_in.shift.kind`
    pub(super) code: String,
    pub(super) asks: Asks,
    /// Everything on the way that may be empty, itself included; a script must ask these first.
    pub(super) may_be_empty: Vec<String>,
}

impl Column {
    pub(super) fn of(hook: &'static Hook, path: &str) -> Result<Self, (String, Option<String>)> {
        let mut column = Self {
            path: path.to_owned(),
            code: hook.subject.to_owned(),
            asks: Asks::Presence,
            may_be_empty: Vec::new(),
        };
        let mut fields: &'static [Field] = hook.facts;
        let mut steps = path.split('.').map(str::trim).peekable();
        while let Some(step) = steps.next() {
            let Some(field) = fields.iter().find(|field| field.name == step) else {
                let near = nearest(step, fields.iter().map(|field| field.name));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                return Err((format!("`{}` has no `{step}`", column.code), hint));
            };
            column.code = format!("{}.{step}", column.code);
            if field.presence == Presence::MayBeEmpty {
                column.may_be_empty.push(column.code.clone());
            }
            match field.kind {
                Kind::Record(inner) => fields = inner,
                Kind::Moment if steps.peek().is_some() => {
                    return column.moment(steps.next().unwrap_or_default(), steps.next());
                }
                kind => {
                    column.asks = asks(kind).ok_or_else(|| unusable(path))?;
                    return match steps.next() {
                        None => Ok(column),
                        Some(more) => Err((format!("`{}` has no `{more}`", column.code), None)),
                    };
                }
            }
        }
        if column.may_be_empty.is_empty() {
            return Err((
                format!("`{path}` is a record, and always there"),
                Some("name one of its fields".to_owned()),
            ));
        }
        Ok(column)
    }

    fn moment(mut self, part: &str, more: Option<&str>) -> Result<Self, (String, Option<String>)> {
        self.asks = match (part, more) {
            ("hour" | "minute" | "day" | "month" | "year", None) => Asks::Whole,
            ("weekday", None) => Asks::Choice(WEEKDAYS),
            ("date", None) => Asks::Text,
            _ => {
                let hint = "hour, minute, day, month, year, weekday or date".to_owned();
                return Err((format!("`{}` has no `{part}`", self.code), Some(hint)));
            }
        };
        self.code = format!("{}.{part}", self.code);
        Ok(self)
    }
}

fn asks(kind: Kind) -> Option<Asks> {
    Some(match kind {
        Kind::YesNo => Asks::YesNo,
        Kind::Whole => Asks::Whole,
        Kind::Text => Asks::Text,
        Kind::Choice(choices) => Asks::Choice(choices),
        Kind::TextList => Asks::Tags,
        Kind::Money | Kind::Moment | Kind::Record(_) | Kind::Records(_) => return None,
    })
}

fn unusable(path: &str) -> (String, Option<String>) {
    let hint = "a column is yes or no, a whole number, a text, tags, or `now.hour` and the like";
    (
        format!("`{path}` cannot be a column"),
        Some(format!("{hint}; write a rule for anything else")),
    )
}
