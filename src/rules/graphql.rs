//! Speaks.

use async_graphql::Object;

/// What can be asked of the rules slice.
#[derive(Default)]
pub struct RulesQuery;

#[Object]
impl RulesQuery {
    /// Stub.
    async fn rules_stub(&self) -> bool {
        true
    }
}
