//! Decides: which exceptions open and clear.

use std::collections::HashSet;

pub use super::codes::model::CodeKind;
pub use super::codes::service::check_code_in;
use super::model::{Change, Found, Subject, Transition};
use super::{reconcile, store};
use crate::db::tx::Tx;
use crate::events::event::{Event, ExceptionEvent};
use crate::kernel::error::Result;
use crate::kernel::id::{ExceptionId, SessionId};

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

fn write(
    tx: &mut Tx,
    subject: &Subject,
    standing: Vec<super::model::Exception>,
    found: &[Found],
) -> Result<()> {
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

/// Those of the sessions with something left to fix: their time is not confirmed.
pub async fn left_to_fix_in(tx: &mut Tx, sessions: &[SessionId]) -> Result<HashSet<SessionId>> {
    if sessions.is_empty() {
        return Ok(HashSet::new());
    }
    store::list_left_to_fix(tx, sessions).await
}
