//! A book: everything one organization runs on, from its release down to the default pack.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Layer, Mode, Origin, Pack, Permits, Plan, RuleKind, decide};
use crate::compiled::{Script, digest, is_blank};
use crate::hook::Hook;
use crate::settings::Dated;
use crate::{
    Content, Decision, Outcome, Problem, Record, Setting, SettingChange, Status, Value, registry,
};

/// Part of every release: a change here changes what a script can mean.
pub(super) const ENGINE: &str = "zamu-rules/2 rhai/1.27.0 optimise/none";

/// The text of a rule and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub text: String,
    pub kind: RuleKind,
    pub origin: Origin,
    /// Relative to the rules folder; nothing for the embedded pack and for rules kept in the database.
    pub path: Option<String>,
}

/// A setting and the value an organization runs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingInForce {
    pub setting: Setting,
    pub value: Value,
    /// The change it comes from; nothing for the default.
    pub change: Option<SettingChange>,
}

/// What one organization runs on. Immutable and cheap to clone; a rule compiles when it is first asked.
#[derive(Clone, Debug)]
pub struct Book(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    digest: String,
    recipes: Vec<Recipe>,
    plans: Vec<OnceLock<Prepared>>,
}

/// What the plan of one hook is made from: texts, not trees.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recipe {
    hook: String,
    layers: Vec<Written>,
    defaults: Record,
    changes: Vec<SettingChange>,
}

/// One layer, most specific first.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Written {
    layer: String,
    kind: RuleKind,
    text: String,
    mode: Mode,
    #[serde(default)]
    permits: Option<Permits>,
    #[serde(default)]
    file: Option<String>,
}

/// Plans of one hook, compiled.
#[derive(Debug)]
struct Prepared {
    plan: Plan,
    /// With the layers that are only tried; nothing when none is.
    shadow: Option<Plan>,
    problems: Vec<Problem>,
}

/// A book as it is kept, so that a decision of last year can be taken again: every text and every value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub digest: String,
    engine: String,
    recipes: Vec<Recipe>,
}

impl Book {
    /// Lays an organization's content over the default pack.
    pub(super) fn new(default_pack: &Pack, content: &Content) -> Self {
        let recipes = registry::hooks()
            .iter()
            .map(|hook| recipe(hook, default_pack, content))
            .collect();
        Self::of(recipes)
    }

    fn of(recipes: Vec<Recipe>) -> Self {
        let mut all = ENGINE.to_owned();
        for recipe in &recipes {
            // Writing to a text cannot fail.
            let _ = write!(
                all,
                "\n{}",
                serde_json::to_string(recipe).unwrap_or_default()
            );
        }
        let plans = recipes.iter().map(|_| OnceLock::new()).collect();
        Self(Arc::new(Inner {
            digest: digest(&all),
            recipes,
            plans,
        }))
    }

    /// Hash of everything that can change a decision of this organization.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Decides. Never panics and never fails: the failure policy of the hook answers instead. `scopes` are
    /// the ids of departments and the place, from the widest to the narrowest; the day is that of the fact
    /// `now`.
    pub fn decide(&self, hook: &str, facts: Record, scopes: &[String]) -> Decision {
        match self.prepared(hook) {
            Some(prepared) => decide(&prepared.plan, self.digest(), facts, scopes),
            None => unknown_hook(hook, self.digest()),
        }
    }

    /// What the rules that are only tried would have said; nothing when none is for this hook.
    pub fn shadow(&self, hook: &str, facts: Record, scopes: &[String]) -> Option<Decision> {
        let plan = self.prepared(hook)?.shadow.as_ref()?;
        Some(decide(plan, self.digest(), facts, scopes))
    }

    /// Compiles everything; what cannot be compiled is left out of the plans and said here.
    pub fn problems(&self) -> Vec<(&'static str, Problem)> {
        let mut found = Vec::new();
        for hook in registry::hooks() {
            let problems = self.prepared(hook.name).map(|prepared| &prepared.problems);
            found.extend(
                problems
                    .into_iter()
                    .flatten()
                    .map(|problem| (hook.name, problem.clone())),
            );
        }
        found
    }

    /// The rule that is asked first.
    pub fn source(&self, hook: &str) -> Option<Source> {
        let written = self.recipe(hook)?.layers.first()?;
        Some(Source {
            text: written.text.clone(),
            kind: written.kind,
            origin: Origin::of_layer(&written.layer),
            path: written.file.clone(),
        })
    }

    /// The values of a hook's settings on a day, for these scopes.
    pub fn settings(
        &self,
        hook: &str,
        day: Option<chrono::NaiveDate>,
        scopes: &[String],
    ) -> Record {
        let prepared = self.prepared(hook);
        prepared
            .map(|prepared| (*prepared.plan.settings.at(day, scopes)).clone())
            .unwrap_or_default()
    }

    /// What is kept to take a decision again later.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            digest: self.0.digest.clone(),
            engine: ENGINE.to_owned(),
            recipes: self.0.recipes.clone(),
        }
    }

    /// A kept book, if this engine still means the same by it.
    pub fn restore(snapshot: &Snapshot) -> Option<Self> {
        let mut recipes = Vec::with_capacity(registry::hooks().len());
        for hook in registry::hooks() {
            let kept = snapshot
                .recipes
                .iter()
                .find(|recipe| recipe.hook == hook.name);
            recipes.push(kept.cloned().unwrap_or_else(|| Recipe {
                hook: hook.name.to_owned(),
                layers: Vec::new(),
                defaults: Record::new(),
                changes: Vec::new(),
            }));
        }
        let book = Self::of(recipes);
        (snapshot.engine == ENGINE).then(|| {
            // A hook added since then does not make it another book.
            let inner = Inner {
                digest: snapshot.digest.clone(),
                recipes: book.0.recipes.clone(),
                plans: book.0.recipes.iter().map(|_| OnceLock::new()).collect(),
            };
            Self(Arc::new(inner))
        })
    }

    fn recipe(&self, hook: &str) -> Option<&Recipe> {
        self.0.recipes.get(registry::position(hook)?)
    }

    pub(crate) fn plan(&self, hook: &str) -> Option<&Plan> {
        self.prepared(hook).map(|prepared| &prepared.plan)
    }

    pub(crate) fn trial(&self, hook: &str) -> Option<&Plan> {
        self.prepared(hook)?.shadow.as_ref()
    }

    fn prepared(&self, hook: &str) -> Option<&Prepared> {
        let hook = registry::hook(hook)?;
        let position = registry::position(hook.name)?;
        let recipe = self.0.recipes.get(position)?;
        Some(
            self.0
                .plans
                .get(position)?
                .get_or_init(|| prepare(hook, recipe)),
        )
    }
}

fn recipe(hook: &'static Hook, default_pack: &Pack, content: &Content) -> Recipe {
    let own = content
        .rules
        .get(hook.name)
        .filter(|rule| !is_blank(&rule.text));
    let own = own.map(|rule| Written {
        layer: "organization".to_owned(),
        kind: rule.kind,
        text: rule.text.clone(),
        mode: rule.mode,
        permits: None,
        file: rule.file.clone(),
    });
    let shipped = default_pack.scripts.get(hook.name).map(|script| Written {
        layer: "default".to_owned(),
        kind: RuleKind::Script,
        text: script.text.clone(),
        mode: Mode::On,
        permits: None,
        file: script.file.clone(),
    });
    let schema = default_pack.schemas.get(hook.name);
    Recipe {
        hook: hook.name.to_owned(),
        layers: own.into_iter().chain(shipped).collect(),
        defaults: schema.map(|schema| schema.defaults()).unwrap_or_default(),
        changes: content
            .settings
            .iter()
            .filter(|change| change.hook == hook.name)
            .cloned()
            .collect(),
    }
}

fn prepare(hook: &'static Hook, recipe: &Recipe) -> Prepared {
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    for written in recipe
        .layers
        .iter()
        .filter(|written| written.mode != Mode::Off)
    {
        match Script::of(hook, written.kind, &written.text, written.file.as_deref()) {
            Ok(script) => layers.push((
                written.mode,
                Layer {
                    name: written.layer.as_str().into(),
                    script: Arc::new(script),
                    permits: written.permits.clone().map(Arc::new),
                },
            )),
            Err(problem) => problems.push(problem),
        }
    }
    let settings = Dated::new(recipe.defaults.clone(), recipe.changes.iter().cloned());
    let plan_of = |with_tried: bool| Plan {
        hook,
        layers: layers
            .iter()
            .filter(|(mode, _)| with_tried || *mode == Mode::On)
            .map(|(_, layer)| layer.clone())
            .collect(),
        settings: settings.clone(),
    };
    let tried = layers.iter().any(|(mode, _)| *mode == Mode::Audit);
    Prepared {
        plan: plan_of(false),
        shadow: tried.then(|| plan_of(true)),
        problems,
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
        facts: Record::new(),
        scopes: Vec::new(),
        operations: 0,
        duration_us: 0,
        problem: Some(Problem {
            message: format!("no hook is called `{hook}`"),
            ..Problem::default()
        }),
    }
}
