//! Thinks: what exceptions are about, what becomes of them when time is worked out anew, and what counts as confirmed.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

pub use super::kind::{Kind, Severity};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, ExceptionId, MemberId, PlaceId, PunchId, SessionId};
use crate::kernel::time::Instant;

/// What exceptions are about: a session, or a claim that belongs to none, or a person's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The id in its outside form, or `mbr_…:2026-03-02` for a day: what the found exceptions are compared within.
    pub key: String,
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub session: Option<SessionId>,
    pub punch: Option<PunchId>,
    pub work_date: NaiveDate,
}

/// Something found while time was worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub kind: Kind,
    /// The rule's own code for [`Kind::RuleFlag`]; empty for all others.
    pub code: String,
    pub severity: Severity,
    /// How sure, 0–100; 100 for what is plainly so.
    pub score: i32,
    /// Why, in values a person can check: distances, times, the punches it was found in.
    pub detail: Map<String, Value>,
}

impl Found {
    /// What is plainly so, as severe as its kind usually is.
    pub fn plain(kind: Kind, detail: Map<String, Value>) -> Self {
        Self {
            kind,
            code: String::new(),
            severity: kind.severity(),
            score: 100,
            detail,
        }
    }

    pub(super) fn key(&self) -> (Kind, &str) {
        (self.kind, &self.code)
    }
}

/// Where an exception stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waiting for somebody.
    Open,
    /// Somebody looked at it and said so.
    Acknowledged,
    /// Not so any more: the time was corrected, or worked out differently.
    Cleared,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Cleared];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Cleared => "CLEARED",
        }
    }
}

/// What happened to an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    Opened,
    /// Found again, and saying something else.
    Changed,
    Assigned,
    Acknowledged,
    /// Gone, because the time was corrected.
    Fixed,
    /// Gone without a correction being asked for, or replaced by one that says something else.
    Cleared,
    Reopened,
}

impl Change {
    pub const ALL: [Self; 7] = [
        Self::Opened,
        Self::Changed,
        Self::Assigned,
        Self::Acknowledged,
        Self::Fixed,
        Self::Cleared,
        Self::Reopened,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "OPENED",
            Self::Changed => "CHANGED",
            Self::Assigned => "ASSIGNED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Fixed => "FIXED",
            Self::Cleared => "CLEARED",
            Self::Reopened => "REOPENED",
        }
    }

    /// The state after it; nothing where it changes none.
    pub const fn leads_to(self) -> Option<State> {
        match self {
            Self::Opened | Self::Reopened => Some(State::Open),
            Self::Acknowledged => Some(State::Acknowledged),
            Self::Fixed | Self::Cleared => Some(State::Cleared),
            Self::Changed | Self::Assigned => None,
        }
    }
}

/// Something a person must look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    pub id: ExceptionId,
    pub subject: Subject,
    pub kind: Kind,
    pub code: String,
    pub severity: Severity,
    pub state: State,
    pub score: i32,
    pub detail: Map<String, Value>,
    pub assigned_to: Option<MemberId>,
    pub opened_at: Instant,
    pub closed_at: Option<Instant>,
    /// Nobody where it cleared by itself.
    pub closed_by: Option<MemberId>,
    pub reason_code: Option<String>,
    pub resolution_code: Option<String>,
    pub memo: Option<String>,
    pub attested: bool,
    /// How often it changed: the number of its newest history row.
    pub changes: i32,
}

/// A row of an exception's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub exception: ExceptionId,
    /// 1, 2, 3 … for each exception.
    pub number: i32,
    pub at: Instant,
    pub change: Change,
    /// Nobody where the server worked it out.
    pub made_by: Option<MemberId>,
    pub detail: Map<String, Value>,
}

/// An exception as it is after a change, and the row that explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub after: Exception,
    pub entry: Entry,
}

/// What somebody says when acknowledging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acknowledgement {
    pub reason_code: String,
    pub resolution_code: String,
    pub memo: Option<String>,
    pub attested: bool,
}

impl Exception {
    /// Found for the first time; `instead` of one that was acknowledged while it said something else.
    pub fn open(
        id: ExceptionId,
        subject: &Subject,
        found: Found,
        at: Instant,
        instead: Option<ExceptionId>,
    ) -> Transition {
        let mut detail = Map::new();
        if let Some(before) = instead {
            detail.insert("instead".to_owned(), json!(before.to_string()));
        }
        let opened = Self {
            id,
            subject: subject.clone(),
            kind: found.kind,
            code: found.code,
            severity: found.severity,
            state: State::Open,
            score: found.score,
            detail: found.detail,
            assigned_to: None,
            opened_at: at,
            closed_at: None,
            closed_by: None,
            reason_code: None,
            resolution_code: None,
            memo: None,
            attested: false,
            changes: 0,
        };
        opened.after(Change::Opened, at, None, detail)
    }

    fn after(
        mut self,
        change: Change,
        at: Instant,
        made_by: Option<MemberId>,
        detail: Map<String, Value>,
    ) -> Transition {
        self.changes += 1;
        if let Some(state) = change.leads_to() {
            self.state = state;
            self.closed_at = (state != State::Open).then_some(at);
            self.closed_by = (state == State::Acknowledged).then_some(made_by).flatten();
        }
        let entry = Entry {
            exception: self.id,
            number: self.changes,
            at,
            change,
            made_by,
            detail,
        };
        Transition { after: self, entry }
    }

    /// Whether a finding is this one, word for word. How sure it is does not count.
    pub fn says(&self, found: &Found) -> bool {
        self.severity == found.severity && self.detail == found.detail
    }

    pub(super) fn found_again(
        mut self,
        subject: &Subject,
        found: Found,
        at: Instant,
    ) -> Transition {
        self.subject.clone_from(subject);
        let before = json!({
            "severity": self.severity.name(), "score": self.score, "detail": self.detail,
        });
        self.severity = found.severity;
        self.score = found.score;
        self.detail = found.detail;
        let detail = Map::from_iter([("before".to_owned(), before)]);
        self.after(Change::Changed, at, None, detail)
    }

    pub(super) fn gone(self, at: Instant, detail: Map<String, Value>) -> Transition {
        let change = match self.severity {
            Severity::Fix => Change::Fixed,
            Severity::Acknowledge => Change::Cleared,
        };
        self.after(change, at, None, detail)
    }

    /// Open → acknowledged; what must be fixed is not acknowledged away.
    pub fn acknowledge(
        mut self,
        said: Acknowledgement,
        by: Option<MemberId>,
        at: Instant,
    ) -> Result<Transition> {
        self.must_be_open()?;
        if self.severity == Severity::Fix {
            return Err(Refusal::MustBeFixed.into());
        }
        if self.kind.wants_attestation() && !said.attested {
            return Err(Refusal::NotAttested.into());
        }
        let detail = json!({
            "reasonCode": said.reason_code, "resolutionCode": said.resolution_code,
            "memo": said.memo, "attested": said.attested,
        });
        self.reason_code = Some(said.reason_code);
        self.resolution_code = Some(said.resolution_code);
        self.memo = said.memo;
        self.attested = said.attested;
        Ok(self.after(Change::Acknowledged, at, by, object(detail)))
    }

    /// Gives it to somebody, or back to everybody.
    pub fn assign(
        mut self,
        to: Option<MemberId>,
        by: Option<MemberId>,
        at: Instant,
    ) -> Result<Transition> {
        self.must_be_open()?;
        let name = |member: Option<MemberId>| member.map(|member| member.to_string());
        let detail = json!({"to": name(to), "before": name(self.assigned_to)});
        self.assigned_to = to;
        Ok(self.after(Change::Assigned, at, by, object(detail)))
    }

    /// Acknowledged → open. What cleared by itself opens by itself, when it is so again.
    pub fn reopen(
        mut self,
        memo: Option<&str>,
        by: Option<MemberId>,
        at: Instant,
    ) -> Result<Transition> {
        if self.state != State::Acknowledged {
            return Err(Refusal::NotAcknowledged(self.state).into());
        }
        let detail = json!({
            "memo": memo, "reasonCode": self.reason_code, "resolutionCode": self.resolution_code,
        });
        self.reason_code = None;
        self.resolution_code = None;
        self.memo = None;
        self.attested = false;
        Ok(self.after(Change::Reopened, at, by, object(detail)))
    }

    fn must_be_open(&self) -> Result<()> {
        match self.state {
            State::Open => Ok(()),
            state => Err(Refusal::Closed(state).into()),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Why an exception stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("this exception is {} already", .0.name().to_lowercase())]
    Closed(State),
    #[error("this exception is {}; only one that was acknowledged is reopened", .0.name().to_lowercase())]
    NotAcknowledged(State),
    #[error("this must be corrected: it goes away by itself when the time is right")]
    MustBeFixed,
    #[error("whoever acknowledges this attests that the time is right")]
    NotAttested,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let code = match refusal {
            Refusal::NotAttested => {
                return Self::refused(Code::AttestationRequired, message).at("attested");
            }
            Refusal::Closed(_) | Refusal::NotAcknowledged(_) => Code::ExceptionClosed,
            Refusal::MustBeFixed => Code::ExceptionMustBeFixed,
        };
        Self::refused(code, message)
    }
}

/// Which exceptions are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of them; all if empty.
    pub kinds: Vec<Kind>,
    pub severity: Option<Severity>,
    /// Any of them; all if empty.
    pub states: Vec<State>,
    pub member: Option<MemberId>,
    /// Of members who were in this department then; not of those below it.
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub session: Option<SessionId>,
    pub assigned_to: Option<MemberId>,
    /// The first work date.
    pub from: Option<NaiveDate>,
    /// The last work date.
    pub to: Option<NaiveDate>,
    pub min_score: Option<i32>,
}

impl Filter {
    /// Whether it is what is wanted, whatever its state.
    pub fn takes(&self, one: &Exception) -> bool {
        fn is<T: PartialEq + Copy>(wanted: Option<T>, value: Option<T>) -> bool {
            wanted.is_none() || wanted == value
        }
        let date = one.subject.work_date;
        (self.kinds.is_empty() || self.kinds.contains(&one.kind))
            && is(self.severity, Some(one.severity))
            && is(self.member, Some(one.subject.member))
            && is(self.department, one.subject.department)
            && is(self.place, one.subject.place)
            && is(self.session, one.subject.session)
            && is(self.assigned_to, one.assigned_to)
            && self.from.is_none_or(|from| date >= from)
            && self.to.is_none_or(|to| date <= to)
            && self.min_score.is_none_or(|least| one.score >= least)
    }
}

/// What is known of a visit when somebody asks whether it can be billed, and whether it was captured as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own about the visit"
)]
pub struct Visit {
    pub start_is_known: bool,
    pub end_is_known: bool,
    /// The timetable ended it: nobody's claim says when it ended.
    pub is_auto_closed: bool,
    pub has_open_fix: bool,
    /// Entered or corrected by hand.
    pub is_manual: bool,
}

/// Whether its time can be billed: both ends are known and nothing is left to fix.
pub const fn is_confirmed(visit: Visit) -> bool {
    visit.start_is_known && visit.end_is_known && !visit.has_open_fix
}

/// Whether it was captured as it should be: confirmed without anybody's hand. A manual or corrected visit is confirmed
/// at best (Minnesota's policy, which counts the two apart).
pub const fn is_compliant(visit: Visit) -> bool {
    is_confirmed(visit) && !visit.is_auto_closed && !visit.is_manual
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURED: Visit = Visit {
        start_is_known: true,
        end_is_known: true,
        is_auto_closed: false,
        has_open_fix: false,
        is_manual: false,
    };

    #[test]
    fn a_visit_by_hand_is_confirmed_and_never_compliant() {
        assert!(is_confirmed(CAPTURED) && is_compliant(CAPTURED));
        let by_hand = [
            Visit {
                is_manual: true,
                ..CAPTURED
            },
            Visit {
                is_auto_closed: true,
                ..CAPTURED
            },
        ];
        for visit in by_hand {
            assert!(is_confirmed(visit) && !is_compliant(visit), "{visit:?}");
        }
    }

    #[test]
    fn what_is_left_to_fix_confirms_nothing() {
        let unknown = [
            Visit {
                start_is_known: false,
                ..CAPTURED
            },
            Visit {
                end_is_known: false,
                ..CAPTURED
            },
            Visit {
                has_open_fix: true,
                ..CAPTURED
            },
        ];
        for visit in unknown {
            assert!(!is_confirmed(visit) && !is_compliant(visit), "{visit:?}");
        }
    }
}
