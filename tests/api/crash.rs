//! What was acknowledged is stored, once, whatever happens to the process.
//!
//! Sixteen clients work with the real binary while it is killed and started again; three subscribers resume after
//! every kill with the last number they saw. Each client repeats an unanswered request, with the same key, until it
//! is answered; what its phone captured without a signal it hands in in batches, some of it twice. In the end everything
//! that was answered is compared with the database, and with what working it out anew comes to.
//!
//! `ZAMU_TEST_KILLS=50` makes the long run, `ZAMU_TEST_SEED` repeats one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use zamu::attendance::rebuild::{self, Rebuild};
use zamu::auth::action::Action;
use zamu::auth::policy::Role;
use zamu::kernel::id::Source;

use super::ledger::{Session, Told, audited, expected, log, stored, until_numbered};
use super::process::{Feed, Process, ask};
use super::support::database::{raw, setting};
use super::support::people::{Person, TestOrg};
use super::support::{TestApp, operation};

const CLIENTS: usize = 16;
const WATCH: &str =
    "subscription($after: Int) { sessionEvents(after: $after) { number kind sessionId } }";

/// What everybody shares while it runs.
struct Site {
    /// Where the server is; nothing while it is down.
    address: watch::Receiver<Option<SocketAddr>>,
    enough: AtomicBool,
    /// Answers to changes.
    acknowledged: AtomicUsize,
    /// Requests that were sent and not answered.
    unanswered: AtomicUsize,
    /// Asked to try again by the server.
    put_off: AtomicUsize,
    resumed: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    let kills: usize = setting("ZAMU_TEST_KILLS").map_or(6, |kills| kills.parse().unwrap());
    let seed = setting("ZAMU_TEST_SEED").map_or_else(
        || u64::from_be_bytes(Source::random().secret()),
        |seed| seed.parse().unwrap(),
    );
    println!("seed {seed}");
    let begun = Instant::now();
    let app = TestApp::start().await;
    app.catch_up();
    let org = app.organization("acme").await;
    let people = people(&app, &org).await;
    let folder = tempfile::tempdir().unwrap();
    let (announce, address) = watch::channel(None);
    let site = Arc::new(Site {
        address,
        enough: AtomicBool::new(false),
        acknowledged: AtomicUsize::new(0),
        unanswered: AtomicUsize::new(0),
        put_off: AtomicUsize::new(0),
        resumed: AtomicUsize::new(0),
    });

    let mut clients = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        let authorization = person.caller.authorization().await.unwrap();
        clients.spawn(work(Arc::clone(&site), authorization, number));
    }
    let watchers = [&org.owner, &org.supervisor, people.first().unwrap()];
    let mut received = Vec::new();
    let mut subscribers = JoinSet::new();
    for person in watchers {
        let numbers = Arc::new(Mutex::new(Vec::new()));
        received.push(Arc::clone(&numbers));
        let authorization = person.caller.authorization().await.unwrap();
        subscribers.spawn(subscribe(Arc::clone(&site), authorization, numbers));
    }

    let mut rng = StdRng::seed_from_u64(seed);
    let mut errors = Vec::new();
    let mut process = Process::start(app.target(), folder.path()).await;
    announce.send_replace(Some(process.address()));
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(rng.random_range(150..2_000))).await;
        announce.send_replace(None);
        errors.extend(process.kill());
        process = Process::start(app.target(), folder.path()).await;
        announce.send_replace(Some(process.address()));
    }
    while site.acknowledged.load(Ordering::Relaxed) < kills * 200 && clients.len() == CLIENTS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    site.enough.store(true, Ordering::Relaxed);
    let mut told = Vec::new();
    while let Some(done) = clients.join_next().await {
        told.push(done.unwrap());
    }

    let mut conn = raw(app.target()).await;
    until_numbered(&mut conn).await;
    stored(&mut conn, org.id, &told).await;
    let log = log(&mut conn, org.id).await;
    let viewers = [
        expected(&log, |_, _| true),
        expected(&log, |member, field| {
            field || member == org.supervisor.member
        }),
        expected(&log, |member, _| member == people[0].member),
    ];
    for (expected, seen) in viewers.iter().zip(&received) {
        until_seen(expected, seen).await;
    }
    audited(&app, &org, &mut conn, &told).await;
    errors.extend(process.kill());
    subscribers.shutdown().await;
    rebuilt(&app, &org, &people).await;
    assert!(errors.is_empty(), "{errors:#?}");
    println!(
        "{kills} kills, {} acknowledged writes, {} requests unanswered and repeated, {} put off, 0 lost, 0 doubled; \
         {} events, {} resumptions of 3 subscribers, 0 gaps, 0 doubles; {:.1} s",
        site.acknowledged.load(Ordering::Relaxed),
        site.unanswered.load(Ordering::Relaxed),
        site.put_off.load(Ordering::Relaxed),
        log.len(),
        site.resumed.load(Ordering::Relaxed),
        begun.elapsed().as_secs_f64(),
    );
}

/// Working everybody's time out anew changes nothing.
async fn rebuilt(app: &TestApp, org: &TestOrg, people: &[Person]) {
    app.catch_up();
    let viewer = app.viewer(&org.owner).await;
    for person in people {
        let mut tx = app.app.begin(&viewer, Action::ManagePunches).await.unwrap();
        let what = Rebuild {
            member: person.member,
            since: DateTime::UNIX_EPOCH,
            judge_again: true,
        };
        let rebuilt = rebuild::member_in(&mut tx, what).await.unwrap();
        assert!(rebuilt.changed.is_empty(), "{}", person.email);
    }
}

/// Every second one in the supervisor's department.
async fn people(app: &TestApp, org: &TestOrg) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..CLIENTS {
        let department = [None, Some(org.night)][number % 2];
        let name = format!("client{number}");
        people.push(
            app.person(&org.owner, "acme", &name, Role::Worker, department)
                .await,
        );
    }
    people
}

/// Sends a change until it is answered; how often it was sent, and the answer.
async fn change(
    site: &Site,
    http: &reqwest::Client,
    authorization: &str,
    query: &str,
    input: Value,
) -> Value {
    let variables = json!({ "input": input });
    let mut address = site.address.clone();
    loop {
        let at = address.wait_for(Option::is_some).await.unwrap().unwrap();
        let Some(answer) = ask(http, at, authorization, query, &variables).await else {
            site.unanswered.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        match answer["errors"][0]["extensions"]["code"].as_str() {
            None => {
                assert!(answer.get("errors").is_none(), "{variables}: {answer:#}");
                site.acknowledged.fetch_add(1, Ordering::Relaxed);
                return answer["data"].clone();
            }
            Some("TRY_AGAIN") => {
                site.put_off.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            // After an unanswered attempt too: that it was already done would mean that the key was lost.
            Some(code) => panic!("{code} for {variables}: {answer:#}"),
        }
    }
}

/// In and out of a quarter of an hour two weeks ago, and the end of the quarter before it once more.
fn batch(number: usize, round: usize, begun: DateTime<Utc>) -> Value {
    let quarter = |round: usize| TimeDelta::minutes(15 * i64::try_from(round).unwrap());
    let punch = |round: usize, kind: &str, minutes: i64| {
        let at = begun - TimeDelta::days(14) + quarter(round) + TimeDelta::minutes(minutes);
        json!({"clientId": format!("{number} {round} {kind}"), "kind": kind, "deviceTime": at})
    };
    let mut punches = vec![punch(round, "OUT", 6), punch(round, "IN", 0)];
    punches.extend(round.checked_sub(1).map(|before| punch(before, "OUT", 6)));
    json!({"device": {"id": format!("phone {number}")}, "punches": punches})
}

/// Keeps what a batch was promised; what was promised before is promised again.
fn promised(told: &mut Told, answer: &Value) {
    told.batches += 1;
    for result in answer["syncPunches"]["results"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, id) = (text(&result["clientId"]), text(&result["punch"]["id"]));
        if let Some(before) = told.synced.insert(name, id.clone()) {
            assert_eq!((before, &result["status"]), (id, &json!("DUPLICATE")));
        }
    }
}

async fn work(site: Arc<Site>, authorization: String, number: usize) -> Told {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (clock_in, clock_out) = (
        operation("attendance/clock_in"),
        operation("attendance/clock_out"),
    );
    let (record, note) = (
        operation("attendance/record_locations"),
        operation("attendance/add_session_note"),
    );
    let sync = operation("attendance/sync_punches");
    let mut told = Told::default();
    for round in 0.. {
        if site.enough.load(Ordering::Relaxed) {
            break;
        }
        let change = |query, input| change(&site, &http, &authorization, query, input);
        let key = format!("client {number} round {round}");
        let opened = change(&clock_in, json!({"idempotencyKey": key})).await;
        let opened = &opened["clockIn"];
        let clocked_in_at: DateTime<Utc> = instant(&opened["clockedInAt"]);
        let positions = 1 + round % 3;
        for position in 0..positions {
            let at = clocked_in_at + TimeDelta::microseconds(i64::try_from(position).unwrap());
            let fix = json!({"latitude": -1.2864, "longitude": 36.8172, "accuracyM": 9.5});
            let input = json!({"positions": [{"capturedAt": at, "position": fix}]});
            change(&record, input).await;
        }
        let input =
            json!({"idempotencyKey": format!("{key} note"), "session": opened["id"], "body": key});
        change(&note, input).await;
        told.notes.push(key.clone());
        let closed = change(&clock_out, json!({"idempotencyKey": format!("{key} out")})).await;
        let closed = &closed["clockOut"];
        assert_eq!(closed["id"], opened["id"]);
        told.sessions.push(Session {
            id: opened["id"].as_str().unwrap().parse().unwrap(),
            clocked_in_at,
            clocked_out_at: instant(&closed["clockedOutAt"]),
            positions,
        });
        let begun = told.sessions[0].clocked_in_at;
        let answer = change(&sync, batch(number, round, begun)).await;
        promised(&mut told, &answer);
    }
    told
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Listens from the last number on, over and over; goes away by itself now and then as well.
async fn subscribe(site: Arc<Site>, authorization: String, seen: Arc<Mutex<Vec<i64>>>) {
    let mut address = site.address.clone();
    loop {
        let at = address.wait_for(Option::is_some).await.unwrap().unwrap();
        let last = seen.lock().unwrap().last().copied().unwrap_or(0);
        let opened = Feed::open(at, &authorization, WATCH, &json!({"after": last})).await;
        let Some(mut feed) = opened else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        site.resumed.fetch_add(1, Ordering::Relaxed);
        for _ in 0..400 {
            let Some(answer) = feed.next().await else {
                break;
            };
            match answer["errors"][0]["extensions"]["code"].as_str() {
                None => {
                    let number = answer["data"]["sessionEvents"]["number"].as_i64();
                    let number = number.unwrap_or_else(|| panic!("{answer:#}"));
                    seen.lock().unwrap().push(number);
                }
                Some("LAGGED" | "TRY_AGAIN") => break,
                Some(_) => panic!("{answer:#}"),
            }
        }
    }
}

async fn until_seen(expected: &[i64], seen: &Mutex<Vec<i64>>) {
    assert!(!expected.is_empty());
    for _ in 0..400 {
        if seen.lock().unwrap().last() >= expected.last() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = seen.lock().unwrap();
    assert!(seen.is_sorted_by(|one, next| one < next), "doubled");
    assert_eq!(*seen, expected);
}
