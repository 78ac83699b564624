//! How many checks run at once: one organization's typing costs no other organization its clock-ins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::kernel::error::{Error, Result};
use crate::kernel::id::OrgId;

/// Checks of one organization that run at once.
const AT_ONCE: usize = 2;
/// Checks of one organization that run or wait: an editor asks again with the next letter anyway.
const IN_LINE: usize = 16;
/// When to ask again.
const RETRY_SECONDS: i64 = 1;

/// The turns of this node's organizations.
pub struct Turns {
    lines: Mutex<HashMap<OrgId, Line>>,
    /// All organizations together take no more than half of the machine.
    machine: Arc<Semaphore>,
}

#[derive(Clone)]
struct Line {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(IN_LINE)),
            running: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            lines: Mutex::default(),
            machine: Arc::new(Semaphore::new(cores.div_ceil(2))),
        }
    }
}

/// Held while a check runs.
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
    _machine: OwnedSemaphorePermit,
}

impl Turns {
    /// Waits for a turn, or refuses where too many wait already.
    pub async fn take(&self, org: OrgId) -> Result<Turn> {
        let line = self.line(org);
        let place = line.places.try_acquire_owned().map_err(|_full| {
            let message = "too many checks of your organization wait already";
            Error::try_again(message, RETRY_SECONDS)
        })?;
        Ok(Turn {
            _place: place,
            _running: acquire(line.running).await?,
            _machine: acquire(Arc::clone(&self.machine)).await?,
        })
    }

    fn line(&self, org: OrgId) -> Line {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry(org).or_default().clone()
    }
}

async fn acquire(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    semaphore.acquire_owned().await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::error::Code;
    use crate::kernel::id::Source;

    #[tokio::test]
    async fn a_full_line_refuses_one_organization_and_no_other() {
        let (turns, ids) = (Turns::default(), Source::seeded(1));
        let now = "2026-03-02T05:00:00Z".parse().unwrap();
        let (busy, other): (OrgId, OrgId) = (ids.id(now), ids.id(now));
        let line = turns.line(busy);
        let places = line.places.try_acquire_many_owned(16).unwrap();
        let refused = turns.take(busy).await.err().unwrap();
        assert_eq!(refused.code, Code::TryAgain);
        assert!(turns.take(other).await.is_ok());
        drop(places);
        assert!(turns.take(busy).await.is_ok());
    }
}
