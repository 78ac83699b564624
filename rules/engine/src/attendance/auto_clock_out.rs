//! `attendance.auto_clock_out`: the shift is over and nobody clocked out. What now?

use crate::hook::{Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk};
use crate::shared::{PERSON, sample_moment, sample_person};
use crate::twin::{moment, whole, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

const SHIFT: Kind = Kind::Record(fields! {
    starts_at: Kind::Moment => "when it was planned to begin";
    ends_at: Kind::Moment => "when it was planned to end";
});

const LAST_SEEN: Kind = Kind::Record(fields! {
    at: Kind::Moment => "when" may_be_empty;
    minutes_ago: Kind::Whole => "minutes since then";
    inside_fence: Kind::YesNo => "whether it was inside the fence of the place";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::AUTO_CLOCK_OUT,
    contract: 1,
    about: "The shift is over and nobody clocked out. What now? Asked every few minutes.",
    subject: "session",
    facts: fields! {
        started_at: Kind::Moment => "when the session began";
        minutes_past_end: Kind::Whole => "minutes since the shift ended; negative before its end";
        shift: SHIFT => "the shift, or the usual hours where there is none";
        last_seen: LAST_SEEN => "the last sign of presence; reads as empty without one" reads_as_empty;
        person: PERSON => "whose session it is";
        now: Kind::Moment => "the moment of the question, local";
    },
    outcomes: &[
        OutcomeSpec::plain("keep_open", "wait, and ask again later"),
        OutcomeSpec::with(
            "close_at",
            &[Argument::Moment { field: "at" }],
            "close the session as of this moment",
        ),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::First,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        started_at: sample_moment(0),
        minutes_past_end: 30,
        shift: facts! { starts_at: sample_moment(0), ends_at: sample_moment(480) },
        last_seen: facts! { at: sample_moment(470), minutes_ago: 40, inside_fence: true },
        person: sample_person(),
        now: sample_moment(510),
    }
}

/// The twin of `auto_clock_out.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let past_end = whole(facts, "minutes_past_end", 0);
    if past_end < whole(settings, "wait_minutes", 60) {
        return Verdict::new("keep_open");
    }
    let seen_recently =
        whole(facts, "last_seen.minutes_ago", 0) < whole(settings, "seen_recently_minutes", 0);
    if yes(facts, "last_seen.inside_fence") && seen_recently {
        return Verdict::new("keep_open").flag("working_past_shift_end");
    }
    let mut answer = Verdict::new("close_at")
        .because(format!(
            "no clock-out {past_end} minutes after the shift ended"
        ))
        .flag("closed_automatically");
    if let Some(end) = moment(facts, "shift.ends_at") {
        answer = answer.with("at", end);
    }
    answer.notes.needs_review = true;
    answer
}

/// A session never ends before it began, nor before the last sign that somebody was still there.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    let Some(Value::Moment(asked)) = answer.values.get("at").cloned() else {
        return None;
    };
    let signs = [moment(facts, "started_at"), moment(facts, "last_seen.at")];
    let last = signs
        .into_iter()
        .flatten()
        .max_by_key(|sign| sign.utc_micros)?;
    if asked.utc_micros >= last.utc_micros {
        return None;
    }
    answer.values.insert("at".to_owned(), last.into());
    Some(format!(
        "the rule would close at {asked}; the platform closes at the last sign of presence, {last}"
    ))
}
