//! `rules/README.md` is read by people who then type what it says: every example in it is run, every link leads
//! somewhere, and the reference beside it is the one the program writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zamu_rules::{Rulebook, checking, docs, testing};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn guide() -> String {
    std::fs::read_to_string(root().join("rules/README.md")).unwrap()
}

/// The examples of each section, as files: a fence says the language and, for a rule or a table, the file it is.
fn examples(guide: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let (mut section, mut file) = (String::new(), None);
    for line in guide.lines() {
        match (line.strip_prefix("```"), &file) {
            (Some(""), Some(_)) => file = None,
            (Some(fence), None) => {
                let (language, name) = fence.split_once(' ').unwrap_or((fence, ""));
                let is_run = ["rhai", "toml"].contains(&language);
                assert!(
                    !is_run || !name.is_empty(),
                    "{section}: an example says which file it is"
                );
                assert!(
                    is_run || language == "text",
                    "{section}: {language} is not run"
                );
                file = Some(if is_run {
                    name.to_owned()
                } else {
                    String::new()
                });
            }
            (_, Some(name)) if !name.is_empty() => {
                let text = sections
                    .entry(section.clone())
                    .or_default()
                    .entry(name.clone());
                let text = text.or_default();
                text.push_str(line);
                text.push('\n');
            }
            (None, None) if line.starts_with("## ") => line.clone_into(&mut section),
            _ => {}
        }
    }
    sections
}

#[test]
fn every_example_of_the_guide_runs() {
    let sections = examples(&guide());
    assert!(
        sections.len() >= 4,
        "the examples were not found: {sections:#?}"
    );
    for (section, files) in sections {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in &files {
            let path = folder.path().join("orgs/acme").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let checked = checking::check(folder.path());
        assert_eq!(
            checked.files,
            files.keys().filter(|file| !file.contains(".test.")).count()
        );
        assert!(
            checked.findings.is_empty(),
            "{section}: {:#?}",
            checked.findings
        );
        let (_, problems) = Rulebook::load(folder.path(), Some(&root().join("plugins")), None);
        assert!(problems.is_empty(), "{section}: {problems:#?}");
        if files.keys().any(|file| file.contains(".test.")) {
            let tested = testing::coverage(folder.path(), None);
            assert!(tested.is_ok(), "{section}: {:#?}", tested.tests);
            assert!(
                tested.coverage.iter().all(|rule| rule.never.is_empty()),
                "{section}"
            );
        }
    }
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    let guide = guide();
    let headings: Vec<String> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(anchor)
        .collect();
    let pages = docs::pages();
    let mut linked = Vec::new();
    for part in guide.split("](").skip(1) {
        let target = part.split(')').next().unwrap();
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        match path.strip_prefix("docs/") {
            Some(page) => {
                assert!(pages.contains_key(page), "{target}");
                linked.push(page.to_owned());
            }
            None if path.is_empty() => assert!(headings.contains(&heading.to_owned()), "{target}"),
            None => assert!(root().join("rules").join(path).exists(), "{target}"),
        }
    }
    for hook in zamu_rules::hooks() {
        let page = format!("{}.md", hook.path());
        assert!(linked.contains(&page), "the guide has no link to {page}");
    }
}

/// As GitHub makes them.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == '-')
        .collect()
}

#[test]
fn the_committed_reference_is_what_the_program_writes() {
    let folder = root().join("rules/docs");
    for (file, text) in docs::pages() {
        let committed = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(
            committed == text,
            "rules/docs/{file}: `cargo run -- rules docs` writes something else"
        );
    }
    let mut committed = Vec::new();
    files_below(&folder, &mut committed);
    assert_eq!(
        committed.len(),
        docs::pages().len(),
        "a page of a question that is gone: {committed:?}"
    );
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}
