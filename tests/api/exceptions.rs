//! What a person must look at: found, reviewed, and gone again; the codes it is explained with.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::{Map, Value, json};
use zamu::auth::action::Action;
use zamu::db::tx::Audit;
use zamu::exceptions::model::{Found, Kind, Subject};
use zamu::exceptions::service::{CodeKind, check_code_in, left_to_fix_in, open_in, reconcile_in};
use zamu::kernel::id::{DepartmentId, SessionId, kinds};

use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

const DAY: &str = "2026-03-02";

/// What is found about a person's day, by whoever works the time out.
pub(super) async fn find(
    app: &TestApp,
    by: &Person,
    about: &Person,
    department: Option<DepartmentId>,
    found: &[Found],
) {
    let viewer = app.viewer(by).await;
    let mut tx = app.app.begin(&viewer, Action::ManagePunches).await.unwrap();
    let subject = Subject {
        key: format!("{}:{DAY}", about.member),
        member: about.member,
        department,
        place: None,
        session: None,
        punch: None,
        work_date: DAY.parse().unwrap(),
    };
    reconcile_in(&mut tx, &subject, found).await.unwrap();
    tx.commit(Audit::of_many::<kinds::Exception>())
        .await
        .unwrap();
}

pub(super) fn found(kind: Kind, minutes: i64) -> Found {
    Found::plain(
        kind,
        Map::from_iter([("minutes".to_owned(), json!(minutes))]),
    )
}

async fn queue(person: &Person, filter: Value) -> Vec<Value> {
    let answer = person
        .run("exceptions/exceptions", json!({"filter": filter}))
        .await;
    let edges = answer.data("/exceptions/edges").as_array().unwrap().clone();
    edges.into_iter().map(|edge| edge["node"].clone()).collect()
}

fn named(nodes: &[Value], field: &str) -> Vec<String> {
    let mut names: Vec<_> = nodes
        .iter()
        .map(|node| node[field].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

async fn only(person: &Person, kind: &str) -> String {
    let nodes = queue(
        person,
        json!({"kinds": [kind], "states": ["OPEN", "ACKNOWLEDGED"]}),
    )
    .await;
    assert_eq!(nodes.len(), 1, "{nodes:?}");
    nodes[0]["id"].as_str().unwrap().to_owned()
}

fn said(exception: &str) -> Value {
    json!({"input": {"exception": exception, "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED"}})
}

/// A worker of the team "Night" with two things to look at and one to fix.
async fn busy(app: &TestApp) -> TestOrg {
    let org = app.organization("acme").await;
    let all = [
        found(Kind::LateIn, 12),
        found(Kind::AutoClosed, 60),
        found(Kind::MissingOut, 0),
    ];
    find(app, &org.owner, &org.worker, Some(org.night), &all).await;
    org
}

#[tokio::test]
async fn what_is_found_is_queued_and_what_is_gone_clears() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let open = queue(&org.owner, json!({"states": ["OPEN"]})).await;
    assert_eq!(
        named(&open, "kind"),
        ["AUTO_CLOSED", "LATE_IN", "MISSING_OUT"]
    );
    let missing = only(&org.owner, "MISSING_OUT").await;

    app.clock.advance(TimeDelta::hours(1));
    let left = [found(Kind::LateIn, 15), found(Kind::AutoClosed, 60)];
    find(&app, &org.owner, &org.worker, Some(org.night), &left).await;
    let open = queue(&org.owner, json!({"states": ["OPEN"]})).await;
    assert_eq!(named(&open, "kind"), ["AUTO_CLOSED", "LATE_IN"]);
    let gone = org
        .owner
        .run("exceptions/exception", json!({"id": missing}))
        .await;
    assert_eq!(gone.data("/exception/state"), "CLEARED");
    assert_eq!(gone.data("/exception/outsideId"), "4");
    assert_eq!(gone.data("/exception/closedById"), &Value::Null);
    assert_eq!(gone.data("/exception/history/0/change"), "OPENED");
    assert_eq!(gone.data("/exception/history/1/change"), "FIXED");
    let late = only(&org.owner, "LATE_IN").await;
    let late = org
        .owner
        .run("exceptions/exception", json!({"id": late}))
        .await;
    assert_eq!(late.data("/exception/history/1/change"), "CHANGED");
    assert_eq!(
        late.data("/exception/history/1/detail/before/detail/minutes"),
        12
    );
    assert_eq!(late.data("/exception/detail/minutes"), 15);
}

#[tokio::test]
async fn what_was_acknowledged_stays_so_while_it_says_the_same() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let late = only(&org.owner, "LATE_IN").await;
    let done = org
        .supervisor
        .run("exceptions/acknowledge_exception", said(&late))
        .await;
    assert_eq!(done.data("/acknowledgeException/state"), "ACKNOWLEDGED");
    assert_eq!(
        done.data("/acknowledgeException/closedById"),
        &json!(org.supervisor.member)
    );
    assert_eq!(
        done.data("/acknowledgeException/history/1/detail/reasonCode"),
        "TRANSPORT"
    );

    find(
        &app,
        &org.owner,
        &org.worker,
        Some(org.night),
        &[found(Kind::LateIn, 12)],
    )
    .await;
    assert_eq!(only(&org.owner, "LATE_IN").await, late);
    find(
        &app,
        &org.owner,
        &org.worker,
        Some(org.night),
        &[found(Kind::LateIn, 40)],
    )
    .await;
    let another = only(&org.owner, "LATE_IN").await;
    assert_ne!(another, late);
    let another = org
        .owner
        .run("exceptions/exception", json!({"id": another}))
        .await;
    assert_eq!(another.data("/exception/state"), "OPEN");
    assert_eq!(
        another.data("/exception/history/0/detail/instead"),
        &json!(late)
    );
    let before = org
        .owner
        .run("exceptions/exception", json!({"id": late}))
        .await;
    assert_eq!(before.data("/exception/state"), "CLEARED");
    assert_eq!(before.data("/exception/reasonCode"), "TRANSPORT");
}

#[tokio::test]
async fn an_acknowledgement_needs_codes_memo_and_attestation() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let missing = only(&org.owner, "MISSING_OUT").await;
    let refused = org
        .owner
        .run("exceptions/acknowledge_exception", said(&missing))
        .await;
    assert_eq!(refused.code(), "EXCEPTION_MUST_BE_FIXED");

    let late = only(&org.owner, "LATE_IN").await;
    let with = |reason: &str, memo: Value| json!({"input": {"exception": late, "reasonCode": reason, "resolutionCode": "DISCUSSED", "memo": memo}});
    let refused = org
        .owner
        .run("exceptions/acknowledge_exception", with("99", Value::Null))
        .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("REASON_UNKNOWN", "reasonCode")
    );
    let refused = org
        .owner
        .run(
            "exceptions/acknowledge_exception",
            with("OTHER", json!(" ")),
        )
        .await;
    assert_eq!((refused.code(), refused.field()), ("MEMO_REQUIRED", "memo"));
    let done = org
        .owner
        .run(
            "exceptions/acknowledge_exception",
            with("OTHER", json!("a flood")),
        )
        .await;
    assert_eq!(done.data("/acknowledgeException/memo"), "a flood");
    let again = org
        .owner
        .run("exceptions/acknowledge_exception", said(&late))
        .await;
    assert_eq!(again.code(), "EXCEPTION_CLOSED");

    let auto = only(&org.owner, "AUTO_CLOSED").await;
    let refused = org
        .owner
        .run("exceptions/acknowledge_exception", said(&auto))
        .await;
    assert_eq!(refused.code(), "ATTESTATION_REQUIRED");
    let mut attested = said(&auto);
    attested["input"]["attested"] = json!(true);
    let done = org
        .owner
        .run("exceptions/acknowledge_exception", attested)
        .await;
    assert_eq!(done.data("/acknowledgeException/attested"), true);
}

#[tokio::test]
async fn an_acknowledgement_can_be_taken_back() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let late = only(&org.owner, "LATE_IN").await;
    let reopen = json!({"input": {"exception": late, "memo": "too quick"}});
    let refused = org
        .owner
        .run("exceptions/reopen_exception", reopen.clone())
        .await;
    assert_eq!(refused.code(), "EXCEPTION_CLOSED");
    assert!(
        org.owner
            .run("exceptions/acknowledge_exception", said(&late))
            .await
            .ok()
    );
    let open = org.owner.run("exceptions/reopen_exception", reopen).await;
    assert_eq!(open.data("/reopenException/state"), "OPEN");
    assert_eq!(open.data("/reopenException/closedAt"), &Value::Null);
    assert_eq!(open.data("/reopenException/reasonCode"), &Value::Null);
    assert_eq!(
        open.data("/reopenException/history/2/detail/reasonCode"),
        "TRANSPORT"
    );
}

#[tokio::test]
async fn work_is_given_to_somebody_who_can_do_it() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let late = only(&org.owner, "LATE_IN").await;
    let to = |member: Value| json!({"input": {"exception": late, "to": member}});
    let refused = org
        .owner
        .run("exceptions/assign_exception", to(json!(org.worker.member)))
        .await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "to"));
    let given = org
        .owner
        .run(
            "exceptions/assign_exception",
            to(json!(org.supervisor.member)),
        )
        .await;
    assert_eq!(
        given.data("/assignException/assignedTo/name"),
        "acme supervisor"
    );
    let theirs = json!({"assignedTo": org.supervisor.member});
    assert_eq!(queue(&org.supervisor, theirs.clone()).await.len(), 1);
    let back = org
        .supervisor
        .run("exceptions/assign_exception", to(Value::Null))
        .await;
    assert_eq!(back.data("/assignException/assignedTo"), &Value::Null);
    assert_eq!(
        back.data("/assignException/history/2/detail/before"),
        &json!(org.supervisor.member)
    );
    assert!(queue(&org.supervisor, theirs).await.is_empty());
}

#[tokio::test]
async fn everybody_sees_what_is_theirs_to_see() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    find(
        &app,
        &org.owner,
        &org.admin,
        None,
        &[found(Kind::NoShow, 0)],
    )
    .await;
    assert_eq!(queue(&org.owner, json!({})).await.len(), 4);
    assert_eq!(
        queue(&org.supervisor, json!({})).await.len(),
        3,
        "of the teams below"
    );
    assert_eq!(
        queue(&org.worker, json!({})).await.len(),
        3,
        "what is recorded about themselves"
    );
    let foreign = only(&org.owner, "NO_SHOW").await;
    for (person, code) in [(&org.supervisor, "NOT_FOUND"), (&org.worker, "NOT_FOUND")] {
        let refused = person
            .run("exceptions/exception", json!({"id": foreign}))
            .await;
        assert_eq!(refused.code(), code);
    }
    let refused = org
        .supervisor
        .run("exceptions/acknowledge_exception", said(&foreign))
        .await;
    assert_eq!(refused.code(), "NOT_FOUND");
    let own = only(&org.worker, "LATE_IN").await;
    let refused = org
        .worker
        .run("exceptions/acknowledge_exception", said(&own))
        .await;
    assert_eq!(refused.code(), "FORBIDDEN");
}

#[tokio::test]
async fn the_queue_is_narrowed_counted_and_paged() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    app.clock.advance(TimeDelta::minutes(5));
    let doubtful = Found {
        score: 40,
        ..found(Kind::ImpossibleTravel, 3)
    };
    find(&app, &org.owner, &org.admin, Some(org.field), &[doubtful]).await;
    for (filter, count) in [
        (json!({"severity": "FIX"}), 1),
        (json!({"kinds": ["LATE_IN", "NO_SHOW"]}), 1),
        (json!({"minScore": 50}), 3),
        (json!({"member": org.admin.member}), 1),
        (json!({"department": org.night}), 3),
        (json!({"states": ["ACKNOWLEDGED", "CLEARED"]}), 0),
        (json!({"from": "2026-03-02", "to": "2026-03-02"}), 4),
        (json!({"from": "2026-03-03"}), 0),
    ] {
        assert_eq!(
            queue(&org.owner, filter.clone()).await.len(),
            count,
            "{filter}"
        );
    }
    let backwards = json!({"filter": {"from": "2026-03-03", "to": "2026-03-02"}});
    let refused = org.owner.run("exceptions/exceptions", backwards).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "filter.to")
    );

    let counts = org
        .owner
        .run(
            "exceptions/exception_counts",
            json!({"filter": {"minScore": 50}}),
        )
        .await;
    let mut counts = counts.data("/exceptionCounts").as_array().unwrap().clone();
    counts.sort_by_key(|count| count["kind"].as_str().unwrap().to_owned());
    assert_eq!(counts.len(), 3);
    assert_eq!(
        counts[2],
        json!({"kind": "MISSING_OUT", "severity": "FIX", "state": "OPEN", "count": 1})
    );
    let seen = org
        .supervisor
        .run("exceptions/exception_counts", json!({}))
        .await;
    assert_eq!(seen.data("/exceptionCounts").as_array().unwrap().len(), 4);

    let first = org
        .owner
        .run("exceptions/exceptions", json!({"first": 1}))
        .await;
    assert_eq!(
        first.data("/exceptions/edges/0/node/kind"),
        "IMPOSSIBLE_TRAVEL",
        "the newest"
    );
    let after = first.text("/exceptions/pageInfo/endCursor");
    let rest = org
        .owner
        .run("exceptions/exceptions", json!({"first": 3, "after": after}))
        .await;
    assert_eq!(rest.data("/exceptions/edges").as_array().unwrap().len(), 3);
    assert_eq!(rest.data("/exceptions/pageInfo/hasNextPage"), false);
}

fn in_bulk() -> Value {
    json!({"acknowledge": {"reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED"}})
}

#[tokio::test]
async fn many_are_done_as_they_were_shown_or_not_at_all() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    find(
        &app,
        &org.owner,
        &org.admin,
        None,
        &[found(Kind::LateIn, 7)],
    )
    .await;
    let shown = json!({"filter": {"states": ["OPEN"]}, "action": in_bulk()});
    let preview = org
        .owner
        .run("exceptions/preview_exceptions", shown.clone())
        .await;
    assert_eq!(preview.data("/previewExceptions/count"), 2);
    assert_eq!(
        preview.data("/previewExceptions/skipped"),
        2,
        "one to fix, one to attest"
    );
    assert_eq!(
        preview.data("/previewExceptions/sample/0/state"),
        "ACKNOWLEDGED"
    );
    assert_eq!(
        queue(&org.owner, json!({"states": ["OPEN"]})).await.len(),
        4,
        "nothing is done yet"
    );
    let token = preview.text("/previewExceptions/token");
    let input =
        json!({"input": {"token": token, "filter": shown["filter"], "action": shown["action"]}});

    // Another person, another filter, another action: not what was shown.
    let other = org
        .admin
        .run("exceptions/apply_to_exceptions", input.clone())
        .await;
    assert_eq!((other.code(), other.field()), ("PREVIEW_STALE", "token"));
    let mut wider = input.clone();
    wider["input"]["filter"] = json!({});
    assert_eq!(
        org.owner
            .run("exceptions/apply_to_exceptions", wider)
            .await
            .code(),
        "PREVIEW_STALE"
    );

    let done = org
        .owner
        .run("exceptions/apply_to_exceptions", input.clone())
        .await;
    assert_eq!(done.data("/applyToExceptions/count"), 2);
    assert_eq!(
        done.data("/applyToExceptions/sample/0/reasonCode"),
        "TRANSPORT"
    );
    assert_eq!(
        queue(&org.owner, json!({"states": ["ACKNOWLEDGED"]}))
            .await
            .len(),
        2
    );
    let twice = org.owner.run("exceptions/apply_to_exceptions", input).await;
    assert_eq!(twice.code(), "PREVIEW_STALE");
}

#[tokio::test]
async fn a_preview_is_stale_when_anything_changed_or_time_passed() {
    let app = TestApp::start().await;
    let org = busy(&app).await;
    let shown = json!({"filter": {"states": ["OPEN"]}, "action": {"assign": {"to": org.supervisor.member}}});
    let preview = || async {
        let preview = org
            .owner
            .run("exceptions/preview_exceptions", shown.clone())
            .await;
        assert_eq!(preview.data("/previewExceptions/count"), 3);
        let token = preview.text("/previewExceptions/token");
        json!({"input": {"token": token, "filter": shown["filter"], "action": shown["action"]}})
    };
    let before = preview().await;
    let changed = [
        found(Kind::LateIn, 13),
        found(Kind::AutoClosed, 60),
        found(Kind::MissingOut, 0),
    ];
    find(&app, &org.owner, &org.worker, Some(org.night), &changed).await;
    let refused = org
        .owner
        .run("exceptions/apply_to_exceptions", before)
        .await;
    assert_eq!(refused.code(), "PREVIEW_STALE");

    let before = preview().await;
    app.clock.advance(TimeDelta::minutes(16));
    let refused = org
        .owner
        .run("exceptions/apply_to_exceptions", before)
        .await;
    assert_eq!(refused.code(), "PREVIEW_STALE");
    let now = preview().await;
    let done = org.owner.run("exceptions/apply_to_exceptions", now).await;
    assert_eq!(done.data("/applyToExceptions/count"), 3);
    let theirs = queue(
        &org.supervisor,
        json!({"assignedTo": org.supervisor.member}),
    )
    .await;
    assert_eq!(theirs.len(), 3);

    let entries = org
        .owner
        .run("audit/audit_entries", json!({"first": 1}))
        .await;
    assert!(entries.ok());
    app.drain().await;
    let verdict = org.owner.run("audit/audit_verification", json!({})).await;
    assert_eq!(verdict.data("/auditVerification/brokenAt"), &Value::Null);
}

#[tokio::test]
async fn codes_are_the_organizations_own_data() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let codes = |person: &Person, kind: &str| {
        let (caller, kind) = (person.caller.clone(), kind.to_owned());
        async move {
            let answer = caller.run("exceptions/codes", json!({"kind": kind})).await;
            let all = answer.data("/codes").as_array().unwrap().clone();
            all.into_iter()
                .map(|code| code["code"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    let built_in = codes(&org.worker, "REASON").await;
    assert_eq!(built_in[0], "FORGOT_TO_CLOCK_IN");
    assert_eq!(built_in.last().unwrap(), "OTHER");

    let own = json!({"input": {"kind": "REASON", "code": "K1", "label": "Kitchen closed", "memoRequired": true, "position": 1}});
    let saved = org.admin.run("exceptions/save_code", own.clone()).await;
    assert_eq!(saved.data("/saveCode/profile"), &Value::Null);
    assert_eq!(codes(&org.worker, "REASON").await[0], "K1");
    let refused = org.supervisor.run("exceptions/save_code", own).await;
    assert_eq!(refused.code(), "FORBIDDEN");
    let empty = json!({"input": {"kind": "REASON", "code": " ", "label": "x"}});
    assert_eq!(
        org.admin.run("exceptions/save_code", empty).await.field(),
        "code"
    );

    let retire = |code: &str| json!({"input": {"kind": "REASON", "code": code}});
    for code in ["K1", "K1", "OTHER"] {
        let retired = org.admin.run("exceptions/retire_code", retire(code)).await;
        assert_eq!(retired.data("/retireCode/isActive"), false);
    }
    assert_eq!(
        org.admin
            .run("exceptions/retire_code", retire("none"))
            .await
            .code(),
        "NOT_FOUND"
    );
    let left = codes(&org.worker, "REASON").await;
    assert!(!left.contains(&"K1".to_owned()) && !left.contains(&"OTHER".to_owned()));
    assert!(
        codes(&org.worker, "RESOLUTION")
            .await
            .contains(&"OTHER".to_owned())
    );
}

#[tokio::test]
async fn a_payers_codes_are_adopted_as_data() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let shipped = org.worker.run("exceptions/code_profiles", json!({})).await;
    let names: Vec<_> = shipped
        .data("/codeProfiles")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["profile"].clone())
        .collect();
    assert_eq!(json!(names), json!(["ZAMU", "OHIO", "CONNECTICUT", "HHA"]));
    let ohio = shipped
        .data("/codeProfiles/1/outsideIds")
        .as_array()
        .unwrap();
    assert!(ohio.contains(&json!({"id": "23", "label": "No service", "kind": "MISSING_SERVICE"})));

    let adopt = json!({"input": {"profile": "CONNECTICUT"}});
    let adopted = org.owner.run("exceptions/adopt_codes", adopt).await;
    let all = adopted.data("/adoptCodes").as_array().unwrap();
    assert!(
        all.iter()
            .any(|one| one["code"] == "22" && one["memoRequired"] == true)
    );
    assert!(
        all.iter().any(|one| one["code"] == "TRANSPORT"),
        "what was there stays"
    );

    let only = json!({"input": {"profile": "OHIO", "only": true}});
    assert!(org.owner.run("exceptions/adopt_codes", only).await.ok());
    let reasons = org
        .worker
        .run("exceptions/codes", json!({"kind": "REASON"}))
        .await;
    assert_eq!(reasons.data("/codes").as_array().unwrap().len(), 1);
    assert_eq!(reasons.data("/codes/0/code"), "99");
    let resolutions = org
        .worker
        .run("exceptions/codes", json!({"kind": "RESOLUTION"}))
        .await;
    assert_eq!(
        resolutions.data("/codes").as_array().unwrap().len(),
        7,
        "Ohio has none of these"
    );
    let retired = org
        .worker
        .run(
            "exceptions/codes",
            json!({"kind": "REASON", "retired": true}),
        )
        .await;
    assert_eq!(
        retired.data("/codes").as_array().unwrap().len(),
        1 + 13 + 20
    );
}

#[tokio::test]
async fn a_code_is_checked_for_other_slices() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let adopt = json!({"input": {"profile": "CONNECTICUT"}});
    assert!(org.owner.run("exceptions/adopt_codes", adopt).await.ok());
    let viewer = app.viewer(&org.worker).await;
    let mut tx = app.app.begin(&viewer, Action::ClockIn).await.unwrap();
    for (code, memo, expected) in [
        ("22", None, "MEMO_REQUIRED"),
        ("22", Some("the dog ate it"), ""),
        ("20", None, ""),
        ("02", None, "REASON_UNKNOWN"),
        ("FORGOT_TO_CLOCK_OUT", None, ""),
    ] {
        let checked = check_code_in(&mut tx, CodeKind::Reason, code, memo).await;
        let refused = checked
            .err()
            .map(|error| error.code.name())
            .unwrap_or_default();
        assert_eq!(refused, expected, "{code}");
    }
}

#[tokio::test]
async fn a_session_with_something_to_fix_is_known() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let mut sessions = Vec::new();
    for person in [&org.worker, &org.admin] {
        let input = json!({"input": {"idempotencyKey": "in"}});
        let answer = person.run("attendance/clock_in", input).await;
        sessions.push(answer.text("/clockIn/id").parse::<SessionId>().unwrap());
    }
    let viewer = app.viewer(&org.owner).await;
    let mut tx = app.app.begin(&viewer, Action::ManagePunches).await.unwrap();
    for ((session, person), kind) in sessions
        .iter()
        .zip([&org.worker, &org.admin])
        .zip([Kind::MissingService, Kind::LateIn])
    {
        let subject = Subject {
            key: session.to_string(),
            member: person.member,
            department: None,
            place: None,
            session: Some(*session),
            punch: None,
            work_date: DAY.parse().unwrap(),
        };
        open_in(&mut tx, &subject, &[found(kind, 0)]).unwrap();
    }
    tx.flush_staged().await.unwrap();
    let left = left_to_fix_in(&mut tx, &sessions).await.unwrap();
    assert_eq!(left, [sessions[0]].into());
    tx.commit(Audit::of_many::<kinds::Exception>())
        .await
        .unwrap();
    let about = queue(&org.owner, json!({"session": sessions[1]})).await;
    assert_eq!(about[0]["session"]["id"], json!(sessions[1]));
}

async fn next(stream: &mut BoxStream<'static, Answer>) -> Answer {
    let wait = Duration::from_secs(10);
    tokio::time::timeout(wait, stream.next())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_followed_and_resumed() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    find(
        &app,
        &org.owner,
        &org.admin,
        None,
        &[found(Kind::NoShow, 0)],
    )
    .await;
    find(
        &app,
        &org.owner,
        &org.worker,
        Some(org.night),
        &[found(Kind::LateIn, 5)],
    )
    .await;
    find(
        &app,
        &org.owner,
        &org.worker,
        Some(org.night),
        &[found(Kind::LateIn, 9)],
    )
    .await;
    let late = only(&org.owner, "LATE_IN").await;
    assert!(
        org.supervisor
            .run("exceptions/acknowledge_exception", said(&late))
            .await
            .ok()
    );
    app.drain().await;

    // The supervisor is not told about somebody outside the department.
    let mut feed = org
        .supervisor
        .listen("exceptions/watch_exceptions", json!({"after": 0}))
        .await;
    let mut numbers = Vec::new();
    for kind in ["OPENED", "CHANGED", "CLOSED"] {
        let item = next(&mut feed).await;
        assert_eq!(item.data("/exceptionChanged/kind"), kind);
        assert_eq!(item.data("/exceptionChanged/exception/kind"), "LATE_IN");
        numbers.push(item.data("/exceptionChanged/number").as_i64().unwrap());
    }
    let mut rest = org
        .supervisor
        .listen("exceptions/watch_exceptions", json!({"after": numbers[1]}))
        .await;
    assert_eq!(
        next(&mut rest).await.data("/exceptionChanged/number"),
        numbers[2]
    );

    // What leaves the queue is told, though the filter wants open ones; what the filter does not want is not.
    let filter = json!({"after": 0, "filter": {"states": ["OPEN"], "kinds": ["NO_SHOW"]}});
    let mut feed = org
        .owner
        .listen("exceptions/watch_exceptions", filter)
        .await;
    assert_eq!(
        next(&mut feed).await.data("/exceptionChanged/kind"),
        "OPENED"
    );
    find(&app, &org.owner, &org.admin, None, &[]).await;
    app.drain().await;
    let gone = next(&mut feed).await;
    assert_eq!(gone.data("/exceptionChanged/kind"), "CLOSED");
    assert_eq!(gone.data("/exceptionChanged/exception/state"), "CLEARED");

    let future = json!({"after": 1_000_000});
    let mut feed = org
        .owner
        .listen("exceptions/watch_exceptions", future)
        .await;
    assert_eq!(next(&mut feed).await.code(), "CURSOR_IN_FUTURE");
}
