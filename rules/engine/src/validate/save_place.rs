//! `validate.save_place`: may this place be saved like this?

use super::{ACTOR, OUTCOMES, find};
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::{PLACE, sample_now, sample_place};
use crate::twin::{text, whole, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VALIDATE_SAVE_PLACE,
    contract: 1,
    about: "May this place be saved like this? Asked when a place is created or changed.",
    subject: "change",
    facts: fields! {
        proposed: PLACE => "the place as it would be";
        current: PLACE => "the place as it is; empty for a new one" may_be_empty;
        actor: ACTOR => "who saves it";
        now: Kind::Moment => "the moment of the change, local";
    },
    outcomes: OUTCOMES,
    failure: FailurePolicy::Open,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    facts! {
        proposed: sample_place(),
        current: Value::Nothing,
        actor: facts! { role: "admin" },
        now: sample_now(),
    }
}

/// The twin of `save_place.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("ok");
    let radius = whole(facts, "proposed.radius_m", 0);
    let largest = whole(settings, "largest_radius_m", 5_000);
    if radius > largest {
        let text = format!("{radius} m is a large fence; {largest} m is usual at most.");
        find(&mut answer, "warn", "radius_m", &text);
    }
    if text(facts, "proposed.kind") == "none" && yes(settings, "fence_is_required") {
        find(
            &mut answer,
            "reject",
            "kind",
            "Please draw a fence around this place.",
        );
    }
    answer
}
