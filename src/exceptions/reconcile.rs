//! Thinks: what becomes of standing exceptions when something else is found.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::model::{Exception, Found, Kind, State, Subject, Transition};
use crate::kernel::id::ExceptionId;
use crate::kernel::time::Instant;

/// What makes the standing exceptions of a subject (open or acknowledged) what was found: opens what is new, clears what
/// is gone, keeps what is still there. What was acknowledged stays so while it says the same; when it says something
/// else, it is cleared and another opens in its place, because nobody acknowledged that. Deterministic but for the ids.
pub fn reconcile(
    subject: &Subject,
    standing: Vec<Exception>,
    found: &[Found],
    at: Instant,
    mut new_id: impl FnMut() -> ExceptionId,
) -> Vec<Transition> {
    let mut wanted = merged(found);
    let mut transitions = Vec::new();
    let mut opening = Vec::new();
    for old in standing {
        match wanted.remove(&(old.kind, old.code.clone())) {
            None => transitions.push(old.gone(at, Map::new())),
            // What it is about may have moved to another day, place or department; that is no news to whoever
            // acknowledged it.
            Some(new) if old.says(&new) => {
                let is_news = old.state == State::Open && old.score != new.score;
                if is_news || old.subject != *subject {
                    transitions.push(old.found_again(subject, new, at));
                }
            }
            Some(new) if old.state == State::Open => {
                transitions.push(old.found_again(subject, new, at));
            }
            Some(new) => {
                let id = new_id();
                let by = Map::from_iter([("by".to_owned(), json!(id.to_string()))]);
                opening.push(Exception::open(id, subject, new, at, Some(old.id)));
                transitions.push(old.gone(at, by));
            }
        }
    }
    opening.extend(
        wanted
            .into_values()
            .map(|new| Exception::open(new_id(), subject, new, at, None)),
    );
    // What is cleared first makes room for what opens in its place.
    transitions.extend(opening);
    transitions
}

/// One per kind and code: the surest speaks for all, the others are kept beside it, and the most severe decides.
fn merged(found: &[Found]) -> BTreeMap<(Kind, String), Found> {
    let mut wanted: BTreeMap<(Kind, String), Found> = BTreeMap::new();
    let mut sorted: Vec<&Found> = found.iter().collect();
    sorted.sort_by_key(|found| std::cmp::Reverse(found.score));
    for new in sorted {
        let (kind, code) = new.key();
        let Some(first) = wanted.get_mut(&(kind, code.to_owned())) else {
            wanted.insert((kind, code.to_owned()), new.clone());
            continue;
        };
        first.severity = first.severity.max(new.severity);
        let also = first.detail.entry("also").or_insert_with(|| json!([]));
        if let Value::Array(others) = also {
            others.push(Value::Object(new.detail.clone()));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::model::{Acknowledgement, Entry, Severity};
    use crate::kernel::id::MemberId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minute: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_772_400_000 + minute * 60, 0).unwrap()
    }

    fn subject() -> Subject {
        Subject {
            key: "ses_1".to_owned(),
            member: MemberId::from_uuid(Uuid::from_u128(1)),
            department: None,
            place: None,
            session: None,
            punch: None,
            work_date: "2026-03-02".parse().unwrap(),
        }
    }

    fn found(kind: Kind, metres: i64, score: i32) -> Found {
        Found {
            score,
            ..Found::plain(kind, Map::from_iter([("metres".to_owned(), json!(metres))]))
        }
    }

    /// Everything that was ever written, as the database would hold it.
    #[derive(Default)]
    struct Book {
        exceptions: BTreeMap<ExceptionId, Exception>,
        history: Vec<Entry>,
        ids: u128,
    }

    impl Book {
        fn standing(&self) -> Vec<Exception> {
            let all = self.exceptions.values();
            all.filter(|one| one.state != State::Cleared)
                .cloned()
                .collect()
        }

        fn keep(&mut self, transition: Transition) {
            self.exceptions
                .insert(transition.after.id, transition.after);
            self.history.push(transition.entry);
        }

        fn reconcile(&mut self, found: &[Found], minute: i64) -> usize {
            let mut ids = self.ids;
            let new_id = || {
                ids += 1;
                ExceptionId::from_uuid(Uuid::from_u128(ids))
            };
            let made = reconcile(&subject(), self.standing(), found, at(minute), new_id);
            self.ids = ids;
            let count = made.len();
            for one in made {
                self.keep(one);
            }
            count
        }

        fn acknowledge(&mut self, minute: i64) {
            for one in self.standing() {
                if let Ok(done) = one.acknowledge(Acknowledgement::default(), None, at(minute)) {
                    self.keep(done);
                }
            }
        }

        fn reopen(&mut self, minute: i64) {
            for one in self.standing() {
                if let Ok(done) = one.reopen(None, None, at(minute)) {
                    self.keep(done);
                }
            }
        }

        /// The state each exception has by its history alone.
        fn by_history(&self, id: ExceptionId) -> (Option<State>, usize) {
            let own: Vec<_> = self
                .history
                .iter()
                .filter(|row| row.exception == id)
                .collect();
            let state = own
                .iter()
                .filter_map(|row| row.change.leads_to())
                .next_back();
            (state, own.len())
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Find(Vec<(usize, i64, i32)>),
        Acknowledge,
        Reopen,
    }

    const KINDS: [Kind; 4] = [
        Kind::MissingOut,
        Kind::LateIn,
        Kind::RuleFlag,
        Kind::ClockSkew,
    ];

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let find = prop::collection::vec((0..KINDS.len(), 0_i64..3, 90_i32..92), 0..6);
        let step = prop_oneof![
            3 => find.prop_map(Step::Find),
            1 => Just(Step::Acknowledge),
            1 => Just(Step::Reopen),
        ];
        prop::collection::vec(step, 1..24)
    }

    proptest! {
        /// Whatever happened before, what stands is exactly what was found last, and the history explains every state.
        #[test]
        fn what_stands_is_what_was_found_last(steps in steps()) {
            let mut book = Book::default();
            let mut last: Vec<Found> = vec![];
            for (minute, step) in (0..).zip(steps) {
                match step {
                    Step::Find(drawn) => {
                        last = drawn
                            .into_iter()
                            .map(|(kind, metres, score)| found(KINDS[kind], metres, score))
                            .collect();
                        book.reconcile(&last, minute);
                        prop_assert_eq!(book.reconcile(&last, minute), 0, "again, and nothing changes");
                    }
                    Step::Acknowledge => book.acknowledge(minute),
                    Step::Reopen => book.reopen(minute),
                }
                let stands: BTreeMap<_, _> = book
                    .standing()
                    .into_iter()
                    .map(|one| ((one.kind, one.code), (one.severity, one.detail)))
                    .collect();
                let wanted: BTreeMap<_, _> = merged(&last)
                    .into_iter()
                    .map(|(key, one)| (key, (one.severity, one.detail)))
                    .collect();
                prop_assert_eq!(stands, wanted);
                prop_assert_eq!(book.standing().len(), merged(&last).len());
            }
            for (id, one) in &book.exceptions {
                let (state, rows) = book.by_history(*id);
                prop_assert_eq!(state, Some(one.state));
                prop_assert_eq!(rows, usize::try_from(one.changes).unwrap());
                prop_assert_eq!(one.closed_at.is_none(), one.state == State::Open);
            }
        }
    }

    #[test]
    fn what_was_acknowledged_stays_so_while_it_says_the_same() {
        let mut book = Book::default();
        book.reconcile(&[found(Kind::LateIn, 10, 100)], 0);
        book.acknowledge(1);
        assert_eq!(book.reconcile(&[found(Kind::LateIn, 10, 80)], 2), 0);
        assert_eq!(book.reconcile(&[found(Kind::LateIn, 25, 100)], 3), 2);
        let states: Vec<_> = book.exceptions.values().map(|one| one.state).collect();
        assert_eq!(states, [State::Cleared, State::Open]);
        let first = book.history.iter().find(|row| row.number == 3).unwrap();
        let second = book.exceptions.values().next_back().unwrap();
        assert_eq!(first.detail["by"], json!(second.id.to_string()));
    }

    #[test]
    fn several_of_a_kind_are_one_that_names_them_all() {
        let all = merged(&[
            found(Kind::ConflictingClaims, 1, 60),
            found(Kind::ConflictingClaims, 2, 90),
        ]);
        let one = all.values().next().unwrap();
        assert_eq!((all.len(), one.score), (1, 90));
        assert_eq!(one.detail["metres"], json!(2));
        assert_eq!(one.detail["also"], json!([{"metres": 1}]));
        assert_eq!(one.severity, Severity::Fix);
    }

    #[test]
    fn what_must_be_fixed_is_not_acknowledged_away() {
        let mut book = Book::default();
        book.reconcile(&[found(Kind::MissingOut, 0, 100)], 0);
        let open = book.standing().remove(0);
        let refused = open
            .acknowledge(Acknowledgement::default(), None, at(1))
            .unwrap_err();
        assert_eq!(refused.code.name(), "EXCEPTION_MUST_BE_FIXED");
        book.reconcile(&[], 2);
        assert_eq!(book.history[1].change.name(), "FIXED");
    }
}
