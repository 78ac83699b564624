//! An empty database on either engine, gone afterwards.

use std::path::Path;
use std::process::Command;

use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, RunQueryDsl, SimpleAsyncConnection as _};
use tempfile::TempDir;
use zamu_schema::dual::{Dual, DualConnection};
use zamu_schema::migrate::Target;

pub struct Database {
    pub url: String,
    _kept: Kept,
}

#[expect(dead_code, reason = "held for their end")]
enum Kept {
    File(TempDir),
    Service(Service),
    Given,
}

impl Database {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("zamu.sqlite").display());
        let _kept = Kept::File(folder);
        Self { url, _kept }
    }

    /// The one `ZAMU_BENCH_DATABASE_URL` names, which must be empty; otherwise a throw-away server.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one setting of the benchmarks"
    )]
    fn postgres() -> Self {
        if let Ok(url) = std::env::var("ZAMU_BENCH_DATABASE_URL") {
            return Self {
                url,
                _kept: Kept::Given,
            };
        }
        let (url, service) = Service::start();
        let _kept = Kept::Service(service);
        Self { url, _kept }
    }

    pub fn target(&self) -> Target {
        Target::from_url(&self.url)
    }

    /// A connection that sees every organization.
    pub async fn connect(&self) -> DualConnection {
        let mut conn = DualConnection::establish(&self.url).await.unwrap();
        if conn.dialect() == Dual::Pg {
            conn.batch_execute("SELECT set_config('zamu.platform', 'on', false)")
                .await
                .unwrap();
        }
        conn
    }
}

/// Makes a fresh database of an engine.
pub type Make = fn() -> Database;

/// The engines to measure: all, or those named behind `--`: `cargo bench --bench live -- sqlite`.
pub fn engines() -> Vec<(&'static str, Make)> {
    let all: [(&str, Make); 2] = [
        ("SQLite", Database::sqlite),
        ("PostgreSQL", Database::postgres),
    ];
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .map(|name| name.to_lowercase())
        .collect();
    let is_wanted = |name: &str| named.is_empty() || named.contains(&name.to_lowercase());
    all.into_iter()
        .filter(|(name, _)| is_wanted(name))
        .collect()
}

/// Waits until every committed event has its number.
pub async fn drained(conn: &mut DualConnection) {
    use zamu_schema::tables::outbox;
    while outbox::table.count().get_result::<i64>(conn).await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// What `.ci/services` started.
struct Service(String);

impl Service {
    fn start() -> (String, Self) {
        let start =
            r#"eval "$(.ci/services start)" && echo "$TEST_SERVICES" && echo "$TEST_POSTGRES_URL""#;
        let output = bash(start).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (folder, url) = text
            .trim()
            .split_once('\n')
            .unwrap_or_else(|| panic!("no PostgreSQL"));
        (url.to_owned(), Self(folder.to_owned()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = bash(".ci/services stop")
            .env("TEST_SERVICES", &self.0)
            .status();
    }
}

fn bash(script: &str) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", script])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    command
}
