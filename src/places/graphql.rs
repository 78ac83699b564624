//! Speaks.

use async_graphql::Object;

/// What can be asked of the places slice.
#[derive(Default)]
pub struct PlacesQuery;

#[Object]
impl PlacesQuery {
    /// Stub.
    async fn places_stub(&self) -> bool {
        true
    }
}

/// What can be done in the places slice.
#[derive(Default)]
pub struct PlacesMutation;

#[Object]
impl PlacesMutation {
    /// Stub.
    async fn places_stub(&self) -> bool {
        true
    }
}
