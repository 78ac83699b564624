//! Thinks: proposed changes, corrections and their states, and the effect of changes on hours.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::attendance::figures::{self, Line, Totals};
use crate::attendance::model::{Direction, WorkSession};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{ClientId, CorrectionId, MemberId, PlaceId, PunchId, SessionId};
use crate::kernel::time::Instant;

/// The most changes one correction may propose.
pub const MOST_CHANGES: usize = 20;
/// How far back time may still be entered or changed.
const LONGEST_AGO: TimeDelta = TimeDelta::days(366);

/// A claim that somebody makes for somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    pub direction: Direction,
    pub at: Instant,
    pub place: Option<PlaceId>,
    pub client: Option<ClientId>,
    pub service: Option<String>,
    pub break_kind: Option<String>,
}

impl Added {
    pub fn new(direction: Direction, at: Instant) -> Self {
        Self {
            direction,
            at,
            place: None,
            client: None,
            service: None,
            break_kind: None,
        }
    }
}

/// One change of what is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Proposed {
    /// A claim that is missing.
    Add(Added),
    /// It happened at another time.
    Move { punch: PunchId, at: Instant },
    /// It did not happen.
    Void { punch: PunchId },
    /// What was said first holds again.
    Restore { punch: PunchId },
}

impl Proposed {
    /// The claim it is about, unless it adds one.
    pub const fn punch(&self) -> Option<PunchId> {
        match self {
            Self::Add(_) => None,
            Self::Move { punch, .. } | Self::Void { punch } | Self::Restore { punch } => {
                Some(*punch)
            }
        }
    }

    /// The time it says.
    pub const fn at(&self) -> Option<Instant> {
        match self {
            Self::Add(Added { at, .. }) | Self::Move { at, .. } => Some(*at),
            Self::Void { .. } | Self::Restore { .. } => None,
        }
    }
}

/// Refuses times that have not come yet or are over a year ago, too many changes, and two changes of one claim.
pub fn check(changes: &[Proposed], now: Instant) -> Result<()> {
    if changes.is_empty() || changes.len() > MOST_CHANGES {
        let message = format!("{} changes; 1 to {MOST_CHANGES} are allowed", changes.len());
        return Err(Error::invalid("changes", message));
    }
    let mut seen = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        let field = format!("changes.{index}");
        if let Some(at) = change.at() {
            check_time(at, now).map_err(|error| error.within(&field))?;
        }
        if change.punch().is_some_and(|punch| !seen.insert(punch)) {
            return Err(Error::invalid(&field, "this punch is changed twice"));
        }
    }
    Ok(())
}

/// A time that somebody enters: it has come, and lies at most a year back.
pub fn check_time(at: Instant, now: Instant) -> Result<()> {
    if at > now {
        return Err(Error::invalid("at", "this time has not come yet"));
    }
    if at < now - LONGEST_AGO {
        return Err(Error::invalid("at", "this is more than a year ago"));
    }
    Ok(())
}

/// What has become of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Approved,
    Rejected,
    /// Taken back by whoever asked.
    Withdrawn,
}

impl State {
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Withdrawn,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

/// What a worker asks to have changed about their own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub id: CorrectionId,
    /// Whose time it is, and who asks.
    pub member_id: MemberId,
    pub state: State,
    pub changes: Vec<Proposed>,
    pub reason_code: String,
    pub memo: Option<String>,
    pub requested_at: Instant,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<MemberId>,
    pub decision_memo: Option<String>,
    /// What the approval did, as it was then.
    pub effect: Option<Effect>,
}

impl Correction {
    /// The same, ended; decided once and for all.
    pub fn end(self, state: State, at: Instant) -> Result<Self> {
        if self.state != State::Pending {
            let message = format!("this correction is {} already", self.state.name());
            return Err(
                Error::refused(Code::CorrectionDecided, message).with("state", self.state.name())
            );
        }
        Ok(Self {
            state,
            decided_at: Some(at),
            ..self
        })
    }
}

/// What changes do to sessions and days; what stays as it is does not occur.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub sessions: Vec<SessionEffect>,
    pub days: Vec<DayEffect>,
}

/// A session before and after; nothing where there was or is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEffect {
    pub session: SessionId,
    pub before: Option<Line>,
    pub after: Option<Line>,
}

/// A day before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEffect {
    pub date: NaiveDate,
    pub before: Totals,
    pub after: Totals,
}

impl Effect {
    pub fn between(before: &[WorkSession], after: &[WorkSession]) -> Self {
        let (before, after) = (figures::lines(before), figures::lines(after));
        Self {
            sessions: sessions_between(&before, &after),
            days: days_between(&before, &after),
        }
    }

    /// The days on which anything is not as it was.
    pub fn dates(&self) -> BTreeSet<NaiveDate> {
        let lines = self
            .sessions
            .iter()
            .flat_map(|session| session.before.iter().chain(&session.after));
        lines.map(|line| line.work_date).collect()
    }
}

fn sessions_between(before: &[Line], after: &[Line]) -> Vec<SessionEffect> {
    let by_id = |lines: &[Line]| -> BTreeMap<SessionId, Line> {
        lines
            .iter()
            .map(|line| (line.session, line.clone()))
            .collect()
    };
    let (mut old, mut new) = (by_id(before), by_id(after));
    let ids: BTreeSet<SessionId> = old.keys().chain(new.keys()).copied().collect();
    let mut found: Vec<SessionEffect> = ids
        .into_iter()
        .map(|session| SessionEffect {
            session,
            before: old.remove(&session),
            after: new.remove(&session),
        })
        .filter(|effect| effect.before != effect.after)
        .collect();
    found.sort_by_key(|effect| {
        let line = effect.before.as_ref().or(effect.after.as_ref());
        (line.map(|line| line.clocked_in_at), effect.session)
    });
    found
}

fn days_between(before: &[Line], after: &[Line]) -> Vec<DayEffect> {
    let (before, after) = (figures::by_day(before), figures::by_day(after));
    let dates: BTreeSet<NaiveDate> = before.keys().chain(after.keys()).copied().collect();
    let of =
        |days: &BTreeMap<NaiveDate, Totals>, date| days.get(&date).copied().unwrap_or_default();
    dates
        .into_iter()
        .map(|date| DayEffect {
            date,
            before: of(&before, date),
            after: of(&after, date),
        })
        .filter(|day| day.before != day.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn punch(number: u128) -> PunchId {
        PunchId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn what_is_proposed_is_checked() {
        let now = at("2026-03-02T05:00:00Z");
        let add = |at| Proposed::Add(Added::new(Direction::In, at));
        assert!(check(&[add(now)], now).is_ok());
        let field = |changes: &[Proposed]| check(changes, now).unwrap_err().field.unwrap();
        assert_eq!(field(&[]), "changes");
        let late = add(now + TimeDelta::seconds(1));
        assert_eq!(field(&[add(now), late]), "changes.1.at");
        assert_eq!(field(&[add(now - TimeDelta::days(400))]), "changes.0.at");
        let twice = [
            Proposed::Void { punch: punch(1) },
            Proposed::Move {
                punch: punch(1),
                at: now,
            },
        ];
        assert_eq!(field(&twice), "changes.1");
        let many: Vec<_> = (0..=MOST_CHANGES).map(|_| add(now)).collect();
        assert_eq!(field(&many), "changes");
    }

    #[test]
    fn a_proposal_is_kept_in_words() {
        let moved = Proposed::Move {
            punch: punch(1),
            at: at("2026-03-02T05:00:00Z"),
        };
        let text = serde_json::to_value(&moved).unwrap();
        assert_eq!(text["kind"], "MOVE");
        assert_eq!(serde_json::from_value::<Proposed>(text).unwrap(), moved);
        let added = Proposed::Add(Added::new(
            Direction::BreakStart,
            at("2026-03-02T05:00:00Z"),
        ));
        let text = serde_json::to_value(&added).unwrap();
        assert_eq!(
            (&text["kind"], &text["direction"]),
            (&"ADD".into(), &"BREAK_START".into())
        );
        assert_eq!(serde_json::from_value::<Proposed>(text).unwrap(), added);
    }

    fn line(session: u128, day: &str, worked: i64) -> Line {
        Line {
            session: SessionId::from_uuid(Uuid::from_u128(session)),
            work_date: day.parse().unwrap(),
            status: "COMPLETED".to_owned(),
            clocked_in_at: at(&format!("{day}T05:00:00Z")),
            clocked_out_at: None,
            totals: Totals {
                worked,
                ..Totals::default()
            },
        }
    }

    #[test]
    fn an_effect_is_what_differs() {
        let before = [line(1, "2026-03-02", 480), line(2, "2026-03-03", 100)];
        let after = [line(1, "2026-03-02", 480), line(3, "2026-03-04", 100)];
        let found = Effect {
            sessions: sessions_between(&before, &after),
            days: days_between(&before, &after),
        };
        assert_eq!(found.sessions.len(), 2);
        assert!(found.sessions[0].after.is_none() && found.sessions[1].before.is_none());
        let worked: Vec<(i64, i64)> = found
            .days
            .iter()
            .map(|day| (day.before.worked, day.after.worked))
            .collect();
        assert_eq!(worked, [(100, 0), (0, 100)]);
        assert_eq!(found.dates().len(), 2);
        assert_eq!(Effect::between(&[], &[]), Effect::default());
    }

    #[test]
    fn a_correction_is_decided_once() {
        let pending = Correction {
            id: CorrectionId::from_uuid(Uuid::from_u128(1)),
            member_id: MemberId::from_uuid(Uuid::from_u128(2)),
            state: State::Pending,
            changes: vec![],
            reason_code: "FORGOT".to_owned(),
            memo: None,
            requested_at: at("2026-03-02T05:00:00Z"),
            decided_at: None,
            decided_by: None,
            decision_memo: None,
            effect: None,
        };
        let now = at("2026-03-02T06:00:00Z");
        let done = pending.end(State::Withdrawn, now).unwrap();
        assert_eq!((done.state, done.decided_at), (State::Withdrawn, Some(now)));
        let again = done.end(State::Approved, now).unwrap_err();
        assert_eq!(again.code, Code::CorrectionDecided);
    }
}
