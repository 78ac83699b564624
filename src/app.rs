//! The application: everything a request may touch, and the only two doors to the database.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zamu_rules::Rulebook;
use zamu_schema::migrate::Target;

use crate::auth::access::Access;
use crate::auth::action::Action;
use crate::auth::token::Keys;
use crate::auth::viewer::Viewer;
use crate::config::Config;
use crate::db::backend::Db;
use crate::db::lobby::Lobby;
use crate::db::tx::Tx;
use crate::events::bus::Bus;
use crate::events::dispatch::{self, Tail};
use crate::identity::attempts::Hashing;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::Source;
use crate::kernel::time::{Clock, Instant, SystemClock};
use crate::orgs::store::Remembered;
use crate::rules::decisions::snapshots::Snapshots;
use crate::rules::editor::turns::Turns;
use crate::rules::force::Guards;
use crate::rules::replays::Lane;
use crate::rules::timeline::Timelines;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Source,
    bus: Bus,
    access: Access,
    organizations: Remembered,
    keys: Keys,
    hashing: Hashing,
    rules: ArcSwap<Rulebook>,
    timelines: Timelines,
    guards: Guards,
    checks: Turns,
    snapshots: Snapshots,
    replays: Lane,
    tasks: Tasks,
}

/// What differs between the server and a test.
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub ids: Source,
    pub keys: Keys,
    pub hashing: Hashing,
    pub rules: Rulebook,
}

impl Parts {
    /// The machine's clock and randomness.
    pub fn real(keys: Keys, rules: Rulebook) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Source::random(),
            keys,
            hashing: Hashing::strong(),
            rules,
        }
    }
}

impl App {
    /// Migrates the database and opens it.
    pub async fn open(target: &Target, connections: u32, parts: Parts) -> Result<Self> {
        let wanted = target.clone();
        let migrate = move || zamu_schema::migrate::run(&wanted);
        let applied = tokio::task::spawn_blocking(migrate)
            .await
            .map_err(Error::internal)?
            .map_err(Error::internal)?;
        for name in applied {
            tracing::info!(migration = name, "migrated");
        }
        let db = match target {
            Target::Postgres(url) => Db::postgres(url, connections).await?,
            Target::Sqlite(path) => Db::sqlite(path)?,
        };
        let Parts {
            clock,
            ids,
            keys,
            hashing,
            rules,
        } = parts;
        let rules = ArcSwap::from_pointee(rules);
        let (bus, access, tasks) = (Bus::default(), Access::default(), Tasks::default());
        let organizations = Remembered::default();
        Ok(Self(Arc::new(Inner {
            db,
            clock,
            ids,
            bus,
            access,
            organizations,
            keys,
            hashing,
            rules,
            timelines: Timelines::default(),
            guards: Guards::default(),
            checks: Turns::default(),
            snapshots: Snapshots::default(),
            replays: Lane::default(),
            tasks,
        })))
    }

    /// As the settings say, with the secret they name or the one kept in the data directory.
    pub async fn from_config(config: &Config) -> Result<Self> {
        if let Target::Sqlite(path) = &config.database
            && let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(Error::internal)?;
        }
        let ids = Source::random();
        let secret = match &config.secret {
            Some(secret) => secret.clone(),
            None => kept_secret(&config.data_dir, &ids)?,
        };
        let (rules, problems) = Rulebook::load(&config.rules_dir, Some(&config.plugins_dir), None);
        crate::rules::files::report(&problems);
        let parts = Parts {
            ids,
            ..Parts::real(Keys::new(&secret), rules)
        };
        Self::open(&config.database, config.connections, parts).await
    }

    /// Begins a change: one viewer, one action, one instant.
    pub async fn begin(&self, viewer: &Viewer, action: Action) -> Result<Tx> {
        Tx::begin(self, viewer, action, true).await
    }

    /// Begins to read. A change attempted through it fails.
    pub async fn read(&self, viewer: &Viewer, action: Action) -> Result<Tx> {
        Tx::begin(self, viewer, action, false).await
    }

    /// Reads what exists before anyone belongs to an organization.
    pub(crate) async fn lobby(&self) -> Result<Lobby> {
        Lobby::read(self).await
    }

    /// Changes what exists before anyone belongs to an organization.
    pub(crate) async fn lobby_change(&self) -> Result<Lobby> {
        Lobby::write(self).await
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    pub fn ids(&self) -> &Source {
        &self.0.ids
    }

    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub fn access(&self) -> &Access {
        &self.0.access
    }

    pub(crate) fn organizations(&self) -> &Remembered {
        &self.0.organizations
    }

    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    /// What ships and what files say; slices ask [`crate::rules::force::InForce`].
    pub fn rules(&self) -> Arc<Rulebook> {
        self.0.rules.load_full()
    }

    pub fn set_rules(&self, rules: Rulebook) {
        self.0.rules.store(Arc::new(rules));
        self.0.timelines.forget_all();
    }

    pub(crate) fn timelines(&self) -> &Timelines {
        &self.0.timelines
    }

    pub(crate) fn guards(&self) -> &Guards {
        &self.0.guards
    }

    pub(crate) fn checks(&self) -> &Turns {
        &self.0.checks
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    pub(crate) fn replays(&self) -> &Lane {
        &self.0.replays
    }

    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Numbers and publishes everything committed so far: what tests and short commands call instead of waiting.
    pub async fn drain(&self) -> Result<()> {
        let mut tail = Tail::start(self).await;
        while dispatch::round(self, &mut tail).await? > 0 {}
        Ok(())
    }
}

/// The background work that a shutdown waits for.
#[derive(Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Resolves when the server begins to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Asks everybody to end and waits for them.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// The secret of a server on a loopback address: made once, kept beside the database, readable by its owner only.
fn kept_secret(data_dir: &Path, ids: &Source) -> Result<String> {
    let path = data_dir.join("secret");
    if let Ok(secret) = std::fs::read_to_string(&path) {
        return Ok(secret);
    }
    std::fs::create_dir_all(data_dir).map_err(Error::internal)?;
    let secret = crate::kernel::text::hex(&ids.secret::<32>());
    write_private(&path, &secret).map_err(Error::internal)?;
    Ok(secret)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}
