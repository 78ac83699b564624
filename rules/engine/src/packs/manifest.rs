//! `plugin.toml`: what a pack is, which rules it brings, and what it asks to be allowed.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::hook::{Class, Field, Hook, Kind};
use crate::pack::covers;
use crate::settings::{line_at, line_of};
use crate::suggest::nearest;
use crate::{Problem, RuleKind, registry};

/// The file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) about: String,
    pub(super) engine: String,
    pub(super) license: String,
    #[serde(default, rename = "rule")]
    pub(super) rules: Vec<RuleEntry>,
    #[serde(default)]
    pub(super) permissions: Permissions,
    #[serde(default)]
    pub(super) integrity: Integrity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) hook: String,
    pub(super) file: String,
    /// Where it stands among the rules of the pack when they are shown; the smallest first.
    #[serde(default)]
    pub(super) order: u32,
}

/// What a pack asks for. An organization grants all of it or less, never more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Facts beyond the open ones, such as `person.title` or `visit.*`.
    #[serde(default)]
    pub read: Vec<String>,
    /// Outcomes it may answer with.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// Why it needs what it asks to read.
    #[serde(default)]
    pub justify: BTreeMap<String, String>,
}

impl Permissions {
    /// Everything it asks for, as a binding grants it.
    pub fn all(&self) -> Vec<String> {
        self.read.iter().chain(&self.outcomes).cloned().collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Integrity {
    pub(super) digest: Option<String>,
}

/// A rule whose hook and file are known to be sound.
pub(super) struct Bound {
    pub(super) hook: &'static Hook,
    pub(super) file: String,
    pub(super) kind: RuleKind,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| Problem {
            message: error.message().to_owned(),
            line: error.span().map(|span| line_at(text, span.start)),
            column: error.span().map(|_| 1),
            ..Problem::default()
        })
    }

    /// Everything that is wrong with it by itself, and the rules that are not.
    pub(super) fn judge(&self, folder: &str, text: &str) -> (Vec<Bound>, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut at = |key: &str, message: String, hint: Option<String>| {
            let line = line_of(text, key);
            problems.push(Problem {
                message,
                hint,
                line,
                column: line.map(|_| 1),
                ..Problem::default()
            });
        };
        if self.id != folder {
            let message = format!("the pack is called `{}`, its folder `{folder}`", self.id);
            at("id", message, Some("give both the same name".to_owned()));
        }
        if !is_id(&self.id) {
            let hint = "small letters, digits and hyphens, such as `ke-labour`".to_owned();
            at(
                "id",
                format!("`{}` is not the name of a pack", self.id),
                Some(hint),
            );
        }
        if !is_version(&self.version) {
            let message = format!("`{}` is not a version", self.version);
            at(
                "version",
                message,
                Some("three numbers, such as `1.4.0`".to_owned()),
            );
        }
        let bound = self.bind(&mut at);
        for rule in &bound {
            match range_holds(&self.engine, rule.hook.contract) {
                Some(true) => {}
                Some(false) => at("engine", out_of_range(&self.engine, rule.hook), None),
                None => {
                    let hint = "such as `>=1, <2`".to_owned();
                    at(
                        "engine",
                        format!("`{}` is not a range of versions", self.engine),
                        Some(hint),
                    );
                    break;
                }
            }
        }
        self.judge_permissions(&bound, &mut at);
        (bound, problems)
    }

    fn bind(&self, at: &mut impl FnMut(&str, String, Option<String>)) -> Vec<Bound> {
        let mut entries: Vec<&RuleEntry> = self.rules.iter().collect();
        entries.sort_by_key(|entry| entry.order);
        let mut bound: Vec<Bound> = Vec::new();
        for entry in entries {
            let Some(hook) = registry::hook(&entry.hook) else {
                let near = nearest(&entry.hook, registry::hooks().iter().map(|hook| hook.name));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                at("hook", format!("no hook is called `{}`", entry.hook), hint);
                continue;
            };
            if bound.iter().any(|rule| rule.hook.name == hook.name) {
                at(
                    "hook",
                    format!("there are two rules for `{}`", hook.name),
                    None,
                );
                continue;
            }
            let Some(kind) = kind_of(&entry.file).filter(|_| is_inside(&entry.file)) else {
                let hint = format!("such as `rules/{}.rhai`", hook.path());
                let message = format!("`{}` is not a rule file of this pack", entry.file);
                at("file", message, Some(hint));
                continue;
            };
            let file = entry.file.clone();
            bound.push(Bound { hook, file, kind });
        }
        bound
    }

    fn judge_permissions(
        &self,
        bound: &[Bound],
        at: &mut impl FnMut(&str, String, Option<String>),
    ) {
        let paths: Vec<String> = bound
            .iter()
            .flat_map(|rule| paths(rule.hook.facts, ""))
            .collect();
        for asked in &self.permissions.read {
            if !paths.iter().any(|path| covers(asked, path)) {
                let near = nearest(asked, paths.iter().map(String::as_str));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                at(
                    "read",
                    format!("no rule of this pack is given a fact `{asked}`"),
                    hint,
                );
            }
        }
        let known: Vec<&str> = bound
            .iter()
            .flat_map(|rule| rule.hook.outcomes.iter().map(|spec| spec.name))
            .collect();
        for asked in &self.permissions.outcomes {
            if !known.contains(&asked.as_str()) {
                let hint = nearest(asked, known.iter().copied());
                let hint = hint.map(|near| format!("did you mean `{near}`?"));
                at(
                    "outcomes",
                    format!("no rule of this pack can answer `{asked}`"),
                    hint,
                );
            }
        }
        for asked in self.permissions.justify.keys() {
            if !self.permissions.read.contains(asked) {
                at(
                    "justify",
                    format!("`{asked}` is justified, but not asked for"),
                    None,
                );
            }
        }
    }
}

fn out_of_range(range: &str, hook: &Hook) -> String {
    let contract = hook.contract;
    format!(
        "written for contract {range}; `{}` is at version {contract}",
        hook.name
    )
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

fn is_version(version: &str) -> bool {
    let parts: Vec<&str> = version.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

fn kind_of(file: &str) -> Option<RuleKind> {
    if file.ends_with(".table.toml") {
        return Some(RuleKind::Table);
    }
    let stem = file.strip_suffix(".rhai")?;
    stem.strip_suffix(".test")
        .is_none()
        .then_some(RuleKind::Script)
}

/// Whether a path stays inside the pack's folder.
fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Whether a contract version is within a range such as `>=1, <2`; nothing when it is not a range.
fn range_holds(range: &str, contract: u32) -> Option<bool> {
    let mut holds = true;
    for part in range.split(',').map(str::trim) {
        let digits = part.trim_start_matches(['<', '>', '=']);
        let operator = part.strip_suffix(digits)?;
        let bound: u32 = digits.trim().parse().ok()?;
        holds &= match operator {
            ">=" => contract >= bound,
            "<=" => contract <= bound,
            ">" => contract > bound,
            "<" => contract < bound,
            "=" | "" => contract == bound,
            _ => return None,
        };
    }
    Some(holds)
}

/// Every fact of a hook by its path, those of records included.
pub(super) fn paths(fields: &'static [Field], at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for field in fields {
        let path = format!("{at}{}", field.name);
        if let Kind::Record(inner) | Kind::Records(inner) = field.kind {
            found.extend(paths(inner, &format!("{path}.")));
        }
        found.push(path);
    }
    found
}

/// Facts beyond the open ones, with how private each is.
pub(super) fn private(fields: &'static [Field], at: &str, above: Class) -> Vec<(String, Class)> {
    let mut found = Vec::new();
    for field in fields {
        let path = format!("{at}{}", field.name);
        let class = above.max(field.class);
        if let Kind::Record(inner) | Kind::Records(inner) = field.kind {
            found.extend(private(inner, &format!("{path}."), class));
        } else if class != Class::Open {
            found.push((path, class));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_versions() {
        for (range, holds) in [
            (">=1, <2", Some(true)),
            (">=2", Some(false)),
            ("=1", Some(true)),
            ("1", Some(true)),
            ("", None),
            ("latest", None),
            ("~1", None),
        ] {
            assert_eq!(range_holds(range, 1), holds, "{range}");
        }
    }

    #[test]
    fn a_file_outside_the_pack_is_no_file_of_it() {
        assert!(is_inside("rules/attendance/clock_in.rhai"));
        for file in ["../other/rules/x.rhai", "/etc/x.rhai", "rules/../../x.rhai"] {
            assert!(!is_inside(file), "{file}");
        }
    }
}
