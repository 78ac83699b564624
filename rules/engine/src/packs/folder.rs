//! The plugins folder: which packs are installed, and never losing one that worked.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::MANIFEST;
use super::{PackInfo, install};
use crate::compiled::Script;
use crate::hook::Hook;
use crate::pack::{Layer, Pack, Permits, Plan, embedded_pack};
use crate::settings::{Dated, Schema};
use crate::{FileProblem, Problem};

/// Reads every folder with a manifest. A pack that cannot be used, or is gone, stays as it was before.
pub(crate) fn load(folder: &Path, default_pack: &Pack, before: &[PackInfo]) -> Vec<PackInfo> {
    let mut packs = Vec::new();
    for id in installed(folder) {
        let mut pack = install::read(&folder.join(&id), &id, default_pack);
        let known = before
            .iter()
            .find(|known| known.id == id && known.is_usable());
        if let (false, Some(known)) = (pack.is_ok(), known) {
            let problems = pack.problems.into_iter().map(|problem| FileProblem {
                keeps_last_good: true,
                ..problem
            });
            pack = PackInfo {
                problems: problems.collect(),
                ..known.clone()
            };
        }
        packs.push(pack);
    }
    for known in before.iter().filter(|known| known.is_usable()) {
        if !packs.iter().any(|pack| pack.id == known.id) {
            packs.push(gone(known));
        }
    }
    packs.sort_by(|one, other| one.id.cmp(&other.id));
    packs
}

fn gone(known: &PackInfo) -> PackInfo {
    let problem = Problem {
        message: "the pack is gone; what was loaded before stays in force".to_owned(),
        hint: Some("switch it off in every organization before its folder is removed".to_owned()),
        ..Problem::default()
    };
    let path = format!("plugins/{}", known.id);
    PackInfo {
        problems: vec![FileProblem::new(&path, None, None, problem, true)],
        ..known.clone()
    }
}

/// Folders with a manifest; others beside them, such as native extensions, are not packs.
fn installed(folder: &Path) -> Vec<String> {
    let mut ids: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join(MANIFEST).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    ids.sort();
    ids
}

/// What the tests of a pack run against: its rule with everything it asks for, over the pack that ships.
/// Nothing for a file that belongs to no pack.
pub(crate) fn bench(hook: &'static Hook, file: &Path) -> Option<Result<(Plan, Schema), Problem>> {
    let root = root_of(file)?;
    let id = root.file_name()?.to_str()?.to_owned();
    let shipped = embedded_pack();
    let pack = install::read(&root, &id, shipped);
    if let Some(problem) = pack.problems.first() {
        return Some(Err(Problem {
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            file: Some(problem.path.clone()),
            line: problem.line,
            column: problem.column,
        }));
    }
    Some(plan(hook, &pack, shipped))
}

/// The pack a file lies in: the nearest folder above it with a manifest.
pub(super) fn root_of(file: &Path) -> Option<PathBuf> {
    let above = file.ancestors().skip(1);
    let root = above
        .take(6)
        .find(|folder| folder.join(MANIFEST).is_file())?;
    root.canonicalize().ok()
}

fn plan(hook: &'static Hook, pack: &PackInfo, shipped: &Pack) -> Result<(Plan, Schema), Problem> {
    let mut layers = Vec::new();
    if let Some(rule) = pack.rules.get(hook.name) {
        let asked = &pack.permissions;
        let permits = Permits::of(&asked.read, &asked.outcomes, &asked.all());
        layers.push(Layer {
            name: format!("pack:{}", pack.id).into(),
            script: Arc::new(Script::of(hook, rule.kind, &rule.text, Some(&rule.file))?),
            permits: Some(Arc::new(permits)),
        });
    }
    let below = shipped.scripts.get(hook.name).cloned();
    layers.extend(below.map(|script| Layer {
        name: "default".into(),
        script,
        permits: None,
    }));
    let schemas = [shipped.schemas.get(hook.name), pack.schemas.get(hook.name)];
    let schema = Schema::joined(schemas.into_iter().flatten().map(Arc::as_ref));
    let own = pack.values.iter().filter(|change| change.hook == hook.name);
    let settings = Dated::new(schema.defaults(), own.cloned());
    Ok((
        Plan {
            hook,
            layers,
            settings,
        },
        schema,
    ))
}
