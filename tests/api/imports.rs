//! Another system's history, as real people leave it: double taps, missed clock-outs, nights, rows that mean nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use zamu::events::follow;
use zamu::imports::report::{Report, Rows};
use zamu::imports::service::{Progress, importer, run_clockster};
use zamu::kernel::error::Result;

use crate::support::TestApp;
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
    assert_eq!(report.schedules, rows(13, 7, 0, 6));
    assert_eq!(report.leave_requests, rows(6, 1, 1, 4));
    assert_eq!(report.punches, rows(33, 19, 2, 12));
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
        (4, 17, 4)
    );
    let merges: Vec<_> = report
        .merges
        .iter()
        .map(|merge| (merge.row, merge.into))
        .collect();
    assert_eq!(merges, [(3, Some(2)), (7, Some(6))]);
    let shown: Vec<String> = codes(&report)
        .iter()
        .map(|((file, row), code)| format!("{file} {row} {code}"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    attendance.csv 10 BREAK_UNDEFINED
    attendance.csv 12 NO_CLOCK_IN
    attendance.csv 17 NO_CLOCK_IN
    attendance.csv 22 NO_CLOCK_IN
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
    let before = everything(&acme).await;
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let second = import(&app, &acme, &fixtures()).await.unwrap();
    app.drain().await;
    assert_eq!(everything(&acme).await, before);
    assert!(!second.changed());
    assert_eq!(second.punches, first.punches);
    assert_eq!(
        (
            second.sessions.unchanged,
            second.shifts.unchanged,
            second.members.unchanged
        ),
        (11, 17, 4)
    );
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

#[tokio::test]
async fn import_never_rewrites_history() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let came = "74025,Office,2022-01-03,08:00:00,+08:00,IN";
    let left = "74025,Office,2022-01-03,17:00:00,+08:00,OUT";
    import(&app, &acme, with_punches(&[came, left]).path())
        .await
        .unwrap();
    let before = sessions(&everything(&acme).await);
    // Another export says that there was a lunch in between: that is for a person to decide.
    let lunch = [
        "74025,,2022-01-03,12:00:00,+08:00,OUT",
        "74025,,2022-01-03,13:00:00,+08:00,IN",
    ];
    let report = import(
        &app,
        &acme,
        with_punches(&[came, lunch[0], lunch[1], left]).path(),
    )
    .await
    .unwrap();
    assert_eq!(sessions(&everything(&acme).await), before);
    let against = BTreeMap::from([
        (("attendance.csv", 3), "AGAINST_HISTORY"),
        (("attendance.csv", 4), "AGAINST_HISTORY"),
    ]);
    let refused = codes(&report)
        .into_iter()
        .filter(|((file, _), _)| *file == "attendance.csv");
    assert_eq!(refused.collect::<BTreeMap<_, _>>(), against);
    assert_eq!(
        report.punches,
        Rows {
            rows: 4,
            used: 2,
            merged: 0,
            refused: 2
        }
    );
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
