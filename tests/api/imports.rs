//! Another system's history, as real people leave it: double taps, missed clock-outs, nights, rows that mean nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use zamu::attendance::days::{again, verify};
use zamu::events::follow;
use zamu::imports::report::{Report, Rows};
use zamu::imports::service::{Progress, importer, run_clockster};
use zamu::kernel::error::Result;

use crate::support::TestApp;
use crate::support::database::dump;
use crate::support::people::TestOrg;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clockster")
}

async fn import(app: &TestApp, org: &TestOrg, folder: &Path) -> Result<Report> {
    run_clockster(&app.app, &importer(org.id), folder, |_| {}).await
}

/// The fixtures, with other punches: each line is `user,place,date,time,offset,case`.
fn with_punches(punches: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["users.csv", "schedules.csv", "leave_requests.csv"] {
        std::fs::copy(fixtures().join(file), folder.path().join(file)).unwrap();
    }
    let text = format!(
        "user_id,location,date,time,timezone,case\n{}\n",
        punches.join("\n")
    );
    std::fs::write(folder.path().join("attendance.csv"), text).unwrap();
    folder
}

/// Everything an import may touch, as the API shows it.
async fn everything(org: &TestOrg) -> Value {
    let work = "{ sessions(first: 20) { edges { node {
        id status workDate clockedInAt clockedOutAt lateness minutesLate flags needsReview
        member { id name } place { name } punches { id direction source occurredAt deviceAt receivedAt }
        decisions { id outcome }
    } } } }";
    let around = "{
        members(first: 20) { edges { node { id name title tags joinedAt deactivatedAt department { name } } } }
        shifts(cancelled: true, first: 40) { edges { node { id kind workDate startsAt endsAt breakMinutes } } }
        places(first: 20) { edges { node { id name } } }
        auditEntries(first: 40) { number action }
    }";
    let mut all = org.owner.query(work, json!({})).await.data("").clone();
    let around = org.owner.query(around, json!({})).await.data("").clone();
    all.as_object_mut()
        .unwrap()
        .extend(around.as_object().unwrap().clone());
    all
}

/// `Employee 74025 2022-01-03 07:55-12:00 ON_TIME 0`, in the order of time.
fn sessions(everything: &Value) -> Vec<String> {
    let short = |instant: &Value| {
        instant
            .as_str()
            .map_or("?".to_owned(), |text| text[11..16].to_owned())
    };
    let nodes = everything["sessions"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|edge| &edge["node"]);
    let line = |node: &Value| {
        let (name, date) = (
            node["member"]["name"].as_str().unwrap(),
            node["workDate"].as_str().unwrap(),
        );
        let (came, left) = (short(&node["clockedInAt"]), short(&node["clockedOutAt"]));
        let late = node["lateness"]
            .as_str()
            .map(|late| format!(" {late} {}", node["minutesLate"]))
            .unwrap_or_default();
        let place = node["place"]["name"]
            .as_str()
            .map(|name| format!(" @{name}"))
            .unwrap_or_default();
        let flags = node["flags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| format!(" !{}", flag.as_str().unwrap()));
        format!(
            "{name} {date} {came}-{left}{late}{place}{}",
            flags.collect::<String>()
        )
    };
    nodes.map(line).collect()
}

fn codes(report: &Report) -> BTreeMap<(&str, u64), &str> {
    report
        .refusals
        .iter()
        .map(|refused| ((refused.file, refused.row), refused.code))
        .collect()
}

#[tokio::test]
async fn import_turns_punches_into_sessions() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let report = import(&app, &acme, &fixtures()).await.unwrap();
    let after = everything(&acme).await;
    insta::assert_snapshot!(sessions(&after).join("\n"), @r"
    Employee 74025 2022-01-03 23:55-04:00 ON_TIME 0 @Office
    Employee 74027 2022-01-03 01:05-09:30 VERY_LATE 65 @Office
    Ayu Lestari 2022-01-03 01:30-07:00 @Celuk
    Employee 74025 2022-01-03 05:00-09:00
    Ayu Lestari 2022-01-03 07:00-13:00 @Celuk
    Employee 74461 2022-01-03 13:58-22:10 ON_TIME 0 @Clinic
    Employee 74025 2022-01-04 00:12-? LATE 12 @Office !missing_out
    Employee 74461 2022-01-04 14:00-? ON_TIME 0 @Clinic !missing_out
    Employee 74025 2022-01-05 00:50-09:05 VERY_LATE 50 @Office
    Employee 74025 2022-01-06 00:00-? ON_TIME 0 @Office !missing_out
    Employee 74027 2022-01-09 02:00-03:00 @Office
    ");
    assert_eq!(
        (
            report.sessions.created,
            report.sessions.open,
            report.sessions.flagged
        ),
        (11, 3, 3)
    );
    let reviews = after["sessions"]["edges"].as_array().unwrap().iter();
    assert_eq!(
        reviews
            .filter(|edge| edge["node"]["needsReview"] == true)
            .count(),
        3
    );
}

#[tokio::test]
async fn import_accounts_for_every_row() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let report = import(&app, &acme, &fixtures()).await.unwrap();
    let rows = |rows, used, merged, refused| Rows {
        rows,
        used,
        merged,
        refused,
    };
    assert_eq!(report.users, rows(7, 4, 0, 3));
    assert_eq!(report.schedules, rows(13, 6, 1, 6));
    assert_eq!(report.leave_requests, rows(6, 2, 0, 4));
    assert_eq!(report.punches, rows(33, 22, 2, 9));
    assert!(
        [
            report.users,
            report.schedules,
            report.leave_requests,
            report.punches
        ]
        .iter()
        .all(Rows::adds_up)
    );
    assert_eq!(
        (
            report.members.created,
            report.shifts.created,
            report.shifts.merged
        ),
        (4, 14, 2)
    );
    assert!(report.leave.adds_up());
    let merges: Vec<_> = report
        .merges
        .iter()
        .map(|merge| (merge.row, merge.into))
        .collect();
    assert_eq!(merges, [(3, 2), (7, 6)]);
    let shown: Vec<String> = codes(&report)
        .iter()
        .map(|((file, row), code)| format!("{file} {row} {code}"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    attendance.csv 10 BREAK_UNDEFINED
    attendance.csv 27 UNKNOWN_USER
    attendance.csv 28 NO_USER
    attendance.csv 29 BAD_DATE
    attendance.csv 30 BAD_TIME
    attendance.csv 31 BAD_OFFSET
    attendance.csv 32 UNKNOWN_CASE
    attendance.csv 33 FUTURE
    attendance.csv 34 MALFORMED
    leave_requests.csv 2 NO_USER
    leave_requests.csv 5 NOT_GRANTED
    leave_requests.csv 6 NOT_GRANTED
    leave_requests.csv 7 UNKNOWN_TYPE
    schedules.csv 9 UNKNOWN_TYPE
    schedules.csv 10 UNKNOWN_USER
    schedules.csv 11 BAD_TIME
    schedules.csv 12 BAD_OFFSET
    schedules.csv 13 BAD_DATE
    schedules.csv 14 BREAK_TOO_LONG
    users.csv 6 REPEATED_USER
    users.csv 7 NO_USER
    users.csv 8 BAD_DATE
    ");
}

#[tokio::test]
async fn import_again_changes_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let first = import(&app, &acme, &fixtures()).await.unwrap();
    assert!(first.changed());
    app.drain().await;
    let (before, rows) = (everything(&acme).await, dump(app.target()).await);
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let second = import(&app, &acme, &fixtures()).await.unwrap();
    app.drain().await;
    assert_eq!(everything(&acme).await, before);
    let count = |rows: &BTreeMap<String, Vec<String>>| {
        let each = rows.iter().map(|(table, rows)| (table.clone(), rows.len()));
        each.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(count(&dump(app.target()).await), count(&rows));
    assert!(!second.changed());
    assert_eq!(second.punches, first.punches);
    assert_eq!(
        (
            second.sessions.unchanged,
            second.shifts.unchanged,
            second.members.unchanged
        ),
        (11, 14, 4)
    );
    assert_eq!((second.leave.created, second.leave.unchanged), (0, 3));
    assert_eq!((second.sessions.open, second.sessions.flagged), (3, 3));
    assert_eq!(second.refusals, first.refusals);
}

#[tokio::test]
async fn import_tells_of_itself_once() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.drain().await;
    let viewer = app.viewer(&acme.owner).await;
    let before = follow::newest(&app.app, &viewer).await.unwrap();
    import(&app, &acme, &fixtures()).await.unwrap();
    app.drain().await;
    let count = follow::newest(&app.app, &viewer).await.unwrap() - before;
    let events = follow::follow(&app.app, &viewer, Some(before))
        .await
        .unwrap();
    let events = events
        .take(usize::try_from(count).unwrap())
        .map(|event| event.unwrap().event.kind());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in events.collect::<Vec<_>>().await {
        *kinds.entry(kind).or_default() += 1;
    }
    let expected = [
        ("CALENDAR_CHANGED", 2),
        ("DATA_IMPORTED", 1),
        ("DEPARTMENTS_CHANGED", 2),
        ("MEMBER_JOINED", 4),
        ("PLACE_CHANGED", 3),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
}

#[tokio::test]
async fn import_of_a_longer_export_continues_the_history() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let came = "74025,Office,2022-01-03,08:00:00,+08:00,IN";
    let left = "74025,,2022-01-03,17:00:00,+08:00,OUT";
    let next = "74025,Office,2022-01-04,08:00:00,+08:00,IN";
    import(&app, &acme, with_punches(&[came]).path())
        .await
        .unwrap();
    let before = everything(&acme).await;
    assert_eq!(
        sessions(&before),
        ["Employee 74025 2022-01-03 00:00-? ON_TIME 0 @Office !missing_out"]
    );

    // With all of the history, or from where the last export ended: the session is the same.
    let report = import(&app, &acme, with_punches(&[left, next]).path())
        .await
        .unwrap();
    assert_eq!((report.sessions.continued, report.sessions.created), (1, 1));
    let after = everything(&acme).await;
    let expected = [
        "Employee 74025 2022-01-03 00:00-09:00 ON_TIME 0 @Office",
        "Employee 74025 2022-01-04 00:00-? ON_TIME 0 @Office !missing_out",
    ];
    assert_eq!(sessions(&after), expected);
    let id = |all: &Value, at: usize| all["sessions"]["edges"][at]["node"]["id"].clone();
    assert_eq!(id(&after, 1), id(&before, 0));
    let report = import(&app, &acme, with_punches(&[came, left, next]).path())
        .await
        .unwrap();
    assert_eq!(
        (
            report.sessions.unchanged,
            report.punches.used,
            report.changed()
        ),
        (2, 3, false)
    );
    assert_eq!(sessions(&everything(&acme).await), expected);
}

/// What somebody reads of the sessions in the order of time: the parts of their punches, and how many states they had.
async fn parts(org: &TestOrg) -> Vec<String> {
    let query = "{ sessions(first: 20) { edges { node {
        status punches { role } versions { status } hours { paidMinutes }
    } } } }";
    let answer = org.owner.query(query, json!({})).await;
    let line = |edge: &Value| {
        let node = &edge["node"];
        let roles = node["punches"].as_array().unwrap().iter();
        let roles: Vec<&str> = roles.map(|punch| punch["role"].as_str().unwrap()).collect();
        let (status, hours) = (&node["status"], &node["hours"]["paidMinutes"]);
        let versions = node["versions"].as_array().unwrap().len();
        format!(
            "{} {hours} {versions} {}",
            status.as_str().unwrap(),
            roles.join(" ")
        )
    };
    let edges = answer.data("/sessions/edges").as_array().unwrap();
    edges.iter().rev().map(line).collect()
}

#[tokio::test]
async fn import_of_another_export_adds_what_it_knows() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let came = "74025,Office,2022-01-03,08:00:00,+08:00,IN";
    let left = "74025,Office,2022-01-03,17:00:00,+08:00,OUT";
    import(&app, &acme, with_punches(&[came, left]).path())
        .await
        .unwrap();
    // Another export says that there was a lunch in between. Nothing that was claimed is lost, and nothing that was known.
    let lunch = [
        "74025,,2022-01-03,12:00:00,+08:00,OUT",
        "74025,,2022-01-03,13:00:00,+08:00,IN",
    ];
    let longer = with_punches(&[came, lunch[0], lunch[1], left]);
    let report = import(&app, &acme, longer.path()).await.unwrap();
    assert_eq!(
        sessions(&everything(&acme).await),
        [
            "Employee 74025 2022-01-03 00:00-04:00 ON_TIME 0 @Office",
            "Employee 74025 2022-01-03 05:00-09:00",
        ]
    );
    assert_eq!(
        report.punches,
        Rows {
            rows: 4,
            used: 4,
            merged: 0,
            refused: 0
        }
    );
    let counts = report.sessions;
    assert_eq!(
        (counts.created, counts.continued, counts.unchanged),
        (1, 1, 0)
    );
    let parts = parts(&acme).await;
    assert!(parts[0].ends_with(" 2 OPENS CLOSES"), "{parts:?}");
    assert!(parts[1].ends_with(" 1 OPENS CLOSES"), "{parts:?}");
}

/// What an import makes is what working everything out anew makes: hours, verdicts, exceptions, days and sums.
#[tokio::test]
async fn import_goes_through_the_one_place_where_time_is_worked_out() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let report = import(&app, &acme, &fixtures()).await.unwrap();
    let closed = parts(&acme).await;
    let closed = closed.iter().filter(|line| line.starts_with("COMPLETED"));
    let closed: Vec<&String> = closed.collect();
    assert_eq!(closed.len(), 8);
    assert!(
        closed.iter().all(|line| !line.contains("null")),
        "{closed:?}"
    );
    // Clock-outs without a clock-in are kept, and somebody looks at them.
    assert_eq!(report.sessions.orphans, 2);
    let missing = json!({"filter": {"kinds": ["MISSING_IN"]}});
    let missing = acme.owner.run("exceptions/exceptions", missing).await;
    assert_eq!(
        missing.data("/exceptions/edges").as_array().unwrap().len(),
        2
    );
    let open = json!({"filter": {"kinds": ["MISSING_OUT"]}});
    let open = acme.owner.run("exceptions/exceptions", open).await;
    assert_eq!(open.data("/exceptions/edges").as_array().unwrap().len(), 3);

    let before = dump(app.target()).await;
    let viewer = importer(acme.id);
    let range = ("2021-12-01".parse().unwrap(), "2022-12-31".parse().unwrap());
    again::work_everybody_out_again(&app.app, &viewer, range)
        .await
        .unwrap();
    let after = dump(app.target()).await;
    for table in [
        "work_sessions",
        "punches",
        "exceptions",
        "work_days",
        "day_parts",
        "group_days",
        "session_versions",
    ] {
        assert_eq!(after[table], before[table], "{table}");
    }
    let sums = verify::verify(&app.app, acme.id).await.unwrap();
    assert!(sums.differences.is_empty(), "{:?}", sums.differences);
}

#[tokio::test]
async fn import_makes_leave_of_leave() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let report = import(&app, &acme, &fixtures()).await.unwrap();
    let leave = report.leave;
    assert_eq!(
        (leave.types, leave.requests, leave.days, leave.created),
        (2, 2, 5, 3)
    );
    assert_eq!((leave.unchanged, leave.merged, leave.refused), (0, 2, 0));
    let all = acme.owner.run("leave/leave_requests", json!({})).await;
    let line = |edge: &Value| {
        let node = &edge["node"];
        let text = |pointer: &str| {
            node.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        format!(
            "{} {} {}..{} {} {}",
            text("/member/name"),
            text("/type/name"),
            text("/from"),
            text("/to"),
            node["halfDays"],
            text("/status")
        )
    };
    let mut shown: Vec<String> = all
        .data("/leaveRequests/edges")
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "Employee 74025 Annual leave 2022-02-01..2022-02-01 2 APPROVED",
            "Employee 74027 Sick leave 2022-01-10..2022-01-11 4 APPROVED",
        ]
    );
    // Nobody granted anything: what was taken stands there all the same.
    let member = member(&acme, "Employee 74027").await;
    let balances = acme
        .owner
        .run("leave/leave_balances", json!({"member": member}))
        .await;
    let sick = balances.data("/leaveBalances").as_array().unwrap().iter();
    let sick: Vec<&Value> = sick
        .filter(|one| one["type"]["name"] == "Sick leave")
        .collect();
    assert_eq!(
        (&sick[0]["granted"], &sick[0]["taken"], &sick[0]["left"]),
        (&json!(0), &json!(4), &json!(-4))
    );
    let days = json!({"member": member, "from": "2022-01-09", "to": "2022-01-11"});
    let days = acme.owner.run("attendance/work_days", days).await;
    let day = |edge: &Value| {
        (
            edge["node"]["status"].clone(),
            edge["node"]["leave"].clone(),
        )
    };
    let days: Vec<_> = days
        .data("/workDays/edges")
        .as_array()
        .unwrap()
        .iter()
        .map(day)
        .collect();
    let on_leave = (json!("ON_LEAVE"), json!("FULL_DAY"));
    assert_eq!(days[..2], [on_leave.clone(), on_leave]);
    assert_eq!(days[2].1, "NONE");
}

#[tokio::test]
async fn leave_that_was_taken_back_does_not_come_again() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    import(&app, &acme, &fixtures()).await.unwrap();
    let asked = json!({"from": "2022-02-01", "to": "2022-02-01"});
    let asked = acme.owner.run("leave/leave_requests", asked).await;
    let id = asked.text("/leaveRequests/edges/0/node/id");
    let back = json!({"input": {"leave": id, "reason": "entered by mistake"}});
    let back = acme.admin.run("leave/take_back_leave", back).await;
    assert_eq!(back.data("/takeBackLeave/status"), "TAKEN_BACK");
    let again = import(&app, &acme, &fixtures()).await.unwrap();
    assert!(!again.changed());
    assert_eq!((again.leave.requests, again.leave.unchanged), (0, 3));
}

/// The fixtures with other leave: each line is `user,leave_type,dates,time_start,time_end`.
fn with_leave(requests: &[&str]) -> TempDir {
    let folder = with_punches(&[]);
    let lines = requests.iter().map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let dates = cells[2].replace(' ', "\"\", \"\"");
        format!(
            "{},,,leave,{},\"[\"\"{dates}\"\"]\",{},{},+08:00,accepted,\n",
            cells[0], cells[1], cells[3], cells[4]
        )
    });
    let header = "user_id,first_name,last_name,type,leave_type,dates,time_start,time_end,timezone,status,created_at\n";
    let text = format!("{header}{}", lines.collect::<String>());
    std::fs::write(folder.path().join("leave_requests.csv"), text).unwrap();
    folder
}

#[tokio::test]
async fn leave_that_clashes_is_refused_and_what_is_longer_is_added() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let first = with_leave(&[
        "74025,annual,2022-03-01 2022-03-02,,",
        "74025,annual,2022-03-04,08:00:00,12:00:00",
    ]);
    let report = import(&app, &acme, first.path()).await.unwrap();
    assert_eq!((report.leave_requests.used, report.leave.requests), (2, 3));
    let half = json!({"from": "2022-03-04", "to": "2022-03-04"});
    let half = acme.owner.run("leave/leave_requests", half).await;
    let half = half.data("/leaveRequests/edges/0/node");
    assert_eq!(
        (&half["half"], &half["halfDays"]),
        (&json!("MORNING"), &json!(1))
    );
    let longer = with_leave(&[
        "74025,annual,2022-03-01 2022-03-02 2022-03-03,,",
        "74025,sick,2022-03-02,,",
        "74025,sick,2022-03-03,,",
        "74461,sick,2022-03-03,,",
    ]);
    let report = import(&app, &acme, longer.path()).await.unwrap();
    let refused = codes(&report)
        .into_iter()
        .filter(|((file, _), _)| *file == "leave_requests.csv");
    assert_eq!(
        refused.collect::<BTreeMap<_, _>>(),
        BTreeMap::from([
            (("leave_requests.csv", 3), "OTHER_LEAVE"),
            (("leave_requests.csv", 4), "OTHER_LEAVE"),
        ])
    );
    assert!(report.leave.adds_up() && report.leave_requests.adds_up());
    // One day more of the annual leave, one of the other's sickness; two days of the plans' sickness stand.
    assert_eq!((report.leave.requests, report.leave.created), (2, 2));
    let once_more = import(&app, &acme, longer.path()).await.unwrap();
    assert!(!once_more.changed());
}

/// What was worked before its plan was known is judged by the plan.
#[tokio::test]
async fn import_of_a_plan_judges_what_was_worked() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let folder = with_punches(&[
        "74025,Office,2022-01-03,08:20:00,+08:00,IN",
        "74025,Office,2022-01-03,17:00:00,+08:00,OUT",
    ]);
    let plans = folder.path().join("schedules.csv");
    let header =
        "type,dates,time_start,time_end,timezone,time_planned,break_time,leave_type,user_id\n";
    std::fs::write(&plans, header).unwrap();
    import(&app, &acme, folder.path()).await.unwrap();
    assert_eq!(
        sessions(&everything(&acme).await),
        ["Employee 74025 2022-01-03 00:20-09:00 @Office"]
    );
    std::fs::copy(fixtures().join("schedules.csv"), &plans).unwrap();
    import(&app, &acme, folder.path()).await.unwrap();
    assert_eq!(
        sessions(&everything(&acme).await),
        ["Employee 74025 2022-01-03 00:20-09:00 LATE 20 @Office"]
    );
    let member = member(&acme, "Employee 74025").await;
    let day = json!({"member": member, "date": "2022-01-03"});
    let day = acme.owner.run("attendance/work_day", day).await;
    assert_eq!(day.data("/workDay/status"), "LATE");
}

/// A session belongs to the department of its day, whenever it comes in.
#[tokio::test]
async fn import_knows_who_belonged_where() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    import(&app, &acme, with_punches(&[]).path()).await.unwrap();
    let member = member(&acme, "Employee 74025").await;
    // It is March 2026: what was worked in 2022 is of where they were then.
    let moved = json!({"input": {"member": member, "department": acme.field, "effectiveFrom": "2026-03-02"}});
    let moved = acme.admin.run("identity/move_member", moved).await;
    assert!(moved.ok(), "{:#}", moved.0);
    let folder = with_punches(&[
        "74025,Office,2022-01-03,08:00:00,+08:00,IN",
        "74025,Office,2022-01-03,17:00:00,+08:00,OUT",
        "74025,Office,2026-03-02,06:00:00,+03:00,IN",
    ]);
    import(&app, &acme, folder.path()).await.unwrap();
    let of_field = json!({"filter": {"department": acme.field}});
    let of_field = acme.owner.run("attendance/sessions", of_field).await;
    let edges = of_field.data("/sessions/edges").as_array().unwrap();
    let dates: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["workDate"]).collect();
    assert_eq!(dates, ["2026-03-02"]);
}

async fn member(org: &TestOrg, name: &str) -> String {
    let query = "{ members(first: 40) { edges { node { id name } } } }";
    let all = org.owner.query(query, json!({})).await;
    let mut edges = all.data("/members/edges").as_array().unwrap().iter();
    let found = edges.find(|edge| edge["node"]["name"] == name).unwrap();
    found["node"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn import_leaves_who_came_today_at_work() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    // It is the second of March 2026, eight in the morning in Nairobi.
    let folder = with_punches(&["74025,Office,2026-03-02,07:50:00,+03:00,IN"]);
    let report = import(&app, &acme, folder.path()).await.unwrap();
    assert_eq!(
        (
            report.sessions.created,
            report.sessions.open,
            report.sessions.flagged
        ),
        (1, 1, 0)
    );
    let open = everything(&acme).await["sessions"]["edges"][0]["node"]["status"].clone();
    assert_eq!(open, "ACTIVE");
    app.clock.advance(chrono::TimeDelta::days(1));
    let folder = with_punches(&[
        "74025,Office,2026-03-02,07:50:00,+03:00,IN",
        "74025,Office,2026-03-03,07:45:00,+03:00,IN",
    ]);
    let report = import(&app, &acme, folder.path()).await.unwrap();
    assert_eq!((report.sessions.continued, report.sessions.created), (1, 1));
    let after = everything(&acme).await;
    let status: Vec<&Value> = after["sessions"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| &edge["node"]["status"])
        .collect();
    assert_eq!(status, ["ACTIVE", "DISCONNECTED"]);
}

#[tokio::test]
async fn import_of_two_organizations_keeps_them_apart() {
    let app = TestApp::start().await;
    let (acme, bistro) = (
        app.organization("acme").await,
        app.organization("bistro").await,
    );
    let first = import(&app, &acme, &fixtures()).await.unwrap();
    assert!(sessions(&everything(&bistro).await).is_empty());
    let second = import(&app, &bistro, &fixtures()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(
        sessions(&everything(&acme).await),
        sessions(&everything(&bistro).await)
    );
}

#[tokio::test]
async fn import_of_an_incomplete_folder_writes_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.drain().await;
    let before = everything(&acme).await;
    let folder = with_punches(&[]);
    std::fs::remove_file(folder.path().join("schedules.csv")).unwrap();
    let error = import(&app, &acme, folder.path()).await.unwrap_err();
    assert_eq!(error.field.as_deref(), Some("dir"));
    assert!(error.message.contains("schedules.csv"), "{error}");
    app.drain().await;
    assert_eq!(everything(&acme).await, before);
}

#[tokio::test]
async fn import_is_for_those_who_may() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let viewer = app.viewer(&acme.worker).await;
    let error = run_clockster(&app.app, &viewer, &fixtures(), |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.code, zamu::kernel::error::Code::Forbidden);
}

#[tokio::test]
async fn import_says_how_far_it_is() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let mut seen: Vec<Progress> = Vec::new();
    run_clockster(&app.app, &importer(acme.id), &fixtures(), |progress| {
        seen.push(progress);
    })
    .await
    .unwrap();
    let mut stages: Vec<&str> = seen.iter().map(|progress| progress.stage).collect();
    stages.dedup();
    assert_eq!(
        stages,
        [
            "members",
            "schedules",
            "leave requests",
            "leave",
            "punches",
            "sessions",
            "days"
        ]
    );
    assert!(seen.iter().all(|progress| progress.done <= progress.total));
    for stage in stages {
        let last = seen
            .iter()
            .rfind(|progress| progress.stage == stage)
            .unwrap();
        assert_eq!(last.done, last.total, "{stage}");
    }
}
