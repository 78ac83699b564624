//! Facts and settings as a rule sees them: read-only, spelled out by a schema, and every look recorded.
//!
//! A script never gets a map: reading a missing key of a map is nothing, writing one always succeeds,
//! and handing one over copies it. A view is a pointer and a path.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Array, Dynamic, ImmutableString, Module};

use super::failure::about;
use super::register::add;
use super::{Raised, host_error};
use crate::hook::{Class, Field, Kind};
use crate::suggest::nearest;
use crate::{Read, Record, Value};

/// What a rule looked at, each path once, in the order of the first look.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    reads: Vec<Read>,
    steps: Vec<Step>,
    /// How many scripts began; the layer of a step is counted from it.
    runs: usize,
}

/// A line that ran, in an instrumented script, and what was looked at from there.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Which of the scripts asked, from 0.
    pub(crate) run: usize,
    pub(crate) line: u32,
    pub(crate) read: Vec<Read>,
}

/// A loop may pass a line often; nobody reads more steps than this.
const STEPS_LIMIT: usize = 2_000;

impl Trace {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &str, value: &Value, class: Class) {
        let mut noted = self.noted();
        let Noted { reads, steps, .. } = &mut *noted;
        let here = steps.last_mut().map(|step| &mut step.read);
        for list in [Some(reads), here].into_iter().flatten() {
            if !list.iter().any(|read| read.path == path) {
                let (path, value) = (path.to_owned(), value.clone());
                list.push(Read { path, value, class });
            }
        }
    }

    /// Another script begins.
    pub(super) fn begin(&self) {
        self.noted().runs += 1;
    }

    /// A line of an instrumented script begins.
    pub(super) fn at(&self, line: u32) {
        let mut noted = self.noted();
        let run = noted.runs.saturating_sub(1);
        if noted.steps.len() < STEPS_LIMIT {
            let read = Vec::new();
            noted.steps.push(Step { run, line, read });
        }
    }

    /// Everything noted so far.
    pub(crate) fn take(&self) -> (Vec<Read>, Vec<Step>) {
        let noted = std::mem::take(&mut *self.noted());
        (noted.reads, noted.steps)
    }
}

/// One record of facts.
#[derive(Clone, Debug)]
pub(crate) struct FactsView {
    facts: Arc<Record>,
    trace: Arc<Trace>,
    /// What the rule calls its facts; only for messages.
    subject: ImmutableString,
    fields: &'static [Field],
    path: Vec<Link>,
}

/// One step into the facts: a record, or one record of a list.
#[derive(Clone, Copy, Debug)]
struct Link {
    field: &'static Field,
    index: Option<usize>,
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(formatter, "{}[{index}]", self.field.name),
            None => formatter.write_str(self.field.name),
        }
    }
}

impl FactsView {
    pub(crate) fn new(
        facts: Arc<Record>,
        trace: Arc<Trace>,
        subject: &str,
        fields: &'static [Field],
    ) -> Self {
        Self {
            facts,
            trace,
            subject: subject.into(),
            fields,
            path: Vec::new(),
        }
    }

    /// The record this view stands on.
    fn record(&self) -> Option<&Record> {
        self.path.iter().try_fold(&*self.facts, |record, step| {
            let value = record.get(step.field.name)?;
            match (value, step.index) {
                (Value::List(items), Some(index)) => items.get(index)?.as_record(),
                (value, _) => value.as_record(),
            }
        })
    }

    fn path_to(&self, last: &str) -> String {
        let steps = self.path.iter().map(ToString::to_string);
        steps.chain([last.to_owned()]).collect::<Vec<_>>().join(".")
    }

    fn called(&self) -> String {
        let steps = self.path.iter().map(ToString::to_string);
        std::iter::once(self.subject.to_string())
            .chain(steps)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// This record's position, if it stands in that list of facts.
    pub(super) fn position_in(&self, list: &str) -> Option<i64> {
        let step = self.path.last().filter(|step| step.field.name == list)?;
        i64::try_from(step.index?).ok()
    }

    fn into(&self, field: &'static Field, fields: &'static [Field], index: Option<usize>) -> Self {
        let mut inner = self.clone();
        inner.fields = fields;
        inner.path.push(Link { field, index });
        inner
    }

    fn read(&self, name: &str) -> Raised<Dynamic> {
        let Some(field) = self.fields.iter().find(|field| field.name == name) else {
            return Err(unknown(
                &self.called(),
                name,
                self.fields.iter().map(|field| field.name),
            ));
        };
        let value = self
            .record()
            .and_then(|record| record.get(name))
            .unwrap_or(&Value::Nothing);
        match (&field.kind, value) {
            (Kind::Record(fields), Value::Record(_)) => {
                Ok(Dynamic::from(self.into(field, fields, None)))
            }
            (Kind::Records(fields), Value::List(items)) => {
                let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let path = self.path_to(&format!("{name}.len()"));
                self.trace.note(&path, &count.into(), field.class);
                let views = (0..items.len())
                    .map(|index| Dynamic::from(self.into(field, fields, Some(index))));
                Ok(Dynamic::from_array(views.collect::<Array>()))
            }
            _ => {
                self.trace.note(&self.path_to(name), value, field.class);
                Ok(to_dynamic(value))
            }
        }
    }

    /// A rule that asks only whether a record is there has read that it is.
    pub(super) fn note_presence(&self) {
        if let (Some((last, before)), Some(record)) = (self.path.split_last(), self.record()) {
            let steps = before.iter().chain([last]).map(ToString::to_string);
            let path = steps.collect::<Vec<_>>().join(".");
            self.trace
                .note(&path, &Value::Record(record.clone()), last.field.class);
        }
    }

    /// Whether the list `tags` of this record holds a tag. Recorded as the question, not as the list.
    fn has_tag(&self, tag: &str) -> Raised<bool> {
        let Some(field) = self.fields.iter().find(|field| field.name == "tags") else {
            let hint = "ask a person, such as `.person.has_tag(\"field_staff\")`".to_owned();
            return Err(host_error(
                format!("`{}` has no tags", self.called()),
                Some(hint),
            ));
        };
        let found = match self.record().and_then(|record| record.get("tags")) {
            Some(Value::List(tags)) => tags.iter().any(|item| item.as_text() == Some(tag)),
            _ => false,
        };
        let path = self.path_to(&format!("has_tag(\"{tag}\")"));
        self.trace.note(&path, &Value::Bool(found), field.class);
        Ok(found)
    }
}

/// The settings of one hook.
#[derive(Clone, Debug)]
pub(crate) struct SettingsView {
    values: Arc<Record>,
    trace: Arc<Trace>,
}

impl SettingsView {
    pub(crate) fn new(values: Arc<Record>, trace: Arc<Trace>) -> Self {
        Self { values, trace }
    }

    fn read(&self, name: &str) -> Raised<Dynamic> {
        let Some(value) = self.values.get(name) else {
            return Err(unknown(
                "settings",
                name,
                self.values.keys().map(String::as_str),
            ));
        };
        self.trace
            .note(&format!("settings.{name}"), value, Class::Open);
        Ok(to_dynamic(value))
    }
}

fn unknown<'a>(
    whose: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Box<rhai::EvalAltResult> {
    let hint = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
    about(name, host_error(format!("`{whose}` has no `{name}`"), hint))
}

pub(super) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Nothing | Value::Record(_) => Dynamic::UNIT,
        Value::Bool(answer) => (*answer).into(),
        Value::Whole(number) => (*number).into(),
        Value::Text(text) => Dynamic::from(ImmutableString::from(text.as_str())),
        Value::Money(money) => Dynamic::from(*money),
        Value::Moment(moment) => Dynamic::from(*moment),
        Value::List(items) => Dynamic::from_array(items.iter().map(to_dynamic).collect::<Array>()),
    }
}

/// Reading through the index operator, which is also what `facts.name` falls back to.
pub(super) fn register(module: &mut Module) {
    module.set_custom_type::<FactsView>("facts");
    module.set_custom_type::<SettingsView>("settings");
    module.set_indexer_get_fn(|view: &mut FactsView, name: ImmutableString| view.read(&name));
    module.set_indexer_get_fn(|view: &mut SettingsView, name: ImmutableString| view.read(&name));
    module.set_indexer_set_fn(|_: &mut FactsView, name: ImmutableString, _: Dynamic| {
        Err::<(), _>(not_writable(&name, "facts"))
    });
    module.set_indexer_set_fn(|_: &mut SettingsView, name: ImmutableString, _: Dynamic| {
        Err::<(), _>(not_writable(&name, "settings"))
    });
    // By value: what a method takes by reference is written back, and facts cannot be written.
    add(
        module,
        "has_tag",
        |view: FactsView, tag: ImmutableString| view.has_tag(&tag),
    );
    for name in ["to_string", "to_debug"] {
        add(module, name, |view: FactsView| view.called());
        add(module, name, |_: SettingsView| "settings".to_owned());
    }
}

fn not_writable(name: &str, what: &str) -> Box<rhai::EvalAltResult> {
    let hint = format!("{what} cannot be changed; keep your own value: `let {name} = …;`");
    about(
        name,
        host_error(format!("No writable property: {name}"), Some(hint)),
    )
}
