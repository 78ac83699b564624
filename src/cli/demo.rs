//! An organization to play with: a clinic in Kisumu with people, places, shifts and three days of work behind it.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};

use crate::app::{App, Parts};
use crate::attendance::service::{self as attendance, ClockIn, ClockOut};
use crate::auth::policy::Role;
use crate::auth::token::Keys;
use crate::auth::viewer::Viewer;
use crate::config::Config;
use crate::http::Demo;
use crate::identity::invitations::{self, NewInvitation};
use crate::identity::logins::Device;
use crate::identity::service::{self as identity, NewOwner};
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::{Fix, Point};
use crate::kernel::id::{DepartmentId, PlaceId};
use crate::kernel::time::{Instant, ManualClock, local_to_instant};
use crate::orgs::service::{self as orgs, NewOrganization};
use crate::places::service::{self as places, NewPlace};
use crate::schedules::model::Plan;
use crate::schedules::service as schedules;

const SLUG: &str = "demo";
const IDENTIFIER: &str = "owner@demo.example";
/// Known to everybody who reads this, which is why the demo is refused where others can connect.
const PASSWORD: &str = "karibu kwenye zamu";
const ZONE: chrono_tz::Tz = chrono_tz::Africa::Nairobi;
const CLINIC: Point = Point {
    latitude: -0.0917,
    longitude: 34.7680,
};
/// How many days of work lie behind the demo.
const DAYS: u64 = 3;

/// Who works there: name, local part of the address, role, title, and how many minutes after eight they come.
const PEOPLE: &[(&str, &str, Role, &str, i64)] = &[
    (
        "Otieno Ouma",
        "supervisor",
        Role::Supervisor,
        "Head nurse",
        -6,
    ),
    ("Achieng Atieno", "achieng", Role::Worker, "Nurse", 2),
    ("Wanjiku Kamau", "wanjiku", Role::Worker, "Nurse", 14),
    (
        "Baraka Mwangi",
        "baraka",
        Role::Worker,
        "Clinical officer",
        41,
    ),
];

/// Makes the demo if it is wanted, or if nothing at all was set. Answers how to sign in to it.
pub(super) async fn prepare(app: &App, config: &Config, wanted: bool) -> Result<Option<Demo>> {
    let is_private = config.listen.ip().is_loopback();
    if wanted && !is_private {
        return Err(Error::invalid(
            "--demo",
            "everybody knows the demo's password: it needs a loopback address",
        ));
    }
    if !(wanted || config.untouched && is_private) {
        return Ok(None);
    }
    if orgs::find_by_slug(app, SLUG).await?.is_none() {
        found(app, config).await?;
    }
    Ok(Some(Demo {
        identifier: IDENTIFIER.to_owned(),
        password: PASSWORD.to_owned(),
    }))
}

/// Founds it through the services the API uses, on a clock that is wound back and moved forward: the history is as
/// real as any.
async fn found(app: &App, config: &Config) -> Result<()> {
    let today = app.now().with_timezone(&ZONE).date_naive();
    let first = today - Days::new(DAYS);
    let clock = Arc::new(ManualClock::at(at(first, 6, 0)));
    let (rules, _) = zamu_rules::Rulebook::load(&config.rules_dir, Some(&config.plugins_dir), None);
    // The key signs nothing that leaves this function.
    let keys = Keys::new("the demo's tokens are thrown away");
    let parts = Parts {
        clock: Arc::<ManualClock>::clone(&clock),
        ..Parts::real(keys, rules)
    };
    let past = App::open(&config.database, 2, parts).await?;
    let (owner, team, clinic) = founded(&past).await?;
    let people = hired(&past, &owner, team).await?;
    for day in 0..DAYS {
        a_day(
            &past,
            &clock,
            &owner,
            &people,
            clinic,
            first + Days::new(day),
        )
        .await?;
    }
    for (viewer, _) in &people {
        plan(&past, &owner, viewer, clinic, today).await?;
    }
    past.drain().await
}

async fn founded(app: &App) -> Result<(Viewer, DepartmentId, PlaceId)> {
    let organization = NewOrganization {
        slug: SLUG.to_owned(),
        name: "Lakeside Clinic".to_owned(),
        time_zone: ZONE.name().to_owned(),
        currency: "KES".to_owned(),
    };
    let organization = orgs::create(app, organization).await?;
    let owner = NewOwner {
        name: "Amina Odhiambo".to_owned(),
        phone: None,
        email: Some(IDENTIFIER.to_owned()),
        password: PASSWORD.to_owned(),
    };
    identity::create_owner(app, &organization, owner).await?;
    let owner = sign_in(app, IDENTIFIER).await?;
    let team = orgs::create_department(app, &owner, "Nursing", None)
        .await?
        .id;
    let clinic = NewPlace {
        name: "Lakeside Clinic".to_owned(),
        address: Some("Oginga Odinga Street, Kisumu".to_owned()),
        position: Some(CLINIC),
        radius_m: Some(120),
        ..NewPlace::default()
    };
    let clinic = places::create_place(app, &owner, clinic).await?.id;
    Ok((owner, team, clinic))
}

async fn hired(app: &App, owner: &Viewer, team: DepartmentId) -> Result<Vec<(Viewer, i64)>> {
    let mut people = Vec::new();
    for (name, local, role, title, minutes) in PEOPLE {
        let email = format!("{local}@demo.example");
        let invitation = NewInvitation {
            name: (*name).to_owned(),
            phone: None,
            email: Some(email.clone()),
            role: *role,
            department: Some(team),
            title: Some((*title).to_owned()),
        };
        let (secret, _) = invitations::invite(app, owner, invitation).await?;
        invitations::accept(app, device(), &secret, PASSWORD).await?;
        people.push((sign_in(app, &email).await?, *minutes));
    }
    Ok(people)
}

/// Everybody comes at their own time and leaves at half past four.
async fn a_day(
    app: &App,
    clock: &ManualClock,
    owner: &Viewer,
    people: &[(Viewer, i64)],
    clinic: PlaceId,
    day: NaiveDate,
) -> Result<()> {
    for (viewer, _) in people {
        plan(app, owner, viewer, clinic, day).await?;
    }
    for (viewer, minutes) in people {
        clock.set(at(day, 8, 0) + TimeDelta::minutes(*minutes));
        let position = Some(Fix {
            point: CLINIC,
            accuracy_m: 12.0,
        });
        let input = ClockIn {
            position,
            ..ClockIn::default()
        };
        attendance::clock_in(app, viewer, &format!("demo-in-{day}"), input).await?;
    }
    clock.set(at(day, 16, 30));
    for (viewer, _) in people {
        let position = Some(Fix {
            point: CLINIC,
            accuracy_m: 15.0,
        });
        let input = ClockOut {
            position,
            ..ClockOut::default()
        };
        attendance::clock_out(app, viewer, &format!("demo-out-{day}"), input).await?;
    }
    Ok(())
}

async fn plan(
    app: &App,
    owner: &Viewer,
    worker: &Viewer,
    clinic: PlaceId,
    date: NaiveDate,
) -> Result<()> {
    let plan = Plan {
        date,
        starts: time(8, 0),
        ends: time(16, 30),
        break_minutes: 30,
    };
    schedules::plan_shift(app, owner, worker.person()?, Some(clinic), plan).await?;
    Ok(())
}

async fn sign_in(app: &App, identifier: &str) -> Result<Viewer> {
    let credentials = crate::identity::logins::Credentials {
        identifier: identifier.to_owned(),
        password: PASSWORD.to_owned(),
        organization: Some(SLUG.to_owned()),
    };
    let welcome = crate::identity::logins::sign_in(app, device(), credentials).await?;
    identity::authenticate(app, &format!("Bearer {}", welcome.tokens.access)).await
}

fn device() -> Device {
    Device {
        name: Some("zamu serve --demo".to_owned()),
        ip: None,
        user_agent: None,
    }
}

fn at(day: NaiveDate, hour: u32, minute: u32) -> Instant {
    local_to_instant(day, time(hour, minute), ZONE)
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}
