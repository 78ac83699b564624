//! Decides: what stands in the way of shifts that are to be planned.

use std::collections::HashMap;

use chrono::TimeDelta;
use chrono_tz::Tz;
use zamu_rules::hooks;

use super::calendar;
use super::facts::{self, Known};
use super::model::{self, Clash, Finding, Weeks};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, PlaceId, ShiftId};
use crate::orgs;
use crate::places::model::Place;
use crate::rules::decisions::model::About;
use crate::rules::decisions::service as decisions;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;
use crate::schedules::{service, store};

/// Whoever works on one day of a week has the others looked at too.
const AROUND: TimeDelta = TimeDelta::days(8);

/// What was found about shifts that are to be planned.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    pub clashes: Vec<Clash>,
    pub findings: Vec<Finding>,
}

impl Looked {
    /// The refusal of everything that refuses, clashes first.
    pub fn refusal(&self) -> Option<Error> {
        if !self.clashes.is_empty() {
            return Some(model::refusal(&self.clashes));
        }
        self.denial()
    }

    /// The refusal by rules.
    pub fn denial(&self) -> Option<Error> {
        let refusing: Vec<&Finding> = self.findings.iter().filter(|one| one.refuses).collect();
        let first = refusing.first()?;
        let reasons: Vec<&str> = refusing.iter().map(|one| one.text.as_str()).collect();
        let message = format!("a rule of your organization refused this: {}", first.text);
        let refused = Error::refused(Code::DeniedByRule, message).at(&first.field);
        Some(
            refused
                .with("rule", hooks::VALIDATE_PLAN_SHIFT)
                .with("reasons", reasons),
        )
    }
}

/// Whom and where shifts are about.
pub struct Around<'a> {
    pub members: &'a [Member],
    pub place: Option<&'a Place>,
}

/// Looks at shifts whose members are held: at what they clash with, at rest, at the calendar, and at what the rules say. `changed` is
/// the shift that the only new one takes the place of.
pub async fn look_in(
    tx: &mut Tx,
    new: &[Shift],
    around: &Around<'_>,
    changed: Option<&Shift>,
) -> Result<Looked> {
    let replaced = changed.map(|shift| shift.id);
    let there = near_in(tx, new, replaced).await?;
    let weeks = Weeks::new(new.iter().chain(&there));
    let zone = service::zone_in(tx, around.place).await?;
    let mut findings = model::short_rests(new, &weeks);
    findings.extend(calendar::findings_in(tx, new, around, zone).await?);
    findings.extend(ask_in(tx, new, &weeks, around, (changed, zone)).await?);
    Ok(Looked {
        clashes: model::clashes(new, &there),
        findings,
    })
}

async fn near_in(tx: &mut Tx, new: &[Shift], replaced: Option<ShiftId>) -> Result<Vec<Shift>> {
    let first = new.iter().map(|shift| shift.starts_at).min();
    let last = new.iter().map(|shift| shift.ends_at).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Vec::new());
    };
    let mut members: Vec<MemberId> = new.iter().map(|shift| shift.member_id).collect();
    members.sort_unstable();
    members.dedup();
    let span = (first - AROUND, last + AROUND);
    let mut there = store::list_between(tx, &members, span).await?;
    there.retain(|shift| Some(shift.id) != replaced);
    Ok(there)
}

/// Asks the rules about each shift; only what objects is kept, so that a roster leaves no thousand decisions that say
/// nothing.
async fn ask_in(
    tx: &mut Tx,
    new: &[Shift],
    weeks: &Weeks,
    around: &Around<'_>,
    (changed, zone): (Option<&Shift>, Tz),
) -> Result<Vec<Finding>> {
    let now = tx.now();
    let departments = departments_in(tx, around.members).await?;
    let members: HashMap<MemberId, &Member> =
        around.members.iter().map(|one| (one.id, one)).collect();
    let mut rules = InForce::at(tx, now).await?;
    let mut found = Vec::new();
    for shift in new {
        let Some(member) = members.get(&shift.member_id) else {
            continue;
        };
        let department = member.department_id.and_then(|id| departments.get(&id));
        let known = Known {
            member,
            department: department.map(String::as_str),
            place: around.place,
            actor: tx.viewer().role(),
            now,
            zone,
        };
        rules.set_scopes(scopes(member, shift.place_id));
        let facts = facts::plan_shift(shift, changed, weeks, &known);
        let decision = rules.ask(hooks::VALIDATE_PLAN_SHIFT, facts);
        if decision.outcome.name == "ok" {
            rules.take();
            rules.announce_in(tx)?;
            continue;
        }
        found.extend(facts::findings(&decision, shift));
        let about = About {
            subject: shift.id.uuid(),
            member: Some(shift.member_id),
            event_at: now,
        };
        decisions::keep_in(tx, &about, &mut rules)?;
    }
    Ok(found)
}

fn scopes(member: &Member, place: Option<PlaceId>) -> Vec<String> {
    let department = member.department_id.map(|id| id.to_string());
    let place = place.map(|id| id.to_string());
    department.into_iter().chain(place).collect()
}

async fn departments_in(tx: &mut Tx, members: &[Member]) -> Result<HashMap<DepartmentId, String>> {
    let mut names = HashMap::new();
    for id in members.iter().filter_map(|member| member.department_id) {
        if let std::collections::hash_map::Entry::Vacant(free) = names.entry(id) {
            free.insert(orgs::service::department_in(tx, id).await?.name);
        }
    }
    Ok(names)
}

/// Adds shifts and tells whoever follows their members: once each, naming the earliest.
pub async fn keep_in(tx: &mut Tx, shifts: Vec<Shift>, members: &[Member]) -> Result<()> {
    for member in members {
        let own = || shifts.iter().filter(|shift| shift.member_id == member.id);
        let last = own().map(|shift| shift.work_date).max();
        if let Some((first, last)) = own().min_by_key(|shift| shift.starts_at).zip(last) {
            service::announce(tx, member, first.id, (first.work_date, last))?;
        }
    }
    store::insert_shifts(tx, shifts).await.map(drop)
}
