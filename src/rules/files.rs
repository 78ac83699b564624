//! The rules folder: read at start, read again when a file changes.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;
use zamu_rules::{FileProblem, Rulebook};

use crate::app::App;

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
