//! Works sessions out anew from the claims: after a late punch, a correction, another shift, another rule.
//!
//! `past` loads what is known, the fold pairs the claims, `naming` gives each session the id it had, `judging` asks the
//! rules where something changed, and `writing` keeps it with what was there before.

mod judging;
mod naming;
mod past;
mod writing;

use super::fold::{self, Folded};
use super::model::{Source, Status};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, SessionId};
use crate::kernel::time::Instant;
use crate::schedules;
use past::Past;
pub use writing::about;

/// An open session of a file is taken to have ended, unknown when, after so long.
const STALE: chrono::TimeDelta = fold::UNBELIEVABLE;

/// What is to be worked out anew.
#[derive(Debug, Clone, Copy)]
pub struct Rebuild {
    pub member: MemberId,
    /// The earliest moment anything changed; what lies before it stays as it is.
    pub since: Instant,
    /// Whether sessions whose claims did not change are judged again too: after another shift, leave, holiday or rule.
    pub judge_again: bool,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// The sessions that are not what they were, the void ones too.
    pub changed: Vec<SessionId>,
    /// Those of them that were not there before.
    pub created: Vec<SessionId>,
}

/// Folds the member's claims from `since` on into sessions, judges those that changed by the rules of their time, and
/// writes sessions, versions, exceptions, days and sums. In the caller's transaction, under a lock on the member.
pub async fn member_in(tx: &mut Tx, what: Rebuild) -> Result<Rebuilt> {
    tx.flush_staged().await?;
    schedules::service::lock_member_in(tx, what.member).await?;
    let past = Past::load(tx, what).await?;
    let mut folded = fold::fold(&past.taps(), |at| past.shift_at(at).map(|shift| shift.id));
    end_stale(&past, &mut folded, tx.now());
    let ids = naming::name(tx, &past, &folded);
    let outcomes = judging::judge_in(tx, what, &past, &folded, &ids).await?;
    writing::write_in(tx, what, &past, &folded, &ids, outcomes).await
}

/// Files tell of the past: nobody is at work since last year.
fn end_stale(past: &Past, folded: &mut Folded, now: Instant) {
    let Some(last) = folded.sessions.last_mut() else {
        return;
    };
    let of_a_file = past
        .claim(last.opens)
        .is_some_and(|claim| matches!(claim.punch.source, Source::Import | Source::Terminal));
    if last.status == Status::Active && of_a_file && now - last.from > STALE {
        last.status = Status::Disconnected;
    }
}
