//! The rulebook: every rule of every organization, compiled, immutable, swapped as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FileProblem, LayerScript, Origin, Pack, Plan, decide, embedded_pack, load};
use crate::compiled::digest;
use crate::{Decision, Outcome, Problem, Record, Setting, Status, Value, registry};

/// Part of every release: a change here changes what a script can mean.
const ENGINE: &str = "zamu-rules/1 rhai/1.27.0 optimise/none";

/// The text of a rule and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub text: String,
    pub origin: Origin,
    /// Relative to the rules folder; nothing for the embedded pack.
    pub path: Option<String>,
}

/// What one organization runs on.
#[derive(Clone, Debug)]
struct Book {
    release: String,
    /// In the order of [`registry::hooks`].
    plans: Vec<Plan>,
}

/// Every rule, ready to run. Reading one never takes a lock; a reload builds another.
#[derive(Clone, Debug)]
pub struct Rulebook {
    pub(crate) default_pack: Pack,
    pub(crate) organization_packs: BTreeMap<String, Pack>,
    default_book: Book,
    books: BTreeMap<String, Book>,
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
        Self::assemble(embedded_pack().clone(), BTreeMap::new(), Vec::new())
    }

    /// Loads a folder: `default/` over the embedded pack, `orgs/<slug>/` as the organization's layer.
    ///
    /// Everything compiles before anything is used. A file that does not compile, or is gone, keeps
    /// what `previous` had for it; an empty rule file is the way to switch a rule off.
    pub fn load(directory: &Path, previous: Option<&Self>) -> (Self, Vec<FileProblem>) {
        let loaded = load::load(directory, previous);
        let book = Self::assemble(
            loaded.default_pack,
            loaded.organization_packs,
            loaded.problems,
        );
        let problems = book.problems.clone();
        (book, problems)
    }

    pub(super) fn assemble(
        default_pack: Pack,
        organization_packs: BTreeMap<String, Pack>,
        problems: Vec<FileProblem>,
    ) -> Self {
        let default_book = book(&default_pack, None);
        let books = organization_packs
            .iter()
            .map(|(slug, pack)| (slug.clone(), book(&default_pack, Some(pack))))
            .collect();
        Self {
            default_pack,
            organization_packs,
            default_book,
            books,
            problems,
        }
    }

    /// Files that could not be used when this was loaded.
    pub fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    /// Organizations that have a layer of their own.
    pub fn organizations(&self) -> impl Iterator<Item = &str> {
        self.organization_packs.keys().map(String::as_str)
    }

    /// Hash of everything that can change a decision of this organization.
    pub fn release(&self, organization: &str) -> String {
        self.book(organization).release.clone()
    }

    /// The rule that is asked first.
    pub fn source(&self, organization: &str, hook: &str) -> Option<Source> {
        let layer = self.plan(organization, hook)?.layers.first()?;
        let origin = if layer.layer == "organization" {
            Origin::Organization
        } else {
            Origin::Default
        };
        Some(Source {
            text: layer.script.text.clone(),
            origin,
            path: layer.script.file.clone(),
        })
    }

    /// The settings of a hook, with the value this organization runs on.
    pub fn settings(&self, organization: &str, hook: &str) -> Vec<(Setting, Value)> {
        let (Some(plan), Some(schema)) = (
            self.plan(organization, hook),
            self.default_pack.schemas.get(hook),
        ) else {
            return Vec::new();
        };
        let value = |name: &str| plan.settings.get(name).cloned().unwrap_or_default();
        schema
            .settings
            .iter()
            .map(|setting| (setting.clone(), value(&setting.name)))
            .collect()
    }

    /// Decides. Never panics and never fails: the failure policy of the hook answers instead.
    pub fn decide(&self, organization: &str, hook: &str, facts: Record) -> Decision {
        let book = self.book(organization);
        match self.plan(organization, hook) {
            Some(plan) => decide(plan, &book.release, facts),
            None => unknown_hook(hook, &book.release),
        }
    }

    fn book(&self, organization: &str) -> &Book {
        self.books.get(organization).unwrap_or(&self.default_book)
    }

    pub(crate) fn plan(&self, organization: &str, hook: &str) -> Option<&Plan> {
        self.book(organization).plans.get(registry::position(hook)?)
    }
}

/// The chain of each hook: the organization's rule above the default one.
fn book(default_pack: &Pack, organization: Option<&Pack>) -> Book {
    let mut release = ENGINE.to_owned();
    let mut plans = Vec::with_capacity(registry::hooks().len());
    for hook in registry::hooks() {
        let script = |layer: &'static str, pack: &Pack| {
            pack.scripts.get(hook.name).map(|script| LayerScript {
                layer,
                script: Arc::clone(script),
            })
        };
        let layers: Vec<LayerScript> = organization
            .and_then(|pack| script("organization", pack))
            .into_iter()
            .chain(script("default", default_pack))
            .collect();
        let mut settings = default_pack
            .schemas
            .get(hook.name)
            .map(|schema| schema.defaults())
            .unwrap_or_default();
        if let Some(values) = organization.and_then(|pack| pack.values.get(hook.name)) {
            settings.extend(
                values
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        let digests: Vec<&str> = layers
            .iter()
            .map(|layer| layer.script.digest.as_str())
            .collect();
        let values = serde_json::to_string(&settings).unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = write!(
            release,
            "\n{} {} {} {values}",
            hook.name,
            hook.contract,
            digests.join(",")
        );
        plans.push(Plan {
            hook,
            layers,
            settings: Arc::new(settings),
        });
    }
    Book {
        release: digest(&release),
        plans,
    }
}

/// A hook nobody registered is our mistake; the caller gets an outcome it cannot take for an answer.
fn unknown_hook(hook: &str, release: &str) -> Decision {
    Decision {
        hook: hook.to_owned(),
        contract: 0,
        release: release.to_owned(),
        status: Status::Incident,
        outcome: Outcome {
            name: String::new(),
            values: Record::new(),
        },
        reasons: Vec::new(),
        flags: vec!["rule_failed".to_owned()],
        asks: Vec::new(),
        tells: Vec::new(),
        needs_review: true,
        read: Vec::new(),
        layers: Vec::new(),
        operations: 0,
        duration_us: 0,
        problem: Some(Problem {
            message: format!("no hook is called `{hook}`"),
            ..Problem::default()
        }),
    }
}
