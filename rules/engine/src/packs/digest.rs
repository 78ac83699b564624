//! The digest of a pack: one hash over every file, so that what was reviewed is what runs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::Problem;
use crate::pack::folder;

pub(super) const MANIFEST: &str = "plugin.toml";
/// A pack is text; more than this is something else.
const FILES_LIMIT: usize = 500;
const BYTES_LIMIT: u64 = 4 * 1024 * 1024;

/// `sha256:` over paths and contents in the order of the paths. The manifest counts without its line
/// `digest = …`, which could not name itself.
pub(super) fn of(root: &Path) -> Result<String, Problem> {
    let mut hash = Sha256::new();
    let files = files(root);
    if files.len() > FILES_LIMIT {
        return Err(problem(format!(
            "the pack has more than {FILES_LIMIT} files"
        )));
    }
    let mut left = BYTES_LIMIT;
    for (name, path) in files {
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let too_large = || problem(format!("the pack is larger than {BYTES_LIMIT} bytes"));
        left = left.checked_sub(size).ok_or_else(too_large)?;
        let unreadable = |error| problem(format!("`{name}` cannot be read: {error}"));
        let mut contents = fs::read(&path).map_err(unreadable)?;
        if name == MANIFEST {
            contents = without_digest(&contents);
        }
        hash.update(format!("{name}\n{}\n", contents.len()));
        hash.update(&contents);
    }
    let mut hex = "sha256:".to_owned();
    for byte in hash.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// Every file with its path inside the pack; what an editor or a system leaves behind begins with a dot.
fn files(root: &Path) -> Vec<(String, std::path::PathBuf)> {
    let mut files: Vec<_> = folder::files(root, &[""])
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(root).ok()?;
            let parts: Vec<String> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let hidden = parts.iter().any(|part| part.starts_with('.'));
            (!hidden).then(|| (parts.join("/"), path.clone()))
        })
        .collect();
    files.sort();
    files
}

fn without_digest(contents: &[u8]) -> Vec<u8> {
    let is_digest = |line: &[u8]| {
        let line = line.trim_ascii_start();
        line.strip_prefix(b"digest")
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
    };
    let lines = contents.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| !is_digest(line))
        .flatten()
        .copied()
        .collect()
}

fn problem(message: String) -> Problem {
    Problem {
        message,
        ..Problem::default()
    }
}
