//! Planned shifts.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Africa::Nairobi;
use serde_json::{Value, json};

use zamu::auth::action::Action;
use zamu::auth::policy::Role;
use zamu::db::tx::{Audit, Tx};
use zamu::kernel::id::kinds;
use zamu::places;
use zamu::schedules::model::ShiftKind;
use zamu::schedules::service::{self, NewShift};

use crate::support::people::Person;
use crate::support::{Answer, Caller, TestApp};

/// A supervisor of the field with a worker of the night below it, a worker of no department, and a stranger.
struct Cast {
    app: TestApp,
    admin: Person,
    supervisor: Person,
    worker: Person,
    worker_id: String,
    loner: Person,
    loner_id: String,
    patient: Person,
    stranger: Person,
}

async fn cast() -> Cast {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let loner = app
        .person(&acme.owner, "acme", "loner", Role::Worker, None)
        .await;
    let patient = app
        .person(&acme.owner, "acme", "patient", Role::Patient, None)
        .await;
    let stranger = app.organization("other").await.owner;
    Cast {
        app,
        admin: acme.admin,
        supervisor: acme.supervisor,
        worker_id: acme.worker.member.to_string(),
        worker: acme.worker,
        loner_id: loner.member.to_string(),
        loner,
        patient,
        stranger,
    }
}

async fn plan(caller: &Caller, input: Value) -> Answer {
    caller
        .run("schedules/plan_shift", json!({ "input": input }))
        .await
}

fn day(member: &str, date: &str) -> Value {
    json!({ "member": member, "date": date, "starts": "08:00", "ends": "17:00", "breakMinutes": 60 })
}

/// Code and field of a refusal.
fn refusal(answer: &Answer) -> (&str, &str) {
    (answer.code(), answer.field())
}

fn dates(answer: &Answer, list: &str) -> Vec<String> {
    let edges = answer.data(&format!("{list}/edges")).as_array().unwrap();
    edges
        .iter()
        .map(|edge| edge["node"]["workDate"].as_str().unwrap().to_owned())
        .collect()
}

/// Instants are compared as instants: an answer may write `Z` or `+00:00`.
fn instant(answer: &Answer, pointer: &str) -> String {
    let at: DateTime<Utc> = answer.text(pointer).parse().unwrap();
    at.format("%Y-%m-%dT%H:%MZ").to_string()
}

#[tokio::test]
async fn a_shift_is_planned_in_local_time() {
    let cast = cast().await;
    let shift = plan(&cast.admin, day(&cast.worker_id, "2026-03-10")).await;
    assert_eq!(instant(&shift, "/planShift/startsAt"), "2026-03-10T05:00Z");
    assert_eq!(instant(&shift, "/planShift/endsAt"), "2026-03-10T14:00Z");
    assert_eq!(shift.data("/planShift/kind"), "WORK");
    assert_eq!(shift.data("/planShift/member/id"), &json!(cast.worker_id));
    assert_eq!(shift.data("/planShift/breakMinutes"), 60);
    let mine = cast.worker.run("schedules/my_shifts", json!({})).await;
    let mut planned = shift.data("/planShift").clone();
    let findings = planned.as_object_mut().unwrap().remove("findings");
    assert_eq!(findings, Some(json!([])));
    assert_eq!(mine.data("/myShifts/edges/0/node"), &planned);
}

#[tokio::test]
async fn a_night_ends_tomorrow_in_the_zone_of_its_place() {
    let cast = cast().await;
    let place = json!({ "input": { "name": "Bronx", "timeZone": "America/New_York" } });
    let place = cast
        .admin
        .run("places/create_place", place)
        .await
        .text("/createPlace/id");
    let night = |date: &str| json!({ "member": cast.worker_id, "place": place, "date": date, "starts": "23:00", "ends": "07:30" });
    // The clocks go forward: a short night.
    let spring = plan(&cast.admin, night("2024-03-09")).await;
    assert_eq!(instant(&spring, "/planShift/startsAt"), "2024-03-10T04:00Z");
    assert_eq!(instant(&spring, "/planShift/endsAt"), "2024-03-10T11:30Z");
    assert_eq!(spring.data("/planShift/workDate"), "2024-03-09");
    assert_eq!(spring.data("/planShift/place/name"), "Bronx");
    // And back: a long one.
    let autumn = plan(&cast.admin, night("2024-11-02")).await;
    assert_eq!(instant(&autumn, "/planShift/startsAt"), "2024-11-03T03:00Z");
    assert_eq!(instant(&autumn, "/planShift/endsAt"), "2024-11-03T12:30Z");
}

#[tokio::test]
async fn an_overlap_is_refused_naming_the_other() {
    let cast = cast().await;
    let first = plan(&cast.admin, day(&cast.worker_id, "2026-03-10")).await;
    let first = first.text("/planShift/id");
    let evening = |starts: &str| json!({ "member": cast.worker_id, "date": "2026-03-10", "starts": starts, "ends": "02:00" });
    let overlap = plan(&cast.admin, evening("16:59")).await;
    assert_eq!(overlap.code(), "CONFLICT");
    assert!(
        overlap.0["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains(&first)
    );
    assert_eq!(overlap.extension("shiftId"), &json!(first));
    // Another member may; so may a shift that begins as the other ends, and one where the other was cancelled.
    plan(&cast.admin, day(&cast.loner_id, "2026-03-10"))
        .await
        .data("/planShift/id");
    plan(&cast.admin, evening("17:00"))
        .await
        .data("/planShift/id");
    let cancel = json!({ "input": { "shift": first, "reason": "ill" } });
    cast.admin
        .run("schedules/cancel_shift", cancel)
        .await
        .data("/cancelShift/id");
    plan(&cast.admin, day(&cast.worker_id, "2026-03-10"))
        .await
        .data("/planShift/id");
}

#[tokio::test]
async fn of_two_planned_at_once_one_wins() {
    let cast = cast().await;
    let at_once = (0..8).map(|_| plan(&cast.admin, day(&cast.worker_id, "2026-03-10")));
    let answers = futures_util::future::join_all(at_once).await;
    let planned = answers.iter().filter(|answer| answer.ok()).count();
    let refused = answers
        .iter()
        .filter(|answer| answer.code() == "CONFLICT")
        .count();
    assert_eq!((planned, refused), (1, 7));
}

#[tokio::test]
async fn nobody_plans_for_who_has_left() {
    let cast = cast().await;
    let viewer = cast.app.viewer(&cast.admin).await;
    let left = cast.worker.member;
    zamu::identity::service::deactivate_member(&cast.app.app, &viewer, left, "moved away")
        .await
        .unwrap();
    let answer = plan(&cast.admin, day(&cast.worker_id, "2026-03-10")).await;
    assert_eq!(refusal(&answer), ("INVALID_INPUT", "member"));
}

#[tokio::test]
async fn a_cancelled_shift_is_shown_only_on_request() {
    let cast = cast().await;
    let id = plan(&cast.admin, day(&cast.worker_id, "2026-03-10"))
        .await
        .text("/planShift/id");
    let cancel = json!({ "input": { "shift": id } });
    let first = cast
        .admin
        .run("schedules/cancel_shift", cancel.clone())
        .await;
    let again = cast.admin.run("schedules/cancel_shift", cancel).await;
    assert!(first.data("/cancelShift/cancelledAt").is_string());
    assert_eq!(first.data("/cancelShift"), again.data("/cancelShift"));
    assert!(
        dates(
            &cast.admin.run("schedules/shifts", json!({})).await,
            "/shifts"
        )
        .is_empty()
    );
    let all = cast
        .admin
        .run("schedules/shifts", json!({ "cancelled": true }))
        .await;
    assert_eq!(dates(&all, "/shifts"), ["2026-03-10"]);
}

#[tokio::test]
async fn shifts_come_in_pages_between_days() {
    let cast = cast().await;
    for date in ["2026-03-10", "2026-03-12", "2026-03-11", "2026-03-13"] {
        plan(&cast.admin, day(&cast.worker_id, date))
            .await
            .data("/planShift/id");
    }
    let first = cast
        .admin
        .run("schedules/shifts", json!({ "first": 3 }))
        .await;
    assert_eq!(
        dates(&first, "/shifts"),
        ["2026-03-13", "2026-03-12", "2026-03-11"]
    );
    let after = first.data("/shifts/pageInfo/endCursor");
    let rest = cast
        .admin
        .run("schedules/shifts", json!({ "first": 3, "after": after }))
        .await;
    assert_eq!(dates(&rest, "/shifts"), ["2026-03-10"]);
    assert_eq!(rest.data("/shifts/pageInfo/hasNextPage"), false);
    let between = json!({ "member": cast.worker_id, "from": "2026-03-11", "to": "2026-03-12" });
    let between = cast.admin.run("schedules/shifts", between).await;
    assert_eq!(dates(&between, "/shifts"), ["2026-03-12", "2026-03-11"]);
    let longest = cast
        .admin
        .run("schedules/shifts", json!({ "first": 100 }))
        .await;
    assert_eq!(dates(&longest, "/shifts").len(), 4);
    let backwards = json!({ "from": "2026-03-12", "to": "2026-03-11" });
    let backwards = cast.admin.run("schedules/shifts", backwards).await;
    assert_eq!(refusal(&backwards), ("INVALID_INPUT", "to"));
}

#[tokio::test]
async fn everybody_sees_and_plans_as_far_as_they_reach() {
    let cast = cast().await;
    plan(&cast.supervisor, day(&cast.worker_id, "2026-03-10"))
        .await
        .data("/planShift/id");
    let beyond = plan(&cast.supervisor, day(&cast.loner_id, "2026-03-10")).await;
    assert_eq!(refusal(&beyond), ("NOT_FOUND", "member"));
    assert_eq!(
        plan(&cast.worker, day(&cast.worker_id, "2026-03-11"))
            .await
            .code(),
        "FORBIDDEN"
    );
    let lab = plan(&cast.admin, day(&cast.loner_id, "2026-03-11"))
        .await
        .text("/planShift/id");
    let cancel = json!({ "input": { "shift": lab } });
    for caller in [&cast.supervisor, &cast.stranger] {
        let answer = caller.run("schedules/cancel_shift", cancel.clone()).await;
        assert_eq!(answer.code(), "NOT_FOUND");
    }
    let all = json!({});
    let seen = async |caller: &Caller| {
        dates(
            &caller.run("schedules/shifts", all.clone()).await,
            "/shifts",
        )
    };
    assert_eq!(seen(&cast.admin).await, ["2026-03-11", "2026-03-10"]);
    assert_eq!(seen(&cast.supervisor).await, ["2026-03-10"]);
    assert_eq!(seen(&cast.worker).await, ["2026-03-10"]);
    assert_eq!(seen(&cast.loner).await, ["2026-03-11"]);
    assert!(seen(&cast.stranger).await.is_empty());
    let others = json!({ "member": cast.loner_id });
    assert!(
        dates(
            &cast.worker.run("schedules/shifts", others).await,
            "/shifts"
        )
        .is_empty()
    );
    assert_eq!(
        cast.patient.run("schedules/shifts", json!({})).await.code(),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    let cast = cast().await;
    let theirs = json!({ "input": { "name": "Theirs" } });
    let theirs = cast
        .stranger
        .run("places/create_place", theirs)
        .await
        .text("/createPlace/id");
    let with = |name: &str, value: Value| {
        let mut input = day(&cast.worker_id, "2026-03-10");
        input[name] = value;
        input
    };
    for (input, code, field) in [
        (with("member", json!(theirs)), "INVALID_INPUT", "member"),
        (with("member", json!("")), "INVALID_INPUT", "member"),
        (
            with("member", json!("mbr_0190f1c2000070008000000000000000")),
            "NOT_FOUND",
            "member",
        ),
        (
            with("member", json!(cast.stranger.member.to_string())),
            "NOT_FOUND",
            "member",
        ),
        (
            with("place", json!(cast.worker_id)),
            "INVALID_INPUT",
            "place",
        ),
        (with("place", json!(theirs)), "NOT_FOUND", "place"),
        (
            with("starts", json!("8 o'clock")),
            "INVALID_INPUT",
            "starts",
        ),
        (
            with("starts", json!("x".repeat(100_000))),
            "INVALID_INPUT",
            "starts",
        ),
        (with("starts", json!(8)), "INVALID_INPUT", "starts"),
        (with("ends", json!("24:00")), "INVALID_INPUT", "ends"),
        (
            with("breakMinutes", json!(540)),
            "INVALID_INPUT",
            "breakMinutes",
        ),
        (
            with("breakMinutes", json!(-1)),
            "INVALID_INPUT",
            "breakMinutes",
        ),
        (with("date", json!("1999-12-31")), "INVALID_INPUT", "date"),
        (with("date", json!("2200-01-01")), "INVALID_INPUT", "date"),
    ] {
        assert_eq!(refusal(&plan(&cast.admin, input).await), (code, field));
    }
    let date = plan(&cast.admin, with("date", json!("2026-02-30"))).await;
    assert_eq!(date.code(), "INVALID_INPUT");
    let wrong = json!({ "input": { "shift": cast.worker_id } });
    let wrong = cast.admin.run("schedules/cancel_shift", wrong).await;
    assert_eq!(refusal(&wrong), ("INVALID_INPUT", "shift"));
    let unknown = json!({ "input": { "shift": "shf_0190f1c2000070008000000000000000" } });
    assert_eq!(
        cast.admin
            .run("schedules/cancel_shift", unknown)
            .await
            .code(),
        "NOT_FOUND"
    );
    assert!(
        dates(
            &cast.admin.run("schedules/shifts", json!({})).await,
            "/shifts"
        )
        .is_empty()
    );
}

#[tokio::test]
async fn an_import_brings_each_shift_once() {
    let cast = cast().await;
    let viewer = cast.app.viewer(&cast.admin).await;
    let mut tx = cast
        .app
        .app
        .begin(&viewer, Action::ImportData)
        .await
        .unwrap();
    let place = places::service::place_by_name_in(&mut tx, " Clinic", Nairobi)
        .await
        .unwrap();
    let again = places::service::place_by_name_in(&mut tx, "Clinic", Nairobi)
        .await
        .unwrap();
    assert_eq!(place, again);
    let start: DateTime<Utc> = "2026-03-10T05:00:00Z".parse().unwrap();
    let shift = |day: i64| NewShift {
        member_id: cast.worker.member,
        place_id: Some(place.id),
        kind: ShiftKind::Work,
        work_date: (start + TimeDelta::days(day)).date_naive(),
        starts_at: start + TimeDelta::days(day),
        ends_at: start + TimeDelta::days(day) + TimeDelta::hours(9),
        break_minutes: 0,
        external_ref: Some(format!("row-{day}")),
    };
    let import = async |tx: &mut Tx, days: i64| {
        service::import_shifts_in(tx, (0..days).map(shift).collect())
            .await
            .unwrap()
            .len()
    };
    assert_eq!(import(&mut tx, 2_000).await, 2_000);
    assert_eq!(import(&mut tx, 2_500).await, 500);
    assert_eq!(import(&mut tx, 0).await, 0);
    let early = start + TimeDelta::days(2) - TimeDelta::minutes(30);
    let found = service::shift_for_in(&mut tx, cast.worker.member, early)
        .await
        .unwrap();
    assert_eq!(found.unwrap().external_ref.as_deref(), Some("row-2"));
    assert_eq!(
        service::shift_for_in(&mut tx, cast.loner.member, early)
            .await
            .unwrap(),
        None
    );
    tx.commit(Audit::of_many::<kinds::Shift>()).await.unwrap();
    let shown = json!({ "from": "2026-03-12", "to": "2026-03-12" });
    let shown = cast.worker.run("schedules/my_shifts", shown).await;
    assert_eq!(shown.data("/myShifts/edges/0/node/place/name"), "Clinic");
}
