//! What a rule can ask about a record of facts instead of walking a list itself. Each question is recorded as
//! the question, such as `has_tag("x")`, because that is what the decision depends on.

use rhai::{ImmutableString, Module};

use super::register::add;
use super::views::FactsView;
use crate::twin;

/// The views are taken by value: what a method takes by reference is written back, and facts cannot be
/// written.
pub(super) fn register(module: &mut Module) {
    add(
        module,
        "has_tag",
        |view: FactsView, tag: ImmutableString| {
            let question = format!("has_tag(\"{tag}\")");
            let example = "a person, such as `.person.has_tag(\"field_staff\")`";
            view.ask("tags", &question, example, |record| {
                twin::lists(record, "tags", &tag)
            })
        },
    );
    add(
        module,
        "took_break",
        |view: FactsView, kind: ImmutableString| {
            let question = format!("took_break(\"{kind}\")");
            let example = "a session, such as `session.took_break(\"meal\")`";
            view.ask("breaks", &question, example, |record| {
                twin::took_break(record, &kind)
            })
        },
    );
    add(module, "minutes_below", |view: FactsView, limit: i64| {
        let question = format!("minutes_below({limit})");
        let example = "a reading, such as `reading.minutes_below(92)`";
        view.ask("recent", &question, example, |record| {
            twin::minutes_beyond(record, |value| value < limit)
        })
    });
    add(module, "minutes_above", |view: FactsView, limit: i64| {
        let question = format!("minutes_above({limit})");
        let example = "a reading, such as `reading.minutes_above(130)`";
        view.ask("recent", &question, example, |record| {
            twin::minutes_beyond(record, |value| value > limit)
        })
    });
}
