//! Reading the rules folder: compile first, swap later, and never lose what worked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{FileProblem, Pack, Rulebook, embedded_pack};
use crate::compiled::{Script, is_blank};
use crate::hook::Hook;
use crate::settings::{Schema, parse_values};
use crate::suggest::nearest;
use crate::{Content, Mode, Problem, RuleBinding, RuleKind, SettingChange, registry};

/// What a folder came to.
pub(super) struct Loaded {
    pub(super) default_pack: Pack,
    pub(super) contents: BTreeMap<String, Content>,
    pub(super) problems: Vec<FileProblem>,
}

/// Reads everything. Nothing here fails: what cannot be used is reported and its last good version,
/// or the embedded one, stays.
pub(super) fn load(directory: &Path, previous: Option<&Rulebook>) -> Loaded {
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
            let settings = layer.read_values(&before, &default_pack);
            layer.report_strangers();
            Content {
                packs: Vec::new(),
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

    /// The scripts of the default pack over the embedded ones.
    fn read_scripts(&mut self, pack: &mut Pack, before: &Pack) {
        for hook in registry::hooks() {
            let path = self.path_of(hook, ".rhai");
            let known = before.scripts.get(hook.name).cloned();
            let compiled = match self.read(&path) {
                Ok(Some(text)) if is_blank(&text) => {
                    pack.scripts.remove(hook.name);
                    continue;
                }
                Ok(Some(text)) => Script::compile(hook, &text, Some(&path)),
                Ok(None) => {
                    // The embedded rule has no file; only a rule that came from one can be gone.
                    if let Some(script) = known.filter(|script| script.file.is_some()) {
                        pack.scripts.insert(hook.name, script);
                        self.problems
                            .push(gone(&path, Some(hook.name), None, "the file is gone"));
                    }
                    continue;
                }
                Err(problem) => Err(problem),
            };
            match compiled {
                Ok(script) => {
                    pack.scripts.insert(hook.name, Arc::new(script));
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
            let path = self.path_of(hook, ".rhai");
            let known = before.rules.get(hook.name).cloned();
            let read = match self.read(&path) {
                Ok(Some(text)) if is_blank(&text) => continue,
                Ok(Some(text)) => Script::compile(hook, &text, Some(&path)),
                Ok(None) => {
                    if let Some(rule) = known {
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
                Err(problem) => Err(problem),
            };
            let rule = match read {
                Ok(script) => Some(RuleBinding {
                    kind: RuleKind::Script,
                    text: script.text,
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

    /// An organization's `settings.toml`. A bad value keeps the last good values of that hook.
    fn read_values(&mut self, before: &Content, default_pack: &Pack) -> Vec<SettingChange> {
        let path = format!("{}/settings.toml", self.folder);
        let keeps = !before.settings.is_empty();
        let text = match self.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => {
                if keeps {
                    self.problems
                        .push(gone(&path, None, self.organization, "the file is gone"));
                }
                return before.settings.clone();
            }
            Err(problem) => {
                self.problems.push(FileProblem::new(
                    &path,
                    None,
                    self.organization,
                    problem,
                    keeps,
                ));
                return before.settings.clone();
            }
        };
        let schema_of = |name: &str| default_pack.schemas.get(name).map(Arc::as_ref);
        let (results, problems) = parse_values(&text, &path, schema_of);
        let unreadable = results.is_empty() && !problems.is_empty();
        for problem in problems {
            self.problems.push(FileProblem::new(
                &path,
                None,
                self.organization,
                problem,
                keeps,
            ));
        }
        if unreadable {
            return before.settings.clone();
        }
        let mut changes = Vec::new();
        for (hook, result) in results {
            match result {
                Ok(values) => {
                    changes.extend(values.into_iter().map(|(name, value)| SettingChange {
                        hook: hook.to_owned(),
                        name,
                        value,
                        scope: None,
                        from: None,
                        until: None,
                        file: Some(path.clone()),
                    }))
                }
                Err(problem) => {
                    let known = before.settings.iter().filter(|change| change.hook == hook);
                    let known: Vec<SettingChange> = known.cloned().collect();
                    self.report(&path, hook, problem, !known.is_empty());
                    changes.extend(known);
                }
            }
        }
        changes
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
                let Some(stem) = name.strip_suffix(".rhai") else {
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
