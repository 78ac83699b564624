//! The reference: a page for each hook, declarations for editors and a schema for settings, all made from
//! the registry, so that they cannot say anything else than the engine does.

mod declarations;
mod example;
mod page;
mod schema;

use std::collections::BTreeMap;
use std::fmt::{Arguments, Write as _};
use std::path::Path;
use std::{fs, io};

use crate::hook::Hook;
use crate::pack::embedded_pack;
use crate::{Setting, registry};

pub use example::Example;

/// Every file of the reference by its path; the same registry always gives the same bytes.
pub fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    pages.insert("index.md".to_owned(), page::index());
    for hook in registry::hooks() {
        let path = hook.path();
        pages.insert(format!("{path}.md"), page::of(hook));
        pages.insert(format!("{path}.d.rhai"), declarations::of(hook));
        pages.insert(format!("{path}.settings.schema.json"), schema::of(hook));
    }
    pages
}

/// Writes the reference into a folder and says how many files it wrote. Files of hooks that are gone stay.
pub fn write(directory: &Path) -> io::Result<usize> {
    let pages = pages();
    for (path, text) in &pages {
        let file = directory.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text)?;
    }
    Ok(pages.len())
}

/// A rule and a test for a hook, as its page shows them.
pub fn example(hook: &str) -> Option<Example> {
    registry::hook(hook).map(example::of)
}

fn settings_of(hook: &Hook) -> &'static [Setting] {
    let schema = embedded_pack().schemas.get(hook.name);
    schema
        .map(|schema| schema.settings.as_slice())
        .unwrap_or_default()
}

/// Adds to a text.
fn put(text: &mut String, added: Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = text.write_fmt(added);
}
