//! The two engines behind one set of queries: a pool on PostgreSQL; one grouped writer and some readers on SQLite.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection as _,
    RecyclingMethod,
};
use diesel_async::{SimpleAsyncConnection, TransactionManager as _};
use futures_util::FutureExt as _;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use zamu_schema::dual::{DualConnection, DualTransactions, Prepared, SqliteOptions};

use super::group::{GroupWriter, Savepoint};
use crate::kernel::error::{Error, Result};

/// The database, whichever engine it is. Private to `db`: the rest sees transactions.
#[derive(Clone)]
pub struct Db(Engine);

#[derive(Clone)]
enum Engine {
    Postgres(Pool<DualConnection>),
    Sqlite {
        writer: GroupWriter,
        readers: Arc<Readers>,
    },
}

/// How long a request waits for a connection before it is told to try again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to connect to a server that is away.
const RETRY: Duration = Duration::from_millis(200);
/// A server that takes this long to say anything to a new transaction is away, and so is its connection.
const SILENCE: Duration = Duration::from_secs(3);
/// More connections than about four per core make a database slower; this many serve a small machine.
pub const USUAL_CONNECTIONS: u32 = 8;

impl Db {
    pub async fn postgres(url: &str, connections: u32) -> Result<Self> {
        let mut config = ManagerConfig::<DualConnection>::default();
        // A round trip per checkout would cost as much as a query; whether the server hung up is known without one.
        config.recycling_method = RecyclingMethod::CustomFunction(Box::new(|conn| {
            let answer = if conn.is_broken() {
                Err(DieselError::BrokenTransactionManager)
            } else {
                Ok(())
            };
            std::future::ready(answer).boxed()
        }));
        config.custom_setup = Box::new(|url| connect(url).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder()
            .max_size(connections)
            .connection_timeout(PATIENCE)
            // `connect` retries by itself: the pool's own pauses grow to seconds.
            .retry_connection(false)
            .build(manager)
            .await
            .map_err(Error::internal)?;
        Ok(Self(Engine::Postgres(pool)))
    }

    pub fn sqlite(path: &Path) -> Result<Self> {
        let open = |read_only| {
            DualConnection::open_sqlite(path, SqliteOptions { read_only }).map_err(Error::internal)
        };
        let writer = GroupWriter::new(open(false)?)?;
        let readers = (0..4).map(|_| open(true)).collect::<Result<Vec<_>>>()?;
        Ok(Self(Engine::Sqlite {
            writer,
            readers: Arc::new(Readers::new(readers)),
        }))
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.0, Engine::Postgres(_))
    }

    /// Whether PostgreSQL lets the server's role past row-level security: for `zamu doctor`.
    pub(crate) async fn passes_row_security(&self) -> Result<bool> {
        #[derive(diesel::QueryableByName)]
        struct Role {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            passes: bool,
        }
        let Engine::Postgres(pool) = &self.0 else {
            return Ok(false);
        };
        let mut conn = pool.get_owned().await.map_err(unavailable)?;
        let query =
            "SELECT rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname = current_user";
        let role: Role =
            diesel_async::RunQueryDsl::get_result(diesel::sql_query(query), &mut *conn).await?;
        Ok(role.passes)
    }

    /// Begins a change on behalf of an organization, or of the platform.
    pub(super) async fn write(&self, rows: Rows) -> Result<Conn> {
        match &self.0 {
            Engine::Postgres(pool) => {
                let begin = format!("BEGIN; {}", rows.statement("true"));
                checkout(pool, begin, true).await
            }
            Engine::Sqlite { writer, .. } => Ok(Conn::Writer(Some(writer.begin().await?))),
        }
    }

    /// A connection to read with; every statement sees what is committed when it starts.
    pub(super) async fn read(&self, rows: Rows) -> Result<Conn> {
        match &self.0 {
            Engine::Postgres(pool) => checkout(pool, rows.statement("false"), false).await,
            Engine::Sqlite { readers, .. } => Ok(Conn::Reader(readers.get().await?)),
        }
    }
}

/// Connects, trying again while the server is away: whoever waits gets a connection soon after it is back.
async fn connect(url: &str) -> diesel::ConnectionResult<DualConnection> {
    let tries = PATIENCE.as_millis() / RETRY.as_millis();
    let mut last = None;
    for _ in 0..tries {
        // A server that takes the connection and then says nothing is away as well.
        match timeout(SILENCE, DualConnection::connect_postgres(url)).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(error)) => last = Some(error),
            Err(_) => break,
        }
        tokio::time::sleep(RETRY).await;
    }
    Err(last.unwrap_or_else(|| {
        diesel::ConnectionError::BadConnection("the server does not answer".to_owned())
    }))
}

/// Takes a connection from the pool and says whose rows it may touch. That travels with the first statement, which
/// saves a round trip; a statement that never comes back ends with its request, and the connection with it.
async fn checkout(pool: &Pool<DualConnection>, begin: String, open: bool) -> Result<Conn> {
    let mut conn = pool.get_owned().await.map_err(unavailable)?;
    conn.defer(begin);
    // From here on a request that goes away rolls back, or the next one finds itself in its transaction.
    Ok(Conn::Postgres {
        conn: Some(conn),
        open,
    })
}

/// Whose rows a connection may touch: row-level security on PostgreSQL goes by it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows {
    Of(uuid::Uuid),
    Platform,
}

impl Rows {
    /// Typed values only, so nothing a person typed reaches this text.
    fn statement(self, local: &str) -> String {
        let (org, platform) = match self {
            Self::Of(org) => (org.to_string(), "off"),
            Self::Platform => (String::new(), "on"),
        };
        format!(
            "SELECT set_config('zamu.org', '{org}', {local}), set_config('zamu.platform', '{platform}', {local})"
        )
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    tracing::warn!(%error, "no database connection");
    Error::try_again("the database cannot be reached right now", 1)
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        unavailable(error)
    }
}

/// A checked-out connection with an open change, or for reading.
pub(super) enum Conn {
    Postgres {
        conn: Option<PooledConnection<'static, DualConnection>>,
        open: bool,
    },
    Writer(Option<Savepoint>),
    Reader(Reader),
}

/// One of SQLite's readers and its turn, given back in this order.
pub(super) struct Reader {
    conn: OwnedMutexGuard<DualConnection>,
    _turn: OwnedSemaphorePermit,
}

impl Conn {
    pub(super) fn get(&mut self) -> QueryResult<&mut DualConnection> {
        match self {
            Self::Postgres {
                conn: Some(conn), ..
            } => Ok(conn),
            Self::Writer(Some(savepoint)) => savepoint.conn(),
            Self::Reader(reader) => Ok(&mut reader.conn),
            _ => Err(DieselError::AlreadyInTransaction),
        }
    }

    /// Runs the last statements of a change and commits it; one round trip on PostgreSQL.
    pub(super) async fn commit(mut self, last: Vec<Prepared>) -> QueryResult<()> {
        match &mut self {
            Self::Postgres {
                conn: Some(conn),
                open,
            } => {
                let mut all = last;
                all.push(Prepared::new(&diesel::sql_query("COMMIT"), conn.dialect())?);
                conn.pipeline(all).await?;
                *open = false;
                Ok(())
            }
            Self::Writer(slot) => {
                let Some(mut savepoint) = slot.take() else {
                    return Err(DieselError::NotInTransaction);
                };
                savepoint.conn()?.pipeline(last).await?;
                savepoint.commit().await
            }
            _ => Err(DieselError::NotInTransaction),
        }
    }
}

impl Drop for Conn {
    /// A change that was not committed is rolled back; on SQLite the savepoint does it.
    fn drop(&mut self) {
        let Self::Postgres { conn, open: true } = self else {
            return;
        };
        if let (Some(mut conn), Ok(runtime)) = (conn.take(), tokio::runtime::Handle::try_current())
        {
            // Without a runtime the process is ending, and the server rolls back by itself.
            drop(runtime.spawn(async move {
                let undone = timeout(SILENCE, conn.batch_execute("ROLLBACK")).await;
                if !matches!(undone, Ok(Ok(()))) {
                    tracing::warn!(?undone, "could not roll back: the connection is closed");
                    break_off(&mut conn);
                }
            }));
        }
    }
}

/// Marks a connection as broken, so that the pool does not hand it out again.
fn break_off(conn: &mut DualConnection) {
    DualTransactions::transaction_manager_status_mut(conn).set_in_error();
}

/// The read-only connections of SQLite.
struct Readers {
    free: Arc<Semaphore>,
    conns: Vec<Arc<Mutex<DualConnection>>>,
}

impl Readers {
    fn new(conns: Vec<DualConnection>) -> Self {
        let free = Arc::new(Semaphore::new(conns.len()));
        Self {
            free,
            conns: conns
                .into_iter()
                .map(|conn| Arc::new(Mutex::new(conn)))
                .collect(),
        }
    }

    async fn get(&self) -> Result<Reader> {
        // Waiters queue for a turn, and whoever has one finds a connection free.
        let turn = Arc::clone(&self.free).acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let mut free = self.conns.iter().map(Arc::clone);
        let conn = free.find_map(|conn| conn.try_lock_owned().ok());
        let conn = conn.ok_or_else(|| Error::internal("a turn without a reader"))?;
        Ok(Reader { conn, _turn: turn })
    }
}
