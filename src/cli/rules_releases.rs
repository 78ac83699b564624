//! `zamu rules status | diff | rollback | disable`: releases from the command line, for whoever runs the server.

use clap::Args;
use serde_json::json;

use super::{Outcome, open, orgs, say, say_json};
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::rules::files;
use crate::rules::releases::{bindings, model, nodes, service};

/// Whose rules, and in which shape.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// The slug of one organization; the rules folder of all without it.
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Which two releases.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The number of the earlier release.
    before: i64,
    /// The number of the later release.
    after: i64,
    /// The slug of the organization.
    #[arg(long, value_name = "SLUG")]
    org: String,
}

/// Where to go back to.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The slug of the organization.
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// The number of a release that held before.
    #[arg(long, value_name = "NUMBER")]
    to: i64,
    /// Why; it is recorded.
    #[arg(long)]
    reason: String,
}

/// What to switch off.
#[derive(Debug, Args)]
pub(super) struct Disable {
    /// The slug of the organization.
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// Such as attendance.lateness.
    #[arg(long)]
    hook: String,
    /// Why; it is recorded.
    #[arg(long)]
    reason: String,
}

fn viewer(org: OrgId) -> Viewer {
    Viewer::job(org, "COMMAND_LINE")
}

pub(super) async fn status(status: &Status) -> Result<Outcome> {
    let app = open().await?;
    let (lines, found) = match &status.org {
        Some(slug) => status_of(&app, slug).await?,
        None => folder_status(&app).await?,
    };
    if status.json {
        say_json(&lines)?;
    } else {
        for (name, value) in lines.as_object().into_iter().flatten() {
            say(&format!("{name}: {value}"));
        }
    }
    Ok(Outcome::found(found))
}

async fn status_of(app: &App, slug: &str) -> Result<(serde_json::Value, bool)> {
    let org = orgs::by_slug(app, slug).await?;
    let status = bindings::status(app, &viewer(org)).await?;
    let health = nodes::health(app, &viewer(org)).await?;
    let nodes: Vec<serde_json::Value> = health
        .nodes
        .iter()
        .map(|(node, running)| {
            json!({
                "node": node.name,
                "release": running.as_ref().map(|running| running.number),
                "problem": running.as_ref().and_then(|running| running.problem.clone()),
            })
        })
        .collect();
    let found = !status.problems.is_empty() || !health.alarms.is_empty();
    let said = json!({
        "release": status.number,
        "digest": status.digest,
        "since": status.since,
        "toCome": status.to_come,
        "nodes": nodes,
        "alarms": health.alarms,
        "problems": status.problems,
    });
    Ok((said, found))
}

/// The folders, and those whose name is no organization's.
async fn folder_status(app: &App) -> Result<(serde_json::Value, bool)> {
    let rules = app.rules();
    let mut problems = rules.problems().to_vec();
    let folders: Vec<&str> = rules.organizations().collect();
    for slug in &folders {
        if crate::orgs::service::find_by_slug(app, slug)
            .await?
            .is_none()
        {
            problems.push(files::stranger(slug));
        }
    }
    let found = !problems.is_empty();
    let said = json!({"shipped": rules.digest(), "folders": folders, "problems": problems});
    Ok((said, found))
}

/// Prints what one release says differently from another, hook by hook.
pub(super) async fn diff(diff: &Diff) -> Result<Outcome> {
    let app = open().await?;
    let viewer = viewer(orgs::by_slug(&app, &diff.org).await?);
    let before = service::numbered(&app, &viewer, diff.before).await?;
    let after = service::numbered(&app, &viewer, diff.after).await?;
    let (before, after) = (before.release.content, after.release.content);
    let topics = model::topics_between(&before, &after);
    for topic in &topics {
        say(&format!("{topic}:"));
        for line in lines(&model::Part::of(&before, topic)) {
            say(&format!("- {line}"));
        }
        for line in lines(&model::Part::of(&after, topic)) {
            say(&format!("+ {line}"));
        }
    }
    if topics.is_empty() {
        say("the two say the same");
    }
    Ok(Outcome::found(!topics.is_empty()))
}

/// What a release says about a hook, in lines.
fn lines(part: &model::Part) -> Vec<String> {
    let rule = part.rule.iter();
    let text = rule.flat_map(|rule| rule.text.lines().map(str::to_owned));
    let settings = part.settings.iter().map(|change| {
        let scope = change.scope.as_deref().unwrap_or("everywhere");
        format!("{} = {} ({scope})", change.name, change.value)
    });
    text.chain(settings).collect()
}

pub(super) async fn rollback(rollback: &Rollback) -> Result<Outcome> {
    let app = open().await?;
    let viewer = viewer(orgs::by_slug(&app, &rollback.org).await?);
    let release = service::roll_back_to(&app, &viewer, rollback.to, &rollback.reason).await?;
    finish(&app, release.number).await
}

pub(super) async fn disable(disable: &Disable) -> Result<Outcome> {
    let app = open().await?;
    let viewer = viewer(orgs::by_slug(&app, &disable.org).await?);
    let release = service::switch_off(&app, &viewer, &disable.hook, &disable.reason).await?;
    finish(&app, release.number).await
}

/// A running server hears of it as soon as it has its number.
async fn finish(app: &App, number: i64) -> Result<Outcome> {
    app.drain().await?;
    say(&format!("release {number} is in force"));
    Ok(Outcome::Fine)
}
