//! Who was checked lately, so that not every request asks the database again; and who must be checked again at once.
//!
//! Entries live for seconds, and the events that change somebody's access remove them earlier, on every node.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

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
pub struct Access {
    checked: Mutex<HashMap<Uuid, (Viewer, Instant)>>,
}

impl Access {
    pub fn recall(&self, key: Uuid, now: Instant) -> Option<Viewer> {
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked
            .get(&key)
            .filter(|(_, at)| now - *at < BELIEVED)
            .map(|(viewer, _)| viewer.clone())
    }

    pub fn remember(&self, key: Uuid, viewer: &Viewer, now: Instant) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= MOST {
            checked.clear();
        }
        checked.insert(key, (viewer.clone(), now));
    }

    /// Forgets one login session or token, on the node that revoked it, without waiting for the event.
    pub fn forget(&self, key: Uuid) {
        self.checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
    }

    /// Forgets whoever an event is about.
    pub fn observe(&self, org: OrgId, event: &Event) {
        if is_about_access(event) {
            let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            checked.retain(|_, (viewer, _)| viewer.org() != org || !concerns(event, viewer));
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
