//! What a day counts as, absence as a record, and the sums that move with every session.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Africa::Nairobi;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use zamu::attendance::days::{close, verify};
use zamu::auth::action::Action;
use zamu::db::tx::Audit;
use zamu::kernel::id::{SessionId, kinds};
use zamu::kernel::time::local_to_instant;
use zamu::reports::model::Range;
use zamu::reports::service::{self, Filter};
use zamu_schema::tables::{group_days, work_sessions};

use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

/// The Monday the tests begin on.
const MONDAY: &str = "2026-03-02";

fn at(date: &str, time: &str) -> DateTime<Utc> {
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    local_to_instant(date.parse().unwrap(), time, Nairobi)
}

/// Nine hours with one of break, which is eight hours of work.
async fn shift(org: &TestOrg, person: &Person, date: &str) -> String {
    let input = json!({"member": person.member, "date": date, "starts": "08:00", "ends": "17:00", "breakMinutes": 60});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({ "input": input }))
        .await;
    planned.text("/planShift/id")
}

async fn work(app: &TestApp, person: &Person, date: &str, from: &str, to: &str) {
    app.clock.set(at(date, from));
    let key = json!({"input": {"idempotencyKey": format!("in {date} {from}")}});
    assert!(person.run("attendance/clock_in", key).await.ok());
    app.clock.set(at(date, to));
    let key = json!({"input": {"idempotencyKey": format!("out {date} {from}")}});
    assert!(person.run("attendance/clock_out", key).await.ok());
}

async fn day(by: &Person, of: &Person, date: &str) -> Answer {
    let day = json!({"member": of.member, "date": date});
    by.run("attendance/work_day", day).await
}

async fn status(by: &Person, of: &Person, date: &str) -> String {
    let answer = day(by, of, date).await;
    answer.data("/workDay/status").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_is_a_record_made_when_the_window_has_passed() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    shift(&org, &org.worker, MONDAY).await;
    app.clock.set(at(MONDAY, "20:59"));
    close::close(&app.app).await.unwrap();
    // Somebody could still come: the shift ended four hours ago at nine.
    assert!(
        day(&org.admin, &org.worker, MONDAY)
            .await
            .data("/workDay")
            .is_null()
    );
    app.clock.set(at(MONDAY, "21:00"));
    close::close(&app.app).await.unwrap();
    let absent = day(&org.worker, &org.worker, MONDAY).await;
    assert_eq!(absent.data("/workDay/status"), "ABSENT");
    assert_eq!(absent.data("/workDay/summary/absentDays"), 1);
    assert_eq!(absent.data("/workDay/summary/plannedMinutes"), 480);
    assert_eq!(absent.data("/workDay/summary/absenceRate"), 1.0);
    assert!(absent.data("/workDay/summary/punctuality").is_null());
    assert_eq!(
        absent.data("/workDay/decisions/0/hook"),
        "attendance.status"
    );
    assert_eq!(absent.data("/workDay/decisions/0/outcome"), "absent()");
    let decided = absent.text("/workDay/decidedAt");
    // Another round, on another node or after a restart, changes nothing.
    app.clock.advance(TimeDelta::minutes(10));
    close::close(&app.app).await.unwrap();
    let again = day(&org.worker, &org.worker, MONDAY).await;
    assert_eq!(again.text("/workDay/decidedAt"), decided);
    assert_eq!(
        again.data("/workDay/decisions").as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_absences_are_closed_in_bounded_steps() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let first: NaiveDate = MONDAY.parse().unwrap();
    // More than one step takes, and many that end at one moment would be more still.
    for days in 0..60 {
        let date = first + chrono::Days::new(days);
        shift(&org, &org.worker, &date.to_string()).await;
        shift(&org, &org.supervisor, &date.to_string()).await;
    }
    app.clock.set(at("2026-05-10", "12:00"));
    close::close(&app.app).await.unwrap();
    let range = json!({"range": {"from": MONDAY, "to": "2026-05-10"}});
    let report = org.admin.run("reports/organization_report", range).await;
    assert_eq!(report.data("/organizationReport/absentDays"), 120);
    assert!(
        verify::verify(&app.app, org.id)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_judged_once_it_is_over() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let worker = &org.worker;
    for date in [MONDAY, "2026-03-03", "2026-03-04"] {
        shift(&org, worker, date).await;
    }
    work(&app, worker, MONDAY, "08:00", "17:00").await;
    assert_eq!(status(worker, worker, MONDAY).await, "null");
    app.clock.set(at(MONDAY, "21:00"));
    close::close(&app.app).await.unwrap();
    assert_eq!(status(worker, worker, MONDAY).await, "\"PRESENT\"");
    // Half of it.
    work(&app, worker, "2026-03-03", "08:00", "12:30").await;
    app.clock.set(at("2026-03-03", "21:00"));
    close::close(&app.app).await.unwrap();
    assert_eq!(status(worker, worker, "2026-03-03").await, "\"HALF_DAY\"");
    // Still at work when the window has passed: judged at the clock-out.
    app.clock.set(at("2026-03-04", "08:00"));
    let key = json!({"input": {"idempotencyKey": "long in"}});
    assert!(worker.run("attendance/clock_in", key).await.ok());
    app.clock.set(at("2026-03-04", "22:00"));
    close::close(&app.app).await.unwrap();
    assert_eq!(status(worker, worker, "2026-03-04").await, "null");
    let key = json!({"input": {"idempotencyKey": "long out"}});
    assert!(worker.run("attendance/clock_out", key).await.ok());
    assert_eq!(status(worker, worker, "2026-03-04").await, "\"PRESENT\"");
    let days = json!({"member": worker.member, "from": MONDAY, "to": "2026-03-31", "first": 2});
    let page = worker.run("attendance/work_days", days.clone()).await;
    assert_eq!(page.data("/workDays/edges/0/node/workDate"), "2026-03-04");
    assert_eq!(page.data("/workDays/edges/1/node/workDate"), "2026-03-03");
    assert_eq!(
        page.data("/workDays/edges/1/node/summary/workedMinutes"),
        270
    );
    let mut next = days;
    next["after"] = page.data("/workDays/pageInfo/endCursor").clone();
    let rest = worker.run("attendance/work_days", next).await;
    assert_eq!(rest.data("/workDays/edges/0/node/workDate"), MONDAY);
    assert_eq!(rest.data("/workDays/pageInfo/hasNextPage"), false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_runs_backwards_is_refused() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let days = json!({"member": org.worker.member, "from": "2026-03-03", "to": MONDAY});
    let refused = org.worker.run("attendance/work_days", days).await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_others_are_out_of_reach() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    work(&app, &org.worker, MONDAY, "09:00", "10:00").await;
    work(&app, &org.admin, MONDAY, "11:00", "12:00").await;
    assert!(
        !day(&org.supervisor, &org.worker, MONDAY)
            .await
            .data("/workDay")
            .is_null()
    );
    for (by, of) in [
        (&org.supervisor, &org.admin),
        (&org.worker, &org.admin),
        (&org.worker, &org.supervisor),
    ] {
        assert!(day(by, of, MONDAY).await.data("/workDay").is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_changed_behind_our_back_is_found_and_put_right() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    work(&app, &org.worker, MONDAY, "09:00", "12:00").await;
    assert!(
        verify::verify(&app.app, org.id)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
    let mut tx = app
        .app
        .begin(&app.viewer(&org.owner).await, Action::ClockIn)
        .await
        .unwrap();
    let own = group_days::table.filter(group_days::org_id.eq(org.id));
    let change = diesel::update(own).set(group_days::worked_minutes.eq(1));
    change.execute(tx.conn().unwrap()).await.unwrap();
    tx.commit_unaudited().await.unwrap();
    let found = verify::verify(&app.app, org.id).await.unwrap().differences;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].table, found[0].measure),
        ("group_days", "worked_minutes")
    );
    assert_eq!(found[0].expected - found[0].kept, 179);
    verify::repair(&app.app, org.id).await.unwrap();
    assert!(
        verify::verify(&app.app, org.id)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
}

/// Sessions appear, end, move to another day, place or department and vanish, in any order: the sums by day are those
/// of the parts, and those are what the sessions come to.
#[tokio::test(flavor = "multi_thread")]
async fn any_sequence_of_session_changes_leaves_the_sums_right() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let owner = app.viewer(&org.owner).await;
    let mut random = StdRng::seed_from_u64(20_260_302);
    let people = [&org.worker, &org.supervisor, &org.admin];
    let mut model: BTreeMap<SessionId, Row> = BTreeMap::new();
    for round in 0..60_usize {
        let mut tx = app.app.begin(&owner, Action::ManagePunches).await.unwrap();
        let known: Vec<SessionId> = model.keys().copied().collect();
        let id = if known.is_empty() || random.random_bool(0.4) {
            tx.id()
        } else {
            known[random.random_range(0..known.len())]
        };
        let before = model.get(&id).cloned();
        let member = before.as_ref().map_or(round % 3, |row| row.person);
        let row = Row::random(&mut random, member, &org);
        let days: BTreeSet<NaiveDate> = before
            .iter()
            .map(|row| row.date)
            .chain([row.date])
            .collect();
        row.write(&mut tx, people[member], id, before.is_some());
        let settle = zamu::attendance::days::service::settle_in;
        settle(&mut tx, people[member].member, &days).await.unwrap();
        tx.commit(Audit::of_many::<kinds::Session>()).await.unwrap();
        model.insert(id, row);
        let alive = || model.values().filter(|row| row.status != "VOID");
        let range = Range::new("2026-03-01".parse().unwrap(), "2026-04-30".parse().unwrap());
        let filter = Filter::default();
        let found = service::summary(&app.app, &owner, &filter, range.unwrap()).await;
        let sums = found.unwrap().0;
        let worked: i64 = alive().map(Row::minutes).sum();
        let days: BTreeSet<_> = alive().map(|row| (row.person, row.date)).collect();
        assert_eq!(sums.worked_minutes, worked, "round {round}");
        assert_eq!(sums.sessions, i64::try_from(alive().count()).unwrap());
        assert_eq!(sums.people_days, i64::try_from(days.len()).unwrap());
        let differences = verify::verify(&app.app, org.id).await.unwrap().differences;
        assert!(differences.is_empty(), "round {round}: {differences:?}");
    }
}

/// A session as the test remembers it.
#[derive(Clone)]
struct Row {
    person: usize,
    status: &'static str,
    date: NaiveDate,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    department: zamu::kernel::id::DepartmentId,
}

impl Row {
    fn random(random: &mut StdRng, person: usize, org: &TestOrg) -> Self {
        let first: NaiveDate = "2026-03-25".parse().unwrap();
        let date = first + chrono::Days::new(random.random_range(0..12));
        let from = date.and_time(NaiveTime::MIN).and_utc()
            + TimeDelta::minutes(random.random_range(0..600));
        Self {
            person,
            status: ["COMPLETED", "DISCONNECTED", "VOID", "COMPLETED"][random.random_range(0..4)],
            date,
            from,
            to: from + TimeDelta::minutes(random.random_range(0..700)),
            department: [org.field, org.night][random.random_range(0..2)],
        }
    }

    /// A session without an end counts no time.
    fn minutes(&self) -> i64 {
        match self.status {
            "COMPLETED" => (self.to - self.from).num_minutes(),
            _ => 0,
        }
    }

    fn write(&self, tx: &mut zamu::db::tx::Tx, person: &Person, id: SessionId, is_known: bool) {
        use work_sessions as t;
        let ended = (self.status == "COMPLETED").then_some(self.to);
        let changes = (
            t::status.eq(self.status),
            t::work_date.eq(self.date),
            t::clocked_in_at.eq(self.from),
            t::clocked_out_at.eq(ended),
            t::department_id.eq(self.department),
        );
        if is_known {
            let own = t::table.filter(t::org_id.eq(tx.org())).filter(t::id.eq(id));
            tx.stage(diesel::update(own).set(changes)).unwrap();
            return;
        }
        let row = (
            t::org_id.eq(tx.org()),
            t::id.eq(id),
            t::member_id.eq(person.member),
            changes,
            t::fence_in.eq("NONE"),
            t::flags.eq(json!([])),
            t::needs_review.eq(false),
            t::required.eq(json!([])),
            t::breaks.eq(json!([])),
            t::tasks.eq(json!([])),
            t::is_manual.eq(false),
        );
        tx.stage(diesel::insert_into(t::table).values(row)).unwrap();
    }
}
