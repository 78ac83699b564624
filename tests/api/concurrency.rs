//! Many phones of one member at once, online and handing in what they captured: never two open sessions or breaks, never
//! a lost punch.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use serde_json::{Value, json};
use zamu::kernel::id::PunchId;
use zamu_schema::tables::punches;

use super::rebuild::rebuild;
use super::support::database::raw;
use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};
use super::sync::Dice;

const CLIENTS: usize = 64;
/// How often all of them tap at once; more with `ZAMU_TEST_ROUNDS`.
const ROUNDS: usize = 3;

fn rounds() -> usize {
    let wanted = crate::support::database::setting("ZAMU_TEST_ROUNDS");
    wanted
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// What is tapped online, and under which name it is answered.
const ONLINE: [(&str, &str); 4] = [
    ("attendance/clock_in", "clockIn"),
    ("attendance/clock_out", "clockOut"),
    ("attendance/start_break", "startBreak"),
    ("attendance/end_break", "endBreak"),
];

/// What one tap was told: the punches it was promised.
async fn tap(app: &TestApp, worker: &Person, client: usize, round: usize) -> (Answer, Vec<String>) {
    let mut dice = Dice::new(u64::try_from(round * CLIENTS + client + 1).unwrap());
    let key = format!("{round}-{client}");
    if let Some((path, _)) = ONLINE.get(dice.roll(7)) {
        let input = json!({"input": {"idempotencyKey": key}});
        return (worker.run(path, input).await, Vec::new());
    }
    let kinds = ["IN", "OUT", "BREAK_START", "BREAK_END"];
    let punch = |index: usize| {
        let ago = i64::try_from(dice.roll(600)).unwrap();
        let time = (app.now() - TimeDelta::minutes(ago)).to_rfc3339();
        json!({"clientId": format!("{key}-{index}"), "kind": kinds[dice.roll(4)], "deviceTime": time})
    };
    let batch: Vec<Value> = (0..3).map(punch).collect();
    let input = json!({"device": {"id": key}, "punches": batch});
    let answer = worker
        .run("attendance/sync_punches", json!({"input": input}))
        .await;
    let promised = if answer.ok() {
        let results = answer.data("/syncPunches/results");
        results.as_array().unwrap().clone()
    } else {
        Vec::new()
    };
    let id = |result: &Value| result["punch"]["id"].as_str().unwrap().to_owned();
    let ids = promised.iter().map(id).collect();
    (answer, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_phones_of_one_member_lose_nothing_and_open_nothing_twice() {
    let app = Arc::new(TestApp::start().await);
    let org = app.organization("acme").await;
    let mut promised = BTreeSet::new();
    let mut answered = 0;
    for round in 0..rounds() {
        app.clock.advance(TimeDelta::hours(12));
        // Half a day later the phone renews what it holds, once.
        assert!(org.worker.run("identity/me", json!({})).await.ok());
        let taps = (0..CLIENTS).map(|client| tap(&app, &org.worker, client, round));
        for (answer, punches) in join_all(taps).await {
            let harmless = [
                "ALREADY_CLOCKED_IN",
                "NOT_CLOCKED_IN",
                "CLOCKED_OUT_BEFORE_IN",
                "ALREADY_ON_BREAK",
                "NOT_ON_BREAK",
                "TRY_AGAIN",
            ];
            assert!(
                answer.ok() || harmless.contains(&answer.code()),
                "{:#}",
                answer.0
            );
            let is_done = |(_, root): &(&str, &str)| answer.0["data"][root]["id"].is_string();
            answered += usize::from(ONLINE.iter().any(is_done));
            promised.extend(punches);
        }
        one_thing_at_a_time(&app, &org).await;
        let mut conn = raw(app.target()).await;
        let kept: Vec<(PunchId, String)> = punches::table
            .filter(punches::member_id.eq(org.worker.member))
            .select((punches::id, punches::source))
            .load(&mut conn)
            .await
            .unwrap();
        let synced: BTreeSet<String> = kept
            .iter()
            .filter(|(_, source)| source == "SYNC")
            .map(|(id, _)| id.to_string())
            .collect();
        assert_eq!(
            synced, promised,
            "every punch that was promised, and no other"
        );
        let online = kept.iter().filter(|(_, source)| source == "MOBILE").count();
        assert_eq!(online, answered);
    }
    assert_eq!(
        rebuild(&app, &org).await,
        0,
        "it is what its claims come to"
    );
}

/// Nobody is in two sessions or on two breaks, and whoever has gone is on none.
async fn one_thing_at_a_time(app: &TestApp, org: &TestOrg) {
    let query = "query($after: String) { sessions(first: 100, after: $after) {
        edges { node { status breaks { endsAt } } } pageInfo { hasNextPage endCursor }
    } }";
    let (mut open, mut after) = (0, Value::Null);
    loop {
        let page = org.worker.query(query, json!({ "after": after })).await;
        for edge in page.data("/sessions/edges").as_array().unwrap() {
            let (status, breaks) = (&edge["node"]["status"], &edge["node"]["breaks"]);
            let breaks = breaks.as_array().unwrap();
            let running = breaks.iter().filter(|pause| pause["endsAt"].is_null());
            open += usize::from(status == "ACTIVE");
            let most = usize::from(["ACTIVE", "DISCONNECTED"].contains(&status.as_str().unwrap()));
            assert!(running.count() <= most, "{edge:#}");
        }
        after = page.data("/sessions/pageInfo/endCursor").clone();
        if page.data("/sessions/pageInfo/hasNextPage") == false {
            break;
        }
    }
    assert!(open <= 1, "{open} open sessions at {}", app.now());
}
