//! An organization with as many workers as a benchmark needs, each signed in and planned for today.

use std::ops::Range;

use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use zamu::app::{App, Parts};
use zamu::auth::token::{Claims, Keys};
use zamu::kernel::id::{AccountId, LoginId, MemberId, OrgId};
use zamu::kernel::time::Instant;
use zamu::orgs::service::NewOrganization;
use zamu_rules::Rulebook;
use zamu_schema::dual::DualConnection;
use zamu_schema::tables::{accounts, login_sessions, members, places, shifts};

use super::database::Database;
use super::server::SECRET;

/// How many rows one insert carries.
const ROWS: usize = 500;

pub struct People {
    pub org: OrgId,
    keys: Keys,
    now: Instant,
}

/// What a number names: the same number is a member, their account, their login session and their shift.
#[derive(Clone, Copy)]
#[repr(u16)]
pub enum Thing {
    Account = 0x7000,
    Member,
    Login,
    Shift,
    Place,
}

pub fn uuid(thing: u16, number: u64) -> Uuid {
    Uuid::from_u128(u128::from(thing) << 64 | 0x8000 << 48 | u128::from(number))
}

fn id(thing: Thing, number: u64) -> Uuid {
    uuid(thing as u16, number)
}

pub fn member(number: u64) -> Uuid {
    id(Thing::Member, number)
}

pub fn shift(number: u64) -> Uuid {
    id(Thing::Shift, number)
}

pub fn place() -> Uuid {
    id(Thing::Place, 0)
}

impl People {
    /// Number 0 is an administrator, the others are workers.
    pub async fn found(database: &Database, count: u64) -> Self {
        let keys = Keys::new(SECRET);
        let parts = Parts::real(Keys::new(SECRET), Rulebook::embedded());
        let app = App::open(&database.target(), 2, parts).await.unwrap();
        let organization = NewOrganization {
            slug: "bench".to_owned(),
            name: "Bench".to_owned(),
            time_zone: "Africa/Nairobi".to_owned(),
            currency: "KES".to_owned(),
        };
        let org = zamu::orgs::service::create(&app, organization)
            .await
            .unwrap()
            .id;
        let people = Self {
            org,
            keys,
            now: app.now(),
        };
        let mut conn = database.connect().await;
        people.insert_place(&mut conn).await;
        let numbers: Vec<u64> = (0..count).collect();
        for numbers in numbers.chunks(ROWS) {
            people.insert(&mut conn, numbers).await;
        }
        people
    }

    async fn insert_place(&self, conn: &mut DualConnection) {
        let row = (
            places::org_id.eq(self.org),
            places::id.eq(place()),
            places::name.eq("Clinic"),
            places::latitude.eq(-0.0917),
            places::longitude.eq(34.7680),
            places::radius_m.eq(120),
            places::time_zone.eq("Africa/Nairobi"),
            places::created_at.eq(self.now),
        );
        let insert = diesel::insert_into(places::table).values(row);
        insert.execute(conn).await.unwrap();
    }

    async fn insert(&self, conn: &mut DualConnection, numbers: &[u64]) {
        let (org, now) = (self.org, self.now);
        let each = || numbers.iter().copied();
        let rows: Vec<_> = each()
            .map(|number| {
                (
                    accounts::id.eq(id(Thing::Account, number)),
                    accounts::email.eq(format!("{number}@bench.example")),
                    accounts::password_hash.eq("none"),
                    accounts::password_changed_at.eq(now),
                    accounts::created_at.eq(now),
                )
            })
            .collect();
        let insert = diesel::insert_into(accounts::table).values(rows);
        insert.execute(conn).await.unwrap();
        let rows: Vec<_> = each()
            .map(|number| {
                let role = if number == 0 { "ADMIN" } else { "WORKER" };
                (
                    members::org_id.eq(org),
                    members::id.eq(member(number)),
                    members::account_id.eq(id(Thing::Account, number)),
                    members::role.eq(role),
                    members::name.eq(format!("Worker {number}")),
                    members::tags.eq(json!([])),
                    members::joined_at.eq(now),
                )
            })
            .collect();
        let insert = diesel::insert_into(members::table).values(rows);
        insert.execute(conn).await.unwrap();
        let rows: Vec<_> = each()
            .map(|number| {
                (
                    login_sessions::id.eq(id(Thing::Login, number)),
                    login_sessions::account_id.eq(id(Thing::Account, number)),
                    login_sessions::org_id.eq(org.uuid()),
                    login_sessions::member_id.eq(member(number)),
                    login_sessions::created_at.eq(now),
                    // As if the application had been opened just before.
                    login_sessions::last_seen_at.eq(now + TimeDelta::hours(1)),
                    login_sessions::expires_at.eq(now + TimeDelta::days(30)),
                )
            })
            .collect();
        let insert = diesel::insert_into(login_sessions::table).values(rows);
        insert.execute(conn).await.unwrap();
        let rows: Vec<_> = each()
            .map(|number| {
                (
                    shifts::org_id.eq(org),
                    shifts::id.eq(shift(number)),
                    shifts::member_id.eq(member(number)),
                    shifts::place_id.eq(place()),
                    shifts::kind.eq("WORK"),
                    shifts::work_date.eq(now.date_naive()),
                    shifts::starts_at.eq(now - TimeDelta::minutes(20)),
                    shifts::ends_at.eq(now + TimeDelta::hours(8)),
                    shifts::break_minutes.eq(30),
                    shifts::created_at.eq(now),
                )
            })
            .collect();
        let insert = diesel::insert_into(shifts::table).values(rows);
        insert.execute(conn).await.unwrap();
    }

    /// An access token for one of them.
    #[expect(
        clippy::disallowed_methods,
        reason = "a token is good for minutes from now"
    )]
    pub fn token(&self, number: u64) -> String {
        let account = AccountId::from_uuid(id(Thing::Account, number));
        let login = LoginId::from_uuid(id(Thing::Login, number));
        let member = MemberId::from_uuid(member(number));
        let claims = Claims::new(account, login, Some((self.org, member)), Utc::now());
        self.keys.sign(&claims).unwrap()
    }

    /// A clock-in for each of these: the operation that clients are shown, at the clinic, with a position.
    pub fn clock_ins(&self, numbers: Range<u64>) -> Vec<(String, String)> {
        const OPERATION: &str =
            include_str!("../../graphql/operations/attendance/clock_in.graphql");
        let request = |number: u64| {
            let input = json!({
                "idempotencyKey": format!("bench-{number}"),
                "position": { "latitude": -0.0918, "longitude": 34.7681, "accuracyM": 12.5 },
                "device": { "model": "A phone", "appVersion": "1.0" },
            });
            let body = json!({ "query": OPERATION, "variables": { "input": input } });
            (self.token(number), body.to_string())
        };
        numbers.map(request).collect()
    }
}
