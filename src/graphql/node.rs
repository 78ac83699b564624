//! Anything with an id, by its id.

use async_graphql::Object;

/// `node` and `nodes`.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Stub.
    async fn node_stub(&self) -> bool {
        true
    }
}
