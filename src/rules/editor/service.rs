//! Decides: who may look at hooks and check rules, and what a rule is checked against. Keeps nothing.

use std::sync::Arc;

use zamu_rules::checking::{self, Report};
use zamu_rules::completion::{self, Completion};
use zamu_rules::testing::Case;
use zamu_rules::{
    Content, Hook, Mode, RuleBinding, RuleKind, Rulebook, SettingChange, SettingProblem, Value,
};

use super::dry_run::{self, DryRun};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::rules::decisions;
use crate::rules::decisions::model::Recent;
use crate::rules::releases;

/// Bytes of a text in which something is completed: as long as a rule may be.
const SOURCE_LIMIT: usize = 32 * 1024;
/// Bytes of the tests beside a rule.
const TESTS_LIMIT: usize = 64 * 1024;
/// Kept cases in one check.
const CASES_LIMIT: usize = 200;

/// A rule as somebody types it.
#[derive(Debug)]
pub struct Draft {
    pub hook: String,
    pub kind: RuleKind,
    pub source: String,
    pub tests: Option<String>,
    /// As a `.cases.json` file has them.
    pub cases: Option<serde_json::Value>,
    /// Values to check it with, beside what the organization has set.
    pub settings: Vec<(String, serde_json::Value)>,
    /// How many of the latest decisions to try it on.
    pub dry_run: i32,
}

/// What a draft came to.
#[derive(Debug)]
pub struct Checked {
    pub report: Report,
    /// Nothing where none was asked for, or the draft cannot run.
    pub dry_run: Option<DryRun>,
}

/// The rulebook that hooks are described from.
pub fn rulebook(app: &App, viewer: &Viewer) -> Result<Arc<Rulebook>> {
    viewer.allowed(Action::ViewRules)?;
    Ok(app.rules())
}

/// One hook by its name.
pub fn hook(name: &str) -> Result<&'static Hook> {
    zamu_rules::hook(name).ok_or_else(|| Error::not_found("hook"))
}

/// What may be written at a place of a rule.
pub fn complete(
    viewer: &Viewer,
    name: &str,
    source: &str,
    line: u32,
    column: u32,
) -> Result<Vec<Completion>> {
    viewer.allowed(Action::ViewRules)?;
    let hook = hook(name)?;
    if source.len() > SOURCE_LIMIT {
        let message = format!("a rule has at most {SOURCE_LIMIT} bytes");
        return Err(Error::invalid("source", message));
    }
    Ok(completion::complete(hook.name, source, line, column))
}

/// Checks a rule against what the organization runs on today, as if it were saved.
pub async fn check(app: &App, viewer: &Viewer, mut draft: Draft) -> Result<Checked> {
    let mut tx = app.read(viewer, Action::EditRules).await?;
    let mut content = releases::service::content_in(&mut tx, None).await?;
    let hook = hook(&draft.hook).map_err(|error| error.at("hook"))?;
    let recent = recent_in(&mut tx, hook, draft.dry_run).await?;
    drop(tx);
    let cases = cases(draft.cases.take())?;
    if draft
        .tests
        .as_ref()
        .is_some_and(|tests| tests.len() > TESTS_LIMIT)
    {
        let message = format!("the tests of a rule have at most {TESTS_LIMIT} bytes");
        return Err(Error::invalid("tests", message));
    }
    let rules = app.rules();
    let overrides = overrides(hook, &draft.settings)?;
    rules
        .check_settings(&content, &overrides)
        .map_err(refusal)?;
    content.settings.extend(overrides);
    // The turn moves into the work: a request that goes away does not free what its check still uses.
    let turn = app.checks().take(viewer.org()).await?;
    let work = move || {
        let _turn = turn;
        let checked = checking::Draft {
            hook: hook.name,
            kind: draft.kind,
            text: &draft.source,
            tests: draft.tests.as_deref(),
            cases: &cases,
            content: &content,
        };
        let report = checking::check_draft(&rules, &checked);
        // The cost says that it ran: a draft that does not compile changes nothing.
        let can_run = report.cost.is_some() && draft.dry_run > 0;
        let dry_run = can_run.then(|| {
            let book = rules.book(&with_draft(content, hook, &draft));
            dry_run::run(&book, recent)
        });
        Checked { report, dry_run }
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

/// The latest decisions a draft is to be tried on.
async fn recent_in(tx: &mut Tx, hook: &Hook, count: i32) -> Result<Vec<Recent>> {
    if !(0..=dry_run::MOST).contains(&count) {
        let message = format!("from 0 to {} decisions can be tried", dry_run::MOST);
        return Err(Error::invalid("dryRun", message));
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    decisions::service::recent_in(tx, hook.name, count.into()).await
}

/// What the organization would run on.
fn with_draft(mut content: Content, hook: &Hook, draft: &Draft) -> Content {
    let rule = RuleBinding {
        kind: draft.kind,
        text: draft.source.clone(),
        mode: Mode::On,
        file: None,
    };
    content.rules.insert(hook.name.to_owned(), rule);
    content
}

fn cases(given: Option<serde_json::Value>) -> Result<Vec<Case>> {
    let cases: Vec<Case> = match given {
        Some(json) => serde_json::from_value(json)
            .map_err(|error| Error::invalid("cases", format!("a kept case: {error}")))?,
        None => Vec::new(),
    };
    if cases.len() > CASES_LIMIT {
        let message = format!("at most {CASES_LIMIT} kept cases are checked at once");
        return Err(Error::invalid("cases", message));
    }
    Ok(cases)
}

fn overrides(hook: &Hook, given: &[(String, serde_json::Value)]) -> Result<Vec<SettingChange>> {
    let change = |(name, value): &(String, serde_json::Value)| {
        let unreadable =
            || Error::invalid("settings", format!("`{name}` holds no value of a rule"));
        Ok(SettingChange {
            hook: hook.name.to_owned(),
            value: Value::from_json(value.clone()).ok_or_else(unreadable)?,
            name: name.clone(),
            scope: None,
            from: None,
            until: None,
            file: None,
        })
    };
    given.iter().map(change).collect()
}

/// The first thing that is wrong with the values.
fn refusal(problems: Vec<SettingProblem>) -> Error {
    let first = problems.into_iter().next();
    let message = first.map_or_else(String::new, |problem| match problem.hint {
        Some(hint) => format!("{} - {hint}", problem.message),
        None => problem.message,
    });
    Error::invalid("settings", message)
}
