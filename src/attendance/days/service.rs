//! Decides: the status of a day, and what it adds to the sums.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::MemberId;

/// Works out the days of a member from the sessions as they are staged and stored, with shifts, leave and holidays, and
/// moves the sums by the difference. Whoever changes a session calls this last, in the same transaction.
pub async fn settle_in(_tx: &mut Tx, _member: MemberId, _days: &BTreeSet<NaiveDate>) -> Result<()> {
    Ok(())
}

/// A settled day in two words.
#[derive(Debug, Clone)]
pub struct Settled {
    pub member: MemberId,
    pub date: NaiveDate,
    pub status: Option<String>,
    pub planned: i64,
}

/// What the days of members count as, and what was planned for them, whoever asks.
pub async fn of_members_in(
    _tx: &mut Tx,
    _members: &[MemberId],
    _range: (NaiveDate, NaiveDate),
) -> Result<Vec<Settled>> {
    Ok(Vec::new())
}
