//! A few seconds of rules nobody would write; `cargo run -p zamu-rules --example hammer` goes on for longer.

use std::time::{Duration, Instant};

use zamu_rules::{Rulebook, hooks};

use crate::generator::{Chance, corpus, source, survive};

#[test]
fn rules_nobody_would_write_do_no_harm() {
    // The smallest stack a server thread has anywhere.
    let work = || {
        let (rulebook, corpus) = (Rulebook::embedded(), corpus());
        let started = Instant::now();
        let (mut count, mut compiled) = (0_u64, 0_u64);
        while started.elapsed() < Duration::from_secs(3) {
            let mut chance = Chance::new(count + 1);
            let index = chance.below(hooks().len());
            let text = source(&mut chance, &hooks()[index], &corpus);
            compiled += u64::from(survive(&rulebook, &hooks()[index], &text, &mut chance));
            count += 1;
        }
        (count, compiled)
    };
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .unwrap();
    let (count, compiled) = thread.join().unwrap();
    eprintln!("{count} rules, {compiled} of them compiled");
    assert!(compiled > 0 && compiled < count);
}
