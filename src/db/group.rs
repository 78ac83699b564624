//! The one SQLite writer, with commits grouped.
//!
//! SQLite has one writer and pays a disk flush per commit. So every use case runs in a savepoint of a shared
//! transaction and waits for its commit: a committer thread queues behind whoever is already waiting for the
//! connection, commits what they all did with one flush, and only then are they answered. The queue is fair, so under
//! load the groups form by themselves and a lone writer waits for nothing. Nobody meets "database is locked".

use std::sync::Arc;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use zamu_schema::dual::DualConnection;

/// A handle on the writer; clones share it.
#[derive(Clone)]
pub(crate) struct GroupWriter {
    shared: Arc<Mutex<Shared>>,
    work: Arc<Notify>,
}

struct Shared {
    conn: DualConnection,
    /// Whether a transaction is open on the connection.
    open: bool,
    /// Savepoints released in it, waiting for its commit.
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
}

impl GroupWriter {
    pub(crate) fn new(conn: DualConnection) -> Self {
        let shared = Shared {
            conn,
            open: false,
            waiting: Vec::new(),
        };
        let writer = Self {
            shared: Arc::new(Mutex::new(shared)),
            work: Arc::new(Notify::new()),
        };
        let weak = (Arc::downgrade(&writer.shared), Arc::clone(&writer.work));
        // A thread of its own: the flush blocks, and must not block a request.
        let handle = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            loop {
                handle.block_on(weak.1.notified());
                let Some(shared) = weak.0.upgrade() else {
                    return;
                };
                let mut shared = handle.block_on(shared.lock_owned());
                shared.commit();
            }
        });
        writer
    }

    /// Waits for the connection and opens a savepoint on it.
    pub(crate) async fn begin(&self) -> QueryResult<Savepoint> {
        let mut guard = Arc::clone(&self.shared).lock_owned().await;
        if !guard.open {
            guard.conn.batch_execute("BEGIN IMMEDIATE").await?;
            guard.open = true;
        }
        guard.conn.batch_execute("SAVEPOINT one").await?;
        Ok(Savepoint {
            guard: Some(guard),
            work: Arc::clone(&self.work),
        })
    }
}

impl Drop for GroupWriter {
    fn drop(&mut self) {
        // The last handle wakes the committer, which then finds nothing to upgrade and ends.
        self.work.notify_one();
    }
}

impl Shared {
    fn commit(&mut self) {
        if !self.open {
            return;
        }
        let done = in_place(self.conn.batch_execute("COMMIT"));
        if done.is_err() {
            let _ = in_place(self.conn.batch_execute("ROLLBACK"));
        }
        self.open = false;
        for waiter in self.waiting.drain(..) {
            // A waiter that went away has nobody left to tell.
            let _ = waiter.send(done.as_ref().copied().map_err(ToString::to_string));
        }
    }
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
                tracing::error!(%error, "could not roll back a savepoint");
            }
            drop(guard);
            self.work.notify_one();
        }
    }
}
