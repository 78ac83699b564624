//! The rules folder: read at start, read again when a file changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use zamu_rules::{Content, FileProblem, Rulebook};

use super::releases::model::{Part, hooks_in};
use super::releases::service as releases;
use crate::app::App;
use crate::kernel::error::{Code, Result};
use crate::orgs;

/// How long files must be quiet before they are read: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// How often a rules folder that is not there is looked for.
const ABSENT: Duration = Duration::from_secs(5);

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
pub async fn reload(app: &App, folder: &Path, plugins: Option<&Path>) {
    let before = app.rules();
    let (rules, problems) = Rulebook::load(folder, plugins, Some(&before));
    report(&problems);
    app.set_rules(rules);
    tracing::info!(problems = problems.len(), "rules reloaded");
    record(app, folder).await;
}

/// Makes releases of what the organizations' folders say, where it differs from what they said before.
pub async fn record(app: &App, folder: &Path) {
    let rules = app.rules();
    for slug in rules.organizations() {
        let mut recorded = record_one(app, folder, &rules, slug).await;
        if matches!(&recorded, Err(error) if matches!(error.code, Code::TryAgain | Code::RuleReleaseStale))
        {
            // Another node read the same folder at the same instant.
            recorded = record_one(app, folder, &rules, slug).await;
        }
        match recorded {
            Ok(Some(release)) => tracing::info!(slug, release, "the rules folder made a release"),
            Ok(None) => {}
            Err(error) => tracing::error!(slug, error = ?error, "the rules folder made no release"),
        }
    }
}

async fn record_one(app: &App, folder: &Path, rules: &Rulebook, slug: &str) -> Result<Option<i64>> {
    let Some(said) = rules.files(slug) else {
        return Ok(None);
    };
    let Some(organization) = orgs::service::find_by_slug(app, slug).await? else {
        report(&[stranger(slug)]);
        return Ok(None);
    };
    let disk = Disk {
        folder,
        slug,
        problems: rules.problems(),
    };
    let release = releases::record_files(app, organization.id, |seen| disk.settle(seen, said));
    Ok(release.await?.map(|release| release.number))
}

/// A folder whose name is no organization's is nearly always a slip.
pub fn stranger(slug: &str) -> FileProblem {
    FileProblem {
        path: format!("orgs/{slug}"),
        hook: None,
        organization: Some(slug.to_owned()),
        line: None,
        column: None,
        message: format!("no organization has the slug `{slug}`: this folder is not used"),
        hint: None,
        keeps_last_good: false,
    }
}

/// Tells a rule that was switched off (its file emptied) from one whose file is gone or broken, which changes nothing:
/// a server that starts with a broken file has no memory of its own to fall back on.
struct Disk<'a> {
    folder: &'a Path,
    slug: &'a str,
    problems: &'a [FileProblem],
}

impl Disk<'_> {
    /// What the folder says, with what was said before in place of what is gone or broken.
    fn settle(&self, seen: &Content, said: &Content) -> Content {
        let mut settled = said.clone();
        for hook in hooks_in(seen) {
            let (before, now) = (Part::of(seen, &hook), Part::of(said, &hook));
            let rule = match (&before.rule, &now.rule) {
                (Some(rule), None) if self.is_lost(rule.file.as_deref(), &hook) => {
                    before.rule.clone()
                }
                _ => now.rule,
            };
            let file = before
                .settings
                .iter()
                .find_map(|change| change.file.as_deref());
            let settings = if now.settings.is_empty() && self.is_lost(file, &hook) {
                before.settings.clone()
            } else {
                now.settings
            };
            Part {
                rule,
                settings,
                pack: None,
            }
            .put(&mut settled, &hook);
        }
        // The packs stand in the settings file.
        if said.packs.is_empty() && self.is_lost(Some(&self.settings_file()), "") {
            settled.packs.clone_from(&seen.packs);
        }
        settled
    }

    fn settings_file(&self) -> String {
        format!("orgs/{}/settings.toml", self.slug)
    }

    fn is_lost(&self, file: Option<&str>, hook: &str) -> bool {
        let Some(file) = file else { return false };
        let about = |problem: &FileProblem| {
            let here = problem.organization.as_deref() == Some(self.slug) && problem.path == file;
            here && problem.hook.as_deref().is_none_or(|other| other == hook)
        };
        !self.folder.join(file).exists() || self.problems.iter().any(about)
    }
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
        reload(&app, &folder, plugins.as_deref()).await;
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
        reload(&app, &folder, plugins.as_deref()).await;
    }
}
