//! Decides: what the calendar says about shifts that are to be planned: holidays, rest days and business hours. It warns and
//! refuses nothing; whoever plans knows why.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::looking::Around;
use super::model::Finding;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};
use crate::schedules::holidays;
use crate::schedules::hours::service::{Calendar, calendar_in};
use crate::schedules::model::{Shift, ShiftKind};
use crate::schedules::span::lay;

/// What holds for a place and a department on some days.
struct Known {
    holidays: BTreeMap<NaiveDate, String>,
    calendar: Calendar,
}

/// What is to be said about work among new shifts.
pub async fn findings_in(
    tx: &mut Tx,
    new: &[Shift],
    around: &Around<'_>,
    zone: Tz,
) -> Result<Vec<Finding>> {
    let work = || new.iter().filter(|shift| shift.kind == ShiftKind::Work);
    let days = work().map(|shift| shift.work_date);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(Vec::new());
    };
    let place = around.place.map(|place| place.id);
    let departments: HashMap<MemberId, Option<DepartmentId>> = around
        .members
        .iter()
        .map(|member| (member.id, member.department_id))
        .collect();
    let mut known: HashMap<Option<DepartmentId>, Known> = HashMap::new();
    let mut found = Vec::new();
    for shift in work() {
        let department = departments.get(&shift.member_id).copied().flatten();
        if let Entry::Vacant(free) = known.entry(department) {
            free.insert(known_in(tx, place, department, (first, last)).await?);
        }
        if let Some(known) = known.get(&department) {
            found.extend(known.say(shift, zone));
        }
    }
    Ok(found)
}

async fn known_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    days: (NaiveDate, NaiveDate),
) -> Result<Known> {
    Ok(Known {
        holidays: holidays::service::at_in(tx, place, department, days).await?,
        calendar: calendar_in(tx, place, department).await?,
    })
}

impl Known {
    fn say(&self, shift: &Shift, zone: Tz) -> Vec<Finding> {
        let warning = |field: &str, text: String| Finding {
            shift: shift.clone(),
            field: field.to_owned(),
            text,
            refuses: false,
        };
        let date = shift.work_date;
        if let Some(name) = self.holidays.get(&date) {
            return vec![warning("date", format!("{date} is a holiday: {name}"))];
        }
        let Some(spans) = self.calendar.on(date) else {
            return Vec::new();
        };
        let laid = lay(&spans);
        let (Some(first), Some(last)) = (laid.first(), laid.last()) else {
            return vec![warning("date", format!("{date} is a rest day"))];
        };
        let (Ok((opens_at, _)), Ok((_, closes_at))) =
            (first.instants(date, zone), last.instants(date, zone))
        else {
            return Vec::new();
        };
        let clock = |at: crate::kernel::time::Instant| at.with_timezone(&zone).format("%H:%M");
        let early = (shift.starts_at < opens_at).then(|| {
            let text = format!("business hours begin at {}", clock(opens_at));
            warning("starts", text)
        });
        let late = (shift.ends_at > closes_at).then(|| {
            let text = format!("business hours end at {}", clock(closes_at));
            warning("ends", text)
        });
        early.into_iter().chain(late).collect()
    }
}
