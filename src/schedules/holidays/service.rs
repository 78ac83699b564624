//! Decides: which days are holidays, and whom a new one concerns.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::model::{Country, Holiday};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, HolidayId, PlaceId, kinds};
use crate::kernel::text;
use crate::orgs;
use crate::schedules::model::known_year;
use crate::schedules::scope::{Scope, chain_in};
use crate::schedules::store::{self as shifts, Planned};

/// A holiday as somebody enters it.
#[derive(Debug, Clone)]
pub struct NewHoliday {
    pub day: NaiveDate,
    pub name: String,
    pub place: Option<PlaceId>,
    pub department: Option<DepartmentId>,
    /// Only say whom it would concern.
    pub dry_run: bool,
}

/// A holiday that came or went, and the work that is planned on it.
#[derive(Debug, Clone)]
pub struct Changed {
    pub holiday: Holiday,
    pub planned: Planned,
}

/// Adds a holiday. The days it touches are announced, so that what was worked on them is judged again.
pub async fn add(app: &App, viewer: &Viewer, new: NewHoliday) -> Result<Changed> {
    let name = text::required("name", &new.name, 120)?;
    known_year("date", new.day)?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let scope = Scope::named_in(&mut tx, new.place, new.department).await?;
    let holiday = Holiday {
        id: tx.id(),
        day: new.day,
        name,
        scope,
        country: None,
        created_at: tx.now(),
    };
    let planned = planned_in(&mut tx, &holiday).await?;
    let changed = Changed { holiday, planned };
    if store::insert(&mut tx, std::slice::from_ref(&changed.holiday)).await? == 0 {
        let message = "this holiday is already there";
        return Err(Error::refused(Code::Conflict, message).at("name"));
    }
    if new.dry_run {
        // Dropped, the transaction never happened.
        return Ok(changed);
    }
    announce(&mut tx, changed.holiday.day, changed.holiday.day)?;
    tx.commit(Audit::of(changed.holiday.id)).await?;
    Ok(changed)
}

/// Takes a holiday out of the calendar.
pub async fn remove(app: &App, viewer: &Viewer, id: HolidayId) -> Result<Changed> {
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let holiday = store::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("holiday"))?;
    let planned = planned_in(&mut tx, &holiday).await?;
    store::delete(&mut tx, id)?;
    announce(&mut tx, holiday.day, holiday.day)?;
    tx.commit(Audit::of(id).detail(serde_json::json!({ "day": holiday.day })))
        .await?;
    Ok(Changed { holiday, planned })
}

/// Adds what ships for a country and a year, for everybody. Those that are there already stay as they are. Answers the
/// holidays of that year.
pub async fn adopt(
    app: &App,
    viewer: &Viewer,
    country: Country,
    year: i32,
) -> Result<Vec<Holiday>> {
    let (Some(first), Some(last)) = (
        NaiveDate::from_ymd_opt(year, 1, 1),
        NaiveDate::from_ymd_opt(year, 12, 31),
    ) else {
        return Err(Error::invalid("year", "there is no such year"));
    };
    known_year("year", first)?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let new: Vec<Holiday> = country
        .holidays(year)
        .into_iter()
        .map(|(day, name)| Holiday {
            id: tx.id(),
            day,
            name: name.to_owned(),
            scope: Scope::Organization,
            country: Some(country),
            created_at: tx.now(),
        })
        .collect();
    let added = store::insert(&mut tx, &new).await?;
    let all = store::list(&mut tx, first, last, None).await?;
    if added == 0 {
        tx.settle().await?;
        return Ok(all);
    }
    announce(&mut tx, first, last)?;
    let detail = serde_json::json!({ "country": country.name(), "year": year, "added": added });
    tx.commit(Audit::of_many::<kinds::Holiday>().detail(detail))
        .await?;
    Ok(all)
}

fn announce(tx: &mut Tx, from: NaiveDate, to: NaiveDate) -> Result<()> {
    tx.emit(&Event::CalendarChanged {
        from: Some(from),
        to: Some(to),
    })
}

/// The work that is planned on a holiday, where it holds.
async fn planned_in(tx: &mut Tx, holiday: &Holiday) -> Result<Planned> {
    let departments = match holiday.scope.department() {
        Some(root) => Some(orgs::service::departments_below_in(tx, root).await?),
        None => None,
    };
    shifts::planned_on(tx, holiday.day, holiday.scope.place(), departments).await
}

/// The holidays of all scopes between two days, in order.
pub async fn between(
    app: &App,
    viewer: &Viewer,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Holiday>> {
    if from > to {
        return Err(Error::invalid("to", "the last day is before the first"));
    }
    if to - from > chrono::TimeDelta::days(3_660) {
        return Err(Error::invalid("to", "ask for at most ten years"));
    }
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    store::list(&mut tx, from, to, None).await
}

/// Those of the holidays that are there, in no order.
pub(super) async fn by_ids(app: &App, viewer: &Viewer, ids: &[HolidayId]) -> Result<Vec<Holiday>> {
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    store::find_many(&mut tx, ids).await
}

/// The holidays that hold for a place and a department, by day; of two on one day the first entered names it.
pub async fn at_in(
    tx: &mut Tx,
    place: Option<PlaceId>,
    department: Option<DepartmentId>,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<NaiveDate, String>> {
    let mut found = store::list(tx, from, to, None).await?;
    // Most holidays are for everybody: then nobody has to know which department lies below which.
    let by_department = found
        .iter()
        .any(|holiday| holiday.scope.department().is_some());
    let department = department.filter(|_| by_department);
    let chain = chain_in(tx, place, department).await?;
    found.retain(|holiday| chain.contains(&holiday.scope));
    Ok(named(found))
}

/// The holidays that hold for everybody in the organization, by day.
pub async fn everywhere_in(
    tx: &mut Tx,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<BTreeMap<NaiveDate, String>> {
    Ok(named(
        store::list(tx, from, to, Some(&[Scope::Organization])).await?,
    ))
}

fn named(found: Vec<Holiday>) -> BTreeMap<NaiveDate, String> {
    let mut days = BTreeMap::new();
    for holiday in found {
        days.entry(holiday.day).or_insert(holiday.name);
    }
    days
}
