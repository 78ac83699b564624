//! What a phone needs for the day, and what changed since it last asked.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::support::people::TestOrg;
use super::support::{Answer, Caller, TestApp};

/// A phone that does as it is told.
#[derive(Default, Debug, PartialEq)]
struct Phone {
    cursor: Option<String>,
    /// What comes whole: home, settings, holidays.
    whole: BTreeMap<String, Value>,
    /// What comes one by one, by id.
    things: BTreeMap<String, Value>,
}

impl Phone {
    async fn ask(&mut self, by: &Caller) -> Answer {
        let answer = by
            .run("attendance/changes_since", json!({"cursor": self.cursor}))
            .await;
        let changes = answer.data("/changesSince");
        if changes["isComplete"] == true {
            *self = Self::default();
        }
        for name in ["home", "settings", "holidays"] {
            if !changes[name].is_null() {
                self.whole.insert(name.to_owned(), changes[name].clone());
            }
        }
        for gone in changes["removed"].as_array().unwrap() {
            let held = self.things.remove(gone.as_str().unwrap());
            assert!(held.is_some(), "{gone} was not held");
        }
        let listed = |name: &str| changes[name].as_array().unwrap().clone();
        for thing in listed("places").into_iter().chain(listed("shifts")) {
            self.things
                .insert(thing["id"].as_str().unwrap().to_owned(), thing);
        }
        for visited in listed("clients") {
            self.things.insert(
                visited["client"]["id"].as_str().unwrap().to_owned(),
                visited,
            );
        }
        self.cursor = Some(changes["cursor"].as_str().unwrap().to_owned());
        answer
    }

    /// Both hold the same, whatever their cursors say of the log.
    async fn is_as_a_fresh_one(&self, by: &Caller, step: &str) {
        let mut fresh = Self::default();
        fresh.ask(by).await;
        assert_eq!(self.whole, fresh.whole, "{step}");
        assert_eq!(self.things, fresh.things, "{step}");
    }
}

async fn place(org: &TestOrg, name: &str) -> String {
    let input = json!({"name": name, "position": {"latitude": -0.0917, "longitude": 34.768}, "radiusM": 80});
    let made = org
        .admin
        .run("places/create_place", json!({"input": input}))
        .await;
    made.text("/createPlace/id")
}

async fn shift(org: &TestOrg, place: &str, date: &str) -> String {
    let input = json!({"member": org.worker.member, "place": place, "date": date, "starts": "08:00", "ends": "16:00"});
    let planned = org
        .admin
        .run("schedules/plan_shift", json!({"input": input}))
        .await;
    planned.text("/planShift/id")
}

async fn done(org: &TestOrg, path: &str, input: Value) {
    let answer = org.admin.run(path, json!({"input": input})).await;
    assert!(answer.ok(), "{path}: {:#}", answer.0);
}

/// Places, shifts, clients, settings and the organization change and go; after each step a phone that followed holds
/// what a fresh one is given.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_follows_holds_what_a_fresh_one_is_given() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let mut phone = Phone::default();
    let first = phone.ask(&org.worker).await;
    assert_eq!(first.data("/changesSince/isComplete"), true);
    assert_eq!(first.data("/changesSince/home/timeZone"), "Africa/Nairobi");
    assert_eq!(first.data("/changesSince/from"), "2026-02-28");
    let settings = first.data("/changesSince/settings").as_array().unwrap();
    assert!(
        settings
            .iter()
            .any(|setting| setting["name"] == "grace_minutes")
    );

    let clinic = place(&org, "Clinic").await;
    let home = place(&org, "Home of Atieno").await;
    phone.ask(&org.worker).await;
    phone.is_as_a_fresh_one(&org.worker, "two places").await;
    assert!(phone.things.contains_key(&clinic));

    let near = shift(&org, &home, "2026-03-04").await;
    let far = shift(&org, &clinic, "2026-03-25").await;
    done(
        &org,
        "places/create_client",
        json!({"name": "Mama Atieno", "places": [home]}),
    )
    .await;
    phone.ask(&org.worker).await;
    phone.is_as_a_fresh_one(&org.worker, "a visit").await;
    assert!(phone.things.contains_key(&near) && !phone.things.contains_key(&far));
    assert!(
        phone
            .things
            .values()
            .any(|thing| thing["client"]["name"] == "Mama Atieno")
    );

    done(
        &org,
        "places/update_place",
        json!({"place": clinic, "radiusM": 250}),
    )
    .await;
    done(&org, "schedules/cancel_shift", json!({"shift": near})).await;
    done(
        &org,
        "orgs/update_organization",
        json!({"timeZone": "Africa/Kampala"}),
    )
    .await;
    let changed = phone.ask(&org.worker).await;
    phone
        .is_as_a_fresh_one(&org.worker, "changed and cancelled")
        .await;
    assert_eq!(changed.data("/changesSince/isComplete"), false);
    let removed = changed.data("/changesSince/removed").as_array().unwrap();
    assert!(
        removed.contains(&json!(near)),
        "the shift, and with it the client"
    );
    assert_eq!(removed.len(), 2);
    assert_eq!(changed.data("/changesSince/settings"), &Value::Null);

    done(&org, "places/archive_place", json!({"place": clinic})).await;
    app.clock.advance(TimeDelta::days(10));
    phone.ask(&org.worker).await;
    phone
        .is_as_a_fresh_one(&org.worker, "the days moved on")
        .await;
    assert!(phone.things.contains_key(&far) && !phone.things.contains_key(&clinic));

    let nothing = phone.ask(&org.worker).await;
    for list in ["places", "clients", "shifts", "removed"] {
        assert_eq!(nothing.data(&format!("/changesSince/{list}")), &json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_the_members_own() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let mut phone = Phone::default();
    phone.ask(&org.worker).await;
    let ask = |by: &Caller, cursor: String| {
        let by = by.clone();
        async move {
            by.run("attendance/changes_since", json!({"cursor": cursor}))
                .await
        }
    };
    let theirs = ask(&org.admin, phone.cursor.clone().unwrap()).await;
    assert_eq!(
        (theirs.code(), theirs.field()),
        ("INVALID_CURSOR", "cursor")
    );
    for garbage in ["", "x", "AA", "AQAA", "💥"] {
        let refused = ask(&org.worker, garbage.to_owned()).await;
        assert_eq!(refused.code(), "INVALID_CURSOR", "{garbage}");
    }
}

/// Another person's shifts and, for whoever may not see clients, clients are nobody's business.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_holds_what_its_owner_may_see() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let clinic = place(&org, "Clinic").await;
    done(
        &org,
        "places/create_client",
        json!({"name": "Mama Atieno", "places": [clinic]}),
    )
    .await;
    let of_worker = shift(&org, &clinic, "2026-03-03").await;
    let mut admin = Phone::default();
    admin.ask(&org.admin).await;
    assert!(!admin.things.contains_key(&of_worker));
    let technician = zamu::auth::policy::Role::Technician;
    let technician = app
        .person(&org.owner, "acme", "tech", technician, None)
        .await;
    let input = json!({"member": technician.member, "place": clinic, "date": "2026-03-03", "starts": "08:00", "ends": "16:00"});
    done(&org, "schedules/plan_shift", input).await;
    let mut phone = Phone::default();
    let answer = phone.ask(&technician).await;
    assert_eq!(answer.data("/changesSince/clients"), &json!([]));
    assert_eq!(
        answer
            .data("/changesSince/shifts")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let mut worker = Phone::default();
    let answer = worker.ask(&org.worker).await;
    assert_eq!(
        answer.data("/changesSince/clients/0/client/name"),
        "Mama Atieno"
    );
    assert_eq!(
        answer.data("/changesSince/clients/0/places"),
        &json!([clinic])
    );
}
