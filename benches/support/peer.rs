//! The peer: the SQL of one clock-in, statement by statement as the server sends it, without a server.
//!
//! The statements are built once, here, for both engines. On SQLite a bare loop runs them, one durable commit each; for
//! PostgreSQL they become a script of pgbench in which whatever differs between two clock-ins is an expression of `:n`.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant as Clock;

use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel_async::SimpleAsyncConnection as _;
use serde_json::json;
use zamu::kernel::id::OrgId;
use zamu::kernel::time::Instant;
use zamu_schema::dual::{Bind, Dual, DualConnection, Prepared};
use zamu_schema::tables::{
    idempotency_keys, members, outbox, places, punches, rule_decisions, shifts, work_sessions,
};

use super::support::client::Run;
use super::support::people::{member, place, shift, uuid};
use super::support::{histogram, micros};

/// Ids of what a clock-in makes; members, shifts and logins have smaller ones.
const SESSION: u16 = 0x7010;
const PUNCH: u16 = 0x7011;
const DECISION: u16 = 0x7012;
const OUTBOX: u16 = 0x7016;
/// Stands for any number in the script of pgbench.
const SAMPLE: u64 = 0xabcd_ef01_2345;

/// The reads and the writes of the clock-in of one member.
fn statements(engine: Dual, org: OrgId, now: Instant, number: u64) -> Vec<Prepared> {
    let mut all = Statements(engine, Vec::new());
    all.reads(org, now, number);
    all.writes(org, now, number);
    all.1
}

struct Statements(Dual, Vec<Prepared>);

impl Statements {
    fn add(&mut self, query: impl QueryFragment<Dual> + QueryId) {
        self.1.push(Prepared::new(&query, self.0).unwrap());
    }

    fn reads(&mut self, org: OrgId, now: Instant, number: u64) {
        let key = idempotency_keys::table
            .filter(idempotency_keys::org_id.eq(org))
            .filter(idempotency_keys::actor_id.eq(member(number)))
            .filter(idempotency_keys::key.eq(format!("peer-{number}")))
            .limit(1);
        self.add(key);
        let person = members::table
            .filter(members::org_id.eq(org))
            .filter(members::id.eq(member(number)))
            .filter(members::id.eq(member(number)))
            .limit(1);
        self.add(person);
        let newest = work_sessions::table
            .filter(work_sessions::org_id.eq(org))
            .filter(work_sessions::member_id.eq(member(number)))
            .filter(work_sessions::member_id.eq(member(number)))
            .order((
                work_sessions::clocked_in_at.desc(),
                work_sessions::id.desc(),
            ))
            .limit(1);
        self.add(newest);
        let around = shifts::table
            .filter(shifts::org_id.eq(org))
            .filter(shifts::member_id.eq(member(number)))
            .filter(shifts::cancelled_at.is_null())
            .filter(shifts::starts_at.le(now + TimeDelta::hours(2)))
            .filter(shifts::ends_at.ge(now));
        self.add(around);
        let where_it_is = places::table
            .filter(places::org_id.eq(org))
            .filter(places::id.eq_any([place()]));
        self.add(where_it_is);
    }

    fn writes(&mut self, org: OrgId, now: Instant, number: u64) {
        self.add(diesel::insert_into(idempotency_keys::table).values((
            idempotency_keys::org_id.eq(org),
            idempotency_keys::actor_id.eq(member(number)),
            idempotency_keys::key.eq(format!("peer-{number}")),
            idempotency_keys::action.eq("CLOCK_IN"),
            idempotency_keys::input_hash.eq("0".repeat(64)),
            idempotency_keys::subject_id.eq(uuid(SESSION, number)),
            idempotency_keys::created_at.eq(now),
        )));
        self.add(diesel::insert_into(work_sessions::table).values((
            work_sessions::org_id.eq(org),
            work_sessions::id.eq(uuid(SESSION, number)),
            work_sessions::member_id.eq(member(number)),
            work_sessions::place_id.eq(place()),
            work_sessions::shift_id.eq(shift(number)),
            work_sessions::status.eq("ACTIVE"),
            work_sessions::work_date.eq(now.date_naive()),
            work_sessions::clocked_in_at.eq(now),
            work_sessions::lateness.eq("LATE"),
            work_sessions::minutes_late.eq(20),
            work_sessions::fence_in.eq("INSIDE"),
            work_sessions::distance_in_m.eq(15.7),
            work_sessions::flags.eq(json!([])),
            work_sessions::needs_review.eq(false),
        )));
        self.add(
            diesel::insert_into(punches::table).values((
                punches::org_id.eq(org),
                punches::id.eq(uuid(PUNCH, number)),
                punches::session_id.eq(uuid(SESSION, number)),
                punches::member_id.eq(member(number)),
                punches::direction.eq("IN"),
                punches::source.eq("MOBILE"),
                punches::occurred_at.eq(now),
                punches::received_at.eq(now),
                punches::latitude.eq(-0.0918),
                punches::longitude.eq(34.7681),
                punches::accuracy_m.eq(12.5),
                punches::place_id.eq(place()),
                punches::fence.eq("INSIDE"),
                punches::distance_m.eq(15.7),
                punches::mock_location.eq(false),
                punches::device
                    .eq(json!({ "mockLocation": false, "model": "A phone", "appVersion": "1.0" })),
            )),
        );
        let decision = |index: u16, hook: &str| {
            let read: Vec<_> = (0..4)
                .map(|name| json!({ "path": format!("attempt.{name}"), "value": 12 }))
                .collect();
            (
                rule_decisions::org_id.eq(org),
                rule_decisions::id.eq(uuid(DECISION + index, number)),
                rule_decisions::hook.eq(hook.to_owned()),
                rule_decisions::contract.eq(1),
                rule_decisions::subject_id.eq(uuid(SESSION, number)),
                rule_decisions::event_at.eq(now),
                rule_decisions::decided_at.eq(now),
                rule_decisions::release.eq("0".repeat(64)),
                rule_decisions::status.eq("OK"),
                rule_decisions::outcome
                    .eq(json!({ "text": "allow()", "name": "allow", "values": {}, "flags": [] })),
                rule_decisions::reasons.eq(json!([])),
                rule_decisions::read.eq(json!(read)),
                rule_decisions::layers.eq(
                    json!([{ "layer": "default", "digest": "0".repeat(64), "outcome": "allow()" }]),
                ),
                rule_decisions::operations.eq(40_i64),
                rule_decisions::duration_us.eq(15_i64),
            )
        };
        let decisions = vec![
            decision(0, "attendance.geofence"),
            decision(1, "attendance.clock_in"),
            decision(2, "attendance.lateness"),
        ];
        self.add(diesel::insert_into(rule_decisions::table).values(decisions));
        let row = |index: u16, stream: &str, payload: serde_json::Value| {
            (
                outbox::id.eq(uuid(OUTBOX + index, number)),
                outbox::org_id.eq(org),
                outbox::stream.eq(stream.to_owned()),
                outbox::kind.eq("CLOCK_IN"),
                outbox::version.eq(1),
                outbox::payload.eq(payload),
                outbox::occurred_at.eq(now),
            )
        };
        let session = uuid(SESSION, 0).to_string();
        let named = |kind: &str| format!("{kind}_{}", uuid(SESSION, 0).simple());
        let event = json!({
            "kind": "CLOCKED_IN", "session": named("ses"), "member": named("mbr"), "department": null,
            "place": named("plc"), "at": now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        });
        let entry = json!({
            "actorKind": "MEMBER", "actorId": session, "action": "CLOCK_IN", "permission": "WORKER:Own",
            "targetKind": "ses", "targetId": session, "reason": null, "requestId": "0123456789abcdef", "detail": {},
        });
        let rows = vec![row(0, "EVENT", event), row(1, "AUDIT", entry)];
        self.add(diesel::insert_into(outbox::table).values(rows));
    }
}

/// One writer, one durable commit for each clock-in.
#[expect(clippy::disallowed_methods, reason = "there is no server here")]
pub async fn sqlite(conn: &mut DualConnection, org: OrgId, numbers: std::ops::Range<u64>) -> Run {
    let mut delays = histogram();
    let count = numbers.end - numbers.start;
    let begun = Clock::now();
    for number in numbers {
        let began = Clock::now();
        conn.batch_execute("BEGIN IMMEDIATE").await.unwrap();
        let all = statements(Dual::Sqlite, org, Utc::now(), number);
        conn.pipeline(all).await.unwrap();
        conn.batch_execute("COMMIT").await.unwrap();
        delays.record(micros(began.elapsed())).unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    Run { per_second, delays }
}

/// pgbench with the same number of connections; each transaction takes the next member of its own.
pub fn pgbench(url: &str, org: OrgId, connections: u64, numbers: std::ops::Range<u64>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("clock_in.sql");
    std::fs::write(&script, pgbench_script(org)).unwrap();
    let each = (numbers.end - numbers.start) / connections;
    let output = Command::new(pgbench_program())
        .current_dir(folder.path())
        .args(["-n", "-M", "prepared", "-l", "--log-prefix=log"])
        .args(["-f", "clock_in.sql", "-c", &connections.to_string()])
        .args(["-t", &each.to_string(), "-D", &format!("each={each}")])
        .args(["-D", &format!("first={}", numbers.start), "-D", "i=-1", url])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let per_second = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    let mut delays = histogram();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("log.") {
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let micros = line.split(' ').nth(2).unwrap().parse().unwrap();
                delays.record(micros).unwrap();
            }
        }
    }
    Run { per_second, delays }
}

/// Beside `initdb`, which distributions keep out of the path.
fn pgbench_program() -> String {
    let find = "command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench | sort -V | tail -1";
    let output = Command::new("bash").args(["-c", find]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "there is no server here")]
fn pgbench_script(org: OrgId) -> String {
    let mut script =
        String::from("\\set i :i + 1\n\\set n :first + :client_id * :each + :i\nBEGIN;\n");
    let own = org.uuid();
    let _ = writeln!(
        script,
        "SELECT set_config('zamu.org', '{own}', true), set_config('zamu.platform', 'off', true);"
    );
    for statement in statements(Dual::Pg, org, Utc::now(), SAMPLE) {
        let mut sql = statement.sql().to_owned();
        // From the last to the first, so that $1 is not found in $12.
        for (index, (_, bind)) in statement.binds().0.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", index + 1), &literal(bind.as_ref()));
        }
        let _ = writeln!(script, "{sql};");
    }
    script + "COMMIT;\n"
}

/// A value in SQL. pgbench takes a colon before a letter or a digit for a variable: there is none but ours.
fn literal(bind: Option<&Bind>) -> String {
    match bind {
        None => "NULL".to_owned(),
        Some(Bind::Bool(value)) => value.to_string(),
        Some(Bind::I32(value)) => format!("({value})"),
        Some(Bind::I64(value)) => format!("({value})"),
        Some(Bind::F64(value)) => format!("({value}::float8)"),
        Some(Bind::Date(date)) => format!("'{date}'::date"),
        Some(Bind::Instant(at)) => format!("to_timestamp({})", at.0.timestamp()),
        Some(Bind::Json(text)) => {
            format!("'{}'::jsonb", text.as_str().replace(':', ": "))
        }
        Some(Bind::Text(text)) if *text == format!("peer-{SAMPLE}") => {
            "('peer-' || :n::bigint)".to_owned()
        }
        Some(Bind::Text(text)) => format!("'{text}'"),
        Some(Bind::Uuid(uuid)) => {
            let text = uuid.0.to_string();
            match text.strip_suffix(&format!("{SAMPLE:012x}")) {
                Some(thing) => format!("('{thing}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid"),
                None => format!("'{text}'::uuid"),
            }
        }
        Some(other) => panic!("{other:?} is in no clock-in"),
    }
}
