//! Thinks: the shape of a shift in local time, and the shifts it makes on a date.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::kernel::error::{Error, Result};
use crate::kernel::id::ShiftTypeId;
use crate::kernel::time::Instant;
use crate::schedules::model::{Form, Pattern, Plan, WIDEST};
use crate::schedules::span::{self, Span, lay};

/// When work starts and ends on the clocks of its place, whatever the date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    pub spans: Vec<Span>,
    pub break_minutes: i32,
    #[serde(flatten)]
    pub form: Form,
}

impl From<Plan> for Shape {
    fn from(plan: Plan) -> Self {
        Self {
            spans: vec![Span::new(plan.starts, plan.ends)],
            break_minutes: plan.break_minutes,
            form: plan.form(),
        }
    }
}

impl Shape {
    /// Refuses a shape that its pattern does not have.
    pub fn checked(mut self) -> Result<Self> {
        self.spans = span::checked("spans", self.spans)?;
        self.check_spans()?;
        let length = span::length(&self.spans).num_minutes();
        if !(0..length).contains(&self.break_minutes.into()) {
            let message = "a break is not negative and shorter than its shift";
            return Err(Error::invalid("breakMinutes", message));
        }
        let widest = WIDEST.num_minutes();
        for (field, minutes) in [
            ("beforeMinutes", self.form.before_minutes),
            ("afterMinutes", self.form.after_minutes),
        ] {
            if !(0..=widest).contains(&minutes.into()) {
                let message = format!("a window is 0 to {widest} minutes");
                return Err(Error::invalid(field, message));
            }
        }
        self.check_required(length)?;
        Ok(self)
    }

    fn check_spans(&self) -> Result<()> {
        let overnight = self.spans.first().is_some_and(|span| span.is_overnight());
        let message = match (self.form.pattern, self.spans.len()) {
            (Pattern::Split, 2..) if self.break_minutes != 0 => {
                let message = "the time between its spans is the break of a split shift";
                return Err(Error::invalid("breakMinutes", message));
            }
            (Pattern::Split, 2..) | (Pattern::Flexible, 1) => return Ok(()),
            (Pattern::Fixed, 1) if !overnight => return Ok(()),
            (Pattern::Overnight, 1) if overnight => return Ok(()),
            (Pattern::Split, _) => "a split shift has several spans",
            (Pattern::Fixed, 1) => "a fixed shift ends on the day it starts; make it overnight",
            (Pattern::Overnight, 1) => "an overnight shift ends on the day after it starts",
            _ => "a shift has one span; several make it split",
        };
        Err(Error::invalid("spans", message))
    }

    fn check_required(&self, length: i64) -> Result<()> {
        let core = length - i64::from(self.break_minutes);
        let message = match (self.form.pattern, self.form.required_minutes) {
            (Pattern::Flexible, Some(minutes)) if (core..=24 * 60).contains(&minutes.into()) => {
                return Ok(());
            }
            (Pattern::Flexible, Some(_)) => "what is owed is at least the core and at most a day",
            (Pattern::Flexible, None) => "a flexible shift says how many minutes are owed",
            (_, None) => return Ok(()),
            (_, Some(_)) => "only a flexible shift owes another time than its own",
        };
        Err(Error::invalid("requiredMinutes", message))
    }

    /// When its spans start and end if they belong to this date.
    pub fn on(&self, date: NaiveDate, zone: Tz) -> Result<Vec<(Instant, Instant)>> {
        let laid = lay(&self.spans).into_iter();
        laid.map(|laid| laid.instants(date, zone)).collect()
    }
}

/// A shape with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftType {
    pub id: ShiftTypeId,
    pub name: String,
    pub shape: Shape,
    pub created_at: Instant,
    pub archived_at: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveTime;
    use chrono_tz::Africa::Nairobi;

    fn shape(pattern: Pattern, spans: &[(&str, &str)]) -> Shape {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        Shape {
            spans: spans
                .iter()
                .map(|(starts, ends)| Span::new(time(starts), time(ends)))
                .collect(),
            break_minutes: 0,
            form: Form {
                pattern,
                ..Form::default()
            },
        }
    }

    fn field(shape: Shape) -> String {
        let refused = shape.checked().err().and_then(|error| error.field);
        refused.unwrap_or_default()
    }

    #[test]
    fn a_pattern_says_what_its_spans_are() {
        let day = &[("08:00", "17:00")];
        let night = &[("22:00", "06:00")];
        let halves = &[("08:00", "12:00"), ("16:00", "20:00")];
        for (pattern, good, bad) in [
            (Pattern::Fixed, &day[..], &night[..]),
            (Pattern::Overnight, night, day),
            (Pattern::Split, halves, day),
        ] {
            assert_eq!(field(shape(pattern, good)), "", "{pattern:?}");
            assert_eq!(field(shape(pattern, bad)), "spans", "{pattern:?}");
        }
        assert_eq!(field(shape(Pattern::Fixed, halves)), "spans");
        assert_eq!(field(shape(Pattern::Fixed, &[])), "spans");
        let split = shape(Pattern::Split, halves).on("2026-03-10".parse().unwrap(), Nairobi);
        assert_eq!(split.unwrap().len(), 2);
    }

    #[test]
    fn a_flexible_shift_owes_at_least_its_core() {
        let owing = |minutes| {
            let mut flexible = shape(Pattern::Flexible, &[("10:00", "15:00")]);
            flexible.form.required_minutes = minutes;
            field(flexible)
        };
        assert_eq!(owing(Some(480)), "");
        assert_eq!(owing(Some(300)), "");
        assert_eq!(owing(Some(299)), "requiredMinutes");
        assert_eq!(owing(Some(1_441)), "requiredMinutes");
        assert_eq!(owing(None), "requiredMinutes");
        let mut fixed = shape(Pattern::Fixed, &[("08:00", "17:00")]);
        fixed.form.required_minutes = Some(480);
        assert_eq!(field(fixed), "requiredMinutes");
    }

    #[test]
    fn breaks_and_windows_have_bounds() {
        let with = |change: fn(&mut Shape)| {
            let mut day = shape(Pattern::Fixed, &[("08:00", "17:00")]);
            change(&mut day);
            field(day)
        };
        assert_eq!(with(|day| day.break_minutes = 540), "breakMinutes");
        assert_eq!(with(|day| day.break_minutes = -1), "breakMinutes");
        assert_eq!(with(|day| day.form.before_minutes = 721), "beforeMinutes");
        assert_eq!(with(|day| day.form.after_minutes = -1), "afterMinutes");
        let mut split = shape(Pattern::Split, &[("08:00", "12:00"), ("16:00", "20:00")]);
        split.break_minutes = 30;
        assert_eq!(field(split), "breakMinutes");
    }
}
