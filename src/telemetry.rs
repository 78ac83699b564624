//! Logs and request ids. A message reads alone, its fields can be searched, an error is logged once where it is
//! handled, and never with personal data: ids, no phones, no positions, no tokens.

use tracing_subscriber::EnvFilter;

tokio::task_local! {
    static REQUEST: String;
}

/// Starts logging to standard error, as text for a person at a terminal.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start, as in tests, keeps the first.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).try_init();
}

/// Runs a request under an id that its log lines, audit entries and errors share.
pub async fn within_request<T>(id: String, request: impl Future<Output = T>) -> T {
    REQUEST.scope(id, request).await
}

/// The id of the request being answered; `-` outside one.
pub fn request_id() -> String {
    REQUEST.try_with(Clone::clone).unwrap_or_else(|_| "-".to_owned())
}
