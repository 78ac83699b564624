//! `.d.rhai`: what an editor that knows the language needs to know of a hook. The language's own generator
//! cannot see facts and settings, because they are read through a schema.

use super::{put, settings_of};
use crate::SettingKind;
use crate::engine::words::{DECORATION_DOCS, FUNCTIONS, MOMENT_PARTS};
use crate::hook::{Argument, Field, Hook, Kind};

pub(super) fn of(hook: &'static Hook) -> String {
    let mut text = format!(
        "//! {}: {}\n//! Made from the engine itself; do not edit.\n\nmodule static;\n",
        hook.name, hook.about
    );
    fields(&mut text, hook.facts, hook.subject);
    for setting in settings_of(hook) {
        let kind = match setting.kind {
            SettingKind::Minutes
            | SettingKind::Metres
            | SettingKind::Percent
            | SettingKind::Whole => "int",
            SettingKind::Money => "money",
            SettingKind::YesNo => "bool",
            SettingKind::WeekdaySet | SettingKind::ListOfText => "Array",
            SettingKind::Text
            | SettingKind::Choice
            | SettingKind::Role
            | SettingKind::TimeOfDay => "String",
        };
        declare(
            &mut text,
            &setting.label,
            &format!("get {}(settings: settings) -> {kind}", setting.name),
        );
    }
    declare(&mut text, "ask the rule below", "inherit() -> outcome");
    for outcome in hook.outcomes {
        let arguments: Vec<String> = outcome.arguments.iter().map(argument).collect();
        let signature = format!("{}({}) -> outcome", outcome.name, arguments.join(", "));
        declare(&mut text, outcome.about, &signature);
    }
    let methods = hook.outcomes.iter().flat_map(|outcome| outcome.methods);
    let mut seen = Vec::new();
    for method in methods {
        if seen.contains(&method.name) {
            continue;
        }
        seen.push(method.name);
        let arguments = method.arguments.iter().map(argument);
        let arguments: Vec<String> = ["outcome: outcome".to_owned()]
            .into_iter()
            .chain(arguments)
            .collect();
        declare(
            &mut text,
            method.about,
            &format!("{}({}) -> outcome", method.name, arguments.join(", ")),
        );
    }
    for word in DECORATION_DOCS {
        let value = if word.counts == [2] {
            ", text: String"
        } else {
            ""
        };
        declare(
            &mut text,
            word.about,
            &format!("{}(outcome: outcome{value}) -> outcome", word.name),
        );
    }
    for word in FUNCTIONS {
        let names = ["a: ?", "b: ?", "c: ?"];
        let count = word.counts.first().copied().unwrap_or(0);
        let arguments: Vec<&str> = names.into_iter().take(count).collect();
        declare(
            &mut text,
            word.about,
            &format!("{}({}) -> ?", word.name, arguments.join(", ")),
        );
    }
    for part in MOMENT_PARTS {
        let kind = if matches!(part.name, "weekday" | "date") {
            "String"
        } else {
            "int"
        };
        declare(
            &mut text,
            part.about,
            &format!("get {}(moment: moment) -> {kind}", part.name),
        );
    }
    text
}

fn declare(text: &mut String, about: &str, signature: &str) {
    put(text, format_args!("\n/// {about}\nfn {signature};\n"));
}

/// The properties of one record, then those of the records inside it.
fn fields(text: &mut String, fields_here: &[Field], owner: &str) {
    for field in fields_here {
        let inner = format!("{owner}_{}", field.name);
        let kind = match field.kind {
            Kind::YesNo => "bool",
            Kind::Whole => "int",
            Kind::Text | Kind::Choice(_) => "String",
            Kind::Money => "money",
            Kind::Moment => "moment",
            Kind::TextList | Kind::Records(_) => "Array",
            Kind::Record(_) => inner.as_str(),
        };
        declare(
            text,
            field.about,
            &format!("get {}({owner}: {owner}) -> {kind}", field.name),
        );
    }
    for field in fields_here {
        if let Kind::Record(inner) | Kind::Records(inner) = field.kind {
            fields(text, inner, &format!("{owner}_{}", field.name));
        }
    }
}

fn argument(argument: &Argument) -> String {
    let kind = match argument {
        Argument::Whole { .. } => "int",
        Argument::Code { .. } | Argument::Choice { .. } | Argument::Text { .. } => "String",
        Argument::YesNo { .. } => "bool",
        Argument::Money { .. } => "money",
        Argument::Moment { .. } => "moment",
        Argument::Moments { .. } => "Array",
        Argument::Item { .. } => "?",
    };
    format!("{}: {kind}", argument.field())
}
