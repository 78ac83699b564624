//! What may be written next: facts at a path, settings, outcomes and what may follow them.

mod chain;
mod stand;

use serde::{Deserialize, Serialize};

use self::chain::Before;
use self::stand::Stand;
use crate::engine::words::{ASKS, DECORATION_DOCS, FUNCTIONS, MOMENT_PARTS, Word, function};
use crate::hook::{Argument, Field, Hook, Kind, Method, OutcomeSpec, Presence};
use crate::pack::embedded_pack;
use crate::registry;

/// What a completion stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletionKind {
    Fact,
    Setting,
    Outcome,
    Method,
    Function,
    Variable,
    Keyword,
    Choice,
}

/// One thing that may be written at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// What it is, in a few words: `whole number, may be empty`.
    pub detail: String,
    /// What it is for.
    pub docs: String,
    /// What to insert in place of the word that was begun.
    pub insert: String,
}

/// Completions at a place of a rule; line and column count letters from one, and the column is that of the
/// letter about to be written. What was begun already narrows the list.
pub fn complete(hook: &str, source: &str, line: u32, column: u32) -> Vec<Completion> {
    let Some(hook) = registry::hook(hook) else {
        return Vec::new();
    };
    let before = Before::read(hook, source, line, column);
    let found = match before.stand() {
        Stand::Nowhere => Vec::new(),
        Stand::Word => words(hook, &before),
        Stand::Facts(fields) => facts(fields),
        Stand::Settings => settings(hook),
        Stand::Outcome(outcome) => after_outcome(hook, outcome),
        Stand::Moment => {
            let parts = MOMENT_PARTS
                .iter()
                .map(|part| simple(part, CompletionKind::Fact));
            parts
                .chain(functions(&[
                    "minutes_since",
                    "plus_minutes",
                    "minus_minutes",
                    "to_string",
                ]))
                .collect()
        }
        Stand::Money => functions(&["percent", "for_minutes", "at_least", "at_most", "to_string"]),
        Stand::Number => functions(&["percent", "at_least", "at_most", "abs", "to_string"]),
        Stand::List => functions(&["len", "is_empty", "contains"]),
        Stand::Text => functions(&[
            "len",
            "is_empty",
            "contains",
            "starts_with",
            "ends_with",
            "to_upper",
            "to_lower",
            "trim",
        ]),
        Stand::Choice(choices) => choices.iter().map(|choice| quoted(choice)).collect(),
    };
    let begun = before.begun();
    found
        .into_iter()
        .filter(|one| one.label.starts_with(&begun))
        .collect()
}

fn completion(
    label: &str,
    kind: CompletionKind,
    detail: impl Into<String>,
    docs: &str,
    insert: impl Into<String>,
) -> Completion {
    Completion {
        label: label.to_owned(),
        kind,
        detail: detail.into(),
        docs: docs.to_owned(),
        insert: insert.into(),
    }
}

fn simple(word: &Word, kind: CompletionKind) -> Completion {
    completion(word.name, kind, word.usage, word.about, word.name)
}

fn quoted(choice: &str) -> Completion {
    completion(choice, CompletionKind::Choice, "text", "", choice)
}

/// Functions called on a value: what they are called on is written already.
fn functions(names: &[&str]) -> Vec<Completion> {
    let found = names.iter().filter_map(|name| function(name));
    found
        .map(|word| {
            let brackets = if word.counts == [1] { "()" } else { "(" };
            let insert = format!("{}{brackets}", word.name);
            completion(
                word.name,
                CompletionKind::Function,
                word.usage,
                word.about,
                insert,
            )
        })
        .collect()
}

fn facts(fields: &[Field]) -> Vec<Completion> {
    let one = |field: &Field| {
        let kind = match field.kind {
            Kind::YesNo => "yes or no",
            Kind::Whole => "whole number",
            Kind::Text => "text",
            Kind::Choice(_) => "one of a few texts",
            Kind::Money => "money",
            Kind::Moment => "moment",
            Kind::TextList => "list of texts",
            Kind::Record(_) => "record",
            Kind::Records(_) => "list of records",
        };
        let empty = match field.presence {
            Presence::MayBeEmpty => ", may be empty",
            Presence::Always | Presence::ReadsAsEmpty => "",
        };
        let detail = format!("{kind}{empty}");
        completion(
            field.name,
            CompletionKind::Fact,
            detail,
            field.about,
            field.name,
        )
    };
    let mut found: Vec<Completion> = fields.iter().map(one).collect();
    if fields.iter().any(|field| field.name == "tags") {
        found.extend(functions(&["has_tag"]));
    }
    found
}

fn settings(hook: &Hook) -> Vec<Completion> {
    let schema = embedded_pack().schemas.get(hook.name);
    let settings = schema
        .map(|schema| schema.settings.as_slice())
        .unwrap_or_default();
    settings
        .iter()
        .map(|setting| {
            let detail = format!("{}; usually {}", setting.label, setting.default);
            completion(
                &setting.name,
                CompletionKind::Setting,
                detail,
                &setting.help,
                &setting.name,
            )
        })
        .collect()
}

fn after_outcome(hook: &Hook, outcome: Option<&OutcomeSpec>) -> Vec<Completion> {
    let mut methods: Vec<&Method> = Vec::new();
    let outcomes = hook
        .outcomes
        .iter()
        .filter(|spec| outcome.is_none_or(|one| one.name == spec.name));
    for method in outcomes.flat_map(|spec| spec.methods) {
        if !methods.iter().any(|known| known.name == method.name) {
            methods.push(method);
        }
    }
    let own = methods.into_iter().map(|method| {
        let fields: Vec<&str> = method.arguments.iter().map(Argument::field).collect();
        let detail = format!(".{}({})", method.name, fields.join(", "));
        let insert = format!(
            "{}{}",
            method.name,
            if fields.is_empty() { "()" } else { "(" }
        );
        completion(
            method.name,
            CompletionKind::Method,
            detail,
            method.about,
            insert,
        )
    });
    let decorations = DECORATION_DOCS.iter().map(|word| {
        let insert = match word.usage.trim_start_matches('.') {
            whole @ "needs_review()" => whole.to_owned(),
            other => format!("{}(\"", other.split('(').next().unwrap_or(other)),
        };
        completion(
            word.name,
            CompletionKind::Method,
            word.usage,
            word.about,
            insert,
        )
    });
    own.chain(decorations).collect()
}

/// Where a new expression begins.
fn words(hook: &Hook, before: &Before) -> Vec<Completion> {
    let outcome = |spec: &OutcomeSpec| {
        let insert = format!(
            "{}{}",
            spec.name,
            if spec.arguments.is_empty() { "()" } else { "(" }
        );
        completion(
            spec.name,
            CompletionKind::Outcome,
            spec.usage(),
            spec.about,
            insert,
        )
    };
    let mut found: Vec<Completion> = hook.outcomes.iter().map(outcome).collect();
    found.push(completion(
        "inherit",
        CompletionKind::Outcome,
        "inherit()",
        "leaves the question to the rule below",
        "inherit()",
    ));
    for (name, docs) in [
        (before.subject(), "the facts"),
        (before.settings(), "the settings"),
    ] {
        found.push(completion(name, CompletionKind::Variable, docs, docs, name));
    }
    for name in before.variables() {
        found.push(completion(
            &name,
            CompletionKind::Variable,
            "your own value",
            "",
            name.as_str(),
        ));
    }
    let free = FUNCTIONS
        .iter()
        .filter(|word| word.usage.starts_with(word.name));
    found.extend(free.map(|word| {
        let insert = format!("{}(", word.name);
        completion(
            word.name,
            CompletionKind::Function,
            word.usage,
            word.about,
            insert,
        )
    }));
    for (label, insert) in [
        ("if", "if "),
        ("else", "else {"),
        ("return", "return "),
        ("let", "let "),
        ("for", "for item in "),
        ("switch", "switch "),
    ] {
        found.push(completion(label, CompletionKind::Keyword, "", "", insert));
    }
    found
}

/// What `.ask_for("` may hold.
fn asks() -> Vec<String> {
    ASKS.iter().map(|ask| (*ask).to_owned()).collect()
}
