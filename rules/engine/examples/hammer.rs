//! Hammers the engine with grown and mutated rules: `cargo run -p zamu-rules --example hammer -- --minutes 10`.
//! `--seed 7` begins elsewhere. A failure prints the seed of the rule that caused it and ends the program.

#[path = "../tests/generator/mod.rs"]
mod generator;

use std::io::Write as _;
use std::time::{Duration, Instant};

use generator::{Chance, corpus, source, survive};
use zamu_rules::{Rulebook, hooks};

/// The number after a flag.
fn given(flag: &str, usual: u64) -> u64 {
    let mut arguments = std::env::args()
        .skip_while(|argument| argument != flag)
        .skip(1);
    arguments
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(usual)
}

fn hammer() {
    let (minutes, seed) = (given("--minutes", 1), given("--seed", 1));
    let (rulebook, corpus) = (Rulebook::embedded(), corpus());
    let started = Instant::now();
    let mut say = std::io::stdout();
    let (mut count, mut compiled, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while started.elapsed() < Duration::from_secs(minutes * 60) {
        let mut chance = Chance::new(seed.wrapping_add(count));
        let Some(hook) = hooks().get(chance.below(hooks().len())) else {
            return;
        };
        let text = source(&mut chance, hook, &corpus);
        let begun = Instant::now();
        let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            survive(&rulebook, hook, &text, &mut chance)
        }));
        let Ok(has_compiled) = survived else {
            let _ = writeln!(
                say,
                "seed {} broke {}:\n{text}",
                seed.wrapping_add(count),
                hook.name
            );
            return;
        };
        slowest = slowest.max(begun.elapsed());
        compiled += u64::from(has_compiled);
        count += 1;
    }
    let _ = writeln!(
        say,
        "{count} rules, {compiled} of them compiled, slowest {slowest:?}"
    );
}

fn main() {
    // The smallest stack a server thread has anywhere.
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(hammer);
    let _ = thread.map(std::thread::JoinHandle::join);
}
