//! Remembers.

use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::DepartmentId;

/// A department and everything below it.
pub(crate) async fn departments_below(_tx: &mut Tx, root: DepartmentId) -> Result<Vec<DepartmentId>> {
    Ok(vec![root])
}
