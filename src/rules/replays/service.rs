//! Decides: starting, cancelling and reading replays.

use chrono::TimeDelta;
use zamu_rules::Book;

use super::candidate::{self, Candidate};
use super::model::{Change, Job, State};
use super::run::{self, Work};
use super::store::{self, End, Range};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DecisionId, ReplayId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;
use crate::rules::decisions::explain::{self, Explanation};
use crate::rules::decisions::model::is_hook;
use crate::rules::decisions::snapshots;

/// A node that has said nothing for so long has stopped.
const SILENCE: TimeDelta = TimeDelta::seconds(60);
/// Replays are kept for so long.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What is to be replayed.
#[derive(Debug, Clone)]
pub struct Wish {
    pub hook: String,
    pub candidate: Candidate,
    pub from: Instant,
    /// Exclusive; now, where nobody says otherwise.
    pub to: Option<Instant>,
}

/// Starts a replay in the background.
pub async fn start(app: &App, viewer: &Viewer, wish: Wish) -> Result<Job> {
    let (job, work) = prepare(app, viewer, wish).await?;
    let worker = Viewer::job(viewer.org(), "replay");
    app.tasks().spawn(run::run(app.clone(), worker, work));
    Ok(job)
}

/// Runs a replay to its end: for the command line.
pub async fn complete(app: &App, viewer: &Viewer, wish: Wish) -> Result<Job> {
    let (job, work) = prepare(app, viewer, wish).await?;
    run::run(app.clone(), viewer.clone(), work).await;
    replay(app, viewer, job.id).await
}

async fn prepare(app: &App, viewer: &Viewer, wish: Wish) -> Result<(Job, Work)> {
    fail_silent(app, viewer).await?;
    let Wish {
        hook,
        candidate,
        from,
        to,
    } = wish;
    // Counting and compiling take a while, so nobody waits to write meanwhile.
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    if !is_hook(&hook) {
        let message = format!("no hook is called `{hook}`");
        return Err(Error::invalid("hook", message));
    }
    // Nothing is replayed that has not happened yet.
    let to = to.unwrap_or(tx.now()).min(tx.now());
    if from >= to {
        let message = "a replay begins before it ends, and before now";
        return Err(Error::invalid("from", message));
    }
    let book = candidate::book_in(&mut tx, &hook, &candidate).await?;
    let range = Range { hook, from, to };
    let total = store::count(&mut tx, &range).await?;
    drop(tx);
    let job = register(app, viewer, &range, total, &candidate, &book).await?;
    let work = Work {
        id: job.id,
        range,
        candidate: book,
    };
    Ok((job, work))
}

/// Writes a replay down as running; refused where another one runs.
async fn register(
    app: &App,
    viewer: &Viewer,
    range: &Range,
    total: i64,
    candidate: &Candidate,
    book: &Book,
) -> Result<Job> {
    let mut tx = app.begin(viewer, Action::ReplayRules).await?;
    let now = tx.now();
    let job = Job {
        id: tx.id(),
        hook: range.hook.clone(),
        state: State::Running,
        candidate_release: candidate.release,
        from: range.from,
        to: range.to,
        created_at: now,
        heartbeat_at: now,
        finished_at: None,
        total,
        done: 0,
        result: None,
        problem: None,
    };
    let snapshot = serde_json::to_value(book.snapshot())?;
    store::insert(&mut tx, &job, snapshot).await?;
    tx.commit(Audit::of(job.id)).await?;
    Ok(job)
}

/// Ends the replays of nodes that stopped, and says so.
async fn fail_silent(app: &App, viewer: &Viewer) -> Result<()> {
    let since = app.now() - SILENCE;
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    let silent = store::silent(&mut tx, since).await?;
    drop(tx);
    if silent.is_empty() {
        return Ok(());
    }
    let mut tx = app.begin(viewer, Action::ReplayRules).await?;
    for id in silent {
        let end = End {
            state: State::Failed,
            result: None,
            problem: Some("the server that ran this replay stopped".to_owned()),
        };
        store::end(&mut tx, id, &end).await?;
        store::delete_changes(&mut tx, id).await?;
    }
    tx.commit_unaudited().await
}

/// One replay: how far it is, or what it found.
pub async fn replay(app: &App, viewer: &Viewer, id: ReplayId) -> Result<Job> {
    let job = find(app, viewer, id).await?;
    if job.state != State::Running || app.now() - job.heartbeat_at <= SILENCE {
        return Ok(job);
    }
    fail_silent(app, viewer).await?;
    find(app, viewer, id).await
}

async fn find(app: &App, viewer: &Viewer, id: ReplayId) -> Result<Job> {
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    find_in(&mut tx, id).await
}

async fn find_in(tx: &mut Tx, id: ReplayId) -> Result<Job> {
    let found = store::find(tx, id).await?;
    found.ok_or_else(|| Error::not_found("replay of rules"))
}

/// Stops a running replay. What it found so far is not published.
pub async fn cancel(app: &App, viewer: &Viewer, id: ReplayId) -> Result<Job> {
    let mut tx = app.begin(viewer, Action::ReplayRules).await?;
    find_in(&mut tx, id).await?;
    let end = End {
        state: State::Cancelled,
        result: None,
        problem: None,
    };
    if !store::end(&mut tx, id, &end).await? {
        return Err(Error::refused(
            Code::ReplayNotRunning,
            "this replay has ended, so there is nothing to cancel",
        ));
    }
    let job = find_in(&mut tx, id).await?;
    tx.commit(Audit::of(id)).await?;
    Ok(job)
}

/// The changed decisions of a replay that is done, the earliest event first.
pub async fn changes(
    app: &App,
    viewer: &Viewer,
    id: ReplayId,
    only_failing: bool,
    page: &PageRequest,
) -> Result<Page<Change>> {
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    if find_in(&mut tx, id).await?.state != State::Done {
        return Ok(Page {
            rows: Vec::new(),
            has_next: false,
        });
    }
    store::changes(&mut tx, id, only_failing, page).await
}

/// How the candidate of a replay comes to its answer about one decision.
pub async fn explain_candidate(
    app: &App,
    viewer: &Viewer,
    id: ReplayId,
    decision: DecisionId,
) -> Result<Explanation> {
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    let book = candidate_in(&mut tx, id).await?;
    let (given, said) = explain::given_in(&mut tx, decision).await?;
    drop(tx);
    explain::under(book, given, said).await
}

async fn candidate_in(tx: &mut Tx, id: ReplayId) -> Result<Book> {
    let snapshot = store::candidate(tx, id).await?;
    let snapshot = snapshot.ok_or_else(|| Error::not_found("replay of rules"))?;
    snapshots::restore(snapshot).ok_or_else(|| {
        Error::refused(
            Code::DecisionNotRepeatable,
            "this version of the server means something else by the candidate",
        )
    })
}

/// Forgets old replays in every organization.
pub async fn purge(app: &App) -> Result<()> {
    for org in crate::orgs::service::all_ids(app).await? {
        let viewer = Viewer::job(org, "replay");
        fail_silent(app, &viewer).await?;
        let mut tx = app.begin(&viewer, Action::ReplayRules).await?;
        let before = tx.now() - KEPT;
        store::delete_old(&mut tx, before).await?;
        tx.commit_unaudited().await?;
    }
    Ok(())
}
