//! The rulebook: the default pack, and what the rules folder says for each organization.

use std::collections::BTreeMap;
use std::path::Path;

use super::load::{self, Loaded};
use super::{Book, FileProblem, Pack, Source, embedded_pack};
use crate::compiled::digest;
use crate::packs::PackInfo;
use crate::{Content, Decision, Record, Setting, Value};

/// Everything read from files, compiled where it is shared. Immutable; a reload builds another.
#[derive(Clone, Debug)]
pub struct Rulebook {
    digest: String,
    pub(crate) default_pack: Pack,
    default_book: Book,
    packs: Vec<PackInfo>,
    files: BTreeMap<String, (Content, Book)>,
    problems: Vec<FileProblem>,
}

impl Default for Rulebook {
    fn default() -> Self {
        Self::embedded()
    }
}

impl Rulebook {
    /// The pack inside the binary, for a server without a rules folder.
    pub fn embedded() -> Self {
        Self::assemble(Loaded {
            default_pack: embedded_pack().clone(),
            packs: Vec::new(),
            contents: BTreeMap::new(),
            problems: Vec::new(),
        })
    }

    /// Loads a folder: `default/` over the embedded pack, `orgs/<slug>/` as an organization's content. The
    /// packs it may enable are the folders of `plugins` that have a `plugin.toml`.
    ///
    /// Everything compiles before anything is used. A file that does not compile, or is gone, keeps
    /// what `previous` had for it; an empty rule file is the way to switch a rule off.
    pub fn load(
        rules: &Path,
        plugins: Option<&Path>,
        previous: Option<&Self>,
    ) -> (Self, Vec<FileProblem>) {
        let book = Self::assemble(load::load(rules, plugins, previous));
        let problems = book.problems.clone();
        (book, problems)
    }

    fn assemble(loaded: Loaded) -> Self {
        let Loaded {
            default_pack,
            packs,
            contents,
            problems,
        } = loaded;
        let default_book = Book::new(&default_pack, &packs, &Content::default(), None);
        let installed = packs
            .iter()
            .map(|pack| format!("\n{} {}", pack.id, pack.digest));
        let digest = digest(&format!(
            "{}{}",
            default_book.digest(),
            installed.collect::<String>()
        ));
        let with_book = |(slug, content): (String, Content)| {
            let book = Book::new(&default_pack, &packs, &content, Some(&default_book));
            (slug, (content, book))
        };
        let files = contents.into_iter().map(with_book).collect();
        Self {
            digest,
            default_pack,
            default_book,
            packs,
            files,
            problems,
        }
    }

    /// Hash of the engine, what ships with it and the installed packs: two nodes should have the same.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What an organization runs on with this content.
    pub fn book(&self, content: &Content) -> Book {
        if content.is_empty() {
            return self.default_book.clone();
        }
        Book::new(
            &self.default_pack,
            &self.packs,
            content,
            Some(&self.default_book),
        )
    }

    /// Installed packs, those that cannot be used included.
    pub fn packs(&self) -> &[PackInfo] {
        &self.packs
    }

    pub fn pack(&self, id: &str) -> Option<&PackInfo> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    /// What the rules folder says for an organization; nothing without a folder of its slug.
    pub fn files(&self, organization: &str) -> Option<&Content> {
        self.files.get(organization).map(|(content, _)| content)
    }

    /// Files that could not be used when this was loaded.
    pub fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    /// Organizations with a folder of their own.
    pub fn organizations(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The settings of a hook that ship, in the order a form shows them.
    pub fn settings_of(&self, hook: &str) -> &[Setting] {
        let schema = self.default_pack.schemas.get(hook);
        schema
            .map(|schema| schema.settings.as_slice())
            .unwrap_or_default()
    }

    /// The book an organization's files make, for work without a database: the command line and tests.
    pub fn book_of(&self, organization: &str) -> &Book {
        let files = self.files.get(organization);
        files.map_or(&self.default_book, |(_, book)| book)
    }

    /// Digest of [`Self::book_of`].
    pub fn release(&self, organization: &str) -> String {
        self.book_of(organization).digest().to_owned()
    }

    /// The rule that is asked first.
    pub fn source(&self, organization: &str, hook: &str) -> Option<Source> {
        self.book_of(organization).source(hook)
    }

    /// The settings of a hook, with the value this organization runs on.
    pub fn settings(&self, organization: &str, hook: &str) -> Vec<(Setting, Value)> {
        let values = self.book_of(organization).settings(hook, None, &[]);
        let value = |name: &str| values.get(name).cloned().unwrap_or_default();
        let settings = self.settings_of(hook).iter();
        settings
            .map(|setting| (setting.clone(), value(&setting.name)))
            .collect()
    }

    /// Decides by [`Self::book_of`].
    pub fn decide(&self, organization: &str, hook: &str, facts: Record) -> Decision {
        self.book_of(organization).decide(hook, facts, &[])
    }
}
