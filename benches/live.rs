//! How long after its commit an event is with everybody who listens: a thousand WebSockets on `sessionEvents`, and
//! clock-ins at a steady rate beside them.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a benchmark says what it found, and panics where there is nothing to find"
)]

#[expect(dead_code, reason = "shared with the other benchmarks")]
mod support;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};

use support::client::{Client, Listener};
use support::database::{Database, drained, engines};
use support::people::People;
use support::server::Server;
use support::{block_on, histogram, micros, millis};

const SUBSCRIBERS: usize = 1_000;
/// Clock-ins per second, and how many at that rate.
const STEPS: [(u32, u64); 3] = [(2, 20), (10, 100), (20, 200)];
/// What the 99th percentile may be.
const LIMIT: Duration = Duration::from_millis(100);
const QUERY: &str = "subscription { sessionEvents { number kind at sessionId } }";

fn main() {
    println!(
        "| engine | clock-ins/s | deliveries/s | p50 ms | p99 ms | slowest ms | p99 of 100 ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (engine, open) in engines() {
        block_on(measure(engine, open()));
    }
}

async fn measure(engine: &str, database: Database) {
    let total: u64 = STEPS.iter().map(|(_, count)| count).sum();
    let people = People::found(&database, 1 + total).await;
    let server = Server::start(&database).await;
    drained(&mut database.connect().await).await;
    // The administrator, who sees everybody.
    let token = people.token(0);
    let mut listeners = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let client = Client::connect(server.address).await;
        listeners.push(client.listen(&token, QUERY).await);
    }
    // A subscription is not acknowledged: it begins a moment after it was asked for.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut next = 1;
    for (rate, count) in STEPS {
        let requests = people.clock_ins(next..next + count);
        next += count;
        step(engine, &server, rate, &mut listeners, &requests).await;
    }
    println!(
        "\n{engine}: {} MiB resident with {SUBSCRIBERS} sockets open.\n",
        server.resident_mib()
    );
}

async fn step(
    engine: &str,
    server: &Server,
    rate: u32,
    listeners: &mut [Listener],
    requests: &[(String, String)],
) {
    let begun = Instant::now();
    let hearing = listeners
        .iter_mut()
        .map(|listener| hear(listener, requests.len()));
    let (committed, heard) =
        join(clock_in(server.address, rate, requests), join_all(hearing)).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let mut delays = histogram();
    for (session, at) in heard.into_iter().flatten() {
        // An answer and an event race: an event that came first took no time at all.
        let delay = at.saturating_duration_since(committed[&session]);
        delays.record(micros(delay)).unwrap();
    }
    let delay = |quantile| delays.value_at_quantile(quantile);
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per_second = delays.len() as f64 / elapsed;
    println!(
        "| {engine} | {rate} | {per_second:.0} | {} | {} | {} | **{:.2}** |",
        millis(delay(0.5)),
        millis(delay(0.99)),
        millis(delays.max()),
        Duration::from_micros(delay(0.99)).as_secs_f64() / LIMIT.as_secs_f64(),
    );
}

/// When each session's clock-in was answered; the clock-ins come at their times, whatever became of those before.
async fn clock_in(
    address: SocketAddr,
    rate: u32,
    requests: &[(String, String)],
) -> HashMap<String, Instant> {
    let begun = tokio::time::Instant::now();
    let each = requests
        .iter()
        .enumerate()
        .map(async |(index, (token, body))| {
            let wait = Duration::from_secs(1) * u32::try_from(index).unwrap() / rate;
            tokio::time::sleep_until(begun + wait).await;
            let mut client = Client::connect(address).await;
            let answer = client.post(token, body).await;
            (id(&answer), Instant::now())
        });
    join_all(each).await.into_iter().collect()
}

/// When each session's event came.
async fn hear(listener: &mut Listener, count: usize) -> Vec<(String, Instant)> {
    let mut heard = Vec::with_capacity(count);
    while heard.len() < count {
        let message = listener.hear().await;
        if message.contains(r#""type":"next""#) {
            heard.push((id(&message), Instant::now()));
        }
    }
    heard
}

/// The first session's id in a text.
fn id(text: &str) -> String {
    let start = text.find("\"ses_").unwrap_or_else(|| panic!("{text}")) + 1;
    text[start..start + 36].to_owned()
}
