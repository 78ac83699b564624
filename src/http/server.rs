//! Listening, and stopping without losing an accepted request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::Server;
use poem::listener::TcpAcceptor;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use super::page::Demo;
use super::routes;
use crate::app::App;
use crate::config::Config;
use crate::events::dispatch;
use crate::graphql::ZamuSchema;
use crate::kernel::error::{Error, Result};
use crate::telemetry;

/// How long the server waits for others. Tests shorten these.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// One query or mutation, from its first step to its answer.
    pub execution: Duration,
    /// From the opening of a socket to its `connection_init`.
    pub init: Duration,
    /// Between two pings; a peer that is silent for two of them is gone.
    pub ping: Duration,
    /// Between two looks at the credentials of an open socket, beside the events that end them at once.
    pub recheck: Duration,
    /// A connection on which nothing happens.
    pub idle: Duration,
    /// From the wish to stop to the end of the last request.
    pub drain: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            execution: Duration::from_secs(10),
            init: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            recheck: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(10),
        }
    }
}

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Browser origins that may call the API from another site.
    pub allowed_origins: Vec<String>,
    /// Whether `X-Forwarded-For` can be believed.
    pub trusted_proxy: bool,
    /// Credentials the explorer fills in.
    pub demo: Option<Demo>,
    pub deadlines: Deadlines,
}

impl Options {
    fn from_config(config: &Config, demo: Option<Demo>) -> Self {
        let allowed_origins = config.allowed_origins.clone();
        Self {
            allowed_origins,
            trusted_proxy: config.trusted_proxy,
            demo,
            deadlines: Deadlines::default(),
        }
    }
}

/// What every endpoint shares.
pub(super) struct Web {
    pub(super) app: App,
    pub(super) schema: ZamuSchema,
    pub(super) options: Options,
    /// The server has been asked to stop: streams say goodbye.
    pub(super) stopping: CancellationToken,
}

/// A server that runs. Dropped, it goes on; [`Running::stop`] ends it.
pub struct Running {
    address: SocketAddr,
    app: App,
    stopping: CancellationToken,
    ended: CancellationToken,
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, answers what was accepted, closes sockets, ends the background work.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.ended.cancelled().await;
        self.app.tasks().stop().await;
    }
}

/// Starts to serve on an address; port 0 takes a free one.
pub async fn bind(app: App, listen: SocketAddr, options: Options) -> Result<Running> {
    telemetry::measure(app.now());
    let listener = listening(listen).map_err(Error::internal)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let acceptor = TcpAcceptor::from_tokio(listener).map_err(Error::internal)?;
    let (stopping, ended) = (CancellationToken::new(), CancellationToken::new());
    let Deadlines { idle, drain, .. } = options.deadlines;
    let schema = crate::graphql::schema();
    let web = Arc::new(Web {
        app: app.clone(),
        schema,
        options,
        stopping: stopping.clone(),
    });
    let tail = dispatch::Tail::start(&app).await;
    app.tasks().spawn(dispatch::run_from(app.clone(), tail));
    app.tasks().spawn(crate::jobs::run(app.clone()));
    app.tasks().spawn(crate::reactions::run(app.clone()));
    app.tasks()
        .spawn(crate::rules::releases::nodes::run(app.clone()));
    app.tasks().spawn(sum_up(app.clone()));
    let (wish, end) = (stopping.clone(), ended.clone());
    app.tasks().spawn(async move {
        let _end = end.drop_guard();
        let server = Server::new_with_acceptor(acceptor)
            .name("zamu")
            .idle_timeout(idle);
        let serving = server.run_with_graceful_shutdown(
            routes::all(&web),
            wish.cancelled_owned(),
            Some(drain),
        );
        if let Err(error) = serving.await {
            tracing::error!(%error, "the server ended");
        }
    });
    Ok(Running {
        address,
        app,
        stopping,
        ended,
    })
}

/// How long samples of the metrics wait in memory.
const SUM_UP: Duration = Duration::from_secs(5);

async fn sum_up(app: App) {
    loop {
        tokio::select! {
            () = app.tasks().stopping() => return,
            () = tokio::time::sleep(SUM_UP) => telemetry::sum_up(),
        }
    }
}

/// Answers and events are small and go out at once: connections inherit that from the socket that listens.
fn listening(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_nodelay(true)?;
    // A server that is started again must not wait for the connections of the one before to be forgotten.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Serves until the process is asked to stop.
pub async fn serve(app: App, config: &Config, demo: Option<Demo>) -> Result<()> {
    crate::rules::files::record(&app, &config.rules_dir).await;
    let watching = crate::rules::files::watch(
        app.clone(),
        config.rules_dir.clone(),
        Some(config.plugins_dir.clone()),
    );
    app.tasks().spawn(watching);
    let running = bind(app, config.listen, Options::from_config(config, demo)).await?;
    tracing::info!(address = %running.address(), "zamu listens: http://{}/", running.address());
    tokio::select! {
        () = asked_to_stop() => tracing::info!("stopping: answering what was accepted"),
        () = running.ended.cancelled() => {}
    }
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGINT, or SIGTERM where there is one.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
