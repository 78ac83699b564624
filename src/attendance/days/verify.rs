//! Adds everything up again from sessions and shifts and says where what is kept differs; and puts it right, if asked.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::measures::Measures;
use super::service;
use super::store::{self, Groups};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, OrgId, kinds};

/// A figure that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `day_parts`, `group_days` or `group_months`.
    pub table: &'static str,
    /// Whose, for the parts of a day.
    pub member: Option<MemberId>,
    /// The day, or the first day of the month.
    pub date: NaiveDate,
    /// The measure.
    pub measure: &'static str,
    pub kept: i64,
    pub expected: i64,
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Days that were worked out anew.
    pub days: u64,
    pub differences: Vec<Difference>,
}

/// Checks everything an organization keeps, a month at a time. Changes nothing.
pub async fn verify(app: &App, org: OrgId) -> Result<Findings> {
    let viewer = Viewer::job(org, "reports verify");
    let mut findings = Findings::default();
    for month in months(app, &viewer).await? {
        let mut tx = app.read(&viewer, Action::RunTimetable).await?;
        check_parts(&mut tx, month, &mut findings).await?;
        check_sums(&mut tx, month, &mut findings).await?;
    }
    Ok(findings)
}

/// Works every day out anew and sets the sums to what their parts add up to.
pub async fn repair(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "reports repair");
    for month in months(app, &viewer).await? {
        let mut tx = app.begin(&viewer, Action::RunTimetable).await?;
        for member in members_in(&mut tx, month).await? {
            service::settle_range_in(&mut tx, member, month).await?;
        }
        tx.flush_staged().await?;
        let (days, months) = missing(&mut tx, month).await?;
        store::stage_corrections(&mut tx, &days, &months)?;
        tx.commit(Audit::of_many::<kinds::Member>()).await?;
    }
    Ok(())
}

/// First and last days of the months in which anything is kept or happened.
async fn months(app: &App, viewer: &Viewer) -> Result<Vec<(NaiveDate, NaiveDate)>> {
    let mut tx = app.read(viewer, Action::RunTimetable).await?;
    let kept = store::span(&mut tx).await?;
    let happened = crate::attendance::store::span_of_days(&mut tx).await?;
    let first = kept.iter().chain(&happened).map(|span| span.0).min();
    let last = kept.iter().chain(&happened).map(|span| span.1).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Vec::new());
    };
    let mut months = Vec::new();
    let mut begin = store::month_of(first);
    while begin <= last {
        let Some(next) = begin.checked_add_months(Months::new(1)) else {
            break;
        };
        let end = next.checked_sub_days(Days::new(1)).unwrap_or(begin);
        months.push((begin, end));
        begin = next;
    }
    Ok(months)
}

async fn members_in(tx: &mut Tx, month: (NaiveDate, NaiveDate)) -> Result<BTreeSet<MemberId>> {
    let kept = store::list_keys(tx, month).await?;
    let mut members: BTreeSet<MemberId> = kept.into_iter().map(|(member, _)| member).collect();
    members.extend(crate::attendance::store::members_of_days(tx, month).await?);
    Ok(members)
}

/// The parts of each person's days against their sessions and shifts.
async fn check_parts(
    tx: &mut Tx,
    month: (NaiveDate, NaiveDate),
    findings: &mut Findings,
) -> Result<()> {
    for member in members_in(tx, month).await? {
        let materials = service::materials_in(tx, member, month).await?;
        let known = store::list_days(tx, member, month).await?;
        let mut kept = store::list_parts(tx, member, month).await?;
        for (date, material) in materials {
            // A day without a row has not been settled yet: nobody came, and its shift is not over.
            let Some(day) = known.iter().find(|day| day.work_date == date) else {
                continue;
            };
            findings.days += 1;
            let expected: Measures = material.parts(day.status).into_values().sum();
            let parts = kept.remove(&date).unwrap_or_default();
            let kept = parts.into_values().sum();
            compare(findings, "day_parts", (Some(member), date), kept, expected);
        }
        for (date, parts) in kept {
            let kept = parts.into_values().sum();
            let nothing = Measures::default();
            compare(findings, "day_parts", (Some(member), date), kept, nothing);
        }
    }
    Ok(())
}

/// The sums against the parts.
async fn check_sums(
    tx: &mut Tx,
    month: (NaiveDate, NaiveDate),
    findings: &mut Findings,
) -> Result<()> {
    let (days, months) = missing(tx, month).await?;
    for (table, groups) in [("group_days", days), ("group_months", months)] {
        for ((date, _), difference) in groups {
            let nothing = Measures::default();
            compare(findings, table, (None, date), nothing, difference);
        }
    }
    Ok(())
}

/// What the sums by day and by month lack, to be what the parts add up to.
async fn missing(tx: &mut Tx, month: (NaiveDate, NaiveDate)) -> Result<(Groups, Groups)> {
    let mut days = store::add_up_parts(tx, month).await?;
    let mut months = Groups::new();
    for ((date, part), measures) in &days {
        let first = date.with_day(1).unwrap_or(*date);
        *months.entry((first, *part)).or_default() += *measures;
    }
    for (group, kept) in store::list_group_days(tx, month).await? {
        *days.entry(group).or_default() += -kept;
    }
    for (group, kept) in store::list_group_months(tx, month).await? {
        *months.entry(group).or_default() += -kept;
    }
    days.retain(|_, measures| !measures.is_zero());
    months.retain(|_, measures| !measures.is_zero());
    Ok((days, months))
}

fn compare(
    findings: &mut Findings,
    table: &'static str,
    (member, date): (Option<MemberId>, NaiveDate),
    kept: Measures,
    expected: Measures,
) {
    for ((measure, kept), (_, expected)) in kept.named().into_iter().zip(expected.named()) {
        if kept != expected {
            findings.differences.push(Difference {
                table,
                member,
                date,
                measure,
                kept,
                expected,
            });
        }
    }
}
