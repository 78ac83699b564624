//! Points for the grid, made from the contract: limits and what lies beside them, every choice, empty
//! where a fact may be empty, and the words and numbers the rule itself compares with.

use zamu_rules::{
    Currency, Field, Hook, Kind, Moment, Money, Presence, Record, Rulebook, Setting, SettingKind,
    Value,
};

/// The longest anything lasts; a fact beyond it is the server's mistake and not the rule's business.
const WEEK_MINUTES: i64 = 10_080;

/// Numbers without chance: the same points on every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(42)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }
}

/// What the rule and its settings compare facts with.
pub(crate) struct Hints {
    numbers: Vec<i64>,
    texts: Vec<String>,
    amounts: Vec<Money>,
    settings: Vec<Setting>,
    now: Moment,
}

impl Hints {
    pub(crate) fn of(hook: &Hook) -> Self {
        let book = Rulebook::embedded();
        let source = book.source("anybody", hook.name).unwrap().text;
        let settings = book.settings_of(hook.name).to_vec();
        let mut hints = Self {
            numbers: vec![0, 1],
            texts: words(&source),
            amounts: Vec::new(),
            settings,
            now: match &hook.sample()["now"] {
                Value::Moment(now) => *now,
                other => panic!("now is {other}"),
            },
        };
        let parts = source.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        hints
            .numbers
            .extend(parts.filter_map(|part| part.parse::<i64>().ok()));
        for setting in &hints.settings {
            match &setting.default {
                Value::Whole(number) => hints.numbers.push(*number),
                Value::Money(amount) => hints.amounts.push(*amount),
                _ => {}
            }
        }
        hints
    }

    /// What a setting may be.
    fn values_of(setting: &Setting) -> Vec<Value> {
        let bounds = [setting.min, setting.max].into_iter().flatten();
        match (setting.kind, &setting.default) {
            (SettingKind::YesNo, _) => vec![false.into(), true.into()],
            (SettingKind::Choice, _) => setting.choices.iter().cloned().map(Value::from).collect(),
            (_, Value::Whole(default)) => {
                let numbers = [default - 1, *default, default + 1]
                    .into_iter()
                    .chain(bounds);
                let fits = |number: &i64| {
                    setting.min.is_none_or(|min| *number >= min)
                        && setting.max.is_none_or(|max| *number <= max)
                };
                numbers.filter(fits).map(Value::from).collect()
            }
            (_, Value::Money(amount)) => {
                let amounts = bounds.map(|minor| Money::new(minor, amount.currency));
                amounts.chain([*amount]).map(Value::from).collect()
            }
            (_, default) => vec![default.clone()],
        }
    }

    /// Each setting at one of its values.
    pub(crate) fn settings(&self, dice: &mut Dice) -> Vec<(String, Value)> {
        let values = self.settings.iter().map(|setting| {
            let value = dice.pick(&Self::values_of(setting));
            (setting.name.clone(), value)
        });
        values.collect()
    }

    /// The sample and, for each choice of each fact that is one, the sample with that choice: each with one
    /// fact changed.
    pub(crate) fn pairs(&self, fields: &[Field], sample: &Record) -> Vec<Record> {
        let mut bases = vec![sample.clone()];
        for field in fields {
            let Kind::Choice(choices) = field.kind else {
                continue;
            };
            for choice in choices {
                let mut base = sample.clone();
                base.insert(field.name.to_owned(), (*choice).into());
                bases.push(base);
            }
        }
        let changed = bases
            .iter()
            .flat_map(|base| self.single_changes(fields, base));
        changed.collect()
    }

    /// The sample with one fact changed, for every fact and every value.
    fn single_changes(&self, fields: &[Field], sample: &Record) -> Vec<Record> {
        let mut points = Vec::new();
        for field in fields {
            for value in self.values(field, &sample[field.name]) {
                let mut point = sample.clone();
                point.insert(field.name.to_owned(), value);
                points.push(point);
            }
        }
        points
    }

    /// The sample with about half of its facts changed.
    pub(crate) fn mix(&self, fields: &[Field], sample: &Record, dice: &mut Dice) -> Record {
        let mut point = sample.clone();
        for field in fields {
            let value = match (field.kind, &sample[field.name]) {
                _ if dice.below(2) == 0 => continue,
                (Kind::Record(inner), Value::Record(record)) if dice.below(4) > 0 => {
                    Value::Record(self.mix(inner, record, dice))
                }
                (Kind::Records(inner), Value::List(items)) if !items.is_empty() => {
                    let one = items[0].as_record().unwrap();
                    let many = (0..dice.below(4)).map(|_| self.mix(inner, one, dice));
                    Value::from(many.collect::<Vec<_>>())
                }
                (_, value) => dice.pick(&self.values(field, value)),
            };
            point.insert(field.name.to_owned(), value);
        }
        point
    }

    /// Every value worth trying for one fact.
    fn values(&self, field: &Field, sample: &Value) -> Vec<Value> {
        let mut values = match (field.kind, sample) {
            (Kind::YesNo, _) => vec![false.into(), true.into()],
            (Kind::Whole, _) => self.numbers(field),
            (Kind::Choice(choices), _) => choices.iter().map(|choice| (*choice).into()).collect(),
            (Kind::Text, _) => {
                let texts = self.texts.iter().cloned().map(Value::from);
                texts.chain(["".into()]).collect()
            }
            (Kind::TextList, _) => {
                let one = self
                    .texts
                    .iter()
                    .map(|text| Value::from(vec![text.as_str()]));
                one.chain([Value::List(Vec::new())]).collect()
            }
            (Kind::Money, Value::Money(amount)) => self.amounts(*amount),
            (Kind::Money, _) => self.amounts(Money::new(50_000, Currency::new("KES").unwrap())),
            (Kind::Moment, _) => self.moments(),
            (Kind::Record(inner), Value::Record(record)) => {
                let changed = self.single_changes(inner, record).into_iter();
                changed.map(Value::Record).collect()
            }
            (Kind::Records(inner), Value::List(items)) => {
                let one = items.first().and_then(Value::as_record).unwrap();
                let changed = self.single_changes(inner, one).into_iter();
                changed
                    .map(|item| Value::from(vec![item]))
                    .chain([Value::List(Vec::new())])
                    .collect()
            }
            _ => Vec::new(),
        };
        values.push(sample.clone());
        if field.presence != Presence::Always {
            values.push(Value::Nothing);
        }
        values
    }

    /// Around every limit; below nothing only where the contract says so.
    fn numbers(&self, field: &Field) -> Vec<Value> {
        let is_minutes = field.name.contains("minutes");
        let most = if is_minutes { WEEK_MINUTES } else { 1_000_000 };
        let least = if field.about.contains("negative") {
            -WEEK_MINUTES
        } else {
            0
        };
        let mut numbers: Vec<i64> = Vec::new();
        for number in &self.numbers {
            numbers.extend([number - 1, *number, number + 1]);
        }
        numbers.extend([-7, 45, 200, 480, 1_000]);
        numbers.sort_unstable();
        numbers.dedup();
        let fits = |number: &i64| (least..=most).contains(number);
        numbers.into_iter().filter(fits).map(Value::from).collect()
    }

    /// Before and after now, by the minutes the rule counts in.
    fn moments(&self) -> Vec<Value> {
        let minutes = self
            .numbers
            .iter()
            .filter(|number| **number <= WEEK_MINUTES);
        let around = minutes.flat_map(|number| [number - 1, *number, number + 1]);
        let either = around.flat_map(|minutes| [minutes, -minutes]);
        either
            .filter_map(|minutes| self.now.plus_minutes(minutes))
            .map(Value::from)
            .collect()
    }

    fn amounts(&self, sample: Money) -> Vec<Value> {
        let limits = self.amounts.iter().map(|amount| amount.minor);
        let around = limits.flat_map(|minor| [minor - 1, minor, minor + 1]);
        let all = around.chain([0, 150_000, 9_999_900, sample.minor * 3]);
        all.filter(|minor| *minor >= 0)
            .map(|minor| Money::new(minor, sample.currency).into())
            .collect()
    }
}

/// The texts a rule compares with: what stands between quotes.
fn words(source: &str) -> Vec<String> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = code.collect();
    let code = code.join("\n");
    let quoted = code.split('"').skip(1).step_by(2);
    let mut words: Vec<String> = quoted
        .filter(|text| !text.contains(' '))
        .map(str::to_owned)
        .collect();
    words.push("something_else".to_owned());
    words
}
