//! Runs a replay beside everything else: a page is read while the one before it is judged on a thread of its own. Between
//! pages it waits where it used more than its share; what it finds is written in small transactions.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;
use zamu_rules::Book;

use super::judge::{self, Books, UNFAITHFUL};
use super::model::{Change, State, Tally};
use super::store::{self, End, Range, Stored};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ReplayId;
use crate::rules::decisions::snapshots;

/// Decisions of one page: what is in memory at once is two of them.
const PAGE: i64 = 1_000;
/// So many changes are kept; all are counted.
pub const CHANGES: usize = 10_000;
/// Operations a replay may use in a second.
const OPERATIONS_PER_SECOND: i64 = 20_000_000;
/// Between two signs of life.
const PULSE: Duration = Duration::from_millis(500);
/// The same while it waits for its turn.
const WAITING: Duration = Duration::from_secs(10);
/// Books of more releases than this are read again.
const BOOKS: usize = 64;

/// What a replay works on.
pub struct Work {
    pub id: ReplayId,
    pub range: Range,
    pub candidate: Book,
}

/// Runs to an end, whatever it is, and writes that down.
pub async fn run(app: App, viewer: Viewer, work: Work) {
    let id = work.id;
    let end = match Box::pin(replay(&app, &viewer, work)).await {
        Ok(Some(end)) => end,
        // Somebody cancelled it, and said so in the database.
        Ok(None) => return tidy(&app, &viewer, id).await,
        Err(error) => {
            tracing::error!(error = ?error, replay = %id, "a replay failed");
            failed(&error.message)
        }
    };
    match finish(&app, &viewer, id, &end).await {
        Ok(()) if end.state == State::Done => {}
        Ok(()) => tidy(&app, &viewer, id).await,
        Err(error) => {
            tracing::error!(error = ?error, replay = %id, "a replay could not say how it ended");
        }
    }
}

fn failed(why: &str) -> End {
    End {
        state: State::Failed,
        result: None,
        problem: Some(why.to_owned()),
    }
}

async fn finish(app: &App, viewer: &Viewer, id: ReplayId, end: &End) -> Result<()> {
    let mut tx = app.begin(viewer, Action::ReplayRules).await?;
    if !store::end(&mut tx, id, end).await? {
        // Cancelled at the last moment: nothing is published.
        store::delete_changes(&mut tx, id).await?;
    }
    tx.commit_unaudited().await
}

/// A replay that came to nothing keeps no changes.
async fn tidy(app: &App, viewer: &Viewer, id: ReplayId) {
    let deleting = async {
        let mut tx = app.begin(viewer, Action::ReplayRules).await?;
        store::delete_changes(&mut tx, id).await?;
        tx.commit_unaudited().await
    };
    if let Err(error) = deleting.await {
        tracing::warn!(error = ?error, replay = %id, "the changes of a replay could not be removed");
    }
}

/// Where a replay is.
struct Run<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    id: ReplayId,
    begun: Instant,
    told: Instant,
    done: i64,
    kept: usize,
}

async fn replay(app: &App, viewer: &Viewer, work: Work) -> Result<Option<End>> {
    let mut run = Run {
        app,
        viewer,
        id: work.id,
        begun: Instant::now(),
        told: Instant::now(),
        done: 0,
        kept: 0,
    };
    let Some(_turn) = run.turn().await? else {
        return Ok(None);
    };
    let (range, candidate) = (work.range, work.candidate);
    let mut tally = Tally::default();
    let mut books = Arc::new(Books::new());
    let mut page = read(app, viewer, &range, None, &mut books).await?;
    while let Some(last) = page.last().map(|stored| (stored.event_at, stored.id)) {
        if app.tasks().is_stopping() {
            return Ok(Some(failed("the server stopped before the replay ended")));
        }
        let count = i64::try_from(page.len()).unwrap_or(i64::MAX);
        let judging = {
            let (books, candidate, hook) =
                (Arc::clone(&books), candidate.clone(), range.hook.clone());
            tokio::task::spawn_blocking(move || {
                let changes = judge::judge(page, &books, &candidate, &hook, &mut tally);
                (changes, tally)
            })
        };
        let mut ahead = Arc::clone(&books);
        let (judged, next) =
            tokio::join!(judging, read(app, viewer, &range, Some(last), &mut ahead));
        let (changes, counted) = judged.map_err(Error::internal)?;
        (tally, books, page) = (counted, ahead, next?);
        run.done += count;
        if tally.unfaithful.len() >= UNFAITHFUL {
            break;
        }
        if !run.tell(changes, &mut tally).await? {
            return Ok(None);
        }
        run.pace(tally.operations).await;
    }
    tally.duration_ms = i64::try_from(run.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    store_done(&mut run).await?;
    Ok(Some(verdict(tally)))
}

/// The last count, so that what is done and what was to do agree.
async fn store_done(run: &mut Run<'_>) -> Result<()> {
    let mut tx = run.app.begin(run.viewer, Action::ReplayRules).await?;
    store::pulse(&mut tx, run.id, run.done).await?;
    tx.commit_unaudited().await
}

/// Nothing is published unless every decision came to what is stored.
fn verdict(tally: Tally) -> End {
    if tally.unfaithful.is_empty() {
        return End {
            state: State::Done,
            result: Some(tally),
            problem: None,
        };
    }
    let listed = Tally {
        unfaithful: tally.unfaithful,
        duration_ms: tally.duration_ms,
        ..Tally::default()
    };
    End {
        state: State::NotFaithful,
        result: Some(listed),
        problem: Some(
            "stored decisions could not be taken again as they were, so nothing is said about the candidate"
                .to_owned(),
        ),
    }
}

/// The next page, and the books of its decisions.
async fn read(
    app: &App,
    viewer: &Viewer,
    range: &Range,
    after: Option<(crate::kernel::time::Instant, crate::kernel::id::DecisionId)>,
    books: &mut Arc<Books>,
) -> Result<Vec<Stored>> {
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    let page = store::page(&mut tx, range, after, PAGE).await?;
    let wanted: HashSet<&String> = page.iter().map(|stored| &stored.release).collect();
    let missing: Vec<String> = wanted
        .into_iter()
        .filter(|release| !books.contains_key(*release))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(page);
    }
    let mut known = Books::new();
    if books.len() + missing.len() <= BOOKS {
        known.clone_from(books);
    }
    for stored in &page {
        if let Some(book) = books.get(&stored.release) {
            known
                .entry(stored.release.clone())
                .or_insert_with(|| book.clone());
        }
    }
    for release in missing {
        let book = snapshots::book_in(&mut tx, &release).await?;
        known.insert(release, book);
    }
    *books = Arc::new(known);
    Ok(page)
}

impl<'a> Run<'a> {
    /// Waits until no other replay runs on this node; nothing if it was cancelled meanwhile.
    async fn turn(&mut self) -> Result<Option<SemaphorePermit<'a>>> {
        let app: &'a App = self.app;
        loop {
            let waiting = tokio::time::timeout(WAITING, app.replays().0.acquire());
            if let Ok(turn) = waiting.await {
                self.begun = Instant::now();
                return Ok(Some(turn.map_err(Error::internal)?));
            }
            let mut tx = self.app.begin(self.viewer, Action::ReplayRules).await?;
            let is_wanted = store::pulse(&mut tx, self.id, 0).await?;
            tx.commit_unaudited().await?;
            if !is_wanted || self.app.tasks().is_stopping() {
                return Ok(None);
            }
        }
    }

    /// Writes down what changed and, now and then, how far it is; whether it is still wanted.
    async fn tell(&mut self, mut changes: Vec<Change>, tally: &mut Tally) -> Result<bool> {
        let room = CHANGES.saturating_sub(self.kept);
        tally.is_cut |= changes.len() > room;
        changes.truncate(room);
        self.kept += changes.len();
        if changes.is_empty() && self.told.elapsed() < PULSE {
            return Ok(true);
        }
        self.told = Instant::now();
        let mut tx = self.app.begin(self.viewer, Action::ReplayRules).await?;
        let is_wanted = store::pulse(&mut tx, self.id, self.done).await?;
        if is_wanted && !changes.is_empty() {
            store::stage_changes(&mut tx, self.id, changes)?;
        }
        tx.commit_unaudited().await?;
        Ok(is_wanted)
    }

    /// Waits where the rules used more operations than their share of the time so far.
    async fn pace(&self, operations: i64) {
        let milliseconds = operations.saturating_mul(1_000) / OPERATIONS_PER_SECOND;
        let due = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        if let Some(wait) = due.checked_sub(self.begun.elapsed()) {
            tokio::time::sleep(wait).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}
