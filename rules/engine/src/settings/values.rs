//! Values an organization sets, held to the type, the bounds and the check of each setting.

use super::schema::{Schema, Setting, SettingKind, line_at, line_of};
use crate::suggest::nearest;
use crate::{Money, Problem, Record, Value, registry};

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

/// A hook and what its block came to.
pub(crate) type HookValues = (&'static str, Result<Record, Problem>);

/// Reads an organization's `settings.toml`: for each hook its overrides, or what is wrong with them.
/// One bad value spoils the values of its hook only.
pub(crate) fn parse_values<'a>(
    text: &str,
    file: &str,
    schema_of: impl Fn(&str) -> Option<&'a Schema>,
) -> (Vec<HookValues>, Vec<Problem>) {
    let at = |line: Option<u32>, message: String, hint: Option<String>| Problem {
        message,
        hint,
        file: Some(file.to_owned()),
        line,
        column: line.map(|_| 1),
    };
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map(|span| line_at(text, span.start));
            return (Vec::new(), vec![at(line, error.message().to_owned(), None)]);
        }
    };
    let mut results = Vec::new();
    let mut problems = Vec::new();
    for (slice, hooks) in &table {
        let Some(hooks) = hooks.as_table() else {
            problems.push(at(
                line_of(text, slice),
                format!("`{slice}` is not a block such as [attendance.lateness]"),
                None,
            ));
            continue;
        };
        for (short, values) in hooks {
            let name = format!("{slice}.{short}");
            let found =
                registry::hook(&name).and_then(|hook| Some((hook.name, schema_of(hook.name)?)));
            let (Some((hook, schema)), Some(values)) = (found, values.as_table()) else {
                let near = nearest(&name, registry::hooks().iter().map(|hook| hook.name));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                problems.push(at(
                    line_of(text, &name),
                    format!("no hook is called `{name}`"),
                    hint,
                ));
                continue;
            };
            let read = overrides(schema, values)
                .map_err(|(key, message, hint)| at(line_of(text, &key), message, hint));
            results.push((hook, read));
        }
    }
    (results, problems)
}

type Refusal = (String, String, Option<String>);

fn overrides(schema: &Schema, given: &toml::Table) -> Result<Record, Refusal> {
    let mut values = Record::new();
    for (name, value) in given {
        let Some(setting) = schema.find(name) else {
            let near = nearest(
                name,
                schema.settings.iter().map(|setting| setting.name.as_str()),
            );
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            return Err((name.clone(), format!("there is no setting `{name}`"), hint));
        };
        let value = accept(setting, value).map_err(|message| (name.clone(), message, None))?;
        values.insert(name.clone(), value);
    }
    let mut all = schema.defaults();
    all.extend(values.clone());
    check(schema, &all).map_err(|(name, message)| (name, message, None))?;
    Ok(values)
}
