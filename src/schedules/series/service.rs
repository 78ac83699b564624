//! Decides: which series there are, and plans the first weeks of a new one.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::model::{Change, Series};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{MemberId, PlaceId, SeriesId, kinds};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::recurrence::{HORIZON_DAYS, days};
use crate::kernel::time::local_date;
use crate::schedules::model::{Shift, known_year};
use crate::schedules::roster::looking::{Around, Looked, keep_in, look_in};
use crate::schedules::roster::service::{Form, MOST_SHIFTS, Mould, Roster, members_in};

/// A series as somebody asks for it: one for each of these people.
#[derive(Debug, Clone)]
pub struct NewSeries {
    pub members: Vec<MemberId>,
    pub place: Option<PlaceId>,
    pub form: Form,
    pub recurrence: String,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
    /// Only say what stands in the way.
    pub dry_run: bool,
}

impl NewSeries {
    fn check(&self) -> Result<()> {
        known_year("from", self.first_day)?;
        let Some(last) = self.last_day else {
            return Ok(());
        };
        known_year("to", last)?;
        if last < self.first_day {
            let message = "the last day is before the first";
            return Err(Error::invalid("to", message));
        }
        Ok(())
    }
}

/// Begins a series for each of some people, and plans what falls within the next eight weeks: all of it or nothing. The
/// timetable plans the rest as time goes on.
pub async fn create(app: &App, viewer: &Viewer, new: NewSeries) -> Result<(Vec<Series>, Roster)> {
    new.check()?;
    let dry_run = new.dry_run;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let members = members_in(&mut tx, new.members.clone()).await?;
    let mould = Mould::new_in(&mut tx, new.form.clone(), new.place).await?;
    let planned_to = horizon(&tx, &mould).max(new.first_day);
    let made = |member: &Member| Series {
        id: tx.id(),
        member_id: member.id,
        place_id: mould.place.as_ref().map(|place| place.id),
        type_id: mould.type_id,
        shape: mould.shape.clone(),
        recurrence: new.recurrence.trim().to_owned(),
        first_day: new.first_day,
        last_day: new.last_day,
        planned_to,
        created_at: tx.now(),
    };
    let series: Vec<Series> = members.iter().map(made).collect();
    let falls = days(&new.recurrence, new.first_day, (new.first_day, planned_to))?.len();
    if falls * members.len() * mould.shape.spans.len() > MOST_SHIFTS {
        let message = format!("more than {MOST_SHIFTS} shifts at once: begin later");
        return Err(Error::invalid("from", message));
    }
    let mut shifts = Vec::new();
    for one in &series {
        let span = (one.first_day, planned_to);
        shifts.extend(shifts_of(&tx, one, &mould, &HashMap::new(), span)?);
    }
    let around = Around {
        members: &members,
        place: mould.place.as_ref(),
    };
    let looked = look_in(&mut tx, &shifts, &around, None).await?;
    if dry_run {
        // Dropped, the transaction never happened.
        return Ok((series, Roster { shifts, looked }));
    }
    if let Some(refusal) = looked.refusal() {
        return Err(refusal);
    }
    store::insert(&mut tx, &series).await?;
    keep_in(&mut tx, shifts.clone(), &members).await?;
    let detail = serde_json::json!({ "series": series.len(), "shifts": shifts.len() });
    tx.commit(Audit::of_many::<kinds::Series>().detail(detail))
        .await?;
    Ok((series, Roster { shifts, looked }))
}

/// The last day that is planned now, on the clocks of the place.
pub(super) fn horizon(tx: &Tx, mould: &Mould) -> NaiveDate {
    let today = local_date(tx.now(), mould.zone);
    today
        .checked_add_days(Days::new(HORIZON_DAYS))
        .unwrap_or(today)
}

/// The shifts of a series for the days of its rule between two.
pub(super) fn shifts_of(
    tx: &Tx,
    series: &Series,
    mould: &Mould,
    changes: &HashMap<NaiveDate, Change>,
    span: (NaiveDate, NaiveDate),
) -> Result<Vec<Shift>> {
    let mut shifts = Vec::new();
    for (day, on, shape) in series.occurrences(changes, span)? {
        let made = mould.shaped(shape);
        shifts.extend(made.shifts(tx, series.member_id, on, Some((series.id, day)))?);
    }
    Ok(shifts)
}

/// What stands in the way of some shifts of one person.
pub(super) async fn looked_in(
    tx: &mut Tx,
    shifts: &[Shift],
    member: &Member,
    mould: &Mould,
) -> Result<Looked> {
    let around = Around {
        members: std::slice::from_ref(member),
        place: mould.place.as_ref(),
    };
    look_in(tx, shifts, &around, None).await
}

/// The series of everybody within reach, the latest first, with where they depart from their rule.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    member: Option<MemberId>,
    page: &PageRequest,
) -> Result<Page<(Series, Vec<Change>)>> {
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    let found = store::list(&mut tx, member, page).await?;
    Ok(Page {
        rows: with_changes(&mut tx, found.rows).await?,
        has_next: found.has_next,
    })
}

/// Each with where it departs from its rule, in the order of the days.
async fn with_changes(tx: &mut Tx, found: Vec<Series>) -> Result<Vec<(Series, Vec<Change>)>> {
    let ids: Vec<SeriesId> = found.iter().map(|series| series.id).collect();
    let mut changes = store::changes(tx, &ids).await?;
    let with_changes = |series: Series| {
        let own = changes.remove(&series.id).unwrap_or_default();
        let mut own: Vec<Change> = own.into_values().collect();
        own.sort_by_key(|change| change.day);
        (series, own)
    };
    Ok(found.into_iter().map(with_changes).collect())
}

/// Those of the series that are there and within reach, with where they depart from their rule, in no order.
pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[SeriesId],
) -> Result<Vec<(Series, Vec<Change>)>> {
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    let found = store::find_many(&mut tx, ids).await?;
    with_changes(&mut tx, found).await
}

/// Where one series departs from its rule, in order: for whoever was shown the series.
pub async fn changes_of(app: &App, viewer: &Viewer, id: SeriesId) -> Result<Vec<Change>> {
    let mut tx = app.read(viewer, Action::ViewShifts).await?;
    let changes = store::changes(&mut tx, &[id]).await?;
    let own = changes.into_values().next().unwrap_or_default();
    let mut own: Vec<Change> = own.into_values().collect();
    own.sort_by_key(|change| change.day);
    Ok(own)
}
