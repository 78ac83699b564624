//! Values somebody wants to set, held against what ships before they are kept.

use super::Rulebook;
use crate::settings::{check, fits};
use crate::suggest::nearest;
use crate::{Money, Problem, Record, SettingKind, Value};

impl Rulebook {
    /// A value as a form sent it, if the setting may hold it.
    pub fn accept(
        &self,
        hook: &str,
        name: &str,
        given: serde_json::Value,
    ) -> Result<Value, Problem> {
        let settings = self.settings_of(hook);
        let Some(setting) = settings.iter().find(|setting| setting.name == name) else {
            let near = nearest(name, settings.iter().map(|setting| setting.name.as_str()));
            return Err(Problem {
                message: format!("there is no setting `{name}`"),
                hint: near.map(|near| format!("did you mean `{near}`?")),
                ..Problem::default()
            });
        };
        let value = match (setting.kind, Value::from_json(given)) {
            (SettingKind::Money, Some(Value::Text(text))) => {
                Money::parse(&text).map_or(Value::Text(text), Value::Money)
            }
            (_, value) => value.unwrap_or_default(),
        };
        fits(setting, &value).map_err(said)?;
        Ok(value)
    }

    /// Whether all values of a hook fit together; names the setting that does not.
    pub fn fits_together(&self, hook: &str, values: &Record) -> Result<(), (String, Problem)> {
        match self.default_pack.schemas.get(hook) {
            Some(schema) => check(schema, values).map_err(|(name, message)| (name, said(message))),
            None => Ok(()),
        }
    }
}

fn said(message: String) -> Problem {
    Problem {
        message,
        ..Problem::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_is_told_what_a_setting_takes() {
        let rules = Rulebook::embedded();
        let accept = |name: &str, given| rules.accept("attendance.lateness", name, given);
        assert_eq!(
            accept("grace_minutes", json!(10)).unwrap(),
            Value::Whole(10)
        );
        let refused = |name: &str, given| accept(name, given).unwrap_err();
        assert_eq!(
            refused("grace_minutes", json!(600)).message,
            "`grace_minutes` is 600, above its most, 60"
        );
        assert_eq!(
            refused("grace_minutes", json!(1.5)).message,
            "`grace_minutes` takes whole minutes, not nothing"
        );
        let hint = refused("grace_minuts", json!(1)).hint;
        assert_eq!(hint.as_deref(), Some("did you mean `grace_minutes`?"));
    }

    #[test]
    fn values_that_contradict_each_other_are_named() {
        let rules = Rulebook::embedded();
        let values = |grace: i64| {
            let pair = |name: &str, value: i64| (name.to_owned(), Value::Whole(value));
            Record::from([
                pair("grace_minutes", grace),
                pair("very_late_after_minutes", 30),
            ])
        };
        assert!(
            rules
                .fits_together("attendance.lateness", &values(10))
                .is_ok()
        );
        let (name, problem) = rules
            .fits_together("attendance.lateness", &values(40))
            .unwrap_err();
        assert_eq!(name, "very_late_after_minutes");
        assert_eq!(
            problem.message,
            "Very late must come after the grace period."
        );
    }
}
