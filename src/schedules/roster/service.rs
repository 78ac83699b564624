//! Decides: who works when, for many people and days at once: all of it or nothing.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::looking::{Around, Looked, keep_in, look_in};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::identity;
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, PlaceId, SeriesId, ShiftTypeId, kinds};
use crate::places::model::Place;
use crate::schedules::model::{Made, Shift, ShiftKind};
use crate::schedules::types::model::Shape;
use crate::schedules::types::service as types;
use crate::schedules::{service, store};

/// So many shifts are planned in one call.
pub const MOST_SHIFTS: usize = 5_000;
const MOST_MEMBERS: usize = 1_000;
const MOST_DATES: usize = 366;

/// The shape of shifts: a type's, or one of their own.
#[derive(Debug, Clone)]
pub enum Form {
    Type(ShiftTypeId),
    Own(Shape),
}

/// Shifts for each of these people on each of these days.
#[derive(Debug, Clone)]
pub struct NewRoster {
    pub members: Vec<MemberId>,
    pub dates: Vec<NaiveDate>,
    pub place: Option<PlaceId>,
    pub form: Form,
    /// Only say what stands in the way.
    pub dry_run: bool,
}

/// Shifts, and what was found about them.
#[derive(Debug, Clone)]
pub struct Roster {
    pub shifts: Vec<Shift>,
    pub looked: Looked,
}

/// What shifts are made of, besides a person and a day.
#[derive(Clone)]
pub struct Mould {
    pub shape: Shape,
    pub type_id: Option<ShiftTypeId>,
    pub place: Option<Place>,
    pub zone: Tz,
}

impl Mould {
    /// Looks up what is named.
    pub async fn new_in(tx: &mut Tx, form: Form, place: Option<PlaceId>) -> Result<Self> {
        let (shape, type_id) = match form {
            Form::Own(shape) => (shape.checked()?, None),
            Form::Type(id) => {
                let kind = types::in_use_in(tx, id).await;
                let kind = kind.map_err(|error| error.at("type"))?;
                (kind.shape, Some(id))
            }
        };
        let place = service::place_in(tx, place).await?;
        let zone = service::zone_in(tx, place.as_ref()).await?;
        Ok(Self {
            shape,
            type_id,
            place,
            zone,
        })
    }

    /// With what a series keeps. A place that was taken out of use since is nowhere in particular.
    pub async fn of_in(
        tx: &mut Tx,
        shape: &Shape,
        type_id: Option<ShiftTypeId>,
        place: Option<PlaceId>,
    ) -> Result<Self> {
        let place = match service::place_in(tx, place).await {
            Err(error) if error.code == Code::NotFound => None,
            found => found?,
        };
        let zone = service::zone_in(tx, place.as_ref()).await?;
        Ok(Self {
            shape: shape.clone(),
            type_id,
            place,
            zone,
        })
    }

    /// The same with another shape.
    #[must_use]
    pub fn shaped(&self, shape: &Shape) -> Self {
        Self {
            shape: shape.clone(),
            ..self.clone()
        }
    }

    /// The shifts of one person on one day: one for each span.
    pub fn shifts(
        &self,
        tx: &Tx,
        member: MemberId,
        date: NaiveDate,
        series: Option<(SeriesId, NaiveDate)>,
    ) -> Result<Vec<Shift>> {
        let shift = |(starts_at, ends_at)| Shift {
            id: tx.id(),
            member_id: member,
            place_id: self.place.as_ref().map(|place| place.id),
            kind: ShiftKind::Work,
            work_date: date,
            starts_at,
            ends_at,
            break_minutes: self.shape.break_minutes,
            external_ref: None,
            created_at: tx.now(),
            cancelled_at: None,
            made: Made {
                form: self.shape.form.clone(),
                type_id: self.type_id,
                series,
                leave_id: None,
            },
        };
        let spans = self.shape.on(date, self.zone)?;
        Ok(spans.into_iter().map(shift).collect())
    }
}

/// Plans shifts for each of some people on each of some days. Refused with every clash, or with what the rules refuse.
pub async fn plan(app: &App, viewer: &Viewer, mut new: NewRoster) -> Result<Roster> {
    new.dates.sort_unstable();
    new.dates.dedup();
    bounded("dates", new.dates.len(), MOST_DATES)?;
    let mut tx = app.begin(viewer, Action::PlanShifts).await?;
    let members = members_in(&mut tx, new.members).await?;
    let mould = Mould::new_in(&mut tx, new.form, new.place).await?;
    let count = members.len() * new.dates.len() * mould.shape.spans.len();
    bounded("members", count, MOST_SHIFTS)?;
    let mut shifts = Vec::with_capacity(count);
    for member in &members {
        for date in &new.dates {
            let made = mould.shifts(&tx, member.id, *date, None);
            shifts.extend(made.map_err(|error| error.at("dates"))?);
        }
    }
    let around = Around {
        members: &members,
        place: mould.place.as_ref(),
    };
    let looked = look_in(&mut tx, &shifts, &around, None).await?;
    if new.dry_run {
        // Dropped, the transaction never happened.
        return Ok(Roster { shifts, looked });
    }
    if let Some(refusal) = looked.refusal() {
        return Err(refusal);
    }
    keep_in(&mut tx, shifts.clone(), &members).await?;
    let detail = serde_json::json!({ "shifts": shifts.len(), "members": members.len() });
    tx.commit(Audit::of_many::<kinds::Shift>().detail(detail))
        .await?;
    Ok(Roster { shifts, looked })
}

/// The members of a list, each once, within reach and still here; held until the end.
pub async fn members_in(tx: &mut Tx, mut ids: Vec<MemberId>) -> Result<Vec<Member>> {
    ids.sort_unstable();
    ids.dedup();
    bounded("members", ids.len(), MOST_MEMBERS)?;
    store::lock_members(tx, &ids)
        .await
        .map_err(|error| error.at("members"))?;
    let members = identity::service::members_in(tx, &ids).await?;
    if members.len() < ids.len() {
        return Err(Error::not_found("member").at("members"));
    }
    if let Some(left) = members.iter().find(|member| !member.is_active()) {
        let message = format!("{} has been deactivated", left.id);
        return Err(Error::invalid("members", message));
    }
    Ok(members)
}

fn bounded(field: &str, count: usize, most: usize) -> Result<()> {
    if count == 0 {
        return Err(Error::invalid(field, "this may not be empty"));
    }
    if count > most {
        let message = format!("{count} at once; {most} are allowed");
        return Err(Error::invalid(field, message));
    }
    Ok(())
}
