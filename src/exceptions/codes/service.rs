//! Decides: which codes may be given, and which an organization has.

use super::model::{CodeKind, ReasonCode, check};
use super::profiles::{self, Profile};
use super::store;
use crate::db::tx::Tx;
use crate::kernel::error::Result;

/// Whether a code may be given with this memo: `REASON_UNKNOWN` and `MEMO_REQUIRED` if not. Every organization has the
/// codes that ship with zamu ([`Profile::Zamu`]: `OTHER` needs a memo, `FORGOT_TO_CLOCK_OUT` does not) and what it
/// adopted or saved itself. In the caller's transaction.
pub async fn check_code_in(
    tx: &mut Tx,
    kind: CodeKind,
    code: &str,
    memo: Option<&str>,
) -> Result<()> {
    let found = find_in(tx, kind, code).await?;
    check(kind, found.as_ref(), memo)
}

/// The organization's own row of a code, or what ships.
pub(super) async fn find_in(tx: &mut Tx, kind: CodeKind, code: &str) -> Result<Option<ReasonCode>> {
    if let Some(own) = store::find(tx, kind, code).await? {
        return Ok(Some(own));
    }
    let mut built_in = profiles::codes(Profile::Zamu).into_iter();
    Ok(built_in.find(|one| one.kind == kind && one.code == code))
}
