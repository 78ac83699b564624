//! Which value holds: the day and the scope decide, the most specific wins.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::{Record, SettingChange};

/// The settings of one hook over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dated {
    /// What holds for the whole organization on any day.
    base: Arc<Record>,
    /// What holds only sometimes or somewhere, widest scope last set first.
    changes: Vec<SettingChange>,
}

impl Dated {
    /// Defaults, and the changes of this hook in the order they were set.
    pub(crate) fn new(defaults: Record, changes: impl Iterator<Item = SettingChange>) -> Self {
        let mut base = defaults;
        let mut rest = Vec::new();
        for change in changes {
            if change.scope.is_none() && change.from.is_none() && change.until.is_none() {
                base.insert(change.name, change.value);
            } else {
                rest.push(change);
            }
        }
        // Later days win over earlier ones; a stable sort keeps the later of two equal ones last.
        rest.sort_by_key(|change| change.from);
        Self {
            base: Arc::new(base),
            changes: rest,
        }
    }

    /// The values of a day for scopes from the widest to the narrowest. Without a day the latest hold.
    pub(crate) fn at(&self, day: Option<NaiveDate>, scopes: &[String]) -> Arc<Record> {
        if self.changes.is_empty() {
            return Arc::clone(&self.base);
        }
        let day = day.unwrap_or(NaiveDate::MAX);
        let mut values = (*self.base).clone();
        let wanted = std::iter::once(None).chain(scopes.iter().map(Some));
        for scope in wanted {
            let here = |change: &&SettingChange| change.scope.as_ref() == scope;
            for change in self
                .changes
                .iter()
                .filter(here)
                .filter(|change| change.holds_on(day))
            {
                values.insert(change.name.clone(), change.value.clone());
            }
        }
        Arc::new(values)
    }
}
