//! Packs of rules: proposed, tried on the past, approved, asked, and switched off again.

use std::path::Path;

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu_rules::Rulebook;

use super::support::people::TestOrg;
use super::support::{Answer, Caller, TestApp};

/// A server with the packs of this repository.
async fn start() -> TestApp {
    let app = TestApp::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (rules, problems) = Rulebook::load(&root.join("rules"), Some(&root.join("plugins")), None);
    assert_eq!(problems, []);
    app.app.set_rules(rules);
    app
}

async fn change(by: &Caller, operation: &str, input: Value) -> Answer {
    by.run(&format!("rules/{operation}"), json!({"input": input}))
        .await
}

/// What a draft becomes once the owner has approved it.
async fn in_force(org: &TestOrg, draft: &str) -> Answer {
    let release = change(
        &org.admin,
        "submit_rule_release",
        json!({"drafts": [draft]}),
    )
    .await;
    let release = release.text("/submitRuleRelease/id");
    let yes = json!({"release": release, "verdict": "APPROVE"});
    let approved = change(&org.owner, "review_rule_release", yes).await;
    assert!(approved.ok(), "{:#}", approved.0);
    change(
        &org.admin,
        "activate_rule_release",
        json!({"release": release}),
    )
    .await
}

/// The layers that were asked about the next clock-in.
async fn layers(app: &TestApp, org: &TestOrg) -> Vec<String> {
    let key = app.now().to_string();
    let opened = change_clock(org, "clock_in", &key).await;
    let id = json!({"id": opened.text("/clockIn/id")});
    change_clock(org, "clock_out", &format!("{key} out")).await;
    app.clock.advance(TimeDelta::days(1));
    let session = org.worker.run("attendance/session", id).await;
    let decisions = session
        .data("/session/decisions")
        .as_array()
        .unwrap()
        .clone();
    let asked = decisions
        .iter()
        .find(|one| one["hook"] == "attendance.clock_in")
        .unwrap();
    let steps = asked["layers"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["layer"].as_str().unwrap().to_owned())
        .collect()
}

async fn change_clock(org: &TestOrg, operation: &str, key: &str) -> Answer {
    let input = json!({"input": {"idempotencyKey": key}});
    org.worker
        .run(&format!("attendance/{operation}"), input)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_proposed_approved_asked_and_switched_off() {
    let app = start().await;
    let org = app.organization("acme").await;
    let packs = org.admin.run("rules/rule_packs", json!({})).await;
    let names: Vec<&Value> = packs
        .data("/rulePacks")
        .as_array()
        .unwrap()
        .iter()
        .map(|pack| &pack["name"])
        .collect();
    assert_eq!(names, ["field-teams", "ke-labour"]);
    assert_eq!(packs.data("/rulePacks/0/binding"), &Value::Null);
    assert_eq!(layers(&app, &org).await, ["default"]);

    let draft = change(
        &org.admin,
        "enable_rule_pack",
        json!({"pack": "field-teams"}),
    )
    .await;
    assert_eq!(draft.data("/enableRulePack/pack/mode"), "ON");
    let on = in_force(&org, &draft.text("/enableRulePack/id")).await;
    assert!(on.ok(), "{:#}", on.0);
    assert_eq!(layers(&app, &org).await, ["pack:field-teams", "default"]);
    let packs = org.admin.run("rules/rule_packs", json!({})).await;
    assert_eq!(packs.data("/rulePacks/0/binding/version"), "1.0.0");

    let draft = change(
        &org.admin,
        "disable_rule_pack",
        json!({"pack": "field-teams"}),
    )
    .await;
    let off = in_force(&org, &draft.text("/disableRulePack/id")).await;
    assert!(off.ok(), "{:#}", off.0);
    assert_eq!(layers(&app, &org).await, ["default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_gets_no_more_than_it_asks_for() {
    let app = start().await;
    let org = app.organization("acme").await;
    let more = json!({"pack": "field-teams", "grants": ["person.title"]});
    let refused = change(&org.admin, "enable_rule_pack", more).await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("INVALID_INPUT", "grants")
    );
    let unknown = change(&org.admin, "enable_rule_pack", json!({"pack": "mars"})).await;
    assert_eq!((unknown.code(), unknown.field()), ("NOT_FOUND", "pack"));
    let not_on = change(
        &org.admin,
        "disable_rule_pack",
        json!({"pack": "field-teams"}),
    )
    .await;
    assert_eq!(not_on.code(), "NOT_FOUND");
    let worker = change(
        &org.worker,
        "enable_rule_pack",
        json!({"pack": "field-teams"}),
    )
    .await;
    assert_eq!(worker.code(), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_a_pack_adds_is_set_like_any_other() {
    let app = start().await;
    let org = app.organization("acme").await;
    let draft = change(&org.admin, "enable_rule_pack", json!({"pack": "ke-labour"})).await;
    assert!(in_force(&org, &draft.text("/enableRulePack/id")).await.ok());
    let hours = json!({"hook": "attendance.hours"});
    let settings = org.admin.run("rules/rule_settings", hours).await;
    let settings = settings.data("/ruleSettings").as_array().unwrap().clone();
    let holidays = settings
        .iter()
        .filter(|one| one["change"]["file"] == "plugins/ke-labour/settings.toml")
        .count();
    assert!(holidays > 0, "{settings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_pack_is_tried_on_the_past_before_it_is_approved() {
    let app = start().await;
    let org = app.organization("acme").await;
    layers(&app, &org).await;
    let draft = change(
        &org.admin,
        "enable_rule_pack",
        json!({"pack": "field-teams"}),
    )
    .await;
    let drafts = json!({"drafts": [draft.text("/enableRulePack/id")]});
    let release = change(&org.admin, "submit_rule_release", drafts).await;
    let number = release.data("/submitRuleRelease/number");
    let from = app.now() - TimeDelta::days(7);
    let input =
        json!({"hook": "attendance.clock_in", "candidate": {"release": number}, "from": from});
    let job = change(&org.admin, "replay_rules", input).await;
    let id = json!({"replay": job.text("/replayRules/id")});
    for _ in 0..200 {
        let replay = org.admin.run("rules/rule_replay", id.clone()).await;
        match replay.text("/ruleReplay/state").as_str() {
            "DONE" => return assert_eq!(replay.data("/ruleReplay/total"), 1),
            "RUNNING" | "QUEUED" => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            other => panic!("{other}: {:#}", replay.0),
        }
    }
    panic!("the replay did not end");
}
