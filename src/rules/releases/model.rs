//! A release, a draft, and what changes between two contents. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use zamu_rules::{Content, PackBinding, Risk, RuleBinding, SettingChange, hook};

use crate::kernel::id::{DraftId, MemberId, ReleaseId};
use crate::kernel::time::Instant;

/// Where a release comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// Drafts of a person.
    Edit,
    /// The organization's folder of rules changed.
    Files,
    /// It equals an earlier release.
    Rollback,
    /// It is the one before without one rule.
    SwitchOff,
}

/// How far a release has come. Whether it holds is said by its activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Waiting for somebody's approval.
    Proposed,
    /// May be activated.
    Approved,
    /// Somebody said no. A better one is another release.
    Rejected,
}

/// Everything an organization decides for itself, frozen. Never changed afterwards but for its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    pub id: ReleaseId,
    /// 1, 2, 3 … in the organization.
    pub number: i64,
    /// The number of the release it follows; 0 for what ships.
    pub parent: i64,
    /// Of the content, when it was made.
    pub digest: String,
    pub content: Content,
    /// What the organization's folder said when it was made: only what changed since is taken over next time.
    pub files: Content,
    /// Tests beside the rules, by hook.
    pub tests: Tests,
    /// Hooks and packs it changes.
    pub topics: Vec<String>,
    /// Digest of the engine and the default pack it was made under.
    pub engine: String,
    pub origin: Origin,
    pub risk: Class,
    pub state: State,
    pub note: Option<String>,
    /// Nobody for files and the command line.
    pub author: Option<MemberId>,
    pub created_at: Instant,
}

impl Release {
    /// Whether its content is still the one whose digest was taken when it was made.
    pub fn is_genuine(&self) -> bool {
        self.content.digest() == self.digest
    }
}

/// Tests of an organization's own rules, by hook.
pub type Tests = BTreeMap<String, Tested>;

/// The tests beside one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// `*.test.rhai`.
    #[serde(default)]
    pub tests: Option<String>,
    /// `*.cases.json`.
    #[serde(default)]
    pub cases: Option<serde_json::Value>,
}

/// What a change may do to people, which says who must approve it. The order is that of the risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Cosmetic: the author alone.
    A,
    /// Attendance: a second person.
    B,
    /// Pay and money: somebody with the duty FINANCE.
    C,
    /// Clinical and safety: somebody with the duty `CLINICAL_LEAD`.
    D,
}

impl From<Risk> for Class {
    fn from(risk: Risk) -> Self {
        match risk {
            Risk::A => Self::A,
            Risk::B => Self::B,
            Risk::C => Self::C,
            Risk::D => Self::D,
        }
    }
}

/// What somebody proposes for one hook. What is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    #[serde(default)]
    pub rule: Option<RuleBinding>,
    /// All changed settings of the hook, not only the new ones.
    #[serde(default)]
    pub settings: Option<Vec<SettingChange>>,
    #[serde(default)]
    pub tests: Option<Tested>,
    /// For the topic of a pack only.
    #[serde(default)]
    pub pack: Option<PackChange>,
}

/// A pack that is to be switched on, changed or switched off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackChange {
    /// How it takes part; nothing switches it off.
    pub binding: Option<PackBinding>,
}

/// The topic of a pack: `pack:ke-labour`.
pub fn pack_topic(id: &str) -> String {
    format!("{PACK}{id}")
}

/// The id of the pack a topic is about.
pub fn pack_of(topic: &str) -> Option<&str> {
    topic.strip_prefix(PACK)
}

const PACK: &str = "pack:";

/// A proposal somebody is working on. One per organization and hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub id: DraftId,
    /// The hook, or `pack:<id>`.
    pub topic: String,
    pub proposal: Proposal,
    /// Whether it takes a hook over from a file.
    pub takes_over: bool,
    /// The number of the release it started from.
    pub base: i64,
    pub author: MemberId,
    pub updated_at: Instant,
}

impl Draft {
    /// Puts the proposal into a content.
    pub fn apply(&self, content: &mut Content, tests: &mut Tests) {
        let hook = &self.topic;
        if let (Some(id), Some(change)) = (pack_of(hook), &self.proposal.pack) {
            set_pack(content, id, change.binding.clone());
        }
        if let Some(rule) = &self.proposal.rule {
            content.rules.insert(hook.clone(), rule.clone());
        }
        if let Some(settings) = &self.proposal.settings {
            content.settings.retain(|change| change.hook != *hook);
            content.settings.extend(settings.iter().cloned());
        }
        if let Some(tested) = &self.proposal.tests {
            tests.insert(hook.clone(), tested.clone());
        }
    }
}

/// Puts a pack where it was, or below the others, or takes it out.
fn set_pack(content: &mut Content, id: &str, binding: Option<PackBinding>) {
    let at = content.packs.iter().position(|pack| pack.id == id);
    match (at.and_then(|at| content.packs.get_mut(at)), binding) {
        (Some(known), Some(binding)) => *known = binding,
        (None, Some(binding)) => content.packs.push(binding),
        (_, None) => content.packs.retain(|pack| pack.id != id),
    }
}

/// What a content says about one hook or one pack.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    pub rule: Option<RuleBinding>,
    pub settings: Vec<SettingChange>,
    pub pack: Option<PackBinding>,
}

impl Part {
    pub fn of(content: &Content, hook: &str) -> Self {
        let settings = content.settings.iter();
        let is_it = |pack: &&PackBinding| Some(pack.id.as_str()) == pack_of(hook);
        Self {
            pack: content.packs.iter().find(is_it).cloned(),
            rule: content.rules.get(hook).cloned(),
            settings: settings
                .filter(|change| change.hook == hook)
                .cloned()
                .collect(),
        }
    }

    /// Puts it in place of what a content says about the hook.
    pub fn put(self, content: &mut Content, hook: &str) {
        content.settings.retain(|change| change.hook != hook);
        content.settings.extend(self.settings);
        match self.rule {
            Some(rule) => drop(content.rules.insert(hook.to_owned(), rule)),
            None => drop(content.rules.remove(hook)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rule.is_none() && self.settings.is_empty()
    }

    /// Whether some of it comes from a file.
    pub fn has_file(&self) -> bool {
        let rule = self.rule.iter().any(|rule| rule.file.is_some());
        rule || self.settings.iter().any(|change| change.file.is_some())
    }

    /// Whether some of it was written in the database.
    pub fn has_own(&self) -> bool {
        let rule = self.rule.iter().any(|rule| rule.file.is_none());
        rule || self.settings.iter().any(|change| change.file.is_none())
    }

    /// The same without its files: the organization's own from now on.
    #[must_use]
    pub fn taken_over(mut self) -> Self {
        if let Some(rule) = &mut self.rule {
            rule.file = None;
        }
        for change in &mut self.settings {
            change.file = None;
        }
        self
    }
}

/// The hooks a content says something about.
pub fn hooks_in(content: &Content) -> BTreeSet<String> {
    let set = content.settings.iter().map(|change| change.hook.clone());
    content.rules.keys().cloned().chain(set).collect()
}

/// The hooks and packs (`pack:<id>`) on which two contents differ.
pub fn topics_between(before: &Content, after: &Content) -> Vec<String> {
    let mut hooks = hooks_in(before);
    hooks.extend(hooks_in(after));
    let differs = |hook: &String| Part::of(before, hook) != Part::of(after, hook);
    let mut topics: Vec<String> = hooks.into_iter().filter(differs).collect();
    let pack = |content: &Content, id: &str| -> Option<(usize, PackBinding)> {
        let packs = content.packs.iter().enumerate();
        let mut found = packs.filter(|(_, pack)| pack.id == id);
        found.next().map(|(at, pack)| (at, pack.clone()))
    };
    let packs = before.packs.iter().chain(&after.packs);
    let ids: BTreeSet<&str> = packs.map(|pack| pack.id.as_str()).collect();
    let changed = ids
        .into_iter()
        .filter(|id| pack(before, id) != pack(after, id));
    topics.extend(changed.map(pack_topic));
    topics
}

/// The highest risk among what changes. A pack may change pay, and a hook nobody knows any more could be anything.
pub fn risk_of(topics: &[String]) -> Class {
    let risk = |topic: &String| match hook(topic) {
        Some(hook) => hook.risk.into(),
        None => Class::C,
    };
    topics.iter().map(risk).max().unwrap_or(Class::A)
}

/// Takes over into `content` what the folder says now and did not say before. What the database owns stays.
pub fn merge_files(content: &Content, seen: &Content, now: &Content) -> Content {
    let mut merged = content.clone();
    let mut hooks = hooks_in(seen);
    hooks.extend(hooks_in(now));
    for hook in hooks {
        let said = Part::of(now, &hook);
        if said != Part::of(seen, &hook) && !Part::of(content, &hook).has_own() {
            said.put(&mut merged, &hook);
        }
    }
    let packs = seen.packs.iter().chain(&now.packs);
    for id in packs.map(|pack| pack.id.clone()).collect::<BTreeSet<_>>() {
        let topic = pack_topic(&id);
        let said = Part::of(now, &topic);
        if said != Part::of(seen, &topic) {
            set_pack(&mut merged, &id, said.pack);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use zamu_rules::{Mode, PackBinding, RuleKind, Value};

    fn rule(text: &str, file: Option<&str>) -> RuleBinding {
        RuleBinding {
            kind: RuleKind::Script,
            text: text.to_owned(),
            mode: Mode::On,
            file: file.map(str::to_owned),
        }
    }

    fn content(rules: &[(&str, RuleBinding)]) -> Content {
        let rules = rules
            .iter()
            .map(|(hook, rule)| ((*hook).to_owned(), rule.clone()));
        Content {
            rules: rules.collect(),
            ..Content::default()
        }
    }

    fn grace(minutes: i64) -> SettingChange {
        SettingChange {
            hook: "attendance.lateness".into(),
            name: "grace_minutes".into(),
            value: Value::Whole(minutes),
            scope: None,
            from: None,
            until: None,
            file: None,
        }
    }

    #[test]
    fn topics_are_what_differs() {
        let before = content(&[("a.b", rule("1", None)), ("a.c", rule("1", None))]);
        let mut after = before.clone();
        assert!(topics_between(&before, &after).is_empty());
        after.rules.remove("a.c");
        after.settings.push(grace(10));
        after.packs.push(PackBinding {
            id: "ke".into(),
            version: "1".into(),
            digest: "d".into(),
            granted: Vec::new(),
            mode: Mode::On,
        });
        assert_eq!(
            topics_between(&before, &after),
            ["a.c", "attendance.lateness", "pack:ke"]
        );
    }

    #[test]
    fn the_highest_risk_counts_and_what_is_unknown_is_pay() {
        assert_eq!(risk_of(&[]), Class::A);
        assert_eq!(risk_of(&["attendance.lateness".into()]), Class::B);
        let both = ["attendance.lateness".into(), "pack:ke".into()];
        assert_eq!(risk_of(&both), Class::C);
    }

    #[test]
    fn only_what_changed_in_the_folder_is_taken_over() {
        let one = content(&[("a.b", rule("1", Some("f")))]);
        let two = content(&[("a.b", rule("2", Some("f")))]);
        // Switched off, and the folder still says the same: it stays off.
        assert_eq!(
            merge_files(&Content::default(), &one, &one),
            Content::default()
        );
        // The file was edited since: it is on again.
        assert_eq!(merge_files(&Content::default(), &one, &two), two);
        // Emptied: gone.
        assert_eq!(
            merge_files(&one, &one, &Content::default()),
            Content::default()
        );
        // The database owns it.
        let own = content(&[("a.b", rule("3", None))]);
        assert_eq!(merge_files(&own, &one, &two), own);
    }
}
