//! Decides: the status of a day, and what it adds to the sums.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use zamu_rules::hooks;

use super::facts;
use super::measures::Measures;
use super::model::{DayStatus, Material, Parts, WorkDay, check_range};
use super::store::{self, Groups};
use crate::app::App;
use crate::attendance::assess;
use crate::attendance::calendar::Calendar;
use crate::attendance::model::WorkSession;
use crate::attendance::timesheets;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::identity::moves;
use crate::identity::moves::model::department_of;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::{exceptions, identity, leave, orgs, schedules};

/// Days to be worked out, by the member they belong to.
pub type Wanted = BTreeMap<MemberId, BTreeSet<NaiveDate>>;

/// Works out the days of a member from the sessions as they are staged and stored, with shifts, leave and holidays, and
/// moves the sums by the difference. Whoever changes a session calls this last, in the same transaction.
pub async fn settle_in(tx: &mut Tx, member: MemberId, days: &BTreeSet<NaiveDate>) -> Result<()> {
    settle_all_in(tx, &Wanted::from([(member, days.clone())])).await
}

/// The same for everything a member has between two days: after a cancelled shift, granted leave, or another rule.
pub async fn settle_range_in(
    tx: &mut Tx,
    member: MemberId,
    range: (NaiveDate, NaiveDate),
) -> Result<()> {
    let mut days = BTreeSet::new();
    tx.flush_staged().await?;
    let known = store::list_days(tx, member, range).await?;
    days.extend(known.iter().map(|day| day.work_date));
    let sessions = sessions_of(tx, member, range).await?;
    days.extend(sessions.iter().map(|session| session.work_date));
    let shifts = schedules::service::planned_in(tx, member, range).await?;
    days.extend(shifts.iter().map(|shift| shift.work_date));
    settle_in(tx, member, &days).await
}

/// The same for everybody who has a day there: after a holiday was added or taken away in the past.
pub async fn settle_everybody_in(tx: &mut Tx, range: (NaiveDate, NaiveDate)) -> Result<()> {
    tx.flush_staged().await?;
    let mut wanted = Wanted::new();
    for (member, date) in store::list_keys(tx, range).await? {
        wanted.entry(member).or_default().insert(date);
    }
    settle_all_in(tx, &wanted).await
}

/// Members in the order of their ids and the sums at the end, so that two changes never wait for one another in a
/// circle.
pub async fn settle_all_in(tx: &mut Tx, wanted: &Wanted) -> Result<()> {
    let mut groups = Groups::new();
    for (member, days) in wanted {
        if let (Some(from), Some(to)) = (days.first(), days.last()) {
            settle_member(tx, *member, days, (*from, *to), &mut groups).await?;
        }
    }
    store::stage_groups(tx, &groups)?;
    for (member, days) in wanted {
        timesheets::service::touched_in(tx, *member, days).await?;
    }
    Ok(())
}

async fn settle_member(
    tx: &mut Tx,
    member: MemberId,
    days: &BTreeSet<NaiveDate>,
    range: (NaiveDate, NaiveDate),
    groups: &mut Groups,
) -> Result<()> {
    store::stage_lock(tx, member)?;
    tx.flush_staged().await?;
    let mut materials = materials_in(tx, member, range).await?;
    let known = store::list_days(tx, member, range).await?;
    let mut known: BTreeMap<_, _> = known.into_iter().map(|day| (day.work_date, day)).collect();
    let mut parts = store::list_parts(tx, member, range).await?;
    for date in days {
        let material = materials.remove(date).unwrap_or_default();
        let before = known.remove(date);
        let status = judged(tx, (member, *date), &material, before.as_ref()).await?;
        stage_day(tx, (member, *date), &material, status, before.as_ref())?;
        let (before, now) = (
            parts.remove(date).unwrap_or_default(),
            material.parts(status),
        );
        if before != now {
            store::stage_parts(tx, (member, *date), &before, &now)?;
            move_groups(groups, *date, &before, &now);
        }
    }
    Ok(())
}

fn stage_day(
    tx: &mut Tx,
    (member, date): (MemberId, NaiveDate),
    material: &Material,
    status: Option<DayStatus>,
    before: Option<&WorkDay>,
) -> Result<()> {
    if material.is_empty() {
        return match before {
            Some(_) => store::stage_no_day(tx, member, date),
            None => Ok(()),
        };
    }
    let mut day = material.day(member, date, status);
    let decided_before = before.filter(|before| before.status == status);
    day.decided_at = status.map(|_| {
        let then = decided_before.and_then(|before| before.decided_at);
        then.unwrap_or(tx.now())
    });
    if before == Some(&day) {
        return Ok(());
    }
    store::stage_day(tx, &day)
}

fn move_groups(groups: &mut Groups, date: NaiveDate, before: &Parts, now: &Parts) {
    for (part, measures) in before {
        *groups.entry((date, *part)).or_default() += -*measures;
    }
    for (part, measures) in now {
        *groups.entry((date, *part)).or_default() += *measures;
    }
}

/// What the days of a member are made of.
pub(super) async fn materials_in(
    tx: &mut Tx,
    member: MemberId,
    range: (NaiveDate, NaiveDate),
) -> Result<BTreeMap<NaiveDate, Material>> {
    let mut sessions: BTreeMap<NaiveDate, Vec<WorkSession>> = BTreeMap::new();
    let all = sessions_of(tx, member, range).await?;
    let ids: Vec<SessionId> = all.iter().map(|session| session.id).collect();
    let left_to_fix = exceptions::service::left_to_fix_in(tx, &ids).await?;
    for session in all {
        sessions.entry(session.work_date).or_default().push(session);
    }
    let mut shifts: BTreeMap<NaiveDate, Vec<_>> = BTreeMap::new();
    for shift in schedules::service::planned_in(tx, member, range).await? {
        shifts.entry(shift.work_date).or_default().push(shift);
    }
    let dates: BTreeSet<NaiveDate> = sessions.keys().chain(shifts.keys()).copied().collect();
    let leave = leave::service::on_in(tx, member, range.0, range.1).await?;
    let person = identity::service::member_in(tx, member).await?;
    let moves = moves::service::moves_in(tx, member).await?;
    let mut calendar = Calendar::of(member, range);
    let mut materials = BTreeMap::new();
    for date in dates {
        let mut material = Material::new(
            sessions.remove(&date).unwrap_or_default(),
            shifts.remove(&date).unwrap_or_default(),
        );
        let granted = leave.get(&date).copied().unwrap_or_default();
        material.leave = material.leave.max(granted);
        material.department = department_of(person.department_id, &moves, date);
        let scopes = (material.place(), material.department);
        let holidays = calendar.holidays_in(tx, scopes).await?;
        material.is_holiday = holidays.contains(&date);
        material.left_to_fix.clone_from(&left_to_fix);
        materials.insert(date, material);
    }
    Ok(materials)
}

async fn sessions_of(
    tx: &mut Tx,
    member: MemberId,
    range: (NaiveDate, NaiveDate),
) -> Result<Vec<WorkSession>> {
    crate::attendance::store::list_of_days(tx, member, range).await
}

/// What the rule makes of a day, once that is over. The decision is kept where it differs from the one before.
async fn judged(
    tx: &mut Tx,
    (member, date): (MemberId, NaiveDate),
    material: &Material,
    before: Option<&WorkDay>,
) -> Result<Option<DayStatus>> {
    let now = tx.now();
    let Some(at) = material.closes_at().filter(|at| *at <= now) else {
        return Ok(None);
    };
    let person = identity::service::member_in(tx, member).await?;
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let department = department_name(tx, material.department).await?;
    let scopes = (material.department, material.place());
    let mut rules = assess::rules_at(tx, scopes, at).await?;
    let facts = facts::status(material, &person, department.as_deref(), (at, zone));
    let decision = rules.ask(hooks::STATUS, facts);
    let status = DayStatus::from_outcome(&decision.outcome.name);
    if before.and_then(|before| before.status) != status {
        let about = About {
            subject: WorkDay::subject(member, date),
            member: Some(member),
            event_at: at,
        };
        decisions::service::keep_in(tx, &about, &mut rules)?;
    }
    Ok(status)
}

/// Nothing for a department that is archived by now.
async fn department_name(tx: &mut Tx, id: Option<DepartmentId>) -> Result<Option<String>> {
    let Some(id) = id else {
        return Ok(None);
    };
    match orgs::service::department_in(tx, id).await {
        Ok(department) => Ok(Some(department.name)),
        Err(error) if error.code == crate::kernel::error::Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A day by whose and which it is.
pub type DayKey = (MemberId, NaiveDate);

/// A day as it stands, for timesheets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub member: MemberId,
    pub date: NaiveDate,
    /// The name of the [`DayStatus`]; nothing until the day is over.
    pub status: Option<String>,
    /// Minutes that were planned.
    pub planned: i64,
}

/// The days of some members, in the order of their dates; whoever asks has checked that they may.
pub async fn of_members_in(
    tx: &mut Tx,
    members: &[MemberId],
    range: (NaiveDate, NaiveDate),
) -> Result<Vec<Settled>> {
    let mut planned = store::list_planned(tx, members, range).await?;
    let days = store::list_days_of(tx, members, range).await?;
    let settled = |day: WorkDay| Settled {
        member: day.member_id,
        date: day.work_date,
        status: day.status.map(|status| status.name().to_owned()),
        planned: planned.remove(&(day.member_id, day.work_date)).unwrap_or(0),
    };
    Ok(days.into_iter().map(settled).collect())
}

/// The members and the range that some days lie in.
fn around(keys: &[DayKey]) -> Option<(Vec<MemberId>, (NaiveDate, NaiveDate))> {
    let members: BTreeSet<MemberId> = keys.iter().map(|key| key.0).collect();
    let dates = || keys.iter().map(|key| key.1);
    let range = dates().min().zip(dates().max())?;
    Some((members.into_iter().collect(), range))
}

/// The measures of some days, as far as the viewer reaches them.
pub(super) async fn figures_of(
    app: &App,
    viewer: &Viewer,
    keys: &[DayKey],
) -> Result<HashMap<DayKey, Measures>> {
    let Some((members, range)) = around(keys) else {
        return Ok(HashMap::new());
    };
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    store::list_reached_measures(&mut tx, &members, range).await
}

/// The sessions of some days, as far as the viewer reaches them, the earliest first.
pub(super) async fn sessions_of_days(
    app: &App,
    viewer: &Viewer,
    keys: &[DayKey],
) -> Result<HashMap<DayKey, Vec<WorkSession>>> {
    let Some((members, range)) = around(keys) else {
        return Ok(HashMap::new());
    };
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let mut found: HashMap<DayKey, Vec<WorkSession>> = HashMap::new();
    for session in crate::attendance::store::list_reached(&mut tx, &members, range).await? {
        let key = (session.member_id, session.work_date);
        found.entry(key).or_default().push(session);
    }
    Ok(found)
}

/// A member's days within the viewer's reach, the latest first.
pub async fn work_days(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    range: (NaiveDate, NaiveDate),
    page: &PageRequest,
) -> Result<Page<WorkDay>> {
    check_range(range)?;
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let before = page.after.map(|cursor| cursor.at.date_naive());
    let rows = store::list_reached(&mut tx, member, range, before, page.limit()).await?;
    Ok(Page::from_rows(rows, page))
}

/// One day of a member, if anything was planned or done on it.
pub async fn work_day(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    date: NaiveDate,
) -> Result<Option<WorkDay>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let mut found = store::list_reached(&mut tx, member, (date, date), None, 1).await?;
    Ok(found.pop())
}
