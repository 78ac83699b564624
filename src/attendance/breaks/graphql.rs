//! Speaks: breaks, hours and tasks of a session.

use async_graphql::{InputObject, SimpleObject};
use chrono::{DateTime, Utc};

use crate::attendance::model;

/// A break within a session.
#[derive(SimpleObject)]
pub struct SessionBreak {
    /// `meal`, `tea` and so on, as the organization names it; `break` where nobody said.
    kind: String,
    /// When it began.
    starts_at: DateTime<Utc>,
    /// When it ended; nothing while it lasts.
    ends_at: Option<DateTime<Utc>>,
    /// Whether it counts as work; decided by rule when the session closes.
    is_paid: bool,
    /// What the rules flagged about it.
    flags: Vec<String>,
}

impl From<model::Break> for SessionBreak {
    fn from(pause: model::Break) -> Self {
        Self {
            kind: pause.kind,
            starts_at: pause.starts_at,
            ends_at: pause.ends_at,
            is_paid: pause.is_paid,
            flags: pause.flags,
        }
    }
}

/// Overtime at one rate.
#[derive(SimpleObject)]
pub struct SessionOvertime {
    /// Whole minutes, rounded as the rule says.
    minutes: i64,
    /// 150: time and a half.
    rate_percent: i64,
}

/// What the time of a session counts as, in whole minutes: `paidMinutes` is `regularMinutes` and all overtime; before
/// rounding it is `workedMinutes` and `paidBreakMinutes` less `deductedMinutes`.
#[derive(SimpleObject)]
pub struct SessionHours {
    /// From in to out, breaks left out.
    worked_minutes: i64,
    /// Breaks that count as work.
    paid_break_minutes: i64,
    /// Breaks that do not.
    unpaid_break_minutes: i64,
    /// Taken off by rule, such as a meal nobody recorded.
    deducted_minutes: i64,
    /// What is paid, after rounding.
    paid_minutes: i64,
    /// Of the paid, what is paid as usual.
    regular_minutes: i64,
    /// Of the paid, what is overtime, by rate.
    overtime: Vec<SessionOvertime>,
    /// Of the worked, what lay in the night, local: from 22:00 to 06:00, or as the rule about hours says.
    night_minutes: i64,
    /// Of the worked, what lay on a public holiday, local.
    holiday_minutes: i64,
    /// What rounding gave (positive) or took (negative). Punches are never rounded.
    rounding_minutes: i64,
}

impl From<model::Hours> for SessionHours {
    fn from(hours: model::Hours) -> Self {
        let overtime = hours.overtime.iter().map(|part| SessionOvertime {
            minutes: part.minutes,
            rate_percent: part.rate_percent,
        });
        Self {
            overtime: overtime.collect(),
            worked_minutes: hours.worked,
            paid_break_minutes: hours.paid_breaks,
            unpaid_break_minutes: hours.unpaid_breaks,
            deducted_minutes: hours.deducted,
            paid_minutes: hours.paid,
            regular_minutes: hours.regular,
            night_minutes: hours.night,
            holiday_minutes: hours.holiday,
            rounding_minutes: hours.rounding,
        }
    }
}

/// A task of a session.
#[derive(SimpleObject)]
pub struct SessionTask {
    /// What was to be done.
    name: String,
    /// Whether it was.
    is_done: bool,
    /// Why not, or what was found.
    remark: Option<String>,
}

impl From<model::Task> for SessionTask {
    fn from(task: model::Task) -> Self {
        Self {
            name: task.name,
            is_done: task.is_done,
            remark: task.remark,
        }
    }
}

/// A task of a session, as the worker ticks it off.
#[derive(InputObject)]
pub struct TaskInput {
    /// What was to be done; 1–200 characters.
    name: String,
    /// Whether it was.
    is_done: bool,
    /// Why not, or what was found; at most 500 characters.
    remark: Option<String>,
}

impl From<TaskInput> for model::Task {
    fn from(input: TaskInput) -> Self {
        Self {
            name: input.name,
            is_done: input.is_done,
            remark: input.remark,
        }
    }
}
