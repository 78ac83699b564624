//! What is tried against the past: a rule or settings laid over what the organization runs on, or a release.

use serde_json::json;
use zamu_rules::{Book, Mode, RuleBinding, RuleKind, Setting, SettingChange, SettingKind, Value};

use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::rules::releases;

/// What to try.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// The text of a rule.
    pub source: Option<String>,
    pub kind: RuleKind,
    /// Settings of the hook by name, as a person writes them: `10`, `yes`, `KES 1500`, `monday, friday`.
    pub settings: Vec<(String, String)>,
    /// A release the organization has.
    pub release: Option<i64>,
}

/// The book a candidate makes, compiled as far as the hook is concerned.
pub(super) async fn book_in(tx: &mut Tx, hook: &str, candidate: &Candidate) -> Result<Book> {
    let overlays = candidate.source.is_some() || !candidate.settings.is_empty();
    match (candidate.release, overlays) {
        (Some(number), false) => release_in(tx, number).await,
        (None, true) => overlay_in(tx, hook, candidate).await,
        (Some(_), true) => Err(Error::invalid(
            "candidate.release",
            "a candidate is a release, or a rule and settings, not both",
        )),
        (None, false) => Err(Error::invalid(
            "candidate",
            "say what to try: the text of a rule, settings, or the number of a release",
        )),
    }
}

async fn release_in(tx: &mut Tx, number: i64) -> Result<Book> {
    let content = releases::service::content_in(tx, Some(number))
        .await
        .map_err(|error| error.at("candidate.release"))?;
    Ok(tx.app().rules().book(&content))
}

async fn overlay_in(tx: &mut Tx, hook: &str, candidate: &Candidate) -> Result<Book> {
    let mut content = releases::service::content_in(tx, None).await?;
    if let Some(text) = &candidate.source {
        let binding = RuleBinding {
            kind: candidate.kind,
            text: text.clone(),
            mode: Mode::On,
            file: None,
        };
        content.rules.insert(hook.to_owned(), binding);
    }
    let rules = tx.app().rules();
    let known = rules.settings_in_force(&content, hook, None, &[]);
    for (name, text) in &candidate.settings {
        let field = format!("candidate.settings.{name}");
        let found = known.iter().find(|known| known.setting.name == *name);
        let found = found
            .ok_or_else(|| Error::invalid(&field, format!("`{hook}` has no setting `{name}`")))?;
        let value =
            read(&found.setting, text).map_err(|message| Error::invalid(&field, message))?;
        content.settings.push(SettingChange {
            hook: hook.to_owned(),
            name: name.clone(),
            value,
            scope: None,
            from: None,
            until: None,
            file: None,
        });
    }
    let book = rules.book(&content);
    check(&book, hook)?;
    Ok(book)
}

/// A rule that does not compile would only fail a hundred thousand times.
fn check(book: &Book, hook: &str) -> Result<()> {
    let problems = book.problems();
    let Some((_, problem)) = problems.into_iter().find(|(other, _)| *other == hook) else {
        return Ok(());
    };
    let at = match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        _ => String::new(),
    };
    let hint = problem.hint.map(|hint| format!(" ({hint})"));
    let message = format!("{at}{}{}", problem.message, hint.unwrap_or_default());
    Err(Error::invalid("candidate.source", message))
}

/// A value as a person writes it, if the setting may hold it.
fn read(setting: &Setting, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let given = match setting.kind {
        SettingKind::YesNo => match text {
            "yes" => json!(true),
            "no" => json!(false),
            other => serde_json::from_str(other).unwrap_or_else(|_| json!(other)),
        },
        SettingKind::Minutes | SettingKind::Metres | SettingKind::Percent | SettingKind::Whole => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        SettingKind::ListOfText | SettingKind::WeekdaySet => {
            let items = text.split(',').map(str::trim);
            items.filter(|item| !item.is_empty()).collect()
        }
        _ => json!(text),
    };
    zamu_rules::parse_value(setting, &given)
}
