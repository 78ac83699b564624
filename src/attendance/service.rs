//! Decides: the whole story of each thing that can happen to a work session.

use std::collections::HashMap;

pub use super::clocking::{ClockIn, ClockOut, clock_in, clock_out};
use super::model::{Note, Punch, WorkSession};
use super::rebuild::about;
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::kernel;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::SessionId;
use crate::kernel::page::{Page, PageRequest};

/// The most open sessions the board of an organization shows.
pub const LONGEST_BOARD: i64 = 1_000;

/// Writes down something about a session. The same key and input write it once, however often they come.
pub async fn add_note(
    app: &App,
    viewer: &Viewer,
    key: &str,
    session: SessionId,
    body: &str,
) -> Result<WorkSession> {
    let body = kernel::text::required("body", body, 2_000)?;
    let key = Key::new(key, "ADD_SESSION_NOTE", &(session, &body))?;
    loop {
        match try_add_note(app, viewer, &key, session, &body).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_add_note(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    session: SessionId,
    body: &str,
) -> Result<WorkSession> {
    let author_id = viewer.person()?;
    let mut tx = app.begin(viewer, Action::AddSessionNote).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        return replay(tx, id).await;
    }
    let session = store::get(&mut tx, session).await?;
    let note = Note {
        id: tx.id(),
        session_id: session.id,
        author_id,
        body: body.to_owned(),
        created_at: tx.now(),
    };
    idempotency::stage(&mut tx, key, session.id)?;
    store::stage_note(&mut tx, &note)?;
    tx.emit(&Event::SessionNoted(about(&session, note.created_at)))?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

pub async fn session(app: &App, viewer: &Viewer, id: SessionId) -> Result<WorkSession> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::get(&mut tx, id).await
}

pub async fn sessions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<WorkSession>> {
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from > to
    {
        return Err(Error::invalid("from", "the first day comes after the last"));
    }
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list(&mut tx, filter, page).await
}

/// The viewer's open session.
pub async fn my_active_session(app: &App, viewer: &Viewer) -> Result<Option<WorkSession>> {
    let member = viewer.person()?;
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::find_open(&mut tx, member).await
}

/// Everybody at work now whom the viewer may see, newest first.
pub async fn active_sessions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
) -> Result<Vec<WorkSession>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list_open(&mut tx, filter, LONGEST_BOARD).await
}

pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<Vec<WorkSession>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list_by_ids(&mut tx, ids).await
}

/// Punches by session, oldest first. For sessions the caller was shown: ids come from resolved sessions only.
pub(super) async fn punches_of(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Punch>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    Ok(grouped(store::list_punches(&mut tx, ids).await?, |punch| {
        punch.session_id
    }))
}

pub(super) async fn notes_of(
    app: &App,
    viewer: &Viewer,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Note>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    Ok(grouped(store::list_notes(&mut tx, ids).await?, |note| {
        Some(note.session_id)
    }))
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> Option<SessionId>) -> HashMap<SessionId, Vec<T>> {
    let mut groups: HashMap<SessionId, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(session) = key(&row) {
            groups.entry(session).or_default().push(row);
        }
    }
    groups
}

/// The first answer again.
pub(super) async fn replay(mut tx: Tx, id: SessionId) -> Result<WorkSession> {
    let session = store::get(&mut tx, id).await?;
    tx.settle().await?;
    Ok(session)
}

pub(super) fn not_clocked_in() -> Error {
    Error::refused(Code::NotClockedIn, "you are not clocked in")
}
