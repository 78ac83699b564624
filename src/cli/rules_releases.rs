//! `zamu rules status | diff | rollback | disable`: releases from the command line, for whoever runs the server.

use clap::Args;
use serde_json::json;
use zamu_rules::testing::run_cases;
use zamu_rules::{Content, Mode};

use super::{Outcome, open, orgs, say, say_json};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::rules::releases::{bindings, model, nodes, service};
use crate::rules::{decisions, files};

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
    /// As JSON.
    #[arg(long)]
    json: bool,
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
    let mut changes = Vec::with_capacity(topics.len());
    for topic in &topics {
        let (was, is) = (
            lines(&model::Part::of(&before, topic)),
            lines(&model::Part::of(&after, topic)),
        );
        changes.push(Change {
            topic: topic.clone(),
            lines: differing(&was, &is),
            cases: cases(&app, &viewer, topic, &before, &after).await?,
        });
    }
    if diff.json {
        say_json(&json!({"version": 1, "changes": changes}))?;
    } else if topics.is_empty() {
        say("the two say the same");
    }
    for change in changes.iter().filter(|_| !diff.json) {
        say(&format!("{}:", change.topic));
        for line in change.lines.iter().chain(&change.cases) {
            say(line);
        }
    }
    Ok(Outcome::found(!topics.is_empty()))
}

/// What two releases say differently about one hook or pack.
#[derive(serde::Serialize)]
struct Change {
    topic: String,
    /// Begin with `- ` where only the earlier one has them, with `+ ` where only the later one does.
    lines: Vec<String>,
    /// Kept cases that hold under one of them only.
    cases: Vec<String>,
}

/// What a release says about a hook or a pack, in lines.
fn lines(part: &model::Part) -> Vec<String> {
    let rule = part.rule.iter();
    let mode = rule
        .clone()
        .map(|rule| format!("mode: {}", mode_name(rule.mode)));
    let text = rule.flat_map(|rule| rule.text.lines().map(str::to_owned));
    let settings = part.settings.iter().map(|change| {
        let scope = change.scope.as_deref().unwrap_or("everywhere");
        let from = change
            .from
            .map(|day| format!(" from {day}"))
            .unwrap_or_default();
        let until = change
            .until
            .map(|day| format!(" until {day}"))
            .unwrap_or_default();
        format!("{} = {} ({scope}{from}{until})", change.name, change.value)
    });
    let pack = part.pack.iter().map(|pack| {
        let mode = mode_name(pack.mode);
        format!(
            "pack {} {}, mode {mode}, granted {:?}",
            pack.id, pack.version, pack.granted
        )
    });
    mode.chain(text).chain(settings).chain(pack).collect()
}

/// The lines between what both begin and end with.
fn differing(was: &[String], is: &[String]) -> Vec<String> {
    let common = |one: &mut dyn Iterator<Item = &String>,
                  two: &mut dyn Iterator<Item = &String>| {
        one.zip(two).take_while(|(one, two)| one == two).count()
    };
    let front = common(&mut was.iter(), &mut is.iter());
    let (was, is) = (
        was.get(front..).unwrap_or_default(),
        is.get(front..).unwrap_or_default(),
    );
    let back = common(&mut was.iter().rev(), &mut is.iter().rev());
    let inside = |lines: &[String], sign: &str| -> Vec<String> {
        let kept = lines.len().saturating_sub(back);
        lines
            .iter()
            .take(kept)
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    [inside(was, "-"), inside(is, "+")].concat()
}

/// Kept cases of a hook that one of two contents fails.
async fn cases(
    app: &App,
    viewer: &Viewer,
    hook: &str,
    before: &Content,
    after: &Content,
) -> Result<Vec<String>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let kept = decisions::cases::of_hook_in(&mut tx, hook).await?;
    let rules = app.rules();
    let run = |content: &Content| run_cases(&rules.book(content), hook, &kept);
    let word = |passed: bool| if passed { "holds" } else { "fails" };
    let pairs = run(before).into_iter().zip(run(after));
    let changed = pairs.filter(|(was, is)| was.passed != is.passed);
    Ok(changed
        .map(|(was, is)| {
            format!(
                "  case {:?}: {} -> {}",
                was.name,
                word(was.passed),
                word(is.passed)
            )
        })
        .collect())
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Audit => "audit",
        Mode::On => "on",
    }
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
