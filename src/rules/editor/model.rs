//! A hook's contract as a reader wants it: facts by their path, units by their name, who approves in words.

use zamu_rules::{Class, Field, Hook, Kind, Setting, SettingKind};

/// One fact, and where a rule finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// `shift.kind`; what is inside a list of records has brackets: `breaks[].minutes`.
    pub path: String,
    pub field: &'static Field,
    /// The class of the fact, or of a record around it if that is more private.
    pub class: Class,
}

impl Fact {
    /// What a record, or each record of a list, holds.
    pub fn inner(&self) -> Vec<Self> {
        let (fields, prefix) = match self.field.kind {
            Kind::Record(fields) => (fields, format!("{}.", self.path)),
            Kind::Records(fields) => (fields, format!("{}[].", self.path)),
            _ => return Vec::new(),
        };
        below(fields, &prefix, self.class)
    }
}

fn below(fields: &'static [Field], prefix: &str, around: Class) -> Vec<Fact> {
    let fact = |field: &'static Field| Fact {
        path: format!("{prefix}{}", field.name),
        field,
        class: field.class.max(around),
    };
    fields.iter().map(fact).collect()
}

/// The facts of a hook; records hold theirs.
pub fn tree(hook: &Hook) -> Vec<Fact> {
    below(hook.facts, "", Class::Open)
}

/// Every fact of a hook in the order of the tree, each record before what it holds.
pub fn flat(hook: &Hook) -> Vec<Fact> {
    fn add(facts: Vec<Fact>, all: &mut Vec<Fact>) {
        for fact in facts {
            let inner = fact.inner();
            all.push(fact);
            add(inner, all);
        }
    }
    let mut all = Vec::new();
    add(tree(hook), &mut all);
    all
}

/// Units as names end, the longest ending first.
const UNITS: &[(&str, &str)] = &[
    ("minutes", "minutes"),
    ("seconds", "seconds"),
    ("percent", "percent"),
    ("hours", "hours"),
    ("days", "days"),
    ("km", "kilometres"),
    ("m", "metres"),
];

/// The unit a name carries: `distance_m` is in metres, `minutes_late` in minutes.
pub fn unit(name: &str) -> Option<&'static str> {
    let mut words = name.split('_');
    let known = |word: &str| UNITS.iter().find(|(end, _)| *end == word);
    let last = words.next_back().and_then(known);
    // In front only whole words count: `m_pesa` is no length.
    let first = words.next().filter(|word| word.len() > 2).and_then(known);
    last.or(first).map(|(_, unit)| *unit)
}

/// The area of a hook: `attendance`.
pub fn area(hook: &Hook) -> &'static str {
    hook.name.split('.').next().unwrap_or(hook.name)
}

/// What a number of a setting counts.
pub fn setting_unit(setting: &Setting) -> Option<&'static str> {
    match setting.kind {
        SettingKind::Minutes => Some("minutes"),
        SettingKind::Metres => Some("metres"),
        SettingKind::Percent => Some("percent"),
        SettingKind::Whole => unit(&setting.name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_unit() {
        for (name, expected) in [
            ("minutes_late", Some("minutes")),
            ("planned_minutes", Some("minutes")),
            ("minutes", Some("minutes")),
            ("distance_m", Some("metres")),
            ("m_pesa", None),
            ("weekday", None),
            ("very_late_after_minutes", Some("minutes")),
            ("battery_percent", Some("percent")),
        ] {
            assert_eq!(unit(name), expected, "{name}");
        }
    }

    #[test]
    fn every_fact_has_one_path_and_stands_after_its_record() {
        for hook in zamu_rules::hooks() {
            let facts = flat(hook);
            for (index, fact) in facts.iter().enumerate() {
                let earlier = facts.iter().take(index);
                assert!(
                    earlier.clone().all(|other| other.path != fact.path),
                    "{}: {} twice",
                    hook.name,
                    fact.path
                );
                let around = fact.path.rsplit_once('.').map(|(record, _)| record);
                let around = around.map(|record| record.trim_end_matches("[]"));
                assert!(
                    around.is_none_or(|record| earlier.into_iter().any(|fact| fact.path == record)),
                    "{}: {}",
                    hook.name,
                    fact.path
                );
            }
        }
    }
}
