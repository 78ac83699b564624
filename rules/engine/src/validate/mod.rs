//! The hooks before a write: what an organization wants of its data beyond what the platform demands.

pub(crate) mod add_client;
pub(crate) mod add_member;
pub(crate) mod plan_shift;
pub(crate) mod save_place;

use crate::hook::{Argument, Effect, Kind, Method, OutcomeSpec};
use crate::verdict::Verdict;

const FINDING: &[Argument] = &[
    Argument::Code { field: "field" },
    Argument::Text { field: "text" },
];

const METHODS: &[Method] = &[
    Method {
        name: "warn",
        arguments: FINDING,
        effect: Effect::Append("findings"),
        about: "and say this about a field, without refusing",
    },
    Method {
        name: "reject",
        arguments: FINDING,
        effect: Effect::Append("findings"),
        about: "and refuse because of this field",
    },
];

/// What a write may be answered with; several findings go into one answer.
const OUTCOMES: &[OutcomeSpec] = &[
    OutcomeSpec::plain("ok", "nothing to say").methods(METHODS),
    OutcomeSpec::with("warn", FINDING, "save it, and say this about a field")
        .gathered_in("findings")
        .methods(METHODS)
        .rank(1),
    OutcomeSpec::with("reject", FINDING, "do not save it, because of this field")
        .gathered_in("findings")
        .methods(METHODS)
        .rank(2),
];

/// Who wants to write.
const ACTOR: Kind = Kind::Record(fields! {
    role: Kind::Text => "admin, supervisor and so on";
});

/// Adds a finding the way `.warn(…)` and `.reject(…)` do, and lets the graver word name the answer.
fn find(answer: &mut Verdict, how: &'static str, field: &str, text: &str) {
    if answer.name != "reject" {
        answer.name = how;
    }
    answer.append("findings", how, facts! { field: field, text: text });
}
