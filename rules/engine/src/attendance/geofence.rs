//! `attendance.geofence`: how big is the fence, and how good must the GPS fix be?

use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::shared::{
    PERSON, PLACE, SERVICE, sample_now, sample_person, sample_place, sample_service,
};
use crate::twin::{lists, text, whole, yes};
use crate::verdict::Verdict;
use crate::{Record, Value};

/// The smallest circle that a phone can be asked to stand in.
const SMALLEST_RADIUS_M: i64 = 20;
/// Beyond this a fence says nothing.
const LARGEST_RADIUS_M: i64 = 5_000;
/// Accuracy a fix must have when the rule does not say.
const USUAL_ACCURACY_M: i64 = 50;

const RADIUS: Argument = Argument::Whole {
    field: "radius_m",
    unit: "metres",
    min: 0,
    max: 1_000_000,
};
const ACCURACY: Argument = Argument::Whole {
    field: "accuracy_m",
    unit: "metres",
    min: 1,
    max: 10_000,
};

const DEVICE: Kind = Kind::Record(fields! {
    mock_location: Kind::YesNo => "whether the phone reports a fake location";
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::GEOFENCE,
    contract: 1,
    about: "How big is the fence of this punch, and how good must the GPS fix be?",
    subject: "attempt",
    facts: fields! {
        place: PLACE => "where; reads as empty without a place" reads_as_empty;
        person: PERSON => "who is clocking in";
        service: SERVICE => "what for; reads as empty" reads_as_empty;
        device: DEVICE => "the phone or terminal";
        direction: Kind::Choice(&["in", "out"]) => "clocking in or out";
        now: Kind::Moment => "the moment of the event, local";
    },
    outcomes: &[
        OutcomeSpec {
            defaults: &[("accuracy_m", USUAL_ACCURACY_M)],
            ..OutcomeSpec::with(
                "fence",
                &[RADIUS],
                "a fence of so many metres; for a polygon, metres outside its edge",
            )
            .methods(&[Method {
                name: "needs_accuracy",
                arguments: &[ACCURACY],
                effect: Effect::Set,
                about: "how exact the fix must be for a sure answer",
            }])
        },
        OutcomeSpec::plain("no_fence", "anywhere is fine; the position is still kept"),
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
        place: sample_place(),
        person: sample_person(),
        service: sample_service(),
        device: facts! { mock_location: false },
        direction: "in",
        now: sample_now(),
    }
}

/// The twin of `geofence.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    if yes(settings, "field_staff_work_anywhere") && lists(facts, "person.tags", "field_staff") {
        return Verdict::new("no_fence").because("field staff work from anywhere");
    }
    let usual = if text(facts, "place.kind") == "polygon" {
        whole(settings, "polygon_tolerance_m", 0)
    } else {
        whole(settings, "usual_radius_m", 100)
    };
    let mut radius = whole(facts, "place.radius_m", usual);
    if text(facts, "service.kind") == "home_visit" {
        radius = radius.max(whole(settings, "home_visit_radius_m", 0));
    }
    Verdict::new("fence").with("radius_m", radius).with(
        "accuracy_m",
        whole(settings, "worst_accuracy_m", USUAL_ACCURACY_M),
    )
}

/// Keeps every circle between 20 m and 5 km, whatever a rule says. A polygon's tolerance may be zero.
fn invariant(verdict: &mut Verdict, facts: &Record) -> Option<String> {
    let asked = verdict.values.get("radius_m").and_then(Value::as_whole)?;
    let is_polygon = text(facts, "place.kind") == "polygon";
    let smallest = if is_polygon { 0 } else { SMALLEST_RADIUS_M };
    let kept = asked.clamp(smallest, LARGEST_RADIUS_M);
    if kept == asked {
        return None;
    }
    verdict.values.insert("radius_m".to_owned(), kept.into());
    Some(format!(
        "the rule asked for {asked} m; the platform keeps a fence between {smallest} m and \
         {LARGEST_RADIUS_M} m"
    ))
}
