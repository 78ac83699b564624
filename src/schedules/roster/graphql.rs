//! Speaks: rosters, and what stands in their way.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;

use super::model::{Clash, Finding};
use super::service::{self, Form, NewRoster};
use crate::graphql::context::Ask;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::MemberId;
use crate::schedules::graphql::Shift;
use crate::schedules::types::graphql::ShiftShapeInput;

/// So many shifts are shown in an answer.
const SHOWN: usize = 100;

/// Two shifts of one person that share time.
#[derive(SimpleObject)]
pub struct ShiftConflict {
    /// The shift that was to be planned.
    shift: Shift,
    /// What it clashes with: work, leave or a day off.
    with: Shift,
    /// Whether the other stands in the plan already; otherwise it was to be planned in the same call.
    is_planned: bool,
}

impl From<Clash> for ShiftConflict {
    fn from(clash: Clash) -> Self {
        Self {
            shift: Shift(clash.shift),
            with: Shift(clash.with),
            is_planned: clash.is_planned,
        }
    }
}

/// What the rules, or the server, say about a shift.
#[derive(SimpleObject)]
pub struct ShiftFinding {
    /// The shift.
    shift: Shift,
    /// What it is about: `date`, `starts`, `ends`, or as the rule names it.
    field: String,
    /// For a person.
    text: String,
    /// Whether the shift cannot be planned because of it; otherwise it is a warning, such as of short rest,
    /// a holiday, a rest day, or of time outside the business hours.
    refuses: bool,
}

impl From<Finding> for ShiftFinding {
    fn from(finding: Finding) -> Self {
        Self {
            shift: Shift(finding.shift),
            field: finding.field,
            text: finding.text,
            refuses: finding.refuses,
        }
    }
}

/// A shift that was planned or changed just now, and what is to be said about it.
#[derive(SimpleObject)]
pub struct PlannedShift {
    #[graphql(flatten)]
    shift: Shift,
    /// What the calendar, the rest around it and the rules say: nothing that refuses, or it would not be planned.
    findings: Vec<ShiftFinding>,
}

impl PlannedShift {
    /// As it stands in the plan now.
    pub fn new(shift: crate::schedules::model::Shift, findings: Vec<Finding>) -> Self {
        Self {
            shift: Shift(shift),
            findings: findings.into_iter().map(Into::into).collect(),
        }
    }
}

/// Shifts that were planned, or that would be.
#[derive(SimpleObject)]
pub struct ShiftPlan {
    /// Whether they are planned now; not in a dry run.
    is_planned: bool,
    /// How many.
    count: usize,
    /// The first hundred of them.
    shifts: Vec<Shift>,
    /// Every clash; only in a dry run, otherwise a plan with any is refused.
    conflicts: Vec<ShiftConflict>,
    /// What else is to be said about them.
    findings: Vec<ShiftFinding>,
}

impl ShiftPlan {
    /// As it was planned, or looked at only.
    pub fn new(roster: service::Roster, is_planned: bool) -> Self {
        let findings = roster.looked.findings.into_iter().map(Into::into);
        let clashes = roster.looked.clashes.into_iter().map(Into::into);
        Self {
            is_planned,
            count: roster.shifts.len(),
            shifts: roster.shifts.into_iter().take(SHOWN).map(Shift).collect(),
            conflicts: clashes.collect(),
            findings: findings.collect(),
        }
    }
}

/// Reads a list of members, naming the one that cannot be read.
pub fn members(ids: &[ID]) -> Result<Vec<MemberId>> {
    let read = |(index, member)| id(&format!("members.{index}"), member);
    ids.iter().enumerate().map(read).collect()
}

/// Reads the shape of shifts: exactly one of a type and a shape.
pub fn form(kind: Option<&ID>, shape: Option<&ShiftShapeInput>) -> Result<Form> {
    match (kind, shape) {
        (Some(kind), None) => Ok(Form::Type(id("type", kind)?)),
        (None, Some(shape)) => Ok(Form::Own(shape.read()?)),
        _ => {
            let message = "name a shift type, or say the times in `shape`";
            Err(Error::invalid("type", message))
        }
    }
}

/// Shifts for each of these people on each of these days.
#[derive(InputObject)]
pub struct PlanShiftsInput {
    /// Who works, 1–1,000.
    members: Vec<ID>,
    /// The days they start on, 1–366; people times days times spans is at most 5,000 shifts.
    dates: Vec<NaiveDate>,
    /// Where; a place in use. Times are on its clocks, or on the organization's.
    place: Option<ID>,
    /// A shift type in use; or `shape`.
    #[graphql(name = "type")]
    kind: Option<ID>,
    /// The times, where no type is named.
    shape: Option<ShiftShapeInput>,
    /// Change nothing, only say what stands in the way.
    #[graphql(default)]
    dry_run: bool,
}

/// What can be done with rosters.
#[derive(Default)]
pub struct RosterMutation;

#[Object]
impl RosterMutation {
    /// Plans shifts for each of some people on each of some days: all of them or none. Refused with `SHIFT_CONFLICTS`
    /// and every clash in `conflicts`, or with `DENIED_BY_RULE`.
    ///
    /// Requires: `PLAN_SHIFTS` (OWNER, ADMIN, SUPERVISOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn plan_shifts(&self, ctx: &Context<'_>, input: PlanShiftsInput) -> Result<ShiftPlan> {
        let new = NewRoster {
            members: members(&input.members)?,
            place: optional_id("place", input.place.as_ref())?,
            form: form(input.kind.as_ref(), input.shape.as_ref())?,
            dates: input.dates,
            dry_run: input.dry_run,
        };
        let roster = service::plan(ctx.app(), ctx.viewer()?, new).await?;
        Ok(ShiftPlan::new(roster, !input.dry_run))
    }
}
