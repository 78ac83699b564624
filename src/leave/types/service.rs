//! Decides: which types of leave there are.

use super::model::{Counts, LeaveType, Pay, shipped};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{LeaveTypeId, kinds};
use crate::kernel::text;
use crate::schedules::holidays::model::Country;

/// A type as somebody describes it.
#[derive(Debug, Clone)]
pub struct Described {
    pub name: String,
    pub pay: Pay,
    pub counts: Counts,
    pub half_days_allowed: bool,
    pub needs_balance: bool,
    pub yearly_half_days: Option<i32>,
}

impl Described {
    fn checked(mut self) -> Result<Self> {
        self.name = text::required("name", &self.name, 80)?;
        let usual = self.yearly_half_days.unwrap_or(0);
        if !(0..=732).contains(&usual) {
            let message = "a year has no more than 366 days, 732 half days";
            return Err(Error::invalid("yearlyHalfDays", message));
        }
        Ok(self)
    }

    fn becomes(self, kind: &LeaveType) -> LeaveType {
        LeaveType {
            name: self.name,
            pay: self.pay,
            counts: self.counts,
            half_days_allowed: self.half_days_allowed,
            needs_balance: self.needs_balance,
            yearly_half_days: self.yearly_half_days,
            ..*kind
        }
    }
}

fn blank(tx: &Tx) -> LeaveType {
    LeaveType {
        id: tx.id(),
        name: String::new(),
        pay: Pay::Full,
        counts: Counts::WorkingDays,
        half_days_allowed: false,
        needs_balance: false,
        yearly_half_days: None,
        country: None,
        created_at: tx.now(),
        archived_at: None,
    }
}

/// Definitions only: no day changes its meaning.
const DEFINED: Event = Event::CalendarChanged {
    from: None,
    to: None,
};

pub async fn add(app: &App, viewer: &Viewer, new: Described) -> Result<LeaveType> {
    let new = new.checked()?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let kind = new.becomes(&blank(&tx));
    store::insert(&mut tx, &kind).await?;
    tx.emit(&DEFINED)?;
    tx.commit(Audit::of(kind.id)).await?;
    Ok(kind)
}

/// Describes a type anew, from now on: what was requested and taken stays as it was counted.
pub async fn change(
    app: &App,
    viewer: &Viewer,
    id: LeaveTypeId,
    new: Described,
    in_use: bool,
) -> Result<LeaveType> {
    let new = new.checked()?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let mut kind = new.becomes(&store::find(&mut tx, id).await?);
    kind.archived_at = if in_use {
        None
    } else {
        kind.archived_at.or(Some(tx.now()))
    };
    store::update(&mut tx, &kind).await?;
    tx.emit(&DEFINED)?;
    tx.commit(Audit::of(id)).await?;
    Ok(kind)
}

/// Adds what ships for a country. Those whose name is there already stay as they are. Answers all types.
pub async fn adopt(app: &App, viewer: &Viewer, country: Country) -> Result<Vec<LeaveType>> {
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let new: Vec<LeaveType> = shipped(country)
        .iter()
        .map(|kind| LeaveType {
            id: tx.id(),
            name: kind.name.to_owned(),
            pay: kind.pay,
            counts: kind.counts,
            half_days_allowed: kind.half_days_allowed,
            needs_balance: kind.needs_balance,
            yearly_half_days: kind.yearly_half_days,
            country: Some(country),
            created_at: tx.now(),
            archived_at: None,
        })
        .collect();
    let added = store::insert_new(&mut tx, &new).await?;
    let all = store::list(&mut tx).await?;
    if added == 0 {
        tx.settle().await?;
        return Ok(all);
    }
    tx.emit(&DEFINED)?;
    let detail = serde_json::json!({ "country": country.name(), "added": added });
    tx.commit(Audit::of_many::<kinds::LeaveType>().detail(detail))
        .await?;
    Ok(all)
}

/// The type that another system's leave is of: one of this name, with or without the word "leave", whatever the case; one
/// out of use too, since it may have been in use then. Added if there is none: taken by the day or half day, without a
/// balance, since nobody said what is granted.
pub async fn by_name_in(tx: &mut Tx, name: &str, pay: Pay) -> Result<(LeaveType, bool)> {
    let name = text::required("leave type", name, 60)?;
    let full = format!("{name} leave");
    let is_it = |kind: &LeaveType| {
        let known = kind.name.to_lowercase();
        known == name.to_lowercase() || known == full.to_lowercase()
    };
    if let Some(kind) = store::list(tx).await?.into_iter().find(is_it) {
        return Ok((kind, false));
    }
    let mut letters = full.chars();
    let first = letters.next().map(char::to_uppercase);
    let kind = LeaveType {
        name: first.into_iter().flatten().chain(letters).collect(),
        pay,
        half_days_allowed: true,
        ..blank(tx)
    };
    store::insert(tx, &kind).await?;
    tx.emit(&DEFINED)?;
    Ok((kind, true))
}

/// All types by name, those out of use too.
pub async fn all(app: &App, viewer: &Viewer) -> Result<Vec<LeaveType>> {
    store::list(&mut app.read(viewer, Action::ViewLeave).await?).await
}
