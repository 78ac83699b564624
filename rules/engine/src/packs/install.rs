//! Reading one pack's folder: everything is checked before anything of it is used.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::digest::{self, MANIFEST};
use super::manifest::{Bound, Manifest};
use super::{PackInfo, PackRule, PackSetting};
use crate::compiled::Script;
use crate::pack::Pack;
use crate::settings::{Place, Schema, SettingsFile};
use crate::{FileProblem, Problem, registry};

/// Reads a pack. One with problems comes back without rules, so that it cannot be used by mistake.
pub(super) fn read(root: &Path, id: &str, default_pack: &Pack) -> PackInfo {
    let mut reader = Reader {
        root,
        id,
        problems: Vec::new(),
    };
    let info = reader.read(default_pack);
    if reader.problems.is_empty() {
        return info;
    }
    PackInfo {
        id: id.to_owned(),
        version: info.version,
        title: info.title,
        about: info.about,
        license: info.license,
        engine: info.engine,
        permissions: info.permissions,
        problems: reader.problems,
        ..PackInfo::default()
    }
}

struct Reader<'a> {
    root: &'a Path,
    id: &'a str,
    problems: Vec<FileProblem>,
}

impl Reader<'_> {
    fn report(&mut self, file: &str, hook: Option<&str>, problem: Problem) {
        let path = self.shown(file);
        let problem = FileProblem::new(&path, hook, None, problem, false);
        self.problems.push(problem);
    }

    /// How people see a file of the pack.
    fn shown(&self, file: &str) -> String {
        format!("plugins/{}/{file}", self.id)
    }

    fn text(&mut self, file: &str) -> Option<String> {
        match fs::read_to_string(self.root.join(file)) {
            Ok(text) => Some(text),
            Err(error) => {
                let message = format!("the file cannot be read: {error}");
                let problem = Problem {
                    message,
                    ..Problem::default()
                };
                self.report(file, None, problem);
                None
            }
        }
    }

    fn read(&mut self, default_pack: &Pack) -> PackInfo {
        let Some(text) = self.text(MANIFEST) else {
            return PackInfo::default();
        };
        let manifest = match Manifest::parse(&text) {
            Ok(manifest) => manifest,
            Err(problem) => {
                self.report(MANIFEST, None, problem);
                return PackInfo::default();
            }
        };
        let (bound, problems) = manifest.judge(self.id, &text);
        for problem in problems {
            self.report(MANIFEST, None, problem);
        }
        let digest = self.digest(&manifest);
        let schemas = self.schemas(default_pack);
        let added = schemas.iter().flat_map(|(hook, schema)| {
            let settings = schema.settings.iter();
            settings.map(|setting| PackSetting {
                hook: (*hook).to_owned(),
                setting: setting.clone(),
            })
        });
        PackInfo {
            id: manifest.id,
            version: manifest.version,
            title: manifest.title,
            about: manifest.about,
            license: manifest.license,
            engine: manifest.engine,
            digest,
            hooks: bound.iter().map(|rule| rule.hook.name.to_owned()).collect(),
            permissions: manifest.permissions,
            settings: added.collect(),
            values: self.values(default_pack, &schemas),
            readme: fs::read_to_string(self.root.join("docs/README.md")).unwrap_or_default(),
            problems: Vec::new(),
            rules: self.rules(&bound),
            schemas,
        }
    }

    /// The digest of the files; when the manifest names one, it must be this one.
    fn digest(&mut self, manifest: &Manifest) -> String {
        let digest = match digest::of(self.root) {
            Ok(digest) => digest,
            Err(problem) => {
                self.report(MANIFEST, None, problem);
                return String::new();
            }
        };
        let expected = manifest.integrity.digest.as_ref();
        if expected.is_some_and(|expected| *expected != digest) {
            let problem = Problem {
                message: "the files are not the ones the manifest was made for".to_owned(),
                hint: Some(format!("their digest is {digest}")),
                ..Problem::default()
            };
            self.report(MANIFEST, None, problem);
        }
        digest
    }

    fn rules(&mut self, bound: &[Bound]) -> BTreeMap<&'static str, PackRule> {
        let mut rules = BTreeMap::new();
        for rule in bound {
            let Some(text) = self.text(&rule.file) else {
                continue;
            };
            let file = self.shown(&rule.file);
            match Script::of(rule.hook, rule.kind, &text, Some(&file)) {
                Ok(script) => {
                    let (kind, text) = script.written();
                    let text = text.to_owned();
                    rules.insert(rule.hook.name, PackRule { kind, text, file });
                }
                Err(problem) => self.report(&rule.file, Some(rule.hook.name), problem),
            }
        }
        rules
    }

    /// `rules/<area>/<hook>.settings.toml`: settings of its own, never one that ships.
    fn schemas(&mut self, default_pack: &Pack) -> BTreeMap<&'static str, Arc<Schema>> {
        let mut schemas = BTreeMap::new();
        for hook in registry::hooks() {
            let file = format!("rules/{}.settings.toml", hook.path());
            if !self.root.join(&file).is_file() {
                continue;
            }
            let Some(text) = self.text(&file) else {
                continue;
            };
            let shipped = default_pack.schemas.get(hook.name);
            let parsed = Schema::parse(&text, &self.shown(&file)).and_then(|schema| {
                shipped
                    .map_or(Ok(()), |shipped| shipped.apart(&schema))
                    .map(|()| schema)
            });
            match parsed {
                Ok(schema) => {
                    schemas.insert(hook.name, Arc::new(schema));
                }
                Err(problem) => self.report(&file, Some(hook.name), problem),
            }
        }
        schemas
    }

    /// `settings.toml`: values of settings that ship, or of its own, on any day.
    fn values(
        &mut self,
        default_pack: &Pack,
        own: &BTreeMap<&'static str, Arc<Schema>>,
    ) -> Vec<crate::SettingChange> {
        let file = "settings.toml";
        if !self.root.join(file).is_file() {
            return Vec::new();
        }
        let Some(text) = self.text(file) else {
            return Vec::new();
        };
        let schema_of = |hook: &str| {
            let layers = [default_pack.schemas.get(hook), own.get(hook)];
            Schema::joined(layers.into_iter().flatten().map(Arc::as_ref))
        };
        let read = SettingsFile::parse(&text, &self.shown(file), Place::Pack, schema_of);
        for problem in read.problems {
            self.report(file, None, problem);
        }
        let mut values = Vec::new();
        for (hook, changes) in read.hooks {
            match changes {
                Ok(changes) => values.extend(changes),
                Err(problem) => self.report(file, Some(hook), problem),
            }
        }
        values
    }
}
