//! Decides: the whole import is one story. Members first, then their plans, then their punches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use serde_json::json;

use super::read::{self, Row, Table};
use super::reason::Reason;
use super::report::Report;
use super::taps::{DOUBLE_TAP, Tap};
use super::{claims, people, plans};
use crate::app::App;
use crate::attendance::model::Source;
use crate::attendance::rebuild::Rebuild;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::model::Member;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, OrgId, PlaceId, kinds};
use crate::kernel::time::{Instant, local_to_instant};
use crate::orgs::model::Organization;
use crate::{attendance, orgs};

pub const USERS: &str = "users.csv";
pub const SCHEDULES: &str = "schedules.csv";
pub const LEAVE_REQUESTS: &str = "leave_requests.csv";
pub const PUNCHES: &str = "attendance.csv";

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
    /// By name.
    pub(super) places: HashMap<String, PlaceId>,
    pub(super) from: Origin,
    /// What is planned otherwise now.
    pub(super) planned: BTreeMap<MemberId, Planned>,
}

/// What an import changed in somebody's plan.
#[derive(Debug, Default)]
pub(super) struct Planned {
    /// The days still to be worked out.
    pub(super) days: BTreeSet<NaiveDate>,
    /// Whether what was worked then is judged by it already.
    is_judged: bool,
}

impl Planned {
    /// Since when worked time is to be judged again: another offset may have begun a day before.
    pub(super) fn judged_since(&self, zone: Tz) -> Option<Instant> {
        let first = self.days.first().filter(|_| !self.is_judged)?;
        Some(local_to_instant(
            *first - Days::new(1),
            NaiveTime::MIN,
            zone,
        ))
    }
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
        planned: BTreeMap::new(),
    };
    people::import_members(&mut import, users, &mut progress).await?;
    plans::import_plans(&mut import, (plans, leave_requests), &mut progress).await?;
    let taps = read_punches(&mut import, punches, &mut progress)?;
    let total = taps.len() as u64;
    for (done, (user, taps)) in (1..).zip(taps) {
        claims::import_taps(&mut import, &user, taps).await?;
        progress(Progress {
            stage: "sessions",
            done,
            total,
        });
    }
    import.report.sort();
    if import.report.changed() {
        settle_days(&mut import, &mut progress).await?;
        announce(&import).await?;
    }
    Ok(import.report)
}

impl Import<'_> {
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.app.begin(self.viewer, Action::ImportData).await
    }

    /// Their plan changed on a day.
    pub(super) fn plan(&mut self, member: MemberId, day: NaiveDate) {
        self.planned.entry(member).or_default().days.insert(day);
    }

    /// Their time was judged by it, and these days were worked out.
    pub(super) fn worked_out(&mut self, member: MemberId, days: &BTreeSet<NaiveDate>) {
        if let Some(planned) = self.planned.get_mut(&member) {
            planned.is_judged = true;
            planned.days.retain(|day| !days.contains(day));
        }
    }
}

/// The next row that can be read; those before it that cannot are reported.
pub(super) fn next_readable<T>(
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

/// Works out the days that are planned otherwise now, and time that was worked then and is judged by another plan.
pub(super) async fn settle_days(
    import: &mut Import<'_>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let planned = std::mem::take(&mut import.planned);
    let total = planned.len() as u64;
    for (done, (member, planned)) in (1..).zip(planned) {
        if !planned.days.is_empty() {
            let mut tx = import.begin().await?;
            if let Some(since) = planned.judged_since(import.organization.time_zone) {
                let again = Rebuild {
                    member,
                    since,
                    judge_again: true,
                };
                attendance::imported::take_in(&mut tx, &[], again).await?;
            }
            attendance::days::service::settle_in(&mut tx, member, &planned.days).await?;
            let days = planned.days.len() as u64;
            end::<kinds::Member>(tx, import, "days", days).await?;
        }
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
        leave,
        sessions,
        ..
    } = &import.report;
    let detail = json!({
        "punches": punches, "members": members, "shifts": shifts, "leave": leave, "sessions": sessions,
    });
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

pub(super) fn at(table: &Table, stage: &'static str) -> Progress {
    let (done, total) = table.position();
    Progress { stage, done, total }
}
