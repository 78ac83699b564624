//! Decides: what is over is closed, and whoever was expected and did not come has a record that says so.

use std::collections::{HashMap, HashSet};

use super::model::{Gathering, Person, State, expected};
use super::record::{AttendanceRecord, Status};
use super::{planning, records, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::Result;
use crate::kernel::id::{AttendanceRecordId, DepartmentId, GatheringId, MemberId, OrgId};
use crate::kernel::time::{Instant, local_date};
use crate::leave::model::DayLeave;
use crate::{identity, leave, orgs};

/// So many of one organization are closed in a round, each in a change of its own.
const AT_ONCE: i64 = 100;

/// Closes what is over, in every organization. Doing it twice, or on two nodes, changes nothing.
pub async fn close_due(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        close_due_of(app, org).await?;
    }
    Ok(())
}

async fn close_due_of(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "GATHERINGS");
    loop {
        let mut tx = app.read(&viewer, Action::RunTimetable).await?;
        let due = store::list_due(&mut tx, AT_ONCE).await?;
        drop(tx);
        if due.is_empty() || app.tasks().is_stopping() {
            return Ok(());
        }
        for gathering in due {
            close(app, &viewer, gathering).await?;
        }
    }
}

async fn close(app: &App, viewer: &Viewer, id: GatheringId) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    // Another node may have been faster, or somebody moved it.
    let found = store::lock(&mut tx, id).await?;
    let now = tx.now();
    let is_due = |it: &Gathering| it.state == State::Scheduled && it.closes_at() < now;
    let Some(mut gathering) = found.filter(is_due) else {
        return tx.settle().await;
    };
    let missing = missing(&mut tx, &gathering).await?;
    records::stage_insert_missing(&mut tx, &missing)?;
    gathering.state = State::Closed;
    gathering.closed_at = Some(now);
    store::stage_update(&mut tx, &gathering)?;
    tx.emit(&Event::GatheringClosed(planning::about(&gathering)))?;
    let detail = serde_json::json!({ "missing": missing.len() });
    tx.commit(Audit::of(id).detail(detail)).await
}

/// Records for whoever is expected and has none.
async fn missing(tx: &mut Tx, gathering: &Gathering) -> Result<Vec<AttendanceRecord>> {
    let known = records::members_with_record(tx, gathering.id).await?;
    let known: HashSet<MemberId> = known.into_iter().collect();
    let roster = Rosters::of(tx, std::slice::from_ref(gathering)).await?;
    let day = local_date(gathering.starts_at, gathering.time_zone);
    let leave = leave::service::everybody_on_in(tx, day).await?;
    let expected = roster.expected(gathering).into_iter();
    let missing = expected.filter(|(member, _)| !known.contains(member));
    let missed = |person: Person| {
        let leave = leave.get(&person.0).copied().unwrap_or_default();
        missed((tx.id(), tx.now()), gathering.id, person, leave)
    };
    Ok(missing.map(missed).collect())
}

/// Approved leave excuses; half a day of it may be the other half, so somebody looks.
fn missed(
    (id, now): (AttendanceRecordId, Instant),
    gathering: GatheringId,
    person: Person,
    leave: DayLeave,
) -> AttendanceRecord {
    let status = match leave {
        DayLeave::FullDay => Status::Excused,
        DayLeave::HalfDay | DayLeave::None => Status::Absent,
    };
    let mut record = AttendanceRecord::missing(id, gathering, person, status, now);
    if leave != DayLeave::None {
        let flag = if status == Status::Excused {
            "on_leave"
        } else {
            "half_day_leave"
        };
        record.flag(vec![flag.to_owned()]);
        record.needs_review = status == Status::Absent;
    }
    record
}

/// Everything that says who is expected at some attendance events.
pub(super) struct Rosters {
    everybody: Vec<Person>,
    named: HashMap<GatheringId, HashSet<MemberId>>,
    below: HashMap<DepartmentId, Vec<DepartmentId>>,
}

impl Rosters {
    pub(super) async fn of(tx: &mut Tx, gatherings: &[Gathering]) -> Result<Self> {
        let ids: Vec<GatheringId> = gatherings.iter().map(|gathering| gathering.id).collect();
        let mut named: HashMap<GatheringId, HashSet<MemberId>> = HashMap::new();
        for (gathering, member) in store::list_named(tx, &ids).await? {
            named.entry(gathering).or_default().insert(member);
        }
        let roots: HashSet<DepartmentId> = gatherings
            .iter()
            .filter_map(|it| it.department_id)
            .collect();
        let mut below = HashMap::new();
        for root in roots {
            below.insert(root, orgs::service::departments_below_in(tx, root).await?);
        }
        Ok(Self {
            everybody: identity::service::active_in(tx).await?,
            named,
            below,
        })
    }

    pub(super) fn expected(&self, gathering: &Gathering) -> Vec<Person> {
        let none = HashSet::new();
        let named = self.named.get(&gathering.id).unwrap_or(&none);
        expected(gathering, &self.everybody, named, &self.below)
    }
}
