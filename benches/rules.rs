//! What a decision costs. Warm: the rulebook is loaded, as it is for every request. Cold: the folder of an organization
//! with rules of its own is read, compiled and asked once, as after a change of a file.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark says what it found, and panics where there is nothing to find"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use zamu_rules::{
    Book, Content, Decision, Hook, Mode, RuleBinding, RuleKind, Rulebook, SettingChange, hooks,
};

/// Organizations with a rule and a setting of their own.
const ORGANIZATIONS: usize = 1_000;
/// What the first decision of an organization may cost, which compiles its rule.
const FIRST: Duration = Duration::from_millis(5);
/// What every later one may cost.
const STEADY: Duration = Duration::from_micros(200);
/// What a decision may cost.
const LIMIT: Duration = Duration::from_micros(20);
const WARM: usize = 20_000;
const COLD: usize = 50;
const OWN: &str = "bench";
const OWN_RULE: &str = r#"
/// How late is this clock-in?
fn lateness(clock_in, settings) {
    // The last bus to the night shift is often late.
    if clock_in.now.hour >= 20 && clock_in.minutes_late <= settings.grace_minutes + 10 {
        return on_time().because("night shifts get ten minutes more");
    }

    inherit()
}
"#;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../default"),
        &folder.path().join("default"),
    );
    let own = folder.path().join("orgs").join(OWN).join("attendance");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("lateness.rhai"), OWN_RULE).unwrap();

    println!("| decision | mean µs | p50 µs | p99 µs | p99 of 20 µs |");
    println!("|---|---|---|---|---|");
    let (rules, problems) = Rulebook::load(folder.path(), None, None);
    assert!(problems.is_empty(), "{problems:?}");
    for hook in hooks() {
        row(
            &format!("{}, warm", hook.name),
            &warm(&rules, "nobody", hook),
        );
    }
    let lateness = zamu_rules::hook(hooks::LATENESS).unwrap();
    row(
        "attendance.lateness of two layers, warm",
        &warm(&rules, OWN, lateness),
    );
    let (load, first) = cold(folder.path(), lateness);
    row(
        "attendance.lateness of two layers, the first after loading",
        &first,
    );
    println!(
        "\nLoading and compiling the folder: {:.2} ms (p50), which no request waits for.",
        Duration::from_nanos(load.value_at_quantile(0.5)).as_secs_f64() * 1000.0
    );
    many(&rules, lateness);
}

/// A thousand organizations with a rule and a setting of their own on one node.
fn many(rules: &Rulebook, hook: &Hook) {
    let before = resident_bytes();
    let begun = Instant::now();
    let books: Vec<Book> = (0..ORGANIZATIONS)
        .map(|index| rules.book(&content(index)))
        .collect();
    let activated = begun.elapsed();
    let (mut first, mut steady) = (histogram(), histogram());
    for nanos in [&mut first, &mut steady] {
        for book in &books {
            let facts = hook.sample();
            let begun = Instant::now();
            let decision = book.decide(hook.name, facts, &[]);
            record(nanos, begun.elapsed());
            check(&decision);
        }
    }
    let grown = resident_bytes().saturating_sub(before);
    let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let p99 = |nanos: &Histogram<u64>| Duration::from_nanos(nanos.value_at_quantile(0.99));
    println!("\n| {ORGANIZATIONS} organizations with own rules | | ratio to its limit |");
    println!("|---|---|---|");
    println!(
        "| taken into use, compiling nothing | {:.1} ms | **{:.3}** of 2 s |",
        millis(activated),
        activated.as_secs_f64() / 2.0
    );
    for (name, nanos, limit) in [
        ("first decision, p99", &first, FIRST),
        ("later decision, p99", &steady, STEADY),
    ] {
        let took = p99(nanos);
        println!(
            "| {name} | {:.3} ms | **{:.3}** of {} µs |",
            millis(took),
            took.as_secs_f64() / limit.as_secs_f64(),
            limit.as_micros()
        );
    }
    println!(
        "| memory for each, once it has decided | {} KiB | |",
        grown / ORGANIZATIONS / 1024
    );
}

/// No two alike, so that nothing is shared by accident.
fn content(index: usize) -> Content {
    let rule = RuleBinding {
        kind: RuleKind::Script,
        text: OWN_RULE
            .replace("+ 10", &format!("+ {}", index % 60))
            .replace("ten minutes", &format!("some of {index} minutes")),
        mode: Mode::On,
        file: None,
    };
    let setting = SettingChange {
        hook: hooks::LATENESS.to_owned(),
        name: "grace_minutes".to_owned(),
        value: i64::try_from(index % 20).unwrap().into(),
        scope: None,
        from: None,
        until: None,
        file: None,
    };
    Content {
        packs: Vec::new(),
        rules: [(hooks::LATENESS.to_owned(), rule)].into(),
        settings: vec![setting],
    }
}

/// What the system says this process holds.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}

fn warm(rules: &Rulebook, organization: &str, hook: &Hook) -> Histogram<u64> {
    let mut nanos = histogram();
    for index in 0..WARM + WARM / 10 {
        let facts = hook.sample();
        let begun = Instant::now();
        let decision = rules.decide(organization, hook.name, facts);
        let elapsed = begun.elapsed();
        check(&decision);
        if index >= WARM / 10 {
            record(&mut nanos, elapsed);
        }
    }
    nanos
}

fn cold(folder: &Path, hook: &Hook) -> (Histogram<u64>, Histogram<u64>) {
    let (mut load, mut first) = (histogram(), histogram());
    for _ in 0..COLD {
        let begun = Instant::now();
        let (rules, _) = Rulebook::load(folder, None, None);
        record(&mut load, begun.elapsed());
        let facts = hook.sample();
        let begun = Instant::now();
        let decision = rules.decide(OWN, hook.name, facts);
        record(&mut first, begun.elapsed());
        check(&decision);
    }
    (load, first)
}

fn check(decision: &Decision) {
    assert!(decision.status.is_answered(), "{decision:?}");
}

fn row(name: &str, nanos: &Histogram<u64>) {
    let micros = |nanos: f64| nanos / 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "microseconds")]
    let at = |quantile| micros(nanos.value_at_quantile(quantile) as f64);
    println!(
        "| {name} | {:.1} | {:.1} | {:.1} | **{:.2}** |",
        micros(nanos.mean()),
        at(0.5),
        at(0.99),
        at(0.99) / (LIMIT.as_secs_f64() * 1e6),
    );
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap()
}

fn record(nanos: &mut Histogram<u64>, elapsed: Duration) {
    let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
    nanos.record(elapsed).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
