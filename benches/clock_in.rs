//! The whole of a clock-in: HTTP, authentication, rules, and a commit that is on disk. Beside it, in the same run, the
//! same SQL transaction without a server: pgbench on PostgreSQL, a bare writer on SQLite.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a benchmark says what it found, and panics where there is nothing to find"
)]

#[path = "support/peer.rs"]
mod peer;
#[expect(dead_code, reason = "shared with the other benchmarks")]
mod support;

use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use zamu_schema::dual::Dual;

use support::client::{Run, drive};
use support::database::{Database, drained, engines};
use support::people::People;
use support::server::Server;
use support::{block_on, millis};

/// How many connections, and how many clock-ins over them.
const STEPS: [(usize, u64); 3] = [(1, 1_600), (16, 6_400), (64, 6_400)];
/// Before anything is measured: statements are prepared, caches are warm.
const WARM_UP: u64 = 640;

fn main() {
    println!(
        "| engine | connections | ops/s | p50 ms | p99 ms | CPU µs/op | MiB | peer ops/s | peer p50 | peer p99 | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (engine, open) in engines() {
        block_on(measure(engine, open()));
    }
}

async fn measure(engine: &str, database: Database) {
    let total: u64 = STEPS.iter().map(|(_, count)| 2 * count).sum();
    let people = People::found(&database, 1 + WARM_UP + total).await;
    let mut conn = database.connect().await;
    let tidy = match conn.dialect() {
        Dual::Pg => "VACUUM ANALYZE",
        Dual::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    conn.batch_execute(tidy).await.unwrap();
    let server = Server::start(&database).await;
    let idle = server.resident_mib();
    let mut next = 1;
    let mut take = |count: u64| {
        next += count;
        next - count..next
    };
    drive(server.address, 16, &people.clock_ins(take(WARM_UP))).await;
    drained(&mut conn).await;
    for (connections, count) in STEPS {
        let used = server.processor();
        let run = drive(server.address, connections, &people.clock_ins(take(count))).await;
        drained(&mut conn).await;
        let used = (server.processor() - used) / u32::try_from(count).unwrap();
        let numbers = take(count);
        server.pause(true);
        let peer = match conn.dialect() {
            Dual::Sqlite => peer::sqlite(&mut conn, people.org, numbers).await,
            Dual::Pg => peer::pgbench(&database.url, people.org, connections as u64, numbers),
        };
        server.pause(false);
        drained(&mut conn).await;
        let cost = (used, server.resident_mib());
        row(engine, connections, &run, cost, &peer);
    }
    println!(
        "\n{engine}: ready after {} ms; {idle} MiB resident when ready, {} MiB after the load; {:.2} of 60 MiB.\n",
        server.start.as_millis(),
        server.resident_mib(),
        server.resident_mib() as f64 / 60.0,
    );
}

fn row(engine: &str, connections: usize, run: &Run, (used, mib): (Duration, u64), peer: &Run) {
    let delay = |run: &Run, quantile| millis(run.delays.value_at_quantile(quantile));
    println!(
        "| {engine} | {connections} | {:.0} | {} | {} | {} | {mib} | {:.0} | {} | {} | **{:.2}** |",
        run.per_second,
        delay(run, 0.5),
        delay(run, 0.99),
        used.as_micros(),
        peer.per_second,
        delay(peer, 0.5),
        delay(peer, 0.99),
        run.per_second / peer.per_second,
    );
}
