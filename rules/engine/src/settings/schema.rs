//! The settings file beside a rule: what can be set, within which bounds, with which default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::values::{accept, check, to_toml_kind};
use crate::{Problem, Record, Value};

/// What a setting holds; each kind has its form widget and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    Minutes,
    Metres,
    Percent,
    Whole,
    Money,
    Text,
    Choice,
    YesNo,
    Role,
    WeekdaySet,
    /// `08:30`; a rule reads it as text.
    TimeOfDay,
    ListOfText,
}

/// One setting: everything a form needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    pub name: String,
    pub kind: SettingKind,
    pub default: Value,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub choices: Vec<String>,
    pub label: String,
    pub help: String,
    pub scopes: Vec<String>,
    /// One comparison over this and its sibling settings.
    pub check: Option<String>,
    /// What to say when the check does not hold.
    pub message: Option<String>,
}

/// One block of the file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    default: Option<toml::Value>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    choices: Vec<String>,
    label: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    scopes: Vec<String>,
    check: Option<String>,
    message: Option<String>,
}

/// The settings of one hook.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Schema {
    pub(crate) text: String,
    pub(crate) settings: Vec<Setting>,
}

impl Schema {
    /// Reads a settings file. Every setting needs a default: adding one must not break anybody.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, Problem> {
        let at = |line: Option<u32>, message: String, hint: Option<&str>| Problem {
            message,
            hint: hint.map(str::to_owned),
            file: Some(file.to_owned()),
            line,
            column: line.map(|_| 1),
        };
        let blocks: BTreeMap<String, Written> = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_at(text, span.start));
            at(line, error.message().to_owned(), None)
        })?;
        let mut settings = Vec::with_capacity(blocks.len());
        for (name, written) in blocks {
            let line = line_of(text, &name);
            let setting =
                build(&name, written).map_err(|(message, hint)| at(line, message, hint))?;
            settings.push(setting);
        }
        // Forms and tables show settings in the order the file has them.
        settings.sort_by_key(|setting| line_of(text, &setting.name));
        let schema = Self {
            text: text.to_owned(),
            settings,
        };
        check(&schema, &schema.defaults())
            .map_err(|(name, message)| at(line_of(text, &name), message, None))?;
        Ok(schema)
    }

    /// The settings of several schemas as one, such as those that ship and those a pack adds.
    pub(crate) fn joined<'a>(schemas: impl Iterator<Item = &'a Self>) -> Self {
        let mut joined = Self::default();
        for schema in schemas {
            joined.text.push_str(&schema.text);
            joined.settings.extend(schema.settings.iter().cloned());
        }
        joined
    }

    /// Whether another schema adds to this one without taking any of its names.
    pub(crate) fn apart(&self, other: &Self) -> Result<(), Problem> {
        let taken = other
            .settings
            .iter()
            .find(|setting| self.find(&setting.name).is_some());
        let Some(setting) = taken else {
            return Ok(());
        };
        let line = line_of(&other.text, &setting.name);
        Err(Problem {
            message: format!("there is a setting `{}` already", setting.name),
            hint: Some("give yours another name, or set a value in `settings.toml`".to_owned()),
            line,
            column: line.map(|_| 1),
            ..Problem::default()
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    pub(crate) fn defaults(&self) -> Record {
        let pairs = self.settings.iter();
        pairs
            .map(|setting| (setting.name.clone(), setting.default.clone()))
            .collect()
    }
}

fn build(name: &str, written: Written) -> Result<Setting, (String, Option<&'static str>)> {
    let kind = to_toml_kind(&written.kind).ok_or_else(|| {
        let message = format!("`{}` is not a type of setting", written.kind);
        (message, Some("minutes, metres, percent, whole, money, text, choice, yes_no, role, weekday_set, time_of_day, list of text"))
    })?;
    let default = written.default.ok_or_else(|| {
        let hint =
            "without one, adding this setting would break every organization that has no value";
        (format!("the setting `{name}` has no default"), Some(hint))
    })?;
    let mut setting = Setting {
        name: name.to_owned(),
        kind,
        default: Value::Nothing,
        min: written.min,
        max: written.max,
        choices: written.choices,
        label: written.label,
        help: written.help,
        scopes: written.scopes,
        check: written.check,
        message: written.message,
    };
    setting.default = accept(&setting, &default).map_err(|message| (message, None))?;
    Ok(setting)
}

/// The line of a byte, from one.
pub(crate) fn line_at(text: &str, byte: usize) -> u32 {
    let before = text.get(..byte).unwrap_or(text);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}

/// Where a block or a key of this name stands.
pub(crate) fn line_of(text: &str, name: &str) -> Option<u32> {
    let block = format!("[{name}]");
    let is_it = |line: &str| {
        let line = line.trim();
        line == block
            || line
                .split_once('=')
                .is_some_and(|(key, _)| key.trim() == name)
    };
    let index = text.lines().position(is_it)?;
    u32::try_from(index + 1).ok()
}
