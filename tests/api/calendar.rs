//! Business hours and holidays. The clock stands at Monday, 2 March 2026, 08:00 in Nairobi.

use chrono::NaiveDate;
use serde_json::{Value, json};

use zamu::auth::action::Action;
use zamu::db::tx::Tx;
use zamu::kernel::error::Result;
use zamu::kernel::id::MemberId;
use zamu::schedules::service;

use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, TestApp};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn week(days: &[&str], spans: &[(&str, &str)]) -> Value {
    let spans: Vec<Value> = spans
        .iter()
        .map(|(starts, ends)| json!({ "starts": starts, "ends": ends }))
        .collect();
    let day = |day: &&str| json!({ "weekday": day, "spans": spans });
    days.iter().map(day).collect()
}

const WEEKDAYS: &[&str] = &["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];

async fn set(caller: &Person, input: Value) -> Answer {
    caller
        .run("schedules/set_business_hours", json!({ "input": input }))
        .await
}

async fn tx(app: &TestApp, person: &Person) -> Tx {
    let viewer = app.viewer(person).await;
    app.app.read(&viewer, Action::ViewShifts).await.unwrap()
}

async fn place(acme: &TestOrg, zone: &str) -> String {
    let place = json!({ "input": { "name": "Branch", "timeZone": zone } });
    let place = acme.owner.run("places/create_place", place).await;
    place.text("/createPlace/id")
}

async fn holiday(caller: &Person, input: Value) -> Answer {
    caller
        .run("schedules/add_holiday", json!({ "input": input }))
        .await
}

/// What judging asks about a day without a shift.
async fn is_rest_day_in(tx: &mut Tx, member: MemberId, date: NaiveDate) -> Result<bool> {
    Ok(service::week_of_in(tx, member).await?.is_rest_day(date))
}

#[tokio::test]
async fn the_narrowest_business_hours_in_force_say_what_is_usual() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let bronx = place(&acme, "America/New_York").await;
    let split = [("08:00", "13:00"), ("14:00", "17:00")];
    let all = json!({ "since": "2026-01-01", "week": week(WEEKDAYS, &split) });
    let all = set(&acme.admin, all).await;
    assert_eq!(
        all.data("/setBusinessHours/week/0"),
        &json!({ "weekday": "MONDAY", "spans": [
            { "starts": "08:00", "ends": "13:00" }, { "starts": "14:00", "ends": "17:00" },
        ] })
    );
    assert_eq!(all.data("/setBusinessHours/week/6/spans"), &json!([]));
    let nights = week(&["SATURDAY", "SUNDAY"], &[("22:00", "06:00")]);
    let field = json!({ "department": acme.field, "since": "2026-03-01", "week": nights });
    set(&acme.admin, field).await.data("/setBusinessHours/id");
    let there = json!({ "place": bronx, "since": "2026-01-01", "week": week(&["MONDAY"], &[("09:00", "10:00")]) });
    set(&acme.admin, there).await.data("/setBusinessHours/id");
    let mut tx = tx(&app, &acme.owner).await;
    let (monday, sunday) = (date("2026-03-02"), date("2026-03-01"));
    let usual = service::usual_hours_in(&mut tx, None, None, monday).await;
    let instant = |text: &str| text.parse::<zamu::kernel::time::Instant>().unwrap();
    assert_eq!(
        usual.unwrap(),
        Some((
            instant("2026-03-02T05:00:00Z"),
            instant("2026-03-02T14:00:00Z")
        ))
    );
    // The team lies below the department that has hours of its own: its Monday is free, its Sunday is not.
    let night = service::usual_hours_in(&mut tx, None, Some(acme.night), sunday).await;
    assert_eq!(
        night.unwrap(),
        Some((
            instant("2026-03-01T19:00:00Z"),
            instant("2026-03-02T03:00:00Z")
        ))
    );
    let worker = acme.worker.member;
    assert!(is_rest_day_in(&mut tx, worker, monday).await.unwrap());
    assert!(!is_rest_day_in(&mut tx, worker, sunday).await.unwrap());
    // Before the department said anything, the organization's week held.
    let before = date("2026-02-28");
    assert!(is_rest_day_in(&mut tx, worker, before).await.unwrap());
    let before = date("2026-02-27");
    assert!(!is_rest_day_in(&mut tx, worker, before).await.unwrap());
    // A place goes before everything, in its own zone.
    let bronx = bronx.parse().unwrap();
    let there = service::usual_hours_in(&mut tx, Some(bronx), Some(acme.night), monday).await;
    assert_eq!(
        there.unwrap(),
        Some((
            instant("2026-03-02T14:00:00Z"),
            instant("2026-03-02T15:00:00Z")
        ))
    );
}

#[tokio::test]
async fn where_nobody_said_anything_no_day_is_free_and_nothing_is_usual() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut tx = tx(&app, &acme.owner).await;
    let sunday = date("2026-03-01");
    let free = is_rest_day_in(&mut tx, acme.worker.member, sunday).await;
    assert!(!free.unwrap());
    let usual = service::usual_hours_in(&mut tx, None, Some(acme.night), sunday).await;
    assert_eq!(usual.unwrap(), None);
}

#[tokio::test]
async fn what_was_said_before_stays_and_can_be_taken_back_from_a_day_on() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let all = json!({ "since": "2026-01-01", "week": week(WEEKDAYS, &[("08:00", "17:00")]) });
    set(&acme.admin, all).await.data("/setBusinessHours/id");
    let own = json!({ "department": acme.field, "since": "2026-02-01", "week": week(&["SUNDAY"], &[("08:00", "12:00")]) });
    set(&acme.admin, own).await.data("/setBusinessHours/id");
    let none = json!({ "department": acme.field, "since": "2026-03-01" });
    let none = set(&acme.admin, none).await;
    assert_eq!(none.data("/setBusinessHours/week"), &Value::Null);
    let history = acme.worker.run("schedules/business_hours", json!({})).await;
    let since = history.data("/businessHours").as_array().unwrap().iter();
    let since: Vec<_> = since.map(|hours| hours["since"].clone()).collect();
    assert_eq!(since, ["2026-03-01", "2026-02-01", "2026-01-01"]);
    let mut tx = tx(&app, &acme.owner).await;
    let worker = acme.worker.member;
    for (day, is_free) in [
        ("2026-02-02", true),
        ("2026-03-02", false),
        ("2026-03-08", true),
    ] {
        let found = is_rest_day_in(&mut tx, worker, date(day)).await;
        assert_eq!(found.unwrap(), is_free, "{day}");
    }
}

#[tokio::test]
async fn hours_that_no_week_has_are_refused() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let input = |name: &str, value: Value| {
        let mut input =
            json!({ "since": "2026-01-01", "week": week(WEEKDAYS, &[("08:00", "17:00")]) });
        input[name] = value;
        input
    };
    let both = [(
        "week.0.spans",
        week(&["MONDAY"], &[("08:00", "12:00"), ("11:00", "13:00")]),
    )];
    for (field, week) in both.into_iter().chain([
        (
            "week.1.weekday",
            week(&["MONDAY", "MONDAY"], &[("08:00", "12:00")]),
        ),
        (
            "week.0.spans.0.starts",
            week(&["MONDAY"], &[("8 am", "12:00")]),
        ),
    ]) {
        let answer = set(&acme.admin, input("week", week)).await;
        assert_eq!((answer.code(), answer.field()), ("INVALID_INPUT", field));
    }
    // The night of one day reaches into the morning of the next.
    let night = week(&["MONDAY"], &[("22:00", "06:00")]);
    let morning = week(&["TUESDAY"], &[("05:00", "09:00")]);
    let meeting = input("week", json!([night[0], morning[0]]));
    let meeting = set(&acme.admin, meeting).await;
    assert_eq!((meeting.code(), meeting.field()), ("INVALID_INPUT", "week"));
    let far = set(&acme.admin, input("since", json!("1999-12-31"))).await;
    assert_eq!((far.code(), far.field()), ("INVALID_INPUT", "since"));
    let place = place(&acme, "Africa/Nairobi").await;
    let mut two = input("place", json!(place));
    two["department"] = json!(acme.field);
    let two = set(&acme.admin, two).await;
    assert_eq!((two.code(), two.field()), ("INVALID_INPUT", "department"));
    for caller in [&acme.supervisor, &acme.worker] {
        let answer = set(caller, input("since", json!("2026-01-01"))).await;
        assert_eq!(answer.code(), "FORBIDDEN");
    }
    let history = acme.owner.run("schedules/business_hours", json!({})).await;
    assert_eq!(history.data("/businessHours"), &json!([]));
}

#[tokio::test]
async fn kenya_s_holidays_are_adopted_once_and_can_be_changed() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let adopt = json!({ "input": { "country": "KE", "year": 2026 } });
    let first = acme
        .admin
        .run("schedules/adopt_holidays", adopt.clone())
        .await;
    let names = first.data("/adoptHolidays").as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 10);
    assert_eq!(names[1..3], ["Good Friday", "Easter Monday"]);
    assert_eq!(first.data("/adoptHolidays/0/country"), "KE");
    let again = acme.admin.run("schedules/adopt_holidays", adopt).await;
    assert_eq!(again.data("/adoptHolidays"), first.data("/adoptHolidays"));
    let remove = json!({ "input": { "holiday": first.text("/adoptHolidays/0/id") } });
    let removed = acme
        .admin
        .run("schedules/remove_holiday", remove.clone())
        .await;
    assert_eq!(
        removed.data("/removeHoliday/holiday/name"),
        "New Year's Day"
    );
    let twice = acme.admin.run("schedules/remove_holiday", remove).await;
    assert_eq!(twice.code(), "NOT_FOUND");
    let mut tx = tx(&app, &acme.owner).await;
    let year = service::holidays_in(&mut tx, date("2026-01-01"), date("2026-12-31")).await;
    let year = year.unwrap();
    assert_eq!(year.len(), 9);
    assert_eq!(year[&date("2026-06-01")], "Madaraka Day");
}

#[tokio::test]
async fn a_holiday_added_today_says_whom_it_concerns_and_is_announced() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for (hours, day) in [
        (("08:00", "12:00"), "2026-03-02"),
        (("13:00", "17:00"), "2026-03-02"),
    ] {
        let shift = json!({ "member": acme.worker.member, "date": day, "starts": hours.0, "ends": hours.1 });
        let shift = acme
            .owner
            .run("schedules/plan_shift", json!({ "input": shift }))
            .await;
        shift.data("/planShift/id");
    }
    let idd =
        |dry_run: bool| json!({ "date": "2026-03-02", "name": "Idd-ul-Fitr", "dryRun": dry_run });
    let would = holiday(&acme.admin, idd(true)).await;
    let affected = |answer: &Answer| {
        let of = |name: &str| answer.data(&format!("/addHoliday/{name}")).clone();
        (of("shifts"), of("members"))
    };
    assert_eq!(affected(&would), (json!(2), json!(1)));
    let between = json!({ "from": "2026-03-01", "to": "2026-03-31" });
    let none = acme.worker.run("schedules/holidays", between.clone()).await;
    assert_eq!(none.data("/holidays"), &json!([]));
    let added = holiday(&acme.admin, idd(false)).await;
    assert_eq!(affected(&added), (json!(2), json!(1)));
    let shown = acme.worker.run("schedules/holidays", between).await;
    assert_eq!(shown.data("/holidays/0"), added.data("/addHoliday/holiday"));
    let twice = holiday(&acme.admin, idd(false)).await;
    assert_eq!((twice.code(), twice.field()), ("CONFLICT", "name"));
    let events = crate::rosters::events(&app, &acme).await;
    let announced = json!({ "kind": "CALENDAR_CHANGED", "from": "2026-03-02", "to": "2026-03-02" });
    assert!(events.contains(&announced));
}

#[tokio::test]
async fn a_holiday_of_a_part_holds_there_and_below() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let clinic = place(&acme, "Africa/Nairobi").await;
    let county = json!({ "date": "2026-03-04", "name": "County day", "department": acme.field });
    let county = holiday(&acme.admin, county).await;
    assert_eq!(county.data("/addHoliday/holiday/department/name"), "Field");
    let works = json!({ "date": "2026-03-05", "name": "No power", "place": clinic });
    holiday(&acme.admin, works)
        .await
        .data("/addHoliday/holiday/id");
    let mut tx = tx(&app, &acme.owner).await;
    let days = (date("2026-03-01"), date("2026-03-31"));
    let everybody = service::holidays_in(&mut tx, days.0, days.1).await.unwrap();
    assert!(everybody.is_empty());
    let clinic = Some(clinic.parse().unwrap());
    let below = service::holidays_at_in(&mut tx, None, Some(acme.night), days).await;
    assert_eq!(
        below.unwrap().into_keys().collect::<Vec<_>>(),
        [date("2026-03-04")]
    );
    let there = service::holidays_at_in(&mut tx, clinic, None, days).await;
    assert_eq!(
        there.unwrap().into_values().collect::<Vec<_>>(),
        ["No power"]
    );
}

#[tokio::test]
async fn wrong_holidays_name_their_field() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    for (input, field) in [
        (json!({ "date": "2026-03-02", "name": " " }), "name"),
        (json!({ "date": "2200-01-01", "name": "Later" }), "date"),
        (
            json!({ "date": "2026-03-02", "name": "Here", "place": "plc_1" }),
            "place",
        ),
    ] {
        let answer = holiday(&acme.admin, input).await;
        assert_eq!((answer.code(), answer.field()), ("INVALID_INPUT", field));
    }
    let year = json!({ "input": { "country": "KE", "year": 1999 } });
    let year = acme.admin.run("schedules/adopt_holidays", year).await;
    assert_eq!((year.code(), year.field()), ("INVALID_INPUT", "year"));
    let backwards = json!({ "from": "2026-03-02", "to": "2026-03-01" });
    let backwards = acme.worker.run("schedules/holidays", backwards).await;
    assert_eq!(
        (backwards.code(), backwards.field()),
        ("INVALID_INPUT", "to")
    );
    let by_worker = holiday(
        &acme.worker,
        json!({ "date": "2026-03-02", "name": "Mine" }),
    )
    .await;
    assert_eq!(by_worker.code(), "FORBIDDEN");
}
