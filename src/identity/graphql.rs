//! Speaks.

use async_graphql::Object;

/// What can be asked of the identity slice.
#[derive(Default)]
pub struct IdentityQuery;

#[Object]
impl IdentityQuery {
    /// Stub.
    async fn identity_stub(&self) -> bool {
        true
    }
}

/// What can be done in the identity slice.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityMutation {
    /// Stub.
    async fn identity_stub(&self) -> bool {
        true
    }
}
