//! A quick look at the cost of a decision; the real benchmark lives with the server.

use std::time::Instant;

use zamu_rules::{Rulebook, hooks};

use crate::late_by;

#[test]
fn a_decision_is_cheap() {
    let book = Rulebook::embedded();
    let rounds = 500;
    for hook in hooks() {
        let name = hook.name;
        let facts = if name == hooks::LATENESS {
            late_by(22)
        } else {
            crate::with(name, &[])
        };
        for _ in 0..20 {
            book.decide("acme", name, facts.clone());
        }
        let started = Instant::now();
        let mut operations = 0;
        for _ in 0..rounds {
            operations = book.decide("acme", name, facts.clone()).operations;
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
        eprintln!("{name}: {each:.1} us, {operations} operations");
        // Far above the aim; this catches a mistake, not a slow afternoon.
        assert!(each < 2_000.0, "{name} takes {each} us");
        assert!(operations < 200, "{name} takes {operations} operations");
    }
}
