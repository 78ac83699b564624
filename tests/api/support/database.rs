//! A database for one test, gone when the test is.

use std::collections::BTreeMap;

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use tempfile::TempDir;
use zamu_schema::dual::{Dual, DualConnection};
use zamu_schema::migrate::{self, Target};

pub struct TestDatabase {
    pub target: Target,
    kept: Kept,
}

enum Kept {
    /// Removed with its file when dropped.
    Sqlite(#[expect(dead_code, reason = "held for its end")] TempDir),
    Postgres {
        server: String,
        name: String,
    },
}

impl TestDatabase {
    pub async fn create() -> Self {
        match server() {
            Some(server) => Self::postgres(server).await,
            None => Self::sqlite(),
        }
    }

    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            target: Target::Sqlite(folder.path().join("zamu.sqlite")),
            kept: Kept::Sqlite(folder),
        }
    }

    /// A copy of a database that was migrated once: copying takes a tenth of the time of migrating.
    async fn postgres(server: String) -> Self {
        let template = template(&server).await;
        let name = format!("zamu_test_{}", unique());
        let mut conn = DualConnection::connect_postgres(&server).await.unwrap();
        // Two copies of one template at once are refused: one after another.
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
        conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))
            .await
            .unwrap();
        let copied = conn.batch_execute(&copy).await;
        conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))
            .await
            .unwrap();
        copied.unwrap();
        Self {
            target: Target::Postgres(beside(&server, &name)),
            kept: Kept::Postgres { server, name },
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Kept::Postgres { server, name } = &self.kept else {
            return;
        };
        let (server, drop) = (
            server.clone(),
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        // A runtime of its own: the test's is about to end, and a drop cannot wait in it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut conn = DualConnection::connect_postgres(&server).await.unwrap();
                conn.batch_execute(&drop).await.unwrap();
            });
        });
        // A test that already fails shall fail with its own message.
        let _ = dropping.join();
    }
}

/// Any number would do, as long as every test uses the same.
const LOCK: i64 = 0x7a61_6d75_7465_7374;

/// The migrated template, made by whichever test comes first; a new set of migrations gets a new one.
async fn template(server: &str) -> String {
    let names = migrate::names();
    let newest = names
        .last()
        .unwrap()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let template = format!("zamu_template_{}_{newest}", names.len());
    let mut conn = DualConnection::connect_postgres(server).await.unwrap();
    conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))
        .await
        .unwrap();
    // Made under another name and renamed when it is whole: a test that was stopped half way leaves no half template.
    if !exists(&mut conn, &template).await {
        let raw = format!("{template}_raw");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {raw}"))
            .await
            .unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {raw}"))
            .await
            .unwrap();
        let target = Target::Postgres(beside(server, &raw));
        tokio::task::spawn_blocking(move || migrate::run(&target))
            .await
            .unwrap()
            .unwrap();
        conn.batch_execute(&format!("ALTER DATABASE {raw} RENAME TO {template}"))
            .await
            .unwrap();
    }
    conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))
        .await
        .unwrap();
    template
}

async fn exists(conn: &mut DualConnection, name: &str) -> bool {
    // Only a statement's success can be seen here: dividing by the number of such databases fails for none.
    let asked = format!("SELECT 1 / count(*) FROM pg_database WHERE datname = '{name}'");
    conn.batch_execute(&asked).await.is_ok()
}

/// The same server, another database.
fn beside(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (host, _database) = address.rsplit_once('/').unwrap();
    format!("{host}/{name}?{parameters}")
        .trim_end_matches('?')
        .to_owned()
}

fn server() -> Option<String> {
    setting("ZAMU_TEST_DATABASE_URL")
}

/// Whether this run is on PostgreSQL.
pub fn is_postgres() -> bool {
    server().is_some()
}

/// One of the few settings of this test binary.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the tests that reads the environment"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A connection of the test's own that sees every organization's rows.
pub async fn raw(target: &Target) -> DualConnection {
    match target {
        Target::Sqlite(path) => {
            DualConnection::open_sqlite(path, zamu_schema::dual::SqliteOptions { read_only: true })
                .unwrap()
        }
        Target::Postgres(url) => {
            let mut conn = DualConnection::connect_postgres(url).await.unwrap();
            conn.batch_execute("SELECT set_config('zamu.platform', 'on', false)")
                .await
                .unwrap();
            conn
        }
    }
}

fn unique() -> String {
    let number = u64::from_be_bytes(zamu::kernel::id::Source::random().secret());
    format!("{number:016x}")
}

/// Every row of every table as text, sorted.
pub async fn dump(target: &Target) -> BTreeMap<String, Vec<String>> {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    async fn lines(conn: &mut DualConnection, sql: String) -> Vec<String> {
        let found: Vec<Line> = diesel::sql_query(sql).load(conn).await.unwrap();
        found.into_iter().map(|found| found.line).collect()
    }
    let mut conn = raw(target).await;
    let is_postgres = conn.dialect() == Dual::Pg;
    let tables = if is_postgres {
        "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()"
    } else {
        "SELECT name AS line FROM sqlite_schema WHERE type = 'table'"
    };
    let mut all = BTreeMap::new();
    for table in lines(&mut conn, tables.to_owned()).await {
        let sql = if is_postgres {
            format!("SELECT x::text AS line FROM {table} x ORDER BY 1")
        } else {
            let columns = format!(
                "SELECT group_concat('quote(\"' || name || '\")', ' || ''|'' || ') AS line FROM pragma_table_info('{table}')"
            );
            let columns = lines(&mut conn, columns).await.remove(0);
            format!("SELECT {columns} AS line FROM \"{table}\" ORDER BY 1")
        };
        all.insert(table, lines(&mut conn, sql).await);
    }
    all
}
