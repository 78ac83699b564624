//! A year of lateness under another rule: 100,000 stored decisions, each taken again by its own book and by a candidate,
//! through the same service the API calls. `cargo bench --bench replay -- sqlite` measures one engine.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a benchmark says what it found, and panics where there is nothing to find"
)]

#[expect(dead_code, reason = "shared with the other benchmarks")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use zamu::app::{App, Parts};
use zamu::auth::action::Action;
use zamu::auth::token::Keys;
use zamu::auth::viewer::Viewer;
use zamu::db::tx::Audit;
use zamu::identity::logins::{self, Credentials, Device};
use zamu::identity::service::{self as identity, NewOwner};
use zamu::kernel::id::SessionId;
use zamu::orgs::service::{self as orgs, NewOrganization};
use zamu::rules::decisions::{model::About, service as decisions};
use zamu::rules::force::InForce;
use zamu::rules::replays::candidate::Candidate;
use zamu::rules::replays::model::State;
use zamu::rules::replays::service::{self as replays, Wish};
use zamu_rules::{Moment, Record, Rulebook, hook, hooks};

use support::block_on;
use support::database::{Database, engines};

/// What a replay of all of them may take.
const LIMIT: Duration = Duration::from_secs(10);
const DECISIONS: i64 = 100_000;
/// How many are written in one transaction.
const AT_ONCE: i64 = 500;
const CANDIDATE: &str = r#"
fn lateness(clock_in, settings) {
    // The last bus to the night shift is often late.
    if clock_in.shift.kind == "day" && clock_in.minutes_late <= settings.grace_minutes + 10 {
        return on_time().because("ten minutes more");
    }
    inherit()
}
"#;

fn main() {
    println!(
        "| engine | decisions | seconds | decisions/s | changed | memory added, MiB | of 10 s |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (engine, open) in engines() {
        block_on(measure(engine, open()));
    }
}

async fn measure(engine: &str, database: Database) {
    let parts = Parts::real(Keys::new(&"s".repeat(40)), Rulebook::embedded());
    let app = App::open(&database.target(), 8, parts).await.unwrap();
    let owner = found(&app).await;
    let begun = Instant::now();
    fill(&app, &owner).await;
    let filling = begun.elapsed();
    let candidate = Candidate {
        source: Some(CANDIDATE.to_owned()),
        ..Candidate::default()
    };
    let wish = Wish {
        hook: hooks::LATENESS.to_owned(),
        candidate,
        from: app.now() - TimeDelta::days(400),
        to: None,
    };
    let memory = Memory::watch();
    let begun = Instant::now();
    let job = Box::pin(replays::complete(&app, &owner, wish))
        .await
        .unwrap();
    let took = begun.elapsed();
    let added = memory.added_mib();
    assert_eq!(job.state, State::Done, "{:?}", job.problem);
    let tally = job.result.unwrap();
    assert_eq!(tally.replayed, DECISIONS);
    println!(
        "| {engine} | {DECISIONS} | {:.2} | {:.0} | {} | {added} | **{:.2}** |",
        took.as_secs_f64(),
        DECISIONS as f64 / took.as_secs_f64(),
        tally.changed,
        took.as_secs_f64() / LIMIT.as_secs_f64(),
    );
    println!(
        "\n{engine}: written in {:.0} s; {} operations.\n",
        filling.as_secs_f64(),
        tally.operations
    );
}

async fn found(app: &App) -> Viewer {
    let organization = NewOrganization {
        slug: "bench".to_owned(),
        name: "Bench".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: "KES".to_owned(),
    };
    let organization = orgs::create(app, organization).await.unwrap();
    let password = "copper kettle morning".to_owned();
    let owner = NewOwner {
        name: "Owner".to_owned(),
        phone: None,
        email: Some("owner@bench.example".to_owned()),
        password: password.clone(),
    };
    identity::create_owner(app, &organization, owner)
        .await
        .unwrap();
    let device = Device {
        name: None,
        ip: None,
        user_agent: None,
    };
    let credentials = Credentials {
        identifier: "owner@bench.example".to_owned(),
        password,
        organization: Some("bench".to_owned()),
    };
    let welcome = logins::sign_in(app, device, credentials).await.unwrap();
    let header = format!("Bearer {}", welcome.tokens.access);
    identity::authenticate(app, &header).await.unwrap()
}

/// A decision every five minutes, the newest just now.
async fn fill(app: &App, owner: &Viewer) {
    let book = app.rules().book(&zamu_rules::Content::default());
    let sample = hook(hooks::LATENESS).unwrap().sample();
    for begin in (0..DECISIONS).step_by(AT_ONCE as usize) {
        let mut tx = app.begin(owner, Action::ClockIn).await.unwrap();
        for number in begin..begin + AT_ONCE {
            let event_at = tx.now() - TimeDelta::minutes(5 * (number + 1));
            let mut rules = InForce::under(0, book.clone());
            rules.ask(hooks::LATENESS, facts(&sample, number, event_at));
            let about = About {
                subject: tx.id::<zamu::kernel::id::kinds::Session>().uuid(),
                member: owner.member(),
                event_at,
            };
            decisions::keep_in(&mut tx, &about, &mut rules).unwrap();
        }
        let subject: SessionId = tx.id();
        tx.commit(Audit::of(subject)).await.unwrap();
    }
}

fn facts(sample: &Record, number: i64, at: chrono::DateTime<chrono::Utc>) -> Record {
    let mut facts = sample.clone();
    facts.insert("minutes_late".into(), (number % 50 - 5).into());
    let now = Moment::new(at.timestamp_micros(), 180);
    facts.insert("now".into(), now.into());
    facts
}

/// The memory of this process, looked at often.
struct Memory {
    before: u64,
    peak: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

impl Memory {
    fn watch() -> Self {
        let before = resident_kib();
        let peak = Arc::new(AtomicU64::new(before));
        let ended = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&peak), Arc::clone(&ended));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                seen.fetch_max(resident_kib(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self {
            before,
            peak,
            ended,
        }
    }

    fn added_mib(&self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        (self.peak.load(Ordering::Relaxed) - self.before) / 1024
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}
