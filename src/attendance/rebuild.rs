//! Works sessions out anew from the claims: after a late punch, a correction, another shift, another rule.

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, SessionId};
use crate::kernel::time::Instant;

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
}

/// Folds the member's claims from `since` on into sessions, judges those that changed by the rules of their time, and
/// writes sessions, versions, exceptions, days and sums. In the caller's transaction, under a lock on the member.
pub async fn member_in(_tx: &mut Tx, _what: Rebuild) -> Result<Rebuilt> {
    Ok(Rebuilt::default())
}
