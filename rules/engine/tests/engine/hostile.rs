//! Attack scripts: each is answered by the failure policy, within its budget, on a small stack.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use zamu_rules::checking::check_source;
use zamu_rules::completion::complete;
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
    // Containers that grow while they are walked, or that are copied each time they are looked at.
    "let a = []; for i in 0..512 { a += [i]; for j in a { } } on_time()",
    "let a = [0]; for i in a { a += [i]; } for i in a { a += a; } on_time()",
    "let a = []; for i in 0..500 { a += [[i, i, i]]; } for x in a { for y in a { for z in a { } } } on_time()",
    "let m = #{}; for i in 0..64 { m[`k${i}`] = m; } on_time()",
    "let a = [1]; for i in 0..500 { a = [a]; } a.contains(a)",
    "let a = []; for i in 0..512 { a += [i]; } let n = 0; for i in 0..2000 { if a.contains(-1) { n += 1; } } on_time()",
    "let t = clock_in.person.tags; for i in 0..2000 { t += clock_in.person.tags; } on_time()",
    // Texts that double where they are put together.
    "let s = `${1}`; for i in 0..40 { s = `${s}${s}${s}${s}`; } on_time()",
    "let s = \"x\"; for i in 0..4096 { s += \"xxxxxxxx\"; } late(s.len())",
    "let s = \"\u{df}\"; for i in 0..30 { s = (s + s).to_upper(); } on_time()",
    "let s = \"a\"; for i in 0..3000 { s = s.to_upper().to_lower().trim(); } on_time()",
    "let s = []; for i in 0..200 { s += [`${s}`]; } on_time()",
    "on_time().because(`${[[[[[[1]]]]]]}${#{ a: #{ b: 1 } }}`)",
    // Numbers at the ends of what fits.
    "late(9223372036854775807 + 1)",
    "late(0x7fffffffffffffff * 0x7fffffffffffffff)",
    "let n = 1; for i in 0..100 { n = n * 1000; } late(n)",
    "late(99999999999999999999999999999999999999999999999999)",
    "late(1e308 * 1e308)",
    "late(-9223372036854775808)",
    "late((-9223372036854775807 - 1) / -1)",
    "late((-9223372036854775807 - 1).abs())",
    "late(started_blocks(9223372036854775807, -9223372036854775807))",
    "late(percent(9223372036854775807, 9223372036854775807))",
    "for i in 9223372036854775800..=9223372036854775807 { } on_time()",
    "for i in 10..0 { } for i in -9223372036854775807..9223372036854775807 { } on_time()",
    "for b in bits(9223372036854775807) { } for c in chars(\"abc\", 1, 9223372036854775807) { } on_time()",
    // Reaching for what is not theirs.
    "eval(\"1\"); on_time()",
    "import \"/etc/passwd\" as x; on_time()",
    "import \"../../secrets\" as x; on_time()",
    "let f = Fn(\"exit\"); f.call(); on_time()",
    "call(\"exit\"); on_time()",
    "global::exit(); on_time()",
    "this.x; on_time()",
    "print(clock_in); debug(settings); on_time()",
    "open_file(\"/etc/passwd\"); env(\"HOME\"); on_time()",
    "rand(); timestamp(); on_time()",
    "clock_in[\"person\"][\"title\"]; clock_in[\"__proto__\"]; on_time()",
    "settings[\"grace_minutes\"] = 999; on_time()",
    "clock_in.person = settings; on_time()",
    "__at(1); __at(-9223372036854775807); on_time()",
    "let on_time = 5; on_time",
    "let settings = #{ grace_minutes: 999 }; on_time()",
    "on_time.x = 5; on_time()",
    "on_time().name",
    "let a = on_time(); a.minutes = 5; a",
    "on_time() + on_time()",
    "on_time() == late(5)",
    "switch clock_in { _ => switch settings { _ => on_time() } }",
    "{ { { { { { on_time() } } } } } }",
];

fn many(times: usize, one: impl Fn(usize) -> String) -> String {
    (0..times).map(one).collect()
}

/// Whole files rather than bodies: names that would hide ours, letters that deceive, sizes at the edge.
fn files() -> Vec<String> {
    let rule = "fn lateness(clock_in, settings) { on_time() }";
    let mut files: Vec<String> = [
        "fn on_time() { late(999) } fn lateness(c, s) { on_time() }",
        "private fn on_time() { 5 } fn lateness(c, s) { on_time() }",
        "private fn late(n) { excused() } fn lateness(c, s) { late(5) }",
        "private fn at_least(a, b) { 0 } fn lateness(c, s) { late(at_least(1, 2)) }",
        "private fn inherit() { excused() } fn lateness(c, s) { inherit() }",
        "private fn len(x) { 0 } fn lateness(c, s) { on_time() }",
        "private fn because(a, b) { a } fn lateness(c, s) { on_time().because(\"x\") }",
        "private fn lateness() { excused() } fn lateness(c, s) { lateness() }",
        "fn lateness(c, s) { on_time() } fn lateness(c, s) { excused() }",
        "fn lateness(on_time, late) { on_time() }",
        "fn lateness(c, c) { on_time() }",
        "const GRACE = 99; fn lateness(c, s) { on_time() }",
        "let x = eval(\"1\"); fn lateness(c, s) { on_time() }",
        // Letters that turn the text round, that look like others, or that cannot be seen.
        "fn lateness(c, s) { /* \u{202e} } ;)(emit_no nruter \u{2066} */ excused() }",
        "fn lateness(c, s) { \"\u{202e}\"; on_time() }",
        "fn lateness(c, s) { on\u{200b}_time() }",
        "fn l\u{430}teness(c, s) { on_time() }",
        "fn lateness(c, s) { let l\u{430}te = 5; on_time() }",
        "fn lateness(c, s) { if c.shift.kind == \"n\u{456}ght\" { excused() } else { on_time() } }",
        "\u{feff}fn lateness(c, s) { on_time() }",
        "fn lateness(c,\u{a0}s) { on_time() }",
        "fn lateness(c, s) { on_time() }\u{0}",
        "fn lateness(c, s) { \"\u{0}\\u{0}\"; on_time() }",
    ]
    .map(str::to_owned)
    .into();
    files.push(format!("// {}\n{rule}", "x".repeat(32_600)));
    files.push(format!("/* {} */ {rule}", "/* x */".repeat(4_600)));
    files.push(format!("/{} {rule}", "*".repeat(32_600)));
    files.push(format!("{rule}{}", " ".repeat(32 * 1024 - rule.len())));
    files.push(format!("{rule}{}", " ".repeat(32 * 1024 - rule.len() + 1)));
    files.push(format!("{rule}{}", "\n".repeat(32_000)));
    files.push(format!(
        "fn lateness(c, s) {{ late({}) }}",
        "9".repeat(32_000)
    ));
    files.push(format!(
        "fn lateness(c, s) {{ \"{}\"; on_time() }}",
        "e\u{301}".repeat(10_000)
    ));
    files.push(format!(
        "fn lateness(c, s) {{ {} on_time() }}",
        "on_time();".repeat(3_000)
    ));
    files.push(format!(
        "fn lateness(c, s) {{ {} on_time() }}",
        "c.minutes_late > 1;".repeat(1_600)
    ));
    let names = many(40, |index| {
        format!("private fn f{index}() {{ f{}() }} ", (index + 1) % 40)
    });
    files.push(format!("{names} fn lateness(c, s) {{ f0(); on_time() }}"));
    let names = many(30, |index| {
        format!("private fn f{index}(x) {{ f{0}(x); f{0}(x) }} ", index + 1)
    });
    files.push(format!(
        "{names} private fn f30(x) {{ x }} fn lateness(c, s) {{ f0(1); on_time() }}"
    ));
    let variables = many(200, |index| format!("let v{index} = {index}; "));
    files.push(format!("fn lateness(c, s) {{ {variables} on_time() }}"));
    for times in [20, 200, 1_200] {
        let chain = " else if c.minutes_late == 1 { late(1) }".repeat(times);
        let short = " else if c.minutes_late == 1 {}".repeat(times.min(900));
        files.push(format!(
            "fn lateness(c, s) {{ if false {{ late(2) }}{} else {{ on_time() }} }}",
            if times > 700 { short } else { chain }
        ));
        files.push(format!(
            "fn lateness(c, s) {{ switch c.minutes_late {{ {} _ => on_time() }} }}",
            many(times, |n| format!("{n} => late({n}), "))
        ));
    }
    files
}

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

/// Time this thread has had on a processor, where the system says so: on a busy machine the clock on the
/// wall measures the others.
fn worked(started: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

/// The promise is 50 ms, and it is made for a release build; an unlucky run is given a second chance.
fn quickest<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut timed = || {
        let started = Instant::now();
        let before = worked(started);
        (work(), worked(started).saturating_sub(before))
    };
    let first = timed();
    if first.1 < LONGEST {
        return first;
    }
    let best = |best: (T, Duration), next: (T, Duration)| if next.1 < best.1 { next } else { best };
    [timed(), timed()].into_iter().fold(first, best)
}

const LONGEST: Duration = Duration::from_millis(50);

fn in_time(took: Duration, what: &str) {
    let shown: String = what.chars().take(80).collect();
    assert!(
        cfg!(debug_assertions) || took < LONGEST,
        "{took:?}: {shown}"
    );
}

#[test]
fn every_attack_can_be_checked_explained_and_completed() {
    on_a_small_stack(|| {
        let bodies = BODIES
            .iter()
            .map(|body| format!("fn lateness(clock_in, settings) {{ {body} }}"));
        let mut slowest = (Duration::ZERO, String::new());
        for source in bodies.chain(files()).chain(nested()) {
            let started = Instant::now();
            let report = check_source(hooks::LATENESS, &source);
            let shown: String = source.chars().take(60).collect();
            slowest = slowest.max((started.elapsed(), shown));
            for finding in &report.findings {
                assert!(!finding.message.is_empty() && !finding.code.is_empty());
            }
            complete(hooks::LATENESS, &source, 1, 60);
        }
        eprintln!("slowest check: {slowest:?}");
        let book = book();
        for index in 0..BODIES.len() {
            let book = book.book_of(&format!("a{index}"));
            let explained = book.explain(hooks::LATENESS, late_by(22), &[]).unwrap();
            assert!(explained.lines.len() <= 2_000);
        }
    });
}

#[test]
fn hostile_files_are_refused_or_harmless() {
    on_a_small_stack(|| {
        let files = files();
        assert!(files.len() >= 40, "{}", files.len());
        for source in files {
            let folder = folder(&[("orgs/acme/attendance/lateness.rhai", &source)]);
            let (book, _) = Rulebook::load(folder.path(), None, None);
            let (decision, took) = quickest(|| book.decide("acme", hooks::LATENESS, late_by(0)));
            in_time(took, &source);
            let shown: String = source.chars().take(80).collect();
            assert!(decision.operations <= 20_001, "{shown}");
            assert!(
                ["on_time", "late"].contains(&decision.outcome.name.as_str()),
                "{shown}"
            );
        }
    });
}

#[test]
fn what_would_hide_a_word_of_ours_or_deceive_a_reader_is_refused() {
    let refused = files().into_iter().take(20).filter(|source| {
        let report = check_source(hooks::LATENESS, source);
        !report.is_ok()
    });
    // Text may hold any script: a look-alike in a text is compared as it is, and is no way out.
    assert!(refused.count() >= 18);
    for source in [
        "fn lateness(c, s) { /* \u{202e} */ on_time() }",
        "fn lateness(c, s) { on_time() } // \u{2067}",
        "fn lateness(c, s) { on_time().because(\"\u{200f}\") }",
    ] {
        let problem = crate::refused(source);
        assert!(
            problem.message.starts_with("an invisible mark that turns"),
            "{source}"
        );
    }
}

#[test]
fn every_attack_is_answered_in_time_on_a_small_stack() {
    assert!(BODIES.len() >= 90);
    on_a_small_stack(|| {
        let book = book();
        for (index, body) in BODIES.iter().enumerate() {
            let organization = format!("a{index}");
            let (decision, took) =
                quickest(|| book.decide(&organization, hooks::LATENESS, late_by(22)));
            in_time(took, body);
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

/// Sources that are nested as deeply as 32 KiB allow.
fn nested() -> Vec<String> {
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
    let whole = |body: &String| format!("fn lateness(clock_in, settings) {{ {body} }}");
    sources.iter().map(whole).collect()
}

#[test]
fn deeply_nested_sources_are_refused_without_a_crash() {
    on_a_small_stack(move || {
        for source in nested() {
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
