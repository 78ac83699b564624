//! Leave: types, requests, decisions and balances. The clock stands at Monday, 2 March 2026, 08:00 in Nairobi.

use serde_json::{Value, json};

use zamu::auth::action::Action;
use zamu::kernel::id::MemberId;
use zamu::leave::model::DayLeave;

use crate::rosters::events;
use crate::support::people::TestOrg;
use crate::support::{Answer, Caller, TestApp};

async fn run(caller: &Caller, name: &str, input: Value) -> Answer {
    let path = format!("leave/{name}");
    caller.run(&path, json!({ "input": input })).await
}

/// An organization that works Monday to Friday and grants what Kenya's law says; its types by name.
async fn started(app: &TestApp) -> (TestOrg, std::collections::HashMap<String, String>) {
    let acme = app.organization("acme").await;
    let spans = json!([{ "starts": "08:00", "ends": "17:00" }]);
    let day = |day: &str| json!({ "weekday": day, "spans": spans });
    let week: Vec<Value> = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
        .map(day)
        .into();
    let hours = json!({ "input": { "since": "2026-01-01", "week": week } });
    let hours = acme.admin.run("schedules/set_business_hours", hours).await;
    hours.data("/setBusinessHours/id");
    let adopted = run(&acme.admin, "adopt_leave_types", json!({ "country": "KE" })).await;
    let types = adopted.data("/adoptLeaveTypes").as_array().unwrap().iter();
    let text = |kind: &Value, name: &str| kind[name].as_str().unwrap().to_owned();
    let types = types
        .map(|kind| (text(kind, "name"), text(kind, "id")))
        .collect();
    (acme, types)
}

async fn grant(by: &Caller, key: &str, member: MemberId, kind: &str, half_days: i32) -> Answer {
    let input =
        json!({ "idempotencyKey": key, "member": member, "type": kind, "halfDays": half_days });
    run(by, "grant_leave", input).await
}

fn days(kind: &str, from: &str, to: &str) -> Value {
    json!({ "type": kind, "from": from, "to": to })
}

async fn left(caller: &Caller, member: MemberId, name: &str) -> (i64, i64, i64) {
    let answer = caller
        .run("leave/leave_balances", json!({ "member": member }))
        .await;
    let all = answer.data("/leaveBalances").as_array().unwrap();
    let one = all.iter().find(|one| one["type"]["name"] == name).unwrap();
    let number = |field: &str| one[field].as_i64().unwrap();
    (number("left"), number("taken"), number("pending"))
}

#[tokio::test]
async fn kenya_s_types_are_adopted_once_and_can_be_changed() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    assert_eq!(types.len(), 5);
    let again = run(&acme.admin, "adopt_leave_types", json!({ "country": "KE" })).await;
    assert_eq!(again.data("/adoptLeaveTypes").as_array().unwrap().len(), 5);
    assert_eq!(again.data("/adoptLeaveTypes/0/yearlyHalfDays"), 42);
    let study = json!({ "name": "Study leave", "pay": "UNPAID", "counts": "CALENDAR_DAYS" });
    let study = run(&acme.admin, "add_leave_type", study).await;
    let id = study.text("/addLeaveType/id");
    let twice = json!({ "name": "Annual leave", "pay": "FULL", "counts": "WORKING_DAYS" });
    let twice = run(&acme.admin, "add_leave_type", twice).await;
    assert_eq!((twice.code(), twice.field()), ("NAME_TAKEN", "name"));
    let changed = json!({ "name": "Exam leave", "pay": "HALF", "counts": "WORKING_DAYS" });
    let changed = json!({ "id": id, "leave": changed, "inUse": false });
    let changed = run(&acme.admin, "change_leave_type", changed).await;
    assert!(changed.data("/changeLeaveType/archivedAt").is_string());
    let all = acme.worker.run("leave/leave_types", json!({})).await;
    let names: Vec<_> = all.data("/leaveTypes").as_array().unwrap().iter().collect();
    assert!(names.contains(&changed.data("/changeLeaveType")));
    let gone = run(
        &acme.worker,
        "request_leave",
        days(&id, "2026-03-09", "2026-03-09"),
    )
    .await;
    assert_eq!((gone.code(), gone.field()), ("NOT_FOUND", "type"));
    let many = json!({ "name": "Too long", "pay": "FULL", "counts": "WORKING_DAYS", "yearlyHalfDays": 733 });
    let many = run(&acme.admin, "add_leave_type", many).await;
    assert_eq!(
        (many.code(), many.field()),
        ("INVALID_INPUT", "yearlyHalfDays")
    );
}

#[tokio::test]
async fn leave_is_asked_for_granted_and_taken_from_the_balance() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let (annual, worker) = (&types["Annual leave"], acme.worker.member);
    for _ in 0..2 {
        grant(&acme.supervisor, "2026", worker, annual, 42)
            .await
            .data("/grantLeave/id");
    }
    let holiday = json!({ "input": { "date": "2026-03-11", "name": "Idd-ul-Fitr" } });
    acme.admin
        .run("schedules/add_holiday", holiday)
        .await
        .data("/addHoliday/holiday/id");
    // Friday to Thursday: without the weekend and the holiday, four days.
    let mut input = days(annual, "2026-03-06", "2026-03-12");
    input["reason"] = json!("a wedding");
    let asked = run(&acme.worker, "request_leave", input).await;
    assert_eq!(asked.data("/requestLeave/halfDays"), 8);
    assert_eq!(asked.data("/requestLeave/status"), "REQUESTED");
    assert_eq!(left(&acme.worker, worker, "Annual leave").await, (42, 0, 8));
    let id = asked.text("/requestLeave/id");
    let approve = json!({ "leave": id, "note": "enjoy" });
    let approved = run(&acme.supervisor, "approve_leave", approve.clone()).await;
    assert_eq!(approved.data("/approveLeave/status"), "APPROVED");
    assert_eq!(
        approved.data("/approveLeave/decidedBy/id"),
        &json!(acme.supervisor.member)
    );
    assert_eq!(left(&acme.worker, worker, "Annual leave").await, (34, 8, 0));
    // It stands in the plan, where a roster meets it.
    let shift =
        json!({ "member": worker, "date": "2026-03-09", "starts": "08:00", "ends": "17:00" });
    let clash = acme
        .owner
        .run("schedules/plan_shift", json!({ "input": shift }))
        .await;
    assert_eq!(clash.code(), "CONFLICT");
    let planned = clash.extension("shiftId").clone();
    let cancel = json!({ "input": { "shift": planned, "reason": "no" } });
    let cancel = acme.owner.run("schedules/cancel_shift", cancel).await;
    assert_eq!(cancel.code(), "CONFLICT");
    let again = run(&acme.supervisor, "approve_leave", approve).await;
    assert_eq!(again.code(), "LEAVE_DECIDED");
    let back = json!({ "leave": id, "reason": "the wedding is off" });
    let back = run(&acme.supervisor, "take_back_leave", back).await;
    assert_eq!(back.data("/takeBackLeave/status"), "TAKEN_BACK");
    assert_eq!(left(&acme.worker, worker, "Annual leave").await, (42, 0, 0));
    let shift =
        json!({ "member": worker, "date": "2026-03-09", "starts": "08:00", "ends": "17:00" });
    assert!(
        acme.owner
            .run("schedules/plan_shift", json!({ "input": shift }))
            .await
            .ok()
    );
    let kinds: Vec<_> = events(&app, &acme)
        .await
        .into_iter()
        .map(|event| event["kind"].clone())
        .collect();
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    assert_eq!((count("LEAVE_REQUESTED"), count("LEAVE_DECIDED")), (1, 2));
}

#[tokio::test]
async fn a_holiday_inside_granted_leave_gives_its_day_back() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let (annual, worker) = (&types["Annual leave"], acme.worker.member);
    grant(&acme.supervisor, "2026", worker, annual, 10)
        .await
        .data("/grantLeave/id");
    let week = days(annual, "2026-03-09", "2026-03-13");
    let asked = run(&acme.worker, "request_leave", week).await;
    let id = asked.text("/requestLeave/id");
    let approve = json!({ "leave": id });
    assert!(run(&acme.supervisor, "approve_leave", approve).await.ok());
    let settled = async || {
        app.drain().await;
        while zamu::reactions::round(&app.app).await.unwrap() > 0 {}
        left(&acme.worker, worker, "Annual leave").await
    };
    assert_eq!(settled().await, (0, 10, 0));
    let add = async |date: &str| {
        let holiday = json!({ "input": { "date": date, "name": "Idd-ul-Fitr" } });
        let added = acme.admin.run("schedules/add_holiday", holiday).await;
        added.text("/addHoliday/holiday/id")
    };
    let holiday = add("2026-03-11").await;
    assert_eq!(settled().await, (2, 8, 0));
    // A Saturday was free before, and a day outside is nothing to it.
    add("2026-03-14").await;
    add("2026-03-16").await;
    assert_eq!(settled().await, (2, 8, 0));
    let page = json!({ "member": worker });
    let shown = acme.worker.run("leave/leave_requests", page).await;
    assert_eq!(shown.data("/leaveRequests/edges/0/node/halfDays"), 8);
    // What it gave back is taken for other leave; the holiday goes, and what was granted stays granted.
    let other = days(annual, "2026-03-17", "2026-03-17");
    let other = run(&acme.worker, "request_leave", other).await;
    let other = json!({ "leave": other.text("/requestLeave/id") });
    assert!(run(&acme.supervisor, "approve_leave", other).await.ok());
    let remove = json!({ "input": { "holiday": holiday } });
    let removed = acme.admin.run("schedules/remove_holiday", remove).await;
    assert!(removed.ok());
    assert_eq!(settled().await, (-2, 12, 0));
    let back = json!({ "leave": id, "reason": "the trip is off" });
    assert!(run(&acme.supervisor, "take_back_leave", back).await.ok());
    assert_eq!(settled().await, (8, 2, 0));
    // What is not granted any more is not counted again.
    add("2026-03-12").await;
    assert_eq!(settled().await, (8, 2, 0));
}

#[tokio::test]
async fn a_balance_that_does_not_reach_is_refused_with_what_is_left() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let (annual, worker) = (&types["Annual leave"], acme.worker.member);
    grant(&acme.admin, "a", worker, annual, 3)
        .await
        .data("/grantLeave/id");
    let two = run(
        &acme.worker,
        "request_leave",
        days(annual, "2026-03-09", "2026-03-10"),
    )
    .await;
    assert_eq!(two.code(), "LEAVE_BALANCE_TOO_LOW");
    assert_eq!(two.extension("leftDays"), &json!(1.5));
    let one = run(
        &acme.worker,
        "request_leave",
        days(annual, "2026-03-09", "2026-03-09"),
    )
    .await;
    // What is pending is set aside.
    let more = run(
        &acme.worker,
        "request_leave",
        days(annual, "2026-03-10", "2026-03-10"),
    )
    .await;
    assert_eq!(
        (more.code(), more.extension("leftDays")),
        ("LEAVE_BALANCE_TOO_LOW", &json!(0.5))
    );
    // Corrected below what was asked for, it cannot be granted any more.
    grant(&acme.admin, "b", worker, annual, -2)
        .await
        .data("/grantLeave/id");
    let late = run(
        &acme.admin,
        "approve_leave",
        json!({ "leave": one.text("/requestLeave/id") }),
    )
    .await;
    assert_eq!(late.code(), "LEAVE_BALANCE_TOO_LOW");
    // Maternity leave needs none, and counts every day.
    let long = days(&types["Maternity leave"], "2026-04-01", "2026-06-30");
    let long = run(&acme.worker, "request_leave", long).await;
    assert_eq!(long.data("/requestLeave/halfDays"), 182);
}

#[tokio::test]
async fn leave_that_overlaps_is_refused_and_two_halves_do_not() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let (annual, worker) = (&types["Annual leave"], acme.worker.member);
    grant(&acme.admin, "a", worker, annual, 42)
        .await
        .data("/grantLeave/id");
    let half = |half: &str| {
        let mut input = days(annual, "2026-03-09", "2026-03-09");
        input["half"] = json!(half);
        input
    };
    let morning = run(&acme.worker, "request_leave", half("MORNING")).await;
    assert_eq!(morning.data("/requestLeave/halfDays"), 1);
    let id = morning.text("/requestLeave/id");
    let again = run(&acme.worker, "request_leave", half("MORNING")).await;
    assert_eq!(
        (again.code(), again.extension("leaveId")),
        ("LEAVE_OVERLAPS", &json!(id))
    );
    let week = run(
        &acme.worker,
        "request_leave",
        days(annual, "2026-03-06", "2026-03-13"),
    )
    .await;
    assert_eq!(week.code(), "LEAVE_OVERLAPS");
    let afternoon = run(&acme.worker, "request_leave", half("AFTERNOON")).await;
    assert!(
        run(&acme.admin, "approve_leave", json!({ "leave": id }))
            .await
            .ok()
    );
    let viewer = app.viewer(&acme.owner).await;
    let on = async || {
        let mut tx = app.app.read(&viewer, Action::ViewLeave).await.unwrap();
        let day = "2026-03-09".parse().unwrap();
        let days = zamu::leave::service::on_in(&mut tx, worker, day, day)
            .await
            .unwrap();
        days.get(&day).copied().unwrap_or_default()
    };
    assert_eq!(on().await, DayLeave::HalfDay);
    // Work in the afternoon is no clash yet.
    let shift = |starts: &str, ends: &str| json!({ "input": { "member": worker, "date": "2026-03-09", "starts": starts, "ends": ends } });
    let early = acme
        .owner
        .run("schedules/plan_shift", shift("11:00", "12:30"))
        .await;
    assert_eq!(early.code(), "CONFLICT");
    assert!(
        acme.owner
            .run("schedules/plan_shift", shift("12:00", "17:00"))
            .await
            .ok()
    );
    let second = json!({ "leave": afternoon.text("/requestLeave/id") });
    assert!(run(&acme.admin, "approve_leave", second).await.ok());
    assert_eq!(on().await, DayLeave::FullDay);
}

#[tokio::test]
async fn nobody_decides_about_their_own_leave() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let annual = &types["Annual leave"];
    let own = grant(&acme.supervisor, "mine", acme.supervisor.member, annual, 42).await;
    assert_eq!(own.code(), "OWN_CORRECTION");
    grant(&acme.admin, "a", acme.supervisor.member, annual, 42)
        .await
        .data("/grantLeave/id");
    let asked = run(
        &acme.supervisor,
        "request_leave",
        days(annual, "2026-03-09", "2026-03-09"),
    )
    .await;
    let id = asked.text("/requestLeave/id");
    for decision in ["approve_leave", "reject_leave"] {
        let answer = run(&acme.supervisor, decision, json!({ "leave": id })).await;
        assert_eq!(answer.code(), "OWN_CORRECTION", "{decision}");
    }
    assert_eq!(
        run(&acme.worker, "approve_leave", json!({ "leave": id }))
            .await
            .code(),
        "FORBIDDEN"
    );
    let rejected = run(
        &acme.admin,
        "reject_leave",
        json!({ "leave": id, "note": "too busy" }),
    )
    .await;
    assert_eq!(rejected.data("/rejectLeave/decision"), "too busy");
    let withdrawn = run(&acme.supervisor, "withdraw_leave", json!({ "leave": id })).await;
    assert_eq!(withdrawn.code(), "LEAVE_DECIDED");
    let back = json!({ "leave": id, "reason": "never mind" });
    assert_eq!(
        run(&acme.admin, "take_back_leave", back).await.code(),
        "LEAVE_DECIDED"
    );
}

#[tokio::test]
async fn a_request_is_withdrawn_before_it_is_decided() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let annual = &types["Annual leave"];
    grant(&acme.admin, "a", acme.worker.member, annual, 4)
        .await
        .data("/grantLeave/id");
    let ask = days(annual, "2026-03-09", "2026-03-10");
    let id = run(&acme.worker, "request_leave", ask.clone())
        .await
        .text("/requestLeave/id");
    assert_eq!(
        run(&acme.supervisor, "withdraw_leave", json!({ "leave": id }))
            .await
            .code(),
        "NOT_FOUND"
    );
    let withdrawn = run(&acme.worker, "withdraw_leave", json!({ "leave": id })).await;
    assert_eq!(withdrawn.data("/withdrawLeave/status"), "WITHDRAWN");
    assert_eq!(
        run(&acme.admin, "approve_leave", json!({ "leave": id }))
            .await
            .code(),
        "LEAVE_DECIDED"
    );
    // The days and the balance are free again.
    assert!(run(&acme.worker, "request_leave", ask).await.ok());
    let filter = json!({ "status": "WITHDRAWN", "from": "2026-03-10", "to": "2026-03-31" });
    let found = acme.supervisor.run("leave/leave_requests", filter).await;
    assert_eq!(found.data("/leaveRequests/edges/0/node/id"), &json!(id));
    let all = acme
        .worker
        .run("leave/leave_requests", json!({ "first": 1 }))
        .await;
    assert_eq!(all.data("/leaveRequests/pageInfo/hasNextPage"), true);
    let after = all.data("/leaveRequests/pageInfo/endCursor");
    let rest = acme
        .worker
        .run("leave/leave_requests", json!({ "after": after }))
        .await;
    assert_eq!(rest.data("/leaveRequests/edges/0/node/id"), &json!(id));
    let others = json!({ "member": acme.worker.member });
    let none = acme
        .supervisor
        .run("leave/leave_balances", others.clone())
        .await;
    assert!(none.ok());
    let beyond = json!({ "member": acme.supervisor.member });
    assert_eq!(
        acme.worker.run("leave/leave_balances", beyond).await.code(),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn wrong_requests_name_their_field() {
    let app = TestApp::start().await;
    let (acme, types) = started(&app).await;
    let annual = types["Annual leave"].as_str();
    let halved = |kind: &str, to: &str| {
        let mut input = days(kind, "2026-03-09", to);
        input["half"] = json!("MORNING");
        input
    };
    for (input, code, field) in [
        (
            days(annual, "2026-03-09", "2026-03-08"),
            "INVALID_INPUT",
            "to",
        ),
        (
            days(annual, "2026-03-09", "2027-03-10"),
            "INVALID_INPUT",
            "to",
        ),
        (
            days(annual, "2026-03-07", "2026-03-08"),
            "INVALID_INPUT",
            "to",
        ),
        (
            days(annual, "1999-12-31", "1999-12-31"),
            "INVALID_INPUT",
            "from",
        ),
        (halved(annual, "2026-03-10"), "INVALID_INPUT", "half"),
        (
            halved(&types["Paternity leave"], "2026-03-09"),
            "INVALID_INPUT",
            "half",
        ),
        (
            days(
                "lvt_0190f1c2000070008000000000000000",
                "2026-03-09",
                "2026-03-09",
            ),
            "NOT_FOUND",
            "type",
        ),
    ] {
        let answer = run(&acme.worker, "request_leave", input).await;
        assert_eq!((answer.code(), answer.field()), (code, field));
    }
    let none = grant(&acme.admin, "z", acme.worker.member, annual, 0).await;
    assert_eq!((none.code(), none.field()), ("INVALID_INPUT", "halfDays"));
    let stranger = app.organization("other").await;
    let theirs = grant(&acme.admin, "y", stranger.worker.member, annual, 1).await;
    assert_eq!((theirs.code(), theirs.field()), ("NOT_FOUND", "member"));
    let other = grant(&acme.admin, "w", acme.worker.member, annual, 1).await;
    assert!(other.ok());
    let reused = grant(&acme.admin, "w", acme.worker.member, annual, 2).await;
    assert_eq!(reused.code(), "IDEMPOTENCY_KEY_REUSED");
}
