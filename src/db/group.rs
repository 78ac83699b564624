//! The one SQLite writer, with commits grouped.
//!
//! SQLite has one writer and pays a disk flush per commit. So every use case runs in a savepoint of a shared
//! transaction and waits for its commit: a committer thread queues behind whoever is already waiting for the
//! connection, commits what they all did with one flush, and only then are they answered. The queue is fair, so under
//! load the groups form by themselves and a lone writer waits for nothing. Nobody meets "database is locked".

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use zamu_schema::dual::DualConnection;

use super::backend::PATIENCE;

/// Between two attempts to begin while another process writes.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// A handle on the writer; clones share it.
#[derive(Clone)]
pub(crate) struct GroupWriter {
    shared: Arc<Mutex<Shared>>,
    work: Arc<Notify>,
    /// The last clone to go ends the committer.
    _end: Arc<DropGuard>,
}

struct Shared {
    conn: DualConnection,
    /// Whether a transaction is open on the connection.
    open: bool,
    /// Savepoints released in it, waiting for its commit.
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
}

impl GroupWriter {
    pub(crate) fn new(mut conn: DualConnection) -> QueryResult<Self> {
        // The wait for another process is in `begin`.
        in_place(conn.batch_execute("PRAGMA busy_timeout = 0"))?;
        let shared = Shared {
            conn,
            open: false,
            waiting: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(shared));
        let (work, ended) = (Arc::new(Notify::new()), CancellationToken::new());
        let writer = Self {
            shared: Arc::clone(&shared),
            work: Arc::clone(&work),
            _end: Arc::new(ended.clone().drop_guard()),
        };
        // A thread of its own: the flush blocks, and must not block a request.
        let handle = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            while handle
                .block_on(ended.run_until_cancelled(work.notified()))
                .is_some()
            {
                handle.block_on(shared.lock()).commit();
            }
        });
        Ok(writer)
    }

    /// Waits for the connection and opens a savepoint on it.
    pub(crate) async fn begin(&self) -> QueryResult<Savepoint> {
        let deadline = Instant::now() + PATIENCE;
        let mut guard = Arc::clone(&self.shared).lock_owned().await;
        while !guard.open {
            match guard.conn.batch_execute("BEGIN IMMEDIATE").await {
                Ok(()) => guard.open = true,
                // Another process writes. Waiting here and not in SQLite leaves the thread to others, and asking often
                // finds the moment between two of its commits, which SQLite's growing pauses miss.
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
        if let Err(error) = guard.conn.batch_execute("SAVEPOINT one").await {
            guard.give_up(&error);
            return Err(error);
        }
        Ok(Savepoint {
            guard: Some(guard),
            work: Arc::clone(&self.work),
        })
    }
}

impl Shared {
    fn commit(&mut self) {
        if !self.open {
            return;
        }
        match in_place(self.conn.batch_execute("COMMIT")) {
            Ok(()) => self.tell(&Ok(())),
            Err(error) => self.give_up(&error),
        }
    }

    /// Nothing of the transaction will be on disk: everybody in it is told so.
    fn give_up(&mut self, error: &DieselError) {
        tracing::error!(%error, "a group of changes could not be committed");
        // SQLite may have rolled back by itself, on a full disk for one; then this fails, and all is well.
        let _ = in_place(self.conn.batch_execute("ROLLBACK"));
        self.tell(&Err(error.to_string()));
    }

    fn tell(&mut self, done: &Result<(), String>) {
        self.open = false;
        for waiter in self.waiting.drain(..) {
            // A waiter that went away has nobody left to tell.
            let _ = waiter.send(done.clone());
        }
    }
}

/// Whether another process holds the file.
fn is_busy(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)
        if information.message().starts_with("database is locked"))
}

/// SQLite answers in place, so its futures are ready when first polled.
fn in_place(future: impl Future<Output = QueryResult<()>>) -> QueryResult<()> {
    let mut future = std::pin::pin!(future);
    future
        .as_mut()
        .now_or_never()
        .unwrap_or_else(|| Err(broken("the writer did not answer in place")))
}

fn broken(message: &str) -> DieselError {
    DieselError::DatabaseError(
        DatabaseErrorKind::ClosedConnection,
        Box::new(message.to_owned()),
    )
}

/// One use case on the writer. Dropped without [`Savepoint::commit`], it never happened.
pub(crate) struct Savepoint {
    guard: Option<OwnedMutexGuard<Shared>>,
    work: Arc<Notify>,
}

impl Savepoint {
    pub(crate) fn conn(&mut self) -> QueryResult<&mut DualConnection> {
        self.guard
            .as_mut()
            .map(|guard| &mut guard.conn)
            .ok_or_else(|| broken("the savepoint has ended"))
    }

    /// Returns when the change is on disk.
    pub(crate) async fn commit(mut self) -> QueryResult<()> {
        self.conn()?.batch_execute("RELEASE one").await?;
        let (sender, receiver) = oneshot::channel();
        if let Some(mut guard) = self.guard.take() {
            guard.waiting.push(sender);
        }
        self.work.notify_one();
        match receiver.await {
            Ok(done) => done.map_err(|message| broken(&message)),
            Err(_closed) => Err(broken("the writer has stopped")),
        }
    }
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            let undone = in_place(guard.conn.batch_execute("ROLLBACK TO one; RELEASE one"));
            if let Err(error) = undone {
                // The savepoint is gone, and then so is the transaction around it with everybody else's work.
                guard.give_up(&error);
            }
            drop(guard);
            self.work.notify_one();
        }
    }
}
