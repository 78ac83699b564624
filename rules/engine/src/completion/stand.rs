//! What a chain of names and calls comes to.

use super::chain::{Before, Link, code_of};
use crate::SettingKind;
use crate::hook::{Field, Kind, OutcomeSpec};
use crate::pack::embedded_pack;
use crate::verdict::INHERIT;

/// Where the cursor stands.
pub(super) enum Stand {
    /// In a comment, or after something unknown.
    Nowhere,
    /// Where an expression begins.
    Word,
    Facts(&'static [Field]),
    Settings,
    Outcome(Option<&'static OutcomeSpec>),
    Moment,
    Money,
    Number,
    Text,
    List,
    /// Inside a text that is compared with something that has choices.
    Choice(Vec<String>),
}

impl Before {
    /// What a chain comes to.
    pub(super) fn of(&self, links: &[Link], depth: usize) -> Stand {
        let Some((first, rest)) = links.split_first() else {
            return Stand::Nowhere;
        };
        let mut stand = match first {
            Link::Name(name) if *name == self.subject => Stand::Facts(self.hook.facts),
            Link::Name(name) if *name == self.settings => Stand::Settings,
            Link::Name(name) if depth > 0 => self.variable(name, depth - 1),
            Link::Call(name) if name == INHERIT => Stand::Outcome(None),
            Link::Call(name) => match self.hook.outcome(name) {
                Some(outcome) => Stand::Outcome(Some(outcome)),
                None => result_of(name),
            },
            Link::Name(_) | Link::Item => Stand::Nowhere,
        };
        for link in rest {
            stand = self.after(stand, link);
        }
        stand
    }

    fn after(&self, stand: Stand, link: &Link) -> Stand {
        match (stand, link) {
            (Stand::Facts(fields), Link::Name(name)) => {
                let field = fields.iter().find(|field| field.name == name);
                field.map_or(Stand::Nowhere, |field| of_kind(field.kind))
            }
            (Stand::Facts(fields), Link::Item) => Stand::Facts(fields),
            (Stand::Settings, Link::Name(name)) => self.setting(name),
            (Stand::Outcome(outcome), Link::Call(_)) => Stand::Outcome(outcome),
            (Stand::Moment, Link::Name(name)) if matches!(name.as_str(), "weekday" | "date") => {
                Stand::Text
            }
            (Stand::Moment, Link::Name(_)) => Stand::Number,
            (_, Link::Call(name)) => result_of(name),
            _ => Stand::Nowhere,
        }
    }

    fn setting(&self, name: &str) -> Stand {
        let schema = embedded_pack().schemas.get(self.hook.name);
        let Some(setting) = schema.and_then(|schema| schema.find(name)) else {
            return Stand::Nowhere;
        };
        match setting.kind {
            SettingKind::Minutes
            | SettingKind::Metres
            | SettingKind::Percent
            | SettingKind::Whole => Stand::Number,
            SettingKind::Money => Stand::Money,
            SettingKind::YesNo => Stand::Nowhere,
            SettingKind::WeekdaySet | SettingKind::ListOfText => Stand::List,
            _ => Stand::Text,
        }
    }

    /// A name made with `let name = chain;` or `for name in chain {` before the cursor.
    fn variable(&self, name: &str, depth: usize) -> Stand {
        let code: Vec<char> = code_of(&self.letters).chars().collect();
        let text: String = code.iter().collect();
        for (head, is_item) in [
            (format!("let {name} ="), false),
            (format!("for {name} in "), true),
        ] {
            let Some(start) = text.rfind(&head) else {
                continue;
            };
            let from = text.get(..start).unwrap_or_default().chars().count() + head.chars().count();
            let rest = code.get(from..).unwrap_or_default();
            let length = rest
                .iter()
                .position(|letter| matches!(letter, ';' | '{' | '\n'));
            let end = from + length.unwrap_or(rest.len());
            return match self.of(&self.links(end), depth) {
                Stand::List if is_item => self.item_of(&self.links(end)),
                other => other,
            };
        }
        Stand::Nowhere
    }

    /// One record of a list of facts.
    fn item_of(&self, links: &[Link]) -> Stand {
        let found = self.field(links).map(|field| field.kind);
        match found {
            Some(Kind::Records(fields)) => Stand::Facts(fields),
            _ => Stand::Text,
        }
    }

    /// The fact a chain of names leads to.
    fn field(&self, links: &[Link]) -> Option<&'static Field> {
        let (first, rest) = links.split_first()?;
        if *first != Link::Name(self.subject.clone()) {
            return None;
        }
        let (mut fields, mut found) = (self.hook.facts, None);
        for link in rest {
            let Link::Name(name) = link else { return None };
            let field = fields.iter().find(|field| field.name == name)?;
            if let Kind::Record(inner) = field.kind {
                fields = inner;
            }
            found = Some(field);
        }
        found
    }

    /// The texts a fact or a setting can be.
    pub(super) fn choices(&self, links: &[Link]) -> Vec<String> {
        if let Some(Kind::Choice(choices)) = self.field(links).map(|field| field.kind) {
            return choices.iter().map(|choice| (*choice).to_owned()).collect();
        }
        match links {
            [Link::Name(settings), Link::Name(name)] if *settings == self.settings => {
                let schema = embedded_pack().schemas.get(self.hook.name);
                let setting = schema.and_then(|schema| schema.find(name));
                setting
                    .map(|setting| setting.choices.clone())
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn of_kind(kind: Kind) -> Stand {
    match kind {
        Kind::YesNo => Stand::Nowhere,
        Kind::Whole => Stand::Number,
        Kind::Text | Kind::Choice(_) => Stand::Text,
        Kind::Money => Stand::Money,
        Kind::Moment => Stand::Moment,
        Kind::TextList | Kind::Records(_) => Stand::List,
        Kind::Record(fields) => Stand::Facts(fields),
    }
}

fn result_of(name: &str) -> Stand {
    match name {
        "len" | "started_blocks" | "abs" | "minutes_since" => Stand::Number,
        "to_upper" | "to_lower" | "trim" | "to_string" => Stand::Text,
        _ => Stand::Nowhere,
    }
}
