//! The two engines behind one set of queries: a pool on PostgreSQL; one grouped writer and some readers on SQLite.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod,
};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use zamu_schema::dual::{DualConnection, Prepared, SqliteOptions};

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
const PATIENCE: Duration = Duration::from_secs(5);
/// More connections than about four per core make a database slower; this many serve a small machine.
pub const USUAL_CONNECTIONS: u32 = 8;

impl Db {
    pub async fn postgres(url: &str, connections: u32) -> Result<Self> {
        let mut config = ManagerConfig::<DualConnection>::default();
        // A round trip per checkout would cost as much as a query; a broken connection shows at its next use.
        config.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder()
            .max_size(connections)
            .connection_timeout(PATIENCE)
            .build(manager)
            .await
            .map_err(Error::internal)?;
        Ok(Self(Engine::Postgres(pool)))
    }

    pub fn sqlite(path: &Path) -> Result<Self> {
        let open = |read_only| {
            DualConnection::open_sqlite(path, SqliteOptions { read_only }).map_err(Error::internal)
        };
        let writer = GroupWriter::new(open(false)?);
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
                let mut conn = pool.get_owned().await.map_err(unavailable)?;
                conn.defer(format!("BEGIN; {}", rows.statement("true")));
                Ok(Conn::Postgres {
                    conn: Some(conn),
                    open: true,
                })
            }
            Engine::Sqlite { writer, .. } => Ok(Conn::Writer(Some(writer.begin().await?))),
        }
    }

    /// A connection to read with; every statement sees what is committed when it starts.
    pub(super) async fn read(&self, rows: Rows) -> Result<Conn> {
        match &self.0 {
            Engine::Postgres(pool) => {
                let mut conn = pool.get_owned().await.map_err(unavailable)?;
                conn.defer(rows.statement("false"));
                Ok(Conn::Postgres {
                    conn: Some(conn),
                    open: false,
                })
            }
            Engine::Sqlite { readers, .. } => Ok(Conn::Reader(readers.get().await?)),
        }
    }
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
    Reader(OwnedMutexGuard<DualConnection>),
}

impl Conn {
    pub(super) fn get(&mut self) -> QueryResult<&mut DualConnection> {
        match self {
            Self::Postgres {
                conn: Some(conn), ..
            } => Ok(conn),
            Self::Writer(Some(savepoint)) => savepoint.conn(),
            Self::Reader(conn) => Ok(conn),
            _ => Err(diesel::result::Error::AlreadyInTransaction),
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
                    return Err(diesel::result::Error::NotInTransaction);
                };
                savepoint.conn()?.pipeline(last).await?;
                savepoint.commit().await
            }
            _ => Err(diesel::result::Error::NotInTransaction),
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
                if let Err(error) = conn.batch_execute("ROLLBACK").await {
                    tracing::warn!(%error, "could not roll back");
                }
            }));
        }
    }
}

/// The read-only connections of SQLite.
struct Readers {
    free: Semaphore,
    conns: Vec<Arc<Mutex<DualConnection>>>,
}

impl Readers {
    fn new(conns: Vec<DualConnection>) -> Self {
        let free = Semaphore::new(conns.len());
        Self {
            free,
            conns: conns
                .into_iter()
                .map(|conn| Arc::new(Mutex::new(conn)))
                .collect(),
        }
    }

    async fn get(&self) -> Result<OwnedMutexGuard<DualConnection>> {
        // The semaphore only makes waiters queue; the mutex is what guards.
        let _turn = self.free.acquire().await.map_err(Error::internal)?;
        for conn in &self.conns {
            if let Ok(guard) = Arc::clone(conn).try_lock_owned() {
                return Ok(guard);
            }
        }
        match self.conns.first() {
            Some(conn) => Ok(Arc::clone(conn).lock_owned().await),
            None => Err(Error::try_again("no reader", 1)),
        }
    }
}
