//! What the benchmarks share: a database full of people, the real server beside it, and a light client.
//!
//! The client is a few lines over a TCP stream: a full HTTP client would take a good part of the two cores it shares
//! with the server it measures.

pub mod client;
pub mod database;
pub mod people;
pub mod server;

use std::time::Duration;

use hdrhistogram::Histogram;

/// Delays in microseconds.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap()
}

pub fn micros(delay: Duration) -> u64 {
    u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds as milliseconds with two digits.
pub fn millis(micros: u64) -> String {
    format!(
        "{:.2}",
        Duration::from_micros(micros).as_secs_f64() * 1000.0
    )
}

/// Everything on one thread: the measuring side shall be small beside what it measures.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}
