//! The attendance hooks: their facts, outcomes and built-in answers.

pub(crate) mod auto_clock_out;
pub(crate) mod break_start;
pub(crate) mod breaks;
pub(crate) mod clock_in;
pub(crate) mod clock_out;
pub(crate) mod early_leave;
pub(crate) mod geofence;
pub(crate) mod hours;
pub(crate) mod lateness;
pub(crate) mod required_notes;
pub(crate) mod review;
pub(crate) mod status;

use crate::hook::{Argument, Kind, OutcomeSpec};

/// A week is the longest anything lasts here.
const MINUTES: Argument = Argument::Whole {
    field: "minutes",
    unit: "minutes",
    min: 0,
    max: 10_080,
};

/// What a punch may be answered with.
const ALLOW_OR_DENY: &[OutcomeSpec] = &[
    OutcomeSpec::plain("allow", "let it happen"),
    OutcomeSpec::with(
        "deny",
        &[Argument::Code { field: "code" }],
        "refuse, with a reason code",
    )
    .rank(3),
];

/// The breaks of a session, the first one first.
const BREAKS: Kind = Kind::Records(fields! {
    kind: Kind::Text => "meal, tea and so on, as the organization names it";
    minutes: Kind::Whole => "how long it lasted, in minutes";
    minutes_into_session: Kind::Whole => "minutes between clocking in and the start of the break";
});
