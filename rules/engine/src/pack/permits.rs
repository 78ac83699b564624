//! What a pack may do: nothing but what its manifest asks for and the organization grants.

use serde::{Deserialize, Serialize};

use crate::engine::answers::Builders;

/// Facts beyond the open ones a pack may read, and the outcomes it may give.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Permits {
    /// Paths such as `person.title` or `visit.*`.
    pub(crate) read: Vec<String>,
    pub(crate) outcomes: Vec<String>,
    /// The outcome functions of this layer, built when it first runs.
    #[serde(skip)]
    pub(crate) builders: Builders,
}

impl Permits {
    /// What is both declared and granted. A grant that is wider than the manifest gives what the manifest
    /// asks for; a narrower one gives only that.
    pub(crate) fn of(read: &[String], outcomes: &[String], granted: &[String]) -> Self {
        let within = |paths: &[String], bounds: &[String]| -> Vec<String> {
            let is_inside = |path: &&String| bounds.iter().any(|bound| covers(bound, path));
            paths.iter().filter(is_inside).cloned().collect()
        };
        let mut both = within(read, granted);
        both.extend(within(granted, read));
        both.sort();
        both.dedup();
        let allowed = outcomes.iter().filter(|name| granted.contains(name));
        Self {
            read: both,
            outcomes: allowed.cloned().collect(),
            builders: Builders::default(),
        }
    }

    /// Whether the value at this path may be read.
    pub(crate) fn reads(&self, path: &str) -> bool {
        self.read.iter().any(|pattern| covers(pattern, path))
    }

    /// Whether something at or below this path may be read, so that a rule may go there and may ask
    /// whether it is there at all.
    pub(crate) fn reaches(&self, path: &str) -> bool {
        let below = format!("{path}.");
        self.reads(path) || self.read.iter().any(|pattern| pattern.starts_with(&below))
    }

    pub(crate) fn answers(&self, outcome: &str) -> bool {
        self.outcomes.iter().any(|name| name == outcome)
    }
}

/// `visit.*` covers `visit` and everything in it; anything else covers only itself.
pub(crate) fn covers(pattern: &str, path: &str) -> bool {
    let Some(record) = pattern.strip_suffix(".*") else {
        return pattern == path;
    };
    path == record
        || path
            .strip_prefix(record)
            .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    #[test]
    fn a_grant_gives_no_more_than_the_manifest_asks_for() {
        let asked = texts(&["visit.note", "person.*"]);
        let permits = Permits::of(
            &asked,
            &texts(&["hold"]),
            &texts(&["visit.*", "hold", "charge"]),
        );
        assert_eq!(permits.read, ["visit.note"]);
        assert_eq!(permits.outcomes, ["hold"]);
        let narrower = Permits::of(&asked, &[], &texts(&["person.title"]));
        assert_eq!(narrower.read, ["person.title"]);
        assert!(Permits::of(&asked, &[], &[]).read.is_empty());
    }

    #[test]
    fn a_pattern_covers_its_record_and_nothing_beside_it() {
        assert!(covers("visit.*", "visit") && covers("visit.*", "visit.note.text"));
        assert!(!covers("visit.*", "visitor") && !covers("visit.note", "visit"));
        let permits = Permits::of(&texts(&["visit.note"]), &[], &texts(&["visit.note"]));
        assert!(permits.reaches("visit") && !permits.reads("visit"));
        assert!(!permits.reaches("vis"));
    }
}
