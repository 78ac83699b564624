//! Values an organization sets, held to the type, the bounds and the check of each setting.

use super::file::{Place, SettingsFile};
use super::schema::{Schema, Setting, SettingKind};
use crate::facts::WHOLE_LIMIT;
use crate::{Money, Problem, Record, SettingChange, Value};

/// Letters of a text setting.
const TEXT_LIMIT: usize = 500;
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The kind a settings file names.
pub(crate) fn to_toml_kind(name: &str) -> Option<SettingKind> {
    Some(match name {
        "minutes" => SettingKind::Minutes,
        "metres" => SettingKind::Metres,
        "percent" => SettingKind::Percent,
        "whole" => SettingKind::Whole,
        "money" => SettingKind::Money,
        "text" => SettingKind::Text,
        "choice" => SettingKind::Choice,
        "yes_no" => SettingKind::YesNo,
        "role" => SettingKind::Role,
        "weekday_set" => SettingKind::WeekdaySet,
        "time_of_day" => SettingKind::TimeOfDay,
        "list of text" => SettingKind::ListOfText,
        _ => return None,
    })
}

/// A value as TOML wrote it, if the setting may hold it.
pub(crate) fn accept(setting: &Setting, given: &toml::Value) -> Result<Value, String> {
    let value = match (given, setting.kind) {
        (toml::Value::Integer(number), _) => Value::Whole(*number),
        (toml::Value::Boolean(answer), _) => Value::Bool(*answer),
        (toml::Value::String(text), SettingKind::Money) => {
            Money::parse(text).map_or_else(|| Value::Text(text.clone()), Value::Money)
        }
        (toml::Value::String(text), _) => Value::Text(text.clone()),
        (toml::Value::Array(items), _) => {
            let texts = items.iter().map(|item| item.as_str().map(Value::from));
            texts
                .collect::<Option<Vec<_>>>()
                .map_or(Value::Nothing, Value::List)
        }
        _ => Value::Nothing,
    };
    fits(setting, &value)?;
    Ok(value)
}

/// Type and bounds of one value, in words for a form.
pub(crate) fn fits(setting: &Setting, value: &Value) -> Result<(), String> {
    let name = &setting.name;
    let text_of = |list: &[Value]| list.iter().all(|item| item.as_text().is_some());
    match (setting.kind, value) {
        (
            SettingKind::Minutes | SettingKind::Metres | SettingKind::Percent | SettingKind::Whole,
            Value::Whole(number),
        ) => within(setting, *number),
        (SettingKind::Money, Value::Money(amount)) => within(setting, amount.minor),
        (SettingKind::YesNo, Value::Bool(_)) => Ok(()),
        (SettingKind::Choice, Value::Text(text)) if setting.choices.contains(text) => Ok(()),
        (SettingKind::Choice, Value::Text(text)) => Err(format!(
            "`{name}` is `{text}`, not one of {}",
            setting.choices.join(", ")
        )),
        (SettingKind::Text | SettingKind::Role, Value::Text(text)) if text.len() <= TEXT_LIMIT => {
            Ok(())
        }
        (SettingKind::TimeOfDay, Value::Text(text)) if is_time(text) => Ok(()),
        (SettingKind::TimeOfDay, Value::Text(text)) => {
            Err(format!("`{name}` is `{text}`, not a time such as 08:30"))
        }
        (SettingKind::ListOfText, Value::List(items)) if text_of(items) && items.len() <= 100 => {
            Ok(())
        }
        (SettingKind::WeekdaySet, Value::List(items))
            if items
                .iter()
                .all(|day| day.as_text().is_some_and(|day| WEEKDAYS.contains(&day))) =>
        {
            Ok(())
        }
        (kind, other) => Err(format!(
            "`{name}` takes {}, not {}",
            expected(kind),
            other.kind_name()
        )),
    }
}

fn within(setting: &Setting, number: i64) -> Result<(), String> {
    let name = &setting.name;
    let is_money = setting.kind == SettingKind::Money;
    if !is_money && !(-WHOLE_LIMIT..=WHOLE_LIMIT).contains(&number) {
        return Err(format!("`{name}` is {number}, a number beyond all measure"));
    }
    match (setting.min, setting.max) {
        (Some(min), _) if number < min => {
            Err(format!("`{name}` is {number}, below its least, {min}"))
        }
        (_, Some(max)) if number > max => {
            Err(format!("`{name}` is {number}, above its most, {max}"))
        }
        _ => Ok(()),
    }
}

fn expected(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Minutes => "whole minutes",
        SettingKind::Metres => "whole metres",
        SettingKind::Percent => "a whole percentage",
        SettingKind::Whole => "a whole number",
        SettingKind::Money => "money such as \"KES 1500\"",
        SettingKind::Text => "text",
        SettingKind::Choice => "one of its choices",
        SettingKind::YesNo => "true or false",
        SettingKind::Role => "a role",
        SettingKind::WeekdaySet => "a list of weekdays such as [\"monday\"]",
        SettingKind::TimeOfDay => "a time such as \"08:30\"",
        SettingKind::ListOfText => "a list of texts",
    }
}

fn is_time(text: &str) -> bool {
    let number = |part: &str, below: u8| {
        part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < below)
    };
    text.split_once(':')
        .is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60))
}

/// Holds every check against one set of values; names the setting that fails.
pub(crate) fn check(schema: &Schema, values: &Record) -> Result<(), (String, String)> {
    for setting in &schema.settings {
        let Some(expression) = &setting.check else {
            continue;
        };
        let failed = match crate::engine::holds(expression, values) {
            Ok(true) => continue,
            Ok(false) => setting
                .message
                .clone()
                .unwrap_or_else(|| format!("`{expression}` does not hold")),
            Err(said) => format!("the check `{expression}`: {said}"),
        };
        return Err((setting.name.clone(), failed));
    }
    Ok(())
}

/// A hook and what its values came to.
pub(crate) type HookValues = (&'static str, Result<Vec<SettingChange>, Problem>);

/// Reads an organization's `settings.toml` against given settings; packs are left out of it.
pub(crate) fn parse_values<'a>(
    text: &str,
    file: &str,
    schema_of: impl Fn(&str) -> Option<&'a Schema>,
) -> (Vec<HookValues>, Vec<Problem>) {
    let schema_of = |hook: &str| schema_of(hook).cloned().unwrap_or_default();
    let read = SettingsFile::parse(text, file, Place::Organization, schema_of);
    (read.hooks, read.problems)
}

/// A value as JSON wrote it, for a form.
pub fn parse_value(setting: &Setting, given: &serde_json::Value) -> Result<Value, String> {
    let value = match (given, setting.kind) {
        (serde_json::Value::String(text), SettingKind::Money) => {
            Money::parse(text).map_or_else(|| Value::Text(text.clone()), Value::Money)
        }
        (given, _) => Value::from_json(given.clone()).ok_or_else(|| {
            format!(
                "`{}` takes {}, not a fraction",
                setting.name,
                expected(setting.kind)
            )
        })?,
    };
    fits(setting, &value)?;
    Ok(value)
}
