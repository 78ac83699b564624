//! Thinks: when somebody was last there, and whom a policy means.

use chrono::{Days, NaiveTime};
use chrono_tz::Tz;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::auth::policy::Role;
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, OrgId};
use crate::kernel::text;
use crate::kernel::time::{Instant, local_date, local_to_instant};

/// Who counts as inactive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Without a sign-in, a punch or a shift for as many days: 1 to 3,650.
    pub days: i64,
    pub roles: Vec<Role>,
    /// With those below them; nothing means all, and those without one.
    pub departments: Option<Vec<DepartmentId>>,
}

impl Policy {
    pub fn checked(mut self) -> Result<Self> {
        if !(1..=3_650).contains(&self.days) {
            return Err(Error::invalid("days", "1 to 3,650 days are possible"));
        }
        self.roles.sort_by_key(|role| role.name());
        self.roles.dedup();
        if let Some(departments) = &mut self.departments {
            departments.sort_unstable();
            departments.dedup();
        }
        Ok(self)
    }

    /// Whoever was there at this moment or later is active: a midnight where the organization is.
    pub fn since(&self, now: Instant, zone: Tz) -> Instant {
        let today = local_date(now, zone);
        let first = today.checked_sub_days(Days::new(self.days.unsigned_abs()));
        local_to_instant(first.unwrap_or(today), NaiveTime::MIN, zone)
    }
}

/// What is known of somebody's presence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence {
    pub signed_in: Option<Instant>,
    pub punched: Option<Instant>,
    /// When their newest shift ends; it may lie ahead.
    pub planned: Option<Instant>,
}

impl Presence {
    /// Whoever has only just joined counts from then.
    pub fn last(&self, joined: Instant) -> Instant {
        let newest = self.signed_in.max(self.punched).max(self.planned);
        newest.map_or(joined, |newest| newest.max(joined))
    }
}

/// A member the policy means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inactive {
    pub member: Member,
    pub presence: Presence,
    pub last: Instant,
}

/// Names a policy and the members it means: applied, it must still be the same.
pub fn token(org: OrgId, policy: &Policy, members: &[MemberId]) -> Result<String> {
    let mut members = members.to_vec();
    members.sort_unstable();
    let said = serde_json::to_vec(&(org, policy, members))?;
    Ok(text::hex(&Sha256::digest(said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use uuid::Uuid;

    fn at(day: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::days(day)
    }

    #[test]
    fn presence_is_the_newest_of_everything() {
        let presence = Presence {
            signed_in: Some(at(5)),
            punched: Some(at(9)),
            planned: None,
        };
        assert_eq!(presence.last(at(1)), at(9));
        assert_eq!(presence.last(at(10)), at(10));
        assert_eq!(Presence::default().last(at(3)), at(3));
    }

    #[test]
    fn a_token_names_policy_and_people_in_any_order() {
        let policy = |days| Policy {
            days,
            roles: vec![Role::Worker],
            departments: None,
        };
        let id = |number| MemberId::from_uuid(Uuid::from_u128(number));
        let org = OrgId::from_uuid(Uuid::nil());
        let of = |days, members: &[MemberId]| token(org, &policy(days), members).unwrap();
        assert_eq!(of(90, &[id(1), id(2)]), of(90, &[id(2), id(1)]));
        assert_ne!(of(90, &[id(1), id(2)]), of(90, &[id(1)]));
        assert_ne!(of(90, &[id(1)]), of(91, &[id(1)]));
        assert!(policy(0).checked().is_err() && policy(3_650).checked().is_ok());
    }
}
