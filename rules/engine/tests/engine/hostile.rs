//! Attack scripts: each is answered by the failure policy, within its budget, on a small stack.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use zamu_rules::{Rulebook, Status, hooks};

use crate::{folder, late_by};

/// Bodies that try to spend too much time, memory or stack. They need not fail: they must not hurt.
const BODIES: &[&str] = &[
    "for i in 0..10000000 { } on_time()",
    "for i in 0..9223372036854775807 { } on_time()",
    "for a in 0..3000 { for b in 0..3000 { for c in 0..3000 { } } } on_time()",
    "for i in range(0, 10, 0) { } on_time()",
    "for i in range(0, 9223372036854775807, 1) { let x = `${i}`; } on_time()",
    "let s = \"aaaaaaaa\"; for i in 0..60 { s += s; } on_time()",
    "let s = \"aaaaaaaa\"; for i in 0..60 { s = s + s; } on_time()",
    "let s = \"aaaaaaaa\"; for i in 0..60 { s = `${s}${s}`; } on_time()",
    "let a = [1, 2, 3, 4]; for i in 0..60 { a += a; } on_time()",
    "let a = [1, 2, 3, 4]; for i in 0..60 { a = a + a; } on_time()",
    "let a = []; for i in 0..100 { a = [a, a]; } on_time()",
    "let a = [\"x\"]; for i in 0..100 { a += [a]; } on_time()",
    "let m = #{}; for i in 0..10000000 { m[`k${i}`] = i; } on_time()",
    "let m = #{ a: 1 }; for i in 0..100 { m = #{ l: m, r: m }; } on_time()",
    "let s = \"a\"; s.pad(10, \"\"); on_time()",
    "let s = \"a\"; s.pad(1000000000, \"b\"); on_time()",
    "let a = []; a.pad(1000000000, 0); on_time()",
    "lateness(clock_in, settings)",
    "lateness(clock_in, settings); lateness(clock_in, settings); on_time()",
    "late(-9223372036854775807 - 2)",
    "late(2 ** 62 * 4)",
    "late(2 ** 1000000)",
    "late(1 / 0)",
    "late(1 % 0)",
    "late(-1)",
    "deny(\"x\")",
    "fence(1)",
    "sleep(10)",
    "exit()",
    "parse_json(\"[1]\")",
    "let a = on_time(); for i in 0..100000 { a.flag(`f${i}`); } a",
    "let a = on_time(); for i in 0..100000 { a.because(`because ${i}`); } a",
    "on_time().because(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\".to_upper())",
    "clock_in.now = (); on_time()",
    "clock_in.person.tags += \"admin\"; on_time()",
    "settings.grace_minutes = 1000000; on_time()",
    "for x in clock_in { } on_time()",
    "let x = clock_in; x.shift.kind = \"night\"; on_time()",
    "clock_in.person.tags[99999999]",
    "\"abc\"[99999999]",
    "5[0]",
    "let x = (); x.y.z.w",
    "global::x",
    "settings",
    "clock_in",
    "[on_time()]",
    "for i in 0..10000000 { if i.len() > 0 { return late(1); } }",
    "\"\u{1f600}\".len().to_string().len().to_string()",
];

/// A book in which organization `n` has attack `n`; what does not compile is left out, which is fine.
fn book() -> Rulebook {
    let folder = folder(&[]);
    for (index, body) in BODIES.iter().enumerate() {
        let source = format!("fn lateness(clock_in, settings) {{ {body} }}");
        crate::write(
            folder.path(),
            &format!("orgs/a{index}/attendance/lateness.rhai"),
            &source,
        );
    }
    Rulebook::load(folder.path(), None, None).0
}

/// One mebibyte is the smallest stack a server thread has anywhere.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn every_attack_is_answered_in_time_on_a_small_stack() {
    assert!(BODIES.len() >= 30);
    on_a_small_stack(|| {
        let book = book();
        for (index, body) in BODIES.iter().enumerate() {
            let started = Instant::now();
            let decision = book.decide(&format!("a{index}"), hooks::LATENESS, late_by(22));
            let took = started.elapsed();
            // The promise is 50 ms; a shared machine is given some slack.
            assert!(took < Duration::from_millis(200), "{took:?}: {body}");
            assert!(
                decision.operations <= 20_001,
                "{} operations: {body}",
                decision.operations
            );
            assert!(
                ["on_time", "late", "very_late", "excused"]
                    .contains(&decision.outcome.name.as_str())
            );
            if !decision.status.is_answered() {
                assert_eq!(decision.flags, ["rule_failed"], "{body}");
                assert_eq!(decision.outcome.name, "late", "{body}");
            }
        }
    });
}

#[test]
fn the_operation_budget_is_exact() {
    let decision = crate::judge("for i in 0..10000000 { } on_time()");
    assert_eq!(decision.status, Status::Budget);
    assert_eq!(decision.operations, 20_000);
    assert_eq!(decision.problem.unwrap().message, "Too many operations");
}

#[test]
fn recursion_in_every_shape_ends_without_a_crash() {
    let shapes = [
        "help(n + 1)",
        "1 + (1 + (1 + help(n + 1)))",
        "at_least(at_least(at_least(help(n + 1), 1), 2), 3)",
        "[[[help(n + 1)]]]",
        "#{ a: #{ b: #{ c: help(n + 1) } } }",
        "`${`${`${help(n + 1)}`}`}`",
        "if n > -1 { if n > -1 { if n > -1 { help(n + 1) } } }",
        "switch n { _ => switch n { _ => help(n + 1) } }",
        "help(n + 1) && help(n + 1)",
        "{ { { { help(n + 1) } } } }",
        "help(help(help(n + 1)))",
        "let x = help(n + 1); x",
        "for i in 0..9 { help(n + 1); }",
    ];
    on_a_small_stack(move || {
        for shape in shapes {
            let source = format!(
                "fn lateness(c, s) {{ help(0); on_time() }} private fn help(n) {{ {shape} }}"
            );
            let folder = folder(&[("orgs/acme/attendance/lateness.rhai", &source)]);
            let (book, _) = Rulebook::load(folder.path(), None, None);
            let decision = book.decide("acme", hooks::LATENESS, late_by(0));
            assert_eq!(decision.outcome.name, "on_time", "{shape}");
        }
    });
}

#[test]
fn deeply_nested_sources_are_refused_without_a_crash() {
    let nest = |open: &str, close: &str, times: usize| {
        format!("{}1{}", open.repeat(times), close.repeat(times))
    };
    let mut sources = vec![
        nest("(", ")", 5_000),
        nest("[", "]", 5_000),
        nest("#{a:", "}", 3_000),
        nest("-", "", 5_000),
        nest("!", "", 5_000),
        nest("if true {", "}", 3_000),
        nest("{", "}", 5_000),
        nest("`${", "}`", 3_000),
        nest("late(", ")", 4_000),
        nest("switch 1 { _ => ", "}", 1_500),
        format!("clock_in{}", ".a".repeat(8_000)),
        format!("1{}", " + 1".repeat(6_000)),
        format!("1{}", " ?? 1".repeat(5_000)),
        format!("true{}", " && true".repeat(4_000)),
        "x".repeat(30_000),
        format!("\"{}", "x".repeat(30_000)),
        "1".repeat(30_000),
        "fn ".repeat(9_000),
        "}".repeat(30_000),
        "/*".repeat(15_000),
    ];
    let mut functions = String::new();
    for index in 0..500 {
        write!(functions, "}} private fn f{index}() {{ 1 ").unwrap();
    }
    sources.push(functions);
    on_a_small_stack(move || {
        for source in &sources {
            let source = format!("fn lateness(clock_in, settings) {{ {source} }}");
            let folder = folder(&[("orgs/acme/attendance/lateness.rhai", &source)]);
            let (book, _) = Rulebook::load(folder.path(), None, None);
            let decision = book.decide("acme", hooks::LATENESS, late_by(0));
            let shown: String = source.chars().take(60).collect();
            assert_eq!(decision.outcome.name, "on_time", "{shown}");
        }
    });
}

#[test]
fn a_rule_is_at_most_32_kib() {
    let source = format!(
        "fn lateness(c, s) {{ on_time() }} // {}",
        "x".repeat(40_000)
    );
    assert_eq!(
        crate::refused(&source).message,
        "a rule is at most 32768 bytes long"
    );
}

/// Peak memory of this process since the last reset, in KiB.
#[cfg(target_os = "linux")]
fn memory_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "asks the test runner, not the configuration"
)]
#[test]
fn no_attack_costs_more_than_a_mebibyte() {
    // Only a process of its own can be measured; the usual runner gives each test one.
    if std::env::var_os("NEXTEST_EXECUTION_MODE").is_none_or(|mode| mode != "process-per-test") {
        return;
    }
    let book = book();
    // Warm up whatever is built once.
    book.decide("nobody", hooks::LATENESS, late_by(0));
    let mut worst = (0, "");
    for (index, body) in BODIES.iter().enumerate() {
        if std::fs::write("/proc/self/clear_refs", "5").is_err() {
            return;
        }
        let before = memory_kib("VmHWM");
        book.decide(&format!("a{index}"), hooks::LATENESS, late_by(22));
        worst = worst.max((memory_kib("VmHWM").saturating_sub(before), body));
    }
    // Pages come in lumps; the promise is 1024 KiB.
    eprintln!("worst: {} KiB: {}", worst.0, worst.1);
    assert!(worst.0 <= 1_024, "{worst:?}");
}
