//! Decides: the whole import is one story. Members first, then their plans, then their punches.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::model::{DOUBLE_TAP, Plan, Reason, Tap, User, shift_ref};
use super::read::{self, Row, Table};
use super::report::Report;
use super::sessions;
use crate::app::App;
use crate::attendance::model::Source;
use crate::auth::action::Action;
use crate::auth::policy::Role;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::model::Member;
use crate::identity::service::NewMember;
use crate::kernel::error::{Code, Result};
use crate::kernel::id::{MemberId, OrgId, kinds};
use crate::orgs::model::Organization;
use crate::places::model::Place;
use crate::schedules::service::NewShift;
use crate::{attendance, identity, orgs, schedules};

pub const USERS: &str = "users.csv";
pub const SCHEDULES: &str = "schedules.csv";
pub const LEAVE_REQUESTS: &str = "leave_requests.csv";
pub const PUNCHES: &str = "attendance.csv";

/// Rows of one transaction: others wait for its end.
pub(super) const MEMBERS_AT_ONCE: usize = 200;
const SHIFTS_AT_ONCE: usize = 1_000;
/// How far ahead of ours the other system's clock may run.
pub(super) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(2);

/// How far an import has come, in units of its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub stage: &'static str,
    pub done: u64,
    pub total: u64,
}

/// What an import knows while it runs.
pub(super) struct Import<'a> {
    pub(super) app: &'a App,
    pub(super) viewer: &'a Viewer,
    pub(super) organization: Organization,
    pub(super) report: Report,
    /// By the user's id in the files.
    pub(super) members: HashMap<String, Member>,
    /// By name, without their fences: the files have no positions to judge by them.
    pub(super) places: HashMap<String, Place>,
    pub(super) from: Origin,
    /// The days that may count otherwise now.
    pub(super) touched: BTreeMap<MemberId, (NaiveDate, NaiveDate)>,
}

/// Where the rows come from, and how they are taken.
pub(super) struct Origin {
    /// The other system.
    pub(super) name: String,
    pub(super) source: Source,
    /// Taps within this time are one act.
    pub(super) debounce: TimeDelta,
    /// Only say what would happen.
    pub(super) dry_run: bool,
}

/// Who an import is: for the command line.
pub fn importer(organization: OrgId) -> Viewer {
    Viewer::job(organization, "import")
}

/// Imports the four files of a Clockster export from a folder. Nothing is written if one of them cannot be opened.
/// What is there from an earlier import stays as it is, so running it again changes nothing.
pub async fn run_clockster(
    app: &App,
    viewer: &Viewer,
    dir: &Path,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Report> {
    let users = Table::open(dir, USERS, read::USER_COLUMNS)?;
    let plans = Table::open(dir, SCHEDULES, read::PLAN_COLUMNS)?;
    let leave_requests = Table::open(dir, LEAVE_REQUESTS, read::LEAVE_REQUEST_COLUMNS)?;
    let punches = Table::open(dir, PUNCHES, read::PUNCH_COLUMNS)?;
    let mut tx = app.read(viewer, Action::ImportData).await?;
    let organization = orgs::service::own_in(&mut tx).await?;
    drop(tx);
    let (report, members, places) = (Report::default(), HashMap::new(), HashMap::new());
    let mut import = Import {
        app,
        viewer,
        organization,
        report,
        members,
        places,
        from: Origin {
            name: "clockster".to_owned(),
            source: Source::Import,
            debounce: DOUBLE_TAP,
            dry_run: false,
        },
        touched: BTreeMap::new(),
    };
    import_members(&mut import, users, &mut progress).await?;
    let mut seen = HashSet::new();
    import_plans(&mut import, plans, &mut seen, &mut progress).await?;
    import_leave_requests(&mut import, leave_requests, &mut seen, &mut progress).await?;
    let taps = read_punches(&mut import, punches, &mut progress)?;
    let total = taps.len() as u64;
    for (done, (user, taps)) in (1..).zip(taps) {
        sessions::import_sessions(&mut import, &user, taps).await?;
        progress(Progress {
            stage: "sessions",
            done,
            total,
        });
    }
    import.report.sort();
    if import.report.changed() {
        settle_days(&import, &mut progress).await?;
        announce(&import).await?;
    }
    Ok(import.report)
}

impl Import<'_> {
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.app.begin(self.viewer, Action::ImportData).await
    }

    /// These days of a member may count otherwise afterwards.
    pub(super) fn touch(&mut self, member: MemberId, (first, last): (NaiveDate, NaiveDate)) {
        let known = self.touched.entry(member).or_insert((first, last));
        *known = (known.0.min(first), known.1.max(last));
    }
}

/// The next row that can be read; those before it that cannot are reported.
fn next_readable<T>(
    report: &mut Report,
    table: &mut Table,
    parse: impl Fn(&Row<'_>) -> Result<T, Reason>,
) -> Result<Option<(u64, T)>> {
    let file = table.file();
    while let Some(next) = table.next()? {
        let (row, parsed) = match next {
            Ok(row) => (row.number, parse(&row)),
            Err((row, reason)) => (row, Err(reason)),
        };
        report.rows(file).rows += 1;
        match parsed {
            Ok(parsed) => return Ok(Some((row, parsed))),
            Err(reason) => report.refuse(file, row, &reason),
        }
    }
    Ok(None)
}

async fn import_members(
    import: &mut Import<'_>,
    mut table: Table,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut users: Vec<(u64, User)> = Vec::new();
    let mut seen = HashSet::new();
    loop {
        let next = next_readable(&mut import.report, &mut table, read::user)?;
        if next.is_none() || users.len() >= MEMBERS_AT_ONCE {
            keep_members(import, std::mem::take(&mut users)).await?;
            progress(at(&table, "members"));
        }
        match next {
            Some((row, user)) if seen.insert(user.id.clone()) => users.push((row, user)),
            Some((row, user)) => import
                .report
                .refuse(USERS, row, &Reason::RepeatedUser(user.id)),
            None => return Ok(()),
        }
    }
}

async fn keep_members(import: &mut Import<'_>, users: Vec<(u64, User)>) -> Result<()> {
    let mut tx = import.begin().await?;
    let mut created = 0;
    for (row, user) in users {
        let id = user.id.clone();
        match keep_member(&mut tx, &import.organization, user).await {
            Ok((member, new)) => {
                import.report.users.used += 1;
                created += u64::from(new);
                import.report.members.unchanged += u64::from(!new);
                import.members.insert(id, member);
            }
            // It was refused before anything was written: a name too long, a letter that is none.
            Err(error) if error.code == Code::InvalidInput => {
                import
                    .report
                    .refuse(USERS, row, &Reason::Malformed(error.message));
            }
            Err(error) => return Err(error),
        }
    }
    import.report.members.created += created;
    end::<kinds::Member>(tx, import, "members", created).await
}

async fn keep_member(
    tx: &mut Tx,
    organization: &Organization,
    user: User,
) -> Result<(Member, bool)> {
    let zone = organization.time_zone;
    let (joined_at, deactivated_at) = (user.joined_at(zone), user.left_at(zone, tx.now()));
    let department = match &user.department {
        Some(name) => Some(orgs::service::department_by_name_in(tx, name).await?),
        None => None,
    };
    let new = NewMember {
        name: user.name,
        role: Role::Worker,
        department,
        title: user.title,
        external_ref: format!("clockster:user:{}", user.id),
        joined_at,
        deactivated_at,
        tags: user.location.into_iter().collect(),
    };
    identity::service::import_member_in(tx, new).await
}

async fn import_plans(
    import: &mut Import<'_>,
    mut table: Table,
    seen: &mut HashSet<String>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut shifts = Vec::new();
    while let Some((row, plan)) = next_readable(&mut import.report, &mut table, read::plan)? {
        match expand(import, &plan, seen) {
            Ok(new) => {
                import.report.schedules.used += 1;
                shifts.extend(new);
            }
            Err(reason) => import.report.refuse(SCHEDULES, row, &reason),
        }
        while shifts.len() >= SHIFTS_AT_ONCE {
            let rest = shifts.split_off(SHIFTS_AT_ONCE);
            keep_shifts(import, std::mem::replace(&mut shifts, rest)).await?;
            progress(at(&table, "schedules"));
        }
    }
    keep_shifts(import, shifts).await?;
    progress(at(&table, "schedules"));
    Ok(())
}

/// A shift for every person on every day, each once. A row with an unknown user is refused whole.
fn expand(
    import: &mut Import<'_>,
    plan: &Plan,
    seen: &mut HashSet<String>,
) -> Result<Vec<NewShift>, Reason> {
    let mut members = Vec::new();
    for user in &plan.users {
        let member = import
            .members
            .get(user)
            .ok_or_else(|| Reason::UnknownUser(user.clone()))?;
        members.push((user, member.id));
    }
    let mut new = Vec::new();
    for date in &plan.dates {
        let instants = plan.time.instants(*date, import.organization.time_zone);
        let (starts_at, ends_at) = instants.ok_or_else(|| Reason::BadDate(date.to_string()))?;
        for (user, member_id) in &members {
            let external_ref = shift_ref(user, plan.kind, (starts_at, ends_at));
            if !seen.insert(external_ref.clone()) {
                import.report.shifts.merged += 1;
                continue;
            }
            import.touch(*member_id, (*date, *date));
            new.push(NewShift {
                member_id: *member_id,
                place_id: None,
                kind: plan.kind,
                work_date: *date,
                starts_at,
                ends_at,
                break_minutes: plan.break_minutes,
                external_ref: Some(external_ref),
            });
        }
    }
    Ok(new)
}

async fn keep_shifts(import: &mut Import<'_>, shifts: Vec<NewShift>) -> Result<()> {
    if shifts.is_empty() {
        return Ok(());
    }
    let all = shifts.len() as u64;
    let mut tx = import.begin().await?;
    let created = schedules::service::import_shifts_in(&mut tx, shifts).await? as u64;
    import.report.shifts.created += created;
    import.report.shifts.unchanged += all - created;
    end::<kinds::Shift>(tx, import, "shifts", created).await
}

/// Granted leave that the plans do not know already. What they know is merged.
async fn import_leave_requests(
    import: &mut Import<'_>,
    mut table: Table,
    seen: &mut HashSet<String>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut shifts = Vec::new();
    while let Some((row, plan)) =
        next_readable(&mut import.report, &mut table, read::leave_request)?
    {
        match expand(import, &plan, seen) {
            Ok(new) if new.is_empty() => import.report.leave_requests.merged += 1,
            Ok(new) => {
                import.report.leave_requests.used += 1;
                shifts.extend(new);
            }
            Err(reason) => import.report.refuse(LEAVE_REQUESTS, row, &reason),
        }
    }
    keep_shifts(import, shifts).await?;
    progress(at(&table, "leave requests"));
    Ok(())
}

/// Works out the days of everybody whose history grew, so that reports add up.
pub(super) async fn settle_days(
    import: &Import<'_>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let total = import.touched.len() as u64;
    for (done, (member, range)) in (1..).zip(&import.touched) {
        let mut tx = import.begin().await?;
        attendance::days::service::settle_range_in(&mut tx, *member, *range).await?;
        end::<kinds::Member>(tx, import, "days of members", 1).await?;
        progress(Progress {
            stage: "days",
            done,
            total,
        });
    }
    Ok(())
}

/// Everybody's punches: the one thing that is in memory as a whole, because rows come in any order.
fn read_punches(
    import: &mut Import<'_>,
    mut table: Table,
    progress: &mut impl FnMut(Progress),
) -> Result<BTreeMap<String, Vec<Tap>>> {
    let mut taps: BTreeMap<String, Vec<Tap>> = BTreeMap::new();
    let latest = import.app.now() + CLOCK_TOLERANCE;
    while let Some((row, (user, tap))) = next_readable(&mut import.report, &mut table, read::punch)?
    {
        if row % 1_000 == 0 {
            progress(at(&table, "punches"));
        }
        if !import.members.contains_key(&user) {
            import
                .report
                .refuse(PUNCHES, row, &Reason::UnknownUser(user));
        } else if tap.at > latest {
            import.report.refuse(PUNCHES, row, &Reason::Future);
        } else {
            taps.entry(user).or_default().push(tap);
        }
    }
    progress(at(&table, "punches"));
    Ok(taps)
}

/// One event for everything: whoever listens reads the sessions again.
async fn announce(import: &Import<'_>) -> Result<()> {
    let mut tx = import.begin().await?;
    tx.emit(&Event::DataImported {
        source: "clockster".to_owned(),
    })?;
    let Report {
        punches,
        members,
        shifts,
        sessions,
        ..
    } = &import.report;
    let detail =
        json!({ "punches": punches, "members": members, "shifts": shifts, "sessions": sessions });
    tx.commit(Audit::of(import.organization.id).detail(detail))
        .await
}

/// Commits what is new; where nothing is, nothing happened and nothing is audited.
pub(super) async fn end<K: crate::kernel::id::Kind>(
    tx: Tx,
    import: &Import<'_>,
    what: &str,
    changes: u64,
) -> Result<()> {
    if changes == 0 {
        return tx.settle().await;
    }
    let detail = json!({ "source": import.from.name, what: changes });
    tx.commit(Audit::of_many::<K>().detail(detail)).await
}

fn at(table: &Table, stage: &'static str) -> Progress {
    let (done, total) = table.position();
    Progress { stage, done, total }
}
