//! Hears a punch: whose it is, when it happened, and whether it comes after everything known of the member. One that does
//! not is put among the claims.

use crate::attendance::fold::{self, Again};
use crate::attendance::model::{Direction, Punch, PunchTime, Status, WorkSession};
use crate::attendance::punch::OLDEST_PUNCH;
use crate::attendance::rebuild::{self, Rebuild};
use crate::attendance::service::not_clocked_in;
use crate::attendance::{store, versions};
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, SessionId, ShiftId};
use crate::kernel::time::Instant;
use crate::schedules;

/// Two people tapping at once are told apart by the order in which they were heard.
const TICK: chrono::TimeDelta = chrono::TimeDelta::microseconds(1);
/// How far ahead of ours a claim may lie and still be followed by one of now.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::minutes(2);
/// Layers above claims reach no further back than a night and the session before it.
const EDITS: chrono::TimeDelta = chrono::TimeDelta::hours(48);

/// A punch heard now, or its answer if it was heard before.
pub(in crate::attendance) enum Heard {
    Before(SessionId),
    Now(Box<Hearing>),
}

/// Whose punch it is, when it happened, and what there was before.
pub(in crate::attendance) struct Hearing {
    pub member: MemberId,
    pub time: PunchTime,
    pub newest: Option<WorkSession>,
    /// Whether it lies after everything known of the member: then what stands says whether it is in turn.
    pub is_now: bool,
    /// Whether nothing else has to be worked out anew either.
    pub is_last: bool,
}

impl Hearing {
    pub(in crate::attendance) fn open(&self) -> Option<&WorkSession> {
        self.newest
            .as_ref()
            .filter(|newest| newest.status == Status::Active)
    }

    /// Refuses a clock-in of now where the member is at work already. One that tells of another beginning is none.
    pub(super) fn check_that_out(&self, punch: &Punch, shift: Option<ShiftId>) -> Result<()> {
        let Some(open) = self.open().filter(|_| self.is_now) else {
            return Ok(());
        };
        let (was, is) = (
            (open.clocked_in_at, open.shift_id),
            (punch.time.occurred_at, shift),
        );
        if fold::come_again(was, is, punch.source) == Again::Disconnects {
            return Ok(());
        }
        let message = "you are already clocked in";
        Err(Error::refused(Code::AlreadyClockedIn, message))
    }

    /// Whether the timetable closed the session not long ago: a real end replaces that one.
    pub(super) fn was_closed_for_them(&self) -> bool {
        let closed = self
            .newest
            .as_ref()
            .filter(|newest| newest.status == Status::AutoClosed);
        closed
            .is_some_and(|closed| self.time.occurred_at - closed.clocked_in_at <= fold::RECOVERABLE)
    }
}

/// Locks the member first: from here on nobody else changes what is known of them.
pub(in crate::attendance) async fn hear(
    tx: &mut Tx,
    key: &Key,
    captured_at: Option<Instant>,
) -> Result<Heard> {
    let member = tx.viewer().person()?;
    let mut time = PunchTime::judge(captured_at, tx.now(), OLDEST_PUNCH)?;
    schedules::service::lock_member_in(tx, member).await?;
    if let Some(id) = idempotency::find_in(tx, key).await? {
        return Ok(Heard::Before(id));
    }
    let newest = store::find_newest(tx, member).await?;
    let claimed = store::newest_claim(tx, member).await?;
    let last = newest.as_ref().map(last_moment).max(claimed);
    if let Some(last) = last.filter(|last| {
        captured_at.is_none() && time.occurred_at <= *last && *last - time.occurred_at <= AHEAD
    }) {
        time.occurred_at = last + TICK;
    }
    let since = newest.as_ref().map(|newest| newest.clocked_in_at - EDITS);
    let edited = match since {
        Some(since) => versions::edited_since(tx, member, since).await?,
        None => false,
    };
    let is_now = last.is_none_or(|last| last < time.occurred_at);
    Ok(Heard::Now(Box::new(Hearing {
        member,
        time,
        newest,
        is_now,
        is_last: is_now && !edited,
    })))
}

fn last_moment(session: &WorkSession) -> Instant {
    let breaks = session
        .breaks
        .iter()
        .flat_map(|pause| [Some(pause.starts_at), pause.ends_at]);
    let moments = breaks.chain([session.clocked_out_at]).flatten();
    moments
        .max()
        .unwrap_or(session.clocked_in_at)
        .max(session.clocked_in_at)
}

/// Puts a punch among the claims, works the sessions out anew, and answers the one it belongs to. It is kept whatever the
/// rules say: they leave a flag.
pub(in crate::attendance) async fn put_among(
    mut tx: Tx,
    key: &Key,
    punch: Punch,
) -> Result<WorkSession> {
    let (id, direction) = (punch.id, punch.direction);
    let since = punch.time.occurred_at;
    let member = punch.member_id;
    store::stage_punches(&mut tx, &[punch])?;
    let what = Rebuild {
        member,
        since,
        judge_again: false,
    };
    rebuild::member_in(&mut tx, what).await?;
    let session = store::list_punches_by_id(&mut tx, &[id])
        .await?
        .pop()
        .and_then(|punch| punch.session_id);
    let Some(session) = session else {
        return Err(homeless(
            direction,
            store::find_newest(&mut tx, member).await?.as_ref(),
            since,
        ));
    };
    idempotency::stage(&mut tx, key, session)?;
    let session = store::get(&mut tx, session).await?;
    tx.commit(Audit::of(session.id)).await?;
    Ok(session)
}

fn homeless(direction: Direction, newest: Option<&WorkSession>, at: Instant) -> Error {
    if direction == Direction::Out && newest.is_some_and(|newest| at < newest.clocked_in_at) {
        let message = "the clock-out lies before the clock-in";
        return Error::refused(Code::ClockedOutBeforeIn, message).at("capturedAt");
    }
    not_clocked_in()
}
