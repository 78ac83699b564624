//! From the dispatcher to this node's subscribers, in memory. The log in the database stays the truth: a subscriber
//! that falls behind reads it again from there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, broadcast};

use super::event::Numbered;
use crate::kernel::id::OrgId;

/// How many events a subscriber may be behind before it has lagged. The ring is shared, so a slow reader costs
/// nothing but its own place.
const RING: usize = 1024;

/// One ring per organization with subscribers.
#[derive(Default)]
pub struct Bus {
    rings: Mutex<HashMap<OrgId, broadcast::Sender<Arc<Numbered>>>>,
    work: Notify,
    /// When the dispatcher last finished a round, by the machine's monotonic clock: a sign of life, not a time of day.
    beat: Mutex<Option<Instant>>,
}

impl Bus {
    /// Tells the dispatcher that something was committed.
    pub fn wake(&self) {
        self.work.notify_one();
    }

    pub(super) async fn work(&self) {
        self.work.notified().await;
    }

    pub(super) fn beat(&self) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago the dispatcher of this node last finished a round; `None` before its first.
    pub fn silence(&self) -> Option<Duration> {
        self.beat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map(|at| at.elapsed())
    }

    pub(crate) fn subscribe(&self, org: OrgId) -> broadcast::Receiver<Arc<Numbered>> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings
            .entry(org)
            .or_insert_with(|| broadcast::channel(RING).0)
            .subscribe()
    }

    pub(super) fn publish(&self, event: Numbered) {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let org = event.org;
        let Some(ring) = rings.get(&org) else { return };
        if ring.send(Arc::new(event)).is_err() {
            // Nobody listens any more.
            rings.remove(&org);
        }
    }
}
