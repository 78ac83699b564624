//! Live.

use async_graphql::Subscription;
use futures_util::Stream;

/// What can be listened to.
#[derive(Default)]
pub struct AttendanceSubscription;

#[Subscription]
impl AttendanceSubscription {
    /// Stub.
    async fn stub(&self) -> impl Stream<Item = bool> {
        futures_util::stream::empty()
    }
}
