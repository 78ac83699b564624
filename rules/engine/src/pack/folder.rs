//! Finding rule files: which hook and which organization a path belongs to.

use std::fs;
use std::path::{Path, PathBuf};

use crate::hook::Hook;
use crate::registry;

/// Every file below a path (or the path itself) whose name ends in one of the endings, sorted.
pub(crate) fn files(path: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(path, endings, &mut found, 0);
    found.sort();
    found
}

/// Deeper than this is not a rules folder; also what stops a link that points at its parent.
const DEPTH: usize = 8;

fn collect(path: &Path, endings: &[&str], found: &mut Vec<PathBuf>, depth: usize) {
    if path.is_file() {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| endings.iter().any(|ending| name.ends_with(ending))) {
            found.push(path.to_owned());
        }
        return;
    }
    if depth > DEPTH {
        return;
    }
    for entry in fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
    {
        collect(&entry.path(), endings, found, depth + 1);
    }
}

/// The hook of `…/attendance/lateness.test.rhai`; a lone `lateness.rhai` counts too, when one hook only
/// has that function.
pub(crate) fn hook_of(path: &Path) -> Option<&'static Hook> {
    let name = path.file_name()?.to_str()?;
    let stem = name.split('.').next()?;
    let slice = path
        .parent()
        .and_then(Path::file_name)
        .and_then(|slice| slice.to_str());
    slice
        .and_then(|slice| registry::hook(&format!("{slice}.{stem}")))
        .or_else(|| {
            let mut same = registry::hooks()
                .iter()
                .filter(|hook| hook.function() == stem);
            same.next().filter(|_| same.next().is_none())
        })
}

/// The rules folder a file belongs to, and its organization (empty for the default pack).
pub(crate) fn root_of(path: &Path) -> Option<(PathBuf, String)> {
    let slice = path.parent()?;
    let layer = slice.parent()?;
    let parent = layer.parent()?;
    if layer.file_name()? == "default" {
        return Some((parent.to_owned(), String::new()));
    }
    if parent.file_name()? == "orgs" {
        let slug = layer.file_name()?.to_str()?.to_owned();
        return Some((parent.parent()?.to_owned(), slug));
    }
    None
}
