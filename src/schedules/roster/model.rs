//! Thinks: which shifts clash, and where rest is short.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, IsoWeek, NaiveDate};
use serde_json::json;

use crate::kernel::error::{Code, Error};
use crate::kernel::id::MemberId;
use crate::kernel::time::{Instant, minutes_between};
use crate::schedules::model::{Shift, ShiftKind};

/// Less rest than this between two working days is worth a word: Directive 2003/88/EC, article 3.
pub const REST_MINUTES: i64 = 11 * 60;

/// Two shifts of one person that share time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub shift: Shift,
    pub with: Shift,
    /// Whether the other stands in the plan already; otherwise it is to be planned in the same call.
    pub is_planned: bool,
}

/// What the rules, or the server itself, say about a shift that is to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub shift: Shift,
    /// In the words of the input: `starts`, `ends`.
    pub field: String,
    pub text: String,
    /// Otherwise a warning.
    pub refuses: bool,
}

/// Every pair of shifts of one person that share time and of which at least one is new, as positions in the new shifts
/// followed by those that are there. Each pair once, the smaller position first.
pub fn pairs(new: &[Shift], there: &[Shift]) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, &Shift)> = new.iter().chain(there).enumerate().collect();
    all.sort_by_key(|(at, shift)| (shift.member_id, shift.starts_at, *at));
    let mut running: Vec<(usize, &Shift)> = Vec::new();
    let mut found = Vec::new();
    for (at, shift) in all {
        running.retain(|(_, earlier)| earlier.overlaps(shift));
        let meets = running.iter().map(|(other, _)| *other);
        found.extend(
            meets
                .filter(|other| at.min(*other) < new.len())
                .map(|other| (at.min(other), at.max(other))),
        );
        running.push((at, shift));
    }
    found.sort_unstable();
    found
}

/// The same, with the shifts themselves.
pub fn clashes(new: &[Shift], there: &[Shift]) -> Vec<Clash> {
    let all: Vec<&Shift> = new.iter().chain(there).collect();
    let clash = |(one, other): (usize, usize)| {
        let (shift, with) = (*all.get(one)?, *all.get(other)?);
        Some(Clash {
            shift: shift.clone(),
            with: with.clone(),
            is_planned: other >= new.len(),
        })
    };
    pairs(new, there).into_iter().filter_map(clash).collect()
}

/// The refusal that lists every clash.
pub fn refusal(clashes: &[Clash]) -> Error {
    let listed: Vec<_> = clashes
        .iter()
        .map(|clash| {
            json!({
                "member": clash.shift.member_id.to_string(),
                "workDate": clash.shift.work_date,
                "startsAt": clash.shift.starts_at,
                "endsAt": clash.shift.ends_at,
                "shiftId": clash.is_planned.then(|| clash.with.id.to_string()),
                "kind": clash.with.kind.name(),
                "otherStartsAt": clash.with.starts_at,
                "otherEndsAt": clash.with.ends_at,
            })
        })
        .collect();
    let message = format!("{} clashes; nothing was planned", clashes.len());
    Error::refused(Code::ShiftConflicts, message).with("conflicts", listed)
}

/// The work of some people, for asking what lies around a shift.
pub struct Weeks {
    /// Work by its start.
    work: HashMap<MemberId, BTreeMap<(Instant, Instant), NaiveDate>>,
    minutes: HashMap<(MemberId, IsoWeek), i64>,
}

impl Weeks {
    pub fn new<'a>(shifts: impl Iterator<Item = &'a Shift>) -> Self {
        let (mut work, mut minutes) = (HashMap::new(), HashMap::new());
        for shift in shifts.filter(|shift| shift.kind == ShiftKind::Work) {
            let own: &mut BTreeMap<_, _> = work.entry(shift.member_id).or_default();
            own.insert((shift.starts_at, shift.ends_at), shift.work_date);
            let week = (shift.member_id, shift.work_date.iso_week());
            *minutes.entry(week).or_default() += minutes_between(shift.starts_at, shift.ends_at);
        }
        Self { work, minutes }
    }

    /// Planned minutes of the person in the week of a shift, Monday to Sunday.
    pub fn minutes(&self, shift: &Shift) -> i64 {
        let week = (shift.member_id, shift.work_date.iso_week());
        self.minutes.get(&week).copied().unwrap_or(0)
    }

    /// Minutes since the work before; the spans of one split day do not rest from one another.
    pub fn rest_before(&self, shift: &Shift) -> Option<i64> {
        let own = self.work.get(&shift.member_id)?;
        let mut earlier = own.range(..(shift.starts_at, shift.starts_at)).rev();
        let before = earlier.find(|(_, date)| **date != shift.work_date);
        let rest = before.map(|((_, ended), _)| minutes_between(*ended, shift.starts_at));
        rest.filter(|minutes| *minutes >= 0)
    }

    /// Minutes until the work after.
    pub fn rest_after(&self, shift: &Shift) -> Option<i64> {
        let own = self.work.get(&shift.member_id)?;
        let mut later = own.range((shift.ends_at, shift.ends_at)..);
        let after = later.find(|(_, date)| **date != shift.work_date);
        after.map(|((starts, _), _)| minutes_between(shift.ends_at, *starts))
    }
}

/// Where rest before or after a new shift is short.
pub fn short_rests(new: &[Shift], weeks: &Weeks) -> Vec<Finding> {
    let finding = |shift: &Shift, field: &str, minutes: i64| Finding {
        shift: shift.clone(),
        field: field.to_owned(),
        text: format!("only {minutes} minutes of rest; {REST_MINUTES} are usual"),
        refuses: false,
    };
    let mut found = Vec::new();
    for shift in new {
        let is_short = |minutes: &i64| *minutes < REST_MINUTES;
        let before = weeks.rest_before(shift).filter(is_short);
        let after = weeks.rest_after(shift).filter(is_short);
        found.extend(before.map(|minutes| finding(shift, "starts", minutes)));
        found.extend(after.map(|minutes| finding(shift, "ends", minutes)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::ShiftId;
    use crate::schedules::model::Made;
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn shift(member: u128, start_hour: i64, hours: i64) -> Shift {
        let start: Instant = "2026-03-02T00:00:00Z".parse().unwrap();
        let starts_at = start + TimeDelta::hours(start_hour);
        Shift {
            id: ShiftId::from_uuid(Uuid::from_u128(1)),
            member_id: MemberId::from_uuid(Uuid::from_u128(member)),
            place_id: None,
            kind: ShiftKind::Work,
            work_date: starts_at.date_naive(),
            starts_at,
            ends_at: starts_at + TimeDelta::hours(hours),
            break_minutes: 0,
            external_ref: None,
            created_at: start,
            cancelled_at: None,
            made: Made::default(),
        }
    }

    fn shifts() -> impl Strategy<Value = Vec<Shift>> {
        let one = (0_u128..3, 0_i64..48, 1_i64..20).prop_map(|(who, at, len)| shift(who, at, len));
        proptest::collection::vec(one, 0..25)
    }

    proptest! {
        /// Every clash and nothing else, as comparing each with each finds them.
        #[test]
        fn every_clash_is_listed(new in shifts(), there in shifts()) {
            let all: Vec<&Shift> = new.iter().chain(&there).collect();
            let mut naive = Vec::new();
            for one in 0..new.len() {
                for other in one + 1..all.len() {
                    let (a, b) = (all[one], all[other]);
                    let meet = a.starts_at < b.ends_at && b.starts_at < a.ends_at;
                    if a.member_id == b.member_id && meet {
                        naive.push((one, other));
                    }
                }
            }
            prop_assert_eq!(pairs(&new, &there), naive);
        }
    }

    #[test]
    fn rest_is_counted_between_working_days() {
        let there = [shift(1, 8, 9)];
        let new = [shift(1, 26, 6), shift(1, 34, 2), shift(2, 20, 4)];
        let weeks = Weeks::new(new.iter().chain(&there));
        assert_eq!(weeks.rest_before(&new[0]), Some(9 * 60));
        // The second span of the same day.
        assert_eq!(weeks.rest_before(&new[1]), Some(17 * 60));
        assert_eq!(weeks.rest_before(&new[2]), None);
        assert_eq!(weeks.rest_after(&there[0]), Some(9 * 60));
        assert_eq!(weeks.minutes(&new[0]), 17 * 60);
        let found = short_rests(&new, &weeks);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains("540") && !found[0].refuses);
    }
}
