//! Which value holds: the day and the scope decide, the most specific wins.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::{Record, SettingChange};

/// The settings of one hook over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dated {
    /// What holds for the whole organization on any day, the changes below included that always hold.
    base: Arc<Record>,
    steady: Vec<SettingChange>,
    /// What holds only sometimes or somewhere, the last to be laid over the others last.
    changes: Vec<SettingChange>,
}

impl Dated {
    /// Defaults, and the changes of this hook in the order they were set.
    pub(crate) fn new(defaults: Record, changes: impl Iterator<Item = SettingChange>) -> Self {
        Self {
            base: Arc::new(defaults),
            ..Self::default()
        }
        .over(changes)
    }

    /// Lays another set of changes over these: an organization's over those of its packs. Of two in one
    /// set the one that begins later wins, and of two that begin together the one set later.
    pub(crate) fn over(mut self, changes: impl Iterator<Item = SettingChange>) -> Self {
        let mut changes: Vec<SettingChange> = changes.collect();
        changes.sort_by_key(|change| change.from);
        for change in changes {
            let always = change.scope.is_none() && change.from.is_none() && change.until.is_none();
            let same = |other: &SettingChange| other.name == change.name && other.scope.is_none();
            if always && !self.changes.iter().any(same) {
                Arc::make_mut(&mut self.base).insert(change.name.clone(), change.value.clone());
                self.steady.push(change);
            } else {
                self.changes.push(change);
            }
        }
        self
    }

    /// The values of a day for scopes from the widest to the narrowest. Without a day the latest hold.
    pub(crate) fn at(&self, day: Option<NaiveDate>, scopes: &[String]) -> Arc<Record> {
        if self.changes.is_empty() {
            return Arc::clone(&self.base);
        }
        let mut values = (*self.base).clone();
        for change in self.holding(day, scopes) {
            values.insert(change.name.clone(), change.value.clone());
        }
        Arc::new(values)
    }

    /// The change each value of [`Self::at`] comes from; a default has none.
    pub(crate) fn sources<'a>(
        &'a self,
        day: Option<NaiveDate>,
        scopes: &'a [String],
    ) -> BTreeMap<&'a str, &'a SettingChange> {
        let all = self.steady.iter().chain(self.holding(day, scopes));
        all.map(|change| (change.name.as_str(), change)).collect()
    }

    /// Days on which some value begins or stops to hold, and the day before all of them.
    pub(crate) fn turns(&self) -> Vec<NaiveDate> {
        let ends = |change: &SettingChange| change.until.and_then(|until| until.succ_opt());
        let turns = self
            .changes
            .iter()
            .flat_map(|change| [change.from, ends(change)]);
        let mut days: Vec<NaiveDate> = turns.flatten().chain([NaiveDate::MIN]).collect();
        days.sort();
        days.dedup();
        days
    }

    /// Departments and places with values of their own.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = self
            .changes
            .iter()
            .filter_map(|change| change.scope.clone())
            .collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }

    /// Changes that hold, the widest scope first.
    fn holding<'a>(
        &'a self,
        day: Option<NaiveDate>,
        scopes: &'a [String],
    ) -> impl Iterator<Item = &'a SettingChange> {
        let day = day.unwrap_or(NaiveDate::MAX);
        let wanted = std::iter::once(None).chain(scopes.iter().map(Some));
        wanted.flat_map(move |scope| {
            let here = move |change: &&SettingChange| change.scope.as_ref() == scope;
            let holds = move |change: &&SettingChange| change.holds_on(day);
            self.changes.iter().filter(here).filter(holds)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Value;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_yo_opt(2026, number).unwrap_or_default()
    }

    fn change() -> impl Strategy<Value = SettingChange> {
        let when = || proptest::option::of(1_u32..12);
        let names = prop_oneof![Just("a"), Just("b")];
        let scopes = proptest::option::of(prop_oneof![Just("dep_1"), Just("plc_1")]);
        let parts = (names, 0_i64..100, scopes, when(), when());
        parts.prop_map(|(name, value, scope, from, until)| SettingChange {
            hook: "attendance.lateness".to_owned(),
            name: name.to_owned(),
            value: value.into(),
            scope: scope.map(str::to_owned),
            from: from.map(day),
            until: until.map(day),
            file: None,
        })
    }

    /// How wide its scope is, whose set it stands in, when it begins, and where it stands.
    type Weight = (usize, usize, Option<NaiveDate>, usize);

    /// The same in the plainest words: for each name, the last of the candidates in their order of weight.
    fn naive(
        sets: [&[SettingChange]; 2],
        name: &str,
        at: Option<NaiveDate>,
        scopes: &[String],
    ) -> Value {
        let at = at.unwrap_or(NaiveDate::MAX);
        let mut best: Option<(Weight, &SettingChange)> = None;
        for (set, changes) in sets.iter().enumerate() {
            for (index, change) in changes.iter().enumerate() {
                let width = match &change.scope {
                    None => Some(0),
                    Some(own) => scopes
                        .iter()
                        .position(|scope| scope == own)
                        .map(|at| at + 1),
                };
                let begun = change.from.is_none_or(|from| from <= at);
                let ended = change.until.is_some_and(|until| until < at);
                let (Some(width), true, false) = (width, begun, ended) else {
                    continue;
                };
                let weight = (width, set, change.from, index);
                let beats = best.as_ref().is_none_or(|(other, _)| weight > *other);
                if change.name == name && beats {
                    best = Some((weight, change));
                }
            }
        }
        best.map_or(Value::Whole(-1), |(_, change)| change.value.clone())
    }

    proptest! {
        #[test]
        fn the_value_of_a_day_is_the_one_a_plain_reading_gives(
            shipped in proptest::collection::vec(change(), 0..6),
            own in proptest::collection::vec(change(), 0..10),
            at in proptest::option::of(0_u32..14),
        ) {
            let shipped: Vec<SettingChange> = shipped
                .into_iter()
                .map(|change| SettingChange { scope: None, ..change })
                .collect();
            let defaults = Record::from([("a".to_owned(), (-1).into()), ("b".to_owned(), (-1).into())]);
            let dated = Dated::new(defaults, shipped.iter().cloned()).over(own.iter().cloned());
            let at = at.map(day);
            for scopes in [vec![], vec!["dep_1"], vec!["dep_1", "plc_1"]] {
                let scopes: Vec<String> = scopes.into_iter().map(str::to_owned).collect();
                let values = dated.at(at, &scopes);
                let sources = dated.sources(at, &scopes);
                for name in ["a", "b"] {
                    let expected = naive([&shipped, &own], name, at, &scopes);
                    prop_assert_eq!(values.get(name), Some(&expected));
                    let source = sources.get(name).map_or(Value::Whole(-1), |change| change.value.clone());
                    prop_assert_eq!(source, expected);
                }
            }
        }
    }
}
