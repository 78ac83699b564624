//! The Markdown pages: one for each hook, and the index.

use super::{example, put, settings_of};
use crate::engine::words::{DECORATION_DOCS, FUNCTIONS, MOMENT_PARTS, Word};
use crate::hook::{
    Argument, Class, Combine, FailurePolicy, Field, Hook, Kind, OutcomeSpec, Presence,
};
use crate::pack::embedded_pack;
use crate::{Setting, SettingKind, registry};

pub(super) fn index() -> String {
    let mut page = "# Rules: reference\n\nMade from the engine itself; do not edit.\n\n".to_owned();
    page += "## Questions a rule can answer\n\n| hook | question | who approves a change |\n|---|---|---|\n";
    for hook in registry::hooks() {
        put(
            &mut page,
            format_args!(
                "| [{}]({}.md) | {} | {} |\n",
                hook.name,
                hook.path(),
                hook.about,
                hook.risk.approver()
            ),
        );
    }
    page += "\n## Words every rule knows\n";
    for (title, words) in [
        ("Functions", FUNCTIONS.as_slice()),
        ("Parts of a moment, in local time", MOMENT_PARTS.as_slice()),
        ("What may follow every outcome", DECORATION_DOCS.as_slice()),
    ] {
        words_table(&mut page, title, words);
    }
    page += "\n`inherit()` leaves the question to the rule below.\n";
    page
}

fn words_table(page: &mut String, title: &str, words: &[Word]) {
    put(
        page,
        format_args!("\n### {title}\n\n| write | meaning |\n|---|---|\n"),
    );
    for word in words {
        put(
            page,
            format_args!("| `{}` | {} |\n", word.usage, word.about),
        );
    }
}

pub(super) fn of(hook: &'static Hook) -> String {
    let mut page = format!("# {}\n\n{}\n\n", hook.name, hook.about);
    put(
        &mut page,
        format_args!(
            "- Contract version {}. The file is `{}.rhai`, the function `{}({}, settings)`.\n- {}\n- If the rule fails: {}.\n- A run may take {} steps. Time is watched too ({} ms), but only to protect the server.\n- Who approves a change: {}.\n",
            hook.contract,
            hook.path(),
            hook.function(),
            hook.subject,
            combine(hook.combine),
            failure(hook.failure),
            hook.budget.operations,
            hook.budget.wall_milliseconds,
            hook.risk.approver(),
        ),
    );
    page += "\n## Facts\n\n| fact | holds | private | about |\n|---|---|---|---|\n";
    facts(&mut page, hook.facts, hook.subject);
    outcomes(&mut page, hook.outcomes);
    settings(&mut page, settings_of(hook));
    if let Some(script) = embedded_pack().scripts.get(hook.name) {
        put(
            &mut page,
            format_args!(
                "\n## The rule that ships\n\n```rhai\n{}\n```\n",
                script.text.trim_end()
            ),
        );
    }
    let example = example::of(hook);
    put(
        &mut page,
        format_args!(
            "\n## An example\n\n```rhai\n{}```\n\nand a test beside it, in `{}.test.rhai`:\n\n```rhai\n{}```\n",
            example.rule,
            hook.function(),
            example.test
        ),
    );
    page
}

fn facts(page: &mut String, fields: &[Field], at: &str) {
    for field in fields {
        let path = format!("{at}.{}", field.name);
        let empty = match field.presence {
            Presence::Always => "",
            Presence::MayBeEmpty => ", may be empty",
            Presence::ReadsAsEmpty => ", reads as empty when left out",
        };
        put(
            page,
            format_args!(
                "| `{path}` | {}{empty} | {} | {} |\n",
                holds(field.kind),
                class(field.class),
                cell(field.about),
            ),
        );
        match field.kind {
            Kind::Record(inner) => facts(page, inner, &path),
            Kind::Records(inner) => facts(page, inner, &format!("{path}[]")),
            _ => {}
        }
    }
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::YesNo => "yes or no".to_owned(),
        Kind::Whole => "whole number".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Choice(choices) => {
            let quoted: Vec<String> = choices
                .iter()
                .map(|choice| format!("`\"{choice}\"`"))
                .collect();
            quoted.join(", ")
        }
        Kind::Money => "money".to_owned(),
        Kind::Moment => "moment".to_owned(),
        Kind::TextList => "list of texts".to_owned(),
        Kind::Record(_) => "record".to_owned(),
        Kind::Records(_) => "list of records, for `for`".to_owned(),
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Open => "",
        Class::Personal => "personal",
        Class::Health => "health",
        Class::Money => "money",
    }
}

fn outcomes(page: &mut String, outcomes: &[OutcomeSpec]) {
    *page += "\n## Outcomes\n\n| write | meaning |\n|---|---|\n";
    for outcome in outcomes {
        let brackets = arguments(outcome.arguments);
        put(
            page,
            format_args!(
                "| `{}` | {}{brackets} |\n",
                outcome.usage(),
                cell(outcome.about)
            ),
        );
        for method in outcome.methods {
            let fields: Vec<&str> = method.arguments.iter().map(Argument::field).collect();
            let brackets = arguments(method.arguments);
            put(
                page,
                format_args!(
                    "| `{}.{}({})` | {}{brackets} |\n",
                    outcome.name,
                    method.name,
                    fields.join(", "),
                    cell(method.about)
                ),
            );
        }
    }
}

/// `; minutes: 0 to 480 minutes`.
fn arguments(arguments: &[Argument]) -> String {
    let one = |argument: &Argument| {
        let takes = match argument {
            Argument::Whole { unit, min, max, .. } => format!("{min} to {max} {unit}"),
            Argument::Code { .. } => "a short code".to_owned(),
            Argument::Choice { choices, .. } => format!("one of {}", choices.join(", ")),
            Argument::Text { .. } => "text, at most 500 letters".to_owned(),
            Argument::YesNo { .. } => "true or false".to_owned(),
            Argument::Money { .. } => "money".to_owned(),
            Argument::Moment { .. } => "a moment".to_owned(),
            Argument::Moments { .. } => "a list of at most 20 moments".to_owned(),
            Argument::Item { list, .. } => format!("one of `{list}`"),
        };
        format!("; {}: {takes}", argument.field())
    };
    arguments.iter().map(one).collect()
}

fn settings(page: &mut String, settings: &[Setting]) {
    if settings.is_empty() {
        *page += "\nThis rule has no settings.\n";
        return;
    }
    *page +=
        "\n## Settings\n\n| setting | default | bounds | for | about |\n|---|---|---|---|---|\n";
    for setting in settings {
        let help = [setting.label.as_str(), setting.help.as_str()];
        put(
            page,
            format_args!(
                "| `{}` | {} | {} | {} | {} |\n",
                setting.name,
                setting.default,
                bounds(setting),
                setting.scopes.join(", "),
                cell(&help.join(". ")),
            ),
        );
    }
}

fn bounds(setting: &Setting) -> String {
    let unit = match setting.kind {
        SettingKind::Minutes => "minutes",
        SettingKind::Metres => "metres",
        SettingKind::Percent => "percent",
        SettingKind::Money => "in the smallest coin",
        SettingKind::YesNo => return "yes or no".to_owned(),
        SettingKind::TimeOfDay => return "a time such as 08:30".to_owned(),
        SettingKind::WeekdaySet => return "weekdays".to_owned(),
        _ => "",
    };
    if !setting.choices.is_empty() {
        return setting.choices.join(", ");
    }
    let range = match (setting.min, setting.max) {
        (Some(min), Some(max)) => format!("{min} to {max} {unit}"),
        (Some(min), None) => format!("at least {min} {unit}"),
        (None, Some(max)) => format!("at most {max} {unit}"),
        (None, None) => unit.to_owned(),
    };
    range.trim_end().to_owned()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn failure(policy: FailurePolicy) -> &'static str {
    match policy {
        FailurePolicy::Default => {
            "the built-in answer is used and the decision is marked `rule_failed`"
        }
        FailurePolicy::Open => "it is allowed, marked `rule_failed` and sent to review",
        FailurePolicy::Hold => "nothing moves until a person has decided",
        FailurePolicy::Floor => {
            "the clinical floor of the platform decides and the clinical lead is told"
        }
        FailurePolicy::Skip => "it is shown as not computed, and nothing else happens",
        FailurePolicy::Closed => "it is refused, with a message that says so",
    }
}

fn combine(combine: Combine) -> &'static str {
    match combine {
        Combine::First => {
            "The most specific rule answers; the ones below run only after `inherit()`."
        }
        Combine::All => "Every layer contributes, and what they give is joined.",
        Combine::Strictest => "Every layer is asked and the strictest answer wins.",
        Combine::Worst => "Every layer is asked and the most severe answer wins.",
    }
}
