//! Keeping decisions, and keeping the rules in memory equal to the files.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use uuid::Uuid;
use zamu_rules::{Decision, FileProblem, Rulebook};

use super::model::Kept;
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::time::Instant;

/// How long files must be quiet before they are read: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// How often a rules folder that is not there is looked for.
const ABSENT: Duration = Duration::from_secs(5);

/// Keeps decisions about one subject with the change they belong to.
pub fn keep_in(
    tx: &mut Tx,
    subject: Uuid,
    event_at: Instant,
    decisions: &[Decision],
) -> Result<()> {
    store::stage(tx, subject, event_at, decisions)
}

/// Kept decisions by subject. For subjects the viewer was shown.
pub async fn decisions_of(
    app: &App,
    viewer: &Viewer,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Kept>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let mut found: HashMap<Uuid, Vec<Kept>> = HashMap::new();
    for kept in store::list_by_subjects(&mut tx, subjects).await? {
        found.entry(kept.subject_id).or_default().push(kept);
    }
    Ok(found)
}

/// Says what is wrong with rule files, a line each.
pub fn report(problems: &[FileProblem]) {
    for problem in problems {
        let FileProblem {
            path,
            line,
            column,
            message,
            hint,
            keeps_last_good,
            ..
        } = problem;
        tracing::warn!(
            path,
            line,
            column,
            hint,
            keeps_last_good,
            "rule file not used: {message}"
        );
    }
}

/// Reads the rule files again: compiled first, swapped after. What does not compile keeps its last good version.
pub fn reload(app: &App, folder: &std::path::Path, plugins: Option<&std::path::Path>) {
    let before = app.rules();
    let (rules, problems) = Rulebook::load(folder, plugins, Some(&before));
    report(&problems);
    app.set_rules(rules);
    tracing::info!(problems = problems.len(), "rules reloaded");
}

/// Reloads whenever a file changes, until the server stops. A rules folder that is not there yet is waited
/// for; one of packs counts when it is there at the start.
pub async fn watch(app: App, folder: PathBuf, plugins: Option<PathBuf>) {
    let (changed, mut reloads) = mpsc::channel::<()>(1);
    let tell = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // Full means a reload is already due.
            let _ = changed.try_send(());
        }
    };
    let Ok(mut watcher) = notify::recommended_watcher(tell) else {
        tracing::warn!("this system cannot watch files: rules change with a restart");
        return;
    };
    if let Some(plugins) = &plugins {
        // Without it there are no packs, which is nothing to wait for.
        let _ = watcher.watch(plugins, RecursiveMode::Recursive);
    }
    let mut missed = false;
    while watcher.watch(&folder, RecursiveMode::Recursive).is_err() {
        missed = true;
        tokio::select! {
            () = tokio::time::sleep(ABSENT) => {}
            () = app.tasks().stopping() => return,
        }
    }
    if missed {
        reload(&app, &folder, plugins.as_deref());
    }
    loop {
        tokio::select! {
            change = reloads.recv() => if change.is_none() { return },
            () = app.tasks().stopping() => return,
        }
        while tokio::time::timeout(QUIET, reloads.recv())
            .await
            .is_ok_and(|change| change.is_some())
        {}
        reload(&app, &folder, plugins.as_deref());
    }
}

/// The release in force for the viewer's organization, and the problems of its files and of the default pack.
pub async fn status(app: &App, viewer: &Viewer) -> Result<(String, Vec<FileProblem>)> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let slug = crate::orgs::service::own_in(&mut tx).await?.slug;
    let rules = app.rules();
    let concerns = |problem: &&FileProblem| {
        problem
            .organization
            .as_ref()
            .is_none_or(|other| *other == slug)
    };
    let problems = rules.problems().iter().filter(concerns).cloned().collect();
    Ok((rules.release(&slug), problems))
}
