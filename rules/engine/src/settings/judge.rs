//! Whether a change of a setting may be made: its type, bounds, scope and days, and what it does to the rest.

use chrono::NaiveDate;
use serde::Serialize;

use super::values::{check, fits};
use super::{Dated, Schema, Setting};
use crate::suggest::nearest;
use crate::{Problem, SettingChange};

/// Why a change cannot be made, for the form it was made in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingProblem {
    pub hook: String,
    pub name: String,
    /// The department or place; nothing for the whole organization.
    pub scope: Option<String>,
    pub from: Option<NaiveDate>,
    pub message: String,
    pub hint: Option<String>,
}

impl SettingProblem {
    pub(crate) fn of(change: &SettingChange, message: String, hint: Option<String>) -> Self {
        Self {
            hook: change.hook.clone(),
            name: change.name.clone(),
            scope: change.scope.clone(),
            from: change.from,
            message,
            hint,
        }
    }

    pub(crate) fn into_problem(self, file: &str, line: Option<u32>) -> Problem {
        Problem {
            message: self.message,
            hint: self.hint,
            file: Some(file.to_owned()),
            line,
            column: line.map(|_| 1),
        }
    }
}

/// A message and what to do instead.
pub(crate) type Refusal = (String, Option<String>);

/// The setting of this name, or the nearest one.
pub(crate) fn find<'a>(schema: &'a Schema, name: &str) -> Result<&'a Setting, Refusal> {
    schema.find(name).ok_or_else(|| {
        let names = schema.settings.iter().map(|setting| setting.name.as_str());
        let hint = nearest(name, names).map(|near| format!("did you mean `{near}`?"));
        (format!("there is no setting `{name}`"), hint)
    })
}

/// One change by itself.
pub(crate) fn alone(schema: &Schema, change: &SettingChange) -> Result<(), Refusal> {
    let setting = find(schema, &change.name)?;
    fits(setting, &change.value).map_err(|message| (message, None))?;
    scope_fits(setting, change.scope.as_deref())?;
    if let (Some(from), Some(until)) = (change.from, change.until)
        && from > until
    {
        let message = format!(
            "`{}` would end on {until}, before it begins on {from}",
            change.name
        );
        return Err((message, Some("`until` is the last day it holds".to_owned())));
    }
    Ok(())
}

fn scope_fits(setting: &Setting, scope: Option<&str>) -> Result<(), Refusal> {
    let Some(scope) = scope else {
        return Ok(());
    };
    let kind = match scope.split_once('_') {
        Some(("dep", _)) => "department",
        Some(("plc", _)) => "place",
        _ => {
            let hint = "write the id, such as `dep_…` or `plc_…`".to_owned();
            return Err((
                format!("`{scope}` is not a department or a place"),
                Some(hint),
            ));
        }
    };
    if setting.scopes.iter().any(|allowed| allowed == kind) {
        return Ok(());
    }
    let name = &setting.name;
    let allowed: Vec<String> = setting
        .scopes
        .iter()
        .map(|scope| format!("per {scope}"))
        .collect();
    let hint = match allowed.as_slice() {
        [] => "it holds for the whole organization".to_owned(),
        allowed => format!("it can be set {}", allowed.join(" and ")),
    };
    Err((format!("`{name}` cannot be set for one {kind}"), Some(hint)))
}

/// The first change that leaves it open which of two values holds: the same setting, for the same people,
/// from the same day.
pub(crate) fn clash(changes: &[SettingChange]) -> Option<(usize, Refusal)> {
    let same = |one: &SettingChange, other: &SettingChange| {
        one.hook == other.hook
            && one.name == other.name
            && one.scope == other.scope
            && one.from == other.from
    };
    changes.iter().enumerate().find_map(|(index, change)| {
        let before = changes.iter().take(index);
        before.into_iter().find(|other| same(other, change))?;
        let begins = change
            .from
            .map_or("always".to_owned(), |from| format!("from {from}"));
        let place = change
            .scope
            .as_ref()
            .map_or(String::new(), |scope| format!(" for {scope}"));
        let message = format!("`{}` is set twice{place} {begins}", change.name);
        let hint = "keep one of them, or let them begin on different days".to_owned();
        Some((index, (message, Some(hint))))
    })
}

/// Holds every check against the values of every day on which one changes, for the organization and for
/// each department and place. What failed before these changes is not their fault.
pub(crate) fn together(
    schema: &Schema,
    before: &Dated,
    after: &Dated,
    changes: &[SettingChange],
) -> Vec<SettingProblem> {
    if schema
        .settings
        .iter()
        .all(|setting| setting.check.is_none())
    {
        return Vec::new();
    }
    let scopes = after.scopes().into_iter().map(|scope| vec![scope]);
    let scopes: Vec<Vec<String>> = std::iter::once(Vec::new()).chain(scopes).collect();
    let mut found: Vec<SettingProblem> = Vec::new();
    for day in after.turns() {
        for scopes in &scopes {
            let Err((name, message)) = check(schema, &after.at(Some(day), scopes)) else {
                continue;
            };
            let is_old = check(schema, &before.at(Some(day), scopes)).is_err();
            let is_known = found
                .iter()
                .any(|problem| problem.name == name && problem.scope.as_ref() == scopes.first());
            if is_old || is_known {
                continue;
            }
            let problem = blame(changes, &name, day, scopes.first(), message);
            found.extend(problem);
        }
    }
    found
}

/// The change that is shown with a check that fails: the one that made it so, as far as can be told.
fn blame(
    changes: &[SettingChange],
    name: &str,
    day: NaiveDate,
    scope: Option<&String>,
    message: String,
) -> Option<SettingProblem> {
    let in_force = |change: &&SettingChange| change.holds_on(day);
    let here = |change: &&SettingChange| change.scope.as_ref() == scope;
    let named = |change: &&SettingChange| change.name == name;
    let all = || changes.iter().filter(in_force);
    let change = all()
        .filter(here)
        .find(named)
        .or_else(|| all().find(here))
        .or_else(|| all().next())
        .or(changes.first())?;
    let mut message = message;
    let when = (day != NaiveDate::MIN).then(|| format!("from {day}"));
    let place = scope.map(|scope| format!("for {scope}"));
    let where_: Vec<String> = place.into_iter().chain(when).collect();
    if !where_.is_empty() {
        message = format!("{message} ({})", where_.join(" "));
    }
    Some(SettingProblem {
        scope: scope.cloned(),
        ..SettingProblem::of(change, message, None)
    })
    .map(|problem| SettingProblem {
        name: name.to_owned(),
        ..problem
    })
}
