//! Logs, request ids and metrics. A message reads alone, its fields can be searched, an error is logged once where it
//! is handled, and never with personal data: ids, no phones, no positions, no tokens.

use std::io::IsTerminal as _;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::kernel::time::Instant;

tokio::task_local! {
    static REQUEST: String;
}

/// Starts logging to standard error, as text for a person; in colours only for one at a terminal.
pub fn start(filter: &str) {
    // What the HTTP library says when it starts, the server says itself.
    let filter = EnvFilter::try_new(format!("poem=warn,{filter}"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start, as in tests, keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// Runs a request under an id that its log lines, audit entries and errors share.
pub async fn within_request<T>(id: String, request: impl Future<Output = T>) -> T {
    REQUEST.scope(id, request).await
}

/// The same for a stream, which is polled by whoever carries it: every item comes from under the id.
pub struct WithinRequest<S> {
    id: String,
    stream: S,
}

impl<S> WithinRequest<S> {
    pub fn new(id: String, stream: S) -> Self {
        Self { id, stream }
    }
}

impl<S: Stream + Unpin> Stream for WithinRequest<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        REQUEST.sync_scope(this.id.clone(), || stream.poll_next(cx))
    }
}

/// The id of the request being answered; `-` outside one.
pub fn request_id() -> String {
    REQUEST
        .try_with(Clone::clone)
        .unwrap_or_else(|_| "-".to_owned())
}

static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count. The recorder belongs to the process, so only the first call installs it.
pub fn measure(now: Instant) {
    METRICS.get_or_init(|| {
        install()
            .inspect_err(|error| tracing::warn!(%error, "no metrics"))
            .ok()
    });
    let seconds = i32::try_from(now.timestamp()).map_or(0.0, f64::from);
    gauge!("process_start_time_seconds").set(seconds);
}

fn install() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    const SECONDS: &[f64] = &[
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ];
    const RULE_SECONDS: &[f64] = &[
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.05,
    ];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("zamu_request_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full("zamu_rule_seconds".to_owned()), RULE_SECONDS)?
        .install_recorder()
}

/// Adds up what was measured. Samples wait in memory until somebody does, and perhaps nobody ever asks for the metrics.
pub fn sum_up() {
    if let Some(Some(handle)) = METRICS.get() {
        handle.run_upkeep();
    }
}

/// Everything counted so far, as Prometheus reads it.
pub fn metrics_text() -> String {
    let Some(Some(handle)) = METRICS.get() else {
        return String::new();
    };
    handle.run_upkeep();
    handle.render()
}

/// An operation was answered. Names and statuses come from bounded sets, never from a client.
pub fn operation_answered(operation: &str, status: String, elapsed: Duration) {
    let operation = operation.to_owned();
    counter!("zamu_requests_total", "operation" => operation.clone(), "status" => status)
        .increment(1);
    histogram!("zamu_request_seconds", "operation" => operation).record(elapsed);
}

/// A rule answered: `status` is that of the decision.
pub fn rule_decided(hook: &str, status: &str, micros: u64) {
    let hook = hook.to_owned();
    counter!("zamu_rule_decisions_total", "hook" => hook.clone(), "status" => status.to_owned())
        .increment(1);
    histogram!("zamu_rule_seconds", "hook" => hook).record(Duration::from_micros(micros));
}

/// What can be open, and how many are: sockets, subscriptions.
pub struct Open(&'static str);

impl Open {
    pub fn one(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}
