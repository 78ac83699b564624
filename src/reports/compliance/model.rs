//! Thinks: which visits a reason explains.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::id::SessionId;
use crate::reports::model::Summary;

/// What visits are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Member,
    Place,
    Reason,
    Organization,
}

/// How many visits there are of a group, and how many of them are confirmed and compliant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub visits: i64,
    pub confirmed: i64,
    pub compliant: i64,
}

impl From<Summary> for Tally {
    fn from(summary: Summary) -> Self {
        Self {
            visits: summary.0.sessions,
            confirmed: summary.0.confirmed,
            compliant: summary.0.compliant,
        }
    }
}

/// By reason: a visit counts once for each reason that was given for it, and those without under nothing.
pub fn by_reason(
    reasons: &BTreeMap<SessionId, BTreeSet<String>>,
    visits: &BTreeMap<SessionId, Tally>,
    total: Tally,
) -> BTreeMap<Option<String>, Tally> {
    let mut tallies: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    let mut unexplained = total;
    for (session, visit) in visits {
        let Some(given) = reasons.get(session).filter(|given| !given.is_empty()) else {
            continue;
        };
        unexplained.visits -= visit.visits;
        unexplained.confirmed -= visit.confirmed;
        unexplained.compliant -= visit.compliant;
        for reason in given {
            let tally = tallies.entry(Some(reason.clone())).or_default();
            tally.visits += visit.visits;
            tally.confirmed += visit.confirmed;
            tally.compliant += visit.compliant;
        }
    }
    if unexplained.visits > 0 {
        tallies.insert(None, unexplained);
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_visit_counts_once_for_each_of_its_reasons() {
        let id = |number| SessionId::from_uuid(Uuid::from_u128(number));
        let confirmed = Tally {
            visits: 1,
            confirmed: 1,
            compliant: 0,
        };
        let open = Tally {
            visits: 1,
            ..Tally::default()
        };
        let reasons = BTreeMap::from([
            (id(1), BTreeSet::from(["99".to_owned(), "22".to_owned()])),
            (id(2), BTreeSet::from(["99".to_owned()])),
        ]);
        let visits = BTreeMap::from([(id(1), confirmed), (id(2), open)]);
        let total = Tally {
            visits: 10,
            confirmed: 9,
            compliant: 8,
        };
        let tallies = by_reason(&reasons, &visits, total);
        let of = |reason: Option<&str>| tallies[&reason.map(str::to_owned)];
        assert_eq!(
            of(Some("99")),
            Tally {
                visits: 2,
                confirmed: 1,
                compliant: 0
            }
        );
        assert_eq!(of(Some("22")), confirmed);
        assert_eq!(
            of(None),
            Tally {
                visits: 8,
                confirmed: 8,
                compliant: 8
            }
        );
    }
}
