//! `validate.add_member`: may this person be added to the organization?

use super::{ACTOR, OUTCOMES, find};
use crate::Record;
use crate::hook::{Budget, Combine, FailurePolicy, Hook, Kind, Risk, no_invariant};
use crate::shared::sample_now;
use crate::twin::{text, yes};
use crate::verdict::Verdict;

const MEMBER: Kind = Kind::Record(fields! {
    role: Kind::Text => "the role they would get";
    title: Kind::Text => "job title; empty text without one" personal;
    department: Kind::Text => "department" personal may_be_empty;
    tags: Kind::TextList => "tags";
    has_phone: Kind::YesNo => "whether a telephone number was given";
    has_email: Kind::YesNo => "whether an email address was given";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::VALIDATE_ADD_MEMBER,
    contract: 1,
    about: "May this person be added to the organization? A rule that fails refuses: this gives access.",
    subject: "change",
    facts: fields! {
        proposed: MEMBER => "the member to be";
        actor: ACTOR => "who adds them";
        now: Kind::Moment => "the moment of the change, local";
    },
    outcomes: OUTCOMES,
    failure: FailurePolicy::Closed,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant: no_invariant,
};

fn sample() -> Record {
    let proposed = facts! {
        role: "worker",
        title: "nurse",
        department: "ward_2",
        tags: Vec::<&str>::new(),
        has_phone: true,
        has_email: false,
    };
    facts! { proposed: proposed, actor: facts! { role: "admin" }, now: sample_now() }
}

/// The twin of `add_member.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let mut answer = Verdict::new("ok");
    if yes(settings, "phone_is_required") && !yes(facts, "proposed.has_phone") {
        find(
            &mut answer,
            "reject",
            "phone",
            "Please give a telephone number.",
        );
    }
    if yes(settings, "title_is_expected") && text(facts, "proposed.title").is_empty() {
        find(&mut answer, "warn", "title", "There is no job title.");
    }
    answer
}
