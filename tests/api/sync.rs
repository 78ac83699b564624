//! Punches captured without a signal, handed in later.

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value, json};
use zamu::auth::policy::Role;

use super::support::people::{Person, TestOrg};
use super::support::{Answer, Caller, TestApp};

/// A punch on the day before the tests' clock, in Nairobi: `id` is its name, `time` like `08:00`.
fn punch(id: &str, kind: &str, time: &str) -> Value {
    json!({"clientId": id, "kind": kind, "deviceTime": format!("2026-03-01T{time}:00+03:00")})
}

fn with(mut punch: Value, more: Value) -> Value {
    let (Some(punch_fields), Value::Object(more)) = (punch.as_object_mut(), more) else {
        panic!("punches are objects")
    };
    punch_fields.extend(more);
    punch
}

async fn sync_from(by: &Caller, device: Value, punches: Value) -> Answer {
    let input = json!({"device": device, "punches": punches});
    by.run("attendance/sync_punches", json!({"input": input}))
        .await
}

async fn sync(by: &Caller, punches: Value) -> Answer {
    sync_from(by, json!({"id": "phone-1"}), punches).await
}

/// One part of every result.
fn each<'a>(answer: &'a Answer, pointer: &str) -> Vec<&'a Value> {
    let results = answer.data("/syncPunches/results").as_array().unwrap();
    results
        .iter()
        .map(|result| result.pointer(pointer).unwrap_or(&Value::Null))
        .collect()
}

fn statuses(answer: &Answer) -> Vec<&str> {
    let statuses = each(answer, "/status").into_iter();
    statuses.filter_map(Value::as_str).collect()
}

const SESSIONS: &str = "query { sessions(first: 50) { edges { node {
    status workDate clockedInAt clockedOutAt lateness minutesLate service client { id } flags
    punches { direction deviceAt occurredAt role remark } } } } }";

/// The member's sessions, the oldest first.
async fn sessions(of: &Caller) -> Vec<Value> {
    let answer = of.query(SESSIONS, json!({})).await;
    let edges = answer.data("/sessions/edges").as_array().unwrap();
    edges
        .iter()
        .rev()
        .map(|edge| edge["node"].clone())
        .collect()
}

async fn events(app: &TestApp, org: &TestOrg, kind: &str) -> usize {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use zamu_schema::tables::events;
    app.drain().await;
    let mut conn = super::support::database::raw(app.target()).await;
    let count: i64 = events::table
        .filter(events::org_id.eq(org.id))
        .filter(events::kind.eq(kind))
        .count()
        .get_result(&mut conn)
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

fn instant(value: &Value) -> DateTime<FixedOffset> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_captured_without_a_signal_becomes_a_session() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let day = json!([
        punch("d", "OUT", "17:00"),
        with(
            punch("a", "IN", "08:00"),
            json!({"service": "G0299", "remark": "no network"})
        ),
        punch("c", "BREAK_END", "13:30"),
        with(
            punch("b", "BREAK_START", "13:00"),
            json!({"breakKind": "meal"})
        ),
    ]);
    let answer = sync(&org.worker, day).await;
    assert_eq!(statuses(&answer), ["ACCEPTED"; 4], "{:#}", answer.0);
    assert_eq!(
        each(&answer, "/punch/role"),
        ["CLOSES", "OPENS", "ENDS_BREAK", "STARTS_BREAK"]
    );
    assert_eq!(each(&answer, "/punch/source"), ["SYNC"; 4]);
    assert_eq!(
        instant(answer.data("/syncPunches/serverTime")),
        app.now().fixed_offset()
    );
    let found = sessions(&org.worker).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["status"], "COMPLETED");
    assert_eq!(found[0]["workDate"], "2026-03-01");
    assert_eq!(found[0]["service"], "G0299");
    assert_eq!(found[0]["punches"].as_array().unwrap().len(), 4);
    assert_eq!(events(&app, &org, "PUNCHES_SYNCED").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_punch_never_spoils_the_others() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let batch = json!([
        punch("in", "IN", "08:00"),
        {"clientId": "old", "kind": "OUT", "deviceTime": "2026-01-30T07:59:59+03:00"},
        {"clientId": "ahead", "kind": "OUT", "deviceTime": "2026-03-02T08:02:01+03:00"},
        with(punch("place", "OUT", "09:00"), json!({"place": "plc_00000000000000000000000000000000"})),
        with(punch("garbled", "OUT", "09:00"), json!({"place": "somewhere"})),
        with(punch("client", "OUT", "09:00"), json!({"client": org.worker.member})),
        with(punch("pole", "OUT", "09:00"), json!({"position": {"latitude": 91, "longitude": 0, "accuracyM": 5}})),
        with(punch("clock", "OUT", "09:00"), json!({"monotonicMs": 5})),
        {"clientId": "when", "kind": "OUT", "deviceTime": "yesterday"},
        punch("", "OUT", "09:00"),
        punch("out", "OUT", "16:00"),
    ]);
    let answer = sync(&org.worker, batch).await;
    let codes: Vec<(&str, &str)> = each(&answer, "/problem")
        .into_iter()
        .map(|problem| {
            let text = |name: &str| problem[name].as_str().unwrap_or_default();
            (text("code"), text("field"))
        })
        .collect();
    assert_eq!(
        codes,
        [
            ("", ""),
            ("INVALID_INPUT", "deviceTime"),
            ("INVALID_INPUT", "deviceTime"),
            ("NOT_FOUND", "place"),
            ("INVALID_INPUT", "place"),
            ("INVALID_INPUT", "client"),
            ("INVALID_INPUT", "position.latitude"),
            ("INVALID_INPUT", "monotonicMs"),
            ("INVALID_INPUT", "deviceTime"),
            ("INVALID_INPUT", "clientId"),
            ("", ""),
        ]
    );
    let mut expected = ["REJECTED"; 11];
    (expected[0], expected[10]) = ("ACCEPTED", "ACCEPTED");
    assert_eq!(statuses(&answer), expected);
    assert_eq!(sessions(&org.worker).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_nothing_changes() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (morning, evening) = (punch("a", "IN", "08:00"), punch("b", "OUT", "16:00"));
    let first = sync(&org.worker, json!([morning])).await;
    let both = sync(&org.worker, json!([morning, evening, evening])).await;
    assert_eq!(statuses(&both), ["DUPLICATE", "ACCEPTED", "DUPLICATE"]);
    assert_eq!(
        both.data("/syncPunches/results/0/punch/id"),
        first.data("/syncPunches/results/0/punch/id")
    );
    assert_eq!(
        both.data("/syncPunches/results/1/punch/id"),
        both.data("/syncPunches/results/2/punch/id")
    );
    let before = sessions(&org.worker).await;
    // The phone has learnt the time and was updated since: the punches are the same.
    let wiser = json!({"id": "phone-1", "appVersion": "2", "lastHeard":
        {"serverTime": "2026-03-02T05:00:00Z", "monotonicMs": 1, "bootId": "x"}});
    let again = sync_from(&org.worker, wiser, json!([evening, morning])).await;
    assert_eq!(statuses(&again), ["DUPLICATE"; 2]);
    assert_eq!(sessions(&org.worker).await, before);
    assert_eq!(events(&app, &org, "PUNCHES_SYNCED").await, 2);
}

/// Nothing is lost when a phone gives two punches one name: each is kept, and each is found again by a retry.
#[tokio::test(flavor = "multi_thread")]
async fn one_name_for_two_punches_keeps_both() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let (first, second) = (punch("a", "IN", "08:00"), punch("a", "OUT", "16:00"));
    let answer = sync(&org.worker, json!([first, second])).await;
    assert_eq!(statuses(&answer), ["ACCEPTED", "CONFLICT"]);
    assert_eq!(
        answer.data("/syncPunches/results/1/problem/code"),
        "IDEMPOTENCY_KEY_REUSED"
    );
    let again = sync(&org.worker, json!([second, first])).await;
    assert_eq!(statuses(&again), ["DUPLICATE"; 2]);
    assert_ne!(
        again.data("/syncPunches/results/0/punch/id"),
        again.data("/syncPunches/results/1/punch/id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_is_kept_and_said() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let alone = sync(&org.worker, json!([punch("x", "OUT", "06:00")])).await;
    assert_eq!(statuses(&alone), ["CONFLICT"]);
    assert_eq!(alone.data("/syncPunches/results/0/punch/role"), "ORPHAN");
    assert_eq!(alone.data("/syncPunches/results/0/problem"), &Value::Null);
    let twice = json!([punch("a", "IN", "08:00"), punch("b", "IN", "10:00")]);
    let twice = sync(&org.worker, twice).await;
    assert_eq!(statuses(&twice), ["ACCEPTED", "CONFLICT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_is_corrected_by_the_running_of_the_device() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let heard =
        json!({"serverTime": "2026-03-01T05:00:00Z", "monotonicMs": 1_000, "bootId": "boot-1"});
    let reading = |boot: &str| json!({"monotonicMs": 3_601_000, "bootId": boot, "lastHeard": heard, "zone": "Africa/Nairobi"});
    let batch = json!([
        // The clock on the wall is half an hour ahead.
        with(punch("fast", "IN", "09:30"), reading("boot-1")),
        with(punch("rebooted", "OUT", "16:00"), reading("boot-2")),
    ]);
    let answer = sync(&org.worker, batch).await;
    let result = |name: &str| each(&answer, name);
    assert_eq!(
        result("/punch/occurredAt")
            .into_iter()
            .map(instant)
            .collect::<Vec<_>>(),
        [
            "2026-03-01T09:00:00+03:00"
                .parse::<DateTime<FixedOffset>>()
                .unwrap(),
            "2026-03-01T16:00:00+03:00".parse().unwrap()
        ]
    );
    assert_eq!(result("/punch/trust"), ["CORRECTED", "UNVERIFIED"]);
    assert_eq!(result("/punch/skewSeconds"), [&json!(1_800), &Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_brings_at_most_five_hundred_punches() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let start: DateTime<FixedOffset> = "2026-02-20T00:00:00+03:00".parse().unwrap();
    let many = |count: i64| -> Value {
        let one = |index: i64| {
            let kind = if index % 2 == 0 { "IN" } else { "OUT" };
            let time = (start + TimeDelta::minutes(20 * index)).to_rfc3339();
            json!({"clientId": format!("p{index}"), "kind": kind, "deviceTime": time})
        };
        (0..count).map(one).collect()
    };
    let refused = sync(&org.worker, many(501)).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("TOO_MANY_PUNCHES", "punches")
    );
    let kept = sync(&org.worker, many(500)).await;
    assert_eq!(statuses(&kept), ["ACCEPTED"; 500]);
    let none = sync(&org.worker, json!([])).await;
    assert_eq!(none.data("/syncPunches/results"), &json!([]));
}

/// The rule changed while the phone was away: what happened before is judged by the rule of before.
#[tokio::test(flavor = "multi_thread")]
async fn late_punches_are_judged_by_the_rules_of_their_time() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for date in ["2026-03-02", "2026-03-03"] {
        let shift =
            json!({"member": org.worker.member, "date": date, "starts": "08:00", "ends": "17:00"});
        let planned = org
            .admin
            .run("schedules/plan_shift", json!({"input": shift}))
            .await;
        assert!(planned.ok(), "{:#}", planned.0);
    }
    app.clock.set("2026-03-02T20:00:00Z".parse().unwrap());
    excuse_everybody(&org).await;
    app.clock.set("2026-03-03T18:00:00Z".parse().unwrap());
    let day = |date: &str| {
        let at = |id: &str, kind: &str, time: &str| json!({"clientId": format!("{date}{id}"), "kind": kind, "deviceTime": format!("{date}T{time}:00+03:00")});
        [at("in", "IN", "08:22"), at("out", "OUT", "17:00")]
    };
    let [a, b] = day("2026-03-02");
    let [c, d] = day("2026-03-03");
    let answer = sync(&org.worker, json!([d, a, c, b])).await;
    assert_eq!(statuses(&answer), ["ACCEPTED"; 4]);
    let found = sessions(&org.worker).await;
    assert_eq!(found[0]["lateness"], "LATE");
    assert_eq!(found[0]["minutesLate"], 22);
    assert_eq!(found[1]["lateness"], "EXCUSED");
}

async fn excuse_everybody(org: &TestOrg) {
    let source = "fn lateness(clock_in, settings) { excused() }";
    let draft = json!({"input": {"hook": "attendance.lateness", "source": source}});
    let draft = org.admin.run("rules/save_rule_draft", draft).await;
    let submit = json!({"input": {"drafts": [draft.text("/saveRuleDraft/id")], "note": "floods"}});
    let release = org.admin.run("rules/submit_rule_release", submit).await;
    let release = release.text("/submitRuleRelease/id");
    let review = json!({"input": {"release": release, "verdict": "APPROVE"}});
    assert!(
        org.owner
            .run("rules/review_rule_release", review)
            .await
            .ok()
    );
    // An organization's first release holds for all that was before, unless it says from when.
    let activate = json!({"input": {"release": release, "from": "2026-03-02T20:00:00Z"}});
    let activated = org.admin.run("rules/activate_rule_release", activate).await;
    assert!(activated.ok(), "{:#}", activated.0);
}

/// Numbers that look random and are the same every time (xorshift, G. Marsaglia 2003).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for index in (1..all.len()).rev() {
            all.swap(index, self.roll(index + 1));
        }
    }
}

/// Up to ten punches within three days, some of them taps of the same moment, some on another phone.
fn some_punches(dice: &mut Dice) -> Vec<(usize, Value)> {
    let start: DateTime<FixedOffset> = "2026-02-27T06:00:00+03:00".parse().unwrap();
    let kinds = ["IN", "OUT", "IN", "OUT", "BREAK_START", "BREAK_END"];
    let count = 2 + dice.roll(9);
    let mut all = Vec::new();
    for index in 0..count {
        let minutes = i64::try_from(dice.roll(3 * 24 * 12) * 5).unwrap();
        let time = (start + TimeDelta::minutes(minutes)).to_rfc3339();
        let mut punch = json!({"clientId": format!("p{index}"), "kind": kinds[dice.roll(6)], "deviceTime": time});
        if dice.roll(2) == 0 {
            let north = -0.09 + f64::from(u32::try_from(dice.roll(40)).unwrap()) * 0.012_345_6;
            punch = with(
                punch,
                json!({"position": {"latitude": north, "longitude": 34.768_123, "accuracyM": 8}}),
            );
        }
        all.push((dice.roll(2), punch.clone()));
        if dice.roll(4) == 0 {
            // The other phone saw the same tap and names it differently.
            all.push((
                dice.roll(2),
                with(punch, json!({"clientId": format!("q{index}")})),
            ));
        }
    }
    all
}

/// Hands everything in, in an order and in batches of chance, some of it twice.
async fn hand_in(by: &Person, punches: &[(usize, Value)], dice: &mut Dice) {
    let mut left: Vec<_> = punches.to_vec();
    dice.shuffle(&mut left);
    let repeats = left.clone();
    left.extend(repeats.into_iter().take(dice.roll(3)));
    while !left.is_empty() {
        let size = 1 + dice.roll(left.len());
        let batch: Vec<_> = left.drain(..size).collect();
        for phone in 0..2 {
            let mine = batch.iter().filter(|(of, _)| *of == phone);
            let mine: Vec<&Value> = mine.map(|(_, punch)| punch).collect();
            let device = json!({"id": format!("{phone}-{}", by.member)});
            let answer = sync_from(by, device, json!(mine)).await;
            assert!(
                statuses(&answer).iter().all(|status| *status != "REJECTED"),
                "{:#}",
                answer.0
            );
        }
    }
}

/// What a member's claims came to, ids and the names of phones left out.
async fn outcome(app: &TestApp, of: &Person) -> Value {
    let mut all = sessions(of).await;
    // What happened at one instant is listed in no order that matters.
    for session in &mut all {
        if let Some(punches) = session["punches"].as_array_mut() {
            punches.sort_by_key(Value::to_string);
        }
    }
    all.sort_by_key(Value::to_string);
    json!({"sessions": all, "exceptions": exceptions(app, of).await, "punches": roles(app, of).await})
}

async fn roles(app: &TestApp, of: &Person) -> Vec<(String, String, String)> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use zamu_schema::tables::punches;
    let mut conn = super::support::database::raw(app.target()).await;
    let mut rows: Vec<(DateTime<chrono::Utc>, String, String)> = punches::table
        .filter(punches::member_id.eq(of.member))
        .select((punches::occurred_at, punches::direction, punches::role))
        .load(&mut conn)
        .await
        .unwrap();
    rows.sort();
    let text = |(at, direction, role): (DateTime<chrono::Utc>, String, String)| {
        (at.to_rfc3339(), direction, role)
    };
    rows.into_iter().map(text).collect()
}

async fn exceptions(app: &TestApp, of: &Person) -> Vec<(String, String, String)> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use zamu_schema::tables::exceptions;
    let mut conn = super::support::database::raw(app.target()).await;
    let mut rows: Vec<(chrono::NaiveDate, String, String)> = exceptions::table
        .filter(exceptions::member_id.eq(of.member))
        .filter(exceptions::closed_at.is_null())
        .select((exceptions::work_date, exceptions::kind, exceptions::code))
        .load(&mut conn)
        .await
        .unwrap();
    rows.sort();
    let text =
        |(day, kind, code): (chrono::NaiveDate, String, String)| (day.to_string(), kind, code);
    rows.into_iter().map(text).collect()
}

/// Thirty times: the same punches, in two orders and batchings, of two people. Both end in the same state.
#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_arrival_ends_in_the_same_state() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for case in 0..30_u64 {
        let mut dice = Dice::new(case + 1);
        let punches = some_punches(&mut dice);
        let mut outcomes = Vec::new();
        for twin in ["a", "b"] {
            let name = format!("{twin}{case}");
            let person = app
                .person(&org.owner, "acme", &name, Role::Worker, None)
                .await;
            hand_in(&person, &punches, &mut dice).await;
            outcomes.push(outcome(&app, &person).await);
        }
        assert_eq!(
            outcomes[0],
            outcomes[1],
            "case {case}: {:#}",
            json!(punches)
        );
    }
}

/// Garbage in any field is refused for what it is, and never ends in an internal error.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_for_what_it_is() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let texts = [
        "",
        " ",
        "\u{0}",
        "\u{1f}",
        "💥",
        "null",
        "-1",
        "9999-12-31T23:59:59+14:00",
        "0000-01-01T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-02-30T08:00:00+03:00",
        "2026-03-01T08:00:00",
        "plc_",
        "mbr_zzzz",
        "a\nb",
    ];
    let long = "x".repeat(5_000);
    let numbers = [i64::MIN, -1, 0, 1, i64::MAX];
    let degrees = [-1e308, -90.000_001, 0.0, 1e-300, 180.000_001, 1e308];
    let mut dice = Dice::new(7);
    for round in 0..40 {
        let text = |dice: &mut Dice| match dice.roll(texts.len() + 1) {
            index if index < texts.len() => texts[index].to_owned(),
            _ => long.clone(),
        };
        let mut batch = Vec::new();
        for index in 0..10 {
            let mut punch = punch(&format!("{round}-{index}"), "IN", "08:00");
            let heard = json!({"serverTime": text(&mut dice), "monotonicMs": numbers[dice.roll(5)], "bootId": text(&mut dice)});
            let garbage = match dice.roll(8) {
                0 => json!({"clientId": text(&mut dice)}),
                1 => json!({"deviceTime": text(&mut dice)}),
                2 => json!({"place": text(&mut dice), "client": text(&mut dice)}),
                3 => {
                    json!({"position": {"latitude": degrees[dice.roll(6)], "longitude": degrees[dice.roll(6)], "accuracyM": degrees[dice.roll(6)]}})
                }
                4 => {
                    json!({"monotonicMs": numbers[dice.roll(5)], "bootId": text(&mut dice), "lastHeard": heard})
                }
                5 => {
                    json!({"service": text(&mut dice), "remark": text(&mut dice), "breakKind": text(&mut dice), "appVersion": text(&mut dice), "zone": text(&mut dice)})
                }
                6 => json!({"fixAgeMs": numbers[dice.roll(5)]}),
                _ => {
                    json!({"tasks": [{"name": text(&mut dice), "isDone": true, "remark": text(&mut dice)}]})
                }
            };
            punch = with(punch, garbage);
            batch.push(punch);
        }
        let answer = sync(&org.worker, json!(batch)).await;
        assert!(answer.ok(), "{:#}\n{:#}", answer.0, json!(batch));
        for result in answer.data("/syncPunches/results").as_array().unwrap() {
            let refused = result["status"] == "REJECTED";
            assert_eq!(result["punch"].is_null(), refused, "{result:#}");
            if refused {
                let code = result["problem"]["code"].as_str().unwrap();
                assert!(["INVALID_INPUT", "NOT_FOUND"].contains(&code), "{result:#}");
                assert!(result["problem"]["field"].is_string(), "{result:#}");
            }
        }
    }
    let device = sync_from(&org.worker, json!({"id": ""}), json!([])).await;
    assert_eq!(
        (device.code(), device.field()),
        ("INVALID_INPUT", "device.id")
    );
}
