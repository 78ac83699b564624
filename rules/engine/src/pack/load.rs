//! Reading the rules folder: compile first, swap later, and never lose what worked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{Enabled, FileProblem, Pack, Rulebook, embedded_pack};
use crate::compiled::{Script, is_blank, is_blank_table};
use crate::hook::Hook;
use crate::packs::{self, PackInfo};
use crate::settings::{Place, Schema, SettingsFile, line_of, packs_of};
use crate::suggest::nearest;
use crate::{Content, Mode, PackBinding, Problem, RuleBinding, RuleKind, SettingChange, registry};

/// What a folder came to.
pub(super) struct Loaded {
    pub(super) default_pack: Pack,
    pub(super) packs: Vec<PackInfo>,
    pub(super) contents: BTreeMap<String, Content>,
    pub(super) problems: Vec<FileProblem>,
}

/// Reads everything. Nothing here fails: what cannot be used is reported and its last good version,
/// or the embedded one, stays.
pub(super) fn load(
    directory: &Path,
    plugins: Option<&Path>,
    previous: Option<&Rulebook>,
) -> Loaded {
    let mut problems = Vec::new();
    if !directory.is_dir() && previous.is_some() {
        problems.push(gone("", None, None, "the rules folder is gone"));
    }
    let default_before: &Pack = match previous {
        Some(book) => &book.default_pack,
        None => embedded_pack(),
    };
    let mut layer = Layer {
        root: directory,
        folder: "default".to_owned(),
        organization: None,
        problems: &mut problems,
    };
    let mut default_pack = embedded_pack().clone();
    layer.read_schemas(&mut default_pack, default_before);
    layer.read_scripts(&mut default_pack, default_before);
    layer.report_strangers();

    let before = previous.map(Rulebook::packs).unwrap_or_default();
    let packs = match plugins {
        Some(folder) => packs::load(folder, &default_pack, before),
        None => Vec::new(),
    };
    problems.extend(packs.iter().flat_map(|pack| pack.problems.iter().cloned()));

    let mut contents = BTreeMap::new();
    for slug in slugs(directory, previous) {
        let before = previous
            .and_then(|book| book.files(&slug))
            .cloned()
            .unwrap_or_default();
        let mut layer = Layer {
            root: directory,
            folder: format!("orgs/{slug}"),
            organization: Some(&slug),
            problems: &mut problems,
        };
        let content = if layer.root.join(&layer.folder).is_dir() {
            let rules = layer.read_rules(&before);
            let (packs, settings) = layer.read_values(&before, &default_pack, &packs);
            layer.report_strangers();
            Content {
                packs,
                rules,
                settings,
            }
        } else {
            let folder = layer.folder.clone();
            layer
                .problems
                .push(gone(&folder, None, Some(&slug), "the folder is gone"));
            before
        };
        contents.insert(slug, content);
    }
    Loaded {
        default_pack,
        packs,
        contents,
        problems,
    }
}

/// Organizations with a folder, and those that had one.
fn slugs(directory: &Path, previous: Option<&Rulebook>) -> Vec<String> {
    let mut slugs: Vec<String> = fs::read_dir(directory.join("orgs"))
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|slug| !slug.starts_with('.'))
        .collect();
    slugs.extend(
        previous
            .into_iter()
            .flat_map(|book| book.organizations().map(str::to_owned)),
    );
    slugs.sort();
    slugs.dedup();
    slugs
}

fn gone(path: &str, hook: Option<&str>, organization: Option<&str>, what: &str) -> FileProblem {
    let problem = Problem {
        message: format!("{what}; what was loaded before stays in force"),
        hint: Some("to switch a rule off, leave its file there and empty it".to_owned()),
        ..Problem::default()
    };
    FileProblem::new(path, hook, organization, problem, true)
}

/// Bindings of packs by name, and what is wrong with the names no pack has.
fn bind(named: &[&str], installed: &[PackInfo]) -> (Vec<PackBinding>, Vec<Problem>) {
    let mut bound: Vec<PackBinding> = Vec::new();
    let mut problems = Vec::new();
    for name in named {
        if bound.iter().any(|binding| binding.id == *name) {
            continue;
        }
        let pack = installed.iter().find(|pack| pack.id == *name);
        if let Some(pack) = pack.filter(|pack| pack.is_usable()) {
            bound.push(pack.binding());
            continue;
        }
        let message = match pack {
            Some(_) => format!("the pack `{name}` cannot be used"),
            None => format!("no pack is called `{name}`"),
        };
        let near = nearest(name, installed.iter().map(|pack| pack.id.as_str()));
        let near = near.filter(|_| pack.is_none());
        problems.push(Problem {
            message,
            hint: near.map(|near| format!("did you mean `{near}`?")),
            ..Problem::default()
        });
    }
    (bound, problems)
}

/// What a folder has for one hook.
enum Found {
    Nothing,
    /// A file with nothing in it: the way to switch a rule off.
    Off,
    Rule(Box<Script>),
}

/// One folder being read.
struct Layer<'a> {
    root: &'a Path,
    folder: String,
    organization: Option<&'a str>,
    problems: &'a mut Vec<FileProblem>,
}

impl Layer<'_> {
    fn path_of(&self, hook: &Hook, ending: &str) -> String {
        format!("{}/{}{ending}", self.folder, hook.path())
    }

    /// The text of a file, nothing when there is none; unreadable text is an error.
    fn read(&self, path: &str) -> Result<Option<String>, Problem> {
        match fs::read_to_string(self.root.join(path)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Problem {
                message: format!("the file cannot be read: {error}"),
                file: Some(path.to_owned()),
                ..Problem::default()
            }),
        }
    }

    fn report(&mut self, path: &str, hook: &str, problem: Problem, keeps_last_good: bool) {
        let problem = FileProblem::new(
            path,
            Some(hook),
            self.organization,
            problem,
            keeps_last_good,
        );
        self.problems.push(problem);
    }

    /// What this folder has for a hook: a script or a table, and its path.
    fn rule(&self, hook: &'static Hook) -> (String, Result<Found, Problem>) {
        let (script, table) = (
            self.path_of(hook, ".rhai"),
            self.path_of(hook, ".table.toml"),
        );
        let (text, rows) = match (self.read(&script), self.read(&table)) {
            (Ok(text), Ok(rows)) => (text, rows),
            (Err(problem), _) => return (script, Err(problem)),
            (_, Err(problem)) => return (table, Err(problem)),
        };
        let rule = |compiled: Result<Script, Problem>| {
            compiled.map(|script| Found::Rule(Box::new(script)))
        };
        match (text, rows) {
            (None, None) => (script, Ok(Found::Nothing)),
            (Some(text), Some(rows)) if !is_blank(&text) && !is_blank_table(&rows) => {
                let problem = Problem {
                    message: "there is a rule and a table for one question".to_owned(),
                    hint: Some(format!("empty one of them: {script} or this one")),
                    file: Some(table.clone()),
                    ..Problem::default()
                };
                (table, Err(problem))
            }
            (_, Some(rows)) if !is_blank_table(&rows) => {
                let compiled = Script::of(hook, RuleKind::Table, &rows, Some(&table));
                (table, rule(compiled))
            }
            (Some(text), _) if !is_blank(&text) => {
                let compiled = Script::of(hook, RuleKind::Script, &text, Some(&script));
                (script, rule(compiled))
            }
            _ => (script, Ok(Found::Off)),
        }
    }

    /// The scripts of the default pack over the embedded ones.
    fn read_scripts(&mut self, pack: &mut Pack, before: &Pack) {
        for hook in registry::hooks() {
            let known = before.scripts.get(hook.name).cloned();
            let (path, found) = self.rule(hook);
            let compiled = match found {
                Ok(Found::Off) => {
                    pack.scripts.remove(hook.name);
                    continue;
                }
                Ok(Found::Nothing) => {
                    // The embedded rule has no file; only a rule that came from one can be gone.
                    if let Some(script) = known.filter(|script| script.file.is_some()) {
                        pack.scripts.insert(hook.name, script);
                        self.problems
                            .push(gone(&path, Some(hook.name), None, "the file is gone"));
                    }
                    continue;
                }
                Ok(Found::Rule(script)) => Ok(script),
                Err(problem) => Err(problem),
            };
            match compiled {
                Ok(script) => {
                    pack.scripts.insert(hook.name, Arc::from(script));
                }
                Err(problem) => {
                    self.report(&path, hook.name, problem, known.is_some());
                    pack.scripts.extend(known.map(|script| (hook.name, script)));
                }
            }
        }
    }

    /// An organization's own rules, each compiled to see that it can be.
    fn read_rules(&mut self, before: &Content) -> BTreeMap<String, RuleBinding> {
        let mut rules = BTreeMap::new();
        for hook in registry::hooks() {
            let known = before.rules.get(hook.name).cloned();
            let (path, found) = self.rule(hook);
            let read = match found {
                Ok(Found::Off) => continue,
                Ok(Found::Nothing) => {
                    if let Some(rule) = known {
                        let path = rule.file.clone().unwrap_or(path);
                        rules.insert(hook.name.to_owned(), rule);
                        let organization = self.organization;
                        self.problems.push(gone(
                            &path,
                            Some(hook.name),
                            organization,
                            "the file is gone",
                        ));
                    }
                    continue;
                }
                Ok(Found::Rule(script)) => Ok(script),
                Err(problem) => Err(problem),
            };
            let rule = match read {
                Ok(script) => Some(RuleBinding {
                    kind: script.written().0,
                    text: script.written().1.to_owned(),
                    mode: Mode::On,
                    file: Some(path),
                }),
                Err(problem) => {
                    self.report(&path, hook.name, problem, known.is_some());
                    known
                }
            };
            rules.extend(rule.map(|rule| (hook.name.to_owned(), rule)));
        }
        rules
    }

    fn read_schemas(&mut self, pack: &mut Pack, before: &Pack) {
        for hook in registry::hooks() {
            let path = self.path_of(hook, ".settings.toml");
            let before = before.schemas.get(hook.name).cloned();
            let parsed = match self.read(&path) {
                Ok(Some(text)) => Schema::parse(&text, &path),
                // Gone, or never there: the schema known so far stays.
                Ok(None) => {
                    pack.schemas
                        .extend(before.map(|schema| (hook.name, schema)));
                    continue;
                }
                Err(problem) => Err(problem),
            };
            match parsed {
                Ok(schema) => {
                    pack.schemas.insert(hook.name, Arc::new(schema));
                }
                Err(problem) => {
                    self.report(&path, hook.name, problem, true);
                    pack.schemas
                        .extend(before.map(|schema| (hook.name, schema)));
                }
            }
        }
    }

    /// An organization's `settings.toml`: its packs and its values. A bad value keeps the last good values
    /// of that hook.
    fn read_values(
        &mut self,
        before: &Content,
        default_pack: &Pack,
        installed: &[PackInfo],
    ) -> (Vec<PackBinding>, Vec<SettingChange>) {
        let path = format!("{}/settings.toml", self.folder);
        let keeps = !before.settings.is_empty() || !before.packs.is_empty();
        let as_before = || {
            let ids: Vec<&str> = before.packs.iter().map(|pack| pack.id.as_str()).collect();
            (bind(&ids, installed).0, before.settings.clone())
        };
        let text = match self.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => {
                if keeps {
                    self.problems
                        .push(gone(&path, None, self.organization, "the file is gone"));
                }
                return as_before();
            }
            Err(problem) => {
                self.report_values(&path, None, problem, keeps);
                return as_before();
            }
        };
        let packs = self.read_packs(&text, &path, installed, &as_before().0);
        let content = Content {
            packs,
            ..Content::default()
        };
        let enabled = Enabled::of(&content, installed);
        for (_, problem) in enabled.problems.clone() {
            self.report_values(&path, None, problem, false);
        }
        let schema_of = |hook: &str| enabled.schema(default_pack, hook);
        let read = SettingsFile::parse(&text, &path, Place::Organization, schema_of);
        for problem in read.problems {
            self.report_values(&path, None, problem, keeps);
        }
        if read.is_unreadable {
            return as_before();
        }
        let mut changes = Vec::new();
        for (hook, result) in read.hooks {
            match result {
                Ok(values) => changes.extend(values),
                Err(problem) => {
                    let known = before.settings.iter().filter(|change| change.hook == hook);
                    let known: Vec<SettingChange> = known.cloned().collect();
                    self.report_values(&path, Some(hook), problem, !known.is_empty());
                    changes.extend(known);
                }
            }
        }
        (content.packs, changes)
    }

    /// `packs = […]`, each with everything its manifest asks for: who writes this file may read that one.
    fn read_packs(
        &mut self,
        text: &str,
        path: &str,
        installed: &[PackInfo],
        before: &[PackBinding],
    ) -> Vec<PackBinding> {
        let named = match packs_of(text) {
            Ok(named) => named,
            Err(problem) => {
                self.report_values(path, None, problem, !before.is_empty());
                return before.to_vec();
            }
        };
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        let (bound, unknown) = bind(&named, installed);
        for mut problem in unknown {
            problem.line = line_of(text, "packs");
            problem.column = problem.line.map(|_| 1);
            self.report_values(path, None, problem, false);
        }
        bound
    }

    fn report_values(
        &mut self,
        path: &str,
        hook: Option<&str>,
        problem: Problem,
        keeps_last_good: bool,
    ) {
        let problem = FileProblem::new(path, hook, self.organization, problem, keeps_last_good);
        self.problems.push(problem);
    }

    /// A rule file no hook asks for is nearly always a slip in its name.
    fn report_strangers(&mut self) {
        let folder = self.root.join(&self.folder);
        let slices = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        for slice in slices.filter(|entry| entry.path().is_dir()) {
            let files = fs::read_dir(slice.path())
                .into_iter()
                .flatten()
                .filter_map(Result::ok);
            for file in files {
                let name = file.file_name().to_string_lossy().into_owned();
                let slice = slice.file_name().to_string_lossy().into_owned();
                let stem = name.strip_suffix(".rhai");
                let Some(stem) = stem.or_else(|| name.strip_suffix(".table.toml")) else {
                    continue;
                };
                let hook = format!("{slice}.{stem}");
                if stem.contains('.') || registry::hook(&hook).is_some() {
                    continue;
                }
                let near = nearest(&hook, registry::hooks().iter().map(|hook| hook.name));
                let problem = Problem {
                    message: format!("no hook is called `{hook}`"),
                    hint: near.map(|near| format!("did you mean `{near}`?")),
                    ..Problem::default()
                };
                let path = format!("{}/{slice}/{name}", self.folder);
                self.problems.push(FileProblem::new(
                    &path,
                    None,
                    self.organization,
                    problem,
                    false,
                ));
            }
        }
    }
}
