//! Thinks: spells in departments, one after the other.

use chrono::{Days, NaiveDate};

use crate::kernel::id::{DepartmentId, MemberId};
use crate::kernel::time::Instant;

/// From a day on, a member belongs to this department; or to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub member_id: MemberId,
    pub effective_from: NaiveDate,
    pub department_id: Option<DepartmentId>,
    /// Nothing while it lies in the future.
    pub applied_at: Option<Instant>,
}

/// A time in one department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    pub department_id: Option<DepartmentId>,
    pub from: NaiveDate,
    /// The last day, both included; nothing for the one that goes on.
    pub until: Option<NaiveDate>,
}

/// The department of a day. Before the first move it is that of the first: whoever was not there yet counts as from the
/// beginning.
pub fn department_on(moves: &[Move], date: NaiveDate) -> Option<DepartmentId> {
    let newest = moves
        .iter()
        .filter(|one| one.effective_from <= date)
        .max_by_key(|one| one.effective_from);
    let first = moves.iter().min_by_key(|one| one.effective_from);
    newest.or(first).and_then(|one| one.department_id)
}

/// The department of somebody on a day: that of now where they never moved.
pub fn department_of(
    now: Option<DepartmentId>,
    moves: &[Move],
    date: NaiveDate,
) -> Option<DepartmentId> {
    if moves.is_empty() {
        return now;
    }
    department_on(moves, date)
}

/// Moves, in order of their days, as spells; the same department twice is one.
pub fn spells(moves: &[Move]) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    for one in moves {
        match spells.last_mut() {
            Some(last) if last.department_id == one.department_id => continue,
            Some(last) => last.until = one.effective_from.checked_sub_days(Days::new(1)),
            None => {}
        }
        spells.push(Spell {
            department_id: one.department_id,
            from: one.effective_from,
            until: None,
        });
    }
    spells
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn department(number: u128) -> DepartmentId {
        DepartmentId::from_uuid(Uuid::from_u128(number))
    }

    fn moved(from: &str, to: Option<u128>) -> Move {
        Move {
            member_id: MemberId::from_uuid(Uuid::nil()),
            effective_from: date(from),
            department_id: to.map(department),
            applied_at: None,
        }
    }

    #[test]
    fn a_day_belongs_to_the_newest_move_before_it() {
        let moves = [
            moved("2026-01-10", Some(1)),
            moved("2026-03-01", Some(2)),
            moved("2026-05-01", None),
        ];
        let on = |day: &str| department_on(&moves, date(day));
        assert_eq!(on("2026-01-01"), Some(department(1)), "before the first");
        assert_eq!(on("2026-02-28"), Some(department(1)));
        assert_eq!(on("2026-03-01"), Some(department(2)));
        assert_eq!(on("2026-05-01"), None);
        assert_eq!(department_on(&[], date("2026-01-01")), None);
    }

    #[test]
    fn spells_touch_and_never_overlap() {
        let shown: Vec<_> = spells(&[
            moved("2026-01-10", Some(1)),
            moved("2026-02-01", Some(1)),
            moved("2026-03-01", Some(2)),
        ])
        .into_iter()
        .map(|spell| (spell.department_id, spell.from, spell.until))
        .collect();
        let expected = [
            (
                Some(department(1)),
                date("2026-01-10"),
                Some(date("2026-02-28")),
            ),
            (Some(department(2)), date("2026-03-01"), None),
        ];
        assert_eq!(shown, expected);
    }
}
