//! Keeps every node on the newest release, and lets each say what it runs.

use std::time::Duration;

use chrono::TimeDelta;

use super::fleet::{self, Node, Running};
use super::{history, loading, node_store, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;
use crate::kernel::time::Instant;
use crate::rules::force::InForce;

/// How long the keeper sleeps when nobody wakes it: the shortest wait before something that failed is tried again.
const IDLE: Duration = Duration::from_secs(1);
/// How often a node gives a sign of life.
const BEAT: TimeDelta = TimeDelta::seconds(10);
/// A node without a sign of life for so long is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// Runs until the server stops. One of these per node.
pub async fn run(app: App) {
    while !app.tasks().is_stopping() {
        if let Err(error) = round(&app).await {
            tracing::error!(error = ?error, "this node could not look after its rules");
        }
        tokio::select! {
            () = app.tasks().stopping() => {}
            () = app.timelines().work() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Reads again what changed, reports what this node runs, and now and then gives a sign of life.
pub async fn round(app: &App) -> Result<()> {
    for org in app.timelines().due(app.now()) {
        let viewer = Viewer::job(org, "RULE_NODE");
        let mut tx = app.read(&viewer, Action::ViewRules).await?;
        loading::read_in(&mut tx).await?;
    }
    report(app).await?;
    if app.timelines().beats(app.now(), BEAT) {
        beat(app).await?;
    }
    Ok(())
}

async fn report(app: &App) -> Result<()> {
    let news = app.timelines().unreported();
    if news.is_empty() {
        return Ok(());
    }
    let node = app.timelines().node(app.ids()).to_owned();
    let mut lobby = app.lobby_change().await?;
    let now = lobby.now();
    for (org, number, problem) in &news {
        let running = Running {
            node: node.clone(),
            number: *number,
            problem: problem.clone(),
            since: now,
        };
        node_store::report(&mut lobby, *org, &running)?;
    }
    lobby.commit().await?;
    for (org, number, problem) in news {
        app.timelines().mark_reported(org, number, problem);
    }
    Ok(())
}

async fn beat(app: &App) -> Result<()> {
    let mut lobby = app.lobby_change().await?;
    let now = lobby.now();
    let name = app.timelines().node(app.ids()).to_owned();
    let shipped = app.rules().digest().to_owned();
    let nodes = node_store::nodes(lobby.conn()?).await?;
    let same = |node: &&Node| node.name == name && node.shipped == shipped;
    let since = nodes.iter().find(same).map_or(now, |node| node.since);
    let own = Node {
        name,
        shipped,
        since,
        seen_at: now,
    };
    node_store::beat(&mut lobby, &own)?;
    let old = nodes.iter().filter(|node| now - node.seen_at > FORGOTTEN);
    let old: Vec<String> = old.map(|node| node.name.clone()).collect();
    if !old.is_empty() {
        node_store::bury(&mut lobby, &old)?;
    }
    lobby.commit().await?;
    let others = nodes.into_iter().filter(|node| node.name != own.name);
    let nodes: Vec<Node> = others.chain([own.clone()]).collect();
    complain(app, &fleet::alive(nodes, now), now).await
}

/// Writes alarms to the log, where whoever runs the server looks.
async fn complain(app: &App, nodes: &[Node], now: Instant) -> Result<()> {
    if let Some(alarm) = fleet::disagreement(nodes, now) {
        tracing::error!(alarm, "nodes disagree about rules");
    }
    let mut lobby = app.lobby().await?;
    let running = node_store::all_running(&mut lobby).await?;
    for (org, newest, at) in node_store::newest(&mut lobby).await? {
        let here = running.iter().filter(|(other, _)| *other == org);
        let here: Vec<Running> = here.map(|(_, running)| running.clone()).collect();
        for alarm in fleet::laggards(nodes, &here, newest, Some(at), now) {
            tracing::error!(%org, alarm, "a node lags behind");
        }
    }
    Ok(())
}

/// What the nodes run for one organization.
#[derive(Debug, Clone)]
pub struct Health {
    /// The newest release that holds or is going to; 0 for what ships.
    pub newest: i64,
    pub nodes: Vec<(Node, Option<Running>)>,
    /// What somebody should look at.
    pub alarms: Vec<String>,
    /// How the rules in force fare on this node, those that were asked.
    pub rules: Vec<zamu_rules::Health>,
}

/// The living nodes, and what is wrong with them.
pub async fn health(app: &App, viewer: &Viewer) -> Result<Health> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let now = tx.now();
    let activations = store::activations(&mut tx).await?;
    let newest = history::newest(&activations);
    let activated = activations.iter().filter(|one| one.cancelled_at.is_none());
    let activated_at = activated.map(|one| one.activated_at).max();
    let running = node_store::running_in(&mut tx).await?;
    let nodes = fleet::alive(node_store::nodes(tx.conn()?).await?, now);
    let book = InForce::at(&mut tx, now).await?.book().digest().to_owned();
    let rules = app.guards().health(tx.org(), &book, now);
    let mut alarms: Vec<String> = fleet::disagreement(&nodes, now).into_iter().collect();
    alarms.extend(fleet::laggards(&nodes, &running, newest, activated_at, now));
    let open = rules.iter().filter(|rule| rule.open_since_us.is_some());
    alarms.extend(open.map(|rule| format!("{} keeps failing and is left alone", rule.hook)));
    let with = |node: Node| {
        let running = running.iter().find(|one| one.node == node.name).cloned();
        (node, running)
    };
    Ok(Health {
        newest,
        nodes: nodes.into_iter().map(with).collect(),
        alarms,
        rules,
    })
}
