//! Speaks.

use async_graphql::Object;

/// What can be asked of the attendance slice.
#[derive(Default)]
pub struct AttendanceQuery;

#[Object]
impl AttendanceQuery {
    /// Stub.
    async fn attendance_stub(&self) -> bool {
        true
    }
}

/// What can be done in the attendance slice.
#[derive(Default)]
pub struct AttendanceMutation;

#[Object]
impl AttendanceMutation {
    /// Stub.
    async fn attendance_stub(&self) -> bool {
        true
    }
}
