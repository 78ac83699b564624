//! A book: everything one organization runs on, from its release down to the default pack.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Enabled, Layer, Mode, Origin, Pack, Permits, Plan, RuleKind, decide, decide_unasked};
use crate::compiled::{Script, digest, is_blank};
use crate::hook::Hook;
use crate::packs::PackInfo;
use crate::settings::Dated;
use crate::{
    Content, Decision, Outcome, PackBinding, Problem, Record, Setting, SettingChange, Status,
    Value, registry,
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
    /// In the order of [`registry::hooks`]; what an organization leaves as it ships is shared by all.
    slots: Vec<Arc<Slot>>,
    /// Whether it was restored: what it holds was judged when it was made.
    is_kept: bool,
    /// Enabled packs that were left out, with the hooks that fall to the next layer.
    left_out: Vec<(Vec<String>, Problem)>,
}

/// One hook: what its plan is made from, and the plan once somebody asked.
#[derive(Debug)]
struct Slot {
    recipe: Recipe,
    digest: String,
    prepared: OnceLock<Prepared>,
}

impl Slot {
    fn new(recipe: Recipe) -> Self {
        Self {
            digest: digest(&serde_json::to_string(&recipe).unwrap_or_default()),
            recipe,
            prepared: OnceLock::new(),
        }
    }
}

/// What the plan of one hook is made from: texts, not trees.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recipe {
    hook: String,
    layers: Vec<Written>,
    defaults: Record,
    /// What packs set, below everything the organization sets.
    #[serde(default)]
    shipped: Vec<Shipped>,
    changes: Vec<SettingChange>,
}

/// A value a pack sets; that of a pack which is only tried holds only in the trial.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shipped {
    mode: Mode,
    change: SettingChange,
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
    /// The tree, where many organizations share it.
    #[serde(skip)]
    compiled: Option<Arc<Script>>,
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
    /// Lays an organization's content over its packs, and those over the default pack. What it leaves
    /// untouched it shares with `shipped`, the book of an organization without content.
    pub(super) fn new(
        default_pack: &Pack,
        installed: &[PackInfo],
        content: &Content,
        shipped: Option<&Self>,
    ) -> Self {
        let enabled = Enabled::of(content, installed);
        let slot = |(position, hook): (usize, &'static Hook)| {
            let slot = Slot::new(recipe(hook, default_pack, &enabled, content));
            let known = shipped.and_then(|book| book.0.slots.get(position));
            match known.filter(|known| known.digest == slot.digest) {
                Some(known) => Arc::clone(known),
                None => Arc::new(slot),
            }
        };
        let slots: Vec<Arc<Slot>> = registry::hooks().iter().enumerate().map(slot).collect();
        Self(Arc::new(Inner {
            digest: digest_of(&slots),
            slots,
            is_kept: false,
            left_out: enabled.problems,
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

    /// Answers without asking any rule, by the failure policy of the hook: what a guard refused.
    pub fn unasked(
        &self,
        hook: &str,
        facts: Record,
        scopes: &[String],
        status: Status,
    ) -> Decision {
        match self.prepared(hook) {
            Some(prepared) => decide_unasked(&prepared.plan, self.digest(), facts, scopes, status),
            None => unknown_hook(hook, self.digest()),
        }
    }

    /// What the rules that are only tried would have said; nothing when none is for this hook.
    pub fn shadow(&self, hook: &str, facts: Record, scopes: &[String]) -> Option<Decision> {
        let plan = self.prepared(hook)?.shadow.as_ref()?;
        Some(decide(plan, self.digest(), facts, scopes))
    }

    /// Compiles everything; what cannot be compiled is left out of the plans and said here. So is a pack
    /// that was left out, under each of its hooks, or under no hook when it is not known which it has.
    pub fn problems(&self) -> Vec<(&'static str, Problem)> {
        let mut found = Vec::new();
        for (hooks, problem) in &self.0.left_out {
            let known = hooks.iter().filter_map(|hook| registry::hook(hook));
            let names: Vec<&'static str> = known.map(|hook| hook.name).collect();
            let nameless = if names.is_empty() { vec![""] } else { names };
            found.extend(nameless.into_iter().map(|hook| (hook, problem.clone())));
        }
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
        let written = self.slot(hook)?.recipe.layers.first()?;
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
            recipes: self
                .0
                .slots
                .iter()
                .map(|slot| slot.recipe.clone())
                .collect(),
        }
    }

    /// A kept book, if it is what its digest says and this engine still means the same by it. Hooks that
    /// were added since then have no rule in it.
    pub fn restore(snapshot: &Snapshot) -> Option<Self> {
        let kept: Vec<Arc<Slot>> = snapshot
            .recipes
            .iter()
            .cloned()
            .map(Slot::new)
            .map(Arc::new)
            .collect();
        if snapshot.engine != ENGINE || digest_of(&kept) != snapshot.digest {
            return None;
        }
        let slot = |hook: &Hook| {
            let known = kept.iter().find(|slot| slot.recipe.hook == hook.name);
            known
                .cloned()
                .unwrap_or_else(|| Arc::new(Slot::new(Recipe::empty(hook))))
        };
        Some(Self(Arc::new(Inner {
            digest: snapshot.digest.clone(),
            slots: registry::hooks().iter().map(slot).collect(),
            is_kept: true,
            left_out: Vec::new(),
        })))
    }

    fn slot(&self, hook: &str) -> Option<&Slot> {
        self.0
            .slots
            .get(registry::position(hook)?)
            .map(AsRef::as_ref)
    }

    pub(crate) fn plan(&self, hook: &str) -> Option<&Plan> {
        self.prepared(hook).map(|prepared| &prepared.plan)
    }

    pub(crate) fn trial(&self, hook: &str) -> Option<&Plan> {
        self.prepared(hook)?.shadow.as_ref()
    }

    fn prepared(&self, hook: &str) -> Option<&Prepared> {
        let hook = registry::hook(hook)?;
        let slot = self.slot(hook.name)?;
        Some(
            slot.prepared
                .get_or_init(|| prepare(hook, &slot.recipe, self.0.is_kept)),
        )
    }
}

impl Recipe {
    fn empty(hook: &Hook) -> Self {
        Self {
            hook: hook.name.to_owned(),
            layers: Vec::new(),
            defaults: Record::new(),
            shipped: Vec::new(),
            changes: Vec::new(),
        }
    }
}

fn digest_of(slots: &[Arc<Slot>]) -> String {
    let mut all = ENGINE.to_owned();
    for slot in slots {
        // Writing to a text cannot fail.
        let _ = write!(all, "\n{} {}", slot.recipe.hook, slot.digest);
    }
    digest(&all)
}

fn recipe(
    hook: &'static Hook,
    default_pack: &Pack,
    enabled: &Enabled<'_>,
    content: &Content,
) -> Recipe {
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
        compiled: None,
    });
    let shipped = default_pack.scripts.get(hook.name).map(|script| Written {
        layer: "default".to_owned(),
        kind: script.written().0,
        text: script.written().1.to_owned(),
        mode: Mode::On,
        permits: None,
        file: script.file.clone(),
        compiled: Some(Arc::clone(script)),
    });
    let packs = enabled.packs.iter();
    let between = packs.filter_map(|(binding, pack)| of_a_pack(hook, binding, pack));
    // The most specific pack has the last word.
    let values = enabled.packs.iter().rev().flat_map(|(binding, pack)| {
        let own = pack.values.iter().filter(|change| change.hook == hook.name);
        own.map(|change| Shipped {
            mode: binding.mode,
            change: change.clone(),
        })
    });
    Recipe {
        hook: hook.name.to_owned(),
        layers: own.into_iter().chain(between).chain(shipped).collect(),
        defaults: enabled.schema(default_pack, hook.name).defaults(),
        shipped: values.collect(),
        changes: content
            .settings
            .iter()
            .filter(|change| change.hook == hook.name)
            .cloned()
            .collect(),
    }
}

fn of_a_pack(hook: &Hook, binding: &PackBinding, pack: &PackInfo) -> Option<Written> {
    let rule = pack.rules.get(hook.name)?;
    let asked = &pack.permissions;
    Some(Written {
        layer: format!("pack:{}", pack.id),
        kind: rule.kind,
        text: rule.text.clone(),
        mode: binding.mode,
        permits: Some(Permits::of(&asked.read, &asked.outcomes, &binding.granted)),
        file: Some(rule.file.clone()),
        compiled: None,
    })
}

impl Written {
    fn script(&self, hook: &'static Hook, is_kept: bool) -> Result<Arc<Script>, Problem> {
        let compile = if is_kept { Script::kept } else { Script::of };
        match &self.compiled {
            Some(script) => Ok(Arc::clone(script)),
            None => compile(hook, self.kind, &self.text, self.file.as_deref()).map(Arc::new),
        }
    }
}

fn prepare(hook: &'static Hook, recipe: &Recipe, is_kept: bool) -> Prepared {
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    for written in recipe
        .layers
        .iter()
        .filter(|written| written.mode != Mode::Off)
    {
        match written.script(hook, is_kept) {
            Ok(script) => layers.push((
                written.mode,
                Layer {
                    name: written.layer.as_str().into(),
                    script,
                    permits: written.permits.clone().map(Arc::new),
                },
            )),
            Err(problem) => problems.push(problem),
        }
    }
    let settings = |with_tried: bool| {
        let holds = |shipped: &&Shipped| with_tried || shipped.mode == Mode::On;
        let shipped = recipe.shipped.iter().filter(holds);
        Dated::new(
            recipe.defaults.clone(),
            shipped.map(|shipped| shipped.change.clone()),
        )
        .over(recipe.changes.iter().cloned())
    };
    let plan_of = |with_tried: bool| Plan {
        hook,
        layers: layers
            .iter()
            .filter(|(mode, _)| with_tried || *mode == Mode::On)
            .map(|(_, layer)| layer.clone())
            .collect(),
        settings: settings(with_tried),
    };
    let values_tried = recipe
        .shipped
        .iter()
        .any(|shipped| shipped.mode == Mode::Audit);
    let tried = values_tried || layers.iter().any(|(mode, _)| *mode == Mode::Audit);
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
