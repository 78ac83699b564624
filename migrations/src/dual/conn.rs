//! The connection: one enum over both engines, prepared statements, pipelines, transactions.

use crate::dual::backend::{Binds, Dual, DualQueryBuilder};
use crate::dual::row::{DualRow, PgRow, SqliteRow};
use crate::dual::types::{Bind, Instant, JsonText, Kind, UuidValue};
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, Instrumentation, SimpleConnection,
    TransactionManager as SyncTransactionManager, TransactionManagerStatus,
};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use diesel::sql_types as st;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{ConnectionResult, QueryResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_async::{
    AsyncConnection, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::future::{BoxFuture, join, join_all};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use std::fmt::Write as _;
use std::future::ready;
use std::path::Path;
use std::time::{Duration, Instant as Clock};

pub(crate) type SqliteAsync = SyncConnectionWrapper<SqliteConnection, InPlace>;

/// How many statements of a pipeline are on their way at once.
const PIPELINE_DEPTH: usize = 30;

/// Statements with at most this many values are kept prepared even if their text depends on how many rows or list
/// items they carry: parsing such a statement anew costs a round trip and more than running it. A clock-in's largest
/// insert has as many; longer ones come in too many lengths to keep.
const FEW_BINDS: usize = 48;

/// How long SQLite waits for another writer before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs SQLite's calls where they are made, on the caller's own thread.
///
/// Handing every statement to another thread costs more than most statements do. It follows that a
/// connection to SQLite belongs on a thread that may block: the call is over before its future is polled.
#[derive(Debug, Clone, Copy, Default)]
pub struct InPlace;

impl SpawnBlocking for InPlace {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        InPlace
    }
}

/// How to open a file of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SqliteOptions {
    /// Refuse every write, and do not create the file.
    pub read_only: bool,
}

/// A statement turned into text and bound values for one engine, once.
///
/// It owns everything it needs, so it can be built where the data is and sent to where the connection is.
#[derive(Debug, Clone)]
pub struct Prepared {
    sql: String,
    binds: Binds,
    cacheable: bool,
    engine: Dual,
}

impl Prepared {
    /// Builds the text and the bound values of a query for the given engine.
    pub fn new<Q: QueryFragment<Dual>>(query: &Q, engine: Dual) -> QueryResult<Self> {
        let backend = engine.as_static();
        let mut builder = DualQueryBuilder::new(engine);
        query.to_sql(&mut builder, backend)?;
        let mut binds = Binds::default();
        query.collect_binds(&mut binds, &mut (), backend)?;
        // Statements are cached by their text, so any of them may be; the question is only how many texts there are.
        let cacheable = query.is_safe_to_cache_prepared(backend)? || binds.0.len() <= FEW_BINDS;
        Ok(Self {
            sql: builder.finish(),
            binds,
            cacheable,
            engine,
        })
    }

    /// The text, with placeholders.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The bound values, in the order of their placeholders.
    pub fn binds(&self) -> &Binds {
        &self.binds
    }

    /// The engine the text is for.
    pub fn engine(&self) -> Dual {
        self.engine
    }
}

/// No static identity: statements are cached by their text, and the drivers are compiled once.
impl QueryId for Prepared {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared {
    type SqlType = st::Untyped;
}

/// Replays the bound values in an engine's own types: kind, SQL type, Rust type.
macro_rules! replay {
    ($pass:ident, $binds:expr; $($kind:ident => $sql:ty, $rust:ty;)*) => {
        for bind in $binds {
            match bind {
                $((_, Some(Bind::$kind(value))) =>
                    $pass.push_bind_param_value_only::<$sql, $rust>(value)?,)*
                $((Kind::$kind, None) =>
                    $pass.push_bind_param_value_only::<st::Nullable<$sql>, Option<$rust>>(&None)?,)*
            }
        }
    };
}

impl QueryFragment<Pg> for Prepared {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(&self.sql);
        if !self.cacheable {
            pass.unsafe_to_cache_prepared();
        }
        replay!(pass, &self.binds.0;
            Bool => st::Bool, bool;
            I16 => st::SmallInt, i16;
            I32 => st::Integer, i32;
            I64 => st::BigInt, i64;
            F32 => st::Float, f32;
            F64 => st::Double, f64;
            Text => st::Text, String;
            Bytes => st::Binary, Vec<u8>;
            Date => st::Date, chrono::NaiveDate;
            Time => st::Time, chrono::NaiveTime;
            DateTime => st::Timestamp, chrono::NaiveDateTime;
            Uuid => st::Uuid, UuidValue;
            Instant => st::Timestamptz, Instant;
            Json => st::Jsonb, JsonText;
        );
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Prepared {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql(&self.sql);
        if !self.cacheable {
            pass.unsafe_to_cache_prepared();
        }
        replay!(pass, &self.binds.0;
            Bool => st::Bool, bool;
            I16 => st::SmallInt, i16;
            I32 => st::Integer, i32;
            I64 => st::BigInt, i64;
            F32 => st::Float, f32;
            F64 => st::Double, f64;
            Text => st::Text, String;
            Bytes => st::Binary, Vec<u8>;
            Date => st::Date, chrono::NaiveDate;
            Time => st::Time, chrono::NaiveTime;
            DateTime => st::Timestamp, chrono::NaiveDateTime;
            Uuid => st::Binary, UuidValue;
            Instant => st::BigInt, Instant;
            Json => st::Text, JsonText;
        );
        Ok(())
    }
}

/// A connection to either engine.
///
/// It runs ordinary Diesel queries of the backend [`Dual`] through [`diesel_async::RunQueryDsl`].
/// Statements are kept prepared by their text on both engines.
///
/// # Transactions
///
/// The application drives its own with [`batch_execute`](SimpleAsyncConnection::batch_execute); Diesel's
/// manager does not see those. Diesel's own [`transaction`](AsyncConnection::transaction) works too, and
/// begins with `BEGIN IMMEDIATE` on SQLite: a deferred one fails half-way when somebody else has written.
/// Do not mix the two on one connection at the same time.
pub enum DualConnection {
    /// PostgreSQL, with what [`defer`](Self::defer) put off.
    Pg(Box<AsyncPgConnection>, Option<String>),
    /// SQLite.
    Sqlite(SqliteAsync),
}

impl DualConnection {
    /// Connects to PostgreSQL, without TLS.
    pub async fn connect_postgres(url: &str) -> ConnectionResult<Self> {
        let conn = AsyncPgConnection::establish(url).await?;
        Ok(Self::Pg(Box::new(conn), None))
    }

    /// Opens a file of SQLite, or `:memory:`. This blocks, as every later call on the connection does.
    pub fn open_sqlite(path: &Path, options: SqliteOptions) -> ConnectionResult<Self> {
        let conn = open_sqlite(path, options, BUSY_TIMEOUT)?;
        Ok(Self::Sqlite(SqliteAsync::with_runtime(conn, InPlace)))
    }

    /// The engine at the other end.
    pub fn dialect(&self) -> Dual {
        match self {
            Self::Pg(..) => Dual::Pg,
            Self::Sqlite(_) => Dual::Sqlite,
        }
    }

    /// Puts text without an answer off until the next statement and sends both together, which saves a round trip:
    /// the beginning of a transaction, the settings of a session. What was put off before and never sent is forgotten.
    /// Only PostgreSQL is far enough away for that; on SQLite nothing happens.
    pub fn defer(&mut self, sql: String) {
        if let Self::Pg(_, deferred) = self {
            *deferred = Some(sql);
        }
    }

    /// Runs several statements that return no rows; answers how many rows each of them touched.
    ///
    /// On PostgreSQL they travel together and are executed in the order given; on SQLite they run one
    /// after another. Meant for the inside of a transaction: when one fails, the error of the first that
    /// failed is returned, and only a rollback undoes those that ran before it.
    pub async fn pipeline(&mut self, statements: Vec<Prepared>) -> QueryResult<Vec<usize>> {
        let engine = self.dialect();
        if statements.iter().any(|each| each.engine != engine) {
            return Err(Error::QueryBuilderError(
                "a statement was prepared for the other engine".into(),
            ));
        }
        let mut counts = Vec::with_capacity(statements.len());
        match self {
            Self::Pg(conn, deferred) => {
                let conn: &AsyncPgConnection = conn;
                let mut statements = statements.into_iter().peekable();
                while statements.peek().is_some() {
                    let flight = statements.by_ref().take(PIPELINE_DEPTH).map(|statement| {
                        let mut shared = conn;
                        AsyncConnectionCore::execute_returning_count(&mut shared, statement)
                    });
                    // All answers are awaited, so that none is left on the wire after an error.
                    let flight = join_all(flight).map(Ok);
                    for count in after(conn, deferred, flight).await? {
                        counts.push(count?);
                    }
                }
            }
            Self::Sqlite(conn) => {
                for statement in statements {
                    let count = AsyncConnectionCore::execute_returning_count(conn, statement);
                    counts.push(count.await?);
                }
            }
        }
        Ok(counts)
    }
}

/// Opens and sets up a file of SQLite.
pub(crate) fn open_sqlite(
    path: &Path,
    options: SqliteOptions,
    busy_timeout: Duration,
) -> ConnectionResult<SqliteConnection> {
    let name = path.to_str().ok_or_else(|| {
        ConnectionError::BadConnection(format!("{} is not valid Unicode", path.display()))
    })?;
    let mut conn = if options.read_only {
        SqliteConnection::establish(&existing_file_uri(name))?
    } else {
        SqliteConnection::establish(name)?
    };
    set_up(&mut conn, options, busy_timeout).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// A URI that opens an existing file and creates none.
///
/// It asks for writing even for a reader, because a reader of a write-ahead log keeps its place in
/// the log's index; the connection is then told to refuse writes.
fn existing_file_uri(name: &str) -> String {
    let mut uri = String::from("file:");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri.push_str("?mode=rw");
    uri
}

#[expect(
    clippy::disallowed_methods,
    reason = "opening a file blocks by contract, and there is no runtime here to wait with"
)]
fn set_up(
    conn: &mut SqliteConnection,
    options: SqliteOptions,
    busy_timeout: Duration,
) -> QueryResult<()> {
    // In KiB. Of readers there are several, and what they miss is mostly in the memory of the operating system.
    let cache = if options.read_only { 2_000 } else { 8_000 };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache}; PRAGMA mmap_size = 0; \
         PRAGMA case_sensitive_like = ON;",
        busy_timeout.as_millis()
    ))?;
    if options.read_only {
        return conn.batch_execute("PRAGMA query_only = ON;");
    }
    // The change to write-ahead logging needs the file alone and does not honour the busy timeout.
    let deadline = Clock::now() + busy_timeout;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(error) if is_locked(&error) && Clock::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, information)
        if information.message().contains("locked"))
}

impl SimpleAsyncConnection for DualConnection {
    async fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        match self {
            Self::Pg(conn, deferred) => match deferred.take() {
                Some(first) => conn.batch_execute(&format!("{first}; {sql}")).await,
                None => conn.batch_execute(sql).await,
            },
            Self::Sqlite(conn) => conn.batch_execute(sql).await,
        }
    }
}

type Rows<R> = BoxStream<'static, QueryResult<R>>;

impl AsyncConnectionCore for DualConnection {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Rows<DualRow>>>;
    type Stream<'conn, 'query> = Rows<DualRow>;
    type Row<'conn, 'query> = DualRow;
    type Backend = Dual;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Dual> + QueryId + 'query,
    {
        load(self, Prepared::new(&source.as_query(), self.dialect()))
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Dual> + QueryId + 'query,
    {
        execute(self, Prepared::new(&source, self.dialect()))
    }
}

fn load(
    conn: &mut DualConnection,
    query: QueryResult<Prepared>,
) -> BoxFuture<'_, QueryResult<Rows<DualRow>>> {
    let query = match query {
        Ok(query) => query,
        Err(error) => return ready(Err(error)).boxed(),
    };
    match conn {
        DualConnection::Pg(conn, deferred) => {
            let mut shared: &AsyncPgConnection = conn;
            let rows: BoxFuture<'_, QueryResult<Rows<PgRow>>> =
                AsyncConnectionCore::load(&mut shared, query);
            after(conn, deferred, rows)
                .map(|rows| Ok(rows?.map(|row| row.map(DualRow::Pg)).boxed()))
                .boxed()
        }
        DualConnection::Sqlite(conn) => {
            let rows: BoxFuture<'_, QueryResult<Rows<SqliteRow>>> =
                AsyncConnectionCore::load(conn, query);
            rows.map(|rows| Ok(rows?.map(|row| row.map(DualRow::Sqlite)).boxed()))
                .boxed()
        }
    }
}

fn execute(
    conn: &mut DualConnection,
    query: QueryResult<Prepared>,
) -> BoxFuture<'_, QueryResult<usize>> {
    let query = match query {
        Ok(query) => query,
        Err(error) => return ready(Err(error)).boxed(),
    };
    match conn {
        DualConnection::Pg(conn, deferred) => {
            let mut shared: &AsyncPgConnection = conn;
            let count = AsyncConnectionCore::execute_returning_count(&mut shared, query);
            after(conn, deferred, count).boxed()
        }
        DualConnection::Sqlite(conn) => AsyncConnectionCore::execute_returning_count(conn, query),
    }
}

/// Sends what was put off, and the work behind it without waiting. The order on the wire is that of the first polls.
async fn after<T>(
    conn: &AsyncPgConnection,
    deferred: &mut Option<String>,
    work: impl Future<Output = QueryResult<T>>,
) -> QueryResult<T> {
    let Some(first) = deferred.take() else {
        return work.await;
    };
    let mut shared = conn;
    let (begun, done) = join(shared.batch_execute(&first), work).await;
    begun.and(done)
}

type PgTransactions = <AsyncPgConnection as AsyncConnection>::TransactionManager;
type SqliteTransactions = <SqliteAsync as AsyncConnection>::TransactionManager;

/// Diesel's transactions on either engine.
#[derive(Debug, Clone, Copy)]
pub struct DualTransactions;

impl TransactionManager<DualConnection> for DualTransactions {
    type TransactionStateData = DualConnection;

    async fn begin_transaction(conn: &mut DualConnection) -> QueryResult<()> {
        match conn {
            DualConnection::Pg(conn, _) => PgTransactions::begin_transaction(&mut **conn).await,
            DualConnection::Sqlite(conn) => {
                conn.spawn_blocking(|conn| {
                    type Manager = AnsiTransactionManager;
                    let status = <Manager as SyncTransactionManager<SqliteConnection>>::
                        transaction_manager_status_mut(conn);
                    if status.transaction_depth()?.is_none() {
                        Manager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
                    } else {
                        <Manager as SyncTransactionManager<_>>::begin_transaction(conn)
                    }
                })
                .await
            }
        }
    }

    async fn rollback_transaction(conn: &mut DualConnection) -> QueryResult<()> {
        match conn {
            DualConnection::Pg(conn, _) => PgTransactions::rollback_transaction(&mut **conn).await,
            DualConnection::Sqlite(conn) => SqliteTransactions::rollback_transaction(conn).await,
        }
    }

    async fn commit_transaction(conn: &mut DualConnection) -> QueryResult<()> {
        match conn {
            DualConnection::Pg(conn, _) => PgTransactions::commit_transaction(&mut **conn).await,
            DualConnection::Sqlite(conn) => SqliteTransactions::commit_transaction(conn).await,
        }
    }

    fn transaction_manager_status_mut(conn: &mut DualConnection) -> &mut TransactionManagerStatus {
        match conn {
            DualConnection::Pg(conn, _) => {
                PgTransactions::transaction_manager_status_mut(&mut **conn)
            }
            DualConnection::Sqlite(conn) => {
                SqliteTransactions::transaction_manager_status_mut(conn)
            }
        }
    }

    fn is_broken_transaction_manager(conn: &mut DualConnection) -> bool {
        match conn {
            DualConnection::Pg(conn, _) => {
                PgTransactions::is_broken_transaction_manager(&mut **conn)
            }
            DualConnection::Sqlite(conn) => SqliteTransactions::is_broken_transaction_manager(conn),
        }
    }
}

impl AsyncConnection for DualConnection {
    type TransactionManager = DualTransactions;

    /// Connects to what the address names: `postgres://…`, or a file, with or without `sqlite:` before it.
    async fn establish(url: &str) -> ConnectionResult<Self> {
        match crate::migrate::Target::from_url(url) {
            crate::migrate::Target::Postgres(url) => Self::connect_postgres(&url).await,
            crate::migrate::Target::Sqlite(path) => {
                Self::open_sqlite(&path, SqliteOptions::default())
            }
        }
    }

    fn transaction_state(&mut self) -> &mut DualConnection {
        self
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        match self {
            Self::Pg(conn, _) => conn.instrumentation(),
            Self::Sqlite(conn) => conn.instrumentation(),
        }
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        match self {
            Self::Pg(conn, _) => conn.set_instrumentation(instrumentation),
            Self::Sqlite(conn) => conn.set_instrumentation(instrumentation),
        }
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        match self {
            Self::Pg(conn, _) => conn.set_prepared_statement_cache_size(size),
            Self::Sqlite(conn) => conn.set_prepared_statement_cache_size(size),
        }
    }
}

impl PoolableConnection for DualConnection {
    fn is_broken(&mut self) -> bool {
        match self {
            Self::Pg(conn, _) => conn.is_broken(),
            Self::Sqlite(conn) => conn.is_broken(),
        }
    }
}
