//! Many phones of one member at once, online and handing in what they captured: never two open sessions, never a lost
//! punch.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use serde_json::{Value, json};
use zamu::kernel::id::PunchId;
use zamu_schema::tables::{punches, work_sessions};

use super::support::database::raw;
use super::support::people::Person;
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

/// What one tap was told: the punches it was promised.
async fn tap(app: &TestApp, worker: &Person, client: usize, round: usize) -> (Answer, Vec<String>) {
    let mut dice = Dice::new(u64::try_from(round * CLIENTS + client + 1).unwrap());
    let key = format!("{round}-{client}");
    match dice.roll(4) {
        0 => {
            let input = json!({"idempotencyKey": key});
            (
                worker
                    .run("attendance/clock_in", json!({"input": input}))
                    .await,
                Vec::new(),
            )
        }
        1 => {
            let input = json!({"idempotencyKey": key});
            (
                worker
                    .run("attendance/clock_out", json!({"input": input}))
                    .await,
                Vec::new(),
            )
        }
        _ => {
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
            (answer, promised.iter().map(id).collect())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_phones_of_one_member_lose_nothing_and_open_nothing_twice() {
    let app = Arc::new(TestApp::start().await);
    let org = app.organization("acme").await;
    let mut promised = BTreeSet::new();
    let (mut ins, mut outs) = (0, 0);
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
                "TRY_AGAIN",
            ];
            assert!(
                answer.ok() || harmless.contains(&answer.code()),
                "{:#}",
                answer.0
            );
            ins += usize::from(answer.0["data"]["clockIn"]["id"].is_string());
            outs += usize::from(answer.0["data"]["clockOut"]["id"].is_string());
            promised.extend(punches);
        }
        let mut conn = raw(app.target()).await;
        let open: i64 = work_sessions::table
            .filter(work_sessions::member_id.eq(org.worker.member))
            .filter(work_sessions::status.eq("ACTIVE"))
            .count()
            .get_result(&mut conn)
            .await
            .unwrap();
        assert!(open <= 1, "{open} open sessions");
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
        assert_eq!(online, ins + outs);
    }
}
