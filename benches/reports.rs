//! A year of 5,000 people, 1.2 million sessions: how long the summary of the organization and of one member take, what a
//! naive scan of the sessions takes, and what the sums cost a clock-out. Through the same services the API calls.
//! `cargo bench --bench reports -- sqlite` measures one engine; `ZAMU_BENCH_PEOPLE=50` makes the year smaller.

#![expect(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a benchmark says what it found, and panics where there is nothing to find"
)]

#[expect(dead_code, reason = "shared with the other benchmarks")]
mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use hdrhistogram::Histogram;
use serde_json::json;
use uuid::Uuid;
use zamu::app::{App, Parts};
use zamu::attendance::days::model::{DayStatus, Material};
use zamu::attendance::days::service::settle_in;
use zamu::attendance::days::store;
use zamu::attendance::model::{Hours, Lateness, Status, WorkSession};
use zamu::auth::action::Action;
use zamu::auth::token::Keys;
use zamu::auth::viewer::Viewer;
use zamu::db::tx::{Audit, Tx};
use zamu::identity::logins::{self, Credentials, Device};
use zamu::identity::service::{self as identity, NewOwner};
use zamu::kernel::geo::Judgement;
use zamu::kernel::id::{DepartmentId, MemberId, PlaceId, SessionId, ShiftId, kinds};
use zamu::orgs::service::{self as orgs, NewOrganization};
use zamu::reports::model::{Range, Summary};
use zamu::reports::service::{Filter, summary};
use zamu::schedules::model::{Made, Shift, ShiftKind};
use zamu_rules::Rulebook;
use zamu_schema::dual::SumMinor;
use zamu_schema::tables::{departments, members, places, shifts, work_sessions};

use support::database::{Database, engines};
use support::{block_on, histogram, micros, millis};

const PEOPLE: u64 = 5_000;
const DAYS: u64 = 240;
const DEPARTMENTS: u64 = 40;
const PLACES: u64 = 10;
/// What a summary of the organization and of a member may take.
const ORGANIZATION: Duration = Duration::from_millis(50);
const MEMBER: Duration = Duration::from_millis(10);
/// Rows of one insert: SQLite binds at most 32,766 values.
const ROWS: usize = 1_000;
const CLOCK_OUTS: u64 = 300;

fn main() {
    let people = match std::env::var("ZAMU_BENCH_PEOPLE") {
        Ok(number) => number.parse().unwrap(),
        Err(_) => PEOPLE,
    };
    for (engine, open) in engines() {
        block_on(Box::pin(measure(engine, open(), people)));
    }
}

async fn measure(engine: &str, database: Database, people: u64) {
    let parts = Parts::real(Keys::new(&"s".repeat(40)), Rulebook::embedded());
    let app = App::open(&database.target(), 8, parts).await.unwrap();
    let owner = found(&app).await;
    let begun = Instant::now();
    let year = Year::seed(&app, &owner, people).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "\n{engine}: {} sessions written in {seconds:.0} s.\n",
        people * DAYS
    );
    println!("| {engine} | runs | p50 ms | p99 ms | p99 of the limit | p50 of a naive scan |");
    println!("|---|---|---|---|---|---|");
    let naive = year.naive(&app, &owner).await;
    let whole = |member: u64| (Filter::default(), year.range, member);
    let runs = year.ask(&app, &owner, 50, whole).await;
    row("organization, a year", &runs, Some(ORGANIZATION), &naive);
    // No month is whole at either end: the most days there can be beside the months.
    let ragged = Range::new(year.range.from + Days::new(1), year.range.to).unwrap();
    let runs = year
        .ask(&app, &owner, 50, |member| {
            (Filter::default(), ragged, member)
        })
        .await;
    row(
        "organization, a ragged year",
        &runs,
        Some(ORGANIZATION),
        &naive,
    );
    let department = |number: u64| Filter {
        department: Some(DepartmentId::from_uuid(id(
            Thing::Department,
            number % DEPARTMENTS,
        ))),
        ..Filter::default()
    };
    let runs = year
        .ask(&app, &owner, 50, |number| {
            (department(number), year.range, number)
        })
        .await;
    row("department, a year", &runs, Some(ORGANIZATION), &naive);
    let member = |number: u64| Filter {
        member: Some(member(number % people)),
        ..Filter::default()
    };
    let runs = year
        .ask(&app, &owner, 300, |number| {
            (member(number), year.range, number)
        })
        .await;
    row("member, a year", &runs, Some(MEMBER), &naive);
    row("a naive scan of the sessions", &naive, None, &naive);
    let (without, with) = year.clock_outs(&app, &owner, people).await;
    let ratio = with.value_at_quantile(0.5) as f64 / without.value_at_quantile(0.5) as f64;
    println!(
        "\n{engine}: a clock-out's change committed takes {} ms (p50) without its sums and {} ms with them: **{ratio:.2}**.",
        millis(without.value_at_quantile(0.5)),
        millis(with.value_at_quantile(0.5)),
    );
}

fn row(what: &str, runs: &Histogram<u64>, limit: Option<Duration>, naive: &Histogram<u64>) {
    let (p50, p99) = (runs.value_at_quantile(0.5), runs.value_at_quantile(0.99));
    let of_limit = limit.map_or("".to_owned(), |limit| {
        format!("**{:.2}**", p99 as f64 / micros(limit) as f64)
    });
    let of_naive = p50 as f64 / naive.value_at_quantile(0.5) as f64;
    println!(
        "| {what} | {} | {} | {} | {of_limit} | {of_naive:.4} |",
        runs.len(),
        millis(p50),
        millis(p99),
    );
}

#[derive(Clone, Copy)]
#[repr(u64)]
enum Thing {
    Member = 0x7000,
    Department,
    Place,
    Session,
    Shift,
}

fn id(thing: Thing, number: u64) -> Uuid {
    Uuid::from_u128(u128::from(thing as u64) << 64 | 0x8000 << 48 | u128::from(number))
}

fn member(number: u64) -> MemberId {
    MemberId::from_uuid(id(Thing::Member, number))
}

struct Year {
    range: Range,
    last: NaiveDate,
}

impl Year {
    /// Ends today, so that the day of the clock-outs is not over. Every department works at every place.
    async fn seed(app: &App, owner: &Viewer, people: u64) -> Self {
        let last = app.now().date_naive();
        let range = Range::new(last - Days::new(364), last).unwrap();
        let mut tx = app.begin(owner, Action::ImportData).await.unwrap();
        Self::ground(&mut tx, people);
        tx.commit(Audit::of_many::<kinds::Member>()).await.unwrap();
        for day in 0..DAYS {
            // Two of three days, spread over the year, the last of them today.
            let date = last - Days::new((DAYS - 1 - day) * 364 / (DAYS - 1));
            let mut tx = app.begin(owner, Action::ImportData).await.unwrap();
            let materials: Vec<_> = (0..people)
                .map(|number| material(number, day, date))
                .collect();
            let sessions: Vec<_> = materials.iter().map(|one| &one.sessions[0]).collect();
            for some in sessions.chunks(ROWS) {
                insert_sessions(&mut tx, some);
            }
            let days: Vec<_> = materials
                .iter()
                .zip(0..)
                .map(|(material, number)| {
                    let status = (day + 1 < DAYS).then_some(DayStatus::Present);
                    let day = material.day(member(number), date, status);
                    (day, material.parts(status))
                })
                .collect();
            store::stage_new(&mut tx, &days).unwrap();
            if day + 1 == DAYS {
                plan(&mut tx, &materials);
            }
            tx.commit_unaudited().await.unwrap();
        }
        Self { range, last }
    }

    fn ground(tx: &mut Tx, people: u64) {
        let (org, now) = (tx.org(), tx.now());
        let rows: Vec<_> = (0..DEPARTMENTS)
            .map(|number| {
                (
                    departments::org_id.eq(org),
                    departments::id.eq(id(Thing::Department, number)),
                    departments::name.eq(format!("Department {number}")),
                    departments::created_at.eq(now),
                )
            })
            .collect();
        tx.stage(diesel::insert_into(departments::table).values(rows))
            .unwrap();
        let rows: Vec<_> = (0..PLACES)
            .map(|number| {
                (
                    places::org_id.eq(org),
                    places::id.eq(id(Thing::Place, number)),
                    places::name.eq(format!("Place {number}")),
                    places::time_zone.eq("Africa/Nairobi"),
                    places::created_at.eq(now),
                )
            })
            .collect();
        tx.stage(diesel::insert_into(places::table).values(rows))
            .unwrap();
        let numbers: Vec<u64> = (0..people).collect();
        for some in numbers.chunks(ROWS) {
            let rows: Vec<_> = some
                .iter()
                .map(|number| {
                    (
                        members::org_id.eq(org),
                        members::id.eq(member(*number)),
                        members::role.eq("WORKER"),
                        members::department_id.eq(id(Thing::Department, number % DEPARTMENTS)),
                        members::name.eq(format!("Worker {number}")),
                        members::tags.eq(json!([])),
                        members::joined_at.eq(now),
                    )
                })
                .collect();
            tx.stage(diesel::insert_into(members::table).values(rows))
                .unwrap();
        }
    }

    /// What the service answers, again and again.
    async fn ask(
        &self,
        app: &App,
        owner: &Viewer,
        runs: u64,
        question: impl Fn(u64) -> (Filter, Range, u64),
    ) -> Histogram<u64> {
        let mut times = histogram();
        for run in 0..runs + 5 {
            let (filter, range, _) = question(run * 7_919);
            let begun = Instant::now();
            let answer: Summary = summary(app, owner, &filter, range).await.unwrap();
            assert!(answer.0.sessions > 0 && answer.0.worked_minutes > 0);
            if run >= 5 {
                times.record(micros(begun.elapsed())).unwrap();
            }
        }
        times
    }

    /// A few of the same figures from the sessions themselves.
    async fn naive(&self, app: &App, owner: &Viewer) -> Histogram<u64> {
        use work_sessions as t;
        let mut times = histogram();
        for _ in 0..5 {
            let mut tx = app.read(owner, Action::ViewReports).await.unwrap();
            let begun = Instant::now();
            let own = t::table
                .filter(t::org_id.eq(tx.org()))
                .filter(t::work_date.between(self.range.from, self.range.to));
            let sums: (Option<i64>, Option<i64>, Option<i64>) = own
                .select((
                    SumMinor(t::paid_minutes),
                    SumMinor(t::minutes_late),
                    SumMinor(t::minutes_early),
                ))
                .first(tx.conn().unwrap())
                .await
                .unwrap();
            times.record(micros(begun.elapsed())).unwrap();
            let told = summary(app, owner, &Filter::default(), self.range)
                .await
                .unwrap();
            assert_eq!(sums.0, Some(told.0.paid_minutes));
        }
        times
    }

    /// The change a clock-out makes to its session, committed without and with its sums, in turns.
    async fn clock_outs(
        &self,
        app: &App,
        owner: &Viewer,
        people: u64,
    ) -> (Histogram<u64>, Histogram<u64>) {
        use work_sessions as t;
        let (mut without, mut with) = (histogram(), histogram());
        for run in 0..2 * CLOCK_OUTS {
            let number = run * 7_919 % people;
            let begun = Instant::now();
            let mut tx = app.begin(owner, Action::ManagePunches).await.unwrap();
            let session = SessionId::from_uuid(id(Thing::Session, (DAYS - 1) * 1_000_000 + number));
            let own = t::table
                .filter(t::org_id.eq(tx.org()))
                .filter(t::id.eq(session));
            let minutes = i32::try_from(400 + run % 100).unwrap();
            let hours = json!(hours(minutes.into()));
            tx.stage(diesel::update(own).set((t::hours.eq(hours), t::paid_minutes.eq(minutes))))
                .unwrap();
            if run % 2 == 1 {
                settle_in(&mut tx, member(number), &BTreeSet::from([self.last]))
                    .await
                    .unwrap();
            }
            tx.commit(Audit::of(session)).await.unwrap();
            let times = if run % 2 == 1 {
                &mut with
            } else {
                &mut without
            };
            times.record(micros(begun.elapsed())).unwrap();
        }
        (without, with)
    }
}

fn hours(minutes: i64) -> Hours {
    Hours {
        worked: minutes,
        paid: minutes,
        regular: minutes.min(480),
        ..Hours::default()
    }
}

fn material(number: u64, day: u64, date: NaiveDate) -> Material {
    let place = PlaceId::from_uuid(id(Thing::Place, number / DEPARTMENTS % PLACES));
    let department = DepartmentId::from_uuid(id(Thing::Department, number % DEPARTMENTS));
    let begin = date.and_hms_opt(5, 0, 0).unwrap().and_utc();
    let late = (number * 31 + day * 17) % 40;
    let minutes = 450 + ((number + day) % 60) as i64;
    let came = begin + TimeDelta::minutes(late as i64);
    let is_late = late > 30;
    let session = WorkSession {
        id: SessionId::from_uuid(id(Thing::Session, day * 1_000_000 + number)),
        member_id: member(number),
        department_id: Some(department),
        place_id: Some(place),
        client_id: None,
        shift_id: None,
        service: None,
        status: Status::Completed,
        work_date: date,
        clocked_in_at: came,
        clocked_out_at: Some(came + TimeDelta::minutes(minutes)),
        lateness: Some(if is_late {
            Lateness::Late
        } else {
            Lateness::OnTime
        }),
        minutes_late: Some(if is_late { late as i32 } else { 0 }),
        fence_in: Judgement::NONE,
        fence_out: None,
        flags: Vec::new(),
        needs_review: number.is_multiple_of(50),
        leaving: None,
        minutes_early: None,
        required: Vec::new(),
        breaks: Vec::new(),
        hours: Some(hours(minutes)),
        tasks: Vec::new(),
        is_manual: number.is_multiple_of(30),
    };
    let shift = Shift {
        id: ShiftId::from_uuid(id(Thing::Shift, number)),
        member_id: member(number),
        place_id: Some(place),
        kind: ShiftKind::Work,
        work_date: date,
        starts_at: begin,
        ends_at: begin + TimeDelta::hours(20),
        break_minutes: 0,
        external_ref: None,
        created_at: begin,
        cancelled_at: None,
        made: Made::default(),
    };
    let mut material = Material::new(vec![session], vec![shift]);
    material.department = Some(department);
    material
}

fn insert_sessions(tx: &mut Tx, all: &[&WorkSession]) {
    use work_sessions as t;
    let org = tx.org();
    let row = |one: &&WorkSession| {
        (
            (
                t::org_id.eq(org),
                t::id.eq(one.id),
                t::member_id.eq(one.member_id),
                t::department_id.eq(one.department_id),
                t::place_id.eq(one.place_id),
                t::status.eq(one.status.name()),
                t::work_date.eq(one.work_date),
                t::clocked_in_at.eq(one.clocked_in_at),
                t::clocked_out_at.eq(one.clocked_out_at),
                t::lateness.eq(one.lateness.map(Lateness::name)),
                t::minutes_late.eq(one.minutes_late),
            ),
            (
                t::fence_in.eq("NONE"),
                t::flags.eq(json!([])),
                t::needs_review.eq(one.needs_review),
                t::required.eq(json!([])),
                t::breaks.eq(json!([])),
                t::hours.eq(one.hours.as_ref().map(|hours| json!(hours))),
                t::paid_minutes.eq(one.hours.as_ref().map(|hours| hours.paid as i32)),
                t::tasks.eq(json!([])),
                t::is_manual.eq(one.is_manual),
            ),
        )
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    tx.stage(diesel::insert_into(t::table).values(rows))
        .unwrap();
}

fn plan(tx: &mut Tx, materials: &[Material]) {
    use shifts as t;
    let org = tx.org();
    for some in materials.chunks(ROWS) {
        let rows: Vec<_> = some
            .iter()
            .map(|material| &material.shifts[0])
            .map(|shift| {
                (
                    t::org_id.eq(org),
                    t::id.eq(shift.id),
                    t::member_id.eq(shift.member_id),
                    t::place_id.eq(shift.place_id),
                    t::kind.eq(shift.kind.name()),
                    t::work_date.eq(shift.work_date),
                    t::starts_at.eq(shift.starts_at),
                    t::ends_at.eq(shift.ends_at),
                    t::break_minutes.eq(shift.break_minutes),
                    t::created_at.eq(shift.created_at),
                )
            })
            .collect();
        tx.stage(diesel::insert_into(t::table).values(rows))
            .unwrap();
    }
}

async fn found(app: &App) -> Viewer {
    let organization = NewOrganization {
        slug: "bench".to_owned(),
        name: "Bench".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: "KES".to_owned(),
    };
    let organization = orgs::create(app, organization).await.unwrap();
    let password = "copper kettle morning".to_owned();
    let owner = NewOwner {
        name: "Owner".to_owned(),
        phone: None,
        email: Some("owner@bench.example".to_owned()),
        password: password.clone(),
    };
    identity::create_owner(app, &organization, owner)
        .await
        .unwrap();
    let device = Device {
        name: None,
        ip: None,
        user_agent: None,
    };
    let credentials = Credentials {
        identifier: "owner@bench.example".to_owned(),
        password,
        organization: Some("bench".to_owned()),
    };
    let welcome = logins::sign_in(app, device, credentials).await.unwrap();
    let header = format!("Bearer {}", welcome.tokens.access);
    identity::authenticate(app, &header).await.unwrap()
}
