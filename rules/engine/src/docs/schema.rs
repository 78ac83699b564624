//! JSON Schema for the settings of a hook, for editors and forms.

use serde_json::{Map, Value as Json, json};

use super::settings_of;
use crate::hook::Hook;
use crate::{Setting, SettingKind, Value};

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

pub(super) fn of(hook: &'static Hook) -> String {
    let properties: Map<String, Json> = settings_of(hook)
        .iter()
        .map(|setting| (setting.name.clone(), property(setting)))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": hook.name,
        "description": hook.about,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn property(setting: &Setting) -> Json {
    let mut property = match setting.kind {
        SettingKind::Minutes | SettingKind::Metres | SettingKind::Percent | SettingKind::Whole => {
            number(setting)
        }
        SettingKind::Money => {
            json!({ "type": "string", "pattern": "^[A-Z]{3} -?[0-9]+(\\.[0-9]+)?$" })
        }
        SettingKind::Text | SettingKind::Role => json!({ "type": "string", "maxLength": 500 }),
        SettingKind::Choice => json!({ "type": "string", "enum": setting.choices }),
        SettingKind::YesNo => json!({ "type": "boolean" }),
        SettingKind::TimeOfDay => {
            json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" })
        }
        SettingKind::WeekdaySet => {
            json!({ "type": "array", "items": { "type": "string", "enum": WEEKDAYS } })
        }
        SettingKind::ListOfText => {
            json!({ "type": "array", "maxItems": 100, "items": { "type": "string" } })
        }
    };
    if let Some(fields) = property.as_object_mut() {
        fields.insert("title".to_owned(), setting.label.as_str().into());
        fields.insert("description".to_owned(), setting.help.as_str().into());
        // As a settings file writes it: money is text there.
        let default = match &setting.default {
            Value::Money(amount) => amount.to_string().into(),
            other => other.to_json(),
        };
        fields.insert("default".to_owned(), default);
    }
    property
}

fn number(setting: &Setting) -> Json {
    let mut fields = Map::from_iter([("type".to_owned(), "integer".into())]);
    let bounds = [("minimum", setting.min), ("maximum", setting.max)];
    for (name, bound) in bounds {
        fields.extend(bound.map(|bound| (name.to_owned(), bound.into())));
    }
    Json::Object(fields)
}
