//! Shift types, rosters and series. The clock stands at Monday, 2 March 2026, 08:00 in Nairobi.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use zamu::auth::policy::Role;
use zamu::events::follow;
use zamu::schedules::series::extending;

use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, Caller, TestApp};

async fn run(caller: &Caller, name: &str, input: Value) -> Answer {
    let path = format!("schedules/{name}");
    caller.run(&path, json!({ "input": input })).await
}

fn shape(pattern: &str, spans: &[(&str, &str)]) -> Value {
    let span = |(starts, ends): &(&str, &str)| json!({ "starts": starts, "ends": ends });
    json!({ "pattern": pattern, "spans": spans.iter().map(span).collect::<Vec<_>>() })
}

fn at(answer: &Answer, pointer: &str) -> DateTime<Utc> {
    answer.text(pointer).parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn shift_type(acme: &TestOrg, name: &str, shape: Value) -> String {
    let kind = json!({ "name": name, "shape": shape });
    let kind = run(&acme.admin, "add_shift_type", kind).await;
    kind.text("/addShiftType/id")
}

async fn bronx(acme: &TestOrg) -> String {
    let place = json!({ "input": { "name": "Bronx", "timeZone": "America/New_York" } });
    let place = acme.owner.run("places/create_place", place).await;
    place.text("/createPlace/id")
}

/// Shifts that are in the plan, the earliest first: work date, start, end.
async fn planned(caller: &Caller, from: &str, to: &str) -> Vec<(String, DateTime<Utc>, i64)> {
    let page = json!({ "from": from, "to": to, "first": 100 });
    let answer = caller.run("schedules/shifts", page).await;
    let edges = answer.data("/shifts/edges").as_array().unwrap();
    let mut found: Vec<_> = edges
        .iter()
        .map(|edge| {
            let time = |name: &str| instant(edge["node"][name].as_str().unwrap());
            let (starts, ends) = (time("startsAt"), time("endsAt"));
            let date = edge["node"]["workDate"].as_str().unwrap().to_owned();
            (date, starts, (ends - starts).num_minutes())
        })
        .collect();
    found.sort_by_key(|(_, starts, _)| *starts);
    found
}

fn conflicts(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.code(), "SHIFT_CONFLICTS");
    answer.extension("conflicts").as_array().unwrap().clone()
}

#[tokio::test]
async fn shift_types_are_kept_and_changed() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut late = shape("OVERNIGHT", &[("22:00", "06:00")]);
    late["afterMinutes"] = json!(60);
    let added = json!({ "name": "Night", "shape": late });
    let added = run(&acme.admin, "add_shift_type", added.clone()).await;
    assert_eq!(
        added.data("/addShiftType/spans"),
        &json!([{ "starts": "22:00", "ends": "06:00" }])
    );
    assert_eq!(added.data("/addShiftType/beforeMinutes"), 240);
    let id = added.text("/addShiftType/id");
    let twice = json!({ "name": "Night", "shape": late });
    let twice = run(&acme.admin, "add_shift_type", twice).await;
    assert_eq!((twice.code(), twice.field()), ("NAME_TAKEN", "name"));
    let change = json!({ "id": id, "name": "Late", "shape": shape("FIXED", &[("14:00", "22:00")]), "inUse": false });
    let changed = run(&acme.admin, "change_shift_type", change).await;
    assert!(changed.data("/changeShiftType/archivedAt").is_string());
    let all = acme.worker.run("schedules/shift_types", json!({})).await;
    assert_eq!(all.data("/shiftTypes/0"), changed.data("/changeShiftType"));
    // Out of use, nothing is planned with it.
    let plan = json!({ "members": [acme.worker.member], "dates": ["2026-03-10"], "type": id });
    let plan = run(&acme.admin, "plan_shifts", plan).await;
    assert_eq!((plan.code(), plan.field()), ("NOT_FOUND", "type"));
    let wrong = json!({ "name": "Day", "shape": shape("FIXED", &[("22:00", "06:00")]) });
    let wrong = run(&acme.admin, "add_shift_type", wrong).await;
    assert_eq!((wrong.code(), wrong.field()), ("INVALID_INPUT", "spans"));
    let not_mine = json!({ "name": "Mine", "shape": shape("FIXED", &[("08:00", "09:00")]) });
    let not_mine = run(&acme.supervisor, "add_shift_type", not_mine).await;
    assert_eq!(not_mine.code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_roster_is_planned_for_many_people_and_days() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut day = shape("FIXED", &[("08:00", "17:00")]);
    day["breakMinutes"] = json!(60);
    let day = shift_type(&acme, "Day", day).await;
    let roster = json!({
        "members": [acme.worker.member, acme.supervisor.member], "dates": ["2026-03-10", "2026-03-11", "2026-03-10"], "type": day,
    });
    let plan = run(&acme.supervisor, "plan_shifts", roster).await;
    assert_eq!(plan.data("/planShifts/count"), 4);
    assert_eq!(plan.data("/planShifts/isPlanned"), true);
    assert_eq!(plan.data("/planShifts/shifts/0/type/name"), "Day");
    assert_eq!(plan.data("/planShifts/shifts/0/owedMinutes"), 480);
    assert_eq!(
        at(&plan, "/planShifts/shifts/0/claimsFrom"),
        instant("2026-03-10T01:00:00Z")
    );
    assert_eq!(
        planned(&acme.owner, "2026-03-01", "2026-03-31").await.len(),
        4
    );
    assert_eq!(
        planned(&acme.worker, "2026-03-01", "2026-03-31")
            .await
            .len(),
        2
    );
}

#[tokio::test]
async fn every_clash_of_a_roster_is_listed_and_nothing_is_planned() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let night = json!({ "member": acme.worker.member, "date": "2026-03-09", "starts": "22:00", "ends": "09:00" });
    let night = run(&acme.owner, "plan_shift", night)
        .await
        .text("/planShift/id");
    let noon = json!({ "member": acme.supervisor.member, "date": "2026-03-11", "starts": "12:00", "ends": "13:00" });
    let noon = run(&acme.owner, "plan_shift", noon)
        .await
        .text("/planShift/id");
    let roster = |dry_run: bool| {
        json!({
            "members": [acme.worker.member, acme.supervisor.member], "dates": ["2026-03-10", "2026-03-11"],
            "shape": shape("FIXED", &[("08:00", "17:00")]), "dryRun": dry_run,
        })
    };
    let would = run(&acme.owner, "plan_shifts", roster(true)).await;
    assert_eq!(would.data("/planShifts/isPlanned"), false);
    let shown = would.data("/planShifts/conflicts").as_array().unwrap();
    let mut with: Vec<_> = shown
        .iter()
        .map(|one| one["with"]["id"].as_str().unwrap())
        .collect();
    with.sort_unstable();
    let mut both = [night.as_str(), noon.as_str()];
    both.sort_unstable();
    assert_eq!(with, both);
    let refused = run(&acme.owner, "plan_shifts", roster(false)).await;
    let listed = conflicts(&refused);
    assert_eq!(listed.len(), 2);
    assert!(
        listed
            .iter()
            .any(|one| one["shiftId"] == json!(night) && one["workDate"] == "2026-03-10")
    );
    assert_eq!(
        planned(&acme.owner, "2026-03-01", "2026-03-31").await.len(),
        2
    );
    // Days that touch do not clash; planned again, each clashes with itself.
    let long = json!({
        "members": [acme.worker.member], "dates": ["2026-03-20", "2026-03-21"],
        "shape": shape("OVERNIGHT", &[("12:00", "12:00")]),
    });
    assert!(run(&acme.owner, "plan_shifts", long.clone()).await.ok());
    let again = run(&acme.owner, "plan_shifts", long).await;
    assert_eq!(conflicts(&again).len(), 2);
}

#[tokio::test]
async fn what_the_calendar_says_is_answered_with_the_shift() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let week = json!([{ "weekday": "MONDAY", "spans": [
        { "starts": "08:00", "ends": "12:00" }, { "starts": "13:00", "ends": "17:00" },
    ] }]);
    let hours = json!({ "since": "2026-01-01", "week": week });
    let said = run(&acme.admin, "set_business_hours", hours).await;
    said.data("/setBusinessHours/id");
    let holiday = json!({ "date": "2026-03-16", "name": "Idd-ul-Fitr" });
    let said = run(&acme.admin, "add_holiday", holiday).await;
    said.data("/addHoliday/holiday/id");
    let findings = |answer: &Answer, at: &str| -> Vec<(String, String)> {
        let all = answer.data(at).as_array().unwrap().iter();
        all.map(|one| {
            assert_eq!(one["refuses"], false);
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("field"), text("text"))
        })
        .collect()
    };
    let said = |field: &str, text: &str| (field.to_owned(), text.to_owned());
    let shift = |date: &str, starts: &str, ends: &str| json!({ "member": acme.worker.member, "date": date, "starts": starts, "ends": ends });
    let usual = run(
        &acme.owner,
        "plan_shift",
        shift("2026-03-09", "08:00", "17:00"),
    )
    .await;
    assert!(findings(&usual, "/planShift/findings").is_empty());
    let tuesday = run(
        &acme.owner,
        "plan_shift",
        shift("2026-03-10", "08:00", "17:00"),
    )
    .await;
    let rest_day = said("date", "2026-03-10 is a rest day");
    assert_eq!(findings(&tuesday, "/planShift/findings"), [rest_day]);
    let free = run(
        &acme.owner,
        "plan_shift",
        shift("2026-03-16", "06:00", "18:00"),
    )
    .await;
    let on_holiday = said("date", "2026-03-16 is a holiday: Idd-ul-Fitr");
    assert_eq!(findings(&free, "/planShift/findings"), [on_holiday]);
    // The same about one that is changed, and about a roster.
    let mut changed = shift("2026-03-23", "07:00", "19:00");
    changed.as_object_mut().unwrap().remove("member");
    changed["shift"] = free.data("/planShift/id").clone();
    let changed = run(&acme.owner, "change_shift", changed).await;
    let early = said("starts", "business hours begin at 08:00");
    let late = said("ends", "business hours end at 17:00");
    assert_eq!(
        findings(&changed, "/changeShift/findings"),
        [early.clone(), late]
    );
    let roster = json!({
        "members": [acme.worker.member], "dates": ["2026-03-30"], "shape": shape("FIXED", &[("05:00", "13:00")]),
    });
    let roster = run(&acme.owner, "plan_shifts", roster).await;
    assert_eq!(findings(&roster, "/planShifts/findings"), [early]);
}

#[tokio::test]
async fn short_rest_is_said_and_a_rule_can_refuse() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let late = json!({ "member": acme.worker.member, "date": "2026-03-09", "starts": "14:00", "ends": "23:00" });
    run(&acme.owner, "plan_shift", late)
        .await
        .data("/planShift/id");
    let early = json!({
        "members": [acme.worker.member], "dates": ["2026-03-10"], "shape": shape("FIXED", &[("06:00", "12:00")]),
    });
    let planned = run(&acme.owner, "plan_shifts", early).await;
    let finding = planned.data("/planShifts/findings/0");
    assert_eq!(
        (&finding["field"], &finding["refuses"]),
        (&json!("starts"), &json!(false))
    );
    assert!(
        finding["text"]
            .as_str()
            .unwrap()
            .contains("420 minutes of rest")
    );
    // What ships allows a day; this organization less.
    let rule = json!({ "input": { "hook": "validate.plan_shift", "values": [{ "name": "longest_minutes", "value": 300 }] } });
    let draft = acme
        .admin
        .run("rules/set_rule_settings", rule)
        .await
        .text("/setRuleSettings/id");
    let submit = json!({ "input": { "drafts": [draft], "note": "short shifts" } });
    let release = acme
        .admin
        .run("rules/submit_rule_release", submit)
        .await
        .text("/submitRuleRelease/id");
    let review = json!({ "input": { "release": release, "verdict": "APPROVE" } });
    acme.owner.run("rules/review_rule_release", review).await;
    let activate = json!({ "input": { "release": release } });
    assert!(
        acme.admin
            .run("rules/activate_rule_release", activate)
            .await
            .ok()
    );
    let day = json!({ "member": acme.worker.member, "date": "2026-03-25", "starts": "08:00", "ends": "17:00" });
    let refused = run(&acme.owner, "plan_shift", day).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("DENIED_BY_RULE", "ends")
    );
    assert_eq!(refused.extension("rule"), &json!("validate.plan_shift"));
}

#[tokio::test]
async fn five_thousand_shifts_are_planned_at_once_and_no_more() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let spans = [
        ("01:00", "02:00"),
        ("03:00", "04:00"),
        ("05:00", "06:00"),
        ("07:00", "08:00"),
        ("09:00", "10:00"),
    ];
    let people =
        [&acme.owner, &acme.admin, &acme.supervisor, &acme.worker].map(|person| person.member);
    let dates = |count: i64| -> Vec<_> {
        (0..count)
            .map(|day| instant("2026-03-10T00:00:00Z").date_naive() + TimeDelta::days(day))
            .collect()
    };
    let roster = |count: i64| json!({ "members": people, "dates": dates(count), "shape": shape("SPLIT", &spans) });
    let more = run(&acme.owner, "plan_shifts", roster(251)).await;
    assert_eq!((more.code(), more.field()), ("INVALID_INPUT", "members"));
    let all = run(&acme.owner, "plan_shifts", roster(250)).await;
    assert_eq!(all.data("/planShifts/count"), 5_000);
    assert_eq!(
        all.data("/planShifts/shifts").as_array().unwrap().len(),
        100
    );
    let again = run(&acme.owner, "plan_shifts", roster(250)).await;
    assert_eq!(conflicts(&again).len(), 5_000);
}

#[tokio::test]
async fn wrong_rosters_name_their_field() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let stranger = app.organization("other").await;
    let with = |name: &str, value: Value| {
        let mut input = json!({
            "members": [acme.worker.member], "dates": ["2026-03-10"], "shape": shape("FIXED", &[("08:00", "17:00")]),
        });
        input[name] = value;
        input
    };
    for (input, code, field) in [
        (with("members", json!([])), "INVALID_INPUT", "members"),
        (
            with("members", json!(["mbr_1"])),
            "INVALID_INPUT",
            "members.0",
        ),
        (
            with("members", json!([stranger.worker.member])),
            "NOT_FOUND",
            "members",
        ),
        (with("dates", json!([])), "INVALID_INPUT", "dates"),
        (
            with("dates", json!(["2200-01-01"])),
            "INVALID_INPUT",
            "dates",
        ),
        (with("shape", Value::Null), "INVALID_INPUT", "type"),
        (
            with("place", json!("plc_0190f1c2000070008000000000000000")),
            "NOT_FOUND",
            "place",
        ),
    ] {
        let answer = run(&acme.owner, "plan_shifts", input).await;
        assert_eq!((answer.code(), answer.field()), (code, field));
    }
    let loner = app
        .person(&acme.owner, "acme", "loner", Role::Worker, None)
        .await;
    let beyond = run(
        &acme.supervisor,
        "plan_shifts",
        with("members", json!([loner.member])),
    )
    .await;
    assert_eq!(beyond.code(), "NOT_FOUND");
    let by_worker = run(
        &acme.worker,
        "plan_shifts",
        with("dates", json!(["2026-03-10"])),
    )
    .await;
    assert_eq!(by_worker.code(), "FORBIDDEN");
}

#[tokio::test]
async fn what_is_over_changes_with_a_reason_only() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let shift = json!({ "member": acme.worker.member, "date": "2026-02-27", "starts": "08:00", "ends": "17:00" });
    let shift = run(&acme.owner, "plan_shift", shift)
        .await
        .text("/planShift/id");
    let change = |reason: Option<&str>| json!({ "shift": shift, "date": "2026-02-27", "starts": "22:00", "ends": "06:00", "reason": reason });
    let silent = run(&acme.supervisor, "change_shift", change(None)).await;
    assert_eq!((silent.code(), silent.field()), ("INVALID_INPUT", "reason"));
    let told = run(&acme.supervisor, "change_shift", change(Some("swapped"))).await;
    assert_eq!(told.data("/changeShift/pattern"), "OVERNIGHT");
    assert_eq!(
        at(&told, "/changeShift/endsAt"),
        instant("2026-02-28T03:00:00Z")
    );
    let other = json!({ "member": acme.worker.member, "date": "2026-02-26", "starts": "08:00", "ends": "17:00" });
    run(&acme.owner, "plan_shift", other)
        .await
        .data("/planShift/id");
    let onto = json!({ "shift": shift, "date": "2026-02-26", "starts": "09:00", "ends": "10:00", "reason": "wrong" });
    assert_eq!(
        run(&acme.owner, "change_shift", onto).await.code(),
        "CONFLICT"
    );
    let cancel = run(&acme.owner, "cancel_shift", json!({ "shift": shift })).await;
    assert_eq!((cancel.code(), cancel.field()), ("INVALID_INPUT", "reason"));
    let cancel = json!({ "shift": shift, "reason": "never planned" });
    run(&acme.owner, "cancel_shift", cancel)
        .await
        .data("/cancelShift/cancelledAt");
    assert_eq!(
        run(&acme.owner, "change_shift", change(Some("late")))
            .await
            .code(),
        "NOT_FOUND"
    );
    let events = events(&app, &acme).await;
    let about =
        |event: &&Value| event["kind"] == "SHIFTS_CHANGED" && event["about"] == json!(shift);
    assert_eq!(events.iter().filter(about).count(), 3);
}

/// 23:00–07:30 with half an hour of break, in New York: 8 hours, 7 where the clocks go forward (8 March 2026), 9 where
/// they go back (1 November 2026).
#[tokio::test]
async fn d_3_a_series_of_nights_keeps_its_wall_time_over_both_changes_of_clocks() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut night = shape("OVERNIGHT", &[("23:00", "07:30")]);
    night["breakMinutes"] = json!(30);
    let series = json!({
        "members": [acme.worker.member], "place": bronx(&acme).await, "shape": night, "recurrence": "FREQ=DAILY", "from": "2026-03-06",
    });
    let series = run(&acme.owner, "create_shift_series", series).await;
    assert_eq!(series.data("/createShiftSeries/plan/isPlanned"), true);
    assert_eq!(
        series.data("/createShiftSeries/series/0/plannedTo"),
        "2026-04-27"
    );
    let paid = async |from: &str, to: &str| -> Vec<(String, i64)> {
        let nights = planned(&acme.owner, from, to).await.into_iter();
        nights
            .map(|(_, starts, minutes)| (starts.format("%d %H:%M").to_string(), minutes - 30))
            .collect()
    };
    let night = |starts: &str, minutes: i64| (starts.to_owned(), minutes);
    assert_eq!(
        paid("2026-03-06", "2026-03-08").await,
        [
            night("07 04:00", 480),
            night("08 04:00", 420),
            night("09 03:00", 480)
        ]
    );
    app.clock.set(instant("2026-10-20T12:00:00Z"));
    extending::extend(&app.app).await.unwrap();
    assert_eq!(
        paid("2026-10-30", "2026-11-01").await,
        [
            night("31 03:00", 480),
            night("01 03:00", 540),
            night("02 04:00", 480)
        ]
    );
    // Once more changes nothing.
    let before = paid("2026-12-01", "2026-12-31").await;
    extending::extend(&app.app).await.unwrap();
    assert_eq!(paid("2026-12-01", "2026-12-31").await, before);
    assert_eq!(before.len(), 15);
}

#[tokio::test]
async fn occurrences_are_skipped_and_moved_and_a_series_ends() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let day = shift_type(&acme, "Day", shape("FIXED", &[("08:00", "17:00")])).await;
    let series = json!({
        "members": [acme.worker.member], "type": day, "recurrence": "FREQ=WEEKLY;BYDAY=MO,TH", "from": "2026-03-09",
    });
    let series = run(&acme.supervisor, "create_shift_series", series).await;
    let id = series.text("/createShiftSeries/series/0/id");
    let first = series.data("/createShiftSeries/plan/shifts/0");
    assert_eq!(
        (&first["series"], &first["seriesDay"]),
        (&json!(id), &json!("2026-03-09"))
    );
    let dates = async |from: &str, to: &str| -> Vec<String> {
        let shifts = planned(&acme.owner, from, to).await.into_iter();
        shifts.map(|(date, ..)| date).collect()
    };
    let skip = |day: &str| json!({ "series": id, "day": day, "reason": "closed" });
    run(&acme.supervisor, "skip_occurrence", skip("2026-03-12"))
        .await
        .data("/skipOccurrence/day");
    let nothing = run(&acme.supervisor, "skip_occurrence", skip("2026-03-13")).await;
    assert_eq!((nothing.code(), nothing.field()), ("INVALID_INPUT", "day"));
    let to = |day: &str, to: &str| json!({ "series": id, "day": day, "to": to, "starts": "20:00", "ends": "04:00" });
    let moved = run(
        &acme.supervisor,
        "move_occurrence",
        to("2026-03-16", "2026-03-17"),
    )
    .await;
    assert_eq!(moved.data("/moveOccurrence/movedTo"), "2026-03-17");
    assert_eq!(
        moved.data("/moveOccurrence/spans"),
        &json!([{ "starts": "20:00", "ends": "04:00" }])
    );
    assert_eq!(
        dates("2026-03-09", "2026-03-20").await,
        ["2026-03-09", "2026-03-17", "2026-03-19"]
    );
    // Onto another of the series: refused, and everything is as it was.
    let onto = json!({ "series": id, "day": "2026-03-23", "to": "2026-03-26" });
    assert_eq!(
        conflicts(&run(&acme.supervisor, "move_occurrence", onto).await).len(),
        1
    );
    assert_eq!(
        dates("2026-03-23", "2026-03-26").await,
        ["2026-03-23", "2026-03-26"]
    );
    // Beyond what is planned: remembered until the timetable gets there.
    run(&acme.supervisor, "skip_occurrence", skip("2026-05-04"))
        .await
        .data("/skipOccurrence/day");
    run(
        &acme.supervisor,
        "move_occurrence",
        to("2026-05-07", "2026-05-08"),
    )
    .await
    .data("/moveOccurrence/day");
    app.clock.set(instant("2026-04-01T05:00:00Z"));
    extending::extend(&app.app).await.unwrap();
    assert_eq!(
        dates("2026-05-01", "2026-05-12").await,
        ["2026-05-08", "2026-05-11"]
    );
    let end =
        |reason: Option<&str>| json!({ "series": id, "from": "2026-03-26", "reason": reason });
    let silent = run(&acme.supervisor, "end_shift_series", end(None)).await;
    assert_eq!((silent.code(), silent.field()), ("INVALID_INPUT", "reason"));
    let ended = run(&acme.supervisor, "end_shift_series", end(Some("moved on"))).await;
    assert_eq!(ended.data("/endShiftSeries/to"), "2026-03-25");
    assert_eq!(
        ended
            .data("/endShiftSeries/changes")
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(dates("2026-03-20", "2026-06-30").await, ["2026-03-23"]);
    app.clock.set(instant("2026-06-01T05:00:00Z"));
    extending::extend(&app.app).await.unwrap();
    assert_eq!(dates("2026-03-26", "2026-12-31").await, [""; 0]);
    let listed = acme.worker.run("schedules/shift_series", json!({})).await;
    assert_eq!(
        listed.data("/shiftSeries/edges/0/node/recurrence"),
        "FREQ=WEEKLY;BYDAY=MO,TH"
    );
    assert_eq!(
        listed.data("/shiftSeries/edges/0/node/changes/0/movedTo"),
        &Value::Null
    );
}

#[tokio::test]
async fn the_timetable_leaves_out_what_clashes_and_says_why() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let series = json!({
        "members": [acme.worker.member], "shape": shape("FIXED", &[("08:00", "17:00")]), "recurrence": "FREQ=WEEKLY;BYDAY=MO", "from": "2026-03-09",
    });
    run(&acme.owner, "create_shift_series", series)
        .await
        .data("/createShiftSeries/series/0/id");
    let other = json!({ "member": acme.worker.member, "date": "2026-05-04", "starts": "16:00", "ends": "20:00" });
    let other = run(&acme.owner, "plan_shift", other)
        .await
        .text("/planShift/id");
    app.clock.set(instant("2026-03-20T05:00:00Z"));
    extending::extend(&app.app).await.unwrap();
    let listed = acme
        .owner
        .run(
            "schedules/shift_series",
            json!({ "member": acme.worker.member }),
        )
        .await;
    let change = listed.data("/shiftSeries/edges/0/node/changes/0");
    assert_eq!(change["day"], "2026-05-04");
    assert!(change["reason"].as_str().unwrap().contains(&other));
    let may = planned(&acme.owner, "2026-05-01", "2026-05-31").await;
    assert_eq!(
        may.iter()
            .map(|(date, ..)| date.as_str())
            .collect::<Vec<_>>(),
        ["2026-05-04", "2026-05-11"]
    );
    // Whoever has left is planned no further.
    let viewer = app.viewer(&acme.admin).await;
    let left = acme.worker.member;
    zamu::identity::service::deactivate_member(&app.app, &viewer, left, "moved away")
        .await
        .unwrap();
    app.clock.set(instant("2026-06-01T05:00:00Z"));
    extending::extend(&app.app).await.unwrap();
    let listed = acme.owner.run("schedules/shift_series", json!({})).await;
    assert_eq!(listed.data("/shiftSeries/edges/0/node/to"), "2026-05-15");
}

#[tokio::test]
async fn a_recurrence_that_cannot_be_followed_is_refused() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let with = |recurrence: &str, dry_run: bool| {
        json!({
            "members": [acme.worker.member], "shape": shape("FIXED", &[("08:00", "17:00")]),
            "recurrence": recurrence, "from": "2026-03-09", "dryRun": dry_run,
        })
    };
    for wrong in ["FREQ=HOURLY", "every day", "FREQ=DAILY;BYHOUR=3", ""] {
        let answer = run(&acme.owner, "create_shift_series", with(wrong, false)).await;
        assert_eq!(
            (answer.code(), answer.field()),
            ("RECURRENCE_INVALID", "recurrence"),
            "{wrong}"
        );
    }
    let would = run(
        &acme.owner,
        "create_shift_series",
        with("FREQ=DAILY;COUNT=3", true),
    )
    .await;
    assert_eq!(would.data("/createShiftSeries/plan/count"), 3);
    assert!(
        planned(&acme.owner, "2026-03-01", "2026-12-31")
            .await
            .is_empty()
    );
    let none = acme.owner.run("schedules/shift_series", json!({})).await;
    assert_eq!(none.data("/shiftSeries/edges"), &json!([]));
}

/// Everything that was announced, the earliest first.
pub(super) async fn events(app: &TestApp, acme: &TestOrg) -> Vec<Value> {
    app.drain().await;
    let viewer = app.viewer(&acme.owner).await;
    let newest = follow::newest(&app.app, &viewer).await.unwrap();
    let all = follow::follow(&app.app, &viewer, Some(0)).await.unwrap();
    let all = all.take(usize::try_from(newest).unwrap());
    all.map(|event| serde_json::to_value(&event.unwrap().event).unwrap())
        .collect()
        .await
}

/// The shift and the work date of a session.
async fn matched(caller: &Caller, session: &str) -> (Option<String>, String) {
    let document = "query Matched($id: ID!) { session(id: $id) { workDate shift { id } } }";
    let answer = caller.query(document, json!({ "id": session })).await;
    let shift = answer.data("/session/shift").get("id");
    let shift = shift.map(|id| id.as_str().unwrap().to_owned());
    (shift, answer.text("/session/workDate"))
}

async fn tap(app: &TestApp, worker: &Person, way: &str, time: &str) -> Answer {
    app.clock.set(instant(time));
    let input = json!({ "input": { "idempotencyKey": time } });
    worker.run(&format!("attendance/{way}"), input).await
}

/// frappe/hrms#3298: shift A 18:00–07:00, shift B 14:00–20:00 the next day; in at 18:30, out at 07:10 closes A, and
/// nothing is left for B.
#[tokio::test]
async fn d_4_the_morning_after_a_night_closes_the_night() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let plan = async |date: &str, starts: &str, ends: &str| {
        let shift =
            json!({ "member": acme.worker.member, "date": date, "starts": starts, "ends": ends });
        run(&acme.owner, "plan_shift", shift)
            .await
            .text("/planShift/id")
    };
    let night = plan("2026-07-13", "18:00", "07:00").await;
    let afternoon = plan("2026-07-14", "14:00", "20:00").await;
    let came = tap(&app, &acme.worker, "clock_in", "2026-07-13T15:30:00Z").await;
    let left = tap(&app, &acme.worker, "clock_out", "2026-07-14T04:10:00Z").await;
    assert_eq!(left.data("/clockOut/id"), came.data("/clockIn/id"));
    assert_eq!(left.data("/clockOut/workedMinutes"), 12 * 60 + 40);
    let closed = matched(&acme.worker, &left.text("/clockOut/id")).await;
    assert_eq!(closed, (Some(night), "2026-07-13".to_owned()));
    let next = tap(&app, &acme.worker, "clock_in", "2026-07-14T10:50:00Z").await;
    let next = matched(&acme.worker, &next.text("/clockIn/id")).await;
    assert_eq!(next, (Some(afternoon), "2026-07-14".to_owned()));
}

/// frappe/hrms#1556: two work periods in one day are two shifts of one split type.
#[tokio::test]
async fn d_4_two_work_periods_in_one_day_are_matched_each() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut halves = shape("SPLIT", &[("08:00", "12:00"), ("16:00", "20:00")]);
    halves["beforeMinutes"] = json!(60);
    halves["afterMinutes"] = json!(30);
    let split = shift_type(&acme, "Split", halves).await;
    let roster = json!({ "members": [acme.worker.member], "dates": ["2026-03-10"], "type": split });
    let roster = run(&acme.owner, "plan_shifts", roster).await;
    let halves = [
        roster.text("/planShifts/shifts/0/id"),
        roster.text("/planShifts/shifts/1/id"),
    ];
    assert_eq!(roster.data("/planShifts/shifts/1/workDate"), "2026-03-10");
    for (came, left, half) in [
        ("2026-03-10T04:50:00Z", "2026-03-10T09:05:00Z", Some(0)),
        // Just ended: still the first half.
        ("2026-03-10T09:20:00Z", "2026-03-10T09:25:00Z", Some(0)),
        ("2026-03-10T10:30:00Z", "2026-03-10T10:40:00Z", None),
        ("2026-03-10T12:55:00Z", "2026-03-10T17:00:00Z", Some(1)),
    ] {
        let session = tap(&app, &acme.worker, "clock_in", came).await;
        let (shift, _) = matched(&acme.worker, &session.text("/clockIn/id")).await;
        let half: Option<&String> = half.map(|half: usize| &halves[half]);
        assert_eq!(shift.as_ref(), half, "{came}");
        assert!(tap(&app, &acme.worker, "clock_out", left).await.ok());
    }
}
