//! Speaks.

use async_graphql::Object;

/// What can be asked of the schedules slice.
#[derive(Default)]
pub struct SchedulesQuery;

#[Object]
impl SchedulesQuery {
    /// Stub.
    async fn schedules_stub(&self) -> bool {
        true
    }
}

/// What can be done in the schedules slice.
#[derive(Default)]
pub struct SchedulesMutation;

#[Object]
impl SchedulesMutation {
    /// Stub.
    async fn schedules_stub(&self) -> bool {
        true
    }
}
