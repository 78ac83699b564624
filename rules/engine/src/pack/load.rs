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
use crate::{Problem, registry};

/// What a folder came to.
pub(super) struct Loaded {
    pub(super) default_pack: Pack,
    pub(super) organization_packs: BTreeMap<String, Pack>,
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
        before: default_before,
        problems: &mut problems,
    };
    let mut default_pack = embedded_pack().clone();
    layer.read_schemas(&mut default_pack);
    layer.read_scripts(&mut default_pack);
    layer.report_strangers();

    let mut organization_packs = BTreeMap::new();
    let nothing = Pack::default();
    for slug in slugs(directory, previous) {
        let before = previous
            .and_then(|book| book.organization_packs.get(&slug))
            .unwrap_or(&nothing);
        let mut layer = Layer {
            root: directory,
            folder: format!("orgs/{slug}"),
            organization: Some(&slug),
            before,
            problems: &mut problems,
        };
        let mut pack = Pack::default();
        if layer.root.join(&layer.folder).is_dir() {
            layer.read_scripts(&mut pack);
            layer.read_values(&mut pack, &default_pack);
            layer.report_strangers();
        } else {
            let folder = layer.folder.clone();
            layer
                .problems
                .push(gone(&folder, None, Some(&slug), "the folder is gone"));
            pack = before.clone();
        }
        organization_packs.insert(slug, pack);
    }
    Loaded {
        default_pack,
        organization_packs,
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
            .flat_map(|book| book.organization_packs.keys().cloned()),
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
    before: &'a Pack,
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

    fn read_scripts(&mut self, pack: &mut Pack) {
        for hook in registry::hooks() {
            let path = self.path_of(hook, ".rhai");
            let before = self.before.scripts.get(hook.name).cloned();
            let compiled = match self.read(&path) {
                Ok(Some(text)) if is_blank(&text) => {
                    pack.scripts.remove(hook.name);
                    continue;
                }
                Ok(Some(text)) => Script::compile(hook, &text, Some(&path)),
                Ok(None) => {
                    // The embedded rule has no file; only a rule that came from one can be gone.
                    if let Some(script) = before.filter(|script| script.file.is_some()) {
                        pack.scripts.insert(hook.name, script);
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
            match compiled {
                Ok(script) => {
                    pack.scripts.insert(hook.name, Arc::new(script));
                }
                Err(problem) => {
                    self.report(&path, hook.name, problem, before.is_some());
                    if let Some(script) = before {
                        pack.scripts.insert(hook.name, script);
                    }
                }
            }
        }
    }

    fn read_schemas(&mut self, pack: &mut Pack) {
        for hook in registry::hooks() {
            let path = self.path_of(hook, ".settings.toml");
            let before = self.before.schemas.get(hook.name).cloned();
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
    fn read_values(&mut self, pack: &mut Pack, default_pack: &Pack) {
        let path = format!("{}/settings.toml", self.folder);
        let before = self.before.values.clone();
        let text = match self.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => {
                if !before.is_empty() {
                    self.problems
                        .push(gone(&path, None, self.organization, "the file is gone"));
                    pack.values = before;
                }
                return;
            }
            Err(problem) => {
                let keeps = !before.is_empty();
                self.problems.push(FileProblem::new(
                    &path,
                    None,
                    self.organization,
                    problem,
                    keeps,
                ));
                pack.values = before;
                return;
            }
        };
        let schema_of = |name: &str| default_pack.schemas.get(name).map(Arc::as_ref);
        let (results, problems) = parse_values(&text, &path, schema_of);
        if results.is_empty() && !problems.is_empty() {
            pack.values.clone_from(&before);
        }
        for problem in problems {
            let keeps = !before.is_empty();
            self.problems.push(FileProblem::new(
                &path,
                None,
                self.organization,
                problem,
                keeps,
            ));
        }
        for (hook, result) in results {
            match result {
                Ok(values) => {
                    pack.values.insert(hook, Arc::new(values));
                }
                Err(problem) => {
                    let known = before.get(hook).cloned();
                    self.report(&path, hook, problem, known.is_some());
                    pack.values.extend(known.map(|values| (hook, values)));
                }
            }
        }
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
