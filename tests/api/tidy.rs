//! What must stay true about the source text itself: the dependency rule, and who may name what.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const SLICES: &[&str] = &[
    "orgs",
    "identity",
    "places",
    "schedules",
    "leave",
    "exceptions",
    "attendance",
    "gatherings",
    "reports",
    "imports",
    "rules",
    "audit",
];

/// Which slice's service another slice may call. Acyclic: read from the bottom up.
const CALLS: &[(&str, &[&str])] = &[
    ("audit", &[]),
    ("orgs", &[]),
    ("identity", &["orgs"]),
    ("places", &["orgs", "identity"]),
    ("rules", &["orgs", "identity", "places"]),
    ("schedules", &["orgs", "identity", "places", "rules"]),
    ("leave", &["orgs", "identity", "schedules", "rules"]),
    ("exceptions", &["orgs", "identity"]),
    (
        "attendance",
        &[
            "orgs",
            "identity",
            "places",
            "schedules",
            "leave",
            "exceptions",
            "rules",
        ],
    ),
    (
        "gatherings",
        &["orgs", "identity", "places", "leave", "exceptions", "rules"],
    ),
    (
        "reports",
        &[
            "orgs",
            "identity",
            "places",
            "schedules",
            "exceptions",
            "attendance",
        ],
    ),
    (
        "imports",
        &[
            "orgs",
            "identity",
            "places",
            "schedules",
            "leave",
            "attendance",
            "rules",
        ],
    ),
];

struct Source {
    /// Relative to `src`, with forward slashes.
    path: String,
    /// Without the `mod tests` at its end.
    code: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    assert!(found.len() > 40, "the source files were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap_or_default()
                .to_owned();
            let relative = path.strip_prefix(root().join("src")).unwrap();
            let path = relative.to_string_lossy().replace('\\', "/");
            found.push(Source { path, code, text });
        }
    }
}

/// Code lines without comments, with their numbers.
fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let numbered = source
        .code
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.starts_with("//"))
}

fn only_in(needle: &str, allowed: &[&str], why: &str) {
    let mut wrong = Vec::new();
    for source in sources() {
        if allowed.iter().any(|prefix| source.path.starts_with(prefix)) {
            continue;
        }
        for (number, line) in lines(&source) {
            if line.contains(needle) {
                wrong.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "`{needle}`: {why}\n{}", wrong.join("\n"));
}

#[test]
fn slices_call_only_services_along_the_acyclic_table() {
    let table: BTreeMap<&str, &[&str]> = CALLS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((slice, file)) = source.path.split_once('/') else {
            continue;
        };
        let file = file.rsplit('/').next().unwrap_or(file);
        if !SLICES.contains(&slice)
            || matches!(
                file,
                "graphql.rs" | "queries.rs" | "mutations.rs" | "live.rs"
            )
        {
            // The API graph is cyclic: its files may see one another.
            continue;
        }
        for (number, line) in lines(&source) {
            for other in SLICES.iter().filter(|other| **other != slice) {
                let named = line.contains(&format!("crate::{other}::"))
                    || line.contains(&format!(" {other}::"));
                let allowed = table.get(slice).is_some_and(|calls| calls.contains(other));
                let store = line.contains(&format!("{other}::store"));
                if named && (!allowed || store) {
                    wrong.push(format!("src/{}:{number}: {line}", source.path));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a slice reaches where the table does not let it:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_table_of_calls_has_no_cycle() {
    for (at, (slice, calls)) in CALLS.iter().enumerate() {
        for call in *calls {
            let below = CALLS.iter().position(|(other, _)| other == call).unwrap();
            assert!(below < at, "{slice} calls {call}, which stands above it");
        }
    }
}

#[test]
fn models_do_not_speak_graphql() {
    for source in sources()
        .iter()
        .filter(|source| source.path.ends_with("/model.rs"))
    {
        for (number, line) in lines(source) {
            assert!(
                !line.contains("async_graphql"),
                "src/{}:{number}: {line}",
                source.path
            );
        }
    }
}

#[test]
fn the_ground_does_not_know_the_slices() {
    let mut wrong = Vec::new();
    for source in sources() {
        let ground = ["kernel/", "auth/", "events/"]
            .iter()
            .any(|prefix| source.path.starts_with(prefix));
        for (number, line) in lines(&source).filter(|_| ground) {
            // Audit entries are numbered with the events; nothing else of a slice is known down here.
            let names = SLICES.iter().filter(|slice| **slice != "audit");
            if names
                .into_iter()
                .any(|slice| line.contains(&format!("crate::{slice}::")))
            {
                wrong.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports point down and never up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn rhai_is_named_only_in_the_engine() {
    only_in(
        "rhai::",
        &[],
        "the engine crate is the only one that names Rhai",
    );
}

#[test]
fn the_environment_is_read_only_by_config() {
    only_in(
        "std::env::",
        &["config.rs", "main.rs"],
        "settings come from Config",
    );
}

#[test]
fn the_clock_and_the_ids_come_from_the_kernel() {
    only_in(
        "Utc::now",
        &["kernel/time.rs"],
        "take the instant from the transaction or the app",
    );
    only_in("now_v7", &[], "ids come from the kernel's source");
    only_in(
        "SystemTime::now",
        &[],
        "take the instant from the transaction or the app",
    );
}

#[test]
fn only_identity_makes_people() {
    only_in(
        "Viewer::checked(",
        &["identity/", "auth/viewer.rs"],
        "a viewer is made by identity alone",
    );
}

#[test]
fn the_lobby_stays_narrow() {
    let doors = [
        "db/",
        "events/",
        "audit/",
        "identity/",
        "orgs/",
        // Which node runs which release is the platform's own, for all organizations at once.
        "rules/releases/nodes.rs",
        "app.rs",
        "http/",
        "cli",
    ];
    only_in(
        ".lobby",
        &doors,
        "only what exists before anybody belongs to an organization comes here",
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//!") || source.path == "lib.rs",
            "src/{} has no `//!`",
            source.path
        );
    }
}

/// Reported, not enforced: a reviewer sighs at these first.
#[test]
fn the_longest_files_are_known() {
    let mut lengths: Vec<(usize, String)> = sources()
        .iter()
        .map(|source| (source.text.lines().count(), source.path.clone()))
        .collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    for (length, path) in lengths.iter().take(10) {
        println!("{length:5} src/{path}");
    }
    assert!(
        lengths.iter().all(|(length, _)| *length <= 800),
        "a file of over 800 lines is two files"
    );
}
