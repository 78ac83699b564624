//! Who was checked lately, so that not every request asks the database again; and who must be checked again at once.
//!
//! Entries live for seconds, and the events that change somebody's access remove them earlier, on every node.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::viewer::{Actor, Viewer};
use crate::events::event::Event;
use crate::kernel::id::OrgId;
use crate::kernel::time::Instant;
use uuid::Uuid;

/// How long a check is believed without an event to the contrary.
const BELIEVED: TimeDelta = TimeDelta::seconds(15);
/// More than this many people at once on one node: forget everybody rather than grow.
const MOST: usize = 100_000;

/// Recently checked viewers by login session or token.
#[derive(Default)]
pub struct Access(Mutex<Checked>);

#[derive(Default)]
struct Checked {
    viewers: HashMap<Uuid, (Viewer, Instant)>,
    /// How often anybody's access was changed or revoked.
    changes: u64,
}

/// Taken before the database is asked about somebody: what it answers is remembered only if nobody's access changed
/// meanwhile. Otherwise a check that overlaps with a revocation would outlive it.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl Access {
    fn checked(&self) -> MutexGuard<'_, Checked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn recall(&self, key: Uuid, now: Instant) -> Option<Viewer> {
        let checked = self.checked();
        let found = checked.viewers.get(&key);
        found
            .filter(|(_, at)| now - *at < BELIEVED)
            .map(|(viewer, _)| viewer.clone())
    }

    pub fn ticket(&self) -> Ticket {
        Ticket(self.checked().changes)
    }

    pub fn remember(&self, ticket: Ticket, key: Uuid, viewer: &Viewer, now: Instant) {
        let mut checked = self.checked();
        if checked.changes != ticket.0 {
            return;
        }
        if checked.viewers.len() >= MOST {
            checked.viewers.clear();
        }
        checked.viewers.insert(key, (viewer.clone(), now));
    }

    /// Forgets one login session or token, on the node that revoked it, without waiting for the event.
    pub fn forget(&self, key: Uuid) {
        let mut checked = self.checked();
        checked.changes += 1;
        checked.viewers.remove(&key);
    }

    /// Forgets whoever an event is about.
    pub fn observe(&self, org: OrgId, event: &Event) {
        if is_about_access(event) {
            let mut checked = self.checked();
            checked.changes += 1;
            checked
                .viewers
                .retain(|_, (viewer, _)| viewer.org() != org || !concerns(event, viewer));
        }
    }
}

fn is_about_access(event: &Event) -> bool {
    matches!(
        event,
        Event::LoginRevoked { .. }
            | Event::ApiTokenRevoked { .. }
            | Event::MemberChanged { .. }
            | Event::MemberDeactivated { .. }
    )
}

/// Whether an event ends what a viewer may do now: their sockets close and they are checked again.
pub fn concerns(event: &Event, viewer: &Viewer) -> bool {
    match (event, viewer.actor()) {
        (Event::LoginRevoked { login }, Actor::Person { login: own, .. }) => login == own,
        (Event::ApiTokenRevoked { token }, Actor::Token { id, .. }) => token == id,
        (
            Event::MemberChanged { member } | Event::MemberDeactivated { member },
            Actor::Person { member: own, .. },
        ) => member == own,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::policy::Role;
    use crate::kernel::id::{ApiTokenId, Source};

    /// The check reads the database, the revocation commits and is observed, and only then is the check remembered.
    #[test]
    fn a_check_that_overlaps_with_a_revocation_is_not_believed() {
        let (ids, now) = (Source::seeded(1), Instant::default());
        let (org, token): (OrgId, ApiTokenId) = (ids.id(now), ids.id(now));
        let actor = Actor::Token {
            id: token,
            scopes: Vec::new(),
        };
        let viewer = Viewer::checked(org, Role::Integration, None, actor);
        let (access, key) = (Access::default(), token.uuid());
        let late = access.ticket();
        access.observe(org, &Event::ApiTokenRevoked { token });
        access.remember(late, key, &viewer, now);
        assert!(access.recall(key, now).is_none());
        access.remember(access.ticket(), key, &viewer, now);
        assert!(access.recall(key, now).is_some());
    }
}
