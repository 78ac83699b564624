//! `validate.add_client`: may this client be added like this?

use super::{ACTOR, OUTCOMES, find};
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::sample_now;
use crate::twin::{text, yes};
use crate::verdict::Verdict;

const CLIENT: Kind = Kind::Record(fields! {
    kind: Kind::Choice(&["person", "household"]) => "whom it stands for";
    has_phone: Kind::YesNo => "whether a telephone number was given";
    has_place: Kind::YesNo => "whether it is known where they are visited";
    has_emergency_contact: Kind::YesNo => "whether somebody can be called for them";
    age_years: Kind::Whole => "age in years, where it is known" personal may_be_empty;
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VALIDATE_ADD_CLIENT,
    contract: 1,
    about: "May this client be added like this?",
    subject: "change",
    facts: fields! {
        proposed: CLIENT => "the client to be";
        actor: ACTOR => "who adds them";
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
    let proposed = facts! {
        kind: "person",
        has_phone: true,
        has_place: true,
        has_emergency_contact: true,
        age_years: 72,
    };
    facts! { proposed: proposed, actor: facts! { role: "supervisor" }, now: sample_now() }
}

/// The twin of `add_client.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("ok");
    let contact_is = text(settings, "emergency_contact_is");
    if !yes(facts, "proposed.has_emergency_contact") {
        let text = "There is nobody to call in an emergency.";
        match contact_is {
            "required" => find(&mut answer, "reject", "emergency_contacts", text),
            "expected" => find(&mut answer, "warn", "emergency_contacts", text),
            _ => {}
        }
    }
    if yes(settings, "place_is_required") && !yes(facts, "proposed.has_place") {
        find(
            &mut answer,
            "reject",
            "places",
            "Please say where this client is visited.",
        );
    }
    answer
}
