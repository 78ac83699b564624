//! Decides: which exceptions open and clear, and who may say what about them.

use std::collections::{HashMap, HashSet};

pub use super::codes::model::CodeKind;
pub use super::codes::service::check_code_in;
pub use super::model::Filter;
use super::model::{Acknowledgement, Change, Entry, Exception, Found, Subject, Transition};
pub use super::store::Count;
use super::{reconcile, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, ExceptionEvent};
use crate::identity;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{ExceptionId, MemberId, SessionId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;

/// Makes the open exceptions of a subject what was found: opens what is new, clears what is gone, leaves what a person
/// acknowledged alone as long as it says the same. In the caller's transaction; one indexed read where nothing changes.
/// What it writes is staged, so a second call for the same subject in one transaction flushes first.
pub async fn reconcile_in(tx: &mut Tx, subject: &Subject, found: &[Found]) -> Result<()> {
    let standing = store::lock_standing(tx, &subject.key).await?;
    write(tx, subject, standing, found)
}

/// The same for a subject that did not exist before this transaction: nothing can stand, so nothing is read.
pub fn open_in(tx: &mut Tx, subject: &Subject, found: &[Found]) -> Result<()> {
    write(tx, subject, Vec::new(), found)
}

fn write(tx: &mut Tx, subject: &Subject, standing: Vec<Exception>, found: &[Found]) -> Result<()> {
    let now = tx.now();
    let transitions = {
        let new_id = || -> ExceptionId { tx.id() };
        reconcile::reconcile(subject, standing, found, now, new_id)
    };
    for transition in &transitions {
        stage(tx, transition)?;
    }
    Ok(())
}

/// Keeps a change with its row of history, and tells whoever follows the queue.
pub(super) fn stage(tx: &mut Tx, transition: &Transition) -> Result<()> {
    store::stage(tx, transition)?;
    let after = &transition.after;
    let about = ExceptionEvent {
        exception: after.id,
        what: Some(after.kind.name().to_owned()),
        member: after.subject.member,
        department: after.subject.department,
        place: after.subject.place,
    };
    tx.emit(&match transition.entry.change {
        Change::Opened => Event::ExceptionOpened(about),
        Change::Changed | Change::Assigned | Change::Reopened => Event::ExceptionChanged(about),
        Change::Acknowledged | Change::Fixed | Change::Cleared => Event::ExceptionClosed(about),
    })
}

/// One exception, if it is there and within reach.
pub async fn find_in(tx: &mut Tx, id: ExceptionId) -> Result<Option<Exception>> {
    Ok(store::list_by_ids(tx, &[id]).await?.pop())
}

/// Those of the sessions with something left to fix: their time is not confirmed.
pub async fn left_to_fix_in(tx: &mut Tx, sessions: &[SessionId]) -> Result<HashSet<SessionId>> {
    if sessions.is_empty() {
        return Ok(HashSet::new());
    }
    store::list_left_to_fix(tx, sessions).await
}

/// The queue, newest first: the viewer's own, those of the departments, or all.
pub async fn exceptions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Exception>> {
    check_range(filter)?;
    let mut tx = app.read(viewer, Action::ViewExceptions).await?;
    store::list(&mut tx, filter, page).await
}

/// How many there are of each kind, severity and state.
pub async fn counts(app: &App, viewer: &Viewer, filter: &Filter) -> Result<Vec<Count>> {
    check_range(filter)?;
    let mut tx = app.read(viewer, Action::ViewExceptions).await?;
    store::count(&mut tx, filter).await
}

pub(super) fn check_range(filter: &Filter) -> Result<()> {
    let backwards = filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from > to);
    if backwards {
        let message = "the last day is before the first";
        return Err(Error::invalid("filter.to", message));
    }
    Ok(())
}

/// One exception.
pub async fn exception(app: &App, viewer: &Viewer, id: ExceptionId) -> Result<Exception> {
    let found = by_ids(app, viewer, &[id]).await?.pop();
    found.ok_or_else(|| Error::not_found("exception"))
}

/// Those of the exceptions that are there and within reach, in no order.
pub async fn by_ids(app: &App, viewer: &Viewer, ids: &[ExceptionId]) -> Result<Vec<Exception>> {
    let mut tx = app.read(viewer, Action::ViewExceptions).await?;
    store::list_by_ids(&mut tx, ids).await
}

/// What was ever found about these sessions, in the order it was opened.
pub async fn of_sessions(
    app: &App,
    viewer: &Viewer,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, Vec<Exception>>> {
    let mut tx = app.read(viewer, Action::ViewExceptions).await?;
    let mut found: HashMap<SessionId, Vec<Exception>> = HashMap::new();
    for one in store::list_by_sessions(&mut tx, sessions).await? {
        if let Some(session) = one.subject.session {
            found.entry(session).or_default().push(one);
        }
    }
    Ok(found)
}

/// The histories of those of these exceptions that are within reach, oldest row first.
pub async fn histories(
    app: &App,
    viewer: &Viewer,
    ids: &[ExceptionId],
) -> Result<HashMap<ExceptionId, Vec<Entry>>> {
    let mut tx = app.read(viewer, Action::ViewExceptions).await?;
    let seen = store::list_by_ids(&mut tx, ids).await?;
    let seen: Vec<ExceptionId> = seen.into_iter().map(|one| one.id).collect();
    let mut found: HashMap<ExceptionId, Vec<Entry>> = HashMap::new();
    for entry in store::list_changes(&mut tx, &seen).await? {
        found.entry(entry.exception).or_default().push(entry);
    }
    Ok(found)
}

/// What a person does about exceptions.
#[derive(Debug, Clone)]
pub enum Act {
    Acknowledge(Acknowledgement),
    /// Nobody: back to everybody.
    Assign(Option<MemberId>),
    /// Why, if somebody says so.
    Reopen(Option<String>),
}

impl Act {
    /// Trims and bounds what was typed, and checks codes and people. Once, however many exceptions it is done to.
    pub(super) async fn checked(self, tx: &mut Tx) -> Result<Self> {
        match self {
            Self::Acknowledge(said) => Ok(Self::Acknowledge(checked(tx, said).await?)),
            Self::Assign(to) => {
                if let Some(member) = to {
                    check_assignee(tx, member)
                        .await
                        .map_err(|error| error.at("to"))?;
                }
                Ok(Self::Assign(to))
            }
            Self::Reopen(memo) => Ok(Self::Reopen(text::optional("memo", memo.as_deref(), 1000)?)),
        }
    }

    pub(super) fn to(&self, exception: Exception, tx: &Tx) -> Result<Transition> {
        let (by, now) = (tx.viewer().member(), tx.now());
        match self {
            Self::Acknowledge(said) => exception.acknowledge(said.clone(), by, now),
            Self::Assign(to) => exception.assign(*to, by, now),
            Self::Reopen(memo) => exception.reopen(memo.as_deref(), by, now),
        }
    }

    /// `ACKNOWLEDGE`: in the audit log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge(_) => "ACKNOWLEDGE",
            Self::Assign(_) => "ASSIGN",
            Self::Reopen(_) => "REOPEN",
        }
    }
}

async fn checked(tx: &mut Tx, said: Acknowledgement) -> Result<Acknowledgement> {
    let memo = text::optional("memo", said.memo.as_deref(), 1000)?;
    for (kind, code) in [
        (CodeKind::Reason, &said.reason_code),
        (CodeKind::Resolution, &said.resolution_code),
    ] {
        check_code_in(tx, kind, code, memo.as_deref()).await?;
    }
    Ok(Acknowledgement { memo, ..said })
}

/// Whoever gets work can do it.
async fn check_assignee(tx: &mut Tx, member: MemberId) -> Result<()> {
    let member = identity::service::member_in(tx, member).await?;
    let may = policy::grant(member.role, Action::ResolveExceptions).is_some();
    if may && member.is_active() {
        return Ok(());
    }
    let message = "this member is not one who resolves exceptions";
    Err(Error::invalid("to", message))
}

/// Acknowledges, assigns or reopens one exception.
pub async fn act(app: &App, viewer: &Viewer, id: ExceptionId, act: Act) -> Result<Exception> {
    let mut tx = app.begin(viewer, Action::ResolveExceptions).await?;
    let exception = store::lock(&mut tx, id).await?;
    let act = act.checked(&mut tx).await?;
    let transition = act.to(exception, &tx)?;
    stage(&mut tx, &transition)?;
    let detail = serde_json::json!({
        "act": act.name(), "kind": transition.after.kind.name(), "number": transition.entry.number,
    });
    tx.commit(Audit::of(id).detail(detail)).await?;
    Ok(transition.after)
}
