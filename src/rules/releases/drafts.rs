//! Decides about drafts: what is proposed for one hook, checked before it is kept.

use chrono::NaiveDate;
use serde_json::json;
use zamu_rules::checking::{self, Finding, Severity};
use zamu_rules::packs::PackInfo;
use zamu_rules::testing::Case;
use zamu_rules::{Content, Mode, PackBinding, RuleBinding, RuleKind, SettingChange};

use super::loading;
use super::model::{Draft, PackChange, Part, Proposal, Tested, Tests, pack_of, pack_topic};
use super::service::{self, Head};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, DraftId, PlaceId};
use crate::rules::decisions;
use crate::{orgs, places};

/// A draft beside what it started from and what holds by now.
#[derive(Debug, Clone)]
pub struct View {
    pub draft: Draft,
    pub began: Part,
    pub now: Part,
    /// The number of the release that is now the newest.
    pub newest: i64,
    /// What is to be said about the proposed rule; no errors, or it would not have been kept.
    pub findings: Vec<Finding>,
}

impl View {
    /// Whether what it changes was changed by somebody else since.
    pub fn is_stale(&self) -> bool {
        self.began != self.now
    }
}

/// What somebody writes for a hook.
#[derive(Debug, Clone)]
pub struct Written {
    pub hook: String,
    pub kind: RuleKind,
    pub source: String,
    pub tests: Option<String>,
    pub cases: Option<serde_json::Value>,
    pub mode: Mode,
}

/// Values for the settings of a hook; nothing takes a value back.
#[derive(Debug, Clone)]
pub struct Values {
    pub hook: String,
    pub values: Vec<(String, Option<serde_json::Value>)>,
    pub scope: Option<Scope>,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
}

/// Where values hold that do not hold everywhere.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    Department(DepartmentId),
    Place(PlaceId),
}

/// The name of a hook as the registry has it.
pub(super) fn known(hook: &str) -> Result<&'static str> {
    let found = zamu_rules::hook(hook).map(|hook| hook.name);
    found.ok_or_else(|| Error::invalid("hook", format!("no hook is called `{hook}`")))
}

/// A hook is a file's or the database's, never both.
pub(super) fn check_owner(head: &Head, hook: &str, takes_over: bool) -> Result<()> {
    if takes_over || !is_file(head, hook) {
        return Ok(());
    }
    let message = format!(
        "the rule of {hook} is kept in files: change it there, or take it over with copyRuleToOrganization"
    );
    Err(Error::refused(Code::RuleOwnedByFile, message).at("hook"))
}

fn is_file(head: &Head, hook: &str) -> bool {
    let (now, folder) = (Part::of(&head.content, hook), Part::of(&head.files, hook));
    now.has_file() || (!folder.is_empty() && !now.has_own())
}

/// What is wrong, or only odd, with a rule somebody proposes, in the content it would belong to: its text, its tests
/// and kept cases, the limits it compares with, its cost. An error stands in the way of keeping it.
async fn findings_in(
    tx: &mut Tx,
    content: &Content,
    tests: &Tests,
    hook: &str,
) -> Result<Vec<Finding>> {
    let kept = decisions::cases::of_hook_in(tx, hook).await?;
    Ok(findings(tx.app(), content, hook, tests.get(hook), kept))
}

fn findings(
    app: &App,
    content: &Content,
    hook: &str,
    tests: Option<&Tested>,
    kept: Vec<Case>,
) -> Vec<Finding> {
    let Some(rule) = content.rules.get(hook) else {
        return Vec::new();
    };
    if rule.text.trim().is_empty() {
        let message = "there is no rule here".to_owned();
        let hint = "to go back to what ships, use disableRule";
        return vec![error(message, Some(hint.to_owned()))];
    }
    let rules = app.rules();
    let cases = tests.and_then(|tests| tests.cases.clone());
    let cases: Vec<Case> = match cases.map(serde_json::from_value::<Vec<Case>>).transpose() {
        Ok(cases) => kept.into_iter().chain(cases.unwrap_or_default()).collect(),
        Err(problem) => {
            return vec![error(
                format!("the kept cases cannot be read: {problem}"),
                None,
            )];
        }
    };
    let draft = checking::Draft {
        hook,
        kind: rule.kind,
        text: &rule.text,
        tests: tests.and_then(|tests| tests.tests.as_deref()),
        cases: &cases,
        content,
    };
    let mut found = checking::check_draft(&rules, &draft).findings;
    if found
        .iter()
        .all(|finding| finding.severity != Severity::Error)
    {
        let mut on = content.clone();
        on.rules.retain(|name, _| name == hook);
        on.rules.values_mut().for_each(|rule| rule.mode = Mode::On);
        let book = rules.book(&on);
        found.extend(loading::trial(&book, &on).map(|said| error(said, None)));
    }
    found
}

fn error(message: String, hint: Option<String>) -> Finding {
    Finding {
        code: "trial".to_owned(),
        file: None,
        line: None,
        column: None,
        severity: Severity::Error,
        message,
        hint,
    }
}

fn refuse(hook: &str, findings: &[Finding]) -> Result<()> {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let Some(first) = errors.clone().next() else {
        return Ok(());
    };
    let message = format!("the rule for {hook} cannot be used: {}", first.message);
    Err(Error::refused(Code::RuleNotValid, message)
        .at("source")
        .with("hook", hook)
        .with("findings", json!(findings)))
}

/// Checks what changes in a content, whole: rules, and settings on every day and in every scope that has its own.
pub(super) async fn check_in(
    tx: &mut Tx,
    content: &Content,
    tests: &Tests,
    topics: &[String],
) -> Result<()> {
    for hook in topics {
        let rule = content.rules.get(hook);
        if rule.is_some_and(|rule| rule.file.is_none()) {
            refuse(hook, &findings_in(tx, content, tests, hook).await?)?;
        }
        match pack_of(hook) {
            Some(id) => check_pack(tx.app(), content, id)?,
            None => check_settings(tx.app(), content, hook)?,
        }
    }
    Ok(())
}

/// The settings of a hook: each by itself, and together on every day on which one changes.
fn check_settings(app: &App, content: &Content, hook: &str) -> Result<()> {
    let mut rest = content.clone();
    let (changes, others) = rest
        .settings
        .into_iter()
        .partition(|change| change.hook == hook);
    rest.settings = others;
    let changes: Vec<SettingChange> = changes;
    let problems = app.rules().check_settings(&rest, &changes).err();
    match problems.into_iter().flatten().next() {
        Some(problem) => Err(unfit(
            &problem.name,
            &problem.message,
            problem.hint.as_deref(),
        )),
        None => Ok(()),
    }
}

/// A pack must be installed, be the version that was looked at, and be granted no more than it asks for.
fn check_pack(app: &App, content: &Content, id: &str) -> Result<()> {
    let Some(binding) = content.packs.iter().find(|pack| pack.id == id) else {
        return Ok(());
    };
    let rules = app.rules();
    let installed = rules.pack(id).filter(|pack| pack.is_usable());
    let pack = installed.ok_or_else(|| no_pack(id))?;
    let asked = &pack.permissions;
    let beyond = binding
        .granted
        .iter()
        .find(|grant| !asked.read.contains(grant) && !asked.outcomes.contains(grant));
    if let Some(beyond) = beyond {
        let message = format!("the pack `{id}` does not ask for `{beyond}`");
        return Err(Error::invalid("grants", message));
    }
    let problems = rules.book(content).problems();
    let said = problems
        .into_iter()
        .find(|(_, problem)| problem.message.contains(&format!("`{id}`")));
    match said {
        Some((_, problem)) => Err(Error::refused(Code::RuleNotValid, problem.message).at("pack")),
        None => Ok(()),
    }
}

fn no_pack(id: &str) -> Error {
    Error::not_found(&format!("usable pack called `{id}`")).at("pack")
}

fn unfit(name: &str, message: &str, hint: Option<&str>) -> Error {
    let hint = hint.map(|hint| format!(" - {hint}")).unwrap_or_default();
    Error::refused(Code::RuleNotValid, format!("{message}{hint}")).at(&format!("values.{name}"))
}

/// The draft of a hook, or a new one, with what the next release builds on.
async fn open_in(tx: &mut Tx, hook: &str) -> Result<(Draft, Head)> {
    let author = tx.viewer().person()?;
    let head = service::head_in(tx).await?;
    let found = store::draft_of(tx, hook).await?;
    let draft = found.unwrap_or_else(|| Draft {
        id: tx.id(),
        topic: hook.to_owned(),
        proposal: Proposal::default(),
        takes_over: false,
        base: head.number,
        author,
        updated_at: tx.now(),
    });
    let draft = Draft {
        author,
        updated_at: tx.now(),
        ..draft
    };
    check_owner(&head, hook, draft.takes_over)?;
    Ok((draft, head))
}

/// What a content would be with a draft in it.
fn with(head: &Head, draft: &Draft) -> (Content, Tests) {
    let (mut content, mut tests) = (head.content.clone(), head.tests.clone());
    draft.apply(&mut content, &mut tests);
    (content, tests)
}

async fn keep(mut tx: Tx, draft: Draft, head: &Head) -> Result<View> {
    let (content, tests) = with(head, &draft);
    let topics = std::slice::from_ref(&draft.topic);
    check_in(&mut tx, &content, &tests, topics).await?;
    store::save_draft(&mut tx, &draft)?;
    let view = view_in(&mut tx, draft, head).await?;
    let detail = json!({"hook": view.draft.topic, "base": view.draft.base});
    tx.commit(Audit::of(view.draft.id).detail(detail)).await?;
    Ok(view)
}

/// Keeps a proposed rule. Saving is checking: what cannot be used is not kept.
pub async fn save(app: &App, viewer: &Viewer, written: Written) -> Result<View> {
    let hook = known(&written.hook)?;
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let (mut draft, head) = open_in(&mut tx, hook).await?;
    draft.proposal.rule = Some(RuleBinding {
        kind: written.kind,
        text: written.source.replace("\r\n", "\n"),
        mode: written.mode,
        file: None,
    });
    if written.tests.is_some() || written.cases.is_some() {
        draft.proposal.tests = Some(Tested {
            tests: written.tests,
            cases: written.cases,
        });
    }
    keep(tx, draft, &head).await
}

/// Proposes off, audit or on for the organization's own rule of a hook.
pub async fn set_mode(app: &App, viewer: &Viewer, hook: &str, mode: Mode) -> Result<View> {
    let hook = known(hook)?;
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let (mut draft, head) = open_in(&mut tx, hook).await?;
    let rule = draft.proposal.rule.take();
    let rule = rule.or_else(|| head.content.rules.get(hook).cloned());
    let rule = rule.ok_or_else(|| {
        let message = format!("the organization has no rule of its own for {hook}");
        Error::refused(Code::NotFound, message).at("hook")
    })?;
    draft.proposal.rule = Some(RuleBinding { mode, ..rule });
    keep(tx, draft, &head).await
}

/// Proposes values for settings.
pub async fn set_settings(app: &App, viewer: &Viewer, values: Values) -> Result<View> {
    let hook = known(&values.hook)?;
    if values
        .from
        .zip(values.until)
        .is_some_and(|(from, until)| until < from)
    {
        return Err(Error::invalid(
            "until",
            "the last day lies before the first",
        ));
    }
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let scope = scope_in(&mut tx, values.scope).await?;
    let (mut draft, head) = open_in(&mut tx, hook).await?;
    let current = draft.proposal.settings.take();
    let known = app
        .rules()
        .settings_in_force(&head.content, hook, None, &[]);
    let mut changes = current.unwrap_or_else(|| Part::of(&head.content, hook).settings);
    for (name, given) in values.values {
        changes.retain(|change| {
            let same = change.name == name && change.scope == scope;
            !(same && change.from == values.from && change.until == values.until)
        });
        let Some(given) = given else { continue };
        let found = known.iter().find(|known| known.setting.name == name);
        let value = match found {
            Some(found) => zamu_rules::parse_value(&found.setting, &given)
                .map_err(|said| unfit(&name, &said, None))?,
            // Refused below, with the name that was probably meant.
            None => zamu_rules::Value::Nothing,
        };
        changes.push(SettingChange {
            hook: hook.to_owned(),
            name,
            value,
            scope: scope.clone(),
            from: values.from,
            until: values.until,
            file: None,
        });
    }
    draft.proposal.settings = Some(changes);
    keep(tx, draft, &head).await
}

/// The id of a department or place that is there.
async fn scope_in(tx: &mut Tx, scope: Option<Scope>) -> Result<Option<String>> {
    Ok(match scope {
        None => None,
        Some(Scope::Department(id)) => {
            let found = orgs::service::department_in(tx, id).await;
            Some(
                found
                    .map_err(|error| error.at("department"))?
                    .id
                    .to_string(),
            )
        }
        Some(Scope::Place(id)) => {
            let found = places::service::place_in(tx, id).await;
            Some(found.map_err(|error| error.at("place"))?.id.to_string())
        }
    })
}

/// Proposes how a pack takes part; without `part` that it no longer does.
pub async fn set_pack(
    app: &App,
    viewer: &Viewer,
    id: &str,
    part: Option<PackPart>,
) -> Result<View> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let (mut draft, head) = open_in(&mut tx, &pack_topic(id)).await?;
    let binding = match part {
        Some(part) => {
            let rules = app.rules();
            let pack = rules
                .pack(id)
                .filter(|pack| pack.is_usable())
                .ok_or_else(|| no_pack(id))?;
            let all = pack.binding();
            Some(PackBinding {
                granted: part.grants.unwrap_or(all.granted.clone()),
                mode: part.mode,
                ..all
            })
        }
        None if head.content.packs.iter().all(|pack| pack.id != id) => {
            let message = format!("the pack `{id}` is not switched on");
            return Err(Error::refused(Code::NotFound, message).at("pack"));
        }
        None => None,
    };
    draft.proposal.pack = Some(PackChange { binding });
    keep(tx, draft, &head).await
}

/// How a pack is to take part.
#[derive(Debug, Clone)]
pub struct PackPart {
    pub mode: Mode,
    /// What it may read beyond open facts, and answer; everything it asks for if left out.
    pub grants: Option<Vec<String>>,
}

/// Installed packs, with how the organization runs each.
pub async fn packs(app: &App, viewer: &Viewer) -> Result<Vec<(PackInfo, Option<PackBinding>)>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let number = service::number_now_in(&mut tx).await?;
    let content = service::base_in(&mut tx, number).await?.content;
    let rules = app.rules();
    let with = |pack: &PackInfo| {
        let binding = content.packs.iter().find(|binding| binding.id == pack.id);
        (pack.clone(), binding.cloned())
    };
    Ok(rules.packs().iter().map(with).collect())
}

/// Begins a draft with what a file or the default pack says, so that the organization owns it from then on.
pub async fn copy(app: &App, viewer: &Viewer, hook: &str) -> Result<View> {
    let hook = known(hook)?;
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let author = viewer.person()?;
    let head = service::head_in(&mut tx).await?;
    if store::draft_of(&mut tx, hook).await?.is_some() || Part::of(&head.content, hook).has_own() {
        let message =
            format!("the organization has a rule or a draft of its own for {hook} already");
        return Err(Error::refused(Code::Conflict, message).at("hook"));
    }
    let mut part = Part::of(&head.content, hook);
    if part.is_empty() {
        part = Part::of(&head.files, hook);
    }
    let mut part = part.taken_over();
    if part.rule.is_none() {
        let source = app.rules().book(&head.content).source(hook);
        part.rule = source.map(|source| RuleBinding {
            kind: source.kind,
            text: source.text,
            mode: Mode::On,
            file: None,
        });
    }
    let draft = Draft {
        id: tx.id(),
        topic: hook.to_owned(),
        takes_over: is_file(&head, hook),
        proposal: Proposal {
            rule: part.rule,
            settings: (!part.settings.is_empty()).then_some(part.settings),
            ..Proposal::default()
        },
        base: head.number,
        author,
        updated_at: tx.now(),
    };
    keep(tx, draft, &head).await
}

pub async fn discard(app: &App, viewer: &Viewer, id: DraftId) -> Result<DraftId> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let draft = store::draft(&mut tx, id).await?;
    store::remove_draft(&mut tx, id)?;
    let detail = json!({"hook": draft.topic, "discarded": true});
    tx.commit(Audit::of(id).detail(detail)).await?;
    Ok(id)
}

/// Bases a draft on the newest release, and shows what changed meanwhile: the view is of before.
pub async fn rebase(app: &App, viewer: &Viewer, id: DraftId) -> Result<View> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let draft = store::draft(&mut tx, id).await?;
    let head = service::head_in(&mut tx).await?;
    let mut view = view_in(&mut tx, draft, &head).await?;
    view.draft.base = head.number;
    view.draft.updated_at = tx.now();
    store::save_draft(&mut tx, &view.draft)?;
    let detail = json!({"hook": view.draft.topic, "base": head.number});
    tx.commit(Audit::of(id).detail(detail)).await?;
    Ok(view)
}

pub(super) async fn is_stale_in(tx: &mut Tx, draft: &Draft, head: &Head) -> Result<bool> {
    Ok(began_in(tx, draft, head).await? != Part::of(&head.content, &draft.topic))
}

async fn began_in(tx: &mut Tx, draft: &Draft, head: &Head) -> Result<Part> {
    if draft.base == head.number {
        return Ok(Part::of(&head.content, &draft.topic));
    }
    let base = service::base_in(tx, draft.base).await?;
    Ok(Part::of(&base.content, &draft.topic))
}

async fn view_in(tx: &mut Tx, draft: Draft, head: &Head) -> Result<View> {
    let began = began_in(tx, &draft, head).await?;
    let findings = match draft.proposal.rule {
        Some(_) => {
            let (content, tests) = with(head, &draft);
            findings_in(tx, &content, &tests, &draft.topic).await?
        }
        None => Vec::new(),
    };
    Ok(View {
        began,
        now: Part::of(&head.content, &draft.topic),
        newest: head.number,
        findings,
        draft,
    })
}

/// All drafts, by hook.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<View>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let head = service::head_in(&mut tx).await?;
    let mut views = Vec::new();
    for draft in store::drafts(&mut tx).await? {
        views.push(view_in(&mut tx, draft, &head).await?);
    }
    Ok(views)
}
