//! Speaks.

use async_graphql::Object;

/// What can be asked of the orgs slice.
#[derive(Default)]
pub struct OrgsQuery;

#[Object]
impl OrgsQuery {
    /// Stub.
    async fn orgs_stub(&self) -> bool {
        true
    }
}

/// What can be done in the orgs slice.
#[derive(Default)]
pub struct OrgsMutation;

#[Object]
impl OrgsMutation {
    /// Stub.
    async fn orgs_stub(&self) -> bool {
        true
    }
}
