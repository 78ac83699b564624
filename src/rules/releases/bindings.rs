//! Decides what is shown of the rules in force: where each comes from, the settings a form needs, the release.

use chrono::NaiveDate;
use zamu_rules::{
    FileProblem, Mode, Origin, RuleKind, Setting, SettingChange, SettingInForce, Value,
};

use super::model::{Class, Part, hooks_in};
use super::{history, loading, service, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, PlaceId};
use crate::kernel::time::Instant;
use crate::orgs;

/// Where the rule that is asked first comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// It ships with the server.
    Default,
    /// An enabled pack.
    Pack,
    /// A file of the organization's folder.
    File,
    /// The organization wrote it in the database.
    Database,
}

/// One hook and the rule an organization runs for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub hook: &'static str,
    pub about: &'static str,
    pub risk: Class,
    pub provider: Provider,
    pub mode: Mode,
    pub kind: RuleKind,
    pub source: Option<String>,
    pub file: Option<String>,
    /// Whether somebody is working on a draft.
    pub has_draft: bool,
}

/// Every hook with where its rule comes from.
pub async fn bindings(app: &App, viewer: &Viewer) -> Result<Vec<Binding>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let number = service::number_now_in(&mut tx).await?;
    let content = service::base_in(&mut tx, number).await?.content;
    let drafts = store::drafts(&mut tx).await?;
    let book = app.rules().book(&content);
    let binding = |hook: &'static zamu_rules::Hook| {
        let own = content.rules.get(hook.name);
        let source = book.source(hook.name);
        let provider = match (own, source.as_ref().map(|source| source.origin)) {
            (Some(rule), _) if rule.file.is_some() => Provider::File,
            (Some(_), _) => Provider::Database,
            (None, Some(Origin::Pack)) => Provider::Pack,
            (None, _) => Provider::Default,
        };
        Binding {
            hook: hook.name,
            about: hook.about,
            risk: hook.risk.into(),
            provider,
            mode: own.map_or(Mode::On, |rule| rule.mode),
            kind: source
                .as_ref()
                .map_or(RuleKind::Script, |source| source.kind),
            file: source.as_ref().and_then(|source| source.path.clone()),
            source: source.map(|source| source.text),
            has_draft: drafts.iter().any(|draft| draft.topic == hook.name),
        }
    };
    Ok(zamu_rules::hooks().iter().map(binding).collect())
}

/// A setting with the value that holds, and the change it comes from; nothing for the default.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingNow {
    pub setting: Setting,
    pub value: Value,
    pub change: Option<SettingChange>,
}

/// The settings of a hook on a day, in a department or at a place; without a day, the latest.
pub async fn settings(
    app: &App,
    viewer: &Viewer,
    hook: &str,
    day: Option<NaiveDate>,
    department: Option<DepartmentId>,
    place: Option<PlaceId>,
) -> Result<Vec<SettingNow>> {
    let hook = super::drafts::known(hook)?;
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let number = service::number_now_in(&mut tx).await?;
    let content = service::base_in(&mut tx, number).await?.content;
    let department = department.map(|id| id.to_string());
    let scopes: Vec<String> = department
        .into_iter()
        .chain(place.map(|id| id.to_string()))
        .collect();
    let in_force = app.rules().settings_in_force(&content, hook, day, &scopes);
    let now = |found: SettingInForce| SettingNow {
        setting: found.setting,
        value: found.value,
        change: found.change,
    };
    Ok(in_force.into_iter().map(now).collect())
}

/// What an organization runs on now, and what stands in the way of running what it should.
#[derive(Debug, Clone)]
pub struct Status {
    /// The number of the release; 0 for what ships.
    pub number: i64,
    /// Digest of everything that can change a decision.
    pub digest: String,
    /// When it began; nothing for what ships.
    pub since: Option<Instant>,
    /// Releases that begin later, with when.
    pub to_come: Vec<(i64, Instant)>,
    pub problems: Vec<FileProblem>,
}

/// The release in force for the viewer's organization, and the problems of its files and of the default pack.
pub async fn status(app: &App, viewer: &Viewer) -> Result<Status> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let now = tx.now();
    let (number, book) = loading::book_in(&mut tx, now).await?;
    let periods = history::periods(&store::activations(&mut tx).await?);
    let begun = periods.iter().rfind(|(from, _)| *from <= now);
    Ok(Status {
        number,
        digest: book.digest().to_owned(),
        since: begun.map(|(from, _)| *from),
        to_come: periods
            .iter()
            .filter(|(from, _)| *from > now)
            .map(|(from, number)| (*number, *from))
            .collect(),
        problems: problems_in(&mut tx).await?,
    })
}

async fn problems_in(tx: &mut Tx) -> Result<Vec<FileProblem>> {
    let slug = orgs::service::own_in(tx).await?.slug;
    let rules = tx.app().rules();
    let concerns = |problem: &&FileProblem| {
        let organization = problem.organization.as_ref();
        organization.is_none_or(|other| *other == slug)
    };
    let mut problems: Vec<FileProblem> =
        rules.problems().iter().filter(concerns).cloned().collect();
    let Some(files) = rules.files(&slug) else {
        return Ok(problems);
    };
    // A release that cannot be used is said by the node; its problem must not hide those of the files.
    let number = service::number_now_in(tx).await?;
    let content = service::base_in(tx, number).await.map(|head| head.content);
    let content = content.unwrap_or_default();
    let both = hooks_in(files)
        .into_iter()
        .filter(|hook| Part::of(&content, hook).has_own());
    problems.extend(both.map(|hook| {
        let part = Part::of(files, &hook);
        let rule = part.rule.and_then(|rule| rule.file);
        let path = rule.or_else(|| part.settings.into_iter().find_map(|change| change.file));
        FileProblem {
            path: path.unwrap_or_default(),
            message: format!("the organization keeps {hook} in the database; the file is not used"),
            hint: Some(
                "remove the file, or switch the other off and save the file again".to_owned(),
            ),
            hook: Some(hook),
            organization: Some(slug.clone()),
            line: None,
            column: None,
            keeps_last_good: true,
        }
    }));
    Ok(problems)
}
