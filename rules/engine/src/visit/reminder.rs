//! `visit.reminder`: when is the client reminded of this visit?

use crate::hook::{
    Argument, Budget, Combine, FailurePolicy, Hook, Kind, OutcomeSpec, Risk, no_invariant,
};
use crate::shared::{SERVICE, sample_moment, sample_now, sample_service};
use crate::twin::{moment, whole, yes};
use crate::verdict::Verdict;
use crate::{Moment, Record, Value};

const CLIENT: Kind = Kind::Record(fields! {
    wants_reminders: Kind::YesNo => "no once they asked for none";
    language: Kind::Text => "language they read, such as en or sw" personal;
});

const QUIET: Kind = Kind::Record(fields! {
    from_hour: Kind::Whole => "first quiet hour, from 0 to 23";
    until_hour: Kind::Whole => "first hour that is not quiet any more";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VISIT_REMINDER,
    contract: 1,
    about: "When is the client reminded of this visit? Asked when it is booked or moved.",
    subject: "visit",
    facts: fields! {
        starts_at: Kind::Moment => "when the visit begins, local";
        planned_minutes: Kind::Whole => "planned length in minutes";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        client: CLIENT => "who is visited";
        quiet_hours: QUIET => "when nobody is to be disturbed; empty without" may_be_empty;
        now: Kind::Moment => "the moment of booking, local";
    },
    outcomes: &[
        OutcomeSpec::with(
            "remind_at",
            &[Argument::Moments { field: "moments" }],
            "send a reminder at each of these moments",
        ),
        OutcomeSpec::plain("no_reminder", "send none"),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::First,
    risk: Risk::A,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        starts_at: sample_moment(3 * 1_440),
        planned_minutes: 60,
        service: sample_service(),
        client: facts! { wants_reminders: true, language: "en" },
        quiet_hours: facts! { from_hour: 21, until_hour: 7 },
        now: sample_now(),
    }
}

/// The twin of `reminder.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if !yes(facts, "client.wants_reminders") {
        return Verdict::new("no_reminder").because("the client asked for none");
    }
    let before = |name: &str, otherwise: i64| {
        let start = moment(facts, "starts_at")?;
        start.plus_minutes(-whole(settings, name, otherwise))
    };
    let first = before("first_minutes", 1_440);
    let second = before("second_minutes", 120);
    let now = moment(facts, "now").map_or(0, |now| now.utc_micros);
    let is_ahead = |at: Option<Moment>| at.is_some_and(|at| at.utc_micros > now);
    let ahead: Vec<Moment> = if is_ahead(first) {
        first.into_iter().chain(second).collect()
    } else if is_ahead(second) {
        second.into_iter().collect()
    } else {
        return Verdict::new("no_reminder").because("it begins too soon for a reminder");
    };
    Verdict::new("remind_at").with("moments", Value::from(ahead))
}
