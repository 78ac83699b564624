//! Decides: where a series departs from its rule, and where it ends.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::model::{Change, Series};
use super::service::{looked_in, shifts_of};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::SeriesId;
use crate::kernel::text;
use crate::schedules::model::{Shift, known_year, past_needs};
use crate::schedules::roster::looking::keep_in;
use crate::schedules::roster::service::{Mould, members_in};
use crate::schedules::span::Span;
use crate::schedules::{service, store as shifts};

/// What is to become of one occurrence.
#[derive(Debug, Clone)]
pub struct Departure {
    pub series: SeriesId,
    /// The day of the rule.
    pub day: NaiveDate,
    /// The day the work is moved to; none to leave it out.
    pub to: Option<NaiveDate>,
    /// Other times.
    pub span: Option<Span>,
    pub reason: Option<String>,
}

/// A series that is changed, whose member is held.
struct Held {
    series: Series,
    member: Member,
    mould: Mould,
}

async fn held_in(tx: &mut Tx, id: SeriesId) -> Result<Held> {
    let series = store::find(tx, id).await?;
    let member = members_in(tx, vec![series.member_id]).await?.pop();
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    let mould = Mould::of_in(tx, &series.shape, series.type_id, series.place_id).await?;
    // Read again: it may have changed while the member was waited for.
    let series = store::find(tx, id).await?;
    Ok(Held {
        series,
        member,
        mould,
    })
}

/// Moves one occurrence of a series to another day or other times, or leaves it out. Refused with every clash.
pub async fn depart(app: &App, viewer: &Viewer, wanted: Departure) -> Result<(Series, Change)> {
    let reason = text::optional("reason", wanted.reason.as_deref(), 500)?;
    known_year("day", wanted.day)?;
    if let Some(to) = wanted.to {
        known_year("to", to)?;
    }
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let held = held_in(&mut tx, wanted.series).await?;
    if held.series.days(wanted.day, wanted.day)?.is_empty() {
        let message = "the series has nothing on this day";
        return Err(Error::invalid("day", message));
    }
    let change = Change {
        series_id: held.series.id,
        day: wanted.day,
        moved_to: wanted.to,
        shape: shape(&held.series, wanted.span)?,
        reason: reason.clone(),
        created_at: tx.now(),
    };
    let day = (wanted.day, wanted.day);
    let first = cancel_in(&mut tx, &held, day, reason.as_deref()).await?;
    store::keep_change(&mut tx, &change)?;
    if wanted.day <= held.series.planned_to {
        tx.flush_staged().await?;
        plan_again(&mut tx, &held, &change).await?;
    }
    if let Some(first) = first {
        let to = change.moved_to.map_or(change.day, |to| to.max(change.day));
        service::announce(&mut tx, &held.member, first.id, (first.work_date, to))?;
    }
    let detail = serde_json::json!({ "day": change.day, "movedTo": change.moved_to });
    let audit = Audit::of(held.series.id).because(reason).detail(detail);
    tx.commit(audit).await?;
    Ok((held.series, change))
}

/// Other times of a series that has one span.
fn shape(
    series: &Series,
    span: Option<Span>,
) -> Result<Option<crate::schedules::types::model::Shape>> {
    let Some(span) = span else {
        return Ok(None);
    };
    if series.shape.spans.len() != 1 {
        let message = "a split shift is moved as a whole; plan its spans one by one";
        return Err(Error::invalid("starts", message));
    }
    let mut shape = series.shape.clone();
    shape.spans = vec![span];
    shape.form.repattern(span);
    shape.checked().map(Some)
}

/// Takes what is planned for some days of a series out of the plan. Answers the earliest of it.
async fn cancel_in(
    tx: &mut Tx,
    held: &Held,
    days: (NaiveDate, NaiveDate),
    reason: Option<&str>,
) -> Result<Option<Shift>> {
    let planned = shifts::list_of_series(tx, held.series.id, days).await?;
    for shift in &planned {
        past_needs(tx.now(), shift, reason)?;
    }
    let ids = planned.iter().map(|shift| shift.id).collect();
    shifts::stage_cancelled(tx, ids)?;
    Ok(planned.into_iter().next())
}

async fn plan_again(tx: &mut Tx, held: &Held, change: &Change) -> Result<()> {
    let changes = HashMap::from([(change.day, change.clone())]);
    let day = (change.day, change.day);
    let made = shifts_of(tx, &held.series, &held.mould, &changes, day)?;
    for shift in &made {
        past_needs(tx.now(), shift, change.reason.as_deref())?;
    }
    let looked = looked_in(tx, &made, &held.member, &held.mould).await?;
    if let Some(refusal) = looked.refusal() {
        return Err(refusal);
    }
    keep_in(tx, made, std::slice::from_ref(&held.member)).await
}

/// Ends a series: nothing of it is planned for this day of its rule and later ones. What it planned before stays.
pub async fn end(
    app: &App,
    viewer: &Viewer,
    id: SeriesId,
    from: NaiveDate,
    reason: Option<String>,
) -> Result<Series> {
    let reason = text::optional("reason", reason.as_deref(), 500)?;
    known_year("from", from)?;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let mut held = held_in(&mut tx, id).await?;
    let last = from.pred_opt().unwrap_or(from);
    if held.series.last_day.is_some_and(|ends| ends <= last) {
        tx.settle().await?;
        return Ok(held.series);
    }
    let days = (from, held.series.planned_to.max(from));
    let first = cancel_in(&mut tx, &held, days, reason.as_deref()).await?;
    held.series.last_day = Some(last);
    store::update(&mut tx, &held.series)?;
    if let Some(first) = first {
        let to = held.series.planned_to.max(first.work_date);
        service::announce(&mut tx, &held.member, first.id, (first.work_date, to))?;
    }
    tx.commit(Audit::of(id).because(reason)).await?;
    Ok(held.series)
}
