//! Takes stored decisions again: by their own book, which has to come to what is stored, and by the candidate.

use std::collections::HashMap;

use chrono::Datelike as _;
use zamu_rules::{Book, Decision, Record, Value};

use super::model::{Change, Side, Tally, Unfaithful, Worth, differs, fails_newly};
use super::store::Stored;
use crate::kernel::time::Instant;
use crate::rules::decisions::model::{Said, outcome_text, was_asked};

/// So many stored decisions that cannot be taken again are listed; then it is known well enough.
pub const UNFAITHFUL: usize = 20;

/// The books decisions were taken by; nothing for one that is not kept or that this engine reads differently.
pub type Books = HashMap<String, Option<Book>>;

/// Takes a page of stored decisions again. Answers what changes; everything else is counted in the tally.
pub fn judge(
    page: Vec<Stored>,
    books: &Books,
    candidate: &Book,
    hook: &str,
    tally: &mut Tally,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for stored in page {
        if tally.unfaithful.len() >= UNFAITHFUL {
            break;
        }
        if !was_asked(&stored.status) {
            tally.unasked += 1;
        } else if stored.facts.is_none() {
            tally.without_facts += 1;
        } else {
            match again(stored, books, hook) {
                Ok(again) => changes.extend(compare(again, candidate, hook, tally)),
                Err(unfaithful) => tally.unfaithful.push(unfaithful),
            }
        }
    }
    changes
}

/// A decision that was taken again and came to what is stored.
struct Again {
    id: crate::kernel::id::DecisionId,
    member: Option<crate::kernel::id::MemberId>,
    event_at: Instant,
    was: Decision,
}

fn again(stored: Stored, books: &Books, hook: &str) -> Result<Again, Unfaithful> {
    let Stored {
        id,
        event_at,
        member_id,
        release,
        outcome,
        reasons,
        facts,
        scopes,
        ..
    } = stored;
    let text = outcome.get("text").and_then(serde_json::Value::as_str);
    let text = text.unwrap_or_default().to_owned();
    let unfaithful = |again: Option<&Decision>, why: &str| Unfaithful {
        decision: id,
        stored: text.clone(),
        again: again.map(|decision| outcome_text(&decision.outcome)),
        why: why.to_owned(),
    };
    let broken = |_| unfaithful(None, "what is stored cannot be read");
    let said: Said = serde_json::from_value(outcome).map_err(broken)?;
    let reasons = serde_json::from_value(reasons).map_err(broken)?;
    let said = Said { reasons, ..said };
    let facts: Record = serde_json::from_str(&facts.unwrap_or_default()).map_err(broken)?;
    let scopes: Vec<String> = serde_json::from_value(scopes).map_err(broken)?;
    let book = books.get(&release).and_then(Option::as_ref);
    let book = book.ok_or_else(|| {
        unfaithful(
            None,
            "the rules it was decided by are not kept, or this version of the server means something else by them",
        )
    })?;
    let was = book.decide(hook, facts, &scopes);
    if !said.is_what(&was) {
        return Err(unfaithful(Some(&was), difference(&said, &was)));
    }
    Ok(Again {
        id,
        member: member_id,
        event_at,
        was,
    })
}

/// What two takings of a decision differ in, the weightiest first.
fn difference(said: &Said, again: &Decision) -> &'static str {
    if said.name != again.outcome.name {
        "another outcome"
    } else if said.values != again.outcome.values {
        "other values"
    } else if said.flags != again.flags {
        "other flags"
    } else if said.reasons != again.reasons {
        "other reasons"
    } else {
        "other wishes of the rule"
    }
}

fn compare(again: Again, candidate: &Book, hook: &str, tally: &mut Tally) -> Option<Change> {
    let Again {
        id,
        member,
        event_at,
        mut was,
    } = again;
    let facts = std::mem::take(&mut was.facts);
    let week = week(&facts, event_at);
    let department = department(&facts);
    let would = candidate.decide(hook, facts, &was.scopes);
    let is_changed = differs(&was, &would);
    let is_failing = fails_newly(was.status, would.status);
    let operations = was.operations.saturating_add(would.operations);
    tally.operations += i64::try_from(operations).unwrap_or(i64::MAX);
    tally.replayed += 1;
    tally.changed += i64::from(is_changed);
    tally.newly_failing += i64::from(is_failing);
    count_outcomes(tally, &was.outcome.name, &would.outcome.name);
    let (before, after) = (Worth::of(&was.outcome), Worth::of(&would.outcome));
    let count = |delta: &mut super::model::Delta| delta.count(is_changed, &before, &after);
    count(tally.weeks.entry(week).or_default());
    count(tally.departments.entry(department.clone()).or_default());
    if !is_changed {
        return None;
    }
    if let Some(member) = member {
        count(tally.people.entry(member.to_string()).or_default());
    }
    Some(Change {
        decision: id,
        member,
        event_at,
        is_failing,
        department,
        was: Side::of(&was),
        would: Side::of(&would),
    })
}

/// Counts without making a text for a pair that was seen before.
fn count_outcomes(tally: &mut Tally, was: &str, would: &str) {
    if let Some(count) = tally.matrix.get_mut(was).and_then(|row| row.get_mut(would)) {
        *count += 1;
        return;
    }
    let row = tally.matrix.entry(was.to_owned()).or_default();
    row.insert(would.to_owned(), 1);
}

/// The ISO week of the local day, as the rule knew it: `2026-W10`.
fn week(facts: &Record, event_at: Instant) -> String {
    let day = match facts.get("now") {
        Some(Value::Moment(now)) => now.day_of_calendar(),
        _ => event_at.date_naive(),
    };
    let week = day.iso_week();
    format!("{}-W{:02}", week.year(), week.week())
}

/// The department's name as the rule knew it; empty for none.
fn department(facts: &Record) -> String {
    let person = facts.get("person").and_then(Value::as_record);
    let name = person.and_then(|person| person.get("department"));
    name.and_then(Value::as_text).unwrap_or_default().to_owned()
}
