//! `settings.toml`: the values an organization, or a pack, sets in a file.
//!
//! Blocks such as `[attendance.lateness]` always hold; `[[change]]` holds on some days or in some place;
//! `packs = ["ke-labour"]` switches packs on.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::judge::{self, Refusal};
use super::schema::{line_at, line_of};
use super::values::accept;
use super::{Dated, Schema};
use crate::suggest::nearest;
use crate::{Problem, SettingChange, registry};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Organization,
    /// Knows no department and no place, and switches no other pack on.
    Pack,
}

/// What a file came to. One bad value spoils the values of its hook only.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    pub(crate) hooks: Vec<(&'static str, Result<Vec<SettingChange>, Problem>)>,
    pub(crate) problems: Vec<Problem>,
    /// Whether nothing of it could be read.
    pub(crate) is_unreadable: bool,
}

/// `[[change]]`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    hook: String,
    from: Option<Datetime>,
    until: Option<Datetime>,
    department: Option<String>,
    place: Option<String>,
    set: BTreeMap<String, Spanned<toml::Value>>,
}

/// The part of the file whose places are kept.
#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    change: Vec<Spanned<Change>>,
}

/// The packs a file switches on, the first one asked first.
pub(crate) fn packs_of(text: &str) -> Result<Vec<String>, Problem> {
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    let Some(packs) = table.get("packs") else {
        return Ok(Vec::new());
    };
    let names = packs.as_array().and_then(|names| {
        let names = names.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect::<Option<Vec<_>>>()
    });
    names.ok_or_else(|| Problem {
        message: "`packs` is not a list of names".to_owned(),
        hint: Some("such as `packs = [\"ke-labour\"]`".to_owned()),
        line: line_of(text, "packs"),
        column: Some(1),
        ..Problem::default()
    })
}

impl SettingsFile {
    /// Reads a file against the settings its owner has, those of enabled packs included.
    pub(crate) fn parse(
        text: &str,
        file: &str,
        place: Place,
        schema_of: impl Fn(&str) -> Schema,
    ) -> Self {
        let mut reader = Reader {
            text,
            file,
            place,
            found: BTreeMap::new(),
            problems: Vec::new(),
        };
        if let Err(error) = reader.read(&schema_of) {
            return Self {
                problems: vec![reader.toml(&error)],
                is_unreadable: true,
                ..Self::default()
            };
        }
        reader.finish(&schema_of)
    }
}

/// The changes of one hook with the lines they stand on, or the first thing that is wrong with them.
type Found = Result<Vec<(SettingChange, Option<u32>)>, Problem>;

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    place: Place,
    found: BTreeMap<&'static str, Found>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&self, line: Option<u32>, (message, hint): Refusal) -> Problem {
        Problem {
            message,
            hint,
            file: Some(self.file.to_owned()),
            line,
            column: line.map(|_| 1),
        }
    }

    fn toml(&self, error: &toml::de::Error) -> Problem {
        let line = error.span().map(|span| line_at(self.text, span.start));
        self.problem(line, (error.message().to_owned(), None))
    }

    fn read(&mut self, schema_of: &impl Fn(&str) -> Schema) -> Result<(), toml::de::Error> {
        let table: toml::Table = toml::from_str(self.text)?;
        let written: Changes = toml::from_str(self.text)?;
        for (area, hooks) in &table {
            if area == "change" || (area == "packs" && self.place == Place::Organization) {
                continue;
            }
            let Some(hooks) = hooks.as_table() else {
                let message = format!("`{area}` is not a block such as [attendance.lateness]");
                let problem = self.problem(line_of(self.text, area), (message, None));
                self.problems.push(problem);
                continue;
            };
            for (short, values) in hooks {
                self.block(&format!("{area}.{short}"), values, schema_of);
            }
        }
        for change in written.change {
            let line = line_at(self.text, change.span().start);
            self.change(change.into_inner(), line, schema_of);
        }
        Ok(())
    }

    fn hook(&mut self, name: &str, line: Option<u32>) -> Option<&'static str> {
        if let Some(hook) = registry::hook(name) {
            return Some(hook.name);
        }
        let near = nearest(name, registry::hooks().iter().map(|hook| hook.name));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let problem = self.problem(line, (format!("no hook is called `{name}`"), hint));
        self.problems.push(problem);
        None
    }

    /// `[attendance.lateness]`
    fn block(&mut self, name: &str, values: &toml::Value, schema_of: &impl Fn(&str) -> Schema) {
        let line = line_of(self.text, name);
        let Some(hook) = self.hook(name, line) else {
            return;
        };
        let Some(values) = values.as_table() else {
            let message = format!("`{name}` is not a block such as [attendance.lateness]");
            let problem = self.problem(line, (message, None));
            self.problems.push(problem);
            return;
        };
        let schema = schema_of(hook);
        for (key, value) in values {
            let change = SettingChange {
                hook: hook.to_owned(),
                name: key.clone(),
                value: crate::Value::Nothing,
                scope: None,
                from: None,
                until: None,
                file: Some(self.file.to_owned()),
            };
            self.add(hook, &schema, change, value, line_of(self.text, key));
        }
    }

    /// `[[change]]`
    fn change(&mut self, written: Change, line: u32, schema_of: &impl Fn(&str) -> Schema) {
        let Some(hook) = self.hook(&written.hook, Some(line)) else {
            return;
        };
        let days = day(written.from.as_ref(), "from")
            .and_then(|from| Ok((from, day(written.until.as_ref(), "until")?)));
        let both = days.and_then(|days| Ok((days, self.scope(written.department, written.place)?)));
        let ((from, until), scope) = match both {
            Ok(both) => both,
            Err(refusal) => return self.spoil(hook, Some(line), refusal),
        };
        let schema = schema_of(hook);
        for (name, value) in written.set {
            let at = line_at(self.text, value.span().start);
            let change = SettingChange {
                hook: hook.to_owned(),
                name,
                value: crate::Value::Nothing,
                scope: scope.clone(),
                from,
                until,
                file: Some(self.file.to_owned()),
            };
            self.add(hook, &schema, change, value.get_ref(), Some(at));
        }
    }

    fn scope(
        &self,
        department: Option<String>,
        place: Option<String>,
    ) -> Result<Option<String>, Refusal> {
        let mixed =
            |id: &Option<String>, start: &str| id.as_ref().is_some_and(|id| !id.starts_with(start));
        if (department.is_some() || place.is_some()) && self.place == Place::Pack {
            return Err(("a pack knows no departments and no places".to_owned(), None));
        }
        if department.is_some() && place.is_some() {
            let hint = "write two changes, one for each".to_owned();
            let message = "a change is for a department or for a place, not for both".to_owned();
            return Err((message, Some(hint)));
        }
        if mixed(&department, "dep_") || mixed(&place, "plc_") {
            let hint = "the id of a department begins with `dep_`, that of a place with `plc_`";
            let id = department.or(place).unwrap_or_default();
            return Err((format!("`{id}` is not such an id"), Some(hint.to_owned())));
        }
        Ok(department.or(place))
    }

    fn spoil(&mut self, hook: &'static str, line: Option<u32>, refusal: Refusal) {
        let problem = self.problem(line, refusal);
        let found = self.found.entry(hook).or_insert_with(|| Ok(Vec::new()));
        if found.is_ok() {
            *found = Err(problem);
        }
    }

    fn add(
        &mut self,
        hook: &'static str,
        schema: &Schema,
        mut change: SettingChange,
        given: &toml::Value,
        line: Option<u32>,
    ) {
        let accepted = judge::find(schema, &change.name).and_then(|setting| {
            change.value = accept(setting, given).map_err(|message| (message, None))?;
            judge::alone(schema, &change)
        });
        if let Err(refusal) = accepted {
            return self.spoil(hook, line, refusal);
        }
        if let Ok(found) = self.found.entry(hook).or_insert_with(|| Ok(Vec::new())) {
            found.push((change, line));
        }
    }

    fn finish(self, schema_of: &impl Fn(&str) -> Schema) -> SettingsFile {
        let (text, file) = (self.text, self.file);
        let hooks = self.found.into_iter().map(|(hook, found)| {
            let judged = found.and_then(|found| cross_check(text, file, &schema_of(hook), found));
            (hook, judged)
        });
        SettingsFile {
            hooks: hooks.collect(),
            problems: self.problems,
            is_unreadable: false,
        }
    }
}

/// What no change shows by itself: two at once, and checks over several settings.
fn cross_check(
    text: &str,
    file: &str,
    schema: &Schema,
    found: Vec<(SettingChange, Option<u32>)>,
) -> Result<Vec<SettingChange>, Problem> {
    let (changes, lines): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    if let Some((index, (message, hint))) = judge::clash(&changes) {
        return Err(Problem {
            message,
            hint,
            file: Some(file.to_owned()),
            line: lines.get(index).copied().flatten(),
            column: Some(1),
        });
    }
    let before = Dated::new(schema.defaults(), std::iter::empty());
    let after = before.clone().over(changes.iter().cloned());
    match judge::together(schema, &before, &after, &changes)
        .into_iter()
        .next()
    {
        None => Ok(changes),
        Some(problem) => {
            let is_it = |change: &SettingChange| {
                change.name == problem.name
                    && change.from == problem.from
                    && change.scope == problem.scope
            };
            let index = changes.iter().position(is_it).unwrap_or(0);
            let line = lines.get(index).copied().flatten();
            let line = line.or_else(|| line_of(text, &problem.name));
            Err(problem.into_problem(file, line))
        }
    }
}

/// A date without a time of day.
fn day(given: Option<&Datetime>, key: &str) -> Result<Option<NaiveDate>, Refusal> {
    let Some(given) = given else {
        return Ok(None);
    };
    let date = given
        .date
        .filter(|_| given.time.is_none())
        .and_then(|date| {
            NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
        });
    let hint = "write the day alone, such as `2026-03-01`".to_owned();
    let message = format!("`{key}` is not a day");
    date.map(Some).ok_or((message, Some(hint)))
}
