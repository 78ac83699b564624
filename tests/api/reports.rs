//! Reports: the same numbers everywhere, compared with what a naive reader makes of sessions and shifts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Africa::Nairobi;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;
use zamu::attendance::days::{close, verify};
use zamu::auth::action::Action;
use zamu::auth::policy::Role;
use zamu::db::tx::{Audit, Tx};
use zamu::kernel::id::{MemberId, kinds};
use zamu::kernel::time::local_to_instant;
use zamu::schedules::model::ShiftKind;
use zamu::schedules::service::{NewShift, import_shifts_in};
use zamu_schema::tables::{shifts, work_days, work_sessions};

use super::support::people::{Person, TestOrg};
use super::support::{Answer, TestApp};

const FROM: &str = "2026-03-02";
const TO: &str = "2026-04-03";

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(date: NaiveDate, minutes: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
    local_to_instant(date, time, Nairobi)
}

fn range() -> Value {
    json!({"from": FROM, "to": TO})
}

/// An organization after five varied weeks.
struct Worked {
    app: TestApp,
    org: TestOrg,
    extra: Person,
    places: [String; 2],
}

async fn place(org: &TestOrg, name: &str) -> String {
    let input = json!({"input": {"name": name}});
    let made = org.owner.run("places/create_place", input).await;
    made.text("/createPlace/id")
}

/// What one person does on one day, in minutes of the day.
#[derive(Clone, Copy)]
struct Deed {
    person: usize,
    date: NaiveDate,
    is_in: bool,
    minute: u32,
    place: usize,
}

/// On time, late, very late, short, absent, with a lunch out, at the other place, in turns; Saturdays unplanned.
fn deeds(person: usize, day: usize, date: NaiveDate) -> Vec<Deed> {
    let place = (person + day) % 2;
    let spans: &[(u32, u32)] = match (person * 7 + day * 3) % 8 {
        0 | 5 => &[(480, 1020)],
        1 => &[(515, 1030)],
        2 => &[(480, 720), (770, 1020)],
        3 => &[(600, 1020)],
        4 => &[(480, 700)],
        6 => &[],
        _ => &[(470, 940)],
    };
    let deed = move |is_in, minute| Deed {
        person,
        date,
        is_in,
        minute: minute + u32::try_from(person).unwrap(),
        place,
    };
    spans
        .iter()
        .flat_map(|(from, to)| [deed(true, *from), deed(false, *to)])
        .collect()
}

impl Worked {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let org = app.organization("acme").await;
        let extra = app
            .person(&org.owner, "acme", "extra", Role::Worker, None)
            .await;
        let places = [place(&org, "Clinic").await, place(&org, "Depot").await];
        let worked = Self {
            app,
            org,
            extra,
            places,
        };
        worked.weeks().await;
        worked
    }

    fn people(&self) -> [&Person; 4] {
        [
            &self.org.worker,
            &self.org.supervisor,
            &self.extra,
            &self.org.admin,
        ]
    }

    async fn weeks(&self) {
        for (day, date) in date(FROM)
            .iter_days()
            .take_while(|day| *day <= date(TO))
            .enumerate()
        {
            self.app.clock.set(at(date, 30));
            let is_working_day = date.weekday().num_days_from_monday() < 5;
            if day == 15 {
                // Moves to another department: what was before stays where it was.
                let input =
                    json!({"input": {"id": self.org.worker.member, "department": self.org.field}});
                assert!(
                    self.org
                        .owner
                        .run("identity/update_member", input)
                        .await
                        .ok()
                );
            }
            let mut all = Vec::new();
            for person in 0..4 {
                let on_leave = person == 2 && (7..9).contains(&day);
                if on_leave {
                    self.leave(person, date).await;
                } else if is_working_day {
                    self.plan(person, date, day).await;
                    all.extend(deeds(person, day, date));
                } else if day % 7 == 5 && person != 1 {
                    all.extend(deeds(person, day, date));
                }
            }
            all.sort_by_key(|deed| deed.minute);
            for deed in all {
                self.perform(deed).await;
            }
            self.app.clock.set(at(date, 23 * 60));
            close::close(&self.app.app).await.unwrap();
        }
    }

    async fn plan(&self, person: usize, date: NaiveDate, day: usize) {
        let (starts, ends) = if day % 5 == 2 {
            ("08:00", "13:00")
        } else {
            ("08:00", "17:00")
        };
        let input = json!({"member": self.people()[person].member, "place": self.places[person % 2], "date": date,
            "starts": starts, "ends": ends, "breakMinutes": 30});
        let planned = self
            .org
            .admin
            .run("schedules/plan_shift", json!({ "input": input }))
            .await;
        assert!(planned.ok(), "{:?}", planned.0);
    }

    /// As another system plans it.
    async fn leave(&self, person: usize, date: NaiveDate) {
        let owner = self.app.viewer(&self.org.owner).await;
        let mut tx = self
            .app
            .app
            .begin(&owner, Action::ImportData)
            .await
            .unwrap();
        let leave = NewShift {
            member_id: self.people()[person].member,
            place_id: None,
            kind: ShiftKind::Leave,
            work_date: date,
            starts_at: at(date, 480),
            ends_at: at(date, 1020),
            break_minutes: 0,
            external_ref: Some(format!("leave {date}")),
        };
        import_shifts_in(&mut tx, vec![leave]).await.unwrap();
        tx.commit(Audit::of_many::<kinds::Shift>()).await.unwrap();
    }

    async fn perform(&self, deed: Deed) {
        self.app.clock.set(at(deed.date, deed.minute));
        let key = format!("{} {} {}", deed.person, deed.date, deed.minute);
        let person = self.people()[deed.person];
        let done = if deed.is_in {
            let input = json!({"input": {"idempotencyKey": key, "place": self.places[deed.place]}});
            person.run("attendance/clock_in", input).await
        } else {
            let input = json!({"input": {"idempotencyKey": key}});
            person.run("attendance/clock_out", input).await
        };
        assert!(done.ok(), "{:?}", done.0);
    }

    async fn read(&self) -> Tx {
        let owner = self.app.viewer(&self.org.owner).await;
        self.app
            .app
            .read(&owner, Action::ViewReports)
            .await
            .unwrap()
    }
}

/// Figures by their names in the API.
type Figures = BTreeMap<&'static str, i64>;

/// A figure of one person on one day in a department, at a place.
struct Line {
    member: MemberId,
    date: NaiveDate,
    department: Option<Uuid>,
    place: Option<Uuid>,
    figures: Figures,
}

fn add(sum: &mut Figures, more: &Figures) {
    for (name, value) in more {
        *sum.entry(*name).or_default() += value;
    }
}

#[derive(Queryable)]
struct Session {
    member: MemberId,
    department: Option<Uuid>,
    place: Option<Uuid>,
    status: String,
    date: NaiveDate,
    came: DateTime<Utc>,
    left: Option<DateTime<Utc>>,
    lateness: Option<String>,
    late: Option<i32>,
    leaving: Option<String>,
    early: Option<i32>,
    hours: Option<Value>,
    needs_review: bool,
    is_manual: bool,
}

#[derive(Queryable)]
struct Planned {
    member: MemberId,
    place: Option<Uuid>,
    kind: String,
    date: NaiveDate,
    starts: DateTime<Utc>,
    ends: DateTime<Utc>,
    break_minutes: i32,
}

/// Everything again from sessions and shifts, the plainest way there is.
async fn naive(worked: &Worked) -> Vec<Line> {
    let mut tx = worked.read().await;
    let sessions: Vec<Session> = {
        use work_sessions as t;
        let own = t::table.filter(t::org_id.eq(worked.org.id));
        own.order(t::clocked_in_at)
            .select((
                t::member_id,
                t::department_id,
                t::place_id,
                t::status,
                t::work_date,
                t::clocked_in_at,
                t::clocked_out_at,
                t::lateness,
                t::minutes_late,
                t::leaving,
                t::minutes_early,
                t::hours,
                t::needs_review,
                t::is_manual,
            ))
            .load(tx.conn().unwrap())
            .await
            .unwrap()
    };
    let planned: Vec<Planned> = {
        use shifts as t;
        let own = t::table
            .filter(t::org_id.eq(worked.org.id))
            .filter(t::cancelled_at.is_null());
        own.order(t::starts_at)
            .select((
                t::member_id,
                t::place_id,
                t::kind,
                t::work_date,
                t::starts_at,
                t::ends_at,
                t::break_minutes,
            ))
            .load(tx.conn().unwrap())
            .await
            .unwrap()
    };
    let mut lines: Vec<Line> = sessions.iter().map(of_session).collect();
    let mut days: BTreeSet<(MemberId, NaiveDate)> = BTreeSet::new();
    days.extend(
        sessions
            .iter()
            .map(|session| (session.member, session.date)),
    );
    days.extend(planned.iter().map(|shift| (shift.member, shift.date)));
    for (member, date) in days {
        let sessions: Vec<_> = sessions
            .iter()
            .filter(|one| (one.member, one.date) == (member, date))
            .collect();
        let shifts: Vec<_> = planned
            .iter()
            .filter(|one| (one.member, one.date) == (member, date))
            .collect();
        let mut line = of_day(&sessions, &shifts);
        (line.member, line.date) = (member, date);
        line.department = department(worked, member, date);
        lines.push(line);
    }
    lines
}

/// One moved on the sixteenth day; the others stayed.
fn department(worked: &Worked, member: MemberId, on: NaiveDate) -> Option<Uuid> {
    let moved = on >= date(FROM) + Days::new(15);
    if member == worked.org.worker.member {
        return Some(
            if moved {
                worked.org.field
            } else {
                worked.org.night
            }
            .uuid(),
        );
    }
    (member == worked.org.supervisor.member).then_some(worked.org.field.uuid())
}

fn minutes(session: &Session, field: &str) -> i64 {
    match &session.hours {
        Some(hours) => hours[field].as_i64().unwrap(),
        None if ["worked", "paid", "regular"].contains(&field) => session
            .left
            .map_or(0, |left| (left - session.came).num_minutes()),
        None => 0,
    }
}

fn of_session(session: &Session) -> Line {
    let is_late = ["LATE", "VERY_LATE"].contains(&session.lateness.as_deref().unwrap_or(""));
    let is_early = session.leaving.as_deref() == Some("LEFT_EARLY");
    let is_confirmed = session.left.is_some() && !session.needs_review;
    let overtime: i64 = session
        .hours
        .iter()
        .flat_map(|hours| hours["overtime"].as_array().unwrap())
        .map(|over| over["minutes"].as_i64().unwrap())
        .sum();
    let figures = Figures::from([
        ("sessions", 1),
        ("workedMinutes", minutes(session, "worked")),
        ("paidMinutes", minutes(session, "paid")),
        ("regularMinutes", minutes(session, "regular")),
        ("overtimeMinutes", overtime),
        ("nightMinutes", minutes(session, "night")),
        ("holidayMinutes", minutes(session, "holiday")),
        ("roundingMinutes", minutes(session, "rounding")),
        (
            "breakMinutes",
            minutes(session, "paidBreaks") + minutes(session, "unpaidBreaks"),
        ),
        ("starts", session.lateness.is_some().into()),
        ("lateCount", is_late.into()),
        (
            "lateMinutes",
            if is_late {
                session.late.unwrap().into()
            } else {
                0
            },
        ),
        ("earlyCount", is_early.into()),
        (
            "earlyMinutes",
            if is_early {
                session.early.unwrap().into()
            } else {
                0
            },
        ),
        ("confirmed", is_confirmed.into()),
        (
            "compliant",
            (is_confirmed && !session.is_manual && session.status != "AUTO_CLOSED").into(),
        ),
    ]);
    Line {
        member: session.member,
        date: session.date,
        department: session.department,
        place: session.place,
        figures,
    }
}

fn of_day(sessions: &[&Session], shifts: &[&Planned]) -> Line {
    let planned: i64 = shifts
        .iter()
        .filter(|shift| shift.kind == "WORK")
        .map(|shift| (shift.ends - shift.starts).num_minutes() - i64::from(shift.break_minutes))
        .sum();
    let worked: i64 = sessions
        .iter()
        .map(|session| minutes(session, "worked"))
        .sum();
    let is_late = sessions
        .iter()
        .any(|session| ["LATE", "VERY_LATE"].contains(&session.lateness.as_deref().unwrap_or("")));
    let status = if shifts.iter().any(|shift| shift.kind == "LEAVE") {
        "leaveDays"
    } else if sessions.is_empty() || worked * 100 < planned * 40 {
        "absentDays"
    } else if worked * 100 < planned * 75 {
        "halfDays"
    } else if is_late {
        "lateDays"
    } else {
        "presentDays"
    };
    let place = shifts.iter().find_map(|shift| shift.place);
    Line {
        member: MemberId::from_uuid(Uuid::nil()),
        date: NaiveDate::MIN,
        department: None,
        place: place.or_else(|| sessions.iter().find_map(|session| session.place)),
        figures: Figures::from([("peopleDays", 1), ("plannedMinutes", planned), (status, 1)]),
    }
}

fn sum<'a>(lines: impl Iterator<Item = &'a Line>) -> Figures {
    let mut sum = Figures::new();
    for line in lines {
        add(&mut sum, &line.figures);
    }
    sum
}

/// Every figure of a summary is what was expected; what was not expected is zero.
#[track_caller]
fn same(summary: &Value, expected: &Figures, what: &str) {
    for name in NAMES {
        let expected = expected.get(name).copied().unwrap_or(0);
        assert_eq!(summary[name].as_i64(), Some(expected), "{what}: {name}");
    }
    let float = |whole: i64| f64::from(i32::try_from(whole).unwrap());
    let rate = |part: i64, whole: i64| match whole {
        0 => Value::Null,
        _ => json!(float(part) / float(whole)),
    };
    let figure = |name: &str| expected.get(name).copied().unwrap_or(0);
    let judged: i64 = ["presentDays", "lateDays", "halfDays", "absentDays"]
        .map(figure)
        .iter()
        .sum();
    assert_eq!(
        summary["absenceRate"],
        rate(figure("absentDays"), judged),
        "{what}"
    );
    assert_eq!(
        summary["punctuality"],
        rate(figure("starts") - figure("lateCount"), figure("starts")),
        "{what}"
    );
    assert_eq!(
        summary["confirmedRate"],
        rate(figure("confirmed"), figure("sessions")),
        "{what}"
    );
    assert_eq!(
        summary["compliantRate"],
        rate(figure("compliant"), figure("sessions")),
        "{what}"
    );
}

/// The summaries of a connection added up.
fn added(answer: &Answer, edges: &str, summary: &str) -> Figures {
    let mut sum = Figures::new();
    for edge in answer.data(edges).as_array().unwrap() {
        for name in NAMES {
            *sum.entry(*name).or_default() += edge["node"][summary][name].as_i64().unwrap();
        }
    }
    sum
}

const NAMES: &[&str] = &[
    "peopleDays",
    "plannedMinutes",
    "workedMinutes",
    "paidMinutes",
    "regularMinutes",
    "overtimeMinutes",
    "nightMinutes",
    "holidayMinutes",
    "breakMinutes",
    "roundingMinutes",
    "sessions",
    "starts",
    "lateCount",
    "lateMinutes",
    "earlyCount",
    "earlyMinutes",
    "presentDays",
    "lateDays",
    "halfDays",
    "absentDays",
    "leaveDays",
    "confirmed",
    "compliant",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_same_numbers_everywhere() {
    let worked = Worked::new().await;
    let lines = naive(&worked).await;
    let owner = &worked.org.owner;
    let all = sum(lines.iter());
    // The weeks were varied: every kind of figure there can be without breaks and nights is there.
    for name in [
        "lateCount",
        "earlyCount",
        "presentDays",
        "lateDays",
        "halfDays",
        "absentDays",
        "leaveDays",
    ] {
        assert!(all[name] > 0, "{name}");
    }
    let report = owner
        .run("reports/organization_report", json!({"range": range()}))
        .await;
    same(report.data("/organizationReport"), &all, "organization");
    // Whatever it is cut into, it adds up to the same.
    for by in ["DAY", "WEEK", "MONTH", "YEAR"] {
        let trend = json!({"range": range(), "by": by, "first": 50});
        let trend = owner.run("reports/trend", trend).await;
        for edge in trend.data("/trend/edges").as_array().unwrap() {
            let (from, to) = (
                date(edge["node"]["from"].as_str().unwrap()),
                date(edge["node"]["to"].as_str().unwrap()),
            );
            let expected = sum(lines.iter().filter(|line| (from..=to).contains(&line.date)));
            same(&edge["node"]["summary"], &expected, &format!("{by} {from}"));
        }
        let mut sums = added(&trend, "/trend/edges", "summary");
        sums.retain(|_, value| *value != 0);
        let mut expected = all.clone();
        expected.retain(|_, value| *value != 0);
        assert_eq!(sums, expected, "{by}");
    }
    by_member(&worked, &lines).await;
    by_department(&worked, &lines, &all).await;
    by_place(&worked, &lines).await;
    reach(&worked, &lines).await;
    assert!(
        verify::verify(&worked.app.app, worked.org.id)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
}

async fn by_member(worked: &Worked, lines: &[Line]) {
    let owner = &worked.org.owner;
    let pages = json!({"range": range(), "first": 3});
    let first = owner.run("reports/member_reports", pages.clone()).await;
    assert_eq!(first.data("/memberReports/pageInfo/hasNextPage"), true);
    let mut rest = pages;
    rest["after"] = first.data("/memberReports/pageInfo/endCursor").clone();
    let rest = owner.run("reports/member_reports", rest).await;
    let edges = |answer: &Answer| {
        answer
            .data("/memberReports/edges")
            .as_array()
            .unwrap()
            .clone()
    };
    let mut seen = BTreeSet::new();
    for edge in edges(&first).into_iter().chain(edges(&rest)) {
        let member: MemberId = edge["node"]["member"]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let expected = sum(lines.iter().filter(|line| line.member == member));
        same(&edge["node"]["summary"], &expected, "member in a list");
        let alone = json!({"member": member, "range": range()});
        let alone = owner.run("reports/member_report", alone).await;
        same(alone.data("/memberReport/summary"), &expected, "member");
        seen.insert(member);
        // Each day of theirs, too.
        let days = json!({"member": member, "from": FROM, "to": TO, "first": 100});
        let days = owner.run("attendance/work_days", days).await;
        for day in days.data("/workDays/edges").as_array().unwrap() {
            let on = date(day["node"]["workDate"].as_str().unwrap());
            let of_day = sum(lines
                .iter()
                .filter(|line| line.member == member && line.date == on));
            let summary = &day["node"]["summary"];
            for name in [
                "plannedMinutes",
                "workedMinutes",
                "lateMinutes",
                "earlyMinutes",
            ] {
                let expected = of_day.get(name).copied().unwrap_or(0);
                assert_eq!(summary[name], expected, "{member:?} {on} {name}");
            }
        }
    }
    assert_eq!(seen.len(), 4);
}

async fn by_department(worked: &Worked, lines: &[Line], all: &Figures) {
    let (field, night) = (worked.org.field.uuid(), worked.org.night.uuid());
    let reports = worked
        .org
        .owner
        .run("reports/department_reports", json!({"range": range()}))
        .await;
    let mut own = added(&reports, "/departmentReports/edges", "ownSummary");
    own.retain(|_, value| *value != 0);
    let mut expected = all.clone();
    expected.retain(|_, value| *value != 0);
    assert_eq!(own, expected, "departments add up to the organization");
    for edge in reports.data("/departmentReports/edges").as_array().unwrap() {
        let node = &edge["node"];
        let id: Option<zamu::kernel::id::DepartmentId> = node["department"]["id"]
            .as_str()
            .map(|id| id.parse().unwrap());
        let id = id.map(zamu::kernel::id::DepartmentId::uuid);
        let alone = sum(lines.iter().filter(|line| line.department == id));
        same(&node["ownSummary"], &alone, "department alone");
        let with_below = sum(lines.iter().filter(|line| {
            line.department == id || (id == Some(field) && line.department == Some(night))
        }));
        same(&node["summary"], &with_below, "department with those below");
        if let Some(text) = node["department"]["id"].as_str() {
            let narrowed = json!({"range": range(), "filter": {"department": text}});
            let narrowed = worked
                .org
                .owner
                .run("reports/organization_report", narrowed)
                .await;
            same(
                narrowed.data("/organizationReport"),
                &with_below,
                "narrowed to a department",
            );
        }
    }
    // The one who moved left figures behind.
    assert!(sum(lines.iter().filter(|line| line.department == Some(night)))["sessions"] > 0);
}

async fn by_place(worked: &Worked, lines: &[Line]) {
    let reports = worked
        .org
        .owner
        .run("reports/place_reports", json!({"range": range()}))
        .await;
    let edges = reports.data("/placeReports/edges").as_array().unwrap();
    for edge in edges {
        let id: Option<zamu::kernel::id::PlaceId> = edge["node"]["place"]["id"]
            .as_str()
            .map(|id| id.parse().unwrap());
        let id = id.map(zamu::kernel::id::PlaceId::uuid);
        let expected = sum(lines.iter().filter(|line| line.place == id));
        same(&edge["node"]["summary"], &expected, "place");
    }
    assert!(edges.len() >= 2);
    let clinic = json!({"range": range(), "filter": {"place": worked.places[0], "department": worked.org.field}});
    let clinic = worked
        .org
        .owner
        .run("reports/organization_report", clinic)
        .await;
    let place: zamu::kernel::id::PlaceId = worked.places[0].parse().unwrap();
    let departments = [Some(worked.org.field.uuid()), Some(worked.org.night.uuid())];
    let expected = sum(lines
        .iter()
        .filter(|line| line.place == Some(place.uuid()) && departments.contains(&line.department)));
    same(
        clinic.data("/organizationReport"),
        &expected,
        "place and department",
    );
}

/// A supervisor sees the own departments, a worker what is about them.
async fn reach(worked: &Worked, lines: &[Line]) {
    let departments = [Some(worked.org.field.uuid()), Some(worked.org.night.uuid())];
    let asked = json!({"range": range()});
    let seen = worked
        .org
        .supervisor
        .run("reports/organization_report", asked.clone())
        .await;
    let expected = sum(lines
        .iter()
        .filter(|line| departments.contains(&line.department)));
    same(seen.data("/organizationReport"), &expected, "supervisor");
    let seen = worked
        .extra
        .run("reports/organization_report", asked.clone())
        .await;
    let expected = sum(lines
        .iter()
        .filter(|line| line.member == worked.extra.member));
    same(seen.data("/organizationReport"), &expected, "worker");
    let seen = worked
        .org
        .worker
        .run("reports/member_reports", asked.clone())
        .await;
    assert_eq!(
        seen.data("/memberReports/edges").as_array().unwrap().len(),
        1
    );
    let other = json!({"member": worked.extra.member, "range": range()});
    for by in [&worked.org.supervisor, &worked.org.worker] {
        let refused = by.run("reports/member_report", other.clone()).await;
        assert_eq!((refused.code(), refused.field()), ("NOT_FOUND", "member"));
    }
    let other = json!({"range": range(), "filter": {"department": worked.org.night}});
    let narrowed = worked
        .org
        .supervisor
        .run("reports/organization_report", other)
        .await;
    let expected = sum(lines
        .iter()
        .filter(|line| line.department == departments[1]));
    same(
        narrowed.data("/organizationReport"),
        &expected,
        "supervisor, narrowed",
    );
    // A day that was judged has a row for each person within reach.
    let mut tx = worked.read().await;
    let judged = work_days::table
        .filter(work_days::org_id.eq(worked.org.id))
        .filter(work_days::work_date.eq(date(FROM)));
    let count: i64 = judged.count().get_result(tx.conn().unwrap()).await.unwrap();
    let daily = worked
        .org
        .owner
        .run("reports/daily_report", json!({"date": FROM}))
        .await;
    assert_eq!(daily.data("/dailyReport/people"), count);
    let day = sum(lines.iter().filter(|line| line.date == date(FROM)));
    same(daily.data("/dailyReport/summary"), &day, "daily");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_as_it_stands() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    let monday = date(FROM);
    for (person, starts) in [
        (&org.worker, "08:00"),
        (&org.supervisor, "08:00"),
        (&org.admin, "14:00"),
    ] {
        let input =
            json!({"member": person.member, "date": FROM, "starts": starts, "ends": "17:00"});
        assert!(
            org.admin
                .run("schedules/plan_shift", json!({ "input": input }))
                .await
                .ok()
        );
    }
    app.clock.set(at(monday, 9 * 60));
    let key = json!({"input": {"idempotencyKey": "in"}});
    assert!(
        org.worker
            .run("attendance/clock_in", key.clone())
            .await
            .ok()
    );
    app.clock.set(at(monday, 10 * 60));
    let now = org.owner.run("reports/daily_report", json!({})).await;
    assert_eq!(now.data("/dailyReport/date"), FROM);
    for (name, count) in [
        ("people", 3),
        ("atWork", 1),
        ("missing", 1),
        ("expected", 1),
        ("late", 1),
        ("absent", 0),
    ] {
        assert_eq!(now.data(&format!("/dailyReport/{name}")), count, "{name}");
    }
    let missing = org
        .owner
        .run("reports/daily_report", json!({"standing": "MISSING"}))
        .await;
    let who = missing.data("/dailyReport/rows/edges/0/node/member/id");
    assert_eq!(who, &json!(org.supervisor.member));
    let own = org.worker.run("reports/daily_report", json!({})).await;
    assert_eq!(own.data("/dailyReport/people"), 1);
    let key = json!({"input": {"idempotencyKey": "going home"}});
    assert!(org.worker.run("attendance/clock_out", key).await.ok());
    app.clock.set(at(monday, 21 * 60));
    close::close(&app.app).await.unwrap();
    let over = org.owner.run("reports/daily_report", json!({})).await;
    for (name, count) in [("atWork", 0), ("left", 1), ("missing", 0), ("absent", 2)] {
        assert_eq!(over.data(&format!("/dailyReport/{name}")), count, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_refused_that_runs_backwards_or_for_ever() {
    let app = TestApp::start().await;
    let org = app.organization("acme").await;
    for (from, to) in [(TO, FROM), ("2019-01-01", "2026-01-01")] {
        let asked = json!({"range": {"from": from, "to": to}});
        let refused = org.owner.run("reports/organization_report", asked).await;
        assert_eq!(
            (refused.code(), refused.field()),
            ("INVALID_INPUT", "range.to")
        );
    }
    let elsewhere =
        json!({"range": range(), "filter": {"department": "dep_00000000000070008000000000000001"}});
    let refused = org
        .owner
        .run("reports/organization_report", elsewhere)
        .await;
    assert_eq!(
        (refused.code(), refused.field()),
        ("NOT_FOUND", "department")
    );
}
