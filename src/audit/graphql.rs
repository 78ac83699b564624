//! Speaks.

use async_graphql::Object;

/// What can be asked of the audit slice.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Stub.
    async fn audit_stub(&self) -> bool {
        true
    }
}
