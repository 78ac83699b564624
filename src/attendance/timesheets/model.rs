//! Thinks: periods, the content of a timesheet and its hash, and which state follows which.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::attendance::figures::{Line, Totals};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{MemberId, TimesheetId};
use crate::kernel::text::hex;
use crate::kernel::time::Instant;

/// How long a timesheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Week,
    Fortnight,
    /// The 1st to the 15th, the 16th to the last.
    HalfMonth,
    Month,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Week, Self::Fortnight, Self::HalfMonth, Self::Month];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "WEEK",
            Self::Fortnight => "FORTNIGHT",
            Self::HalfMonth => "HALF_MONTH",
            Self::Month => "MONTH",
        }
    }
}

/// An organization's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub period: Period,
    /// A day on which a week or fortnight begins; halves and months know theirs.
    pub anchor: NaiveDate,
}

impl Default for Policy {
    /// Months; weeks, where somebody asks for them, begin on a Monday.
    fn default() -> Self {
        Self {
            period: Period::Month,
            anchor: NaiveDate::from_ymd_opt(2001, 1, 1).unwrap_or_default(),
        }
    }
}

/// Days from the first to the last, both in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Span {
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    /// Without the days that the timesheets around it already have: the period may have been another one then.
    #[must_use]
    pub fn between(self, before: Option<NaiveDate>, after: Option<NaiveDate>) -> Self {
        let next = before.and_then(|day| day.succ_opt());
        let last = after.and_then(|day| day.pred_opt());
        Self {
            from: next.map_or(self.from, |day| day.max(self.from)),
            to: last.map_or(self.to, |day| day.min(self.to)),
        }
    }
}

impl Policy {
    /// The period a day lies in.
    pub fn span(&self, day: NaiveDate) -> Span {
        match self.period {
            Period::Week => self.run_of(day, 7),
            Period::Fortnight => self.run_of(day, 14),
            Period::HalfMonth if day.day() <= 15 => Span {
                from: on(day, 1),
                to: on(day, 15),
            },
            Period::HalfMonth => Span {
                from: on(day, 16),
                to: last_of_month(day),
            },
            Period::Month => Span {
                from: on(day, 1),
                to: last_of_month(day),
            },
        }
    }

    fn run_of(self, day: NaiveDate, length: u64) -> Span {
        let length_days = i64::try_from(length).unwrap_or(7);
        let into = (day - self.anchor).num_days().rem_euclid(length_days);
        let from = day - Days::new(u64::try_from(into).unwrap_or(0));
        Span {
            from,
            to: from + Days::new(length - 1),
        }
    }
}

fn on(day: NaiveDate, of_month: u32) -> NaiveDate {
    day.with_day(of_month).unwrap_or(day)
}

fn last_of_month(day: NaiveDate) -> NaiveDate {
    on(day, 1)
        .checked_add_months(chrono::Months::new(1))
        .and_then(|next| next.pred_opt())
        .unwrap_or(day)
}

/// What has become of a timesheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Submitted,
    Approved,
    /// Somebody wants it changed and submitted again.
    Returned,
    /// Nothing may change it but punches that a phone had kept.
    Locked,
    /// It was approved, and then its content changed.
    Voided,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Submitted,
        Self::Approved,
        Self::Returned,
        Self::Locked,
        Self::Voided,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Submitted => "SUBMITTED",
            Self::Approved => "APPROVED",
            Self::Returned => "RETURNED",
            Self::Locked => "LOCKED",
            Self::Voided => "VOIDED",
        }
    }
}

/// What somebody does with a timesheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Submit,
    Approve,
    Return,
    Lock,
    Reopen,
}

impl Step {
    /// The state it leads to from this one, or a refusal.
    pub fn after(self, state: State) -> Result<State> {
        use State::{Approved, Locked, Open, Returned, Submitted, Voided};
        let next = match (self, state) {
            (Self::Submit, Open | Returned | Voided | Submitted) => Submitted,
            (Self::Approve, Submitted | Voided) => Approved,
            (Self::Return, Submitted | Approved | Voided) => Returned,
            (Self::Lock, Approved) => Locked,
            (Self::Reopen, Locked) => Open,
            _ => {
                let message = format!(
                    "this cannot be done with a timesheet that is {}",
                    state.name()
                );
                return Err(
                    Error::refused(Code::TimesheetState, message).with("state", state.name())
                );
            }
        };
        Ok(next)
    }
}

/// A day of a timesheet. What of it counts for the hash is [`Content::hash`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    pub date: NaiveDate,
    /// What the day counts as; nothing where that is not decided, or nothing was planned.
    pub status: Option<String>,
    pub planned: i64,
    pub totals: Totals,
    pub sessions: Vec<Line>,
}

impl Day {
    pub fn is_empty(&self) -> bool {
        self.status.is_none() && self.planned == 0 && self.sessions.is_empty()
    }

    /// What an approval is given for: the sessions with their hours, and the status of a day on which somebody did not
    /// work or only half. That a day with work was late or not decided yet changes no time.
    fn pinned(&self) -> serde_json::Value {
        let status = self
            .status
            .as_deref()
            .filter(|status| !matches!(*status, "PRESENT" | "LATE"));
        serde_json::json!({
            "date": self.date,
            "status": status,
            "totals": self.totals,
            "sessions": self.sessions,
        })
    }

    fn counts(&self) -> bool {
        let pinned = self.pinned();
        let status = pinned.get("status");
        !self.sessions.is_empty() || status.is_some_and(|status| !status.is_null())
    }
}

/// The days of a timesheet on which there is something, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub days: Vec<Day>,
}

impl Content {
    /// SHA-256 of its canonical JSON (keys sorted, no blanks), 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        let days: Vec<_> = self
            .days
            .iter()
            .filter(|day| day.counts())
            .map(Day::pinned)
            .collect();
        let text = serde_json::Value::Array(days).to_string();
        hex(&Sha256::digest(text.as_bytes()))
    }

    pub fn totals(&self) -> Totals {
        self.days.iter().map(|day| day.totals).sum()
    }

    fn day(&self, date: NaiveDate) -> Option<&Day> {
        self.days.iter().find(|day| day.date == date)
    }

    /// The days that are not what they were, of those that count for the hash.
    pub fn changed_since(&self, before: &Self, at: Instant) -> Vec<Changed> {
        let mut dates: Vec<NaiveDate> = self
            .days
            .iter()
            .chain(&before.days)
            .map(|day| day.date)
            .collect();
        dates.sort_unstable();
        dates.dedup();
        let of = |content: &Self, date| content.day(date).filter(|day| day.counts()).cloned();
        dates
            .into_iter()
            .map(|date| Changed {
                at,
                date,
                before: of(before, date),
                after: of(self, date),
            })
            .filter(|day| {
                day.before.as_ref().map(Day::pinned) != day.after.as_ref().map(Day::pinned)
            })
            .collect()
    }
}

/// A day that changed after the timesheet was approved or locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    pub at: Instant,
    pub date: NaiveDate,
    /// Nothing: there was nothing on that day.
    pub before: Option<Day>,
    pub after: Option<Day>,
}

/// A person's time in a period, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timesheet {
    pub id: TimesheetId,
    pub member_id: MemberId,
    pub span: Span,
    pub state: State,
    /// What was approved, while that holds or is locked.
    pub approved: Option<Content>,
    pub approved_hash: Option<String>,
    pub submitted_at: Option<Instant>,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<MemberId>,
    /// What whoever approved, returned, locked or reopened it last said.
    pub memo: Option<String>,
    pub locked_at: Option<Instant>,
    pub locked_by: Option<MemberId>,
    /// What voided the approval, or came after the lock.
    pub changes: Vec<Changed>,
    pub created_at: Instant,
}

impl Timesheet {
    pub fn new(id: TimesheetId, member_id: MemberId, span: Span, created_at: Instant) -> Self {
        Self {
            id,
            member_id,
            span,
            state: State::Open,
            approved: None,
            approved_hash: None,
            submitted_at: None,
            decided_at: None,
            decided_by: None,
            memo: None,
            locked_at: None,
            locked_by: None,
            changes: Vec::new(),
            created_at,
        }
    }

    /// Takes in that its content may have changed: an approval is voided, a lock stays. Answers what changed since it
    /// was last looked at; nothing if nothing did, or nobody had approved it.
    pub fn touch(&mut self, now: &Content, at: Instant) -> Vec<Changed> {
        let holds = matches!(self.state, State::Approved | State::Voided | State::Locked);
        let Some(approved) = self.approved.as_ref().filter(|_| holds) else {
            return Vec::new();
        };
        let changed = now.changed_since(approved, at);
        let said = |day: &Changed| {
            self.changes
                .iter()
                .any(|old| old.date == day.date && old.after == day.after)
        };
        let new: Vec<Changed> = changed.iter().filter(|day| !said(day)).cloned().collect();
        let gone = self.changes.len() != changed.len();
        if !new.is_empty() || gone {
            self.changes = changed
                .into_iter()
                .map(|day| {
                    let old = self
                        .changes
                        .iter()
                        .find(|old| old.date == day.date && old.after == day.after);
                    old.cloned().unwrap_or(day)
                })
                .collect();
        }
        if self.state == State::Approved && !new.is_empty() {
            self.state = State::Voided;
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::SessionId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span(policy: Policy, text: &str) -> (String, String) {
        let span = policy.span(day(text));
        (span.from.to_string(), span.to.to_string())
    }

    #[test]
    fn a_period_has_its_days() {
        let of = |period, text| {
            let policy = Policy {
                period,
                ..Policy::default()
            };
            let (from, to) = span(policy, text);
            format!("{from} {to}")
        };
        assert_eq!(of(Period::Month, "2024-02-29"), "2024-02-01 2024-02-29");
        assert_eq!(of(Period::HalfMonth, "2026-02-15"), "2026-02-01 2026-02-15");
        assert_eq!(of(Period::HalfMonth, "2026-02-16"), "2026-02-16 2026-02-28");
        // 2 March 2026 is a Monday.
        assert_eq!(of(Period::Week, "2026-03-08"), "2026-03-02 2026-03-08");
        assert_eq!(of(Period::Week, "2000-12-31"), "2000-12-25 2000-12-31");
        let sundays = Policy {
            period: Period::Fortnight,
            anchor: day("2026-03-01"),
        };
        assert_eq!(
            span(sundays, "2026-03-14"),
            ("2026-03-01".into(), "2026-03-14".into())
        );
    }

    proptest! {
        #[test]
        fn periods_leave_no_day_out_and_share_none(offset in 0_u64..40_000, which in 0_usize..4) {
            let policy = Policy { period: Period::ALL[which], ..Policy::default() };
            let today = day("1999-06-01") + Days::new(offset);
            let span = policy.span(today);
            prop_assert!(span.contains(today));
            prop_assert_eq!(policy.span(span.from), span);
            prop_assert_eq!(policy.span(span.to), span);
            let next = policy.span(span.to.succ_opt().unwrap());
            prop_assert_eq!(next.from, span.to.succ_opt().unwrap());
        }
    }

    #[test]
    fn another_period_leaves_what_is_there_alone() {
        let month = Policy::default().span(day("2026-03-20"));
        let cut = month.between(Some(day("2026-03-15")), None);
        assert_eq!((cut.from, cut.to), (day("2026-03-16"), day("2026-03-31")));
        let cut = month.between(None, Some(day("2026-03-30")));
        assert_eq!((cut.from, cut.to), (day("2026-03-01"), day("2026-03-29")));
    }

    #[test]
    fn states_follow_one_another() {
        use State::{Approved, Locked, Open, Returned, Submitted, Voided};
        let allowed = |step: Step| {
            let all = State::ALL
                .into_iter()
                .filter(|state| step.after(*state).is_ok());
            all.collect::<Vec<_>>()
        };
        assert_eq!(allowed(Step::Submit), [Open, Submitted, Returned, Voided]);
        assert_eq!(allowed(Step::Approve), [Submitted, Voided]);
        assert_eq!(allowed(Step::Return), [Submitted, Approved, Voided]);
        assert_eq!(allowed(Step::Lock), [Approved]);
        assert_eq!(allowed(Step::Reopen), [Locked]);
        let refused = Step::Lock.after(Open).unwrap_err();
        assert_eq!(refused.code, Code::TimesheetState);
        assert_eq!(refused.details["state"], "OPEN");
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn content(worked: i64, status: Option<&str>) -> Content {
        let totals = Totals {
            worked,
            ..Totals::default()
        };
        let line = Line {
            session: SessionId::from_uuid(Uuid::from_u128(1)),
            work_date: day("2026-03-02"),
            status: "COMPLETED".to_owned(),
            clocked_in_at: at("2026-03-02T05:00:00Z"),
            clocked_out_at: Some(at("2026-03-02T13:00:00Z")),
            totals,
        };
        Content {
            days: vec![Day {
                date: day("2026-03-02"),
                status: status.map(str::to_owned),
                planned: 480,
                totals,
                sessions: vec![line],
            }],
        }
    }

    #[test]
    fn a_hash_is_of_time_and_not_of_what_it_is_called() {
        let hash = content(480, None).hash();
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, content(480, Some("PRESENT")).hash());
        assert_ne!(hash, content(479, None).hash());
        assert_ne!(hash, content(480, Some("HALF_DAY")).hash());
        let stored: Content =
            serde_json::from_value(serde_json::to_value(content(480, None)).unwrap()).unwrap();
        assert_eq!(stored.hash(), hash);
    }

    fn approved(state: State) -> Timesheet {
        let span = Policy::default().span(day("2026-03-02"));
        let id = TimesheetId::from_uuid(Uuid::from_u128(1));
        let member = MemberId::from_uuid(Uuid::from_u128(2));
        Timesheet {
            state,
            approved: Some(content(480, None)),
            ..Timesheet::new(id, member, span, at("2026-03-01T00:00:00Z"))
        }
    }

    #[test]
    fn a_later_change_voids_the_approval_and_says_so() {
        let now = at("2026-03-05T00:00:00Z");
        let mut sheet = approved(State::Approved);
        assert!(sheet.touch(&content(480, Some("LATE")), now).is_empty());
        assert_eq!(sheet.state, State::Approved);
        let changed = sheet.touch(&content(470, None), now);
        assert_eq!(sheet.state, State::Voided);
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].date, day("2026-03-02"));
        assert_eq!(changed[0].before.as_ref().unwrap().totals.worked, 480);
        assert_eq!(changed[0].after.as_ref().unwrap().totals.worked, 470);
        assert!(
            sheet.touch(&content(470, None), now).is_empty(),
            "said once"
        );
        let gone = sheet.touch(&Content::default(), now);
        assert_eq!((gone.len(), &gone[0].after), (1, &None));
        assert_eq!(sheet.changes.len(), 1);
    }

    #[test]
    fn a_lock_stays_and_says_what_came_after() {
        let now = at("2026-03-05T00:00:00Z");
        let mut sheet = approved(State::Locked);
        assert_eq!(sheet.touch(&content(470, None), now).len(), 1);
        assert_eq!(sheet.state, State::Locked);
        assert_eq!(sheet.changes.len(), 1);
        let mut open = approved(State::Submitted);
        assert!(open.touch(&content(470, None), now).is_empty());
    }
}
