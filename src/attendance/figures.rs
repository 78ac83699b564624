//! What time comes to: a session in figures, their sums, and what differs between two states of anything.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Lateness, Leaving, Status, WorkSession};
use crate::kernel::id::SessionId;
use crate::kernel::time::Instant;

/// Whole minutes of sessions added up. `paid = regular + overtime`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Totals {
    pub worked: i64,
    pub paid: i64,
    pub regular: i64,
    pub overtime: i64,
    pub breaks: i64,
    pub late: i64,
    pub early: i64,
    /// What rounding gave (positive) or took (negative).
    pub rounding: i64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.worked += more.worked;
        self.paid += more.paid;
        self.regular += more.regular;
        self.overtime += more.overtime;
        self.breaks += more.breaks;
        self.late += more.late;
        self.early += more.early;
        self.rounding += more.rounding;
    }
}

impl std::ops::Neg for Totals {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            worked: -self.worked,
            paid: -self.paid,
            regular: -self.regular,
            overtime: -self.overtime,
            breaks: -self.breaks,
            late: -self.late,
            early: -self.early,
            rounding: -self.rounding,
        }
    }
}

impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, more| {
            sum += more;
            sum
        })
    }
}

/// A session in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub session: SessionId,
    pub work_date: NaiveDate,
    /// `COMPLETED`.
    pub status: String,
    pub clocked_in_at: Instant,
    pub clocked_out_at: Option<Instant>,
    pub totals: Totals,
}

impl Line {
    pub fn of(session: &WorkSession) -> Self {
        Self {
            session: session.id,
            work_date: session.work_date,
            status: session.status.name().to_owned(),
            clocked_in_at: session.clocked_in_at,
            clocked_out_at: session.clocked_out_at,
            totals: totals(session),
        }
    }
}

fn totals(session: &WorkSession) -> Totals {
    let is_late = matches!(session.lateness, Some(Lateness::Late | Lateness::VeryLate));
    let is_early = session.leaving == Some(Leaving::LeftEarly);
    let minutes = |count: Option<i32>, counts: bool| count.filter(|_| counts).unwrap_or(0).into();
    Totals {
        late: minutes(session.minutes_late, is_late),
        early: minutes(session.minutes_early, is_early),
        ..time(session)
    }
}

/// One without hours, from before there were any, counts from in to out.
fn time(session: &WorkSession) -> Totals {
    let Some(hours) = &session.hours else {
        let minutes = session.worked_minutes().unwrap_or(0);
        return Totals {
            worked: minutes,
            paid: minutes,
            regular: minutes,
            ..Totals::default()
        };
    };
    Totals {
        worked: hours.worked,
        paid: hours.paid,
        regular: hours.regular,
        overtime: hours.overtime.iter().map(|part| part.minutes).sum(),
        breaks: hours.paid_breaks + hours.unpaid_breaks,
        rounding: hours.rounding,
        ..Totals::default()
    }
}

/// The sessions that count, in order; what nothing supports any more does not.
pub fn lines(sessions: &[WorkSession]) -> Vec<Line> {
    let mut lines: Vec<Line> = sessions
        .iter()
        .filter(|session| session.status != Status::Void)
        .map(Line::of)
        .collect();
    lines.sort_by_key(|line| (line.clocked_in_at, line.session));
    lines
}

/// What each day comes to.
pub fn by_day(lines: &[Line]) -> BTreeMap<NaiveDate, Totals> {
    let mut days: BTreeMap<NaiveDate, Totals> = BTreeMap::new();
    for line in lines {
        *days.entry(line.work_date).or_default() += line.totals;
    }
    days
}

/// One value that differs between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A path: `sessions.0.clockedOutAt`.
    pub field: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What differs between two documents, value by value, in the order of the paths.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let (before, after) = (flat(before), flat(after));
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| Difference {
            field: field.clone(),
            before: before.get(field).cloned(),
            after: after.get(field).cloned(),
        })
        .collect()
}

/// Every value that is not nothing, by its path.
fn flat(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut BTreeMap<String, Value>) {
    let inner = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| walk(value, inner(name), found)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(at, value)| walk(value, inner(&at.to_string()), found)),
        plain => {
            found.insert(path, plain.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_said_value_by_value() {
        let before = json!({"status": "ACTIVE", "hours": null, "flags": ["late"]});
        let after = json!({"status": "COMPLETED", "hours": {"worked": 480}, "flags": ["late"]});
        let found = differences(&before, &after);
        let fields: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["hours.worked", "status"]);
        assert_eq!(found[0].before, None);
        assert_eq!(found[0].after, Some(json!(480)));
        assert_eq!(differences(&after, &after), []);
    }

    proptest! {
        #[test]
        fn sums_do_not_depend_on_order(minutes in proptest::collection::vec(0_i64..1_000, 0..20)) {
            let totals = |worked: i64| Totals { worked, paid: worked / 2, ..Totals::default() };
            let forwards: Totals = minutes.iter().copied().map(totals).sum();
            let backwards: Totals = minutes.iter().rev().copied().map(totals).sum();
            prop_assert_eq!(forwards, backwards);
            prop_assert_eq!(forwards.worked, minutes.iter().sum::<i64>());
        }
    }
}
