//! Confirmed and compliant visits: two numbers, the same by member, place, reason and all together.

use serde_json::{Map, Value, json};
use zamu::attendance::days::service::settle_in;
use zamu::auth::action::Action;
use zamu::db::tx::Audit;
use zamu::exceptions::model::{Found, Kind, Subject};
use zamu::exceptions::service::reconcile_in;
use zamu::kernel::id::{SessionId, kinds};

use super::support::TestApp;
use super::support::people::{Person, TestOrg};

const DAY: &str = "2026-03-02";

/// A session of an hour, about which something is found.
async fn worked(app: &TestApp, org: &TestOrg, person: &Person, kind: Option<Kind>) {
    let input = json!({"input": {"idempotencyKey": "in"}});
    let session = person
        .run("attendance/clock_in", input)
        .await
        .text("/clockIn/id");
    app.clock.advance(chrono::TimeDelta::hours(1));
    let input = json!({"input": {"idempotencyKey": "out"}});
    assert!(person.run("attendance/clock_out", input).await.ok());
    let viewer = app.viewer(&org.owner).await;
    let mut tx = app.app.begin(&viewer, Action::ManagePunches).await.unwrap();
    let session: SessionId = session.parse().unwrap();
    let subject = Subject {
        key: session.to_string(),
        member: person.member,
        department: None,
        place: None,
        session: Some(session),
        punch: None,
        work_date: DAY.parse().unwrap(),
    };
    let found: Vec<Found> = kind
        .map(|kind| Found::plain(kind, Map::new()))
        .into_iter()
        .collect();
    reconcile_in(&mut tx, &subject, &found).await.unwrap();
    tx.flush_staged().await.unwrap();
    settle_in(&mut tx, person.member, &[subject.work_date].into())
        .await
        .unwrap();
    tx.commit(Audit::of_many::<kinds::Exception>())
        .await
        .unwrap();
}

async fn rates(person: &Person, by: &str) -> Vec<Value> {
    let variables = json!({"range": {"from": DAY, "to": DAY}, "by": by});
    let answer = person.run("reports/compliance_rates", variables).await;
    answer.data("/complianceRates").as_array().unwrap().clone()
}

fn numbers(rates: &Value) -> (i64, i64, i64) {
    let number = |name: &str| rates[name].as_i64().unwrap();
    (number("visits"), number("confirmed"), number("compliant"))
}

#[tokio::test]
async fn visits_are_confirmed_and_compliant_by_group() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    worked(&app, &org, &org.worker, Some(Kind::LateIn)).await;
    worked(&app, &org, &org.admin, Some(Kind::MissingService)).await;
    worked(&app, &org, &org.supervisor, None).await;
    let late =
        json!({"filter": {"kinds": ["LATE_IN"], "member": org.worker.member, "states": ["OPEN"]}});
    let late = org.owner.run("exceptions/exceptions", late).await;
    let said = json!({"input": {
        "exception": late.text("/exceptions/edges/0/node/id"),
        "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED",
    }});
    assert!(
        org.owner
            .run("exceptions/acknowledge_exception", said)
            .await
            .ok()
    );

    let all = rates(&org.owner, "ORGANIZATION").await;
    assert_eq!(
        numbers(&all[0]),
        (3, 2, 2),
        "what is left to fix is not confirmed"
    );
    let members = rates(&org.owner, "MEMBER").await;
    let of = |person: &Person| {
        let found = members
            .iter()
            .find(|rates| rates["member"]["id"] == json!(person.member));
        numbers(found.unwrap())
    };
    assert_eq!((of(&org.worker), of(&org.admin)), ((1, 1, 1), (1, 0, 0)));
    let places = rates(&org.owner, "PLACE").await;
    assert_eq!((places.len(), numbers(&places[0])), (1, (3, 2, 2)));
    let reasons = rates(&org.owner, "REASON").await;
    let named: Vec<_> = reasons
        .iter()
        .map(|one| (one["reasonCode"].clone(), numbers(one)))
        .collect();
    assert_eq!(
        named,
        [(Value::Null, (2, 1, 1)), (json!("TRANSPORT"), (1, 1, 1))]
    );
    assert_eq!(reasons[0]["confirmedRate"], json!(0.5));

    let own = rates(&org.worker, "REASON").await;
    assert_eq!(
        (own.len(), numbers(&own[0])),
        (1, (1, 1, 1)),
        "only their own"
    );
    let seen = rates(&org.supervisor, "ORGANIZATION").await;
    assert_eq!(numbers(&seen[0]), (2, 2, 2), "their departments");
}
