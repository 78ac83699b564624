//! The embedded migrations of both engines, run under a lock.
//!
//! Every function here **blocks** and may be called from anywhere; from async code, wrap it in
//! `tokio::task::spawn_blocking` unless nothing else is running yet. Two processes that start at once
//! both succeed: the second waits for the first and finds nothing left to do.

use crate::dual::{SqliteOptions, open_sqlite};
use diesel::backend::Backend;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::result::{ConnectionError, Error as DieselError};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The migrations of PostgreSQL.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("postgres");

/// The migrations of SQLite, under the same names.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("sqlite");

/// The advisory lock on PostgreSQL; the number means nothing beyond being always the same.
const LOCK: i64 = 0x7a61_6d75;

/// How long SQLite waits for another process that migrates.
const PATIENCE: Duration = Duration::from_mins(1);

/// A database, by where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// PostgreSQL at this address.
    Postgres(String),
    /// SQLite in this file.
    Sqlite(PathBuf),
}

impl Target {
    /// Reads an address: `postgres://…` or `postgresql://…`, and anything else is a file, with or
    /// without `sqlite:` or `sqlite://` before it.
    pub fn from_url(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::Postgres(url.to_owned());
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        Self::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
    }
}

/// Why migrating failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// There is no connection.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// The lock that keeps two processes from migrating at once could not be taken, or not be given back.
    #[error("cannot take or release the lock for migrations: {0}")]
    Lock(#[source] DieselError),
    /// A migration failed. On SQLite nothing has changed; on PostgreSQL those before it stand.
    #[error("a migration failed: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
    /// The runtime that drives the connection to PostgreSQL could not be started.
    #[error("cannot start a runtime for migrations: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Needed by the transaction around SQLite's migrations.
impl From<DieselError> for MigrateError {
    fn from(error: DieselError) -> Self {
        Self::Lock(error)
    }
}

/// Applies every migration that is not applied yet; answers their names, oldest first. Blocks.
pub fn run(target: &Target) -> Result<Vec<String>, MigrateError> {
    on(target, Work::Run)
}

/// Reverts every applied migration, and with them all data; answers their names, newest first. Blocks.
pub fn revert_all(target: &Target) -> Result<Vec<String>, MigrateError> {
    on(target, Work::Revert)
}

/// The names of the migrations that are not applied yet, oldest first. Blocks.
pub fn pending(target: &Target) -> Result<Vec<String>, MigrateError> {
    match target {
        // Asking must not create the file.
        Target::Sqlite(path) if !path.exists() => Ok(names()),
        _ => on(target, Work::Pending),
    }
}

/// The names of all migrations of this build, oldest first.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES)
        .unwrap_or_default()
        .iter()
        .map(|migration| migration.name().to_string())
        .collect();
    names.sort_unstable();
    names
}

#[derive(Debug, Clone, Copy)]
enum Work {
    Run,
    Revert,
    Pending,
}

fn on(target: &Target, work: Work) -> Result<Vec<String>, MigrateError> {
    match target {
        Target::Postgres(url) => on_postgres(url, work),
        Target::Sqlite(path) => on_sqlite(path, work),
    }
}

/// On a thread of its own: the harness blocks on the runtime, which a thread of a runtime may not.
fn on_postgres(url: &str, work: Work) -> Result<Vec<String>, MigrateError> {
    let blocking = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let _entered = runtime.enter();
        let conn = runtime.block_on(async {
            let mut conn = AsyncPgConnection::establish(url).await?;
            let lock = format!("SELECT pg_advisory_lock({LOCK})");
            conn.batch_execute(&lock)
                .await
                .map_err(MigrateError::Lock)?;
            Ok::<_, MigrateError>(conn)
        })?;
        let mut harness = AsyncMigrationHarness::new(conn);
        let outcome = perform(&mut harness, POSTGRES, work);
        let mut conn = harness.into_inner();
        // The lock goes with the session in any case; saying so frees it before the socket closes.
        let unlock = format!("SELECT pg_advisory_unlock({LOCK})");
        let unlocked = runtime.block_on(conn.batch_execute(&unlock));
        let names = outcome?;
        unlocked.map_err(MigrateError::Lock)?;
        Ok(names)
    };
    std::thread::scope(|scope| {
        scope
            .spawn(blocking)
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// In one exclusive transaction: whoever comes second waits, and a failure leaves nothing behind.
fn on_sqlite(path: &Path, work: Work) -> Result<Vec<String>, MigrateError> {
    let mut conn = open_sqlite(path, SqliteOptions::default(), PATIENCE)?;
    conn.exclusive_transaction(|conn| perform(conn, SQLITE, work))
}

fn perform<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
    work: Work,
) -> Result<Vec<String>, MigrateError> {
    let known = MigrationSource::<DB>::migrations(&migrations).map_err(MigrateError::Migration)?;
    let name_of = |version: &MigrationVersion<'_>| -> String {
        known
            .iter()
            .map(|migration| migration.name())
            .find(|name| name.version() == *version)
            .map_or_else(|| version.to_string(), ToString::to_string)
    };
    let named = |versions: Vec<MigrationVersion<'_>>| versions.iter().map(name_of).collect();
    match work {
        Work::Run => harness.run_pending_migrations(migrations).map(named),
        Work::Revert => harness.revert_all_migrations(migrations).map(named),
        Work::Pending => harness.pending_migrations(migrations).map(|pending| {
            pending
                .iter()
                .map(|migration| migration.name().to_string())
                .collect()
        }),
    }
    .map_err(MigrateError::Migration)
}
