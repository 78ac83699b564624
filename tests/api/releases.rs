//! Releases of rules: from a draft to what judges a clock-in, and back.

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection as _;
use serde_json::{Value, json};
use zamu::kernel::id::OrgId;
use zamu::rules::releases::nodes;
use zamu_rules::{Content, Mode, RuleBinding, RuleKind, Rulebook};
use zamu_schema::dual::{DualConnection, SqliteOptions};
use zamu_schema::migrate::Target;

use super::support::database::raw;
use super::support::people::TestOrg;
use super::support::{Answer, Caller, TestApp};

const HOOK: &str = "attendance.lateness";
const EXCUSED: &str = "fn lateness(clock_in, settings) { excused().because(\"everybody is\") }";
const ON_TIME: &str = "fn lateness(clock_in, settings) { on_time() }";

async fn draft(by: &Caller, source: &str) -> Answer {
    let input = json!({"hook": HOOK, "source": source});
    by.run("rules/save_rule_draft", json!({"input": input}))
        .await
}

async fn submit(by: &Caller, draft: &str) -> Answer {
    let input = json!({"drafts": [draft], "note": "as we agreed"});
    by.run("rules/submit_rule_release", json!({"input": input}))
        .await
}

async fn review(by: &Caller, release: &str, verdict: &str) -> Answer {
    let input = json!({"release": release, "verdict": verdict});
    by.run("rules/review_rule_release", json!({"input": input}))
        .await
}

async fn activate(by: &Caller, release: &str) -> Answer {
    activate_with(by, json!({"release": release})).await
}

async fn activate_with(by: &Caller, input: Value) -> Answer {
    by.run("rules/activate_rule_release", json!({"input": input}))
        .await
}

/// A release of one rule, written by the admin and approved by the owner.
async fn approved(org: &TestOrg, source: &str) -> String {
    let draft = draft(&org.admin, source).await.text("/saveRuleDraft/id");
    let release = submit(&org.admin, &draft)
        .await
        .text("/submitRuleRelease/id");
    let said = review(&org.owner, &release, "APPROVE").await;
    assert_eq!(said.data("/reviewRuleRelease/state"), "APPROVED");
    release
}

/// The same, in force.
async fn in_force(org: &TestOrg, source: &str) -> String {
    let release = approved(org, source).await;
    let activated = activate(&org.admin, &release).await;
    assert!(activated.ok(), "{:#}", activated.0);
    release
}

async fn plan(app: &TestApp, org: &TestOrg) {
    let date = app.now().date_naive();
    let input =
        json!({"member": org.worker.member, "date": date, "starts": "07:38", "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": input}))
        .await;
    assert!(planned.ok(), "{:#}", planned.0);
}

/// Clocks in 22 minutes late and out again, at a node; then it is the next day.
async fn day(app: &TestApp, org: &TestOrg, worker: &Caller) -> Answer {
    plan(app, org).await;
    let key = app.now().to_string();
    let input = json!({"input": {"idempotencyKey": key}});
    let opened = worker.run("attendance/clock_in", input).await;
    let input = json!({"input": {"idempotencyKey": format!("{key} out")}});
    let closed = worker.run("attendance/clock_out", input).await;
    assert!(closed.ok(), "{:#}", closed.0);
    app.clock.advance(TimeDelta::days(1));
    opened
}

async fn lateness(app: &TestApp, org: &TestOrg) -> String {
    day(app, org, &org.worker).await.text("/clockIn/lateness")
}

async fn release(org: &TestOrg, number: i64) -> Answer {
    org.owner
        .run("rules/rule_release", json!({"number": number}))
        .await
}

/// A connection that may write what no service would.
async fn tamper(target: &Target, sql: &str) -> Result<(), diesel::result::Error> {
    let mut conn = match target {
        Target::Sqlite(path) => {
            DualConnection::open_sqlite(path, SqliteOptions::default()).unwrap()
        }
        Target::Postgres(_) => raw(target).await,
    };
    conn.batch_execute(sql).await
}

/// Puts one word for another into the stored content of a release.
async fn edit(app: &TestApp, number: i64, from: &str, to: &str) {
    let replaced = match app.target() {
        Target::Sqlite(_) => format!("replace(content, '{from}', '{to}')"),
        Target::Postgres(_) => format!("replace(content::text, '{from}', '{to}')::jsonb"),
    };
    let sql = format!("UPDATE rule_releases SET content = {replaced} WHERE number = {number}");
    tamper(app.target(), &sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_draft_to_a_judged_clock_in_and_back() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert_eq!(lateness(&app, &org).await, "LATE");

    let broken = "fn lateness(clock_in, settings) {\n  if clock_in.minuts_late > 5 { return excused(); }\n  on_time()\n}";
    let refused = draft(&org.admin, broken).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("RULE_NOT_VALID", "source")
    );
    let finding = &refused.extension("findings")[0];
    assert_eq!(finding["line"], 2, "{finding}");
    let drafts = org.admin.run("rules/rule_drafts", json!({})).await;
    assert_eq!(drafts.data("/ruleDrafts"), &json!([]));

    let saved = draft(&org.admin, EXCUSED).await;
    assert_eq!(saved.data("/saveRuleDraft/findings"), &json!([]));
    let id = saved.text("/saveRuleDraft/id");
    assert_eq!(
        draft(&org.owner, EXCUSED).await.text("/saveRuleDraft/id"),
        id,
        "one for each hook"
    );
    assert_eq!(
        draft(&org.admin, EXCUSED).await.text("/saveRuleDraft/id"),
        id
    );
    assert_eq!(lateness(&app, &org).await, "LATE", "a draft holds nothing");

    let submitted = submit(&org.admin, &id).await;
    assert_eq!(submitted.data("/submitRuleRelease/state"), "PROPOSED");
    assert_eq!(submitted.data("/submitRuleRelease/number"), 1);
    assert_eq!(submitted.data("/submitRuleRelease/risk"), "B");
    let first = submitted.text("/submitRuleRelease/id");
    assert_eq!(
        activate(&org.admin, &first).await.code(),
        "RULE_APPROVAL_MISSING"
    );
    let said = review(&org.owner, &first, "APPROVE").await;
    assert_eq!(said.data("/reviewRuleRelease/state"), "APPROVED");
    assert_eq!(
        lateness(&app, &org).await,
        "LATE",
        "approved is not activated"
    );
    assert!(activate(&org.admin, &first).await.ok());

    let judged = day(&app, &org, &org.worker).await;
    assert_eq!(judged.data("/clockIn/lateness"), "EXCUSED");
    let session = org
        .worker
        .run(
            "attendance/session",
            json!({"id": judged.text("/clockIn/id")}),
        )
        .await;
    let decisions = session.data("/session/decisions").as_array().unwrap();
    let why = decisions
        .iter()
        .find(|decision| decision["hook"] == HOOK)
        .unwrap();
    assert_eq!(why["reasons"], json!(["everybody is"]));
    let status = org.owner.run("rules/rule_status", json!({})).await;
    assert_eq!(status.data("/ruleStatus/number"), 1);
    assert_eq!(&why["release"], status.data("/ruleStatus/release"));
    let drafts = org.admin.run("rules/rule_drafts", json!({})).await;
    assert_eq!(
        drafts.data("/ruleDrafts"),
        &json!([]),
        "what holds is no draft any more"
    );

    let second = in_force(&org, ON_TIME).await;
    assert_eq!(lateness(&app, &org).await, "ON_TIME");
    let back = json!({"input": {"to": first, "reason": "it was not meant so"}});
    let back = org.owner.run("rules/roll_back_rules", back).await;
    assert_eq!(back.data("/rollBackRules/number"), 3);
    assert_eq!(back.data("/rollBackRules/origin"), "ROLLBACK");
    assert_eq!(lateness(&app, &org).await, "EXCUSED");
    assert_eq!(
        release(&org, 1).await.data("/ruleRelease/digest"),
        back.data("/rollBackRules/digest")
    );
    let again = json!({"input": {"to": second, "reason": "no"}});
    assert!(org.admin.run("rules/roll_back_rules", again).await.ok());
    assert_eq!(lateness(&app, &org).await, "ON_TIME");

    let history = org
        .owner
        .run("rules/rule_releases", json!({"first": 2}))
        .await;
    assert_eq!(history.data("/ruleReleases/edges/0/node/number"), 4);
    assert_eq!(history.data("/ruleReleases/pageInfo/hasNextPage"), true);
    app.drain().await;
    let audit = org
        .owner
        .run("audit/audit_entries", json!({"first": 50}))
        .await;
    assert!(
        audit.0.to_string().contains("it was not meant so"),
        "the reason is in the log"
    );
    assert_eq!(
        org.worker.run("rules/rule_drafts", json!({})).await.code(),
        "FORBIDDEN"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_release_not_even_in_the_database() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = draft(&org.admin, EXCUSED).await.text("/saveRuleDraft/id");
    let release = submit(&org.admin, &id).await.text("/submitRuleRelease/id");
    assert_eq!(
        review(&org.admin, &release, "APPROVE").await.code(),
        "RULE_OWN_RELEASE"
    );
    assert_eq!(
        review(&org.supervisor, &release, "APPROVE").await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        review(&org.worker, &release, "APPROVE").await.code(),
        "FORBIDDEN"
    );

    let own = "INSERT INTO rule_reviews SELECT org_id, number, author_id, author_id, 'APPROVE', NULL, digest, \
               created_at FROM rule_releases";
    let said = tamper(app.target(), own).await.unwrap_err().to_string();
    assert!(said.contains("rule_reviewer_is_not_the_author"), "{said}");
    let as_another = "INSERT INTO rule_reviews SELECT r.org_id, r.number, r.author_id, m.id, 'APPROVE', NULL, r.digest, \
                      r.created_at FROM rule_releases r JOIN members m ON m.org_id = r.org_id AND m.id <> r.author_id \
                      LIMIT 1";
    assert!(tamper(app.target(), as_another).await.is_err());
    assert_eq!(
        activate(&org.owner, &release).await.code(),
        "RULE_APPROVAL_MISSING"
    );

    let no = review(&org.owner, &release, "REJECT").await;
    assert_eq!(no.data("/reviewRuleRelease/state"), "REJECTED");
    assert_eq!(
        review(&org.owner, &release, "APPROVE").await.code(),
        "CONFLICT"
    );
    assert_eq!(
        activate(&org.owner, &release).await.code(),
        "RULE_APPROVAL_MISSING"
    );
    let back = json!({"input": {"to": release, "reason": "by the back door"}});
    assert_eq!(
        org.admin.run("rules/roll_back_rules", back).await.code(),
        "RULE_APPROVAL_MISSING"
    );
    // Its draft is still there, to be made better.
    let drafts = org.admin.run("rules/rule_drafts", json!({})).await;
    let kept = drafts.text("/ruleDrafts/0/id");
    let input = json!({"input": {"draft": kept}});
    let gone = org
        .admin
        .run("rules/discard_rule_draft", input.clone())
        .await;
    assert_eq!(gone.data("/discardRuleDraft"), &json!(kept));
    assert_eq!(
        org.admin
            .run("rules/discard_rule_draft", input)
            .await
            .code(),
        "NOT_FOUND"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_duty_decides_who_approves_pay() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let id = draft(&org.admin, EXCUSED).await.text("/saveRuleDraft/id");
    let release = submit(&org.admin, &id).await.text("/submitRuleRelease/id");
    // As if the hook paid people: a stored class may be higher than that of what changes, never lower.
    tamper(app.target(), "UPDATE rule_releases SET risk = 'C'")
        .await
        .unwrap();
    let duty = json!({"input": {"member": org.supervisor.member, "duty": "FINANCE"}});
    let given = org
        .owner
        .run("rules/appoint_rule_approver", duty.clone())
        .await;
    assert_eq!(
        given.data("/appointRuleApprover/duties"),
        &json!(["FINANCE"])
    );
    assert!(
        org.owner
            .run("rules/appoint_rule_approver", duty.clone())
            .await
            .ok(),
        "twice is once"
    );
    assert_eq!(
        org.supervisor
            .run("rules/appoint_rule_approver", duty.clone())
            .await
            .code(),
        "FORBIDDEN"
    );
    let approvers = org.owner.run("rules/rule_approvers", json!({})).await;
    assert_eq!(
        approvers.data("/ruleApprovers").as_array().unwrap().len(),
        3
    );

    assert_eq!(
        review(&org.owner, &release, "APPROVE").await.code(),
        "FORBIDDEN"
    );
    let said = review(&org.supervisor, &release, "APPROVE").await;
    assert_eq!(said.data("/reviewRuleRelease/state"), "APPROVED");
    let taken = org
        .owner
        .run("rules/dismiss_rule_approver", duty.clone())
        .await;
    assert_eq!(
        taken.data("/dismissRuleApprover"),
        &json!(org.supervisor.member)
    );
    assert_eq!(
        org.owner
            .run("rules/dismiss_rule_approver", duty)
            .await
            .code(),
        "NOT_FOUND"
    );
    // Who has lost the duty has not approved.
    assert_eq!(
        activate(&org.owner, &release).await.code(),
        "RULE_APPROVAL_MISSING"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_alone_takes_attendance_upon_themselves() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let leave = json!({"input": {"id": org.admin.member, "reason": "left"}});
    assert!(
        org.owner
            .run("identity/deactivate_member", leave)
            .await
            .ok()
    );
    let id = draft(&org.owner, EXCUSED).await.text("/saveRuleDraft/id");
    let release = submit(&org.owner, &id).await.text("/submitRuleRelease/id");
    let refused = activate(&org.owner, &release).await;
    assert_eq!(refused.code(), "RULE_APPROVAL_MISSING");
    assert!(refused.0.to_string().contains("acceptAlone"));
    let input = json!({"release": release, "acceptAlone": true});
    let alone = activate_with(&org.owner, input.clone()).await;
    assert_eq!(alone.data("/activateRuleRelease/activations/0/alone"), true);
    assert_eq!(
        activate_with(&org.owner, input).await.code(),
        "CONFLICT",
        "once"
    );
    tamper(
        app.target(),
        "UPDATE rule_activations SET cancelled_at = activated_at",
    )
    .await
    .unwrap();
    tamper(app.target(), "UPDATE rule_releases SET risk = 'C'")
        .await
        .unwrap();
    let input = json!({"release": release, "acceptAlone": true});
    assert_eq!(
        activate_with(&org.owner, input).await.code(),
        "RULE_APPROVAL_MISSING",
        "pay is not for one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_is_judged_by_the_release_of_its_time() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    in_force(&org, EXCUSED).await;
    // A shift on Monday; the telephone finds a network on Wednesday, under another release.
    plan(&app, &org).await;
    let monday = app.now();
    app.clock.advance(TimeDelta::days(1));
    in_force(&org, ON_TIME).await;
    app.clock.advance(TimeDelta::days(1));
    let late = json!({"input": {"idempotencyKey": "monday", "capturedAt": monday}});
    let late = org.worker.run("attendance/clock_in", late).await;
    assert_eq!(late.data("/clockIn/lateness"), "EXCUSED");
    let out =
        json!({"input": {"idempotencyKey": "out", "capturedAt": monday + TimeDelta::hours(8)}});
    assert!(org.worker.run("attendance/clock_out", out).await.ok());
    assert_eq!(lateness(&app, &org).await, "ON_TIME");
    // Nothing had been decided before the first release: it holds from the beginning.
    let begun = release(&org, 1)
        .await
        .text("/ruleRelease/activations/0/from");
    assert!(begun.starts_with("1970"), "{begun}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_begins_at_the_time_it_was_given() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    assert_eq!(lateness(&app, &org).await, "LATE");
    let first = approved(&org, EXCUSED).await;
    let past = json!({"release": first, "from": app.now() - TimeDelta::seconds(1)});
    let refused = activate_with(&org.admin, past).await;
    assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", "from"));
    let from = app.now() + TimeDelta::hours(30);
    assert!(
        activate_with(&org.admin, json!({"release": first, "from": from}))
            .await
            .ok()
    );
    let status = org.owner.run("rules/rule_status", json!({})).await;
    assert_eq!(status.data("/ruleStatus/number"), 0);
    assert_eq!(status.data("/ruleStatus/toCome/0/number"), 1);
    assert_eq!(lateness(&app, &org).await, "LATE");
    assert_eq!(
        lateness(&app, &org).await,
        "LATE",
        "the day before, six hours too early"
    );
    assert_eq!(lateness(&app, &org).await, "EXCUSED");

    // A newer release that begins earlier takes the place of what was scheduled.
    let later = approved(&org, ON_TIME).await;
    let from = app.now() + TimeDelta::days(3);
    assert!(
        activate_with(&org.admin, json!({"release": later, "from": from}))
            .await
            .ok()
    );
    let now = in_force(&org, "fn lateness(clock_in, settings) { late(7) }").await;
    let cancelled = release(&org, 2).await;
    assert!(
        cancelled
            .data("/ruleRelease/activations/0/cancelledAt")
            .is_string()
    );
    app.clock.advance(TimeDelta::days(4));
    assert_eq!(lateness(&app, &org).await, "LATE");
    assert_ne!(now, later);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_switches_a_rule_off_at_once() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    in_force(&org, EXCUSED).await;
    let scheduled = approved(&org, ON_TIME).await;
    let from = app.now() + TimeDelta::days(2);
    assert!(
        activate_with(&org.admin, json!({"release": scheduled, "from": from}))
            .await
            .ok()
    );
    let off = |reason: &str| json!({"input": {"hook": HOOK, "reason": reason}});
    let refused = org.admin.run("rules/disable_rule", off(" ")).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "reason")
    );
    assert_eq!(
        org.supervisor
            .run("rules/disable_rule", off("no"))
            .await
            .code(),
        "FORBIDDEN"
    );
    let done = org
        .admin
        .run("rules/disable_rule", off("it refuses the night shift"))
        .await;
    assert_eq!(done.data("/disableRule/origin"), "SWITCH_OFF");
    assert_eq!(
        done.data("/disableRule/activations/0/reason"),
        "it refuses the night shift"
    );
    assert_eq!(lateness(&app, &org).await, "LATE");
    app.clock.advance(TimeDelta::days(3));
    assert_eq!(
        lateness(&app, &org).await,
        "LATE",
        "what was scheduled was called off"
    );
    assert_eq!(
        org.admin
            .run("rules/disable_rule", off("again"))
            .await
            .code(),
        "NOT_FOUND"
    );
    assert_eq!(
        activate(&org.admin, &scheduled).await.code(),
        "RULE_RELEASE_STALE"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_in_the_database_is_not_used() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let release = approved(&org, EXCUSED).await;
    edit(&app, 1, "excused", "on_time").await;
    assert_eq!(
        activate(&org.admin, &release).await.code(),
        "RULE_RELEASE_TAMPERED"
    );
    edit(&app, 1, "on_time", "excused").await;
    assert!(activate(&org.admin, &release).await.ok());
    assert_eq!(lateness(&app, &org).await, "EXCUSED");
    edit(&app, 1, "excused", "on_time").await;
    let id = draft(&org.admin, ON_TIME).await;
    assert_eq!(id.code(), "RULE_RELEASE_TAMPERED", "nothing is built on it");
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(
        lateness(&app, &org).await,
        "EXCUSED",
        "this node has the good one"
    );
    let other = app.another(2).await;
    let elsewhere = day(&app, &org, &org.worker.at(&other)).await;
    assert_eq!(
        elsewhere.data("/clockIn/lateness"),
        "LATE",
        "a node without it uses what ships"
    );
    // Even what cannot be read at all can be switched off and gone past.
    let spoil = "UPDATE rule_releases SET content = '{\"rules\": 5}'";
    tamper(app.target(), spoil).await.unwrap();
    let off = json!({"input": {"hook": HOOK, "reason": "somebody was in the database"}});
    let off = org.admin.run("rules/disable_rule", off).await;
    assert_eq!(off.data("/disableRule/number"), 2);
    assert_eq!(lateness(&app, &org).await, "LATE");
    in_force(&org, ON_TIME).await;
    assert_eq!(lateness(&app, &org).await, "ON_TIME");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_overtaken_is_refused_and_can_be_rebased() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let slow = draft(&org.admin, EXCUSED).await.text("/saveRuleDraft/id");
    let slow_release = submit(&org.admin, &slow)
        .await
        .text("/submitRuleRelease/id");
    assert!(review(&org.owner, &slow_release, "APPROVE").await.ok());
    // Meanwhile a setting of another hook is released.
    let quick = json!({"input": {"hook": "attendance.geofence", "values": [{"name": "usual_radius_m", "value": 150}]}});
    let quick = org
        .owner
        .run("rules/set_rule_settings", quick)
        .await
        .text("/setRuleSettings/id");
    let quick = submit(&org.owner, &quick)
        .await
        .text("/submitRuleRelease/id");
    assert!(review(&org.admin, &quick, "APPROVE").await.ok());
    assert!(activate(&org.owner, &quick).await.ok());
    let stale = activate(&org.admin, &slow_release).await;
    assert_eq!(stale.code(), "RULE_RELEASE_STALE");
    assert_eq!(stale.extension("newest"), 2);
    // Its own hook did not change: submitting again is enough.
    let again = submit(&org.admin, &slow).await;
    assert_eq!(again.data("/submitRuleRelease/parent"), 2);
    let again = again.text("/submitRuleRelease/id");
    assert!(review(&org.owner, &again, "APPROVE").await.ok());

    // A draft of the same hook, begun before: refused until somebody has looked at both.
    let other = draft(&org.admin, ON_TIME).await;
    assert_eq!(other.data("/saveRuleDraft/base"), 0);
    let id = other.text("/saveRuleDraft/id");
    app.clock.advance(TimeDelta::seconds(1));
    assert!(draft(&org.admin, ON_TIME).await.ok());
    assert!(activate(&org.admin, &again).await.ok());
    let refused = submit(&org.admin, &id).await;
    assert_eq!(refused.code(), "RULE_DRAFT_STALE");
    let drafts = org.admin.run("rules/rule_drafts", json!({})).await;
    assert_eq!(drafts.data("/ruleDrafts/0/isStale"), true);
    let both = org
        .admin
        .run("rules/rebase_rule_draft", json!({"input": {"draft": id}}))
        .await;
    assert_eq!(both.data("/rebaseRuleDraft/base"), 3);
    assert_eq!(both.data("/rebaseRuleDraft/began/rule"), &Value::Null);
    assert_eq!(both.data("/rebaseRuleDraft/now/rule/source"), EXCUSED);
    assert_eq!(both.data("/rebaseRuleDraft/rule/source"), ON_TIME);
    assert!(submit(&org.admin, &id).await.ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_typed_bounded_and_fit_together() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let set = |name: &str, value: Value| json!({"input": {"hook": HOOK, "values": [{"name": name, "value": value}]}});
    for (name, value, says) in [
        ("grace_minutes", json!(600), "above its most"),
        ("grace_minutes", json!("ten"), "takes whole minutes"),
        ("grace_minuts", json!(10), "did you mean `grace_minutes`?"),
        ("grace_minutes", json!(45), "Very late must come after"),
    ] {
        let refused = org
            .admin
            .run("rules/set_rule_settings", set(name, value))
            .await;
        assert_eq!(refused.code(), "RULE_NOT_VALID", "{:#}", refused.0);
        assert!(
            refused.0.to_string().contains(says),
            "{says}: {:#}",
            refused.0
        );
        assert!(
            refused.field().starts_with("values."),
            "{}",
            refused.field()
        );
    }
    let drafts = org.admin.run("rules/rule_drafts", json!({})).await;
    assert_eq!(drafts.data("/ruleDrafts"), &json!([]));

    // Ten minutes everywhere, twenty-five in the team of the worker from the third day on.
    assert!(
        org.admin
            .run("rules/set_rule_settings", set("grace_minutes", json!(10)))
            .await
            .ok()
    );
    let from = (app.now() + TimeDelta::days(2)).date_naive();
    let there = json!({"input": {"hook": HOOK, "department": org.night, "from": from,
        "values": [{"name": "grace_minutes", "value": 25}]}});
    let saved = org.admin.run("rules/set_rule_settings", there).await;
    assert_eq!(
        saved
            .data("/setRuleSettings/settings")
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let nowhere = json!({"input": {"hook": HOOK, "department": "dep_00000000000000000000000000000000",
        "values": [{"name": "grace_minutes", "value": 25}]}});
    let refused = org.admin.run("rules/set_rule_settings", nowhere).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("NOT_FOUND", "department")
    );
    let id = saved.text("/setRuleSettings/id");
    let release = submit(&org.admin, &id).await.text("/submitRuleRelease/id");
    assert!(review(&org.owner, &release, "APPROVE").await.ok());
    assert!(activate(&org.admin, &release).await.ok());
    let judged = [
        lateness(&app, &org).await,
        lateness(&app, &org).await,
        lateness(&app, &org).await,
    ];
    assert_eq!(judged, ["LATE", "LATE", "ON_TIME"]);

    let form = |department: Value| json!({"hook": HOOK, "day": from, "department": department});
    let here = org
        .owner
        .run("rules/rule_settings", form(json!(org.night)))
        .await;
    let grace = here.data("/ruleSettings/0");
    assert_eq!(
        (&grace["value"], &grace["default"], &grace["unit"]),
        (&json!(25), &json!(5), &json!("min"))
    );
    assert_eq!(
        (&grace["kind"], &grace["widget"], &grace["max"]),
        (&json!("MINUTES"), &json!("NUMBER"), &json!(60))
    );
    assert_eq!(grace["change"]["scope"], json!(org.night));
    let elsewhere = org
        .owner
        .run("rules/rule_settings", form(json!(org.field)))
        .await;
    assert_eq!(elsewhere.data("/ruleSettings/0/value"), 10);
    // Taken back.
    let none = org
        .admin
        .run("rules/set_rule_settings", set("grace_minutes", Value::Null))
        .await;
    assert_eq!(
        none.data("/setRuleSettings/settings")
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_trial_changes_nothing() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let mode = json!({"input": {"hook": HOOK, "mode": "AUDIT"}});
    assert_eq!(
        org.admin
            .run("rules/set_rule_mode", mode.clone())
            .await
            .code(),
        "NOT_FOUND"
    );
    assert!(draft(&org.admin, EXCUSED).await.ok());
    let tried = org.admin.run("rules/set_rule_mode", mode).await;
    assert_eq!(tried.data("/setRuleMode/rule/mode"), "AUDIT");
    let release = submit(&org.admin, &tried.text("/setRuleMode/id"))
        .await
        .text("/submitRuleRelease/id");
    assert!(review(&org.owner, &release, "APPROVE").await.ok());
    assert!(activate(&org.admin, &release).await.ok());
    assert_eq!(lateness(&app, &org).await, "LATE");
    let bindings = org.owner.run("rules/rule_bindings", json!({})).await;
    let all = bindings.data("/ruleBindings").as_array().unwrap();
    let one = all.iter().find(|binding| binding["hook"] == HOOK).unwrap();
    assert_eq!(
        (&one["provider"], &one["mode"]),
        (&json!("DATABASE"), &json!("AUDIT"))
    );
    let on = json!({"input": {"hook": HOOK, "mode": "ON"}});
    let on = org
        .admin
        .run("rules/set_rule_mode", on)
        .await
        .text("/setRuleMode/id");
    let release = submit(&org.admin, &on).await.text("/submitRuleRelease/id");
    assert!(review(&org.owner, &release, "APPROVE").await.ok());
    assert!(activate(&org.admin, &release).await.ok());
    assert_eq!(lateness(&app, &org).await, "EXCUSED");
}

// ---------------------------------------------------------------- nodes

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_activates_all_nodes_run() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let other = app.another(2).await;
    let there = org.worker.at(&other);
    in_force(&org, EXCUSED).await;
    assert_eq!(
        day(&app, &org, &there).await.data("/clockIn/lateness"),
        "EXCUSED"
    );
    plan(&app, &org).await;
    in_force(&org, ON_TIME).await;
    // The other node hears the event, whoever numbers it.
    app.drain().await;
    let mut tail = zamu::events::dispatch::Tail::start(&other).await;
    in_force(&org, "fn lateness(clock_in, settings) { late(7) }").await;
    app.drain().await;
    zamu::events::dispatch::round(&other, &mut tail)
        .await
        .unwrap();
    nodes::round(&other).await.unwrap();
    nodes::round(&app.app).await.unwrap();
    let health = org.owner.run("rules/rule_health", json!({})).await;
    let shown = health.data("/ruleHealth/nodes").as_array().unwrap();
    let releases: Vec<&Value> = shown.iter().map(|node| &node["release"]).collect();
    assert!(releases.contains(&&json!(3)), "{releases:?}");
    let opened = there
        .run(
            "attendance/clock_in",
            json!({"input": {"idempotencyKey": "there"}}),
        )
        .await;
    assert_eq!(opened.data("/clockIn/minutesLate"), 7);
    assert!(
        there
            .run(
                "attendance/clock_out",
                json!({"input": {"idempotencyKey": "out"}})
            )
            .await
            .ok()
    );
    // Without hearing anything a node believes what it knows for ten seconds.
    in_force(&org, EXCUSED).await;
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(
        day(&app, &org, &there).await.data("/clockIn/lateness"),
        "EXCUSED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_disagree_or_lag_are_an_alarm() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let other = app.another(2).await;
    in_force(&org, EXCUSED).await;
    assert!(day(&app, &org, &org.worker.at(&other)).await.ok());
    let alarms = async || {
        let health = org.owner.run("rules/rule_health", json!({})).await;
        health
            .data("/ruleHealth/alarms")
            .as_array()
            .unwrap()
            .clone()
    };
    nodes::round(&app.app).await.unwrap();
    nodes::round(&other).await.unwrap();
    assert!(alarms().await.is_empty());
    // The other node is told nothing and asked nothing.
    in_force(&org, ON_TIME).await;
    app.clock.advance(TimeDelta::seconds(61));
    nodes::round(&app.app).await.unwrap();
    nodes::round(&other).await.unwrap();
    let lag = alarms().await;
    assert_eq!(lag.len(), 1, "{lag:?}");
    assert!(
        lag[0].as_str().unwrap().contains("runs release 1, not 2"),
        "{lag:?}"
    );
    assert!(day(&app, &org, &org.worker.at(&other)).await.ok());
    nodes::round(&app.app).await.unwrap();
    nodes::round(&other).await.unwrap();
    assert!(alarms().await.is_empty());

    // Another default pack.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("default/attendance")).unwrap();
    std::fs::write(
        folder.path().join("default/attendance/lateness.rhai"),
        ON_TIME,
    )
    .unwrap();
    other.set_rules(Rulebook::load(folder.path(), None, None).0);
    for second in [11, 61] {
        assert!(
            alarms().await.is_empty(),
            "{second}: an update takes a while"
        );
        app.clock.advance(TimeDelta::seconds(second));
        nodes::round(&app.app).await.unwrap();
        nodes::round(&other).await.unwrap();
    }
    let differ = alarms().await;
    assert!(
        differ[0].as_str().unwrap().contains("do not run the same"),
        "{differ:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_cannot_be_read_leaves_the_last_good_one() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let other = app.another(2).await;
    let there = org.worker.at(&other);
    in_force(&org, EXCUSED).await;
    assert_eq!(
        day(&app, &org, &there).await.data("/clockIn/lateness"),
        "EXCUSED"
    );
    in_force(&org, ON_TIME).await;
    edit(&app, 2, "on_time", "banana").await;
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(
        day(&app, &org, &there).await.data("/clockIn/lateness"),
        "EXCUSED"
    );
    nodes::round(&other).await.unwrap();
    let health = org.owner.run("rules/rule_health", json!({})).await;
    let node = health.data("/ruleHealth/nodes/0");
    assert_eq!(node["release"], 1);
    assert!(
        node["problem"].as_str().unwrap().contains("release 2"),
        "{node}"
    );
    // It is tried again, and never taken for seen before it works.
    edit(&app, 2, "banana", "on_time").await;
    app.clock.advance(TimeDelta::seconds(61));
    nodes::round(&other).await.unwrap();
    let health = org.owner.run("rules/rule_health", json!({})).await;
    assert_eq!(health.data("/ruleHealth/nodes/0/release"), 2);
    assert_eq!(health.data("/ruleHealth/nodes/0/problem"), &Value::Null);
    assert_eq!(
        day(&app, &org, &there).await.data("/clockIn/lateness"),
        "ON_TIME"
    );
}

// ---------------------------------------------------------------- files

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join("orgs").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    async fn reload(&self, app: &TestApp) {
        zamu::rules::files::reload(&app.app, self.0.path(), None).await;
    }

    /// As a server that starts anew reads it.
    async fn restart(&self, app: &TestApp) {
        app.app
            .set_rules(Rulebook::load(self.0.path(), None, None).0);
        zamu::rules::files::record(&app.app, self.0.path()).await;
    }
}

async fn newest(org: &TestOrg) -> i64 {
    let history = org
        .owner
        .run("rules/rule_releases", json!({"first": 1}))
        .await;
    history
        .data("/ruleReleases/edges/0/node/number")
        .as_i64()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_makes_releases_and_an_accident_makes_none() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let folder = Folder::new();
    let path = "acme/attendance/lateness.rhai";
    folder.write(path, EXCUSED);
    folder.write(
        "acme/settings.toml",
        "[attendance.geofence]\nusual_radius_m = 150\n",
    );
    folder.write("nobody/attendance/lateness.rhai", EXCUSED);
    folder.reload(&app).await;
    let first = release(&org, 1).await;
    assert_eq!(first.data("/ruleRelease/origin"), "FILES");
    assert_eq!(
        first.data("/ruleRelease/rules/0/rule/file"),
        "orgs/acme/attendance/lateness.rhai"
    );
    assert_eq!(first.data("/ruleRelease/author"), &Value::Null);
    assert_eq!(lateness(&app, &org).await, "EXCUSED");
    folder.reload(&app).await;
    assert_eq!(newest(&org).await, 1, "nothing new, no release");

    // History holds for files too.
    plan(&app, &org).await;
    let before = app.now();
    app.clock.advance(TimeDelta::days(1));
    folder.write(path, ON_TIME);
    folder.reload(&app).await;
    assert_eq!(newest(&org).await, 2);
    let late = json!({"input": {"idempotencyKey": "late", "capturedAt": before}});
    let late = org.worker.run("attendance/clock_in", late).await;
    assert_eq!(late.data("/clockIn/lateness"), "EXCUSED");
    let out =
        json!({"input": {"idempotencyKey": "out", "capturedAt": before + TimeDelta::hours(1)}});
    assert!(org.worker.run("attendance/clock_out", out).await.ok());

    // A restart with a broken file, with a broken setting, without the file, without the folder.
    folder.write(path, "fn lateness(clock_in, settings) { on_time( }");
    folder.restart(&app).await;
    folder.write(
        "acme/settings.toml",
        "[attendance.geofence]\nusual_radius_m = 1\n",
    );
    folder.restart(&app).await;
    std::fs::remove_file(folder.0.path().join("orgs").join(path)).unwrap();
    folder.restart(&app).await;
    std::fs::remove_dir_all(folder.0.path().join("orgs")).unwrap();
    folder.restart(&app).await;
    folder.reload(&app).await;
    assert_eq!(newest(&org).await, 2);
    assert_eq!(lateness(&app, &org).await, "ON_TIME");

    // Switched off by hand: the same file does not switch it on again, another one does, an empty one off.
    let off = json!({"input": {"hook": HOOK, "reason": "wrong for the night"}});
    assert!(org.admin.run("rules/disable_rule", off).await.ok());
    folder.write(path, ON_TIME);
    folder.write(
        "acme/settings.toml",
        "[attendance.geofence]\nusual_radius_m = 150\n",
    );
    folder.restart(&app).await;
    assert_eq!(
        (newest(&org).await, lateness(&app, &org).await.as_str()),
        (3, "LATE")
    );
    folder.write(path, EXCUSED);
    folder.reload(&app).await;
    assert_eq!(
        (newest(&org).await, lateness(&app, &org).await.as_str()),
        (4, "EXCUSED")
    );
    folder.write(path, "// not for now\n");
    folder.reload(&app).await;
    assert_eq!(
        (newest(&org).await, lateness(&app, &org).await.as_str()),
        (5, "LATE")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_is_a_files_or_the_databases() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let folder = Folder::new();
    let path = "acme/attendance/lateness.rhai";
    folder.write(path, EXCUSED);
    folder.reload(&app).await;
    let refused = draft(&org.admin, ON_TIME).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("RULE_OWNED_BY_FILE", "hook")
    );
    assert!(refused.0.to_string().contains("copyRuleToOrganization"));
    let setting =
        json!({"input": {"hook": HOOK, "values": [{"name": "grace_minutes", "value": 9}]}});
    assert_eq!(
        org.admin
            .run("rules/set_rule_settings", setting)
            .await
            .code(),
        "RULE_OWNED_BY_FILE"
    );

    let copy = json!({"input": {"hook": HOOK}});
    let copied = org
        .admin
        .run("rules/copy_rule_to_organization", copy.clone())
        .await;
    assert_eq!(copied.data("/copyRuleToOrganization/rule/source"), EXCUSED);
    assert_eq!(copied.data("/copyRuleToOrganization/takesOver"), true);
    assert_eq!(
        org.admin
            .run("rules/copy_rule_to_organization", copy)
            .await
            .code(),
        "CONFLICT"
    );
    assert!(
        draft(&org.admin, ON_TIME).await.ok(),
        "now it can be edited"
    );
    let release = submit(&org.admin, &copied.text("/copyRuleToOrganization/id"))
        .await
        .text("/submitRuleRelease/id");
    assert!(review(&org.owner, &release, "APPROVE").await.ok());
    assert!(activate(&org.admin, &release).await.ok());
    assert_eq!(lateness(&app, &org).await, "ON_TIME");

    // The file is still there, even another one: the database's stays, and the status says so.
    folder.write(path, "fn lateness(clock_in, settings) { late(9) }");
    folder.reload(&app).await;
    assert_eq!(lateness(&app, &org).await, "ON_TIME");
    let status = org.owner.run("rules/rule_status", json!({})).await;
    let problem = status.data("/ruleStatus/problems/0");
    assert_eq!(problem["path"], "orgs/acme/attendance/lateness.rhai");
    assert!(
        problem["message"]
            .as_str()
            .unwrap()
            .contains("in the database"),
        "{problem}"
    );

    // What ships can be copied too.
    let copy = json!({"input": {"hook": "attendance.clock_in"}});
    let copied = org.admin.run("rules/copy_rule_to_organization", copy).await;
    assert_eq!(copied.data("/copyRuleToOrganization/takesOver"), false);
    let source = copied.text("/copyRuleToOrganization/rule/source");
    assert!(source.contains("fn clock_in"), "{source}");
}

// ---------------------------------------------------------------- many

fn content(number: usize) -> Content {
    let minutes = number % 50 + 1;
    let rule = RuleBinding {
        kind: RuleKind::Script,
        text: format!("fn lateness(clock_in, settings) {{ late({minutes}) }}"),
        mode: Mode::On,
        file: Some("orgs/x/attendance/lateness.rhai".to_owned()),
    };
    Content {
        rules: [(HOOK.to_owned(), rule)].into(),
        ..Content::default()
    }
}

async fn founded(app: &TestApp, number: usize) -> OrgId {
    let founding = zamu::orgs::service::NewOrganization {
        slug: format!("org-{number}"),
        name: format!("Number {number}"),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: "KES".to_owned(),
    };
    let made = zamu::orgs::service::create(&app.app, founding).await;
    made.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_organizations_are_loaded_when_they_are_asked() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    in_force(&acme, EXCUSED).await;
    let mut making = tokio::task::JoinSet::new();
    let app = std::sync::Arc::new(app);
    for lane in 0..20 {
        let app = std::sync::Arc::clone(&app);
        making.spawn(async move {
            for number in (lane..1000).step_by(20) {
                let org = founded(&app, number).await;
                let made = zamu::rules::releases::service::record_files(&app.app, org, |_| {
                    content(number)
                })
                .await;
                assert_eq!(made.unwrap().unwrap().number, 1);
            }
        });
    }
    while let Some(done) = making.join_next().await {
        done.unwrap();
    }
    let begun = std::time::Instant::now();
    let node = app.another(3).await;
    nodes::round(&node).await.unwrap();
    let health = acme
        .owner
        .at(&node)
        .run("rules/rule_health", json!({}))
        .await;
    let mine = health.data("/ruleHealth/nodes/0");
    assert_eq!(
        mine["release"],
        Value::Null,
        "nothing was loaded at the start"
    );
    // A second leaves room for a busy machine, and none for a thousand compilations.
    assert!(begun.elapsed().as_millis() < 1000, "{:?}", begun.elapsed());
    let judged = day(&app, &acme, &acme.worker.at(&node)).await;
    assert_eq!(judged.data("/clockIn/lateness"), "EXCUSED");
    nodes::round(&node).await.unwrap();
    let health = acme.owner.run("rules/rule_health", json!({})).await;
    assert_eq!(health.data("/ruleHealth/nodes/0/release"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_sees_nothing_of_it() {
    let app = TestApp::start().await;
    let (acme, other) = (
        app.organization("acme").await,
        app.organization("other").await,
    );
    in_force(&acme, EXCUSED).await;
    assert_eq!(
        other
            .owner
            .run("rules/rule_release", json!({"number": 1}))
            .await
            .code(),
        "NOT_FOUND"
    );
    assert_eq!(lateness(&app, &other).await, "LATE");
}

// ---------------------------------------------------------------- the command line

/// Runs `zamu rules …` on the test's database: the exit code and what it printed.
fn zamu_rules_command(
    app: &TestApp,
    folder: &std::path::Path,
    arguments: &[&str],
) -> (i32, String) {
    let url = match app.target() {
        Target::Sqlite(path) => format!("sqlite:{}", path.display()),
        Target::Postgres(url) => url.clone(),
    };
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_zamu"))
        .arg("rules")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("ZAMU_DATA_DIR", folder)
        .output()
        .unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code().unwrap(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_goes_back_and_switches_off() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    // Another process has the machine's clock.
    app.catch_up();
    in_force(&org, EXCUSED).await;
    in_force(&org, ON_TIME).await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| zamu_rules_command(&app, folder.path(), arguments);

    let (code, said) = run(&["status", "--org", "acme", "--json"]);
    assert!(
        code == 0 && said.contains("\"release\": 2"),
        "{code}: {said}"
    );
    let (code, said) = run(&["diff", "1", "2", "--org", "acme"]);
    assert!(
        code == 1 && said.contains(&format!("- {EXCUSED}")),
        "{code}: {said}"
    );
    assert!(said.contains(&format!("+ {ON_TIME}")), "{said}");
    let back = [
        "rollback", "--org", "acme", "--to", "1", "--reason", "too kind",
    ];
    let (code, said) = run(&back);
    assert!(
        code == 0 && said.contains("release 3 is in force"),
        "{code}: {said}"
    );
    let (code, said) = run(&["rollback", "--org", "acme", "--to", "9", "--reason", "x"]);
    assert!(
        code == 2 && said.contains("no such rule release"),
        "{code}: {said}"
    );
    let off = [
        "disable",
        "--org",
        "acme",
        "--hook",
        HOOK,
        "--reason",
        "too kind as well",
    ];
    let (code, said) = run(&off);
    assert!(
        code == 0 && said.contains("release 4 is in force"),
        "{code}: {said}"
    );
    app.catch_up();
    let last = release(&org, 4).await;
    assert_eq!(last.data("/ruleRelease/rules"), &json!([]));
    assert_eq!(
        last.data("/ruleRelease/activations/0/reason"),
        "too kind as well"
    );
    assert_eq!(last.data("/ruleRelease/author"), &Value::Null);

    // A folder that belongs to nobody is found.
    let orgs = folder.path().join("rules/orgs/nobody/attendance");
    std::fs::create_dir_all(&orgs).unwrap();
    std::fs::write(orgs.join("lateness.rhai"), EXCUSED).unwrap();
    let (code, said) = run(&["status"]);
    assert!(
        code == 1 && said.contains("no organization has the slug `nobody`"),
        "{code}: {said}"
    );
}
