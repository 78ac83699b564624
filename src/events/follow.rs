//! Following an organization's events: the backlog after a number, then live, without gap or double.

use std::sync::Arc;

use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::event::Numbered;
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};

/// How many events one read of the log brings.
const BATCH: i64 = 200;

/// The events after `after` (exclusive), then every later one. Without `after`, from now on.
///
/// Ends with `LAGGED` and the number to resume from when the reader is too slow.
pub async fn follow(
    app: &App,
    viewer: &Viewer,
    after: Option<i64>,
) -> Result<impl Stream<Item = Result<Arc<Numbered>>> + Send + 'static + use<>> {
    // Listening before looking: what commits in between is seen twice and skipped, never missed.
    let live = app.bus().subscribe(viewer.org());
    let mut tx = app.read(viewer, Action::ReadEvents).await?;
    let (oldest, newest) = store::bounds(&mut tx).await?;
    drop(tx);
    let last = after.unwrap_or(newest);
    check_bounds(last, oldest, newest)?;
    let follower = Follower {
        app: app.clone(),
        viewer: viewer.clone(),
        live,
        last,
        behind: last < newest,
        batch: Vec::new().into_iter(),
        ended: false,
    };
    Ok(stream::unfold(follower, |mut follower| async move {
        let next = follower.next().await?;
        Some((next, follower))
    }))
}

/// The number of the newest event, as the transaction sees it.
pub async fn newest_in(tx: &mut Tx) -> Result<i64> {
    Ok(store::bounds(tx).await?.1)
}

/// The number of the newest event.
pub async fn newest(app: &App, viewer: &Viewer) -> Result<i64> {
    let mut tx = app.read(viewer, Action::ReadEvents).await?;
    Ok(store::bounds(&mut tx).await?.1)
}

fn check_bounds(last: i64, oldest: i64, newest: i64) -> Result<()> {
    if last < 0 || last > newest {
        let message = format!("there is no event {last} yet; the newest is {newest}");
        return Err(Error::refused(Code::CursorInFuture, message)
            .at("after")
            .with("newest", newest));
    }
    if last + 1 < oldest {
        let message = format!("events up to {} are no longer kept", oldest - 1);
        return Err(Error::refused(Code::CursorExpired, message)
            .at("after")
            .with("oldest", oldest));
    }
    Ok(())
}

struct Follower {
    app: App,
    viewer: Viewer,
    live: Receiver<Arc<Numbered>>,
    /// The last number handed out.
    last: i64,
    /// Whether the log holds events that are not in the ring.
    behind: bool,
    batch: std::vec::IntoIter<Numbered>,
    ended: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Arc<Numbered>>> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(event) = self.batch.next() {
                self.last = event.number;
                return Some(Ok(Arc::new(event)));
            }
            if self.behind {
                if let Err(error) = self.read_log().await {
                    return Some(self.end(error));
                }
                continue;
            }
            match self.live.recv().await {
                Ok(event) if event.number <= self.last => {}
                Ok(event) if event.number == self.last + 1 => {
                    self.last = event.number;
                    return Some(Ok(event));
                }
                // Published by another node before this one began to tail: the log has it.
                Ok(_) => self.behind = true,
                Err(RecvError::Lagged(_)) => {
                    let error = Error::refused(
                        Code::Lagged,
                        "you read more slowly than things happen; resume from the last number",
                    )
                    .with("resumeAfter", self.last);
                    return Some(self.end(error));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn read_log(&mut self) -> Result<()> {
        let mut tx = self.app.read(&self.viewer, Action::ReadEvents).await?;
        let batch = store::list_after(&mut tx, self.last, BATCH).await?;
        self.behind = i64::try_from(batch.len()).unwrap_or(BATCH) == BATCH;
        self.batch = batch.into_iter();
        Ok(())
    }

    fn end(&mut self, error: Error) -> Result<Arc<Numbered>> {
        self.ended = true;
        Err(error)
    }
}
