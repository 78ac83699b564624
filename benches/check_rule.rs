//! Checking a rule of a hundred lines while it is typed: compiled, looked at, tested, and run at every edge of its
//! limits. Once through the engine alone, once as an editor asks, over HTTP.

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

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;
use zamu_rules::checking::{Draft, check_draft};
use zamu_rules::{Content, RuleKind, Rulebook, hooks};

use support::client::Client;
use support::database::engines;
use support::people::People;
use support::server::Server;
use support::{block_on, histogram, micros, millis};

/// What an answer may take for nobody to notice it.
const LIMIT: Duration = Duration::from_millis(50);
const CHECKS: usize = 2_000;
const WARM_UP: usize = 100;
const OPERATION: &str = include_str!("../graphql/operations/rules/check_rule.graphql");
const TESTS: &str = r#"
fn test_early() { expect(run(clock_in(#{ minutes_late: -5 }), settings(#{}))).to_be("on_time"); }
fn test_inside_the_grace() { expect(run(clock_in(#{ minutes_late: 5 }), settings(#{}))).to_be("on_time"); }
fn test_late() { expect(run(clock_in(#{ minutes_late: 22 }), settings(#{}))).to_be("late"); }
fn test_every_limit() {
    for row in [[5, "on_time"], [6, "late"], [300, "very_late"]] {
        expect(run(clock_in(#{ minutes_late: row[0] }), settings(#{}))).to_be(row[1]);
    }
}
"#;

fn main() {
    let source = source();
    println!("A rule of {} lines, four tests.\n", source.lines().count());
    println!("| asked | checks | mean ms | p50 ms | p99 ms | p99 of 50 ms |");
    println!("|---|---|---|---|---|---|");
    row("the engine", &engine(&source));
    let (_, open) = engines()
        .into_iter()
        .find(|(name, _)| *name == "SQLite")
        .unwrap();
    row("over HTTP", &block_on(http(open(), &source)));
}

/// Branches as somebody writes them who has many kinds of shifts.
fn source() -> String {
    let mut text = "/// How late is this clock-in?\nfn lateness(clock_in, settings) {\n".to_owned();
    for number in 0..31 {
        let (late, grace) = (number * 7 + 40, number + 20);
        write!(
            text,
            "    if clock_in.shift.kind == \"k{number}\" && clock_in.minutes_late <= settings.grace_minutes + {grace} && clock_in.shift.planned_minutes > {late} {{\n        return on_time().because(\"the shift of kind {number} has its own grace\");\n    }}\n"
        )
        .unwrap();
    }
    text += "    if clock_in.delay_was_approved { return excused(); }\n    inherit()\n}\n";
    text
}

fn engine(source: &str) -> Histogram<u64> {
    let (rules, content) = (Rulebook::embedded(), Content::default());
    let draft = Draft {
        hook: hooks::LATENESS,
        kind: RuleKind::Script,
        text: source,
        tests: Some(TESTS),
        cases: &[],
        content: &content,
    };
    let mut delays = histogram();
    for number in 0..WARM_UP + CHECKS {
        let begun = Instant::now();
        let report = check_draft(&rules, &draft);
        let took = begun.elapsed();
        assert!(report.is_ok(), "{:?}", report.findings);
        if number >= WARM_UP {
            delays.record(micros(took)).unwrap();
        }
    }
    delays
}

async fn http(database: support::database::Database, source: &str) -> Histogram<u64> {
    let people = People::found(&database, 1).await;
    let server = Server::start(&database).await;
    let mut client = Client::connect(server.address).await;
    let input = json!({ "hook": hooks::LATENESS, "source": source, "tests": TESTS });
    let body = json!({ "query": OPERATION, "variables": { "input": input } }).to_string();
    let token = people.token(0);
    let mut delays = histogram();
    for number in 0..WARM_UP + CHECKS {
        let begun = Instant::now();
        let answer = client.post(&token, &body).await;
        let took = begun.elapsed();
        assert!(answer.contains("\"ok\":true"), "{answer}");
        if number >= WARM_UP {
            delays.record(micros(took)).unwrap();
        }
    }
    delays
}

fn row(name: &str, delays: &Histogram<u64>) {
    let p99 = delays.value_at_quantile(0.99);
    println!(
        "| {name} | {} | {:.2} | {} | {} | **{:.2}** |",
        delays.len(),
        delays.mean() / 1000.0,
        millis(delays.value_at_quantile(0.5)),
        millis(p99),
        Duration::from_micros(p99).as_secs_f64() / LIMIT.as_secs_f64(),
    );
}
