//! The dispatcher: gives every committed event its number and every audit entry its link in the chain, then tells
//! this node's subscribers.
//!
//! Numbers are given after commit, by one node at a time, so they have no gaps and a late commit is never numbered
//! below an event somebody has already seen (a database sequence, handed out before commit, loses such events).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::event::Numbered;
use super::store::{self, EventRow, Head};
use crate::app::App;
use crate::audit;
use crate::db::lobby::Lobby;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;

/// How many rows one round moves.
const ROUND: i64 = 500;
/// How long the dispatcher sleeps when nobody wakes it: another node may have committed.
const IDLE: Duration = Duration::from_millis(250);

/// The least time from one round to the next. Under load a round then moves many rows at once, and leaves the database to
/// those who wait for it; when little happens, nobody waits for a round.
const PACE: Duration = Duration::from_millis(20);

/// Runs until the server stops. One of these per node; only the leader gives out numbers.
pub async fn run(app: App) {
    let tail = Tail::start(&app).await;
    run_from(app, tail).await;
}

/// The same from a place that was taken earlier: before the first subscriber, so that it misses nothing of what
/// another node numbers meanwhile.
pub async fn run_from(app: App, mut tail: Tail) {
    while !app.tasks().is_stopping() {
        let next = tokio::time::Instant::now() + PACE;
        let moved = match round(&app, &mut tail).await {
            Ok(moved) => {
                app.bus().beat();
                moved
            }
            Err(error) => {
                tracing::error!(error = ?error, "the dispatcher could not finish a round");
                tokio::time::sleep(IDLE).await;
                0
            }
        };
        if moved == 0 {
            let _ = tokio::time::timeout(IDLE, app.bus().work()).await;
        }
        tokio::time::sleep_until(next).await;
    }
}

/// How far this node has told its subscribers.
pub struct Tail(Option<i64>);

impl Tail {
    pub async fn start(app: &App) -> Self {
        Self(Self::position(app).await.ok())
    }

    async fn position(app: &App) -> Result<i64> {
        store::last_position(&mut app.lobby().await?).await
    }
}

/// Numbers what is waiting and publishes what is new. Returns how much there was.
pub async fn round(app: &App, tail: &mut Tail) -> Result<usize> {
    let numbered = number(app).await?;
    let published = publish(app, tail).await?;
    Ok(numbered + published)
}

async fn number(app: &App) -> Result<usize> {
    if store::waiting(&mut app.lobby().await?, 1).await?.is_empty() {
        return Ok(0);
    }
    let mut lobby = app.lobby_change().await?;
    if !store::lead(&mut lobby, app.db().is_postgres()).await? {
        return Ok(0);
    }
    let rows = store::waiting(&mut lobby, ROUND).await?;
    let moved = rows.len();
    let orgs: BTreeSet<OrgId> = rows.iter().map(|row| row.org_id).collect();
    let mut heads: BTreeMap<OrgId, Head> = store::heads_of(&mut lobby, orgs)
        .await?
        .into_iter()
        .map(|head| (head.org_id, head))
        .collect();
    let mut position = store::last_position(&mut lobby).await?;
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    let ids = rows.iter().map(|row| row.id).collect();
    for row in rows {
        let head = heads
            .entry(row.org_id)
            .or_insert_with(|| Head::empty(row.org_id));
        if row.stream == "AUDIT" {
            let entry = audit::model::Entry::from_outbox(row, head.last_audit + 1)?
                .seal(&head.last_audit_hash);
            head.last_audit = entry.number;
            head.last_audit_hash.clone_from(&entry.hash);
            entries.push(entry);
        } else {
            position += 1;
            head.last_event += 1;
            events.push(EventRow {
                org_id: row.org_id,
                number: head.last_event,
                position,
                id: row.id,
                kind: row.kind,
                version: row.version,
                payload: row.payload,
                occurred_at: row.occurred_at,
                numbered_at: lobby.now(),
            });
        }
    }
    stage(&mut lobby, events, entries, heads, ids)?;
    lobby.commit().await?;
    Ok(moved)
}

fn stage(
    lobby: &mut Lobby,
    events: Vec<EventRow>,
    entries: Vec<audit::model::Entry>,
    heads: BTreeMap<OrgId, Head>,
    moved: Vec<uuid::Uuid>,
) -> Result<()> {
    if !events.is_empty() {
        store::stage_events(lobby, events)?;
    }
    if !entries.is_empty() {
        audit::store::stage_entries(lobby, entries)?;
    }
    store::stage_heads(lobby, heads.into_values().collect())?;
    store::stage_removal(lobby, moved)
}

async fn publish(app: &App, tail: &mut Tail) -> Result<usize> {
    let mut lobby = app.lobby().await?;
    let Some(after) = tail.0 else {
        // The database was away when this node started to tail: begin with what comes now.
        tail.0 = Some(store::last_position(&mut lobby).await?);
        return Ok(0);
    };
    let rows = store::list_from_position(&mut lobby, after, ROUND).await?;
    drop(lobby);
    let count = rows.len();
    for row in rows {
        tail.0 = Some(row.position);
        match row.numbered() {
            Ok(event) => tell(app, event),
            Err(error) => tracing::error!(error = ?error, "an event in the log cannot be read"),
        }
    }
    Ok(count)
}

fn tell(app: &App, event: Numbered) {
    app.access().observe(event.org, &event.event);
    app.timelines().observe(event.org, &event.event);
    app.bus().publish(event);
}
