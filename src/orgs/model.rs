//! The organization, the tree of its departments, and what both may not be.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, OrgId};
use crate::kernel::time::Instant;

/// The tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub id: OrgId,
    /// Its name in addresses and at sign-in: `acme`.
    pub slug: String,
    pub name: String,
    /// Where its days begin and end, for places that say nothing else.
    pub time_zone: Tz,
    /// ISO 4217: `KES`.
    pub currency: String,
    pub created_at: Instant,
}

/// A part of an organization; a tree by its parents.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = zamu_schema::tables::departments)]
pub struct Department {
    pub id: DepartmentId,
    pub parent_id: Option<DepartmentId>,
    pub name: String,
    pub created_at: Instant,
    pub archived_at: Option<Instant>,
}

/// Why a change to the departments is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a department cannot be inside itself")]
    Cycle,
    #[error("this department still has departments below it: archive or move them first")]
    HasChildren,
    #[error("this department still has active members: move them first")]
    HasMembers,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Cycle => Self::refused(Code::DepartmentCycle, message).at("parent"),
            Refusal::HasChildren | Refusal::HasMembers => Self::refused(Code::Conflict, message),
        }
    }
}

/// Lower-case letters, digits and dashes, 2 to 40, beginning and ending with a letter or a digit.
pub fn slug(value: &str) -> Result<String> {
    let text = value.trim();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (2..=40).contains(&text.len())
        && text.chars().all(|c| plain(c) || c == '-')
        && text.starts_with(plain)
        && text.ends_with(plain);
    if fits {
        return Ok(text.to_owned());
    }
    let message =
        "a slug is 2 to 40 lower-case letters, digits and dashes, with no dash at its ends";
    Err(Error::invalid("slug", message))
}

pub fn currency(value: &str) -> Result<String> {
    let text = value.trim();
    if text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(
        "currency",
        "a currency is three capitals of ISO 4217, such as KES",
    ))
}

pub fn time_zone(value: &str) -> Result<Tz> {
    let unknown = "this is not an IANA time zone; one looks like Africa/Nairobi";
    value
        .trim()
        .parse()
        .map_err(|_unknown| Error::invalid("timeZone", unknown))
}

/// A department and everything above it, from all pairs of child and parent.
pub fn above(
    pairs: &[(DepartmentId, Option<DepartmentId>)],
    leaf: DepartmentId,
) -> Vec<DepartmentId> {
    let parents: HashMap<DepartmentId, Option<DepartmentId>> = pairs.iter().copied().collect();
    let mut found = vec![leaf];
    let mut next = leaf;
    while let Some(parent) = parents.get(&next).copied().flatten() {
        // Even a cycle in the data ends.
        if found.contains(&parent) {
            break;
        }
        found.push(parent);
        next = parent;
    }
    found
}

/// A department and everything below it, from all pairs of child and parent.
pub fn below(
    pairs: &[(DepartmentId, Option<DepartmentId>)],
    root: DepartmentId,
) -> Vec<DepartmentId> {
    let mut children: HashMap<DepartmentId, Vec<DepartmentId>> = HashMap::new();
    for (id, parent) in pairs {
        if let Some(parent) = parent {
            children.entry(*parent).or_default().push(*id);
        }
    }
    // What was seen is remembered, so that even a cycle in the data ends.
    let mut seen = HashSet::from([root]);
    let mut found = vec![root];
    let mut next = 0;
    while let Some(id) = found.get(next).copied() {
        next += 1;
        found.extend(
            children
                .get(&id)
                .into_iter()
                .flatten()
                .copied()
                .filter(|child| seen.insert(*child)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> DepartmentId {
        DepartmentId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn below_is_the_subtree() {
        let pairs = [
            (id(1), None),
            (id(2), Some(id(1))),
            (id(3), Some(id(2))),
            (id(4), Some(id(1))),
            (id(5), None),
        ];
        assert_eq!(below(&pairs, id(1)), [id(1), id(2), id(4), id(3)]);
        assert_eq!(below(&pairs, id(5)), [id(5)]);
        let knot = [(id(1), Some(id(2))), (id(2), Some(id(1)))];
        assert_eq!(below(&knot, id(1)), [id(1), id(2)]);
    }

    #[test]
    fn slugs_and_currencies_have_a_shape() {
        assert_eq!(slug(" acme-2 ").unwrap(), "acme-2");
        for bad in [
            "a",
            "Acme",
            "-acme",
            "acme-",
            "ac me",
            "ácme",
            &"a".repeat(41),
        ] {
            assert_eq!(
                slug(bad).unwrap_err().field.as_deref(),
                Some("slug"),
                "{bad}"
            );
        }
        assert!(currency("KES").is_ok() && currency("kes").is_err() && currency("KESH").is_err());
        assert!(time_zone("Africa/Nairobi").is_ok() && time_zone("Nairobi").is_err());
    }
}
