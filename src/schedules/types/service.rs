//! Decides: which shift types there are.

use super::model::{Shape, ShiftType};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ShiftTypeId;
use crate::kernel::text;

/// Definitions only: what is planned keeps its shape.
const DEFINED: Event = Event::CalendarChanged {
    from: None,
    to: None,
};

pub async fn add(app: &App, viewer: &Viewer, name: &str, shape: Shape) -> Result<ShiftType> {
    let name = text::required("name", name, 80)?;
    let shape = shape.checked()?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let kind = ShiftType {
        id: tx.id(),
        name,
        shape,
        created_at: tx.now(),
        archived_at: None,
    };
    store::insert(&mut tx, &kind).await?;
    tx.emit(&DEFINED)?;
    tx.commit(Audit::of(kind.id)).await?;
    Ok(kind)
}

/// Describes a type anew: for what is planned from now on.
pub async fn change(
    app: &App,
    viewer: &Viewer,
    id: ShiftTypeId,
    (name, shape): (&str, Shape),
    in_use: bool,
) -> Result<ShiftType> {
    let name = text::required("name", name, 80)?;
    let shape = shape.checked()?;
    let mut tx = app.begin(viewer, Action::ManageCalendar).await?;
    let before = store::find(&mut tx, id).await?;
    let archived_at = before.archived_at.or(Some(tx.now()));
    let kind = ShiftType {
        name,
        shape,
        archived_at: archived_at.filter(|_| !in_use),
        ..before
    };
    store::update(&mut tx, &kind).await?;
    tx.emit(&DEFINED)?;
    tx.commit(Audit::of(id)).await?;
    Ok(kind)
}

/// All types by name, those out of use too.
pub async fn all(app: &App, viewer: &Viewer) -> Result<Vec<ShiftType>> {
    store::list(&mut app.read(viewer, Action::ViewShifts).await?).await
}

/// A type in use.
pub(in crate::schedules) async fn in_use_in(tx: &mut Tx, id: ShiftTypeId) -> Result<ShiftType> {
    let kind = store::find(tx, id).await?;
    if kind.archived_at.is_some() {
        return Err(Error::not_found("shift type"));
    }
    Ok(kind)
}
